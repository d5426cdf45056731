/*
 * call.h - the inside of tcx_call_t: one state machine, each state a function.
 *
 *   NEW          the params are checked
 *    |
 *   ACCOUNT      the identity is asked for, where the endpoint rules want its account
 *    |
 *   BUILD <----- the rules run, the request is serialized <---------- redirect ---.
 *    |                                                                            |
 *   BODY         a file is opened, a body is hashed                               |
 *    |                                                                            |
 *   CREDENTIALS  the identity <------------- BACKOFF <--------------- retry ------|
 *    |                                                                            |
 *   RATE, POOL   a token of the adaptive mode; a connection                       |
 *    |                                                                            |
 *   EXCHANGE     written and read ------------------------------------------------'
 *    |       \
 *   DONE      STREAMING   DONE waits in the ready queue; with a stream the callback has run
 *    |       /            already, and the body flows to the stream's reader
 *   OVER         the callback has returned; kept while it is retained
 *
 *   INNER        another call is asked first: from NEW and EXCHANGE, and back to where it came from
 *   RENDER       instead of POOL, for a call that is only rendered: its body is read
 *
 * Who calls whom: call.c drives; prepare.c makes the request; payload.c decides how its body and
 * checksum travel; send.c signs and writes; receive.c takes the response; finish.c builds error,
 * metadata and decides on a retry; stream.c owns the body after the callback.
 * Who frees: the call lies in its own arena. refs counts the library (until the callback has
 * returned and no stream is open) and each retain; the last one frees the arena.
 */
#ifndef TCX_CORE_CALL_H
#define TCX_CORE_CALL_H
#include "core/client.h"
#include "core/payload.h"
#include "core/upload.h"
#include "net/stall.h"

typedef enum {
  TCX__CALL_NEW,
  TCX__CALL_ACCOUNT,
  TCX__CALL_BUILD,
  TCX__CALL_BODY,
  TCX__CALL_CREDENTIALS,
  TCX__CALL_RATE,
  TCX__CALL_POOL,
  TCX__CALL_EXCHANGE,
  TCX__CALL_INNER,
  TCX__CALL_BACKOFF,
  TCX__CALL_RENDER,
  TCX__CALL_DONE,
  TCX__CALL_STREAMING,
  TCX__CALL_OVER
} tcx__call_state;

/* What a call is for: to be sent, or to end in a signed URL, or in the signed request itself. */
typedef enum { TCX__GOAL_SEND, TCX__GOAL_PRESIGN, TCX__GOAL_RENDER } tcx__goal;

struct tcx_call_hooks;

/* What a call with the goal PRESIGN ends in instead of a URL; embedded first in what it needs.
 * Alone: it is of no operation, nothing is prepared or built. */
struct tcx_presigner {
  /* credentials are here: sets call->value, or < 0 with call->fail */
  int (*run)(tcx_call_t *call, struct tcx_presigner *presigner);
  bool alone;
};

struct tcx_collect { /* a body kept whole, for max_body */
  char *p;
  size_t n, cap;
};

struct tcx_monitored; /* monitor.h */

