#include "base/codec.h"
#include <arpa/inet.h>
#include <string.h>
#include <uv.h>

static bool is_family(struct tcx_str host, int family) {
  char text[INET6_ADDRSTRLEN], address[sizeof(struct in6_addr)];
  if (host.n >= sizeof text || host.n == 0 || memchr(host.p, '\0', host.n) != NULL)
    return false;
  memcpy(text, host.p, host.n);
  text[host.n] = '\0';
  return inet_pton(family, text, address) == 1;
}

bool tcx__is_ip(struct tcx_str host) {
  return is_family(host, AF_INET) || is_family(host, AF_INET6);
}

static bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

static struct tcx_str rest_of(struct tcx_str text, size_t from) {
  return (struct tcx_str){text.p + from, text.n - from};
}

static int bad(const char **why, const char *what) {
  if (why != NULL)
    *why = what;
  return UV_EINVAL;
}

static int parse_port(struct tcx_url *url, struct tcx_str text, const char **why) {
  if (text.n == 0)
    return 0;
  uint32_t port = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9')
      return bad(why, "the port is not a number");
    port = port * 10 + (uint32_t)(text.p[i] - '0');
    if (port > 65535)
      return bad(why, "the port is out of range");
  }
  if (port == 0)
    return bad(why, "the port is out of range");
  url->port = (uint16_t)port;
  url->port_given = true;
  return 0;
}

static int parse_authority(struct tcx_url *url, const char **why) {
  struct tcx_str text = url->authority;
  if (text.n > 0 && memchr(text.p, '@', text.n) != NULL)
    return bad(why, "user information is not allowed");
  size_t end = 0;
  if (text.n > 0 && text.p[0] == '[') {
    const char *close = memchr(text.p, ']', text.n);
    if (close == NULL)
      return bad(why, "a bracket is not closed");
    url->host = (struct tcx_str){text.p + 1, (size_t)(close - text.p) - 1};
    url->ipv6 = true;
    if (!is_family(url->host, AF_INET6))
      return bad(why, "not an IPv6 address between the brackets");
    end = (size_t)(close - text.p) + 1;
  } else {
    while (end < text.n && is_host_char(text.p[end]))
      end++;
    url->host = (struct tcx_str){text.p, end};
    if (end == 0)
      return bad(why, "there is no host");
  }
  if (end == text.n)
    return 0;
  if (text.p[end] != ':')
    return bad(why, "the host has a character that no host name has");
  return parse_port(url, rest_of(text, end + 1), why);
}

int tcx__url_parse(struct tcx_url *url, struct tcx_str text, const char **why) {
  *url = (struct tcx_url){.tls = true, .port = 443};
  for (size_t i = 0; i < text.n; i++)
    if ((unsigned char)text.p[i] <= ' ' || (unsigned char)text.p[i] >= 0x7f)
      return bad(why, "it holds a space, a control character or a character that is not ASCII");
  size_t start = 8;
  if (text.n >= 7 && tcx__str_ieq((struct tcx_str){text.p, 7}, TCX__STR("http://"))) {
    url->tls = false;
    url->port = 80;
    start = 7;
  } else if (text.n < 8 || !tcx__str_ieq((struct tcx_str){text.p, 8}, TCX__STR("https://"))) {
    return bad(why, "it does not begin with http:// or https://");
  }
  text = rest_of(text, start);
  if (text.n > 0 && memchr(text.p, '#', text.n) != NULL)
    return bad(why, "a fragment is not allowed");
  size_t end = 0;
  while (end < text.n && text.p[end] != '/' && text.p[end] != '?')
    end++;
  url->authority = (struct tcx_str){text.p, end};
  text = rest_of(text, end);
  const char *mark = text.n > 0 ? memchr(text.p, '?', text.n) : NULL;
  url->path = text;
  if (mark != NULL) {
    url->path.n = (size_t)(mark - text.p);
    url->query = rest_of(text, url->path.n + 1);
  }
  return parse_authority(url, why);
}
