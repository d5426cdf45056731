/*
 * Ending a call at each point of its life: every state of call.h's machine, in each phase, a
 * waiter's and a paginator's own states too. At each of them the call is cancelled, runs out of its
 * time, and loses its client and its session. Whatever the point: one callback, with the right
 * status and phase; the connection is kept where it is sound, and closed where it is not; no
 * reference and no reason to hold the loop is left; and the loop ends.
 *
 * A point is a way to begin, and how to see that the call has got there. A new kind of call gets
 * rows of its own in the table.
 */
#include "whole.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <tucuxi/future.h>

typedef enum { CANCEL, DEADLINE, CLOSE_CLIENT, CLOSE_SESSION, ENDS } ending;
static const char *const ending_names[] = {"cancel", "deadline", "close client", "close session"};

static struct {
  struct whole w;
  struct outcome o, other;
  tcx_call_t *call;                 /* retained */
  tcx_credentials_request_t *asked; /* not answered before the end */
  tcx_paginator_t *pages;
  int page_status, page_calls;
  int fds[16], n_fds;
  int closed_bodies, drained, client_closed;
  char path[64];
} t;

#define HOUR 3600000u

static tcx_value_t *bucket(void) { return tcx_params("{Bucket: b}"); }
static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }

/* ---- servers ---- */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
static const struct fault_step never_speaks[] = {DO(END)};
static const struct fault_step deaf[] = {DO(STOP_READING), DO(END)};
static const struct fault_step half_head[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-"),
                                              DO(END)};
