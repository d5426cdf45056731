/*
 * Response bodies as streams, and request bodies as sources: backpressure both ways, reading to the
 * end into memory or a file, and how bodies go wrong.
 */
#include "whole.h"
#include <fcntl.h>
#include <sys/stat.h>

static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }

/* ---- reading ---- */

struct reader {
  struct whole *w;
  tcx_stream_t *stream;
  /* ended: a status; done: of done callbacks, with its status in done_status */
  int offered, ended, done;
  int done_status;
  size_t bytes, reads, pause_after;
  bool wrong; /* a byte was not the expected one */
  char *whole;
  size_t whole_len;
  tcx_value_t *response;
};

static void on_offer(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct reader *r = tcx_call_data(call);
  assert_null(error);
  r->offered++;
  r->response = tcx_value_copy(response);
  r->stream = tcx_call_take_stream(call, r);
  assert_non_null(r->stream);
  assert_null(tcx_call_take_stream(call, r)); /* once */
  assert_ptr_equal(tcx_stream_call(r->stream), call);
  assert_ptr_equal(tcx_stream_data(r->stream), r);
}

static void on_bytes(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct reader *r = tcx_stream_data(stream);
  assert_int_equal(r->ended, 0);
  if (n < 0) {
    r->ended = (int)n;
    return;
  }
  assert_true(n > 0 && (size_t)n <= buf->len);
  for (ssize_t i = 0; i < n; i++)
    r->wrong = r->wrong || buf->base[i] != (char)('0' + (r->bytes + (size_t)i) % 10);
  r->bytes += (size_t)n;
  r->reads++;
  if (r->pause_after > 0 && r->reads % r->pause_after == 0)
    tcx_stream_read_stop(stream);
}

static void on_done(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  struct reader *r = tcx_stream_data(stream);
  r->done++;
  r->done_status = status;
  if (whole != NULL) {
    r->whole = malloc(whole->len + 1);
    memcpy(r->whole, whole->base, whole->len);
    r->whole_len = whole->len;
  }
}

static void open_stream(struct whole *w, struct reader *r, const struct fault_step *const *scripts,
                        const tcx_client_options_t *co) {
  memset(r, 0, sizeof *r);
  r->w = w;
  whole_begin(w, scripts, 1, co);
  assert_int_equal(tcx_client_call(w->client, "get_object", key(), on_offer, r), 0);
  whole_until(w, &r->offered);
}
static void close_stream(struct whole *w, struct reader *r) {
  tcx_stream_close(r->stream);
  whole_end(w);
  tcx_value_free(r->response);
  free(r->whole);
}

#define MANY 200000 /* times ten digits */
static const struct fault_step many[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\nETag: \"e\"\r\n\r\n"),
    FILL("0123456789", MANY), DO(AGAIN)};
static const struct fault_step *const many_scripts[] = {many};

static void test_read(void **state) {
  (void)state;
  struct whole w;
  struct reader r;
  open_stream(&w, &r, many_scripts, NULL);
  assert_string_equal(tcx_value_str(r.response, "ETag"), "\"e\"");
  assert_int_equal(tcx_stream_length(r.stream), 2000000);
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
  whole_until(&w, &r.ended);
  assert_int_equal(r.ended, TCX_EOF);
  assert_int_equal(r.bytes, 2000000);
  assert_false(r.wrong);
  assert_null(tcx_stream_error(r.stream));
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), TCX_ECLOSING); /* it is over */
  /* The connection serves the next one. */
  struct outcome o =
      whole_call(&w, "get_object", key(), &(tcx_call_options_t){.max_body = 2000000});
  assert_int_equal(tcx_value_len(o.response, "Body"), 2000000);
  assert_int_equal(w.server.accepted, 1);
  outcome_free(&o);
  close_stream(&w, &r);
}

