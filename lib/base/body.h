/* body.h - what the lower layers know of a request body: how to end one that nobody took.
 * lib/core/body.c is the rest. */
#ifndef TCX_BASE_BODY_H
#define TCX_BASE_BODY_H
#include <tucuxi.h>

/* First member of struct tcx_body. A tcx_body_t * can be read as a struct tcx_body_head *. */
struct tcx_body_head {
  void (*discard)(tcx_body_t *body); /* closes (once) and frees */
};
#endif
