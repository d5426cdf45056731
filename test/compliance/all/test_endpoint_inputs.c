/*
 * operationInputs of the endpoint tests of S3 and STS, run through a whole client up to the signed request, as botocore's own end-to-end run does: the computed built-ins are replaced by those of the case.
 * Left out, as there: inputs whose bucket botocore's (and tucuxi's) own name check refuses first. A case whose only auth scheme is not built in must fail naming that scheme.
 */
#include "core/call.h"
#include "support.h"

struct result { char *url, *error, *authorization; };

static void note(struct result *r, const tcx_value_t *response) {
  const char *authorization = tcx_value_str(response, "Headers.Authorization");
  r->url = strdup(tcx_value_str(response, "Url"));
  r->authorization = strdup(authorization != NULL ? authorization : "");
}

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct result *r = tcx_call_data(call);
  if (response != NULL)
    note(r, response);
  else
    r->error = strdup(error->msg);
}

static void replace_builtins(tcx_client_t *client, const tcx_value_t *given) {
  const struct tcx_rule_param *params;
  unsigned n = tcx__ruleset_params(client->model->rules, &params);
  for (unsigned i = 0; i < n; i++) {
    if (params[i].built_in == NULL)
      continue;
    const tcx_value_t *v = tcx_value_member(given, params[i].built_in, strlen(params[i].built_in));
    struct tcx_rule_param_value *out = &client->base_values[i];
    *out = (struct tcx_rule_param_value){0};
    if (tcx_value_type(v, NULL) == TCX_STRING)
      *out = (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(tcx_value_str(v, NULL))};
    else if (tcx_value_type(v, NULL) == TCX_BOOL)
      *out = (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = tcx_value_bool(v, NULL, false)};
  }
}

static struct result run(const char *service, const tcx_value_t *input) {
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  tcx_client_t *client = NULL;
  struct result r = {0};
  const tcx_value_t *builtins = tcx_value_get(input, "builtInParams"), *region = tcx_value_member(builtins, "AWS::Region", 11);
  tcx_session_options_t so = {.config_file = "/dev/null", .credentials_file = "/dev/null"};
  tcx_client_options_t co = {.region = region != NULL ? tcx_value_str(region, NULL) : "us-east-1", .access_key = "AKID", .secret_key = "secret",
                             .config = tcx_params("{inject_host_prefix: false, parameter_validation: false}")};
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, &so, &session), 0);
  assert_int_equal(tcx_session_create_client(session, service, &co, &client), 0);
  if (client->problem.status == 0)
    replace_builtins(client, builtins);
  else if (region != NULL) { /* a region that no client accepts: the rule set's word is what counts */
    tcx_session_close(session, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    r.error = strdup("region");
    return r;
  }
  const tcx_value_t *params = tcx_value_get(input, "operationParams");
  struct tcx_call_start start = {.client = client, .operation = tcx_value_str(input, "operationName"), .params = params != NULL ? tcx_value_copy(params) : NULL,
                                 .cb = on_done, .data = &r, .goal = TCX__GOAL_RENDER};
  assert_int_equal(tcx__call_start(&start, NULL), 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  return r;
}

static bool refused_by_name(const tcx_value_t *input) {
  const char *bucket = tcx_value_str(input, "operationParams.Bucket");
  return bucket != NULL && (strcmp(bucket, "bucket name") == 0 || strcmp(bucket, "example.com#") == 0);
}

static const char *only_scheme(const tcx_value_t *expect) {
  const char *first = tcx_value_str(expect, "endpoint.properties.authSchemes[0].name");
  for (const tcx_value_t *s = tcx_value_first(expect, "endpoint.properties.authSchemes"); s != NULL; s = tcx_value_next(s))
    if (strcmp(tcx_value_str(s, "name"), "sigv4") == 0)
      return NULL;
  return first;
}

/* The scope that the endpoint's sigv4 scheme asks for, where it is signed at all. */
static bool right_scope(const tcx_value_t *expect, const char *authorization) {
  for (const tcx_value_t *s = tcx_value_first(expect, "endpoint.properties.authSchemes"); s != NULL; s = tcx_value_next(s)) {
    char scope[200];
    if (strcmp(tcx_value_str(s, "name"), "sigv4") != 0 || tcx_value_str(s, "signingRegion") == NULL || authorization[0] == '\0')
      continue;
    snprintf(scope, sizeof scope, "/%s/%s/aws4_request", tcx_value_str(s, "signingRegion"), tcx_value_str(s, "signingName"));
    return strstr(authorization, scope) != NULL;
  }
  return true;
}

static int check(const tcx_value_t *test, const tcx_value_t *input, const struct result *r) {
  const tcx_value_t *expect = tcx_value_get(test, "expect");
  const char *url = tcx_value_str(expect, "endpoint.url"), *scheme = only_scheme(expect);
  bool good = r->error != NULL;
  if (url != NULL && scheme != NULL)
    good = r->error != NULL && strstr(r->error, scheme) != NULL;
  else if (url != NULL)
    good = r->url != NULL && strncmp(r->url, url, strlen(url)) == 0 && right_scope(expect, r->authorization);
  if (!good)
    fprintf(stderr, "%s (%s)\n  expected %s\n  found %s\n", tcx_value_str(test, "documentation"), tcx_value_str(input, "operationName"), url != NULL ? url : "an error",
            r->url != NULL ? r->url : r->error);
  return good ? 0 : 1;
}

static void each_input(const char *service, int expected) {
  char path[100];
  snprintf(path, sizeof path, "compliance/data/endpoints/%s/tests.json", service);
  size_t size;
  char *text = test_read_file(path, &size);
  tcx_value_t *all = tcx_value_from_json(text, size);
  int count = 0, left_out = 0, schemes = 0, bad = 0;
  assert_int_equal(tcx_value_status(all), 0);
  for (const tcx_value_t *t = tcx_value_first(all, "testCases"); t != NULL; t = tcx_value_next(t)) {
    for (const tcx_value_t *input = tcx_value_first(t, "operationInputs"); input != NULL; input = tcx_value_next(input)) {
      count++;
      if (refused_by_name(input)) {
        left_out++;
        continue;
      }
      schemes += only_scheme(tcx_value_get(t, "expect")) != NULL;
      struct result r = run(service, input);
      bad += check(t, input, &r);
      free(r.url);
      free(r.error);
      free(r.authorization);
    }
  }
  printf("# %s: %d inputs, %d left out, %d with a scheme that is not built in\n", service, count, left_out, schemes);
  tcx_value_free(all);
  free(text);
  assert_int_equal(count, expected);
  assert_int_equal(bad, 0);
}

static void test_s3(void **state) {
  (void)state;
  each_input("s3", 148);
}
static void test_sts(void **state) {
  (void)state;
  each_input("sts", 18);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_s3), cmocka_unit_test(test_sts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
