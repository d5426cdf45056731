/*
 * http_server.c - a web server that gets its files from S3, on one loop and one thread: the way to
 * embed tucuxi in a program that serves others.
 *
 *   http_server BUCKET [PORT]          GET and HEAD of /KEY, on 127.0.0.1; port 0 (the default)
 *                                      takes a free one and prints it
 *
 * A client is idle (its next request is being read and parsed) or busy (its request is being
 * answered; nothing is read from it). An answer flows from S3's socket straight to the client's:
 * what the client's socket does not take at once is copied, and the S3 stream stands still until it
 * is gone. So a client costs its struct and at most one piece of the stream, however large the
 * object and however slow the client. SIGINT or SIGTERM: no new clients, answers under way are
 * finished (5 seconds at most; at once with a second signal).
 */
#include <ctype.h>
#include <llhttp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/s3.h>

#define MAX_CLIENTS      256
#define REQUEST_HEAD_MAX 16384
#define SILENCE_MS       60000 /* a client that neither sends nor takes anything is closed */
#define DRAIN_MS         5000

struct client {
  uv_tcp_t tcp;
  struct client *prev, *next;
  unsigned refs; /* the socket and the call: the memory goes with the last */
  bool busy, parsing, closing;
  uint64_t active_ms; /* when the client last sent or took something */
  /* the request */
  llhttp_t parser;
  char in[8192]; /* read and not parsed yet */
  size_t in_len, head_len;
  char target[2048], field[8], range[128];
  size_t target_len, field_len, range_len;
  bool keep_alive, head;
  /* the answer */
  tcx_call_t *call; /* until its callback */
  tcx_stream_t *stream;
  uv_write_t write;
  char *rest; /* what the socket did not take yet */
};

static tcx_client_t *s3;
static const char *bucket;
static uv_tcp_t listener;
static struct client *clients;
static unsigned client_count;
static uint64_t stopping_ms; /* when the first signal came; 0 = serving */

static void parse(struct client *c);

/* ---- a client's end ---- */

static void release(struct client *c) {
  if (--c->refs == 0)
    free(c);
}

static void on_closed(uv_handle_t *tcp) {
  struct client *c = tcp->data;
  if (c->prev != NULL)
    c->prev->next = c->next;
  else
    clients = c->next;
  if (c->next != NULL)
    c->next->prev = c->prev;
  client_count--;
  free(c->rest);
  release(c);
}

static void close_client(struct client *c) {
  if (c->closing)
    return;
  c->closing = true;
  tcx_call_cancel(c->call); /* NULL is fine; its callback still comes */
  tcx_stream_close(c->stream);
  c->stream = NULL;
  uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* ---- the answer ---- */

static void answer_done(struct client *c) {
  if (!c->keep_alive || stopping_ms != 0) {
    close_client(c);
    return;
  }
  c->busy = false;
  if (!c->parsing)
    parse(c); /* the next request may be here already */
}

static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf);

static void go_on(struct client *c) { /* all that was sent is with the socket */
  if (c->stream == NULL)
    answer_done(c);
  else if (tcx_stream_read_start(c->stream, on_read) != 0)
    close_client(c);
}

static void on_written(uv_write_t *req, int status) {
  struct client *c = req->data;
  free(c->rest);
  c->rest = NULL;
  c->active_ms = uv_now(c->tcp.loop);
  if (status != 0)
    close_client(c);
  else
    go_on(c);
}

/* True when the socket took all. Otherwise on_written goes on, or the client is closed. */
static bool send_bytes(struct client *c, const char *p, size_t n) {
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
  int taken = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
  if (taken == (int)n) {
    c->active_ms = uv_now(c->tcp.loop);
    return true;
  }
  if (taken == UV_EAGAIN)
    taken = 0;
  size_t left = taken < 0 ? 0 : n - (size_t)taken;
  if (taken >= 0 && (c->rest = malloc(left)) != NULL) {
    memcpy(c->rest, p + taken, left);
    buf = uv_buf_init(c->rest, (unsigned)left);
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, on_written) == 0)
      return false;
  }
  close_client(c);
  return false;
}

