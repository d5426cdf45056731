/*
 * transfer.h - the inside of tcx_transfer_t.
 *
 *   upload of a file            READING -> CALLING -> over
 *   upload, copy, delete        CALLING -> over
 *   download, small             CALLING -> WRITING -> over
 *                               (the object comes whole with the call, retried by it)
 *   download, large or unknown  CALLING -> OPENING -> STREAMING -> COMMITTING -> over
 *                               (a failure on the way: DISCARDING -> over, or CALLING again)
 *
 * READING, WRITING, OPENING, COMMITTING and DISCARDING are trips to the thread pool (file_work.h):
 * a cancel waits for the one that is under way. transfer.c begins and ends, upload.c and download.c
 * are what is between. The struct is freed after its callback.
 */
#ifndef TCX_TRANSFER_TRANSFER_H
#define TCX_TRANSFER_TRANSFER_H
#include "transfer/file_work.h"
#include <tucuxi/transfer.h>

/* what the library writes in one go with its head */
#define TCX__SMALL_DEFAULT ((size_t)256 << 10)
/* up to this a body in memory carries its checksum in a header */
#define TCX__SMALL_MAX ((size_t)1 << 20)
/* what a running large transfer holds: two file buffers and a socket's worth */
#define TCX__LARGE_MEMORY ((size_t)640 << 10)

struct tcx_transfer {
  tcx_client_t *s3;
  tcx_watch_t watch; /* the client's close cancels the transfer and waits for it */
  uv_loop_t *loop;
  tcx_item_kind_t kind;
  tcx_transfer_options_t options;
  tcx_transfer_cb cb;
  void *data;
  tcx_call_t *call;     /* under way, borrowed */
  tcx_call_t *kept;     /* the one that answered, retained for its response or error */
  tcx_stream_t *stream; /* taken */
  bool to_file;         /* stream is being written: its done callback is owed */
  tcx_value_t *params;  /* of the call to come; a download keeps them for another try */
  struct tcx_file_work work;
  char *buffer;       /* of a small upload */
  int64_t known_size; /* what the caller believes; -1 unknown */
  int64_t total;      /* -1 unknown */
  uint64_t moved;     /* once the call is over */
  unsigned tries;
  bool whole; /* a download that comes with its call */
  /* unreadable: the local file is what failed, before anything was sent */
  bool ending;         /* its callback runs */
  bool kept_by_future; /* which frees it */
  bool canceled, unreadable;
  tcx_error_t error; /* status 0 = none */
  char *msg;         /* error.msg, when it is our own */
  char path[];       /* and behind it room for the temporary's name */
};

struct tcx_transfer_start {
  tcx_client_t *s3;
  tcx_item_kind_t kind;
  const char *path;    /* or NULL */
  tcx_value_t *params; /* CONSUMED */
  tcx_body_t *body;    /* CONSUMED; or NULL */
  int64_t known_size;
  const tcx_transfer_options_t *options;
  tcx_transfer_cb cb;
  void *data;
};
int tcx__transfer_start(const struct tcx_transfer_start *start, tcx_transfer_t **transfer);
int tcx__transfer_call(tcx_transfer_t *t, const char *operation, tcx_value_t *params,
                       size_t max_body, tcx_call_cb cb);
/* the callback, and the end of t */
void tcx__transfer_free(tcx_transfer_t *t);
void tcx__transfer_end(tcx_transfer_t *t, int status);
/* as this call ended */
void tcx__transfer_end_call(tcx_transfer_t *t, tcx_call_t *call, const tcx_error_t *error);
/* keeps the error, does not end */
void tcx__transfer_fail(tcx_transfer_t *t, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tcx__transfer_fail_file(tcx_transfer_t *t); /* the same from t->work */
/* upload.c, download.c: the first step; 0, or < 0 and nothing will come. */
int tcx__upload_file_begin(tcx_transfer_t *t);
int tcx__download_begin(tcx_transfer_t *t);
#endif
