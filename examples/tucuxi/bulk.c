/* bulk.c - a job as a person sees it: a bar while it runs, what failed and what was skipped, a
 * summary, the exit code. */
#include "tool.h"
#include <unistd.h>

#define BAR_EVERY_MS 100
#define BAR_CELLS    24

struct bulk {
  struct tool *tool;
  struct bulk_options options;
  tcx_job_t *job, *counter;   /* counter: a dry run beside it, which knows the totals sooner */
  tcx_job_progress_t counted; /* what it knew when it ended */
  uv_timer_t timer;
  bool bar, bar_shown;
  int fatal; /* exit code of what would fail every item; 0 = none */
  int single_code;
  unsigned open; /* job and counter not yet done */
};

/* ---- names ---- */

static const char *verb(const tcx_item_t *item) {
  static const char *const verbs[] = {"upload", "download", "copy", "delete"};
  return verbs[item->kind];
}

static void print_item(FILE *out, const tcx_item_t *item) {
  fprintf(out, "%s: ", verb(item));
  switch (item->kind) {
  case TCX_ITEM_UPLOAD:
    fprintf(out, "%s", item->path);
    break;
  case TCX_ITEM_COPY:
    fprintf(out, "s3://%s/%s", item->source_bucket, item->source_key);
    break;
  default:
    fprintf(out, "s3://%s/%s", item->bucket, item->key);
    break;
  }
  if (item->skip != NULL || item->kind == TCX_ITEM_DELETE)
    return;
  if (item->kind == TCX_ITEM_DOWNLOAD)
    fprintf(out, " to %s", item->path);
  else
    fprintf(out, " to s3://%s/%s", item->bucket, item->key);
}

static tcx_value_t *item_value(const struct tool *tool, const tcx_item_t *item,
                               const tcx_item_result_t *r) {
  tcx_value_t *v = tcx_params("{operation: %s, status: %s}", verb(item),
                              r->skipped           ? "skipped"
                              : r->status != 0     ? "failed"
                              : tool->args.dry_run ? "dry-run"
                                                   : "ok");
  tcx_value_set_str(v, "path", item->path);
  tcx_value_set_str(v, "bucket", item->bucket);
  tcx_value_set_str(v, "key", item->key);
  tcx_value_set_str(v, "source_bucket", item->source_bucket);
  tcx_value_set_str(v, "source_key", item->source_key);
  if (item->size >= 0)
    tcx_value_set_int(v, "size", item->size);
  tcx_value_set_str(v, "message", r->msg);
  if (r->error != NULL)
    tcx_value_set(v, "error", error_value(r->error));
  return v;
}

/* ---- the bar ---- */

static void clear_bar(struct bulk *b) {
  if (b->bar_shown)
    fputs("\r\033[K", stderr);
  b->bar_shown = false;
}

static double share_done(const tcx_job_progress_t *p, const tcx_job_progress_t *all) {
  if (all->found_bytes > 0)
    return (double)p->bytes / (double)all->found_bytes;
  return all->found > 0 ? (double)(p->done + p->failed + p->skipped) / (double)all->found : 0;
}

static void draw_bar(struct bulk *b) {
  tcx_job_progress_t p, all;
  char cells[BAR_CELLS + 1], moved[32], total[32], speed[32], left[32] = "";
  tcx_job_get_progress(b->job, &p);
  all = b->counted;
  if (b->counter != NULL)
    tcx_job_get_progress(b->counter, &all);
  if (all.found < p.found)
    all = p;
  double share = share_done(&p, &all);
  int full = (int)((share < 1 ? share : 1) * BAR_CELLS);
  for (int i = 0; i < BAR_CELLS; i++)
    cells[i] = i < full ? '#' : '.';
  cells[BAR_CELLS] = '\0';
  if (all.found_all && p.bytes_per_s > 0 && all.found_bytes >= p.bytes) {
    unsigned s = (unsigned)((double)(all.found_bytes - p.bytes) / p.bytes_per_s + 0.5);
    snprintf(left, sizeof left, ", %u:%02u left", s / 60, s % 60);
  }
  fprintf(stderr, "\r[%s] %llu/%llu%s objects, %s of %s%s, %s/s%s\033[K", cells,
          (unsigned long long)(p.done + p.failed + p.skipped), (unsigned long long)all.found,
          all.found_all ? "" : "+", size_text(moved, (double)p.bytes),
          size_text(total, (double)all.found_bytes), all.found_all ? "" : "+",
          size_text(speed, p.bytes_per_s), left);
  b->bar_shown = true;
}

static void on_bar(uv_timer_t *timer) { draw_bar(timer->data); }

/* ---- items ---- */

/* What is wrong with the configuration is wrong for every item. */
static bool fatal(const tcx_error_t *error) {
  return error != NULL && (error->status == TCX_ECREDS || error->status == TCX_ECONFIG ||
                           error->status == TCX_ESERVICE || error->status == TCX_EENDPOINT);
}

static void tell_item(struct bulk *b, const tcx_item_t *item, const tcx_item_result_t *r) {
  struct tool *tool = b->tool;
  bool bad = r->skipped || r->status != 0;
  if (tool->args.json) {
    tcx_value_t *v = item_value(tool, item, r);
    print_json(v);
    tcx_value_free(v);
  }
  if (bad) {
    fprintf(stderr, "tucuxi %s: %s ", tool->command->name, r->skipped ? "skipped" : "failed");
    print_item(stderr, item);
    fprintf(stderr, ": %s\n", r->msg);
  } else if (!tool->args.json && (tool->args.verbose || tool->args.dry_run)) {
    if (tool->args.dry_run)
      fputs("(dry run) ", stdout);
    print_item(stdout, item);
    putchar('\n');
  }
}

