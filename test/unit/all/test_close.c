/*
 * Closing, cancelling and draining from inside each kind of callback: every owed callback comes
 * exactly once, the close callbacks come last and once, and nothing is left on the loop.
 *
 * A row is a place (a callback from which something is done) and an action. Meanwhile another
 * client has one call under way at a silent server and one in its queue.
 */
#include "whole.h"
#include <fcntl.h>

typedef enum {
  CLOSE_CLIENT,
  CLOSE_SESSION,
  CLOSE_BOTH,
  DRAIN,
  DRAIN_AND_CLOSE,
  CANCEL,
  CLOSE_STREAM,
  CLOSE_PAGES,
  START_ANOTHER,
  ACTIONS
} action;
static const char *const action_names[] = {"close client", "close session",   "close both",
                                           "drain",        "drain and close", "cancel",
                                           "close stream", "close pages",     "start another"};
typedef enum {
  NOWHERE,
  IN_SUCCESS,
  IN_ERROR,
  IN_BAD_PARAMS,
  IN_OFFER,
  IN_OFFER_TAKEN,
  IN_OFFER_READING,
  IN_DATA,
  IN_END,
  IN_CUT,
  IN_ALL,
  IN_FILE,
  IN_PAGE,
  IN_LAST_PAGE,
  IN_CREDENTIALS,
  IN_BODY_READ,
  IN_BODY_REWIND,
  IN_BODY_CLOSE,
  IN_CLIENT_CLOSE,
  IN_DRAINED,
  PLACES
} place;
static const char *const place_names[] = {
    "nowhere",      "success",        "error",      "bad params",   "offer",
    "offer, taken", "offer, reading", "data",       "end",          "cut",
    "read_all",     "to_file",        "page",       "last page",    "credentials",
    "body read",    "body rewind",    "body close", "client close", "drained"};

static struct {
  struct whole w;
  place at;
  action what;
  bool acted;
  int owed, came; /* callbacks */
  int session_closed, client_closed, client_closes, drains_owed, drained;
  bool closing;
  tcx_client_t *other;
  tcx_call_t *call; /* the row's, borrowed or retained */
  tcx_stream_t *stream;
  bool stream_closed, reading; /* reading: its end is owed to on_data, until it is closed */
  tcx_paginator_t *pages;
  bool pages_closed;
  bool source_open;
  uv_file file;
  int over; /* the row's own work is over */
} t;

static void on_extra(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call;
  assert_true((response == NULL) != (error == NULL));
  t.came++;
}

static void start_extra(tcx_client_t *client, const char *operation, tcx_value_t *params) {
  int err = tcx_client_call(client, operation, params, on_extra, NULL);
  if (err == 0)
    t.owed++;
  else
    assert_int_equal(err, TCX_ECLOSING);
}

static void act(place here, tcx_call_t *call);

static void on_session_closed(tcx_session_t *session) {
  (void)session;
  t.session_closed++;
  assert_int_equal(t.owed, t.came);
}
static void on_client_closed(tcx_client_t *client) {
  assert_ptr_equal(client, t.w.client);
  t.client_closed++;
  assert_int_equal(tcx_client_call(client, "list_buckets", NULL, on_extra, NULL), TCX_ECLOSING);
  act(IN_CLIENT_CLOSE, NULL);
}
static void on_drained(tcx_client_t *client) {
  assert_ptr_equal(client, t.w.client);
  t.drained++;
  act(IN_DRAINED, NULL);
}

static void close_client(void) {
  if (!t.closing)
    t.client_closes++;
  t.closing = true;
  tcx_client_close(t.w.client, on_client_closed);
}
static void drain(void) {
  if (t.closing || t.drains_owed > t.drained)
    return;
  t.drains_owed++;
  tcx_client_drain(t.w.client, on_drained);
}
static void close_session(void) {
  t.closing = true;
  t.w.closed = true;
  tcx_session_close(t.w.session, on_session_closed);
}

