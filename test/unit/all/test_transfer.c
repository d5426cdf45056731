/* Transfers, jobs and their sources against a scripted server: outcomes, retries, cancel, bounds,
 * and memory that runs out. */
#include "torture.h"
#include "whole.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tucuxi/transfer.h>

/* ---- a folder of the test's own ---- */

static char folder[64];

static const char *in_folder(const char *name) {
  static char paths[16][256];
  static unsigned next;
  char *path = paths[next++ % 16];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void remove_below(const char *path) {
  DIR *dir = opendir(path);
  for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
    char inner[600];
    if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
      continue;
    snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
    struct stat st;
    if (lstat(inner, &st) == 0 && S_ISDIR(st.st_mode))
      remove_below(inner);
    unlink(inner);
    rmdir(inner);
  }
  if (dir != NULL)
    closedir(dir);
}

static unsigned count_below(const char *path) {
  unsigned n = 0;
  DIR *dir = opendir(path);
  for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
    n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
  if (dir != NULL)
    closedir(dir);
  return n;
}

static void put_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

static int set_up(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/tucuxi-transfer-XXXXXX");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  remove_below(folder);
  return rmdir(folder);
}

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

#define OBJECT(n, body)                                                                            \
  "HTTP/1.1 200 OK\r\nContent-Length: " #n                                                         \
  "\r\nLast-Modified: Sun, 30 Aug 2015 12:36:00 GMT\r\n\r\n" body
static tcx_value_t *object(void) { return tcx_params("{Bucket: bucket, Key: key}"); }

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

struct tally {
  int calls, status;
  unsigned items, good, skipped, failed, canceled;
  unsigned cancel_at; /* item; 0 = never */
  unsigned running_max, limit;
  char last_key[32], error[128];
  tcx_job_progress_t end;
};

static void on_item(tcx_job_t *job, const tcx_item_t *item, const tcx_item_result_t *result) {
  struct tally *t = tcx_job_data(job);
  tcx_job_progress_t p;
  tcx_job_get_progress(job, &p);
  assert_int_equal(t->calls, 0);
  assert_true(result->status == 0 || result->error != NULL);
  t->items++;
  if (result->skipped)
    t->skipped++;
  else if (result->status == 0)
    t->good++;
  else if (result->status == TCX_ECANCELED)
    t->canceled++;
  else
    t->failed++;
  assert_true(p.running < t->limit || t->limit == 0);
  if (!result->skipped)
    snprintf(t->last_key, sizeof t->last_key, "%s", item->key);
  if (t->cancel_at != 0 && t->items == t->cancel_at)
    tcx_job_cancel(job);
}

static void on_job(tcx_job_t *job, int status) {
  struct tally *t = tcx_job_data(job);
  t->calls++;
  t->status = status;
  tcx_job_get_progress(job, &t->end);
  if (tcx_job_error(job) != NULL)
    snprintf(t->error, sizeof t->error, "%s", tcx_job_error(job)->msg);
}

static void run_job(struct whole *w, tcx_items_t *items, tcx_job_options_t options,
                    struct tally *t) {
  options.on_item = on_item;
  assert_int_equal(tcx_job_start(w->client, items, &options, on_job, t, NULL), 0);
  assert_int_equal(t->calls + (int)t->items, 0);
  whole_until(w, &t->calls);
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

/* ---- sources ---- */

static void make_tree(void) {
  static const char *const files[] = {"a.txt", "b.gz", "d/c.txt", "d/e/f.gz", "d/e/g.txt"};
  mkdir(in_folder("t"), 0700);
  mkdir(in_folder("t/d"), 0700);
  mkdir(in_folder("t/d/e"), 0700);
  mkdir(in_folder("t/empty"), 0700);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char name[64];
    snprintf(name, sizeof name, "t/%s", files[i]);
    put_file(in_folder(name), "12345");
  }
}

static void test_folder(void **state) {
  (void)state;
  struct whole w;
  struct tally t = {0};
  make_tree();
  assert_int_equal(symlink("..", in_folder("t/d/e/up")), 0);
  assert_int_equal(symlink("nowhere", in_folder("t/dangling")), 0);
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  run_job(&w, tcx_items_folder(&w.loop, in_folder("t/"), NULL, "bucket", "p/"),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, 0);
  assert_int_equal(t.good, 5);
  assert_int_equal(t.skipped, 2);
  assert_int_equal(t.end.found_bytes, 25);
  t = (struct tally){0};
  run_job(&w, tcx_items_folder(&w.loop, in_folder("t"), "*e/*.gz", "bucket", "p/"),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.good, 1);
  assert_string_equal(t.last_key, "p/d/e/f.gz");
  t = (struct tally){0};
  run_job(&w, tcx_items_folder(&w.loop, in_folder("absent"), NULL, "bucket", ""),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, UV_ENOENT);
  t = (struct tally){.cancel_at = 1};
  run_job(&w, tcx_items_folder(&w.loop, in_folder("t"), NULL, "bucket", ""),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, TCX_ECANCELED);
  tcx_items_close(tcx_items_folder(&w.loop, folder, NULL, "bucket", ""));
  whole_end(&w);
}

