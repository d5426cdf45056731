/*
 * future.c - a transfer as a future, by the public functions for futures of one's own.
 *
 * The outcome lies in the transfer, which stays until its future ends. The future is there until
 * its transfer has completed it, whatever its holder does.
 */
#include "transfer/transfer.h"

/* From inside the completion when the outcome stood already; then the end of the transfer frees. */
static void release_transfer(void *transfer) {
  tcx_transfer_t *t = transfer;
  if (t->ending)
    t->kept_by_future = false;
  else
    tcx__transfer_free(t);
}

static void on_transfer(tcx_transfer_t *t, int status) {
  tcx_future_t *f = t->data;
  (void)status;
  if (f == NULL)
    return;
  t->kept_by_future = true;
  tcx_future_complete_with(f, tcx_transfer_response(t), tcx_transfer_error(t), release_transfer, t);
}

static void on_cancel(tcx_future_t *future, void *transfer) {
  (void)future;
  tcx_transfer_cancel(transfer);
}

/* Of a transfer that was started a moment ago, or was not. */
static tcx_future_t *future_of(tcx_client_t *s3, tcx_transfer_t *t, int err) {
  if (err != 0)
    return tcx_future_failed(err);
  tcx_future_t *f = tcx_future_new(tcx_client_session(s3), on_cancel, t);
  if (tcx_future_done(f))
    tcx_transfer_cancel(t); /* there is no memory to tell anybody */
  else
    t->data = f;
  return f;
}

tcx_future_t *tcx_future_upload_sized(tcx_client_t *s3, tcx_body_t *body, tcx_value_t *params,
                                      const tcx_transfer_options_t *options, size_t size) {
  tcx_transfer_t *t = NULL;
  int err = tcx_s3_upload_sized(s3, body, params, options, size, on_transfer, NULL, &t);
  return future_of(s3, t, err);
}

tcx_future_t *tcx_future_upload_file_sized(tcx_client_t *s3, const char *path, tcx_value_t *params,
                                           const tcx_transfer_options_t *options, size_t size) {
  tcx_transfer_t *t = NULL;
  int err = tcx_s3_upload_file_sized(s3, path, params, options, size, on_transfer, NULL, &t);
  return future_of(s3, t, err);
}

tcx_future_t *tcx_future_download_sized(tcx_client_t *s3, const char *path, tcx_value_t *params,
                                        const tcx_transfer_options_t *options, size_t size) {
  tcx_transfer_t *t = NULL;
  int err = tcx_s3_download_sized(s3, path, params, options, size, on_transfer, NULL, &t);
  return future_of(s3, t, err);
}

tcx_future_t *tcx_future_copy_sized(tcx_client_t *s3, tcx_value_t *params,
                                    const tcx_transfer_options_t *options, size_t size) {
  tcx_transfer_t *t = NULL;
  int err = tcx_s3_copy_sized(s3, params, options, size, on_transfer, NULL, &t);
  return future_of(s3, t, err);
}
