/* json and rest-json beyond the public cases: what is written and refused, in which words; what
 * values become of odd documents; errors, events, memory. */
#include "protocol_unit.h"

static const struct tcx_model *json, *rest;

/* A small model, as json and as rest-json. Wide has 70 members, m00 to m69. */
static const char model_start[] =
    "{\"metadata\":{\"apiVersion\":\"1\",\"endpointPrefix\":\"own\",\"serviceId\":\"Own\","
    "\"targetPrefix\":\"Own_1\",\"jsonVersion\":\"1.0\",\"awsQueryCompatible\":{},\"protocol\":\"";
static const char model_middle[] =
    "\"},\"operations\":{"
    "\"Do\":{\"name\":\"Do\",\"http\":{\"method\":\"POST\",\"requestUri\":\"/do\"},"
    "\"input\":{\"shape\":\"All\"},\"output\":{\"shape\":\"All\"},"
    "\"errors\":[{\"shape\":\"Broken\"}]},"
    "\"Load\":{\"name\":\"Load\",\"http\":{\"method\":\"PUT\",\"requestUri\":\"/load\"},"
    "\"input\":{\"shape\":\"Load\"},\"output\":{\"shape\":\"Load\"}},"
    "\"Choose\":{\"name\":\"Choose\",\"http\":{\"method\":\"PUT\",\"requestUri\":\"/choose\"},"
    "\"input\":{\"shape\":\"Choose\"},\"output\":{\"shape\":\"Choose\"}},"
    "\"Head\":{\"name\":\"Head\",\"http\":{\"method\":\"GET\",\"requestUri\":\"/head\"},"
    "\"input\":{\"shape\":\"Head\"},\"output\":{\"shape\":\"Head\"}},"
    "\"Stop\":{\"name\":\"Stop\",\"http\":{\"method\":\"POST\",\"requestUri\":\"/\"}}},"
    "\"shapes\":{\"All\":{\"type\":\"structure\",\"members\":{"
    "\"Text\":{\"shape\":\"S\",\"locationName\":\"text\"},\"When\":{\"shape\":\"T\"},"
    "\"Date\":{\"shape\":\"Iso\"},\"Http\":{\"shape\":\"Rfc\"},\"Blob\":{\"shape\":\"B\"},"
    "\"On\":{\"shape\":\"O\"},\"Count\":{\"shape\":\"L\"},\"Number\":{\"shape\":\"D\"},"
    "\"List\":{\"shape\":\"Items\"},\"Lists\":{\"shape\":\"Lists\"},\"Map\":{\"shape\":\"M\"},"
    "\"Trees\":{\"shape\":\"Trees\"},\"Choice\":{\"shape\":\"U\"},\"Any\":{\"shape\":\"Any\"},"
    "\"Wide\":{\"shape\":\"Wide\"}}},"
    "\"Load\":{\"type\":\"structure\",\"payload\":\"Body\",\"members\":{"
    "\"Id\":{\"shape\":\"S\",\"location\":\"header\",\"locationName\":\"x-id\"},"
    "\"Body\":{\"shape\":\"Tree\"}}},"
    "\"Choose\":{\"type\":\"structure\",\"payload\":\"Body\",\"members\":{"
    "\"Body\":{\"shape\":\"U\"}}},"
    "\"Head\":{\"type\":\"structure\",\"members\":{"
    "\"Id\":{\"shape\":\"S\",\"location\":\"header\",\"locationName\":\"x-id\"},"
    "\"Type\":{\"shape\":\"S\",\"location\":\"header\",\"locationName\":\"Content-Type\"},"
    "\"Any\":{\"shape\":\"S\",\"location\":\"header\",\"locationName\":\"x-any\","
    "\"jsonvalue\":true}}},"
    "\"Broken\":{\"type\":\"structure\",\"exception\":true,"
    "\"members\":{\"Part\":{\"shape\":\"S\"},\"Count\":{\"shape\":\"L\"},"
    "\"When\":{\"shape\":\"T\"},\"Error\":{\"shape\":\"S\"}}},"
    "\"Tree\":{\"type\":\"structure\",\"members\":{\"Tree\":{\"shape\":\"Tree\"},"
    "\"Leaf\":{\"shape\":\"S\",\"locationName\":\"leaf\"}}},"
    "\"U\":{\"type\":\"structure\",\"union\":true,\"members\":{\"A\":{\"shape\":\"S\"},"
    "\"B\":{\"shape\":\"Tree\"}}},"
    "\"Any\":{\"type\":\"structure\",\"document\":true,\"members\":{}},"
    "\"M\":{\"type\":\"map\",\"key\":{\"shape\":\"S\"},\"value\":{\"shape\":\"L\"}},"
    "\"Trees\":{\"type\":\"map\",\"key\":{\"shape\":\"S\"},\"value\":{\"shape\":\"Tree\"}},"
    "\"Items\":{\"type\":\"list\",\"member\":{\"shape\":\"S\"}},"
    "\"Lists\":{\"type\":\"list\",\"member\":{\"shape\":\"Items\"}},"
    "\"S\":{\"type\":\"string\"},\"T\":{\"type\":\"timestamp\"},\"D\":{\"type\":\"double\"},"
    "\"Iso\":{\"type\":\"timestamp\",\"timestampFormat\":\"iso8601\"},"
    "\"Rfc\":{\"type\":\"timestamp\",\"timestampFormat\":\"rfc822\"},"
    "\"L\":{\"type\":\"long\"},\"B\":{\"type\":\"blob\"},\"O\":{\"type\":\"boolean\"},"
    "\"Wide\":{\"type\":\"structure\",\"members\":{";