static void on_read(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  struct client *c = tcx_stream_data(stream);
  if (nread == TCX_EOF) {
    tcx_stream_close(stream);
    c->stream = NULL;
    answer_done(c);
  } else if (nread < 0) {
    fprintf(stderr, "%s\n", tcx_stream_error(stream)->msg);
    close_client(c); /* the status is sent already: a short body must do */
  } else if (!send_bytes(c, buf->base, (size_t)nread) && !c->closing) {
    tcx_stream_read_stop(stream); /* buf is copied; on_written starts it again */
  }
}

static const char *reason_of(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 206:
    return "Partial Content";
  case 400:
    return "Bad Request";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 416:
    return "Range Not Satisfiable";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  default:
    return "Bad Gateway";
  }
}

/* An answer of our own. */
static void reply(struct client *c, int status) {
  char text[256], body[64];
  int n = snprintf(body, sizeof body, "%d %s\n", status, reason_of(status));
  int len =
      snprintf(text, sizeof text,
               "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s",
               status, reason_of(status), status == 405 ? "Allow: GET, HEAD\r\n" : "", n,
               c->keep_alive ? "" : "Connection: close\r\n", c->head ? "" : body);
  if (send_bytes(c, text, (size_t)len))
    go_on(c);
}

static int status_for(const tcx_error_t *error) {
  if (error->http_status == 404 || error->http_status == 416)
    return error->http_status;
  fprintf(stderr, "%s\n", error->msg);
  return error->status == UV_ETIMEDOUT ? 504 : error->status == TCX_EPOOL ? 503 : 502;
}

/* S3's headers that concern the client. */
static int write_head(struct client *c, const tcx_call_t *call, char *out, size_t size) {
  static const char *const passed[] = {"Date",          "Content-Type",     "Content-Length",
                                       "Content-Range", "Content-Encoding", "Cache-Control",
                                       "Accept-Ranges", "Last-Modified",    "ETag"};
  int status = tcx_call_http_status(call);
  if (tcx_call_header(call, "Content-Length") == NULL)
    c->keep_alive = false; /* the connection's end is the body's */
  int n = snprintf(out, size, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
  for (size_t i = 0; i < sizeof passed / sizeof passed[0] && n < (int)size; i++) {
    const char *value = tcx_call_header(call, passed[i]);
    if (value != NULL)
      n += snprintf(out + n, size - (size_t)n, "%s: %s\r\n", passed[i], value);
  }
  if (n < (int)size)
    n +=
        snprintf(out + n, size - (size_t)n, "%s\r\n", c->keep_alive ? "" : "Connection: close\r\n");
  return n < (int)size ? n : -1;
}

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct client *c = tcx_call_data(call);
  char head[4096];
  (void)response;
  bool closing = c->closing;
  c->call = NULL;
  release(c);
  if (closing)
    return;
  if (error != NULL) {
    reply(c, status_for(error));
    return;
  }
  int n = write_head(c, call, head, sizeof head);
  if (n < 0) {
    reply(c, 502);
    return;
  }
  c->stream = tcx_call_take_stream(call, c); /* NULL for HEAD */
  if (send_bytes(c, head, (size_t)n))
    go_on(c);
}

/* ---- the request ---- */

static bool is_hex(char c) { return isxdigit((unsigned char)c) != 0; }

/* "/a%20b?x=y" to "a b"; its length, or -1. */
static int read_key(const struct client *c, char *key) {
  int n = 0;
  if (c->target_len == 0 || c->target[0] != '/')
    return -1;
  for (size_t i = 1; i < c->target_len && c->target[i] != '?'; i++) {
    unsigned byte = (unsigned char)c->target[i];
    if (byte == '%') {
      if (i + 2 >= c->target_len || !is_hex(c->target[i + 1]) || !is_hex(c->target[i + 2]) ||
          sscanf(c->target + i + 1, "%2x", &byte) != 1 || byte == 0)
        return -1;
      i += 2;
    }
    key[n++] = (char)byte;
  }
  return n;
}

