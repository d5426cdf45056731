/*
 * tucuxi/hooks.h - functions of yours at the named points of a call: botocore's events
 * (client.meta.events.register).
 *
 * A hook is registered for a pattern "EVENT.SERVICE.OPERATION", of which the end may be left out,
 * and of which each part may be "*": "before-call.s3.PutObject", "before-call.*.PutObject",
 * "before-call.s3", "before-call". SERVICE is botocore's hyphenated service id ("s3", "dynamodb",
 * "elastic-load-balancing", "cloudwatch-logs") or what tcx_session_create_client is given ("elbv2",
 * "logs"); OPERATION is the service's own name ("PutObject").
 *
 * The events, in their order: when each comes, and what a hook can do there.
 *
 *   provide-client-params       the call is started (before tcx_client_call returns)
 *                               tcx_request_params
 *   before-parameter-build      the same, after it; nothing is validated yet
 *                               tcx_request_params
 *   before-endpoint-resolution  where does it go? (no OPERATION in the pattern)
 *                               tcx_request_set_builtin
 *   before-call                 the request is made, but for checksum and signature
 *                               tcx_request_*: headers, method, url, body; tcx_call_answer
 *   choose-signer               the same, after it
 *                               tcx_request_set_unsigned
 *   request-created             each attempt, before credentials and connection
 *                               tcx_request_*: headers, method, url
 *   before-sign                 each attempt, before the signature
 *                               tcx_request_*: headers, method, path and query of the url
 *   before-send                 each attempt, signed
 *                               tcx_request_set_header of what is not there; tcx_call_answer_http
 *   before-parse                the head of a response has come
 *                               tcx_call_http_status, tcx_call_header
 *   response-received           each attempt: a response, or why there is none
 *                               tcx_hook_response, tcx_hook_error
 *   needs-retry                 the same, after it
 *                               tcx_hook_retry, tcx_hook_no_retry
 *   after-call                  once, of a response, before the call's callback
 *                               tcx_hook_response, tcx_hook_error
 *   after-call-error            once, where no response came
 *                               tcx_hook_error
 *
 * In all of them a hook can read (tcx_request_method, tcx_request_url, tcx_request_header once the
 * request is made; tcx_call_operation, tcx_call_client, tcx_call_data), end the call with an error
 * (tcx_hook_fail, or any status < 0 as its result), start other calls, cancel this one and close
 * client and session: the callback still comes once. What does not fit the point is refused with
 * UV_EINVAL and does nothing. Presigned URLs and dry runs (tcx_client_render) pass all points up to
 * before-sign, but for before-call and request-created of a presigned URL.
 *
 * Order: as in botocore. Hooks of one point run from the most to the least specific pattern, where
 * "*" comes before a name; those of one pattern: FIRST, MIDDLE, LAST, and in the order in which
 * they were registered, a session's before the client's. What a service does beyond its model runs
 * after your before-parameter-build and before-parse hooks and before all others. A hook that is
 * registered or taken away while a point is being passed does not count, or no more, from then on.
 * A client without hooks pays one test a point.
 */
#ifndef TUCUXI_HOOKS_H
#define TUCUXI_HOOKS_H
#include <tucuxi.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- registering ---- */

/* event: the whole name, "before-call.s3.PutObject"; valid inside. 0, or a status < 0 that ends the
 * call with it: other than TCX_ECLIENT, TCX_EAGAIN and TCX_EOF, which are UV_EINVAL here, as is a
 * result > 0. */
typedef int (*tcx_hook_cb)(tcx_call_t *call, const char *event, void *data);
/* botocore's register_first, register, register_last */
typedef enum { TCX_HOOK_FIRST, TCX_HOOK_MIDDLE, TCX_HOOK_LAST } tcx_hook_order_t;

/* *id (may be NULL): for tcx_client_off. UV_EINVAL: no such event, a part of the pattern is empty,
 * holds a "*" beside other characters or is longer than 127 bytes, more parts than the event has,
 * another service than the client's, an operation that it does not have. TCX_ECLOSING. */
TCX_NODISCARD TCX_EXTERN int tcx_client_on_order(tcx_client_t *client, const char *pattern,
                                                 tcx_hook_order_t order, tcx_hook_cb cb, void *data,
                                                 unsigned *id);
static inline TCX_NODISCARD int tcx_client_on(tcx_client_t *client, const char *pattern,
                                              tcx_hook_cb cb, void *data, unsigned *id) {
  return tcx_client_on_order(client, pattern, TCX_HOOK_MIDDLE, cb, data, id);
}
/* Also from inside the hook; ids that are unknown or gone are harmless. */
TCX_EXTERN void tcx_client_off(tcx_client_t *client, unsigned id);
/* For the clients that are created later, as far as the pattern fits their service; tcx_session_off
 * does not take it away from those that have it already. data must outlive them. An operation that
 * a client of that service does not have is never met. */
TCX_NODISCARD TCX_EXTERN int tcx_session_on_order(tcx_session_t *session, const char *pattern,
                                                  tcx_hook_order_t order, tcx_hook_cb cb,
                                                  void *data, unsigned *id);
static inline TCX_NODISCARD int tcx_session_on(tcx_session_t *session, const char *pattern,
                                               tcx_hook_cb cb, void *data, unsigned *id) {
  return tcx_session_on_order(session, pattern, TCX_HOOK_MIDDLE, cb, data, id);
}
TCX_EXTERN void tcx_session_off(tcx_session_t *session, unsigned id);

/* ---- the request, from inside a hook only ---- */

/* provide-client-params, before-parameter-build: the parameters, to be read and built on
 * (tcx_value_set_*, tcx_value_remove); the call's own: not to be freed or handed over. A failure
 * that is kept in them ends the call. NULL elsewhere. */