/* ---- requests ---- */

static void body_is(const char *expected) {
  assert_string_equal(tcx__arena_strndup(arena, req.body.p, req.body.n), expected);
}

static void header_is(const char *name, const char *expected) {
  const struct tcx_header *h = tcx__headers_get(&req.headers, name);
  if (expected == NULL) {
    assert_null(h);
  } else {
    assert_non_null(h);
    assert_true(tcx__str_is(h->value, expected));
  }
}

static void check_body(const char *params, const char *expected) {
  if (pu_serialize(json, "Do", pu_json(arena, params), "") != 0)
    fail_msg("%s: %s", params, failure.text);
  body_is(expected);
  assert_int_equal(pu_serialize(rest, "Do", pu_json(arena, params), ""), 0);
  body_is(expected);
}

static void writes_bodies(void **state) {
  (void)state;
  check_body("{}", "{}");
  check_body("{\"Text\":\"a\\\"\\\\\\n\\u00e9\\u0001\",\"Unknown\":1,\"On\":null}",
             "{\"text\":\"a\\\"\\\\\\n\xc3\xa9\\u0001\"}");
  check_body("{\"On\":true,\"Count\":-7,\"Number\":1e22}",
             "{\"On\":true,\"Count\":-7,\"Number\":1e+22}");
  check_body("{\"Count\":12345678901234567890,\"Number\":0.1234567890123456789}",
             "{\"Count\":12345678901234567890,\"Number\":0.1234567890123456789}");
  check_body("{\"When\":1.5,\"Date\":1.5,\"Http\":1.5}",
             "{\"When\":1.5,\"Date\":\"1970-01-01T00:00:01.500000Z\","
             "\"Http\":\"Thu, 01 Jan 1970 00:00:01 GMT\"}");
  check_body("{\"When\":\"2015-08-30T12:36:00Z\",\"Blob\":\"abc?\"}",
             "{\"When\":1440938160,\"Blob\":\"YWJjPw==\"}");
  check_body("{\"List\":[],\"Map\":{},\"Trees\":{},\"Choice\":{}}",
             "{\"List\":[],\"Map\":{},\"Trees\":{},\"Choice\":{}}");
  check_body("{\"List\":[\"a\",null],\"Lists\":[[],[\"b\"],null],\"Map\":{\"a\":1,\"b\":null}}",
             "{\"List\":[\"a\",null],\"Lists\":[[],[\"b\"],null],\"Map\":{\"a\":1,\"b\":null}}");
  check_body(
      "{\"Trees\":{\"x\":{\"Leaf\":\"y\",\"Tree\":{\"Tree\":null}}},\"Choice\":{\"A\":\"\"}}",
      "{\"Trees\":{\"x\":{\"leaf\":\"y\",\"Tree\":{}}},\"Choice\":{\"A\":\"\"}}");
  check_body("{\"Any\":{\"a\":[1,null,{\"b\":2.5}]}}", "{\"Any\":{\"a\":[1,null,{\"b\":2.5}]}}");
  check_body("{\"Any\":[true]}", "{\"Any\":[true]}");
  struct tcx_value *params = tcx__value_new(arena, TCX_MAP);
  tcx__value_add(arena, params, "Number", 6, tcx__value_new_num(arena, -INFINITY));
  assert_int_equal(pu_serialize(json, "Do", params, ""), 0);
  body_is("{\"Number\":\"-Infinity\"}");
}

