/* Where models come from: folders, versions, parts, packed files, extras; and what is wrong with
 * them. */
#include "base/mem.h"
#include "folder.h"
#include "model/model.h"
#include "model/rules.h"
#include "support.h"
#include "torture.h"
#include <unistd.h>

#define DATA TCX_SOURCE_DIR "/models/data"
#define SMALL_HEAD                                                                                 \
  "{\"metadata\":{\"apiVersion\":\"2020-01-01\",\"endpointPrefix\":\"small\",\"serviceId\":"       \
  "\"Small\",\"protocol\":\"rest-json\"},"
#define SMALL SMALL_HEAD "\"operations\":{},\"shapes\":{}}"

struct asked {
  struct tcx_models *models;
  struct tcx_arena *arena;
  struct tcx_fail fail;
  const struct tcx_model *model;
  int status;
  unsigned services, operations;
};

static struct asked ask_with(struct tcx_models_options options, const char *service) {
  struct asked a = {.arena = tcx__arena_new()};
  a.fail.arena = a.arena;
  options.not_installed = true;
  assert_int_equal(tcx__models_new(&options, &a.models), 0);
  a.status = tcx__models_get(a.models, service, &a.model, &a.fail);
  return a;
}

static struct asked ask(const char *service) {
  return ask_with((struct tcx_models_options){.data_path = test_folder}, service);
}

static void done(struct asked *a) {
  tcx__models_free(a->models);
  tcx__arena_free(a->arena);
}

/* ---- models that are right ---- */

static void large_services_load(void **state) {
  (void)state;
  static const struct {
    const char *service, *protocol;
    uint32_t operations;
    const char *operation;
  } cases[] = {{"ec2", "ec2", 830, "run_instances"},
               {"dynamodb", "json", 62, "get_item"},
               {"bedrock-runtime", "rest-json", 11, "converse_stream"},
               {"s3", "rest-xml", 116, "get_object"},
               {"sts", "query", 11, "assume_role"},
               {"sqs", "json", 23, "send_message"},
               {"lambda", "rest-json", 91, "invoke"},
               {"kms", "json", 56, "encrypt"},
               {"iam", "query", 180, "create_user"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct asked a = ask_with((struct tcx_models_options){.data_path = DATA}, cases[i].service);
    assert_int_equal(a.status, 0);
    assert_string_equal(a.model->service, cases[i].service);
    assert_string_equal(a.model->protocol, cases[i].protocol);
    if (a.model->n_operations != cases[i].operations)
      fail_msg("%s: %u operations", cases[i].service, (unsigned)a.model->n_operations);
    assert_non_null(tcx__model_operation(a.model, cases[i].operation));
    assert_non_null(a.model->rules);
    const struct tcx_model *again;
    assert_int_equal(tcx__models_get(a.models, cases[i].service, &again, &a.fail), 0);
    assert_ptr_equal(again, a.model);
    done(&a);
  }
}

static int count_model(void *ctx, const char *service) {
  struct asked *a = ctx;
  const struct tcx_model *model, *again;
  if (tcx__models_get(a->models, service, &model, &a->fail) != 0)
    fail_msg("%s", a->fail.text);
  assert_string_equal(model->service, service);
  assert_non_null(model->rules);
  assert_int_equal(tcx__models_get(a->models, service, &again, &a->fail), 0);
  assert_ptr_equal(again, model);
  a->services++;
  a->operations += model->n_operations;
  return 0;
}

/* In one session, from the folder of the source tree and from the compressed one that is installed.
 */
static void every_service_loads(void **state) {
  (void)state;
  static const char *const folders[] = {DATA, TCX_BINARY_DIR "/share/tucuxi/models"};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    struct asked a = {.arena = tcx__arena_new()};
    a.fail.arena = a.arena;
    struct tcx_models_options options = {.data_path = folders[i], .not_installed = true};
    assert_int_equal(tcx__models_new(&options, &a.models), 0);
    uint64_t begun = uv_hrtime();
    assert_int_equal(tcx__models_services(a.models, a.arena, count_model, &a), 0);
    print_message("# %u services, %u operations in %.2f s\n", a.services, a.operations,
                  (double)(uv_hrtime() - begun) / 1e9);
    assert_int_equal(a.services, 439);
    assert_int_equal(a.operations, 19796);
    done(&a);
  }
}

