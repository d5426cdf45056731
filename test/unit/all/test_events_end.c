/* How event streams end: exceptions, damage, retries, cancel and close. */
#include "events_help.h"

/* ---- what goes wrong ---- */

static void exceptions(void **state) {
  (void)state;
  for (int i = 0; i < EM_PROTOCOLS; i++) {
    struct watch s;
    struct tcx_buf body;
    em_begin(&body, i);
    em_words(&body, i, "one");
    em_exception(&body, "Over", em_document(i, "message", "enough"));
    em_words(&body, i, "never");
    watch_all(&s, i, &body, 10, false);
    assert_string_equal(s.log.data, "Words {\"Text\":\"one\"}\nOver {\"message\":\"enough\"}\n");
    assert_int_equal(s.ended, TCX_ECLIENT);
    assert_string_equal(s.code, "Over");
    assert_string_equal(s.msg, "An error occurred (Over) when calling the Watch operation: enough");
    assert_string_equal(s.type, "EventStreamError");
    assert_non_null(strstr(s.response,
                           "{\"Error\":{\"Code\":\"Over\",\"Message\":\"enough\"},\"message\":"
                           "\"enough\",\"ResponseMetadata\":{\"RequestId\":\"R1\","));
    const tcx_error_t *error = tcx_stream_error(s.stream);
    assert_string_equal(error->error_message, "enough");
    assert_string_equal(error->request_id, "R1");
    assert_int_equal(error->http_status, 200);
    assert_false(error->retryable);
    end(&s);
  }
  struct watch s;
  struct tcx_buf body;
  em_begin(&body, EM_REST_JSON);
  em_exception(&body, "Slow", TCX__STR("{}"));
  watch_all(&s, EM_REST_JSON, &body, 0, false);
  assert_string_equal(s.msg, "An error occurred (Slow) when calling the Watch operation: ");
  assert_true(tcx_stream_error(s.stream)->throttled);
  end(&s);
  static const struct {
    const char *headers[9], *log, *msg;
  } others[] = {
      {{":message-type", "exception", ":exception-type", "Strange"},
       "Strange\n",
       "An error occurred (Strange) when calling the Watch operation: some words"},
      {{":message-type", "error", ":error-code", "Internal", ":error-message", "it broke"},
       "Internal\n",
       "An error occurred (Internal) when calling the Watch operation: it broke"},
      {{":message-type", "error"},
       "\n",
       "An error occurred () when calling the Watch operation: some words"},
  };
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    em_begin(&body, EM_REST_JSON);
    ef_message(&body, others[k].headers, TCX__STR("some words"));
    watch_all(&s, EM_REST_JSON, &body, 0, false);
    assert_string_equal(s.log.data, others[k].log);
    assert_string_equal(s.msg, others[k].msg);
    assert_string_equal(s.type, "EventStreamError");
    end(&s);
  }
}

/* A stream that is not what it should be: what was complete before comes, then the end with its
 * reason. */
static void damage(void **state) {
  (void)state;
  static const char *const no_type[] = {":event-type", "Words", NULL},
                           *const odd_type[] = {":message-type", "what", ":event-type", "Words",
                                                NULL},
                           *const no_event[] = {":message-type", "event", NULL};
  /* clang-format off */
  const struct { const char *const *headers; const char *payload, *msg; } frames[] = {
      {no_type, "", "malformed event: no :message-type"},
      {odd_type, "", "malformed event: unknown :message-type"},
      {no_event, "", "malformed event: no :event-type"},
      {(const char *const[]){":message-type", "event", ":event-type", "Words", NULL}, "<R>", "malformed response: not XML near byte 3: the end comes too early"},
      {(const char *const[]){":message-type", "event", ":event-type", "Line", NULL}, "\xff", "malformed event: no UTF-8 in Text"},
      {(const char *const[]){":message-type", "event", ":event-type", "Mixed", "Count", "5", NULL}, "", "malformed event: wrong type of header Count"},
  };
  /* clang-format on */
  struct watch s;
  struct tcx_buf body;
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
    em_begin(&body, EM_REST_XML);
    em_words(&body, EM_REST_XML, "one");
    ef_message(&body, frames[i].headers, tcx__str(frames[i].payload));
    watch_all(&s, EM_REST_XML, &body, 0, false);
    assert_string_equal(s.log.data, "Words {\"Text\":\"one\"}\nTCX_EPROTO\n");
    assert_string_equal(s.msg, frames[i].msg);
    assert_string_equal(s.type, "ResponseParserError");
    end(&s);
  }
  for (int i = 0; i < 4; i++) {
    static const char *const texts[] = {
        "malformed event stream: its checksum is wrong",
        "malformed event stream: the checksum of its lengths is wrong",
        "the event stream ends inside an event", NULL};
    em_begin(&body, EM_REST_XML);
    em_words(&body, EM_REST_XML, "one");
    size_t at = body.len;
    em_words(&body, EM_REST_XML, "two");
    if (i == 0)
      body.data[body.len - 20] ^= 1;
    else if (i == 1)
      body.data[at] ^= 1;
    else
      body.len -= 5;
    watch_all(&s, EM_REST_XML, &body, i == 3 ? 5 : 0, false);
    assert_string_equal(s.log.data, "Words {\"Text\":\"one\"}\nTCX_EPROTO\n");
    if (texts[i] != NULL)
      assert_string_equal(s.msg, texts[i]);
    end(&s);
  }
}

