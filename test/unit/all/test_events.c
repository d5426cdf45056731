/*
 * Event streams, whole: event by event in all four protocols, backpressure, exceptions, streams
 * that are cut or wrong, max_body, and closing in every state.
 */
#include "event_models.h"
#include "torture.h"
#include "whole.h"

struct watch {
  struct whole w;
  struct fault_step steps[8];
  const struct fault_step *scripts[2];
  tcx_stream_t *stream;
  struct tcx_buf log;          /* what came, one line an event */
  int offered, came, ended;    /* ended: the last status */
  unsigned stop_every;         /* > 0: the reader stops after so many events */
  char *response, *code, *msg; /* of the call or of the stream's error */
  const char *type;
  void (*on_event)(struct watch *s); /* called after each event */
};

static void keep_error(struct watch *s, const tcx_error_t *error) {
  s->ended = error->status;
  s->code = whole_copy(error->code);
  s->msg = whole_copy(error->msg);
  s->type = tcx_error_type_name(error);
  free(s->response);
  s->response = NULL;
  if (error->response != NULL)
    assert_int_equal(tcx_value_to_json(error->response, &s->response, NULL), 0);
}

/* The stream is taken and not read. */
static void on_offer(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct watch *s = tcx_call_data(call);
  s->offered++;
  if (error != NULL) {
    keep_error(s, error);
    return;
  }
  assert_int_equal(tcx_value_to_json(response, &s->response, NULL), 0);
  s->stream = tcx_call_take_stream(call, s);
  assert_non_null(s->stream);
  assert_string_equal(tcx_stream_member(s->stream), "Stream");
}

static void on_event(tcx_stream_t *stream, int status, const char *event,
                     const tcx_value_t *payload) {
  struct watch *s = tcx_stream_data(stream);
  char *json = NULL;
  assert_int_equal(s->ended, 0);
  if (payload != NULL)
    assert_int_equal(tcx_value_to_json(payload, &json, NULL), 0);
  tcx__buf_printf(&s->log, "%s%s%s\n", event != NULL ? event : tcx_err_name(status),
                  json != NULL ? " " : "", json != NULL ? json : "");
  tcx_free(json);
  if (status != 0) {
    s->ended = status;
    const tcx_error_t *error = tcx_stream_error(stream);
    assert_int_equal(error != NULL, status != TCX_EOF);
    if (error != NULL)
      keep_error(s, error);
    return;
  }
  s->came++;
  if (s->stop_every > 0 && (unsigned)s->came % s->stop_every == 0)
    tcx_stream_read_stop(stream);
  if (s->on_event != NULL)
    s->on_event(s);
}

/* A client of the protocol's service on a server that answers with the steps after a request. */
static void begin(struct watch *s, int protocol, const struct fault_step *steps, unsigned n) {
  memset(s, 0, sizeof *s);
  tcx__buf_init(&s->log, NULL, 1u << 24);
  tcx__buf_adds(&s->log, "");
  s->steps[0] = (struct fault_step)DO(REQUEST);
  memcpy(s->steps + 1, steps, n * sizeof *steps);
  s->scripts[0] = s->steps;
  whole_begin_with(&s->w, s->scripts, 1, &(tcx_session_options_t){.data_path = mf.path}, NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = s->w.url,
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET};
  assert_int_equal(
      tcx_session_create_client(s->w.session, em_protocols[protocol].service, &co, &s->w.client),
      0);
}

static void call(struct watch *s, const tcx_call_options_t *options) {
  assert_int_equal(
      tcx_client_start(s->w.client, "watch", tcx_params("{Topic: t}"), options, on_offer, s, NULL),
      0);
  whole_until(&s->w, &s->offered);
}

static void end(struct watch *s) {
  tcx_stream_close(s->stream);
  whole_end(&s->w);
  tcx__buf_free(&s->log);
  free(s->response);
  free(s->code);
  free(s->msg);
}

/* The whole stream, read to its end; the body is freed. */
static void watch_all(struct watch *s, int protocol, struct tcx_buf *body, size_t missing,
                      bool bytewise) {
  struct tcx_buf response = em_response(body, missing);
  const struct fault_step steps[] = {
      {bytewise ? FAULT_SEND_BYTEWISE : FAULT_SEND, response.data, response.len}, DO(CLOSE)};
  begin(s, protocol, steps, missing > 0 ? 2 : 1);
  call(s, NULL);
  if (s->stream != NULL) {
    assert_int_equal(tcx_stream_events_start(s->stream, on_event), 0);
    whole_until(&s->w, &s->ended);
  }
  tcx__buf_free(&response);
}

/* ---- what comes ---- */

