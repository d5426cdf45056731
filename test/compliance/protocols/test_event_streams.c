/* Public tests of event streams: Smithy's for rest-json, of which the frames of requests are only
 * written and compared, and botocore's for rest-xml and json. */
#include "event_frames.h"
#include "protocol_suite.h"
#include "with_arena.h"

#define SMITHY "compliance/data/eventstream/smithy-restjson1-eventstream-tests.json"

/* Not done, and why. */
static const struct ps_skip skipped[] = {
    {"MissingRequiredInitialResponseOutput",
     "an answer without a required member is taken, in every protocol, as in botocore"},
    {"DuplexMissingRequiredInitialResponseOutput",
     "an answer without a required member is taken, in every protocol, as in botocore"},
    {NULL, NULL},
};

static struct tcx_str base64_of(const struct tcx_value *v) {
  struct tcx_buf *out = tcx__arena_alloc(arena, sizeof *out);
  tcx__buf_init(out, arena, 1 << 20);
  assert_int_equal(tcx__base64_decode(out, v->u.bytes.p, v->u.bytes.n), 0);
  return tcx__buf_str(out);
}

/* The frames of bytes, and nothing else. */
static unsigned take_apart(struct tcx_str bytes, struct tcx_event_frames *decoder,
                           struct tcx_event_frame *frames, unsigned max) {
  unsigned n = 0;
  int status;
  for (; bytes.n > 0; n++) {
    assert_true(n < max);
    tcx__event_frames_init(&decoder[n]);
    status = tcx__event_frames_next(&decoder[n], &bytes, &frames[n]);
    if (status != 1)
      fail_msg("%s", decoder[n].why);
  }
  return n;
}

/* ---- frames, written from what a test says of them ---- */

static struct tcx_event_header header_of(const struct tcx_value *v) {
  static const struct {
    const char *name;
    uint8_t type;
  } types[] = {{"byte", TCX__EVENT_INT8},          {"short", TCX__EVENT_INT16},
               {"integer", TCX__EVENT_INT32},      {"long", TCX__EVENT_INT64},
               {"blob", TCX__EVENT_BYTES},         {"string", TCX__EVENT_STRING},
               {"timestamp", TCX__EVENT_TIMESTAMP}};
  const struct tcx_value *value = tcx__value_kids(v);
  struct tcx_event_header h = {.name = {v->name, v->name_len}};
  if (strcmp(value->name, "boolean") == 0) {
    h.type = value->u.boolean ? TCX__EVENT_TRUE : TCX__EVENT_FALSE;
    return h;
  }
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(value->name, types[i].name) == 0)
      h.type = types[i].type;
  assert_true(h.type != 0);
  if (h.type == TCX__EVENT_STRING) {
    h.bytes = value->u.bytes;
  } else if (h.type == TCX__EVENT_BYTES) {
    h.bytes = base64_of(value);
  } else if (h.type == TCX__EVENT_TIMESTAMP) {
    struct tcx_value time = *value;
    double seconds = ph_number(&time);
    h.integer = (int64_t)(seconds * 1000);
  } else {
    h.integer = value->u.integer;
  }
  return h;
}

/* The frame that the test's bytes hold, and the one that we write of its headers and body: the same
 * but for the headers' order. */
static void check_frame(const struct tcx_value *event) {
  struct tcx_event_frames decoder, own_decoder;
  struct tcx_event_frame theirs, ours;
  struct tcx_buf headers, written;
  tcx__buf_init(&headers, arena, 1 << 20);
  tcx__buf_init(&written, arena, 1 << 20);
  for (const struct tcx_value *h = tcx__value_kids(ph_get(event, "headers")); h != NULL;
       h = h->next) {
    struct tcx_event_header header = header_of(h);
    ef_header(&headers, &header);
  }
  ef_frame(&written, tcx__buf_str(&headers), tcx__str(ph_str(event, "body", "")));
  assert_int_equal(take_apart(base64_of(ph_get(event, "bytes")), &decoder, &theirs, 1), 1);
  assert_int_equal(take_apart(tcx__buf_str(&written), &own_decoder, &ours, 1), 1);
  assert_true(tcx__str_eq(theirs.payload, ours.payload));
  assert_int_equal(theirs.n_headers, ours.n_headers);
  for (unsigned i = 0; i < ours.n_headers; i++) {
    const struct tcx_event_header *h = &ours.headers[i], *other = NULL;
    for (unsigned k = 0; k < theirs.n_headers; k++)
      if (tcx__str_eq(theirs.headers[k].name, h->name))
        other = &theirs.headers[k];
    assert_non_null(other);
    assert_int_equal(h->type, other->type);
    assert_int_equal(h->integer, other->integer);
    assert_true(tcx__str_eq(h->bytes, other->bytes));
  }
}

/* ---- events ---- */

/* {name: members}, or the name of the exception that it is; NULL and *why when it is refused. */
static struct tcx_value *read_event(const struct tcx_model *model, const struct tcx_operation *op,
                                    const struct tcx_event_frame *frame, const char **error,
                                    const char **why) {
  struct tcx_fail f = {.arena = arena};
  struct tcx_parse p = {.arena = arena, .model = model, .op = op, .fail = &f};
  struct tcx_event event;
  *error = *why = NULL;
  if (tcx__event_read(&p, tcx__protocol_by_name(model->protocol), frame, &event) != 0) {
    *why = f.text;
    return NULL;
  }
  if (event.kind == TCX__EVENT_ERROR)
    *error = event.shape != NULL ? event.shape->name : event.name;
  struct tcx_value *map = tcx__value_new(arena, TCX_MAP);
  if (event.kind == TCX__EVENT_INITIAL)
    assert_int_equal(tcx__protocol_by_name(model->protocol)
                         ->read(&p, op->output, frame->payload.p, frame->payload.n, &map),
                     0);
  else if (event.value != NULL)
    tcx__value_add(arena, map, event.name, strlen(event.name), event.value);
  return map;
}