static void traits_arrive(void **state) {
  (void)state;
  struct asked a = ask_with((struct tcx_models_options){.data_path = DATA}, "s3");
  const struct tcx_operation *put_object = tcx__model_operation(a.model, "put_object");
  const struct tcx_member *body = tcx__shape_member(put_object->input, "Body", 4);
  assert_true(body->flags & TCX__M_STREAMING);
  assert_string_equal(put_object->input->payload, "Body");
  assert_string_equal(put_object->checksum_algorithm_member, "ChecksumAlgorithm");
  const struct tcx_member *bucket = tcx__shape_member(put_object->input, "Bucket", 6);
  assert_string_equal(bucket->context_param, "Bucket");
  assert_int_equal(bucket->location, TCX__LOC_URI);
  const struct tcx_member *type =
      tcx__shape_member(tcx__model_shape(a.model, "Grantee"), "Type", 4);
  assert_string_equal(type->wire, "type");
  assert_string_equal(type->xml_prefix, "xsi");
  assert_true(type->flags & TCX__M_XML_ATTRIBUTE);
  assert_int_equal(
      tcx__shape_member(tcx__model_operation(a.model, "get_object")->output, "Expires", 7)
          ->shape->type,
      TCX__SHAPE_TIMESTAMP);
  assert_true(tcx__model_operation(a.model, "select_object_content")->flags & TCX__OP_EVENT_OUTPUT);
  const struct tcx_pagination *pages =
      tcx__model_pagination(a.model, tcx__model_operation(a.model, "list_object_versions"));
  assert_int_equal(pages->n_input_token, 2);
  assert_int_equal(pages->n_non_aggregate_keys, 2);
  assert_int_equal(a.model->n_waiters, 4);
  assert_string_equal(a.model->waiters[0].method, "bucket_exists");
  assert_int_equal(a.model->waiters[0].acceptors[0].expected_type, TCX_INT);
  done(&a);
}

static void newest_version_and_first_folder_win(void **state) {
  (void)state;
  char path[600];
  test_folder_put("one/small/2020-01-01/service-2.json", SMALL);
  test_folder_put("two/small/2021-01-01/service-2.json.gz", SMALL_HEAD
                  "\"operations\":{\"Newer\":{\"http\":{\"method\":\"GET\",\"requestUri\":\"/"
                  "\"}}},\"shapes\":{}}");
  test_folder_put("three/small/2021-01-01/service-2.json", "not read");
  test_folder_put(
      "home/.aws/models/small/2020-01-01/waiters-2.json",
      "{\"waiters\":{\"Up\":{\"operation\":\"Newer\",\"delay\":1,\"maxAttempts\":2,\"acceptors\":[{"
      "\"matcher\":\"error\",\"expected\":true,\"state\":\"retry\"}]}}}");
  test_folder_put("two/small/2021-01-01/paginators-1.json",
                  "{\"pagination\":{\"Newer\":{\"input_token\":\"a\","
                  "\"output_token\":\"b\",\"result_key\":\"c\"}}}");
  test_folder_put(
      "two/small/2021-01-01/paginators-1.sdk-extras.json",
      "{\"merge\":{\"pagination\":{\"Newer\":{\"non_aggregate_keys\":[\"d\",\"e\"]}}}}");
  snprintf(path, sizeof path, "%s/one:/nowhere::~/../two:%s/three", test_folder, test_folder);
  char home[300];
  snprintf(home, sizeof home, "%s/home", test_folder);
  struct asked a = ask_with((struct tcx_models_options){.data_path = path, .home = home}, "small");
  assert_int_equal(a.status, 0);
  assert_int_equal(a.model->n_operations, 1);
  assert_string_equal(a.model->operations[0].method, "newer");
  assert_int_equal(a.model->n_waiters, 1);
  assert_string_equal(a.model->waiters[0].acceptors[0].expected, "true");
  assert_int_equal(a.model->n_paginations, 1);
  assert_int_equal(a.model->paginations[0].n_non_aggregate_keys, 2);
  assert_non_null(a.model->rules); /* none has some: the usual hosts */
  done(&a);
}