static void add_mixed(struct tcx_buf *body, int protocol) {
  static const struct tcx_event_header list[] = {
      {.name = {":message-type", 13}, .type = TCX__EVENT_STRING, .bytes = {"event", 5}},
      {.name = {":event-type", 11}, .type = TCX__EVENT_STRING, .bytes = {"Mixed", 5}},
      {.name = {"Flag", 4}, .type = TCX__EVENT_TRUE},
      {.name = {"Count", 5}, .type = TCX__EVENT_INT8, .integer = -5},
      {.name = {"Key", 3}, .type = TCX__EVENT_BYTES, .bytes = {"\0\1", 2}},
      {.name = {"When", 4}, .type = TCX__EVENT_TIMESTAMP, .integer = -500},
      {.name = {"other", 5}, .type = TCX__EVENT_UUID, .bytes = {"0123456789abcdef", 16}}};
  struct tcx_buf headers;
  tcx__buf_init(&headers, NULL, 1 << 16);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    ef_header(&headers, &list[i]);
  ef_frame(body, tcx__buf_str(&headers), em_document(protocol, "Text", "m"));
  tcx__buf_free(&headers);
}

static void add_all(struct tcx_buf *body, int protocol) {
  em_words(body, protocol, "one");
  ef_event(body, "Words", TCX__STR(""));
  ef_event(body, "Bytes", TCX__STR("a\0b"));
  ef_event(body, "Bytes", TCX__STR(""));
  ef_event(body, "New", TCX__STR("what is this"));
  ef_event(body, "Line", TCX__STR("{\xc3\xa4}"));
  ef_event(body, "Tree", em_document(protocol, "Text", "leaf"));
  add_mixed(body, protocol);
}
#define ALL                                                                                        \
  "Words {\"Text\":\"one\"}\nWords {}\nBytes {\"Data\":\"YQBi\"}\nBytes {\"Data\":\"\"}\nLine "    \
  "{\"Text\":\"{\xc3\xa4}\"}\nTree {\"Leaf\":{\"Text\":\"leaf\"}}\n"                               \
  "Mixed {"
static const char all_json[] = ALL "\"Text\":\"m\",\"Flag\":true,\"Count\":-5,\"When\":\"1969-12-"
                                   "31T23:59:59.500000Z\",\"Key\":\"AAE=\"}\nEOF\n";

static void delivers(void **state) {
  (void)state;
  for (int i = 0; i < EM_PROTOCOLS; i++)
    for (int bytewise = 0; bytewise < 2; bytewise++) {
      struct watch s;
      struct tcx_buf body;
      em_begin(&body, i);
      add_all(&body, i);
      watch_all(&s, i, &body, 0, bytewise);
      assert_string_equal(s.log.data, all_json);
      assert_int_equal(s.ended, TCX_EOF);
      assert_non_null(strstr(s.response, "{\"Note\":\"hello\",\"ResponseMetadata\":{\"RequestId\":"
                                         "\"R1\",\"HTTPStatusCode\":200,"));
      assert_null(tcx_stream_error(s.stream));
      assert_int_equal(tcx_stream_events_start(s.stream, on_event), TCX_ECLOSING); /* it is over */
      end(&s);
    }
}

static void on_bytes(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  (void)stream, (void)n, (void)buf;
}
static void on_done(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  (void)stream, (void)status, (void)whole;
}

/* Events are read as events, bytes as bytes; a stream that is not read does not hold the loop. */
static void starts(void **state) {
  (void)state;
  struct watch s;
  struct tcx_buf body;
  em_begin(&body, EM_JSON);
  em_words(&body, EM_JSON, "one");
  struct tcx_buf response = em_response(&body, 0);
  const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}};
  begin(&s, EM_JSON, steps, 1);
  call(&s, NULL);
  whole_turns(&s.w, 5);
  assert_int_equal(s.came, 0);
  assert_int_equal(s.w.session->holds, 0);
  assert_int_equal(tcx_stream_read_start(s.stream, on_bytes), UV_EINVAL);
  assert_int_equal(tcx_stream_read_all(s.stream, 100, on_done), UV_EINVAL);
  assert_int_equal(tcx_stream_to_file(s.stream, 1, 0, on_done), UV_EINVAL);
  assert_int_equal(tcx_stream_events_start(s.stream, NULL), UV_EINVAL);
  assert_int_equal(tcx_stream_events_start(NULL, on_event), UV_EINVAL);
  assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
  /* again: the callback may change */
  assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
  assert_int_equal(s.came, 0);
  assert_int_equal(s.w.session->holds, 1);
  whole_until(&s.w, &s.ended);
  assert_string_equal(s.log.data, "Words {\"Text\":\"one\"}\nEOF\n");
  assert_int_equal(s.w.session->holds, 0);
  tcx__buf_free(&response);
  end(&s);
}

