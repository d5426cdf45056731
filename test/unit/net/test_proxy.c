/* URLs of proxies, exceptions, and which way a request goes. */
#include "base/arena.h"
#include "net/proxy.h"
#include "support.h"

static struct tcx_arena *arena;

static int parse(const char *url, const struct tcx_proxy **out, char *why, size_t size) {
  struct tcx_fail f = {.arena = arena};
  int err = tcx__proxy_parse(arena, tcx__str(url), "HTTP_PROXY", out, &f);
  snprintf(why, size, "%s", err != 0 ? f.text : "");
  return err;
}

static void test_urls(void **state) {
  (void)state;
  /* clang-format off */
  static const struct { const char *text, *url, *host, *authorization; int port; bool tls; } cases[] = {
      {"http://proxy.example:3128", "http://proxy.example:3128", "proxy.example", "", 3128, false},
      {"HTTP://Proxy.Example", "http://Proxy.Example:80", "proxy.example", "", 80, false},
      {"https://proxy.example/", "https://proxy.example:443", "proxy.example", "", 443, true},
      {"proxy.example:8080", "http://proxy.example:8080", "proxy.example", "", 8080, false},
      {"//proxy.example:8080/some/path?x#y", "http://proxy.example:8080", "proxy.example", "", 8080, false},
      {"http://[::1]:3128", "http://[::1]:3128", "::1", "", 3128, false},
      {"http://user:pass@proxy.example:1", "http://proxy.example:1", "proxy.example", "Basic dXNlcjpwYXNz", 1, false},
      {"u%40x:p%3Aq%2F@proxy.example:1", "http://proxy.example:1", "proxy.example", "Basic dUB4OnA6cS8=", 1, false},
      {"http://user:p@ss@proxy.example:1", "http://proxy.example:1", "proxy.example", "Basic dXNlcjpwQHNz", 1, false},
      {"http://token@proxy.example:1", "http://proxy.example:1", "proxy.example", "Basic dG9rZW46", 1, false},
      {"http://@proxy.example:1", "http://proxy.example:1", "proxy.example", "", 1, false},
  };
  /* clang-format on */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct tcx_proxy *p = NULL;
    char why[300];
    if (parse(cases[i].text, &p, why, sizeof why) != 0)
      fail_msg("%s: %s", cases[i].text, why);
    assert_string_equal(p->url, cases[i].url);
    assert_string_equal(p->host.p, cases[i].host);
    assert_int_equal(p->host.n, strlen(cases[i].host));
    assert_int_equal(p->port, cases[i].port);
    assert_int_equal(p->tls, cases[i].tls);
    assert_int_equal(p->authorization.n, strlen(cases[i].authorization));
    assert_memory_equal(p->authorization.n > 0 ? p->authorization.p : "", cases[i].authorization,
                        p->authorization.n);
  }
}

static void test_bad_urls(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } cases[] = {
      {"socks5://secret:secret@proxy.example", "it is of another scheme"},
      {"http://", "there is no host"},
      {"", "there is no host"},
      {"http://secret:secret@:80", "there is no host"},
      {"http://secret:secret@proxy.example:99999", "the port is out of range"},
      {"http://secret:secret@proxy.example:x", "the port is not a number"},
      {"http://secret:secret@proxy example", "it holds a space"},
      {"http://secret:secret@proxy.example\r\nX: y", "it holds a space, a control character"},
      {"http://secret:secret@[::1", "a bracket is not closed"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct tcx_proxy *p = NULL;
    char why[300];
    assert_int_equal(parse(cases[i].text, &p, why, sizeof why), TCX_ECONFIG);
    assert_null(p);
    if (strstr(why, cases[i].why) == NULL || strstr(why, "HTTP_PROXY") == NULL ||
        strstr(why, "secret") != NULL)
      fail_msg("%s: %s", cases[i].text, why);
  }
  static char user[5000];
  memset(user, 'u', sizeof user - 1);
  memcpy(user + 4990, "@h", 3);
  const struct tcx_proxy *p = NULL;
  char why[300];
  assert_int_equal(parse(user, &p, why, sizeof why), TCX_ECONFIG);
  assert_non_null(strstr(why, "longer than 4096 bytes"));
}