static void partitions_come_from_folders(void **state) {
  (void)state;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  struct tcx_models *models;
  struct tcx_partition_info info;
  assert_int_equal(
      tcx__models_new(&(struct tcx_models_options){.data_path = test_folder, .not_installed = true},
                      &models),
      0);
  assert_null(tcx__models_partitions(models, &fail));
  assert_int_equal(fail.status, TCX_ESERVICE);
  tcx__models_free(models);
  assert_int_equal(
      tcx__models_new(&(struct tcx_models_options){.data_path = DATA, .not_installed = true},
                      &models),
      0);
  const struct tcx_partitions *partitions = tcx__models_partitions(models, &fail);
  assert_non_null(partitions);
  assert_true(tcx__partition_of(partitions, tcx__str("cn-north-1"), &info));
  assert_string_equal(info.name, "aws-cn");
  assert_ptr_equal(tcx__models_partitions(models, &fail), partitions);
  tcx__models_free(models);
  test_folder_put("partitions.json", "{\"partitions\":7}");
  fail = (struct tcx_fail){.arena = arena};
  assert_int_equal(
      tcx__models_new(&(struct tcx_models_options){.data_path = test_folder, .not_installed = true},
                      &models),
      0);
  assert_null(tcx__models_partitions(models, &fail));
  assert_non_null(strstr(fail.text, "partitions.json: "));
  tcx__models_free(models);
  tcx__arena_free(arena);
}

static void installed_folder_lies_beside_the_program(void **state) {
  (void)state;
  char moved[400], deep[400];
  snprintf(moved, sizeof moved, "%s/moved/bin/program", test_folder);
  snprintf(deep, sizeof deep, "%s/build/examples/tool/program", test_folder);
  test_folder_put("moved/share/tucuxi/models/small/2020-01-01/service-2.json.gz", SMALL);
  test_folder_put("build/share/tucuxi/models/small/2021-01-01/service-2.json", SMALL);
  test_folder_put("moved/bin/x", "x");
  test_folder_put("build/examples/tool/x", "x");
  const struct {
    const char *program, *service;
    int status;
  } cases[] = {{moved, "small", 0},
               {deep, "small", 0},
               {moved, "smal", TCX_ESERVICE},
               {NULL, "small", TCX_ESERVICE},
               {"program", "small", TCX_ESERVICE}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct tcx_models *models;
    const struct tcx_model *model = NULL;
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail fail = {.arena = arena};
    assert_int_equal(
        tcx__models_new(&(struct tcx_models_options){.program = cases[i].program}, &models), 0);
    assert_int_equal(tcx__models_get(models, cases[i].service, &model, &fail), cases[i].status);
    if (cases[i].status == 0)
      assert_string_equal(model->service_id, "Small");
    else if (cases[i].program == moved)
      assert_string_equal(fail.text, "Unknown service: 'smal', did you mean small?");
    tcx__models_free(models);
    tcx__arena_free(arena);
  }
}

static void cycles_are_legal(void **state) {
  (void)state;
  test_folder_put("small/2020-01-01/service-2.json", SMALL_HEAD
                  "\"operations\":{\"Op\":{\"http\":{\"method\":\"POST\",\"requestUri\":\"/"
                  "\"},\"input\":{\"shape\":\"A\"}}},\"shapes\":{"
                  "\"A\":{\"type\":\"structure\",\"members\":{\"a\":{\"shape\":\"A\"},\"l\":{"
                  "\"shape\":\"L\"}}},\"L\":{\"type\":\"list\",\"member\":{\"shape\":\"L\"}}}}");
  struct asked a = ask("small");
  assert_int_equal(a.status, 0);
  const struct tcx_shape *shape = tcx__model_shape(a.model, "A");
  assert_ptr_equal(shape->members[0].shape, shape);
  struct tcx_value *deep = tcx__value_new(a.arena, TCX_MAP), *at = deep;
  for (int i = 0; i < 5000; i++) {
    struct tcx_value *kid = tcx__value_new(a.arena, TCX_MAP);
    assert_int_equal(tcx__value_add(a.arena, at, "a", 1, kid), 0);
    at = kid;
  }
  assert_int_equal(tcx__validate(tcx__model_operation(a.model, "op"), deep, &a.fail), TCX_EPARAM);
  assert_string_equal(
      a.fail.text,
      "Parameter validation failed:\nParameter is nested too deeply: more than 600 levels");
  done(&a);
}

/* ---- and those that are not ---- */

