/* torture_run.h - one round of a scenario of whole calls under torture: how it went, 0 or the
 * status of whatever failed first, which can only be a lack of memory. */
#ifndef TCX_TEST_TORTURE_RUN_H
#define TCX_TEST_TORTURE_RUN_H
#include "torture.h"
#include "whole.h"

struct run {
  struct whole w;
  struct outcome o;
  int status, done;
};

static inline int run_begin_with(struct run *r, const struct fault_step *const *scripts, unsigned n,
                                 const tcx_session_options_t *so, const tcx_client_options_t *co) {
  memset(r, 0, sizeof *r);
  r->status = whole_try_begin(&r->w, scripts, n, so, co);
  assert_true(r->status == 0 || r->status == UV_ENOMEM);
  return r->status;
}
static inline int run_begin(struct run *r, const struct fault_step *const *scripts, unsigned n) {
  return run_begin_with(r, scripts, n, NULL, NULL);
}

static inline int run_end(struct run *r) {
  assert_true(r->status == 0 || r->status == UV_ENOMEM);
  outcome_free(&r->o);
  whole_end(&r->w);
  return r->status;
}
#endif
