/*
 * parser.c - the tree of an expression: operator precedence, as Vaughan Pratt has it. A token
 * begins an expression (first) or goes on with what is left of it (next), as long as it binds more
 * strongly than what stands before.
 */
#include "jmespath/ast.h"
#include <stdio.h>
#include <string.h>

#define PROJECTION_STOPS 10 /* what binds less ends a projection */

struct parser {
  struct tcx_arena *arena;
  struct tcx_str text;
  struct tcx_tokens tokens;
  unsigned at;
  unsigned depth; /* of expression() within itself */
  struct tcx_fail *f;
  int status;
  /* a function that is unknown or takes another number of arguments: told when the syntax is
   * right */
  struct tcx_fail late;
};

/* clang-format off */
static const struct { const char *name; uint8_t power; } kinds[] = {
    [TCX__TOKEN_EOF] = {"eof", 0},         [TCX__TOKEN_NAME] = {"unquoted_identifier", 0}, [TCX__TOKEN_QUOTED_NAME] = {"quoted_identifier", 0},
    [TCX__TOKEN_LITERAL] = {"literal", 0}, [TCX__TOKEN_RBRACKET] = {"rbracket", 0},        [TCX__TOKEN_RPAREN] = {"rparen", 0},
    [TCX__TOKEN_COMMA] = {"comma", 0},     [TCX__TOKEN_RBRACE] = {"rbrace", 0},            [TCX__TOKEN_NUMBER] = {"number", 0},
    [TCX__TOKEN_CURRENT] = {"current", 0}, [TCX__TOKEN_EXPREF] = {"expref", 0},            [TCX__TOKEN_COLON] = {"colon", 0},
    [TCX__TOKEN_PIPE] = {"pipe", 1},       [TCX__TOKEN_OR] = {"or", 2},                    [TCX__TOKEN_AND] = {"and", 3},
    [TCX__TOKEN_EQ] = {"eq", 5},           [TCX__TOKEN_GT] = {"gt", 5},                    [TCX__TOKEN_LT] = {"lt", 5},
    [TCX__TOKEN_GTE] = {"gte", 5},         [TCX__TOKEN_LTE] = {"lte", 5},                  [TCX__TOKEN_NE] = {"ne", 5},
    [TCX__TOKEN_FLATTEN] = {"flatten", 9}, [TCX__TOKEN_STAR] = {"star", 20},               [TCX__TOKEN_FILTER] = {"filter", 21},
    [TCX__TOKEN_DOT] = {"dot", 40},        [TCX__TOKEN_NOT] = {"not", 45},                 [TCX__TOKEN_LBRACE] = {"lbrace", 50},
    [TCX__TOKEN_LBRACKET] = {"lbracket", 55}, [TCX__TOKEN_LPAREN] = {"lparen", 60},
};
/* clang-format on */

static const struct tcx_node *expression(struct parser *p, unsigned power);

static const struct tcx_token *token(const struct parser *p) { return &p->tokens.list[p->at]; }
static bool is(const struct parser *p, tcx__token_type type) { return token(p)->type == type; }
static unsigned power_of(const struct parser *p) { return kinds[token(p)->type].power; }

/* ---- failures: the first is kept, and NULL comes back ---- */

static const struct tcx_node *stop(struct parser *p, int status) {
  if (p->status == 0)
    p->status = status;
  return NULL;
}

static const struct tcx_node *wrong_at(struct parser *p, unsigned column, const struct tcx_token *t,
                                       const char *what) {
  char message[512], kind[32];
  size_t n = 0;
  for (; kinds[t->type].name[n] != '\0'; n++)
    kind[n] = (char)(kinds[t->type].name[n] >= 'a' ? kinds[t->type].name[n] - ('a' - 'A')
                                                   : kinds[t->type].name[n]);
  kind[n] = '\0';
  snprintf(message, sizeof message,
           "%s: Parse error at column %u, token \"%.*s\" (%s), for expression", what, column,
           (int)(t->text.n < 128 ? t->text.n : 128), t->text.p, kind);
  return stop(p, tcx__jmespath_fail(p->f, p->text, column + 1, true, message));
}

