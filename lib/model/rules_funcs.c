/* rules_funcs.c - the functions of endpoint rule sets that look at text alone, with botocore's
 * results. */
#include "base/codec.h"
#include "model/rules_data.h"
#include <string.h>

static bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_label(const char *p, size_t n) {
  if (n == 0 || n > 63 || p[0] == '-' || p[n - 1] == '-')
    return false;
  for (size_t i = 0; i < n; i++)
    if (!is_alnum(p[i]) && p[i] != '-')
      return false;
  return true;
}

bool tcx__rule_is_host_label(struct tcx_str s, bool subdomains) {
  if (!subdomains)
    return is_one_label(s.p, s.n);
  size_t start = 0;
  for (size_t i = 0; i <= s.n; i++) {
    if (i < s.n && s.p[i] != '.')
      continue;
    if (!is_one_label(s.p + start, i - start))
      return false;
    start = i + 1;
  }
  return true;
}

/* Four runs of one to three digits; their values do not matter. */
static bool looks_like_ipv4(struct tcx_str s) {
  size_t i = 0;
  for (int part = 0; part < 4; part++) {
    size_t digits = 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && digits < 4)
      i++, digits++;
    if (digits == 0 || digits > 3)
      return false;
    if (part < 3 && (i == s.n || s.p[i++] != '.'))
      return false;
  }
  return i == s.n;
}

bool tcx__rule_is_s3_bucket(struct tcx_str s, bool subdomains) {
  if (s.n < 3)
    return false;
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= 'A' && s.p[i] <= 'Z')
      return false;
  return !looks_like_ipv4(s) && tcx__rule_is_host_label(s, subdomains);
}

bool tcx__rule_substring(struct tcx_str s, int32_t start, int32_t stop, bool reverse,
                         struct tcx_str *out) {
  if (start >= stop || s.n < (size_t)stop)
    return false;
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] >= 0x80)
      return false;
  size_t length = (size_t)(stop - start);
  out->p = reverse ? s.p + s.n - stop : s.p + start;
  out->n = length;
  return true;
}

/* Dot segments and empty segments go, as AWS services want it; then percent-encoding (of '%' too)
 * and a slash at the end. */
static int normalize_path(struct tcx_arena *arena, struct tcx_str path, struct tcx_str *out) {
  char *clean = tcx__arena_alloc(arena, path.n + 2);
  if (clean == NULL)
    return UV_ENOMEM;
  size_t len = 0;
  for (size_t start = 0, i = 0; i <= path.n; i++) {
    if (i < path.n && path.p[i] != '/')
      continue;
    struct tcx_str part = {path.n ? path.p + start : "", i - start};
    start = i + 1;
    if (part.n == 0 || tcx__str_is(part, "."))
      continue;
    if (tcx__str_is(part, "..")) {
      while (len > 0 && clean[--len] != '/')
        ;
      continue;
    }
    clean[len++] = '/';
    memcpy(clean + len, part.p, part.n);
    len += part.n;
  }
  clean[len++] = '/';
  struct tcx_buf buf;
  tcx__buf_init(&buf, arena, 3 * len + 1);
  tcx__uri_encode(&buf, clean, len, TCX__URI_GREEDY);
  *out = tcx__buf_str(&buf);
  return buf.status;
}

int tcx__rule_parse_url(struct tcx_arena *arena, struct tcx_str s,
                        const struct tcx_rule_url **out) {
  *out = NULL;
  struct tcx_url parts;
  const char *why;
  if (tcx__url_parse(&parts, s, &why) != 0 || parts.query.n != 0)
    return 0;
  struct tcx_rule_url *url = tcx__arena_alloc(arena, sizeof *url);
  if (url == NULL)
    return UV_ENOMEM;
  url->scheme = parts.tls ? TCX__STR("https") : TCX__STR("http");
  url->authority = parts.authority;
  url->path = parts.path;
  url->is_ip = tcx__is_ip(parts.host);
  int status = normalize_path(arena, parts.path, &url->normalized_path);
  if (status == 0)
    *out = url;
  return status;
}

static struct tcx_str upto(struct tcx_str *rest, char mark) {
  const char *end = rest->n ? memchr(rest->p, mark, rest->n) : NULL;
  struct tcx_str head = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
  size_t used = end ? head.n + 1 : head.n;
  rest->p += used;
  rest->n -= used;
  return head;
}

int tcx__rule_parse_arn(struct tcx_arena *arena, struct tcx_str s,
                        const struct tcx_rule_arn **out) {
  *out = NULL;
  if (!tcx__str_starts(s, "arn:"))
    return 0;
  unsigned colons = 0;
  uint32_t pieces = 1;
  for (size_t i = 0; i < s.n; i++) {
    if (colons == 5 && (s.p[i] == ':' || s.p[i] == '/'))
      pieces++;
    else if (s.p[i] == ':')
      colons++;
  }
  if (colons < 5)
    return 0;
  struct tcx_str rest = {s.p + 4, s.n - 4};
  struct tcx_rule_arn arn;
  arn.partition = upto(&rest, ':');
  arn.service = upto(&rest, ':');
  arn.region = upto(&rest, ':');
  arn.account_id = upto(&rest, ':');
  if (arn.partition.n == 0 || arn.service.n == 0 || rest.n == 0)
    return 0;
  struct tcx_rule_arn *made = tcx__arena_alloc(arena, sizeof *made);
  arn.resource_id = tcx__arena_alloc(arena, pieces * sizeof *arn.resource_id);
  if (made == NULL || arn.resource_id == NULL)
    return UV_ENOMEM;
  arn.n_resource_id = 0;
  for (size_t start = 0, i = 0; i <= rest.n; i++) {
    if (i < rest.n && rest.p[i] != ':' && rest.p[i] != '/')
      continue;
    arn.resource_id[arn.n_resource_id++] = (struct tcx_str){rest.p + start, i - start};
    start = i + 1;
  }
  *made = arn;
  *out = made;
  return 0;
}