/* After read_stop no event comes, however many were in one read; every one comes in the end, in
 * order. */
static void stops(void **state) {
  (void)state;
  for (int i = 0; i < EM_PROTOCOLS; i++)
    for (unsigned every = 1; every <= 3; every++) {
      struct watch s;
      struct tcx_buf body, expected;
      char text[16];
      em_begin(&body, i);
      tcx__buf_init(&expected, NULL, 1 << 20);
      for (int n = 0; n < 3000; n++) {
        snprintf(text, sizeof text, "%d", n);
        em_words(&body, i, text);
        tcx__buf_printf(&expected, "Words {\"Text\":\"%d\"}\n", n);
      }
      tcx__buf_adds(&expected, "EOF\n");
      struct tcx_buf response = em_response(&body, 0);
      const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}};
      begin(&s, i, steps, 1);
      call(&s, NULL);
      s.stop_every = every;
      while (s.ended == 0) {
        int came = s.came;
        assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
        assert_int_equal(s.came, came); /* not from inside */
        while (s.ended == 0 && s.came < came + (int)every)
          uv_run(&s.w.loop, UV_RUN_ONCE);
        came = s.came;
        if (s.ended == 0)
          whole_turns(&s.w, 3);
        assert_int_equal(s.came, came);
      }
      assert_string_equal(s.log.data, expected.data);
      tcx__buf_free(&expected);
      tcx__buf_free(&response);
      end(&s);
    }
}

static void stop_and_go(struct watch *s) {
  tcx_stream_read_stop(s->stream);
  assert_int_equal(tcx_stream_events_start(s->stream, on_event), 0);
  if (s->came % 2 == 0)
    tcx_stream_read_stop(s->stream);
}
/* Stopped and started again inside the callback. */
static void stops_inside(void **state) {
  (void)state;
  struct watch s;
  struct tcx_buf body;
  em_begin(&body, EM_CBOR);
  for (int n = 0; n < 20; n++)
    em_words(&body, EM_CBOR, "x");
  struct tcx_buf response = em_response(&body, 0);
  const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}};
  begin(&s, EM_CBOR, steps, 1);
  call(&s, NULL);
  s.on_event = stop_and_go;
  for (int n = 2; n <= 20; n += 2) {
    assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
    while (s.came < n)
      uv_run(&s.w.loop, UV_RUN_ONCE);
    whole_turns(&s.w, 3);
    assert_int_equal(s.came, n);
  }
  assert_int_equal(tcx_stream_events_start(s.stream, on_event), 0);
  whole_until(&s.w, &s.ended);
  assert_int_equal(s.ended, TCX_EOF);
  tcx__buf_free(&response);
  end(&s);
}

/* Events larger than a read, and an empty stream. */
static void sizes(void **state) {
  (void)state;
  struct watch s;
  struct tcx_buf body, large;
  tcx__buf_init(&large, NULL, 1u << 25);
  tcx__buf_reserve(&large, 3000000);
  memset(large.data, 'x', large.len = 3000000);
  em_begin(&body, EM_REST_XML);
  for (int i = 0; i < 3; i++) {
    ef_event(&body, "Bytes", tcx__buf_str(&large));
    em_words(&body, EM_REST_XML, "small");
  }
  watch_all(&s, EM_REST_XML, &body, 0, false);
  assert_int_equal(s.ended, TCX_EOF);
  assert_int_equal(s.came, 6);
  assert_true(s.log.len > 3 * 4000000);
  end(&s);
  em_begin(&body, EM_REST_XML);
  watch_all(&s, EM_REST_XML, &body, 0, false);
  assert_string_equal(s.log.data, "EOF\n");
  end(&s);
  tcx__buf_free(&large);
}

