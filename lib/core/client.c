#include "core/client.h"
#include "base/mem.h"
#include "core/call.h"
#include "core/endpoint.h"
#include "core/log.h"
#include "core/services.h"
#include "core/user_hooks.h"
#include "core/variables.h"
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- creation ---- */

static int find_model(tcx_client_t *c, struct tcx_fail *f) {
  struct tcx_models *models = NULL;
  int err = tcx__session_models(c->session, &models, f);
  if (err == 0)
    err = tcx__models_get(models, c->service, &c->model, f);
  if (err != 0)
    return err;
  c->protocol = tcx__protocol_by_name(c->model->protocol);
  if (c->protocol == NULL)
    return tcx__fail(f, TCX_ESERVICE,
                     "Service %s speaks %s, a protocol that this version of tucuxi does not have",
                     c->service, c->model->protocol);
  c->partitions = tcx__models_partitions(models, f);
  return c->partitions != NULL ? 0 : f->status;
}

static int find_customization(tcx_client_t *c) {
  c->custom = tcx__services_customization(c->service);
  if (c->custom == NULL || c->custom->client_size == 0)
    return 0;
  c->custom_state = tcx__arena_zalloc(c->arena, c->custom->client_size);
  return c->custom_state == NULL ? UV_ENOMEM : 0;
}

static int make_identity(tcx_client_t *c, const tcx_client_options_t *o, struct tcx_fail *f) {
  if ((o->access_key != NULL) != (o->secret_key != NULL))
    return tcx__fail(f, TCX_ECONFIG, "Partial credentials found in explicit, missing: %s",
                     o->access_key == NULL ? "access_key" : "secret_key");
  if (o->access_key == NULL)
    return 0;
  struct tcx_provider *provider = NULL;
  tcx_credentials_t keys = {.access_key = o->access_key,
                            .secret_key = o->secret_key,
                            .session_token = o->session_token,
                            .account_id = o->account_id};
  int err = tcx__services_static_provider(&keys, &provider);
  return err != 0 ? err : tcx__identity_source_new(c->session, provider, &c->own_identity);
}

/* The program's token, else the environment's for this signing name: AWS_BEARER_TOKEN_BEDROCK. */
static int make_token(tcx_client_t *c, const tcx_client_options_t *o) {
  char name[128];
  struct tcx_provider *provider = NULL;
  size_t n = (size_t)snprintf(name, sizeof name, "AWS_BEARER_TOKEN_%s", c->model->signing_name);
  for (size_t i = 0; i < n && i < sizeof name - 1; i++)
    name[i] = (char)(name[i] == '-' || name[i] == ' ' ? '_' : toupper((unsigned char)name[i]));
  c->token_given = o->bearer_token != NULL && o->bearer_token[0] != '\0';
  const char *token = c->token_given ? o->bearer_token : n < sizeof name ? tcx__getenv(name) : NULL;
  if (token == NULL)
    return 0;
  int err = tcx__services_token_provider(token, c->token_given ? "explicit" : "env", &provider);
  return err != 0 ? err : tcx__identity_source_new(c->session, provider, &c->token);
}

/* What can be wrong for a reason that every call of the client should tell. */
static int configure(tcx_client_t *c, const tcx_client_options_t *o, struct tcx_fail *f) {
  struct tcx_settings *settings = NULL;
  int err = tcx__session_settings(c->session, &settings, f);
  if (err == 0)
    err = tcx__session_monitor(c->session, f);
  if (err == 0)
    err = find_model(c, f);
  if (err == 0)
    err = tcx__config_resolve(&c->config, c->arena, o, settings, c->model->service_id, f);
  if (err == 0)
    err = make_token(c, o);
  if (err == 0)
    err = tcx__scheme_of_client(c, f);
  if (err == 0)
    err = find_customization(c);
  if (err == 0)
    err = make_identity(c, o, f);
  if (err == 0)
    err = tcx__endpoint_prepare(c, f);
  if (err == 0)
    err = tcx__user_agent_make(c);
  if (err == 0) {
    tcx__discovery_begin(c);
    tcx__throttle_begin(c);
  }
  if (err == 0 && c->config.fips_region)
    tcx__log(c->session, TCX_LOG_WARN, "config", NULL,
             "client %s was given a FIPS pseudo region: it goes to %s, and to FIPS endpoints",
             c->service, c->config.region);
  return err;
}

static void free_client(tcx_client_t *c) {
  if (c->custom != NULL && c->custom->client_free != NULL && c->custom_state != NULL)
    c->custom->client_free(c);
  tcx__user_hooks_free(c);
  tcx__identity_source_free(c->own_identity);
  tcx__identity_source_free(c->token);
  tcx__endpoint_cache_free(c->endpoints);
  tcx__discovery_free(c);
  tcx__signing_keys_wipe(&c->keys);
  tcx__proxy_wipe(c->config.proxies.http);
  tcx__proxy_wipe(c->config.proxies.https);
  tcx__block_pool_clear(&c->blocks);
  tcx__arena_free(c->arena);
  tcx__free(c);
}

