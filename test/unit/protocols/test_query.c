/* query and ec2 beyond the public cases: names of fields, what is refused and in which words, where
 * an answer's parts may stand, errors, memory. */
#include "protocol_help.h"
#include "torture.h"

static struct tcx_arena *models, *arena;
static const struct tcx_model *query, *ec2;

/* A small model, as query and as ec2. */
static const char json_start[] =
    "{\"metadata\":{\"apiVersion\":\"2000-01-01\",\"endpointPrefix\":\"own\",\"serviceId\":\"Own\","
    "\"protocol\":\"";
static const char json_end[] =
    "\"},\"operations\":{"
    "\"Do\":{\"name\":\"Do\",\"http\":{\"method\":\"POST\",\"requestUri\":\"/\"},"
    "\"input\":{\"shape\":\"In\"},\"output\":{\"shape\":\"Out\",\"resultWrapper\":\"DoResult\"},"
    "\"errors\":[{\"shape\":\"Broken\"}]},"
    "\"Bare\":{\"name\":\"Bare\",\"http\":{\"method\":\"POST\",\"requestUri\":\"/\"},"
    "\"output\":{\"shape\":\"Out\"}},"
    "\"Stop\":{\"name\":\"Stop\",\"http\":{\"method\":\"POST\",\"requestUri\":\"/\"}}},"
    "\"shapes\":{\"In\":{\"type\":\"structure\",\"members\":{"
    "\"Text\":{\"shape\":\"S\",\"locationName\":\"text\",\"queryName\":\"TheText\"},"
    "\"Named\":{\"shape\":\"S\",\"locationName\":\"named\"},\"When\":{\"shape\":\"T\"},"
    "\"Number\":{\"shape\":\"D\"},\"Blob\":{\"shape\":\"B\"},\"On\":{\"shape\":\"O\"},"
    "\"List\":{\"shape\":\"Items\"},\"Flat\":{\"shape\":\"Flat\"},"
    "\"Map\":{\"shape\":\"M\"},\"Tree\":{\"shape\":\"Tree\"}}},"
    "\"Out\":{\"type\":\"structure\",\"members\":{\"Number\":{\"shape\":\"L\"},"
    "\"Text\":{\"shape\":\"S\"},\"List\":{\"shape\":\"Items\"}}},"
    "\"Broken\":{\"type\":\"structure\",\"exception\":true,\"error\":{\"code\":\"broken\"},"
    "\"members\":{\"Part\":{\"shape\":\"S\"},\"Count\":{\"shape\":\"L\"}}},"
    "\"Tree\":{\"type\":\"structure\",\"members\":{\"Tree\":{\"shape\":\"Tree\"},"
    "\"Leaf\":{\"shape\":\"S\"}}},"
    "\"M\":{\"type\":\"map\",\"key\":{\"shape\":\"S\"},\"value\":{\"shape\":\"L\"}},"
    "\"Items\":{\"type\":\"list\",\"member\":{\"shape\":\"S\"}},"
    "\"Flat\":{\"type\":\"list\",\"flattened\":true,"
    "\"member\":{\"shape\":\"S\",\"locationName\":\"One\"}},"
    "\"S\":{\"type\":\"string\"},\"T\":{\"type\":\"timestamp\"},\"D\":{\"type\":\"double\"},"
    "\"L\":{\"type\":\"long\"},\"B\":{\"type\":\"blob\"},\"O\":{\"type\":\"boolean\"}}}";

/* ---- requests ---- */

static struct tcx_request req;
static struct tcx_fail failure;

static int serialize(const struct tcx_model *model, const char *operation,
                     const struct tcx_value *params, const char *path) {
  struct tcx_serialize s = {
      .model = model, .op = tcx__model_operation(model, operation), .params = params};
  req = (struct tcx_request){.arena = arena, .path = tcx__str(path)};
  failure = (struct tcx_fail){.arena = arena};
  tcx__headers_init(&req.headers, arena);
  return tcx__protocol_by_name(model->protocol)->serialize(&s, &req, &failure);
}

static struct tcx_value *from_json(const char *json) {
  struct tcx_value *v = NULL;
  assert_int_equal(tcx__json_parse(arena, json, strlen(json), &v, NULL), 0);
  return v;
}

static void check_form(const struct tcx_model *model, const char *json, const char *expected) {
  char whole[2000];
  assert_int_equal(serialize(model, "Do", from_json(json), ""), 0);
  snprintf(whole, sizeof whole, "Action=Do&Version=2000-01-01%s", expected);
  assert_string_equal(tcx__arena_strndup(arena, req.body.p, req.body.n), whole);
}