static const struct fault_step half_body[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), DO(END)};
static const struct fault_step fails[] = {
    DO(REQUEST), SEND("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step throttles[] = {
    DO(REQUEST),
    SEND(
        "HTTP/1.1 503 Slow Down\r\nContent-Length: 36\r\n\r\n<Error><Code>SlowDown</Code></Error>"),
    DO(AGAIN)};
static const struct fault_step moved[] = {
    DO(REQUEST), SEND("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n"), DO(REQUEST), DO(END)};
static const struct fault_step good[] = {DO(REQUEST), SEND(OK), DO(AGAIN)};
static const struct fault_step not_found[] = {
    DO(REQUEST), SEND("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step continues[] = {DO(HEAD), DO(END)};

static void keep_request(tcx_credentials_request_t *request, void *data) {
  (void)data;
  t.asked = request;
}

static void begin_with(const struct fault_step *steps, const tcx_session_options_t *so,
                       const tcx_client_options_t *co) {
  static const struct fault_step *scripts[1];
  scripts[0] = steps;
  whole_begin_with(&t.w, scripts, 1, so, co);
}
static void begin(const struct fault_step *steps) { begin_with(steps, NULL, NULL); }

static void start_with(const char *operation, tcx_value_t *params, tcx_call_options_t options) {
  options.timeout_ms = HOUR;
  whole_start_to(&t.w, operation, params, &options, &t.o, &t.call);
  tcx_call_retain(t.call);
}
static void start(const char *operation, tcx_value_t *params) {
  start_with(operation, params, (tcx_call_options_t){.max_body = 1000});
}

static void start_wait(const char *waiter, tcx_value_t *params, unsigned delay_ms) {
  tcx_wait_options_t options = {.timeout_ms = HOUR, .delay_ms = delay_ms};
  t.o.whole = &t.w;
  t.w.starting = true;
  assert_int_equal(tcx_client_wait(t.w.client, waiter, params, &options, outcome_cb, &t.o, &t.call),
                   0);
  t.w.starting = false;
  tcx_call_retain(t.call);
}

static void use(const char *service, tcx_client_options_t co) {
  co.region = "us-east-1";
  assert_int_equal(tcx_session_create_client(t.w.session, service, &co, &t.w.client), 0);
}

/* ---- bodies ---- */

static char big[32u << 20];

static ssize_t dry(tcx_body_t *body, void *buf, size_t len) {
  (void)body, (void)buf, (void)len;
  return TCX_EAGAIN;
}
static void on_body_closed(tcx_body_t *body) {
  (void)body;
  assert_int_equal(t.o.calls, 0);
  t.closed_bodies++;
}
static tcx_value_t *with(tcx_body_t *body) { return tcx_value_set_body(key(), "Body", body); }
static tcx_body_t *file_body(void) {
  strcpy(t.path, "/tmp/tucuxi-points-XXXXXX");
  int fd = mkstemp(t.path);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, 4 << 20), 0);
  close(fd);
  return tcx_body_file(t.path, 0, -1);
}

/* ---- how each point is reached ---- */

static void to_done(void) {
  begin(silent);
  start("head_bucket", NULL); /* no params: it has failed already */
}
static void to_copy_url(void) {
  begin_with(silent,
             &(tcx_session_options_t){.credentials = keep_request,
                                      .data_path = TCX_SOURCE_DIR "/models/data"},
             NULL);
  use("docdb", (tcx_client_options_t){.endpoint_url = t.w.url});
  start("copy_db_cluster_snapshot",
        tcx_params("{SourceRegion: eu-west-1, SourceDBClusterSnapshotIdentifier: s, "
                   "TargetDBClusterSnapshotIdentifier: t}"));
}
static int bound_socket(int type, struct sockaddr_in *at) {
  socklen_t size = sizeof *at;
  *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, type, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)at, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)at, &size), 0);
  t.fds[t.n_fds++] = fd;
  return fd;
}
/* DescribeEndpoints waits for the name server. */
static void to_discovery(void) {
  struct sockaddr_in at;
  char name_server[64];
  (void)bound_socket(SOCK_DGRAM, &at);
  snprintf(name_server, sizeof name_server, "127.0.0.1:%d", ntohs(at.sin_port));
  begin_with(silent,
             &(tcx_session_options_t){.dns_servers = name_server,
                                      .data_path = TCX_SOURCE_DIR "/models/data"},
             NULL);
  use("timestream-write", (tcx_client_options_t){.access_key = "A", .secret_key = "S"});
  start("list_databases", NULL);
}
static void to_account(void) {
  begin_with(silent, &(tcx_session_options_t){.credentials = keep_request}, NULL);
  use("dynamodb", (tcx_client_options_t){0});
  start("list_tables", NULL);
}
static void to_hashing(void) {
  begin(silent);
  start("put_object", with(tcx_body_borrow(big, 1 << 20)));
}
static void to_opening(void) {
  begin(silent);
  start("put_object", with(file_body()));
}
static void to_credentials(void) {
  begin_with(silent, &(tcx_session_options_t){.credentials = keep_request}, NULL);
  start("put_object", with(tcx_body_source(10, dry, NULL, on_body_closed, NULL)));
}
static void to_rate(void) {
  begin_with(throttles, NULL,
             &(tcx_client_options_t){.max_attempts = 1,
                                     .config = tcx_params("{retries: {mode: adaptive}}")});
  struct outcome first = whole_call(&t.w, "delete_bucket", bucket(), NULL);
  assert_int_equal(first.status, TCX_ECLIENT);
  outcome_free(&first);
  t.w.client->throttle.rate.fill_rate = 0.5;
  t.w.client->throttle.rate.capacity = 0;
  start("delete_bucket", bucket());
}
static void to_pool(void) {
  begin_with(silent, NULL, &(tcx_client_options_t){.max_connections = 1});
  whole_start_to(&t.w, "head_bucket", bucket(), NULL, &t.other, NULL);
  start("head_bucket", bucket());
}
static void to_dns(void) {
  struct sockaddr_in at;
  char name_server[64];
  (void)bound_socket(SOCK_DGRAM, &at);
  snprintf(name_server, sizeof name_server, "127.0.0.1:%d", ntohs(at.sin_port));
  begin_with(silent, &(tcx_session_options_t){.dns_servers = name_server},
             &(tcx_client_options_t){
                 .endpoint_url = "http://nowhere.test", .access_key = "A", .secret_key = "S"});
  start("head_bucket", bucket());
}
/* A port whose queue of connections is full: the kernel answers no further SYN. */
static void to_connect(void) {
  struct sockaddr_in at;
  char url[64];
  assert_int_equal(listen(bound_socket(SOCK_STREAM, &at), 0), 0);
  for (; t.n_fds < 16; t.n_fds++) {
    t.fds[t.n_fds] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)!connect(t.fds[t.n_fds], (struct sockaddr *)&at, sizeof at);
  }
  snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(at.sin_port));
  begin_with(silent, NULL, &(tcx_client_options_t){.endpoint_url = url});
  start("head_bucket", bucket());
}
static void to_tls(void) {
  char url[64];
  begin(never_speaks);
  snprintf(url, sizeof url, "https://127.0.0.1:%d", t.w.server.port);
  use("s3", (tcx_client_options_t){.endpoint_url = url, .access_key = "A", .secret_key = "S"});
  start("head_bucket", bucket());
}
static void to_tunnel(void) {
  begin(never_speaks);
  use("s3", (tcx_client_options_t){.endpoint_url = "https://127.0.0.2:1",
                                   .access_key = "A",
                                   .secret_key = "S",
                                   .config = tcx_params("{proxies: {https: %s}}", t.w.url)});
  start("head_bucket", bucket());
}
static void to_send(void) {
  begin(deaf);
  start("put_object", with(tcx_body_borrow(big, sizeof big)));
}
static void to_reading_file(void) {
  begin(deaf);
  start("put_object", with(file_body()));
}
static void to_dry(void) {
  begin(silent);
  start("put_object", with(tcx_body_source(10, dry, NULL, on_body_closed, NULL)));
}
static void to_continue(void) {
  begin(continues);
  start("put_object", with(tcx_body_borrow(big, 3 << 20)));
}
static void to_wait(void) {
  begin(silent);
  start("head_bucket", bucket());
}
static void to_half_head(void) {
  begin(half_head);
  start("head_bucket", bucket());
}
static void to_read(void) {
  begin(half_body);
  start("get_object", key());
}
static void to_backoff(void) {
  begin(fails);
  start("head_bucket", bucket());
}
static void to_region(void) {
  begin(moved);
  start("get_object", key());
}
static void to_render(void) {
  begin(silent);
  t.o.whole = &t.w;
  tcx_call_options_t options = {.timeout_ms = HOUR};
  struct tcx_call_start begins = {.client = t.w.client,
                                  .operation = "put_object",
                                  .params = with(file_body()),
                                  .options = &options,
                                  .options_size = sizeof options,
                                  .cb = outcome_cb,
                                  .data = &t.o,
                                  .goal = TCX__GOAL_RENDER};
  t.w.starting = true;
  assert_int_equal(tcx__call_start(&begins, &t.call), 0);
  t.w.starting = false;
  tcx_call_retain(t.call);
}
static void to_success(void) {
  begin(good);
  start("head_bucket", bucket());
}
static void to_delay(void) {
  begin(not_found);
  start_wait("bucket_exists", bucket(), HOUR);
}
static void to_poll(void) {
  begin(silent);
  start_wait("bucket_exists", bucket(), 1);
}
static void to_poll_credentials(void) {
  begin_with(silent, &(tcx_session_options_t){.credentials = keep_request}, NULL);
  start_wait("bucket_exists", bucket(), 1);
}
static void to_poll_backoff(void) {
  begin(fails);
  start_wait("bucket_exists", bucket(), 1);
}

