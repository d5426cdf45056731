/*
 * What services do beyond their models, where a call of the differential test does not show it:
 * copies from another region while their URL is being made, params under two names, values that
 * cannot be decoded.
 */
#include "torture.h"
#include "whole.h"

#define NO_SERVER NULL, 0

struct giver { /* credentials that come when they are told to */
  tcx_credentials_request_t *request;
  int asked;
};
static void on_asked(tcx_credentials_request_t *request, void *data) {
  struct giver *g = data;
  g->request = request;
  g->asked++;
}
static void give(struct giver *g) {
  tcx_credentials_t c = {.access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET};
  tcx_credentials_answer(g->request, 0, &c, NULL);
  g->request = NULL;
}

/* A client of the service; with explicit keys, or those of g. */
static void begin(struct whole *w, const struct fault_step *const *scripts, unsigned count,
                  const char *service, struct giver *g) {
  whole_begin_with(w, scripts, count,
                   &(tcx_session_options_t){.data_path = TCX_SOURCE_DIR "/models/data",
                                            .credentials = g != NULL ? on_asked : NULL,
                                            .credentials_data = g},
                   NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = w->serving ? w->url : NULL,
                             .access_key = g == NULL ? WHOLE_KEY : NULL,
                             .secret_key = g == NULL ? WHOLE_SECRET : NULL};
  assert_int_equal(tcx_session_create_client(w->session, service, &co, &w->client), 0);
}

static tcx_value_t *copy_params(const char *url) {
  return tcx_params("{SourceDBSnapshotIdentifier: a, TargetDBSnapshotIdentifier: b, SourceRegion: "
                    "%s, PreSignedUrl: %s}",
                    "eu-west-1", url);
}

/* The form that would be sent. */
static const char *rendered(struct whole *w, const char *operation, tcx_value_t *params,
                            struct outcome *o) {
  whole_goal_to(w, operation, params, TCX__GOAL_RENDER, o);
  assert_int_equal(o->status, 0);
  return tcx_value_bytes(o->response, "Body", NULL);
}

static void test_copy(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  begin(&w, NO_SERVER, "rds", NULL);
  const char *form = rendered(&w, "copy_db_snapshot", copy_params(NULL), &o);
  assert_non_null(strstr(
      form,
      "&PreSignedUrl=https%3A%2F%2Frds.eu-west-1.amazonaws.com%2F%3FAction%3DCopyDBSnapshot%26"));
  assert_non_null(strstr(form, "%26DestinationRegion%3Dus-east-1%26"));
  assert_non_null(strstr(form, "%252Feu-west-1%252Frds%252Faws4_request%26"));
  assert_null(strstr(form, "SourceRegion"));
  outcome_free(&o);
  form = rendered(&w, "copy_db_snapshot", copy_params("https://mine/"), &o);
  assert_non_null(strstr(form, "&PreSignedUrl=https%3A%2F%2Fmine%2F"));
  assert_null(strstr(form, "SourceRegion"));
  assert_null(strstr(form, "DestinationRegion"));
  outcome_free(&o);
  form = rendered(&w, "copy_db_snapshot",
                  tcx_params("{SourceDBSnapshotIdentifier: a, TargetDBSnapshotIdentifier: b}"), &o);
  assert_null(strstr(form, "PreSignedUrl"));
  outcome_free(&o);
  whole_end(&w);
}

