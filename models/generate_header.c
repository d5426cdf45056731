/* generate_header.c - <tucuxi/SERVICE.h>: one inline function an operation and a waiter, with its
 * members in the comment. */
#include "generate.h"
#include <stdio.h>
#include <string.h>

#define COLUMNS       100
#define ENUM_SHOWN    5 /* a longer enum is just a string */
#define MEMBERS_SHOWN 8 /* a structure with more is just a map */

bool tcx__generate_is_identifier(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  return name[0] != '\0' && strchr(letters, name[0]) != NULL &&
         name[1 + strspn(name + 1,
                         "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")] ==
             '\0';
}

/* ---- one member in words, into a small buffer ---- */

static void describe_shape(struct tcx_buf *word, const struct tcx_shape *shape,
                           uint16_t member_flags, bool deep);

static void describe_string(struct tcx_buf *word, const struct tcx_shape *shape) {
  if (shape->n_enum == 0 || shape->n_enum > ENUM_SHOWN) {
    tcx__buf_adds(word, "string");
    return;
  }
  for (unsigned i = 0; i < shape->n_enum; i++)
    tcx__buf_printf(word, "%s'%s'", i > 0 ? "|" : "", shape->enum_values[i]);
}

static void describe_structure(struct tcx_buf *word, const struct tcx_shape *shape, bool deep) {
  if (shape->flags & TCX__S_DOCUMENT) {
    tcx__buf_adds(word, "any");
  } else if (!deep || shape->n_members == 0 || shape->n_members > MEMBERS_SHOWN) {
    tcx__buf_adds(word, "map");
  } else {
    tcx__buf_addc(word, '{');
    for (uint32_t i = 0; i < shape->n_members; i++)
      tcx__buf_printf(word, "%s%s", i > 0 ? (shape->flags & TCX__S_UNION ? " | " : ", ") : "",
                      shape->members[i].name);
    tcx__buf_addc(word, '}');
  }
}

static void describe_shape(struct tcx_buf *word, const struct tcx_shape *shape,
                           uint16_t member_flags, bool deep) {
  switch ((tcx__shape_type)shape->type) {
  case TCX__SHAPE_STRUCTURE:
    if (shape->flags & TCX__S_EVENT_STREAM)
      tcx__buf_adds(word, "events");
    else
      describe_structure(word, shape, deep);
    break;
  case TCX__SHAPE_LIST:
    tcx__buf_addc(word, '[');
    if (deep && shape->members[0].shape->type != TCX__SHAPE_LIST)
      describe_shape(word, shape->members[0].shape, 0, deep);
    tcx__buf_addc(word, ']');
    break;
  case TCX__SHAPE_MAP:
    tcx__buf_adds(word, "{name: ");
    describe_shape(word, shape->members[1].shape, 0, false);
    tcx__buf_addc(word, '}');
    break;
  case TCX__SHAPE_STRING:
    describe_string(word, shape);
    break;
  case TCX__SHAPE_BLOB:
    tcx__buf_adds(word, member_flags & TCX__M_STREAMING ? "body" : "bytes");
    break;
  case TCX__SHAPE_BOOLEAN:
    tcx__buf_adds(word, "boolean");
    break;
  case TCX__SHAPE_INTEGER:
  case TCX__SHAPE_LONG:
    tcx__buf_adds(word, "integer");
    break;
  case TCX__SHAPE_FLOAT:
  case TCX__SHAPE_DOUBLE:
    tcx__buf_adds(word, "number");
    break;
  case TCX__SHAPE_TIMESTAMP:
    tcx__buf_adds(word, "time");
    break;
  }
}

/* ---- a comment's paragraph, wrapped ---- */

struct paragraph {
  struct tcx_buf *out;
  size_t column;
};

/* Appends a word that may hold spaces; a line is broken only between words. Ends of comments inside
 * are made harmless. */
