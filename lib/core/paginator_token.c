/* paginator_token.c - where a page begins, as text: botocore's resume token, which either library
 * reads of the other. Pure. */
#include "base/codec.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/paginator.h"
#include <string.h>

#define TRUNCATED "boto_truncate_amount"
#define ENCODED   "boto_encoded_keys"

/* ---- writing ---- */

/* A path to a blob: the names and indices that lead there. */
struct place {
  const struct place *up;
  const struct tcx_value *name;
  int64_t index;
};

static int push_place(struct tcx_arena *arena, struct tcx_value *path, const struct place *place) {
  if (place == NULL)
    return 0;
  int err = push_place(arena, path, place->up);
  const struct tcx_value *name = place->name;
  struct tcx_value *step = name != NULL ? tcx__value_new_str(arena, name->name, name->name_len)
                                        : tcx__value_new_int(arena, place->index);
  return err != 0 ? err : step == NULL ? UV_ENOMEM : tcx__value_push(arena, path, step);
}

/* The paths of all blobs, in order: what base64 stands for. */
static int find_blobs(struct tcx_arena *arena, struct tcx_value *paths, const struct tcx_value *v,
                      const struct place *place) {
  if (v->type == TCX_BLOB) {
    struct tcx_value *path = tcx__value_new(arena, TCX_LIST);
    int err = path == NULL ? UV_ENOMEM : push_place(arena, path, place);
    return err != 0 ? err : tcx__value_push(arena, paths, path);
  }
  struct place below = {.up = place};
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL;
       kid = kid->next, below.index++) {
    below.name = v->type == TCX_MAP ? kid : NULL;
    int err = find_blobs(arena, paths, kid, &below);
    if (err != 0)
      return err;
  }
  return 0;
}

/* The map with botocore's own two members. */
static struct tcx_value *whole_map(struct tcx_arena *arena, const struct tcx_page_token *token) {
  struct tcx_value *map = tcx__value_deep_copy(arena, token->tokens),
                   *paths = tcx__value_new(arena, TCX_LIST);
  struct tcx_value *truncated =
      token->truncated >= 0 ? tcx__value_new_int(arena, token->truncated) : NULL;
  if (map == NULL || paths == NULL || find_blobs(arena, paths, map, NULL) != 0)
    return NULL;
  if (token->truncated >= 0 &&
      (truncated == NULL ||
       tcx__value_replace(arena, map, TRUNCATED, strlen(TRUNCATED), truncated) != 0))
    return NULL;
  if (tcx__value_count(paths) > 0 &&
      tcx__value_replace(arena, map, ENCODED, strlen(ENCODED), paths) != 0)
    return NULL;
  return map;
}

static unsigned code_point(const char *p, size_t n) {
  unsigned code = (unsigned char)p[0] & (0xffu >> (n + 1));
  for (size_t i = 1; i < n; i++)
    code = code << 6 | ((unsigned char)p[i] & 63);
  return code;
}

/* JSON whose strings are ASCII, as Python's json.dumps has them. */
static void add_ascii(struct tcx_buf *out, struct tcx_str json) {
  for (size_t i = 0; i < json.n;) {
    size_t n = (unsigned char)json.p[i] < 0x7f ? 0
               : json.p[i] == 0x7f             ? 1
                                               : tcx__utf8_length(json.p + i, json.n - i);
    unsigned code = n > 1 ? code_point(json.p + i, n) : 0x7f;
    if (n == 0)
      tcx__buf_addc(out, json.p[i]);
    else if (code < 0x10000)
      tcx__buf_printf(out, "\\u%04x", code);
    else
      tcx__buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                      0xdc00 + (code & 0x3ff));
    i += n > 0 ? n : 1;
  }
}

int tcx__page_token_write(struct tcx_arena *arena, const struct tcx_page_token *token,
                          const char **text, struct tcx_fail *f) {
  struct tcx_value *map = whole_map(arena, token);
  struct tcx_buf json, ascii, base64;
  if (map == NULL)
    return tcx__fail_memory(f);
  tcx__buf_init(&json, arena, TCX__PAGE_TOKEN_MAX);
  tcx__buf_init(&ascii, arena, TCX__PAGE_TOKEN_MAX);
  tcx__buf_init(&base64, arena, TCX__PAGE_TOKEN_MAX);
  tcx__json_write(&json, map, TCX__JSON_SPACED);
  if (json.status == 0)
    add_ascii(&ascii, tcx__buf_str(&json));
  if (ascii.status == 0)
    tcx__base64_encode(&base64, ascii.data, ascii.len);
  int err = json.status != 0 ? json.status : ascii.status != 0 ? ascii.status : base64.status;
  *text = base64.data;
  return err == 0           ? 0
         : err == UV_ENOMEM ? tcx__fail_memory(f)
                            : tcx__fail(f, TCX_ETOOBIG, "The page token is longer than %u bytes",
                                        TCX__PAGE_TOKEN_MAX);
}

