/*
 * What callers, servers and networks get wrong. Each case: status, code, the offending name in msg,
 * how many requests were made, one callback, and nothing left on the loop (whole_end).
 */
#include "whole.h"
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* templates that the compiler must not see */

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define XML(n)   "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: " #n "\r\n\r\n"

static const struct fault_step never[] = {DO(END)};
static const struct fault_step *const silent[] = {never};

/* ---- the caller's: nothing is sent ---- */

struct wrong {
  const char *what;
  const char *operation;
  tcx_value_t *(*params)(void);
  int status;
  const char *in_msg[4];
};

static tcx_value_t *none(void) { return NULL; }
static tcx_value_t *only_bucket(void) { return tcx_params("{Bucket: b}"); }
static tcx_value_t *unknown_member(void) { return tcx_params("{Bucket: b, Kee: k}"); }
static tcx_value_t *two_wrong(void) { return tcx_params("{Bukket: b, MaxKeys: many}"); }
static tcx_value_t *wrong_type(void) { return tcx_params("{Bucket: b, MaxKeys: 'ten'}"); }
static tcx_value_t *empty_key(void) { return tcx_params("{Bucket: b, Key: ''}"); }
static tcx_value_t *bad_bucket(void) { return tcx_params("{Bucket: 'a b', Key: k}"); }
static tcx_value_t *slash_bucket(void) { return tcx_params("{Bucket: 'a/b', Key: k}"); }
static tcx_value_t *bad_template(void) {
  const char *text = "{Bucket: b, Key k}";
  return tcx_params(text, 0);
}
static tcx_value_t *bad_path(void) {
  return tcx_value_set_str(tcx_params("{Bucket: b}"), "Key[", "k");
}
static tcx_value_t *bad_json(void) { return tcx_value_from_json("{\"Bucket\": }", 12); }
static tcx_value_t *a_list(void) { return tcx_value_new_list(); }
static tcx_value_t *crlf_header(void) {
  return tcx_params("{Bucket: b, Key: k, ContentType: %s}", "text/plain\r\nX-Evil: 1");
}
static tcx_value_t *crlf_metadata_name(void) {
  return tcx_value_put(tcx_params("{Bucket: b, Key: k}"), "Metadata", 8,
                       tcx_value_put(tcx_value_new_map(), "a\r\nb", 4, tcx_value_new_str("v")));
}
static tcx_value_t *nul_metadata(void) {
  tcx_value_t *map = tcx_params("{name: %.*s}", 3, "a\0b");
  return tcx_value_put(tcx_params("{Bucket: b, Key: k}"), "Metadata", 8, map);
}
static tcx_value_t *non_ascii_metadata(void) {
  return tcx_params("{Bucket: b, Key: k, Metadata: {name: %s}}", "h\xc3\xa9");
}
static tcx_value_t *bad_algorithm(void) {
  return tcx_params("{Bucket: b, Key: k, Body: x, ChecksumAlgorithm: ROT13}");
}
static tcx_value_t *no_file(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                            tcx_body_file("no/such/file", 0, -1));
}
static tcx_value_t *a_folder(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", tcx_body_file("/", 0, -1));
}
static tcx_value_t *short_file(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                            tcx_body_file(TCX_TEST_DIR "/unit/all/test_bad_input.c", 0, 100000000));
}
static tcx_value_t *null_path(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", tcx_body_file(NULL, 0, -1));
}
static ssize_t read_none(tcx_body_t *body, void *buf, size_t len) {
  (void)body, (void)buf, (void)len;
  return 0;
}
static tcx_value_t *unknown_length(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                            tcx_body_source(-1, read_none, NULL, NULL, NULL));
}
static tcx_value_t *no_reader(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                            tcx_body_source(1, NULL, NULL, NULL, NULL));
}
static tcx_value_t *body_for_text(void) {
  return tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "ContentType",
                            tcx_body_copy("x", 1));
}

