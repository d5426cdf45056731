/* Endpoints and signatures of all kinds while one allocation after the other fails: the call ends
 * once, says that memory was out, and nothing leaks. */
#include "core/call.h"
#include "support.h"
#include "torture.h"

#define MRAP    "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap"
#define OUTPOST "arn:aws:s3-outposts:us-east-1:123456789012:outpost:op-01234567890123456:"

struct plan {
  const char *service, *operation, *params, *config, *token;
  bool vault;      /* the keys come from the program's provider */
  const char *url; /* what it begins with; NULL: the call fails with status */
  int status;
};

struct end {
  int calls, status;
  char url[400];
};

static void on_vault(tcx_credentials_request_t *request, void *data) {
  (void)data;
  tcx_credentials_answer(request, 0,
                         &(tcx_credentials_t){.access_key = "AK",
                                              .secret_key = "S",
                                              .session_token = "T",
                                              .account_id = "123456789012"},
                         NULL);
}

static void on_end(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct end *e = tcx_call_data(call);
  e->calls++;
  e->status = error != NULL ? error->status : 0;
  if (response != NULL)
    snprintf(e->url, sizeof e->url, "%s", tcx_value_str(response, "Url"));
}

static int run(void *ctx) {
  const struct plan *p = ctx;
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  tcx_client_t *client = NULL;
  struct end e = {0};
  tcx_session_options_t so = {.config_file = "/dev/null",
                              .credentials_file = "/dev/null",
                              .data_path = TCX_SOURCE_DIR "/models/data",
                              .credentials = p->vault ? on_vault : NULL};
  tcx_client_options_t co = {.region = "us-east-1",
                             .bearer_token = p->token,
                             .access_key = p->vault ? NULL : "AK",
                             .secret_key = p->vault ? NULL : "S"};
  assert_int_equal(uv_loop_init(&loop), 0);
  int err = tcx_session_new(&loop, &so, &session);
  co.config =
      err == 0 && p->config != NULL ? tcx_value_from_json(p->config, strlen(p->config)) : NULL;
  if (err == 0)
    err = tcx_session_create_client(session, p->service, &co, &client);
  if (err == 0) {
    struct tcx_call_start start = {.client = client,
                                   .operation = p->operation,
                                   .params = tcx_value_from_json(p->params, strlen(p->params)),
                                   .cb = on_end,
                                   .data = &e,
                                   .goal = TCX__GOAL_RENDER};
    err = tcx__call_start(&start, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(e.calls, err == 0);
  }
  if (session != NULL)
    tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  if (err == 0 && e.status != UV_ENOMEM) {
    assert_int_equal(e.status, p->status);
    assert_true(p->url == NULL || strncmp(e.url, p->url, strlen(p->url)) == 0);
    return 0;
  }
  assert_int_equal(err != 0 ? err : e.status, UV_ENOMEM);
  return UV_ENOMEM;
}

/* clang-format off */
static const struct plan plans[] = {
    {"dynamodb", "get_item", "{\"TableName\": \"t\", \"Key\": {\"k\": {\"S\": \"v\"}}}", NULL, NULL, true, "https://123456789012.ddb.us-east-1.amazonaws.com/", 0},
    {"dynamodb", "batch_get_item", "{\"RequestItems\": {\"arn:aws:dynamodb:us-east-1:999999999999:table/t\": {\"Keys\": [{\"k\": {\"S\": \"v\"}}]}}}", NULL, NULL, true,
     "https://999999999999.ddb.us-east-1.amazonaws.com/", 0},
    {"dynamodb", "list_tables", "{}", "{\"signature_version\": \"bearer\"}", "token", false, "https://dynamodb.us-east-1.amazonaws.com/", 0},
    {"s3", "get_object", "{\"Bucket\": \"b\", \"Key\": \"k\"}", "{\"client_context_params\": {\"force_path_style\": true}, \"auth_scheme_preference\": \"sigv4a,sigv4\"}", NULL, false,
     "https://s3.us-east-1.amazonaws.com/b/k", 0},
    {"s3", "get_object", "{\"Bucket\": \"b\", \"Key\": \"k\"}", "{\"client_context_params\": {\"force_path_stile\": true}}", NULL, false, NULL, TCX_ECONFIG},
    {"s3", "put_object", "{\"Bucket\": \"" MRAP "\", \"Key\": \"k\", \"Body\": \"hello\"}", "{\"sigv4a_signing_region_set\": \"us-*\"}", NULL, true, "https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/k", 0},
    {"s3control", "get_bucket", "{\"Bucket\": \"" OUTPOST "bucket:b\"}", NULL, NULL, false, "https://s3-outposts.us-east-1.amazonaws.com/", 0},
    {"events", "put_events", "{\"EndpointId\": \"abc123.456def\", \"Entries\": [{\"Detail\": \"{}\"}]}", NULL, NULL, false, "https://abc123.456def.endpoint.events.amazonaws.com/", 0},
};
/* clang-format on */

static void test_plans(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
    test_fail_until_ok(run, (void *)&plans[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_plans)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
