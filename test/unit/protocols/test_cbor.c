/* rpc-v2-cbor beyond the public cases: every type both ways, what is refused and in which words,
 * unknown content, unions, errors, memory. */
#include "protocols/cbor_body.h"

#include "protocol_unit.h"

static const struct tcx_model *own;

static const char own_json[] =
    "{'metadata':{'apiVersion':'1','endpointPrefix':'own','serviceId':'Own','targetPrefix':'T',"
    "'signatureVersion':'v4','protocol':'smithy-rpc-v2-cbor','awsQueryCompatible':{}},"
    "'operations':{"
    "'Do':{'name':'Do','http':{'method':'POST','requestUri':'/'},'input':{'shape':'Any'},"
    "'output':{'shape':'Any'},'errors':[{'shape':'Broken'},{'shape':'Renamed'}]},"
    "'Ask':{'name':'Ask','http':{'method':'POST','requestUri':'/'}},"
    "'Watch':{'name':'Watch','http':{'method':'POST','requestUri':'/'},"
    "'output':{'shape':'Watched'}}},"
    "'shapes':{"
    "'Any':{'type':'structure','members':{'Text':{'shape':'S'},'Blob':{'shape':'B'},"
    "'Whole':{'shape':'L'},'Float':{'shape':'F'},'Double':{'shape':'D'},'Flag':{'shape':'O'},"
    "'When':{'shape':'T'},'List':{'shape':'Texts'},'Map':{'shape':'M'},'Tree':{'shape':'Any'},"
    "'Choice':{'shape':'U'},'Renamed':{'shape':'S','locationName':'other'}}},"
    "'Watched':{'type':'structure','members':{'events':{'shape':'Events'}}},"
    "'Events':{'type':'structure','eventstream':true,'members':{'one':{'shape':'One'}}},"
    "'One':{'type':'structure','event':true,'members':{'Text':{'shape':'S'}}},"
    "'Broken':{'type':'structure','exception':true,'members':{'message':{'shape':'S'},"
    "'Part':{'shape':'S'}}},"
    "'Renamed':{'type':'structure','exception':true,'error':{'code':'Old.Code'},"
    "'members':{'Part':{'shape':'S'}}},"
    "'U':{'type':'structure','union':true,'members':{'A':{'shape':'S'},'B':{'shape':'Any'}}},"
    "'M':{'type':'map','key':{'shape':'S'},'value':{'shape':'Any'}},"
    "'Texts':{'type':'list','member':{'shape':'S'}},"
    "'S':{'type':'string'},'B':{'type':'blob'},'L':{'type':'long'},'F':{'type':'float'},"
    "'D':{'type':'double'},'O':{'type':'boolean'},'T':{'type':'timestamp'}}}";

/* ---- requests ---- */

static int serialize_json(const char *json) {
  return pu_serialize(own, "Do", pu_json(arena, json), "");
}
static const char *header(const char *name) {
  const struct tcx_header *h = tcx__headers_get(&req.headers, name);
  return h != NULL ? h->value.p : NULL;
}
#define IS(str, text)                                                                              \
  assert_string_equal(tcx__arena_strndup(arena, (str).n > 0 ? (str).p : "", (str).n), text)

static void check_body(const char *json, const char *hex) {
  if (serialize_json(json) != 0)
    fail_msg("%s: %s", json, failure.text);
  char *got = tcx__arena_zalloc(arena, req.body.n * 2 + 1);
  tcx__hex_encode(got, req.body.p, req.body.n);
  assert_string_equal(got, hex);
}

static void writes_requests(void **state) {
  (void)state;
  assert_int_equal(pu_serialize(own, "Ask", NULL, ""), 0);
  IS(req.path, "/service/T/operation/Ask");
  assert_string_equal(req.method, "POST");
  assert_int_equal(req.body.n, 0);
  assert_null(header("content-type"));
  assert_string_equal(header("accept"), "application/cbor");
  assert_string_equal(header("smithy-protocol"), "rpc-v2-cbor");
  assert_string_equal(header("x-amzn-query-mode"), "true");
  assert_int_equal(pu_serialize(own, "Watch", NULL, "/base/"), 0);
  IS(req.path, "/base/service/T/operation/Watch");
  assert_string_equal(header("accept"), "application/vnd.amazon.eventstream");
  assert_int_equal(pu_serialize(own, "Do", NULL, "/base"), 0);
  IS(req.path, "/base/service/T/operation/Do");
  assert_int_equal(req.body.n, 1);
  assert_string_equal(header("content-type"), "application/cbor");
}