/* clang-format off */
static const struct wrong wrongs[] = {
    {"unknown operation", "get_objekt", only_bucket, TCX_EOPNAME, {"get_objekt", "get_object", "'s3'"}},
    {"unknown operation, own casing", "GetObjectz", only_bucket, TCX_EOPNAME, {"GetObjectz"}},
    {"empty operation", "", none, TCX_EOPNAME, {"''"}},
    {"missing both", "get_object", none, TCX_EPARAM, {"Parameter validation failed", "\"Bucket\"", "\"Key\""}},
    {"missing one", "get_object", only_bucket, TCX_EPARAM, {"Missing required parameter in input: \"Key\""}},
    {"unknown member", "get_object", unknown_member, TCX_EPARAM, {"Unknown parameter in input: \"Kee\"", "must be one of", "Missing required parameter in input: \"Key\""}},
    {"all at once", "list_objects_v2", two_wrong, TCX_EPARAM, {"\"Bukket\"", "\"Bucket\"", "Invalid type for parameter MaxKeys, value: many"}},
    {"wrong type", "list_objects_v2", wrong_type, TCX_EPARAM, {"Invalid type for parameter MaxKeys, value: ten"}},
    {"empty key", "get_object", empty_key, TCX_EPARAM, {"Key", "min length: 1"}},
    {"bucket with a space", "get_object", bad_bucket, TCX_EPARAM, {"Invalid bucket name \"a b\""}},
    {"bucket with a slash", "get_object", slash_bucket, TCX_EPARAM, {"Invalid bucket name \"a/b\""}},
    {"bad template", "get_object", bad_template, TCX_EPARAM, {"column 17"}},
    {"bad path", "get_object", bad_path, UV_EINVAL, {"'Key[' is not a path"}},
    {"bad JSON", "get_object", bad_json, TCX_EPARAM, {"line 1", "column 12"}},
    {"a list", "get_object", a_list, TCX_EPARAM, {"must be a map"}},
    {"line end in a header", "put_object", crlf_header, TCX_EPARAM, {"Content-Type"}},
    {"line end in a header's name", "put_object", crlf_metadata_name, TCX_EPARAM, {"x-amz-meta-a"}},
    {"NUL in a header", "put_object", nul_metadata, TCX_EPARAM, {"x-amz-meta-name"}},
    {"metadata beyond ASCII", "put_object", non_ascii_metadata, TCX_EPARAM, {"Non ascii characters found in S3 metadata for key \"name\"", "h\xc3\xa9"}},
    {"unknown checksum", "put_object", bad_algorithm, TCX_EPARAM, {"ROT13"}},
    {"no such file", "put_object", no_file, TCX_EBODY, {"no/such/file", "no such file"}},
    {"a folder as body", "put_object", a_folder, TCX_EBODY, {" /", "directory"}},
    {"a file that is too short", "put_object", short_file, TCX_EBODY, {"test_bad_input.c", "end of file"}},
    {"no file name", "put_object", null_path, UV_EINVAL, {"invalid argument"}},
    {"unknown length", "put_object", unknown_length, TCX_EBODY, {"length of the request body is unknown", "PutObject"}},
    {"a source without a reader", "put_object", no_reader, UV_EINVAL, {"invalid argument"}},
    {"a body where text belongs", "put_object", body_for_text, TCX_EPARAM, {"ContentType"}},
};
/* clang-format on */

static void test_callers(void **state) {
  (void)state;
  int bad = 0;
  for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
    const struct wrong *c = &wrongs[i];
    struct whole w;
    whole_begin(&w, silent, 1, NULL);
    struct outcome o = whole_call(&w, c->operation, c->params(), NULL);
    bool good =
        o.status == c->status && o.attempts == 0 && !o.sent && o.code == NULL && o.response == NULL;
    for (size_t k = 0; k < 4 && c->in_msg[k] != NULL; k++)
      good = good && o.msg != NULL && strstr(o.msg, c->in_msg[k]) != NULL;
    if (!good) {
      fprintf(stderr, "%s: %s, attempts %d, sent %d: %s\n", c->what, tcx_err_name(o.status),
              o.attempts, o.sent, o.msg);
      bad++;
    }
    outcome_free(&o);
    whole_turns(&w, 3);
    assert_int_equal(w.server.accepted, 0);
    whole_end(&w);
  }
  assert_int_equal(bad, 0);
}

/* JSON parameters; unchecked: the client's parameter_validation is off, so that the serializers
 * meet them. */