static const struct tcx_node *wrong(struct parser *p, const struct tcx_token *t, const char *what) {
  return wrong_at(p, tcx__jmespath_column(p->text, t->start), t, what);
}

static const struct tcx_node *incomplete(struct parser *p) {
  return stop(p, tcx__jmespath_fail(p->f, p->text, tcx__jmespath_column(p->text, p->text.n) + 1,
                                    true, "Invalid jmespath expression: Incomplete expression"));
}

/* Something else was due; an expression that ends too early says so. */
static const struct tcx_node *expected(struct parser *p, const char *what) {
  char message[160];
  if (is(p, TCX__TOKEN_EOF))
    return incomplete(p);
  snprintf(message, sizeof message, "Expecting: %s, got: %s", what, kinds[token(p)->type].name);
  return wrong(p, token(p), message);
}

static bool match(struct parser *p, tcx__token_type type) {
  if (p->status != 0)
    return false;
  if (!is(p, type)) {
    (void)expected(p, kinds[type].name);
    return false;
  }
  p->at++;
  return true;
}

/* ---- nodes ---- */

static struct tcx_node *new_node(struct parser *p, tcx__node_type type) {
  struct tcx_node *n = p->status == 0 ? tcx__arena_zalloc(p->arena, sizeof *n) : NULL;
  if (n == NULL) {
    (void)stop(p, UV_ENOMEM);
    return NULL;
  }
  n->type = (uint8_t)type;
  n->height = 1;
  return n;
}

static void heighten(struct parser *p, struct tcx_node *n, const struct tcx_node *kid) {
  if (kid == NULL || kid->height < n->height)
    return;
  n->height = (uint16_t)(kid->height + 1);
  if (n->height > TCX__JMESPATH_DEPTH)
    (void)stop(p,
               tcx__fail(p->f, TCX_ETOOBIG, "The JMESPath expression is more than %d levels deep",
                         TCX__JMESPATH_DEPTH));
}

/* A node of others; NULL when one of them is NULL for a reason. */
static struct tcx_node *join(struct parser *p, tcx__node_type type, const struct tcx_node *left,
                             const struct tcx_node *right, const struct tcx_node *third) {
  struct tcx_node *n = new_node(p, type);
  if (n == NULL)
    return NULL;
  n->u.of.left = left;
  n->u.of.right = right;
  n->u.of.third = third;
  heighten(p, n, left);
  heighten(p, n, right);
  heighten(p, n, third);
  return p->status == 0 ? n : NULL;
}

static const struct tcx_node current = {.type = TCX__NODE_CURRENT, .height = 1};

static const struct tcx_node *field(struct parser *p, struct tcx_str name) {
  struct tcx_node *n = new_node(p, TCX__NODE_FIELD);
  if (n != NULL)
    n->name = name;
  return n;
}

/* ---- lists of expressions ---- */

static void add_kid(struct parser *p, struct tcx_node *n, struct tcx_str name,
                    const struct tcx_node *kid) {
  if (p->status != 0)
    return;
  if ((n->n_kids & (n->n_kids - 1)) == 0) { /* full at each power of two */
    struct tcx_named *list =
        tcx__arena_alloc(p->arena, (n->n_kids == 0 ? 1 : 2 * n->n_kids) * sizeof *list);
    if (list == NULL) {
      (void)stop(p, UV_ENOMEM);
      return;
    }
    if (n->n_kids > 0)
      memcpy(list, n->u.kids.list, n->n_kids * sizeof *list);
    n->u.kids.list = list;
  }
  n->u.kids.list[n->n_kids++] = (struct tcx_named){name, kid};
  heighten(p, n, kid);
}

