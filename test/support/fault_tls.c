#include "fault_tls.h"
#include "fault_server.h"
#include "support.h"

/* BearSSL's session cache, counting what it finds. First member: the class. */
struct counting_cache {
  const br_ssl_session_cache_class *vtable;
  br_ssl_session_cache_lru lru;
  unsigned hits;
};

static void save_session(const br_ssl_session_cache_class **ctx, br_ssl_server_context *server,
                         const br_ssl_session_parameters *params) {
  struct counting_cache *cache = (struct counting_cache *)(void *)ctx;
  cache->lru.vtable->save(&cache->lru.vtable, server, params);
}

static int load_session(const br_ssl_session_cache_class **ctx, br_ssl_server_context *server,
                        br_ssl_session_parameters *params) {
  struct counting_cache *cache = (struct counting_cache *)(void *)ctx;
  int found = cache->lru.vtable->load(&cache->lru.vtable, server, params);
  cache->hits += found != 0;
  return found;
}

static const br_ssl_session_cache_class counting_class = {sizeof(struct counting_cache),
                                                          save_session, load_session};

struct fault_tls {
  br_x509_certificate *chain;
  size_t chain_len;
  br_skey_decoder_context key;
  struct counting_cache cache;
  unsigned char cache_store[8192];
  const br_x509_trust_anchor *clients; /* by whom certificates are asked for; NULL: none are */
  size_t client_count;
};

struct fault_tls_conn {
  br_ssl_server_context server;
  br_x509_minimal_context x509;
  unsigned char in_buffer[BR_SSL_BUFSIZE_INPUT], out_buffer[BR_SSL_BUFSIZE_OUTPUT];
  struct fault_server *owner;
  void (*out)(void *ctx, const void *p, size_t n);
  void (*in)(void *ctx, const void *p, size_t n);
  void *ctx;
  bool greeted;
};

/* ---- PEM ---- */

struct object {
  char name[64];
  unsigned char *der;
  size_t len;
  struct object *next;
};

static void append_der(void *ctx, const void *p, size_t n) {
  struct object *object = ctx;
  object->der = realloc(object->der, object->len + n);
  if (object->der == NULL)
    abort();
  memcpy(object->der + object->len, p, n);
  object->len += n;
}

static struct object *read_pem(const char *path) {
  size_t n;
  char *text = test_read_file(path, &n), *p = text;
  struct object *first = NULL, **link = &first, *open = NULL;
  br_pem_decoder_context pem;
  br_pem_decoder_init(&pem);
  while (n > 0) {
    size_t used = br_pem_decoder_push(&pem, p, n);
    p += used;
    n -= used;
    switch (br_pem_decoder_event(&pem)) {
    case BR_PEM_BEGIN_OBJ:
      open = calloc(1, sizeof *open);
      if (open == NULL)
        abort();
      snprintf(open->name, sizeof open->name, "%s", br_pem_decoder_name(&pem));
      br_pem_decoder_setdest(&pem, append_der, open);
      break;
    case BR_PEM_END_OBJ:
      *link = open;
      link = &open->next;
      break;
    case BR_PEM_ERROR:
      fprintf(stderr, "fault_tls: %s is not PEM\n", path);
      abort();
    default:
      break;
    }
  }
  free(text);
  return first;
}

struct fault_tls *fault_tls_new(const char *chain_pem, const char *key_pem) {
  struct fault_tls *tls = calloc(1, sizeof *tls);
  if (tls == NULL)
    abort();
  for (struct object *object = read_pem(chain_pem), *next; object != NULL; object = next) {
    next = object->next;
    tls->chain = realloc(tls->chain, (tls->chain_len + 1) * sizeof *tls->chain);
    if (tls->chain == NULL)
      abort();
    tls->chain[tls->chain_len++] = (br_x509_certificate){object->der, object->len};
    free(object);
  }
  br_skey_decoder_init(&tls->key);
  for (struct object *object = read_pem(key_pem), *next; object != NULL; object = next) {
    next = object->next;
    if (strstr(object->name, "PRIVATE KEY") != NULL)
      br_skey_decoder_push(&tls->key, object->der, object->len);
    free(object->der);
    free(object);
  }
  if (br_skey_decoder_last_error(&tls->key) != 0) {
    fprintf(stderr, "fault_tls: %s holds no usable key\n", key_pem);
    abort();
  }
  br_ssl_session_cache_lru_init(&tls->cache.lru, tls->cache_store, sizeof tls->cache_store);
  tls->cache.vtable = &counting_class;
  return tls;
}

unsigned fault_tls_resumed(const struct fault_tls *tls) { return tls->cache.hits; }

void fault_tls_ask_client(struct fault_tls *tls, const br_x509_trust_anchor *anchors,
                          size_t count) {
  tls->clients = anchors;
  tls->client_count = count;
}

void fault_tls_free(struct fault_tls *tls) {
  for (size_t i = 0; i < tls->chain_len; i++)
    free(tls->chain[i].data);
  free(tls->chain);
  free(tls);
}

