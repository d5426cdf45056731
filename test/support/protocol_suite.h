/*
 * protocol_suite.h - runs botocore's protocol test files: requests by their parts, responses in one
 * piece, byte by byte and cut at every byte. What is left out is printed with its reason.
 */
#ifndef TCX_TEST_PROTOCOL_SUITE_H
#define TCX_TEST_PROTOCOL_SUITE_H
#include "protocol_help.h"

struct ps_skip {
  const char *id, *why;
};
struct ps_file {
  const char *path;
  const struct ps_skip *skip; /* ended by NULL */
  /* Compares the body; false, and printed, when it differs. */
  bool (*check_body)(const char *id, const struct tcx_value *expected,
                     const struct tcx_serialize *s, struct tcx_request *req);
};

static inline const char *ps_reason(const struct ps_skip *list, const char *id) {
  for (; list->id != NULL; list++)
    if (strcmp(list->id, id) == 0)
      return list->why;
  return NULL;
}

/* Old tests have the type "character", and say a location at the shape, or the payload at the
 * operation's input; no service does any of it any more. */
static inline void ps_modernize(struct tcx_arena *arena, const struct tcx_value *shapes) {
  for (struct tcx_value *shape = (struct tcx_value *)tcx__value_kids(shapes); shape != NULL;
       shape = shape->next) {
    if (strcmp(ph_str(shape, "type", ""), "character") == 0)
      tcx__value_replace(arena, shape, "type", 4, tcx__value_new_str(arena, "string", 6));
    for (struct tcx_value *m = (struct tcx_value *)tcx__value_kids(ph_get(shape, "members"));
         m != NULL; m = m->next) {
      const struct tcx_value *location = ph_get(ph_get(shapes, ph_str(m, "shape", "")), "location");
      if (location != NULL && ph_get(m, "location") == NULL)
        tcx__value_add(arena, m, "location", 8, tcx__value_deep_copy(arena, location));
    }
  }
}

static inline struct tcx_value *ps_model(struct tcx_arena *arena, const struct tcx_value *suite,
                                         const struct tcx_value *given) {
  struct tcx_value *json = tcx__value_new(arena, TCX_MAP),
                   *operations = tcx__value_new(arena, TCX_MAP);
  struct tcx_value *metadata = tcx__value_deep_copy(arena, ph_get(suite, "metadata"));
  static const char *const needed[][2] = {{"apiVersion", "2020-01-01"},
                                          {"endpointPrefix", "suite"},
                                          {"serviceId", "Suite"},
                                          {"signatureVersion", "v4"},
                                          {"protocol", "rest-xml"}};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    if (tcx__value_find(metadata, needed[i][0], strlen(needed[i][0])) == NULL)
      tcx__value_add(arena, metadata, needed[i][0], strlen(needed[i][0]),
                     tcx__value_new_str(arena, needed[i][1], strlen(needed[i][1])));
  tcx__value_add(arena, json, "metadata", 8, metadata);
  struct tcx_value *shapes = tcx__value_deep_copy(arena, ph_get(suite, "shapes"));
  ps_modernize(arena, shapes);
  tcx__value_add(arena, json, "shapes", 6, shapes);
  const struct tcx_value *input = ph_get(given, "input"), *payload = ph_get(input, "payload");
  if (payload != NULL)
    tcx__value_add(arena, ph_get(shapes, ph_str(input, "shape", "")), "payload", 7,
                   tcx__value_deep_copy(arena, payload));
  struct tcx_value *copy = tcx__value_deep_copy(arena, given);
  const char *name = ph_str(given, "name", "OperationName");
  tcx__value_replace(arena, copy, "name", 4, tcx__value_new_str(arena, name, strlen(name)));
  struct tcx_value *http = ph_get(copy, "http");
  if (http == NULL) {
    http = tcx__value_new(arena, TCX_MAP);
    tcx__value_add(arena, copy, "http", 4, http);
  }
  if (ph_get(http, "method") == NULL)
    tcx__value_add(arena, http, "method", 6, tcx__value_new_str(arena, "POST", 4));
  if (ph_get(http, "requestUri") == NULL)
    tcx__value_add(arena, http, "requestUri", 10, tcx__value_new_str(arena, "/", 1));
  struct tcx_value *output = ph_get(copy, "output");
  if (output != NULL && strcmp(ph_str(metadata, "protocol", ""), "query") == 0) {
    const char *wrapper = tcx__arena_printf(arena, "%sResult", name);
    tcx__value_replace(arena, output, "resultWrapper", 13,
                       tcx__value_new_str(arena, wrapper, strlen(wrapper)));
  }
  tcx__value_add(arena, operations, name, strlen(name), copy);
  tcx__value_add(arena, json, "operations", 10, operations);
  return json;
}