/* Behind "[". */
static const struct tcx_node *multi_list(struct parser *p) {
  struct tcx_node *n = new_node(p, TCX__NODE_LIST);
  while (p->status == 0) {
    add_kid(p, n, (struct tcx_str){NULL, 0}, expression(p, 0));
    if (p->status == 0 && is(p, TCX__TOKEN_RBRACKET))
      break;
    match(p, TCX__TOKEN_COMMA);
  }
  match(p, TCX__TOKEN_RBRACKET);
  return p->status == 0 ? n : NULL;
}

/* Behind "{". */
static const struct tcx_node *multi_map(struct parser *p) {
  struct tcx_node *n = new_node(p, TCX__NODE_MAP);
  while (p->status == 0) {
    const struct tcx_token *key = token(p);
    if (key->type != TCX__TOKEN_NAME && key->type != TCX__TOKEN_QUOTED_NAME)
      return expected(p, "['quoted_identifier', 'unquoted_identifier']");
    p->at++;
    if (match(p, TCX__TOKEN_COLON))
      add_kid(p, n, key->text, expression(p, 0));
    if (p->status != 0 || is(p, TCX__TOKEN_RBRACE))
      break;
    if (is(p, TCX__TOKEN_COMMA) || is(p, TCX__TOKEN_NAME) || is(p, TCX__TOKEN_QUOTED_NAME))
      match(p, TCX__TOKEN_COMMA);
  }
  match(p, TCX__TOKEN_RBRACE);
  return p->status == 0 ? n : NULL;
}

static bool begins(const struct tcx_token *t) {
  switch (t->type) {
  case TCX__TOKEN_NAME:
  case TCX__TOKEN_QUOTED_NAME:
  case TCX__TOKEN_LITERAL:
  case TCX__TOKEN_CURRENT:
  case TCX__TOKEN_STAR:
  case TCX__TOKEN_FILTER:
  case TCX__TOKEN_FLATTEN:
  case TCX__TOKEN_LBRACKET:
  case TCX__TOKEN_LBRACE:
  case TCX__TOKEN_LPAREN:
  case TCX__TOKEN_NOT:
  case TCX__TOKEN_EXPREF:
    return true;
  default:
    return false;
  }
}

/* Expressions with commas between them, up to ")". */
static void arguments(struct parser *p, struct tcx_node *n) {
  while (p->status == 0 && !is(p, TCX__TOKEN_RPAREN)) {
    add_kid(p, n, (struct tcx_str){NULL, 0}, expression(p, 0));
    if (p->status != 0 || is(p, TCX__TOKEN_RPAREN))
      break;
    if (is(p, TCX__TOKEN_COMMA) || is(p, TCX__TOKEN_EOF) || begins(token(p)))
      match(p, TCX__TOKEN_COMMA);
    if (p->status == 0 && !is(p, TCX__TOKEN_EOF) && !begins(token(p)))
      (void)wrong(p, token(p), "invalid token");
  }
  match(p, TCX__TOKEN_RPAREN);
}

/* Behind "(". */
static const struct tcx_node *call(struct parser *p, const struct tcx_node *left) {
  const struct tcx_token *before = &p->tokens.list[p->at - 2];
  char message[160];
  if (left->type != TCX__NODE_FIELD || before->type != TCX__TOKEN_NAME) {
    snprintf(message, sizeof message, "Invalid function name '%.*s'",
             (int)(before->text.n < 128 ? before->text.n : 128), before->text.p);
    return wrong(p, before, message);
  }
  struct tcx_node *n = new_node(p, TCX__NODE_CALL);
  if (n == NULL)
    return NULL;
  n->u.kids.function = tcx__jmespath_function(left->name);
  arguments(p, n);
  if (p->status != 0)
    return NULL;
  if (n->u.kids.function == NULL)
    (void)tcx__fail(&p->late, TCX_EPARAM, "Unknown function: %.*s()",
                    (int)(left->name.n < 128 ? left->name.n : 128), left->name.p);
  else
    (void)tcx__jmespath_arity(n->u.kids.function, n->n_kids, &p->late);
  return n;
}

/* ---- projections ---- */

