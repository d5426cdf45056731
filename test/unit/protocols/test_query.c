/* query and ec2 beyond the public cases: names of fields, what is refused and in which words, where
 * an answer's parts may stand, errors, memory. */
#include "protocol_unit.h"

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

static void check_form(const struct tcx_model *model, const char *json, const char *expected) {
  char whole[2000];
  assert_int_equal(pu_serialize(model, "Do", pu_json(arena, json), ""), 0);
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
  assert_int_equal(pu_serialize(query, "Stop", NULL, ""), 0);
  assert_true(tcx__str_is(req.path, "/"));
  assert_int_equal(pu_serialize(query, "Stop", NULL, "/base"), 0);
  assert_true(tcx__str_is(req.path, "/base"));
  assert_int_equal(req.query.n, 0);
  assert_true(tcx__str_is(req.body, "Action=Stop&Version=2000-01-01"));
}

static void check_unsent(const struct tcx_value *params, const char *why) {
  assert_int_equal(pu_serialize(query, "Do", params, ""), TCX_EPARAM);
  assert_string_equal(failure.text, why);
}

static void refuses_requests(void **state) {
  (void)state;
  check_unsent(pu_json(arena, "{\"List\":\"x\"}"), "the value of List is not a list");
  check_unsent(pu_json(arena, "{\"Tree\":[]}"), "the value of Tree is not a map");
  check_unsent(pu_json(arena, "{\"Named\":[]}"), "the value of Named cannot be sent");
  check_unsent(pu_json(arena, "{\"Map\":{\"a\":{}}}"), "the value of value cannot be sent");
  struct tcx_value *top = tcx__value_new(arena, TCX_MAP), *v = top;
  for (int i = 0; i < 300; i++) {
    struct tcx_value *kid = tcx__value_new(arena, TCX_MAP);
    tcx__value_add(arena, v, "Tree", 4, kid);
    v = kid;
  }
  check_unsent(top, "Tree is nested too deep");
}

/* ---- responses ---- */

static void check_read(const struct tcx_model *model, const char *operation, const char *body,
                       const char *expected, const char *id) {
  struct ph_parsed got = pu_parse(model, operation, 200, NULL, tcx__str(body), -1);
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
  struct ph_parsed got = pu_parse(query, operation, 200, NULL, tcx__str(body), -1);
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
  struct ph_parsed got = pu_parse(model, "Do", status, NULL, tcx__str(body), -1);
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

static void out_of_memory(void **state) {
  (void)state;
  struct pu_request request = {
      query, "Do",
      "{\"Map\":{\"a b\":1},\"Flat\":[\"a rather long text that has no room in a buffer's first "
      "bytes\"],\"Tree\":{\"Tree\":{\"Leaf\":\"x\"}}}",
      "Action=Do&Version=2000-01-01&Map.entry.1.key=a+b&Map.entry.1.value=1&One.1=a+rather+long+"
      "text"
      "+that+has+no+room+in+a+buffer%27s+first+bytes&Tree.Tree.Leaf=x"};
  static const char list[] = "<R><DoResult><List><member>a</member></List></DoResult>" ID "</R>";
  static const char text[] = "<R><Text>a</Text><requestId>r</requestId></R>";
  static const char error[] = "<ErrorResponse><Error><Code>broken</Code><Part>p</Part></Error>"
                              "<RequestId>r</RequestId></ErrorResponse>";
  static const char errors[] = "<Response><Errors><Error><Code>broken</Code><Part>p</Part></Error>"
                               "</Errors><RequestID>r</RequestID></Response>";
  static const char broken[] =
      "{\"Error\": {\"Code\": \"broken\", \"Part\": \"p\"}, \"Part\": \"p\"}";
  struct pu_answer answers[] = {
      {.model = query, .status = 200, .body = PU_BODY(list), .expected = "{\"List\": [\"a\"]}"},
      {.model = ec2, .status = 200, .body = PU_BODY(text), .expected = "{\"Text\": \"a\"}"},
      {.model = query, .status = 400, .body = PU_BODY(error), .expected = broken},
      {.model = ec2, .status = 400, .body = PU_BODY(errors), .expected = broken},
  };
  test_fail_until_ok(pu_serialize_once, &request);
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    answers[i].operation = "Do";
    answers[i].id = "r";
    test_fail_until_ok(pu_parse_once, &answers[i]);
  }
}

/* ---- */

static const struct tcx_model *make_model(const char *protocol) {
  const char *text = tcx__arena_printf(models, "%s%s%s", json_start, protocol, json_end);
  return ph_model(models, pu_json(models, text), protocol);
}
static int setup_models(void **state) {
  (void)state;
  models = tcx__arena_new();
  query = make_model("query");
  ec2 = make_model("ec2");
  return 0;
}
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(writes_forms),  TEST(keeps_the_endpoints_path), TEST(refuses_requests),
      TEST(reads_answers), TEST(refuses_answers),          TEST(reads_errors),
      TEST(out_of_memory),
  };
  return cmocka_run_group_tests(tests, setup_models, pu_teardown_models);
}
