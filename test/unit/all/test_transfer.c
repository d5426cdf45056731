/* Transfers and jobs against a scripted server: outcomes, retries, cancel, bounds, closing. */
#include "transfer_help.h"

/* ---- one transfer ---- */

struct end {
  int calls, status;
  char msg[512];
  bool response;
  uint64_t done;
  int64_t total;
};

static void on_end(tcx_transfer_t *transfer, int status) {
  struct end *end = tcx_transfer_data(transfer);
  const tcx_error_t *error = tcx_transfer_error(transfer);
  tcx_transfer_progress_t progress;
  tcx_transfer_get_progress(transfer, &progress);
  assert_int_equal(end->calls, 0);
  assert_true((status == 0) == (error == NULL));
  end->calls++;
  end->status = status;
  end->response = tcx_transfer_response(transfer) != NULL;
  end->done = progress.done;
  end->total = progress.total;
  if (error != NULL) {
    assert_int_equal(error->status, status);
    assert_non_null(error->operation);
    snprintf(end->msg, sizeof end->msg, "%s", error->msg);
  }
}

static struct end download(struct whole *w, const char *path) {
  struct end end = {0};
  assert_int_equal(tcx_s3_download(w->client, path, object(),
                                   &(tcx_transfer_options_t){.keep_time = true}, on_end, &end,
                                   NULL),
                   0);
  assert_int_equal(end.calls, 0);
  whole_until(w, &end.calls);
  return end;
}

static void test_download(void **state) {
  (void)state;
  static const struct fault_step good[] = {DO(REQUEST), SEND(OBJECT(5, "hello")), DO(AGAIN),
                                           DO(END)};
  static const struct fault_step *const scripts[] = {good};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct end end = download(&w, in_folder("a/b/c"));
  assert_int_equal(end.status, 0);
  assert_true(end.response);
  assert_int_equal(end.done, 5);
  assert_int_equal(end.total, 5);
  size_t n;
  char *text = test_read_file(in_folder("a/b/c"), &n);
  assert_string_equal(text, "hello");
  free(text);
  struct stat st;
  assert_int_equal(stat(in_folder("a/b/c"), &st), 0);
  assert_int_equal(st.st_mtime, 1440938160);
  whole_end(&w);
  assert_int_equal(count_below(in_folder("a/b")), 1);
}

static void test_download_tries_again(void **state) {
  (void)state;
  static const struct fault_step cut[] = {DO(REQUEST), SEND(OBJECT(5, "hel")), DO(WAIT), DO(CLOSE)};
  static const struct fault_step wrong[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-amz-checksum-crc32: AAAAAA==\r\nConnection: "
           "close\r\n\r\nhello"),
      DO(CLOSE)};
  static const struct fault_step good[] = {DO(REQUEST), SEND(OBJECT(5, "HELLO")), DO(END)};
  static const struct fault_step *const scripts[] = {cut, wrong, good};
  static const struct fault_step *const hopeless[] = {cut};
  struct whole w;
  whole_begin(&w, scripts, 3, &(tcx_client_options_t){.max_connections = 1});
  struct end end = download(&w, in_folder("x"));
  assert_int_equal(end.status, 0);
  size_t n;
  char *text = test_read_file(in_folder("x"), &n);
  assert_string_equal(text, "HELLO");
  free(text);
  whole_end(&w);
  whole_begin(&w, hopeless, 1, NULL);
  end = download(&w, in_folder("y"));
  assert_int_not_equal(end.status, 0);
  assert_int_equal(w.server.requests, 3);
  whole_end(&w);
  assert_int_equal(count_below(folder), 1);
}

