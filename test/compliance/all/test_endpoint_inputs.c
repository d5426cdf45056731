/*
 * operationInputs of the endpoint tests, run through a whole client up to the signed request, as
 * botocore's own end-to-end run does: the computed built-ins are replaced by those of the case. A
 * bucket's session is there already. Left out: inputs whose bucket botocore's (and tucuxi's) own
 * name check refuses first, and ARNs in path style, which neither of them asks its rule set for.
 */
#include "render_help.h"
#include <strings.h>

/* The client's own keys stand for a session's: nobody is asked for one. */
static int own_session(tcx_call_t *call, struct tcx_identity_source **source) {
  return tcx__client_identity(call->client, source);
}

static void replace_builtins(tcx_client_t *client, void *ctx) {
  static struct tcx_customization custom;
  const tcx_value_t *given = ctx;
  const struct tcx_rule_param *params;
  if (client->problem.status != 0)
    return;
  if (client->custom != NULL) {
    custom = *client->custom;
    custom.session_identity = custom.session_identity != NULL ? own_session : NULL;
    client->custom = &custom;
  }
  unsigned n = tcx__ruleset_params(client->model->rules, &params);
  for (unsigned i = 0; i < n; i++) {
    if (params[i].built_in == NULL)
      continue;
    const tcx_value_t *v = tcx_value_member(given, params[i].built_in, strlen(params[i].built_in));
    struct tcx_rule_param_value *out = &client->base_values[i];
    *out = (struct tcx_rule_param_value){0};
    if (tcx_value_type(v, NULL) == TCX_STRING)
      *out = (struct tcx_rule_param_value){.type = TCX__RULE_STRING,
                                           .string = tcx__str(tcx_value_str(v, NULL))};
    else if (tcx_value_type(v, NULL) == TCX_BOOL)
      *out = (struct tcx_rule_param_value){.type = TCX__RULE_BOOL,
                                           .boolean = tcx_value_bool(v, NULL, false)};
  }
}

static struct rendered run(const char *service, const tcx_value_t *input) {
  const tcx_value_t *builtins = tcx_value_get(input, "builtInParams"),
                    *params = tcx_value_get(input, "operationParams");
  return render((struct render_plan){
      .service = service,
      .operation = tcx_value_str(input, "operationName"),
      .params = params != NULL ? tcx_value_copy(params) : NULL,
      .client = {.region = tcx_value_str(tcx_value_member(builtins, "AWS::Region", 11), NULL),
                 .config = tcx_params("{inject_host_prefix: false, parameter_validation: false}")},
      .adjust = replace_builtins,
      .ctx = (void *)(uintptr_t)builtins,
  });
}

static bool is_left_out(const tcx_value_t *input) {
  const char *bucket = tcx_value_str(input, "operationParams.Bucket");
  const tcx_value_t *path_style =
      tcx_value_member(tcx_value_get(input, "builtInParams"), "AWS::S3::ForcePathStyle", 23);
  if (bucket == NULL)
    return false;
  return strcmp(bucket, "bucket name") == 0 || strcmp(bucket, "example.com#") == 0 ||
         (strncmp(bucket, "arn:", 4) == 0 && tcx_value_bool(path_style, NULL, false));
}

/* The scheme that is used: the first. */
static const tcx_value_t *used_scheme(const tcx_value_t *expect) {
  return tcx_value_first(expect, "endpoint.properties.authSchemes");
}

/* The scope, or the set of regions, that the endpoint's scheme asks for, where it is signed at
 * all. */
