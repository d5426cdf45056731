#include "base/tree_hash.h"
#include <string.h>

void tcx__tree_hash_init(struct tcx_tree_hash *t) {
  tcx__sha256_init(&t->leaf);
  t->in_leaf = 0;
  t->leaves = 0;
}

/* What is on the left of right and right itself become right. */
static void join(const unsigned char left[32], unsigned char right[32]) {
  struct tcx_sha256 h;
  tcx__sha256_init(&h);
  tcx__sha256_update(&h, left, 32);
  tcx__sha256_update(&h, right, 32);
  tcx__sha256_final(&h, right);
}

/* As a binary counter: a finished subtree joins its left neighbour of the same size. */
static void close_leaf(struct tcx_tree_hash *t) {
  unsigned char digest[32];
  unsigned level = 0;
  tcx__sha256_final(&t->leaf, digest);
  for (; (t->leaves >> level & 1) != 0; level++)
    join(t->node[level], digest);
  memcpy(t->node[level], digest, 32);
  t->leaves++;
  t->in_leaf = 0;
  tcx__sha256_init(&t->leaf);
}

void tcx__tree_hash_update(struct tcx_tree_hash *t, const void *p, size_t n) {
  const char *at = p;
  while (n > 0) {
    size_t take = n < TCX__TREE_LEAF - t->in_leaf ? n : TCX__TREE_LEAF - t->in_leaf;
    tcx__sha256_update(&t->leaf, at, take);
    t->in_leaf += take;
    at += take;
    n -= take;
    if (t->in_leaf == TCX__TREE_LEAF)
      close_leaf(t);
  }
}

void tcx__tree_hash_final(const struct tcx_tree_hash *t, unsigned char out[32]) {
  struct tcx_tree_hash end = *t;
  bool first = true;
  if (end.in_leaf > 0 || end.leaves == 0)
    close_leaf(&end);
  for (unsigned level = 0; level < TCX__TREE_LEVELS; level++) {
    if ((end.leaves >> level & 1) == 0)
      continue;
    if (first)
      memcpy(out, end.node[level], 32);
    else
      join(end.node[level], out);
    first = false;
  }
}
