/* Every operation of some services that speak json and rest-json against botocore: requests made of
 * generated parameters, values made of generated responses, errors. make_json.py made the data. */
#include "protocol_rows.h"

#define DATA "compliance/data/json-calls/"

static const struct {
  const char *name, *version;
} services[] = {{"dynamodb", "2012-08-10"},
                {"sqs", "2012-11-05"},
                {"kms", "2014-11-01"},
                {"lambda", "2015-03-31"},
                {"bedrock-runtime", "2023-09-30"}};
enum { SERVICES = sizeof services / sizeof *services };

static struct tcx_arena *arena;
static const struct tcx_model *models[SERVICES];

static const struct tcx_model *model_of(const struct tcx_value *row) {
  int i = 0;
  while (strcmp(services[i].name, ph_column(row, 0)->u.bytes.p) != 0)
    i++;
  return models[i];
}
static const struct tcx_operation *operation(const struct tcx_value *row) {
  const struct tcx_operation *op =
      tcx__model_operation(model_of(row), ph_column(row, 1)->u.bytes.p);
  assert_non_null(op);
  return op;
}

/* JSON as JSON, other bodies byte for byte. */
static bool same_body(struct tcx_arena *own, const struct tcx_value *expected, struct tcx_str got) {
  struct tcx_value *a = NULL, *b = NULL;
  if (expected->type == TCX_NULL)
    return got.n == 0;
  if (tcx__json_parse(own, expected->u.bytes.p, expected->u.bytes.n, &a, NULL) != 0)
    return tcx__str_eq(expected->u.bytes, got);
  return tcx__json_parse(own, got.p, got.n, &b, NULL) == 0 && ph_equal(a, b);
}

static bool run_request(struct tcx_arena *own, const struct tcx_value *row) {
  const struct tcx_operation *op = operation(row);
  const struct tcx_value *headers = ph_column(row, 5), *body = ph_column(row, 6);
  struct tcx_serialize s = {.model = model_of(row), .op = op, .params = ph_column(row, 2)};
  struct tcx_request req = {.arena = own};
  struct tcx_fail f = {.arena = own};
  tcx__headers_init(&req.headers, own);
  if (op->input != NULL)
    ph_to_times(op->input, (struct tcx_value *)s.params);
  if (tcx__protocol_by_name(s.model->protocol)->serialize(&s, &req, &f) != 0)
    return pr_wrong(op->name, "refused", "a request", f.text);
  const char *uri =
      tcx__arena_printf(own, "%.*s%s%.*s", (int)req.path.n, req.path.p, req.query.n > 0 ? "?" : "",
                        (int)req.query.n, req.query.n > 0 ? req.query.p : "");
  if (strcmp(req.method, ph_column(row, 3)->u.bytes.p) != 0)
    return pr_wrong(op->name, "method", ph_column(row, 3)->u.bytes.p, req.method);
  if (strcmp(uri, ph_column(row, 4)->u.bytes.p) != 0)
    return pr_wrong(op->name, "uri", ph_column(row, 4)->u.bytes.p, uri);
  if (tcx__value_count(headers) != req.headers.count)
    return pr_wrong(op->name, "number of headers", ph_text(own, headers), "others");
  for (const struct tcx_value *h = tcx__value_kids(headers); h != NULL; h = h->next) {
    const struct tcx_header *got = tcx__headers_get(&req.headers, h->name);
    if (got == NULL || !tcx__str_eq(got->value, h->u.bytes))
      return pr_wrong(op->name, h->name, h->u.bytes.p, got != NULL ? got->value.p : "(none)");
  }
  struct tcx_str got = s.body != NULL ? s.body->u.bytes : req.body;
  return same_body(own, body, got) ? true
                                   : pr_wrong(op->name, "body", ph_text(own, body),
                                              tcx__arena_strndup(own, got.p, got.n));
}

static struct ph_parsed parse(struct tcx_arena *own, const struct tcx_value *row, long cut,
                              tcx__parse_mode mode) {
  struct tcx_response_head head;
  ph_head(own, &head, (int)ph_column(row, 2)->u.integer, ph_column(row, 3));
  return ph_parse(own, model_of(row), operation(row), &head, mode, ph_column(row, 4)->u.bytes, cut,
                  false);
}

static bool run_response(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  const char *name = operation(row)->name;
  struct ph_parsed got = parse(own, row, cut, TCX__PARSE_OUTPUT);
  if (got.status != 0 || got.is_error)
    return pr_wrong(name, ph_column(row, 4)->u.bytes.p, "a value", got.text);
  return pr_is_value(own, name, ph_column(row, 4), ph_column(row, 5), &got);
}

static bool run_error(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  struct ph_parsed got = parse(own, row, cut, TCX__PARSE_ERROR);
  return pr_is_error(own, ph_column(row, 4), ph_column(row, 5), ph_column(row, 6),
                     ph_column(row, 7), &got);
}

static void requests(void **state) {
  (void)state;
  pr_requests(arena, DATA "requests.json", run_request, 478);
}
static void responses(void **state) {
  (void)state;
  pr_responses(arena, DATA "responses.json", 4, 100, run_response, 478);
}
static void errors(void **state) {
  (void)state;
  pr_responses(arena, DATA "errors.json", 4, 300, run_error, 25);
}

static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  for (int i = 0; i < SERVICES; i++)
    models[i] =
        ph_model_file(arena,
                      tcx__arena_printf(arena, "%s/models/data/%s/%s/service-2.json",
                                        TCX_SOURCE_DIR, services[i].name, services[i].version),
                      services[i].name);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(requests), cmocka_unit_test(responses),
                                     cmocka_unit_test(errors)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