static bool right_scope(const tcx_value_t *expect, const tcx_value_t *request) {
  const tcx_value_t *s = used_scheme(expect);
  const char *authorization = tcx_value_str(request, "Headers.Authorization"),
             *region = tcx_value_str(s, "signingRegion"),
             *set = tcx_value_str(s, "signingRegionSet[0]");
  char scope[200];
  if (s == NULL || authorization == NULL)
    return true;
  if (strcmp(tcx_value_str(s, "name"), "sigv4a") == 0) {
    snprintf(scope, sizeof scope, "/%s/aws4_request", tcx_value_str(s, "signingName"));
    const char *sent = tcx_value_str(request, "Headers.x-amz-region-set");
    return strncmp(authorization, "AWS4-ECDSA-P256-SHA256 ", 23) == 0 &&
           strstr(authorization, scope) != NULL && sent != NULL && strcmp(sent, set) == 0 &&
           tcx_value_len(s, "signingRegionSet") == 1;
  }
  snprintf(scope, sizeof scope, "/%s/%s/aws4_request", region, tcx_value_str(s, "signingName"));
  return strncmp(authorization, "AWS4-HMAC-SHA256 ", 17) == 0 &&
         (region == NULL || strstr(authorization, scope) != NULL);
}

/* The rule set's own error, or a sentence that refuses what it would refuse before it is asked. */
static bool right_error(const tcx_value_t *expect, const char *error) {
  static const char *const before[] = {
      "Provided region_name ", "Parameter validation failed:\nInvalid bucket name ", "S3 ARN \""};
  if (strstr(error, tcx_value_str(expect, "error")) != NULL)
    return true;
  for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
    if (strncmp(error, before[i], strlen(before[i])) == 0)
      return true;
  return false;
}

/* Hosts go out in lower case, botocore's too. */
static bool right_request(const tcx_value_t *expect, const char *url, const tcx_value_t *request) {
  return strncasecmp(tcx_value_str(request, "Url"), url, strlen(url)) == 0 &&
         right_scope(expect, request);
}

static int check(const tcx_value_t *test, const tcx_value_t *input, const struct rendered *r) {
  const tcx_value_t *expect = tcx_value_get(test, "expect");
  const char *url = tcx_value_str(expect, "endpoint.url");
  bool good = false;
  if (url == NULL)
    good = r->status != 0 && right_error(expect, r->msg);
  else
    good = r->status == 0 && right_request(expect, url, r->request);
  if (!good)
    fprintf(stderr, "%s (%s)\n  expected %s\n  found %s\n", tcx_value_str(test, "documentation"),
            tcx_value_str(input, "operationName"),
            url != NULL ? url : tcx_value_str(expect, "error"),
            r->status == 0 ? tcx_value_str(r->request, "Url") : r->msg);
  return good ? 0 : 1;
}

static void each_input(const char *service, int expected) {
  char path[100];
  snprintf(path, sizeof path, "compliance/data/endpoints/%s/tests.json", service);
  size_t size;
  char *text = test_read_file(path, &size);
  tcx_value_t *all = tcx_value_from_json(text, size);
  int count = 0, left_out = 0, sessions = 0, bad = 0;
  assert_int_equal(tcx_value_status(all), 0);
  for (const tcx_value_t *t = tcx_value_first(all, "testCases"); t != NULL; t = tcx_value_next(t)) {
    for (const tcx_value_t *input = tcx_value_first(t, "operationInputs"); input != NULL;
         input = tcx_value_next(input)) {
      count++;
      if (is_left_out(input)) {
        left_out++;
        continue;
      }
      struct rendered r = run(service, input);
      sessions += r.status == 0 && r.scheme == TCX__SCHEME_S3EXPRESS;
      bad += check(t, input, &r);
      rendered_free(&r);
    }
  }
  printf("# %s: %d inputs, %d left out, %d signed with a session\n", service, count, left_out,
         sessions);
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

static void test_dynamodb(void **state) {
  (void)state;
  each_input("dynamodb", 178);
}
static void test_kinesis(void **state) {
  (void)state;
  each_input("kinesis", 53);
}
static void test_events(void **state) {
  (void)state;
  each_input("events", 1);
}
static void test_s3control(void **state) {
  (void)state;
  each_input("s3control", 187);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_s3),        cmocka_unit_test(test_sts),
      cmocka_unit_test(test_s3control), cmocka_unit_test(test_dynamodb),
      cmocka_unit_test(test_kinesis),   cmocka_unit_test(test_events)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
