/* rest-xml beyond the public cases: how the path is joined, what is refused and in which words,
 * bodies that stream, unknown content of any size, errors, memory. */
#include "protocol_unit.h"

#define S3 TCX_SOURCE_DIR "/models/data/s3/2006-03-01/service-2.json"

static const struct tcx_model *s3, *own;

/* A small model of its own for what S3 lacks. */
static const char own_json[] =
    "{\"metadata\":{\"apiVersion\":\"1\",\"endpointPrefix\":\"own\",\"serviceId\":\"Own\","
    "\"protocol\":\"rest-xml\"},\"operations\":{"
    "\"Put\":{\"name\":\"Put\",\"http\":{\"method\":\"PUT\",\"requestUri\":\"/{Id}/"
    "x?fixed=1\"},\"input\":{\"shape\":\"In\",\"locationName\":\"PutRequest\"},\"output\":{"
    "\"shape\":\"Out\"},"
    "\"errors\":[{\"shape\":\"Broken\"}]}},"
    "\"shapes\":{\"In\":{\"type\":\"structure\",\"required\":[\"Id\"],\"members\":{\"Id\":{"
    "\"shape\":\"S\",\"location\":\"uri\",\"locationName\":\"Id\"},"
    "\"Text\":{\"shape\":\"S\"},\"When\":{\"shape\":\"T\"},\"Number\":{\"shape\":\"D\"},\"Tree\":{"
    "\"shape\":\"Tree\"},\"Dates\":{\"shape\":\"Dates\",\"location\":\"header\",\"locationName\":"
    "\"x-dates\"}}},"
    "\"Out\":{\"type\":\"structure\",\"members\":{\"Map\":{\"shape\":\"M\"},\"Flat\":{\"shape\":"
    "\"M\",\"flattened\":true},\"Number\":{\"shape\":\"D\"},\"Whole\":{\"shape\":\"L\"},\"When\":{"
    "\"shape\":\"T\"},"
    "\"Choice\":{\"shape\":\"U\"},\"Blob\":{\"shape\":\"B\"},\"List\":{\"shape\":\"Dates\"},"
    "\"Tree\":{\"shape\":\"Tree\"},\"Text\":{\"shape\":\"S\"},"
    "\"Names\":{\"shape\":\"Names\",\"location\":\"header\",\"locationName\":\"x-names\"},"
    "\"Dates\":{\"shape\":\"Dates\",\"location\":\"header\",\"locationName\":\"x-dates\"}}},"
    "\"Broken\":{\"type\":\"structure\",\"exception\":true,\"error\":{\"code\":\"broken\"},"
    "\"members\":{\"Part\":{\"shape\":\"S\"},\"Count\":{\"shape\":\"L\"}}},"
    "\"Tree\":{\"type\":\"structure\",\"members\":{\"Tree\":{\"shape\":\"Tree\"},\"Leaf\":{"
    "\"shape\":\"S\"}}},"
    "\"U\":{\"type\":\"structure\",\"union\":true,\"members\":{\"A\":{\"shape\":\"S\"},\"B\":{"
    "\"shape\":\"L\"}}},"
    "\"M\":{\"type\":\"map\",\"key\":{\"shape\":\"S\"},\"value\":{\"shape\":\"L\"}},\"Names\":{"
    "\"type\":\"list\",\"member\":{\"shape\":\"S\"}},\"Dates\":{\"type\":\"list\",\"member\":{"
    "\"shape\":\"T\"}},"
    "\"S\":{\"type\":\"string\"},\"T\":{\"type\":\"timestamp\"},\"D\":{\"type\":\"double\"},\"L\":{"
    "\"type\":\"long\"},\"B\":{\"type\":\"blob\"}}}";

/* ---- requests ---- */

static struct tcx_serialize ser;

/* 0, or what serialize says. path: the endpoint's. */
static int put(const struct tcx_model *model, const char *operation, const char *path,
               const char *json) {
  const char *instead = ser.path;
  failure = (struct tcx_fail){.arena = arena};
  ser = (struct tcx_serialize){.model = model,
                               .op = tcx__model_operation(model, operation),
                               .params = pu_json(arena, json),
                               .path = instead};
  req = (struct tcx_request){.arena = arena, .path = tcx__str(path)};
  tcx__headers_init(&req.headers, arena);
  int status = tcx__rest_xml.serialize(&ser, &req, &failure);
  ser.path = NULL;
  return status;
}
#define IS(str, text)                                                                              \
  assert_string_equal(tcx__arena_strndup(arena, (str).n > 0 ? (str).p : "", (str).n), text)

