/* tucuxi/model.h: trees that outlive what they describe, answers where there is nothing to
 * describe, memory that ends. */
#include "support.h"
#include "torture.h"
#include <tucuxi/model.h>

static uv_loop_t loop;
static tcx_session_t *session;
static tcx_client_t *s3;

static void end_session(void) {
  if (session != NULL)
    tcx_session_close(session, NULL);
  session = NULL;
  uv_run(&loop, UV_RUN_DEFAULT);
}

static int begin(void **state) {
  (void)state;
  unsetenv("AWS_DATA_PATH");
  tcx_session_options_t options = {.config_file = "/dev/null",
                                   .credentials_file = "/dev/null",
                                   .data_path = TCX_SOURCE_DIR "/models/data"};
  return uv_loop_init(&loop) != 0 || tcx_session_new(&loop, &options, &session) != 0 ||
         tcx_session_create_client(session, "s3", NULL, &s3) != 0;
}

static int end(void **state) {
  (void)state;
  end_session();
  return uv_loop_close(&loop);
}

static void a_service(void **state) {
  (void)state;
  tcx_value_t *v = tcx_client_describe(s3);
  assert_int_equal(tcx_value_status(v), 0);
  assert_string_equal(tcx_value_str(v, "service_id"), "S3");
  assert_string_equal(tcx_value_str(v, "operations.list_objects_v2"), "ListObjectsV2");
  assert_string_equal(tcx_value_str(v, "waiters[0]"), "bucket_exists");
  end_session();
  assert_string_equal(tcx_value_str(v, "operations.get_object"),
                      "GetObject"); /* also when all is closed */
  tcx_value_set_str(v, "more", "it is a tree as any");
  assert_int_equal(tcx_value_status(v), 0);
  tcx_value_free(v);
}

static void an_operation(void **state) {
  (void)state;
  tcx_value_t *v = tcx_client_describe_operation(s3, "PutObject");
  assert_int_equal(tcx_value_status(v), 0);
  assert_string_equal(tcx_value_str(v, "method"), "put_object");
  assert_false(tcx_value_bool(v, "paginated", true));
  assert_string_equal(tcx_value_str(v, "shapes.PutObjectRequest.required[1]"), "Key");
  assert_true(tcx_value_bool(v, "shapes.PutObjectRequest.members.Body.streaming", false));
  assert_string_equal(tcx_value_str(v, "shapes.Body.type"), "blob");
  assert_string_equal(tcx_value_str(v, "shapes.Metadata.value.shape"), "MetadataValue");
  assert_string_equal(tcx_value_str(v, "shapes.InvalidWriteOffset.type"), "structure");
  assert_true(tcx_value_bool(v, "shapes.InvalidWriteOffset.exception", false));
  tcx_value_t *copy = tcx_value_copy(v);
  tcx_value_free(v);
  end_session();
  assert_string_equal(tcx_value_str(copy, "shapes.ObjectCannedACL.enum[0]"), "private");
  tcx_value_free(copy);
}

static void shapes_in_circles(void **state) {
  (void)state;
  tcx_client_t *client;
  assert_int_equal(tcx_session_create_client(session, "dynamodb", NULL, &client), 0);
  tcx_value_t *v = tcx_client_describe_operation(client, "get_item");
  assert_string_equal(tcx_value_str(v, "shapes.AttributeValue.members.L.shape"),
                      "ListAttributeValue");
  assert_string_equal(tcx_value_str(v, "shapes.ListAttributeValue.member.shape"), "AttributeValue");
  tcx_value_free(v);
}

static void pages(void **state) {
  (void)state;
  assert_true(tcx_client_can_paginate(s3, "list_objects_v2"));
  assert_true(tcx_client_can_paginate(s3, "ListObjectsV2"));
  assert_false(tcx_client_can_paginate(s3, "get_object"));
  assert_false(tcx_client_can_paginate(s3, "no_such"));
  assert_false(tcx_client_can_paginate(s3, NULL));
  assert_true(tcx_client_has_event_stream(s3, "select_object_content"));
  assert_false(tcx_client_has_event_stream(s3, "get_object"));
  assert_false(tcx_client_has_event_stream(s3, "no_such"));
}

static void fails(tcx_value_t *v, int status, const char *text) {
  assert_int_equal(tcx_value_status(v), status);
  if (strstr(tcx_value_problem(v), text) == NULL)
    fail_msg("%s", tcx_value_problem(v));
  tcx_value_free(v);
}

