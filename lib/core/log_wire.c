/*
 * log_wire.c - heads and bodies as they travel, for whoever asked (log_wire of the session's
 * options, level TRACE), area "wire": "> " what is sent, "< " what comes.
 *
 * Secrets are not shown: headers and parts of a query by their names and by the model's sensitive
 * trait, whole bodies where a shape that travels in them has it, and the credentials of the call
 * wherever they stand in a body (an error document may repeat what was signed). Of each body
 * log_wire bytes at most: text as it is, other bytes as hex.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "core/call.h"
#include "core/log.h"
#include <string.h>
#include <strings.h>

#define DEPTH_MAX  64  /* of shapes that are searched for sensitive ones */
#define LINE_BYTES 400 /* bytes of a body in a line */

static bool wanted(const tcx_call_t *call) {
  return call->session->log_wire > 0 && tcx__logs(call->session, TCX_LOG_TRACE);
}

/* ---- what is secret ---- */

static bool contains(struct tcx_str text, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= text.n; i++)
    if (strncasecmp(text.p + i, word, n) == 0)
      return true;
  return false;
}

static bool one_of(struct tcx_str name, const char *const *words) {
  for (; *words != NULL; words++)
    if (contains(name, *words))
      return true;
  return false;
}

static bool header_of(const struct tcx_shape *shape, struct tcx_str name) {
  for (uint32_t i = 0; shape != NULL && i < shape->n_members; i++) {
    const struct tcx_member *m = &shape->members[i];
    if (m->location == TCX__LOC_HEADER && (m->shape->flags & TCX__S_SENSITIVE) != 0 &&
        tcx__str_ieq(name, (struct tcx_str){m->wire, m->wire_len}))
      return true;
  }
  return false;
}

static bool secret_header(const tcx_call_t *call, struct tcx_str name) {
  static const char *const words[] = {"authorization", "token",     "secret", "customer-key",
                                      "cookie",        "signature", "dpop",   NULL};
  return one_of(name, words) || header_of(call->op->input, name) ||
         header_of(call->op->output, name);
}

static bool secret_part(struct tcx_str name) {
  static const char *const words[] = {"signature", "token",    "credential", "accesskey",
                                      "secret",    "password", NULL};
  return one_of(name, words);
}

/* Linear: each shape of the model is looked into once. */
static bool sensitive(const struct tcx_model *model, const struct tcx_shape *shape, bool *seen,
                      unsigned depth) {
  size_t at = (size_t)(shape - model->shapes);
  if ((shape->flags & TCX__S_SENSITIVE) != 0 || depth == DEPTH_MAX || at >= model->n_shapes)
    return true;
  if (seen[at])
    return false;
  seen[at] = true;
  for (uint32_t i = 0; i < shape->n_members; i++) {
    const struct tcx_member *m = &shape->members[i];
    bool in_head = m->location == TCX__LOC_HEADER || m->location == TCX__LOC_HEADERS;
    if (!(depth == 0 && in_head) && sensitive(model, m->shape, seen, depth + 1))
      return true;
  }
  return false;
}

static bool may_hold_secrets(const tcx_call_t *call, const struct tcx_shape *shape) {
  const struct tcx_model *model = call->client->model;
  bool *seen = shape != NULL ? tcx__calloc(model->n_shapes + 1, sizeof *seen) : NULL;
  bool found = shape != NULL && (seen == NULL || sensitive(model, shape, seen, 0));
  tcx__free(seen);
  return found;
}

/* Also the beginning of one where the text was cut. */
static void blank(char *p, size_t n, const char *secret) {
  size_t len = secret != NULL ? strlen(secret) : 0;
  for (size_t i = 0; len > 0 && i < n; i++) {
    size_t fits = n - i < len ? n - i : len;
    if (memcmp(p + i, secret, fits) == 0 && (fits == len || fits >= 4))
      memset(p + i, '*', fits);
  }
}

/* ---- lines ---- */

static void line(tcx_call_t *call, char direction, struct tcx_str text) {
  tcx__log(call->session, TCX_LOG_TRACE, "wire", call, "%c %.*s", direction, (int)text.n, text.p);
}

static void header_line(tcx_call_t *call, char direction, struct tcx_str name,
                        struct tcx_str value) {
  bool secret = secret_header(call, name);
  tcx__log(call->session, TCX_LOG_TRACE, "wire", call, "%c %.*s: %.*s", direction, (int)name.n,
           name.p, secret ? 3 : (int)value.n, secret ? "***" : value.p);
}

static bool is_text(const char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (((unsigned char)p[i] < ' ' && strchr("\t\r\n", p[i]) == NULL) || p[i] == 0x7f)
      return false;
  return memchr(p, '\0', n) == NULL;
}

static void hex_lines(tcx_call_t *call, char direction, const char *p, size_t n) {
  char hex[LINE_BYTES];
  for (size_t at = 0; at < n; at += LINE_BYTES / 2) {
    size_t some = n - at < LINE_BYTES / 2 ? n - at : LINE_BYTES / 2;
    tcx__hex_encode(hex, (const unsigned char *)p + at, some);
    line(call, direction, (struct tcx_str){hex, 2 * some});
  }
}