/* ---- and seen ---- */

static bool leases(tcx_phase_t phase) {
  return t.call->leasing && tcx__lease_phase(&t.call->wait.lease) == phase;
}
static bool at_queue(void) { return leases(TCX_PHASE_POOL) && t.w.server.requests == 1; }
static bool at_dns(void) { return leases(TCX_PHASE_DNS); }
static bool at_connect(void) { return leases(TCX_PHASE_CONNECT); }
static bool at_tls(void) { return leases(TCX_PHASE_TLS); }
static bool at_full(void) { return t.call->exchanging && tcx_call_bytes_sent(t.call) > 1 << 20; }
static bool at_sent(void) { return t.call->exchanging && t.w.server.requests > 0; }
static bool at_begun(void) { return t.call->exchanging && t.call->x.received; }
static bool at_body(void) { return tcx_call_bytes_received(t.call) == 5; }
static bool at_asked(void) { return t.asked != NULL; }
static bool at_tunnel(void) { return leases(TCX_PHASE_CONNECT) && t.w.server.received > 0; }
static bool at_inner_sent(void) { return t.w.server.requests == 2; }
static bool at_poll_sent(void) { return t.call->poll != NULL && t.w.server.requests == 1; }
static bool at_poll_backoff(void) {
  return t.call->poll != NULL && t.call->poll->state == TCX__CALL_BACKOFF;
}