static void nothing_to_describe(void **state) {
  (void)state;
  tcx_client_t *client;
  assert_int_equal(tcx_session_create_client(session, "dynamdob", NULL, &client), 0);
  fails(tcx_client_describe(client), TCX_ESERVICE, "did you mean dynamodb?");
  fails(tcx_client_describe_operation(client, "get_item"), TCX_ESERVICE,
        "Unknown service: 'dynamdob'");
  assert_false(tcx_client_can_paginate(client, "scan"));
  assert_false(tcx_client_has_event_stream(client, "scan"));
  fails(tcx_client_describe_operation(s3, "get_objct"), TCX_EOPNAME, "did you mean get_object");
  fails(tcx_client_describe_operation(s3, NULL), TCX_EOPNAME, "has no operation ''");
  fails(tcx_session_get_available_regions(session, "s4", NULL), TCX_ESERVICE,
        "Unknown service: 's4'");
  tcx_value_t *v = tcx_session_get_available_regions(session, "s3", "aws-nowhere");
  assert_int_equal(tcx_value_status(v), 0);
  assert_int_equal(tcx_value_len(v, NULL), 0);
  tcx_value_free(v);
}

/* As in botocore, an operation that sends an event stream does not exist. */
static void event_input(void **state) {
  (void)state;
  tcx_client_t *client;
  assert_int_equal(tcx_session_create_client(session, "bedrock-runtime", NULL, &client), 0);
  tcx_value_t *v = tcx_client_describe(client);
  assert_int_equal(tcx_value_type(v, "operations.invoke_model_with_bidirectional_stream"),
                   TCX_ABSENT);
  assert_int_equal(tcx_value_type(v, "operations.converse_stream"), TCX_STRING);
  tcx_value_free(v);
  fails(tcx_client_describe_operation(client, "invoke_model_with_bidirectional_stream"),
        TCX_EOPNAME, "has no operation");
}

static void no_profile(void **state) {
  (void)state;
  tcx_session_t *other;
  tcx_session_options_t options = {
      .config_file = "/dev/null", .credentials_file = "/dev/null", .profile = "absent"};
  assert_int_equal(tcx_session_new(&loop, &options, &other), 0);
  fails(tcx_session_get_available_services(other), TCX_ECONFIG,
        "The config profile (absent) could not be found");
  fails(tcx_session_get_available_regions(other, NULL, NULL), TCX_ECONFIG, "absent");
  tcx_session_close(other, NULL);
}

static void on_client_closed(tcx_client_t *client) {
  tcx_value_t *v = tcx_client_describe_operation(client, "get_object");
  assert_int_equal(tcx_value_status(v), 0);
  tcx_value_free(v);
}

static void on_session_closed(tcx_session_t *closed) {
  fails(tcx_session_get_available_services(closed), TCX_ECLOSING, "closing");
  fails(tcx_session_get_available_regions(closed, "s3", NULL), TCX_ECLOSING, "closing");
}

static void while_closing(void **state) {
  (void)state;
  tcx_client_close(s3, on_client_closed);
  tcx_session_close(session, on_session_closed);
  fails(tcx_session_get_available_partitions(session), TCX_ECLOSING, "closing");
  session = NULL;
  uv_run(&loop, UV_RUN_DEFAULT);
}

static tcx_value_t *ask(int i) {
  switch (i) {
  case 0:
    return tcx_session_get_available_services(session);
  case 1:
    return tcx_session_get_available_partitions(session);
  case 2:
    return tcx_session_get_available_regions(session, NULL, "aws");
  case 3:
    return tcx_session_get_available_regions(session, "s3", "aws");
  case 4:
    return tcx_client_describe(s3);
  default:
    return tcx_client_describe_operation(s3, "get_object");
  }
}

static int ask_once(void *ctx) {
  tcx_value_t *v = ask(*(int *)ctx);
  int status = tcx_value_status(v);
  assert_true(status == 0 || status == UV_ENOMEM);
  assert_true(status != 0 || tcx_value_len(v, NULL) >= 8);
  tcx_value_free(v);
  return status;
}

static void memory_may_end_anywhere(void **state) {
  (void)state;
  for (int i = 0; i < 6; i++) {
    tcx_value_free(ask(i)); /* what the session keeps is there */
    test_fail_until_ok(ask_once, &i);
  }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
  const struct CMUnitTest tests[] = {
      T(a_service),  T(an_operation),        T(shapes_in_circles),
      T(pages),      T(nothing_to_describe), T(event_input),
      T(no_profile), T(while_closing),       T(memory_may_end_anywhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
