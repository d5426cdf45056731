/* rest.c - requests: members to path, query, headers and payload, in the order in which the caller
 * gave them (botocore's, which decides signatures). */
#include "protocols/rest.h"
#include "base/codec.h"
#include "base/json.h"
#include "protocols/scalar.h"
#include <string.h>

#define TEXT_MAX (1u << 20) /* bytes of a path, of a query, of a header's value */

#define BOUND_FEW 16 /* members that are looked up without an allocation */

struct bound {
  const struct tcx_member *m;
  const struct tcx_value *v;
};
struct binding {
  struct tcx_serialize *s;
  struct tcx_request *req;
  struct tcx_fail *f;
  const struct bound *list; /* what the caller gave, but for nulls, in the caller's order */
  uint32_t count;
};

static int bad_value(const struct binding *b, const struct tcx_member *m, int status) {
  return status == TCX_EPARAM ? tcx__fail(b->f, status, "the value of %s cannot be sent", m->name)
                              : tcx__fail(b->f, status, "%s", tcx_strerror(status));
}

/* status: of the buffer in which what, and name behind it, was written. */
static int fits(const struct binding *b, int status, const char *what, const char *name) {
  if (status == TCX_ETOOBIG)
    return tcx__fail(b->f, status, "%s%s is longer than %u bytes", what, name, TEXT_MAX);
  return status == 0 ? 0 : tcx__fail(b->f, status, "%s", tcx_strerror(status));
}

static int text_of(const struct binding *b, const struct tcx_member *m, tcx__time_format format,
                   const struct tcx_value *v, struct tcx_str *out) {
  int status = tcx__scalar_text(b->req->arena, m, format, v, out);
  return status == 0 ? 0 : bad_value(b, m, status);
}

/* ---- path ---- */

/* The caller's value for the label, or NULL. */
static const struct bound *find_label(const struct binding *b, struct tcx_str label) {
  for (uint32_t i = 0; i < b->count; i++)
    if (b->list[i].m->location == TCX__LOC_URI &&
        tcx__str_eq(label, (struct tcx_str){b->list[i].m->wire, b->list[i].m->wire_len}))
      return &b->list[i];
  return NULL;
}