static void perform(tcx_call_t *call) {
  switch (t.what) {
  case CLOSE_CLIENT:
    close_client();
    break;
  case CLOSE_SESSION:
    close_session();
    break;
  case CLOSE_BOTH:
    close_client();
    close_session();
    break;
  case DRAIN:
    drain();
    break;
  case DRAIN_AND_CLOSE:
    drain();
    close_client();
    break;
  case CANCEL:
    if (call != NULL)
      tcx_call_cancel(call);
    break;
  case CLOSE_STREAM:
    if (t.stream != NULL && !t.stream_closed) {
      t.stream_closed = true;
      tcx_stream_close(t.stream);
      t.owed -= t.reading;
      t.over = 1;
    }
    break;
  case CLOSE_PAGES:
    if (t.pages != NULL && !t.pages_closed) {
      t.pages_closed = true;
      tcx_paginator_close(t.pages);
    }
    break;
  default:
    start_extra(t.w.client, "list_buckets", NULL);
    break;
  }
}
static void act(place here, tcx_call_t *call) {
  if (here != t.at || t.acted)
    return;
  t.acted = true;
  perform(call);
}

/* ---- the rows' own work ---- */

static void on_call(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_true((response == NULL) != (error == NULL));
  t.came++;
  t.call = NULL;
  bool ended = t.acted && (t.what <= CLOSE_BOTH || t.what == DRAIN_AND_CLOSE || t.what == CANCEL);
  if (ended && (t.at == IN_BODY_READ || t.at == IN_BODY_REWIND || t.at == IN_CREDENTIALS))
    assert_int_equal(error != NULL ? error->status : 0, TCX_ECANCELED);
  act(response != NULL ? IN_SUCCESS : t.at == IN_BAD_PARAMS ? IN_BAD_PARAMS : IN_ERROR, call);
  t.over = 1;
}

static void end_stream(void) {
  if (!t.stream_closed)
    tcx_stream_close(t.stream);
  t.stream_closed = true;
  t.over = 1;
}

static void on_data(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  assert_false(t.stream_closed);
  assert_true(n != 0);
  if (n > 0) {
    assert_int_equal(buf->base[0], '1');
    act(IN_DATA, tcx_stream_call(stream));
    return;
  }
  t.came++;
  t.reading = false;
  act(n == TCX_EOF ? IN_END : IN_CUT, tcx_stream_call(stream));
  end_stream();
}

static void on_whole(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  t.came++;
  assert_true(status <= 0);
  assert_true((whole != NULL) == (status == 0 && t.at != IN_FILE));
  act(t.at == IN_FILE ? IN_FILE : IN_ALL, tcx_stream_call(stream));
  end_stream();
}

/* What cannot be started because something has been closed is as good as over. */
static void read_on(int err) {
  if (err == 0) {
    t.owed++;
    t.reading = t.at != IN_ALL && t.at != IN_FILE;
    return;
  }
  assert_int_equal(err, TCX_ECLOSING);
  end_stream();
}

static void on_offer(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_true((response == NULL) != (error == NULL));
  t.came++;
  act(IN_OFFER, call);
  t.stream = response != NULL ? tcx_call_take_stream(call, NULL) : NULL;
  if (t.stream == NULL) {
    t.over = 1;
    return;
  }
  t.stream_closed = false;
  act(IN_OFFER_TAKEN, call);
  if (t.stream_closed)
    return;
  if (t.at == IN_ALL)
    read_on(tcx_stream_read_all(t.stream, 1000000, on_whole));
  else if (t.at == IN_FILE)
    read_on(tcx_stream_to_file(t.stream, t.file, 0, on_whole));
  else
    read_on(tcx_stream_read_start(t.stream, on_data));
  if (!t.stream_closed)
    act(IN_OFFER_READING, call);
}

static void end_pages(void) {
  if (!t.pages_closed)
    tcx_paginator_close(t.pages);
  t.pages_closed = true;
  t.over = 1;
}
static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  assert_true((page != NULL) == (status == 0));
  t.came++;
  act(status == 0 ? IN_PAGE : IN_LAST_PAGE, NULL);
  if (t.pages_closed || status != 0) {
    end_pages();
    return;
  }
  int err = tcx_paginator_next(pages, on_page);
  if (err == 0)
    t.owed++;
  else
    end_pages();
}

