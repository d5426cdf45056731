/*
 * Hundreds of calls of every kind at once, in whatever states they are after some turns of the
 * loop, and then the end: close of the client, of the session, of both, or a drain. Every callback
 * that is owed comes once, the close callback comes last, and nothing is left on the loop.
 *
 * And a drain beside each kind of work: it lets that go on to its end, and waits for it.
 */
#include "whole.h"

#define EACH 40
typedef enum { PLAIN, ABSENT, UPLOAD, COLLECT, STREAM, WAITER, PAGES, BAD, KINDS } kind;

struct item {
  kind what;
  unsigned number;
  int started, came; /* callbacks: owed and come */
  tcx_stream_t *stream;
  tcx_paginator_t *pages;
  int reading, ended; /* a stream's end: owed, told */
  int bodies, closed_bodies;
};
static struct {
  struct whole w;
  struct item items[KINDS * EACH];
  int client_closed, drained, session_closed;
} t;

/* ---- a server that is everything at once ---- */

#define HEAD_OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define OBJECT  "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n"
static const struct fault_step ok[] = {DO(REQUEST), SEND(HEAD_OK), DO(AGAIN)};
static const struct fault_step object[] = {DO(REQUEST), SEND(OBJECT), FILL("1111111111", 2000),
                                           DO(AGAIN)};
static const struct fault_step slow_object[] = {
    DO(REQUEST), SEND(OBJECT), FILL("1111111111", 1000), DO_N(WAIT, 3), FILL("1111111111", 1000),
    DO(AGAIN)};
static const struct fault_step half[] = {DO(REQUEST), SEND(OBJECT), FILL("1111111111", 100),
                                         DO(END)};
static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
static const struct fault_step deaf[] = {DO(STOP_READING), DO(END)};
static const struct fault_step fails[] = {
    DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step absent[] = {
    DO(REQUEST), SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step shuts[] = {DO(REQUEST), DO(CLOSE)};
static const struct fault_step *const mixed[] = {
    ok, object, slow_object, half, silent, deaf, fails, absent, shuts, ok, absent, slow_object};

/* ---- callbacks ---- */

static void on_call(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct item *item = tcx_call_data(call);
  assert_true((response == NULL) != (error == NULL));
  assert_int_equal(item->closed_bodies, item->bodies);
  item->came++;
}

static void on_bytes(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct item *item = tcx_stream_data(stream);
  (void)buf;
  if (n < 0)
    item->ended++;
}
static void on_whole(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  struct item *item = tcx_stream_data(stream);
  assert_true((whole != NULL) == (status == 0));
  item->ended++;
}

/* One is not taken, one stays paused, one is read, one is read whole. */
static void on_stream(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct item *item = tcx_call_data(call);
  on_call(call, response, error);
  if (error != NULL || item->number % 4 == 0)
    return;
  item->stream = tcx_call_take_stream(call, item);
  assert_non_null(item->stream);
  if (item->number % 4 == 2)
    item->reading = tcx_stream_read_start(item->stream, on_bytes) == 0;
  else if (item->number % 4 == 3)
    item->reading = tcx_stream_read_all(item->stream, 100000, on_whole) == 0;
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct item *item = tcx_paginator_data(pages);
  assert_true((page != NULL) == (status == 0));
  item->came++;
}

static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  (void)body;
  memset(buf, 'x', len);
  return (ssize_t)len;
}
static void source_close(tcx_body_t *body) {
  struct item *item = tcx_body_data(body);
  item->closed_bodies++;
  assert_int_equal(item->came, 0);
}

/* ---- starting ---- */

static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }

static int start_upload(struct item *item) {
  tcx_body_t *body = tcx_body_source(100000, source_read, NULL, source_close, item);
  item->bodies = 1;
  return tcx_client_call(t.w.client, "put_object", tcx_value_set_body(key(), "Body", body), on_call,
                         item);
}

static int start_pages(struct item *item) {
  int err = tcx_client_paginate(t.w.client, "list_objects_v2", tcx_params("{Bucket: b}"), NULL,
                                item, &item->pages);
  return err != 0 ? err : tcx_paginator_next(item->pages, on_page);
}

static int start_item(struct item *item) {
  tcx_client_t *c = t.w.client;
  const tcx_call_options_t collects = {.max_body = 100000, .max_attempts = 2};
  const tcx_wait_options_t waits = {.delay_ms = item->number % 2 == 0 ? TCX_NEVER : 2,
                                    .max_attempts = 50};
  switch (item->what) {
  case PLAIN:
    return tcx_client_call(c, "head_bucket", tcx_params("{Bucket: b}"), on_call, item);
  case ABSENT:
    return tcx_client_call(c, "delete_object", key(), on_call, item);
  case UPLOAD:
    return start_upload(item);
  case COLLECT:
    return tcx_client_start(c, "get_object", key(), &collects, on_call, item, NULL);
  case STREAM:
    return tcx_client_call(c, "get_object", key(), on_stream, item);
  case WAITER:
    return tcx_client_wait(c, "bucket_exists", tcx_params("{Bucket: b}"), &waits, on_call, item,
                           NULL);
  case PAGES:
    return start_pages(item);
  default:
    return tcx_client_call(c, "head_bucket", NULL, on_call, item);
  }
}