/* ---- a connection ---- */

struct fault_tls_conn *fault_tls_conn_new(const struct fault_tls *tls, struct fault_server *server,
                                          void (*out)(void *ctx, const void *p, size_t n),
                                          void (*in)(void *ctx, const void *p, size_t n),
                                          void *ctx) {
  struct fault_tls_conn *conn = calloc(1, sizeof *conn);
  if (conn == NULL)
    abort();
  conn->owner = server;
  conn->out = out;
  conn->in = in;
  conn->ctx = ctx;
  if (br_skey_decoder_key_type(&tls->key) == BR_KEYTYPE_EC)
    br_ssl_server_init_full_ec(&conn->server, tls->chain, tls->chain_len, BR_KEYTYPE_EC,
                               br_skey_decoder_get_ec(&tls->key));
  else
    br_ssl_server_init_full_rsa(&conn->server, tls->chain, tls->chain_len,
                                br_skey_decoder_get_rsa(&tls->key));
  static const char *protocols[] = {"http/1.1"};
  br_ssl_engine_set_protocol_names(&conn->server.eng, protocols, 1);
  br_ssl_server_set_cache(&conn->server,
                          (const br_ssl_session_cache_class **)(uintptr_t)&tls->cache.vtable);
  br_ssl_engine_set_buffers_bidi(&conn->server.eng, conn->in_buffer, sizeof conn->in_buffer,
                                 conn->out_buffer, sizeof conn->out_buffer);
  if (tls->clients != NULL) {
    br_x509_minimal_init_full(&conn->x509, tls->clients, tls->client_count);
    br_ssl_engine_set_default_rsavrfy(&conn->server.eng);
    br_ssl_engine_set_default_ecdsa(&conn->server.eng);
    br_ssl_engine_set_x509(&conn->server.eng, &conn->x509.vtable);
    br_ssl_server_set_trust_anchor_names_alt(&conn->server, tls->clients, tls->client_count);
  }
  br_ssl_server_reset(&conn->server);
  return conn;
}

static void greeted(struct fault_tls_conn *conn) {
  conn->greeted = true;
  snprintf(conn->owner->server_name, sizeof conn->owner->server_name, "%s",
           br_ssl_engine_get_server_name(&conn->server.eng));
}

static void drain(struct fault_tls_conn *conn) {
  br_ssl_engine_context *engine = &conn->server.eng;
  unsigned state;
  while ((state = br_ssl_engine_current_state(engine)) & (BR_SSL_SENDREC | BR_SSL_RECVAPP)) {
    size_t n;
    unsigned char *p;
    if (state & BR_SSL_SENDREC) {
      p = br_ssl_engine_sendrec_buf(engine, &n);
      conn->out(conn->ctx, p, n);
      br_ssl_engine_sendrec_ack(engine, n);
    } else {
      p = br_ssl_engine_recvapp_buf(engine, &n);
      char *copy = malloc(n); /* TLS inside of this one may answer, and come here again */
      if (copy == NULL)
        abort();
      memcpy(copy, p, n);
      br_ssl_engine_recvapp_ack(engine, n);
      conn->in(conn->ctx, copy, n);
      free(copy);
    }
  }
  if (!conn->greeted && (state & BR_SSL_SENDAPP))
    greeted(conn);
}

void fault_tls_conn_receive(struct fault_tls_conn *conn, const void *p, size_t n) {
  br_ssl_engine_context *engine = &conn->server.eng;
  const unsigned char *at = p;
  while (n > 0 && (br_ssl_engine_current_state(engine) & BR_SSL_RECVREC)) {
    size_t room;
    unsigned char *to = br_ssl_engine_recvrec_buf(engine, &room);
    size_t m = room < n ? room : n;
    memcpy(to, at, m);
    br_ssl_engine_recvrec_ack(engine, m);
    at += m;
    n -= m;
    drain(conn);
  }
}

void fault_tls_conn_send(struct fault_tls_conn *conn, const void *p, size_t n) {
  br_ssl_engine_context *engine = &conn->server.eng;
  const unsigned char *at = p;
  while (n > 0 && (br_ssl_engine_current_state(engine) & BR_SSL_SENDAPP)) {
    size_t room;
    unsigned char *to = br_ssl_engine_sendapp_buf(engine, &room);
    size_t m = room < n ? room : n;
    memcpy(to, at, m);
    br_ssl_engine_sendapp_ack(engine, m);
    at += m;
    n -= m;
    if (n == 0)
      br_ssl_engine_flush(engine, 0);
    drain(conn);
  }
}

void fault_tls_conn_close(struct fault_tls_conn *conn) {
  br_ssl_engine_close(&conn->server.eng);
  drain(conn);
}

bool fault_tls_conn_failed(const struct fault_tls_conn *conn) {
  return br_ssl_engine_current_state(&conn->server.eng) == BR_SSL_CLOSED &&
         br_ssl_engine_last_error(&conn->server.eng) != 0;
}

void fault_tls_conn_free(struct fault_tls_conn *conn) { free(conn); }
