/*
 * rules_load.h - what the two halves of the rule set loader share: rules_expr.c reads strings and
 * calls, rules_load.c the rest.
 *
 * While a rule set is read it grows in buffers from the allocator; at the end they are copied to
 * the caller's arena, each in one piece. Text, nodes and lists are interned, so that what stands in
 * a rule set a hundred times lies in memory once. A failure is kept (the first one) and everything
 * after it does nothing: readers check once, before they follow a result.
 */
#ifndef TCX_MODEL_RULES_LOAD_H
#define TCX_MODEL_RULES_LOAD_H
#include "model/rules_data.h"

struct tcx_rl_pool { /* distinct byte strings, one behind the other */
  struct tcx_buf bytes;
  struct tcx_rl_slot {
    uint32_t hash, at, n;
  } * slots;          /* n 0: free */
  uint32_t cap, used; /* cap is 0 or a power of two */
};
/* ".name", or "[index]" when name is NULL */
struct tcx_rl_place {
  const struct tcx_rl_place *up;
  const char *name;
  unsigned index;
};
struct tcx_rl_var {
  struct tcx_str name;
  uint8_t type;
};
struct tcx_rl {
  struct tcx_arena *arena; /* the caller's: what is loaded lies here */
  struct tcx_fail fail;
  struct tcx_rl_pool text, nodes, kids;
  struct tcx_buf rules, scratch;
  struct tcx_rule_param *params;
  /* what is in scope, parameters first; the index is the slot */
  struct tcx_rl_var vars[TCX__RULES_SLOTS];
  unsigned n_vars, n_slots;
};
/* a static type: any; the others are tcx__rule_type and TCX__RULE_INT ... */
enum { TCX__RL_ANY = 32 };

static inline bool tcx__rl_failed(const struct tcx_rl *l) { return l->fail.status != 0; }
static inline void tcx__rl_no_memory(struct tcx_rl *l) {
  tcx__fail(&l->fail, UV_ENOMEM, "out of memory");
}
void tcx__rl_bad(struct tcx_rl *l, const struct tcx_rl_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* These add what is not there yet and return its index. s of tcx__rl_string is followed by a
 * NUL. */
uint16_t tcx__rl_node(struct tcx_rl *l, tcx__node_kind kind, unsigned op, unsigned a, uint32_t b);
uint32_t tcx__rl_kids(struct tcx_rl *l, const uint16_t *kids, unsigned n);
uint16_t tcx__rl_string(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str s);
/* takes the next slot */
void tcx__rl_var(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str name,
                 unsigned type);

/* Readers: each returns a node. */
uint16_t tcx__rl_template(struct tcx_rl *l, const struct tcx_rl_place *at, struct tcx_str s);
uint16_t tcx__rl_call(struct tcx_rl *l, const struct tcx_rl_place *at, const struct tcx_value *json,
                      unsigned level, unsigned *type);
/* json may be NULL: a failure */
uint16_t tcx__rl_string_expr(struct tcx_rl *l, const struct tcx_rl_place *at,
                             const struct tcx_value *json);

const struct tcx_value *tcx__rl_member(const struct tcx_value *map, const char *name);
bool tcx__rl_is_plain(const struct tcx_value *v); /* a string without NUL */
const char *tcx__rl_type_name(unsigned type);
#endif