/* Appends template with its {labels} filled in. Whether it fits is the caller's to look at. */
static int render(const struct binding *b, struct tcx_buf *out, const char *template_) {
  for (const char *p = template_; *p != '\0';) {
    const char *open = strchr(p, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    if (close == NULL) {
      tcx__buf_adds(out, p);
      break;
    }
    tcx__buf_add(out, p, (size_t)(open - p));
    struct tcx_str label = {open + 1, (size_t)(close - open - 1)};
    bool greedy = tcx__str_ends(label, "+");
    label.n -= greedy;
    const struct bound *found = find_label(b, label);
    if (found == NULL)
      return tcx__fail(b->f, TCX_EPARAM, "the path needs a value for %.*s", (int)label.n, label.p);
    struct tcx_str text;
    int status = text_of(b, found->m, TCX__TIME_ISO8601, found->v, &text);
    if (status != 0)
      return status;
    tcx__uri_encode(out, text.p, text.n, greedy ? TCX__URI_GREEDY : TCX__URI_LABEL);
    p = close + 1;
  }
  return 0;
}

/* The endpoint's path, which stands in req, and the operation's behind it. */
static int write_path(const struct binding *b) {
  struct tcx_request *req = b->req;
  const char *template_ = b->s->path != NULL ? b->s->path : b->s->op->path;
  struct tcx_buf own, path;
  tcx__buf_init(&own, req->arena, TEXT_MAX);
  int status = render(b, &own, template_);
  if (status == 0)
    status = fits(b, own.status, "the path", "");
  if (status != 0)
    return status;
  struct tcx_str base = req->path, tail = tcx__buf_str(&own);
  if ((tail.n == 0 || tcx__str_is(tail, "/")) && b->s->op->query == NULL && base.n > 0)
    tail.n = 0;
  else if (tcx__str_ends(base, "/") && tcx__str_starts(tail, "/"))
    base.n--;
  if (base.n == 0 && tcx__str_starts(tail, "/")) {
    req->path = tail;
    return 0;
  }
  tcx__buf_init(&path, req->arena, TEXT_MAX);
  if (!tcx__str_starts(base.n > 0 ? base : tail, "/"))
    tcx__buf_addc(&path, '/');
  tcx__buf_add_str(&path, base);
  tcx__buf_add_str(&path, tail);
  req->path = tcx__buf_str(&path);
  return fits(b, path.status, "the path", "");
}

/* ---- query ---- */

static void add_pair(struct tcx_buf *out, struct tcx_str name, struct tcx_str value) {
  if (out->len > 0)
    tcx__buf_addc(out, '&');
  tcx__uri_encode(out, name.p, name.n, TCX__URI_LABEL);
  tcx__buf_addc(out, '=');
  tcx__uri_encode(out, value.p, value.n, TCX__URI_LABEL);
}

/* v, or each item of the list that it is. m: of the list's or map's value, or of the single one. */
static int add_query_value(const struct binding *b, struct tcx_buf *out, struct tcx_str name,
                           const struct tcx_member *m, const struct tcx_value *v) {
  struct tcx_str text;
  if (m->shape->type == TCX__SHAPE_LIST) {
    const struct tcx_member *item = &m->shape->members[0];
    for (v = tcx__value_kids(v); v != NULL; v = v->next) {
      int status = v->type == TCX_NULL ? 0 : add_query_value(b, out, name, item, v);
      if (status != 0)
        return status;
    }
    return 0;
  }
  int status = text_of(b, m, TCX__TIME_ISO8601, v, &text);
  if (status == 0)
    add_pair(out, name, text);
  return status;
}

/* True when the caller set a query member of that wire name: it wins over a map's entry of the same
 * name. */
static bool is_named(const struct binding *b, const struct tcx_value *entry) {
  for (uint32_t i = 0; i < b->count; i++) {
    const struct tcx_member *m = b->list[i].m;
    if (m->location == TCX__LOC_QUERY && m->shape->type != TCX__SHAPE_MAP &&
        m->wire_len == entry->name_len && memcmp(m->wire, entry->name, entry->name_len) == 0)
      return true;
  }
  return false;
}

static int add_query(const struct binding *b, struct tcx_buf *out, const struct tcx_member *m,
                     const struct tcx_value *v) {
  if (m->shape->type != TCX__SHAPE_MAP)
    return add_query_value(b, out, (struct tcx_str){m->wire, m->wire_len}, m, v);
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next) {
    if (kid->type == TCX_NULL || is_named(b, kid))
      continue;
    int status = add_query_value(b, out, (struct tcx_str){kid->name, kid->name_len},
                                 &m->shape->members[1], kid);
    if (status != 0)
      return status;
  }
  return 0;
}

static int write_query(const struct binding *b) {
  struct tcx_buf query;
  tcx__buf_init(&query, b->req->arena, TEXT_MAX);
  tcx__buf_add_str(&query, b->req->query);
  if (query.len > 0 && b->s->op->query != NULL)
    tcx__buf_addc(&query, '&');
  int status = b->s->op->query != NULL ? render(b, &query, b->s->op->query) : 0;
  for (uint32_t i = 0; i < b->count && status == 0; i++)
    if (b->list[i].m->location == TCX__LOC_QUERY)
      status = add_query(b, &query, b->list[i].m, b->list[i].v);
  if (status != 0)
    return status;
  b->req->query = tcx__buf_str(&query);
  return fits(b, query.status, "the query", "");
}

/* ---- headers ---- */

