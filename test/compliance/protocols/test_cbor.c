/* The public protocol tests for rpc-v2-cbor: requests by their decoded bodies, answers in one piece
 * and cut at every byte. */
#include "protocol_suite.h"
#include "protocols/cbor_body.h"

static const struct ps_skip skipped[] = {{NULL, NULL}};

/* The expected body (base64) and ours, both read by the input's shape. */
static bool check_body(const char *id, const struct tcx_value *expected,
                       const struct tcx_serialize *s, struct tcx_request *req) {
  const struct tcx_header *h = tcx__headers_get(&req->headers, "content-type");
  struct tcx_value *wanted, *got;
  const char *base64 = ph_str(expected, "body", "");
  struct tcx_buf body;
  assert_null(s->body);
  if (s->op->input == NULL) {
    assert_int_equal(strlen(base64), 0);
    return req->body.n == 0 && h == NULL ? true : ps_wrong(id, "body", "(none)", "a body");
  }
  if (h == NULL || !tcx__str_is(h->value, "application/cbor"))
    return ps_wrong(id, "content type", "application/cbor", h != NULL ? h->value.p : "(none)");
  tcx__buf_init(&body, req->arena, 1 << 20);
  assert_int_equal(tcx__base64_decode(&body, base64, strlen(base64)), 0);
  assert_int_equal(tcx__cbor_read(req->arena, NULL, s->op->input, tcx__buf_str(&body), &wanted), 0);
  assert_int_equal(tcx__cbor_read(req->arena, NULL, s->op->input, req->body, &got), 0);
  return ph_equal(wanted, got)
             ? true
             : ps_wrong(id, "body", ph_text(req->arena, wanted), ph_text(req->arena, got));
}

static void run(const char *name, int passed) {
  char path[200];
  snprintf(path, sizeof path, "compliance/data/protocols/%s.json", name);
  ps_check_file(&(struct ps_file){path, skipped, check_body}, passed, 0);
}
static void requests(void **state) {
  (void)state;
  run("input/smithy-rpc-v2-cbor", 11);
  run("input/smithy-rpc-v2-cbor-query-compatible", 1);
  run("input/smithy-rpc-v2-cbor-non-query-compatible", 1);
}
static void responses(void **state) {
  (void)state;
  run("output/smithy-rpc-v2-cbor", 24);
  run("output/smithy-rpc-v2-cbor-query-compatible", 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(requests), cmocka_unit_test(responses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
