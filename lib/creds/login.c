/*
 * login.c - the credentials of a console session: a file in ~/.aws/login/cache, named by the
 * SHA-256 of the session's name, in which "aws login" left keys, and what they are renewed with.
 *
 *   idle -> the file is read -> (5 minutes or less are left) CALL: signin CreateOAuth2Token, proved
 *     with the file's own key, the file is replaced -> answered: idle
 *
 * The file is read at each fetch: the command, or another program, may have renewed it.
 */
#include "base/codec.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "core/call.h"
#include "core/log.h"
#include "creds/creds.h"
#include "creds/dpop.h"
#include "creds/file.h"
#include "creds/inner.h"
#include <stddef.h>
#include <stdio.h>

#define FILE_MAX       (64 * 1024u)
#define PATH_MAX_BYTES 4096
#define RENEW_S        (5 * 60)
#define TOKEN          "accessToken"

struct login {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  const char *profile, *session, *folder;
  struct tcx_asker *asker;
  struct tcx_inner inner;
  struct tcx_creds_document file; /* as it was read; while it is renewed */
  unsigned char secret[TCX__P256_SECRET];
  char path[PATH_MAX_BYTES];
};

static struct login *of_inner(struct tcx_inner *inner) {
  return (struct login *)(void *)((char *)inner - offsetof(struct login, inner));
}

/* ---- answers ---- */

/* What was read goes last: keys may lie in it. Whoever is answered may ask again. */
static void answer(struct login *p, int status, const char *why) {
  struct tcx_creds_document file = p->file;
  p->file = (struct tcx_creds_document){0};
  tcx__wipe(p->secret, sizeof p->secret);
  if (status == 0)
    tcx__answer_keys(p->asker, &file.keys, p->provider.name);
  else
    tcx__answer_failure(p->asker, status, why);
  tcx__creds_document_end(&file);
}

static void fail_to_load(struct login *p, const char *what) {
  char why[TCX__CREDS_TEXT + 64];
  snprintf(why, sizeof why, "Error loading login session token: %s", what);
  answer(p, TCX_ECREDS, why);
}

static int64_t now_of(const struct login *p) {
  return tcx__session_expiry_now_ms(p->creds->session) / 1000;
}

/* ---- the file ---- */

static const char *text_of(const struct login *p, const char *name) {
  return tcx__creds_key(p->file.map, name);
}

/* UV_ENOMEM; TCX_ECREDS: there is none, or it is no JSON object. */
static int read_file(struct login *p) {
  unsigned char hash[32];
  char hex[65];
  struct tcx_buf text;
  tcx__sha256(p->session, strlen(p->session), hash);
  tcx__hex_encode(hex, hash, sizeof hash);
  hex[64] = '\0';
  snprintf(p->path, sizeof p->path, "%s/%s.json", p->folder, hex);
  tcx__buf_init(&text, NULL, FILE_MAX);
  int err = tcx__file_read(p->path, &text);
  if (err == 0)
    err = tcx__creds_document_begin(&p->file, text.data != NULL ? text.data : "", text.len);
  tcx__buf_wipe(&text);
  return err == 0 || err == UV_ENOMEM ? err : TCX_ECREDS;
}

/* The keys of the document. false: they are not whole. */
static bool take_keys(struct login *p) {
  const struct tcx_value *token = tcx__value_find(p->file.map, TOKEN, strlen(TOKEN));
  const char *expires = tcx__creds_key(token, "expiresAt");
  int32_t nanoseconds;
  p->file.keys = (tcx_credentials_t){
      .access_key = tcx__creds_key(token, "accessKeyId"),
      .secret_key = tcx__creds_key(token, "secretAccessKey"),
      .session_token = tcx__creds_key(token, "sessionToken"),
      .account_id = tcx__creds_key(token, "accountId"),
  };
  return p->file.keys.access_key != NULL && p->file.keys.secret_key != NULL &&
         p->file.keys.session_token != NULL && expires != NULL &&
         tcx__time_read(tcx__str(expires), &p->file.keys.expires, &nanoseconds) == 0;
}