/* ---- requests ---- */

static inline bool ps_wrong(const char *id, const char *what, const char *expected,
                            const char *got) {
  print_error("%s: %s\n  expected %s\n  got      %s\n", id, what, expected, got);
  return false;
}

static inline bool ps_same_list(struct tcx_str a,
                                const char *b) { /* "a, b" and "a,b" are the same */
  size_t i = 0;
  for (; i < a.n || *b != '\0'; i++, b++) {
    while (i > 0 && i < a.n && a.p[i] == ' ' && a.p[i - 1] == ',')
      i++;
    while (i > 0 && *b == ' ' && b[-1] == ',')
      b++;
    if (i >= a.n || a.p[i] != *b)
      return false;
  }
  return true;
}

static inline bool ps_check_headers(const char *id, const struct tcx_value *expected,
                                    struct tcx_request *req) {
  for (const struct tcx_value *h = tcx__value_kids(ph_get(expected, "headers")); h != NULL;
       h = h->next) {
    const struct tcx_header *got = tcx__headers_get(&req->headers, h->name);
    if (strcmp(h->name, "Content-Type") == 0)
      continue;
    if (got == NULL || !ps_same_list(got->value, h->u.bytes.p))
      return ps_wrong(id, h->name, h->u.bytes.p,
                      got != NULL ? tcx__arena_strndup(req->arena, got->value.p, got->value.n)
                                  : "(none)");
  }
  for (const struct tcx_value *h = tcx__value_kids(ph_get(expected, "forbidHeaders")); h != NULL;
       h = h->next)
    if (tcx__headers_get(&req->headers, h->u.bytes.p) != NULL)
      return ps_wrong(id, "header that must not be sent", "(none)", h->u.bytes.p);
  return true;
}

static inline bool ps_run_input(const struct ps_file *file, struct tcx_arena *arena,
                                const struct tcx_value *suite, const struct tcx_value *test,
                                const char *id) {
  const struct tcx_value *given = ph_get(test, "given"), *expected = ph_get(test, "serialized");
  const struct tcx_model *model = ph_model(arena, ps_model(arena, suite, given), "suite");
  struct tcx_serialize s = {
      .model = model, .op = &model->operations[0], .params = ph_get(test, "params")};
  struct tcx_request req = {.arena = arena};
  struct tcx_fail f = {.arena = arena};
  tcx__headers_init(&req.headers, arena);
  ph_params(s.op->input, (struct tcx_value *)s.params);
  if (tcx__protocol_by_name(model->protocol)->serialize(&s, &req, &f) != 0)
    return ps_wrong(id, "refused", "a request", f.text);
  const char *uri = tcx__arena_printf(arena, "%.*s%s%.*s", (int)req.path.n, req.path.p,
                                      req.query.n > 0 ? "?" : "", (int)req.query.n,
                                      req.query.p != NULL ? req.query.p : "");
  if (strcmp(uri, ph_str(expected, "uri", uri)) != 0)
    return ps_wrong(id, "uri", ph_str(expected, "uri", ""), uri);
  if (strcmp(req.method, ph_str(expected, "method", req.method)) != 0)
    return ps_wrong(id, "method", ph_str(expected, "method", ""), req.method);
  return ps_check_headers(id, expected, &req) && file->check_body(id, expected, &s, &req);
}

/* ---- responses ---- */

