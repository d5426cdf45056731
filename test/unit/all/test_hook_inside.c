/* What may happen inside a hook, at each point: the wrong thing, and everything that ends a
 * call. */
#include "hooks_help.h"

/* ---- the wrong thing at the wrong time ---- */

static const struct point {
  const char *name;
  bool params, builtin, answer, answer_http, header, request, set_body, signer, response, error,
      retry, read;
} all_points[] = {
    {.name = "provide-client-params", .params = true},
    {.name = "before-parameter-build", .params = true},
    {.name = "before-endpoint-resolution", .builtin = true},
    {.name = "before-call",
     .answer = true,
     .header = true,
     .request = true,
     .set_body = true,
     .read = true},
    {.name = "choose-signer", .signer = true, .read = true},
    {.name = "request-created", .header = true, .request = true, .read = true},
    {.name = "before-sign", .header = true, .request = true, .read = true},
    {.name = "before-send", .answer_http = true, .header = true, .read = true},
    {.name = "before-parse", .read = true},
    {.name = "response-received", .response = true, .error = true, .read = true},
    {.name = "needs-retry", .response = true, .error = true, .retry = true, .read = true},
    {.name = "after-call", .response = true, .error = true, .read = true},
    {.name = "after-call-error", .error = true, .read = true},
};
#define POINTS (sizeof all_points / sizeof all_points[0])

static int points_passed;
static void check_refused(tcx_call_t *call, const struct point *p) {
  if (!p->params)
    assert_null(tcx_request_params(call));
  if (!p->builtin)
    assert_int_equal(tcx_request_set_builtin(call, "AWS::Region", "x"), UV_EINVAL);
  if (!p->answer)
    assert_int_equal(tcx_call_answer(call, 200, tcx_value_new_map()), UV_EINVAL);
  if (!p->answer_http)
    assert_int_equal(tcx_call_answer_http(call, 200, NULL, NULL, 0), UV_EINVAL);
  if (!p->header)
    assert_int_equal(tcx_request_set_header(call, "a", "b"), UV_EINVAL);
  if (!p->request) {
    assert_int_equal(tcx_request_set_method(call, "GET"), UV_EINVAL);
    assert_int_equal(tcx_request_set_url(call, "http://a/"), UV_EINVAL);
  }
  if (!p->set_body)
    assert_int_equal(tcx_request_set_body(call, "a", 1), UV_EINVAL);
  if (!p->signer)
    assert_int_equal(tcx_request_set_unsigned(call), UV_EINVAL);
  if (!p->response)
    assert_null(tcx_hook_response(call));
  if (!p->error)
    assert_null(tcx_hook_error(call));
  if (!p->retry) {
    assert_int_equal(tcx_hook_retry(call, 1), UV_EINVAL);
    assert_int_equal(tcx_hook_no_retry(call), UV_EINVAL);
  }
  assert_true((tcx_request_method(call) != NULL) == p->read);
  assert_true((tcx_request_url(call) != NULL) == p->read);
  if (!p->read)
    assert_null(tcx_request_body(call, NULL));
}
static int refused(tcx_call_t *call, const char *event, void *data) {
  const struct point *p = data;
  assert_memory_equal(event, p->name, strlen(p->name));
  points_passed++;
  check_refused(call, p);
  assert_int_equal(tcx_hook_fail(call, 0, "x"), UV_EINVAL);
  assert_int_equal(tcx_hook_fail(call, TCX_ECLIENT, "x"), UV_EINVAL);
  assert_int_equal(tcx_hook_fail(call, UV_EIO, NULL), UV_EINVAL);
  return 0;
}

static void test_wrong_time(void **state) {
  (void)state;
  struct whole w;
  static const struct point nowhere = {.name = ""};
  for (int failing = 0; failing < 2; failing++) {
    whole_begin(
        &w, failing ? NULL : ok_scripts, 1,
        failing ? &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1", .max_attempts = 1}
                : NULL);
    points_passed = 0;
    for (size_t i = 0; i < POINTS; i++)
      on(&w, all_points[i].name, refused, (void *)(uintptr_t)&all_points[i]);
    struct outcome o;
    tcx_call_t *call;
    whole_start_to(&w, "put_object", put_params(), NULL, &o, &call);
    tcx_call_retain(call);
    check_refused(call, &nowhere);
    whole_until(&w, &o.calls);
    check_refused(call, &nowhere);
    tcx_call_release(call);
    assert_int_equal(o.status, failing ? UV_ECONNREFUSED : 0);
    assert_int_equal(points_passed, failing ? 11 : 12);
    outcome_free(&o);
    whole_end(&w);
  }
  check_refused(NULL, &nowhere);
}

/* ---- what may happen inside ---- */

typedef enum {
  ACT_FAIL,
  ACT_FAIL_TEXT,
  ACT_BAD_RESULT,
  ACT_CANCEL,
  ACT_CLOSE_CLIENT,
  ACT_CLOSE_SESSION,
  ACT_OFF,
  ACT_OFF_ALL,
  ACT_START,
  ACT_DRAIN,
  ACT_ON,
  ACTS
} act;
struct inside {
  struct whole *w;
  act what;
  unsigned id;
  int ran, others;
};

