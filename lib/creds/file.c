#include "creds/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

static int failure(void) { return uv_translate_sys_error(errno); }

static int read_all(int fd, struct tcx_buf *out) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return failure();
  if (!S_ISREG(st.st_mode))
    return UV_EINVAL;
  for (;;) {
    char part[4096];
    ssize_t n = read(fd, part, sizeof part);
    if (n > 0)
      tcx__buf_add(out, part, (size_t)n);
    tcx__wipe(part, sizeof part);
    if (n < 0 && errno != EINTR)
      return failure();
    if (n == 0 || out->status != 0)
      return out->status;
  }
}

int tcx__file_read(const char *path, struct tcx_buf *out) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO does not stop the loop */
  if (fd < 0)
    return failure();
  int err = read_all(fd, out);
  close(fd);
  return err;
}

static int write_all(int fd, const char *p, size_t n) {
  while (n > 0) {
    ssize_t written = write(fd, p, n);
    if (written < 0 && errno != EINTR)
      return failure();
    if (written > 0)
      p += written, n -= (size_t)written;
  }
  return fsync(fd) == 0 ? 0 : failure();
}

int tcx__file_replace(const char *path, const char *p, size_t n) {
  size_t size = strlen(path) + sizeof ".XXXXXX";
  char *temporary = tcx__malloc(size);
  if (temporary == NULL)
    return UV_ENOMEM;
  snprintf(temporary, size, "%s.XXXXXX", path);
  int fd = mkstemp(temporary); /* 0600 */
  int err = fd < 0 ? failure() : write_all(fd, p, n);
  if (fd >= 0 && close(fd) != 0 && err == 0)
    err = failure();
  if (err == 0 && rename(temporary, path) != 0)
    err = failure();
  if (err != 0 && fd >= 0)
    (void)unlink(temporary);
  tcx__free(temporary);
  return err;
}
