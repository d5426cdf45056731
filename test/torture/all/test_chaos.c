/*
 * Many calls of all kinds at once against connections that do anything, while the program cancels,
 * pauses, closes streams and clients as it likes: every owed callback comes exactly once, every
 * source is closed, and nothing is left. What is chosen comes from a seed; TUCUXI_SEEDS says how
 * many seeds (default 60).
 */
#include "whole.h"

#define OPS 40
#define OK_XML                                                                                     \
  "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%u</"                   \
  "NextContinuationToken></ListBucketResult>"

static uint64_t random_state;
static unsigned pick(unsigned n) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (unsigned)(random_state >> 33) % n;
}

struct op {
  int owed, came;   /* callbacks of the call, the stream's end, pages */
  tcx_call_t *call; /* borrowed, while it may be cancelled */
  tcx_call_t *kept;
  tcx_stream_t *stream;
  bool reading, sinking;
  tcx_paginator_t *pages;
  tcx_body_t *body;
  bool source, source_open;
  size_t left;
  unsigned dry;
};
static struct {
  struct whole w;
  struct op ops[OPS];
  bool closing;
  int closed;
} t;

/* ---- the program's side ---- */

static void close_stream(struct op *o) {
  if (o->stream == NULL)
    return;
  tcx_stream_t *stream = o->stream;
  o->stream = NULL;
  if (o->reading)
    o->owed--; /* no read callback comes after the close */
  o->reading = false;
  tcx_stream_close(stream);
}

static void meddle(void) {
  struct op *o = &t.ops[pick(OPS)];
  switch (pick(12)) {
  case 0:
    if (o->call != NULL)
      tcx_call_cancel(o->call);
    break;
  case 1:
    close_stream(o);
    break;
  case 2:
    if (o->reading) {
      tcx_stream_read_stop(o->stream);
    }
    break;
  case 3:
    if (o->body != NULL && o->source_open)
      tcx_body_resume(o->body);
    break;
  case 4:
    if (o->kept != NULL) {
      assert_true((tcx_call_response(o->kept) == NULL) != (tcx_call_error(o->kept) == NULL));
      tcx_call_release(o->kept);
      o->kept = NULL;
    }
    break;
  case 5:
    if (o->pages != NULL && pick(4) == 0) {
      tcx_paginator_close(o->pages);
      o->pages = NULL;
    }
    break;
  default:
    break;
  }
}

static void on_data(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct op *o = tcx_stream_data(stream);
  assert_ptr_equal(o->stream, stream);
  assert_true(n != 0);
  if (n > 0) {
    assert_true((size_t)n <= buf->len);
    meddle();
    return;
  }
  o->came++;
  o->reading = false;
  close_stream(o);
  meddle();
}
static void on_done(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  struct op *o = tcx_stream_data(stream);
  assert_true(whole == NULL || status == 0);
  o->came++;
  o->sinking = false;
  close_stream(o);
  meddle();
}

static void on_call(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct op *o = tcx_call_data(call);
  assert_true((response == NULL) != (error == NULL));
  o->came++;
  o->call = NULL;
  assert_true(!o->source || !o->source_open); /* closed before */
  if (pick(3) == 0)
    o->kept = tcx_call_retain(call);
  if (pick(5) != 0)
    o->stream = tcx_call_take_stream(call, o);
  meddle();
  if (o->stream == NULL)
    return;
  int err = 0;
  switch (pick(3)) {
  case 0:
    err = tcx_stream_read_start(o->stream, on_data);
    o->reading = err == 0;
    break;
  case 1:
    err = tcx_stream_read_all(o->stream, 100000 + pick(200000), on_done);
    o->sinking = err == 0;
    break;
  default:
    break; /* taken, and left alone */
  }
  o->owed += o->reading || o->sinking;
  assert_true(err == 0 || err == TCX_ECLOSING);
  meddle();
}

