/* What an event stream gives: events one by one, and all of them with max_body. */
#include "events_help.h"

/* ---- one by one ---- */

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
    em_exception(&body, "Over", TCX__STR("not a document"));
    watch_whole(&s, i, &body, 10000);
    assert_int_equal(s.ended, TCX_ECLIENT);
    assert_string_equal(s.code, "Over");
    assert_non_null(strstr(s.response, "{\"Code\":\"Over\",\"Message\":\"not a document\"}"));
    end(&s);
    em_begin(&body, i);
    em_exception(&body, "Newer", em_document(i, "message", "news"));
    watch_whole(&s, i, &body, 10000);
    assert_int_equal(s.ended, TCX_ECLIENT);
    assert_non_null(strstr(s.response, "{\"Code\":\"Newer\",\"Message\":\"news\"}"));
    end(&s);
    em_begin(&body, i);
    em_exception(&body, "Over", TCX__STR("\xff\xff"));
    watch_whole(&s, i, &body, 10000);
    assert_int_equal(s.ended, TCX_ECLIENT);
    assert_non_null(strstr(s.response, "{\"Code\":\"Over\",\"Message\":\"\"}"));
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(delivers),      cmocka_unit_test(starts),
      cmocka_unit_test(stops),         cmocka_unit_test(stops_inside),
      cmocka_unit_test(sizes),         cmocka_unit_test(needs_constant_memory),
      cmocka_unit_test(whole_streams),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
