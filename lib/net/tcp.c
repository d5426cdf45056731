/*
 * tcp.c - a connection's socket: connect, watch, read into the shared buffer, write, close; and the
 * transport that does nothing.
 *
 * uv_poll says when, the calls are the system's own: send with MSG_NOSIGNAL (a peer that closed
 * must not raise SIGPIPE in the host program), recv once an event, again only while it fills the
 * buffer and the connection's share of the turn is not used up; what stays in the socket is
 * reported again, since the poll is level-triggered.
 */
#include "base/mem.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#  include <linux/sockios.h>
#endif

#ifndef MSG_NOSIGNAL
#  define MSG_NOSIGNAL 0
#endif
#ifndef SOCK_CLOEXEC
#  define SOCK_CLOEXEC  0
#  define SOCK_NONBLOCK 0
#endif

static int system_status(void) { return uv_translate_sys_error(errno); }

/* ---- open and connect ---- */

int tcx__socket_open(struct tcx_net *net, struct tcx_conn *conn, int family) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return system_status();
  if (SOCK_CLOEXEC == 0)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  if (conn->pool->options.tcp_keepalive)
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
  int rc = uv_poll_init(net->loop, &conn->poll, fd);
  if (rc != 0) {
    close(fd);
    return rc;
  }
  tcx__net_handle_opened(net, (uv_handle_t *)&conn->poll);
  conn->poll.data = conn;
  conn->fd = fd;
  return 0;
}

int tcx__socket_connect(struct tcx_conn *conn, const struct sockaddr *address, socklen_t size) {
  if (connect(conn->fd, address, size) != 0 && errno != EINPROGRESS && errno != EINTR)
    return system_status();
  return tcx__socket_watch(conn);
}

static void connected(struct tcx_conn *conn) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
    error = errno;
  tcx__dial_connected(conn->dial, conn, error == 0 ? 0 : uv_translate_sys_error(error));
}

/* ---- read ---- */

size_t tcx__socket_feed(struct tcx_conn *conn, char *p, size_t n) {
  size_t used = tcx__wire_input(conn, p, n);
  return conn->state == TCX__CONN_CLOSED ? n : used;
}

/* The exchange was paused in the middle of a read: the rest waits with the connection. */
static void keep_rest(struct tcx_conn *conn, const char *p, size_t n) {
  char *kept = tcx__malloc(n);
  if (kept == NULL) {
    tcx__conn_failed(conn, UV_ENOMEM, TCX_PHASE_READ, "out of memory");
    return;
  }
  memcpy(kept, p, n);
  conn->kept = kept;
  conn->kept_at = 0;
  conn->kept_len = n;
}

/* Handshakes compute for milliseconds: only a few a turn, so that the loop's timers stay in time.
 * The others are reported again at the next turn. */
static bool must_wait(struct tcx_conn *conn) {
  struct tcx_net *net = conn->pool->net;
  if (conn->state != TCX__CONN_OPENING)
    return false;
  uint64_t now = uv_now(net->loop);
  if (net->handshake_ms != now) {
    net->handshake_ms = now;
    net->handshakes = 0;
  }
  return net->handshakes++ >= TCX__TURN_HANDSHAKES;
}

static void readable(struct tcx_conn *conn) {
  struct tcx_net *net = conn->pool->net;
  if (must_wait(conn))
    return;
  for (size_t turn = 0; turn < TCX__TURN_BYTES; turn += TCX__READ_SIZE) {
    ssize_t n;
    do
      n = recv(conn->fd, net->read_buffer, TCX__READ_SIZE, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        tcx__conn_failed(conn, system_status(), TCX_PHASE_NONE, NULL);
      return;
    }
    if (n == 0) {
      tcx__conn_ended(conn);
      return;
    }
    conn->active_ms = uv_now(net->loop);
    conn->moved += (size_t)n;
    size_t used = tcx__socket_feed(conn, net->read_buffer, (size_t)n);
    if (used < (size_t)n && conn->reading) { /* not paused: the transport is stuck */
      tcx__conn_failed(conn, UV_EPROTO, TCX_PHASE_NONE, NULL);
      return;
    }
    if (used < (size_t)n)
      keep_rest(conn, net->read_buffer + used, (size_t)n - used);
    if (conn->state == TCX__CONN_CLOSED || !conn->reading || (size_t)n < TCX__READ_SIZE)
      return;
  }
}