static void joins_paths(void **state) {
  (void)state;
  static const struct {
    const char *endpoint, *operation, *params, *path, *query;
  } cases[] = {
      {"", "list_buckets", "{}", "/", ""},
      {"/", "list_buckets", "{\"Prefix\":\"x\"}", "/", "prefix=x"},
      {"/base", "list_buckets", "{}", "/base", ""},
      {"/base/", "list_objects_v2", "{\"Bucket\":\"b\",\"Prefix\":\"a b\"}", "/base/b",
       "list-type=2&prefix=a%20b"},
      {"/base", "get_object", "{\"Bucket\":\"b\",\"Key\":\"/x//y z/~\"}", "/base/b//x//y%20z/~",
       ""},
      {"", "head_object", "{\"Bucket\":\"b\",\"Key\":\"k\",\"VersionId\":null}", "/b/k", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(put(s3, cases[i].operation, cases[i].endpoint, cases[i].params), 0);
    IS(req.path, cases[i].path);
    IS(req.query, cases[i].query);
  }
  ser.path = "/{Key+}";
  assert_int_equal(put(s3, "put_object", "/b", "{\"Bucket\":\"b\",\"Key\":\"k\"}"), 0);
  IS(req.path, "/b/k");
  ser.path = "";
  assert_int_equal(put(s3, "list_objects_v2", "", "{\"Bucket\":\"b\"}"), 0);
  IS(req.path, "/");
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a/b\"}"), 0);
  IS(req.path, "/a%2Fb/x");
  IS(req.query, "fixed=1");
  assert_string_equal(req.method, "PUT");
}

static void refuses_requests(void **state) {
  (void)state;
  assert_int_equal(put(s3, "get_object", "", "{\"Bucket\":\"b\"}"), TCX_EPARAM);
  assert_string_equal(failure.text, "the path needs a value for Key");
  assert_int_equal(put(s3, "put_object", "",
                       "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a\":\"x\\r\\nEvil: 1\"}}"),
                   TCX_EPARAM);
  assert_non_null(strstr(failure.text, "x-amz-meta-a"));
  assert_int_equal(
      put(s3, "put_object", "", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a b\":\"x\"}}"),
      TCX_EPARAM);
  assert_int_equal(
      put(s3, "put_object", "", "{\"Bucket\":\"b\",\"Key\":\"k\",\"ContentType\":\"a\\nb\"}"),
      TCX_EPARAM);
  assert_int_equal(put(s3, "put_object", "", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":1}"),
                   TCX_EPARAM);
  assert_string_equal(failure.text, "the value of Body cannot be sent");
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\",\"Tree\":[]}"), TCX_EPARAM);
  assert_string_equal(failure.text, "the value of Tree is not a map");
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\",\"When\":\"yesterday\"}"), TCX_EPARAM);
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\",\"When\":true}"), TCX_EPARAM);
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\",\"When\":1577934245000}"), TCX_EPARAM);
  assert_string_equal(failure.text, "the value of When cannot be sent");
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\",\"When\":-100000000000}"), TCX_EPARAM);
  assert_string_equal(failure.text, "the value of When cannot be sent");
  struct tcx_buf deep;
  tcx__buf_init(&deep, arena, 1 << 20);
  tcx__buf_adds(&deep, "{\"Id\":\"a\"");
  for (int i = 0; i < 200; i++)
    tcx__buf_adds(&deep, i == 0 ? ",\"Tree\":{" : "\"Tree\":{");
  for (int i = 0; i < 201; i++)
    tcx__buf_addc(&deep, '}');
  assert_int_equal(put(own, "Put", "", deep.data), TCX_EPARAM);
  assert_string_equal(failure.text, "Tree is nested too deep");
}

static void refuses_what_is_too_long(void **state) {
  (void)state;
  static char text[(1 << 20) + 2];
  memset(text, 'k', sizeof text - 1);
  const char *key = tcx__arena_printf(arena, "{\"Bucket\":\"b\",\"Key\":\"%s\"}", text),
             *prefix = tcx__arena_printf(arena, "{\"Bucket\":\"b\",\"Prefix\":\"%s\"}", text);
  assert_int_equal(put(s3, "get_object", "", key), TCX_ETOOBIG);
  assert_string_equal(failure.text, "the path is longer than 1048576 bytes");
  assert_int_equal(put(s3, "list_objects_v2", "", prefix), TCX_ETOOBIG);
  assert_string_equal(failure.text, "the query is longer than 1048576 bytes");
}

