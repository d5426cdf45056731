/* The public protocol tests for rest-xml: requests by their parts, responses in one piece and cut
 * at every byte. */
#include "protocol_help.h"
#include <expat.h>

struct skip {
  const char *id, *why;
};
/* Not done, and why. Cases that are not listed here and that botocore skips do pass. */
static const struct skip skipped_input[] = {
    {"SDKAppliedContentEncoding_restXml", "the call compresses, not the protocol"},
    {"SDKAppendedGzipAfterProvidedEncoding_restXml", "the call compresses, not the protocol"},
    {"QueryIdempotencyTokenAutoFill", "the call fills in the token"},
    {"BodyWithXmlName",
     "the operation's locationName is sent, as botocore does; Smithy wants the shape's"},
    {"RestXmlHttpPayloadWithUnion",
     "a payload's element has the member's locationName, which S3 wants (LegalHold)"},
    {"HttpPayloadWithXmlNamespace",
     "a payload's element has the member's locationName, which S3 wants (LegalHold)"},
    {"HttpPayloadWithXmlNamespaceAndPrefix",
     "a payload's element has the member's locationName, which S3 wants (LegalHold)"},
};
static const struct skip skipped_output[] = {
    {"BodyWithXmlName", "a member without a locationName takes its shape's, as in botocore"},
    {"9.0 REST XML Event Stream", "framed bodies are not read yet"},
    {"9.1 REST XML Event Stream", "framed bodies are not read yet"},
    {"9.2 REST XML Event Stream", "framed bodies are not read yet"},
};

static const char *reason(const struct skip *list, size_t n, const char *id) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i].id, id) == 0)
      return list[i].why;
  return NULL;
}

/* Old tests have the type "character", and say a location at the shape; no service does either any
 * more. */