/* After read_stop nothing comes; every byte comes in the end, in order. */
static void test_backpressure(void **state) {
  (void)state;
  for (size_t after = 1; after <= 3; after++) {
    struct whole w;
    struct reader r;
    open_stream(&w, &r, many_scripts, &(tcx_client_options_t){.max_connections = 1});
    whole_turns(&w, 10);
    assert_int_equal(r.bytes, 0);
    r.pause_after = after;
    assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
    while (r.ended == 0) {
      size_t reads = r.reads;
      while (r.reads < reads + after && r.ended == 0)
        uv_run(&w.loop, UV_RUN_ONCE);
      if (r.ended != 0)
        break;
      reads = r.reads;
      whole_turns(&w, 3);
      assert_int_equal(r.reads, reads);
      assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
    }
    assert_int_equal(r.ended, TCX_EOF);
    assert_int_equal(r.bytes, 2000000);
    assert_false(r.wrong);
    close_stream(&w, &r);
  }
}

/* A stream that nobody reads does not hold the loop; one that is read does. */
static void test_loop(void **state) {
  (void)state;
  struct whole w;
  struct reader r;
  open_stream(&w, &r, many_scripts, NULL);
  assert_int_equal(w.session->holds, 0);
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
  assert_int_equal(w.session->holds, 1);
  tcx_stream_read_stop(r.stream);
  assert_int_equal(w.session->holds, 0);
  close_stream(&w, &r);
}

