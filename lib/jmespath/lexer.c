/* lexer.c - an expression's tokens, all at once: the parser looks ahead and back. */
#include "base/json.h"
#include "base/utf8.h"
#include "jmespath/ast.h"
#include <stdio.h>
#include <string.h>

struct lexer {
  struct tcx_arena *arena;
  struct tcx_str text;
  size_t at;
  struct tcx_tokens *out;
  struct tcx_fail *f;
};

/* ---- failures ---- */

unsigned tcx__jmespath_column(struct tcx_str text, size_t byte) {
  unsigned column = 0;
  for (size_t i = 0; i < byte && i < text.n; i++)
    column += ((unsigned char)text.p[i] & 0xc0) != 0x80;
  return column;
}

int tcx__jmespath_fail(struct tcx_fail *f, struct tcx_str text, unsigned caret, bool quoted,
                       const char *message) {
  const char *quote = quoted ? "\"" : "";
  return tcx__fail(f, TCX_EPARAM, "%s:\n%s%.*s%s\n%*s^", message, quote, (int)text.n, text.p, quote,
                   (int)caret, "");
}

static int lexer_fail(struct lexer *l, size_t at, const char *what, struct tcx_str shown) {
  char message[256];
  snprintf(message, sizeof message, "Bad jmespath expression: %s%.*s", what,
           (int)(shown.n < 128 ? shown.n : 128), shown.p != NULL ? shown.p : "");
  return tcx__jmespath_fail(l->f, l->text, tcx__jmespath_column(l->text, at), false, message);
}

/* ---- tokens ---- */

static int emit(struct lexer *l, tcx__token_type type, size_t start, struct tcx_str text,
                const struct tcx_value *literal) {
  struct tcx_tokens *t = l->out;
  if (t->count == t->cap) {
    unsigned cap = t->cap == 0 ? 16 : 2 * t->cap;
    struct tcx_token *list = tcx__arena_alloc(l->arena, cap * sizeof *list);
    if (list == NULL)
      return UV_ENOMEM;
    if (t->count > 0)
      memcpy(list, t->list, t->count * sizeof *list);
    t->list = list;
    t->cap = cap;
  }
  t->list[t->count++] = (struct tcx_token){
      .type = (uint8_t)type, .start = (uint32_t)start, .text = text, .literal = literal};
  return 0;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static char peek(const struct lexer *l, size_t ahead) {
  return l->at + ahead < l->text.n ? l->text.p[l->at + ahead] : '\0';
}

static int plain(struct lexer *l, tcx__token_type type, size_t n) {
  size_t start = l->at;
  l->at += n;
  return emit(l, type, start, (struct tcx_str){l->text.p + start, n}, NULL);
}

static int name(struct lexer *l) {
  size_t n = 1;
  while (name_start(peek(l, n)) || digit(peek(l, n)))
    n++;
  const char *copy = tcx__arena_strndup(l->arena, l->text.p + l->at, n);
  size_t start = l->at;
  l->at += n;
  return copy == NULL ? UV_ENOMEM
                      : emit(l, TCX__TOKEN_NAME, start, (struct tcx_str){copy, n}, NULL);
}

static int number(struct lexer *l) {
  size_t n = 1;
  while (digit(peek(l, n)))
    n++;
  if (n == 1 && peek(l, 0) == '-')
    return lexer_fail(l, l->at, "Unknown token '-'", (struct tcx_str){NULL, 0});
  return plain(l, TCX__TOKEN_NUMBER, n);
}

/* What stands between two of mark, with its escapes; l->at goes behind it. A backslash keeps
 * whatever follows it. */
static int until(struct lexer *l, char mark, struct tcx_str *out) {
  size_t start = l->at, i = start + 1;
  *out = (struct tcx_str){NULL, 0};
  while (i < l->text.n && l->text.p[i] != mark)
    i += l->text.p[i] == '\\' ? 2 : 1;
  if (i >= l->text.n) {
    char what[] = "Unclosed ? delimiter";
    what[9] = mark;
    return lexer_fail(l, start, what, (struct tcx_str){NULL, 0});
  }
  *out = (struct tcx_str){l->text.p + start + 1, i - start - 1};
  l->at = i + 1;
  return 0;
}

/* Between two of around, and without the backslashes in front of mark; NUL-ended; NULL when memory
 * is out. */
static char *unescaped(struct lexer *l, struct tcx_str text, char mark, struct tcx_str around,
                       size_t *n) {
  char *out = tcx__arena_alloc(l->arena, text.n + 2 * around.n + 1), *to = out;
  if (out == NULL)
    return NULL;
  memcpy(to, around.p, around.n);
  to += around.n;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == mark)
      i++;
    *to++ = text.p[i];
  }
  memcpy(to, around.p, around.n);
  to += around.n;
  *to = '\0';
  *n = (size_t)(to - out);
  return out;
}

static int raw_string(struct lexer *l) {
  size_t start = l->at, n;
  struct tcx_str text;
  int err = until(l, '\'', &text);
  if (err != 0)
    return err;
  char *copy = unescaped(l, text, '\'', TCX__STR(""), &n);
  const struct tcx_value *v = copy != NULL ? tcx__value_new_str(l->arena, copy, n) : NULL;
  return v == NULL ? UV_ENOMEM : emit(l, TCX__TOKEN_LITERAL, start, (struct tcx_str){copy, n}, v);
}

