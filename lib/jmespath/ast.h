/* ast.h - what the files of lib/jmespath share: tokens, the tree, a search under way. */
#ifndef TCX_JMESPATH_AST_H
#define TCX_JMESPATH_AST_H
#include "jmespath/jmespath.h"

/* ---- tokens ---- */

typedef enum {
  TCX__TOKEN_EOF,
  TCX__TOKEN_NAME,
  TCX__TOKEN_QUOTED_NAME,
  TCX__TOKEN_LITERAL,
  TCX__TOKEN_RBRACKET,
  TCX__TOKEN_RPAREN,
  TCX__TOKEN_COMMA,
  TCX__TOKEN_RBRACE,
  TCX__TOKEN_NUMBER,
  TCX__TOKEN_CURRENT,
  TCX__TOKEN_EXPREF,
  TCX__TOKEN_COLON,
  TCX__TOKEN_PIPE,
  TCX__TOKEN_OR,
  TCX__TOKEN_AND,
  TCX__TOKEN_EQ,
  TCX__TOKEN_GT,
  TCX__TOKEN_LT,
  TCX__TOKEN_GTE,
  TCX__TOKEN_LTE,
  TCX__TOKEN_NE,
  TCX__TOKEN_FLATTEN,
  TCX__TOKEN_STAR,
  TCX__TOKEN_FILTER,
  TCX__TOKEN_DOT,
  TCX__TOKEN_NOT,
  TCX__TOKEN_LBRACE,
  TCX__TOKEN_LBRACKET,
  TCX__TOKEN_LPAREN
} tcx__token_type;
struct tcx_token {
  uint8_t type;
  uint32_t start;      /* where it begins, in bytes */
  struct tcx_str text; /* names without quotes and escapes; others as they stand */
  const struct tcx_value *literal;
};
struct tcx_tokens {
  struct tcx_token *list;
  unsigned count, cap;
};

/* The whole text; the last token is EOF. */
int tcx__jmespath_tokens(struct tcx_arena *arena, struct tcx_str text, struct tcx_tokens *out,
                         struct tcx_fail *f);
/* Characters before this byte: what jmespath.py calls a column. */
unsigned tcx__jmespath_column(struct tcx_str text, size_t byte);
/* TCX_EPARAM, or UV_ENOMEM: the message, the expression, and a caret below this column (counted
 * from the quote in front of the expression). */
int tcx__jmespath_fail(struct tcx_fail *f, struct tcx_str text, unsigned caret, bool quoted,
                       const char *message);

/* ---- the tree ---- */

typedef enum {
  TCX__NODE_CURRENT, /* the value itself */
  TCX__NODE_FIELD,   /* name */
  TCX__NODE_INDEX,   /* number[0] */
  TCX__NODE_SLICE,   /* number[0..2], given */
  TCX__NODE_LITERAL,
  TCX__NODE_CHAIN,            /* left, then right on what came of it: a.b, a[0], a | b */
  TCX__NODE_FLATTEN,          /* left */
  TCX__NODE_PROJECTION,       /* left is a list: right on each item */
  TCX__NODE_VALUE_PROJECTION, /* left is a map: right on each value */
  TCX__NODE_FILTER,           /* left is a list: right on each item for which third is true */
  TCX__NODE_OR,
  TCX__NODE_AND,     /* left, right */
  TCX__NODE_NOT,     /* left */
  TCX__NODE_COMPARE, /* op; left, right */
  TCX__NODE_LIST,    /* kids */
  TCX__NODE_MAP,     /* kids, each with its name */
  TCX__NODE_CALL,    /* function; kids */
  TCX__NODE_EXPREF   /* left, not evaluated: an argument of a function only */
} tcx__node_type;
struct tcx_function;
struct tcx_node {
  uint8_t type;
  uint8_t op;      /* COMPARE: the token's type */
  uint8_t given;   /* SLICE: bits of the numbers that were given */
  uint16_t height; /* levels, with it */
  uint32_t n_kids;
  struct tcx_str name; /* FIELD; of a MAP's kid too; NUL-ended */
  union {
    int64_t number[3];
    const struct tcx_value *literal;
    struct {
      const struct tcx_node *left, *right, *third;
    } of;
    struct {
      const struct tcx_function *function;
      struct tcx_named *list;
    } kids;
  } u;
};
/* a kid; name: of a MAP's */
struct tcx_named {
  struct tcx_str name;
  const struct tcx_node *node;
};
struct tcx_jmespath {
  const struct tcx_node *top;
  /* public.c's: it owns the expression; from here on 0 in others */
  struct tcx_arena *arena;
  unsigned refs;
  int status;
  const char *problem; /* NULL while status is 0 */
};

