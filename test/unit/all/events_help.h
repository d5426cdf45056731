/* events_help.h - a client that reads an event stream, over each protocol that has them, from a
 * server that plays a script. */
#ifndef TCX_TEST_EVENTS_HELP_H
#define TCX_TEST_EVENTS_HELP_H
#include "event_models.h"
#include "torture.h"
#include "whole.h"

struct watch {
  struct whole w;
  struct fault_step steps[8];
  const struct fault_step *scripts[2];
  tcx_stream_t *stream;
  struct tcx_buf log;          /* what came, one line an event */
  int offered, came, ended;    /* ended: the last status */
  unsigned stop_every;         /* > 0: the reader stops after so many events */
  char *response, *code, *msg; /* of the call or of the stream's error */
  const char *type;
  void (*on_event)(struct watch *s); /* called after each event */
};

static inline void keep_error(struct watch *s, const tcx_error_t *error) {
  s->ended = error->status;
  s->code = whole_copy(error->code);
  s->msg = whole_copy(error->msg);
  s->type = tcx_error_type_name(error);
  free(s->response);
  s->response = NULL;
  if (error->response != NULL)
    assert_int_equal(tcx_value_to_json(error->response, &s->response, NULL), 0);
}

/* The stream is taken and not read. */
static inline void on_offer(tcx_call_t *call, const tcx_value_t *response,
                            const tcx_error_t *error) {
  struct watch *s = tcx_call_data(call);
  s->offered++;
  if (error != NULL) {
    keep_error(s, error);
    return;
  }
  assert_int_equal(tcx_value_to_json(response, &s->response, NULL), 0);
  s->stream = tcx_call_take_stream(call, s);
  assert_non_null(s->stream);
  assert_string_equal(tcx_stream_member(s->stream), "Stream");
}

static inline void on_event(tcx_stream_t *stream, int status, const char *event,
                            const tcx_value_t *payload) {
  struct watch *s = tcx_stream_data(stream);
  char *json = NULL;
  assert_int_equal(s->ended, 0);
  if (payload != NULL)
    assert_int_equal(tcx_value_to_json(payload, &json, NULL), 0);
  tcx__buf_printf(&s->log, "%s%s%s\n", event != NULL ? event : tcx_err_name(status),
                  json != NULL ? " " : "", json != NULL ? json : "");
  tcx_free(json);
  if (status != 0) {
    s->ended = status;
    const tcx_error_t *error = tcx_stream_error(stream);
    assert_int_equal(error != NULL, status != TCX_EOF);
    if (error != NULL)
      keep_error(s, error);
    return;
  }
  s->came++;
  if (s->stop_every > 0 && (unsigned)s->came % s->stop_every == 0)
    tcx_stream_read_stop(stream);
  if (s->on_event != NULL)
    s->on_event(s);
}

/* A client of the protocol's service on a server that answers with the steps after a request. */
static inline void begin(struct watch *s, int protocol, const struct fault_step *steps,
                         unsigned n) {
  memset(s, 0, sizeof *s);
  tcx__buf_init(&s->log, NULL, 1u << 24);
  tcx__buf_adds(&s->log, "");
  s->steps[0] = (struct fault_step)DO(REQUEST);
  memcpy(s->steps + 1, steps, n * sizeof *steps);
  s->scripts[0] = s->steps;
  whole_begin_with(&s->w, s->scripts, 1, &(tcx_session_options_t){.data_path = mf.path}, NULL);
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = s->w.url,
                             .access_key = WHOLE_KEY,
                             .secret_key = WHOLE_SECRET};
  assert_int_equal(
      tcx_session_create_client(s->w.session, em_protocols[protocol].service, &co, &s->w.client),
      0);
}

static inline void call(struct watch *s, const tcx_call_options_t *options) {
  assert_int_equal(
      tcx_client_start(s->w.client, "watch", tcx_params("{Topic: t}"), options, on_offer, s, NULL),
      0);
  whole_until(&s->w, &s->offered);
}

static inline void end(struct watch *s) {
  tcx_stream_close(s->stream);
  whole_end(&s->w);
  tcx__buf_free(&s->log);
  free(s->response);
  free(s->code);
  free(s->msg);
}

/* The whole stream, read to its end; the body is freed. */
static inline void watch_all(struct watch *s, int protocol, struct tcx_buf *body, size_t missing,
                             bool bytewise) {
  struct tcx_buf response = em_response(body, missing);
  const struct fault_step steps[] = {
      {bytewise ? FAULT_SEND_BYTEWISE : FAULT_SEND, response.data, response.len}, DO(CLOSE)};
  begin(s, protocol, steps, missing > 0 ? 2 : 1);
  call(s, NULL);
  if (s->stream != NULL) {
    assert_int_equal(tcx_stream_events_start(s->stream, on_event), 0);
    whole_until(&s->w, &s->ended);
  }
  tcx__buf_free(&response);
}

static inline void add_mixed(struct tcx_buf *body, int protocol) {
  static const struct tcx_event_header list[] = {
      {.name = {":message-type", 13}, .type = TCX__EVENT_STRING, .bytes = {"event", 5}},
      {.name = {":event-type", 11}, .type = TCX__EVENT_STRING, .bytes = {"Mixed", 5}},
      {.name = {"Flag", 4}, .type = TCX__EVENT_TRUE},
      {.name = {"Count", 5}, .type = TCX__EVENT_INT8, .integer = -5},
      {.name = {"Key", 3}, .type = TCX__EVENT_BYTES, .bytes = {"\0\1", 2}},
      {.name = {"When", 4}, .type = TCX__EVENT_TIMESTAMP, .integer = -500},
      {.name = {"other", 5}, .type = TCX__EVENT_UUID, .bytes = {"0123456789abcdef", 16}}};
  struct tcx_buf headers;
  tcx__buf_init(&headers, NULL, 1 << 16);
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    ef_header(&headers, &list[i]);
  ef_frame(body, tcx__buf_str(&headers), em_document(protocol, "Text", "m"));
  tcx__buf_free(&headers);
}

static inline void add_all(struct tcx_buf *body, int protocol) {
  em_words(body, protocol, "one");
  ef_event(body, "Words", TCX__STR(""));
  ef_event(body, "Bytes", TCX__STR("a\0b"));
  ef_event(body, "Bytes", TCX__STR(""));
  ef_event(body, "New", TCX__STR("what is this"));
  ef_event(body, "Line", TCX__STR("{\xc3\xa4}"));
  ef_event(body, "Tree", em_document(protocol, "Text", "leaf"));
  add_mixed(body, protocol);
}
#define ALL                                                                                        \
  "Words {\"Text\":\"one\"}\nWords {}\nBytes {\"Data\":\"YQBi\"}\nBytes {\"Data\":\"\"}\nLine "    \
  "{\"Text\":\"{\xc3\xa4}\"}\nTree {\"Leaf\":{\"Text\":\"leaf\"}}\n"                               \
  "Mixed {"
static const char all_json[] = ALL "\"Text\":\"m\",\"Flag\":true,\"Count\":-5,\"When\":\"1969-12-"
                                   "31T23:59:59.500000Z\",\"Key\":\"AAE=\"}\nEOF\n";

static inline int setup(void **state) {
  (void)state;
  em_begin_models();
  whole_unset_environment();
  return 0;
}
static inline int teardown(void **state) {
  (void)state;
  mf_end();
  return 0;
}
#endif
