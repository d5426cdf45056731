/*
 * tucuxi/future.h - the outcome of a call as a thing: to hand around, to combine, to wait for.
 *
 * A future is a layer over the calls of <tucuxi.h>; the same rules for ownership and threads hold.
 * It is pending until its outcome stands: a response and status 0, or a status < 0 and an error.
 * Both stay valid until the future is released, whatever has been closed by then.
 *
 *   tcx_future_t *list = tcx_future_call(s3, "list_objects_v2", tcx_params("{Bucket: %s}",
 *     bucket));
 *   err = tcx_future_then(list, on_list, ctx);        on_list comes later, once
 *   tcx_future_release(list); here or in on_list; one that is pending goes on without you
 *
 * Constructors never return NULL. What cannot be made (memory is out, a NULL argument, client or
 * session are closing) is a future that has this status from the beginning: UV_ENOMEM, UV_EINVAL or
 * TCX_ECLOSING. tcx_future_then and tcx_future_await return it, and no callback of it ever runs.
 * All else that can go wrong is an outcome like any other.
 *
 * A future that is passed to another's constructor is CONSUMED: it belongs to the new one and is
 * not to be used any more, but through tcx_future_at. A pending future needs no care of yours:
 * release it at any time. One malloc a future, at most.
 *
 * Closing the session ends all its pending futures with TCX_ECANCELED; closing a client those of
 * its calls. Their callbacks come before the close callback.
 */
#ifndef TUCUXI_FUTURE_H
#define TUCUXI_FUTURE_H
#include <tucuxi.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tcx_future tcx_future_t;
/* status is the future's. future is BORROWED; it may be released inside. */
typedef void (*tcx_future_cb)(tcx_future_t *future, int status, void *data);

/* ---- of a call ------------------------------------------------------------------------------- */

/* The operation's response or error, as tcx_client_call has it. params is CONSUMED. */
TCX_EXTERN tcx_future_t *tcx_future_call(tcx_client_t *client, const char *operation,
                                         tcx_value_t *params);
TCX_EXTERN tcx_future_t *tcx_future_start_sized(tcx_client_t *client, const char *operation,
                                                tcx_value_t *params,
                                                const tcx_call_options_t *options, size_t size);
TCX_EXTERN tcx_future_t *tcx_future_wait_sized(tcx_client_t *client, const char *waiter,
                                               tcx_value_t *params,
                                               const tcx_wait_options_t *options, size_t size);
/* The same with options (NULL = defaults). */
static inline tcx_future_t *tcx_future_start(tcx_client_t *client, const char *operation,
                                             tcx_value_t *params,
                                             const tcx_call_options_t *options) {
  return tcx_future_start_sized(client, operation, params, options, sizeof(tcx_call_options_t));
}
/* The call behind the outcome, for its headers, HTTP status and timings; also through chains and
 * combinations. BORROWED from the future; NULL while it is pending, and where no call is behind
 * it. */
TCX_EXTERN const tcx_call_t *tcx_future_get_call(const tcx_future_t *future);
/* The body of an operation whose output streams, once its outcome stands; it pauses until it is
 * read. OWNED: tcx_stream_close. NULL: there is none, or it was taken. One that nobody took is
 * closed with the future. */
TCX_EXTERN tcx_stream_t *tcx_future_take_stream(tcx_future_t *future, void *data);
/* The rest of a stream (CONSUMED) as bytes: tcx_value_bytes of the response, without a path. More
 * than max of them is TCX_ETOOBIG. */
TCX_EXTERN tcx_future_t *tcx_future_read_all(tcx_stream_t *stream, size_t max);
/* As tcx_client_wait: done when the state is reached (options NULL = defaults). */
static inline tcx_future_t *tcx_future_wait(tcx_client_t *client, const char *waiter,
                                            tcx_value_t *params,
                                            const tcx_wait_options_t *options) {
  return tcx_future_wait_sized(client, waiter, params, options, sizeof(tcx_wait_options_t));
}
/* The paginator's next page as response; after the last one status TCX_EOF. One at a time: UV_EBUSY
 * is the outcome while another page is owed. To cancel it is to give the paginator up: its next
 * page is TCX_ECANCELED too. */
TCX_EXTERN tcx_future_t *tcx_future_page(tcx_paginator_t *pages);
/* As tcx_client_presign: the response is {Url, Method, Headers}. */
TCX_EXTERN tcx_future_t *tcx_future_presign(tcx_client_t *client, const char *operation,
                                            tcx_value_t *params, unsigned expires_s);

/* ---- of anything else ------------------------------------------------------------------------ */

/* Done after so many milliseconds, without a response. It holds the loop. */
TCX_EXTERN tcx_future_t *tcx_future_sleep(tcx_session_t *session, unsigned ms);
/* Somebody wants the outcome no more: end the work soon, and complete the future. Runs at most
 * once, from inside tcx_future_cancel or the session's close. */
typedef void (*tcx_future_cancel_cb)(tcx_future_t *future, void *data);
/* A future that the program completes, once, whatever happens to it meanwhile: it stays valid until
 * then, also when it has been released. It does not hold the loop. cancel may be NULL: then a
 * cancel is its outcome at once; the session's close is in any case. */
TCX_EXTERN tcx_future_t *tcx_future_new(tcx_session_t *session, tcx_future_cancel_cb cancel,
                                        void *data);
