/*
 * job.c - many transfers, a bounded number at once, fed by a source that is pulled.
 *
 *   started --timer--> pulling <--> waiting (source said EAGAIN, or as much runs as may) --> ended
 *     (source is through, or canceled) --last item--> told --> freed
 *
 * All pulling happens in the timer's callback, never inside another function of the job: whoever
 * makes room (a finished item, the source's wake, a cancel) arms the timer. An item lives from its
 * pull until its result was told. The timer also keeps the loop while there is something to do at
 * once; calls and file work do so meanwhile.
 */
#include "base/mem.h"
#include "transfer/transfer.h"
#include <string.h>

#define CONCURRENCY_DEFAULT 64
#define MEMORY_DEFAULT      ((size_t)64 << 20)
/* items that need no transfer (dry run, skips), told in one turn of the loop */
#define AT_ONCE_MAX     256
#define SAMPLES         12 /* of the rate */
#define SAMPLE_EVERY_MS 500

struct job_item {
  tcx_job_t *job;
  struct job_item *prev, *next;
  tcx_item_t item; /* its strings lie behind */
  size_t memory;   /* estimated */
  tcx_transfer_t *transfer;
};
struct sample {
  uint64_t ms, bytes;
};

struct tcx_job {
  tcx_client_t *s3;
  tcx_items_t *items; /* NULL once closed */
  tcx_job_options_t options;
  tcx_job_cb cb;
  void *data;
  uv_timer_t timer;
  tcx_watch_t watch; /* the client's close cancels the job and waits for it */
  struct job_item *running;
  size_t memory;
  bool source_waits; /* EAGAIN was said; a resume is to come */
  bool ended, canceled, told;
  int status;        /* of the source */
  tcx_error_t error; /* of the source; its texts live as long as items */
  tcx_job_progress_t progress;
  uint64_t started_ms, ended_ms, finished_bytes;
  struct sample samples[SAMPLES];
  unsigned n_samples;
};

static void arm(tcx_job_t *job) {
  if (!job->told)
    uv_timer_start(&job->timer, job->timer.timer_cb, 0, 0);
}

/* ---- telling ---- */

static void tell(tcx_job_t *job, const tcx_item_t *item, const tcx_item_result_t *result) {
  if (result->skipped)
    job->progress.skipped++;
  else if (result->status != 0)
    job->progress.failed++;
  else
    job->progress.done++;
  if (job->options.on_item != NULL)
    job->options.on_item(job, item, result);
}

/* A local file that cannot be read is passed over, as one that is no file. */
static bool passed_over(const tcx_transfer_t *t) {
  int status = t->error.status;
  return t->unreadable &&
         (status == UV_EACCES || status == UV_EPERM || status == UV_ENOENT || status == UV_EINVAL);
}

static void on_transferred(tcx_transfer_t *t, int status) {
  struct job_item *it = tcx_transfer_data(t);
  tcx_job_t *job = it->job;
  tcx_item_result_t result = {.status = status,
                              .bytes = status == 0 ? t->moved : 0,
                              .error = tcx_transfer_error(t),
                              .response = tcx_transfer_response(t)};
  if (result.error != NULL)
    result.msg = result.error->msg;
  if (passed_over(t)) {
    result.skipped = true;
    result.status = 0;
    result.error = NULL;
  }
  if (status == 0 && it->item.kind == TCX_ITEM_COPY && it->item.size > 0)
    result.bytes = (uint64_t)it->item.size;
  if (it->prev != NULL)
    it->prev->next = it->next;
  else
    job->running = it->next;
  if (it->next != NULL)
    it->next->prev = it->prev;
  job->memory -= it->memory;
  job->progress.running--;
  job->finished_bytes += result.bytes;
  tell(job, &it->item, &result);
  tcx__free(it);
  arm(job);
}

/* ---- starting an item ---- */

static const char *keep_text(char **at, const char *s) {
  if (s == NULL)
    return NULL;
  size_t n = strlen(s) + 1;
  char *copy = memcpy(*at, s, n);
  *at += n;
  return copy;
}

static size_t room(const char *s) { return s != NULL ? strlen(s) + 1 : 0; }

