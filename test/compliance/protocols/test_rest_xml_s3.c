/* Every operation of S3 against botocore: requests made of generated parameters, values made of
 * generated responses, errors. make_rest_xml.py made the data. */
#include "protocol_help.h"

#define MODEL TCX_SOURCE_DIR "/models/data/s3/2006-03-01/service-2.json"
#define DATA  "compliance/data/rest-xml-s3/"

static struct tcx_arena *arena;
static const struct tcx_model *model;

static const struct tcx_operation *operation(const struct tcx_value *row) {
  const struct tcx_operation *op = tcx__model_operation(model, ph_column(row, 0)->u.bytes.p);
  assert_non_null(op);
  return op;
}

static bool wrong(const char *name, const char *what, const char *expected, const char *got) {
  print_error("%s: %s\n  expected %s\n  got      %s\n", name, what, expected, got);
  return false;
}

static bool run_request(struct tcx_arena *own, const struct tcx_value *row) {
  const struct tcx_operation *op = operation(row);
  struct tcx_serialize s = {.model = model, .op = op, .params = ph_column(row, 1)};
  struct tcx_request req = {.arena = own};
  struct tcx_fail f = {.arena = own};
  tcx__headers_init(&req.headers, own);
  if (op->input != NULL)
    ph_to_times(op->input, (struct tcx_value *)s.params);
  if (tcx__rest_xml.serialize(&s, &req, &f) != 0)
    return wrong(op->name, "refused", "a request", f.text);
  const char *uri = tcx__arena_printf(own, "%.*s%s%.*s", (int)req.path.n, req.path.p,
                                      req.query.n > 0 ? "?" : "", (int)req.query.n, req.query.p);
  if (strcmp(req.method, ph_column(row, 2)->u.bytes.p) != 0)
    return wrong(op->name, "method", ph_column(row, 2)->u.bytes.p, req.method);
  if (strcmp(uri, ph_column(row, 3)->u.bytes.p) != 0)
    return wrong(op->name, "uri", ph_column(row, 3)->u.bytes.p, uri);
  const struct tcx_value *headers = ph_column(row, 4), *body = ph_column(row, 5);
  if (tcx__value_count(headers) != req.headers.count)
    return wrong(op->name, "number of headers", ph_text(own, headers), "others");
  unsigned i = 0;
  for (const struct tcx_value *h = tcx__value_kids(headers); h != NULL; h = h->next, i++)
    if (!tcx__str_is(req.headers.list[i].name, h->name) ||
        !tcx__str_eq(req.headers.list[i].value, h->u.bytes))
      return wrong(
          op->name, h->name, h->u.bytes.p,
          tcx__arena_strndup(own, req.headers.list[i].value.p, req.headers.list[i].value.n));
  struct tcx_str got = s.body != NULL ? s.body->u.bytes : req.body;
  if (body->type == TCX_NULL ? got.n != 0 : !tcx__str_eq(got, body->u.bytes))
    return wrong(op->name, "body", ph_text(own, body),
                 tcx__arena_strndup(own, got.n > 0 ? got.p : "", got.n));
  return true;
}

static bool run_response(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  const struct tcx_operation *op = operation(row);
  struct tcx_response_head head;
  ph_head(own, &head, (int)ph_column(row, 1)->u.integer, ph_column(row, 2));
  struct ph_parsed got = ph_parse(own, model, op, &head, TCX__PARSE_OUTPUT,
                                  ph_column(row, 3)->u.bytes, cut, (cut & 1) != 0);
  if (got.status != 0 || got.is_error)
    return wrong(op->name, "refused", "a value", got.text);
  return ph_equal(ph_column(row, 4), got.value)
             ? true
             : wrong(op->name, ph_column(row, 3)->u.bytes.p, ph_text(own, ph_column(row, 4)),
                     ph_text(own, got.value));
}

static bool run_error(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  struct tcx_response_head head;
  struct tcx_str body = ph_column(row, 3)->u.bytes;
  ph_head(own, &head, (int)ph_column(row, 1)->u.integer, ph_column(row, 2));
  struct ph_parsed got =
      ph_parse(own, model, operation(row), &head, TCX__PARSE_ERROR, body, cut, false);
  if (got.status != 0)
    return wrong(body.p, "refused", "an error", got.text);
  if (strcmp(got.error.code, ph_column(row, 5)->u.bytes.p) != 0 ||
      strcmp(got.error.message, ph_column(row, 6)->u.bytes.p) != 0)
    return wrong(body.p, got.error.code, ph_column(row, 5)->u.bytes.p, got.error.message);
  return ph_equal(ph_column(row, 4), got.value)
             ? true
             : wrong(body.p, "value", ph_text(own, ph_column(row, 4)), ph_text(own, got.value));
}

static void requests(void **state) {
  (void)state;
  int count = 0, failed = 0;
  struct tcx_value *rows = ph_json_file(arena, DATA "requests.json");
  for (const struct tcx_value *row = tcx__value_kids(rows); row != NULL; row = row->next, count++) {
    struct tcx_arena *own = tcx__arena_new();
    failed += !run_request(own, row);
    tcx__arena_free(own);
  }
  assert_int_equal(failed, 0);
  assert_int_equal(count, 345);
}

static void run_cut(const char *file,
                    bool (*run)(struct tcx_arena *own, const struct tcx_value *row, long cut),
                    int expected) {
  int count = 0, failed = 0;
  struct tcx_value *rows = ph_json_file(arena, file);
  for (const struct tcx_value *row = tcx__value_kids(rows); row != NULL; row = row->next, count++) {
    long n = (long)ph_column(row, 3)->u.bytes.n, step = n < 600 ? 1 : n / 599;
    for (long cut = -1; cut < n || cut <= 0; cut += cut > 0 ? step : 1) {
      struct tcx_arena *own = tcx__arena_new();
      bool good = run(own, row, cut);
      tcx__arena_free(own);
      if (!good) {
        print_error("(cut at %ld)\n", cut);
        failed++;
        break;
      }
    }
  }
  assert_int_equal(failed, 0);
  assert_int_equal(count, expected);
}
static void responses(void **state) {
  (void)state;
  run_cut(DATA "responses.json", run_response, 140);
}
static void errors(void **state) {
  (void)state;
  run_cut(DATA "errors.json", run_error, 12);
}

static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  model = ph_model_file(arena, MODEL, "s3");
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
