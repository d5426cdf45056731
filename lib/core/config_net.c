#include "core/config_net.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int parse_proxy(struct tcx_arena *arena, const struct tcx_value *v, const char *name,
                       const struct tcx_proxy **out, struct tcx_fail *f) {
  if (v->type != TCX_STRING || v->u.bytes.n == 0)
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: %s must be the URL of a proxy", name);
  return tcx__proxy_parse(arena, v->u.bytes, name, out, f);
}

int tcx__config_proxies(struct tcx_client_config *out, struct tcx_arena *arena,
                        const struct tcx_value *map, struct tcx_fail *f) {
  int err = 0;
  if (map->type != TCX_MAP)
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: proxies must be a map");
  out->proxies_given = true;
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && err == 0; v = v->next) {
    bool https = strcmp(v->name, "https") == 0;
    if (!https && strcmp(v->name, "http") != 0)
      return tcx__fail(f, TCX_ECONFIG,
                       "Invalid configuration: unknown option proxies.%s (http, https)", v->name);
    if (v->type != TCX_NULL)
      err = parse_proxy(arena, v, https ? "proxies.https" : "proxies.http",
                        https ? &out->proxies.https : &out->proxies.http, f);
  }
  return err;
}

static int set_flag(const struct tcx_value *v, const char *name, bool *out, struct tcx_fail *f) {
  bool text = v->type == TCX_STRING &&
              (strcasecmp(v->u.bytes.p, "true") == 0 || strcasecmp(v->u.bytes.p, "false") == 0);
  if (v->type != TCX_BOOL && !text)
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: %s must be true or false", name);
  *out = text ? strcasecmp(v->u.bytes.p, "true") == 0 : v->u.boolean;
  return 0;
}

static int set_path(struct tcx_arena *arena, const struct tcx_value *v, const char *name,
                    const char **out, struct tcx_fail *f) {
  if (v->type != TCX_STRING || v->u.bytes.n == 0 || strlen(v->u.bytes.p) != v->u.bytes.n)
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: %s must be the path of a file", name);
  *out = tcx__arena_strdup(arena, v->u.bytes.p);
  return *out == NULL ? UV_ENOMEM : 0;
}

/* botocore's two forms. */
static int set_pair(struct tcx_arena *arena, const struct tcx_value *v, const char *name,
                    const char **cert, const char **key, struct tcx_fail *f) {
  if (v->type != TCX_LIST)
    return set_path(arena, v, name, cert, f);
  const struct tcx_value *first = tcx__value_kids(v), *second = first != NULL ? first->next : NULL;
  if (second == NULL || second->next != NULL)
    return tcx__fail(f, TCX_ECONFIG,
                     "Invalid configuration: %s must be a path, or a list of two: the "
                     "certificate's and the key's",
                     name);
  int err = set_path(arena, first, name, cert, f);
  return err != 0 ? err : set_path(arena, second, name, key, f);
}

int tcx__config_client_cert(struct tcx_client_config *out, struct tcx_arena *arena,
                            const struct tcx_value *v, struct tcx_fail *f) {
  return set_pair(arena, v, "client_cert", &out->client_cert, &out->client_key, f);
}

int tcx__config_proxies_config(struct tcx_client_config *out, struct tcx_arena *arena,
                               const struct tcx_value *map, struct tcx_fail *f) {
  int err = 0;
  if (map->type != TCX_MAP)
    return tcx__fail(f, TCX_ECONFIG, "Invalid configuration: proxies_config must be a map");
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL && err == 0; v = v->next) {
    if (v->type == TCX_NULL)
      continue;
    if (strcmp(v->name, "proxy_ca_bundle") == 0)
      err = set_path(arena, v, "proxies_config.proxy_ca_bundle", &out->proxy_ca_bundle, f);
    else if (strcmp(v->name, "proxy_use_forwarding_for_https") == 0)
      err = set_flag(v, "proxies_config.proxy_use_forwarding_for_https",
                     &out->proxies.forward_https, f);
    else if (strcmp(v->name, "proxy_client_cert") == 0)
      err = set_pair(arena, v, "proxies_config.proxy_client_cert", &out->proxy_client_cert,
                     &out->proxy_client_key, f);
    else
      err = tcx__fail(f, TCX_ECONFIG,
                      "Invalid configuration: unknown option proxies_config.%s (proxy_ca_bundle, "
                      "proxy_client_cert, proxy_use_forwarding_for_https)",
                      v->name);
  }
  return err;
}

/* Python's rule: the name in small letters counts first, and hides the other one also when it is
 * empty. */
static const char *variable(const char *small, const char *capital) {
  const char *value = getenv(small);
  if (value == NULL && capital != NULL)
    value = getenv(capital);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

int tcx__config_proxies_of_environment(struct tcx_proxies *out, struct tcx_arena *arena,
                                       struct tcx_fail *f) {
  /* In a CGI script HTTP_PROXY is what a client sent as its header Proxy. */
  const char *http = variable("http_proxy", getenv("REQUEST_METHOD") != NULL ? NULL : "HTTP_PROXY");
  const char *https = variable("https_proxy", "HTTPS_PROXY"),
             *no_proxy = variable("no_proxy", "NO_PROXY");
  int err = 0;
  if (http != NULL)
    err = tcx__proxy_parse(arena, tcx__str(http), "HTTP_PROXY", &out->http, f);
  if (err == 0 && https != NULL)
    err = tcx__proxy_parse(arena, tcx__str(https), "HTTPS_PROXY", &out->https, f);
  if (err == 0 && no_proxy != NULL && (http != NULL || https != NULL) &&
      (out->no_proxy = tcx__arena_strdup(arena, no_proxy)) == NULL)
    err = UV_ENOMEM;
  return err;
}