static void writes_heads(void **state) {
  (void)state;
  assert_int_equal(pu_serialize(json, "Stop", NULL, ""), 0);
  assert_string_equal(req.method, "POST");
  assert_true(tcx__str_is(req.path, "/"));
  assert_int_equal(req.headers.count, 3);
  header_is("X-Amz-Target", "Own_1.Stop");
  header_is("Content-Type", "application/x-amz-json-1.0");
  header_is("x-amzn-query-mode", "true");
  body_is("{}");
  assert_int_equal(pu_serialize(json, "Do", NULL, "/base"), 0);
  assert_true(tcx__str_is(req.path, "/base"));
  body_is("{}");
}

static void writes_rest_documents(void **state) {
  (void)state;
  assert_int_equal(pu_serialize(rest, "Do", NULL, ""), 0);
  assert_true(tcx__str_is(req.path, "/do"));
  body_is("{}");
  header_is("Content-Type", "application/json");
  assert_int_equal(pu_serialize(rest, "Stop", NULL, ""), 0);
  assert_int_equal(req.body.n, 0);
  assert_int_equal(req.headers.count, 0);
  assert_int_equal(pu_serialize(rest, "Load", pu_json(arena, "{\"Id\":\"i\"}"), ""), 0);
  body_is("{}");
  header_is("x-id", "i");
  header_is("Content-Type", "application/json");
  assert_int_equal(pu_serialize(rest, "Load", pu_json(arena, "{\"Body\":{\"Leaf\":\"x\"}}"), ""),
                   0);
  body_is("{\"leaf\":\"x\"}");
  assert_int_equal(pu_serialize(rest, "Choose", NULL, ""), 0);
  assert_int_equal(req.body.n, 0);
  header_is("Content-Type", NULL);
  assert_int_equal(
      pu_serialize(rest, "Head", pu_json(arena, "{\"Id\":\"i\",\"Type\":\"text/x\"}"), ""), 0);
  assert_int_equal(req.body.n, 0);
  header_is("Content-Type", "text/x");
}

static void check_unsent(const struct tcx_value *params, const char *why) {
  assert_int_equal(pu_serialize(json, "Do", params, ""), TCX_EPARAM);
  assert_string_equal(failure.text, why);
}

static void refuses_requests(void **state) {
  (void)state;
  check_unsent(pu_json(arena, "{\"List\":\"x\"}"), "the value of List is not a list");
  check_unsent(pu_json(arena, "{\"Trees\":{\"a\":1}}"), "the value of value is not a map");
  check_unsent(pu_json(arena, "{\"Blob\":1}"), "the value of Blob cannot be sent");
  check_unsent(pu_json(arena, "{\"When\":\"soon\"}"), "the value of When cannot be sent");
  check_unsent(pu_json(arena, "{\"Date\":{}}"), "the value of Date cannot be sent");
  struct tcx_value *params = tcx__value_new(arena, TCX_MAP), *v = tcx__value_new(arena, TCX_BODY);
  tcx__value_add(arena, params, "Text", 4, v);
  check_unsent(params, "the value of Text cannot be sent");
  struct tcx_model bare = *json;
  bare.target_prefix = NULL;
  assert_int_equal(pu_serialize(&bare, "Do", NULL, ""), TCX_ESERVICE);
  assert_string_equal(failure.text, "the model of json lacks its targetPrefix or jsonVersion");
}

/* ---- responses ---- */

