#include "creds/roles.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/time.h"
#include "core/log.h"
#include "core/session.h"
#include "creds/creds.h"
#include "creds/file.h"
#include <stdio.h>

#define FILE_MAX (64 * 1024u)
#define JSON_MAX (64 * 1024u)

struct role {
  struct role *next;
  char key[TCX__ROLE_KEY];
  struct tcx_identity *identity;
};
struct tcx_roles {
  tcx_session_t *session;
  struct role *first;
};

int tcx__roles_new(tcx_session_t *session, struct tcx_roles **out) {
  *out = tcx__calloc(1, sizeof **out);
  if (*out == NULL)
    return UV_ENOMEM;
  (*out)->session = session;
  return 0;
}

void tcx__roles_free(struct tcx_roles *roles) {
  for (struct role *r; roles != NULL && (r = roles->first) != NULL;) {
    roles->first = r->next;
    tcx__identity_release(r->identity);
    tcx__free(r);
  }
  tcx__free(roles);
}

int tcx__roles_key(tcx_value_t *args, int style, char key[TCX__ROLE_KEY]) {
  unsigned char hash[20];
  struct tcx_buf json;
  tcx__buf_init(&json, NULL, JSON_MAX);
  tcx__json_write(&json, args, style);
  int err = tcx_value_status(args) != 0 ? tcx_value_status(args) : json.status;
  tcx_value_free(args);
  tcx__sha1(json.data, json.len, hash);
  tcx__hex_encode(key, hash, sizeof hash);
  key[40] = '\0';
  tcx__buf_free(&json);
  return err;
}

static struct role *find(struct tcx_roles *roles, const char *key) {
  struct role *r = roles->first;
  while (r != NULL && strcmp(r->key, key) != 0)
    r = r->next;
  return r;
}

static bool lasts(const struct tcx_roles *roles, int64_t expires) {
  return expires != 0 &&
         tcx__identity_ends_ms(expires) - tcx__session_expiry_now_ms(roles->session) >=
             (int64_t)tcx__identity_advisory_ms(roles->session);
}

/* ---- in memory ---- */

static void remember(struct tcx_roles *roles, const char *key, const tcx_credentials_t *c,
                     const char *origin) {
  struct tcx_identity *identity = NULL;
  struct role *r = find(roles, key);
  if (tcx__identity_new(c, NULL, origin, &identity) != 0)
    return; /* it is asked for again */
  if (r == NULL) {
    r = tcx__calloc(1, sizeof *r);
    if (r == NULL) {
      tcx__identity_release(identity);
      return;
    }
    memcpy(r->key, key, sizeof r->key);
    r->next = roles->first;
    roles->first = r;
  }
  tcx__identity_release(r->identity);
  r->identity = identity;
}

/* ---- in files ---- */

static char *path_of(const struct tcx_roles *roles, const char *key) {
  const char *folder = roles->session->credentials_cache;
  size_t size = folder != NULL ? strlen(folder) + TCX__ROLE_KEY + sizeof "/.json" : 0;
  char *path = size > 0 ? tcx__malloc(size) : NULL;
  if (path != NULL)
    snprintf(path, size, "%s/%s.json", folder, key);
  return path;
}

static void write_file(struct tcx_roles *roles, const char *key, const tcx_credentials_t *c) {
  char *path = path_of(roles, key), expires[TCX__TIME_TEXT];
  if (path == NULL)
    return;
  tcx__time_text(expires, c->expires, 0);
  struct tcx_buf json;
  tcx__buf_init(&json, NULL, FILE_MAX);
  (void)tcx__buf_reserve(&json, 4096); /* secrets are not left behind by growing */
  const char *const members[][2] = {{"AccessKeyId", c->access_key},
                                    {"SecretAccessKey", c->secret_key},
                                    {"SessionToken", c->session_token},
                                    {"Expiration", expires},
                                    {"AccountId", c->account_id}};
  tcx__buf_adds(&json, "{\"Credentials\": {");
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    if (members[i][1] == NULL)
      continue;
    tcx__buf_printf(&json, "%s\"%s\": ", i > 0 ? ", " : "", members[i][0]);
    tcx__json_write_str(&json, members[i][1], strlen(members[i][1]));
  }
  tcx__buf_adds(&json, "}}\n");
  int err = json.status != 0 ? json.status : tcx__file_replace(path, json.data, json.len);
  if (err != 0)
    tcx__log(roles->session, TCX_LOG_WARN, "credentials", NULL,
             "the role's credentials could not be kept in %s: %s", path, tcx_strerror(err));
  tcx__buf_wipe(&json);
  tcx__free(path);
}

