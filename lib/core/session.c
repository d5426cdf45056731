#include "core/session.h"
#include "base/mem.h"
#include "core/client.h"
#include "core/identity.h"
#include "core/log.h"
#include "core/monitor.h"
#include "core/services.h"
#include "core/user_hooks.h"
#include "core/variables.h"
#include <assert.h>
#include <string.h>
#include <time.h>

/* ---- holding the loop ---- */

void tcx__session_hold(tcx_session_t *s) {
  if (s->holds++ == 0)
    uv_ref((uv_handle_t *)&s->check);
}

void tcx__session_drop(tcx_session_t *s) {
  assert(s->holds > 0);
  if (--s->holds == 0)
    uv_unref((uv_handle_t *)&s->check);
}

void tcx__session_enter(tcx_session_t *s) { s->depth++; }
void tcx__session_leave(tcx_session_t *s) { s->depth--; }

void tcx__session_touch(tcx_session_t *s) {
  if (s->depth == 0)
    uv_update_time(s->loop);
}

/* ---- the ready queue ---- */

static void on_idle(uv_idle_t *idle) { (void)idle; } /* only keeps poll from blocking */

void tcx__ready_push(tcx_session_t *s, struct tcx_ready *r) {
  if (r->queued)
    return;
  r->queued = true;
  r->next = NULL;
  r->prev = s->ready.last;
  if (s->ready.last != NULL)
    s->ready.last->next = r;
  else
    s->ready.first = r;
  s->ready.last = r;
  if (r->prev == NULL && s->handles == 0)
    uv_idle_start(&s->idle, on_idle);
}

void tcx__ready_remove(tcx_session_t *s, struct tcx_ready *r) {
  if (!r->queued)
    return;
  if (r->prev != NULL)
    r->prev->next = r->next;
  else
    s->ready.first = r->next;
  if (r->next != NULL)
    r->next->prev = r->prev;
  else
    s->ready.last = r->prev;
  r->queued = false;
}

/* Runs what was queued when it began; what that queues waits for the next turn of the loop, so that
 * no callback can starve the others. */
static void on_check(uv_check_t *check) {
  tcx_session_t *s = check->data;
  struct tcx_ready mark = {0};
  if (s->ready.first == NULL) {
    uv_idle_stop(&s->idle); /* what was queued has been taken out */
    return;
  }
  tcx__ready_push(s, &mark);
  s->depth++;
  for (struct tcx_ready *r; (r = s->ready.first) != &mark;) {
    tcx__ready_remove(s, r);
    r->run(r);
  }
  s->depth--;
  tcx__ready_remove(s, &mark);
  if (s->ready.first == NULL)
    uv_idle_stop(&s->idle);
}

/* ---- time and chance ---- */

static int64_t system_clock(const tcx_session_t *s) {
  struct timespec ts;
  (void)s;
  clock_gettime(CLOCK_REALTIME, &ts);
  return (int64_t)ts.tv_sec;
}