static void check_read(const char *body, const char *expected) {
  for (long cut = -1; cut < (long)strlen(body); cut++) {
    struct ph_parsed got =
        pu_parse(cut % 2 == 0 ? rest : json, "Do", 200, NULL, tcx__str(body), cut);
    if (got.status != 0)
      fail_msg("%s: %s", body, got.text);
    assert_string_equal(ph_text(arena, got.value), expected);
  }
}

static void reads_values(void **state) {
  (void)state;
  check_read("", "{}");
  check_read(" null ", "{}");
  check_read("{\"text\":\"\",\"Text\":\"other\",\"On\":false,\"Count\":1,\"Number\":2}",
             "{\"Text\": \"\", \"On\": false, \"Count\": 1, \"Number\": 2.0}");
  check_read("{\"Count\":12345678901234567890,\"Number\":1.2345678901234567891}",
             "{\"Count\": 12345678901234567890, \"Number\": 1.2345678901234567891}");
  check_read("{\"Number\":\"NaN\",\"Count\":3.0,\"When\":1.25}",
             "{\"Number\": \"NaN\", \"Count\": 3, \"When\": \"1970-01-01T00:00:01.250000Z\"}");
  check_read("{\"When\":\"2015-08-30T12:36:00Z\",\"Date\":1440938160,"
             "\"Http\":\"Sun, 30 Aug 2015 12:36:00 GMT\",\"Blob\":\"YWJj\"}",
             "{\"When\": \"2015-08-30T12:36:00Z\", \"Date\": \"2015-08-30T12:36:00Z\", \"Http\": "
             "\"2015-08-30T12:36:00Z\", \"Blob\": \"YWJj\"}");
  check_read("{\"List\":[\"a\",null,\"b\"],\"Lists\":[null,[]],\"Map\":{\"x\":null,\"y\":2}}",
             "{\"List\": [\"a\", null, \"b\"], \"Lists\": [null, []], \"Map\": {\"x\": null, "
             "\"y\": 2}}");
  check_read("{\"Trees\":{\"a\":{\"leaf\":\"x\",\"Tree\":{\"no\":[{}]}},\"b\":null}}",
             "{\"Trees\": {\"a\": {\"Leaf\": \"x\", \"Tree\": {}}, \"b\": null}}");
  check_read("{\"no\":{\"text\":[{\"Count\":1}]},\"more\":[[],{}],\"text\":\"a\",\"less\":1}",
             "{\"Text\": \"a\"}");
  check_read("{\"Any\":{\"a\":[1,null,{\"b\":\"c\"},1e400]}}",
             "{\"Any\": {\"a\": [1, null, {\"b\": \"c\"}, 1e400]}}");
  check_read("{\"Any\":[[],\"x\"]}", "{\"Any\": [[], \"x\"]}");
  check_read("{\"Any\":\"x\"}", "{\"Any\": \"x\"}");
  check_read("{\"Any\":null}", "{}");
}

/* Single values of another kind than the model's. */
static void reads_other_kinds(void **state) {
  (void)state;
  check_read("{\"text\":7,\"Count\":\"12\",\"Number\":\"-1.5\",\"On\":\"true\"}",
             "{\"Text\": 7, \"Count\": 12, \"Number\": -1.5, \"On\": true}");
  check_read("{\"text\":{\"a\":[1]},\"Count\":\"many\",\"Number\":true,\"On\":\"maybe\"}",
             "{\"Text\": {\"a\": [1]}, \"Count\": \"many\", \"Number\": true, \"On\": \"maybe\"}");
  check_read("{\"text\":[],\"Count\":1.5,\"Number\":9007199254740993,\"On\":0}",
             "{\"Text\": [], \"Count\": 1.5, \"Number\": 9007199254740993, \"On\": 0}");
}

