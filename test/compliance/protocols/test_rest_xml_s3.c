/* Every operation of S3 against botocore: requests made of generated parameters, values made of
 * generated responses, errors. make_rest_xml.py made the data. */
#include "protocol_rows.h"

#define MODEL TCX_SOURCE_DIR "/models/data/s3/2006-03-01/service-2.json"
#define DATA  "compliance/data/rest-xml-s3/"

static struct tcx_arena *arena;
static const struct tcx_model *model;

static const struct tcx_operation *operation(const struct tcx_value *row) {
  const struct tcx_operation *op = tcx__model_operation(model, ph_column(row, 0)->u.bytes.p);
  assert_non_null(op);
  return op;
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
    return pr_wrong(op->name, "refused", "a request", f.text);
  const char *uri = tcx__arena_printf(own, "%.*s%s%.*s", (int)req.path.n, req.path.p,
                                      req.query.n > 0 ? "?" : "", (int)req.query.n, req.query.p);
  if (strcmp(req.method, ph_column(row, 2)->u.bytes.p) != 0)
    return pr_wrong(op->name, "method", ph_column(row, 2)->u.bytes.p, req.method);
  if (strcmp(uri, ph_column(row, 3)->u.bytes.p) != 0)
    return pr_wrong(op->name, "uri", ph_column(row, 3)->u.bytes.p, uri);
  const struct tcx_value *headers = ph_column(row, 4), *body = ph_column(row, 5);
  if (tcx__value_count(headers) != req.headers.count)
    return pr_wrong(op->name, "number of headers", ph_text(own, headers), "others");
  unsigned i = 0;
  for (const struct tcx_value *h = tcx__value_kids(headers); h != NULL; h = h->next, i++)
    if (!tcx__str_is(req.headers.list[i].name, h->name) ||
        !tcx__str_eq(req.headers.list[i].value, h->u.bytes))
      return pr_wrong(
          op->name, h->name, h->u.bytes.p,
          tcx__arena_strndup(own, req.headers.list[i].value.p, req.headers.list[i].value.n));
  struct tcx_str got = s.body != NULL ? s.body->u.bytes : req.body;
  if (body->type == TCX_NULL ? got.n != 0 : !tcx__str_eq(got, body->u.bytes))
    return pr_wrong(op->name, "body", ph_text(own, body),
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
    return pr_wrong(op->name, "refused", "a value", got.text);
  return pr_is_value(own, op->name, ph_column(row, 3), ph_column(row, 4), &got);
}

static bool run_error(struct tcx_arena *own, const struct tcx_value *row, long cut) {
  struct tcx_response_head head;
  struct tcx_str body = ph_column(row, 3)->u.bytes;
  ph_head(own, &head, (int)ph_column(row, 1)->u.integer, ph_column(row, 2));
  struct ph_parsed got =
      ph_parse(own, model, operation(row), &head, TCX__PARSE_ERROR, body, cut, false);
  return pr_is_error(own, ph_column(row, 3), ph_column(row, 4), ph_column(row, 5),
                     ph_column(row, 6), &got);
}

static void requests(void **state) {
  (void)state;
  pr_requests(arena, DATA "requests.json", run_request, 345);
}
static void responses(void **state) {
  (void)state;
  pr_responses(arena, DATA "responses.json", 3, 600, run_response, 140);
}
static void errors(void **state) {
  (void)state;
  pr_responses(arena, DATA "errors.json", 3, 600, run_error, 12);
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
