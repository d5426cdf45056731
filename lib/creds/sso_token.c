/*
 * sso_token.c - the access token of a sign-on: a file in ~/.aws/sso/cache, named by the SHA-1 of
 * the session's name (or of the start URL, where the profile has no session).
 *
 *   idle -> the file is read -> (15 minutes or less are left, and it can be renewed) CALL: sso-oidc
 *     CreateToken, the file is replaced -> answered: idle
 *
 * A renewal that fails leaves the token as it is, as long as it lasts.
 */
#include "base/codec.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "core/log.h"
#include "creds/file.h"
#include "creds/inner.h"
#include "creds/sso.h"
#include <stddef.h>
#include <stdio.h>

#define FILE_MAX       (64 * 1024u)
#define PATH_MAX_BYTES 4096
#define RENEW_S        (15 * 60)

struct sso_token {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  const char *profile;
  bool legacy; /* a token by its start URL will do */
  struct tcx_asker *asker;
  struct tcx_inner inner;
  struct tcx_sso sso;
  struct tcx_creds_document file; /* as it was read */
  int64_t expires;
  char path[PATH_MAX_BYTES];
};

/* ---- the profile ---- */

int tcx__sso_read(const struct tcx_creds *creds, const char *profile, struct tcx_sso *sso,
                  char *why, size_t size) {
  *sso = (struct tcx_sso){
      .session = tcx__creds_profile_key(creds, profile, "sso_session"),
      .start_url = tcx__creds_profile_key(creds, profile, "sso_start_url"),
      .region = tcx__creds_profile_key(creds, profile, "sso_region"),
  };
  if (sso->session == NULL)
    return 0;
  const struct tcx_value *section =
      tcx__settings_section(creds->settings, "sso-session", sso->session);
  if (section == NULL) {
    snprintf(why, size, "The specified sso-session does not exist: \"%.200s\"", sso->session);
    return TCX_ECONFIG;
  }
  for (const struct tcx_value *v = tcx__value_kids(section); v != NULL; v = v->next) {
    const char *own = tcx__creds_profile_key(creds, profile, v->name),
               *session = tcx__creds_key(section, v->name);
    if (own != NULL && session != NULL && strcmp(own, session) != 0) {
      snprintf(
          why, size,
          "The value for %.100s is inconsistent between profile (%.200s) and sso-session (%.200s).",
          v->name, own, session);
      return TCX_ECONFIG;
    }
  }
  if (sso->start_url == NULL)
    sso->start_url = tcx__creds_key(section, "sso_start_url");
  if (sso->region == NULL)
    sso->region = tcx__creds_key(section, "sso_region");
  return 0;
}

void tcx__sso_expired(const char *profile, char *why, size_t size) {
  snprintf(why, size,
           "The SSO session associated with this profile has expired or is otherwise invalid. To "
           "refresh this SSO session run: aws sso login --profile %.200s",
           profile);
}

/* ---- answers ---- */

static void fail(struct sso_token *p, int status, const char *why) {
  tcx__creds_document_end(&p->file);
  tcx__answer_failure(p->asker, status, why);
}

/* The file goes last: token may lie in it. Whoever is answered may ask again. */
static void answer(struct sso_token *p, const char *token, int64_t expires) {
  struct tcx_creds_document file = p->file;
  p->file = (struct tcx_creds_document){0};
  tcx__answer_token(p->asker, token, expires, p->provider.name);
  tcx__creds_document_end(&file);
}

static int64_t now_of(const struct sso_token *p) {
  return tcx__session_expiry_now_ms(p->creds->session) / 1000;
}

static void answer_file(struct sso_token *p) {
  char why[TCX__CREDS_TEXT];
  if (p->expires <= now_of(p)) {
    tcx__sso_expired(p->profile, why, sizeof why);
    fail(p, TCX_ECREDS, why);
    return;
  }
  answer(p, tcx__creds_key(p->file.map, "accessToken"), p->expires);
}

/* ---- renewal ---- */

/* "2024-01-01T00:00:00Z", and "...UTC" as older command-line tools wrote it. */
static int read_time(const char *text, int64_t *seconds) {
  char copy[64];
  int32_t nanoseconds;
  size_t n = text != NULL ? strlen(text) : 0;
  if (n == 0 || n >= sizeof copy)
    return UV_EINVAL;
  memcpy(copy, text, n + 1);
  if (n > 3 && strcmp(copy + n - 3, "UTC") == 0)
    memcpy(copy + n - 3, "Z", 2);
  return tcx__time_read(tcx__str(copy), seconds, &nanoseconds);
}

static bool can_renew(const struct sso_token *p) {
  int64_t registered;
  return p->sso.session != NULL && tcx__creds_key(p->file.map, "refreshToken") != NULL &&
         tcx__creds_key(p->file.map, "clientId") != NULL &&
         tcx__creds_key(p->file.map, "clientSecret") != NULL &&
         read_time(tcx__creds_key(p->file.map, "registrationExpiresAt"), &registered) == 0 &&
         registered > now_of(p);
}

