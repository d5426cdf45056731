/*
 * The credentials of a role from a real service, whose time runs out on the session's stepped clock
 * while signatures keep the real time. Run by test/integration/test_credentials.py against moto;
 * the environment says where it is and what the profile is.
 */
#include "core/session.h"
#include "support.h"
#include "whole.h"
#include <time.h>

static int64_t step_ms;
static int64_t stepped_clock(const tcx_session_t *session) {
  struct timespec now;
  (void)session;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + step_ms;
}

struct keys {
  int done;
  char access_key[64], provider[32], msg[512];
  int64_t expires;
};

static void on_keys(tcx_session_t *session, int status, const tcx_credentials_t *credentials,
                    const char *provider, const char *msg, void *data) {
  struct keys *keys = data;
  (void)session, (void)status;
  keys->done++;
  if (credentials == NULL) {
    snprintf(keys->msg, sizeof keys->msg, "%s", msg);
    return;
  }
  snprintf(keys->access_key, sizeof keys->access_key, "%s", credentials->access_key);
  snprintf(keys->provider, sizeof keys->provider, "%s", provider);
  keys->expires = credentials->expires;
}

static struct keys get_keys(struct whole *w) {
  struct keys keys = {0};
  assert_int_equal(tcx_session_get_credentials(w->session, on_keys, &keys), 0);
  whole_until(w, &keys.done);
  if (keys.access_key[0] == '\0')
    fail_msg("%s", keys.msg);
  assert_string_equal(keys.provider, "assume-role");
  return keys;
}

static void call(struct whole *w) {
  struct outcome o = whole_call(w, "get_caller_identity", NULL, NULL);
  if (o.status != 0)
    fail_msg("%s", o.msg);
  assert_non_null(strstr(tcx_value_str(o.response, "Arn"), ":assumed-role/"));
  outcome_free(&o);
}

static void test_expiry(void **state) {
  (void)state;
  struct whole w = {0};
  alarm(WHOLE_PATIENCE_S);
  assert_int_equal(uv_loop_init(&w.loop), 0);
  assert_int_equal(tcx_session_new(&w.loop, NULL, &w.session), 0);
  w.session->expiry_clock = stepped_clock;
  assert_int_equal(tcx_session_create_client(w.session, "sts", NULL, &w.client), 0);
  call(&w);
  struct keys first = get_keys(&w), same = get_keys(&w);
  assert_string_equal(first.access_key, same.access_key);
  /* 20 of the 900 seconds are left: too few, but the service's new ones, which count from the real
   * time, have not run out by the stepped one */
  step_ms = 880 * 1000;
  struct keys second = get_keys(&w);
  assert_string_not_equal(first.access_key, second.access_key);
  call(&w);
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_expiry)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