static const struct tcx_node *dot_right(struct parser *p, unsigned power) {
  switch (token(p)->type) {
  case TCX__TOKEN_NAME:
  case TCX__TOKEN_QUOTED_NAME:
  case TCX__TOKEN_STAR:
    return expression(p, power);
  case TCX__TOKEN_LBRACKET:
    p->at++;
    return multi_list(p);
  case TCX__TOKEN_LBRACE:
    p->at++;
    return multi_map(p);
  default:
    break;
  }
  char message[160];
  snprintf(message, sizeof message,
           "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: %s",
           kinds[token(p)->type].name);
  return wrong(p, token(p), message);
}

/* What happens to each item. */
static const struct tcx_node *projected(struct parser *p, unsigned power) {
  if (p->status != 0)
    return NULL;
  if (power_of(p) < PROJECTION_STOPS)
    return &current;
  if (is(p, TCX__TOKEN_LBRACKET) || is(p, TCX__TOKEN_FILTER))
    return expression(p, power);
  if (is(p, TCX__TOKEN_DOT)) {
    p->at++;
    return dot_right(p, power);
  }
  return wrong(p, token(p), "syntax error");
}

static const struct tcx_node *project(struct parser *p, tcx__node_type type,
                                      const struct tcx_node *left, tcx__token_type by) {
  const struct tcx_node *right = projected(p, kinds[by].power);
  return join(p, type, left, right, NULL);
}

static const struct tcx_node *flatten(struct parser *p, const struct tcx_node *left) {
  return project(p, TCX__NODE_PROJECTION, join(p, TCX__NODE_FLATTEN, left, NULL, NULL),
                 TCX__TOKEN_FLATTEN);
}

/* Behind "[?". */
static const struct tcx_node *filter(struct parser *p, const struct tcx_node *left) {
  const struct tcx_node *condition = expression(p, 0);
  if (!match(p, TCX__TOKEN_RBRACKET))
    return NULL;
  const struct tcx_node *right =
      is(p, TCX__TOKEN_FLATTEN) ? &current : projected(p, kinds[TCX__TOKEN_FILTER].power);
  return join(p, TCX__NODE_FILTER, left, right, condition);
}

/* ---- indices and slices: behind "[" ---- */

/* Beyond int64 no list is that long: the nearest will do. */
static int64_t integer(const struct tcx_token *t) {
  int64_t i = 0;
  if (tcx__str_to_int64(t->text, &i) != 0)
    i = t->text.p[0] == '-' ? INT64_MIN : INT64_MAX;
  return i;
}

static const struct tcx_node *slice(struct parser *p) {
  struct tcx_node *n = new_node(p, TCX__NODE_SLICE);
  unsigned part = 0;
  while (n != NULL && p->status == 0 && !is(p, TCX__TOKEN_RBRACKET)) {
    if (is(p, TCX__TOKEN_COLON) && part < 2) {
      part++;
    } else if (is(p, TCX__TOKEN_NUMBER) && (n->given & 1u << part) == 0) {
      n->given |= (uint8_t)(1u << part);
      n->u.number[part] = integer(token(p));
    } else {
      return wrong(p, token(p), "syntax error");
    }
    p->at++;
  }
  match(p, TCX__TOKEN_RBRACKET);
  if (p->status == 0 && (n->given & 4) != 0 && n->u.number[2] == 0)
    return stop(p, tcx__fail(p->f, TCX_EPARAM, "slice step cannot be zero"));
  return p->status == 0 ? n : NULL;
}

/* A number or a colon is next. */
static const struct tcx_node *index_or_slice(struct parser *p, const struct tcx_node *left) {
  if (is(p, TCX__TOKEN_COLON) || p->tokens.list[p->at + 1].type == TCX__TOKEN_COLON)
    return project(p, TCX__NODE_PROJECTION, join(p, TCX__NODE_CHAIN, left, slice(p), NULL),
                   TCX__TOKEN_STAR);
  struct tcx_node *n = new_node(p, TCX__NODE_INDEX);
  if (n == NULL)
    return NULL;
  n->u.number[0] = integer(token(p));
  p->at++;
  match(p, TCX__TOKEN_RBRACKET);
  return join(p, TCX__NODE_CHAIN, left, n, NULL);
}