/* ---- the table ---- */

static const struct point {
  const char *name;
  void (*begin)(void);
  int state;
  bool (*there)(void); /* NULL: the state says it all */
  tcx_phase_t phase;
  unsigned connections; /* that stay open when the call was ended alone */
  unsigned others;      /* calls that go on then: another one, or an inner one */
  bool stands;          /* the outcome is there: nothing changes it any more */
  int status;           /* that outcome's */
  int closed_bodies;
} points[] = {
    {"failed before it began", to_done, TCX__CALL_DONE, NULL, TCX_PHASE_PARAMS, 0, 0, true,
     TCX_EPARAM, 0},
    {"parameters wait for a URL", to_copy_url, TCX__CALL_INNER, at_asked, TCX_PHASE_PARAMS, 0, 1,
     false, 0, 0},
    {"endpoint discovery", to_discovery, TCX__CALL_INNER, NULL, TCX_PHASE_ENDPOINT, 1, 1, false, 0,
     0},
    {"account", to_account, TCX__CALL_ACCOUNT, at_asked, TCX_PHASE_CREDENTIALS, 0, 0, false, 0, 0},
    {"body is hashed", to_hashing, TCX__CALL_BODY, NULL, TCX_PHASE_PARAMS, 0, 0, false, 0, 0},
    {"body is opened", to_opening, TCX__CALL_BODY, NULL, TCX_PHASE_PARAMS, 0, 0, false, 0, 0},
    {"credentials", to_credentials, TCX__CALL_CREDENTIALS, at_asked, TCX_PHASE_CREDENTIALS, 0, 0,
     false, 0, 1},
    {"rate", to_rate, TCX__CALL_RATE, NULL, TCX_PHASE_BACKOFF, 1, 0, false, 0, 0},
    {"pool", to_pool, TCX__CALL_POOL, at_queue, TCX_PHASE_POOL, 1, 1, false, 0, 0},
    {"dns", to_dns, TCX__CALL_POOL, at_dns, TCX_PHASE_DNS, 0, 0, false, 0, 0},
    {"connect", to_connect, TCX__CALL_POOL, at_connect, TCX_PHASE_CONNECT, 0, 0, false, 0, 0},
    {"tunnel", to_tunnel, TCX__CALL_POOL, at_tunnel, TCX_PHASE_CONNECT, 0, 0, false, 0, 0},
    {"tls", to_tls, TCX__CALL_POOL, at_tls, TCX_PHASE_TLS, 0, 0, false, 0, 0},
    {"send", to_send, TCX__CALL_EXCHANGE, at_full, TCX_PHASE_SEND, 0, 0, false, 0, 0},
    {"file is read", to_reading_file, TCX__CALL_EXCHANGE, NULL, TCX_PHASE_SEND, 0, 0, false, 0, 0},
    {"source has nothing", to_dry, TCX__CALL_EXCHANGE, NULL, TCX_PHASE_SEND, 0, 0, false, 0, 1},
    {"100-continue", to_continue, TCX__CALL_EXCHANGE, at_sent, TCX_PHASE_SEND, 0, 0, false, 0, 0},
    {"wait", to_wait, TCX__CALL_EXCHANGE, at_sent, TCX_PHASE_WAIT, 0, 0, false, 0, 0},
    {"wait, head begun", to_half_head, TCX__CALL_EXCHANGE, at_begun, TCX_PHASE_WAIT, 0, 0, false, 0,
     0},
    {"read", to_read, TCX__CALL_EXCHANGE, at_body, TCX_PHASE_READ, 0, 0, false, 0, 0},
    {"backoff", to_backoff, TCX__CALL_BACKOFF, NULL, TCX_PHASE_BACKOFF, 1, 0, false, 0, 0},
    {"inner", to_region, TCX__CALL_INNER, at_inner_sent, TCX_PHASE_READ, 1, 1, false, 0, 0},
    {"render", to_render, TCX__CALL_RENDER, NULL, TCX_PHASE_CREDENTIALS, 0, 0, false, 0, 0},
    {"answered", to_success, TCX__CALL_DONE, NULL, TCX_PHASE_NONE, 1, 0, true, 0, 0},
    {"waiter's delay", to_delay, TCX__CALL_BACKOFF, NULL, TCX_PHASE_BACKOFF, 1, 0, false, 0, 0},
    {"waiter's poll", to_poll, TCX__CALL_INNER, at_poll_sent, TCX_PHASE_WAIT, 0, 0, false, 0, 0},
    {"waiter's poll, credentials", to_poll_credentials, TCX__CALL_INNER, at_asked,
     TCX_PHASE_CREDENTIALS, 0, 0, false, 0, 0},
    {"waiter's poll, backoff", to_poll_backoff, TCX__CALL_INNER, at_poll_backoff, TCX_PHASE_BACKOFF,
     1, 0, false, 0, 0},
};

