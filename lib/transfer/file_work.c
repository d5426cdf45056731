#include "transfer/file_work.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_NAME  (sizeof ".tucuxi-0123456789abcdef" - 1)
#define TEMP_TRIES 16

static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

size_t tcx__temp_size(const char *path) { return folder_length(path) + TEMP_NAME + 1; }

static int failed(struct tcx_file_work *w, const char *what) {
  w->status = uv_translate_sys_error(errno);
  w->what = what;
  return w->status;
}

/* ---- reading ---- */

static void read_whole(struct tcx_file_work *w, int fd) {
  while (w->len < (size_t)w->size) {
    ssize_t n = read(fd, w->data + w->len, (size_t)w->size - w->len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      failed(w, "read");
      return;
    }
    if (n == 0)
      break; /* it got shorter meanwhile: what is there is the file */
    w->len += (size_t)n;
  }
  w->size = (int64_t)w->len;
  w->whole = true;
}

static void step_read(struct tcx_file_work *w) {
  struct stat st;
  int fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  w->len = 0;
  w->whole = false;
  if (fd < 0) {
    failed(w, "open");
    return;
  }
  if (fstat(fd, &st) < 0) {
    failed(w, "look at");
  } else if (!S_ISREG(st.st_mode)) {
    w->status = S_ISDIR(st.st_mode) ? UV_EISDIR : UV_EINVAL;
    w->what = S_ISDIR(st.st_mode) ? "read" : "read (no regular file)";
  } else {
    w->size = st.st_size;
    if ((uint64_t)st.st_size <= w->cap)
      read_whole(w, fd);
  }
  close(fd);
}

/* ---- writing ---- */

static int make_folder(char *path) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST)
    return 0;
  return errno;
}

/* The folders of temp, from the top; those that are there cost one call each. */
static int make_folders(char *temp) {
  char *end = strrchr(temp, '/');
  for (char *p = temp + 1; end != NULL && p <= end; p++) {
    if (*p != '/')
      continue;
    *p = '\0';
    int err = make_folder(temp);
    *p = '/';
    if (err != 0) {
      errno = err;
      return -1;
    }
  }
  return 0;
}

/* A device or a pipe is written to, not replaced. Nobody who reads the pipe is an error, not a
 * reason to wait. */
static int open_as_it_is(struct tcx_file_work *w) {
  w->temp[0] = '\0';
  w->as_it_is = true;
  w->fd = open(w->path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (w->fd < 0)
    return failed(w, "open");
  (void)fcntl(w->fd, F_SETFL, 0); /* from here on it may block: this is a thread of its own */
  return 0;
}

static int open_temp(struct tcx_file_work *w) {
  struct stat st;
  if (stat(w->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return open_as_it_is(w);
  size_t folder = folder_length(w->path);
  memcpy(w->temp, w->path, folder);
  bool folders_made = false;
  for (unsigned i = 0; i < TEMP_TRIES; i++) {
    uint64_t mark = (uv_hrtime() + i) * 0x9e3779b97f4a7c15u;
    snprintf(w->temp + folder, TEMP_NAME + 1, ".tucuxi-%08x%08x", (unsigned)(mark >> 32),
             (unsigned)w->salt);
    w->fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd >= 0)
      return 0;
    if (errno == ENOENT && !folders_made) {
      folders_made = true;
      if (make_folders(w->temp) < 0)
        return failed(w, "make the folder of");
    } else if (errno != EEXIST) {
      break;
    }
  }
  w->temp[0] = '\0';
  return failed(w, "create");
}

static void close_temp(struct tcx_file_work *w) {
  if (w->fd >= 0)
    close(w->fd);
  w->fd = -1;
}

static void step_discard(struct tcx_file_work *w) {
  close_temp(w);
  if (w->temp[0] != '\0')
    unlink(w->temp);
  w->temp[0] = '\0';
}

/* On failure nothing is left. */
static void step_commit(struct tcx_file_work *w) {
  struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
                              {.tv_sec = (time_t)w->seconds, .tv_nsec = w->nanoseconds}};
  if (w->keep_time && !w->as_it_is && futimens(w->fd, times) < 0)
    failed(w, "set the time of");
  int fd = w->fd;
  w->fd = -1;
  if (close(fd) < 0 && w->status == 0)
    failed(w, "write");
  if (w->status == 0 && !w->as_it_is && rename(w->temp, w->path) < 0)
    failed(w, "rename");
  if (w->status == 0)
    w->temp[0] = '\0';
  else
    step_discard(w);
}

static void step_write(struct tcx_file_work *w) {
  if (open_temp(w) != 0)
    return;
  for (size_t at = 0; at < w->len;) {
    ssize_t n = write(w->fd, w->data + at, w->len - at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      if (n == 0)
        errno = ENOSPC;
      failed(w, "write");
      step_discard(w);
      return;
    }
    at += (size_t)n;
  }
  step_commit(w);
}

/* ---- the trip ---- */

static void on_thread(uv_work_t *req) {
  struct tcx_file_work *w = req->data;
  switch (w->step) {
  case TCX__FILE_READ:
    step_read(w);
    break;
  case TCX__FILE_WRITE:
    step_write(w);
    break;
  case TCX__FILE_OPEN:
    (void)open_temp(w);
    break;
  case TCX__FILE_COMMIT:
    step_commit(w);
    break;
  case TCX__FILE_DISCARD:
    step_discard(w);
    break;
  }
}

static void on_done(uv_work_t *req, int status) {
  struct tcx_file_work *w = req->data;
  w->busy = false;
  if (status != 0)
    w->status = status;
  w->done(w);
}

int tcx__file_work(uv_loop_t *loop, struct tcx_file_work *w, tcx__file_step step,
                   void (*done)(struct tcx_file_work *work)) {
  w->req.data = w;
  w->step = step;
  w->done = done;
  w->status = 0;
  w->what = "";
  int err = uv_queue_work(loop, &w->req, on_thread, on_done);
  w->busy = err == 0;
  return err;
}