static void writes_bodies(void **state) {
  (void)state;
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\"}"), 0);
  assert_int_equal(req.body.n, 0);
  assert_int_equal(put(own, "Put", "", "{\"Id\":\"a\",\"Text\":\"\",\"Tree\":{}}"), 0);
  IS(req.body, "<PutRequest><Text /><Tree /></PutRequest>");
  assert_int_equal(put(own, "Put", "",
                       "{\"Id\":\"a\",\"Text\":\"\\r\\n\\t<>&\\\"'\",\"Tree\":{\"Leaf\":null,"
                       "\"Tree\":{\"Leaf\":\"x\"}}}"),
                   0);
  IS(req.body, "<PutRequest><Text>&#xD;&#xA;\t&lt;&gt;&amp;\"'</Text><Tree><Tree><Leaf>x</Leaf></"
               "Tree></Tree></PutRequest>");
  static const struct {
    const char *json, *text;
  } numbers[] = {
      {"1", "1"},
      {"1.0", "1.0"},
      {"0.1", "0.1"},
      {"1e22", "1e+22"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"-5e-324", "-5e-324"},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    assert_int_equal(put(own, "Put", "",
                         tcx__arena_printf(arena, "{\"Id\":\"a\",\"Number\":%s}", numbers[i].json)),
                     0);
    IS(req.body,
       tcx__arena_printf(arena, "<PutRequest><Number>%s</Number></PutRequest>", numbers[i].text));
  }
  static const struct {
    const char *json, *text;
  } times[] = {
      {"1440938160", "2015-08-30T12:36:00Z"},
      {"1440938160.5", "2015-08-30T12:36:00.500000Z"},
      {"\"2015-08-30T14:36:00+02:00\"", "2015-08-30T12:36:00Z"},
      {"-0.25", "1969-12-31T23:59:59.750000Z"},
  };
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    assert_int_equal(
        put(own, "Put", "",
            tcx__arena_printf(arena, "{\"Id\":\"a\",\"When\":%s,\"Dates\":[%s,null,0]}",
                              times[i].json, times[i].json)),
        0);
    IS(req.body,
       tcx__arena_printf(arena, "<PutRequest><When>%s</When></PutRequest>", times[i].text));
  }
  IS(tcx__headers_get(&req.headers, "x-dates")->value,
     "Wed, 31 Dec 1969 23:59:59 GMT,Thu, 01 Jan 1970 00:00:00 GMT");
}

static void hands_back_streams(void **state) {
  (void)state;
  assert_int_equal(put(s3, "put_object", "", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":\"bytes\"}"),
                   0);
  assert_int_equal(req.body.n, 0);
  assert_ptr_equal(ser.body, ph_get(ser.params, "Body"));
  assert_false(ser.body_requires_length);
  assert_int_equal(put(s3, "put_object", "", "{\"Bucket\":\"b\",\"Key\":\"k\"}"), 0);
  assert_null(ser.body);
  assert_int_equal(put(s3, "put_bucket_policy", "", "{\"Bucket\":\"b\",\"Policy\":\"{}\"}"), 0);
  assert_null(ser.body);
  IS(req.body, "{}");
  const struct tcx_member *member = NULL;
  assert_true(tcx__streaming_output(tcx__model_operation(s3, "get_object"), &member));
  assert_string_equal(member->name, "Body");
  assert_false(tcx__streaming_output(tcx__model_operation(s3, "get_bucket_policy"), NULL));
  assert_false(tcx__streaming_output(tcx__model_operation(s3, "list_buckets"), NULL));
  assert_null(tcx__protocol_by_name("soap"));
  assert_ptr_equal(tcx__protocol_by_name("rest-xml"), &tcx__rest_xml);
}

/* ---- responses ---- */