static int set_header(const struct binding *b, struct tcx_str name, struct tcx_str value) {
  int status = tcx__headers_set(&b->req->headers, name, value);
  if (status == TCX_EPARAM)
    return tcx__fail(b->f, status,
                     "header %.*s: its name or value holds characters that a header cannot",
                     (int)(name.n < 100 ? name.n : 100), name.p);
  return status == 0 ? 0 : tcx__fail(b->f, status, "%s", tcx_strerror(status));
}

/* An item of a list: in quotes when it holds a comma or a quote. */
static void add_quoted(struct tcx_buf *out, struct tcx_str s) {
  if (s.n == 0 || (memchr(s.p, ',', s.n) == NULL && memchr(s.p, '"', s.n) == NULL)) {
    tcx__buf_add_str(out, s);
    return;
  }
  tcx__buf_addc(out, '"');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"')
      tcx__buf_addc(out, '\\');
    tcx__buf_addc(out, s.p[i]);
  }
  tcx__buf_addc(out, '"');
}

/* One value; a timestamp's fraction is dropped, in whatever form it was given. */
static int header_scalar(const struct binding *b, const struct tcx_member *m,
                         const struct tcx_value *v, struct tcx_str *out) {
  struct tcx_value whole = {.type = TCX_TIME};
  int32_t fraction;
  if (m->shape->type == TCX__SHAPE_TIMESTAMP &&
      tcx__scalar_time(v, &whole.u.time.seconds, &fraction) == 0)
    v = &whole;
  return text_of(b, m, TCX__TIME_RFC822, v, out);
}

static int header_list(const struct binding *b, const struct tcx_member *m,
                       const struct tcx_value *list, struct tcx_str *out) {
  const struct tcx_member *item = &m->shape->members[0];
  struct tcx_buf buf;
  tcx__buf_init(&buf, b->req->arena, TEXT_MAX);
  bool first = true;
  for (const struct tcx_value *v = tcx__value_kids(list); v != NULL; v = v->next) {
    struct tcx_str text;
    if (v->type == TCX_NULL)
      continue;
    int status = header_scalar(b, item, v, &text);
    if (status != 0)
      return status;
    if (!first)
      tcx__buf_addc(&buf, ',');
    first = false;
    if (item->shape->type == TCX__SHAPE_STRING)
      add_quoted(&buf, text);
    else
      tcx__buf_add_str(&buf, text);
  }
  *out = tcx__buf_str(&buf);
  return fits(b, buf.status, "header ", m->wire);
}

/* JSON in base64. */
static int header_json(const struct binding *b, const struct tcx_member *m,
                       const struct tcx_value *v, struct tcx_str *out) {
  struct tcx_buf json, text;
  tcx__buf_init(&json, b->req->arena, TEXT_MAX);
  tcx__buf_init(&text, b->req->arena, TEXT_MAX);
  tcx__json_write(&json, v, TCX__JSON_COMPACT);
  if (json.status == 0)
    tcx__base64_encode(&text, json.data, json.len);
  int status = json.status != 0 ? json.status : text.status;
  *out = tcx__buf_str(&text);
  return fits(b, status, "header ", m->wire);
}

static int add_header(const struct binding *b, const struct tcx_member *m,
                      const struct tcx_value *v) {
  struct tcx_str value;
  int status;
  if (m->shape->type == TCX__SHAPE_LIST && tcx__value_count(v) == 0)
    return 0;
  if (m->flags & TCX__M_JSONVALUE)
    status = header_json(b, m, v, &value);
  else
    status = m->shape->type == TCX__SHAPE_LIST ? header_list(b, m, v, &value)
                                               : header_scalar(b, m, v, &value);
  return status == 0 ? set_header(b, (struct tcx_str){m->wire, m->wire_len}, value) : status;
}

