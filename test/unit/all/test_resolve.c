/* tcx_session_resolve_endpoint: the rule set's answer, its errors, what is wrong with parameters;
 * and that the answer needs neither session nor memory that is not there. */
#include "support.h"
#include "torture.h"
#include <tucuxi/model.h>

struct here {
  uv_loop_t loop;
  tcx_session_t *session;
};

static int begin(struct here *h) {
  tcx_session_options_t so = {.config_file = "/dev/null",
                              .credentials_file = "/dev/null",
                              .data_path = TCX_TEST_DIR "/compliance/data/schemes/models"};
  h->session = NULL;
  assert_int_equal(uv_loop_init(&h->loop), 0);
  return tcx_session_new(&h->loop, &so, &h->session);
}
static void end(struct here *h) {
  tcx_session_close(h->session, NULL);
  uv_run(&h->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&h->loop), 0);
}

static void fails(tcx_value_t *v, int status, const char *text) {
  assert_int_equal(tcx_value_status(v), status);
  assert_string_equal(tcx_value_problem(v), text);
  tcx_value_free(v);
}

static void test_answers(void **state) {
  struct here h;
  (void)state;
  assert_int_equal(begin(&h), 0);
  tcx_value_t *v = tcx_session_resolve_endpoint(
      h.session, "s3",
      tcx_params("{Region: us-west-2, UseFIPS: true, Bucket: b-1, Endpoint: null}"));
  assert_int_equal(tcx_value_status(v), 0);
  /* found in the data path alone */
  tcx_value_t *own = tcx_session_resolve_endpoint(h.session, "two", tcx_params("{Schemes: V4aV4}"));
  assert_int_equal(tcx_value_status(own), 0);
  end(&h);
  assert_string_equal(tcx_value_str(v, "url"), "https://b-1.s3-fips.us-west-2.amazonaws.com");
  assert_int_equal(tcx_value_type(v, "headers"), TCX_MAP);
  assert_string_equal(tcx_value_str(v, "properties.authSchemes[0].signingRegion"), "us-west-2");
  assert_string_equal(tcx_value_str(own, "properties.authSchemes[0].name"), "sigv4a");
  tcx_value_free(v);
  tcx_value_free(own);
}

static void test_errors(void **state) {
  struct here h;
  (void)state;
  assert_int_equal(begin(&h), 0);
  fails(tcx_session_resolve_endpoint(h.session, "s3", NULL), TCX_EENDPOINT,
        "A region must be set when sending requests to S3.");
  fails(tcx_session_resolve_endpoint(h.session, "s4", NULL), TCX_ESERVICE,
        "Unknown service: 's4', did you mean s3?");
  fails(tcx_session_resolve_endpoint(h.session, "two",
                                     tcx_params("{region: x, Region: [x], Schemes: {a: 1}}")),
        TCX_EPARAM,
        "Parameter validation failed:\nUnknown parameter in input: \"region\", must be one of: "
        "Region, Schemes\nInvalid type for parameter Region, value: [\"x\"], type: list, valid "
        "types: string\n"
        "Invalid type for parameter Schemes, value: {\"a\":1}, type: map, valid types: string");
  fails(tcx_session_resolve_endpoint(h.session, "two", tcx_value_new_list()), TCX_EPARAM,
        "Parameter validation failed:\nThe parameters must be a map");
  fails(tcx_session_resolve_endpoint(h.session, "two", tcx_value_from_json("{", 1)), TCX_EPARAM,
        "line 1, column 2: parse error: premature EOF");
  fails(tcx_session_resolve_endpoint(NULL, "two", NULL), UV_EINVAL, tcx_strerror(UV_EINVAL));
  fails(tcx_session_resolve_endpoint(h.session, NULL, NULL), UV_EINVAL, tcx_strerror(UV_EINVAL));
  tcx_session_close(h.session, NULL);
  fails(tcx_session_resolve_endpoint(h.session, "s3", NULL), TCX_ECLOSING,
        tcx_strerror(TCX_ECLOSING));
  uv_run(&h.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&h.loop), 0);
}

static int without_memory(void *ctx) {
  struct here h;
  int status = begin(&h);
  (void)ctx;
  if (status != 0) {
    assert_int_equal(uv_loop_close(&h.loop), 0);
    return status;
  }
  tcx_value_t *v = tcx_session_resolve_endpoint(h.session, "two", tcx_params("{Schemes: V4}"));
  status = tcx_value_status(v);
  assert_true(status == 0 || status == UV_ENOMEM);
  if (status == 0)
    assert_string_equal(tcx_value_str(v, "properties.authSchemes[0].name"), "sigv4");
  tcx_value_free(v);
  if (status == 0) {
    v = tcx_session_resolve_endpoint(h.session, "two", tcx_params("{Wrong: [1]}"));
    assert_true(tcx_value_status(v) == TCX_EPARAM || tcx_value_status(v) == UV_ENOMEM);
    status = tcx_value_status(v) == TCX_EPARAM ? 0 : UV_ENOMEM;
    tcx_value_free(v);
  }
  end(&h);
  return status;
}

static void test_no_memory(void **state) {
  (void)state;
  test_fail_until_ok(without_memory, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_errors),
                                     cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