static void on_credentials(tcx_credentials_request_t *request, void *data) {
  (void)data;
  act(IN_CREDENTIALS, t.call);
  tcx_credentials_answer(request, 0, &(tcx_credentials_t){.access_key = "A", .secret_key = "S"},
                         NULL);
}

static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  (void)body;
  assert_true(t.source_open);
  act(IN_BODY_READ, t.call);
  memset(buf, 'x', len);
  return (ssize_t)len;
}
static int source_rewind(tcx_body_t *body, uint64_t offset) {
  (void)body;
  assert_true(t.source_open);
  assert_int_equal(offset, 0);
  act(IN_BODY_REWIND, t.call);
  return 0;
}
static void source_close(tcx_body_t *body) {
  (void)body;
  assert_true(t.source_open);
  t.source_open = false;
  act(IN_BODY_CLOSE, NULL);
}

/* ---- the table ---- */

static const struct fault_step ok[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step not_found[] = {
    DO(REQUEST), SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step fails_once[] = {
    DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST),
    SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step object[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"),
    FILL("1111111111", 30000), DO(AGAIN)};
static const struct fault_step cut_object[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"),
    FILL("1111111111", 2000), DO_N(WAIT, 1), DO(CLOSE)};
static const struct fault_step silent[] = {DO(END)};
static char pages_text[2][400];
static struct fault_step two_pages[] = {DO(REQUEST), SEND(pages_text[0]), DO(REQUEST),
                                        SEND(pages_text[1]), DO(AGAIN)};

static const struct fault_step *script_of(place at) {
  switch (at) {
  case IN_ERROR:
    return not_found;
  case IN_OFFER:
  case IN_OFFER_TAKEN:
  case IN_OFFER_READING:
  case IN_DATA:
  case IN_END:
  case IN_ALL:
  case IN_FILE:
    return object;
  case IN_CUT:
    return cut_object;
  case IN_PAGE:
  case IN_LAST_PAGE:
    return two_pages;
  case IN_BODY_REWIND:
    return fails_once;
  default:
    return ok;
  }
}

static void start_row(void) {
  tcx_client_t *c = t.w.client;
  switch (t.at) {
  case IN_OFFER:
  case IN_OFFER_TAKEN:
  case IN_OFFER_READING:
  case IN_DATA:
  case IN_END:
  case IN_CUT:
  case IN_ALL:
  case IN_FILE:
    t.owed++;
    assert_int_equal(tcx_client_start(c, "get_object", tcx_params("{Bucket: b, Key: k}"), NULL,
                                      on_offer, NULL, &t.call),
                     0);
    break;
  case IN_PAGE:
  case IN_LAST_PAGE:
    assert_int_equal(
        tcx_client_paginate(c, "list_objects_v2", tcx_params("{Bucket: b}"), NULL, NULL, &t.pages),
        0);
    t.owed++;
    assert_int_equal(tcx_paginator_next(t.pages, on_page), 0);
    break;
  case IN_BODY_READ:
  case IN_BODY_REWIND:
  case IN_BODY_CLOSE: {
    t.source_open = true;
    tcx_body_t *body = tcx_body_source(400000, source_read, source_rewind, source_close, NULL);
    t.owed++;
    assert_int_equal(
        tcx_client_start(c, "put_object",
                         tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", body), NULL,
                         on_call, NULL, &t.call),
        0);
    break;
  }
  default:
    t.owed++;
    assert_int_equal(tcx_client_start(c, "head_bucket",
                                      t.at == IN_BAD_PARAMS ? NULL : tcx_params("{Bucket: b}"),
                                      NULL, on_call, NULL, &t.call),
                     0);
  }
  if (t.at == IN_CLIENT_CLOSE)
    close_client();
  if (t.at == IN_DRAINED)
    drain();
}

static void run_row(place at, action what, unsigned connections) {
  struct fault_server quiet;
  memset(&t, 0, sizeof t);
  t.at = at;
  t.what = what;
  const struct fault_step *const scripts[] = {script_of(at)}, *const silence[] = {silent};
  tcx_session_options_t so = {.credentials = on_credentials};
  whole_begin_with(&t.w, scripts, 1, &so, &(tcx_client_options_t){.max_connections = connections});
  fault_server_start(&quiet, &t.w.loop, silence, 1, NULL);
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%d", quiet.port);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = url,
                             .access_key = "A",
                             .secret_key = "S",
                             .max_connections = 1};
  assert_int_equal(tcx_session_create_client(t.w.session, "s3", &co, &t.other), 0);
  start_extra(t.other, "list_buckets", NULL);
  start_extra(t.other, "list_buckets", NULL);
  t.file = open("/dev/null", O_WRONLY);
  start_row();
  while (!t.over)
    uv_run(&t.w.loop, UV_RUN_ONCE);
  whole_turns(&t.w, 3);
  /* A taken stream and a paginator outlive their client: inert, until they are closed. */
  if (!t.w.closed)
    tcx_session_close(t.w.session, on_session_closed);
  t.w.closed = true;
  fault_server_stop(&quiet);
  whole_end(&t.w);
  close(t.file);
  if (t.owed != t.came || t.session_closed != 1 || t.client_closed != t.client_closes ||
      t.drained != t.drains_owed || quiet.handles != 0 || !t.acted || t.source_open)
    fail_msg("%s in %s with %u: %d of %d callbacks, session %d, client %d of %d, drained %d of %d, "
             "acted %d",
             action_names[what], place_names[at], connections, t.came, t.owed, t.session_closed,
             t.client_closed, t.client_closes, t.drained, t.drains_owed, t.acted);
}

static void test_table(void **state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    const char *body =
        i == 0 ? "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
                 "NextContinuationToken></ListBucketResult>"
               : "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    snprintf(pages_text[i], sizeof pages_text[i],
             "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
  }
  for (place at = NOWHERE + 1; at < PLACES; at++)
    for (action what = CLOSE_CLIENT; what < ACTIONS; what++) {
      run_row(at, what, 4);
      run_row(at, what, 1);
    }
}