static struct ph_parsed parse(const struct tcx_model *model, const char *operation,
                              tcx__parse_mode mode, int status, const char *headers,
                              const char *body, bool error_in_success) {
  struct tcx_response_head *head = tcx__arena_alloc(arena, sizeof *head);
  ph_head(arena, head, status, pu_json(arena, headers));
  struct ph_parsed whole = ph_parse(arena, model, tcx__model_operation(model, operation), head,
                                    mode, tcx__str(body), 0, error_in_success);
  struct ph_parsed bytes = ph_parse(arena, model, tcx__model_operation(model, operation), head,
                                    mode, tcx__str(body), -1, error_in_success);
  assert_int_equal(whole.status, bytes.status);
  assert_int_equal(whole.is_error, bytes.is_error);
  if (whole.status == 0)
    assert_string_equal(ph_text(arena, whole.value), ph_text(arena, bytes.value));
  return whole;
}
static void check(const char *body, const char *expected) {
  struct ph_parsed got = parse(own, "Put", TCX__PARSE_OUTPUT, 200, "{}", body, false);
  if (got.status != 0)
    fail_msg("%s: %s", body, got.text);
  assert_string_equal(ph_text(arena, got.value), expected);
}
static void check_refused(const char *body, const char *text) {
  struct ph_parsed got = parse(own, "Put", TCX__PARSE_OUTPUT, 200, "{}", body, false);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_string_equal(got.text, text);
}

static void reads_bodies(void **state) {
  (void)state;
  check("", "{}");
  check("<R/>", "{}");
  check("<R><Map/><List/><Tree/><Text/><Blob/></R>",
        "{\"Map\": {}, \"List\": [], \"Tree\": {}, \"Text\": \"\", \"Blob\": \"\"}");
  check("<R><Map><x><key>a</key><value>1</value></x><entry><value>2</value><key>b</key></"
        "entry><entry><key>a</key><value>3</value></entry></Map></R>",
        "{\"Map\": {\"a\": 3, \"b\": 2}}");
  check("<R><Flat><key>a</key><value>1</value></Flat><Text>t</Text><Flat><key>b</key><value>2</"
        "value></Flat></R>",
        "{\"Flat\": {\"a\": 1, \"b\": 2}, \"Text\": \"t\"}");
  check("<R><Text>a<Text>inner</Text>tail</Text><Text>second</Text></R>", "{\"Text\": \"a\"}");
  check("<R>\n <Whole> +12 </Whole>\n <Number>1e3</Number></R>",
        "{\"Whole\": 12, \"Number\": 1000.0}");
  check("<R><Whole>123456789012345678901</Whole><Number>-Infinity</Number></R>",
        "{\"Whole\": 123456789012345678901, \"Number\": \"-Infinity\"}");
  check("<R><Number>NaN</Number></R>", "{\"Number\": \"NaN\"}");
  check("<R><Number>0.1000000000000000055511151231257827</Number></R>", "{\"Number\": 0.1}");
  check(
      "<R><List><m>2015-08-30T12:36:00Z</m><any>Sun, 30 Aug 2015 12:36:00 "
      "GMT</any><x>1440938160</x></List></R>",
      "{\"List\": [\"2015-08-30T12:36:00Z\", \"2015-08-30T12:36:00Z\", \"2015-08-30T12:36:00Z\"]}");
  check("<R><Choice><A>x</A></Choice></R>", "{\"Choice\": {\"A\": \"x\"}}");
  check("<R><Choice><New>x</New></Choice></R>",
        "{\"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"New\"}}}");
  check("<R><Tree><Tree><Tree><Leaf>x</Leaf></Tree></Tree><Leaf>y</Leaf></Tree></R>",
        "{\"Tree\": {\"Tree\": {\"Tree\": {\"Leaf\": \"x\"}}, \"Leaf\": \"y\"}}");
  check("<R><Blob> YWJj\n ZA== </Blob></R>", "{\"Blob\": \"YWJjZA==\"}");
}

static void refuses_responses(void **state) {
  (void)state;
  check_refused("<R><Whole>12x</Whole></R>",
                "malformed response: element Whole: \"12x\" is no value of Whole");
  check_refused("<R><Whole></Whole></R>",
                "malformed response: element Whole: \"\" is no value of Whole");
  check_refused("<R><Number>0x10</Number></R>",
                "malformed response: element Number: \"0x10\" is no value of Number");
  check_refused("<R><When>soon</When></R>",
                "malformed response: element When: \"soon\" is no value of When");
  check_refused("<R><Blob>?</Blob></R>",
                "malformed response: element Blob: \"?\" is no value of Blob");
  check_refused("<R><Choice/></R>", "malformed response: no member is set in the union U");
  check_refused("<R><Choice><A>x</A><B>1</B></Choice></R>",
                "malformed response: more than one member is set in the union U");
  check_refused("<R><Map><entry><key>a</key></entry></Map></R>",
                "malformed response: no value in an entry of M");
  check_refused("<R><Map><entry><value>1</value></entry></Map></R>",
                "malformed response: no key in an entry of M");
  check_refused("<R><Map><entry><other>1</other></entry></Map></R>",
                "malformed response: an unknown element in a map's entry: other");
  check_refused("<R>", "malformed response: not XML near byte 3: the end comes too early");
  struct ph_parsed got = parse(own, "Put", TCX__PARSE_OUTPUT, 200, "{}", "<!DOCTYPE R><R/>", false);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_non_null(strstr(got.text, "a DTD, which is refused"));
  got =
      parse(s3, "head_object", TCX__PARSE_OUTPUT, 200, "{\"Content-Length\":\"many\"}", "", false);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_string_equal(
      got.text, "malformed response: header Content-Length: \"many\" is no value of ContentLength");
  struct tcx_buf deep;
  tcx__buf_init(&deep, arena, 1 << 20);
  for (int i = 0; i < 10000; i++)
    tcx__buf_adds(&deep, "<a>");
  got = parse(own, "Put", TCX__PARSE_OUTPUT, 200, "{}", deep.data, false);
  assert_int_equal(got.status, TCX_EPROTO);
  assert_non_null(strstr(got.text, "elements nested too deep"));
}