static void writes_forms(void **state) {
  (void)state;
  check_form(query, "{}", "");
  check_form(query, "{\"Text\":\"a b+c&d=e~/\\u00e9\",\"Named\":\"\"}",
             "&text=a+b%2Bc%26d%3De~%2F%C3%A9&named=");
  check_form(query, "{\"Named\":\"second\",\"Text\":null,\"On\":true,\"Number\":1e22}",
             "&named=second&On=true&Number=1e%2B22");
  check_form(query, "{\"When\":1.5,\"Blob\":\"abc?\"}",
             "&When=1970-01-01T00%3A00%3A01.500000Z&Blob=YWJjPw%3D%3D");
  check_form(query, "{\"List\":[],\"Flat\":[],\"Map\":{},\"Tree\":{}}", "&List=&Flat=");
  check_form(query, "{\"List\":[\"a\",null,\"b\"],\"Flat\":[\"c\",\"d\"],\"On\":false}",
             "&List.member.1=a&List.member.2=b&One.1=c&One.2=d&On=false");
  check_form(query, "{\"Map\":{\"a b\":1,\"c\":null,\"d\":-2}}",
             "&Map.entry.1.key=a+b&Map.entry.1.value=1&Map.entry.2.key=d&Map.entry.2.value=-2");
  check_form(query, "{\"Tree\":{\"Tree\":{\"Leaf\":\"x\"},\"Leaf\":\"y\"}}",
             "&Tree.Tree.Leaf=x&Tree.Leaf=y");
  check_form(ec2, "{\"Text\":\"a\",\"Named\":\"b\",\"List\":[],\"Flat\":[\"c\",\"d\"]}",
             "&TheText=a&Named=b&Flat.1=c&Flat.2=d");
  check_form(ec2, "{\"List\":[\"x\"],\"Tree\":{\"Leaf\":\"y\"}}", "&List.1=x&Tree.Leaf=y");
}

static void keeps_the_endpoints_path(void **state) {
  (void)state;
  assert_int_equal(serialize(query, "Stop", NULL, ""), 0);
  assert_true(tcx__str_is(req.path, "/"));
  assert_int_equal(serialize(query, "Stop", NULL, "/base"), 0);
  assert_true(tcx__str_is(req.path, "/base"));
  assert_int_equal(req.query.n, 0);
  assert_true(tcx__str_is(req.body, "Action=Stop&Version=2000-01-01"));
}

static void check_unsent(const struct tcx_value *params, const char *why) {
  assert_int_equal(serialize(query, "Do", params, ""), TCX_EPARAM);
  assert_string_equal(failure.text, why);
}

static void refuses_requests(void **state) {
  (void)state;
  check_unsent(from_json("{\"List\":\"x\"}"), "the value of List is not a list");
  check_unsent(from_json("{\"Tree\":[]}"), "the value of Tree is not a map");
  check_unsent(from_json("{\"Named\":[]}"), "the value of Named cannot be sent");
  check_unsent(from_json("{\"Map\":{\"a\":{}}}"), "the value of value cannot be sent");
  struct tcx_value *top = tcx__value_new(arena, TCX_MAP), *v = top;
  for (int i = 0; i < 300; i++) {
    struct tcx_value *kid = tcx__value_new(arena, TCX_MAP);
    tcx__value_add(arena, v, "Tree", 4, kid);
    v = kid;
  }
  check_unsent(top, "Tree is nested too deep");
}

/* ---- responses ---- */

static struct ph_parsed parse(const struct tcx_model *model, const char *operation, int status,
                              const char *body) {
  struct tcx_response_head head;
  ph_head(arena, &head, status, NULL);
  return ph_parse(arena, model, tcx__model_operation(model, operation), &head,
                  status >= 300 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, tcx__str(body), -1, false);
}

static void check_read(const struct tcx_model *model, const char *operation, const char *body,
                       const char *expected, const char *id) {
  struct ph_parsed got = parse(model, operation, 200, body);
  if (got.status != 0)
    fail_msg("%s: %s", body, got.text);
  assert_string_equal(ph_text(arena, got.value), expected);
  assert_null(got.value->name);
  assert_null(got.value->next);
  if (id == NULL)
    assert_null(got.error.request_id);
  else
    assert_string_equal(got.error.request_id, id);
}

#define ID "<ResponseMetadata><Other/><RequestId>r</RequestId></ResponseMetadata>"