static int add_prefix_headers(const struct binding *b, const struct tcx_member *m,
                              const struct tcx_value *map) {
  size_t prefix = m->wire_given ? m->wire_len : 0;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL; v = v->next) {
    struct tcx_str value;
    if (v->type == TCX_NULL)
      continue;
    int status = header_scalar(b, &m->shape->members[1], v, &value);
    if (status != 0)
      return status;
    size_t n = prefix + v->name_len;
    char *name = tcx__arena_alloc(b->req->arena, n + 1);
    if (name == NULL)
      return tcx__fail_memory(b->f);
    memcpy(name, m->wire, prefix);
    memcpy(name + prefix, v->name, v->name_len);
    name[n] = '\0';
    if ((status = set_header(b, (struct tcx_str){name, n}, value)) != 0)
      return status;
  }
  return 0;
}

static int write_headers(const struct binding *b) {
  int status = 0;
  for (uint32_t i = 0; i < b->count && status == 0; i++) {
    const struct bound *given = &b->list[i];
    if (given->m->location == TCX__LOC_HEADER)
      status = add_header(b, given->m, given->v);
    else if (given->m->location == TCX__LOC_HEADERS)
      status = add_prefix_headers(b, given->m, given->v);
  }
  return status;
}

/* ---- body ---- */

static int take_bytes(const struct binding *b, struct tcx_rest_body *body) {
  const struct tcx_member *m = body->payload;
  const struct tcx_value *v = body->value;
  body->written = true;
  if (v == NULL)
    return 0;
  if (v->type != TCX_STRING && v->type != TCX_BLOB && v->type != TCX_BODY)
    return bad_value(b, m, TCX_EPARAM);
  if (v->type != TCX_BODY && !(m->flags & TCX__M_STREAMING)) {
    b->req->body = v->u.bytes;
    return 0;
  }
  /* The value is the caller's own: it may take the body out of it. */
  b->s->body = tcx__value_find(b->s->params, m->name, m->name_len);
  b->s->body_requires_length = (m->flags & TCX__M_REQUIRES_LENGTH) != 0;
  return 0;
}

static int find_body(const struct binding *b, struct tcx_rest_body *body) {
  const struct tcx_shape *input = b->s->op->input;
  *body = (struct tcx_rest_body){0};
  if (input == NULL)
    return 0;
  if (input->payload != NULL)
    body->payload = tcx__shape_member(input, input->payload, strlen(input->payload));
  for (uint32_t i = 0; i < b->count; i++) {
    if (b->list[i].m == body->payload)
      body->value = b->list[i].v;
    body->has_members |= body->payload == NULL && tcx__rest_in_body(b->list[i].m);
  }
  if (body->payload == NULL)
    return 0;
  uint8_t type = body->payload->shape->type;
  return type == TCX__SHAPE_BLOB || type == TCX__SHAPE_STRING ? take_bytes(b, body) : 0;
}

/* Looks every member up once. */
static int look_up(struct binding *b, struct bound *few) {
  const struct tcx_shape *input = b->s->op->input;
  uint32_t n = tcx__value_count(b->s->params);
  struct bound *list = n <= BOUND_FEW ? few : tcx__arena_alloc(b->req->arena, n * sizeof *list);
  if (list == NULL)
    return tcx__fail_memory(b->f);
  for (const struct tcx_value *v = tcx__value_kids(b->s->params); v != NULL; v = v->next) {
    const struct tcx_member *m =
        input != NULL ? tcx__shape_member(input, v->name, v->name_len) : NULL;
    if (m != NULL && v->type != TCX_NULL)
      list[b->count++] = (struct bound){m, v};
  }
  b->list = list;
  return 0;
}

int tcx__rest_request(struct tcx_serialize *s, struct tcx_request *req, struct tcx_fail *f,
                      struct tcx_rest_body *body) {
  struct bound few[BOUND_FEW];
  struct binding b = {.s = s, .req = req, .f = f};
  s->body = NULL;
  s->body_requires_length = false;
  req->method = s->op->http_method;
  req->body = (struct tcx_str){NULL, 0};
  int status = look_up(&b, few);
  if (status == 0)
    status = write_path(&b);
  if (status == 0)
    status = write_query(&b);
  if (status == 0)
    status = write_headers(&b);
  return status == 0 ? find_body(&b, body) : status;
}
