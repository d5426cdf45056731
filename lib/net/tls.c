/*
 * tls.c - TLS 1.2 between a connection's socket and HTTP: BearSSL's client engine, which does no
 * I/O of its own.
 *
 *   handshake -> open (tcx__conn_opened) -> ended (close_notify came) | failed
 *
 * In: ciphertext goes from the shared read buffer into the engine's own (16 KiB and a header),
 * plaintext is handed on from there. Out: the engine seals records of up to 4 KiB in its out
 * buffer, they are gathered in the network's seal buffer and written at once; what the socket does
 * not take is kept (pending) and goes first later. The two buffers are separate because a shared
 * one cannot receive while it sends. The verifier (3 KiB and the certificate) is freed when the
 * handshake is over. A connection holds its struct tcx_tls until its memory is freed, so that a
 * callback may close the connection while the engine is in use.
 */
#include "net/tls.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/pool.h"
#include "net/tls_client_cert.h"
#include "net/tls_verify.h"
#include "net/trust_anchors.h"
#include <stdio.h>
#include <string.h>

#define TLS_OUT_SIZE   (4096 + 85) /* a record of up to 4 KiB */
#define TCX__SEAL_SIZE (64u * 1024)

struct tcx_tls {
  br_ssl_client_context client;
  struct tcx_verifier *verifier; /* NULL once the handshake is over */
  bool open, ended;
  bool heard, foreign; /* something came from the server; it was not a TLS record */
  char *pending;
  size_t pending_at, pending_len;
  unsigned char out[TLS_OUT_SIZE];
  unsigned char in[BR_SSL_BUFSIZE_INPUT];
};