/* What is wrong with the params is told once, as that of the call itself. */
static void test_copy_refused(void **state) {
  (void)state;
  struct whole w;
  begin(&w, NO_SERVER, "rds", NULL);
  struct outcome o = whole_call(
      &w, "copy_db_snapshot",
      tcx_params("{SourceDBSnapshotIdentifier: a, SourceRegion: %s}", "eu-west-1"), NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  assert_int_equal(o.phase, TCX_PHASE_PARAMS);
  assert_string_equal(o.operation, "CopyDBSnapshot");
  assert_string_equal(o.msg, "Parameter validation failed:\nMissing required parameter in input: "
                             "\"TargetDBSnapshotIdentifier\"");
  outcome_free(&o);
  o = whole_call(
      &w, "copy_db_snapshot",
      tcx_params("{SourceDBSnapshotIdentifier: a, TargetDBSnapshotIdentifier: b, SourceRegion: %d}",
                 5),
      NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  assert_non_null(strstr(o.msg, "SourceRegion"));
  outcome_free(&o);
  o = whole_call(
      &w, "copy_db_snapshot",
      tcx_params("{SourceDBSnapshotIdentifier: a, TargetDBSnapshotIdentifier: b, SourceRegion: %s}",
                 "a b/c"),
      NULL);
  assert_int_equal(o.status, TCX_EENDPOINT);
  assert_false(o.sent);
  outcome_free(&o);
  whole_end(&w);
}

/* Cancelled, late, or closed while the URL waits for credentials: told at once; what comes later is
 * of no use any more. */
static void test_copy_waits(void **state) {
  (void)state;
  struct whole w;
  struct giver g = {0};
  struct outcome o;
  tcx_call_t *call = NULL;
  begin(&w, NO_SERVER, "rds", &g);
  whole_start_to(&w, "copy_db_snapshot", copy_params(NULL), NULL, &o, &call);
  whole_until(&w, &g.asked);
  assert_int_equal(call->state, TCX__CALL_INNER);
  tcx_call_cancel(call);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_ECANCELED);
  outcome_free(&o);
  whole_start_to(&w, "copy_db_snapshot", copy_params(NULL), &(tcx_call_options_t){.timeout_ms = 20},
                 &o, NULL);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, UV_ETIMEDOUT);
  outcome_free(&o);
  give(&g); /* to the inner calls, which nobody waits for */
  whole_turns(&w, 10);
  o = whole_call(&w, "describe_db_snapshots", tcx_params("{bad: x}"), NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  outcome_free(&o);
  whole_end(&w);

  g = (struct giver){0};
  begin(&w, NO_SERVER, "rds", &g);
  whole_start_to(&w, "copy_db_snapshot", copy_params(NULL), NULL, &o, NULL);
  whole_until(&w, &g.asked);
  tcx_client_close(w.client, NULL);
  whole_until(&w, &o.calls);
  assert_int_equal(o.status, TCX_ECANCELED);
  outcome_free(&o);
  tcx_credentials_answer(g.request, TCX_ECREDS, NULL, "too late");
  whole_end(&w);
}

static int torture(void *ctx) {
  struct whole *w = ctx;
  struct outcome o;
  memset(&o, 0, sizeof o);
  o.whole = w;
  struct tcx_call_start start = {.client = w->client,
                                 .operation = "copy_db_snapshot",
                                 .params = copy_params(NULL),
                                 .cb = outcome_cb,
                                 .data = &o,
                                 .goal = TCX__GOAL_RENDER};
  int err = tcx__call_start(&start, NULL);
  if (err == 0) {
    whole_until(w, &o.calls);
    err = o.status != 0 ? o.status : tcx_value_status(o.response);
  }
  outcome_free(&o);
  tcx_session_close(w->session, NULL);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  return err;
}
static int one_torture(void *ctx) {
  struct whole w;
  (void)ctx;
  memset(&w, 0, sizeof w);
  assert_int_equal(uv_loop_init(&w.loop), 0);
  tcx_session_options_t so = {.config_file = "/dev/null",
                              .credentials_file = "/dev/null",
                              .data_path = TCX_TEST_DIR "/wire/data/models"};
  tcx_client_options_t co = {
      .region = "us-east-1", .access_key = WHOLE_KEY, .secret_key = WHOLE_SECRET};
  int err = tcx_session_new(&w.loop, &so, &w.session);
  if (err == 0)
    err = tcx_session_create_client(w.session, "rds", &co, &w.client);
  if (err == 0)
    err = torture(&w);
  else if (w.session != NULL)
    tcx_session_close(w.session, NULL);
  uv_run(&w.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&w.loop), 0);
  return err;
}