static void on_close_ready(struct tcx_ready *ready);

static tcx_client_t *new_client(tcx_session_t *session, const char *service) {
  struct tcx_arena *arena = tcx__arena_new();
  tcx_client_t *c = arena != NULL ? tcx__calloc(1, sizeof *c) : NULL;
  if (c == NULL) {
    tcx__arena_free(arena);
    return NULL;
  }
  c->session = session;
  c->arena = arena;
  c->problem.arena = arena;
  c->close_ready.run = on_close_ready;
  tcx__block_pool_init(&c->blocks, TCX__POOLED_BLOCKS);
  tcx__retry_quota_init(&c->quota);
  c->service = tcx__arena_strdup(arena, tcx__service_name(service));
  if (c->service == NULL) {
    free_client(c);
    return NULL;
  }
  return c;
}

static void link_client(tcx_client_t *c) {
  tcx_session_t *s = c->session;
  c->next = s->clients;
  if (s->clients != NULL)
    s->clients->prev = c;
  s->clients = c;
  s->open_clients++;
}

static int create(tcx_session_t *session, const char *service, const tcx_client_options_t *o,
                  tcx_client_t **out) {
  if (session == NULL || service == NULL || out == NULL)
    return UV_EINVAL;
  if (session->closing)
    return TCX_ECLOSING;
  tcx_client_t *c = new_client(session, service);
  if (c == NULL)
    return UV_ENOMEM;
  c->data = o->data;
  int err = tcx_value_status(o->config);
  if (err != 0)
    err = tcx__fail(&c->problem, err == UV_ENOMEM ? err : TCX_ECONFIG, "Invalid configuration: %s",
                    tcx_value_problem(o->config));
  else
    err = configure(c, o, &c->problem);
  if (err == UV_ENOMEM || tcx__user_hooks_begin(c) != 0) {
    free_client(c);
    return UV_ENOMEM;
  }
  if (err != 0)
    (void)tcx__fail(&c->problem, err, "%s", tcx_strerror(err));
  link_client(c);
  *out = c;
  return 0;
}