/* The bytes are those of botocore 1.44.5, but for the last, whose null it cannot write. */
static void writes_bodies(void **state) {
  (void)state;
  check_body("{\"Text\":\"\",\"Flag\":false,\"List\":[],\"Map\":{},\"Tree\":{}}", "a56454657874606"
                                                                                  "4466c6167f4"
                                                                                  "644c69737480"
                                                                                  "634d6170a0"
                                                                                  "6454726565a0");
  check_body("{\"Text\":null,\"Tree\":{\"Text\":null,\"Flag\":true}}",
             "a16454726565a164466c6167f5");
  check_body("{\"Whole\":-500,\"Float\":7.625,\"Double\":3}", "a3"
                                                              "6557686f6c653901f3"
                                                              "65466c6f6174fa40f40000"
                                                              "66446f75626c65fb4008000000000000");
  check_body("{\"Float\":\"NaN\",\"Double\":\"-Infinity\"}", "a2"
                                                             "65466c6f6174f97e00"
                                                             "66446f75626c65f9fc00");
  check_body("{\"Whole\":18446744073709551615}", "a16557686f6c651bffffffffffffffff");
  check_body("{\"Whole\":-18446744073709551615}", "a16557686f6c653bfffffffffffffffe");
  check_body("{\"When\":0}", "a1645768656ec100");
  check_body("{\"When\":\"2015-08-30T12:36:00Z\"}", "a1645768656ec11a55e2f8b0");
  check_body("{\"When\":1440938160.25}", "a1645768656ec1fb41d578be2c100000");
  check_body("{\"When\":-0.5}", "a1645768656ec1fbbfe0000000000000");
  check_body("{\"When\":\"9999-12-31T23:59:59.123Z\"}", "a1645768656ec1fb424d7ffa20bf8fbe");
  check_body("{\"Float\":3.4028234663852886e38}", "a165466c6f6174fa7f7fffff");
  check_body("{\"Blob\":\"abc\",\"Renamed\":\"x\"}", "a264426c6f6243616263656f746865726178");
  check_body("{\"Map\":{\"k\":{\"List\":[\"a\",null]}},\"Choice\":{\"A\":\"z\"}}",
             "a2634d6170a1616ba1644c697374826161f66643686f696365a16141617a");
}