/* ---- from outside of every callback, in each state of a call ---- */

static void test_outside(void **state) {
  (void)state;
  static const struct fault_step half[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1"), DO(END)};
  const struct fault_step *const scripts[] = {half};
  for (int turns = 0; turns < 12; turns++)
    for (action what = CLOSE_CLIENT; what <= DRAIN_AND_CLOSE; what++) {
      memset(&t, 0, sizeof t);
      t.what = what;
      whole_begin(
          &t.w, scripts, 1,
          &(tcx_client_options_t){.max_connections = 1, .read_timeout_ms = 50, .max_attempts = 1});
      for (int i = 0; i < 3; i++)
        start_extra(t.w.client, "get_object", tcx_params("{Bucket: b, Key: k}"));
      t.source_open = true;
      t.owed++;
      tcx_body_t *body = tcx_body_source(400000, source_read, source_rewind, source_close, NULL);
      assert_int_equal(
          tcx_client_call(t.w.client, "put_object",
                          tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", body),
                          on_extra, NULL),
          0);
      whole_turns(&t.w, turns);
      perform(NULL);
      assert_int_equal(tcx_client_call(t.w.client, "list_buckets", NULL, on_extra, NULL),
                       TCX_ECLOSING);
      if (what == DRAIN)
        whole_until(&t.w, &t.drained);
      if (!t.w.closed)
        close_session();
      whole_end(&t.w);
      assert_int_equal(t.owed, t.came);
      assert_int_equal(t.session_closed, 1);
      assert_int_equal(t.client_closed, t.client_closes);
      assert_int_equal(t.drained, t.drains_owed);
      assert_false(t.source_open);
    }
}

static void test_empty(void **state) {
  (void)state;
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, NULL, &session), 0);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* nothing holds the loop */
  memset(&t, 0, sizeof t);
  tcx_session_close(session, on_session_closed);
  tcx_session_close(session, on_session_closed);
  assert_int_equal(t.session_closed, 0);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(t.session_closed, 1);
  assert_int_equal(uv_loop_close(&loop), 0);
  tcx_session_close(NULL, NULL);
  tcx_client_close(NULL, NULL);
  tcx_stream_close(NULL);
  tcx_paginator_close(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_outside),
                                     cmocka_unit_test(test_empty)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
