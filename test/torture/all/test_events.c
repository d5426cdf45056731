/*
 * Event streams while one allocation after the other fails: nothing leaks, the callbacks that are
 * owed come, and each failure says that memory was out.
 */
#include "event_models.h"
#include "torture.h"
#include "whole.h"

/* One stream: what answers the call, and how it ends. Made before any allocation fails. */
struct scenario {
  int protocol, end;
  size_t max_body;
  char *response;
  size_t len;
};

struct run {
  const struct scenario *scenario;
  struct whole w;
  struct fault_step steps[4];
  const struct fault_step *scripts[1];
  tcx_stream_t *stream;
  int status, done, stopped;
  unsigned events;
};

/* The reader stops after each event. */
static void on_event(tcx_stream_t *stream, int status, const char *event,
                     const tcx_value_t *payload) {
  struct run *r = tcx_stream_data(stream);
  r->stopped = 1;
  if (status == 0) {
    assert_non_null(event);
    assert_int_equal(tcx_value_type(payload, NULL), TCX_MAP);
    r->events++;
    tcx_stream_read_stop(stream);
    return;
  }
  r->status = status;
}

static void on_answer(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct run *r = tcx_call_data(call);
  assert_true((response == NULL) != (error == NULL));
  r->stream = tcx_call_take_stream(call, r);
  r->status = error != NULL ? error->status : 0;
  if (r->scenario->max_body > 0 && response != NULL)
    r->events = (unsigned)tcx_value_len(response, "Stream");
  r->done = 1;
}

static void read_events(struct run *r) {
  while (r->status == 0) {
    r->stopped = 0;
    int err = tcx_stream_events_start(r->stream, on_event);
    if (err != 0)
      r->status = err;
    else
      whole_until(&r->w, &r->stopped);
  }
  assert_true(r->status == UV_ENOMEM || tcx_stream_error(r->stream) == NULL ||
              tcx_stream_error(r->stream)->msg != NULL);
}

static int begin(struct run *r) {
  r->steps[0] = (struct fault_step)DO(REQUEST);
  r->steps[1] = (struct fault_step){FAULT_SEND, r->scenario->response, r->scenario->len};
  r->scripts[0] = r->steps;
  tcx_session_options_t so = {.data_path = mf.path};
  int err = whole_try_begin(&r->w, r->scripts, 1, &so, NULL);
  if (err != 0)
    return err;
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = r->w.url,
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET};
  return tcx_session_create_client(r->w.session, em_protocols[r->scenario->protocol].service, &co,
                                   &r->w.client);
}

static int watch(void *ctx) {
  struct run r = {.scenario = ctx};
  const tcx_call_options_t options = {.max_body = r.scenario->max_body};
  r.status = begin(&r);
  if (r.status == 0)
    r.status = tcx_client_start(r.w.client, "watch", NULL, &options, on_answer, &r, NULL);
  if (r.status == 0)
    whole_until(&r.w, &r.done);
  if (r.stream != NULL)
    read_events(&r);
  tcx_stream_close(r.stream);
  whole_end(&r.w);
  if (r.status == UV_ENOMEM)
    return r.status;
  assert_int_equal(r.status, r.scenario->end);
  assert_int_equal(r.events, 3); /* none was left out */
  return 0;
}

static void torture(int protocol, bool exception, size_t max_body) {
  struct scenario scenario = {.protocol = protocol,
                              .max_body = max_body,
                              .end = exception      ? TCX_ECLIENT
                                     : max_body > 0 ? 0
                                                    : TCX_EOF};
  struct tcx_buf body;
  em_begin(&body, protocol);
  em_words(&body, protocol, "one");
  ef_event(&body, "Bytes", TCX__STR("abc"));
  ef_event(&body, "New", TCX__STR(""));
  em_words(&body, protocol, "two");
  if (exception)
    em_exception(&body, "Over", em_document(protocol, "Part", "p"));
  struct tcx_buf response = em_response(&body, 0);
  scenario.response = malloc(response.len);
  scenario.len = response.len;
  memcpy(scenario.response, response.data, response.len);
  tcx__buf_free(&response);
  test_fail_until_ok(watch, &scenario);
  free(scenario.response);
}

static void xml(void **state) {
  (void)state;
  torture(EM_REST_XML, false, 0);
}
static void json(void **state) {
  (void)state;
  torture(EM_JSON, true, 0);
}
static void cbor(void **state) {
  (void)state;
  torture(EM_CBOR, true, 0);
}
static void whole_body(void **state) {
  (void)state;
  torture(EM_CBOR, false, 10000);
}

static int setup(void **state) {
  (void)state;
  em_begin_models();
  whole_unset_environment();
  return 0;
}
static int teardown(void **state) {
  (void)state;
  mf_end();
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(xml), cmocka_unit_test(json),
                                     cmocka_unit_test(cbor), cmocka_unit_test(whole_body)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