struct tcx_call {
  struct tcx_arena *arena; /* holds this struct too */
  /* NULL once the client is closed or the call is OVER and kept */
  tcx_client_t *client;
  tcx_session_t *session;  /* NULL likewise */
  tcx_call_t *prev, *next; /* in client->calls */
  tcx_call_cb cb;
  void *data;
  struct tcx_ready ready;
  unsigned refs;
  uint8_t state; /* tcx__call_state */
  bool linked;
  uint8_t goal; /* tcx__goal */
  /* it keeps the loop; an open stream does that only while it is read */
  bool holding;
  /* the callback of a stream has returned: too late to take it */
  bool offered;
  const char *op_name; /* what the caller wrote */
  const struct tcx_operation *op;
  struct tcx_value *params;   /* MAP */
  tcx_call_options_t options; /* headers: parsed, NULL here */
  struct tcx_headers extra;   /* of options.headers */
  unsigned expires_s;         /* presign; 0 = the scheme's default */
  /* presign: of the URL, instead of the operation's; NULL = that */
  const char *method;
  struct tcx_presigner *presigner; /* presign: what it ends in; NULL = a URL */
  /* endpoint and request */
  struct tcx_rule_param_value *rule_values; /* valid while the endpoint is being resolved */
  const struct tcx_endpoint_ref *endpoint;
  const char *signing_region, *signing_name;
  uint8_t scheme;             /* tcx__scheme */
  bool s3_signer, plain_path; /* plain_path: the endpoint's disableDoubleEncoding */
  bool client_region_signs;   /* whatever region the rule set names */
  bool asked_endpoint;        /* it has waited for endpoint discovery */
  const char *discovered;     /* the URL from there that it goes to, or NULL */
  bool no_host_prefix;        /* the rule set puts it into the endpoint itself */
  const char *path;           /* instead of op->path, or NULL */
  struct tcx_request req;
  /* the caller's own, before aws-chunked is added; p NULL = none */
  struct tcx_str content_encoding;
  unsigned request_headers; /* req.headers.count before the payload's */
  unsigned fixed_headers;   /* and before signing */
  struct tcx_payload payload;
  /* the service wants x-amz-content-sha256, though it is not S3; x-amz-sha256-tree-hash */
  bool content_sha256_header, tree_hash;
  tcx_body_t *body;        /* the request's, until it is closed and freed */
  bool body_open, planned; /* its length is known; the payload is planned */
  /* whether to compress was asked since the request was built */
  bool compression_asked;
  bool is_gzip;          /* upload.memory is compressed */
  struct tcx_gzip *gzip; /* while it is being compressed */
  size_t gzipped;        /* bytes that have gone into it */
  struct tcx_upload upload;
  bool expect_continue;
  /* sent again without a trailer, since the service refused it */
  bool without_trailer;
  /* attempts */
  struct tcx_identity *identity;
  bool time_signed; /* a signature holds a time: this machine's, and skew_s */
  int64_t skew_s;
  union {
    struct tcx_identity_wait identity;
    struct tcx_lease lease;
  } wait;
  struct tcx_exchange x;
  struct tcx_stall *stall; /* of options.stall_limit; NULL before the first attempt */
  /* it forwards the request, which names its whole URL; NULL = none, or a tunnel */
  const struct tcx_proxy *proxy;
  /* features that are told to the service, beside those that can be seen here: a paginator's, a
   * waiter's */
  uint64_t uses;
  bool identity_waiting, leasing;    /* which of wait is in use */
  tcx_call_t *line_prev, *line_next; /* in_line: throttle.h */
  bool in_line;
  bool exchanging; /* x is under way */
  /* the next attempt wants a new connection and a new look-up */
  bool fresh;
  /* a dead reused connection was replaced already in this attempt */
  bool free_retried;
  bool redirected, redirect; /* redirect: a hook wants the next attempt at once */
  bool sent;
  struct tcx_timer timer, deadline; /* timer: attempt timeout, or backoff */
  struct tcx_retry_state retry;
  unsigned attempts; /* requests made */
  /* of these: made again for another reason than the retry policy's (a redirect, a trailer that was
   * refused) */
  unsigned uncounted;
  tcx_phase_t phase;
  char invocation[37];
  /* response */
  struct tcx_response_head head;
  struct tcx_parser *parser;
  struct tcx_parse parse;
  uint8_t parse_mode; /* tcx__parse_mode */
  /* set by BEFORE_PARSE hooks: a success may hold an error document */
  bool error_in_success;
  struct tcx_collect collect;
  bool collecting, streaming; /* max_body; a stream */
  const struct tcx_member *stream_member;
  /* events.h: of an operation with an event stream, once a success began */
  struct tcx_events *events;
  struct tcx_payload_check check; /* the response's checksum */
  uint64_t received;
  /* the response went wrong while it was read: status, text in fail */
  int broken;
  struct tcx_value *value; /* the response */
  struct tcx_parse_error parse_error;
  struct tcx_fail fail; /* text of what went wrong, in the arena */
  tcx_error_t error;    /* status 0 = none */
  /* how the last attempt failed: TCX_ECLIENT with a response */
  int last_status;
  tcx_phase_t last_phase;
  bool max_attempts_reached, quota_reached;
  tcx_stream_t *stream;
  struct tcx_buf rendered;         /* the body, of a call that is only rendered */
  struct tcx_monitored *monitored; /* NULL: no client-side monitoring */
  void *hook_state;                /* a customization's own, per call */
  /* of a waiter */
  struct tcx_waiter *waiter; /* NULL: it is none */
  tcx_call_t *poll;          /* under way, borrowed */
  tcx_call_t *answer;        /* the last poll, retained: response and error are its own */
  /* user_hooks.h; NULL until it meets one of the program's hooks */
  struct tcx_call_hooks *hooks;
  bool params_hooked; /* they have seen its parameters */
  /* for before-send hooks: the next attempt needs no signature */
  bool signed_early;
  struct tcx_cleanup models_hold; /* in the arena's cleanups once it outlives its client */
  /* times */
  uint64_t started_us, backed_off_us;
  struct tcx_wire *wire; /* log_wire.c; NULL: nobody asked */
  tcx_call_timings_t timings;
};

