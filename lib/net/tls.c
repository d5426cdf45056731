/*
 * tls.c - a layer of TLS 1.2 on a connection: BearSSL's client engine, which does no I/O of its
 * own. What is below and above it, wire.c says.
 *
 *   handshake -> open (side->opened) -> ended (close_notify came) | failed
 *
 * In: ciphertext goes from the shared read buffer into the engine's own (16 KiB and a header),
 * plaintext is handed on from there. Out: the engine seals records of up to 4 KiB in its out
 * buffer, they are gathered in the network's seal buffer and written at once; what is not taken is
 * kept (pending) and goes first later. The two buffers are separate because a shared
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
  struct tcx_conn *conn;
  const struct tcx_tls_side *side;
  struct tcx_tls_peer peer;
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

static void set_up(struct tcx_tls *tls) {
  const struct tcx_pool_tls *way = tls->peer.way;
  const struct tcx_trust *trust = way->trust;
  br_ssl_engine_context *engine = &tls->client.eng;
  br_ssl_client_init_full(&tls->client, &tls->verifier->minimal,
                          trust != NULL ? trust->anchors : NULL, trust != NULL ? trust->count : 0);
  br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
  br_ssl_engine_set_suites(engine, suites, sizeof suites / sizeof suites[0]);
  br_ssl_engine_set_protocol_names(engine, protocols, 1);
  br_ssl_engine_set_all_flags(engine, BR_OPT_NO_RENEGOTIATION);
  tcx__verifier_init(tls->verifier, tls->peer.host, unix_seconds(), way->no_verify);
  br_ssl_engine_set_x509(engine, &tls->verifier->vtable);
  if (way->cert != NULL)
    tcx__client_cert_use(way->cert, &tls->client);
  br_ssl_engine_set_buffers_bidi(engine, tls->in, sizeof tls->in, tls->out, sizeof tls->out);
  if (*tls->peer.session != NULL)
    br_ssl_engine_set_session_parameters(engine, *tls->peer.session);
}

/* open: the handshake was over before. */
static void break_off(struct tcx_conn *conn, const struct tcx_tls_peer *peer, bool open, int status,
                      const char *text) {
  char name[300], why[640];
  snprintf(why, sizeof why,
           open ? "the TLS connection to %s broke: %s" : "no TLS connection to %s: %s",
           tcx__host_name(peer->host, peer->port, name), text);
  tcx__conn_failed(conn, status, open ? TCX_PHASE_NONE : TCX_PHASE_TLS, why);
}