/* clang-format off */
static const struct { const char *what, *operation, *params; bool unchecked; int status; const char *in_msg; } more[] = {
    {"a length that is not the body's", "put_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":\"hello\",\"ContentLength\":7}", false, TCX_EPARAM, "ContentLength, value: 7"},
    {"a copy of nothing", "copy_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"CopySource\":{\"Bucket\":\"c\"}}", false, TCX_EPARAM, "'Key'"},
    {"unchecked, no bucket", "put_object", "{\"Key\":\"k\"}", true, TCX_EPARAM, "\"Bucket\""},
    {"unchecked, a number for a bucket", "put_object", "{\"Bucket\":5,\"Key\":\"k\"}", true, TCX_EPARAM, "\"Bucket\""},
    {"unchecked, no key", "put_object", "{\"Bucket\":\"b\"}", true, TCX_EPARAM, "Key"},
    {"unchecked, a number for a body", "put_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":7}", true, TCX_EPARAM, "Body"},
    {"unchecked, a list for a key", "put_object", "{\"Bucket\":\"b\",\"Key\":[1]}", true, TCX_EENDPOINT, "Key"},
    {"unchecked, a map for a text", "put_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a\":{\"b\":1}}}", true, TCX_EPARAM, "value"},
    {"unchecked, a map for a list", "delete_objects", "{\"Bucket\":\"b\",\"Delete\":{\"Objects\":{\"a\":1}}}", true, TCX_EPARAM, "Objects"},
    {"unchecked, a number for a map", "delete_objects", "{\"Bucket\":\"b\",\"Delete\":7}", true, TCX_EPARAM, "Delete"},
    {"unchecked, a text for a list", "put_bucket_tagging", "{\"Bucket\":\"b\",\"Tagging\":{\"TagSet\":\"x\"}}", true, TCX_EPARAM, "TagSet"},
    {"unchecked, a list for an algorithm", "put_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"ChecksumAlgorithm\":[1]}", true, TCX_EPARAM, "ChecksumAlgorithm"},
    {"unchecked, numbers for a source", "copy_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"CopySource\":{\"Bucket\":1,\"Key\":2}}", true, TCX_EPARAM, "'Bucket'"},
};
/* clang-format on */

static void test_more_callers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
    struct whole w;
    struct outcome o;
    whole_begin(&w, NULL, 0,
                &(tcx_client_options_t){.region = "us-west-2",
                                        .config = more[i].unchecked
                                                      ? tcx_params("{parameter_validation: false}")
                                                      : NULL});
    whole_goal_to(&w, more[i].operation,
                  tcx_value_from_json(more[i].params, strlen(more[i].params)), TCX__GOAL_SEND, &o);
    if (o.status != more[i].status || strstr(o.msg, more[i].in_msg) == NULL)
      fail_msg("%s: %s: %s", more[i].what, tcx_err_name(o.status), o.msg);
    outcome_free(&o);
    whole_end(&w);
  }
}

/* ---- options and clients ---- */

static void expect(struct whole *w, int status, const char *in_msg) {
  struct outcome o = whole_call(w, "get_object", tcx_params("{Bucket: b, Key: k}"), NULL);
  if (o.status != status || strstr(o.msg, in_msg) == NULL)
    fail_msg("%s, not %s: %s", tcx_err_name(o.status), tcx_err_name(status), o.msg);
  assert_int_equal(o.attempts, 0);
  outcome_free(&o);
}

static void test_service_names(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, NULL, 0, NULL);
  assert_int_equal(tcx_session_create_client(w.session, "s33", NULL, &w.client), 0);
  expect(&w, TCX_ESERVICE, "s33");
  expect(&w, TCX_ESERVICE, "did you mean");
  whole_end(&w);
}