/* Its payload is part of its signature. */
static inline bool tcx__call_signs(const tcx_call_t *call) {
  return call->scheme == TCX__SCHEME_SIGV4 || call->scheme == TCX__SCHEME_SIGV4A ||
         call->scheme == TCX__SCHEME_S3EXPRESS;
}

/* call.c */
void tcx__call_client_closing(tcx_call_t *call);
/* goes on from the state it is in, as far as it can */
void tcx__call_step(tcx_call_t *call);
/* no retry: the outcome is this error; the text is in call->fail */
void tcx__call_fail(tcx_call_t *call, int status, tcx_phase_t phase);
/* the outcome stands: into the ready queue */
void tcx__call_done(tcx_call_t *call);
void tcx__call_unref(tcx_call_t *call);
/* lets go of connection, lease, waits and timers */
void tcx__call_break(tcx_call_t *call);
/* the loop may end although the call is not over */
void tcx__call_let_loop_go(tcx_call_t *call);
/* the library is through with it: out of the client, one reference less */
void tcx__call_retire(tcx_call_t *call);
uint64_t tcx__now_us(void);
struct tcx_call_start {
  tcx_client_t *client;
  const char *operation;
  tcx_value_t *params;
  const tcx_call_options_t *options;
  size_t options_size;
  tcx_call_cb cb;
  void *data;
  tcx__goal goal;
  uint64_t uses; /* features: TCX__USES */
  bool internal; /* for another call: also while the client drains */
  unsigned expires_s;
  const char *method;              /* copied */
  struct tcx_presigner *presigner; /* in the memory of params */
  const tcx_wait_options_t *wait;  /* operation is a waiter's name; NULL: it is not */
};
int tcx__call_start(const struct tcx_call_start *start, tcx_call_t **out);
/* From a hook: call waits in INNER for another call, whose callback (data = call) looks whether
 * call->state is still INNER, tells (tcx__call_inner_prepared, tcx__call_inner_done) and gives the
 * reference back that is taken here. TCX_EAGAIN, or why it did not start. out may be NULL. */
int tcx__call_inner(tcx_call_t *call, const struct tcx_call_start *inner, tcx_call_t **out);
/* The inner call of a BEFORE_PARAMETER_BUILD hook is over: the request is prepared from the
 * beginning, or the call fails. */
void tcx__call_inner_prepared(tcx_call_t *call, int err, tcx_phase_t phase);
/* own_headers.c */
/* the library writes it itself: a second one would say something else than what is sent or
 * signed */
bool tcx__own_header(struct tcx_str name);
/* copies "Name: value" lines to call->extra; TCX_EPARAM */
int tcx__call_read_headers(tcx_call_t *call, const char *const *lines);
/* prepare.c */
/* operation and params: 0, TCX_EAGAIN (a hook waits for an inner call), or < 0 with call->fail and
 * call->phase set */
int tcx__call_prepare(tcx_call_t *call);
/* endpoint and request: 0, or < 0 likewise; again for another region */
int tcx__call_build(tcx_call_t *call);
/* from BEFORE_CALL hooks, of a body in memory */
void tcx__call_set_body(tcx_call_t *call, struct tcx_str body);
/* payload and fixed headers; again when the payload's form has to change */
int tcx__call_plan_body(tcx_call_t *call);
/* compress.c */
/* a slice of the body; TCX_EAGAIN: once more in another turn of the loop */
int tcx__call_compress(tcx_call_t *call);
/* send.c */
/* what a signature of this call is made with */
int tcx__call_sigv4(tcx_call_t *call, struct tcx_sigv4 *s);
int tcx__call_sign(tcx_call_t *call); /* signs, and begins the body */
/* the same before there is a connection, for before-send hooks. True: they have answered, or the
 * call failed */