static void reads_answers(void **state) {
  (void)state;
  check_read(query, "Do", "<R><DoResult><Number>1</Number></DoResult>" ID "</R>", "{\"Number\": 1}",
             "r");
  check_read(query, "Do", "<R>" ID "<x><Number>2</Number></x><DoResult/></R>", "{}", "r");
  check_read(query, "Do", "<R><DoResult><Text>a</Text></DoResult><DoResult/></R>",
             "{\"Text\": \"a\"}", NULL);
  check_read(query, "Do", "<R><DoResult/><ResponseMetadata/></R>", "{}", NULL);
  check_read(query, "Do", "<R><DoResult/><ResponseMetadata><RequestId/></ResponseMetadata></R>",
             "{}", NULL);
  check_read(query, "Bare", "<R><Number>3</Number>" ID "</R>", "{\"Number\": 3}", "r");
  check_read(query, "Stop", "<R>" ID "</R>", "{}", "r");
  check_read(query, "Stop", "<R/>", "{}", NULL);
  check_read(ec2, "Do", "<R><requestId>q</requestId><List><item>a</item></List></R>",
             "{\"List\": [\"a\"]}", "q");
  check_read(ec2, "Stop", "<R><return>true</return><requestId>q</requestId></R>", "{}", "q");
  check_read(ec2, "Do", "<R><Text>requestId</Text></R>", "{\"Text\": \"requestId\"}", NULL);
}

static void check_refused(const char *operation, const char *body, const char *why) {
  struct ph_parsed got = parse(query, operation, 200, body);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_string_equal(got.text, why);
}

static void refuses_answers(void **state) {
  (void)state;
  check_refused("Do", "<R>" ID "</R>", "malformed response: there is no element DoResult");
  check_refused("Do", "<DoResult/>", "malformed response: there is no element DoResult");
  check_refused("Do", "<R><DoResult><Number>x</Number></DoResult></R>",
                "malformed response: element Number: \"x\" is no value of Number");
  check_refused("Do", "", "malformed response: not XML near byte 0: no element");
  check_refused("Stop", "", "malformed response: not XML near byte 0: no element");
  check_refused("Stop", "<R><a></R>",
                "malformed response: not XML near byte 10: an end tag that does not match");
}

static void check_error(const struct tcx_model *model, int status, const char *body,
                        const char *expected, const char *id) {
  struct ph_parsed got = parse(model, "Do", status, body);
  assert_int_equal(got.status, 0);
  assert_string_equal(ph_text(arena, got.value), expected);
  assert_string_equal(got.error.code, ph_str(ph_get(got.value, "Error"), "Code", "?"));
  if (id == NULL)
    assert_null(got.error.request_id);
  else
    assert_string_equal(got.error.request_id, id);
}

static void reads_errors(void **state) {
  (void)state;
  static const char part[] = "{\"Error\": {\"Code\": \"broken\", \"Part\": \"p\"}, \"Part\": "
                             "\"p\"}";
  check_error(query, 400,
              "<ErrorResponse><Error><Code>broken</Code><Part>p</Part></Error>"
              "<RequestId>r</RequestId></ErrorResponse>",
              part, "r");
  check_error(ec2, 400,
              "<Response><Errors><Error><Code>broken</Code><Part>p</Part></Error></Errors>"
              "<RequestID>r</RequestID></Response>",
              part, "r");
  check_error(query, 400,
              "<ErrorResponse><Error><Code>broken</Code><Count>x</Count></Error></ErrorResponse>",
              "{\"Error\": {\"Code\": \"broken\", \"Count\": \"x\"}}", NULL);
  check_error(query, 403, "<Error><Code>Plain</Code></Error>", "{\"Error\": {\"Code\": \"Plain\"}}",
              NULL);
  check_error(query, 400, "<ErrorResponse><Error><Message>m</Message></Error></ErrorResponse>",
              "{\"Error\": {\"Message\": \"m\", \"Code\": \"400\"}}", NULL);
  static const char unavailable[] =
      "{\"Error\": {\"Code\": \"503\", \"Message\": \"Service Unavailable\"}}";
  static const char *const others[] = {"",        "no XML",           "<html><body>x</body></html>",
                                       "<Error>", "<R><Errors/></R>", "<R><Errors>x</Errors></R>"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    check_error(query, 503, others[i], unavailable, NULL);
    check_error(ec2, 503, others[i], unavailable, NULL);
  }
}

/* ---- memory ---- */