static void reads_heads(void **state) {
  (void)state;
  struct ph_parsed got =
      parse(own, "Put", TCX__PARSE_OUTPUT, 200,
            "{\"x-names\":\"a, \\\"b, \\\\\\\"c\\\\\\\"\\\" ,d,\",\"x-dates\":\"Mon, 16 Dec 2019 "
            "23:48:18 GMT, 0, Tue, 17 Dec 2019 23:48:18 GMT\"}",
            "", false);
  assert_int_equal(got.status, 0);
  assert_string_equal(
      ph_text(arena, got.value),
      "{\"Names\": [\"a\", \"b, \\\"c\\\"\", \"d\", \"\"], \"Dates\": [\"2019-12-16T23:48:18Z\", "
      "\"1970-01-01T00:00:00Z\", \"2019-12-17T23:48:18Z\"]}");
  got = parse(s3, "head_object", TCX__PARSE_OUTPUT, 200,
              "{\"Content-Length\":\"5\",\"X-Amz-Meta-A\":\"1\",\"x-amz-meta-\":\"2\",\"ETag\":"
              "\"\\\"e\\\"\"}",
              "", false);
  assert_int_equal(got.status, 0);
  assert_int_equal(ph_int(got.value, "ContentLength", 0), 5);
  assert_string_equal(ph_text(arena, ph_get(got.value, "Metadata")), "{\"a\": \"1\", \"\": \"2\"}");
  assert_string_equal(ph_str(got.value, "ETag", ""), "\"e\"");
  got = parse(s3, "get_object", TCX__PARSE_OUTPUT, 200, "{}", "", false);
  assert_null(ph_get(got.value, "Body"));
}

/* Names that differ in their letters alone are one header that came several times. */
static void reads_repeated_headers(void **state) {
  (void)state;
  struct ph_parsed got = parse(own, "Put", TCX__PARSE_OUTPUT, 200,
                               "{\"x-names\":\"a\",\"X-Names\":\"\\\"b, c\\\", d\"}", "", false);
  assert_int_equal(got.status, 0);
  assert_string_equal(ph_text(arena, got.value), "{\"Names\": [\"a\", \"b, c\", \"d\"]}");
  got = parse(s3, "head_object", TCX__PARSE_OUTPUT, 200,
              "{\"x-amz-meta-a\":\"1\",\"ETag\":\"e\",\"X-Amz-Meta-A\":\"2\",\"etag\":\"f\","
              "\"x-amz-mp-parts-count\":\"3\",\"X-AMZ-mp-parts-count\":\"3\"}",
              "", false);
  assert_int_equal(got.status, 0);
  assert_string_equal(ph_text(arena, ph_get(got.value, "Metadata")), "{\"a\": \"1, 2\"}");
  assert_string_equal(ph_str(got.value, "ETag", ""), "e, f");
  assert_int_equal(ph_int(got.value, "PartsCount", 0), 3);
}

/* So many headers are found too, whatever way they are searched. */
static void reads_many_headers(void **state) {
  (void)state;
  for (int n = 100; n <= 300; n += 28) {
    struct tcx_buf text;
    tcx__buf_init(&text, arena, 1 << 20);
    tcx__buf_adds(&text, "{\"ETag\":\"first\"");
    for (int i = 0; i < n; i++)
      tcx__buf_printf(&text, ",\"x-other-%d\":\"%d\"", i, i);
    tcx__buf_adds(&text, ",\"content-LENGTH\":\"5\"}");
    struct ph_parsed got = parse(s3, "head_object", TCX__PARSE_OUTPUT, 200, text.data, "", false);
    assert_int_equal(got.status, 0);
    assert_string_equal(ph_str(got.value, "ETag", ""), "first");
    assert_int_equal(ph_int(got.value, "ContentLength", 0), 5);
  }
}

