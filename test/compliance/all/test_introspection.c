/* tucuxi/model.h says what botocore says: of every service, operation, shape and region
 * (make_introspection.py). */
#include "base/hash.h"
#include "support.h"
#include <tucuxi/model.h>

static uv_loop_t loop;
static tcx_session_t *session;
static tcx_value_t *expected;

static int open_session(void **state) {
  (void)state;
  size_t n;
  char *text = test_read_file("compliance/data/introspection.json", &n);
  expected = tcx_value_from_json(text, n);
  free(text);
  unsetenv("AWS_DATA_PATH");
  tcx_session_options_t options = {.config_file = "/dev/null",
                                   .credentials_file = "/dev/null",
                                   .data_path = TCX_SOURCE_DIR "/models/data"};
  return uv_loop_init(&loop) != 0 || tcx_session_new(&loop, &options, &session) != 0 ||
         tcx_value_status(expected) != 0;
}

static int close_session(void **state) {
  (void)state;
  tcx_value_free(expected);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  return uv_loop_close(&loop);
}

/* value is freed. */
static void add_line(struct tcx_sha256 *digest, tcx_value_t *value) {
  char *json = NULL;
  size_t n = 0;
  if (tcx_value_status(value) != 0)
    fail_msg("%s", tcx_value_problem(value));
  assert_int_equal(tcx_value_to_json(value, &json, &n), 0);
  json[n] = '\n';
  tcx__sha256_update(digest, json, n + 1);
  tcx_free(json);
  tcx_value_free(value);
}

static void digest_of(const char *service, char hex[65]) {
  struct tcx_sha256 digest;
  unsigned char sum[32];
  tcx_client_t *client;
  tcx__sha256_init(&digest);
  assert_int_equal(tcx_session_create_client(session, service, NULL, &client), 0);
  tcx_value_t *described = tcx_client_describe(client);
  for (const tcx_value_t *op = tcx_value_first(described, "operations"); op != NULL;
       op = tcx_value_next(op)) {
    if (op == tcx_value_first(described, "operations"))
      add_line(&digest, tcx_value_copy(described));
    add_line(&digest, tcx_client_describe_operation(client, tcx_value_name(op)));
    if (tcx_client_can_paginate(client, tcx_value_name(op)))
      add_line(&digest, tcx_client_describe_pagination(client, tcx_value_name(op)));
  }
  tcx_value_free(described);
  for (const tcx_value_t *p = tcx_value_first(expected, "partitions"); p != NULL;
       p = tcx_value_next(p))
    add_line(&digest, tcx_session_get_available_regions(session, service, tcx_value_str(p, NULL)));
  tcx__sha256_final(&digest, sum);
  for (int i = 0; i < 32; i++)
    snprintf(hex + 2 * i, 3, "%02x", sum[i]);
  tcx_client_close(client, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
}

static void every_service_is_described_as_botocore_does(void **state) {
  (void)state;
  unsigned count = 0, different = 0;
  for (const tcx_value_t *s = tcx_value_first(expected, "services"); s != NULL;
       s = tcx_value_next(s), count++) {
    char hex[65];
    digest_of(tcx_value_name(s), hex);
    if (strcmp(hex, tcx_value_str(s, NULL)) != 0) {
      print_message("%s differs: compare with make_introspection.py --text %s\n", tcx_value_name(s),
                    tcx_value_name(s));
      different++;
    }
  }
  assert_int_equal(different, 0);
  assert_int_equal(count, 439);
}

static void same_names(const char *what, const tcx_value_t *names, const tcx_value_t *found,
                       bool by_name) {
  assert_int_equal(tcx_value_len(found, NULL), tcx_value_len(names, NULL));
  size_t i = 0;
  for (const tcx_value_t *n = tcx_value_first(names, NULL); n != NULL; n = tcx_value_next(n), i++) {
    const char *wanted = by_name ? tcx_value_name(n) : tcx_value_str(n, NULL),
               *is = tcx_value_str(tcx_value_at(found, i), NULL);
    if (strcmp(wanted, is) != 0)
      fail_msg("%s: %s, expected %s", what, is, wanted);
  }
}

static void lists_are_botocores(void **state) {
  (void)state;
  tcx_value_t *found = tcx_session_get_available_services(session);
  same_names("services", tcx_value_get(expected, "services"), found, true);
  tcx_value_free(found);
  found = tcx_session_get_available_partitions(session);
  same_names("partitions", tcx_value_get(expected, "partitions"), found, false);
  tcx_value_free(found);
  for (const tcx_value_t *p = tcx_value_first(expected, "regions"); p != NULL;
       p = tcx_value_next(p)) {
    found = tcx_session_get_available_regions(session, NULL, tcx_value_name(p));
    same_names(tcx_value_name(p), p, found, false);
    tcx_value_free(found);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_service_is_described_as_botocore_does),
                                     cmocka_unit_test(lists_are_botocores)};
  return cmocka_run_group_tests(tests, open_session, close_session);
}