/* ---- a search ---- */

struct tcx_search {
  struct tcx_arena *arena;
  struct tcx_fail *f;
  int status;     /* the first failure; everything ends quickly once it is set */
  unsigned steps; /* left */
};
/* What node makes of v: never NULL; null once s has failed. */
const struct tcx_value *tcx__jmespath_eval(struct tcx_search *s, const struct tcx_node *node,
                                           const struct tcx_value *v);
extern const struct tcx_value tcx__jmespath_null;
const struct tcx_value *tcx__jmespath_bool(bool b);
/* Keeps a failure; returns null. */
const struct tcx_value *tcx__jmespath_stop(struct tcx_search *s, int status);
/* false when there are none left, or s has failed */
bool tcx__jmespath_spend(struct tcx_search *s, unsigned steps);
/* One, and what walking n bytes costs. */
bool tcx__jmespath_spend_bytes(struct tcx_search *s, size_t n);
/* for looking at v: its name, its text; not its kids */
bool tcx__jmespath_spend_value(struct tcx_search *s, const struct tcx_value *v);
/* For each value of the tree, as often as it stands in it: what is made may hold the same one many
 * times over. */
bool tcx__jmespath_spend_tree(struct tcx_search *s, const struct tcx_value *v);
/* a new one; NULL when memory is out */
struct tcx_value *tcx__jmespath_list(struct tcx_search *s);
/* A copy of v's head goes to the end of list. */
void tcx__jmespath_push(struct tcx_search *s, struct tcx_value *list, const struct tcx_value *v);
/* that copy; NULL when s has failed */
struct tcx_value *tcx__jmespath_share(struct tcx_search *s, const struct tcx_value *v);

static inline bool tcx__is_null(const struct tcx_value *v) {
  return v->type == TCX_NULL || v->type == TCX_ABSENT;
}
static inline bool tcx__is_number(const struct tcx_value *v) {
  return v->type == TCX_INT || v->type == TCX_DOUBLE || v->type == TCX_BIGNUM;
}
static inline bool tcx__is_string(const struct tcx_value *v) {
  return v->type == TCX_STRING || v->type == TCX_TIME;
}
bool tcx__jmespath_true(const struct tcx_value *v);
bool tcx__jmespath_equal(struct tcx_search *s, const struct tcx_value *a,
                         const struct tcx_value *b);
/* Of two numbers or two strings: < 0, 0, > 0. */
int tcx__jmespath_order(const struct tcx_value *a, const struct tcx_value *b);
/* The text of a STRING or TIME; scratch holds the latter's. */
struct tcx_str tcx__jmespath_text(const struct tcx_value *v, char scratch[TCX__TIME_TEXT]);
double tcx__jmespath_number(const struct tcx_value *v);

/* ---- functions ---- */

/* NULL when there is none */
const struct tcx_function *tcx__jmespath_function(struct tcx_str name);
/* 0, or TCX_EPARAM when it does not take that many arguments. */
int tcx__jmespath_arity(const struct tcx_function *function, unsigned n, struct tcx_fail *f);
const struct tcx_value *tcx__jmespath_call(struct tcx_search *s, const struct tcx_node *call,
                                           const struct tcx_value *v);
#endif