/* Over json and rpc-v2-cbor the call is not answered before its initial-response. */
static void initial_responses(void **state) {
  (void)state;
  for (int i = EM_JSON; i <= EM_CBOR; i++) {
    struct watch s;
    struct tcx_buf body;
    tcx__buf_init(&body, NULL, 1 << 20);
    em_words(&body, i, "one");
    watch_all(&s, i, &body, 0, false);
    assert_null(s.stream);
    assert_int_equal(s.ended, TCX_EPROTO);
    assert_string_equal(s.msg,
                        "malformed event stream: its first event is Words, not initial-response");
    end(&s);
    tcx__buf_init(&body, NULL, 1 << 20);
    tcx__buf_adds(&body, "");
    watch_all(&s, i, &body, 0, false);
    assert_string_equal(s.msg, "the event stream ends before its initial-response");
    end(&s);
    tcx__buf_init(&body, NULL, 1 << 20);
    ef_event(&body, "initial-response", TCX__STR("{"));
    watch_all(&s, i, &body, 0, false);
    assert_int_equal(s.ended, TCX_EPROTO);
    assert_non_null(strstr(s.msg, i == EM_JSON ? "not JSON" : "not CBOR"));
    end(&s);
    tcx__buf_init(&body, NULL, 1 << 20);
    ef_event(&body, "initial-response",
             i == EM_JSON ? TCX__STR("{\"Stream\":{\"Words\":{}},\"Note\":\"n\"}")
                          : TCX__STR("\xa2\x66Stream\xa1\x65Words\xa0\x64Note\x61n"));
    watch_all(&s, i, &body, 0, false);
    /* the stream is no value */
    assert_non_null(strstr(s.response, "{\"Note\":\"n\",\"ResponseMetadata\""));
    end(&s);
    em_begin(&body, i);
    body.data[body.len - 1] ^= 1;
    watch_all(&s, i, &body, 0, false);
    assert_string_equal(s.msg, "malformed event stream: its checksum is wrong");
    end(&s);
    tcx__buf_init(&body, NULL, 1 << 20);
    em_exception(&body, "Over", em_document(i, "message", "no"));
    watch_all(&s, i, &body, 0, false);
    assert_int_equal(s.ended, TCX_ECLIENT);
    assert_string_equal(s.msg, "An error occurred (Over) when calling the Watch operation: no");
    assert_string_equal(s.type, "EventStreamError");
    assert_int_equal(s.w.server.requests, 1);
    end(&s);
  }
}

static void close_all(struct watch *s) {
  tcx_session_close(s->w.session, NULL);
  s->w.closed = true;
}
static void close_its_client(struct watch *s) { tcx_client_close(s->w.client, NULL); }
static tcx_call_t *under_way;
static void cancel(struct watch *s) {
  (void)s;
  tcx_call_cancel(under_way);
}
static void wait_longer(struct watch *s) { (void)s; }

