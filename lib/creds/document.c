/* document.c - what several providers read: keys of profiles, and JSON documents with
 * credentials. */
#include "base/json.h"
#include "base/time.h"
#include "core/session.h"
#include "creds/creds.h"
#include <stdio.h>

const char *tcx__creds_key(const struct tcx_value *section, const char *key) {
  const struct tcx_value *v = tcx__value_find(section, key, strlen(key));
  return v != NULL && v->type == TCX_STRING && v->u.bytes.n > 0 ? v->u.bytes.p : NULL;
}

const char *tcx__creds_profile_key(const struct tcx_creds *creds, const char *profile,
                                   const char *key) {
  struct tcx_profile p = tcx__settings_profile(creds->settings, profile);
  const char *value = tcx__creds_key(p.secrets, key);
  return value != NULL ? value : tcx__creds_key(p.config, key);
}

void tcx__creds_session_name(const struct tcx_creds *creds, tcx_value_t *params) {
  char name[64];
  snprintf(name, sizeof name, "tucuxi-session-%lld", (long long)tcx__session_now(creds->session));
  tcx_value_set_str(params, "RoleSessionName", name);
}

int tcx__creds_document_begin(struct tcx_creds_document *d, const char *text, size_t n) {
  *d = (struct tcx_creds_document){.arena = tcx__arena_new()};
  if (d->arena == NULL)
    return UV_ENOMEM;
  struct tcx_fail ignored = {.arena = d->arena}; /* its text may quote the document */
  int err = tcx__json_parse(d->arena, text, n, &d->map, &ignored);
  if (err == 0 && d->map->type != TCX_MAP)
    err = TCX_ECREDS;
  return err == 0 || err == UV_ENOMEM ? err : TCX_ECREDS;
}

int tcx__creds_document_keys(struct tcx_creds_document *d, const char *token, const char **why) {
  const char *expires = tcx__creds_key(d->map, "Expiration");
  int32_t nanoseconds;
  d->keys = (tcx_credentials_t){
      .access_key = tcx__creds_key(d->map, "AccessKeyId"),
      .secret_key = tcx__creds_key(d->map, "SecretAccessKey"),
      .session_token = tcx__creds_key(d->map, token),
      .account_id = tcx__creds_key(d->map, "AccountId"),
  };
  if (d->keys.access_key == NULL)
    *why = "Missing required key in response: 'AccessKeyId'";
  else if (d->keys.secret_key == NULL)
    *why = "Missing required key in response: 'SecretAccessKey'";
  else if (expires != NULL &&
           tcx__time_read(tcx__str(expires), &d->keys.expires, &nanoseconds) != 0)
    *why = "the response's Expiration is not a time";
  else
    return 0;
  return TCX_ECREDS;
}

void tcx__creds_document_end(struct tcx_creds_document *d) {
  tcx__arena_wipe_free(d->arena);
  *d = (struct tcx_creds_document){0};
}