static int serialize_once(void *ctx) {
  static const char json[] = "{\"Map\":{\"a b\":1},\"Flat\":[\"a rather long text that has no room "
                             "in a buffer's first bytes\"],\"Tree\":{\"Tree\":{\"Leaf\":\"x\"}}}";
  (void)ctx;
  struct tcx_arena *inner = tcx__arena_new();
  struct tcx_value *params = NULL;
  if (inner == NULL)
    return UV_ENOMEM;
  struct tcx_fail f = {.arena = inner};
  struct tcx_request r = {.arena = inner};
  int status = tcx__json_parse(inner, json, sizeof json - 1, &params, &f);
  struct tcx_serialize s = {
      .model = query, .op = tcx__model_operation(query, "Do"), .params = params};
  tcx__headers_init(&r.headers, inner);
  if (status == 0)
    status = tcx__query.serialize(&s, &r, &f);
  if (status == 0)
    assert_true(tcx__str_is(
        r.body, "Action=Do&Version=2000-01-01&Map.entry.1.key=a+b&Map.entry.1.value=1&One.1=a+"
                "rather+long+text+that+has+no+room+in+a+buffer%27s+first+bytes&Tree.Tree.Leaf=x"));
  assert_true(status == 0 || status == UV_ENOMEM);
  tcx__arena_free(inner);
  return status;
}

struct answer {
  const struct tcx_model *model;
  int http_status;
  const char *body, *expected;
};
static int parse_once(void *ctx) {
  const struct answer *a = ctx;
  struct tcx_arena *inner = tcx__arena_new();
  if (inner == NULL)
    return UV_ENOMEM;
  struct tcx_response_head head = {.status = a->http_status};
  struct tcx_fail f = {.arena = inner};
  struct tcx_parse p = {.arena = inner,
                        .model = a->model,
                        .op = tcx__model_operation(a->model, "Do"),
                        .head = &head,
                        .mode = a->http_status >= 300 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT,
                        .fail = &f};
  const struct tcx_protocol *protocol = tcx__protocol_by_name(a->model->protocol);
  struct tcx_parser *parser;
  struct tcx_parse_error error = {0};
  struct tcx_value *value;
  tcx__headers_init(&head.headers, inner);
  int status = protocol->start(&p, &parser);
  for (const char *c = a->body; *c != '\0' && status == 0; c++)
    status = protocol->feed(parser, c, 1);
  if (status == 0)
    status = protocol->finish(parser, &value, &error);
  assert_true(status == 0 || status == UV_ENOMEM);
  const char *text = status == 0 ? ph_text(inner, value) : NULL;
  if (text != NULL) {
    assert_string_equal(text, a->expected);
    assert_string_equal(error.request_id, "r");
  } else {
    status = UV_ENOMEM;
  }
  tcx__arena_free(inner);
  return status;
}

static void out_of_memory(void **state) {
  (void)state;
  test_fail_until_ok(serialize_once, NULL);
  struct answer answers[] = {
      {query, 200, "<R><DoResult><List><member>a</member></List></DoResult>" ID "</R>",
       "{\"List\": [\"a\"]}"},
      {ec2, 200, "<R><Text>a</Text><requestId>r</requestId></R>", "{\"Text\": \"a\"}"},
      {query, 400,
       "<ErrorResponse><Error><Code>broken</Code><Part>p</Part></Error><RequestId>r</RequestId>"
       "</ErrorResponse>",
       "{\"Error\": {\"Code\": \"broken\", \"Part\": \"p\"}, \"Part\": \"p\"}"},
      {ec2, 400,
       "<Response><Errors><Error><Code>broken</Code><Part>p</Part></Error></Errors>"
       "<RequestID>r</RequestID></Response>",
       "{\"Error\": {\"Code\": \"broken\", \"Part\": \"p\"}, \"Part\": \"p\"}"},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    test_fail_until_ok(parse_once, &answers[i]);
}

/* ---- */

static const struct tcx_model *make_model(const char *protocol) {
  struct tcx_value *json;
  const char *text = tcx__arena_printf(models, "%s%s%s", json_start, protocol, json_end);
  assert_int_equal(tcx__json_parse(models, text, strlen(text), &json, NULL), 0);
  return ph_model(models, json, protocol);
}
static int setup_models(void **state) {
  (void)state;
  models = tcx__arena_new();
  query = make_model("query");
  ec2 = make_model("ec2");
  return 0;
}
static int teardown_models(void **state) {
  (void)state;
  tcx__arena_free(models);
  return 0;
}
static int setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return arena == NULL;
}
static int teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(writes_forms),  TEST(keeps_the_endpoints_path), TEST(refuses_requests),
      TEST(reads_answers), TEST(refuses_answers),          TEST(reads_errors),
      TEST(out_of_memory),
  };
  return cmocka_run_group_tests(tests, setup_models, teardown_models);
}
