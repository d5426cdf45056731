/* tree_hash.h - SHA-256 as a tree, as Glacier wants it: hashes of 1 MiB each, hashed in pairs,
 * level by level, until one is left. Pure. */
#ifndef TCX_BASE_TREE_HASH_H
#define TCX_BASE_TREE_HASH_H
#include "base/hash.h"

#define TCX__TREE_LEAF   (1u << 20) /* bytes */
#define TCX__TREE_LEVELS 40         /* 2^39 leaves: more than an address space holds */

struct tcx_tree_hash {
  struct tcx_sha256 leaf; /* the one that is being filled */
  size_t in_leaf;         /* bytes of it */
  uint64_t leaves;        /* finished ones; bit i: node[i] waits for its neighbour */
  unsigned char node[TCX__TREE_LEVELS][32]; /* [i]: of 2^i leaves */
};
void tcx__tree_hash_init(struct tcx_tree_hash *t);
void tcx__tree_hash_update(struct tcx_tree_hash *t, const void *p, size_t n);
void tcx__tree_hash_final(const struct tcx_tree_hash *t, unsigned char out[32]); /* t may go on */
#endif