static size_t first_count;
static void count_between(struct watch *s) {
  if (s->came == 1000)
    test_count_begin();
  if (s->came == 10000)
    assert_int_equal(test_count_end(&first_count), 0);
}
static void drop_event(tcx_stream_t *stream, int status, const char *event,
                       const tcx_value_t *payload) {
  struct watch *s = tcx_stream_data(stream);
  s->ended = status;
  if (status != 0)
    return;
  assert_string_equal(event, "Words");
  assert_string_equal(tcx_value_str(payload, "Text"), "again");
  s->came++;
  count_between(s);
}
/* Ten thousand events need no more memory than one. */
static void needs_constant_memory(void **state) {
  (void)state;
  for (int i = 0; i < EM_PROTOCOLS; i++) {
    struct watch s;
    struct tcx_buf body, frame;
    em_begin(&body, i);
    tcx__buf_init(&frame, NULL, 1 << 16);
    em_words(&frame, i, "again");
    struct tcx_buf response = em_response(&body, frame.len * 10000), many;
    tcx__buf_init(&many, NULL, 1u << 26);
    for (int n = 0; n < 10000; n++)
      tcx__buf_add_str(&many, tcx__buf_str(&frame));
    const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len},
                                       {FAULT_SEND, many.data, many.len}};
    begin(&s, i, steps, 2);
    call(&s, NULL);
    assert_int_equal(tcx_stream_events_start(s.stream, drop_event), 0);
    whole_until(&s.w, &s.ended);
    assert_int_equal(s.ended, TCX_EOF);
    assert_int_equal(s.came, 10000);
    tcx__buf_free(&many);
    tcx__buf_free(&frame);
    tcx__buf_free(&response);
    end(&s);
  }
}

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
       "An error occurred (Strange) when calling the Watch operation: "},
      {{":message-type", "error", ":error-code", "Internal", ":error-message", "it broke"},
       "Internal\n",
       "An error occurred (Internal) when calling the Watch operation: it broke"},
      {{":message-type", "error"}, "\n", "An error occurred () when calling the Watch operation: "},
  };
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    em_begin(&body, EM_REST_JSON);
    ef_message(&body, others[k].headers, TCX__STR("not looked at"));
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
      {(const char *const[]){":message-type", "exception", ":exception-type", "Over", NULL}, "<R", "malformed response: not XML near byte 2: the end comes too early"},
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

/* ---- max_body ---- */

/* One call with max_body; the body is freed. */
static void watch_whole(struct watch *s, int protocol, struct tcx_buf *body, size_t max) {
  struct tcx_buf response = em_response(body, 0);
  const struct fault_step steps[] = {{FAULT_SEND, response.data, response.len}};
  begin(s, protocol, steps, 1);
  struct outcome o =
      whole_call(&s->w, "watch", NULL, &(tcx_call_options_t){.max_body = max, .max_attempts = 1});
  s->ended = o.status;
  s->msg = whole_copy(o.msg);
  s->code = whole_copy(o.code);
  if (o.response != NULL)
    assert_int_equal(tcx_value_to_json(o.response, &s->response, NULL), 0);
  outcome_free(&o);
  tcx__buf_free(&response);
}

static void whole_streams(void **state) {
  (void)state;
  for (int i = 0; i < EM_PROTOCOLS; i++) {
    struct watch s;
    struct tcx_buf body;
    em_begin(&body, i);
    em_words(&body, i, "one");
    ef_event(&body, "New", TCX__STR(""));
    ef_event(&body, "Bytes", TCX__STR("abc"));
    size_t size = body.len;
    watch_whole(&s, i, &body, size);
    assert_int_equal(s.ended, 0);
    assert_non_null(strstr(s.response,
                           "{\"Note\":\"hello\",\"Stream\":[{\"Words\":{\"Text\":\"one\"}},{"
                           "\"Bytes\":{\"Data\":\"YWJj\"}}],\"ResponseMetadata\":"));
    end(&s);
    em_begin(&body, i);
    em_words(&body, i, "one");
    watch_whole(&s, i, &body, body.len - 1);
    assert_int_equal(s.ended, TCX_ETOOBIG);
    end(&s);
    em_begin(&body, i);
    em_words(&body, i, "one");
    em_exception(&body, "Over", em_document(i, "Part", "p"));
    watch_whole(&s, i, &body, 10000);
    assert_int_equal(s.ended, TCX_ECLIENT);
    assert_string_equal(s.code, "Over");
    assert_non_null(strstr(s.response, "\"Part\":\"p\""));
    end(&s);
    em_begin(&body, i);
    em_words(&body, i, "one");
    body.len--;
    watch_whole(&s, i, &body, 10000);
    assert_int_equal(s.ended, TCX_EPROTO);
    assert_string_equal(s.msg, "the event stream ends inside an event");
    end(&s);
  }
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
  /* clang-format off */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(delivers),      cmocka_unit_test(starts),        cmocka_unit_test(stops),   cmocka_unit_test(stops_inside),         cmocka_unit_test(sizes),
      cmocka_unit_test(needs_constant_memory), cmocka_unit_test(exceptions), cmocka_unit_test(damage), cmocka_unit_test(initial_responses), cmocka_unit_test(retries), cmocka_unit_test(ends_while_it_waits), cmocka_unit_test(leaves_the_connection),
      cmocka_unit_test(whole_streams), cmocka_unit_test(closes),        cmocka_unit_test(breaks_while_stopped),
  };
  /* clang-format on */
  return cmocka_run_group_tests(tests, setup, teardown);
}
