#include "fault_server.h"
#include "fault_tls.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct fault_conn {
  uv_tcp_t tcp;
  uv_timer_t timer;
  struct fault_server *server;
  struct fault_conn *prev, *next;
  const struct fault_step *script, *step;
  struct fault_tls_conn *tls, *inner; /* inner: TLS inside of TLS */
  char *in;                           /* plain bytes not yet taken by a step */
  size_t in_len, in_cap;
  size_t done;      /* of the current step: bytes sent or dropped, repetitions */
  unsigned writing; /* writes that have not ended */
  unsigned handles;
  bool waiting, closed, advancing;
  char alloc[65536];
};

#define MUST(call)                                                                                 \
  do {                                                                                             \
    int must_rc = (call);                                                                          \
    if (must_rc != 0) {                                                                            \
      fprintf(stderr, "fault_server: %s: %s\n", #call, uv_strerror(must_rc));                      \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

static void advance(struct fault_conn *conn);

static void on_conn_closed(uv_handle_t *handle) {
  struct fault_conn *conn = handle->data;
  conn->server->handles--;
  if (--conn->handles > 0)
    return;
  fault_tls_conn_free(conn->inner);
  fault_tls_conn_free(conn->tls);
  free(conn->in);
  free(conn);
}

static void close_conn(struct fault_conn *conn) {
  if (conn->closed)
    return;
  conn->closed = true;
  if (conn->prev != NULL)
    conn->prev->next = conn->next;
  else
    conn->server->conns = conn->next;
  if (conn->next != NULL)
    conn->next->prev = conn->prev;
  uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
  uv_close((uv_handle_t *)&conn->timer, on_conn_closed);
}

/* ---- out ---- */

struct write {
  uv_write_t req;
  struct fault_conn *conn;
  char bytes[];
};

static void on_written(uv_write_t *req, int status) {
  struct write *write = (struct write *)req;
  struct fault_conn *conn = write->conn;
  free(write);
  conn->writing--;
  if (status == 0 && !conn->closed)
    advance(conn);
}

static void write_raw(struct fault_conn *conn, const void *p, size_t n) {
  struct write *write = malloc(sizeof *write + n);
  if (write == NULL)
    abort();
  write->conn = conn;
  memcpy(write->bytes, p, n);
  uv_buf_t buf = uv_buf_init(write->bytes, (unsigned)n);
  conn->writing++;
  if (uv_write(&write->req, (uv_stream_t *)&conn->tcp, &buf, 1, on_written) != 0) {
    conn->writing--;
    free(write);
  }
}

static void raw_out(void *ctx, const void *p, size_t n) {
  struct fault_conn *conn = ctx;
  if (!conn->closed)
    write_raw(conn, p, n);
}

static void inner_out(void *ctx, const void *p, size_t n) {
  struct fault_conn *conn = ctx;
  if (!conn->closed)
    fault_tls_conn_send(conn->tls, p, n);
}

static void send_bytes(struct fault_conn *conn, const void *p, size_t n) {
  if (conn->inner != NULL)
    fault_tls_conn_send(conn->inner, p, n);
  else if (conn->tls != NULL)
    fault_tls_conn_send(conn->tls, p, n);
  else
    write_raw(conn, p, n);
}

/* ---- in ---- */

static void plain_in(void *ctx, const void *p, size_t n) {
  struct fault_conn *conn = ctx;
  conn->server->received += n;
  if (conn->in_len + n > conn->in_cap) {
    conn->in_cap = (conn->in_len + n) * 2;
    conn->in = realloc(conn->in, conn->in_cap);
    if (conn->in == NULL)
      abort();
  }
  memcpy(conn->in + conn->in_len, p, n);
  conn->in_len += n;
}

/* What the TLS next to the socket has opened. */
static void tls_in(void *ctx, const void *p, size_t n) {
  struct fault_conn *conn = ctx;
  if (conn->inner != NULL)
    fault_tls_conn_receive(conn->inner, p, n);
  else
    plain_in(ctx, p, n);
}

static bool tls_failed(const struct fault_conn *conn) {
  return fault_tls_conn_failed(conn->tls) ||
         (conn->inner != NULL && fault_tls_conn_failed(conn->inner));
}

static void drop(struct fault_conn *conn, size_t n) {
  if (n == 0)
    return;
  memmove(conn->in, conn->in + n, conn->in_len - n);
  conn->in_len -= n;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  struct fault_conn *conn = handle->data;
  (void)suggested;
  *buf = uv_buf_init(conn->alloc, sizeof conn->alloc);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct fault_conn *conn = stream->data;
  if (n < 0) {
    close_conn(conn);
    return;
  }
  if (n == 0)
    return;
  if (conn->tls != NULL) {
    fault_tls_conn_receive(conn->tls, buf->base, (size_t)n);
    if (tls_failed(conn)) {
      close_conn(conn);
      return;
    }
  } else {
    plain_in(conn, buf->base, (size_t)n);
  }
  advance(conn);
}

/* ---- steps: each returns true when it is over ---- */

static size_t head_end(const struct fault_conn *conn) {
  for (size_t i = 0; i + 4 <= conn->in_len; i++)
    if (memcmp(conn->in + i, "\r\n\r\n", 4) == 0)
      return i + 4;
  return 0;
}

static size_t content_length(const char *head, size_t n) {
  for (size_t i = 0; i + 17 < n; i++)
    if (head[i] == '\n' && strncasecmp(head + i + 1, "content-length:", 15) == 0)
      return (size_t)strtoull(head + i + 16, NULL, 10);
  return 0;
}

static void keep_body(struct fault_server *server, const char *p, size_t n) {
  if (server->keep_body == 0)
    return;
  server->last_body_len = n < server->keep_body ? n : server->keep_body;
  char *copy = realloc(server->last_body, server->last_body_len + 1);
  if (copy == NULL)
    abort();
  memcpy(copy, p, server->last_body_len);
  copy[server->last_body_len] = '\0';
  server->last_body = copy;
}

static bool step_request(struct fault_conn *conn, bool with_body) {
  struct fault_server *server = conn->server;
  size_t head = head_end(conn);
  size_t body = head > 0 && with_body ? content_length(conn->in, head) : 0;
  if (head == 0 || conn->in_len < head + body)
    return false;
  snprintf(server->last_head, sizeof server->last_head, "%.*s", (int)head, conn->in);
  server->requests++;
  keep_body(server, conn->in + head, body);
  drop(conn, head + body);
  return true;
}

static bool step_bytes(struct fault_conn *conn) {
  size_t want = conn->step->n - conn->done;
  size_t n = want < conn->in_len ? want : conn->in_len;
  drop(conn, n);
  conn->done += n;
  return conn->done == conn->step->n;
}

static bool step_send(struct fault_conn *conn) {
  const struct fault_step *step = conn->step;
  size_t n = step->n > 0 ? step->n : strlen(step->text);
  if (conn->done++ == 0)
    (step->what == FAULT_SEND_BELOW ? write_raw : send_bytes)(conn, step->text, n);
  return conn->writing == 0;
}

static void on_tick(uv_timer_t *timer) {
  struct fault_conn *conn = timer->data;
  conn->waiting = false;
  advance(conn);
}

/* After each byte a turn of the loop, so that the client reads it alone. */
static bool step_bytewise(struct fault_conn *conn) {
  const struct fault_step *step = conn->step;
  size_t n = step->n > 0 ? step->n : strlen(step->text);
  if (conn->writing > 0 || conn->waiting)
    return false;
  if (conn->done == n)
    return true;
  send_bytes(conn, step->text + conn->done++, 1);
  conn->waiting = true;
  uv_timer_start(&conn->timer, on_tick, 0, 0);
  return false;
}

static bool step_fill(struct fault_conn *conn) {
  const struct fault_step *step = conn->step;
  while (conn->done < step->n && conn->writing < 16) {
    conn->done++;
    send_bytes(conn, step->text, strlen(step->text));
  }
  return conn->done == step->n && conn->writing == 0;
}

static bool step_wait(struct fault_conn *conn) {
  if (conn->done++ == 0) {
    conn->waiting = true;
    uv_timer_start(&conn->timer, on_tick, conn->step->n, 0);
  }
  return !conn->waiting;
}

static bool step_start_tls(struct fault_conn *conn) {
  struct fault_server *server = conn->server;
  if (conn->tls == NULL)
    conn->tls = fault_tls_conn_new(server->tls, server, raw_out, tls_in, conn);
  else
    conn->inner = fault_tls_conn_new(server->inner_tls != NULL ? server->inner_tls : server->tls,
                                     server, inner_out, plain_in, conn);
  return true;
}

static void on_shutdown(uv_shutdown_t *req, int status) {
  (void)status;
  free(req);
}

static bool step_finish(struct fault_conn *conn) {
  if (conn->done++ == 0 && conn->tls != NULL) {
    if (conn->inner != NULL)
      fault_tls_conn_close(conn->inner);
    fault_tls_conn_close(conn->tls);
  }
  if (conn->writing > 0)
    return false;
  uv_shutdown_t *req = malloc(sizeof *req);
  if (req == NULL || uv_shutdown(req, (uv_stream_t *)&conn->tcp, on_shutdown) != 0)
    free(req);
  return true;
}

static bool step_close(struct fault_conn *conn, bool reset) {
  if (reset) {
    uv_os_fd_t fd;
    MUST(uv_fileno((uv_handle_t *)&conn->tcp, &fd));
    struct linger linger = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  }
  close_conn(conn);
  return false;
}

static bool run_step(struct fault_conn *conn) {
  switch (conn->step->what) {
  case FAULT_END:
    return false;
  case FAULT_REQUEST:
    return step_request(conn, true);
  case FAULT_HEAD:
    return step_request(conn, false);
  case FAULT_BYTES:
    return step_bytes(conn);
  case FAULT_SEND:
  case FAULT_SEND_BELOW:
    return step_send(conn);
  case FAULT_SEND_BYTEWISE:
    return step_bytewise(conn);
  case FAULT_FILL:
    return step_fill(conn);
  case FAULT_START_TLS:
    return step_start_tls(conn);
  case FAULT_WAIT:
    return step_wait(conn);
  case FAULT_STOP_READING:
    return uv_read_stop((uv_stream_t *)&conn->tcp) == 0;
  case FAULT_FINISH:
    return step_finish(conn);
  case FAULT_CLOSE:
    return step_close(conn, false);
  case FAULT_RESET:
    return step_close(conn, true);
  case FAULT_AGAIN:
    return true;
  }
  return false;
}

static void advance(struct fault_conn *conn) {
  if (conn->advancing)
    return;
  conn->advancing = true;
  while (!conn->closed && run_step(conn)) {
    conn->done = 0;
    conn->step = conn->step->what == FAULT_AGAIN ? conn->script : conn->step + 1;
  }
  conn->advancing = false;
}

/* ---- the server ---- */

static void on_connection(uv_stream_t *listener, int status) {
  struct fault_server *server = listener->data;
  MUST(status);
  struct fault_conn *conn = calloc(1, sizeof *conn);
  if (conn == NULL)
    abort();
  unsigned index = server->accepted++;
  conn->server = server;
  conn->script = conn->step =
      server->scripts[index < server->script_count ? index : server->script_count - 1];
  conn->next = server->conns;
  if (server->conns != NULL)
    server->conns->prev = conn;
  server->conns = conn;
  MUST(uv_tcp_init(listener->loop, &conn->tcp));
  MUST(uv_timer_init(listener->loop, &conn->timer));
  conn->tcp.data = conn->timer.data = conn;
  conn->handles = 2;
  server->handles += 2;
  MUST(uv_accept(listener, (uv_stream_t *)&conn->tcp));
  MUST(uv_tcp_nodelay(&conn->tcp, 1));
  if (server->tls != NULL && !server->starts_plain)
    conn->tls = fault_tls_conn_new(server->tls, server, raw_out, tls_in, conn);
  MUST(uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read));
  advance(conn);
}

void fault_server_start_at(struct fault_server *server, uv_loop_t *loop, const char *address,
                           int port, const struct fault_step *const *scripts, unsigned count,
                           const struct fault_tls *tls) {
  signal(SIGPIPE, SIG_IGN); /* the server writes to clients that are gone */
  memset(server, 0, sizeof *server);
  server->scripts = scripts;
  server->script_count = count;
  server->tls = tls;
  struct sockaddr_storage at;
  if (strchr(address, ':') != NULL)
    MUST(uv_ip6_addr(address, port, (struct sockaddr_in6 *)&at));
  else
    MUST(uv_ip4_addr(address, port, (struct sockaddr_in *)&at));
  MUST(uv_tcp_init(loop, &server->listener));
  server->listener.data = server;
  server->handles = 1;
  MUST(uv_tcp_bind(&server->listener, (struct sockaddr *)&at, 0));
  MUST(uv_listen((uv_stream_t *)&server->listener, 4096, on_connection));
  int size = sizeof at;
  MUST(uv_tcp_getsockname(&server->listener, (struct sockaddr *)&at, &size));
  server->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                                : ((struct sockaddr_in *)&at)->sin_port);
}

void fault_server_start(struct fault_server *server, uv_loop_t *loop,
                        const struct fault_step *const *scripts, unsigned count,
                        const struct fault_tls *tls) {
  fault_server_start_at(server, loop, "127.0.0.1", 0, scripts, count, tls);
}

static void on_listener_closed(uv_handle_t *handle) {
  struct fault_server *server = handle->data;
  server->handles--;
}

void fault_server_stop(struct fault_server *server) {
  server->stopping = true;
  free(server->last_body);
  server->last_body = NULL;
  uv_close((uv_handle_t *)&server->listener, on_listener_closed);
  while (server->conns != NULL)
    close_conn(server->conns);
}

unsigned fault_server_open(const struct fault_server *server) {
  unsigned n = 0;
  for (const struct fault_conn *conn = server->conns; conn != NULL; conn = conn->next)
    n++;
  return n;
}