int tcx_session_create_client_sized(tcx_session_t *session, const char *service,
                                    const tcx_client_options_t *options, size_t size,
                                    tcx_client_t **out) {
  if (size > sizeof *options)
    return UV_EINVAL;
  tcx_client_options_t o = {0};
  if (options != NULL)
    memcpy(&o, options, size);
  int err = create(session, service, &o, out);
  tcx_value_free(o.config);
  return err;
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

int tcx_session_get_client(tcx_session_t *session, const char *service, const char *region,
                           tcx_client_t **out) {
  if (session == NULL || service == NULL || out == NULL)
    return UV_EINVAL;
  if (session->closing)
    return TCX_ECLOSING;
  for (tcx_client_t *c = session->clients; c != NULL; c = c->next) {
    if (c->shared && !c->closing && strcmp(c->service, tcx__service_name(service)) == 0 &&
        same_text(c->data, region)) {
      *out = c;
      return 0;
    }
  }
  tcx_client_options_t o = {.region = region};
  int err = create(session, service, &o, out);
  if (err != 0)
    return err;
  (*out)->shared = true;
  if (region != NULL && ((*out)->data = tcx__arena_strdup((*out)->arena, region)) == NULL) {
    tcx__client_close_any(*out, NULL);
    return UV_ENOMEM;
  }
  return 0;
}

/* ---- what is made at the first call ---- */

int tcx__client_pool(tcx_client_t *c, struct tcx_pool **pool) {
  if (c->pool == NULL) {
    struct tcx_pool_options o = {
        .max_connections = c->config.max_connections,
        .connect_timeout_ms = c->config.connect_timeout_ms,
        .idle_ms = TCX__IDLE_MS,
        .tcp_keepalive = c->config.tcp_keepalive,
        .tls = {.ca_bundle = c->config.ca_bundle,
                .no_verify = c->config.no_verify,
                .client_cert = c->config.client_cert,
                .client_key = c->config.client_key},
        .proxy_tls = {.ca_bundle = c->config.proxy_ca_bundle != NULL ? c->config.proxy_ca_bundle
                                                                     : c->config.ca_bundle,
                      .no_verify = c->config.no_verify,
                      .client_cert = c->config.proxy_client_cert,
                      .client_key = c->config.proxy_client_key},
    };
    if (c->config.no_verify)
      tcx__log(c->session, TCX_LOG_WARN, "tls", NULL, "client %s does not verify certificates",
               c->service);
    int err = tcx__pool_new(c->session->net, &o, &c->pool);
    if (err != 0)
      return err;
  }
  *pool = c->pool;
  return 0;
}

int tcx__client_identity(tcx_client_t *c, struct tcx_identity_source **source) {
  if (c->own_identity != NULL) {
    *source = c->own_identity;
    return 0;
  }
  return tcx__session_identity(c->session, source);
}

int tcx__client_token(tcx_client_t *c, struct tcx_identity_source **source) {
  *source = c->token;
  return c->token != NULL ? 0 : tcx__session_token(c->session, source);
}

/* ---- the end ---- */

tcx_client_t *tcx__client_next(const tcx_client_t *c) { return c->next; }

static void unlink_client(tcx_client_t *c) {
  if (c->prev != NULL)
    c->prev->next = c->next;
  else
    c->session->clients = c->next;
  if (c->next != NULL)
    c->next->prev = c->prev;
}

static void on_pool_closed(void *ctx) {
  tcx_client_t *c = ctx;
  tcx_session_t *session = c->session;
  tcx__session_enter(session);
  if (c->close_cb != NULL)
    c->close_cb(c);
  tcx__session_leave(session);
  unlink_client(c);
  tcx__paginators_orphan(c);
  tcx__ready_remove(session, &c->close_ready);
  free_client(c);
  tcx__session_client_freed(session);
  tcx__session_drop(session);
}

/* Runs from the queue, behind the callbacks of the calls that it waits for. */
static void on_close_ready(struct tcx_ready *ready) {
  tcx_client_t *c = (tcx_client_t *)((char *)ready - offsetof(tcx_client_t, close_ready));
  if (c->active > 0)
    return;
  if (c->drain_asked) {
    tcx_client_close_cb cb = c->drain_cb;
    c->drain_asked = false;
    tcx_session_t *session = c->session;
    if (cb != NULL)
      cb(c);
    if (c->closing)
      tcx__ready_push(session, &c->close_ready); /* behind what was queued before the close */
    tcx__session_drop(session);
    return;
  }
  if (!c->closing || c->watches != NULL)
    return;
  if (c->pool == NULL) {
    on_pool_closed(c);
    return;
  }
  struct tcx_pool *pool = c->pool;
  c->pool = NULL;
  tcx__pool_close(pool, on_pool_closed, c);
}

void tcx__client_call_gone(tcx_client_t *c) {
  if ((c->closing || c->drain_asked) && c->active == 0)
    tcx__ready_push(c->session, &c->close_ready);
}

void tcx_client_drain(tcx_client_t *c, tcx_client_close_cb cb) {
  if (c == NULL || c->closing || c->drain_asked)
    return;
  c->draining = true;
  c->drain_asked = true;
  c->drain_cb = cb;
  tcx__session_hold(c->session);
  tcx__client_call_gone(c);
}

void tcx__client_close_any(tcx_client_t *c, tcx_client_close_cb cb) {
  if (c->closing) {
    if (c->close_cb == NULL)
      c->close_cb = cb;
    return;
  }
  c->closing = true;
  c->close_cb = cb;
  tcx__session_hold(c->session);
  for (tcx_watch_t *watch = c->watches; watch != NULL; watch = watch->next)
    watch->closing(watch);
  for (tcx_call_t *call = c->calls, *next; call != NULL; call = next) {
    next = call->next;
    tcx__call_client_closing(call);
  }
  tcx__client_call_gone(c);
}

void tcx_client_close(tcx_client_t *c, tcx_client_close_cb cb) {
  if (c != NULL && !c->shared)
    tcx__client_close_any(c, cb);
}

/* ---- watches ---- */

int tcx_client_watch(tcx_client_t *c, tcx_watch_t *watch) {
  if (c->closing || c->session->closing)
    return TCX_ECLOSING;
  watch->client = c;
  watch->prev = NULL;
  watch->next = c->watches;
  if (watch->next != NULL)
    watch->next->prev = watch;
  c->watches = watch;
  return 0;
}

void tcx_client_unwatch(tcx_watch_t *watch) {
  tcx_client_t *c = watch->client;
  if (c == NULL)
    return;
  watch->client = NULL;
  if (watch->prev != NULL)
    watch->prev->next = watch->next;
  else
    c->watches = watch->next;
  if (watch->next != NULL)
    watch->next->prev = watch->prev;
  tcx__client_call_gone(c);
}

/* ---- questions ---- */

void *tcx_client_data(const tcx_client_t *c) { return c->shared ? NULL : c->data; }
tcx_session_t *tcx_client_session(const tcx_client_t *c) { return c->session; }
const char *tcx_client_region(const tcx_client_t *c) { return c->config.region; }
const char *tcx_client_service(const tcx_client_t *c) { return c->service; }

void tcx_client_get_stats_sized(const tcx_client_t *c, tcx_client_stats_t *stats, size_t size) {
  tcx_client_stats_t all = {.active = c->active,
                            .calls = c->completed,
                            .retries = c->retries,
                            .errors = c->errors,
                            .throttles = c->throttles,
                            .quota = c->quota.available};
  if (c->pool != NULL) {
    struct tcx_pool_stats pool;
    tcx__pool_get_stats(c->pool, &pool);
    all.queued = pool.queued;
    all.connections = pool.connections;
    all.idle = pool.idle;
    all.connects = pool.connects;
  }
  memset(stats, 0, size);
  memcpy(stats, &all, size < sizeof all ? size : sizeof all);
}
