/*
 * tcx_params: a template becomes a tree in one pass.
 *
 *   template   map | list                     value   map | list | string | word | conversion
 *   map        { [name : value {, ...}] }     name    word | string
 *   list       [ [value {, ...}] ]            word    letters, digits and - _ . : /
 *   string     '...' or "..." with conversions in it; %% is a percent sign; no other escape
 *
 * A word is true, false, null, a number, else a string. A value that is left out (NULL for %s or
 * %p) takes its name with it. After a failure the rest of the template is still gone through: the
 * children among the arguments are consumed.
 */
#include "base/conversion.h"
#include "base/number.h"
#include "base/value.h"
#include <string.h>

#define TEXT_MAX (256u << 20) /* bytes of a string that is formatted */

struct parser {
  const char *start, *p; /* p is never behind a conversion whose arguments were not taken */
  struct tcx_root *root;
  struct tcx_arguments args;
};

static struct tcx_value *wrong(struct parser *s, const char *at, const char *what) {
  tcx__root_fail(s->root, TCX_EPARAM, "column %d: %s", (int)(at - s->start) + 1, what);
  return NULL;
}

static struct tcx_value *made(struct parser *s, struct tcx_value *v) {
  if (v == NULL)
    tcx__root_fail(s->root, UV_ENOMEM, "out of memory");
  return v;
}

static bool failed(const struct parser *s) { return s->root->status != 0; }

static void skip_space(struct parser *s) {
  while (tcx__is_space(*s->p))
    s->p++;
}

static bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && strchr("-_.:/", c) != NULL);
}

/* ---- strings and words ---- */

static bool add_conversion(struct parser *s, struct tcx_buf *text) {
  struct tcx_conversion c;
  const char *at = s->p;
  if (!tcx__conversion_read(at, &c) || !c.usable || c.letter == 'p') {
    wrong(s, at, "no conversion that can stand inside quotes");
    return false;
  }
  s->p = c.end;
  union tcx_argument arg = tcx__conversion_take(&c, &s->args);
  if (c.letter == 's' && arg.s == NULL)
    wrong(s, at, "NULL for a string inside quotes");
  else
    tcx__conversion_write(text, &c, arg);
  return !failed(s);
}

/* The string that p is at the quote of; its bytes lie in the arena, NUL-ended. */
static bool read_string(struct parser *s, struct tcx_str *out) {
  const char *open = s->p++;
  const char stops[] = {*open, '%', '\0'};
  struct tcx_buf text;
  tcx__buf_init(&text, s->root->arena, TEXT_MAX);
  for (;;) {
    size_t n = strcspn(s->p, stops);
    tcx__buf_add(&text, s->p, n);
    s->p += n;
    if (*s->p != '%')
      break;
    if (s->p[1] == '%') {
      tcx__buf_addc(&text, '%');
      s->p += 2;
    } else if (!add_conversion(s, &text)) {
      return false;
    }
  }
  if (*s->p != *open) {
    wrong(s, open, "the quote is not closed");
    return false;
  }
  s->p++;
  if (text.status != 0)
    tcx__root_fail(s->root, text.status, "column %d: the string is too long",
                   (int)(open - s->start) + 1);
  tcx__buf_trim(&text);
  *out = tcx__buf_str(&text);
  return !failed(s);
}

static struct tcx_str scan_word(struct parser *s) {
  struct tcx_str word = {s->p, 0};
  while (is_word_char(word.p[word.n]))
    word.n++;
  return word;
}

static struct tcx_value *read_word(struct parser *s) {
  struct tcx_arena *arena = s->root->arena;
  struct tcx_str word = scan_word(s);
  size_t digits = tcx__number_scan(s->p, s->p + strspn(s->p, "+-.0123456789eE"));
  if (digits > 0 && digits >= word.n && !is_word_char(s->p[digits])) {
    struct tcx_str number = {s->p, digits}; /* 1e+5 is longer than its word */
    s->p += digits;
    return made(s, tcx__number_value(arena, number));
  }
  if (word.n == 0)
    return wrong(s, s->p, "a value is expected");
  s->p += word.n;
  if (tcx__str_is(word, "true") || tcx__str_is(word, "false"))
    return made(s, tcx__value_new_bool(arena, word.p[0] == 't'));
  if (tcx__str_is(word, "null"))
    return made(s, tcx__value_new(arena, TCX_NULL));
  return made(s, tcx__value_new_str_copy(arena, word.p, word.n));
}