static void fail_text(struct tcx_conn *conn, const struct tcx_tls_peer *peer, int status,
                      const char *text) {
  break_off(conn, peer, false, status, text);
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

static struct tcx_tls *new_tls(struct tcx_conn *conn, const struct tcx_tls_side *side,
                               const struct tcx_tls_peer *peer) {
  if (*peer->seal == NULL)
    *peer->seal = tcx__malloc(TCX__SEAL_SIZE);
  struct tcx_tls *tls = *peer->seal != NULL ? tcx__malloc(sizeof *tls) : NULL;
  if (tls == NULL)
    return NULL;
  tls->conn = conn;
  tls->side = side;
  tls->peer = *peer;
  tls->open = tls->ended = tls->heard = tls->foreign = false;
  tls->pending = NULL;
  tls->verifier = tcx__calloc(1, sizeof *tls->verifier);
  if (tls->verifier != NULL)
    return tls;
  tcx__free(tls);
  return NULL;
}

void tcx__tls_begin(struct tcx_conn *conn, struct tcx_tls **place, const struct tcx_tls_side *side,
                    const struct tcx_tls_peer *peer) {
  struct tcx_net *net = conn->pool->net;
  if (peer->way->no_verify)
    tcx__net_log(net, TCX_LOG_WARN, "tls", "the certificate of %s is not checked", peer->host);
  char why[512];
  int status = read_files(net, peer->way, why, sizeof why);
  if (status != 0) {
    fail_text(conn, peer, status, why);
    return;
  }
  struct tcx_tls *tls = *place = new_tls(conn, side, peer);
  if (tls == NULL) {
    fail_text(conn, peer, UV_ENOMEM, "out of memory");
    return;
  }
  set_up(tls);
  if (!br_ssl_client_reset(&tls->client, tls->verifier->is_ip ? NULL : peer->host,
                           *peer->session != NULL)) {
    fail_text(conn, peer, TCX_ETLS,
              br_ssl_engine_last_error(&tls->client.eng) == BR_ERR_NO_RANDOM
                  ? "the system gives no random numbers"
                  : "the host name is too long for TLS");
    return;
  }
  tcx__tls_input(tls, NULL, 0);
}

/* ---- out ---- */

/* Writes sealed bytes; keeps those that what lies below does not take. 1: all is written, 0: some
 * are pending, < 0. */
static int write_sealed(struct tcx_tls *tls, const char *p, size_t n) {
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);
  ssize_t written = n > 0 ? tls->side->write(tls->conn, &buf) : 0;
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

static int write_pending(struct tcx_tls *tls) {
  if (tls->pending == NULL)
    return 1;
  uv_buf_t buf =
      uv_buf_init(tls->pending + tls->pending_at, (unsigned)(tls->pending_len - tls->pending_at));
  ssize_t written = tls->side->write(tls->conn, &buf);
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
static size_t gather(struct tcx_tls *tls, size_t len) {
  br_ssl_engine_context *engine = &tls->client.eng;
  char *seal = *tls->peer.seal;
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

int tcx__tls_flush(struct tcx_tls *tls) {
  int rc = write_pending(tls);
  while (rc > 0) {
    size_t len = gather(tls, 0);
    if (len == 0)
      return tls->side->flush(tls->conn);
    rc = write_sealed(tls, *tls->peer.seal, len);
  }
  return rc;
}

/* Seals plaintext until the seal buffer is full or there is no more, then writes once. */
ssize_t tcx__tls_write(struct tcx_tls *tls, const uv_buf_t *bufs, unsigned count) {
  br_ssl_engine_context *engine = &tls->client.eng;
  size_t taken = 0, sealed = 0, at = 0;
  unsigned i = 0;
  int rc = tcx__tls_flush(tls);
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
    sealed = gather(tls, sealed);
  }
  rc = write_sealed(tls, *tls->peer.seal, sealed);
  return rc < 0 ? rc : (ssize_t)taken;
}

void tcx__tls_farewell(struct tcx_tls *tls) {
  if (tls == NULL || !tls->open || tls->pending != NULL || tls->conn->blocked ||
      br_ssl_engine_current_state(&tls->client.eng) == BR_SSL_CLOSED)
    return;
  br_ssl_engine_close(&tls->client.eng);
  size_t len = gather(tls, 0);
  uv_buf_t buf = uv_buf_init(*tls->peer.seal, (unsigned)len);
  if (len > 0)
    /* a courtesy: if it fails the peer sees the end of the connection */
    (void)tls->side->write(tls->conn, &buf);
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

/* What an alert tells of a handshake is no news once that is over. */
static void explain_alert(const struct tcx_tls *tls, int alert, char *words, size_t size) {
  const char *name = alert_name(alert);
  size_t n = tls->open ? strcspn(name, ":") : strlen(name);
  snprintf(words, size, "the server sent alert %d (%.*s)", alert, (int)n, name);
}

static void engine_failed(struct tcx_tls *tls, int error) {
  const char *host = tls->peer.host;
  char text[320], words[400];
  if (tls->verifier != NULL && tls->verifier->no_memory) {
    fail_text(tls->conn, &tls->peer, UV_ENOMEM, "out of memory");
    return;
  }
  if (tls->verifier != NULL && tcx__verifier_explain(tls->verifier, error, host, text, sizeof text))
    snprintf(words, sizeof words, "the server's certificate is refused: %s", text);
  else if (error >= BR_ERR_RECV_FATAL_ALERT && error < BR_ERR_SEND_FATAL_ALERT)
    explain_alert(tls, error - BR_ERR_RECV_FATAL_ALERT, words, sizeof words);
  else if (tls->foreign)
    snprintf(words, sizeof words, "the server's answer is not TLS");
  else if (error == BR_ERR_UNSUPPORTED_VERSION && !tls->open)
    snprintf(words, sizeof words, "the server does not speak TLS 1.2");
  else if (error == BR_ERR_BAD_MAC)
    snprintf(words, sizeof words, "a record was altered on its way");
  else
    snprintf(words, sizeof words, "BearSSL error %d", error);
  break_off(tls->conn, &tls->peer, tls->open, TCX_ETLS, words);
}

/* What a later handshake with this peer can resume. */
static void remember_session(struct tcx_tls *tls) {
  void **session = tls->peer.session;
  if (*session == NULL)
    *session = tcx__malloc(sizeof(br_ssl_session_parameters));
  if (*session != NULL) /* without memory the next handshake is a full one */
    br_ssl_engine_get_session_parameters(&tls->client.eng, *session);
}

static void handshake_done(struct tcx_tls *tls) {
  tls->open = true;
  tcx__verifier_free(tls->verifier);
  tls->verifier = NULL;
  remember_session(tls);
  tls->side->opened(tls->conn);
}

/* The engine has ended: by close_notify, or by an error. */
static void engine_closed(struct tcx_tls *tls) {
  void **session = tls->peer.session;
  int error = br_ssl_engine_last_error(&tls->client.eng);
  if (error == BR_ERR_OK && tls->open) {
    tls->ended = true;
    tcx__conn_ended(tls->conn);
    return;
  }
  if (!tls->open && *session != NULL) { /* the next handshake begins anew */
    tcx__tls_session_free(*session);
    *session = NULL;
  }
  if (error == BR_ERR_OK)
    fail_text(tls->conn, &tls->peer, TCX_ETLS, "the server ended the handshake");
  else
    engine_failed(tls, error);
}

/* Plaintext goes on upwards. False: paused, or closed. */
static bool hand_over(struct tcx_tls *tls, bool more) {
  br_ssl_engine_context *engine = &tls->client.eng;
  size_t n;
  const unsigned char *p = br_ssl_engine_recvapp_buf(engine, &n);
  size_t used = tls->side->deliver(tls->conn, (const char *)p, n, more);
  if (tls->conn->state == TCX__CONN_CLOSED)
    return false;
  if (used > 0)
    br_ssl_engine_recvapp_ack(engine, used);
  return used == n;
}

size_t tcx__tls_input(struct tcx_tls *tls, const char *p, size_t n) {
  struct tcx_conn *conn = tls->conn;
  br_ssl_engine_context *engine = &tls->client.eng;
  size_t at = 0;
  if (!tls->heard && n > 0) {
    tls->heard = true;
    tls->foreign = p[0] < 20 || p[0] > 23; /* the types of records */
  }
  while (conn->state != TCX__CONN_CLOSED) {
    unsigned state = br_ssl_engine_current_state(engine);
    if (state == BR_SSL_CLOSED) {
      engine_closed(tls);
      return n;
    }
    if ((state & BR_SSL_SENDREC) && !conn->blocked) {
      int rc = tcx__tls_flush(tls);
      if (rc < 0) {
        tcx__conn_failed(conn, rc, TCX_PHASE_NONE, NULL);
        return n;
      }
      if (rc > 0)
        continue;
    }
    if (state & BR_SSL_RECVAPP) {
      if (!hand_over(tls, at < n || conn->kept != NULL))
        return conn->state == TCX__CONN_CLOSED ? n : at;
    } else if (!tls->open && (state & BR_SSL_SENDAPP)) {
      handshake_done(tls);
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

bool tcx__tls_ended(const struct tcx_tls *tls) { return tls->ended; }

void tcx__tls_free(struct tcx_tls *tls) {
  if (tls == NULL)
    return;
  tcx__verifier_free(tls->verifier);
  tcx__free(tls->pending);
  tcx__wipe(&tls->client, sizeof tls->client);
  tcx__free(tls);
}