/* ---- reading ---- */

/* The value that a path of a token's ENCODED leads to, below v; NULL when it leads nowhere. */
static struct tcx_value *follow(struct tcx_value *v, const struct tcx_value *path) {
  for (const struct tcx_value *step = tcx__value_kids(path); step != NULL && v != NULL;
       step = step->next)
    v = step->type == TCX_STRING ? tcx__value_find(v, step->u.bytes.p, step->u.bytes.n)
        : step->type == TCX_INT && step->u.integer >= 0
            ? (struct tcx_value *)(uintptr_t)tcx_value_at(v, (size_t)step->u.integer)
            : NULL;
  return v;
}

static int decode_blob(struct tcx_arena *arena, struct tcx_value *v) {
  struct tcx_buf bytes;
  if (v == NULL || v->type != TCX_STRING)
    return UV_EINVAL;
  tcx__buf_init(&bytes, arena, TCX__PAGE_TOKEN_MAX);
  int err = tcx__base64_decode(&bytes, v->u.bytes.p, v->u.bytes.n);
  if (err == 0) {
    v->type = TCX_BLOB;
    v->u.bytes = tcx__buf_str(&bytes);
  }
  return err;
}

/* 0, UV_ENOMEM, or UV_EINVAL: it is no such text. */
static int read_map(struct tcx_arena *arena, struct tcx_str text, struct tcx_page_token *token) {
  struct tcx_buf json;
  tcx__buf_init(&json, arena, TCX__PAGE_TOKEN_MAX);
  int err = tcx__base64_decode(&json, text.p, text.n);
  if (err == 0)
    err = tcx__json_parse(arena, json.data, json.len, &token->tokens, NULL);
  if (err != 0 || token->tokens->type != TCX_MAP)
    return err == UV_ENOMEM ? err : UV_EINVAL;
  const struct tcx_value *paths = tcx__value_find(token->tokens, ENCODED, strlen(ENCODED));
  for (const struct tcx_value *path = tcx__value_kids(paths); path != NULL && err == 0;
       path = path->next)
    err = decode_blob(arena, follow(token->tokens, path));
  const struct tcx_value *truncated = tcx__value_find(token->tokens, TRUNCATED, strlen(TRUNCATED));
  if (truncated != NULL && (truncated->type != TCX_INT || truncated->u.integer < 0))
    err = UV_EINVAL;
  token->truncated = truncated != NULL && err == 0 ? truncated->u.integer : 0;
  tcx__value_remove(token->tokens, ENCODED, strlen(ENCODED));
  tcx__value_remove(token->tokens, TRUNCATED, strlen(TRUNCATED));
  return err == 0 || err == UV_ENOMEM ? err : UV_EINVAL;
}

static unsigned count_parts(struct tcx_str text) {
  unsigned parts = 1;
  for (size_t i = 0; i + 3 <= text.n; i++)
    if (memcmp(text.p + i, "___", 3) == 0) {
      parts++;
      i += 2;
    }
  return parts;
}

/* What stands before the next "___"; *text is what is left behind it. */
static struct tcx_str take_part(struct tcx_str *text) {
  for (size_t i = 0; i + 3 <= text->n; i++)
    if (memcmp(text->p + i, "___", 3) == 0) {
      struct tcx_str part = {text->p, i};
      *text = (struct tcx_str){text->p + i + 3, text->n - i - 3};
      return part;
    }
  struct tcx_str part = *text;
  *text = (struct tcx_str){text->p + text->n, 0};
  return part;
}

/* The number of items that stands behind the parts of a token; < 0: there is none. */
static int64_t truncated_of(struct tcx_str text, unsigned parts) {
  int64_t truncated;
  while (parts-- > 0)
    (void)take_part(&text);
  return tcx__str_to_int64(text, &truncated) == 0 && truncated >= 0 ? truncated : -1;
}

/* The parts by input token, those that are missing as "None"; or, when what should be a number is
 * none, the text whole: it is the service's own. */
