#include "net/proxy.h"
#include "base/codec.h"
#include "base/mem.h"

#define USER_MAX 4096 /* bytes of user information, decoded */

/* Python's basic authentication: the two parts decoded, a colon between them. */
static int read_user(struct tcx_arena *arena, struct tcx_str user, struct tcx_str *out) {
  const char *colon = memchr(user.p, ':', user.n);
  size_t n = colon != NULL ? (size_t)(colon - user.p) : user.n;
  struct tcx_buf plain, text;
  tcx__buf_init(&plain, NULL, USER_MAX);
  tcx__buf_init(&text, arena, tcx__base64_encoded_len(USER_MAX) + 16);
  tcx__buf_reserve(&plain, user.n + 1); /* at once: what grows leaves copies behind */
  tcx__buf_reserve(&text, tcx__base64_encoded_len(user.n + 1) + 6);
  int err = tcx__uri_decode(&plain, user.p, n, false);
  tcx__buf_addc(&plain, ':');
  if (err == 0 && colon != NULL)
    err = tcx__uri_decode(&plain, colon + 1, user.n - n - 1, false);
  if (err == 0)
    err = plain.status;
  tcx__buf_adds(&text, "Basic ");
  if (err == 0)
    tcx__base64_encode(&text, plain.data, plain.len);
  tcx__buf_wipe(&plain);
  *out = tcx__buf_str(&text);
  return err != 0 ? err : text.status;
}

static int copy_host(struct tcx_arena *arena, struct tcx_str host, struct tcx_str *out) {
  char *copy = tcx__arena_alloc(arena, host.n + 1);
  if (copy == NULL)
    return UV_ENOMEM;
  for (size_t i = 0; i < host.n; i++)
    copy[i] = (char)(host.p[i] >= 'A' && host.p[i] <= 'Z' ? host.p[i] + ('a' - 'A') : host.p[i]);
  copy[host.n] = '\0';
  *out = (struct tcx_str){copy, host.n};
  return 0;
}

/* Where "//" begins the authority: behind the scheme, or there is no scheme, which means http. */
static const char *scheme_of(struct tcx_str *text) {
  static const struct {
    const char *prefix, *scheme;
    size_t n;
  } forms[] = {{"http://", "http://", 7}, {"https://", "https://", 8}, {"//", "http://", 2}};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    if (text->n >= forms[i].n && tcx__bytes_ieq(text->p, forms[i].prefix, forms[i].n)) {
      text->p += forms[i].n;
      text->n -= forms[i].n;
      return forms[i].scheme;
    }
  for (size_t i = 0; i + 3 <= text->n; i++)
    if (memcmp(text->p + i, "://", 3) == 0)
      return NULL;
  return "http://";
}

int tcx__proxy_parse(struct tcx_arena *arena, struct tcx_str text, const char *name,
                     const struct tcx_proxy **out, struct tcx_fail *f) {
  const char *why = "it is of another scheme", *scheme = scheme_of(&text);
  struct tcx_proxy *proxy = tcx__arena_zalloc(arena, sizeof *proxy);
  struct tcx_str user = {0};
  size_t end = 0;
  while (end < text.n && text.p[end] != '/' && text.p[end] != '?' && text.p[end] != '#')
    end++;
  text.n = end;
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] == '@')
      user = (struct tcx_str){text.p, i};
  if (user.p != NULL) {
    text.p += user.n + 1;
    text.n -= user.n + 1;
  }
  const char *url = proxy != NULL ? tcx__arena_printf(arena, "%s%.*s", scheme != NULL ? scheme : "",
                                                      (int)text.n, text.p)
                                  : NULL;
  if (url == NULL)
    return UV_ENOMEM;
  struct tcx_url parts;
  if (scheme == NULL || tcx__url_parse(&parts, tcx__str(url), &why) != 0)
    return tcx__fail(
        f, TCX_ECONFIG,
        "Invalid configuration: %s must be the URL of a proxy, of http:// or https://: %s", name,
        why);
  proxy->tls = parts.tls;
  proxy->port = parts.port;
  proxy->url = tcx__arena_printf(arena, parts.ipv6 ? "%s[%.*s]:%u" : "%s%.*s:%u", scheme,
                                 (int)parts.host.n, parts.host.p, parts.port);
  int err = proxy->url == NULL ? UV_ENOMEM : copy_host(arena, parts.host, &proxy->host);
  if (err == 0 && user.n > 0)
    err = read_user(arena, user, &proxy->authorization);
  if (err != 0 && err != UV_ENOMEM)
    return tcx__fail(f, TCX_ECONFIG,
                     "Invalid configuration: the user information in %s is longer than %u bytes",
                     name, USER_MAX);
  *out = proxy;
  return err;
}

void tcx__proxy_wipe(const struct tcx_proxy *proxy) {
  if (proxy != NULL && proxy->authorization.n > 0)
    tcx__wipe((char *)(uintptr_t)proxy->authorization.p, proxy->authorization.n);
}

void tcx__proxy_route(const struct tcx_proxies *proxies, const struct tcx_target *origin,
                      struct tcx_target *out) {
  const struct tcx_proxy *proxy = origin->tls ? proxies->https : proxies->http;
  *out = *origin;
  if (proxy == NULL ||
      (proxies->no_proxy != NULL && tcx__no_proxy(proxies->no_proxy, origin->host, origin->port)))
    return;
  out->proxy = proxy;
  out->tunnel = origin->tls && !(proxy->tls && proxies->forward_https);
  if (!out->tunnel) {
    out->tls = proxy->tls;
    out->port = proxy->port;
    out->host = proxy->host;
  }
}