static void reads_the_location(void **state) {
  (void)state;
  struct ph_parsed got =
      parse(s3, "get_bucket_location", TCX__PARSE_OUTPUT, 200, "{}",
            "<LocationConstraint xmlns=\"urn:x\">eu-west-1</LocationConstraint>", true);
  assert_string_equal(ph_text(arena, got.value), "{\"LocationConstraint\": \"eu-west-1\"}");
  got =
      parse(s3, "get_bucket_location", TCX__PARSE_OUTPUT, 200, "{}", "<LocationConstraint/>", true);
  assert_string_equal(ph_text(arena, got.value), "{\"LocationConstraint\": null}");
  got = parse(s3, "get_bucket_location", TCX__PARSE_OUTPUT, 200, "{}",
              "<X>\n <LocationConstraint>a</LocationConstraint></X>", true);
  assert_string_equal(ph_text(arena, got.value), "{\"LocationConstraint\": \"a\"}");
  got = parse(
      s3, "get_bucket_location", TCX__PARSE_OUTPUT, 200, "{}",
      "<LocationConstraint>\n <LocationConstraint>a</LocationConstraint></LocationConstraint>",
      true);
  assert_string_equal(ph_text(arena, got.value), "{\"LocationConstraint\": \"a\"}");
}

static void reads_errors(void **state) {
  (void)state;
  struct ph_parsed got =
      parse(own, "Put", TCX__PARSE_ERROR, 400, "{}",
            "<ErrorResponse><Error><Code>broken</Code><Message/><Part>p</Part><Count>2</Count></"
            "Error><RequestId>R</RequestId><HostId>H</HostId></ErrorResponse>",
            false);
  assert_int_equal(got.status, 0);
  assert_string_equal(got.error.code, "broken");
  assert_string_equal(got.error.message, "");
  assert_string_equal(got.error.request_id, "R");
  assert_string_equal(got.error.shape->name, "Broken");
  assert_string_equal(ph_str(got.value, "Part", ""), "p");
  assert_int_equal(ph_int(got.value, "Count", 0), 2);
  got =
      parse(own, "Put", TCX__PARSE_ERROR, 400, "{}",
            "<Error><Code>broken</Code><Count>no number</Count><HostId>H</HostId></Error>", false);
  assert_int_equal(got.status, 0);
  assert_string_equal(got.error.host_id, "H");
  assert_string_equal(ph_text(arena, got.value),
                      "{\"Error\": {\"Code\": \"broken\", \"Count\": \"no number\"}}");
  got = parse(own, "Put", TCX__PARSE_ERROR, 418, "{}", "<Error><Message>no code</Message></Error>",
              false);
  assert_string_equal(got.error.code, "418");
  assert_string_equal(got.error.message, "no code");
  got = parse(own, "Put", TCX__PARSE_ERROR, 599, "{}", "<html>x</html>", false);
  assert_string_equal(ph_text(arena, got.value),
                      "{\"Error\": {\"Code\": \"599\", \"Message\": \"\"}}");
  struct tcx_buf huge;
  tcx__buf_init(&huge, arena, 3 << 20);
  tcx__buf_adds(&huge, "<Error><Code>Big</Code><Message>");
  while (huge.len < TCX__ERROR_DOCUMENT_MAX)
    tcx__buf_adds(&huge, "xxxxxxxxxxxxxxxx");
  tcx__buf_adds(&huge, "</Message></Error>");
  got = parse(own, "Put", TCX__PARSE_ERROR, 400, "{}", huge.data, false);
  assert_int_equal(got.status, 0);
  assert_string_equal(got.error.code, "400");
}

