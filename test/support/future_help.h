/* future_help.h - futures in tests: what tcx_future_then's callback saw. */
#ifndef TCX_TEST_FUTURE_HELP_H
#define TCX_TEST_FUTURE_HELP_H
#include "whole.h"
#include <tucuxi/future.h>

struct seen {
  int calls, status;
  bool starting; /* the function that gave the callback has not returned */
  bool release;  /* the future is released inside */
};

static inline void seen_cb(tcx_future_t *future, int status, void *data) {
  struct seen *seen = data;
  assert_false(seen->starting);
  assert_int_equal(seen->calls++, 0);
  assert_true(tcx_future_done(future));
  assert_int_equal(tcx_future_status(future), status);
  assert_true((tcx_future_error(future) != NULL) == (status != 0));
  if (status != 0) {
    assert_null(tcx_future_response(future));
    assert_int_equal(tcx_future_error(future)->status, status);
    assert_non_null(tcx_future_error(future)->msg);
    assert_non_null(tcx_future_error(future)->operation);
  }
  seen->status = status;
  if (seen->release)
    tcx_future_release(future);
}

static inline void seen_then(struct seen *seen, tcx_future_t *future) {
  seen->starting = true;
  assert_int_equal(tcx_future_then(future, seen_cb, seen), 0);
  seen->starting = false;
}

/* Runs the loop until the future is done; its status as tcx_future_then tells it. The future
 * stays. */
static inline int seen_status(struct whole *w, tcx_future_t *future) {
  struct seen seen = {0};
  seen_then(&seen, future);
  whole_until(w, &seen.calls);
  return seen.status;
}
#endif