static void broken_models_say_where(void **state) {
  (void)state;
#define OPS(op)                                                                                    \
  SMALL_HEAD                                                                                       \
  "\"operations\":{\"Op\":" op                                                                     \
  "},\"shapes\":{\"S\":{\"type\":\"structure\",\"members\":{}},\"T\":{\"type\":\"string\"}}}"
#define SHAPES(shapes) SMALL_HEAD "\"operations\":{},\"shapes\":{" shapes "}}"
#define HTTP           "\"http\":{\"method\":\"GET\",\"requestUri\":\"/\"}"
  static const struct {
    const char *text, *problem;
  } cases[] = {
      {"", "service-2.json: "},
      {"[", "service-2.json: "},
      {"[]", "document: expected map, found list"},
      {"{}", "metadata: is missing"},
      {"{\"metadata\":[]}", "metadata: expected map, found list"},
      {"{\"metadata\":{}}", "metadata.apiVersion: is missing"},
      {"{\"metadata\":{\"apiVersion\":1}}", "metadata.apiVersion: expected string, found integer"},
      {"{\"metadata\":{\"apiVersion\":\"1\",\"endpointPrefix\":\"a\",\"serviceId\":\"b\"}}",
       "metadata.protocol: is missing"},
      {"{\"metadata\":{\"apiVersion\":\"1\",\"endpointPrefix\":\"a\",\"serviceId\":\"b\","
       "\"protocols\":[\"soap\"]}}",
       "metadata.protocols: names no known protocol"},
      {SMALL_HEAD "\"operations\":{}}", "shapes: is missing"},
      {SMALL_HEAD "\"shapes\":{}}", "operations: is missing"},
      {SHAPES("\"A\":7"), "shapes.A: expected map, found integer"},
      {SHAPES("\"A\":{}"), "shapes.A: has no type"},
      {SHAPES("\"A\":{\"type\":\"thing\"}"), "shapes.A.type: unknown value \"thing\""},
      {SHAPES("\"A\":{\"type\":[]}"), "shapes.A.type: expected string, found list"},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":[]}"),
       "shapes.A.members: expected map, found list"},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{\"m\":{}}}"),
       "shapes.A.members.m: does not say its shape"},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{\"m\":{\"shape\":\"B\"}}}"),
       "shapes.A.members.m: there is no shape \"B\""},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{\"m\":{\"shape\":\"A\",\"location\":"
              "\"moon\"}}}"),
       "shapes.A.members.location: unknown value \"moon\""},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{},\"required\":[\"m\"]}"),
       "shapes.A.required: names more members than there are"},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{\"m\":{\"shape\":\"A\"}},\"required\":["
              "\"n\"]}"),
       "shapes.A.required: there is no member \"n\""},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{},\"payload\":\"p\"}"),
       "shapes.A.payload: there is no member \"p\""},
      {SHAPES("\"A\":{\"type\":\"list\"}"), "shapes.A.member: is missing"},
      {SHAPES("\"A\":{\"type\":\"map\",\"key\":{\"shape\":\"A\"},\"value\":{\"shape\":\"A\"}}"),
       "shapes.A.key: is not a string"},
      {SHAPES("\"A\":{\"type\":\"string\",\"min\":\"x\"}"), "shapes.A.min: is not a number"},
      {SHAPES("\"A\":{\"type\":\"string\",\"enum\":[1]}"),
       "shapes.A.enum: expected string, found integer"},
      {SHAPES("\"A\":{\"type\":\"string\",\"sensitive\":1}"),
       "shapes.A.sensitive: expected boolean, found integer"},
      {SHAPES("\"A\":{\"type\":\"structure\",\"members\":{},\"error\":{\"httpStatusCode\":-4}}"),
       "shapes.A.error: is not between 0 and 999"},
      {SHAPES("\"A\\u0000\":{\"type\":\"string\"}"), "shapes.A: its name holds a NUL"},
      {OPS("7"), "operations.Op: expected map, found integer"},
      {OPS("{}"), "operations.Op.http: is missing"},
      {OPS("{\"http\":{\"method\":\"GET\"}}"), "operations.Op.http.requestUri: is missing"},
      {OPS("{" HTTP ",\"input\":{\"shape\":\"T\"}}"),
       "operations.Op.input: \"T\" is not a structure"},
      {OPS("{" HTTP ",\"output\":{\"shape\":\"Z\"}}"),
       "operations.Op.output: there is no shape \"Z\""},
      {OPS("{" HTTP ",\"errors\":[{\"shape\":\"T\"}]}"),
       "operations.Op.errors: \"T\" is not a structure"},
      {OPS("{" HTTP ",\"httpChecksum\":{\"requestChecksumRequired\":\"yes\"}}"),
       "operations.Op.httpChecksum.requestChecksumRequired: expected boolean, found string"},
      {OPS("{" HTTP ",\"staticContextParams\":{\"A\":{\"value\":3}}}"),
       "operations.Op.staticContextParams.A: expected string, found integer"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    test_folder_put("small/2020-01-01/service-2.json", cases[i].text);
    struct asked a = ask("small");
    if (a.status != TCX_ESERVICE || strstr(a.fail.text, cases[i].problem) == NULL ||
        strstr(a.fail.text, "/small/2020-01-01/service-2.json: ") == NULL)
      fail_msg("case %zu: %d %s, expected %s", i, a.status, a.fail.text != NULL ? a.fail.text : "",
               cases[i].problem);
    done(&a);
  }
  static const struct {
    const char *file, *text, *problem;
  } others[] = {{"paginators-1.json", "{\"pagination\":{\"Op\":{\"input_token\":\"a\"}}}",
                 "pagination.Op: has 1 input tokens and 0 output tokens"},
                {"paginators-1.json", "{\"pagination\":{}}", NULL},
                {"waiters-2.json", "{\"waiters\":{\"W\":{\"operation\":\"Op\",\"delay\":-1}}}",
                 "waiters.W.delay: is not between 0 and 86400"},
                {"waiters-2.json", "{}", "waiters: is missing"},
                {"waiters-2.json", "{\"waiters\":{}}", NULL},
                {"endpoint-rule-set-1.json", "{}", "endpoint-rule-set-1.json: "}};
  test_folder_put("small/2020-01-01/service-2.json", SMALL);
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    char path[128];
    snprintf(path, sizeof path, "small/2020-01-01/%s", others[i].file);
    test_folder_put(path, others[i].text);
    struct asked a = ask("small");
    if (a.status != (others[i].problem != NULL ? TCX_ESERVICE : 0) ||
        (others[i].problem != NULL && strstr(a.fail.text, others[i].problem) == NULL))
      fail_msg("case %zu: %d %s", i, a.status, a.fail.text != NULL ? a.fail.text : "");
    done(&a);
  }
}

