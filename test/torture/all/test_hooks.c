/*
 * Hooks and the stubber while one allocation after the other fails: registering says so or is done,
 * every call gets its one callback, and nothing leaks.
 */
#include "hooks_help.h"
#include "torture_run.h"
#include <tucuxi/stubber.h>

static void step(struct run *r, int status) {
  if (r->status == 0)
    r->status = status;
}

static void call(struct run *r, const char *operation, tcx_value_t *params,
                 const tcx_call_options_t *options, int expected) {
  if (r->status != 0) {
    tcx_value_free(params);
    return;
  }
  outcome_free(&r->o);
  r->status = tcx_client_start(r->w.client, operation, params, options, outcome_cb, &r->o, NULL);
  if (r->status != 0)
    return;
  whole_until(&r->w, &r->o.calls);
  if (r->o.status != expected && r->o.status != UV_ENOMEM)
    fail_msg("%s: %s: %s", operation, tcx_err_name(r->o.status), r->o.msg);
  r->status = r->o.status == expected ? 0 : UV_ENOMEM;
}

/* Does what its event lets it do; out of memory is its result, as of a program that checks. */
static int change(tcx_call_t *call, const char *event, void *data) {
  (void)data;
  if (strncmp(event, "before-parameter", 16) == 0) {
    tcx_value_t *params = tcx_request_params(call);
    if (params == NULL)
      return UV_ENOMEM;
    tcx_value_set_str(params, "Metadata.a", "b");
    return tcx_value_status(params);
  }
  if (strncmp(event, "before-endpoint", 15) == 0)
    return tcx_request_set_builtin(call, "AWS::Region", "eu-west-1");
  if (strncmp(event, "before-call", 11) == 0 || strncmp(event, "request-created", 15) == 0 ||
      strncmp(event, "before-sign", 11) == 0) {
    const char *url = tcx_request_url(call);
    int err = url == NULL ? UV_ENOMEM : tcx_request_set_url(call, url);
    return err != 0 ? err : tcx_request_set_header(call, "X-Mine", event);
  }
  if (strncmp(event, "response-received", 17) == 0 || strncmp(event, "after-call.", 11) == 0)
    return tcx_hook_response(call) == NULL ? UV_ENOMEM : 0;
  return 0;
}

static int again(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  return tcx_call_attempt(call) == 1 ? tcx_hook_retry(call, 0) : 0;
}

static int changes(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, ok_scripts, 1) == 0) {
    step(&r, tcx_session_on(r.w.session, "*", note, NULL, NULL));
    step(&r, tcx_client_on(r.w.client, "*", change, NULL, NULL));
    step(&r, tcx_client_on(r.w.client, "needs-retry.s3.*", again, NULL, NULL));
    call(&r, "put_object", put_params(), NULL, 0);
  }
  return run_end(&r);
}

static int refuse(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  return tcx_hook_fail(call, TCX_ECONFIG, "as the hook says");
}

static int fails(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, ok_scripts, 1) == 0) {
    step(&r, tcx_client_on(r.w.client, "before-sign", refuse, NULL, NULL));
    call(&r, "put_object", put_params(), NULL, TCX_ECONFIG);
  }
  return run_end(&r);
}

static int answer_http(tcx_call_t *call, const char *event, void *data) {
  static const char *const headers[] = {"ETag: e", NULL};
  (void)event, (void)data;
  return tcx_call_answer_http(call, 200, headers, "hello", 5);
}

static int answers(void *ctx) {
  struct run r;
  (void)ctx;
  if (run_begin(&r, NULL, 0) == 0) {
    step(&r, tcx_client_on(r.w.client, "before-send", answer_http, NULL, NULL));
    call(&r, "get_object", key(), &(tcx_call_options_t){.max_body = 10}, 0);
    call(&r, "get_object", key(), NULL, 0);
  }
  return run_end(&r);
}

static int stubs(void *ctx) {
  struct run r;
  tcx_stubber_t *stubber = NULL;
  tcx_stub_error_t none = {.service_error_code = "NoSuchKey", .http_status_code = 404};
  (void)ctx;
  if (run_begin(&r, NULL, 0) == 0) {
    step(&r, tcx_stubber_new(r.w.client, &stubber));
    step(&r, r.status == 0 ? tcx_stubber_activate(stubber) : 0);
    if (r.status == 0)
      step(&r, tcx_stubber_add_response(stubber, "get_object",
                                        tcx_params("{Body: hello, LastModified: 5}"), key()));
    if (r.status == 0)
      step(&r, tcx_stubber_add_client_error(stubber, "get_object", &none));
    call(&r, "get_object", key(), NULL, 0);
    call(&r, "get_object", key(), NULL, TCX_ECLIENT);
    call(&r, "get_object", key(), NULL, TCX_ESTUB);
    tcx_stubber_free(stubber);
  }
  return run_end(&r);
}

static void on_log(tcx_log_level_t level, const char *area, const char *line,
                   const tcx_call_t *call, void *data) {
  (void)level, (void)area, (void)call;
  assert_null(strstr(line, WHOLE_SECRET));
  ++*(int *)data;
}

/* What cannot be shown for lack of memory is not, and the call does not mind. */
static int logs(void *ctx) {
  struct run r;
  int lines = 0;
  tcx_session_options_t so = {
      .log = on_log, .log_data = &lines, .log_level = TCX_LOG_TRACE, .log_wire = 100};
  tcx_client_options_t co = {.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET};
  (void)ctx;
  if (run_begin_with(&r, ok_scripts, 1, &so, &co) == 0)
    call(&r, "put_object", put_params(), NULL, 0);
  return run_end(&r);
}

static void test_changes(void **state) {
  (void)state;
  test_fail_until_ok(changes, NULL);
}
static void test_fails(void **state) {
  (void)state;
  test_fail_until_ok(fails, NULL);
}
static void test_answers(void **state) {
  (void)state;
  test_fail_until_ok(answers, NULL);
}
static void test_stubs(void **state) {
  (void)state;
  test_fail_until_ok(stubs, NULL);
}

static void test_logs(void **state) {
  (void)state;
  test_fail_until_ok(logs, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_changes), cmocka_unit_test(test_fails), cmocka_unit_test(test_answers),
      cmocka_unit_test(test_stubs),   cmocka_unit_test(test_logs),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