static int read_old(struct tcx_arena *arena, struct tcx_str text,
                    const struct tcx_pagination *model, struct tcx_page_token *token,
                    struct tcx_fail *f) {
  unsigned parts = count_parts(text), n = model->n_input_token;
  struct tcx_str rest = text;
  token->truncated = parts == n + 1 ? truncated_of(text, n) : 0;
  bool whole = token->truncated < 0;
  if (!whole && parts > n + (parts == n + 1))
    return tcx__fail(f, TCX_EPAGINATE, "Bad starting token: %.*s",
                     (int)(text.n < 1024 ? text.n : 1024), text.p);
  if (whole)
    token->truncated = 0;
  token->tokens = tcx__value_new(arena, TCX_MAP);
  for (unsigned i = 0; i < n && token->tokens != NULL; i++) {
    struct tcx_str part = whole       ? (i == 0 ? text : tcx__str("None"))
                          : i < parts ? take_part(&rest)
                                      : tcx__str("None");
    struct tcx_value *v = tcx__str_is(part, "None")
                              ? tcx__value_new(arena, TCX_NULL)
                              : tcx__value_new_str_copy(arena, part.p, part.n);
    if (v == NULL || tcx__value_add(arena, token->tokens, model->input_token[i],
                                    strlen(model->input_token[i]), v) != 0)
      return tcx__fail_memory(f);
  }
  return token->tokens == NULL ? tcx__fail_memory(f) : 0;
}

int tcx__page_token_read(struct tcx_arena *arena, struct tcx_str text,
                         const struct tcx_pagination *model, struct tcx_page_token *token,
                         struct tcx_fail *f) {
  int err = read_map(arena, text, token);
  return err == 0           ? 0
         : err == UV_ENOMEM ? tcx__fail_memory(f)
                            : read_old(arena, text, model, token, f);
}

/* ---- Python's look ---- */

static void show_bytes(struct tcx_buf *out, struct tcx_str s, bool text) {
  char quote = memchr(s.p, '\'', s.n) != NULL && memchr(s.p, '"', s.n) == NULL ? '"' : '\'';
  tcx__buf_addc(out, quote);
  for (size_t i = 0; i < s.n; i++) {
    static const char from[] = "\\\n\r\t", to[] = "\\nrt";
    unsigned char c = (unsigned char)s.p[i];
    const char *letter = memchr(from, c, sizeof from - 1);
    if (letter != NULL)
      tcx__buf_add(out, (char[]){'\\', to[letter - from]}, 2);
    else if (c == (unsigned char)quote)
      tcx__buf_add(out, (char[]){'\\', quote}, 2);
    else if (c < ' ' || c == 0x7f || (c > 0x7f && !text))
      tcx__buf_printf(out, "\\x%02x", c);
    else
      tcx__buf_addc(out, (char)c);
  }
  tcx__buf_addc(out, quote);
}

static void show(struct tcx_buf *out, const struct tcx_value *v) {
  char text[TCX__TIME_TEXT];
  switch ((tcx_type_t)v->type) {
  case TCX_BOOL:
    tcx__buf_adds(out, v->u.boolean ? "True" : "False");
    break;
  case TCX_TIME:
    show_bytes(
        out, (struct tcx_str){text, tcx__time_text(text, v->u.time.seconds, v->u.time.nanoseconds)},
        true);
    break;
  case TCX_STRING:
    show_bytes(out, v->u.bytes, true);
    break;
  case TCX_BLOB:
    tcx__buf_addc(out, 'b');
    show_bytes(out, v->u.bytes, false);
    break;
  case TCX_LIST:
  case TCX_MAP:
    tcx__buf_addc(out, v->type == TCX_MAP ? '{' : '[');
    for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next) {
      if (v->type == TCX_MAP) {
        show_bytes(out, (struct tcx_str){kid->name, kid->name_len}, true);
        tcx__buf_adds(out, ": ");
      }
      show(out, kid);
      tcx__buf_adds(out, kid->next != NULL ? ", " : "");
    }
    tcx__buf_addc(out, v->type == TCX_MAP ? '}' : ']');
    break;
  case TCX_INT:
  case TCX_DOUBLE:
  case TCX_BIGNUM:
    tcx__json_write(out, v, TCX__JSON_COMPACT);
    break;
  default:
    tcx__buf_adds(out, "None");
    break;
  }
}

void tcx__page_token_show(struct tcx_buf *out, const struct tcx_page_token *token) {
  show(out, token->tokens);
  if (token->truncated < 0 || out->status != 0)
    return;
  out->len--; /* the brace */
  tcx__buf_printf(out, "%s'" TRUNCATED "': %lld}", tcx__value_count(token->tokens) > 0 ? ", " : "",
                  (long long)token->truncated);
}