/* status 0, or a code; response (CONSUMED, may be NULL) is that of a success, and a failure kept in
 * it is the outcome. Nothing happens to an outcome that stands already. */
TCX_EXTERN void tcx_future_complete(tcx_future_t *future, int status, tcx_value_t *response);
/* The same with an outcome that lies elsewhere: a success, or error when it is not NULL. What the
 * two point to stays valid until release(owner), which comes once: when the future ends, or from
 * inside this function when its outcome stood already. release may be NULL. */
TCX_EXTERN void tcx_future_complete_with(tcx_future_t *future, const tcx_value_t *response,
                                         const tcx_error_t *error, void (*release)(void *owner),
                                         void *owner);

/* One that could not be made, for constructors of your own to return instead of NULL: status is
 * UV_ENOMEM, TCX_ECLOSING or UV_EINVAL (and anything else is UV_EINVAL). Costs nothing. */
TCX_EXTERN tcx_future_t *tcx_future_failed(int status);

/* ---- combining ------------------------------------------------------------------------------- */

/* done is BORROWED, its outcome stands. Returns an OWNED future, whose outcome the chain's becomes;
 * NULL: it is that of done. */
typedef tcx_future_t *(*tcx_future_next)(tcx_future_t *done, int status, void *data);
/* One after the other: next comes once, later, when future is done, well or not (look at status),
 * also when it was canceled: what data points to can be freed there. */
TCX_EXTERN tcx_future_t *tcx_future_chain(tcx_future_t *future, tcx_future_next next, void *data);
/* All of n futures, n > 0; the array stays yours. Done when each of them is: status 0 when all went
 * well, else the outcome of the first that failed. No response of its own: tcx_future_at. */
TCX_EXTERN tcx_future_t *tcx_future_all(tcx_future_t *const *futures, size_t n);
/* The first of them that goes well; the others are canceled then. When none does, the outcome of
 * the last that failed. */
TCX_EXTERN tcx_future_t *tcx_future_any(tcx_future_t *const *futures, size_t n);
/* The first of them that is done, well or not; the others are canceled then. */
TCX_EXTERN tcx_future_t *tcx_future_race(tcx_future_t *const *futures, size_t n);
/* future's outcome, when it comes within so many milliseconds; else UV_ETIMEDOUT, and future is
 * canceled. It holds the loop. */
TCX_EXTERN tcx_future_t *tcx_future_timeout(tcx_future_t *future, unsigned ms);
/* Of tcx_future_all, any and race: n; else 0. */
TCX_EXTERN size_t tcx_future_count(const tcx_future_t *future);
/* BORROWED from the future of all, any or race; pending still, perhaps, where it was canceled. NULL
 * when i is not below the count. */
TCX_EXTERN const tcx_future_t *tcx_future_at(const tcx_future_t *future, size_t i);
/* Of all, any and race: whose outcome it is, as an index; SIZE_MAX while it is pending, for another
 * kind of future, and when all went well. */
TCX_EXTERN size_t tcx_future_index(const tcx_future_t *future);

/* ---- waiting --------------------------------------------------------------------------------- */

/* cb comes once, later, from the loop, also when the outcome stands already. One a future:
 * UV_EINVAL for a second. < 0: it never comes (UV_EINVAL, TCX_ECLOSING, or the status of a future
 * that could not be made). */
TCX_NODISCARD TCX_EXTERN int tcx_future_then(tcx_future_t *future, tcx_future_cb cb, void *data);
/* Runs the loop until the future is done, and returns its status. Never from a callback: in those
 * of the session's own it is UV_EBUSY. UV_EINTR when uv_stop was called, TCX_EAGAIN when nothing is
 * left on the loop that could complete it; it is pending still then. */
TCX_NODISCARD TCX_EXTERN int tcx_future_await(tcx_future_t *future);
TCX_EXTERN bool tcx_future_done(const tcx_future_t *future);
/* 0 or a code once it is done; TCX_EAGAIN before. */
TCX_EXTERN int tcx_future_status(const tcx_future_t *future);
/* NULL while it is pending, on an error, and where there is none: of tcx_future_all, sleep, and
 * what was completed without one. */
TCX_EXTERN const tcx_value_t *tcx_future_response(const tcx_future_t *future);
/* NULL while it is pending, and when its status is 0. */
TCX_EXTERN const tcx_error_t *tcx_future_error(const tcx_future_t *future);
/* The outcome comes later, TCX_ECANCELED unless it stood already: of a chain's current link, and
 * whatever next then makes is canceled too; of all children. NULL is fine. */
TCX_EXTERN void tcx_future_cancel(tcx_future_t *future);
/* Takes tcx_future_then's callback back, for an owner that ends before its future: it does not come
 * any more, and another may be given. Nothing happens when it came already. */
TCX_EXTERN void tcx_future_forget(tcx_future_t *future);
/* One more share of it, for a further tcx_future_release; returns future. */
TCX_EXTERN tcx_future_t *tcx_future_retain(tcx_future_t *future);
/* Ends your share of it. A pending one goes on; its tcx_future_then is kept. NULL is fine. */
TCX_EXTERN void tcx_future_release(tcx_future_t *future);

#ifdef __cplusplus
}
#endif
#endif