static bool lists_missing(const struct login *p, char *why, size_t size) {
  static const char *const names[] = {TOKEN, "refreshToken", "dpopKey", "clientId"};
  size_t used = (size_t)snprintf(
      why, size, "Failed to load access token from token cache, missing required fields:");
  bool any = false;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (i == 0 ? tcx__value_find(p->file.map, TOKEN, strlen(TOKEN)) != NULL
               : text_of(p, names[i]) != NULL)
      continue;
    used += (size_t)snprintf(why + used, size - used, "%s %s", any ? "," : "", names[i]);
    any = true;
  }
  snprintf(why + used, size - used, ".");
  return any;
}

/* ---- renewal ---- */

/* before-call: the proof names the URL, which is known only now. */
static int add_proof(tcx_call_t *call) {
  struct login *p = of_inner(tcx_call_data(call));
  struct tcx_buf url, proof;
  char id[37];
  tcx__session_uuid(call->session, id);
  tcx__buf_init(&url, call->arena, TCX__DPOP_KEY_MAX);
  tcx__buf_printf(&url, "%s://%.*s%.*s", call->req.tls ? "https" : "http",
                  (int)call->req.host_header.n, call->req.host_header.p, (int)call->req.path.n,
                  call->req.path.p);
  tcx__buf_init(&proof, call->arena, 4 * TCX__DPOP_KEY_MAX);
  tcx__dpop_proof(&proof, p->secret, tcx__buf_str(&url), tcx__session_now(call->session), id);
  int err = url.status != 0 ? url.status : proof.status;
  return err != 0 ? err
                  : tcx__headers_set(&call->req.headers, TCX__STR("DPoP"), tcx__buf_str(&proof));
}
static const struct tcx_hook before_call[] = {{NULL, add_proof}, {NULL, NULL}};
static const struct tcx_customization proved = {.service = "signin",
                                                .at = {[TCX__BEFORE_CALL] = before_call}};

static void set(struct login *p, struct tcx_value *map, const char *name, const char *text,
                int *err) {
  struct tcx_value *v =
      text != NULL ? tcx__value_new_str_copy(p->file.arena, text, strlen(text)) : NULL;
  if (text == NULL || *err != 0)
    return;
  *err = v != NULL ? tcx__value_replace(p->file.arena, map, name, strlen(name), v) : UV_ENOMEM;
}

/* The file's document with what is new in it; members that are not known here stay. */
static int update(struct login *p, const tcx_value_t *response) {
  char ends[TCX__TIME_TEXT];
  int err = 0;
  struct tcx_value *token = tcx__value_new(p->file.arena, TCX_MAP);
  if (token == NULL)
    return UV_ENOMEM;
  tcx__time_text(ends, tcx__inner_ends(&p->inner, response, "tokenOutput.expiresIn"), 0);
  set(p, token, "accessKeyId", tcx_value_str(response, "tokenOutput.accessToken.accessKeyId"),
      &err);
  set(p, token, "secretAccessKey",
      tcx_value_str(response, "tokenOutput.accessToken.secretAccessKey"), &err);
  set(p, token, "sessionToken", tcx_value_str(response, "tokenOutput.accessToken.sessionToken"),
      &err);
  set(p, token, "accountId", p->file.keys.account_id, &err);
  set(p, token, "expiresAt", ends, &err);
  set(p, p->file.map, "refreshToken", tcx_value_str(response, "tokenOutput.refreshToken"), &err);
  return err != 0 ? err
                  : tcx__value_replace(p->file.arena, p->file.map, TOKEN, strlen(TOKEN), token);
}

/* A refresh token serves once: what came must not be lost, but who waits has its keys also where
 * the file cannot be written. */
static void save(struct login *p) {
  struct tcx_buf json;
  tcx__buf_init(&json, NULL, 2 * FILE_MAX);
  (void)tcx__buf_reserve(&json, FILE_MAX); /* secrets are not left behind by growing */
  tcx__json_write(&json, p->file.map, TCX__JSON_SPACED);
  int err = json.status != 0 ? json.status : tcx__file_replace(p->path, json.data, json.len);
  if (err != 0)
    tcx__log(p->creds->session, TCX_LOG_WARN, "credentials", NULL,
             "the renewed login session could not be kept in %s: %s", p->path, tcx_strerror(err));
  tcx__buf_wipe(&json);
}

