#include "transfer/transfer.h"
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the end ---- */

void tcx__transfer_free(tcx_transfer_t *t) {
  tcx_client_unwatch(&t->watch);
  tcx_call_release(t->kept);
  tcx_value_free(t->params);
  tcx__free(t->buffer);
  tcx__free(t->msg);
  tcx__free(t);
}

void tcx__transfer_end(tcx_transfer_t *t, int status) {
  if (status == TCX_ECANCELED && t->error.status == 0)
    t->error =
        (tcx_error_t){.status = TCX_ECANCELED, .msg = "The transfer was canceled", .operation = ""};
  t->ending = true;
  t->cb(t, status);
  t->ending = false;
  tcx_client_unwatch(&t->watch);
  if (!t->kept_by_future)
    tcx__transfer_free(t);
}

static void take_progress(tcx_transfer_t *t, tcx_call_t *call) {
  t->moved = t->kind == TCX_ITEM_UPLOAD     ? tcx_call_bytes_sent(call)
             : t->kind == TCX_ITEM_DOWNLOAD ? tcx_call_bytes_received(call)
                                            : 0;
}

void tcx__transfer_end_call(tcx_transfer_t *t, tcx_call_t *call, const tcx_error_t *error) {
  t->kept = tcx_call_retain(call);
  take_progress(t, call);
  if (error != NULL)
    t->error = *error;
  else if (t->total >= 0 && t->kind == TCX_ITEM_UPLOAD)
    t->moved = (uint64_t)t->total;
  tcx__transfer_end(t, error != NULL ? error->status : 0);
}

/* Paths are long: the text is as long as it has to be. */
__attribute__((format(printf, 1, 0))) static char *text_of(const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = n >= 0 ? tcx__malloc((size_t)n + 1) : NULL;
  if (text != NULL)
    vsnprintf(text, (size_t)n + 1, format, args);
  return text;
}

void tcx__transfer_fail(tcx_transfer_t *t, int status, const char *format, ...) {
  va_list args;
  if (t->error.status != 0)
    return;
  va_start(args, format);
  t->msg = text_of(format, args);
  va_end(args);
  t->error = (tcx_error_t){
      .status = status, .msg = t->msg != NULL ? t->msg : tcx_strerror(status), .operation = ""};
}

void tcx__transfer_fail_file(tcx_transfer_t *t) {
  tcx__transfer_fail(t, t->work.status, "cannot %s %s: %s", t->work.what, t->path,
                     uv_strerror(t->work.status));
}

/* ---- the beginning ---- */

int tcx__transfer_call(tcx_transfer_t *t, const char *operation, tcx_value_t *params,
                       size_t max_body, tcx_call_cb cb) {
  tcx_call_options_t options = {
      .max_body = max_body, .stall_limit = t->options.stall_limit, .stall_ms = t->options.stall_ms};
  return tcx_client_start(t->s3, operation, params, &options, cb, t, &t->call);
}

static void on_plain_call(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_transfer_t *t = tcx_call_data(call);
  (void)response;
  t->call = NULL;
  tcx__transfer_end_call(t, call, error);
}

static int plain_call(tcx_transfer_t *t, const char *operation) {
  tcx_value_t *params = t->params;
  t->params = NULL;
  return tcx__transfer_call(t, operation, params, 0, on_plain_call);
}

static int begin(tcx_transfer_t *t) {
  switch (t->kind) {
  case TCX_ITEM_UPLOAD:
    return t->path[0] != '\0' ? tcx__upload_file_begin(t) : plain_call(t, "put_object");
  case TCX_ITEM_DOWNLOAD:
    return tcx__download_begin(t);
  case TCX_ITEM_COPY:
    return plain_call(t, "copy_object");
  case TCX_ITEM_DELETE:
    return plain_call(t, "delete_object");
  }
  return UV_EINVAL;
}

static tcx_transfer_t *new_transfer(const struct tcx_transfer_start *start) {
  const char *path = start->path != NULL ? start->path : "";
  size_t n = strlen(path) + 1, temp = start->kind == TCX_ITEM_DOWNLOAD ? tcx__temp_size(path) : 0;
  tcx_transfer_t *t = tcx__calloc(1, sizeof *t + n + temp);
  if (t == NULL)
    return NULL;
  memcpy(t->path, path, n);
  t->work.path = t->path;
  t->work.temp = t->path + n;
  t->work.fd = -1;
  t->work.salt = (uint32_t)((uintptr_t)t >> 4);
  t->s3 = start->s3;
  t->loop = tcx_session_loop(tcx_client_session(start->s3));
  t->kind = start->kind;
  t->options = *start->options;
  if (t->options.max_memory == 0)
    t->options.max_memory = TCX__SMALL_DEFAULT;
  if (t->options.max_memory > TCX__SMALL_MAX)
    t->options.max_memory = TCX__SMALL_MAX;
  t->cb = start->cb;
  t->data = start->data;
  t->known_size = start->known_size;
  t->total = -1;
  return t;
}