static void test_client_options(void **state) {
  (void)state;
  const struct {
    tcx_client_options_t options;
    const char *config;
    int status;
    const char *in_msg;
  } cases[] = {
      {{.region = "us east 1"}, NULL, TCX_ECONFIG, "us east 1"},
      {{.endpoint_url = "localhost:9000"}, NULL, TCX_ECONFIG, "Invalid endpoint: localhost:9000"},
      {{.endpoint_url = "ftp://h"}, NULL, TCX_ECONFIG, "ftp://h"},
      {{.access_key = "AK"}, NULL, TCX_ECONFIG, "secret_key"},
      {{.secret_key = "SK"}, NULL, TCX_ECONFIG, "access_key"},
      {{.user_agent_extra = "a\r\nb"}, NULL, TCX_ECONFIG, "user_agent_extra"},
      {{0}, "{regionname: x}", TCX_ECONFIG, "unknown option regionname"},
      {{0}, "{retries: {mode: sideways}}", TCX_ECONFIG, "sideways"},
      {{0}, "{retries: 3}", TCX_ECONFIG, "retries must be a map"},
      {{0}, "{connect_timeout: 0}", TCX_ECONFIG, "connect_timeout"},
      {{0},
       "{s3: {addressing_style: sideways}}",
       TCX_ECONFIG,
       "S3 addressing style sideways is invalid. Valid options are: 'auto', 'virtual', and 'path'"},
      {{0}, "{proxies: {ftp: x}}", TCX_ECONFIG, "unknown option proxies.ftp"},
      {{0}, "{max_pool_connections: 0}", TCX_ECONFIG, "max_pool_connections"},
      {{0}, "{use_fips_endpoint: maybe}", TCX_ECONFIG, "use_fips_endpoint"},
      {{0}, "[1]", TCX_ECONFIG, "config must be a map"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    tcx_client_options_t co = cases[i].options;
    if (co.access_key == NULL && co.secret_key == NULL)
      co.access_key = WHOLE_KEY, co.secret_key = WHOLE_SECRET;
    if (cases[i].config != NULL)
      co.config = tcx_params(cases[i].config, 0);
    tcx_session_options_t so = {.data = &w};
    if (co.region == NULL)
      co.region = "us-east-1";
    whole_begin_with(&w, NULL, 0, &so, &co);
    expect(&w, cases[i].status, cases[i].in_msg);
    expect(&w, cases[i].status, cases[i].in_msg); /* each call of the client tells it */
    whole_end(&w);
  }
}

static void test_bad_config_tree(void **state) {
  (void)state;
  const char *text = "{retries: ";
  struct whole w;
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.config = tcx_params(text, 0)});
  expect(&w, TCX_ECONFIG, "column");
  whole_end(&w);
}