static struct job_item *new_item(tcx_job_t *job, const tcx_item_t *item) {
  size_t texts = room(item->path) + room(item->bucket) + room(item->key) +
                 room(item->source_bucket) + room(item->source_key);
  struct job_item *it = tcx__calloc(1, sizeof *it + texts);
  if (it == NULL)
    return NULL;
  char *at = (char *)(it + 1);
  it->job = job;
  it->item = *item;
  it->item.path = keep_text(&at, item->path);
  it->item.bucket = keep_text(&at, item->bucket);
  it->item.key = keep_text(&at, item->key);
  it->item.source_bucket = keep_text(&at, item->source_bucket);
  it->item.source_key = keep_text(&at, item->source_key);
  return it;
}

static tcx_value_t *item_params(const tcx_item_t *item) {
  tcx_value_t *params = tcx_params("{Bucket: %s, Key: %s}", item->bucket, item->key);
  if (item->kind == TCX_ITEM_COPY)
    tcx_value_set(params, "CopySource",
                  tcx_params("{Bucket: %s, Key: %s}", item->source_bucket, item->source_key));
  return params;
}

/* What an item holds while it runs, as far as it can be told before. */
static size_t memory_of(const tcx_item_t *item) {
  if (item->kind == TCX_ITEM_COPY || item->kind == TCX_ITEM_DELETE)
    return 0;
  return item->size >= 0 && (uint64_t)item->size <= TCX__SMALL_DEFAULT ? (size_t)item->size
                                                                       : TCX__LARGE_MEMORY;
}

static int start_item(tcx_job_t *job, const tcx_item_t *item) {
  struct job_item *it = new_item(job, item);
  if (it == NULL)
    return UV_ENOMEM;
  tcx_transfer_options_t options = {.keep_time = job->options.keep_time,
                                    .stall_limit = job->options.stall_limit,
                                    .stall_ms = job->options.stall_ms};
  struct tcx_transfer_start start = {.s3 = job->s3,
                                     .kind = item->kind,
                                     .path = item->kind <= TCX_ITEM_DOWNLOAD ? it->item.path : NULL,
                                     .params = item_params(&it->item),
                                     .known_size = item->size,
                                     .options = &options,
                                     .cb = on_transferred,
                                     .data = it};
  int err = tcx__transfer_start(&start, &it->transfer);
  if (err != 0) {
    tcx__free(it);
    return err;
  }
  it->memory = memory_of(item);
  job->memory += it->memory;
  it->next = job->running;
  if (it->next != NULL)
    it->next->prev = it;
  job->running = it;
  job->progress.running++;
  return 0;
}

/* Starts it, or tells at once what became of it. True when it needed no transfer. */
static bool take(tcx_job_t *job, const tcx_item_t *item) {
  tcx_item_result_t result = {.skipped = item->skip != NULL, .msg = item->skip};
  job->progress.found++;
  if (item->size > 0)
    job->progress.found_bytes += (uint64_t)item->size;
  if (item->skip == NULL && !job->options.dry_run) {
    result.status = start_item(job, item);
    if (result.status == 0)
      return false;
    result.msg = tcx_strerror(result.status);
  }
  tcx_error_t error = {.status = result.status, .msg = result.msg, .operation = ""};
  if (result.status != 0)
    result.error = &error;
  tell(job, item, &result);
  return true;
}

/* ---- pulling ---- */

static bool room_for_more(const tcx_job_t *job) {
  return job->progress.running < job->options.concurrency &&
         (job->progress.running == 0 || job->memory < job->options.max_memory);
}

static void end_source(tcx_job_t *job, int status) {
  job->ended = true;
  job->source_waits = false;
  if (status == TCX_EOF) {
    job->progress.found_all = true;
    return;
  }
  job->status = status;
  job->error = (tcx_error_t){.status = status, .msg = tcx_strerror(status), .operation = ""};
  if (job->items->error != NULL)
    job->error = *job->items->error;
}

static void pull(tcx_job_t *job) {
  unsigned at_once = 0;
  while (!job->ended && !job->source_waits && room_for_more(job)) {
    tcx_item_t item = {.size = -1};
    if (at_once == AT_ONCE_MAX) {
      arm(job);
      return;
    }
    int status = job->items->next(job->items, &item);
    if (status == TCX_EAGAIN)
      job->source_waits = true;
    else if (status != 0)
      end_source(job, status);
    else if (take(job, &item))
      at_once++;
  }
}

static uint64_t now_ms(void) { return uv_hrtime() / 1000000; }

