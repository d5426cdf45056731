/* no_proxy.c - the list of hosts that no proxy is asked for: Python's rules, and ranges and
 * addresses as numbers beside them. */
#include "net/proxy.h"
#include <arpa/inet.h>
#include <string.h>

struct address {
  unsigned char bytes[16];
  unsigned bits;
}; /* bits 0: none */

static struct address read_address(struct tcx_str s) {
  struct address a = {.bits = 0};
  char text[INET6_ADDRSTRLEN];
  if (s.n == 0 || s.n >= sizeof text || memchr(s.p, '\0', s.n) != NULL)
    return a;
  memcpy(text, s.p, s.n);
  text[s.n] = '\0';
  a.bits = inet_pton(AF_INET, text, a.bytes) == 1    ? 32
           : inet_pton(AF_INET6, text, a.bytes) == 1 ? 128
                                                     : 0;
  return a;
}

static bool same_bits(const struct address *a, const struct address *b, unsigned n) {
  if (memcmp(a->bytes, b->bytes, n / 8) != 0)
    return false;
  unsigned mask = 0xffu << (8 - n % 8) & 0xffu;
  return n % 8 == 0 || ((a->bytes[n / 8] ^ b->bytes[n / 8]) & mask) == 0;
}

/* "10.0.0.0/8" */
static bool in_range(struct tcx_str entry, const char *slash, const struct address *host) {
  size_t at = (size_t)(slash - entry.p);
  struct address network = read_address((struct tcx_str){entry.p, at});
  int64_t bits = 0;
  if (tcx__str_to_int64((struct tcx_str){slash + 1, entry.n - at - 1}, &bits) != 0 || bits < 0)
    return false;
  return network.bits != 0 && network.bits == host->bits && bits <= network.bits &&
         same_bits(&network, host, (unsigned)bits);
}

/* Takes ":port" off the end of entry, where there is one; false when it is another than port. Of an
 * address with colons only what stands behind its brackets is a port. */
static bool take_port(struct tcx_str *entry, uint16_t port) {
  size_t digits = 0;
  while (digits < entry->n && entry->p[entry->n - digits - 1] >= '0' &&
         entry->p[entry->n - digits - 1] <= '9')
    digits++;
  size_t colon = entry->n - digits;
  if (digits == 0 || colon == 0 || entry->p[colon - 1] != ':')
    return true;
  bool bracketed = colon >= 2 && entry->p[colon - 2] == ']';
  if (!bracketed && memchr(entry->p, ':', colon - 1) != NULL)
    return true;
  int64_t n = 0;
  if (tcx__str_to_int64((struct tcx_str){entry->p + colon, digits}, &n) != 0 || n != port)
    return false;
  entry->n = colon - 1;
  return true;
}

/* The host itself, or one below it. */
static bool is_below(struct tcx_str host, struct tcx_str name) {
  if (name.n == 0 || host.n < name.n || !tcx__bytes_ieq(host.p + host.n - name.n, name.p, name.n))
    return false;
  return host.n == name.n || host.p[host.n - name.n - 1] == '.';
}

static bool matches(struct tcx_str entry, struct tcx_str host, const struct address *address,
                    uint16_t port) {
  if (tcx__str_is(entry, "*"))
    return true;
  const char *slash = entry.n > 0 ? memchr(entry.p, '/', entry.n) : NULL;
  if (slash != NULL)
    return in_range(entry, slash, address);
  while (entry.n > 0 && entry.p[0] == '.')
    entry.p++, entry.n--;
  if (!take_port(&entry, port))
    return false;
  if (entry.n >= 2 && entry.p[0] == '[' && entry.p[entry.n - 1] == ']')
    entry.p++, entry.n -= 2;
  struct address own = read_address(entry);
  return (own.bits != 0 && own.bits == address->bits && same_bits(&own, address, own.bits)) ||
         is_below(host, entry);
}

bool tcx__no_proxy(const char *list, struct tcx_str host, uint16_t port) {
  struct address address = read_address(host);
  struct tcx_str rest = tcx__str(list);
  while (rest.n > 0) {
    const char *comma = memchr(rest.p, ',', rest.n);
    size_t n = comma != NULL ? (size_t)(comma - rest.p) : rest.n;
    if (matches(tcx__str_trim((struct tcx_str){rest.p, n}), host, &address, port))
      return true;
    n += comma != NULL ? 1 : 0;
    rest.p += n;
    rest.n -= n;
  }
  return false;
}