/* ---- values ---- */

static struct tcx_value *from_string(struct parser *s, const char *at,
                                     const struct tcx_conversion *c, const char *p) {
  if (c->star_precision && c->precision < 0)
    return wrong(s, at, "a negative length");
  if (p == NULL)
    return NULL;
  size_t n = c->star_precision ? (size_t)c->precision : strlen(p);
  return made(s, tcx__value_new_str_copy(s->root->arena, p, n));
}

static struct tcx_value *from_unsigned(struct parser *s, uintmax_t u) {
  if (u <= INT64_MAX)
    return made(s, tcx__value_new_int(s->root->arena, (int64_t)u));
  char *digits = tcx__arena_printf(s->root->arena, "%ju", u);
  struct tcx_value *v =
      digits == NULL ? NULL : tcx__value_new_str(s->root->arena, digits, strlen(digits));
  if (v != NULL)
    v->type = TCX_BIGNUM;
  return made(s, v);
}

static struct tcx_value *from_child(struct parser *s, tcx_value_t *child, unsigned level) {
  unsigned height;
  struct tcx_value *v = child == NULL ? NULL : tcx__root_adopt(s->root, child, &height);
  return v != NULL && tcx__root_reach(s->root, level + height - 1) ? v : NULL;
}

/* NULL: a failure, or left out. */
static struct tcx_value *read_conversion(struct parser *s, unsigned level) {
  struct tcx_conversion c;
  const char *at = s->p;
  if (!tcx__conversion_read(at, &c) || !c.usable)
    return wrong(s, at, "no conversion that is known");
  if (!tcx__conversion_is_plain(&c) || strchr("xXo", c.letter) != NULL)
    return wrong(s, at, "flags, width and base have a meaning only inside quotes");
  s->p = c.end;
  union tcx_argument arg = tcx__conversion_take(&c, &s->args);
  switch (c.letter) {
  case 'd':
  case 'i':
    return made(s, tcx__value_new_int(s->root->arena, arg.i));
  case 'u':
    return from_unsigned(s, arg.u);
  case 'c':
    return made(s, tcx__value_new_str_copy(s->root->arena, (char[]){(char)arg.i}, 1));
  case 's':
    return from_string(s, at, &c, arg.s);
  case 'p':
    return from_child(s, arg.p, level);
  default:
    return made(s, tcx__value_new_num(s->root->arena, arg.d));
  }
}

static void read_kids(struct parser *s, struct tcx_value *v, unsigned level);

/* NULL: a failure, or left out. */
static struct tcx_value *read_value(struct parser *s, unsigned level) {
  struct tcx_str text;
  if (!tcx__root_reach(s->root, level))
    return NULL;
  switch (*s->p) {
  case '%':
    return read_conversion(s, level);
  case '\'':
  case '"':
    return read_string(s, &text) ? made(s, tcx__value_new_str(s->root->arena, text.p, text.n))
                                 : NULL;
  case '{':
  case '[':
    break;
  default:
    return read_word(s);
  }
  struct tcx_value *v = made(s, tcx__value_new(s->root->arena, *s->p == '{' ? TCX_MAP : TCX_LIST));
  if (v != NULL)
    read_kids(s, v, level);
  return v;
}