static void body_lines(tcx_call_t *call, char direction, char *p, size_t n, uint64_t total) {
  const struct tcx_identity *id = call->identity;
  if (id != NULL) {
    blank(p, n, id->session_token);
    blank(p, n, id->secret_key);
    blank(p, n, id->token);
  }
  bool text = is_text(p, n);
  if (!text)
    hex_lines(call, direction, p, n);
  for (size_t at = 0, some; text && at < n; at += some) {
    const char *end = memchr(p + at, '\n', n - at);
    size_t to_end = end != NULL ? (size_t)(end - p) - at + 1 : n - at;
    some = to_end < LINE_BYTES ? to_end : LINE_BYTES;
    line(call, direction, (struct tcx_str){p + at, some - (p[at + some - 1] == '\n' ? 1 : 0)});
  }
  tcx__log(call->session, TCX_LOG_TRACE, "wire", call, "%c (%llu bytes, %zu shown)", direction,
           (unsigned long long)total, n);
}

static void hidden_body(tcx_call_t *call, char direction, uint64_t total) {
  tcx__log(call->session, TCX_LOG_TRACE, "wire", call,
           "%c (%llu bytes, not shown: they may hold a secret)", direction,
           (unsigned long long)total);
}

/* ---- the request ---- */

/* Its values are not shown where a part's name says that they are secret. */
static void request_line(tcx_call_t *call, struct tcx_str text) {
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, TCX__READ_SIZE);
  const char *p = text.p, *end = text.p + text.n, *mark = memchr(p, '?', text.n);
  tcx__buf_add(&out, p, (size_t)((mark != NULL ? mark : end) - p));
  for (p = mark; p != NULL && p < end;) {
    size_t n = 1 + strcspn(p + 1, "& ");
    const char *equals = memchr(p, '=', n);
    size_t name = equals != NULL ? (size_t)(equals - p) : n;
    bool secret = equals != NULL && secret_part((struct tcx_str){p + 1, name - 1});
    tcx__buf_add(&out, p, secret ? name + 1 : n);
    tcx__buf_adds(&out, secret ? "***" : "");
    p += n;
    if (p < end && *p == ' ')
      tcx__buf_add(&out, p, (size_t)(end - p));
    if (p < end && *p == ' ')
      break;
  }
  line(call, '>', tcx__buf_str(&out));
  tcx__buf_free(&out);
}

static void request_body(tcx_call_t *call) {
  size_t n = call->upload.memory.n, shown = call->session->log_wire;
  if (call->upload.body != NULL) {
    tcx__log(call->session, TCX_LOG_TRACE, "wire", call, "> (a body of %lld bytes, not in memory)",
             (long long)call->upload.length);
    return;
  }
  if (n == 0)
    return;
  shown = shown < n ? shown : n;
  char *copy = may_hold_secrets(call, call->op->input) ? NULL : tcx__malloc(shown);
  if (copy == NULL) {
    hidden_body(call, '>', n);
    return;
  }
  memcpy(copy, call->upload.memory.p, shown);
  body_lines(call, '>', copy, shown, n);
  tcx__free(copy);
}

void tcx__log_request(tcx_call_t *call, struct tcx_str head) {
  if (!wanted(call))
    return;
  const char *p = head.p, *end = head.p + head.n;
  for (const char *stop; p < end && (stop = memchr(p, '\r', (size_t)(end - p))) != NULL;
       p = stop + 2) {
    const char *colon = memchr(p, ':', (size_t)(stop - p));
    if (p == head.p)
      request_line(call, (struct tcx_str){p, (size_t)(stop - p)});
    else if (colon != NULL)
      header_line(call, '>', (struct tcx_str){p, (size_t)(colon - p)},
                  (struct tcx_str){colon + 2, (size_t)(stop - colon) - 2});
  }
  request_body(call);
}

/* ---- the response ---- */

/* The beginning of its body, until the end is here: only then can all that is secret be found. */
struct tcx_wire {
  uint64_t total;
  bool hidden;
  struct tcx_buf bytes;
};

void tcx__log_response_head(tcx_call_t *call) {
  if (!wanted(call))
    return;
  tcx__log(call->session, TCX_LOG_TRACE, "wire", call, "< %d %.*s", call->head.status,
           (int)call->head.reason.n, call->head.reason.n > 0 ? call->head.reason.p : "");
  for (unsigned i = 0; i < call->head.headers.count; i++)
    header_line(call, '<', call->head.headers.list[i].name, call->head.headers.list[i].value);
  if (call->wire == NULL)
    call->wire = tcx__arena_alloc(call->arena, sizeof *call->wire);
  if (call->wire == NULL)
    return;
  call->wire->total = 0;
  call->wire->hidden = may_hold_secrets(call, call->op->output);
  tcx__buf_init(&call->wire->bytes, call->arena, call->session->log_wire + 1);
}

void tcx__log_response_data(tcx_call_t *call, const char *p, size_t n) {
  struct tcx_wire *wire = call->wire;
  if (wire == NULL)
    return;
  size_t room = call->session->log_wire - wire->bytes.len;
  wire->total += n;
  if (!wire->hidden)
    tcx__buf_add(&wire->bytes, p, n < room ? n : room);
}

void tcx__log_response_end(tcx_call_t *call) {
  struct tcx_wire *wire = call->wire;
  if (wire == NULL || wire->total == 0)
    return;
  if (wire->hidden || wire->bytes.status != 0)
    hidden_body(call, '<', wire->total);
  else
    body_lines(call, '<', wire->bytes.data, wire->bytes.len, wire->total);
  wire->total = 0;
}