/* ---- expressions ---- */

static const struct tcx_node *first_quoted(struct parser *p, const struct tcx_token *t) {
  if (is(p, TCX__TOKEN_LPAREN))
    return wrong_at(p, 0, token(p), "Quoted identifier not allowed for function names.");
  return field(p, t->text);
}

static const struct tcx_node *first_literal(struct parser *p, const struct tcx_token *t) {
  struct tcx_node *n = new_node(p, TCX__NODE_LITERAL);
  if (n != NULL)
    n->u.literal = t->literal;
  return n;
}

static const struct tcx_node *first_bracket(struct parser *p) {
  if (is(p, TCX__TOKEN_NUMBER) || is(p, TCX__TOKEN_COLON))
    return index_or_slice(p, &current);
  if (!is(p, TCX__TOKEN_STAR) || p->tokens.list[p->at + 1].type != TCX__TOKEN_RBRACKET)
    return multi_list(p);
  p->at += 2;
  return project(p, TCX__NODE_PROJECTION, &current, TCX__TOKEN_STAR);
}

static const struct tcx_node *first_star(struct parser *p) {
  if (is(p, TCX__TOKEN_RBRACKET))
    return join(p, TCX__NODE_VALUE_PROJECTION, &current, &current, NULL);
  return project(p, TCX__NODE_VALUE_PROJECTION, &current, TCX__TOKEN_STAR);
}

static const struct tcx_node *first_paren(struct parser *p) {
  const struct tcx_node *n = expression(p, 0);
  return match(p, TCX__TOKEN_RPAREN) ? n : NULL;
}

/* t has been taken. */
static const struct tcx_node *first(struct parser *p, const struct tcx_token *t) {
  switch (t->type) {
  case TCX__TOKEN_NAME:
    return field(p, t->text);
  case TCX__TOKEN_QUOTED_NAME:
    return first_quoted(p, t);
  case TCX__TOKEN_LITERAL:
    return first_literal(p, t);
  case TCX__TOKEN_CURRENT:
    return &current;
  case TCX__TOKEN_STAR:
    return first_star(p);
  case TCX__TOKEN_FILTER:
    return filter(p, &current);
  case TCX__TOKEN_FLATTEN:
    return flatten(p, &current);
  case TCX__TOKEN_LBRACKET:
    return first_bracket(p);
  case TCX__TOKEN_LBRACE:
    return multi_map(p);
  case TCX__TOKEN_LPAREN:
    return first_paren(p);
  case TCX__TOKEN_NOT:
    return join(p, TCX__NODE_NOT, expression(p, kinds[TCX__TOKEN_NOT].power), NULL, NULL);
  case TCX__TOKEN_EXPREF:
    return join(p, TCX__NODE_EXPREF, expression(p, kinds[TCX__TOKEN_EXPREF].power), NULL, NULL);
  case TCX__TOKEN_EOF:
    return incomplete(p);
  default:
    return wrong(p, t, "invalid token");
  }
}

static const struct tcx_node *next_dot(struct parser *p, const struct tcx_node *left) {
  if (!is(p, TCX__TOKEN_STAR)) {
    const struct tcx_node *right = dot_right(p, kinds[TCX__TOKEN_DOT].power);
    return join(p, TCX__NODE_CHAIN, left, right, NULL);
  }
  p->at++;
  return project(p, TCX__NODE_VALUE_PROJECTION, left, TCX__TOKEN_DOT);
}

static const struct tcx_node *next_bracket(struct parser *p, const struct tcx_node *left) {
  if (is(p, TCX__TOKEN_NUMBER) || is(p, TCX__TOKEN_COLON))
    return index_or_slice(p, left);
  if (!match(p, TCX__TOKEN_STAR) || !match(p, TCX__TOKEN_RBRACKET))
    return NULL;
  return project(p, TCX__NODE_PROJECTION, left, TCX__TOKEN_STAR);
}