static void reads_twins(void **state) {
  (void)state;
  check_read("{\"text\":\"a\",\"Count\":1,\"text\":\"b\"}", "{\"Text\": \"b\", \"Count\": 1}");
  check_read("{\"text\":\"a\",\"Count\":1,\"text\":null}", "{\"Count\": 1}");
  check_read("{\"text\":\"a\",\"text\":null,\"text\":\"c\"}", "{\"Text\": \"c\"}");
  check_read("{\"Map\":{\"a\":1,\"b\":2,\"a\":3},\"Map\":{\"c\":4}}", "{\"Map\": {\"c\": 4}}");
  check_read("{\"Wide\":{\"m69\":\"a\",\"m69\":\"b\",\"m03\":\"c\",\"m67\":\"d\",\"m67\":null}}",
             "{\"Wide\": {\"m69\": \"b\", \"m03\": \"c\"}}");
}

static void reads_unions(void **state) {
  (void)state;
  check_read("{\"Choice\":{\"A\":\"x\"}}", "{\"Choice\": {\"A\": \"x\"}}");
  check_read("{\"Choice\":{\"__type\":\"t\",\"B\":{\"leaf\":\"y\"},\"A\":null,\"C\":null}}",
             "{\"Choice\": {\"B\": {\"Leaf\": \"y\"}}}");
  check_read("{\"Choice\":{\"C\":{\"D\":[1,{\"A\":2}]}}}",
             "{\"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"C\"}}}");
  check_read("{\"Choice\":{\"C\":1,\"__type\":\"t\",\"C\":2}}",
             "{\"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"C\"}}}");
  check_read("{\"Choice\":null}", "{}");
}

/* All members of a wide structure, in several orders: each is found. */
static void reads_wide_structures(void **state) {
  (void)state;
  static const int steps[] = {1, 69, 3, 11, 33};
  for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
    struct tcx_buf body;
    tcx__buf_init(&body, arena, 1 << 20);
    tcx__buf_adds(&body, "{\"Wide\":{\"none\":0");
    for (int i = 0; i < 70; i++)
      tcx__buf_printf(&body, ",\"m%02d\":\"%d\"", i * steps[k] % 70, i * steps[k] % 70);
    tcx__buf_adds(&body, ",\"m7\":0,\"m070\":0}}");
    struct ph_parsed got = pu_parse(json, "Do", 200, NULL, tcx__str(body.data), 0);
    assert_int_equal(got.status, 0);
    const struct tcx_value *wide = ph_get(got.value, "Wide");
    assert_int_equal(tcx__value_count(wide), 70);
    for (int i = 0; i < 70; i++) {
      char name[8], text[8];
      snprintf(name, sizeof name, "m%02d", i);
      snprintf(text, sizeof text, "%d", i);
      assert_string_equal(ph_str(wide, name, "(none)"), text);
    }
  }
}

static void check_refused(const char *body, const char *why) {
  for (long cut = -1; cut < (long)strlen(body); cut++) {
    struct ph_parsed got =
        pu_parse(cut % 2 == 0 ? rest : json, "Do", 200, NULL, tcx__str(body), cut);
    assert_int_equal(got.status, TCX_EPROTO);
    assert_string_equal(got.text, why);
  }
}

static void refuses_answers(void **state) {
  (void)state;
  check_refused("[]", "malformed response: the document: a list is no structure");
  check_refused("\"x\"", "malformed response: the document: a string is no structure");
  check_refused("{\"List\":{}}", "malformed response: List: a map is no list");
  check_refused("{\"Map\":[]}", "malformed response: Map: a list is no map");
  check_refused("{\"Trees\":{\"a\":{},\"b\":{\"Tree\":7}}}",
                "malformed response: Trees.b.Tree: a number is no structure");
  check_refused("{\"Lists\":[[],[\"a\"],false]}",
                "malformed response: Lists[2]: a boolean is no list");
  check_refused("{\"Blob\":true}", "malformed response: Blob: a boolean is no blob");
  check_refused("{\"Blob\":\"a\"}", "malformed response: Blob: \"a\" is no blob");
  check_refused("{\"When\":[]}", "malformed response: When: a list is no timestamp");
  check_refused("{\"When\":\"soon\"}", "malformed response: When: \"soon\" is no timestamp");
  check_refused("{\"When\":1e30}", "malformed response: When: \"1e30\" is no timestamp");
  check_refused("{\"Choice\":{}}",
                "malformed response: Choice: the union U must have one and only one member set");
  check_refused("{\"Choice\":{\"A\":\"x\",\"C\":1}}",
                "malformed response: Choice: the union U must have one and only one member set");
  check_refused("{\"Choice\":{\"C\":{},\"D\":1}}",
                "malformed response: Choice: the union U must have one and only one member set");
  struct ph_parsed got = pu_parse(json, "Do", 200, NULL, tcx__str("{\"text\":"), 0);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_string_equal(got.text,
                      "malformed response: not JSON near byte 8: parse error: premature EOF");
  got = pu_parse(rest, "Do", 200, NULL, tcx__str("<html>"), 0);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_non_null(strstr(got.text, "malformed response: not JSON near byte 0: lexical error"));
}