static bool read_name(struct parser *s, struct tcx_str *name) {
  if (*s->p == '\'' || *s->p == '"') {
    if (!read_string(s, name))
      return false;
  } else {
    struct tcx_str word = scan_word(s);
    if (word.n > 1 && word.p[word.n - 1] == ':')
      word.n--; /* the colon that ends the name */
    if (word.n == 0 || *word.p == ':')
      return wrong(s, s->p, "a name is expected") != NULL;
    if (memchr(word.p, ':', word.n) != NULL && word.p[word.n] != ':')
      return wrong(s, s->p, "a colon that ends a name is not followed by a word at once") != NULL;
    name->p = tcx__arena_strndup(s->root->arena, word.p, word.n);
    name->n = word.n;
    if (name->p == NULL)
      return made(s, NULL) != NULL;
    s->p += word.n;
  }
  skip_space(s);
  if (*s->p != ':')
    return wrong(s, s->p, "a colon is expected") != NULL;
  s->p++;
  skip_space(s);
  return true;
}

static void read_kid(struct parser *s, struct tcx_value *v, unsigned level) {
  struct tcx_str name = {NULL, 0};
  int status = 0;
  if (v->type == TCX_MAP && !read_name(s, &name))
    return;
  struct tcx_value *kid = read_value(s, level + 1);
  if (kid == NULL || failed(s))
    return;
  if (v->type == TCX_MAP)
    status = tcx__value_replace(s->root->arena, v, name.p, name.n, kid);
  else
    status = tcx__value_push(s->root->arena, v, kid);
  if (status != 0)
    tcx__root_fail(s->root, status, "out of memory");
}

/* p is at the bracket. */
static void read_kids(struct parser *s, struct tcx_value *v, unsigned level) {
  char close = v->type == TCX_MAP ? '}' : ']';
  const char *open = s->p++;
  skip_space(s);
  if (*s->p == close) {
    s->p++;
    return;
  }
  for (;;) {
    read_kid(s, v, level);
    if (failed(s))
      return;
    skip_space(s);
    if (*s->p != ',')
      break;
    s->p++;
    skip_space(s);
  }
  if (*s->p == close)
    s->p++;
  else if (*s->p == '\0')
    wrong(s, open, "the bracket is not closed");
  else
    wrong(s, s->p, close == '}' ? "a comma or } is expected" : "a comma or ] is expected");
}

/* ---- the whole ---- */

/* Takes the arguments that are left, as far as the template tells their types, and frees the
 * children among them. */
static void drain(struct parser *s) {
  while ((s->p = strchr(s->p, '%')) != NULL) {
    struct tcx_conversion c;
    if (s->p[1] == '%') {
      s->p += 2;
      continue;
    }
    if (!tcx__conversion_read(s->p, &c))
      return;
    s->p = c.end;
    union tcx_argument arg = tcx__conversion_take(&c, &s->args);
    if (c.letter == 'p')
      tcx_value_free(arg.p);
  }
}

static void read_template(struct parser *s) {
  skip_space(s);
  if (*s->p != '{' && *s->p != '[') {
    wrong(s, s->p, "a template begins with { or [");
    return;
  }
  s->root->value.type = *s->p == '{' ? TCX_MAP : TCX_LIST;
  read_kids(s, &s->root->value, 0);
  if (failed(s))
    return;
  skip_space(s);
  if (*s->p != '\0')
    wrong(s, s->p, "nothing more is expected");
}

tcx_value_t *tcx_vparams(const char *template_, va_list args) {
  struct parser s = {
      .start = template_, .p = template_, .root = tcx__root_new_sized(TCX_NULL, TCX__ARENA_CALL)};
  struct tcx_root *root = s.root;
  if (root == NULL)
    s.root = (struct tcx_root *)(uintptr_t)&tcx__root_no_memory;
  if (template_ == NULL) {
    tcx__root_fail(s.root, TCX_EPARAM, "the template is NULL");
    return &s.root->value;
  }
  va_copy(s.args.list, args);
  if (root != NULL)
    read_template(&s);
  if (failed(&s))
    drain(&s);
  va_end(s.args.list);
  return &s.root->value;
}

tcx_value_t *tcx_params(const char *template_, ...) {
  va_list args;
  va_start(args, template_);
  tcx_value_t *params = tcx_vparams(template_, args);
  va_end(args);
  return params;
}