static void on_closed(uv_handle_t *handle) {
  tcx_job_t *job = handle->data;
  tcx_client_unwatch(&job->watch);
  tcx__free(job);
}

static void on_timer(uv_timer_t *timer) {
  tcx_job_t *job = timer->data;
  pull(job);
  if (!job->ended || job->progress.running > 0 || job->told)
    return;
  job->told = true;
  job->ended_ms = now_ms();
  job->cb(job, job->canceled ? TCX_ECANCELED : job->status);
  tcx_items_close(job->items);
  uv_close((uv_handle_t *)timer, on_closed);
}

static void on_wake(void *ctx) {
  tcx_job_t *job = ctx;
  job->source_waits = false;
  arm(job);
}

/* ---- the public face ---- */

static void on_client_closing(tcx_watch_t *watch) {
  tcx_job_cancel((tcx_job_t *)((char *)watch - offsetof(tcx_job_t, watch)));
}

int tcx_job_start_sized(tcx_client_t *s3, tcx_items_t *items, const tcx_job_options_t *options,
                        size_t size, tcx_job_cb cb, void *data, tcx_job_t **out) {
  bool good = s3 != NULL && cb != NULL && size <= sizeof *options;
  tcx_job_t *job = good && items != NULL ? tcx__calloc(1, sizeof *job) : NULL;
  int err = !good ? UV_EINVAL : job == NULL ? UV_ENOMEM : tcx_client_watch(s3, &job->watch);
  if (err != 0) {
    tcx_items_close(items);
    tcx__free(job);
    return err;
  }
  job->watch.closing = on_client_closing;
  if (options != NULL)
    memcpy(&job->options, options, size);
  if (job->options.concurrency == 0)
    job->options.concurrency = CONCURRENCY_DEFAULT;
  if (job->options.max_memory == 0)
    job->options.max_memory = MEMORY_DEFAULT;
  job->s3 = s3;
  job->items = items;
  items->wake = on_wake;
  items->ctx = job;
  job->cb = cb;
  job->data = data;
  job->started_ms = now_ms();
  uv_timer_init(tcx_session_loop(tcx_client_session(s3)), &job->timer);
  job->timer.data = job;
  uv_timer_start(&job->timer, on_timer, 0, 0);
  if (out != NULL)
    *out = job;
  return 0;
}

void tcx_job_cancel(tcx_job_t *job) {
  if (job->canceled || job->told)
    return;
  job->canceled = true;
  job->ended = true;
  for (struct job_item *it = job->running, *next; it != NULL; it = next) {
    next = it->next;
    tcx_transfer_cancel(it->transfer);
  }
  arm(job);
}

void *tcx_job_data(const tcx_job_t *job) { return job->data; }
const tcx_error_t *tcx_job_error(const tcx_job_t *job) {
  return job->error.status != 0 ? &job->error : NULL;
}

/* Bytes a second since the oldest sample, a few seconds ago. */
static double rate(tcx_job_t *job, uint64_t now, uint64_t bytes) {
  struct sample *s = job->samples;
  if (job->n_samples == 0 || now - s[job->n_samples - 1].ms >= SAMPLE_EVERY_MS) {
    if (job->n_samples == SAMPLES)
      memmove(s, s + 1, (SAMPLES - 1) * sizeof *s);
    else
      job->n_samples++;
    s[job->n_samples - 1] = (struct sample){now, bytes};
  }
  struct sample from = job->n_samples > 1 ? s[0] : (struct sample){job->started_ms, 0};
  return now > from.ms && bytes >= from.bytes
             ? (double)(bytes - from.bytes) * 1000 / (double)(now - from.ms)
             : 0;
}

void tcx_job_get_progress_sized(tcx_job_t *job, tcx_job_progress_t *progress, size_t size) {
  uint64_t now = job->told ? job->ended_ms : now_ms();
  tcx_job_progress_t all = job->progress;
  all.bytes = job->finished_bytes;
  for (const struct job_item *it = job->running; it != NULL; it = it->next) {
    tcx_transfer_progress_t one;
    tcx_transfer_get_progress(it->transfer, &one);
    all.bytes += one.done;
  }
  all.elapsed_ms = now - job->started_ms;
  all.bytes_per_s = rate(job, now, all.bytes);
  memset(progress, 0, size);
  memcpy(progress, &all, size < sizeof all ? size : sizeof all);
}
