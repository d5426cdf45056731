/*
 * Many calls of all kinds at once against connections that do anything, plain or TLS, while the
 * program cancels, pauses, closes streams, clients and the session as it likes, also from inside
 * hooks: every owed callback comes exactly once, every source is closed, and nothing is left. What
 * is chosen comes from a seed; TUCUXI_SEEDS says how many seeds (default 60, with TUCUXI_FULL
 * 600), TUCUXI_SEED which is the first.
 */
#include "fault_tls.h"
#include "whole.h"
#include <tucuxi/hooks.h>

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
  bool wild; /* closes the client and the session in the middle too */
  bool client_closing, closing;
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

static void on_session_closed(tcx_session_t *session) {
  (void)session;
  t.closed++;
}

static void close_client(void) {
  if (!t.client_closing && !t.closing)
    tcx_client_close(t.w.client, NULL);
  t.client_closing = true;
}

static void close_session(void) {
  if (!t.closing)
    tcx_session_close(t.w.session, on_session_closed);
  t.closing = t.client_closing = true;
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
  case 6:
    if (t.wild && pick(400) == 0)
      close_client();
    break;
  case 7:
    if (t.wild && pick(900) == 0)
      close_session();
    break;
  default:
    break;
  }
}

/* What was started owes a callback. */
static void owe(struct op *o, int err) {
  assert_true(err == 0 || (err == TCX_ECLOSING && t.client_closing));
  o->owed += err == 0;
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
    owe(o, tcx_paginator_each(o->pages, NULL, on_item));
    break;
  case 1:
    owe(o, tcx_paginator_build_full_result(o->pages, on_page));
    break;
  default:
    owe(o, tcx_paginator_next(o->pages, on_page));
    break;
  }
}

static void start_wait(struct op *o) {
  tcx_wait_options_t options = {.delay_ms = pick(2) ? TCX_NEVER : 1 + pick(20),
                                .max_attempts = pick(4),
                                .timeout_ms = pick(4) == 0 ? 1 + pick(60) : 0};
  owe(o, tcx_client_wait(t.w.client, pick(2) ? "bucket_exists" : "bucket_not_exists",
                         tcx_params("{Bucket: b}"), &options, on_call, o, &o->call));
}

static void start(struct op *o) {
  if (t.client_closing)
    return;
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
  owe(o, tcx_client_start(t.w.client, operation, key, &options, on_call, o, &o->call));
}

/* ---- hooks ---- */

/* Everything that a hook may do, at points where it may and where it may not. */
static int hook(tcx_call_t *call, const char *event, void *data) {
  tcx_value_t *v;
  int refused = 0;
  (void)event;
  (void)data;
  meddle();
  switch (pick(60)) {
  case 0:
    return UV_EIO;
  case 1:
    return tcx_hook_fail(call, UV_EPERM, "no");
  case 2:
    tcx_call_cancel(call);
    break;
  case 3:
    refused = tcx_hook_retry(call, pick(10));
    break;
  case 4:
    refused = tcx_hook_no_retry(call);
    break;
  case 5:
    refused = tcx_call_answer(call, pick(2) ? 200 : 400, tcx_params("{Error: {Code: x}}"));
    break;
  case 6:
    refused = tcx_call_answer_http(call, pick(2) ? 200 : 503, NULL, "<a/>", 4);
    break;
  case 7:
    refused = tcx_request_set_header(call, "x-a", "b");
    break;
  case 8:
    refused = tcx_request_set_unsigned(call);
    break;
  case 9:
    if ((v = tcx_request_params(call)) != NULL)
      tcx_value_set_str(v, "Bucket", "c");
    break;
  case 10:
    if ((v = tcx_hook_response(call)) != NULL && strncmp(event, "needs-retry", 11) != 0)
      tcx_value_set_str(v, "Added", "c");
    break;
  case 11:
    refused = tcx_request_set_url(call, t.w.url);
    break;
  default:
    break;
  }
  assert_true(refused <= 0);
  return 0;
}