static void start_all(void) {
  for (unsigned i = 0; i < KINDS * EACH; i++) {
    struct item *item = &t.items[i];
    item->what = (kind)(i % KINDS);
    item->number = i / KINDS;
    item->started = start_item(item) == 0;
    assert_true(item->started);
  }
}

/* ---- the ends ---- */

typedef enum { CLOSE_CLIENT, CLOSE_SESSION, CLOSE_BOTH, DRAIN_AND_CLOSE, ENDS } ending;

static bool all_came(void) {
  for (unsigned i = 0; i < KINDS * EACH; i++)
    if (t.items[i].came != t.items[i].started || t.items[i].ended != t.items[i].reading)
      return false;
  return true;
}
static void on_client_closed(tcx_client_t *client) {
  (void)client;
  assert_true(all_came());
  t.client_closed++;
}
static void on_drained(tcx_client_t *client) {
  (void)client;
  t.drained++;
}
static void on_session_closed(tcx_session_t *session) {
  (void)session;
  assert_true(all_came());
  t.session_closed++;
}

static void close_session(void) {
  t.w.closed = true;
  tcx_session_close(t.w.session, on_session_closed);
}

static void end_all(ending how) {
  if (how == DRAIN_AND_CLOSE)
    tcx_client_drain(t.w.client, on_drained);
  if (how != CLOSE_SESSION)
    tcx_client_close(t.w.client, on_client_closed);
  if (how != CLOSE_CLIENT)
    close_session();
}

static void release_all(void) {
  for (unsigned i = 0; i < KINDS * EACH; i++) {
    tcx_stream_close(t.items[i].stream);
    tcx_paginator_close(t.items[i].pages);
  }
}

static void run_load(int turns, ending how, unsigned connections) {
  memset(&t, 0, sizeof t);
  whole_begin(&t.w, mixed, sizeof mixed / sizeof *mixed,
              &(tcx_client_options_t){.max_connections = connections, .read_timeout_ms = 60000});
  start_all();
  whole_turns(&t.w, turns);
  end_all(how);
  assert_int_equal(t.client_closed + t.session_closed, 0); /* never from inside */
  if (how == CLOSE_CLIENT) {
    whole_until(&t.w, &t.client_closed);
    close_session();
  }
  whole_end(&t.w);
  assert_true(all_came());
  assert_int_equal(t.session_closed, 1);
  assert_int_equal(t.client_closed, how != CLOSE_SESSION);
  assert_int_equal(t.drained, how == DRAIN_AND_CLOSE);
  release_all(); /* inert memory, until now */
}

static void test_close(void **state) {
  (void)state;
  static const int turns[] = {0, 1, 3, 8, 30, 150};
  for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
    for (ending how = CLOSE_CLIENT; how < ENDS; how++) {
      run_load(turns[i], how, 6);
      run_load(turns[i], how, 64);
    }
}

/* ---- drain ---- */

static void let(struct item *item, kind what, unsigned number) {
  *item = (struct item){.what = what, .number = number};
  assert_int_equal(start_item(item), 0);
  item->started = 1;
}

/* Nothing new begins, a page neither; what is under way comes to its end, and a stream that is open
 * is waited for however long it takes. */
static void test_drain(void **state) {
  (void)state;
  struct item *call = &t.items[0], *waiter = &t.items[1], *pages = &t.items[2],
              *paused = &t.items[3], *whole = &t.items[4], *refused = &t.items[5];
  const struct fault_step page[] = {
      DO(REQUEST),
      SEND(whole_answer(
          "200 OK", "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</"
                    "NextContinuationToken></ListBucketResult>")),
      DO(AGAIN)};
  const struct fault_step *const healthy[] = {page}; /* a page to whoever asks for anything */
  memset(&t, 0, sizeof t);
  whole_begin(&t.w, healthy, 1, &(tcx_client_options_t){.max_connections = 2});
  let(paused, STREAM, 1);
  while (paused->stream == NULL)
    uv_run(&t.w.loop, UV_RUN_ONCE);
  let(call, PLAIN, 0);
  let(waiter, WAITER, 1);
  let(pages, PAGES, 0);
  let(whole, STREAM, 3);
  tcx_client_drain(t.w.client, on_drained);
  *refused = (struct item){.what = PLAIN};
  for (kind what = PLAIN; what < KINDS; what++) {
    refused->what = what;
    refused->closed_bodies = refused->came = 0;
    int err = start_item(refused);
    if (err != TCX_ECLOSING)
      fail_msg("kind %d: %s", (int)what, tcx_err_name(err));
    if (what == UPLOAD)
      assert_int_equal(refused->closed_bodies, 1); /* consumed all the same */
    refused->bodies = 0;
  }
  while (!(call->came && waiter->came && pages->came && whole->came && whole->ended))
    uv_run(&t.w.loop, UV_RUN_ONCE);
  assert_int_equal(tcx_paginator_next(pages->pages, on_page), TCX_ECLOSING);
  whole_turns(&t.w, 10);
  assert_int_equal(t.drained, 0);
  assert_int_equal(tcx_stream_read_start(paused->stream, on_bytes), 0);
  whole_until(&t.w, &t.drained);
  assert_int_equal(paused->ended, 1);
  release_all();
  whole_end(&t.w);
  assert_int_equal(t.drained, 1);
  assert_int_equal(refused->came, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_close), cmocka_unit_test(test_drain)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