static void test_call_headers(void **state) {
  (void)state;
  static const struct {
    const char *lines[2];
    const char *in_msg;
  } cases[] = {
      {{"no colon"}, "no colon"},
      {{"A: b\r\nC: d"}, "line end"},
      {{"Bad Name: x"}, "Bad Name"},
      {{": empty"}, ": empty"},
      {{"Host: elsewhere"}, "Host"},
      {{"content-length: 3"}, "content-length"},
      {{"Transfer-Encoding: chunked"}, "Transfer-Encoding"},
      {{"Connection: close"}, "Connection"},
      {{"Authorization: x"}, "Authorization"},
      {{"X-Amz-Date: x"}, "X-Amz-Date"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    whole_begin(&w, silent, 1, NULL);
    struct outcome o = whole_call(&w, "get_object", tcx_params("{Bucket: b, Key: k}"),
                                  &(tcx_call_options_t){.headers = cases[i].lines});
    if (o.status != TCX_EPARAM || strstr(o.msg, cases[i].in_msg) == NULL || o.attempts != 0)
      fail_msg("%s: %s: %s", cases[i].lines[0], tcx_err_name(o.status), o.msg);
    outcome_free(&o);
    whole_end(&w);
  }
}

static void test_bad_keys(void **state) {
  (void)state;
  static const tcx_client_options_t cases[] = {
      {.access_key = "AK\r\nX: y", .secret_key = "s"},
      {.access_key = "AK", .secret_key = "s", .session_token = "t\nX: y"},
  };
  for (size_t i = 0; i < 2; i++) {
    struct whole w;
    whole_begin(&w, silent, 1, &cases[i]);
    struct outcome o = whole_call(&w, "get_object", tcx_params("{Bucket: b, Key: k}"), NULL);
    assert_int_equal(o.status, TCX_EPARAM);
    assert_int_equal(o.attempts, 0);
    assert_false(o.sent);
    outcome_free(&o);
    whole_end(&w);
  }
}

static void *no_malloc(size_t n) {
  (void)n;
  return NULL;
}
static void *no_realloc(void *p, size_t n) {
  (void)p, (void)n;
  return NULL;
}
static void *no_calloc(size_t count, size_t size) {
  (void)count, (void)size;
  return NULL;
}

static void test_builder_without_memory(void **state) {
  (void)state;
  struct whole w;
  struct outcome o = {0};
  whole_begin(&w, silent, 1, NULL);
  assert_int_equal(tcx_replace_allocator(no_malloc, no_realloc, no_calloc, free), 0);
  tcx_value_t *params = tcx_params("{Bucket: b, Key: k}");
  tcx_body_t *body = tcx_body_copy("x", 1);
  assert_int_equal(tcx_replace_allocator(malloc, realloc, calloc, free), 0);
  assert_int_equal(tcx_value_status(params), UV_ENOMEM);
  assert_int_equal(tcx_client_call(w.client, "get_object", params, outcome_cb, &o), UV_ENOMEM);
  o = whole_call(&w, "put_object",
                 tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", body), NULL);
  assert_int_equal(o.status, UV_ENOMEM);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- the server's ---- */

struct server_case {
  const char *what;
  const struct fault_step *steps;
  int status;
  int attempts;
  const char *in_msg;
  const char *code;
};

static const struct fault_step closes[] = {DO(REQUEST), DO(CLOSE)};
static const struct fault_step resets[] = {DO(REQUEST), DO(RESET)};
static const struct fault_step closes_at_once[] = {DO(CLOSE)};
static const struct fault_step garbage[] = {DO(REQUEST), SEND("SSH-2.0-OpenSSH_9.2\r\n"), DO(END)};
static const struct fault_step half_head[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Le"),
                                              DO(CLOSE)};
static const struct fault_step too_long[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<a/>"), DO(CLOSE)};
static const struct fault_step bad_length[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n0123456789"), DO(END)};
static const struct fault_step two_lengths[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n<a/> "),
    DO(END)};
static const struct fault_step bad_chunk[] = {
    DO(REQUEST),
    SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n<a/>\r\n0\r\n\r\n"), DO(END)};
static const struct fault_step cut_chunk[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<ab/>\r\n"),
    DO(CLOSE)};
static const struct fault_step many_headers[] = {DO(REQUEST), SEND("HTTP/1.1 200 OK\r\n"),
                                                 FILL("X-Filler: value\r\n", 1000),
                                                 SEND("Content-Length: 0\r\n\r\n"), DO(END)};
static const struct fault_step endless_header[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nX-Endless: "),
    FILL("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 4000), DO(END)};
static const struct fault_step deep_xml[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n"), FILL("<a>", 10000),
    DO(AGAIN)};
static const struct fault_step dtd[] = {
    DO(REQUEST),
    SEND(
        XML(80) "<!DOCTYPE x [<!ENTITY e 'boom'>]><ListBucketResult><Name>&e;</Name></ListBucketR"),
    DO(AGAIN)};
static const struct fault_step cut_xml[] = {DO(REQUEST), SEND(XML(25) "<ListBucketResult><Name>b"),
                                            DO(AGAIN)};
static const struct fault_step bad_number[] = {
    DO(REQUEST), SEND(XML(61) "<ListBucketResult><MaxKeys>lots</MaxKeys></ListBucketResult> "),
    DO(AGAIN)};

static const struct server_case server_cases[] = {
    {"closes after the request", closes, UV_ECONNRESET, 3,
     "closed the connection before it answered", NULL},
    {"resets", resets, UV_ECONNRESET, 3, "127.0.0.1", NULL},
    {"closes at once", closes_at_once, UV_ECONNRESET, 3, "127.0.0.1", NULL},
    {"garbage", garbage, TCX_EPROTO, 3, "malformed response from 127.0.0.1", NULL},
    {"half a head", half_head, TCX_EPROTO, 3, "malformed response", NULL},
    {"a length that is too long", too_long, TCX_EPROTO, 3, "malformed response", NULL},
    {"a length that is no number", bad_length, TCX_EPROTO, 3, "malformed response", NULL},
    {"two lengths", two_lengths, TCX_EPROTO, 3, "malformed response", NULL},
    {"a bad chunk", bad_chunk, TCX_EPROTO, 3, "malformed response", NULL},
    {"chunks cut off", cut_chunk, TCX_EPROTO, 3, "malformed response", NULL},
    {"1000 headers", many_headers, TCX_EPROTO, 3, "malformed response", NULL},
    {"an endless header", endless_header, TCX_EPROTO, 3, "malformed response", NULL},
};
/* S3's answers with 200 whose document cannot be read count as errors of the server, as in
 * botocore. */
static const struct server_case document_cases[] = {
    {"XML 10,000 deep", deep_xml, TCX_ECLIENT, 3, "ListObjectsV2", "500"},
    {"a DTD", dtd, TCX_ECLIENT, 3, "ListObjectsV2", "500"},
    {"XML that ends early", cut_xml, TCX_ECLIENT, 3, "ListObjectsV2", "500"},
    {"a number that is none", bad_number, TCX_ECLIENT, 3, "ListObjectsV2", "500"},
};

static int run_server_case(const struct server_case *c, const tcx_call_options_t *options) {
  const struct fault_step *const scripts[] = {c->steps};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), options);
  bool good = o.status == c->status && o.attempts == c->attempts && o.retryable &&
              strstr(o.msg, c->in_msg) != NULL && strcmp(o.operation, "ListObjectsV2") == 0;
  good =
      good && (c->code == NULL ? o.code == NULL : o.code != NULL && strcmp(o.code, c->code) == 0);
  good = good && (int)(c->steps[0].what == FAULT_CLOSE ? w.server.accepted : w.server.requests) ==
                     c->attempts;
  if (!good)
    fprintf(stderr, "%s: %s, code %s, attempts %d, retryable %d, %u connections: %s\n", c->what,
            tcx_err_name(o.status), o.code, o.attempts, o.retryable, w.server.accepted, o.msg);
  outcome_free(&o);
  whole_end(&w);
  return good ? 0 : 1;
}

static void test_servers(void **state) {
  (void)state;
  int bad = 0;
  for (size_t i = 0; i < sizeof server_cases / sizeof server_cases[0]; i++)
    bad += run_server_case(&server_cases[i], NULL);
  for (size_t i = 0; i < sizeof document_cases / sizeof document_cases[0]; i++)
    bad += run_server_case(&document_cases[i], NULL);
  struct server_case once = server_cases[0];
  once.attempts = 1;
  bad += run_server_case(&once, &(tcx_call_options_t){.max_attempts = 1});
  assert_int_equal(bad, 0);
}

static void test_connection_refused(void **state) {
  (void)state;
  struct whole w, other;
  whole_begin(&other, silent, 1, NULL);
  char url[64];
  snprintf(url, sizeof url, "%s", other.url);
  whole_end(&other); /* its port is free now */
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = url});
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  assert_int_equal(o.status, UV_ECONNREFUSED);
  assert_int_equal(o.phase, TCX_PHASE_CONNECT);
  assert_int_equal(o.attempts, 3);
  assert_false(o.sent);
  assert_non_null(strstr(o.msg, "127.0.0.1"));
  outcome_free(&o);
  whole_end(&w);
}

#define PAGE                                                                                       \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "                                 \
  "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Prefix></Prefix>"              \
  "<KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</"                              \
  "IsTruncated><Contents><Key>a&amp;b</Key><Size>10</Size></Contents>"                             \
  "<Contents><Key>\xc3\xa9</Key><LastModified>2020-01-02T03:04:05.000Z</LastModified><Size>20</"   \
  "Size></Contents></ListBucketResult>"

static char *ask_page(const struct fault_step *steps) {
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  char *json = NULL;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "list_objects_v2", tcx_params("{Bucket: b}"), NULL);
  if (o.response == NULL)
    fail_msg("%s", o.msg);
  assert_int_equal(o.attempts, 1);
  assert_int_equal(tcx_value_to_json(o.response, &json, NULL), 0);
  outcome_free(&o);
  whole_end(&w);
  return json;
}

static void test_bytewise(void **state) {
  (void)state;
  static char whole_answer[2048], chunked_answer[2048];
  snprintf(whole_answer, sizeof whole_answer,
           "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nx-amz-request-id: R\r\n\r\n%s", strlen(PAGE),
           PAGE);
  snprintf(chunked_answer, sizeof chunked_answer,
           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 "
           "OK\r\nContent-Length: %zu\r\nx-amz-request-id: R\r\n\r\n%s",
           strlen(PAGE), PAGE);
  const struct fault_step at_once[] = {DO(REQUEST), SEND(whole_answer), DO(END)};
  const struct fault_step bytes[] = {DO(REQUEST), SEND_BYTEWISE(whole_answer), DO(END)};
  const struct fault_step interim[] = {DO(REQUEST), FILL("HTTP/1.1 100 Continue\r\n\r\n", 500),
                                       SEND(chunked_answer), DO(END)};
  char *a = ask_page(at_once), *b = ask_page(bytes), *c = ask_page(interim);
  assert_non_null(strstr(a, "\"a&b\""));
  assert_string_equal(a, b);
  assert_string_equal(a, c);
  tcx_free(a);
  tcx_free(b);
  tcx_free(c);
}

static char big_body[8u << 20];

/* The answer comes while the upload is under way: it is honoured, and the connection is not used
 * again. */
static void test_answer_before_the_end(void **state) {
  (void)state;
  const struct fault_step early[] = {
      DO(HEAD), SEND(whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "Access Denied"))),
      DO(STOP_READING), DO(END)};
  const struct fault_step *const scripts[] = {early};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  for (int i = 0; i < 2; i++) {
    struct outcome o = whole_call(&w, "put_object",
                                  tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body",
                                                     tcx_body_borrow(big_body, sizeof big_body)),
                                  NULL);
    assert_int_equal(o.status, TCX_ECLIENT);
    assert_string_equal(o.code, "AccessDenied");
    assert_int_equal(o.http_status, 403);
    assert_int_equal(o.attempts, 1);
    outcome_free(&o);
  }
  assert_int_equal(w.server.accepted, 2);
  assert_true(w.server.received < sizeof big_body); /* the rest was not sent */
  whole_end(&w);
}