#define PAGE_1                                                                                     \
  "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>n</"                    \
  "NextContinuationToken>"                                                                         \
  "<Contents><Key>p/a</Key><Size>1</Size></Contents><Contents><Key>p/../b</Key><Size>2</Size></"   \
  "Contents></ListBucketResult>"
#define PAGE_2                                                                                     \
  "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/d/</Key><Size>0</Size></"    \
  "Contents>"                                                                                      \
  "<Contents><Key>p/d/e</Key><Size>4</Size></Contents><Contents><Key>p/t/x</Key><Size>9</Size></"  \
  "Contents></ListBucketResult>"

static void test_listing(void **state) {
  (void)state;
  struct fault_step pages[] = {DO(REQUEST), SEND(NULL), DO(REQUEST), SEND(NULL), DO(END)};
  struct fault_step failing[] = {DO(REQUEST), SEND(NULL), DO(REQUEST), SEND(NULL), DO(END)};
  const struct fault_step *const scripts[] = {pages}, *const fail_scripts[] = {failing};
  pages[1].text = failing[1].text = whole_answer("200 OK", PAGE_1);
  pages[3].text = whole_answer("200 OK", PAGE_2);
  failing[3].text = whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "no more"));
  tcx_listing_options_t o = {.kind = TCX_ITEM_DOWNLOAD,
                             .bucket = "bucket",
                             .prefix = "p/",
                             .strip = 2,
                             .folder = "target"};
  const struct {
    tcx_item_kind_t kind;
    const char *glob;
    unsigned good, skipped;
    const char *last;
  } cases[] = {{TCX_ITEM_DOWNLOAD, NULL, 3, 1, "p/t/x"},
               {TCX_ITEM_DELETE, NULL, 5, 0, "p/t/x"},
               {TCX_ITEM_COPY, NULL, 4, 0, "p/t/d/e"},
               {TCX_ITEM_DOWNLOAD, "d/*", 1, 0, "p/d/e"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    struct tally t = {0};
    whole_begin(&w, scripts, 1, NULL);
    o.kind = cases[i].kind;
    o.glob = cases[i].glob;
    o.target_bucket = "bucket";
    o.target_prefix = "p/t/";
    run_job(&w, tcx_items_listing(w.client, &o), (tcx_job_options_t){.dry_run = true}, &t);
    assert_int_equal(t.status, 0);
    assert_int_equal(t.good, cases[i].good);
    assert_int_equal(t.skipped, cases[i].skipped);
    assert_string_equal(t.last_key, cases[i].last);
    whole_end(&w);
  }
  struct whole w;
  struct tally t = {0};
  whole_begin(&w, fail_scripts, 1, NULL);
  run_job(&w, tcx_items_listing(w.client, &o), (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, TCX_ECLIENT);
  assert_non_null(strstr(t.error, "AccessDenied"));
  whole_end(&w);
}

/* Closed while a page is on its way. */
static void test_listing_closed(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  tcx_listing_options_t o = {.kind = TCX_ITEM_DELETE, .bucket = "bucket"};
  tcx_job_t *job = NULL;
  struct tally t = {0};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  assert_int_equal(tcx_job_start(w.client, tcx_items_listing(w.client, &o), NULL, on_job, &t, &job),
                   0);
  while (w.server.requests == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_job_cancel(job);
  whole_until(&w, &t.calls);
  assert_int_equal(t.status, TCX_ECANCELED);
  whole_end(&w);
}

static void test_chain(void **state) {
  (void)state;
  struct whole w;
  struct tally t = {0};
  make_tree();
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  tcx_item_t one = {.kind = TCX_ITEM_DELETE, .bucket = "b", .key = "last", .size = 7};
  tcx_items_t *all[] = {tcx_items_folder(&w.loop, in_folder("t"), NULL, "b", ""),
                        tcx_items_folder(&w.loop, in_folder("t/empty"), NULL, "b", ""),
                        tcx_items_one(&one)};
  run_job(&w, tcx_items_chain(all, 3), (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.good, 6);
  assert_string_equal(t.last_key, "last");
  tcx_items_t *holed[] = {tcx_items_one(&one), NULL};
  assert_null(tcx_items_chain(holed, 2));
  tcx_items_t *unused[] = {tcx_items_one(&one)};
  tcx_items_close(tcx_items_chain(unused, 1));
  whole_end(&w);
}

static void test_glob(void **state) {
  (void)state;
  static const struct {
    const char *glob, *text;
    bool matches;
  } cases[] = {{"", "", true},
               {"", "a", false},
               {"*", "", true},
               {"*", "a/b", true},
               {"a*c", "abbc", true},
               {"a*c", "abb", false},
               {"*.gz", "x/y.gz", true},
               {"*.gz", "x.gzz", false},
               {"?", "a", true},
               {"?", "", false},
               {"?", "\xc3\xa4", true},
               {"??", "\xc3\xa4", false},
               {"[a-c]x", "bx", true},
               {"[a-c]x", "dx", false},
               {"[!a-c]x", "dx", true},
               {"[^a-c]x", "ax", false},
               {"[]]", "]", true},
               {"[a-]", "-", true},
               {"[x", "[x", true},
               {"\\*", "*", true},
               {"\\*", "a", false},
               {"a\\", "a\\", true},
               {"*a*b*c*", "xxaxxbxxcxx", true},
               {"*a*b*c*", "xxaxxcxxbxx", false},
               {"*[0-9]", "a1", true},
               {"a**b", "ab", true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (tcx_glob_match(cases[i].glob, cases[i].text) != cases[i].matches)
      fail_msg("'%s' and '%s'", cases[i].glob, cases[i].text);
  assert_int_equal(tcx_glob_plain("ab/c*d"), 4);
  assert_int_equal(tcx_glob_plain("abc"), 3);
  assert_int_equal(tcx_glob_plain("a[b"), 3);
  assert_int_equal(tcx_glob_plain("a[b]"), 1);
  char many[2001], text[4001]; /* no pattern takes exponential time */
  for (int i = 0; i < 2000; i += 2)
    memcpy(many + i, "*a", 2);
  many[2000] = '\0';
  memset(text, 'a', 4000);
  text[4000] = '\0';
  assert_true(tcx_glob_match(many, text));
  text[3999] = 'b';
  assert_false(tcx_glob_match(many, text));
}

/* ---- memory that runs out ---- */

static const struct fault_step *const *torture_scripts;

static int torture(void *ctx) {
  struct whole w;
  struct tally t = {0};
  int (*scenario)(struct whole *, struct tally *) = *(int (**)(struct whole *, struct tally *))ctx;
  int err = whole_try_begin(&w, torture_scripts, 1, NULL, NULL);
  if (err == 0)
    err = scenario(&w, &t);
  if (err == 0) {
    whole_until(&w, &t.calls);
    err = t.status != 0 ? t.status : t.failed + t.skipped > 0 ? UV_ENOMEM : 0;
  }
  whole_end(&w);
  return err;
}

static int start_torture(struct whole *w, tcx_items_t *items, struct tally *t) {
  return tcx_job_start(w->client, items, &(tcx_job_options_t){.on_item = on_item}, on_job, t, NULL);
}

static int upload_folder(struct whole *w, struct tally *t) {
  return start_torture(w, tcx_items_folder(&w->loop, in_folder("t"), "?.*", "bucket", "p/"), t);
}

static int download_listed(struct whole *w, struct tally *t) {
  tcx_listing_options_t o = {
      .kind = TCX_ITEM_DOWNLOAD, .bucket = "bucket", .folder = in_folder("down")};
  return start_torture(w, tcx_items_listing(w->client, &o), t);
}

static int download_one(struct whole *w, struct tally *t) {
  tcx_item_t item = {.kind = TCX_ITEM_DOWNLOAD,
                     .bucket = "bucket",
                     .key = "k",
                     .path = in_folder("one"),
                     .size = -1};
  tcx_items_t *one = tcx_items_one(&item);
  return start_torture(w, tcx_items_chain(&one, 1), t);
}

static void test_out_of_memory(void **state) {
  (void)state;
  static const struct fault_step put[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN), DO(END)};
  static const struct fault_step good[] = {DO(REQUEST), SEND(OBJECT(5, "hello")), DO(AGAIN),
                                           DO(END)};
  struct fault_step listed[] = {DO(REQUEST), SEND(NULL),
                                DO(REQUEST), SEND(OBJECT(5, "hello")),
                                DO(REQUEST), SEND(OBJECT(5, "hello")),
                                DO(END)};
  const struct fault_step *const puts_[] = {put}, *const goods[] = {good},
                                 *const listings[] = {listed};
  listed[1].text = whole_answer(
      "200 OK",
      "<ListBucketResult><Contents><Key>a</Key><Size>5</Size></Contents></ListBucketResult>");
  const struct {
    int (*scenario)(struct whole *, struct tally *);
    const struct fault_step *const *scripts;
  } cases[] = {{upload_folder, puts_}, {download_one, goods}, {download_listed, listings}};
  make_tree();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int (*scenario)(struct whole *, struct tally *) = cases[i].scenario;
    torture_scripts = cases[i].scripts;
    test_fail_until_ok(torture, (void *)&scenario);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_download, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_download_tries_again, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_download_fails, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_upload, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_upload_fails, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_job, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_job_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_job_memory, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_close_in_job, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_close_in_transfer, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_listing, set_up, tear_down),
      cmocka_unit_test(test_listing_closed),
      cmocka_unit_test_setup_teardown(test_chain, set_up, tear_down),
      cmocka_unit_test(test_glob),
      cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