/* AES-GCM first (the processor does it), ChaCha20-Poly1305 last; always with forward secrecy. */
static const uint16_t suites[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    BR_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
static const char *protocols[] = {"http/1.1"};

void tcx__tls_session_free(void *session) {
  tcx__wipe(session, sizeof(br_ssl_session_parameters));
  tcx__free(session);
}

void tcx__tls_pool_free(struct tcx_pool_tls *tls) {
  tcx__client_cert_free(tls->cert);
  tcx__free(tls->ca_bundle);
  tcx__free(tls->client_cert);
  tcx__free(tls->client_key);
}

/* ---- begin ---- */

static uint64_t unix_seconds(void) {
  uv_timeval64_t tv;
  return uv_gettimeofday(&tv) == 0 && tv.tv_sec > 0 ? (uint64_t)tv.tv_sec : 0;
}

/* The peer is the origin, or a proxy that forwards. */
static struct tcx_pool_tls *tls_of(const struct tcx_conn *conn) {
  const struct tcx_bucket *bucket = conn->idle.bucket;
  return bucket->proxy != NULL && !bucket->tunnel ? &conn->pool->proxy_tls
                                                  : &conn->pool->origin_tls;
}

static void set_up(struct tcx_conn *conn) {
  const struct tcx_trust *trust = tls_of(conn)->trust;
  struct tcx_tls *tls = conn->tls;
  const struct tcx_bucket *bucket = conn->idle.bucket;
  br_ssl_engine_context *engine = &tls->client.eng;
  br_ssl_client_init_full(&tls->client, &tls->verifier->minimal,
                          trust != NULL ? trust->anchors : NULL, trust != NULL ? trust->count : 0);
  br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
  br_ssl_engine_set_suites(engine, suites, sizeof suites / sizeof suites[0]);
  br_ssl_engine_set_protocol_names(engine, protocols, 1);
  br_ssl_engine_set_all_flags(engine, BR_OPT_NO_RENEGOTIATION);
  tcx__verifier_init(tls->verifier, bucket->host, unix_seconds(), tls_of(conn)->no_verify);
  br_ssl_engine_set_x509(engine, &tls->verifier->vtable);
  if (tls_of(conn)->cert != NULL)
    tcx__client_cert_use(tls_of(conn)->cert, &tls->client);
  br_ssl_engine_set_buffers_bidi(engine, tls->in, sizeof tls->in, tls->out, sizeof tls->out);
  if (bucket->session != NULL)
    br_ssl_engine_set_session_parameters(engine, bucket->session);
}

static void fail_text(struct tcx_conn *conn, int status, const char *text) {
  char name[300], why[640];
  snprintf(why, sizeof why, "no TLS connection to %s: %s", tcx__conn_name(conn, name), text);
  tcx__conn_failed(conn, status, TCX_PHASE_TLS, why);
}

/* Blocking, once a pool; trust anchors once a session. */
static int read_files(struct tcx_net *net, struct tcx_pool_tls *way, char *why, size_t size) {
  int status = 0;
  if (!way->no_verify && way->trust == NULL &&
      (way->trust = tcx__trust_get(net, way->ca_bundle, &status, why, size)) == NULL)
    return status;
  if (way->client_cert != NULL && way->cert == NULL)
    way->cert = tcx__client_cert_load(way->client_cert, way->client_key, &status, why, size);
  return way->client_cert != NULL && way->cert == NULL ? status : 0;
}

static size_t tls_input(struct tcx_conn *conn, char *p, size_t n);

static void tls_connected(struct tcx_conn *conn) {
  struct tcx_pool_tls *way = tls_of(conn);
  struct tcx_net *net = conn->pool->net;
  const struct tcx_bucket *bucket = conn->idle.bucket;
  if (way->no_verify)
    tcx__net_log(net, TCX_LOG_WARN, "tls", "the certificate of %s is not checked", bucket->host);
  char why[512];
  int status = read_files(net, way, why, sizeof why);
  if (status != 0) {
    fail_text(conn, status, why);
    return;
  }
  if (net->seal_buffer == NULL)
    net->seal_buffer = tcx__malloc(TCX__SEAL_SIZE);
  struct tcx_tls *tls = conn->tls = net->seal_buffer != NULL ? tcx__malloc(sizeof *tls) : NULL;
  if (tls != NULL) {
    tls->open = tls->ended = tls->heard = tls->foreign = false;
    tls->pending = NULL;
    tls->verifier = tcx__calloc(1, sizeof *tls->verifier);
  }
  if (tls == NULL || tls->verifier == NULL) {
    fail_text(conn, UV_ENOMEM, "out of memory");
    return;
  }
  set_up(conn);
  bool is_ip = tls->verifier->is_ip;
  if (!br_ssl_client_reset(&tls->client, is_ip ? NULL : bucket->host, bucket->session != NULL)) {
    fail_text(conn, TCX_ETLS,
              br_ssl_engine_last_error(&tls->client.eng) == BR_ERR_NO_RANDOM
                  ? "the system gives no random numbers"
                  : "the host name is too long for TLS");
    return;
  }
  tls_input(conn, NULL, 0);
}

/* ---- out ---- */

/* Writes sealed bytes; keeps those that the socket does not take. 1: all is written, 0: some are
 * pending, < 0. */
static int write_sealed(struct tcx_conn *conn, const char *p, size_t n) {
  struct tcx_tls *tls = conn->tls;
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
  ssize_t written = n > 0 ? tcx__socket_write(conn, &buf, 1) : 0;
  if (written < 0 || (size_t)written == n)
    return written < 0 ? (int)written : 1;
  size_t rest = n - (size_t)written;
  tls->pending = tcx__malloc(rest);
  if (tls->pending == NULL)
    return UV_ENOMEM;
  memcpy(tls->pending, p + written, rest);
  tls->pending_at = 0;
  tls->pending_len = rest;
  return 0;
}

static int write_pending(struct tcx_conn *conn) {
  struct tcx_tls *tls = conn->tls;
  if (tls->pending == NULL)
    return 1;
  uv_buf_t buf =
      uv_buf_init(tls->pending + tls->pending_at, (unsigned)(tls->pending_len - tls->pending_at));
  ssize_t written = tcx__socket_write(conn, &buf, 1);
  if (written < 0)
    return (int)written;
  tls->pending_at += (size_t)written;
  if (tls->pending_at < tls->pending_len)
    return 0;
  tcx__free(tls->pending);
  tls->pending = NULL;
  return 1;
}

/* Moves ready records to the end of the seal buffer. */
static size_t gather(struct tcx_conn *conn, size_t len) {
  br_ssl_engine_context *engine = &conn->tls->client.eng;
  char *seal = conn->pool->net->seal_buffer;
  while (len < TCX__SEAL_SIZE && (br_ssl_engine_current_state(engine) & BR_SSL_SENDREC)) {
    size_t n;
    const unsigned char *record = br_ssl_engine_sendrec_buf(engine, &n);
    if (n > TCX__SEAL_SIZE - len)
      n = TCX__SEAL_SIZE - len;
    memcpy(seal + len, record, n);
    br_ssl_engine_sendrec_ack(engine, n);
    len += n;
  }
  return len;
}

static int tls_flush(struct tcx_conn *conn) {
  int rc = write_pending(conn);
  while (rc > 0) {
    size_t len = gather(conn, 0);
    if (len == 0)
      return 1;
    rc = write_sealed(conn, conn->pool->net->seal_buffer, len);
  }
  return rc;
}

/* Seals plaintext until the seal buffer is full or there is no more, then writes once. */
static ssize_t tls_write(struct tcx_conn *conn, const uv_buf_t *bufs, unsigned count) {
  struct tcx_tls *tls = conn->tls;
  br_ssl_engine_context *engine = &tls->client.eng;
  size_t taken = 0, sealed = 0, at = 0;
  unsigned i = 0;
  int rc = tls_flush(conn);
  if (rc <= 0)
    return rc;
  while (i < count && sealed < TCX__SEAL_SIZE) {
    size_t room;
    unsigned char *to = br_ssl_engine_sendapp_buf(engine, &room);
    if (to == NULL)
      return br_ssl_engine_current_state(engine) == BR_SSL_CLOSED ? UV_EPIPE : UV_EPROTO;
    while (i < count && room > 0) {
      size_t n = bufs[i].len - at < room ? bufs[i].len - at : room;
      memcpy(to, bufs[i].base + at, n);
      br_ssl_engine_sendapp_ack(engine, n);
      taken += n;
      at += n;
      if (at == bufs[i].len) {
        i++;
        at = 0;
      }
      to = br_ssl_engine_sendapp_buf(engine, &room);
      if (to == NULL)
        break; /* the record is full and sealed */
    }
    if (i == count)
      br_ssl_engine_flush(engine, 0);
    sealed = gather(conn, sealed);
  }
  rc = write_sealed(conn, conn->pool->net->seal_buffer, sealed);
  return rc < 0 ? rc : (ssize_t)taken;
}

static void tls_farewell(struct tcx_conn *conn) {
  struct tcx_tls *tls = conn->tls;
  if (tls == NULL || !tls->open || tls->pending != NULL || conn->blocked ||
      br_ssl_engine_current_state(&tls->client.eng) == BR_SSL_CLOSED)
    return;
  br_ssl_engine_close(&tls->client.eng);
  size_t len = gather(conn, 0);
  uv_buf_t buf = uv_buf_init(conn->pool->net->seal_buffer, (unsigned)len);
  if (len > 0)
    /* a courtesy: if it fails the peer sees the end of the connection */
    (void)tcx__socket_write(conn, &buf, 1);
}

/* ---- in ---- */

static const char *alert_name(int alert) {
  switch (alert) {
  case 10:
    return "unexpected_message";
  case 20:
    return "bad_record_mac";
  case 40:
    return "handshake_failure: no cipher suite in common";
  case 42:
    return "bad_certificate";
  case 46:
    return "certificate_unknown";
  case 47:
    return "illegal_parameter";
  case 48:
    return "unknown_ca";
  case 49:
    return "access_denied";
  case 50:
    return "decode_error";
  case 70:
    return "protocol_version: it does not speak TLS 1.2";
  case 71:
    return "insufficient_security";
  case 80:
    return "internal_error";
  case 112:
    return "unrecognized_name";
  case 116:
    return "certificate_required";
  default:
    return "no name";
  }
}

static void engine_failed(struct tcx_conn *conn, int error) {
  struct tcx_tls *tls = conn->tls;
  const char *host = conn->idle.bucket->host;
  char text[320], words[400];
  if (tls->verifier != NULL && tls->verifier->no_memory) {
    fail_text(conn, UV_ENOMEM, "out of memory");
    return;
  }
  if (tls->verifier != NULL && tcx__verifier_explain(tls->verifier, error, host, text, sizeof text))
    snprintf(words, sizeof words, "the server's certificate is refused: %s", text);
  else if (error >= BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT)
    snprintf(words, sizeof words, "the server sent alert %d (%s)", error - BR_ERR_RECV_FATAL_ALERT,
             alert_name(error - BR_ERR_RECV_FATAL_ALERT));
  else if (tls->foreign)
    snprintf(words, sizeof words, "the server's answer is not TLS");
  else if (error == BR_ERR_UNSUPPORTED_VERSION)
    snprintf(words, sizeof words, "the server does not speak TLS 1.2");
  else if (error == BR_ERR_BAD_MAC)
    snprintf(words, sizeof words, "a record was altered on its way");
  else
    snprintf(words, sizeof words, "BearSSL error %d", error);
  fail_text(conn, TCX_ETLS, words);
}

/* What a later handshake with this target can resume. */
static void remember_session(struct tcx_conn *conn) {
  struct tcx_bucket *bucket = conn->idle.bucket;
  if (bucket->session == NULL)
    bucket->session = tcx__malloc(sizeof(br_ssl_session_parameters));
  if (bucket->session != NULL) /* without memory the next handshake is a full one */
    br_ssl_engine_get_session_parameters(&conn->tls->client.eng, bucket->session);
}

static void handshake_done(struct tcx_conn *conn) {
  struct tcx_tls *tls = conn->tls;
  tls->open = true;
  tcx__verifier_free(tls->verifier);
  tls->verifier = NULL;
  remember_session(conn);
  tcx__conn_opened(conn);
}

/* The engine has ended: by close_notify, or by an error. */
static void engine_closed(struct tcx_conn *conn) {
  struct tcx_tls *tls = conn->tls;
  struct tcx_bucket *bucket = conn->idle.bucket;
  int error = br_ssl_engine_last_error(&tls->client.eng);
  if (error == BR_ERR_OK && tls->open) {
    tls->ended = true;
    tcx__conn_ended(conn);
    return;
  }
  if (!tls->open && bucket->session != NULL) { /* the next handshake begins anew */
    tcx__tls_session_free(bucket->session);
    bucket->session = NULL;
  }
  if (error == BR_ERR_OK)
    fail_text(conn, TCX_ETLS, "the server ended the handshake");
  else
    engine_failed(conn, error);
}

/* Plaintext goes on to HTTP. False: paused, or closed. */
static bool hand_over(struct tcx_conn *conn, bool more) {
  br_ssl_engine_context *engine = &conn->tls->client.eng;
  size_t n;
  const unsigned char *p = br_ssl_engine_recvapp_buf(engine, &n);
  conn->more_input = more;
  size_t used = tcx__conn_input(conn, (const char *)p, n);
  if (conn->state == TCX__CONN_CLOSED)
    return false;
  if (used > 0)
    br_ssl_engine_recvapp_ack(engine, used);
  return used == n;
}

static size_t tls_input(struct tcx_conn *conn, char *p, size_t n) {
  struct tcx_tls *tls = conn->tls;
  br_ssl_engine_context *engine = &tls->client.eng;
  size_t at = 0;
  if (!tls->heard && n > 0) {
    tls->heard = true;
    tls->foreign = p[0] < 20 || p[0] > 23; /* the types of records */
  }
  while (conn->state != TCX__CONN_CLOSED) {
    unsigned state = br_ssl_engine_current_state(engine);
    if (state == BR_SSL_CLOSED) {
      engine_closed(conn);
      return n;
    }
    if ((state & BR_SSL_SENDREC) && !conn->blocked) {
      int rc = tls_flush(conn);
      if (rc < 0) {
        tcx__conn_failed(conn, rc, TCX_PHASE_NONE, NULL);
        return n;
      }
      if (rc > 0)
        continue;
    }
    if (state & BR_SSL_RECVAPP) {
      if (!hand_over(conn, at < n || conn->kept != NULL))
        return conn->state == TCX__CONN_CLOSED ? n : at;
    } else if (!tls->open && (state & BR_SSL_SENDAPP)) {
      handshake_done(conn);
    } else if (at < n && (state & BR_SSL_RECVREC)) {
      size_t room;
      unsigned char *to = br_ssl_engine_recvrec_buf(engine, &room);
      size_t m = n - at < room ? n - at : room;
      memcpy(to, p + at, m);
      br_ssl_engine_recvrec_ack(engine, m);
      at += m;
    } else {
      break;
    }
  }
  return conn->state == TCX__CONN_CLOSED ? n : at;
}

static void tls_resume(struct tcx_conn *conn) { tls_input(conn, NULL, 0); }

static bool tls_ended(const struct tcx_conn *conn) { return conn->tls->ended; }

static void tls_free(struct tcx_conn *conn) {
  struct tcx_tls *tls = conn->tls;
  conn->tls = NULL;
  if (tls == NULL)
    return;
  tcx__verifier_free(tls->verifier);
  tcx__free(tls->pending);
  tcx__wipe(&tls->client, sizeof tls->client);
  tcx__free(tls);
}

const struct tcx_transport tcx__transport_tls = {
    .connected = tls_connected,
    .write = tls_write,
    .flush = tls_flush,
    .input = tls_input,
    .resume = tls_resume,
    .ended = tls_ended,
    .farewell = tls_farewell,
    .free = tls_free,
};