static void on_client_closed(tcx_client_t *client) {
  (void)client;
  assert_int_equal(t.o.calls, 1);
  t.client_closed++;
}

/* The deadline fires now: what its timer would do. */
static void run_out(tcx_call_t *call) {
  struct tcx_timer *timer = &call->deadline;
  if (timer->due_ms == 0)
    return; /* the outcome stands */
  tcx__timer_stop(call->session->net, timer);
  timer->cb(timer);
}

static void end_it(ending how) {
  if (how == CANCEL) {
    tcx_call_cancel(t.call);
    tcx_call_cancel(t.call);
  } else if (how == DEADLINE) {
    run_out(t.call);
  } else if (how == CLOSE_CLIENT) {
    tcx_client_close(t.w.client, on_client_closed);
  } else {
    t.w.closed = true;
    tcx_session_close(t.w.session, NULL);
  }
}

static void reach(const struct point *p) {
  memset(&t, 0, sizeof t);
  p->begin();
  while (t.call->state != p->state || (p->there != NULL && !p->there())) {
    if (t.o.calls > 0)
      fail_msg("%s: over before it got there: %s", p->name, t.o.msg);
    uv_run(&t.w.loop, UV_RUN_ONCE);
  }
  assert_int_equal(t.o.calls, 0);
}

/* Between the end of the response and the callback, which come in one turn of the loop: a check
 * handle that was started last runs first. */
static void on_turn(uv_check_t *check) {
  ending how = (ending)(uintptr_t)check->data;
  if (t.call->state != TCX__CALL_DONE)
    return;
  assert_int_equal(t.o.calls, 0);
  end_it(how);
  uv_close((uv_handle_t *)check, NULL);
}

static void end_answered(ending how) {
  static uv_check_t check;
  memset(&t, 0, sizeof t);
  to_success();
  uv_check_init(&t.w.loop, &check);
  check.data = (void *)(uintptr_t)how;
  uv_check_start(&check, on_turn);
  whole_until(&t.w, &t.o.calls);
  assert_true(uv_is_closing((uv_handle_t *)&check));
}

/* What a call that was ended alone leaves. */
static void check_alone(const struct point *p) {
  tcx_client_stats_t stats;
  tcx_client_get_stats(t.w.client, &stats);
  assert_int_equal(stats.active, p->others);
  assert_int_equal(stats.connections, p->connections);
  assert_true(stats.queued <= p->others);
  assert_int_equal(t.w.session->holds, stats.active);
  assert_null(tcx_call_client(t.call));
  tcx_call_cancel(t.call); /* kept, and over: nothing happens */
  if (p->connections == 0 || p->others > 0)
    return;
  assert_int_equal(stats.idle, 1);
  t.w.client->throttle.rate.enabled = false;
  struct outcome next =
      whole_call(&t.w, "head_bucket", bucket(), &(tcx_call_options_t){.max_attempts = 1});
  assert_true(next.http_status > 0);
  assert_int_equal(t.w.server.accepted, 1); /* the same connection */
  outcome_free(&next);
}