static void serve(struct client *c) {
  char key[sizeof c->target];
  int n = read_key(c, key);
  c->busy = true;
  c->keep_alive = llhttp_should_keep_alive(&c->parser) != 0;
  c->head = llhttp_get_method(&c->parser) == HTTP_HEAD;
  uv_read_stop((uv_stream_t *)&c->tcp);
  if (!c->head && llhttp_get_method(&c->parser) != HTTP_GET) {
    reply(c, 405);
    return;
  }
  if (n <= 0) {
    reply(c, n == 0 ? 404 : 400);
    return;
  }
  tcx_value_t *params = tcx_params("{Bucket: %s, Key: %.*s, Range: %s}", bucket, n, key,
                                   c->range_len > 0 ? c->range : NULL);
  if (tcx_client_start(s3, c->head ? "head_object" : "get_object", params, NULL, on_object, c,
                       &c->call) != 0) {
    c->call = NULL;
    reply(c, 503);
    return;
  }
  c->refs++;
}

static int add(struct client *c, char *to, size_t size, size_t *len, const char *p, size_t n) {
  c->head_len += n;
  if (n >= size - *len || c->head_len > REQUEST_HEAD_MAX)
    return -1;
  memcpy(to + *len, p, n);
  *len += n;
  to[*len] = '\0';
  return 0;
}

static int on_message_begin(llhttp_t *parser) {
  struct client *c = parser->data;
  c->target_len = c->field_len = c->range_len = c->head_len = 0;
  return 0;
}

static int on_url(llhttp_t *parser, const char *p, size_t n) {
  struct client *c = parser->data;
  return add(c, c->target, sizeof c->target, &c->target_len, p, n);
}

/* Of a name only the beginning matters: whether it is "Range". */
static int on_field(llhttp_t *parser, const char *p, size_t n) {
  struct client *c = parser->data;
  size_t room = sizeof c->field - 1 - c->field_len, more = n > room ? n - room : 0;
  c->head_len += more;
  return add(c, c->field, sizeof c->field, &c->field_len, p, n - more);
}

static int on_value(llhttp_t *parser, const char *p, size_t n) {
  struct client *c = parser->data;
  if (c->field_len == 5 && strncasecmp(c->field, "range", 5) == 0)
    return add(c, c->range, sizeof c->range, &c->range_len, p, n);
  c->head_len += n;
  return c->head_len > REQUEST_HEAD_MAX ? -1 : 0;
}

static int on_value_complete(llhttp_t *parser) {
  ((struct client *)parser->data)->field_len = 0;
  return 0;
}

static int on_message_complete(llhttp_t *parser) {
  (void)parser;
  return HPE_PAUSED; /* one request at a time */
}

static void on_alloc(uv_handle_t *tcp, size_t suggested, uv_buf_t *buf) {
  struct client *c = tcp->data;
  (void)suggested;
  *buf = uv_buf_init(c->in + c->in_len, (unsigned)(sizeof c->in - c->in_len));
}

static void on_input(uv_stream_t *tcp, ssize_t nread, const uv_buf_t *buf) {
  struct client *c = tcp->data;
  (void)buf;
  if (nread < 0) {
    close_client(c);
    return;
  }
  c->in_len += (size_t)nread;
  c->active_ms = uv_now(tcp->loop);
  if (nread > 0)
    parse(c);
}

/* Parses until a request is whole or more is needed. An idle client's buffer is empty when this
 * returns. */
static void parse(struct client *c) {
  c->parsing = true;
  while (c->in_len > 0 && !c->busy && !c->closing) {
    llhttp_errno_t err = llhttp_execute(&c->parser, c->in, c->in_len);
    size_t used = err == HPE_OK ? c->in_len : (size_t)(llhttp_get_error_pos(&c->parser) - c->in);
    memmove(c->in, c->in + used, c->in_len - used);
    c->in_len -= used;
    if (err == HPE_PAUSED) {
      llhttp_resume(&c->parser);
      serve(c);
    } else if (err == HPE_PAUSED_UPGRADE) {
      llhttp_resume_after_upgrade(&c->parser); /* we do not */
    } else if (err != HPE_OK) {
      c->busy = true;
      c->keep_alive = c->head = false;
      uv_read_stop((uv_stream_t *)&c->tcp);
      reply(c, 400);
    }
  }
  c->parsing = false;
  if (c->busy || c->closing)
    return;
  int err = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_input);
  if (err != 0 && err != UV_EALREADY)
    close_client(c);
}

