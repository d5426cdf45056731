/* error.h - a failure on its way to a tcx_error_t: the code, and the sentence for msg. */
#ifndef TCX_BASE_ERROR_H
#define TCX_BASE_ERROR_H
#include "base/arena.h"

/* Filled by whoever finds the failure; the text lies in the arena that the caller gave, or is a
 * literal. */
struct tcx_fail {
  struct tcx_arena *arena; /* where text is formatted; set by the caller before */
  int status;              /* 0, or a TCX_E / UV_E code */
  /* never NULL once status is set: falls back to tcx_strerror(status) */
  const char *text;
};
/* Keeps the first failure; returns status, so that "return tcx__fail(f, TCX_EPARAM, ...)" reads
 * well. f may be NULL. */
int tcx__fail(struct tcx_fail *f, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int tcx__fail_memory(struct tcx_fail *f); /* UV_ENOMEM and its sentence */

/* "did you mean" for a wrong name: up to 3 of names within a small edit distance, as ", did you
 * mean a, b?" in the arena, or "". */
const char *tcx__near_names(struct tcx_arena *arena, const char *wrong,
                            const char *(*name_at)(const void *ctx, unsigned i), const void *ctx,
                            unsigned count);
#endif