/* Not taken: a short rest is read and dropped, a long one costs the connection. */
static void drop(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  assert_null(error);
  *(int *)tcx_call_data(call) += 1;
}
/* What nobody reads any more does not hold the loop, however long its rest takes. */
static void test_slow_rest(void **state) {
  (void)state;
  static const struct fault_step slow[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n01234"), DO(END)};
  const struct fault_step *const scripts[] = {slow};
  struct whole w;
  struct reader r;
  int calls = 0;
  open_stream(&w, &r, scripts, NULL);
  assert_int_equal(tcx_client_call(w.client, "get_object", key(), drop, &calls), 0);
  whole_until(&w, &calls);
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
  tcx_stream_close(r.stream);
  whole_turns(&w, 5);
  assert_int_equal(w.client->active, 2); /* their rests are waited for */
  assert_int_equal(w.session->holds, 0);
  close_stream(&w, &(struct reader){.response = r.response});
}

static void test_not_taken(void **state) {
  (void)state;
  const struct fault_step few[] = {DO(REQUEST),
                                   SEND("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
                                   FILL("0123456789", 100), DO(AGAIN)};
  const struct fault_step *const few_scripts[] = {few};
  for (int i = 0; i < 2; i++) {
    struct whole w;
    whole_begin(&w, i == 0 ? few_scripts : many_scripts, 1,
                &(tcx_client_options_t){.max_connections = 1});
    for (int n = 0; n < 3; n++) {
      int calls = 0;
      assert_int_equal(tcx_client_call(w.client, "get_object", key(), drop, &calls), 0);
      whole_until(&w, &calls);
    }
    while (w.client->active > 0)
      uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(w.server.accepted, i == 0 ? 1 : 3);
    whole_end(&w);
  }
}

static void test_read_all(void **state) {
  (void)state;
  struct whole w;
  struct reader r;
  open_stream(&w, &r, many_scripts, NULL);
  assert_int_equal(tcx_stream_read_all(r.stream, 2000000, on_done), 0);
  assert_int_equal(tcx_stream_read_all(r.stream, 2000000, on_done), UV_EINVAL);
  assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), UV_EINVAL);
  whole_until(&w, &r.done);
  assert_int_equal(r.done_status, 0);
  assert_int_equal(r.whole_len, 2000000);
  assert_memory_equal(r.whole + 1999990, "0123456789", 10);
  close_stream(&w, &r);
  open_stream(&w, &r, many_scripts, NULL);
  assert_int_equal(tcx_stream_read_all(r.stream, 1999999, on_done), 0);
  whole_until(&w, &r.done);
  assert_int_equal(r.done_status, TCX_ETOOBIG);
  assert_null(r.whole);
  assert_int_equal(tcx_stream_error(r.stream)->status, TCX_ETOOBIG);
  close_stream(&w, &r);
  const struct fault_step empty[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  const struct fault_step *const scripts[] = {empty};
  open_stream(&w, &r, scripts, NULL);
  assert_int_equal(tcx_stream_read_all(r.stream, 0, on_done), 0);
  whole_until(&w, &r.done);
  assert_int_equal(r.done_status, 0);
  assert_non_null(r.whole);
  assert_int_equal(r.whole_len, 0);
  close_stream(&w, &r);
}

static void test_to_file(void **state) {
  (void)state;
  char path[] = "/tmp/tucuxi-stream-XXXXXX";
  int fd = mkstemp(path);
  /* clang-format off */
  const struct { const struct fault_step *steps; size_t n; } cases[] = {
      {many, 2000000},
      {(const struct fault_step[]){DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), DO(AGAIN)}, 10},
      {(const struct fault_step[]){DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)}, 0},
      {(const struct fault_step[]){DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"), DO(AGAIN)}, 10},
  };
  /* clang-format on */
  const size_t n_cases = sizeof cases / sizeof cases[0];
  for (size_t k = 0; k < 2 * n_cases; k++) { /* at an offset, and where the file stands */
    const size_t i = k / 2;
    const struct fault_step *const scripts[] = {cases[i].steps};
    struct whole w;
    struct reader r;
    struct stat st;
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
    open_stream(&w, &r, scripts, NULL);
    assert_int_equal(tcx_stream_to_file(r.stream, -1, 0, on_done), UV_EINVAL);
    assert_int_equal(tcx_stream_to_file(r.stream, fd, -2, on_done), UV_EINVAL);
    assert_int_equal(tcx_stream_to_file(r.stream, fd, k % 2 == 0 ? 5 : -1, on_done), 0);
    whole_until(&w, &r.done);
    assert_int_equal(r.done_status, 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, cases[i].n > 0 ? cases[i].n + 5 : 0);
    char *text = test_read_file(path, NULL);
    for (size_t at = 0; at < cases[i].n; at++)
      if (text[at + 5] != (char)('0' + at % 10))
        fail_msg("byte %zu", at);
    free(text);
    close_stream(&w, &r);
  }
  close(fd);
  remove(path);
}

/* A file that cannot be written: the status of the write. */
static void test_bad_file(void **state) {
  (void)state;
  struct whole w;
  struct reader r;
  int fd = open("/dev/null", O_RDONLY);
  open_stream(&w, &r, many_scripts, NULL);
  assert_int_equal(tcx_stream_to_file(r.stream, fd, 0, on_done), 0);
  whole_until(&w, &r.done);
  assert_int_equal(r.done_status, UV_EBADF);
  assert_int_equal(tcx_stream_error(r.stream)->status, UV_EBADF);
  assert_string_equal(tcx_stream_error(r.stream)->msg,
                      "cannot write the response body: bad file descriptor");
  close_stream(&w, &r);
  open_stream(
      &w, &r,
      (const struct fault_step *const[]){(const struct fault_step[]){
          DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), DO(END)}},
      NULL);
  assert_int_equal(tcx_stream_to_file(r.stream, fd, 0, on_done), 0);
  whole_until(&w, &r.done);
  assert_int_equal(r.done_status, UV_EBADF);
  close_stream(&w, &r);
  close(fd);
}

/* ---- cut, and checked at the end ---- */

