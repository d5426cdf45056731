/*
 * tucuxi/stubber.h - answers for the calls of a client in your own tests, without network and
 * credentials: botocore.stub.Stubber.
 *
 *   tcx_stubber_t *stubber;
 *   tcx_stubber_new(s3, &stubber);
 *   tcx_stubber_add_response(stubber, "list_objects_v2", tcx_params("{Contents: [{Key: a}]}"),
 *     tcx_params("{Bucket: mybucket, Prefix: null}"));
 *   tcx_stubber_add_client_error(stubber, "get_object", &(tcx_stub_error_t){.service_error_code =
 *     "NoSuchKey", .http_status_code = 404});
 *   tcx_stubber_activate(stubber);
 *   ... the code under test makes its calls ...
 *   assert(tcx_stubber_assert_no_pending_responses(stubber) == 0);
 *   tcx_stubber_free(stubber);
 *
 * Answers are given in the order in which they were added, one a call; a call of another operation,
 * with other parameters, or for which there is no answer ends with TCX_ESTUB and botocore's
 * sentence. Pages, waiters and transfers make calls, which are answered likewise. Nothing is tried
 * again: an error is the outcome. It is made of <tucuxi/hooks.h>: before-parameter-build (first),
 * before-endpoint-resolution and before-call. Presigned URLs and dry runs pass it by.
 */
#ifndef TUCUXI_STUBBER_H
#define TUCUXI_STUBBER_H
#include <tucuxi.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tcx_stubber tcx_stubber_t;

/* OWNED: tcx_stubber_free. It does nothing before tcx_stubber_activate. After its client began to
 * close it answers nothing more. UV_EINVAL, UV_ENOMEM, TCX_ECLOSING. */
TCX_NODISCARD TCX_EXTERN int tcx_stubber_new(tcx_client_t *client, tcx_stubber_t **stubber);
/* Deactivates it too; answers that are left go. NULL is fine. */
TCX_EXTERN void tcx_stubber_free(tcx_stubber_t *stubber);
/* From now on the client's calls are answered. Harmless when it is active. UV_ENOMEM,
 * TCX_ECLOSING. */
TCX_NODISCARD TCX_EXTERN int tcx_stubber_activate(tcx_stubber_t *stubber);
/* From now on they go to the network again; answers that are left stay. */
TCX_EXTERN void tcx_stubber_deactivate(tcx_stubber_t *stubber);

/* Queues a response of operation ("get_object" or "GetObject"). response is CONSUMED, NULL = {}. It
 * is checked against the operation's output in botocore's words, but for ResponseMetadata; what is
 * not in it is not in what the call brings. Timestamps may be given as text or numbers, and come as
 * times. A streaming member is bytes or text, and comes as a stream, or whole to a call with
 * max_body; an event stream is the list of its events, for a call with max_body.
 * expected_params are CONSUMED; NULL: any. A null among them, at any depth, is botocore's ANY: it
 * must be there, and is equal to everything. Text and bytes are equal when their bytes are.
 * TCX_EOPNAME, TCX_EPARAM, UV_EINVAL, UV_ENOMEM, or what is wrong with the client:
 * tcx_stubber_problem says more, and nothing is queued. */
TCX_NODISCARD TCX_EXTERN int tcx_stubber_add_response(tcx_stubber_t *stubber, const char *operation,
                                                      tcx_value_t *response,
                                                      tcx_value_t *expected_params);
typedef struct tcx_stub_error {
  const char *service_error_code, *service_message; /* NULL = "" */
  int http_status_code;                             /* 300 to 599; 0 = 400 */
  /* CONSUMED, as all that follow: more members of Error */
  tcx_value_t *service_error_meta;
  tcx_value_t *expected_params;
  tcx_value_t *response_meta; /* more members of ResponseMetadata */
  /* members of the exception that the model has for the code, checked against it */
  tcx_value_t *modeled_fields;
} tcx_stub_error_t;
TCX_NODISCARD TCX_EXTERN int tcx_stubber_add_client_error_sized(tcx_stubber_t *stubber,
                                                                const char *operation,
                                                                const tcx_stub_error_t *error,
                                                                size_t size);
/* Queues a ClientError. error NULL: an empty one. Otherwise as tcx_stubber_add_response. */
static inline TCX_NODISCARD int tcx_stubber_add_client_error(tcx_stubber_t *stubber,
                                                             const char *operation,
                                                             const tcx_stub_error_t *error) {
  return tcx_stubber_add_client_error_sized(stubber, operation, error, sizeof(tcx_stub_error_t));
}

/* TCX_ESTUB, and botocore's sentence in tcx_stubber_problem, while answers are left. */
TCX_NODISCARD TCX_EXTERN int tcx_stubber_assert_no_pending_responses(tcx_stubber_t *stubber);
TCX_EXTERN size_t tcx_stubber_pending(const tcx_stubber_t *stubber);
/* What the last function that failed has to say; valid until the next one. Never NULL. */
TCX_EXTERN const char *tcx_stubber_problem(const tcx_stubber_t *stubber);

#ifdef __cplusplus
}
#endif
#endif