static void finds_errors_in_successes(void **state) {
  (void)state;
  const char *body = "<?xml "
                     "version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>again</"
                     "Message><RequestId>R</RequestId></Error>";
  struct ph_parsed got = parse(s3, "copy_object", TCX__PARSE_OUTPUT, 200, "{}", body, true);
  assert_true(got.is_error);
  assert_string_equal(got.error.code, "InternalError");
  assert_string_equal(got.error.request_id, "R");
  assert_string_equal(ph_text(arena, got.value),
                      "{\"Error\": {\"Code\": \"InternalError\", \"Message\": \"again\"}}");
  got = parse(s3, "copy_object", TCX__PARSE_OUTPUT, 200, "{}", body, false);
  assert_false(got.is_error);
  got = parse(s3, "copy_object", TCX__PARSE_OUTPUT, 200, "{}",
              "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>", true);
  assert_false(got.is_error);
  assert_string_equal(ph_text(arena, got.value), "{\"CopyObjectResult\": {\"ETag\": \"e\"}}");
  got = parse(s3, "copy_object", TCX__PARSE_OUTPUT, 200, "{}", "<CopyObjectResult><ETag>", true);
  assert_int_equal(got.status, 0);
  assert_true(got.is_error);
  assert_string_equal(got.error.code, "500");
  got = parse(s3, "copy_object", TCX__PARSE_OUTPUT, 200, "{}", "<CopyObjectResult><ETag>", false);
  assert_int_equal(got.status, TCX_EPROTO);
}

/* ---- size and memory ---- */

static size_t arena_size(const struct tcx_arena *a) {
  size_t size = 0;
  for (const struct tcx_block *block = a->blocks; block != NULL; block = block->next)
    size += block->size;
  return size;
}

/* Documents of events: by their shape alone. */
static void reads_documents(void **state) {
  (void)state;
  static const struct {
    const char *shape, *document, *expected;
  } cases[] = {
      {"Tree", "", "{}"},
      {"Tree", "<Any><Leaf>x</Leaf><New/></Any>", "{\"Leaf\": \"x\"}"},
      {"U", "<U><B>7</B></U>", "{\"B\": 7}"},
  };
  struct tcx_fail f = {.arena = arena};
  struct tcx_parse p = {.arena = arena, .model = own, .fail = &f};
  struct tcx_value *got = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(tcx__rest_xml.read(&p, tcx__model_shape(own, cases[i].shape),
                                        cases[i].document, strlen(cases[i].document), &got),
                     0);
    assert_string_equal(ph_text(arena, got), cases[i].expected);
  }
  assert_int_equal(tcx__rest_xml.read(&p, tcx__model_shape(own, "Tree"), "<Any>", 5, &got),
                   TCX_EPROTO);
  assert_string_equal(f.text, "malformed response: not XML near byte 5: the end comes too early");
  assert_null(tcx__query.read);
  assert_null(tcx__ec2.read);
}

static void skips_in_constant_memory(void **state) {
  (void)state;
  enum { PIECE = 1 << 16, MEGABYTES = 150 };
  static const char
      before[] = "<ListBucketResult><Contents><Key>first</Key></Contents><Unknown a='b'>",
      after[] = "</Unknown><Contents><Key>last</Key><Size>7</Size></Contents></ListBucketResult>";
  struct tcx_arena *inner = tcx__arena_new();
  struct tcx_response_head head = {.status = 200};
  struct tcx_parse p = {.arena = inner,
                        .model = s3,
                        .op = tcx__model_operation(s3, "list_objects_v2"),
                        .head = &head,
                        .mode = TCX__PARSE_OUTPUT};
  struct tcx_parser *parser;
  struct tcx_value *value;
  tcx__headers_init(&head.headers, inner);
  char *piece = malloc(PIECE);
  for (size_t i = 0; i < PIECE; i++)
    piece[i] = i % 61 == 60 ? '\n' : 'x';
  assert_int_equal(tcx__rest_xml.start(&p, &parser), 0);
  assert_int_equal(tcx__rest_xml.feed(parser, before, sizeof before - 1), 0);
  for (int i = 0; i < MEGABYTES * 16; i++)
    assert_int_equal(tcx__rest_xml.feed(parser, piece, PIECE), 0);
  assert_int_equal(tcx__rest_xml.feed(parser, after, sizeof after - 1), 0);
  assert_int_equal(tcx__rest_xml.finish(parser, &value, NULL), 0);
  assert_string_equal(ph_text(arena, value),
                      "{\"Contents\": [{\"Key\": \"first\"}, {\"Key\": \"last\", \"Size\": 7}]}");
  assert_in_range(arena_size(inner), 0, 16384);
  free(piece);
  tcx__arena_free(inner);
}