/* Its options, and a job's for its items, are each call's. */
static void test_stall_limit(void **state) {
  (void)state;
  static const struct fault_step slow[] = {DO(REQUEST), SEND(OBJECT(1000, "1")), DO(END)};
  static const struct fault_step *const scripts[] = {slow};
  struct whole w;
  struct end end = {0};
  struct tally t = {0};
  tcx_item_t item = {.kind = TCX_ITEM_DOWNLOAD,
                     .bucket = "bucket",
                     .key = "k",
                     .path = in_folder("one"),
                     .size = 1000};
  tcx_items_t *one = tcx_items_one(&item);
  whole_begin(&w, scripts, 1, &(tcx_client_options_t){.max_attempts = 1});
  assert_int_equal(tcx_s3_download(w.client, in_folder("x"), object(),
                                   &(tcx_transfer_options_t){.stall_limit = 1000, .stall_ms = 40},
                                   on_end, &end, NULL),
                   0);
  whole_until(&w, &end.calls);
  assert_int_equal(end.status, TCX_ESTALLED);
  run_job(&w, tcx_items_chain(&one, 1), (tcx_job_options_t){.stall_limit = 1000, .stall_ms = 40},
          &t);
  assert_int_equal(t.failed, 1);
  assert_int_equal(t.end.running, 0);
  whole_end(&w);
  assert_int_equal(count_below(folder), 0);
}

static void test_download_fails(void **state) {
  (void)state;
  static const struct fault_step missing[] = {
      DO(REQUEST), SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN), DO(END)};
  static const struct fault_step good[] = {DO(REQUEST), SEND(OBJECT(5, "hello")), DO(AGAIN),
                                           DO(END)};
  static const struct fault_step *const scripts[] = {missing}, *const goods[] = {good};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct end end = download(&w, in_folder("x"));
  assert_int_equal(end.status, TCX_ECLIENT);
  assert_false(end.response);
  assert_int_equal(count_below(folder), 0);
  whole_end(&w);
  whole_begin(&w, goods, 1, NULL);
  put_file(in_folder("file"), "");
  end = download(&w, in_folder("file/below"));
  assert_int_equal(end.status, UV_ENOTDIR);
  assert_non_null(strstr(end.msg, "file/below"));
  assert_int_equal(mkdir(in_folder("dir"), 0700), 0);
  end = download(&w, in_folder("dir"));
  assert_int_equal(end.status, UV_EISDIR);
  assert_int_equal(count_below(folder), 2);
  whole_end(&w);
}

static void on_tick(uv_timer_t *timer) { tcx_transfer_cancel(timer->data); }

/* Canceled at some moment of its way: one callback, nothing left. */
static void test_cancel(void **state) {
  (void)state;
  static const struct fault_step slow[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"),
      FILL("0123456789abcdef", 4096), DO(END)};
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  static const struct fault_step *const slows[] = {slow}, *const silents[] = {silent};
  for (unsigned i = 0; i < 12; i++) {
    struct whole w;
    struct end end = {0};
    tcx_transfer_t *transfer = NULL;
    uv_timer_t timer;
    whole_begin(&w, i % 2 != 0 ? slows : silents, 1, NULL);
    assert_int_equal(
        tcx_s3_download(w.client, in_folder("x"), object(), NULL, on_end, &end, &transfer), 0);
    assert_int_equal(uv_timer_init(&w.loop, &timer), 0);
    timer.data = transfer;
    if (i < 2)
      tcx_transfer_cancel(transfer);
    else
      uv_timer_start(&timer, on_tick, i * 2, 0);
    whole_until(&w, &end.calls);
    assert_int_equal(end.status, TCX_ECANCELED);
    assert_int_equal(count_below(folder), 0);
    uv_close((uv_handle_t *)&timer, NULL);
    whole_end(&w);
  }
}

static struct end upload(struct whole *w, const char *path, size_t max_memory) {
  struct end end = {0};
  tcx_transfer_options_t options = {.max_memory = max_memory};
  assert_int_equal(tcx_s3_upload_file(w->client, path, object(), &options, on_end, &end, NULL), 0);
  whole_until(w, &end.calls);
  return end;
}