static void refuses_requests(void **state) {
  (void)state;
  static const struct {
    const char *json, *text;
  } cases[] = {
      {"{\"Whole\":1.5}", "the value of Whole cannot be sent"},
      {"{\"Whole\":18446744073709551616}", "the value of Whole cannot be sent"},
      {"{\"Whole\":\"x\"}", "the value of Whole cannot be sent"},
      {"{\"Double\":true}", "the value of Double cannot be sent"},
      {"{\"Float\":-1e39}", "the value of Float cannot be sent"},
      {"{\"When\":true}", "the value of When cannot be sent"},
      {"{\"When\":\"soon\"}", "the value of When cannot be sent"},
      {"{\"Text\":1}", "the value of Text cannot be sent"},
      {"{\"Blob\":1}", "the value of Blob cannot be sent"},
      {"{\"Flag\":1}", "the value of Flag cannot be sent"},
      {"{\"List\":{}}", "the value of List is not a list"},
      {"{\"Tree\":[]}", "the value of Tree is not a map"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(serialize_json(cases[i].json), TCX_EPARAM);
    assert_string_equal(failure.text, cases[i].text);
  }
  struct tcx_value *params = tcx__value_new(arena, TCX_MAP);
  assert_int_equal(tcx__value_add(arena, params, "Text", 4, tcx__value_new_str(arena, "\xff", 1)),
                   0);
  assert_int_equal(pu_serialize(own, "Do", params, ""), TCX_EPARAM);
  assert_string_equal(failure.text, "the value of Text is not UTF-8");
}

/* ---- responses ---- */

static struct ph_parsed parse(tcx__parse_mode mode, int status, const char *headers,
                              const char *hex) {
  struct tcx_response_head *head = tcx__arena_alloc(arena, sizeof *head);
  size_t n = strlen(hex) / 2;
  char *bytes = tcx__arena_alloc(arena, n + 1);
  assert_int_equal(tcx__hex_decode(bytes, hex, strlen(hex)), 0);
  ph_head(arena, head, status, pu_json(arena, headers));
  const struct tcx_operation *op = tcx__model_operation(own, "Do");
  struct tcx_str body = {bytes, n};
  struct ph_parsed whole = ph_parse(arena, own, op, head, mode, body, 0, false);
  for (long cut = -1; cut < (long)n; cut++) {
    struct ph_parsed other = ph_parse(arena, own, op, head, mode, body, cut, false);
    assert_int_equal(whole.status, other.status);
    if (whole.status == 0)
      assert_string_equal(ph_text(arena, whole.value), ph_text(arena, other.value));
    else
      assert_string_equal(whole.text, other.text);
  }
  return whole;
}
static void check(const char *hex, const char *expected) {
  struct ph_parsed got = parse(TCX__PARSE_OUTPUT, 200, "{}", hex);
  if (got.status != 0)
    fail_msg("%s: %s", hex, got.text);
  assert_string_equal(ph_text(arena, got.value), expected);
}
static void check_refused(const char *hex, const char *text) {
  struct ph_parsed got = parse(TCX__PARSE_OUTPUT, 200, "{}", hex);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_string_equal(got.text, text);
}

static void reads_bodies(void **state) {
  (void)state;
  check("", "{}");
  check("a0", "{}");
  check("bf7f6254656278"
        "74ff"
        "7f61786179ffff",
        "{\"Text\": \"xy\"}");
  check("a264546578746161"
        "6454657874"
        "6162",
        "{\"Text\": \"b\"}");
  check("a264546578746161"
        "6454657874f6",
        "{\"Text\": \"a\"}");
  check("a16557686f6c651bffffffffffffffff", "{\"Whole\": 18446744073709551615}");
  check("a16557686f6c653b7fffffffffffffff", "{\"Whole\": -9223372036854775808}");
  check("a16557686f6c653b8000000000000000", "{\"Whole\": -9223372036854775809}");
  check("a16557686f6c653bffffffffffffffff", "{\"Whole\": -18446744073709551616}");
  check("a266446f75626c6505"
        "65466c6f617420",
        "{\"Double\": 5.0, \"Float\": -1.0}");
  check("a1645768656ec11a55e2f8b0", "{\"When\": \"2015-08-30T12:36:00Z\"}");
  check("a1645768656e1a55e2f8b0", "{\"When\": \"2015-08-30T12:36:00Z\"}");
  check("a1645768656ec1fb41d578be2c100000", "{\"When\": \"2015-08-30T12:36:00.250000Z\"}");
  check("a1645768656ec1fbbfe0000000000000", "{\"When\": \"1969-12-31T23:59:59.500000Z\"}");
  check("a264426c6f625f4161426263ff64466c6167f5", "{\"Blob\": \"YWJj\", \"Flag\": true}");
  check("a1644c697374836161f66162", "{\"List\": [\"a\", null, \"b\"]}");
  check("a1634d6170a26161a0"
        "6162f6",
        "{\"Map\": {\"a\": {}}}");
  check("a1656f746865726178", "{\"Renamed\": \"x\"}");
}

/* Unknown content may be anything well-formed, under any tag. */
static void skips_the_unknown(void **state) {
  (void)state;
  check("a2634e6577c2420101"
        "64466c6167f4",
        "{\"Flag\": false}");
  check("a2634e6577bf01a0820102f6ff"
        "64466c6167f4",
        "{\"Flag\": false}");
  check("a2634e65777f6161ff"
        "64466c6167f4",
        "{\"Flag\": false}");
  check("a2634e6577f6"
        "64466c6167f4",
        "{\"Flag\": false}");
}

static void reads_unions(void **state) {
  (void)state;
  check("a16643686f696365a161416178", "{\"Choice\": {\"A\": \"x\"}}");
  check("a16643686f696365a3"
        "6141f6"
        "665f5f747970656155"
        "6142a0",
        "{\"Choice\": {\"B\": {}}}");
  check("a16643686f696365a1634e6577820102",
        "{\"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"New\"}}}");
  check("a16643686f696365a1634e657701",
        "{\"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"New\"}}}");
  check_refused("a16643686f696365a0",
                "malformed response: Choice: the union U must have one and only one member set");
  check_refused("a16643686f696365a16141f6",
                "malformed response: Choice: the union U must have one and only one member set");
  check_refused("a16643686f696365a2"
                "61416178"
                "634e657701",
                "malformed response: Choice: the union U must have one and only one member set");
  check_refused("a16643686f696365a2"
                "61416178"
                "6142a0",
                "malformed response: Choice: the union U must have one and only one member set");
}

static void refuses_responses(void **state) {
  (void)state;
  check_refused("f6", "malformed response: the document: a null is no structure");
  check_refused("80", "malformed response: the document: a list is no structure");
  check_refused("a1645465787401", "malformed response: Text is no string");
  check_refused("a164546578744161", "malformed response: Text is no string");
  check_refused("a164426c6f626161", "malformed response: Blob is no blob");
  check_refused("a16557686f6c65f93c00", "malformed response: Whole is no integer");
  check_refused("a16557686f6c65c101", "malformed response: Whole has the tag 1");
  check_refused("a16557686f6c65c24101", "malformed response: Whole has the tag 2");
  check_refused("a1645768656ec1"
                "6161",
                "malformed response: When is no timestamp");
  check_refused("a1645768656ec1f97e00", "malformed response: When is no timestamp");
  check_refused("a1645768656ec11bffffffffffffffff", "malformed response: When is no timestamp");
  check_refused("a164466c616700", "malformed response: Flag is no boolean");
  check_refused("a1644c697374a0", "malformed response: List: a map is no list");
  check_refused("a1645472656580", "malformed response: Tree: a list is no structure");
  check_refused("a10102", "malformed response: a map's key is no string");
  check_refused("a1416102", "malformed response: a map's key is no string");
  check_refused("a1c1616102", "malformed response: a map's key is no string");
  check_refused("a180", "malformed response: a map's key is no string");
  check_refused("a1f602", "malformed response: a map's key is no string");
  check_refused("a1645465787461ff", "malformed response: a string that is not UTF-8");
  check_refused("a1", "malformed response: not CBOR near byte 1: the end comes too early");
  check_refused("a000", "malformed response: not CBOR near byte 2: bytes behind the end");
}

/* ---- errors ---- */

static void check_error(int status, const char *headers, const char *hex, const char *expected) {
  struct ph_parsed got = parse(TCX__PARSE_ERROR, status, headers, hex);
  assert_int_equal(got.status, 0);
  assert_string_equal(ph_text(arena, got.value), expected);
  assert_string_equal(got.error.code, ph_str(ph_get(got.value, "Error"), "Code", ""));
}

static void reads_errors(void **state) {
  (void)state;
  /* {__type: "ns#Broken:x", message: "hi", Part: "p", New: 1} */
  check_error(400, "{}",
              "a4"
              "665f5f747970656b6e732342726f6b656e3a78"
              "676d65737361676562686964506172746170"
              "634e657701",
              "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"hi\"}, \"message\": \"hi\", "
              "\"Part\": \"p\"}");
  /* {__type: "Other", Message: "hi"} */
  check_error(400, "{}", "a2665f5f74797065654f74686572674d657373616765626869",
              "{\"Error\": {\"Code\": \"Other\", \"Message\": \"hi\"}}");
  /* {__type: "ns#Renamed", Part: "p"}: the shape is found by its own name or by the old code */
  const char *renamed = "a2665f5f747970656a6e732352656e616d656464506172746170";
  check_error(400, "{\"x-amzn-query-error\":\"Old.Code;Sender\"}", renamed,
              "{\"Error\": {\"Code\": \"Old.Code\", \"Message\": \"\", \"QueryErrorCode\": "
              "\"Renamed\", \"Type\": \"Sender\"}, \"Part\": \"p\"}");
  check_error(400, "{\"x-amzn-query-error\":\"no;such;form\"}", renamed,
              "{\"Error\": {\"Code\": \"Renamed\", \"Message\": \"\"}}");
  check_error(400, "{\"x-amzn-query-error\":\";Sender\"}", "a0",
              "{\"Error\": {\"Code\": \"400\", \"Message\": \"\"}}");
  check_error(503, "{}", "",
              "{\"Error\": {\"Code\": \"503\", \"Message\": \"Service Unavailable\"}}");
  check_error(503, "{}", "3c68746d6c3e",
              "{\"Error\": {\"Code\": \"503\", \"Message\": \"Service Unavailable\"}}");
  check_error(404, "{}", "a1676d65737361676501",
              "{\"Error\": {\"Code\": \"404\", \"Message\": \"\"}}");
  /* {__type: "Broken", Part: 1}: members that cannot be read are left out */
  check_error(400, "{}", "a2665f5f747970656642726f6b656e645061727401",
              "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"\"}}");
}

static void reads_documents(void **state) {
  (void)state;
  struct tcx_fail f = {.arena = arena};
  struct tcx_parse p = {.arena = arena, .model = own, .fail = &f};
  const struct tcx_shape *one = tcx__model_shape(own, "One");
  struct tcx_value *got = NULL;
  assert_int_equal(tcx__rpc_v2_cbor.read(&p, one, "", 0, &got), 0);
  assert_string_equal(ph_text(arena, got), "{}");
  assert_int_equal(tcx__rpc_v2_cbor.read(&p, one, "\xa1\x64Text\x61x", 8, &got), 0);
  assert_string_equal(ph_text(arena, got), "{\"Text\": \"x\"}");
  assert_int_equal(tcx__rpc_v2_cbor.read(&p, one, "\xa1", 1, &got), TCX_EPROTO);
  assert_ptr_equal(tcx__protocol_by_name("smithy-rpc-v2-cbor"), &tcx__rpc_v2_cbor);
}

/* ---- memory ---- */

static void out_of_memory(void **state) {
  (void)state;
  static const char body[] = "\xbf\x63New\x81\x81\x01\x63Map\xa1\x61k\xa1\x64List\x82\x7f\x61"
                             "a\x61"
                             "b\xff\xf6\x66"
                             "Choice\xa1\x63New\x01\xff";
  static const char error[] = "\xa3\x66__type\x66"
                              "Broken\x67message\x62hi\x64Part\x61p";
  struct pu_answer answers[] = {
      {.status = 200,
       .body = PU_BODY(body),
       .expected = "{\"Map\": {\"k\": {\"List\": [\"ab\", null]}}, \"Choice\": "
                   "{\"SDK_UNKNOWN_MEMBER\": {\"name\": \"New\"}}}"},
      {.status = 400,
       .body = PU_BODY(error),
       .expected = "{\"Error\": {\"Code\": \"Broken\", \"Message\": \"hi\"}, \"message\": \"hi\", "
                   "\"Part\": \"p\"}"},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    answers[i].model = own;
    answers[i].operation = "Do";
    test_fail_until_ok(pu_parse_once, &answers[i]);
  }
}

static int setup_models(void **state) {
  (void)state;
  models = tcx__arena_new();
  char *json = tcx__arena_strdup(models, own_json);
  for (char *p = json; *p != '\0'; p++)
    *p = *p == '\'' ? '"' : *p;
  own = ph_model(models, pu_json(models, json), "own");
  return 0;
}
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(writes_requests),   TEST(writes_bodies), TEST(refuses_requests),  TEST(reads_bodies),
      TEST(skips_the_unknown), TEST(reads_unions),  TEST(refuses_responses), TEST(reads_errors),
      TEST(reads_documents),   TEST(out_of_memory),
  };
  return cmocka_run_group_tests(tests, setup_models, pu_teardown_models);
}