static void check_rest(const char *operation, const char *headers, const char *body,
                       const char *expected) {
  struct ph_parsed got = pu_parse(rest, operation, 200, headers, tcx__str(body), -1);
  if (got.status != 0)
    fail_msg("%s: %s", body, got.text);
  assert_string_equal(ph_text(arena, got.value), expected);
}

static void reads_rest_documents(void **state) {
  (void)state;
  check_rest("Load", "{\"x-id\":\"i\"}", "{\"leaf\":\"x\"}",
             "{\"Body\": {\"Leaf\": \"x\"}, \"Id\": \"i\"}");
  check_rest("Load", NULL, "", "{\"Body\": {}}");
  check_rest("Load", NULL, "null", "{}");
  check_rest("Choose", NULL, "{\"A\":\"x\"}", "{\"Body\": {\"A\": \"x\"}}");
  check_rest("Choose", NULL, "", "{}");
  check_rest("Head", "{\"x-id\":\"i\"}", "this is not looked at", "{\"Id\": \"i\"}");
  check_rest("Stop", NULL, "neither is this", "{}");
  static const char *const values[][2] = {{"MQ==", "1"},        {"e30=", "{}"},
                                          {"W10=", "[]"},       {"InQi", "\"t\""},
                                          {"bnVsbA==", "null"}, {"eyJhIjpbXX0=", "{\"a\": []}"},
                                          {" W 10=", "[]"}};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    check_rest("Head", tcx__arena_printf(arena, "{\"x-any\":\"%s\"}", values[i][0]), "",
               tcx__arena_printf(arena, "{\"Any\": %s}", values[i][1]));
  assert_int_equal(pu_parse(json, "Stop", 200, NULL, tcx__str("nor this"), 0).status, 0);
}

/* ---- errors ---- */

static void check_error(const struct tcx_model *model, int status, const char *headers,
                        const char *body, const char *expected) {
  struct ph_parsed got = pu_parse(model, "Do", status, headers, tcx__str(body), -1);
  assert_int_equal(got.status, 0);
  assert_string_equal(ph_text(arena, got.value), expected);
  assert_string_equal(got.error.code, ph_str(ph_get(got.value, "Error"), "Code", "?"));
  assert_string_equal(got.error.message, ph_str(ph_get(got.value, "Error"), "Message", "?"));
}