TCX_EXTERN tcx_value_t *tcx_request_params(tcx_call_t *call);
/* before-endpoint-resolution: a built-in of the rule set ("AWS::Region", "AWS::S3::Accelerate") for
 * this call; a boolean is "true" or "false", NULL unsets it. Without AWS::Auth::AccountId no
 * credentials are asked for the endpoint's sake. UV_EINVAL: no such built-in in this service, or no
 * such boolean. */
TCX_NODISCARD TCX_EXTERN int tcx_request_set_builtin(tcx_call_t *call, const char *name,
                                                     const char *value);
/* From before-call on, until the call is over; NULL before. The header as it will be sent,
 * case-insensitive; NULL when absent, and for what is written with the head only (Host,
 * Content-Length, User-Agent, amz-sdk-*). Valid until the hook returns. */
TCX_EXTERN const char *tcx_request_method(tcx_call_t *call);
TCX_EXTERN const char *tcx_request_url(tcx_call_t *call); /* NULL also when memory is out */
TCX_EXTERN const char *tcx_request_header(tcx_call_t *call, const char *name);
/* The body's bytes where they lie in memory; NULL where there is none, or it comes from a file or
 * source. len may be NULL. */
TCX_EXTERN const void *tcx_request_body(tcx_call_t *call, size_t *len);
/* before-call, request-created, before-sign: instead of all headers of that name; value NULL
 * removes them. before-send: a header that is not there yet, which is then not signed. What is set
 * before-call is for all attempts, else it is for this one. TCX_EPARAM: CR, LF or NUL inside, or a
 * header that tucuxi writes itself (Host, Content-Length, Authorization ...). */
TCX_NODISCARD TCX_EXTERN int tcx_request_set_header(tcx_call_t *call, const char *name,
                                                    const char *value);
/* before-call, request-created, before-sign. TCX_EPARAM: no method. */
TCX_NODISCARD TCX_EXTERN int tcx_request_set_method(tcx_call_t *call, const char *method);
/* The same; scheme, host and port cannot change at before-sign. TCX_EPARAM: no URL of http or
 * https. */
TCX_NODISCARD TCX_EXTERN int tcx_request_set_url(tcx_call_t *call, const char *url);
/* before-call, where the body is in memory: copies. UV_EINVAL also where it comes from a file or
 * source. */
TCX_NODISCARD TCX_EXTERN int tcx_request_set_body(tcx_call_t *call, const void *p, size_t n);
/* choose-signer: no credentials, no signature (botocore's disable_signing). */
TCX_NODISCARD TCX_EXTERN int tcx_request_set_unsigned(tcx_call_t *call);
/* Whether it will be sent: false of a presigned URL and a dry run. */
TCX_EXTERN bool tcx_call_is_sent(const tcx_call_t *call);
/* The attempt that is being made or was made, from 1 on; 0 before the first. */
TCX_EXTERN unsigned tcx_call_attempt(const tcx_call_t *call);

/* ---- answering ---- */

/* before-call: this is the outcome, and nothing is sent; no credentials are wanted (but by a rule
 * set that asks for their account: AWS::Auth::AccountId), nothing is tried again, and hooks behind
 * this one do not run. response is CONSUMED: the parsed response as
 * the callback is to have it, or with http_status >= 300 an error's ({Error: {Code, Message},
 * ResponseMetadata, members}). It is not looked into: a ResponseMetadata that is not there does not
 * come. Bytes or text of a streaming member come as a stream, unless the call has max_body.
 * UV_EINVAL: not a map, a status outside 200 to 599, an event stream without max_body, a call that
 * is not sent, answered already. */
TCX_NODISCARD TCX_EXTERN int tcx_call_answer(tcx_call_t *call, int http_status,
                                             tcx_value_t *response);
/* before-send: the service's answer to this attempt, byte by byte, instead of the network: it is
 * parsed, and tried again, as any other. headers: "Name: value" lines, NULL-ended, or NULL. All is
 * copied. Of a call with before-send hooks the request is signed, and they are asked, before there
 * is a connection. UV_EINVAL: a status outside 200 to 599, a bad header line, answered already. */
TCX_NODISCARD TCX_EXTERN int tcx_call_answer_http(tcx_call_t *call, int http_status,
                                                  const char *const *headers, const void *body,
                                                  size_t n);

/* ---- the outcome, from inside a hook only ---- */

/* response-received, needs-retry, after-call: the parsed response or error document, to be read
 * and, at response-received and after-call, built on; the call's own. An error's code and message
 * are read from it once more after after-call. ResponseMetadata is there at after-call. NULL when
 * there is none. */
TCX_EXTERN tcx_value_t *tcx_hook_response(tcx_call_t *call);
/* response-received, needs-retry, after-call, after-call-error: what went wrong; NULL of a success.
 * Valid inside. */
TCX_EXTERN const tcx_error_t *tcx_hook_error(const tcx_call_t *call);
/* needs-retry: makes another attempt after delay_ms, also of a success, whatever policy, quota and
 * max_attempts say; the first decision of a hook holds. A body that cannot be sent again is not. */
TCX_NODISCARD TCX_EXTERN int tcx_hook_retry(tcx_call_t *call, uint64_t delay_ms);
/* needs-retry: makes none, nor a redirect. */
TCX_NODISCARD TCX_EXTERN int tcx_hook_no_retry(tcx_call_t *call);
/* Anywhere: return what this returns, and the call ends with status and msg (copied). UV_EINVAL
 * instead, with its own text, for a status that is no hook's to end with. */
TCX_NODISCARD TCX_EXTERN int tcx_hook_fail(tcx_call_t *call, int status, const char *msg);

#ifdef __cplusplus
}
#endif
#endif
