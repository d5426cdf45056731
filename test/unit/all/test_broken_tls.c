/* A record that cannot be opened, after the handshake: it is a connection that broke, before an
 * answer or inside of one, and no handshake that was refused. */
#include "fault_tls.h"
#include "whole.h"

#define SPOILED                                                                                    \
  {                                                                                                \
    FAULT_SEND_BELOW,                                                                              \
        "\x17\x03\x03\0\x18"                                                                       \
        "aaaaaaaaaaaaaaaaaaaaaaaa",                                                                \
        29                                                                                         \
  }

static void test_broken_tls(void **state) {
  (void)state;
  static const struct fault_step before[] = {DO(REQUEST), SPOILED, DO(END)},
                                 inside[] = {DO(REQUEST),
                                             SEND("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na"),
                                             SPOILED, DO(END)},
                                 fine[] = {DO(REQUEST),
                                           SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                                           DO(AGAIN)};
  struct fault_tls *tls = fault_tls_new("unit/net/tls/good.pem", "unit/net/tls/server.key");
  whole_tls = tls;
  for (int i = 0; i < 2; i++)
    for (unsigned attempts = 1; attempts <= 2; attempts++) {
      const struct fault_step *const scripts[] = {i == 0 ? before : inside, fine};
      struct whole w;
      whole_begin(&w, scripts, 2, &(tcx_client_options_t){.no_verify = true});
      struct outcome o =
          whole_call(&w, "get_object", tcx_params("{Bucket: b, Key: k}"),
                     &(tcx_call_options_t){.max_body = 100, .max_attempts = attempts});
      assert_int_equal(o.attempts, attempts);
      assert_int_equal(o.status, attempts == 1 ? TCX_ETLS : 0);
      if (attempts == 1) {
        assert_int_equal(o.phase, i == 0 ? TCX_PHASE_WAIT : TCX_PHASE_READ);
        assert_true(o.retryable);
        if (strncmp(o.msg, "the TLS connection to localhost:", 32) != 0 ||
            strstr(o.msg, " broke: a record was altered on its way") == NULL)
          fail_msg("%s", o.msg);
      }
      outcome_free(&o);
      whole_end(&w);
    }
  whole_tls = NULL;
  fault_tls_free(tls);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_broken_tls)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
