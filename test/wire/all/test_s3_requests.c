/*
 * Every operation of S3 as botocore sends it (data/s3-requests.json, written by make_s3_requests.py): method, URL, headers and body. The client's options ask for botocore's way of sending checksums,
 * so that whole bodies can be compared.
 */
#include "base/codec.h"
#include "whole.h"

static tcx_value_t *convert(const tcx_value_t *v) {
  const char *text = tcx_value_str(v, "$bytes_base64");
  if (text != NULL) {
    struct tcx_buf buf;
    tcx__buf_init(&buf, NULL, SIZE_MAX);
    assert_int_equal(tcx__base64_decode(&buf, text, strlen(text)), 0);
    tcx_value_t *bytes = tcx_value_new_bytes(buf.len > 0 ? buf.data : "", buf.len);
    tcx__buf_free(&buf);
    return bytes;
  }
  if (tcx_value_get(v, "$timestamp") != NULL)
    return tcx_value_copy(tcx_value_get(v, "$timestamp"));
  if (tcx_value_type(v, NULL) != TCX_MAP && tcx_value_type(v, NULL) != TCX_LIST)
    return tcx_value_copy(v);
  bool map = tcx_value_type(v, NULL) == TCX_MAP;
  tcx_value_t *out = map ? tcx_value_new_map() : tcx_value_new_list();
  for (const tcx_value_t *item = tcx_value_first(v, NULL); item != NULL; item = tcx_value_next(item)) {
    if (map)
      tcx_value_put(out, tcx_value_name(item), strlen(tcx_value_name(item)), convert(item));
    else
      tcx_value_append(out, convert(item));
  }
  return out;
}

static int differ(const char *id, const char *what, const char *expected, const char *found) {
  if (expected != NULL && found != NULL && strcmp(expected, found) == 0)
    return 0;
  fprintf(stderr, "%s: %s\n  expected %s\n  found    %s\n", id, what, expected != NULL ? expected : "(none)", found != NULL ? found : "(none)");
  return 1;
}

/* White space at both ends is not part of a header's value. */
static int differ_header(const char *id, const char *name, const char *expected, const char *found) {
  char trimmed[4096];
  if (found == NULL)
    return differ(id, name, expected, found);
  snprintf(trimmed, sizeof trimmed, "%s", found + strspn(found, " "));
  while (trimmed[0] != '\0' && trimmed[strlen(trimmed) - 1] == ' ')
    trimmed[strlen(trimmed) - 1] = '\0';
  return differ(id, name, expected, trimmed);
}

static bool compared(const char *name) {
  static const char *const not[] = {"authorization", "x-amz-date", "content-length", "host", "x-amz-client-token"};
  for (size_t i = 0; i < sizeof not / sizeof not[0]; i++)
    if (strcasecmp(name, not[i]) == 0)
      return false;
  return true;
}

static const char *find(const tcx_value_t *headers, const char *name) {
  for (const tcx_value_t *h = tcx_value_first(headers, NULL); h != NULL; h = tcx_value_next(h))
    if (strcasecmp(tcx_value_name(h), name) == 0)
      return tcx_value_str(h, NULL);
  return NULL;
}

static int compare(const tcx_value_t *c, const tcx_value_t *found) {
  const char *id = tcx_value_str(c, "id");
  const tcx_value_t *wanted = tcx_value_get(c, "expect.headers"), *headers = tcx_value_get(found, "Headers");
  int bad = differ(id, "method", tcx_value_str(c, "expect.method"), tcx_value_str(found, "Method")) + differ(id, "url", tcx_value_str(c, "expect.url"), tcx_value_str(found, "Url"));
  for (const tcx_value_t *h = tcx_value_first(wanted, NULL); h != NULL; h = tcx_value_next(h))
    if (compared(tcx_value_name(h)))
      bad += differ_header(id, tcx_value_name(h), tcx_value_str(h, NULL), find(headers, tcx_value_name(h)));
  for (const tcx_value_t *h = tcx_value_first(headers, NULL); h != NULL; h = tcx_value_next(h))
    if (compared(tcx_value_name(h)) && find(wanted, tcx_value_name(h)) == NULL)
      bad += differ(id, tcx_value_name(h), NULL, tcx_value_str(h, NULL));
  size_t n = 0;
  const void *body = tcx_value_bytes(found, "Body", &n);
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, SIZE_MAX);
  tcx__base64_encode(&text, body != NULL ? body : "", n);
  bad += differ(id, "body", tcx_value_str(c, "expect.body_base64"), text.data != NULL ? text.data : "");
  if (bad > 0 && n > 0)
    fprintf(stderr, "  %.*s\n", (int)n, (const char *)body);
  tcx__buf_free(&text);
  return bad;
}

static int run(const tcx_value_t *c) {
  struct whole w;
  struct outcome o;
  tcx_value_t *config = tcx_value_get(c, "client_config") != NULL ? tcx_value_copy(tcx_value_get(c, "client_config")) : tcx_value_new_map();
  tcx_value_set_bool(config, "s3.checksum_trailer", true);
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.region = "us-west-2", .access_key = "AKID", .secret_key = "SECRET", .config = config});
  whole_goal_to(&w, tcx_value_str(c, "operation"), convert(tcx_value_get(c, "params")), TCX__GOAL_RENDER, &o);
  int bad = o.status == 0 ? compare(c, o.response) : differ(tcx_value_str(c, "id"), "outcome", "success", o.msg);
  outcome_free(&o);
  whole_end(&w);
  return bad;
}

static void test_requests(void **state) {
  (void)state;
  size_t size;
  char *text = test_read_file("wire/data/s3-requests.json", &size);
  tcx_value_t *all = tcx_value_from_json(text, size);
  assert_int_equal(tcx_value_status(all), 0);
  int count = 0, failed = 0;
  for (const tcx_value_t *c = tcx_value_first(all, "cases"); c != NULL; c = tcx_value_next(c)) {
    count++;
    failed += run(c) != 0;
  }
  tcx_value_free(all);
  free(text);
  assert_int_equal(failed, 0);
  assert_int_equal(count, 276);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