static void test_ends(void **state) {
  (void)state;
  /* clang-format off */
  static const struct { struct fault_step steps[4]; int status; const char *in_msg; } cases[] = {
      {{DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789"), DO(CLOSE)}, TCX_EPROTO, "malformed response"},
      {{DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n"), DO(CLOSE)}, TCX_EPROTO, "malformed response"},
      {{DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\nzz\r\n"), DO(END)}, TCX_EPROTO, "malformed response"},
      {{DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n0123456789"), DO(END)}, TCX_ECHECKSUM, "Expected checksum AAAAAA=="},
      {{DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nx-amz-checksum-crc32: poTHxg==\r\n\r\n0123456789"), DO(END)}, TCX_EOF, NULL},
  };
  /* clang-format on */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int all = 0; all < 2; all++) {
      const struct fault_step *const scripts[] = {cases[i].steps};
      struct whole w;
      struct reader r;
      open_stream(&w, &r, scripts, NULL);
      if (all) {
        assert_int_equal(tcx_stream_read_all(r.stream, 100, on_done), 0);
        whole_until(&w, &r.done);
        r.ended = r.done_status == 0 ? TCX_EOF : r.done_status;
        assert_int_equal(r.whole != NULL, r.done_status == 0);
      } else {
        assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
        whole_until(&w, &r.ended);
        assert_int_equal(r.bytes, 10);
      }
      assert_int_equal(r.ended, cases[i].status);
      const tcx_error_t *e = tcx_stream_error(r.stream);
      assert_int_equal(e != NULL, r.ended != TCX_EOF);
      if (e != NULL) {
        assert_int_equal(e->status, r.ended);
        assert_int_equal(e->http_status, 200);
        assert_int_equal(e->attempts, 1);
        assert_string_equal(e->operation, "GetObject");
        if (strstr(e->msg, cases[i].in_msg) == NULL)
          fail_msg("%s", e->msg);
      }
      assert_int_equal(w.server.requests, 1); /* what was given out is not asked for again */
      close_stream(&w, &r);
    }
}

/* A stream, its call and its response outlive client and session, until they are closed. */
static void test_outlives(void **state) {
  (void)state;
  struct whole w;
  struct reader r;
  open_stream(&w, &r, many_scripts, NULL);
  tcx_call_t *call = tcx_call_retain(tcx_stream_call(r.stream));
  tcx_stream_t *stream = r.stream;
  tcx_value_t *response = r.response;
  whole_end(&w);
  assert_string_equal(tcx_call_operation(call), "GetObject");
  assert_string_equal(tcx_value_str(tcx_call_response(call), "ETag"), "\"e\"");
  assert_string_equal(tcx_call_header(call, "etag"), "\"e\"");
  assert_null(tcx_call_client(call));
  assert_int_equal(tcx_stream_length(stream), 2000000);
  assert_int_equal(tcx_stream_error(stream)->status, TCX_ECANCELED);
  assert_int_equal(tcx_stream_read_start(stream, on_bytes), TCX_ECLOSING);
  assert_int_equal(tcx_stream_read_all(stream, 1, on_done), TCX_ECLOSING);
  tcx_stream_read_stop(stream);
  tcx_call_cancel(call);
  tcx_stream_close(stream);
  tcx_call_release(call);
  tcx_value_free(response);
}

/* ---- sources ---- */

struct source {
  struct whole *w;
  tcx_body_t *body;
  uv_timer_t timer;
  size_t total, at, reads, dry;
  int every; /* EAGAIN before each n-th read */
  int fail;  /* a status at half the way */
  bool early, sync_resume, waiting;
  int closes;
};
static void on_source_timer(uv_timer_t *timer) {
  struct source *s = timer->data;
  s->waiting = false;
  tcx_body_resume(s->body);
}
static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  struct source *s = tcx_body_data(body);
  assert_false(s->waiting);
  s->body = body;
  if (s->every > 0 && ++s->reads % (size_t)s->every == 0) {
    s->dry++;
    if (s->sync_resume) {
      tcx_body_resume(body); /* from inside: as good as later */
      return TCX_EAGAIN;
    }
    s->waiting = true;
    uv_timer_start(&s->timer, on_source_timer, 1, 0);
    return TCX_EAGAIN;
  }
  if (s->fail != 0 && s->at >= s->total / 2)
    return s->fail;
  size_t n = s->total - s->at;
  n = n > 10007 ? 10007 : n;
  n = n > len ? len : n;
  if (s->early && s->at > s->total / 2)
    return 0;
  for (size_t i = 0; i < n; i++)
    ((char *)buf)[i] = (char)('0' + (s->at + i) % 10);
  s->at += n;
  return (ssize_t)n;
}
static int source_rewind(tcx_body_t *body, uint64_t offset) {
  ((struct source *)tcx_body_data(body))->at = (size_t)offset;
  return 0;
}
static void source_close(tcx_body_t *body) { ((struct source *)tcx_body_data(body))->closes++; }

static struct outcome put(struct source *s, const char *config) {
  static const struct fault_step ok[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  static const struct fault_step *const scripts[] = {ok};
  struct whole w;
  whole_begin(&w, scripts, 1,
              &(tcx_client_options_t){
                  .max_connections = 1,
                  .config = config != NULL ? tcx_value_from_json(config, strlen(config)) : NULL});
  w.server.keep_body = 8u << 20;
  s->w = &w;
  s->timer.data = s;
  uv_timer_init(&w.loop, &s->timer);
  tcx_body_t *body =
      tcx_body_source((int64_t)s->total, source_read, source_rewind, source_close, s);
  struct outcome o = whole_call(&w, "put_object", tcx_value_set_body(key(), "Body", body), NULL);
  assert_int_equal(s->closes, 1);
  if (config != NULL && o.status == 0) {
    assert_int_equal(w.server.last_body_len, s->total);
    for (size_t i = 0; i < s->total; i++)
      if (w.server.last_body[i] != (char)('0' + i % 10))
        fail_msg("byte %zu", i);
  }
  uv_close((uv_handle_t *)&s->timer, NULL);
  whole_end(&w);
  return o;
}

#define PLAIN                                                                                      \
  "{\"request_checksum_calculation\": \"when_required\", \"s3\": {\"payload_signing_enabled\": "   \
  "false}}"

static void test_sources(void **state) {
  (void)state;
  static const size_t totals[] = {0, 1, 65536, 262144, 262145, 3000000};
  for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++)
    for (int every = 0; every < 4; every++) {
      struct source s = {.total = totals[i], .every = every == 1 ? 2 : every};
      struct outcome o = put(&s, every % 2 == 0 ? PLAIN : NULL);
      if (o.status != 0)
        fail_msg("%zu bytes: %s", totals[i], o.msg);
      assert_int_equal(s.at, s.total);
      outcome_free(&o);
      struct source sync = {
          .total = totals[i], .every = every == 1 ? 2 : every, .sync_resume = true};
      o = put(&sync, PLAIN);
      assert_int_equal(o.status, 0);
      outcome_free(&o);
    }
}

static void test_sources_that_fail(void **state) {
  (void)state;
  struct source broken = {.total = 1000000, .fail = UV_EIO},
                early = {.total = 1000000, .early = true}, much = {.total = 30000, .fail = 1000000};
  struct outcome o = put(&broken, NULL);
  assert_int_equal(o.status, TCX_EBODY);
  assert_int_equal(o.phase, TCX_PHASE_SEND);
  assert_int_equal(o.attempts, 1);
  assert_true(o.sent);
  assert_false(o.retryable);
  assert_non_null(strstr(o.msg, "EIO"));
  outcome_free(&o);
  o = put(&early, NULL);
  assert_int_equal(o.status, TCX_EBODY);
  assert_non_null(strstr(o.msg, "of 1000000 bytes"));
  outcome_free(&o);
  o = put(&much, NULL);
  assert_int_equal(o.status, TCX_EBODY);
  assert_non_null(strstr(o.msg, "more than it was asked for"));
  outcome_free(&o);
}

/* A slow socket slows the source down: no more is pulled than the socket takes. */
static void test_source_waits(void **state) {
  (void)state;
  static const struct fault_step deaf[] = {DO(HEAD), DO(STOP_READING), DO(END)};
  static const struct fault_step *const scripts[] = {deaf};
  struct whole w;
  struct source s = {.total = 256u << 20};
  struct outcome o;
  whole_begin(&w, scripts, 1, NULL);
  tcx_body_t *body =
      tcx_body_source((int64_t)s.total, source_read, source_rewind, source_close, &s);
  tcx_call_t *call = NULL;
  whole_start_to(&w, "put_object", tcx_value_set_body(key(), "Body", body), NULL, &o, &call);
  size_t at = 0;
  /* the server says no 100: the body starts after a second, and goes on until the socket is full */
  unsigned still = 0;
  for (uint64_t changed = uv_hrtime();
       at == 0 || still < 1000 || uv_hrtime() - changed < UINT64_C(500000000); still++) {
    whole_turns(&w, 1);
    if (s.at == at)
      continue;
    at = s.at;
    still = 0;
    changed = uv_hrtime();
  }
  assert_true(at < (64u << 20));
  tcx_call_cancel(call);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_ECANCELED);
  assert_int_equal(s.closes, 1);
  outcome_free(&o);
  whole_end(&w);
}

/* Bodies that no call takes are closed, once; those of a failed start too. */
static void on_client_closed(tcx_client_t *client) { *(int *)tcx_client_data(client) += 1; }
static void on_session_closed(tcx_session_t *session) { *(int *)tcx_session_data(session) += 1; }

/* A reader that stops once client or session are closing, before it was told, does not keep them
 * open. */
static void test_stop_after_close(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    int closed = 0;
    struct whole w;
    struct reader r = {0};
    whole_begin_with(&w, many_scripts, 1, &(tcx_session_options_t){.data = &closed},
                     &(tcx_client_options_t){.unsigned_requests = true, .data = &closed});
    assert_int_equal(tcx_client_call(w.client, "get_object", key(), on_offer, &r), 0);
    whole_until(&w, &r.offered);
    assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), 0);
    if (i == 0)
      tcx_client_close(w.client, on_client_closed);
    else
      tcx_session_close(w.session, on_session_closed);
    w.closed = i == 1;
    tcx_stream_read_stop(r.stream);
    whole_turns(&w, 100);
    assert_int_equal(closed, 1);
    assert_int_equal(r.ended, 0);
    assert_int_equal(tcx_stream_read_start(r.stream, on_bytes), TCX_ECLOSING);
    close_stream(&w, &r);
  }
}

static void test_closes(void **state) {
  (void)state;
  struct source a = {.total = 1}, b = {.total = 1}, c = {.total = 1}, d = {.total = 1};
  struct whole w;
  whole_begin(&w, many_scripts, 1, NULL);
  tcx_body_free(tcx_body_source(1, source_read, NULL, source_close, &a));
  assert_int_equal(a.closes, 1);
  tcx_value_free(
      tcx_value_set_body(key(), "Body", tcx_body_source(1, source_read, NULL, source_close, &b)));
  assert_int_equal(b.closes, 1);
  struct outcome o =
      whole_call(&w, "list_buckets",
                 tcx_value_set_body(tcx_value_new_map(), "Body",
                                    tcx_body_source(1, source_read, NULL, source_close, &c)),
                 NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  assert_int_equal(c.closes, 1);
  outcome_free(&o);
  tcx_value_t *params =
      tcx_value_set_body(key(), "Body", tcx_body_source(1, source_read, NULL, source_close, &d));
  assert_int_equal(tcx_client_call(w.client, "put_object", params, NULL, NULL), UV_EINVAL);
  assert_int_equal(d.closes, 1);
  whole_end(&w);
}

int main(void) {
  /* clang-format off */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read),     cmocka_unit_test(test_backpressure), cmocka_unit_test(test_loop),     cmocka_unit_test(test_not_taken), cmocka_unit_test(test_slow_rest), cmocka_unit_test(test_read_all),
      cmocka_unit_test(test_to_file),  cmocka_unit_test(test_bad_file),     cmocka_unit_test(test_ends),     cmocka_unit_test(test_outlives),  cmocka_unit_test(test_sources),
      cmocka_unit_test(test_sources_that_fail), cmocka_unit_test(test_source_waits), cmocka_unit_test(test_closes), cmocka_unit_test(test_stop_after_close),
  };
  /* clang-format on */
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