static void save(struct sso_token *p, const char *token, const char *refresh, int64_t expires) {
  struct tcx_buf json;
  char ends[TCX__TIME_TEXT];
  tcx__time_text(ends, expires, 0);
  const char *const members[][2] = {
      {"startUrl", p->sso.start_url},
      {"region", p->sso.region},
      {"accessToken", token},
      {"expiresAt", ends},
      {"clientId", tcx__creds_key(p->file.map, "clientId")},
      {"clientSecret", tcx__creds_key(p->file.map, "clientSecret")},
      {"registrationExpiresAt", tcx__creds_key(p->file.map, "registrationExpiresAt")},
      {"refreshToken", refresh},
  };
  tcx__buf_init(&json, NULL, FILE_MAX);
  (void)tcx__buf_reserve(&json, 16 * 1024); /* secrets are not left behind by growing */
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    if (members[i][1] == NULL)
      continue;
    tcx__buf_printf(&json, "%s\"%s\": ", json.len == 0 ? "{" : ", ", members[i][0]);
    tcx__json_write_str(&json, members[i][1], strlen(members[i][1]));
  }
  tcx__buf_adds(&json, "}");
  int err = json.status != 0 ? json.status : tcx__file_replace(p->path, json.data, json.len);
  if (err != 0)
    tcx__log(p->creds->session, TCX_LOG_WARN, "credentials", NULL,
             "the renewed SSO token could not be kept in %s: %s", p->path, tcx_strerror(err));
  tcx__buf_wipe(&json);
}

static void on_renewed(struct tcx_inner *inner, const tcx_value_t *response,
                       const tcx_error_t *error) {
  struct sso_token *p =
      (struct sso_token *)(void *)((char *)inner - offsetof(struct sso_token, inner));
  const char *token = tcx_value_str(response, "accessToken");
  if (error != NULL || token == NULL) {
    tcx__log(p->creds->session, TCX_LOG_WARN, "credentials", NULL,
             "SSO token refresh attempt failed: %s", error != NULL ? error->msg : "no token came");
    answer_file(p);
    return;
  }
  int64_t expires = tcx__inner_ends(&p->inner, response, "expiresIn");
  save(p, token, tcx_value_str(response, "refreshToken"), expires);
  answer(p, token, expires);
}

static void renew(struct sso_token *p) {
  tcx_client_options_t o = {.region = p->sso.region, .unsigned_requests = true};
  tcx_value_t *params = tcx_params(
      "{grantType: refresh_token, clientId: %s, clientSecret: %s, refreshToken: %s}",
      tcx__creds_key(p->file.map, "clientId"), tcx__creds_key(p->file.map, "clientSecret"),
      tcx__creds_key(p->file.map, "refreshToken"));
  int err = tcx__inner_start(&p->inner, "sso-oidc", &o, "create_token", params);
  if (err != 0)
    fail(p, err, NULL);
}

/* ---- the file ---- */

/* TCX_ECREDS: there is none, or what it holds is no token. */
static int read_file(struct sso_token *p) {
  const char *name = p->sso.session != NULL ? p->sso.session : p->sso.start_url;
  unsigned char hash[20];
  char hex[41];
  struct tcx_buf text;
  tcx__sha1(name, strlen(name), hash);
  tcx__hex_encode(hex, hash, sizeof hash);
  hex[40] = '\0';
  snprintf(p->path, sizeof p->path, "%s/.aws/sso/cache/%s.json",
           p->creds->settings->home != NULL ? p->creds->settings->home : "", hex);
  tcx__buf_init(&text, NULL, FILE_MAX);
  int err = tcx__file_read(p->path, &text);
  if (err == 0)
    err = tcx__creds_document_begin(&p->file, text.data != NULL ? text.data : "", text.len);
  if (err == 0 && (tcx__creds_key(p->file.map, "accessToken") == NULL ||
                   read_time(tcx__creds_key(p->file.map, "expiresAt"), &p->expires) != 0))
    err = TCX_ECREDS;
  tcx__buf_wipe(&text);
  return err == 0 || err == UV_ENOMEM ? err : TCX_ECREDS;
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct sso_token *p = (struct sso_token *)provider;
  char why[TCX__CREDS_TEXT];
  p->asker = asker;
  int err = tcx__sso_read(p->creds, p->profile, &p->sso, why, sizeof why);
  if (err == 0 && p->sso.session == NULL && !p->legacy) {
    snprintf(why, sizeof why, "profile %.200s has no sso_session", p->profile);
    err = UV_ENOENT;
  } else if (err == 0 && (p->sso.start_url == NULL || p->sso.region == NULL)) {
    snprintf(why, sizeof why,
             "The profile \"%.200s\" is configured to use the SSO token provider but is missing %s",
             p->profile, p->sso.start_url == NULL ? "sso_start_url" : "sso_region");
    err = TCX_ECONFIG;
  }
  if (err != 0) {
    tcx__answer_failure(asker, err, why);
    return;
  }
  err = read_file(p);
  snprintf(why, sizeof why,
           "Error loading SSO Token: Token for %.200s does not exist or is invalid. To sign on "
           "run: aws sso login --profile %.200s",
           p->sso.session != NULL ? p->sso.session : p->sso.start_url, p->profile);
  if (err != 0)
    fail(p, err, err == UV_ENOMEM ? NULL : why);
  else if (p->expires - now_of(p) < RENEW_S && can_renew(p))
    renew(p);
  else
    answer_file(p);
}

static void cancel(struct tcx_provider *provider) {
  struct sso_token *p = (struct sso_token *)provider;
  tcx__inner_cancel(&p->inner);
  tcx__creds_document_end(&p->file);
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

int tcx__creds_sso_token(const struct tcx_creds *creds, const char *profile, bool legacy,
                         struct tcx_provider **out) {
  struct sso_token *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  p->provider = (struct tcx_provider){"sso", fetch, cancel, free_provider};
  p->creds = creds;
  p->profile = profile;
  p->legacy = legacy;
  p->inner = (struct tcx_inner){.session = creds->session, .done = on_renewed};
  *out = &p->provider;
  return 0;
}