/* botocore's sentences; another error's own words say more. */
static const char *refusal(const tcx_error_t *error) {
  if (error->code == NULL || strcmp(error->code, "AccessDeniedException") != 0)
    return error->msg;
  const char *kind = tcx_value_str(error->response, "error");
  if (kind != NULL &&
      (strcmp(kind, "TOKEN_EXPIRED") == 0 || strcmp(kind, "USER_CREDENTIALS_CHANGED") == 0))
    return "Your session has expired or credentials have changed. Please reauthenticate using 'aws "
           "login'.";
  if (kind != NULL && strcmp(kind, "INSUFFICIENT_PERMISSIONS") == 0)
    return "Unable to create or refresh login credentials due to insufficient permissions. You may "
           "be missing permission for the 'signin:CreateOAuth2Token' action.";
  return "An unspecified error happened when resolving AWS credentials or refreshing a login "
         "session profile.";
}

static void on_renewed(struct tcx_inner *inner, const tcx_value_t *response,
                       const tcx_error_t *error) {
  struct login *p = of_inner(inner);
  if (error != NULL) {
    answer(p, TCX_ECREDS, refusal(error));
    return;
  }
  int err = update(p, response);
  if (err != 0) {
    answer(p, err, NULL);
  } else if (!take_keys(p)) {
    fail_to_load(p, "Unable to refresh access token due to an invalid service response. Please try "
                    "running 'aws login' again. If the issue persists, there may be a temporary "
                    "signin service problem.");
  } else {
    save(p);
    answer(p, 0, NULL);
  }
}

static void renew(struct login *p) {
  const char *region = text_of(p, "signInRegion"), *key = text_of(p, "dpopKey");
  int err = tcx__dpop_key(tcx__str(key), p->secret);
  if (err == UV_EINVAL) {
    fail_to_load(p, "Unable to load private key from cached token.");
    return;
  }
  tcx_client_options_t o = {.region =
                                region != NULL ? region : tcx__inner_region(p->creds->session),
                            .unsigned_requests = true};
  tcx_value_t *params =
      tcx_params("{tokenInput: {clientId: %s, refreshToken: %s, grantType: refresh_token}}",
                 text_of(p, "clientId"), text_of(p, "refreshToken"));
  if (err == 0)
    err = tcx__inner_start(&p->inner, "signin", &o, "create_oauth2_token", params);
  else
    tcx_value_free(params);
  if (err != 0)
    answer(p, err, NULL);
}

/* ---- the provider ---- */

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct login *p = (struct login *)provider;
  char why[TCX__CREDS_TEXT];
  p->asker = asker;
  p->session = tcx__creds_profile_key(p->creds, p->profile, "login_session");
  if (p->session == NULL) {
    snprintf(why, sizeof why, "profile %.200s has no login_session", p->profile);
    tcx__answer_failure(asker, UV_ENOENT, why);
    return;
  }
  int err = read_file(p);
  if (err == UV_ENOMEM) {
    answer(p, err, NULL);
  } else if (err != 0) {
    snprintf(why, sizeof why,
             "Unable to load a existing login session for session %.600s. Please reauthenticate "
             "with 'aws login'.",
             p->session);
    fail_to_load(p, why);
  } else if (lists_missing(p, why, sizeof why)) {
    fail_to_load(p, why);
  } else if (!take_keys(p)) {
    fail_to_load(p, "the accessToken of the token cache has no whole credentials. Please "
                    "reauthenticate with 'aws login'.");
  } else if (p->file.keys.expires - now_of(p) > RENEW_S) {
    answer(p, 0, NULL);
  } else {
    renew(p);
  }
}

static void cancel(struct tcx_provider *provider) {
  struct login *p = (struct login *)provider;
  tcx__inner_cancel(&p->inner);
  tcx__creds_document_end(&p->file);
  tcx__wipe(p->secret, sizeof p->secret);
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

int tcx__creds_login(const struct tcx_creds *creds, const char *profile,
                     struct tcx_provider **out) {
  const char *named = tcx__getenv("AWS_LOGIN_CACHE_DIRECTORY");
  const char *folder =
      tcx__expand_path(creds->settings, named != NULL ? named : "~/.aws/login/cache");
  struct login *p = folder != NULL ? tcx__calloc(1, sizeof *p) : NULL;
  if (p == NULL)
    return UV_ENOMEM;
  p->folder = folder;
  p->provider = (struct tcx_provider){"login", fetch, cancel, free_provider};
  p->creds = creds;
  p->profile = profile;
  p->inner = (struct tcx_inner){.session = creds->session, .done = on_renewed, .custom = &proved};
  *out = &p->provider;
  return 0;
}