/* The same of a source and of a file, with an error and with a success: the source is closed once,
 * before the callback. */
static int source_closes;
static ssize_t read_zeros(tcx_body_t *body, void *buf, size_t len) {
  (void)body;
  memset(buf, 0, len);
  return (ssize_t)len;
}
static void count_close(tcx_body_t *body) {
  (void)body;
  source_closes++;
}
static void check_closed(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  assert_int_equal(source_closes, 1);
  outcome_cb(call, response, error);
}
static void test_answer_to_a_source(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    bool good = i % 2 == 1;
    const struct fault_step early[] = {
        DO(HEAD), SEND(good ? OK_EMPTY : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        DO(STOP_READING), DO(END)};
    const struct fault_step *const scripts[] = {early};
    struct whole w;
    struct outcome o = {0};
    source_closes = i < 2 ? 0 : 1;
    whole_begin(&w, scripts, 1, NULL);
    tcx_body_t *body =
        i < 2 ? tcx_body_source(8 << 20, read_zeros, NULL, count_close, NULL)
              : tcx_body_file(TCX_TEST_DIR "/compliance/data/endpoints/s3/ruleset.json", 0, -1);
    assert_int_equal(
        tcx_client_call(w.client, "put_object",
                        tcx_value_set_body(tcx_params("{Bucket: b, Key: k}"), "Body", body),
                        check_closed, &o),
        0);
    whole_until(&w, &o.calls);
    assert_int_equal(o.status, good ? 0 : TCX_ECLIENT);
    assert_int_equal(o.attempts, 1);
    outcome_free(&o);
    whole_end(&w);
  }
}