static void check_response_event(const struct tcx_model *model, const struct tcx_operation *op,
                                 const struct tcx_value *test, const struct tcx_value *event) {
  const char *id = ph_str(test, "id", ""), *error, *why;
  const struct tcx_value *failure = ph_get(ph_get(test, "expectation"), "failure"),
                         *params = ph_get(event, "params");
  struct tcx_event_frames decoder;
  struct tcx_event_frame frame;
  assert_int_equal(take_apart(base64_of(ph_get(event, "bytes")), &decoder, &frame, 1), 1);
  struct tcx_value *got = read_event(model, op, &frame, &error, &why);
  if (failure == NULL && (why != NULL || error != NULL))
    fail_msg("%s: %s", id, why != NULL ? why : error);
  if (failure != NULL && why == NULL && error == NULL)
    fail_msg("%s: taken as %s", id, ph_text(arena, got));
  if (ph_get(failure, "errorId") != NULL)
    assert_string_equal(error, ph_str(failure, "errorId", ""));
  if (params != NULL && got != NULL && !ph_equal(params, got))
    fail_msg("%s: %s", id, ph_text(arena, got));
}

/* The answer is an error before any event. */
static void check_error_response(const struct tcx_model *model, const struct tcx_operation *op,
                                 const struct tcx_value *test) {
  const struct tcx_value *response = ph_get(test, "initialResponse"),
                         *failure = ph_get(ph_get(test, "expectation"), "failure");
  struct tcx_response_head head;
  ph_head(arena, &head, (int)ph_int(response, "code", 0), ph_get(response, "headers"));
  struct ph_parsed got = ph_parse(arena, model, op, &head, TCX__PARSE_ERROR,
                                  tcx__str(ph_str(response, "body", "")), 0, false);
  assert_int_equal(got.status, 0);
  const char *expected = ph_str(failure, "errorId", NULL);
  if (expected != NULL)
    assert_string_equal(got.error.shape->name, expected);
  else
    assert_null(got.error.shape);
}

static void smithy(void **state) {
  (void)state;
  struct tcx_value *file = ph_json_file(arena, SMITHY);
  struct tcx_value *json = ph_get(file, "model");
  const struct tcx_model *model = ph_model(arena, json, "events");
  int frames = 0, events = 0, errors = 0, left_out = 0;
  for (const struct tcx_value *test = tcx__value_kids(ph_get(file, "tests")); test != NULL;
       test = test->next) {
    const struct tcx_operation *op = tcx__model_operation(model, ph_str(test, "operation", ""));
    const char *why = ps_reason(skipped, ph_str(test, "id", ""));
    for (const struct tcx_value *event = tcx__value_kids(ph_get(test, "events")); event != NULL;
         event = event->next) {
      check_frame(event);
      frames++;
      if (strcmp(ph_str(event, "type", ""), "response") != 0)
        continue;
      if (why != NULL) {
        print_message("%s: skipped, %s\n", ph_str(test, "id", ""), why);
        left_out++;
        continue;
      }
      check_response_event(model, op, test, event);
      events++;
    }
    if (ph_get(test, "events") == NULL) {
      check_error_response(model, op, test);
      errors++;
    }
  }
  print_message("%d frames, %d events read, %d errors, %d left out\n", frames, events, errors,
                left_out);
  assert_int_equal(frames, 66);
  assert_int_equal(events, 36);
  assert_int_equal(errors, 4);
  assert_int_equal(left_out, 2);
}

/* ---- botocore's ---- */

/* The answer's own members and the list of its events. */
static void check_case(const struct tcx_value *suite, const struct tcx_value *test) {
  const struct tcx_model *model =
      ph_model(arena, ps_model(arena, suite, ph_get(test, "given")), "suite");
  const struct tcx_operation *op = &model->operations[0];
  struct tcx_event_frames decoders[4];
  struct tcx_event_frame frames[4];
  unsigned n = take_apart(base64_of(ph_get(ph_get(test, "response"), "body")), decoders, frames, 4);
  struct tcx_value *all = tcx__value_new(arena, TCX_MAP), *list = tcx__value_new(arena, TCX_LIST);
  for (unsigned i = 0; i < n; i++) {
    const char *error, *why;
    struct tcx_value *event = read_event(model, op, &frames[i], &error, &why);
    assert_non_null(event);
    if (i == 0 && tcx__protocol_by_name(model->protocol)->initial_response)
      all = event;
    else
      tcx__value_push(arena, list, event);
  }
  tcx__value_add(arena, all, "Payload", 7, list);
  if (!ph_equal(ph_get(test, "result"), all))
    fail_msg("%s", ph_text(arena, all));
}

static void botocore(void **state) {
  (void)state;
  static const struct {
    const char *path, *suite;
    int cases;
  } files[] = {
      {"compliance/data/protocols/legacy/output/rest-xml.json", "REST XML Event Stream", 3},
      {"compliance/data/protocols/legacy/output/json.json", "RPC JSON Event Stream", 1}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    int count = 0;
    const struct tcx_value *suite = tcx__value_kids(ph_json_file(arena, files[i].path));
    while (strcmp(ph_str(suite, "description", ""), files[i].suite) != 0)
      suite = suite->next;
    for (const struct tcx_value *test = tcx__value_kids(ph_get(suite, "cases")); test != NULL;
         test = test->next, count++)
      check_case(suite, test);
    assert_int_equal(count, files[i].cases);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(smithy),
      TEST(botocore),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