/* ---- write ---- */

static ssize_t send_all(int fd, const uv_buf_t *bufs, unsigned n) {
  if (n == 1)
    return send(fd, bufs[0].base, bufs[0].len, MSG_NOSIGNAL);
  struct iovec list[TCX__PULL_MAX];
  for (unsigned i = 0; i < n; i++)
    list[i] = (struct iovec){bufs[i].base, bufs[i].len};
  struct msghdr message = {.msg_iov = list, .msg_iovlen = n};
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

ssize_t tcx__socket_write(struct tcx_conn *conn, const uv_buf_t *bufs, unsigned n) {
  size_t total = 0;
  for (unsigned i = 0; i < n; i++)
    total += bufs[i].len;
  ssize_t rc;
  do
    rc = send_all(conn->fd, bufs, n);
  while (rc < 0 && errno == EINTR);
  if (rc < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
    return system_status();
  if (rc > 0)
    conn->active_ms = uv_now(conn->pool->net->loop);
  else
    rc = 0;
  conn->moved += (size_t)rc;
  if ((size_t)rc < total) {
    conn->blocked = true;
    int watched = tcx__socket_watch(conn);
    if (watched != 0)
      return watched;
  }
  return rc;
}

size_t tcx__socket_unsent(const struct tcx_conn *conn) {
#ifdef SIOCOUTQ
  int n = 0;
  return ioctl(conn->fd, SIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
#else
  (void)conn;
  return 0;
#endif
}

/* ---- watch ---- */

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct tcx_conn *conn = poll->data;
  /* the socket has an error and libuv has stopped the handle: reading tells which */
  if (status < 0) {
    conn->events = 0;
    events = conn->reading ? UV_READABLE : 0;
  }
  if (conn->state == TCX__CONN_CONNECTING) {
    connected(conn);
    status = 0;
  } else {
    if ((events & UV_WRITABLE) && conn->blocked) {
      conn->blocked = false;
      tcx__exchange_writable(conn);
    }
    if ((events & UV_READABLE) && conn->state != TCX__CONN_CLOSED && conn->reading)
      readable(conn);
    if (conn->state == TCX__CONN_BUSY && conn->reading)
      tcx__gather_read(conn);
  }
  if (conn->state != TCX__CONN_CLOSED && (status == 0 || conn->reading)) {
    int rc = tcx__socket_watch(conn);
    if (rc != 0)
      tcx__conn_failed(conn, rc, TCX_PHASE_NONE, NULL);
  }
}

int tcx__socket_watch(struct tcx_conn *conn) {
  int events = conn->state == TCX__CONN_CONNECTING
                   ? UV_WRITABLE
                   : (conn->reading ? UV_READABLE : 0) | (conn->blocked ? UV_WRITABLE : 0);
  if (events == conn->events)
    return 0;
  conn->events = (uint8_t)events;
  return events == 0 ? uv_poll_stop(&conn->poll) : uv_poll_start(&conn->poll, events, on_poll);
}

void tcx__socket_close(struct tcx_conn *conn, uv_close_cb closed) {
  uv_close((uv_handle_t *)&conn->poll, closed);
  close(conn->fd);
  conn->fd = -1;
}

/* ---- the plain transport ---- */

static size_t tcp_input(struct tcx_conn *conn, const char *p, size_t n) {
  return tcx__conn_input(conn, p, n);
}

static int tcp_flush(struct tcx_conn *conn) {
  (void)conn;
  return 1;
}

static void tcp_nothing(struct tcx_conn *conn) { (void)conn; }

static bool tcp_ended(const struct tcx_conn *conn) {
  (void)conn;
  return true; /* without TLS the end of the connection is all there is */
}

const struct tcx_transport tcx__transport_tcp = {
    .connected = tcx__conn_opened,
    .write = tcx__socket_write,
    .flush = tcp_flush,
    .input = tcp_input,
    .resume = tcp_nothing,
    .ended = tcp_ended,
    .farewell = tcp_nothing,
    .free = tcp_nothing,
};