static void modernize(struct tcx_arena *arena, const struct tcx_value *shapes) {
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

static struct tcx_value *suite_model(struct tcx_arena *arena, const struct tcx_value *suite,
                                     const struct tcx_value *given) {
  struct tcx_value *json = tcx__value_new(arena, TCX_MAP),
                   *operations = tcx__value_new(arena, TCX_MAP);
  struct tcx_value *metadata = tcx__value_deep_copy(arena, ph_get(suite, "metadata"));
  static const char *const needed[] = {"apiVersion", "endpointPrefix", "serviceId",
                                       "signatureVersion", "protocol"};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    if (tcx__value_find(metadata, needed[i], strlen(needed[i])) == NULL)
      tcx__value_add(arena, metadata, needed[i], strlen(needed[i]),
                     tcx__value_new_str(arena, "rest-xml", 8));
  tcx__value_add(arena, json, "metadata", 8, metadata);
  struct tcx_value *shapes = tcx__value_deep_copy(arena, ph_get(suite, "shapes"));
  modernize(arena, shapes);
  tcx__value_add(arena, json, "shapes", 6, shapes);
  struct tcx_value *copy = tcx__value_deep_copy(arena, given);
  const char *name = ph_str(given, "name", "OperationName");
  tcx__value_replace(arena, copy, "name", 4, tcx__value_new_str(arena, name, strlen(name)));
  if (ph_get(copy, "http") == NULL) {
    struct tcx_value *http = tcx__value_new(arena, TCX_MAP);
    tcx__value_add(arena, http, "method", 6, tcx__value_new_str(arena, "POST", 4));
    tcx__value_add(arena, http, "requestUri", 10, tcx__value_new_str(arena, "/", 1));
    tcx__value_add(arena, copy, "http", 4, http);
  }
  tcx__value_add(arena, operations, name, strlen(name), copy);
  tcx__value_add(arena, json, "operations", 10, operations);
  return json;
}

/* ---- XML compared as its canonical form would be: attributes sorted, text without white space
 * around it ---- */

struct canon {
  struct tcx_buf out, text;
};
static void flush(struct canon *c) {
  if (c->text.len == 0)
    return;
  const char *p = c->text.data, *end = p + c->text.len;
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\t'))
    p++;
  while (end > p && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\t'))
    end--;
  if (p < end)
    tcx__buf_add(&c->out, p, (size_t)(end - p));
  c->text.len = 0;
}
static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}
static void XMLCALL canon_start(void *ctx, const XML_Char *name, const XML_Char **attrs) {
  struct canon *c = ctx;
  flush(c);
  size_t n = 0;
  while (attrs[n] != NULL)
    n += 2;
  qsort(attrs, n / 2, 2 * sizeof *attrs, by_name);
  tcx__buf_printf(&c->out, "<%s", name);
  for (size_t i = 0; i < n; i += 2)
    tcx__buf_printf(&c->out, " %s=\"%s\"", attrs[i], attrs[i + 1]);
  tcx__buf_addc(&c->out, '>');
}
static void XMLCALL canon_end(void *ctx, const XML_Char *name) {
  flush(ctx);
  tcx__buf_printf(&((struct canon *)ctx)->out, "</%s>", name);
}
static void XMLCALL canon_text(void *ctx, const XML_Char *p, int n) {
  tcx__buf_add(&((struct canon *)ctx)->text, p, (size_t)n);
}
static const char *canonical(struct tcx_arena *arena, struct tcx_str xml) {
  struct canon c;
  tcx__buf_init(&c.out, arena, 1 << 20);
  tcx__buf_init(&c.text, arena, 1 << 20);
  XML_Parser parser = XML_ParserCreate(NULL);
  XML_SetUserData(parser, &c);
  XML_SetElementHandler(parser, canon_start, canon_end);
  XML_SetCharacterDataHandler(parser, canon_text);
  bool good = XML_Parse(parser, xml.p, (int)xml.n, 1) == XML_STATUS_OK;
  XML_ParserFree(parser);
  return good ? c.out.data : NULL;
}

/* ---- requests ---- */

static bool wrong(const char *id, const char *what, const char *expected, const char *got) {
  print_error("%s: %s\n  expected %s\n  got      %s\n", id, what, expected, got);
  return false;
}

static bool same_list(struct tcx_str a, const char *b) { /* "a, b" and "a,b" are the same */
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

static bool check_headers(const char *id, const struct tcx_value *expected,
                          struct tcx_request *req) {
  for (const struct tcx_value *h = tcx__value_kids(ph_get(expected, "headers")); h != NULL;
       h = h->next) {
    const struct tcx_header *got = tcx__headers_get(&req->headers, h->name);
    if (strcmp(h->name, "Content-Type") == 0)
      continue;
    if (got == NULL || !same_list(got->value, h->u.bytes.p))
      return wrong(id, h->name, h->u.bytes.p,
                   got != NULL ? tcx__arena_strndup(req->arena, got->value.p, got->value.n)
                               : "(none)");
  }
  for (const struct tcx_value *h = tcx__value_kids(ph_get(expected, "forbidHeaders")); h != NULL;
       h = h->next)
    if (tcx__headers_get(&req->headers, h->u.bytes.p) != NULL)
      return wrong(id, "header that must not be sent", "(none)", h->u.bytes.p);
  return true;
}

static bool check_body(const char *id, const struct tcx_value *expected,
                       const struct tcx_serialize *s, struct tcx_request *req) {
  const struct tcx_value *body = ph_get(expected, "body");
  struct tcx_str got = s->body != NULL ? s->body->u.bytes : req->body;
  if (body == NULL || tcx__str_eq(body->u.bytes, got))
    return true;
  const char *a = canonical(req->arena, body->u.bytes), *b = canonical(req->arena, got);
  if (a != NULL && b != NULL && strcmp(a, b) == 0)
    return true;
  return wrong(id, "body", body->u.bytes.p,
               tcx__arena_strndup(req->arena, got.p != NULL ? got.p : "", got.n));
}

static bool run_input(struct tcx_arena *arena, const struct tcx_value *suite,
                      const struct tcx_value *test, const char *id) {
  const struct tcx_value *given = ph_get(test, "given"), *expected = ph_get(test, "serialized");
  const struct tcx_model *model = ph_model(arena, suite_model(arena, suite, given), "suite");
  struct tcx_serialize s = {
      .model = model, .op = &model->operations[0], .params = ph_get(test, "params")};
  struct tcx_request req = {.arena = arena};
  struct tcx_fail f = {.arena = arena};
  tcx__headers_init(&req.headers, arena);
  ph_params(s.op->input, (struct tcx_value *)s.params);
  if (tcx__rest_xml.serialize(&s, &req, &f) != 0)
    return wrong(id, "refused", "a request", f.text);
  const char *uri = tcx__arena_printf(arena, "%.*s%s%.*s", (int)req.path.n, req.path.p,
                                      req.query.n > 0 ? "?" : "", (int)req.query.n,
                                      req.query.p != NULL ? req.query.p : "");
  if (strcmp(uri, ph_str(expected, "uri", uri)) != 0)
    return wrong(id, "uri", ph_str(expected, "uri", ""), uri);
  if (strcmp(req.method, ph_str(expected, "method", req.method)) != 0)
    return wrong(id, "method", ph_str(expected, "method", ""), req.method);
  return check_headers(id, expected, &req) && check_body(id, expected, &s, &req);
}

/* ---- responses ---- */

static bool check_output(struct tcx_arena *arena, const struct tcx_value *test,
                         const struct ph_parsed *got, const char *id, long cut) {
  const struct tcx_value *expected = ph_get(test, "result");
  if (got->status != 0)
    return wrong(id, "refused", "a value", got->text);
  if (expected != NULL)
    return ph_equal(expected, got->value)
               ? true
               : wrong(id, tcx__arena_printf(arena, "cut at %ld", cut), ph_text(arena, expected),
                       ph_text(arena, got->value));
  const struct tcx_value *members = ph_get(test, "error");
  if (strcmp(ph_str(test, "errorCode", ""), got->error.code) != 0)
    return wrong(id, "code", ph_str(test, "errorCode", ""), got->error.code);
  if (strcmp(ph_str(test, "errorMessage", ""), got->error.message) != 0)
    return wrong(id, "message", ph_str(test, "errorMessage", ""), got->error.message);
  for (const struct tcx_value *v = tcx__value_kids(members); v != NULL; v = v->next) {
    const struct tcx_value *other = tcx__value_find(got->value, v->name, v->name_len);
    if (other == NULL || !ph_equal(v, other))
      return wrong(id, v->name, ph_text(arena, v), ph_text(arena, other));
  }
  return true;
}

static bool run_output(struct tcx_arena *arena, const struct tcx_value *suite,
                       const struct tcx_value *test, const char *id) {
  const struct tcx_value *response = ph_get(test, "response");
  const struct tcx_value *given = ph_get(test, "given"), *text = ph_get(response, "body");
  const struct tcx_model *model = ph_model(arena, suite_model(arena, suite, given), "suite");
  struct tcx_str body = text != NULL ? text->u.bytes : (struct tcx_str){"", 0};
  struct tcx_response_head head;
  ph_head(arena, &head, (int)ph_int(response, "status_code", 200), ph_get(response, "headers"));
  tcx__parse_mode mode = head.status >= 301 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT;
  for (long cut = -1; cut < (long)body.n || cut <= 0; cut++) {
    struct tcx_arena *inner = tcx__arena_new();
    struct ph_parsed got =
        ph_parse(inner, model, &model->operations[0], &head, mode, body, cut, false);
    bool good = check_output(inner, test, &got, id, cut);
    tcx__arena_free(inner);
    if (!good)
      return false;
  }
  return true;
}

/* ---- the files ---- */

struct count {
  int passed, failed, skipped;
};

static struct count run_file(const char *path) {
  struct count count = {0};
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *suites = ph_json_file(arena, path);
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
      const char *why =
          input ? reason(skipped_input, sizeof skipped_input / sizeof *skipped_input, id)
                : reason(skipped_output, sizeof skipped_output / sizeof *skipped_output, id);
      if (why == NULL &&
          strcmp(ph_str(suite, "description", ""), "Idempotency token auto fill") == 0 &&
          tcx__value_count(ph_get(test, "params")) == 0)
        why = "the call fills in the token";
      struct tcx_arena *inner = tcx__arena_new();
      if (why != NULL) {
        print_message("%s: %s: skipped, %s\n", path, id, why);
        count.skipped++;
      } else if (input ? run_input(inner, suite, test, id) : run_output(inner, suite, test, id)) {
        count.passed++;
      } else {
        count.failed++;
      }
      tcx__arena_free(inner);
    }
  }
  tcx__arena_free(arena);
  print_message("%s: %d passed, %d failed, %d skipped\n", path, count.passed, count.failed,
                count.skipped);
  return count;
}

static void check_file(const char *path, int passed, int skipped) {
  struct count count = run_file(path);
  assert_int_equal(count.failed, 0);
  assert_int_equal(count.passed, passed);
  assert_int_equal(count.skipped, skipped);
}

static void input(void **state) {
  (void)state;
  check_file("compliance/data/protocols/input/rest-xml.json", 58, 7);
}
static void output(void **state) {
  (void)state;
  check_file("compliance/data/protocols/output/rest-xml.json", 53, 1);
}
static void legacy_input(void **state) {
  (void)state;
  check_file("compliance/data/protocols/legacy/input/rest-xml.json", 29, 1);
}
static void legacy_output(void **state) {
  (void)state;
  check_file("compliance/data/protocols/legacy/output/rest-xml.json", 13, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(input), cmocka_unit_test(output),
                                     cmocka_unit_test(legacy_input),
                                     cmocka_unit_test(legacy_output)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