static int64_t system_clock_ms(const tcx_session_t *s) {
  struct timespec ts;
  (void)s;
  clock_gettime(CLOCK_REALTIME, &ts);
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t tcx__session_now(const tcx_session_t *s) { return s->clock(s); }
int64_t tcx__session_expiry_now_ms(const tcx_session_t *s) { return s->expiry_clock(s); }

/* xoroshiro128+: state from the system's random source, good enough for jitter and identifiers,
 * never used for keys. */
static uint64_t next_random(tcx_session_t *s) {
  uint64_t a = s->rng[0], b = s->rng[1], sum = a + b;
  b ^= a;
  s->rng[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
  s->rng[1] = (b << 37) | (b >> 27);
  return sum;
}

double tcx__session_random(tcx_session_t *s) { return (double)(next_random(s) >> 11) * 0x1.0p-53; }

void tcx__session_uuid(tcx_session_t *s, char out[37]) {
  static const char digits[] = "0123456789abcdef";
  uint64_t bits[2] = {next_random(s), next_random(s)};
  bits[0] = (bits[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
  bits[1] = (bits[1] & ~(UINT64_C(3) << 62)) | (UINT64_C(2) << 62);
  char *p = out;
  for (int i = 0; i < 32; i++) {
    if (i == 8 || i == 12 || i == 16 || i == 20)
      *p++ = '-';
    *p++ = digits[(bits[i / 16] >> (60 - 4 * (i % 16))) & 15];
  }
  *p = '\0';
}

/* ---- life ---- */

static void net_log(void *ctx, tcx_log_level_t level, const char *area, const char *line) {
  tcx__log(ctx, level, area, NULL, "%s", line);
}

static int copy_text(struct tcx_arena *arena, const char **to, const char *from) {
  if (from == NULL || from[0] == '\0')
    return 0;
  *to = tcx__arena_strdup(arena, from);
  return *to == NULL ? UV_ENOMEM : 0;
}

static int copy_options(tcx_session_t *s, const tcx_session_options_t *o) {
  s->log = o->log;
  s->log_data = o->log_data;
  s->log_level = o->log_level;
  s->log_wire = o->log_wire;
  s->credentials = o->credentials;
  s->credentials_data = o->credentials_data;
  s->mfa = o->mfa;
  s->mfa_data = o->mfa_data;
  s->advisory_refresh_ms = o->advisory_refresh_ms;
  s->mandatory_refresh_ms = o->mandatory_refresh_ms;
  s->credentials_timeout_ms = o->credentials_timeout_ms;
  s->data = o->data;
  int err = copy_text(s->arena, &s->profile, o->profile);
  if (err == 0)
    err = copy_text(s->arena, &s->region, o->region);
  if (err == 0)
    err = copy_text(s->arena, &s->config_file, o->config_file);
  if (err == 0)
    err = copy_text(s->arena, &s->credentials_file, o->credentials_file);
  if (err == 0)
    err = copy_text(s->arena, &s->data_path, o->data_path);
  if (err == 0)
    err = copy_text(s->arena, &s->credentials_before, o->credentials_before);
  if (err == 0)
    err = copy_text(s->arena, &s->credentials_cache, o->credentials_cache);
  return err;
}

static void init_handles(tcx_session_t *s, uv_loop_t *loop) {
  uv_check_init(loop, &s->check);
  uv_idle_init(loop, &s->idle);
  s->check.data = s->idle.data = s;
  uv_unref((uv_handle_t *)&s->check);
  uv_unref((uv_handle_t *)&s->idle);
  uv_check_start(&s->check, on_check);
}

int tcx_session_new_sized(uv_loop_t *loop, const tcx_session_options_t *options, size_t size,
                          tcx_session_t **out) {
  if (loop == NULL || out == NULL || size > sizeof *options)
    return UV_EINVAL;
  tcx_session_options_t o = {0};
  if (options != NULL)
    memcpy(&o, options, size);
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    return UV_ENOMEM;
  tcx_session_t *s = tcx__calloc(1, sizeof *s);
  int err = s == NULL ? UV_ENOMEM : 0;
  if (err == 0) {
    s->loop = loop;
    s->arena = arena;
    s->clock = system_clock;
    s->expiry_clock = system_clock_ms;
    err = copy_options(s, &o);
  }
  struct tcx_net_options net = {.dns_servers = o.dns_servers,
                                .log = o.log != NULL ? net_log : NULL,
                                .log_ctx = s,
                                .log_level = o.log_level};
  if (err == 0 && uv_random(NULL, NULL, s->rng, sizeof s->rng, 0, NULL) != 0)
    s->rng[0] = uv_hrtime() | 1, s->rng[1] = (uint64_t)(uintptr_t)s;
  if (err == 0)
    err = tcx__net_new(loop, &net, &s->net);
  if (err != 0) {
    tcx__free(s);
    tcx__arena_free(arena);
    return err;
  }
  init_handles(s, loop);
  *out = s;
  return 0;
}

static void handle_closed(tcx_session_t *s) {
  if (--s->handles > 0)
    return;
  if (s->close_cb != NULL)
    s->close_cb(s);
  tcx__session_hooks_free(s);
  tcx__arena_wipe_free(s->arena); /* the settings hold the files' keys */
  tcx__free(s);
}

static void on_handle_closed(uv_handle_t *handle) { handle_closed(handle->data); }

/* Everything of the network is gone: the last handles go. The queue is empty: nobody is left to
 * push. */
static void on_net_closed(void *ctx) {
  tcx_session_t *s = ctx;
  assert(s->ready.first == NULL);
  tcx__models_free(s->models);
  s->handles = s->monitor != NULL ? 3 : 2;
  if (s->monitor != NULL)
    tcx__monitor_close(s->monitor, handle_closed);
  uv_close((uv_handle_t *)&s->check, on_handle_closed);
  uv_close((uv_handle_t *)&s->idle, on_handle_closed);
}

static void close_network(tcx_session_t *s) {
  tcx__session_linger(s);
  tcx__identity_source_free(s->identity);
  tcx__identity_source_free(s->token);
  tcx__identity_source_free(s->home);
  s->identity = s->token = s->home = NULL;
  tcx__monitor_stop(s->monitor);
  s->network_due = true;
  tcx__session_lingered(s);
}

void tcx__session_linger(tcx_session_t *s) { s->lingering++; }

void tcx__session_lingered(void *session) {
  tcx_session_t *s = session;
  if (--s->lingering == 0 && s->network_due)
    tcx__net_close(s->net, on_net_closed, s);
}

void tcx__session_link(tcx_session_t *s, struct tcx_session_link *link) {
  link->linked = true;
  link->prev = NULL;
  link->next = s->links;
  if (link->next != NULL)
    link->next->prev = link;
  s->links = link;
}

void tcx__session_unlink(tcx_session_t *s, struct tcx_session_link *link) {
  if (!link->linked)
    return;
  link->linked = false;
  if (link->prev != NULL)
    link->prev->next = link->next;
  else
    s->links = link->next;
  if (link->next != NULL)
    link->next->prev = link->prev;
}

void tcx__session_client_freed(tcx_session_t *s) {
  if (--s->open_clients == 0 && s->closing)
    close_network(s);
}

void tcx_session_close(tcx_session_t *s, tcx_session_close_cb cb) {
  if (s == NULL || s->closing)
    return;
  s->closing = true;
  s->close_cb = cb;
  tcx__session_hold(s);
  for (struct tcx_session_link *link; (link = s->links) != NULL;) {
    tcx__session_unlink(s, link);
    link->closing(link);
  }
  if (s->open_clients == 0) {
    close_network(s);
    return;
  }
  for (tcx_client_t *c = s->clients, *next; c != NULL; c = next) {
    next = tcx__client_next(c);
    tcx__client_close_any(c, NULL);
  }
}

/* ---- what is made at first use ---- */

int tcx__session_settings(tcx_session_t *s, struct tcx_settings **settings, struct tcx_fail *f) {
  int err = 0;
  if (s->settings == NULL) {
    struct tcx_settings_options o = {s->profile, s->region, s->config_file, s->credentials_file,
                                     s->data_path};
    err = tcx__settings_load(s->arena, &o, &s->settings, f);
  }
  *settings = s->settings;
  return err;
}

int tcx__session_monitor(tcx_session_t *s, struct tcx_fail *f) {
  struct tcx_settings *settings = NULL;
  int err = s->monitor_known ? 0 : tcx__session_settings(s, &settings, f);
  if (err == 0 && !s->monitor_known)
    err = tcx__monitor_new(s, settings, &s->monitor, f);
  s->monitor_known = s->monitor_known || err == 0;
  return err;
}

int tcx__session_models(tcx_session_t *s, struct tcx_models **models, struct tcx_fail *f) {
  int err = 0;
  if (s->models == NULL) {
    struct tcx_settings *settings = NULL;
    char program[4096];
    size_t size = sizeof program;
    err = tcx__session_settings(s, &settings, f);
    if (err != 0)
      return err;
    struct tcx_models_options o = {
        .data_path = tcx__variable_text(settings, "data_path"),
        .home = settings->home,
        .embedded = tcx__services_embedded(),
        .partitions = tcx__services_partitions(),
        .program = uv_exepath(program, &size) == 0 ? program : NULL,
    };
    err = tcx__models_new(&o, &s->models);
  }
  *models = s->models;
  return err;
}

static int make_source(tcx_session_t *s,
                       int (*make)(tcx_session_t *session, const struct tcx_settings *settings,
                                   struct tcx_provider **out),
                       struct tcx_identity_source **kept, struct tcx_identity_source **source) {
  struct tcx_provider *provider = NULL;
  assert(s->settings != NULL);
  int err = *kept == NULL ? make(s, s->settings, &provider) : 0;
  if (err == 0 && *kept == NULL)
    err = tcx__identity_source_new(s, provider, kept);
  *source = *kept;
  return err;
}

int tcx__session_identity(tcx_session_t *s, struct tcx_identity_source **source) {
  return make_source(s, tcx__services_session_provider, &s->identity, source);
}
int tcx__session_token(tcx_session_t *s, struct tcx_identity_source **source) {
  return make_source(s, tcx__services_session_token_provider, &s->token, source);
}

int tcx__session_home(tcx_session_t *s, struct tcx_identity_source **source) {
  return make_source(s, tcx__services_home_provider, &s->home, source);
}

void *tcx_session_data(const tcx_session_t *s) { return s->data; }
uv_loop_t *tcx_session_loop(const tcx_session_t *s) { return s->loop; }