static void add_word(struct paragraph *p, const char *word, size_t n) {
  if (p->column + 1 + n > COLUMNS && p->column > 2) {
    tcx__buf_adds(p->out, "\n *  ");
    p->column = 4;
  }
  tcx__buf_addc(p->out, ' ');
  for (size_t i = 0; i < n; i++) {
    char c = word[i];
    bool comment = i > 0 && ((c == '/' && word[i - 1] == '*') || (c == '*' && word[i - 1] == '/'));
    if (comment)
      tcx__buf_addc(p->out, ' ');
    tcx__buf_addc(p->out, c < ' ' || c > '~' ? '?' : c);
  }
  p->column += n + 1;
}

static void add_member(struct paragraph *p, const struct tcx_member *member, bool last) {
  char space[4096];
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_buf word;
  if (arena == NULL) {
    p->out->status = UV_ENOMEM;
    return;
  }
  tcx__buf_init(&word, arena, sizeof space);
  tcx__buf_printf(&word, "%s: ", member->name);
  describe_shape(&word, member->shape, member->flags, true);
  tcx__buf_addc(&word, last ? '.' : ',');
  if (word.status == 0)
    add_word(p, word.data, word.len);
  else
    p->out->status = word.status;
  tcx__arena_free(arena);
}

static bool is_required(const struct tcx_shape *shape, uint32_t i) {
  return (shape->members[i].flags & (TCX__M_REQUIRED | TCX__M_IDEMPOTENCY_TOKEN)) ==
         TCX__M_REQUIRED;
}

static void add_members(struct paragraph *p, const char *title, const struct tcx_shape *shape,
                        int required) {
  uint32_t left = 0;
  for (uint32_t i = 0; shape != NULL && i < shape->n_members; i++)
    left += required < 0 || is_required(shape, i) == (required == 1);
  if (left == 0)
    return;
  tcx__buf_adds(p->out, "\n *");
  p->column = 2;
  add_word(p, title, strlen(title));
  for (uint32_t i = 0; i < shape->n_members; i++)
    if (required < 0 || is_required(shape, i) == (required == 1))
      add_member(p, &shape->members[i], --left == 0);
}

static void emit_comment(struct tcx_buf *out, const struct tcx_model *model,
                         const struct tcx_operation *op) {
  struct paragraph p = {.out = out};
  tcx__buf_printf(out, "\n/* %s.%s%s", op->name,
                  tcx__model_pagination(model, op) != NULL ? " Comes in pages." : "",
                  op->flags & TCX__OP_DEPRECATED ? " Deprecated." : "");
  add_members(&p, "Required:", op->input, 1);
  add_members(&p, "Optional:", op->input, 0);
  add_members(&p, "Response:", op->output, -1);
  tcx__buf_adds(out, " */\n");
}

static void emit_function(struct tcx_buf *out, const char *id, const struct tcx_operation *op) {
  tcx__buf_printf(out,
                  "static inline TCX_NODISCARD int tcx_%s_%s(tcx_client_t *client, "
                  "tcx_value_t *params, tcx_call_cb cb, void *data) {\n",
                  id, op->method);
  tcx__buf_printf(out, "  return tcx_client_call(client, \"%s\", params, cb, data);\n}\n",
                  op->method);
}

static void emit_waiter_comment(struct tcx_buf *out, const struct tcx_waiter_model *w) {
  tcx__buf_printf(out, "\n/* Waiter %s: %s every %u s, %u times at most. */\n", w->name,
                  w->operation, w->delay_s, w->max_attempts);
}

static void emit_waiter(struct tcx_buf *out, const char *id, const struct tcx_waiter_model *w) {
  tcx__buf_printf(
      out,
      "static inline TCX_NODISCARD int tcx_%s_wait_%s(tcx_client_t *client, tcx_value_t *params, "
      "const tcx_wait_options_t *options, tcx_call_cb cb, void *data, tcx_call_t **call) {\n",
      id, w->method);
  tcx__buf_printf(out,
                  "  return tcx_client_wait(client, \"%s\", params, options, cb, data, call);\n}\n",
                  w->method);
}