static void on_item(tcx_paginator_t *pages, int status, const tcx_value_t *item) {
  struct op *o = tcx_paginator_data(pages);
  assert_true(status == 0 || item == NULL);
  o->came += status != 0;
  meddle();
  if (status == 0 || o->pages == NULL)
    return;
  tcx_paginator_close(o->pages);
  o->pages = NULL;
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct op *o = tcx_paginator_data(pages);
  (void)pages;
  assert_true((page == NULL) == (status != 0));
  o->came++;
  meddle();
  if (o->pages == NULL)
    return;
  int err = status == 0 ? tcx_paginator_next(o->pages, on_page) : TCX_ECLOSING;
  if (err == 0) {
    o->owed++;
    return;
  }
  tcx_paginator_close(o->pages);
  o->pages = NULL;
}

static ssize_t source_read(tcx_body_t *body, void *buf, size_t len) {
  struct op *o = tcx_body_data(body);
  assert_true(o->source_open);
  o->body = body;
  if (pick(4) == 0) {
    meddle();
    o->dry++;
    return TCX_EAGAIN;
  }
  if (pick(60) == 0)
    return UV_EIO;
  size_t n = o->left < len ? o->left : len;
  n = n > 30000 ? 30000 : n;
  memset(buf, 'y', n);
  o->left -= n;
  return (ssize_t)n;
}
static int source_rewind(tcx_body_t *body, uint64_t offset) {
  struct op *o = tcx_body_data(body);
  assert_true(o->source_open);
  o->left = 200000 - (size_t)offset;
  meddle();
  return pick(5) == 0 ? UV_EIO : 0;
}
static void source_close(tcx_body_t *body) {
  struct op *o = tcx_body_data(body);
  assert_true(o->source_open);
  o->source_open = false;
  o->body = NULL;
  meddle();
}

static void start_pages(struct op *o) {
  const tcx_paginate_options_t options = {.prefetch = pick(2), .max_items = pick(3)};
  assert_int_equal(tcx_client_paginate(t.w.client, "list_objects_v2", tcx_params("{Bucket: b}"),
                                       &options, o, &o->pages),
                   0);
  switch (pick(3)) {
  case 0:
    assert_int_equal(tcx_paginator_each(o->pages, NULL, on_item), 0);
    break;
  case 1:
    assert_int_equal(tcx_paginator_build_full_result(o->pages, on_page), 0);
    break;
  default:
    assert_int_equal(tcx_paginator_next(o->pages, on_page), 0);
    break;
  }
  o->owed++;
}

static void start_wait(struct op *o) {
  tcx_wait_options_t options = {.delay_ms = pick(2) ? TCX_NEVER : 1 + pick(20),
                                .max_attempts = pick(4),
                                .timeout_ms = pick(4) == 0 ? 1 + pick(60) : 0};
  o->owed++;
  assert_int_equal(tcx_client_wait(t.w.client, pick(2) ? "bucket_exists" : "bucket_not_exists",
                                   tcx_params("{Bucket: b}"), &options, on_call, o, &o->call),
                   0);
}

static void start(struct op *o) {
  tcx_call_options_t options = {.max_body = pick(2) * 1000000,
                                .timeout_ms = pick(4) == 0 ? 1 + pick(60) : 0,
                                .attempt_timeout_ms = pick(4) == 0 ? 1 + pick(30) : 0,
                                .read_timeout_ms = 40,
                                .max_attempts = pick(4),
                                .stall_limit = pick(3) == 0 ? 1 + pick(1000000) : 0,
                                .stall_ms = 1 + pick(40)};
  tcx_value_t *key = tcx_params("{Bucket: b, Key: k}");
  const char *operation = "get_object";
  switch (pick(8)) {
  case 0:
  case 1:
    break;
  case 2:
    operation = "put_object";
    o->source = o->source_open = true;
    o->left = 200000;
    tcx_value_set_body(
        key, "Body",
        tcx_body_source(200000, source_read, pick(2) ? source_rewind : NULL, source_close, o));
    break;
  case 3:
    operation = "put_object";
    tcx_value_set_body(key, "Body", tcx_body_file(TCX_TEST_DIR "/torture/all/test_chaos.c", 0, -1));
    break;
  case 4:
    tcx_value_free(key);
    start_pages(o);
    return;
  case 5:
    operation = "list_objects_v2";
    break; /* Key is no member of it */
  case 6:
    tcx_value_free(key);
    start_wait(o);
    return;
  default:
    operation = "head_bucket";
    tcx_value_free(key);
    key = tcx_params("{Bucket: b}");
  }
  o->owed++;
  assert_int_equal(tcx_client_start(t.w.client, operation, key, &options, on_call, o, &o->call), 0);
}