/* ---- the server ---- */

static void on_connection(uv_stream_t *server, int status) {
  static const llhttp_settings_t settings = {
      .on_message_begin = on_message_begin,
      .on_url = on_url,
      .on_header_field = on_field,
      .on_header_value = on_value,
      .on_header_value_complete = on_value_complete,
      .on_message_complete = on_message_complete,
  };
  struct client *c = status == 0 ? calloc(1, sizeof *c) : NULL;
  if (c == NULL)
    return;
  uv_tcp_init(server->loop, &c->tcp);
  c->tcp.data = c;
  c->refs = 1;
  c->active_ms = uv_now(server->loop);
  c->next = clients;
  if (clients != NULL)
    clients->prev = c;
  clients = c;
  llhttp_init(&c->parser, HTTP_REQUEST, &settings);
  c->parser.data = c;
  client_count++;
  if (uv_accept(server, (uv_stream_t *)&c->tcp) != 0 || client_count > MAX_CLIENTS)
    close_client(c);
  else
    parse(c);
}

static void close_clients(bool all, uint64_t silent_since_ms) {
  for (struct client *c = clients; c != NULL; c = c->next)
    if (all || (c->call == NULL && c->active_ms < silent_since_ms))
      close_client(c);
}

static void on_tick(uv_timer_t *timer) {
  uint64_t now = uv_now(timer->loop);
  close_clients(stopping_ms != 0 && now - stopping_ms >= DRAIN_MS,
                now > SILENCE_MS ? now - SILENCE_MS : 0);
}

static void on_signal(uv_signal_t *signal, int number) {
  (void)number;
  if (stopping_ms != 0) {
    close_clients(true, 0);
    return;
  }
  stopping_ms = uv_now(signal->loop);
  uv_close((uv_handle_t *)&listener, NULL);
  for (struct client *c = clients; c != NULL; c = c->next)
    if (!c->busy)
      close_client(c);
}

static int listen_on(uv_loop_t *loop, int port) {
  struct sockaddr_in address;
  int size = sizeof address;
  uv_ip4_addr("127.0.0.1", port, &address);
  uv_tcp_init(loop, &listener);
  int err = uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0);
  if (err == 0)
    err = uv_listen((uv_stream_t *)&listener, 128, on_connection);
  if (err == 0)
    err = uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
  if (err != 0) {
    fprintf(stderr, "port %d: %s\n", port, uv_strerror(err));
    uv_close((uv_handle_t *)&listener, NULL);
    return err;
  }
  printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return 0;
}

int main(int argc, char **argv) {
  static uv_signal_t interrupt, terminate;
  static uv_timer_t tick;
  /* A connection a client: nobody waits for a slow one. */
  static const tcx_client_options_t options = {.max_connections = MAX_CLIENTS};
  uv_loop_t *loop = uv_default_loop();
  tcx_session_t *session;
  if (argc < 2) {
    fprintf(stderr, "usage: http_server BUCKET [PORT]\n");
    return 2;
  }
  bucket = argv[1];
  signal(SIGPIPE, SIG_IGN);
  if (tcx_session_new(loop, NULL, &session) != 0 ||
      tcx_session_create_client(session, "s3", &options, &s3) != 0)
    return 1;
  uv_signal_init(loop, &interrupt);
  uv_signal_init(loop, &terminate);
  uv_timer_init(loop, &tick);
  uv_signal_start(&interrupt, on_signal, SIGINT);
  uv_signal_start(&terminate, on_signal, SIGTERM);
  uv_timer_start(&tick, on_tick, 1000, 1000);
  /* What only watches does not keep the loop: uv_run returns when the listener and the last client
   * are gone. */
  uv_unref((uv_handle_t *)&interrupt);
  uv_unref((uv_handle_t *)&terminate);
  uv_unref((uv_handle_t *)&tick);
  int err = listen_on(loop, argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0);
  uv_run(loop, UV_RUN_DEFAULT);
  uv_close((uv_handle_t *)&interrupt, NULL);
  uv_close((uv_handle_t *)&terminate, NULL);
  uv_close((uv_handle_t *)&tick, NULL);
  tcx_session_close(session, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) != 0 || err != 0;
}
