/*
 * tucuxi/transfer.h - objects on their way between files and S3: one at a time, or many as a job.
 *
 * A transfer moves one object (upload, download, copy, delete). A job runs many of them, a bounded
 * number at once, fed by a source of items that is pulled: a folder, a listing, or your own.
 * Everything is built on the calls of <tucuxi.h>: the same rules for return values, callbacks,
 * ownership and threads hold.
 *
 * Files are read and written by libuv's thread pool. A download is written to a temporary file in
 * the target's folder (".tucuxi-" and 16 hex digits) and renamed when it is whole and verified; one
 * that fails, is canceled or interrupted removes it and leaves nothing under the final name.
 * Folders on the way are made. Closing the client (or its session) cancels its transfers and jobs;
 * their callbacks run before the close is over. This version sends an object as one part: an upload
 * above 5 GiB fails with TCX_ETOOBIG. Sizes are bytes, times are milliseconds.
 */
#ifndef TUCUXI_TRANSFER_H
#define TUCUXI_TRANSFER_H
#include <tucuxi/future.h>
#ifdef __cplusplus
extern "C" {
#endif

#define TCX_TRANSFER_PART_MAX ((int64_t)5 << 30) /* largest upload of one part */

/* one object; BORROWED until its callback returns */
typedef struct tcx_transfer tcx_transfer_t;
/* many objects; OWNED by the library, BORROWED until its done callback returns */
typedef struct tcx_job tcx_job_t;

/* ---- one object ------------------------------------------------------------------------------ */

/* total is -1 while unknown. */
typedef struct tcx_transfer_progress {
  uint64_t done;
  int64_t total;
} tcx_transfer_progress_t;
/* status 0, or a code: tcx_transfer_error says more. */
typedef void (*tcx_transfer_cb)(tcx_transfer_t *transfer, int status);
typedef struct tcx_transfer_options { /* all zero = defaults */
  /* files and objects up to this size are held in memory while they are sent or received; 0 = 256
   * KiB; at most 1 MiB */
  size_t max_memory;
  bool keep_time;                 /* a downloaded file gets the object's modification time */
  unsigned stall_limit, stall_ms; /* of each call: as in tcx_call_options_t */
} tcx_transfer_options_t;

TCX_NODISCARD TCX_EXTERN int tcx_s3_upload_sized(tcx_client_t *s3, tcx_body_t *body,
                                                 tcx_value_t *params,
                                                 const tcx_transfer_options_t *options, size_t size,
                                                 tcx_transfer_cb cb, void *data,
                                                 tcx_transfer_t **transfer);
TCX_NODISCARD TCX_EXTERN int tcx_s3_upload_file_sized(tcx_client_t *s3, const char *path,
                                                      tcx_value_t *params,
                                                      const tcx_transfer_options_t *options,
                                                      size_t size, tcx_transfer_cb cb, void *data,
                                                      tcx_transfer_t **transfer);
TCX_NODISCARD TCX_EXTERN int tcx_s3_download_sized(tcx_client_t *s3, const char *path,
                                                   tcx_value_t *params,
                                                   const tcx_transfer_options_t *options,
                                                   size_t size, tcx_transfer_cb cb, void *data,
                                                   tcx_transfer_t **transfer);
TCX_NODISCARD TCX_EXTERN int tcx_s3_copy_sized(tcx_client_t *s3, tcx_value_t *params,
                                               const tcx_transfer_options_t *options, size_t size,
                                               tcx_transfer_cb cb, void *data,
                                               tcx_transfer_t **transfer);
/* Sends body (CONSUMED) as params' Bucket and Key; params (CONSUMED) are those of put_object
 * without Body. *transfer may be NULL. */
static inline TCX_NODISCARD int tcx_s3_upload(tcx_client_t *s3, tcx_body_t *body,
                                              tcx_value_t *params,
                                              const tcx_transfer_options_t *options,
                                              tcx_transfer_cb cb, void *data,
                                              tcx_transfer_t **transfer) {
  return tcx_s3_upload_sized(s3, body, params, options, sizeof(tcx_transfer_options_t), cb, data,
                             transfer);
}
/* The same from a file. It must not change meanwhile: one that gets shorter fails, what is appended
 * is not sent. */
static inline TCX_NODISCARD int tcx_s3_upload_file(tcx_client_t *s3, const char *path,
                                                   tcx_value_t *params,
                                                   const tcx_transfer_options_t *options,
                                                   tcx_transfer_cb cb, void *data,
                                                   tcx_transfer_t **transfer) {
  return tcx_s3_upload_file_sized(s3, path, params, options, sizeof(tcx_transfer_options_t), cb,
                                  data, transfer);
}
/* Writes the object of params (get_object's) to path, replacing what is there. A body that breaks
 * off is fetched again from its beginning, 3 times in all. */
static inline TCX_NODISCARD int tcx_s3_download(tcx_client_t *s3, const char *path,
                                                tcx_value_t *params,
                                                const tcx_transfer_options_t *options,
                                                tcx_transfer_cb cb, void *data,
                                                tcx_transfer_t **transfer) {
  return tcx_s3_download_sized(s3, path, params, options, sizeof(tcx_transfer_options_t), cb, data,
                               transfer);
}
/* Copies within S3; params are copy_object's (Bucket, Key, CopySource). The service copies up to 5
 * GiB so. */
static inline TCX_NODISCARD int tcx_s3_copy(tcx_client_t *s3, tcx_value_t *params,
                                            const tcx_transfer_options_t *options,
                                            tcx_transfer_cb cb, void *data,
                                            tcx_transfer_t **transfer) {
  return tcx_s3_copy_sized(s3, params, options, sizeof(tcx_transfer_options_t), cb, data, transfer);
}
TCX_EXTERN void *tcx_transfer_data(const tcx_transfer_t *transfer);
/* NULL on success and before the end. A file's failure has its UV_E code and a msg that names the
 * file. */
TCX_EXTERN const tcx_error_t *tcx_transfer_error(const tcx_transfer_t *transfer);
/* Of the call that finished it (ETag, VersionId ...); NULL on error and before the end. */
TCX_EXTERN const tcx_value_t *tcx_transfer_response(const tcx_transfer_t *transfer);
TCX_EXTERN void tcx_transfer_get_progress(const tcx_transfer_t *transfer,
                                          tcx_transfer_progress_t *progress);
/* The callback comes later, with TCX_ECANCELED unless the outcome stood already. */
TCX_EXTERN void tcx_transfer_cancel(tcx_transfer_t *transfer);

/* The same as futures of <tucuxi/future.h>: the response is that of the call that finished it, the
 * error is the transfer's; a cancel is the transfer's. */
TCX_EXTERN tcx_future_t *tcx_future_upload_sized(tcx_client_t *s3, tcx_body_t *body,
                                                 tcx_value_t *params,
                                                 const tcx_transfer_options_t *options,
                                                 size_t size);
TCX_EXTERN tcx_future_t *tcx_future_upload_file_sized(tcx_client_t *s3, const char *path,
                                                      tcx_value_t *params,
                                                      const tcx_transfer_options_t *options,
                                                      size_t size);
TCX_EXTERN tcx_future_t *tcx_future_download_sized(tcx_client_t *s3, const char *path,
                                                   tcx_value_t *params,
                                                   const tcx_transfer_options_t *options,
                                                   size_t size);
TCX_EXTERN tcx_future_t *tcx_future_copy_sized(tcx_client_t *s3, tcx_value_t *params,
                                               const tcx_transfer_options_t *options, size_t size);
static inline tcx_future_t *tcx_future_upload(tcx_client_t *s3, tcx_body_t *body,
                                              tcx_value_t *params,
                                              const tcx_transfer_options_t *options) {
  return tcx_future_upload_sized(s3, body, params, options, sizeof(tcx_transfer_options_t));
}
static inline tcx_future_t *tcx_future_upload_file(tcx_client_t *s3, const char *path,
                                                   tcx_value_t *params,
                                                   const tcx_transfer_options_t *options) {
  return tcx_future_upload_file_sized(s3, path, params, options, sizeof(tcx_transfer_options_t));
}
static inline tcx_future_t *tcx_future_download(tcx_client_t *s3, const char *path,
                                                tcx_value_t *params,
                                                const tcx_transfer_options_t *options) {
  return tcx_future_download_sized(s3, path, params, options, sizeof(tcx_transfer_options_t));
}
static inline tcx_future_t *tcx_future_copy(tcx_client_t *s3, tcx_value_t *params,
                                            const tcx_transfer_options_t *options) {
  return tcx_future_copy_sized(s3, params, options, sizeof(tcx_transfer_options_t));
}

/* ---- items: what a job is fed with ----------------------------------------------------------- */

typedef enum { TCX_ITEM_UPLOAD, TCX_ITEM_DOWNLOAD, TCX_ITEM_COPY, TCX_ITEM_DELETE } tcx_item_kind_t;
typedef struct tcx_item {
  tcx_item_kind_t kind;
  const char *path; /* the local file: UPLOAD, DOWNLOAD */
  /* the object that is written (UPLOAD, COPY), read (DOWNLOAD) or deleted */
  const char *bucket, *key;
  const char *source_bucket, *source_key; /* COPY */
  int64_t size;                           /* -1 unknown */
  /* not NULL: it is not to be transferred, and this is why */
  const char *skip;
} tcx_item_t;

/* A source of items, pulled by the job that owns it. Put it first in a struct of your own. */
typedef struct tcx_items tcx_items_t;
struct tcx_items {
  /* 0: *item is filled in (its strings are valid until the next call) | TCX_EOF | TCX_EAGAIN, then
   * tcx_items_resume | another status < 0: no more items come, the job ends with it when what runs
   * is over; error (may stay NULL) is to be set before and must live until close. */
  int (*next)(tcx_items_t *items, tcx_item_t *item);
  void (*close)(tcx_items_t *items); /* exactly once; frees. No resume after it */
  const tcx_error_t *error;
  void (*wake)(void *ctx); /* the two are the puller's: leave them */
  void *ctx;
};
/* Items are there again after TCX_EAGAIN; from the loop. */
TCX_EXTERN void tcx_items_resume(tcx_items_t *items);
/* Only for items that were never handed to a job or a chain. NULL is fine. */
TCX_EXTERN void tcx_items_close(tcx_items_t *items);

/* The constructors below return NULL only when memory is out. Strings are copied. */

/* Exactly this item. */
TCX_EXTERN tcx_items_t *tcx_items_one(const tcx_item_t *item);
/* All of the first, then all of the second, and so on. items (CONSUMED, one of them NULL = out of
 * memory); the array itself stays yours. */
TCX_EXTERN tcx_items_t *tcx_items_chain(tcx_items_t *const *items, size_t count);
/* UPLOADs of the files below a local folder, with the keys prefix + path below the folder. Symbolic
 * links are followed (not into a folder that they lie in); what is neither file nor folder, cannot
 * be read, or has a name that is no UTF-8, comes as an item with skip. glob (may be NULL) picks
 * among the paths below the folder. */
TCX_EXTERN tcx_items_t *tcx_items_folder(uv_loop_t *loop, const char *folder, const char *glob,
                                         const char *bucket, const char *prefix);

typedef struct tcx_listing_options { /* all zero = defaults */
  tcx_item_kind_t kind;              /* DOWNLOAD, COPY or DELETE */
  const char *bucket, *prefix;       /* what is listed; prefix NULL = all */
  /* bytes that are cut off the front of every key; the rest is its place. At most the prefix'
   * length */
  size_t strip;
  const char *glob; /* picks among the places; NULL = all */
  /* DOWNLOAD: path = folder + "/" + place. A key whose place would leave the folder is skipped, a
   * folder's marker (an empty object whose key ends with a slash) is passed over */
  const char *folder;
  /* COPY: key = target_prefix + place. What lies below the target already is passed over where
   * source and target overlap */
  const char *target_bucket, *target_prefix;
} tcx_listing_options_t;
TCX_EXTERN tcx_items_t *tcx_items_listing_sized(tcx_client_t *s3,
                                                const tcx_listing_options_t *options, size_t size);
/* Items for the objects of a bucket, by pages of list_objects_v2, the next one asked for while the
 * last is worked on. */
static inline tcx_items_t *tcx_items_listing(tcx_client_t *s3,
                                             const tcx_listing_options_t *options) {
  return tcx_items_listing_sized(s3, options, sizeof(tcx_listing_options_t));
}
/* '*' is any bytes (slashes too), '?' one character, [a-z] and [!a-z] one of a set, '\' takes the
 * next as it is. */
TCX_EXTERN bool tcx_glob_match(const char *glob, const char *text);
/* Bytes before the first wildcard of a pattern: its whole length when it has none. */
TCX_EXTERN size_t tcx_glob_plain(const char *glob);

/* ---- jobs ------------------------------------------------------------------------------------ */

typedef struct tcx_item_result {
  int status;                  /* 0; < 0 failed; TCX_ECANCELED when the job was canceled */
  bool skipped;                /* not transferred, and no failure: msg says why; status is 0 */
  uint64_t bytes;              /* transferred */
  const char *msg;             /* NULL when all is well */
  const tcx_error_t *error;    /* NULL unless status < 0 */
  const tcx_value_t *response; /* of the call; NULL when there was none */
} tcx_item_result_t;
typedef struct tcx_job_progress {
  uint64_t done, failed, skipped; /* items; done counts those that went well */
  uint64_t running;
  uint64_t bytes; /* transferred, those of running items too */
  /* items that the source gave so far, and their bytes where it knew them */
  uint64_t found, found_bytes;
  bool found_all;      /* the source is at its end */
  uint64_t elapsed_ms; /* until now, or until the end */
  double bytes_per_s;  /* over the last seconds */
} tcx_job_progress_t;
typedef void (*tcx_job_item_cb)(tcx_job_t *job, const tcx_item_t *item,
                                const tcx_item_result_t *result);
/* status 0: the source came to its end and every item was told (some may have failed: see the
 * progress); else the source's status, or TCX_ECANCELED. */
typedef void (*tcx_job_cb)(tcx_job_t *job, int status);
typedef struct tcx_job_options { /* all zero = defaults */
  /* items at once; 0 = 64. The client's max_connections should be the same */
  unsigned concurrency;
  /* bytes that running items may hold in buffers (estimated); one always runs; 0 = 64 MiB */
  size_t max_memory;
  bool dry_run;                   /* items are pulled and told, and nothing is done */
  bool keep_time;                 /* as in tcx_transfer_options_t */
  tcx_job_item_cb on_item;        /* each item, when it is over; may be NULL */
  unsigned stall_limit, stall_ms; /* of each call: as in tcx_call_options_t */
} tcx_job_options_t;
TCX_NODISCARD TCX_EXTERN int tcx_job_start_sized(tcx_client_t *s3, tcx_items_t *items,
                                                 const tcx_job_options_t *options, size_t size,
                                                 tcx_job_cb cb, void *data, tcx_job_t **job);
/* items are CONSUMED. UV_ENOMEM when they are NULL. *job (may be NULL) is BORROWED until cb
 * returns. */
static inline TCX_NODISCARD int tcx_job_start(tcx_client_t *s3, tcx_items_t *items,
                                              const tcx_job_options_t *options, tcx_job_cb cb,
                                              void *data, tcx_job_t **job) {
  return tcx_job_start_sized(s3, items, options, sizeof(tcx_job_options_t), cb, data, job);
}
TCX_EXTERN void *tcx_job_data(const tcx_job_t *job);
/* No item is started any more; running ones end with TCX_ECANCELED, each is told, then cb. */
TCX_EXTERN void tcx_job_cancel(tcx_job_t *job);
/* Of the source, inside cb with a status < 0; else NULL. */
TCX_EXTERN const tcx_error_t *tcx_job_error(const tcx_job_t *job);
TCX_EXTERN void tcx_job_get_progress_sized(tcx_job_t *job, tcx_job_progress_t *progress,
                                           size_t size);
static inline void tcx_job_get_progress(tcx_job_t *job, tcx_job_progress_t *progress) {
  tcx_job_get_progress_sized(job, progress, sizeof(tcx_job_progress_t));
}

#ifdef __cplusplus
}
#endif
#endif