static void out_of_memory(void **state) {
  (void)state;
  struct pu_request request = {
      s3, "complete_multipart_upload",
      "{\"Bucket\":\"b\",\"MultipartUpload\":{\"Parts\":[{\"ETag\":\"e & "
      "f\",\"PartNumber\":1},{\"ETag\":\"g\",\"PartNumber\":2}]},\"Key\":"
      "\"a/b c\",\"UploadId\":\"u\",\"IfMatch\":\"x\"}",
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><ETag>e "
      "&amp; f</ETag><PartNumber>1</PartNumber></Part>"
      "<Part><ETag>g</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>"};
  static const struct {
    const struct tcx_model **model;
    const char *operation, *body, *expected;
    int status;
    bool error_in_success;
  } answers[] = {
      {&own, "Put",
       "<R><Map><e><key>a</key><value>1</value></e></Map><Flat><key>a</"
       "key><value>123456789012345678901</value></Flat><Blob>YWJj</Blob><Choice><N>x</N></Choice>"
       "<Text>some &amp; "
       "text</Text><When>0</When><Number>0.5</Number><List><m>0</m></"
       "List><Tree><Tree><Tree><Tree><Tree><Tree><Tree><Tree><Tree/></Tree></Tree></Tree></Tree></"
       "Tree></Tree></Tree></Tree></R>",
       "{\"Map\": {\"a\": 1}, \"Flat\": {\"a\": 123456789012345678901}, \"Blob\": \"YWJj\", "
       "\"Choice\": {\"SDK_UNKNOWN_MEMBER\": {\"name\": \"N\"}}, \"Text\": \"some & text\", "
       "\"When\": \"1970-01-01T00:00:00Z\", \"Number\": 0.5, \"List\": [\"1970-01-01T00:00:00Z\"], "
       "\"Tree\": {\"Tree\": {\"Tree\": {\"Tree\": {\"Tree\": {\"Tree\": {\"Tree\": {\"Tree\": "
       "{\"Tree\": {}}}}}}}}}, "
       "\"Names\": [\"a\", \"b\"]}",
       200, false},
      {&own, "Put",
       "<ErrorResponse><Error><Code>broken</Code><Part>p</Part></Error></ErrorResponse>",
       "{\"Error\": {\"Code\": \"broken\", \"Part\": \"p\"}, \"Part\": \"p\"}", 400, false},
      {&own, "Put", "nothing", "{\"Error\": {\"Code\": \"400\", \"Message\": \"Bad Request\"}}",
       400, false},
      {&s3, "copy_object", "<Error><Code>X</Code></Error>", "{\"Error\": {\"Code\": \"X\"}}", 200,
       true},
      {&s3, "get_bucket_policy", "policy", "{\"Policy\": \"policy\"}", 200, false},
      {&s3, "get_bucket_location", "<LocationConstraint>eu</LocationConstraint>",
       "{\"LocationConstraint\": \"eu\"}", 200, true},
      {&s3, "get_bucket_acl",
       "<A><Grant/><AccessControlList><Grant><Grantee xmlns:xsi='x' "
       "xsi:type='Group'><URI>u</URI></Grantee></Grant></AccessControlList></A>",
       "{\"Grants\": [{\"Grantee\": {\"Type\": \"Group\", \"URI\": \"u\"}}]}", 200, false},
  };
  test_fail_until_ok(pu_serialize_once, &request);
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    test_fail_until_ok(pu_parse_once,
                       &(struct pu_answer){.model = *answers[i].model,
                                           .operation = answers[i].operation,
                                           .status = answers[i].status,
                                           .body = tcx__str(answers[i].body),
                                           .expected = answers[i].expected,
                                           .header = {TCX__STR("x-names"), TCX__STR("a,\"b\"")},
                                           .error_in_success = answers[i].error_in_success});
}

/* ---- */

static int setup_models(void **state) {
  (void)state;
  models = tcx__arena_new();
  s3 = ph_model_file(models, S3, "s3");
  own = ph_model(models, pu_json(models, own_json), "own");
  return 0;
}
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(joins_paths),
      TEST(refuses_requests),
      TEST(refuses_what_is_too_long),
      TEST(writes_bodies),
      TEST(hands_back_streams),
      TEST(reads_bodies),
      TEST(refuses_responses),
      TEST(reads_heads),
      TEST(reads_repeated_headers),
      TEST(reads_many_headers),
      TEST(reads_the_location),
      TEST(reads_errors),
      TEST(finds_errors_in_successes),
      TEST(reads_documents),
      TEST(skips_in_constant_memory),
      TEST(out_of_memory),
  };
  return cmocka_run_group_tests(tests, setup_models, pu_teardown_models);
}