static void broken_gzip_is_refused(void **state) {
  (void)state;
  test_folder_put("small/2020-01-01/service-2.json.gz", SMALL);
  struct asked a = ask("small");
  assert_int_equal(a.status, 0);
  done(&a);
  char full[512];
  snprintf(full, sizeof full, "%s/small/2020-01-01/service-2.json.gz", test_folder);
  assert_int_equal(truncate(full, 40), 0);
  a = ask("small");
  assert_int_equal(a.status, TCX_ESERVICE);
  assert_non_null(strstr(a.fail.text, "is not a whole gzip file"));
  done(&a);
}

static void unknown_services_get_near_names(void **state) {
  (void)state;
  struct asked a = ask_with((struct tcx_models_options){.data_path = DATA}, "dynamdob");
  assert_int_equal(a.status, TCX_ESERVICE);
  assert_string_equal(a.fail.text, "Unknown service: 'dynamdob', did you mean dynamodb?");
  done(&a);
  static const char *const bad[] = {"", ".", "..", "../data/s3", "s3/2006-03-01", "/etc"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    a = ask_with((struct tcx_models_options){.data_path = DATA}, bad[i]);
    assert_int_equal(a.status, TCX_ESERVICE);
    done(&a);
  }
}

/* ---- a model alone ---- */

static void url_is(const struct asked *a, const char *region, bool fips, bool dual_stack,
                   const char *endpoint, const char *url) {
  struct tcx_rule_param_value values[4] = {{0}};
  struct tcx_fail fail = {.arena = a->arena};
  struct tcx_endpoint out;
  const struct tcx_partitions *partitions = tcx__models_partitions(a->models, &fail);
  assert_non_null(partitions);
  if (region != NULL)
    values[tcx__ruleset_param_index(a->model->rules, "Region")] =
        (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(region)};
  values[tcx__ruleset_param_index(a->model->rules, "UseFIPS")] =
      (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = fips};
  values[tcx__ruleset_param_index(a->model->rules, "UseDualStack")] =
      (struct tcx_rule_param_value){.type = TCX__RULE_BOOL, .boolean = dual_stack};
  if (endpoint != NULL)
    values[tcx__ruleset_param_index(a->model->rules, "Endpoint")] =
        (struct tcx_rule_param_value){.type = TCX__RULE_STRING, .string = tcx__str(endpoint)};
  if (tcx__endpoint_resolve(a->model->rules, partitions, values, a->arena, &out, &fail) == 0)
    assert_string_equal(out.url.p, url);
  else
    assert_string_equal(fail.text, url);
}