static void reads_errors(void **state) {
  (void)state;
  static const char part[] =
      "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"m\"}, \"Part\": \"p\", \"Count\": 3}";
  static const char bare[] = "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"m\"}}";
  check_error(json, 400, NULL,
              "{\"__type\":\"a.b#Broken:http://x#y\",\"message\":\"m\",\"Part\":\"p\",\"Count\":3}",
              part);
  check_error(rest, 400, "{\"x-amzn-errortype\":\"Broken:http://x\"}",
              "{\"code\":\"Other\",\"Message\":\"m\",\"Part\":\"p\",\"Count\":3}", part);
  check_error(rest, 400, NULL, "{\"__type\":\"Other\",\"code\":\"a#Broken\",\"message\":\"m\"}",
              bare);
  check_error(json, 400, "{\"x-amzn-errortype\":\"Other\"}",
              "{\"__type\":\"Broken\",\"code\":\"Third\",\"message\":\"m\"}", bare);
  check_error(json, 500, "{\"x-amzn-errortype\":\"Broken\"}", "",
              "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"\"}}");
  /* a member that cannot be read takes all of them with it; one called Error would hide the error
   */
  check_error(json, 400, NULL,
              "{\"__type\":\"Broken\",\"message\":\"m\",\"When\":\"x\",\"Part\":1}", bare);
  check_error(json, 400, NULL, "{\"__type\":\"Broken\",\"message\":\"m\",\"Error\":\"e\"}", bare);
  check_error(json, 400, "{\"x-amzn-query-error\":\"Own.Old;Sender\"}",
              "{\"__type\":\"Broken\",\"message\":\"m\",\"Part\":\"p\"}",
              "{\"Error\": {\"Code\": \"Own.Old\", \"Message\": \"m\", \"QueryErrorCode\": "
              "\"Broken\", \"Type\": \"Sender\"}}");
  static const struct {
    int status;
    const char *body, *code, *message;
  } others[] = {
      {404, "", "404", ""},
      {404, "{}", "404", ""},
      {403, "no JSON", "403", "no JSON"},
      {403, "[1]", "403", "[1]"},
      {400, "{\"__type\":7,\"message\":null,\"Message\":\"x\"}", "7", "x"},
      {400, "{\"__type\":\"\",\"message\":{}}", "400", ""},
      {500, " \n", "500", "Internal Server Error"},
      {503, "\t<html>down</html>", "503", "Service Unavailable"},
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    const char *expected =
        tcx__arena_printf(arena, "{\"Error\": {\"Code\": \"%s\", \"Message\": \"%s\"}}",
                          others[i].code, others[i].message);
    check_error(json, others[i].status, NULL, others[i].body, expected);
    check_error(rest, others[i].status, NULL, others[i].body, expected);
  }
  check_error(rest, 404, NULL, "{\"code\":404,\"message\":\"m\"}",
              "{\"Error\": {\"Code\": \"404\", \"Message\": \"m\"}}");
}

/* ---- events ---- */

static void reads_events(void **state) {
  (void)state;
  struct tcx_fail f = {.arena = arena};
  struct tcx_parse p = {.arena = arena, .model = rest, .fail = &f};
  const struct tcx_shape *tree = tcx__model_shape(rest, "Tree");
  struct tcx_value *v = NULL;
  assert_int_equal(tcx__rest_json.read(&p, tree, "{\"leaf\":\"x\"}", 12, &v), 0);
  assert_string_equal(ph_text(arena, v), "{\"Leaf\": \"x\"}");
  assert_int_equal(tcx__json.read(&p, tree, "", 0, &v), 0);
  assert_string_equal(ph_text(arena, v), "{}");
  assert_int_equal(tcx__json.read(&p, tree, "[]", 2, &v), TCX_EPROTO);
  assert_string_equal(f.text, "malformed response: the document: a list is no structure");
}

/* ---- memory ---- */

/* Unknown content of any length is read in constant memory. */
static void passes_over_the_unknown(void **state) {
  (void)state;
  static const char piece[] = "{\"a\":[1,\"text\",{\"b\":null}],\"Text\":\"\\u00e9\"},";
  struct tcx_response_head head = {.status = 200};
  struct tcx_arena *own = tcx__arena_new();
  struct tcx_fail f = {.arena = own};
  struct tcx_parse p = {.arena = own,
                        .model = json,
                        .op = tcx__model_operation(json, "Do"),
                        .head = &head,
                        .fail = &f};
  struct tcx_parser *parser;
  struct tcx_value *v;
  size_t blocks = 0;
  assert_int_equal(tcx__json.start(&p, &parser), 0);
  assert_int_equal(tcx__json.feed(parser, "{\"unknown\":[", 12), 0);
  for (int i = 0; i < 100000; i++)
    assert_int_equal(tcx__json.feed(parser, piece, sizeof piece - 1), 0);
  assert_int_equal(tcx__json.feed(parser, "0],\"text\":\"end\"}", 16), 0);
  assert_int_equal(tcx__json.finish(parser, &v, NULL), 0);
  assert_string_equal(ph_text(arena, v), "{\"Text\": \"end\"}");
  for (const struct tcx_block *b = own->blocks; b != NULL; b = b->next)
    blocks += b->size;
  assert_true(blocks < 16384);
  tcx__arena_free(own);
}

