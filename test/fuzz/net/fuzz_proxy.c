/* The URL of a proxy, and the list of hosts without one. First byte: which; a list is followed by
 * NUL and the host. */
#include "base/arena.h"
#include "net/proxy.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_url(const char *text, size_t n) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  const struct tcx_proxy *proxy = NULL;
  if (arena == NULL)
    abort();
  int err = tcx__proxy_parse(arena, (struct tcx_str){text, n}, "HTTP_PROXY", &proxy, &f);
  if ((err == 0) != (proxy != NULL) || (err != 0 && (err != TCX_ECONFIG || f.text == NULL)))
    abort();
  /* what goes into a header or a host name is clean, and the name that is shown is no secret */
  if (err == 0) {
    if (proxy->host.n == 0 || proxy->port == 0 || strlen(proxy->host.p) != proxy->host.n ||
        strchr(proxy->url, '@') != NULL)
      abort();
    for (size_t i = 0; i < proxy->authorization.n; i++)
      if (proxy->authorization.p[i] < ' ' || proxy->authorization.p[i] > '~')
        abort();
  }
  tcx__proxy_wipe(proxy);
  tcx__arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  char *copy = malloc(size); /* a block of its own, so that a step outside is seen */
  if (copy == NULL)
    abort();
  memcpy(copy, data + 1, size - 1);
  copy[size - 1] = '\0';
  size_t n = strlen(copy);
  if (data[0] % 2 == 0)
    fuzz_url(copy, size - 1);
  else if (n < size - 1)
    (void)tcx__no_proxy(copy, (struct tcx_str){copy + n + 1, size - 2 - n}, 443);
  free(copy);
  return 0;
}