/* A call that waits for its initial-response can be ended like any other. */
static void ends_while_it_waits(void **state) {
  (void)state;
  static const struct {
    void (*end)(struct watch *s);
    unsigned timeout_ms, read_timeout_ms;
    int status;
  } cases[] = {{cancel, 0, 0, TCX_ECANCELED},
               {close_its_client, 0, 0, TCX_ECANCELED},
               {close_all, 0, 0, TCX_ECANCELED},
               {wait_longer, 100, 0, UV_ETIMEDOUT},
               {wait_longer, 0, 100, UV_ETIMEDOUT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct watch s;
    struct tcx_buf body;
    em_begin(&body, EM_JSON);
    body.len -= 3; /* the last bytes do not come */
    struct tcx_buf response = em_response(&body, 3);
    const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}};
    begin(&s, EM_JSON, steps, 1);
    const tcx_call_options_t options = {.timeout_ms = cases[i].timeout_ms,
                                        .read_timeout_ms = cases[i].read_timeout_ms,
                                        .max_attempts = 1};
    assert_int_equal(
        tcx_client_start(s.w.client, "watch", NULL, &options, on_offer, &s, &under_way), 0);
    while (tcx_call_http_status(under_way) == 0)
      uv_run(&s.w.loop, UV_RUN_ONCE);
    whole_turns(&s.w, 5);
    assert_int_equal(s.offered, 0);
    cases[i].end(&s);
    whole_until(&s.w, &s.offered);
    assert_int_equal(s.ended, cases[i].status);
    assert_null(s.stream);
    whole_turns(&s.w, 5);
    assert_int_equal(s.offered, 1);
    tcx__buf_free(&response);
    end(&s);
  }
}

static void on_drained(tcx_client_t *client) { *(int *)tcx_client_data(client) = 1; }

/* A stream that came to its end leaves a connection that serves again; draining waits for it. */
static void leaves_the_connection(void **state) {
  (void)state;
  for (int i = 0; i < EM_PROTOCOLS; i++) {
    struct watch s;
    struct tcx_buf body;
    int drained = 0;
    em_begin(&body, i);
    em_words(&body, i, "x");
    struct tcx_buf response = em_response(&body, 0);
    const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}, DO(AGAIN)};
    begin(&s, i, steps, 2);
    tcx_client_options_t co = {.region = "us-east-1",
                               .endpoint_url = s.w.url,
                               .access_key = WHOLE_KEY,
                               .secret_key = WHOLE_SECRET,
                               .max_connections = 1,
                               .data = &drained};
    assert_int_equal(
        tcx_session_create_client(s.w.session, em_protocols[i].service, &co, &s.w.client), 0);
    for (int n = 0; n < 3; n++) {
      s.ended = s.offered = 0;
      call(&s, NULL);
      if (n == 2)
        tcx_client_drain(s.w.client, on_drained);
      whole_turns(&s.w, 3);
      assert_int_equal(drained, 0);
      assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
      whole_until(&s.w, &s.ended);
      assert_int_equal(s.ended, TCX_EOF);
      tcx_stream_close(s.stream);
      s.stream = NULL;
      free(s.response);
      s.response = NULL;
    }
    whole_until(&s.w, &drained);
    assert_int_equal(s.came, 3);
    assert_int_equal(s.w.server.accepted, 1);
    tcx__buf_free(&response);
    end(&s);
  }
}

/* What the service says is too fast is asked again, while the callback is owed. */
static void retries(void **state) {
  (void)state;
  struct watch s;
  struct tcx_buf slow, good;
  tcx__buf_init(&slow, NULL, 1 << 20);
  em_exception(&slow, "Slow", em_document(EM_JSON, "message", "wait"));
  struct tcx_buf first = em_response(&slow, 0);
  em_begin(&good, EM_JSON);
  em_words(&good, EM_JSON, "one");
  struct tcx_buf second = em_response(&good, 0);
  const struct fault_step steps[] = {{FAULT_SEND, first.data, first.len}, DO(REQUEST), DO(CLOSE)},
                          then[] = {DO(REQUEST), {FAULT_SEND, second.data, second.len}, DO(END)};
  begin(&s, EM_JSON, steps, 3);
  s.scripts[1] = then;
  s.w.server.script_count = 2;
  call(&s, NULL);
  assert_non_null(s.stream);
  assert_int_equal(s.w.server.requests, 2);
  assert_non_null(strstr(s.response, "\"RetryAttempts\":1"));
  assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
  whole_until(&s.w, &s.ended);
  assert_string_equal(s.log.data, "Words {\"Text\":\"one\"}\nEOF\n");
  tcx__buf_free(&first);
  tcx__buf_free(&second);
  end(&s);
}

/* ---- closing ---- */

