/* upload.c - a file to an object: a small one is read whole and sent from memory, a larger one is
 * read while it is sent. */
#include "base/mem.h"
#include "transfer/transfer.h"

static void on_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_transfer_t *t = tcx_call_data(call);
  (void)response;
  t->call = NULL;
  tcx__transfer_end_call(t, call, error);
}

static void on_read(struct tcx_file_work *work) {
  tcx_transfer_t *t = (tcx_transfer_t *)((char *)work - offsetof(tcx_transfer_t, work));
  if (t->canceled) {
    tcx__transfer_end(t, TCX_ECANCELED);
    return;
  }
  if (work->status != 0) {
    t->unreadable = true;
    tcx__transfer_fail_file(t);
  } else if (work->size > TCX_TRANSFER_PART_MAX) {
    tcx__transfer_fail(t, TCX_ETOOBIG,
                       "%s is larger than 5 GiB, the most that this version uploads (it sends an "
                       "object as one part)",
                       t->path);
  }
  if (t->error.status != 0) {
    tcx__transfer_end(t, t->error.status);
    return;
  }
  t->total = work->size;
  tcx_value_t *params = t->params;
  t->params = NULL;
  tcx_value_set_body(params, "Body",
                     work->whole ? tcx_body_borrow(t->buffer != NULL ? t->buffer : "", work->len)
                                 : tcx_body_file(t->path, 0, work->size));
  int err = tcx__transfer_call(t, "put_object", params, 0, on_put);
  if (err != 0) {
    tcx__transfer_fail(t, err, "%s", tcx_strerror(err));
    tcx__transfer_end(t, err);
  }
}

int tcx__upload_file_begin(tcx_transfer_t *t) {
  size_t cap = t->options.max_memory;
  if (t->known_size >= 0)
    cap = (uint64_t)t->known_size <= cap ? (size_t)t->known_size : 0;
  if (cap > 0 && (t->buffer = tcx__malloc(cap)) == NULL)
    return UV_ENOMEM;
  t->work.data = t->buffer;
  t->work.cap = cap;
  return tcx__file_work(t->loop, &t->work, TCX__FILE_READ, on_read);
}