static void other_cb(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  assert_true(error == NULL || error->status < 0);
  ((struct inside *)tcx_call_data(call))->others++;
}

static int do_inside(tcx_call_t *call, const char *event, void *data) {
  struct inside *in = data;
  (void)event;
  if (in->ran++ > 0)
    return 0;
  switch (in->what) {
  case ACT_FAIL:
    return UV_EIO;
  case ACT_FAIL_TEXT:
    return tcx_hook_fail(call, TCX_ECONFIG, "as the hook says");
  case ACT_BAD_RESULT:
    return TCX_EAGAIN;
  case ACT_CANCEL:
    tcx_call_cancel(call);
    tcx_call_cancel(call);
    break;
  case ACT_CLOSE_CLIENT:
    tcx_client_close(in->w->client, NULL);
    break;
  case ACT_CLOSE_SESSION:
    tcx_session_close(in->w->session, NULL);
    in->w->closed = true;
    break;
  case ACT_OFF:
    tcx_client_off(in->w->client, in->id);
    break;
  case ACT_OFF_ALL:
    for (unsigned id = 1; id < 30; id++)
      tcx_client_off(in->w->client, id);
    break;
  case ACT_START:
    assert_int_equal(tcx_client_call(in->w->client, "put_object", put_params(), other_cb, in), 0);
    break;
  case ACT_DRAIN:
    tcx_client_drain(in->w->client, NULL);
    break;
  case ACT_ON:
    assert_int_equal(tcx_client_on(in->w->client, "*", note, NULL, NULL), 0);
    break;
  default:
    break;
  }
  return 0;
}

static int expected_status(act what, bool after) {
  switch (what) {
  case ACT_FAIL:
    return UV_EIO;
  case ACT_FAIL_TEXT:
    return TCX_ECONFIG;
  case ACT_BAD_RESULT:
    return UV_EINVAL;
  case ACT_CANCEL:
  case ACT_CLOSE_CLIENT:
  case ACT_CLOSE_SESSION:
    return after ? 0 : TCX_ECANCELED; /* the outcome stood already */
  default:
    return 0;
  }
}

static const char *expected_text(act what) {
  return what == ACT_FAIL         ? " failed: i/o error"
         : what == ACT_FAIL_TEXT  ? "as the hook says"
         : what == ACT_BAD_RESULT ? "no status of a hook"
         : what == ACT_CANCEL     ? "The call was canceled"
                                  : NULL;
}

static void inside_one(const struct point *p, act what, const struct fault_step *const *scripts,
                       const char *operation, tcx_value_t *params, int otherwise) {
  struct whole w;
  struct inside in = {.w = &w, .what = what};
  bool streams = scripts == body_scripts, after = strncmp(p->name, "after-call", 10) == 0;
  whole_begin(&w, scripts, 1,
              scripts == NULL
                  ? &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1", .max_attempts = 1}
                  : NULL);
  on(&w, "*", note, NULL);
  assert_int_equal(tcx_client_on(w.client, p->name, do_inside, &in, &in.id), 0);
  on(&w, p->name, note, NULL);
  seen[0] = '\0';
  struct outcome o;
  memset(&o, 0, sizeof o);
  /* the hook may close the client before this returns */
  assert_int_equal(tcx_client_call(w.client, operation, params, outcome_cb, &o), 0);
  whole_until(&w, &o.calls);
  while (what == ACT_START && in.others == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  int status = expected_status(what, after && !streams);
  if (o.status != (status != 0 ? status : otherwise))
    fail_msg("%s, action %d of %s: %d %s", p->name, (int)what, operation, o.status, o.msg);
  if (status != 0 && expected_text(what) != NULL && strstr(o.msg, expected_text(what)) == NULL)
    fail_msg("%s, action %d: %s", p->name, (int)what, o.msg);
  assert_true(in.ran >= 1);
  outcome_free(&o);
  whole_end(&w);
}

static void test_inside(void **state) {
  (void)state;
  for (size_t i = 0; i < POINTS; i++) {
    bool error_only = strcmp(all_points[i].name, "after-call-error") == 0;
    for (int what = 0; what < ACTS; what++) {
      if (!error_only) {
        inside_one(&all_points[i], (act)what, ok_scripts, "put_object", put_params(), 0);
        inside_one(&all_points[i], (act)what, body_scripts, "get_object", key(), 0);
        inside_one(&all_points[i], (act)what, missing_scripts, "put_object", put_params(),
                   TCX_ECLIENT);
      }
      if (error_only || strcmp(all_points[i].name, "needs-retry") == 0 ||
          strcmp(all_points[i].name, "response-received") == 0)
        inside_one(&all_points[i], (act)what, NULL, "put_object", put_params(), UV_ECONNREFUSED);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wrong_time),
      cmocka_unit_test(test_inside),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