static void out_of_memory(void **state) {
  (void)state;
  static const char params[] =
      "{\"Map\":{\"a b\":1},\"List\":[\"a rather long text that has no room in a buffer's first "
      "bytes\"],\"Trees\":{\"x\":{\"Leaf\":\"y\"}},\"Any\":[1],\"When\":1,\"Blob\":\"abc\"}";
  static const char sent[] =
      "{\"Map\":{\"a b\":1},\"List\":[\"a rather long text that has no room in a buffer's first "
      "bytes\"],\"Trees\":{\"x\":{\"leaf\":\"y\"}},\"Any\":[1],\"When\":1,\"Blob\":\"YWJj\"}";
  test_fail_until_ok(pu_serialize_once, &(struct pu_request){json, "Do", params, sent});
  test_fail_until_ok(pu_serialize_once, &(struct pu_request){rest, "Do", params, sent});
  static const char body[] =
      "{\"text\":\"a\\nb\",\"Blob\":\"YWJj\",\"When\":1,\"Count\":12345678901234567890,"
      "\"Number\":1.5,\"Wide\":{\"m50\":\"x\"},\"Trees\":{\"t\":{\"Tree\":{\"Tree\":{}}}},"
      "\"Choice\":{\"C\":1},\"Any\":[{}],\"List\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}";
  static const char value[] =
      "{\"Text\": \"a\\nb\", \"Blob\": \"YWJj\", \"When\": \"1970-01-01T00:00:01Z\", \"Count\": "
      "12345678901234567890, \"Number\": 1.5, \"Wide\": {\"m50\": \"x\"}, \"Trees\": {\"t\": "
      "{\"Tree\": {\"Tree\": {}}}}, \"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"C\"}}, "
      "\"Any\": [{}], \"List\": [\"a\", \"b\", \"c\", \"d\", \"e\"]}";
  static const char error[] = "{\"__type\":\"Broken\",\"message\":\"m\",\"Part\":\"p\"}";
  static const char number[] = "{\"code\":404,\"message\":\"m\"}";
  static const char number_value[] = "{\"Error\": {\"Code\": \"404\", \"Message\": \"m\"}}";
  static const char error_value[] =
      "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"m\"}, \"Part\": \"p\"}";
  struct pu_answer answers[] = {
      {.model = json, .operation = "Do", .status = 200, .body = PU_BODY(body), .expected = value},
      {.model = rest, .operation = "Do", .status = 200, .body = PU_BODY(body), .expected = value},
      {.model = json,
       .operation = "Do",
       .status = 400,
       .body = PU_BODY(error),
       .expected = error_value},
      {.model = rest,
       .operation = "Do",
       .status = 400,
       .body = PU_BODY(error),
       .expected = error_value},
      {.model = rest,
       .operation = "Do",
       .status = 400,
       .body = PU_BODY(number),
       .expected = number_value},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    test_fail_until_ok(pu_parse_once, &answers[i]);
}

/* ---- */

static const struct tcx_model *make_model(const char *protocol) {
  struct tcx_buf text;
  tcx__buf_init(&text, models, 1 << 20);
  tcx__buf_adds(&text, model_start);
  tcx__buf_adds(&text, protocol);
  tcx__buf_adds(&text, model_middle);
  for (int i = 0; i < 70; i++)
    tcx__buf_printf(&text, "%s\"m%02d\":{\"shape\":\"S\"}", i > 0 ? "," : "", i);
  tcx__buf_adds(&text, "}}}}");
  return ph_model(models, pu_json(models, text.data), protocol);
}
static int setup_models(void **state) {
  (void)state;
  models = tcx__arena_new();
  json = make_model("json");
  rest = make_model("rest-json");
  return 0;
}
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(writes_bodies),         TEST(writes_heads),
      TEST(writes_rest_documents), TEST(refuses_requests),
      TEST(reads_values),          TEST(reads_other_kinds),
      TEST(reads_twins),           TEST(reads_unions),
      TEST(reads_wide_structures), TEST(refuses_answers),
      TEST(reads_rest_documents),  TEST(reads_errors),
      TEST(reads_events),          TEST(passes_over_the_unknown),
      TEST(out_of_memory),
  };
  return cmocka_run_group_tests(tests, setup_models, pu_teardown_models);
}