static void on_item(tcx_job_t *job, const tcx_item_t *item, const tcx_item_result_t *r) {
  struct bulk *b = tcx_job_data(job);
  if (r->status == TCX_ECANCELED)
    return;
  clear_bar(b);
  if (r->status != 0 && b->options.single) {
    b->single_code = exit_code_of(r->error);
    print_error(b->tool, r->error);
  } else if (fatal(r->error)) {
    if (b->fatal == 0)
      print_error(b->tool, r->error);
    b->fatal = exit_code_of(r->error);
    tcx_job_cancel(job);
  } else {
    tell_item(b, item, r);
  }
}

/* ---- the end ---- */

static void print_summary(const struct bulk *b, const tcx_job_progress_t *p) {
  const struct args *args = &b->tool->args;
  double seconds = (double)p->elapsed_ms / 1000;
  char moved[32], speed[32];
  if (args->quiet || args->dry_run)
    return;
  if (args->json) {
    tcx_value_t *v = tcx_params(
        "{summary: {objects: %llu, bytes: %llu, failed: %llu, skipped: %llu, seconds: %f}}",
        (unsigned long long)p->done, (unsigned long long)p->bytes, (unsigned long long)p->failed,
        (unsigned long long)p->skipped, seconds);
    print_json(v);
    tcx_value_free(v);
    return;
  }
  printf("%llu object%s", (unsigned long long)p->done, p->done == 1 ? "" : "s");
  if (p->bytes > 0)
    printf(", %s", size_text(moved, (double)p->bytes));
  printf(" in %.2f s", seconds);
  if (seconds > 0 && p->bytes > 0)
    printf(" (%s/s", size_text(speed, (double)p->bytes / seconds));
  if (seconds > 0 && p->done > 1)
    printf("%s%.0f objects/s", p->bytes > 0 ? ", " : " (", (double)p->done / seconds);
  if (seconds > 0 && (p->bytes > 0 || p->done > 1))
    putchar(')');
  if (p->failed > 0)
    printf(", %llu failed", (unsigned long long)p->failed);
  if (p->skipped > 0)
    printf(", %llu skipped", (unsigned long long)p->skipped);
  putchar('\n');
}

static int code_of(const struct bulk *b, int status, const tcx_job_progress_t *p) {
  if (b->fatal != 0)
    return b->fatal;
  if (status != 0)
    return EXIT_OTHER;
  if (b->options.single && p->failed > 0)
    return b->single_code;
  return p->failed > 0 ? EXIT_FAILED_ITEM : p->skipped > 0 ? EXIT_SKIPPED : 0;
}

static void on_timer_closed(uv_handle_t *handle) { free(handle->data); }

static void leave(struct bulk *b) {
  if (--b->open > 0)
    return;
  if (b->bar)
    uv_close((uv_handle_t *)&b->timer, on_timer_closed);
  else
    free(b);
}

static void on_counted(tcx_job_t *job, int status) {
  struct bulk *b = tcx_job_data(job);
  if (status == 0)
    tcx_job_get_progress(job, &b->counted);
  b->counter = NULL;
  leave(b);
}

static void on_done(tcx_job_t *job, int status) {
  struct bulk *b = tcx_job_data(job);
  struct tool *tool = b->tool;
  const tcx_error_t *error = tcx_job_error(job);
  tcx_job_progress_t p;
  tcx_job_get_progress(job, &p);
  clear_bar(b);
  if (b->bar)
    uv_timer_stop(&b->timer);
  int code = code_of(b, status, &p);
  if (error != NULL && b->fatal == 0) {
    print_error(tool, error);
    code = exit_code_of(error);
  }
  if (b->fatal == 0 && !(b->options.single && code != 0) && error == NULL)
    print_summary(b, &p);
  void (*then)(struct tool *) = b->options.then;
  tool->interrupt = NULL;
  b->job = NULL;
  if (b->counter != NULL)
    tcx_job_cancel(b->counter);
  leave(b);
  if (code == 0 && then != NULL && !tool->interrupted)
    then(tool);
  else
    tool_end(tool, code);
}

static void on_interrupt(struct tool *tool) {
  struct bulk *b = tool->state;
  tcx_job_cancel(b->job);
}

static void start_bar(struct bulk *b) {
  struct tool *tool = b->tool;
  tcx_job_options_t count = {.dry_run = true};
  b->bar = true;
  uv_timer_init(&tool->loop, &b->timer);
  b->timer.data = b;
  uv_timer_start(&b->timer, on_bar, BAR_EVERY_MS, BAR_EVERY_MS);
  uv_unref((uv_handle_t *)&b->timer);
  tcx_items_t *items = b->options.single ? NULL : b->options.make(tool);
  if (items != NULL && tcx_job_start(tool_s3(tool), items, &count, on_counted, b, &b->counter) == 0)
    b->open++;
}

void bulk_run(struct tool *tool, const struct bulk_options *options) {
  const struct args *args = &tool->args;
  tcx_client_t *s3 = tool_s3(tool);
  struct bulk *b = s3 != NULL ? calloc(1, sizeof *b) : NULL;
  if (b == NULL) {
    tool_end(tool, EXIT_OTHER);
    return;
  }
  tcx_job_options_t job = {.concurrency = args->concurrency,
                           .dry_run = args->dry_run,
                           .keep_time = true,
                           .on_item = on_item};
  b->tool = tool;
  b->options = *options;
  int err = tcx_job_start(s3, options->make(tool), &job, on_done, b, &b->job);
  if (tool_refused(tool, err)) {
    free(b);
    return;
  }
  b->open = 1;
  tool->state = b;
  tool->interrupt = on_interrupt;
  if (!args->quiet && !args->json && !args->dry_run && isatty(STDERR_FILENO) &&
      isatty(STDOUT_FILENO))
    start_bar(b);
}