static void run_point(const struct point *p, ending how) {
  if (p->begin == to_success) {
    end_answered(how);
  } else {
    reach(p);
    end_it(how);
    assert_int_equal(t.o.calls, 0); /* never from inside */
  }
  whole_until(&t.w, &t.o.calls);
  int wanted = p->stands ? p->status : how == DEADLINE ? UV_ETIMEDOUT : TCX_ECANCELED;
  if (t.o.status != wanted || (wanted != 0 && t.o.phase != p->phase) ||
      t.closed_bodies != p->closed_bodies)
    fail_msg("%s, %s: %s in phase %s, %d bodies closed: %s", p->name, ending_names[how],
             tcx_err_name(t.o.status), tcx_phase_name(t.o.phase), t.closed_bodies,
             t.o.msg != NULL ? t.o.msg : "");
  whole_turns(&t.w, 3);
  if (how == CANCEL || how == DEADLINE)
    check_alone(p);
  if (t.asked != NULL)
    tcx_credentials_answer(t.asked, 0, &(tcx_credentials_t){.access_key = "A", .secret_key = "S"},
                           NULL);
  if (how == CLOSE_CLIENT)
    whole_until(&t.w, &t.client_closed);
  whole_end(&t.w);
  assert_int_equal(t.o.calls, 1);
  assert_int_equal(t.other.calls, t.other.whole != NULL);
  tcx_call_release(t.call);
  for (int i = 0; i < t.n_fds; i++)
    close(t.fds[i]);
  if (t.path[0] != '\0')
    assert_int_equal(unlink(t.path), 0);
  outcome_free(&t.o);
  outcome_free(&t.other);
}

static void test_points(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof points / sizeof *points; i++)
    for (ending how = CANCEL; how < ENDS; how++)
      run_point(&points[i], how);
}

/* ---- a paginator's page: closing it is how it is cancelled ---- */

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  (void)pages;
  assert_null(page);
  t.page_status = status;
  t.page_calls++;
}

static void test_page(void **state) {
  (void)state;
  for (ending how = CANCEL; how < ENDS; how++) {
    if (how == DEADLINE)
      continue; /* a page has none */
    memset(&t, 0, sizeof t);
    begin(silent);
    assert_int_equal(
        tcx_client_paginate(t.w.client, "list_objects_v2", bucket(), NULL, NULL, &t.pages), 0);
    assert_int_equal(tcx_paginator_next(t.pages, on_page), 0);
    while (t.w.server.requests == 0)
      uv_run(&t.w.loop, UV_RUN_ONCE);
    t.o.calls = 1; /* on_client_closed looks at it */
    if (how == CANCEL)
      tcx_paginator_close(t.pages);
    else
      end_it(how);
    assert_int_equal(t.page_calls, 0);
    whole_until(&t.w, &t.page_calls);
    assert_int_equal(t.page_status, TCX_ECANCELED);
    if (how != CANCEL)
      tcx_paginator_close(t.pages);
    whole_end(&t.w);
    assert_int_equal(t.page_calls, 1);
  }
}

/* ---- a future of a call ---- */

static int future_status, future_calls;
static void on_future(tcx_future_t *future, int status, void *data) {
  (void)future, (void)data;
  future_status = status;
  future_calls++;
}

static void test_future(void **state) {
  (void)state;
  for (ending how = CANCEL; how < ENDS; how++) {
    if (how == DEADLINE)
      continue; /* its call's own */
    memset(&t, 0, sizeof t);
    future_calls = 0;
    begin(silent);
    tcx_future_t *future = tcx_future_call(t.w.client, "head_bucket", bucket());
    assert_int_equal(tcx_future_then(future, on_future, NULL), 0);
    while (t.w.server.requests == 0)
      uv_run(&t.w.loop, UV_RUN_ONCE);
    t.o.calls = 1; /* on_client_closed looks at it */
    if (how == CANCEL)
      tcx_future_cancel(future);
    else
      end_it(how);
    assert_int_equal(future_calls, 0);
    whole_until(&t.w, &future_calls);
    assert_int_equal(future_status, TCX_ECANCELED);
    tcx_future_release(future);
    whole_end(&t.w);
    assert_int_equal(future_calls, 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_points), cmocka_unit_test(test_future),
                                     cmocka_unit_test(test_page)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