static inline bool ps_check_output(struct tcx_arena *arena, const struct tcx_value *test,
                                   const struct ph_parsed *got, const char *id, long cut) {
  const struct tcx_value *expected = ph_get(test, "result");
  if (got->status != 0)
    return ps_wrong(id, "refused", "a value", got->text);
  if (expected != NULL)
    return ph_equal(expected, got->value)
               ? true
               : ps_wrong(id, tcx__arena_printf(arena, "cut at %ld", cut), ph_text(arena, expected),
                          ph_text(arena, got->value));
  const struct tcx_value *members = ph_get(test, "error");
  if (strcmp(ph_str(test, "errorCode", ""), got->error.code) != 0)
    return ps_wrong(id, "code", ph_str(test, "errorCode", ""), got->error.code);
  if (strcmp(ph_str(test, "errorMessage", got->error.message), got->error.message) != 0)
    return ps_wrong(id, "message", ph_str(test, "errorMessage", ""), got->error.message);
  for (const struct tcx_value *v = tcx__value_kids(members); v != NULL; v = v->next) {
    const struct tcx_value *other = tcx__value_find(got->value, v->name, v->name_len);
    if (other == NULL || !ph_equal(v, other))
      return ps_wrong(id, v->name, ph_text(arena, v), ph_text(arena, other));
  }
  return true;
}

static inline bool ps_run_output(struct tcx_arena *arena, const struct tcx_value *suite,
                                 const struct tcx_value *test, const char *id) {
  const struct tcx_value *response = ph_get(test, "response");
  const struct tcx_value *given = ph_get(test, "given"), *text = ph_get(response, "body");
  const struct tcx_model *model = ph_model(arena, ps_model(arena, suite, given), "suite");
  struct tcx_str body = text != NULL ? text->u.bytes : (struct tcx_str){"", 0};
  if (strcmp(model->protocol, "smithy-rpc-v2-cbor") == 0) { /* not text: base64 */
    struct tcx_buf bytes;
    tcx__buf_init(&bytes, arena, 1 << 20);
    assert_int_equal(tcx__base64_decode(&bytes, body.p, body.n), 0);
    body = tcx__buf_str(&bytes);
  } else if (text == NULL &&
             (strcmp(model->protocol, "query") == 0 || strcmp(model->protocol, "ec2") == 0)) {
    body = TCX__STR("<xml/>"); /* these have always a document */
  }
  struct tcx_response_head head;
  ph_head(arena, &head, (int)ph_int(response, "status_code", 200), ph_get(response, "headers"));
  tcx__parse_mode mode = head.status >= 301 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT;
  for (long cut = -1; cut < (long)body.n || cut <= 0; cut++) {
    struct tcx_arena *inner = tcx__arena_new();
    struct ph_parsed got =
        ph_parse(inner, model, &model->operations[0], &head, mode, body, cut, false);
    bool good = ps_check_output(inner, test, &got, id, cut);
    tcx__arena_free(inner);
    if (!good)
      return false;
  }
  return true;
}

/* ---- the files ---- */

struct ps_count {
  int passed, failed, skipped;
};

static inline struct ps_count ps_run_file(const struct ps_file *file) {
  struct ps_count count = {0};
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *suites = ph_json_file(arena, file->path);
  int suite_number = 0;
  for (const struct tcx_value *suite = tcx__value_kids(suites); suite != NULL;
       suite = suite->next, suite_number++) {
    int number = 0;
    for (const struct tcx_value *test = tcx__value_kids(ph_get(suite, "cases")); test != NULL;
         test = test->next, number++) {
      bool input = ph_get(test, "params") != NULL || ph_get(test, "serialized") != NULL;
      const char *id = ph_str(test, "id", NULL);
      if (id == NULL)
        id = tcx__arena_printf(arena, "%d.%d %s", suite_number, number,
                               ph_str(suite, "description", ""));
      const char *why = ps_reason(file->skip, id);
      if (why == NULL &&
          strcmp(ph_str(suite, "description", ""), "Idempotency token auto fill") == 0 &&
          tcx__value_count(ph_get(test, "params")) == 0)
        why = "the call fills in the token";
      struct tcx_arena *inner = tcx__arena_new();
      if (why != NULL) {
        print_message("%s: %s: skipped, %s\n", file->path, id, why);
        count.skipped++;
      } else if (input ? ps_run_input(file, inner, suite, test, id)
                       : ps_run_output(inner, suite, test, id)) {
        count.passed++;
      } else {
        count.failed++;
      }
      tcx__arena_free(inner);
    }
  }
  tcx__arena_free(arena);
  print_message("%s: %d passed, %d failed, %d skipped\n", file->path, count.passed, count.failed,
                count.skipped);
  return count;
}

static inline void ps_check_file(const struct ps_file *file, int passed, int skipped) {
  struct ps_count count = ps_run_file(file);
  assert_int_equal(count.failed, 0);
  assert_int_equal(count.passed, passed);
  assert_int_equal(count.skipped, skipped);
}

#endif