static void add_hooks(void) {
  static const char *const events[] = {"provide-client-params",
                                       "before-parameter-build",
                                       "before-endpoint-resolution",
                                       "before-call",
                                       "choose-signer",
                                       "request-created",
                                       "before-sign",
                                       "before-send",
                                       "before-parse",
                                       "response-received",
                                       "needs-retry",
                                       "after-call",
                                       "after-call-error"};
  for (unsigned i = 0; i < sizeof events / sizeof events[0]; i++)
    if (pick(3) == 0)
      assert_int_equal(tcx_client_on(t.w.client, events[i], hook, NULL, NULL), 0);
}

/* ---- the connections ---- */

#define MAX_SCRIPTS 60
static struct fault_step scripts[MAX_SCRIPTS][8];
static const struct fault_step *script_list[MAX_SCRIPTS];
static char lists[16][300];
#define ALERT "\x15\x03\x03\0\x02\x02\x28" /* of TLS: fatal, the handshake failed */

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
      SEND("HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n"
           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
      SEND_BELOW("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
      {FAULT_SEND_BELOW, ALERT, sizeof ALERT - 1},
  };
  unsigned n = 0, answer = pick(16);
  if (pick(12) == 0)
    s[n++] = pick(2) ? close_it : reset;
  s[n++] = pick(5) == 0 ? (struct fault_step)DO(HEAD) : request;
  if (pick(4) == 0)
    s[n++] = (struct fault_step)DO_N(WAIT, 1 + pick(15));
  if (answer >= sizeof answers / sizeof answers[0])
    s[n++] = (struct fault_step)SEND(lists[pick(16)]);
  else
    s[n++] = answers[answer];
  if (answer == 10)
    s[n++] = (struct fault_step)FILL("xxxxxxxxxxxxxxxxxxxx", 10000);
  unsigned last = pick(10);
  s[n++] = last < 6 ? again : last < 8 ? close_it : last < 9 ? reset : end;
}

static void make_scripts(void) {
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
}

/* ---- a seed ---- */

static void begin(uint64_t seed, const struct fault_tls *tls) {
  memset(&t, 0, sizeof t);
  random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  make_scripts();
  whole_tls = pick(2) ? tls : NULL;
  t.wild = pick(2);
  whole_begin(
      &t.w, script_list, MAX_SCRIPTS,
      &(tcx_client_options_t){.max_connections = 1 + pick(8), .no_verify = whole_tls != NULL});
  if (pick(2))
    add_hooks();
}

static void live(void) {
  for (unsigned i = 0; i < OPS; i++) {
    start(&t.ops[i]);
    if (pick(3) == 0)
      whole_turns(&t.w, (int)pick(4));
  }
  uint64_t since = uv_hrtime(), limit = 20 + pick(150);
  while ((uv_hrtime() - since) / 1000000 < limit) {
    whole_turns(&t.w, 1);
    if (pick(8) == 0)
      meddle();
  }
}

/* What is read goes on to its end while all closes, or stops. */
static void end(void) {
  if (pick(2)) {
    close_client();
    whole_turns(&t.w, (int)pick(10));
  }
  close_session();
  t.w.closed = true;
  for (unsigned i = 0; i < OPS; i++)
    if (t.ops[i].reading && pick(2))
      tcx_stream_read_stop(t.ops[i].stream);
  for (unsigned i = pick(4); i > 0; i--) {
    whole_turns(&t.w, 1);
    meddle();
  }
  whole_end(&t.w);
  assert_int_equal(t.closed, 1);
}

static void run_seed(uint64_t seed, const struct fault_tls *tls) {
  begin(seed, tls);
  live();
  end();
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

static uint64_t number_in(const char *variable, uint64_t other) {
  const char *text = getenv(variable);
  return text != NULL ? strtoull(text, NULL, 10) : other;
}

static void test_seeds(void **state) {
  (void)state;
  struct fault_tls *tls = fault_tls_new("unit/net/tls/good.pem", "unit/net/tls/server.key");
  uint64_t first = number_in("TUCUXI_SEED", 1),
           count = number_in("TUCUXI_SEEDS", getenv("TUCUXI_FULL") != NULL ? 600 : 60);
  for (uint64_t seed = first; seed < first + count; seed++)
    run_seed(seed, tls);
  fault_tls_free(tls);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