/* What the file holds goes to memory, when it lasts. */
static void read_file(struct tcx_roles *roles, const char *key, const char *origin) {
  struct tcx_creds_document d = {0};
  struct tcx_buf text;
  const char *why = NULL;
  char *path = path_of(roles, key);
  if (path == NULL)
    return;
  tcx__buf_init(&text, NULL, FILE_MAX);
  if (tcx__file_read(path, &text) == 0 && tcx__creds_document_begin(&d, text.data, text.len) == 0 &&
      (d.map = tcx__value_find(d.map, "Credentials", 11)) != NULL &&
      tcx__creds_document_keys(&d, "SessionToken", &why) == 0 && lasts(roles, d.keys.expires))
    remember(roles, key, &d.keys, origin);
  tcx__creds_document_end(&d);
  tcx__buf_wipe(&text);
  tcx__free(path);
}

/* ---- both ---- */

bool tcx__roles_answer(struct tcx_roles *roles, const char *key, struct tcx_asker *asker,
                       const char *origin) {
  struct role *r = find(roles, key);
  if (r == NULL || !lasts(roles, r->identity->expires)) {
    read_file(roles, key, origin);
    r = find(roles, key);
  }
  if (r == NULL || !lasts(roles, r->identity->expires))
    return false;
  struct tcx_identity *id = tcx__identity_retain(r->identity);
  tcx_credentials_t c = {id->access_key, id->secret_key, id->session_token, id->account_id,
                         id->expires};
  tcx__answer_keys(asker, &c, origin);
  tcx__identity_release(id);
  return true;
}

void tcx__roles_keep(struct tcx_roles *roles, const char *key, const tcx_credentials_t *c,
                     const char *origin) {
  remember(roles, key, c, origin);
  write_file(roles, key, c);
}

/* The account of "arn:aws:sts::123456789012:assumed-role/...", copied; "" when it is none. */
static void account_of(const char *arn, char *out, size_t size) {
  out[0] = '\0';
  for (int colons = 0; arn != NULL && colons < 4; colons++) {
    arn = strchr(arn, ':');
    arn = arn != NULL ? arn + 1 : NULL;
  }
  if (arn != NULL && strchr(arn, ':') != NULL)
    snprintf(out, size, "%.*s", (int)strcspn(arn, ":"), arn);
}

void tcx__roles_take(struct tcx_roles *roles, const char *key, const tcx_value_t *response,
                     struct tcx_asker *asker, const char *origin) {
  char account[32];
  account_of(tcx_value_str(response, "AssumedRoleUser.Arn"), account, sizeof account);
  tcx_credentials_t c = {
      .access_key = tcx_value_str(response, "Credentials.AccessKeyId"),
      .secret_key = tcx_value_str(response, "Credentials.SecretAccessKey"),
      .session_token = tcx_value_str(response, "Credentials.SessionToken"),
      .account_id = account[0] != '\0' ? account : NULL,
      .expires = tcx_value_int(response, "Credentials.Expiration", 0),
  };
  if (c.access_key == NULL || c.secret_key == NULL || c.session_token == NULL || c.expires == 0) {
    tcx__answer_failure(asker, TCX_ECREDS, "the service's answer has no whole credentials");
    return;
  }
  tcx__roles_keep(roles, key, &c, origin);
  tcx__answer_keys(asker, &c, origin);
}