/* What botocore says of a service without a rule set whose endpoint prefix is "small". */
static void a_model_without_rules_has_the_usual_hosts(void **state) {
  (void)state;
  test_folder_put("small/2020-01-01/service-2.json", SMALL);
  test_folder_put(
      "odd/2020-01-01/service-2.json",
      "{\"metadata\":{\"apiVersion\":\"1\",\"endpointPrefix\":\"a{b}\",\"serviceId\":\"O\","
      "\"protocol\":\"json\"},\"operations\":{},\"shapes\":{}}");
  struct tcx_models_options options = {.home = NULL};
  char path[600];
  snprintf(path, sizeof path, "%s:%s", test_folder, DATA);
  options.data_path = path;
  struct asked a = ask_with(options, "small");
  assert_int_equal(a.status, 0);
  url_is(&a, "us-east-1", false, false, NULL, "https://small.us-east-1.amazonaws.com");
  url_is(&a, "us-east-1", true, false, NULL, "https://small-fips.us-east-1.amazonaws.com");
  url_is(&a, "us-east-1", false, true, NULL, "https://small.us-east-1.api.aws");
  url_is(&a, "cn-north-1", true, true, NULL,
         "https://small-fips.cn-north-1.api.amazonwebservices.com.cn");
  url_is(&a, "us-iso-east-1", false, false, NULL, "https://small.us-iso-east-1.c2s.ic.gov");
  url_is(&a, "mars-1", false, false, NULL, "https://small.mars-1.amazonaws.com");
  url_is(&a, "us-east-1", true, false, "http://localhost:99/x", "http://localhost:99/x");
  url_is(&a, NULL, false, false, NULL, "Invalid Configuration: Missing Region");
  done(&a);
  a = ask_with(options, "odd");
  assert_int_equal(a.status, TCX_ESERVICE);
  assert_string_equal(a.fail.text, "Service odd: there is no endpoint rule set, and the endpoint "
                                   "prefix \"a{b}\" is no host name");
  done(&a);
}

static void extras_are_named(void **state) {
  (void)state;
  static const struct {
    const char *extras, *end;
  } cases[] = {{"{\"merge\":{\"metadata\":1}}",
                "/small/2020-01-01/service-2.json with its sdk-extras: metadata: expected map, "
                "found integer"},
               {"{\"merge\":1}",
                "/small/2020-01-01/service-2.sdk-extras.json: no object, or its merge is none"},
               {"[]", "/small/2020-01-01/service-2.sdk-extras.json: no object, or its merge is "
                      "none"}};
  test_folder_put("small/2020-01-01/service-2.json", SMALL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    test_folder_put("small/2020-01-01/service-2.sdk-extras.json", cases[i].extras);
    struct asked a = ask("small");
    assert_int_equal(a.status, TCX_ESERVICE);
    assert_memory_equal(a.fail.text, test_folder, strlen(test_folder));
    assert_string_equal(a.fail.text + strlen(test_folder), cases[i].end);
    done(&a);
  }
}

