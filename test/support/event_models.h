/* event_models.h - a service with an event stream in each protocol that has them: models written to
 * a folder, and bodies that such a service sends. */
#ifndef TCX_TEST_EVENT_MODELS_H
#define TCX_TEST_EVENT_MODELS_H
#include "base/cbor.h"
#include "event_frames.h"
#include "model_folder.h"

enum { EM_REST_XML, EM_REST_JSON, EM_JSON, EM_CBOR, EM_PROTOCOLS };

static const struct em_protocol {
  const char *service, *name;
  bool initial; /* its streams begin with initial-response */
} em_protocols[EM_PROTOCOLS] = {{"events-rest-xml", "rest-xml", false},
                                {"events-rest-json", "rest-json", false},
                                {"events-json", "json", true},
                                {"events-cbor", "smithy-rpc-v2-cbor", true}};

/* %s: the protocol; where Note stands; the payload trait. */
static const char em_model[] =
    "{'metadata':{'apiVersion':'2026-01-01','endpointPrefix':'events','serviceId':'Events',"
    "'signatureVersion':'v4','protocol':'%s','targetPrefix':'T','jsonVersion':'1.1'},"
    "'operations':{'Watch':{'name':'Watch','http':{'method':'POST','requestUri':'/'},"
    "'input':{'shape':'In'},'output':{'shape':'Out'}}},'shapes':{"
    "'In':{'type':'structure','members':{'Topic':{'shape':'S'}}},"
    "'Out':{'type':'structure',%s'members':{'Note':{'shape':'S'%s},'Stream':{'shape':'Events'}}},"
    "'Events':{'type':'structure','eventstream':true,'members':{"
    "'Words':{'shape':'Words'},'Bytes':{'shape':'Bytes'},'Line':{'shape':'Line'},"
    "'Tree':{'shape':'Tree'},'Mixed':{'shape':'Mixed'},'Over':{'shape':'Over'},"
    "'Slow':{'shape':'Slow'}}},"
    "'Words':{'type':'structure','event':true,'members':{'Text':{'shape':'S'}}},"
    "'Bytes':{'type':'structure','event':true,'members':{'Data':{'shape':'B','eventpayload':"
    "true}}},"
    "'Line':{'type':'structure','event':true,'members':{'Text':{'shape':'S','eventpayload':true}}},"
    "'Tree':{'type':'structure','event':true,'members':{'Leaf':{'shape':'Words','eventpayload':"
    "true}}},"
    "'Mixed':{'type':'structure','event':true,'members':{'Flag':{'shape':'O','eventheader':true},"
    "'Count':{'shape':'L','eventheader':true},'When':{'shape':'T','eventheader':true},"
    "'Key':{'shape':'B','eventheader':true},'Name':{'shape':'S','eventheader':true},"
    "'Text':{'shape':'S'}}},"
    "'Over':{'type':'structure','exception':true,'members':{'message':{'shape':'S'},"
    "'Part':{'shape':'S'}}},"
    "'Slow':{'type':'structure','exception':true,'retryable':{'throttling':true},"
    "'members':{'message':{'shape':'S'}}},"
    "'S':{'type':'string'},'B':{'type':'blob'},'L':{'type':'long'},'O':{'type':'boolean'},"
    "'T':{'type':'timestamp'}}}";

#define EM_MODEL_MAX (sizeof em_model + 200)
/* The model of the protocol's service, with ' for ". */
static inline void em_model_text(char out[EM_MODEL_MAX], int protocol) {
  const struct em_protocol *p = &em_protocols[protocol];
  snprintf(out, EM_MODEL_MAX, em_model, p->name, p->initial ? "" : "'payload':'Stream',",
           p->initial ? "" : ",'location':'header','locationName':'x-note'");
}

/* All of them, for tcx_session_options_t.data_path = mf.path; then mf_end. */
static inline void em_begin_models(void) {
  mf_begin();
  for (int i = 0; i < EM_PROTOCOLS; i++) {
    char model[EM_MODEL_MAX];
    em_model_text(model, i);
    mf_add(em_protocols[i].service, model);
  }
}

/* ---- bodies ---- */

/* {name: text} as a document; in one of 16 places that are used in turn. */
static inline struct tcx_str em_document(int protocol, const char *name, const char *text) {
  static char places[16][512];
  static unsigned next;
  char *p = places[next++ % 16];
  if (protocol == EM_CBOR) {
    struct tcx_buf out;
    tcx__buf_init(&out, NULL, sizeof places[0]);
    tcx__cbor_head(&out, TCX__CBOR_MAP, 1);
    tcx__cbor_string(&out, TCX__CBOR_TEXT, tcx__str(name));
    tcx__cbor_string(&out, TCX__CBOR_TEXT, tcx__str(text));
    size_t n = out.len;
    memcpy(p, out.data, n);
    tcx__buf_free(&out);
    return (struct tcx_str){p, n};
  }
  if (protocol == EM_REST_XML)
    snprintf(p, sizeof places[0], "<R><%s>%s</%s></R>", name, text, name);
  else
    snprintf(p, sizeof places[0], "{\"%s\":\"%s\"}", name, text);
  return tcx__str(p);
}

/* The event Words with that text. */
static inline void em_words(struct tcx_buf *out, int protocol, const char *text) {
  ef_event(out, "Words", em_document(protocol, "Text", text));
}

/* The beginning of a body: initial-response, where the protocol has it. */
static inline void em_begin(struct tcx_buf *out, int protocol) {
  tcx__buf_init(out, NULL, 1u << 28);
  if (em_protocols[protocol].initial)
    ef_event(out, "initial-response", em_document(protocol, "Note", "hello"));
}

static inline void em_exception(struct tcx_buf *out, const char *type, struct tcx_str payload) {
  ef_message(out,
             (const char *const[]){":message-type", "exception", ":exception-type", type, NULL},
             payload);
}

/* The body behind a response's head that says its length; more: bytes that it promises and that do
 * not come. The body is freed. */
static inline struct tcx_buf em_response(struct tcx_buf *body, size_t more) {
  struct tcx_buf out;
  tcx__buf_init(&out, NULL, 1u << 28);
  tcx__buf_printf(&out,
                  "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                  "x-amzn-requestid: R1\r\nx-note: hello\r\nContent-Length: %zu\r\n\r\n",
                  body->len + more);
  tcx__buf_add(&out, body->data, body->len);
  assert_int_equal(out.status, 0);
  tcx__buf_free(body);
  return out;
}
#endif