static void drop(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  assert_null(error);
  *(int *)tcx_call_data(call) += 1;
}
static void close_stream(struct watch *s) {
  tcx_stream_close(s->stream);
  s->stream = NULL;
  s->ended = 1;
}
static void close_client(struct watch *s) {
  if (s->came == 2)
    tcx_client_close(s->w.client, NULL);
}
static void close_session(struct watch *s) {
  if (s->came != 2)
    return;
  tcx_session_close(s->w.session, NULL);
  s->w.closed = true;
}
static void stop(struct watch *s) { tcx_stream_read_stop(s->stream); }

/* Many events that come at once, and no end. */
static void begin_long(struct watch *s, int protocol, struct tcx_buf *response) {
  struct tcx_buf body;
  em_begin(&body, protocol);
  for (int n = 0; n < 100; n++)
    em_words(&body, protocol, "x");
  *response = em_response(&body, 1000000);
  const struct fault_step steps[] = {{FAULT_SEND, response->data, response->len}};
  begin(s, protocol, steps, 1);
}

static void closes(void **state) {
  (void)state;
  static const struct {
    void (*on_event)(struct watch *s);
    const char *log;
  } cases[] = {
      {close_stream, "Words {\"Text\":\"x\"}\n"},
      {close_client, "Words {\"Text\":\"x\"}\nWords {\"Text\":\"x\"}\nTCX_ECANCELED\n"},
      {close_session, "Words {\"Text\":\"x\"}\nWords {\"Text\":\"x\"}\nTCX_ECANCELED\n"},
  };
  for (int i = 0; i < EM_PROTOCOLS; i++) {
    struct watch s;
    struct tcx_buf response;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
      begin_long(&s, i, &response);
      call(&s, NULL);
      s.on_event = cases[k].on_event;
      assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
      whole_until(&s.w, &s.ended);
      whole_turns(&s.w, 3);
      const char *log = cases[k].log;
      if (strstr(s.log.data, "ECANCELED") != NULL)
        assert_int_equal(s.ended, TCX_ECANCELED);
      assert_int_equal(whole_count(s.log.data, "Words"), whole_count(log, "Words"));
      tcx__buf_free(&response);
      end(&s);
    }
    int calls = 0; /* not taken */
    begin_long(&s, i, &response);
    assert_int_equal(tcx_client_call(s.w.client, "watch", NULL, drop, &calls), 0);
    whole_until(&s.w, &calls);
    while (s.w.client->active > 0)
      uv_run(&s.w.loop, UV_RUN_ONCE);
    tcx__buf_free(&response);
    end(&s);
    begin_long(&s, i, &response); /* taken, never read */
    call(&s, NULL);
    tcx__buf_free(&response);
    end(&s);
    for (int close = 0; close < 3; close++) { /* stopped, with events held */
      begin_long(&s, i, &response);
      call(&s, NULL);
      s.on_event = stop;
      assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
      whole_until(&s.w, &s.came);
      if (close == 1)
        tcx_client_close(s.w.client, NULL);
      if (close == 2)
        assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
      if (close == 1)
        whole_turns(&s.w, 3);
      if (close == 1)
        assert_int_equal(tcx_stream_events_start(s.stream, on_event), TCX_ECLOSING);
      tcx__buf_free(&response);
      end(&s);
      assert_int_equal(s.came, 1);
    }
  }
}

/* A server that is silent, or gone, while the reader has stopped: it finds out when it reads on. */
static void breaks_while_stopped(void **state) {
  (void)state;
  struct watch s;
  struct tcx_buf body;
  em_begin(&body, EM_REST_JSON);
  em_words(&body, EM_REST_JSON, "x");
  struct tcx_buf response = em_response(&body, 100);
  const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}, DO(RESET)};
  begin(&s, EM_REST_JSON, steps, 2);
  call(&s, NULL);
  s.on_event = stop;
  assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
  whole_until(&s.w, &s.came);
  whole_turns(&s.w, 10);
  assert_int_equal(s.ended, 0);
  assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
  whole_until(&s.w, &s.ended);
  assert_true(s.ended == UV_ECONNRESET || s.ended == TCX_EPROTO);
  tcx__buf_free(&response);
  end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exceptions),
      cmocka_unit_test(damage),
      cmocka_unit_test(initial_responses),
      cmocka_unit_test(ends_while_it_waits),
      cmocka_unit_test(leaves_the_connection),
      cmocka_unit_test(retries),
      cmocka_unit_test(closes),
      cmocka_unit_test(breaks_while_stopped),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