static void on_client_closing(tcx_watch_t *watch) {
  tcx_transfer_cancel((tcx_transfer_t *)((char *)watch - offsetof(tcx_transfer_t, watch)));
}

int tcx__transfer_start(const struct tcx_transfer_start *start, tcx_transfer_t **out) {
  tcx_value_t *params = start->params != NULL ? start->params : tcx_value_new_map();
  if (start->body != NULL)
    tcx_value_set_body(params, "Body", start->body);
  tcx_transfer_t *t = start->s3 != NULL && start->cb != NULL ? new_transfer(start) : NULL;
  if (t == NULL) {
    tcx_value_free(params);
    return start->s3 != NULL && start->cb != NULL ? UV_ENOMEM : UV_EINVAL;
  }
  t->params = params;
  t->watch.closing = on_client_closing;
  int err = tcx_client_watch(t->s3, &t->watch);
  if (err == 0)
    err = begin(t);
  if (err != 0) {
    tcx__transfer_free(t);
    return err;
  }
  if (out != NULL)
    *out = t;
  return 0;
}

static int start_public(struct tcx_transfer_start *start, const tcx_transfer_options_t *options,
                        size_t size, tcx_transfer_t **out) {
  tcx_transfer_options_t all = {0};
  if (options != NULL && size <= sizeof all)
    memcpy(&all, options, size);
  start->options = &all;
  start->known_size = -1;
  if (size > sizeof all)
    start->s3 = NULL;
  int err = tcx__transfer_start(start, out);
  start->options = NULL; /* they have been taken over */
  return err;
}

int tcx_s3_upload_sized(tcx_client_t *s3, tcx_body_t *body, tcx_value_t *params,
                        const tcx_transfer_options_t *options, size_t size, tcx_transfer_cb cb,
                        void *data, tcx_transfer_t **transfer) {
  struct tcx_transfer_start start = {
      .s3 = s3, .kind = TCX_ITEM_UPLOAD, .body = body, .params = params, .cb = cb, .data = data};
  return start_public(&start, options, size, transfer);
}

int tcx_s3_upload_file_sized(tcx_client_t *s3, const char *path, tcx_value_t *params,
                             const tcx_transfer_options_t *options, size_t size, tcx_transfer_cb cb,
                             void *data, tcx_transfer_t **transfer) {
  bool good = path != NULL && path[0] != '\0';
  struct tcx_transfer_start start = {.s3 = good ? s3 : NULL,
                                     .kind = TCX_ITEM_UPLOAD,
                                     .path = path,
                                     .params = params,
                                     .cb = cb,
                                     .data = data};
  return start_public(&start, options, size, transfer);
}

int tcx_s3_download_sized(tcx_client_t *s3, const char *path, tcx_value_t *params,
                          const tcx_transfer_options_t *options, size_t size, tcx_transfer_cb cb,
                          void *data, tcx_transfer_t **transfer) {
  bool good = path != NULL && path[0] != '\0';
  struct tcx_transfer_start start = {.s3 = good ? s3 : NULL,
                                     .kind = TCX_ITEM_DOWNLOAD,
                                     .path = path,
                                     .params = params,
                                     .cb = cb,
                                     .data = data};
  return start_public(&start, options, size, transfer);
}

int tcx_s3_copy_sized(tcx_client_t *s3, tcx_value_t *params, const tcx_transfer_options_t *options,
                      size_t size, tcx_transfer_cb cb, void *data, tcx_transfer_t **transfer) {
  struct tcx_transfer_start start = {
      .s3 = s3, .kind = TCX_ITEM_COPY, .params = params, .cb = cb, .data = data};
  return start_public(&start, options, size, transfer);
}

/* ---- meanwhile ---- */

void tcx_transfer_cancel(tcx_transfer_t *t) {
  if (t->canceled)
    return;
  t->canceled = true;
  if (t->call != NULL)
    tcx_call_cancel(t->call);
  else if (t->to_file)
    tcx_stream_close(t->stream);
}

void *tcx_transfer_data(const tcx_transfer_t *t) { return t->data; }
const tcx_error_t *tcx_transfer_error(const tcx_transfer_t *t) {
  return t->error.status != 0 ? &t->error : NULL;
}
const tcx_value_t *tcx_transfer_response(const tcx_transfer_t *t) {
  return t->error.status == 0 && t->kept != NULL ? tcx_call_response(t->kept) : NULL;
}

void tcx_transfer_get_progress(const tcx_transfer_t *t, tcx_transfer_progress_t *progress) {
  const tcx_call_t *call = t->call != NULL ? t->call : t->to_file ? t->kept : NULL;
  progress->total = t->total;
  progress->done = t->moved;
  if (call != NULL && t->kind == TCX_ITEM_UPLOAD)
    progress->done = tcx_call_bytes_sent(call);
  else if (call != NULL && t->kind == TCX_ITEM_DOWNLOAD)
    progress->done = tcx_call_bytes_received(call);
}