static void test_aliases(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  begin(&w, NO_SERVER, "ec2", NULL);
  const char *form =
      rendered(&w, "describe_instances", tcx_params("{Filters: [{Name: a, Values: [b]}]}"), &o);
  assert_string_equal(
      form, "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=a&Filter.1.Value.1=b");
  outcome_free(&o);
  form = rendered(&w, "describe_hosts", tcx_params("{Filters: [{Name: a}], HostIds: [h]}"), &o);
  assert_string_equal(form, "Action=DescribeHosts&Version=2016-11-15&HostId.1=h&Filter.1.Name=a");
  outcome_free(&o);
  o = whole_call(&w, "describe_hosts", tcx_params("{Filters: [{Name: a}], Filter: []}"), NULL);
  assert_int_equal(o.status, TCX_EPARAM);
  assert_string_equal(o.msg, "Parameter 'Filter' and its alias 'Filters' were provided to "
                             "operation DescribeHosts but only one of them may be used.");
  outcome_free(&o);
  whole_end(&w);
}

/* Bytes that are no UTF-8; text that is no base64, no JSON. */
static void test_undecodable(void **state) {
  (void)state;
  struct whole w;
  const struct fault_step console[] = {
      DO(REQUEST), SEND(whole_answer("200 OK", "<R><output>/0Fi4g==</output></R>")), DO(REQUEST),
      SEND(whole_answer("200 OK", "<R><output>*</output></R>")), DO(END)};
  const struct fault_step *scripts[] = {console};
  begin(&w, scripts, 1, "ec2", NULL);
  struct outcome o = whole_call(&w, "get_console_output", tcx_params("{InstanceId: i}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "Output"), "\xef\xbf\xbd"
                                                           "Ab"
                                                           "\xef\xbf\xbd");
  outcome_free(&o);
  o = whole_call(&w, "get_console_output", tcx_params("{InstanceId: i}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "Output"), "*");
  outcome_free(&o);
  whole_end(&w);

  const struct fault_step policy[] = {
      DO(REQUEST),
      SEND(whole_answer("200 OK", "<R><GetRolePolicyResult><PolicyDocument>%7Bno</PolicyDocument></"
                                  "GetRolePolicyResult></R>")),
      DO(REQUEST),
      SEND(whole_answer("200 OK", "<R><GetRolePolicyResult><PolicyDocument>%7B%22a%22:[1]}</"
                                  "PolicyDocument></GetRolePolicyResult></R>")),
      DO(END)};
  const struct fault_step *policies[] = {policy};
  begin(&w, policies, 1, "iam", NULL);
  o = whole_call(&w, "get_role_policy", tcx_params("{RoleName: r, PolicyName: p}"), NULL);
  assert_string_equal(tcx_value_str(o.response, "PolicyDocument"), "%7Bno");
  outcome_free(&o);
  o = whole_call(&w, "get_role_policy", tcx_params("{RoleName: r, PolicyName: p}"), NULL);
  assert_int_equal(tcx_value_int(o.response, "PolicyDocument.a[0]", 0), 1);
  outcome_free(&o);
  whole_end(&w);
}

static int64_t in_2015(const tcx_session_t *session) {
  (void)session;
  return 1440938160;
}

/* botocore's URL, but for the place of X-Amz-Expires. */
static void test_polly(void **state) {
  (void)state;
  struct whole w;
  struct outcome o;
  begin(&w, NO_SERVER, "polly", NULL);
  w.session->clock = in_2015;
  whole_goal_to(&w, "synthesize_speech",
                tcx_params("{OutputFormat: mp3, Text: %s, VoiceId: Vicki, LexiconNames: [a, %s], "
                           "SpeechMarkTypes: []}",
                           "Hallo, W\xc3\xb6lt & co", "b c"),
                TCX__GOAL_PRESIGN, &o);
  assert_int_equal(o.status, 0);
  assert_string_equal(tcx_value_str(o.response, "Method"), "GET");
  assert_string_equal(
      tcx_value_str(o.response, "Url"),
      "https://polly.us-east-1.amazonaws.com/v1/"
      "speech?OutputFormat=mp3&Text=Hallo%2C%20W%C3%B6lt%20%26%20co&VoiceId=Vicki&LexiconNames=a&"
      "LexiconNames=b%20c"
      "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDWHOLE%2F20150830%2Fus-east-1%2Fpolly%"
      "2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host"
      "&X-Amz-Expires=3600&X-Amz-Signature="
      "59f1ff0e1250c5bceed12aa974483c96c66d7539a4df5a7d4e53cb1d79ce9905");
  outcome_free(&o);
  whole_goal_to(&w, "synthesize_speech", tcx_params("{OutputFormat: mp3, Text: a, VoiceId: Vicki}"),
                TCX__GOAL_RENDER, &o);
  assert_string_equal(tcx_value_str(o.response, "Method"), "POST");
  outcome_free(&o);
  whole_end(&w);
}

/* A prediction goes to the endpoint among the params, and only there. */
static void test_prediction(void **state) {
  (void)state;
  static const struct fault_step predict[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), DO(END)};
  static const struct fault_step *const scripts[] = {predict};
  struct whole w;
  char host[100], expected[100];
  begin(&w, scripts, 1, "machinelearning", NULL);
  snprintf(expected, sizeof expected, "localhost:%d", w.server.port);
  struct outcome o =
      whole_call(&w, "predict",
                 tcx_params("{MLModelId: m, Record: {}, PredictEndpoint: %s}", "ftp://x"), NULL);
  assert_int_equal(o.status, TCX_EENDPOINT);
  assert_memory_equal(o.msg, "Invalid endpoint: ftp://x (", 27);
  outcome_free(&o);
  char url[120];
  snprintf(url, sizeof url, "http://%s", expected);
  o = whole_call(&w, "predict", tcx_params("{MLModelId: m, Record: {}, PredictEndpoint: %s}", url),
                 NULL);
  assert_int_equal(o.status, 0);
  assert_string_equal(whole_header(w.server.last_head, "Host", host, sizeof host), expected);
  outcome_free(&o);
  whole_end(&w);
}

/* The older names of botocore's ClientMethodAlias and of its one service name alias. */
static void test_older_names(void **state) {
  (void)state;
  static const struct {
    const char *service, *older, *operation;
  } cases[] = {{"mturk", "list_hi_ts_for_qualification_type", "ListHITsForQualificationType"},
               {"socialmessaging", "delete_whatsapp_media_message", "DeleteWhatsAppMessageMedia"},
               {"cloudwatch", "get_o_tel_enrichment", "GetOTelEnrichment"},
               {"cloudwatch", "start_o_tel_enrichment", "StartOTelEnrichment"},
               {"cloudwatch", "stop_o_tel_enrichment", "StopOTelEnrichment"},
               {"cloudwatch", "update_o_tel_enrichment", "UpdateOTelEnrichment"},
               {"signin", "create_o_auth2_token", "CreateOAuth2Token"},
               {"runtime.sagemaker", "invoke_endpoint", "InvokeEndpoint"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    struct outcome o;
    tcx_client_t *shared = NULL, *same = NULL;
    begin(&w, NO_SERVER, cases[i].service, NULL);
    assert_string_equal(tcx_client_service(w.client),
                        i < 7 ? cases[i].service : "sagemaker-runtime");
    whole_goal_to(&w, cases[i].older, NULL, TCX__GOAL_RENDER, &o);
    assert_true(o.status == 0 || o.status == TCX_EPARAM); /* required members are missing */
    if (o.status != 0)
      assert_string_equal(o.operation, cases[i].operation);
    outcome_free(&o);
    whole_goal_to(&w, "get_o_tel_enrichmen", NULL, TCX__GOAL_RENDER, &o);
    assert_int_equal(o.status, TCX_EOPNAME);
    outcome_free(&o);
    assert_int_equal(tcx_session_get_client(w.session, cases[i].service, NULL, &shared), 0);
    assert_int_equal(tcx_session_get_client(w.session, cases[i].service, NULL, &same), 0);
    assert_ptr_equal(shared, same);
    whole_end(&w);
  }
}

static void test_out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(one_torture, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_copy),         cmocka_unit_test(test_copy_refused),
      cmocka_unit_test(test_copy_waits),   cmocka_unit_test(test_aliases),
      cmocka_unit_test(test_undecodable),  cmocka_unit_test(test_polly),
      cmocka_unit_test(test_prediction),   cmocka_unit_test(test_older_names),
      cmocka_unit_test(test_out_of_memory)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
