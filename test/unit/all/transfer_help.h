/* transfer_help.h - a folder of the test's own, and what became of a job's items. */
#ifndef TCX_TEST_TRANSFER_HELP_H
#define TCX_TEST_TRANSFER_HELP_H
#include "whole.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tucuxi/transfer.h>

/* ---- a folder of the test's own ---- */

static char folder[64];

static inline const char *in_folder(const char *name) {
  static char paths[16][256];
  static unsigned next;
  char *path = paths[next++ % 16];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline void remove_below(const char *path) {
  DIR *dir = opendir(path);
  for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
    char inner[600];
    if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
      continue;
    snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
    struct stat st;
    if (lstat(inner, &st) == 0 && S_ISDIR(st.st_mode))
      remove_below(inner);
    unlink(inner);
    rmdir(inner);
  }
  if (dir != NULL)
    closedir(dir);
}

static inline unsigned count_below(const char *path) {
  unsigned n = 0;
  DIR *dir = opendir(path);
  for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
    n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
  if (dir != NULL)
    closedir(dir);
  return n;
}

static inline void put_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

static inline int set_up(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/tucuxi-transfer-XXXXXX");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static inline int tear_down(void **state) {
  (void)state;
  remove_below(folder);
  return rmdir(folder);
}

#define OBJECT(n, body)                                                                            \
  "HTTP/1.1 200 OK\r\nContent-Length: " #n                                                         \
  "\r\nLast-Modified: Sun, 30 Aug 2015 12:36:00 GMT\r\n\r\n" body
static inline tcx_value_t *object(void) { return tcx_params("{Bucket: bucket, Key: key}"); }

struct tally {
  int calls, status;
  unsigned items, good, skipped, failed, canceled;
  unsigned cancel_at; /* item; 0 = never */
  unsigned running_max, limit;
  char last_key[32], error[128];
  tcx_job_progress_t end;
};

static inline void on_item(tcx_job_t *job, const tcx_item_t *item,
                           const tcx_item_result_t *result) {
  struct tally *t = tcx_job_data(job);
  tcx_job_progress_t p;
  tcx_job_get_progress(job, &p);
  assert_int_equal(t->calls, 0);
  assert_true(result->status == 0 || result->error != NULL);
  t->items++;
  if (result->skipped)
    t->skipped++;
  else if (result->status == 0)
    t->good++;
  else if (result->status == TCX_ECANCELED)
    t->canceled++;
  else
    t->failed++;
  assert_true(p.running < t->limit || t->limit == 0);
  if (!result->skipped)
    snprintf(t->last_key, sizeof t->last_key, "%s", item->key);
  if (t->cancel_at != 0 && t->items == t->cancel_at)
    tcx_job_cancel(job);
}

static inline void on_job(tcx_job_t *job, int status) {
  struct tally *t = tcx_job_data(job);
  t->calls++;
  t->status = status;
  tcx_job_get_progress(job, &t->end);
  if (tcx_job_error(job) != NULL)
    snprintf(t->error, sizeof t->error, "%s", tcx_job_error(job)->msg);
}

static inline void run_job(struct whole *w, tcx_items_t *items, tcx_job_options_t options,
                           struct tally *t) {
  options.on_item = on_item;
  assert_int_equal(tcx_job_start(w->client, items, &options, on_job, t, NULL), 0);
  assert_int_equal(t->calls + (int)t->items, 0);
  whole_until(w, &t->calls);
}
#endif