static void test_no_proxy(void **state) {
  (void)state;
  static const struct {
    const char *list, *host;
    int port;
    bool is;
  } cases[] = {
      {"", "a.example", 80, false},
      {"*", "a.example", 80, true},
      {"b.example, *", "a.example", 80, true},
      {"example", "a.example", 80, true},
      {".example", "a.example", 80, true},
      {".a.example", "a.example", 80, true},
      {"xample", "a.example", 80, false},
      {"A.EXAMPLE", "a.example", 80, true},
      {" b.example ,\ta.example ", "a.example", 80, true},
      {",,.,a.example", "a.example", 80, true},
      {"a.example.", "a.example", 80, false},
      {"*.example", "a.example", 80, false},
      {"a.example:443", "a.example", 443, true},
      {"a.example:443", "a.example", 80, false},
      {"example:443", "a.example", 443, true},
      {"a.example:", "a.example", 80, false},
      {":80", "a.example", 80, false},
      {"127.0.0.1", "127.0.0.1", 80, true},
      {"127.0.0.1:80", "127.0.0.1", 80, true},
      {"127.0.0.1:81", "127.0.0.1", 80, false},
      {"127.0.0.0/8", "127.1.2.3", 80, true},
      {"127.0.0.0/8", "128.1.2.3", 80, false},
      {"10.1.0.0/15", "10.0.255.255", 80, true},
      {"10.2.0.0/15", "10.1.255.255", 80, false},
      {"10.0.0.1/32", "10.0.0.1", 80, true},
      {"10.0.0.1/32", "10.0.0.2", 80, false},
      {"0.0.0.0/0", "10.0.0.2", 80, true},
      {"0.0.0.0/0", "::1", 80, false},
      {"0.0.0.0/0", "a.example", 80, false},
      {"10.0.0.0/33", "10.0.0.0", 80, false},
      {"10.0.0.0/-1", "10.0.0.0", 80, false},
      {"10.0.0.0/", "10.0.0.0", 80, false},
      {"10.0.0.0/8x", "10.0.0.0", 80, false},
      {"/8", "10.0.0.0", 80, false},
      {"::1", "::1", 80, true},
      {"[::1]", "::1", 80, true},
      {"[::1]:80", "::1", 80, true},
      {"[::1]:81", "::1", 80, false},
      {"0:0:0:0:0:0:0:1", "::1", 80, true},
      {"::1", "::2", 80, false},
      {"fd00::/8", "fd12::1", 80, true},
      {"fd00::/8", "fe12::1", 80, false},
      {"::/0", "fe12::1", 80, true},
      {"[", "::1", 80, false},
      {"[]", "::1", 80, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (tcx__no_proxy(cases[i].list, tcx__str(cases[i].host), (uint16_t)cases[i].port) !=
        cases[i].is)
      fail_msg("\"%s\" for %s:%d is not %d", cases[i].list, cases[i].host, cases[i].port,
               cases[i].is);
}

static const struct tcx_proxy *proxy(const char *url) {
  const struct tcx_proxy *p = NULL;
  char why[300];
  assert_int_equal(parse(url, &p, why, sizeof why), 0);
  return p;
}

static void test_routes(void **state) {
  (void)state;
  struct tcx_target http = {.port = 80, .host = TCX__STR("a.example")},
                    https = {.tls = true, .port = 443, .host = TCX__STR("a.example")}, to;
  struct tcx_proxies none = {0};
  tcx__proxy_route(&none, &https, &to);
  assert_true(to.proxy == NULL && to.tls && !to.tunnel);

  struct tcx_proxies plain = {.http = proxy("http://one:1"), .https = proxy("http://two:2")};
  tcx__proxy_route(&plain, &http, &to);
  assert_true(to.proxy == plain.http && !to.tls && !to.tunnel && to.port == 1 &&
              tcx__str_is(to.host, "one"));
  tcx__proxy_route(&plain, &https, &to);
  assert_true(to.proxy == plain.https && to.tls && to.tunnel && to.port == 443 &&
              tcx__str_is(to.host, "a.example"));

  plain.no_proxy = "a.example:443";
  tcx__proxy_route(&plain, &https, &to);
  assert_true(to.proxy == NULL && !to.tunnel);
  tcx__proxy_route(&plain, &http, &to);
  assert_true(to.proxy == plain.http);

  struct tcx_proxies secure = {.http = proxy("https://one:1"),
                               .https = proxy("https://u:secret@two:2")};
  tcx__proxy_route(&secure, &http, &to);
  assert_true(to.proxy == secure.http && to.tls && !to.tunnel && to.port == 1);
  tcx__proxy_route(&secure, &https, &to); /* TLS inside of TLS */
  assert_true(to.proxy == secure.https && to.tls && to.tunnel && to.port == 443 &&
              tcx__str_is(to.host, "a.example"));
  secure.forward_https = true;
  tcx__proxy_route(&secure, &https, &to);
  assert_true(to.proxy == secure.https && to.tls && !to.tunnel && to.port == 2 &&
              tcx__str_is(to.host, "two"));
  plain.no_proxy = NULL;
  plain.forward_https = true; /* only where the way to the proxy is as safe as the tunnel */
  tcx__proxy_route(&plain, &https, &to);
  assert_true(to.tunnel);
}

static void test_wipe(void **state) {
  (void)state;
  const struct tcx_proxy *p = proxy("http://user:pass@proxy.example:1");
  tcx__proxy_wipe(p);
  for (size_t i = 0; i < p->authorization.n; i++)
    assert_int_equal(p->authorization.p[i], 0);
  tcx__proxy_wipe(NULL);
}

static int begin(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return arena == NULL;
}

static int end(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_urls),     cmocka_unit_test(test_bad_urls),
      cmocka_unit_test(test_no_proxy), cmocka_unit_test(test_routes),
      cmocka_unit_test(test_wipe),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