static void test_upload(void **state) {
  (void)state;
  static const struct fault_step good[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN),
      DO(END)};
  static const struct fault_step *const scripts[] = {good};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  w.server.keep_body = 4096;
  put_file(in_folder("f"), "some bytes");
  struct end end = upload(&w, in_folder("f"), 0);
  assert_int_equal(end.status, 0);
  assert_true(end.response);
  assert_int_equal(end.done, 10);
  assert_string_equal(w.server.last_body, "some bytes");
  assert_non_null(strstr(w.server.last_head, "PUT /bucket/key HTTP/1.1"));
  /* too large for memory: read while it is sent, in signed chunks */
  end = upload(&w, in_folder("f"), 4);
  assert_int_equal(end.status, 0);
  assert_non_null(strstr(w.server.last_body, "some bytes"));
  assert_non_null(strstr(w.server.last_head, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"));
  end = (struct end){0};
  assert_int_equal(
      tcx_s3_upload(w.client, tcx_body_copy("memory", 6), object(), NULL, on_end, &end, NULL), 0);
  whole_until(&w, &end.calls);
  assert_int_equal(end.status, 0);
  assert_string_equal(w.server.last_body, "memory");
  whole_end(&w);
}

static void test_upload_fails(void **state) {
  (void)state;
  static const struct fault_step never[] = {DO(END)};
  static const struct fault_step *const scripts[] = {never};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct end end = upload(&w, in_folder("absent"), 0);
  assert_int_equal(end.status, UV_ENOENT);
  assert_non_null(strstr(end.msg, "absent"));
  assert_int_equal(upload(&w, folder, 0).status, UV_EISDIR);
  assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
  assert_int_equal(upload(&w, in_folder("fifo"), 0).status, UV_EINVAL);
  put_file(in_folder("huge"), "");
  assert_int_equal(truncate(in_folder("huge"), TCX_TRANSFER_PART_MAX + 1), 0);
  end = upload(&w, in_folder("huge"), 0);
  assert_int_equal(end.status, TCX_ETOOBIG);
  assert_non_null(strstr(end.msg, "5 GiB"));
  assert_int_equal(w.server.requests, 0);
  assert_int_equal(tcx_s3_upload_file(w.client, NULL, object(), NULL, on_end, NULL, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_s3_download(w.client, "", object(), NULL, on_end, NULL, NULL), UV_EINVAL);
  assert_int_equal(tcx_s3_copy(w.client, object(), NULL, NULL, NULL, NULL), UV_EINVAL);
  whole_end(&w);
}

/* ---- jobs ---- */

/* A source of n deletes that says EAGAIN before every third, and then fails with `status` when that
 * is not 0. */
struct source {
  tcx_items_t items;
  uv_timer_t timer;
  unsigned n, at, waits;
  int status, closed;
  tcx_error_t error;
  char key[32];
  int64_t size;
  const char *skip;
};

static void on_again(uv_timer_t *timer) {
  tcx_items_resume(&((struct source *)timer->data)->items);
}

static int source_next(tcx_items_t *items, tcx_item_t *item) {
  struct source *s = (struct source *)items;
  if (s->at % 3 == 2 && s->waits <= s->at) {
    s->waits = s->at + 1;
    uv_timer_start(&s->timer, on_again, 0, 0);
    return TCX_EAGAIN;
  }
  if (s->at == s->n)
    return s->status != 0 ? s->status : TCX_EOF;
  snprintf(s->key, sizeof s->key, "key-%u", s->at);
  *item = (tcx_item_t){.kind = TCX_ITEM_DELETE,
                       .bucket = "bucket",
                       .key = s->key,
                       .size = s->size,
                       .skip = s->at % 10 == 9 ? s->skip : NULL};
  s->at++;
  return 0;
}

static void source_close(tcx_items_t *items) {
  struct source *s = (struct source *)items;
  s->closed++;
  uv_close((uv_handle_t *)&s->timer, NULL);
}

static void source_begin(struct source *s, uv_loop_t *loop, unsigned n) {
  memset(s, 0, sizeof *s);
  s->items = (tcx_items_t){.next = source_next, .close = source_close};
  s->n = n;
  s->size = -1;
  uv_timer_init(loop, &s->timer);
  s->timer.data = s;
}

static const struct fault_step deleted[] = {DO(REQUEST), SEND("HTTP/1.1 204 No Content\r\n\r\n"),
                                            DO(AGAIN), DO(END)};
static const struct fault_step *const deletes[] = {deleted};

static void test_job(void **state) {
  (void)state;
  struct whole w;
  struct source s;
  struct tally t = {.limit = 5};
  whole_begin(&w, deletes, 1, NULL);
  source_begin(&s, &w.loop, 100);
  run_job(&w, &s.items, (tcx_job_options_t){.concurrency = 5}, &t);
  assert_int_equal(t.status, 0);
  assert_int_equal(t.good, 100);
  assert_int_equal(t.end.done, 100);
  assert_int_equal(t.end.found, 100);
  assert_true(t.end.found_all);
  assert_int_equal(t.end.running, 0);
  assert_int_equal(w.server.requests, 100);
  assert_true(w.server.accepted <= 5);
  whole_turns(&w, 2);
  assert_int_equal(s.closed, 1);
  whole_end(&w);
}

static void test_job_ends(void **state) {
  (void)state;
  struct whole w;
  struct source s;
  struct tally t = {0};
  whole_begin(&w, deletes, 1, NULL);
  source_begin(&s, &w.loop, 20); /* the source fails: what runs is finished */
  s.status = UV_EIO;
  s.error = (tcx_error_t){.status = UV_EIO, .msg = "the source broke"};
  s.items.error = &s.error;
  s.skip = "not this one";
  run_job(&w, &s.items, (tcx_job_options_t){0}, &t);
  assert_int_equal(t.status, UV_EIO);
  assert_string_equal(t.error, "the source broke");
  assert_int_equal(t.good, 18);
  assert_int_equal(t.skipped, 2);
  assert_false(t.end.found_all);
  whole_turns(&w, 2);
  assert_int_equal(s.closed, 1);

  t = (struct tally){.cancel_at = 7}; /* canceled from inside: each running item is told */
  source_begin(&s, &w.loop, 1000);
  run_job(&w, &s.items, (tcx_job_options_t){.concurrency = 10}, &t);
  assert_int_equal(t.status, TCX_ECANCELED);
  assert_true(t.items < 30 && t.good >= 7);
  assert_int_equal(t.good + t.canceled, t.items);
  whole_turns(&w, 2);
  assert_int_equal(s.closed, 1);

  t = (struct tally){0}; /* a dry run asks nobody */
  unsigned before = w.server.requests;
  source_begin(&s, &w.loop, 1000);
  s.size = 3;
  run_job(&w, &s.items, (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.good, 1000);
  assert_int_equal(t.end.found_bytes, 3000);
  assert_int_equal(w.server.requests, before);
  assert_int_equal(tcx_job_start(w.client, NULL, NULL, on_job, &t, NULL), UV_ENOMEM);
  whole_end(&w);
}

/* One large object at a time fits the budget, small ones beside each other. */
static void test_job_memory(void **state) {
  (void)state;
  static const struct fault_step put[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN), DO(END)};
  static const struct fault_step *const puts_[] = {put};
  struct whole w;
  struct tally t = {0};
  char *text = malloc(300001);
  memset(text, 'x', 300000);
  text[300000] = '\0';
  for (int i = 0; i < 8; i++)
    put_file(in_folder((char[]){(char)('a' + i), 0}), text);
  free(text);
  whole_begin(&w, puts_, 1, NULL);
  t.limit = 2; /* one more may run when an item is told */
  run_job(&w, tcx_items_folder(&w.loop, folder, NULL, "bucket", ""),
          (tcx_job_options_t){.max_memory = 700 << 10}, &t);
  assert_int_equal(t.status, 0);
  assert_int_equal(t.good, 8);
  assert_int_equal(t.end.bytes, 8 * 300000);
  whole_end(&w);
}

/* ---- closing while something runs ---- */

struct closing {
  struct whole *w;
  struct tally tally;
  unsigned at;
  int ends, closed;
  bool client_only;
};

static void on_session_closed(tcx_session_t *session) {
  struct closing *c = tcx_session_data(session);
  c->closed++;
  assert_int_equal(c->tally.calls + c->ends, 1); /* what is owed comes before */
}

static void close_now(struct closing *c) {
  if (c->client_only) {
    tcx_client_close(c->w->client, NULL);
    return;
  }
  c->w->closed = true;
  tcx_session_close(c->w->session, on_session_closed);
}

static void on_closing_item(tcx_job_t *job, const tcx_item_t *item,
                            const tcx_item_result_t *result) {
  struct closing *c = tcx_job_data(job);
  (void)item;
  (void)result;
  if (++c->tally.items == c->at)
    close_now(c);
}

static void on_closing_job(tcx_job_t *job, int status) {
  struct closing *c = tcx_job_data(job);
  c->tally.calls++;
  c->tally.status = status;
  if (c->at == 0)
    close_now(c);
}

static void on_closing_end(tcx_transfer_t *transfer, int status) {
  struct closing *c = tcx_transfer_data(transfer);
  c->ends++;
  c->tally.status = status;
  if (c->at == 0)
    close_now(c);
}

static void on_closing_time(uv_timer_t *timer) { close_now(timer->data); }

static void test_close_in_job(void **state) {
  (void)state;
  static const struct fault_step put[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN), DO(END)};
  static const struct fault_step *const puts_[] = {put};
  for (int i = 0; i < 20; i++) {
    char name[32];
    snprintf(name, sizeof name, "f%d", i);
    put_file(in_folder(name), "content");
  }
  for (unsigned i = 0; i < 2 * 21; i++) {
    struct closing c = {.at = i / 2, .client_only = i % 2 != 0};
    struct whole w;
    c.w = &w;
    whole_begin_with(&w, puts_, 1, &(tcx_session_options_t){.data = &c},
                     &(tcx_client_options_t){.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET});
    tcx_job_options_t options = {.on_item = on_closing_item, .concurrency = 7};
    assert_int_equal(tcx_job_start(w.client, tcx_items_folder(&w.loop, folder, NULL, "bucket", ""),
                                   &options, on_closing_job, &c, NULL),
                     0);
    whole_until(&w, &c.tally.calls);
    whole_end(&w);
    assert_int_equal(c.tally.calls, 1);
    assert_int_equal(c.closed, c.client_only ? 0 : 1);
    assert_int_equal(c.tally.status, c.at == 0 || c.at == 20 ? c.tally.status : TCX_ECANCELED);
  }
}

/* At every moment of a download and an upload: one callback, before the close is over, and no
 * file. */
static void test_close_in_transfer(void **state) {
  (void)state;
  static const struct fault_step slow[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"),
      FILL("0123456789abcdef", 4096), DO(END)};
  static const struct fault_step *const slows[] = {slow};
  put_file(in_folder("source"), "content");
  for (unsigned i = 0; i < 40; i++) {
    struct closing c = {.at = 1, .client_only = i % 2 != 0};
    struct whole w;
    uv_timer_t timer;
    c.w = &w;
    whole_begin_with(&w, slows, 1, &(tcx_session_options_t){.data = &c},
                     &(tcx_client_options_t){.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET});
    if (i % 4 < 2)
      assert_int_equal(
          tcx_s3_download(w.client, in_folder("x"), object(), NULL, on_closing_end, &c, NULL), 0);
    else
      assert_int_equal(tcx_s3_upload_file(w.client, in_folder("source"), object(), NULL,
                                          on_closing_end, &c, NULL),
                       0);
    uv_timer_init(&w.loop, &timer);
    timer.data = &c;
    uv_timer_start(&timer, on_closing_time, i / 4, 0);
    whole_turns(&w, (int)i % 5);
    whole_until(&w, &c.ends);
    uv_close((uv_handle_t *)&timer, NULL);
    whole_end(&w);
    assert_int_equal(c.ends, 1);
    assert_int_equal(count_below(folder), 1);
  }
  struct whole w; /* from its own callback */
  struct closing c = {.w = &w};
  whole_begin_with(&w, slows, 1, &(tcx_session_options_t){.data = &c},
                   &(tcx_client_options_t){.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET});
  assert_int_equal(
      tcx_s3_upload_file(w.client, in_folder("absent"), object(), NULL, on_closing_end, &c, NULL),
      0);
  whole_until(&w, &c.closed);
  whole_end(&w);
  whole_begin(&w, slows, 1, NULL); /* and nothing begins afterwards */
  tcx_client_close(w.client, NULL);
  assert_int_equal(
      tcx_s3_upload_file(w.client, in_folder("source"), object(), NULL, on_end, NULL, NULL),
      TCX_ECLOSING);
  assert_int_equal(tcx_job_start(w.client, tcx_items_folder(&w.loop, folder, NULL, "b", ""), NULL,
                                 on_job, NULL, NULL),
                   TCX_ECLOSING);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_download, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_download_tries_again, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stall_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_download_fails, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_upload, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_upload_fails, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_job, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_job_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_job_memory, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_close_in_job, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_close_in_transfer, set_up, tear_down),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