/* Each time it is asked for. */
static void broken_endpoints_say_where(void **state) {
  (void)state;
  static const struct {
    const char *json, *end;
  } cases[] = {{"[]", "/endpoints.json: partitions: is missing, or no list"},
               {"{\"partitions\":{}}", "/endpoints.json: partitions: is missing, or no list"},
               {"{\"partitions\":[{\"partition\":\"a\",\"regions\":{},\"services\":{}},{}]}",
                "/endpoints.json: partitions[1]: a partition has a name, regions and services"},
               {"{\"partitions\":[{\"partition\":\"a\",\"regions\":[],\"services\":{}}]}",
                "/endpoints.json: partitions[0]: a partition has a name, regions and services"},
               {"{\"partitions\":[{\"partition\":\"a\",\"regions\":{},\"services\":{}}]}", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    test_folder_put("endpoints.json", cases[i].json);
    test_folder_put("small/2020-01-01/service-2.json", SMALL);
    struct asked a = ask("small");
    for (int round = 0; round < 2; round++) {
      const struct tcx_value *json;
      struct tcx_fail fail = {.arena = a.arena};
      int status = tcx__models_endpoints(a.models, &json, &fail);
      assert_int_equal(status, cases[i].end != NULL ? TCX_ESERVICE : 0);
      if (status == 0)
        assert_int_equal(tcx_value_len(json, "partitions"), 1);
      else
        assert_string_equal(fail.text + strlen(test_folder), cases[i].end);
    }
    done(&a);
  }
}

/* ---- memory ---- */

static int load_once(void *ctx) {
  struct tcx_models *models = NULL;
  const struct tcx_model *model;
  struct tcx_arena *arena = tcx__arena_new();
  if (arena == NULL)
    return UV_ENOMEM;
  struct tcx_fail fail = {.arena = arena};
  int status = tcx__models_new(&(struct tcx_models_options){.data_path = test_folder,
                                                            .home = test_folder,
                                                            .not_installed = true},
                               &models);
  if (status == 0) {
    status = tcx__models_get(models, ctx, &model, &fail);
    assert_true(status == 0 || status == UV_ENOMEM ||
                (status == TCX_ESERVICE && strcmp(ctx, "smal") == 0));
    if (status == 0 && ctx != NULL)
      assert_int_equal(model->n_operations, 1);
  }
  tcx__models_free(models);
  tcx__arena_free(arena);
  return status == TCX_ESERVICE ? 0 : status;
}

static void memory_may_end_anywhere(void **state) {
  (void)state;
  test_folder_put(
      "small/2020-01-01/service-2.json.gz", SMALL_HEAD
      "\"operations\":{\"Op\":{\"http\":{\"method\":\"POST\",\"requestUri\":\"/"
      "x?y\"},\"input\":{\"shape\":\"A\",\"locationName\":\"R\"},\"errors\":[{\"shape\":\"A\"}],"
      "\"staticContextParams\":{\"L\":{\"value\":[\"a\",\"b\"]}},\"operationContextParams\":{\"P\":"
      "{\"path\":\"a\"}}}},\"shapes\":{\"A\":{\"type\":\"structure\",\"required\":[\"a\"],"
      "\"members\":{\"a\":{\"shape\":\"A\"},\"t\":{\"shape\":\"T\",\"xmlAttribute\":true,"
      "\"locationName\":\"x:y\"}}},\"T\":{\"type\":\"string\",\"enum\":[\"q\"]}}}");
  test_folder_put("small/2020-01-01/service-2.sdk-extras.json",
                  "{\"merge\":{\"shapes\":{\"T\":{\"sensitive\":true}}}}");
  test_folder_put(
      "small/2020-01-01/waiters-2.json",
      "{\"waiters\":{\"Up\":{\"operation\":\"Op\",\"delay\":1,\"maxAttempts\":2,\"acceptors\":[{"
      "\"matcher\":\"status\",\"expected\":404,\"state\":\"retry\"}]}}}");
  test_folder_put("small/2020-01-01/paginators-1.json",
                  "{\"pagination\":{\"Op\":{\"input_token\":\"a\",\"output_token\":[\"b\"]}}}");
  test_folder_put(
      "small/2020-01-01/endpoint-rule-set-1.json",
      "{\"version\":\"1.0\",\"parameters\":{},\"rules\":[{\"conditions\":[],\"endpoint\":{\"url\":"
      "\"https://a.example\",\"properties\":{},\"headers\":{}},\"type\":\"endpoint\"}]}");
  test_folder_put("bare/2020-01-01/service-2.json",
                  SMALL_HEAD "\"operations\":{\"Op\":{\"http\":{\"method\":\"GET\",\"requestUri\":"
                             "\"/\"}}},\"shapes\":{}}");
  char good[] = "small", bare[] = "bare", near[] = "smal";
  test_fail_until_ok(load_once, good);
  test_fail_until_ok(load_once, bare);
  test_fail_until_ok(load_once, near);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
  const struct CMUnitTest tests[] = {T(large_services_load),
                                     T(every_service_loads),
                                     T(traits_arrive),
                                     T(newest_version_and_first_folder_win),
                                     T(partitions_come_from_folders),
                                     T(installed_folder_lies_beside_the_program),
                                     T(cycles_are_legal),
                                     T(broken_models_say_where),
                                     T(broken_gzip_is_refused),
                                     T(unknown_services_get_near_names),
                                     T(a_model_without_rules_has_the_usual_hosts),
                                     T(extras_are_named),
                                     T(broken_endpoints_say_where),
                                     T(memory_may_end_anywhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
