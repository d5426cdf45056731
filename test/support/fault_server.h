/*
 * fault_server.h - a loopback server on the test's own loop that does what its script says, right
 * or wrong.
 *
 * Each accepted connection runs one script: the first connection the first, and so on; further
 * connections run the last one. A script is a list of steps, ended by FAULT_END (the zero step),
 * after which the connection stays open and silent.
 *
 *   static const struct fault_step hello[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length:
 *     2\r\n\r\nhi"), DO(AGAIN), DO(END)};
 *   static const struct fault_step *const scripts[] = {hello};
 *   fault_server_start(&server, loop, scripts, 1, NULL);
 *   ... server.port ...
 *   fault_server_stop(&server);      and run the loop until server.handles is 0
 */
#ifndef TCX_TEST_FAULT_SERVER_H
#define TCX_TEST_FAULT_SERVER_H
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

typedef enum {
  FAULT_END,
  FAULT_REQUEST,       /* waits for a whole request: head, and body by its Content-Length */
  FAULT_HEAD,          /* waits for a request's head */
  FAULT_BYTES,         /* waits for n more bytes and drops them */
  FAULT_SEND,          /* text, or its first n bytes when n > 0 */
  FAULT_SEND_BELOW,    /* the same below TLS, which takes it for a record of its own */
  FAULT_SEND_BYTEWISE, /* the same, each byte in a packet and a turn of the loop of its own */
  FAULT_FILL,          /* sends text over and over, n times */
  FAULT_START_TLS,     /* speaks TLS from here on; once more: inside of that */
  FAULT_WAIT,          /* for n milliseconds */
  FAULT_STOP_READING,  /* takes no more from the socket */
  FAULT_FINISH,        /* shuts the sending side down; with TLS after close_notify */
  FAULT_CLOSE,         /* closes the socket at once; with TLS without close_notify */
  FAULT_RESET,         /* closes with a RST */
  FAULT_AGAIN          /* back to the first step */
} fault_what;
struct fault_step {
  fault_what what;
  const char *text;
  size_t n;
};
/* DO(REQUEST), DO(CLOSE), DO(AGAIN), DO(END) ... */
#define DO(what)                                                                                   \
  { FAULT_##what, NULL, 0 }
#define DO_N(what, n)                                                                              \
  { FAULT_##what, NULL, n } /* DO_N(BYTES, 100), DO_N(WAIT, 20) */
#define SEND(text)                                                                                 \
  { FAULT_SEND, text, 0 }
#define SEND_BELOW(text)                                                                           \
  { FAULT_SEND_BELOW, text, 0 }
#define SEND_BYTEWISE(text)                                                                        \
  { FAULT_SEND_BYTEWISE, text, 0 }
#define FILL(text, n)                                                                              \
  { FAULT_FILL, text, n }

struct fault_tls; /* a certificate chain and key: test/support/fault_tls.h */

struct fault_conn;
struct fault_server {
  uv_tcp_t listener;
  const struct fault_step *const *scripts;
  unsigned script_count;
  const struct fault_tls *tls;
  const struct fault_tls *inner_tls; /* set after the start: of TLS inside of TLS; NULL: tls */
  int port;
  bool starts_plain; /* set after the start: TLS begins where the script says so */
  bool stopping;
  unsigned accepted;    /* connections so far */
  unsigned requests;    /* whole requests or heads read so far */
  unsigned handles;     /* open handles: 0 after fault_server_stop and some turns of the loop */
  size_t received;      /* bytes of requests read so far */
  char last_head[8192]; /* the head of the last request, NUL-ended, cut to this */
  /* set after the start: at most so many bytes of a FAULT_REQUEST's body are kept in last_body */
  size_t keep_body;
  char *last_body; /* NUL-ended; freed by fault_server_stop */
  size_t last_body_len;
  char server_name[256]; /* TLS: what the client asked for */
  struct fault_conn *conns;
};
/* Listens on 127.0.0.1, or on [::1] when ipv6, at a free port. scripts, steps and tls must outlive
 * the server. Aborts the test when the socket cannot be had. */
void fault_server_start(struct fault_server *server, uv_loop_t *loop,
                        const struct fault_step *const *scripts, unsigned count,
                        const struct fault_tls *tls);
void fault_server_start_at(struct fault_server *server, uv_loop_t *loop, const char *address,
                           int port, const struct fault_step *const *scripts, unsigned count,
                           const struct fault_tls *tls);
void fault_server_stop(struct fault_server *server);
unsigned fault_server_open(const struct fault_server *server); /* connections that are open now */
#endif