/* id in capitals, for the guard's macro. */
static const char *capitals(const char *id, char out[128]) {
  snprintf(out, 128, "%s", id);
  for (char *p = out; *p != '\0'; p++)
    *p = (char)(*p >= 'a' && *p <= 'z' ? *p - ('a' - 'A') : *p);
  return out;
}

static void emit_title(struct tcx_buf *out, const struct tcx_model *model, const char *file,
                       const char *what) {
  tcx__buf_printf(out, "/*\n * %s - the operations of %s (\"%s\", API version %s), one %s.\n", file,
                  model->service_id, model->service, model->api_version, what);
}

static const char notation[] =
    " The comments list the members of params, then those of the response:\n"
    " * {A, B} is a map with these members, [string] a list, {name: string} a map with names of "
    "your own. Generated from the service's model.\n */\n";

void tcx__generate_header(struct tcx_buf *out, const struct tcx_model *model, const char *id) {
  char guard[128], file[160];
  snprintf(file, sizeof file, "%s.h", id);
  capitals(id, guard);
  emit_title(out, model, file,
             "function each: tcx_client_call with the name filled in; then its waiters: "
             "tcx_client_wait");
  tcx__buf_printf(
      out, " *\n * client must be one of this service. params is CONSUMED; NULL means none.%s",
      notation);
  tcx__buf_printf(out,
                  "#ifndef TUCUXI_%s_H\n#define TUCUXI_%s_H\n#include <tucuxi.h>\n#ifdef "
                  "__cplusplus\nextern \"C\" {\n#endif\n",
                  guard, guard);
  for (uint32_t i = 0; i < model->n_operations; i++) {
    const struct tcx_operation *op = &model->operations[i];
    if (op->flags & TCX__OP_EVENT_INPUT)
      continue;
    emit_comment(out, model, op);
    emit_function(out, id, op);
  }
  for (uint32_t i = 0; i < model->n_waiters; i++) {
    emit_waiter_comment(out, &model->waiters[i]);
    emit_waiter(out, id, &model->waiters[i]);
  }
  tcx__buf_adds(out, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

void tcx__generate_class(struct tcx_buf *out, const struct tcx_model *model, const char *id) {
  char guard[128], file[160];
  snprintf(file, sizeof file, "%s.hpp", id);
  capitals(id, guard);
  emit_title(out, model, file, "method each, then its waiters, for coroutines: <tucuxi/coro.hpp>");
  tcx__buf_printf(out,
                  " *\n * A method takes its params as a template that the compiler checks, "
                  "client.method(\"{Name: %%s}\", name), or as a value, with options.%s",
                  notation);
  tcx__buf_printf(out,
                  "#ifndef TUCUXI_%s_HPP\n#define TUCUXI_%s_HPP\n#include <tucuxi/coro.hpp>\n"
                  "namespace tucuxi {\n\nclass %s : public client {\npublic:\n"
                  "  explicit %s(const session &s, const tcx_client_options_t &options = {}) : "
                  "client(s, \"%s\", options) {}\n"
                  "  explicit %s(tcx_client_t *owned) noexcept : client(owned) {}\n",
                  guard, guard, id, id, model->service, id);
  for (uint32_t i = 0; i < model->n_operations; i++) {
    const struct tcx_operation *op = &model->operations[i];
    if (op->flags & TCX__OP_EVENT_INPUT)
      continue;
    emit_comment(out, model, op);
    tcx__buf_printf(out, "  TUCUXI_OPERATION(%s)\n", op->method);
  }
  for (uint32_t i = 0; i < model->n_waiters; i++) {
    emit_waiter_comment(out, &model->waiters[i]);
    tcx__buf_printf(out, "  TUCUXI_WAITER(%s)\n", model->waiters[i].method);
  }
  tcx__buf_adds(out, "};\n\n} // namespace tucuxi\n#endif\n");
}