bool tcx__call_sign_for_hooks(tcx_call_t *call);
/* Request line, headers and the empty line, in the session's scratch buffer: valid until the next
 * function of net. TCX_EPARAM when they do not fit. */
int tcx__call_head(tcx_call_t *call, unsigned attempt, struct tcx_str *head);
void tcx__call_send(tcx_call_t *call, struct tcx_conn *conn);
/* receive.c */
extern const struct tcx_exchange_ops tcx__call_exchange_ops;
/* clock.c */
/* Unix seconds by the service's clock, as far as it is known: what a signature says */
int64_t tcx__call_now(tcx_call_t *call);
/* an error response: true when the time that was signed is why, and the next attempt's will be
 * right */
bool tcx__call_clock_corrected(tcx_call_t *call);
/* finish.c */
/* response-received and needs-retry of an attempt (status 0: a success): true when its end is
 * settled */
bool tcx__call_hooks_decided(tcx_call_t *call, int status, tcx_phase_t phase);
/* the whole response is here, or broke (call->broken) */
void tcx__call_response_ended(tcx_call_t *call);
/* no usable response: retry or fail */
void tcx__call_attempt_failed(tcx_call_t *call, int status, tcx_phase_t phase, const char *why);
/* the call that a NEEDS_RETRY hook started is over: call->redirect tells */
void tcx__call_inner_done(tcx_call_t *call, int err);
/* what a failed call's error says beside status, phase and text */
void tcx__call_complete_error(tcx_call_t *call);
int tcx__call_add_metadata(tcx_call_t *call, struct tcx_value *map);
const char *tcx__call_request_id(const tcx_call_t *call); /* of the head, or NULL */
/* botocore's sentence; NULL when memory is out */
const char *tcx__call_error_text(tcx_call_t *call, const struct tcx_parse_error *e);
/* the call's error is another call's, but for attempts and phase; its msg is in call->fail.
 * UV_ENOMEM */
int tcx__call_take_error(tcx_call_t *call, const tcx_error_t *other);
/* code, message, and what the model knows of it */
void tcx__call_tell_error(const struct tcx_parse_error *e, tcx_error_t *out);
/* of an error that the service sent */
tcx__retry_kind tcx__call_retry_kind(const tcx_call_t *call, const struct tcx_parse_error *e);
/* presign.c */
/* credentials are here: the URL is the response, or what the presigner makes */
void tcx__call_presigned(tcx_call_t *call);
/* tcx_client_presign, with the call */
int tcx__client_presign(tcx_client_t *client, const char *operation, tcx_value_t *params,
                        unsigned expires_s, tcx_call_cb cb, void *data, tcx_call_t **call);
/* instead of tcx__call_prepare, of a presigner that has no operation */
void tcx__call_alone(tcx_call_t *call);
/* In params' own memory, which becomes the call's; zeroed. NULL when params holds a failure
 * already, which the call tells, or memory is out. */
void *tcx__presigner_new(const tcx_value_t *params, size_t size);
/* botocore's words for a scheme that signs no such thing: "query", "presign-post"; TCX_ECONFIG */
int tcx__call_cannot_sign(tcx_call_t *call, const char *what);
/* render.c */
/* of the request as it is; NULL: out of memory */
const char *tcx__call_url(tcx_call_t *call);
/* {Url, Method, Headers} in call->value; headers NULL: out of memory */
int tcx__call_describe(tcx_call_t *call, struct tcx_value *headers);
/* those that the signature or the service needs, without Host; NULL: out of memory */
struct tcx_value *tcx__call_signed_headers(tcx_call_t *call);
/* credentials are here: {Url, Method, Headers, Body} is the response */
void tcx__call_rendered(tcx_call_t *call);
/* stream.c */
/* headers of a streaming success are here: runs the callback */
void tcx__stream_offer(tcx_call_t *call);
void tcx__stream_data(tcx_stream_t *stream, const char *p, size_t n);
/* status TCX_EOF or < 0, text in call->fail */
void tcx__stream_end(tcx_stream_t *stream, int status);
void tcx__stream_client_closing(tcx_stream_t *stream);
#endif