static const struct tcx_node *operator(struct parser *p, const struct tcx_node *left,
                                       uint8_t type) {
  const struct tcx_node *right = expression(p, kinds[type].power);
  tcx__node_type node = type == TCX__TOKEN_PIPE  ? TCX__NODE_CHAIN
                        : type == TCX__TOKEN_OR  ? TCX__NODE_OR
                        : type == TCX__TOKEN_AND ? TCX__NODE_AND
                                                 : TCX__NODE_COMPARE;
  struct tcx_node *n = join(p, node, left, right, NULL);
  if (n != NULL)
    n->op = type;
  return n;
}

/* The next token binds: it goes on with left, or stands where nothing like it can. */
static const struct tcx_node *next(struct parser *p, const struct tcx_node *left) {
  const struct tcx_token *t = token(p);
  p->at++;
  switch (t->type) {
  case TCX__TOKEN_DOT:
    return next_dot(p, left);
  case TCX__TOKEN_LBRACKET:
    return next_bracket(p, left);
  case TCX__TOKEN_FILTER:
    return filter(p, left);
  case TCX__TOKEN_FLATTEN:
    return flatten(p, left);
  case TCX__TOKEN_LPAREN:
    return call(p, left);
  case TCX__TOKEN_PIPE:
  case TCX__TOKEN_OR:
  case TCX__TOKEN_AND:
  case TCX__TOKEN_EQ:
  case TCX__TOKEN_NE:
  case TCX__TOKEN_LT:
  case TCX__TOKEN_LTE:
  case TCX__TOKEN_GT:
  case TCX__TOKEN_GTE:
    return operator(p, left, t->type);
  default:
    return wrong(p, t, "invalid token");
  }
}

static const struct tcx_node *expression(struct parser *p, unsigned power) {
  if (p->status != 0)
    return NULL;
  if (++p->depth > TCX__JMESPATH_DEPTH)
    return stop(p,
                tcx__fail(p->f, TCX_ETOOBIG, "The JMESPath expression is more than %d levels deep",
                          TCX__JMESPATH_DEPTH));
  const struct tcx_token *t = token(p);
  p->at += t->type != TCX__TOKEN_EOF;
  const struct tcx_node *left = first(p, t);
  while (p->status == 0 && power < power_of(p))
    left = next(p, left);
  p->depth--;
  return p->status == 0 ? left : NULL;
}

int tcx__jmespath_compile(struct tcx_arena *arena, struct tcx_str text,
                          const struct tcx_jmespath **out, struct tcx_fail *f) {
  struct parser p = {.arena = arena, .text = text, .f = f, .late.arena = arena};
  struct tcx_jmespath *e = tcx__arena_zalloc(arena, sizeof *e);
  if (e == NULL)
    return UV_ENOMEM;
  if (text.n == 0)
    return tcx__fail(f, TCX_EPARAM, "Invalid JMESPath expression: cannot be empty.");
  if (text.n > TCX__JMESPATH_MAX)
    return tcx__fail(f, TCX_ETOOBIG, "The JMESPath expression is longer than %u bytes",
                     TCX__JMESPATH_MAX);
  int err = tcx__jmespath_tokens(arena, text, &p.tokens, f);
  if (err != 0)
    return err;
  e->top = expression(&p, 0);
  if (p.status == 0 && !is(&p, TCX__TOKEN_EOF)) {
    char message[160];
    snprintf(message, sizeof message, "Unexpected token: %.*s",
             (int)(token(&p)->text.n < 128 ? token(&p)->text.n : 128), token(&p)->text.p);
    (void)wrong(&p, token(&p), message);
  }
  *out = e;
  return p.status != 0 || p.late.status == 0 ? p.status
                                             : tcx__fail(f, p.late.status, "%s", p.late.text);
}