/* Of an error document only so much is looked at; the rest is read and dropped. */
static void test_huge_error(void **state) {
  (void)state;
  const struct fault_step huge[] = {
      DO(REQUEST),
      SEND("HTTP/1.1 404 Not Found\r\nConnection: "
           "close\r\n\r\n<Error><Code>NoSuchKey</Code><Message>m</Message><Rest>"),
      FILL("0123456789", 300000),
      SEND("</Rest></Error>"),
      DO(FINISH),
      DO(END)};
  const struct fault_step *const scripts[] = {huge};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  struct outcome o = whole_call(&w, "get_object", tcx_params("{Bucket: b, Key: k}"), NULL);
  assert_int_equal(o.status, TCX_ECLIENT);
  assert_int_equal(o.http_status, 404);
  assert_int_equal(o.attempts, 1);
  assert_string_equal(o.code, "404"); /* a document that does not end well */
  outcome_free(&o);
  whole_end(&w);
}

int main(void) {
  /* clang-format off */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_callers),        cmocka_unit_test(test_more_callers),        cmocka_unit_test(test_service_names),  cmocka_unit_test(test_client_options),
      cmocka_unit_test(test_bad_config_tree), cmocka_unit_test(test_call_headers),  cmocka_unit_test(test_bad_keys),
      cmocka_unit_test(test_builder_without_memory), cmocka_unit_test(test_servers), cmocka_unit_test(test_connection_refused),
      cmocka_unit_test(test_bytewise),       cmocka_unit_test(test_answer_before_the_end), cmocka_unit_test(test_answer_to_a_source), cmocka_unit_test(test_huge_error),
  };
  /* clang-format on */
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
