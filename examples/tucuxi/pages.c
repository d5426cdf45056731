/*
 * pages.c - an operation's pages: one by one as they come, or in one. A Ctrl-C, or the end of the
 * run, closes the client below them, and the callback comes with TCX_ECANCELED like any call's.
 */
#include "tool.h"

struct paged {
  tcx_paginator_t *pages;
  one_call_cb cb;
  one_event_cb page; /* NULL: in one */
  void *data;
};

static void end(struct paged *one, const tcx_value_t *response, int status) {
  tcx_error_t error = {.status = status, .msg = tcx_strerror(status), .operation = ""};
  const tcx_error_t *told = tcx_paginator_error(one->pages);
  one->cb(one->data, response, response != NULL ? NULL : told != NULL ? told : &error);
  tcx_paginator_close(one->pages);
  free(one);
}

static void on_whole(tcx_paginator_t *pages, int status, const tcx_value_t *whole) {
  end(tcx_paginator_data(pages), whole, status);
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct paged *one = tcx_paginator_data(pages);
  if (status == 0) {
    one->page(one->data, page);
    status = tcx_paginator_next(pages, on_page);
    if (status == 0)
      return;
  }
  tcx_value_t *rest = tcx_value_new_map();
  tcx_value_set_str(rest, "NextToken", tcx_paginator_token(pages));
  end(one, status == TCX_EOF ? rest : NULL, status);
  tcx_value_free(rest);
}

void paged_call(struct tool *tool, tcx_client_t *client, const struct paged_call *what,
                one_call_cb cb, void *data) {
  struct paged *one = malloc(sizeof *one);
  char *name = operation_name(what->operation);
  tcx_value_t *params = tcx_client_json_params(client, name, what->params);
  int err = UV_ENOMEM;
  if (one != NULL && name != NULL) {
    *one = (struct paged){NULL, cb, what->page, data};
    err = tcx_client_paginate(client, name, params, &what->options, one, &one->pages);
  } else {
    tcx_value_free(params);
  }
  if (err == 0) {
    err = what->page != NULL ? tcx_paginator_next(one->pages, on_page)
                             : tcx_paginator_build_full_result(one->pages, on_whole);
    if (err != 0)
      tcx_paginator_close(one->pages);
  }
  free(name);
  if (tool_refused(tool, err))
    free(one);
}