static int quoted_name(struct lexer *l) {
  size_t start = l->at;
  struct tcx_str text;
  struct tcx_value *v = NULL;
  struct tcx_fail why = {.arena = l->arena};
  int err = until(l, '"', &text);
  if (err == 0)
    err = tcx__json_parse(l->arena, text.p - 1, text.n + 2, &v, &why);
  if (err == TCX_EPARAM)
    return lexer_fail(l, start, "Invalid quoted identifier, ", tcx__str(why.text));
  return err != 0 ? err : emit(l, TCX__TOKEN_QUOTED_NAME, start, v->u.bytes, NULL);
}

/* JSON; what is none stands for a string, as it once did. */
static int literal(struct lexer *l) {
  size_t start = l->at, n;
  struct tcx_str text;
  struct tcx_value *v = NULL;
  int err = until(l, '`', &text);
  if (err != 0)
    return err;
  char *json = unescaped(l, text, '`', TCX__STR("\""), &n);
  if (json == NULL)
    return UV_ENOMEM;
  err = tcx__json_parse(l->arena, json + 1, n - 2, &v, NULL);
  if (err == TCX_EPARAM) {
    size_t skip = 0;
    while (tcx__is_space(json[1 + skip]))
      skip++;
    json[skip] = '"';
    err = tcx__json_parse(l->arena, json + skip, n - skip, &v, NULL);
  }
  if (err == TCX_EPARAM)
    return lexer_fail(l, start, "Bad token ", (struct tcx_str){json + 1, n - 2});
  return err != 0
             ? err
             : emit(l, TCX__TOKEN_LITERAL, start, v->type == TCX_STRING ? v->u.bytes : text, v);
}

static int either(struct lexer *l, char second, tcx__token_type both, tcx__token_type one) {
  return peek(l, 1) == second ? plain(l, both, 2) : plain(l, one, 1);
}

static int equals(struct lexer *l) {
  return peek(l, 1) == '=' ? plain(l, TCX__TOKEN_EQ, 2)
                           : lexer_fail(l, l->at, "Unknown token '='", (struct tcx_str){NULL, 0});
}

static int bracket(struct lexer *l) {
  if (peek(l, 1) == ']')
    return plain(l, TCX__TOKEN_FLATTEN, 2);
  return either(l, '?', TCX__TOKEN_FILTER, TCX__TOKEN_LBRACKET);
}

static int unknown(struct lexer *l) {
  size_t n = tcx__utf8_length(l->text.p + l->at, l->text.n - l->at);
  return lexer_fail(l, l->at, "Unknown token ", (struct tcx_str){l->text.p + l->at, n > 0 ? n : 1});
}

static int one_token(struct lexer *l) {
  switch (l->text.p[l->at]) {
  case '.':
    return plain(l, TCX__TOKEN_DOT, 1);
  case '*':
    return plain(l, TCX__TOKEN_STAR, 1);
  case ']':
    return plain(l, TCX__TOKEN_RBRACKET, 1);
  case ',':
    return plain(l, TCX__TOKEN_COMMA, 1);
  case ':':
    return plain(l, TCX__TOKEN_COLON, 1);
  case '@':
    return plain(l, TCX__TOKEN_CURRENT, 1);
  case '(':
    return plain(l, TCX__TOKEN_LPAREN, 1);
  case ')':
    return plain(l, TCX__TOKEN_RPAREN, 1);
  case '{':
    return plain(l, TCX__TOKEN_LBRACE, 1);
  case '}':
    return plain(l, TCX__TOKEN_RBRACE, 1);
  case '[':
    return bracket(l);
  case '\'':
    return raw_string(l);
  case '`':
    return literal(l);
  case '"':
    return quoted_name(l);
  case '|':
    return either(l, '|', TCX__TOKEN_OR, TCX__TOKEN_PIPE);
  case '&':
    return either(l, '&', TCX__TOKEN_AND, TCX__TOKEN_EXPREF);
  case '<':
    return either(l, '=', TCX__TOKEN_LTE, TCX__TOKEN_LT);
  case '>':
    return either(l, '=', TCX__TOKEN_GTE, TCX__TOKEN_GT);
  case '!':
    return either(l, '=', TCX__TOKEN_NE, TCX__TOKEN_NOT);
  case '=':
    return equals(l);
  default:
    break;
  }
  if (name_start(l->text.p[l->at]))
    return name(l);
  return digit(l->text.p[l->at]) || l->text.p[l->at] == '-' ? number(l) : unknown(l);
}

int tcx__jmespath_tokens(struct tcx_arena *arena, struct tcx_str text, struct tcx_tokens *out,
                         struct tcx_fail *f) {
  struct lexer l = {.arena = arena, .text = text, .out = out, .f = f};
  int err = 0;
  while (err == 0 && l.at < text.n) {
    if (memchr(" \t\n\r", text.p[l.at], 4) != NULL)
      l.at++;
    else
      err = one_token(&l);
  }
  return err == 0 ? emit(&l, TCX__TOKEN_EOF, text.n, (struct tcx_str){"", 0}, NULL) : err;
}
