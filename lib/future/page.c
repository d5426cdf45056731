/* page.c - futures of pages: the page lies in its call, which the future retains; an error in the
 * paginator, whose memory the future keeps. */
#include "core/paginator.h"
#include "future/future.h"

static tcx_future_t *cancel_page(tcx_future_t *f) {
  tcx_call_cancel(f->u.pages->call);
  return NULL;
}

static void end_page(tcx_future_t *f) {
  tcx_call_release(f->call);
  if (f->u.pages != NULL)
    tcx__paginator_unref(f->u.pages);
}

static const struct tcx__future_kind page_kind = {
    .cancel = cancel_page, .closing = tcx__future_leave_to_client, .end = end_page};

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  tcx_future_t *f = pages->waiting;
  pages->waiting = NULL;
  if (pages->page_call != NULL)
    f->call = tcx_call_retain(pages->page_call);
  tcx__future_decide(f, status, page, tcx_paginator_error(pages));
  tcx__future_tell(f);
}

static int next_page(tcx_future_t *f, tcx_paginator_t *pages) {
  int err = tcx_paginator_next(pages, on_page);
  if (err != 0 && err != UV_EBUSY)
    return err;
  f->u.pages = pages;
  tcx__paginator_ref(pages);
  if (err == 0) {
    pages->waiting = f;
  } else {
    tcx__future_decide(f, err, NULL, NULL);
    tcx__future_tell_later(f);
  }
  return 0;
}

tcx_future_t *tcx_future_page(tcx_paginator_t *pages) {
  tcx_future_t *f = NULL;
  int err = pages == NULL           ? UV_EINVAL
            : pages->client == NULL ? TCX_ECLOSING
                                    : tcx__future_make(pages->session, &page_kind, 0, &f);
  if (err == 0 && (err = next_page(f, pages)) != 0)
    tcx__future_drop(f);
  return err == 0 ? f : tcx_future_failed(err);
}