/* ---- the connections ---- */

#define MAX_SCRIPTS 60
static struct fault_step scripts[MAX_SCRIPTS][8];
static const struct fault_step *script_list[MAX_SCRIPTS];
static char lists[16][300];

static void make_script(struct fault_step *s) {
  static const struct fault_step request = DO(REQUEST), again = DO(AGAIN), close_it = DO(CLOSE),
                                 reset = DO(RESET), end = DO(END);
  static const struct fault_step answers[] = {
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
      SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
      SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
      SEND("HTTP/1.1 503 X\r\nContent-Length: 6\r\n\r\n<Error"),
      SEND("HTTP/1.1 301 X\r\nx-amz-bucket-region: eu-west-1\r\nContent-Length: 0\r\n\r\n"),
      SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxxx\r\n0\r\n\r\n"),
      SEND_BYTEWISE("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx"),
      SEND("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nxxx"),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\nxxx"),
      SEND("gibberish\r\n\r\n"),
      SEND("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"),
  };
  unsigned n = 0, answer = pick(13);
  if (pick(12) == 0)
    s[n++] = pick(2) ? close_it : reset;
  s[n++] = pick(5) == 0 ? (struct fault_step)DO(HEAD) : request;
  if (pick(4) == 0)
    s[n++] = (struct fault_step)DO_N(WAIT, 1 + pick(15));
  if (answer >= 11)
    s[n++] = (struct fault_step)SEND(lists[pick(16)]);
  else
    s[n++] = answers[answer];
  if (answer == 10)
    s[n++] = (struct fault_step)FILL("xxxxxxxxxxxxxxxxxxxx", 10000);
  unsigned last = pick(10);
  s[n++] = last < 6 ? again : last < 8 ? close_it : last < 9 ? reset : end;
}

static void on_session_closed(tcx_session_t *session) {
  (void)session;
  t.closed++;
}

static void run_seed(uint64_t seed) {
  memset(&t, 0, sizeof t);
  random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  for (unsigned i = 0; i < 16; i++) {
    char body[200];
    snprintf(body, sizeof body, OK_XML, i);
    snprintf(lists[i], sizeof lists[i], "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
  }
  for (unsigned i = 0; i < MAX_SCRIPTS; i++) {
    memset(scripts[i], 0, sizeof scripts[i]);
    make_script(scripts[i]);
    script_list[i] = scripts[i];
  }
  whole_begin(&t.w, script_list, MAX_SCRIPTS,
              &(tcx_client_options_t){.max_connections = 1 + pick(8)});
  for (unsigned i = 0; i < OPS; i++) {
    start(&t.ops[i]);
    if (pick(3) == 0)
      whole_turns(&t.w, (int)pick(4));
  }
  uint64_t begin = uv_hrtime(), limit = 20 + pick(150);
  while ((uv_hrtime() - begin) / 1000000 < limit) {
    whole_turns(&t.w, 1);
    if (pick(8) == 0)
      meddle();
  }
  if (pick(2)) {
    tcx_client_close(t.w.client, NULL);
    whole_turns(&t.w, (int)pick(10));
  }
  tcx_session_close(t.w.session, on_session_closed);
  t.w.closed = true;
  whole_end(&t.w);
  assert_int_equal(t.closed, 1);
  for (unsigned i = 0; i < OPS; i++) {
    struct op *o = &t.ops[i];
    if (o->stream != NULL && o->reading)
      o->owed--; /* stopped, and so not told */
    tcx_stream_close(o->stream);
    tcx_paginator_close(o->pages);
    tcx_call_release(o->kept);
    if (o->owed != o->came || o->source_open)
      fail_msg("seed %llu, call %u: %d of %d callbacks, source open %d", (unsigned long long)seed,
               i, o->came, o->owed, o->source_open);
  }
}

static void test_seeds(void **state) {
  (void)state;
  const char *wanted = getenv("TUCUXI_SEEDS");
  uint64_t seeds = wanted != NULL ? strtoull(wanted, NULL, 10) : 60;
  for (uint64_t seed = 1; seed <= seeds; seed++)
    run_seed(seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
