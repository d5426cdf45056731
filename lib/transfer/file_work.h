/*
 * file_work.h - whole steps of file work, each one trip to libuv's thread pool: a small file is
 * opened, read and closed in one, or written beside its target and renamed in one. The thread
 * allocates nothing and touches only the struct; done runs on the loop.
 */
#ifndef TCX_TRANSFER_FILE_WORK_H
#define TCX_TRANSFER_FILE_WORK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

typedef enum {
  /* size is what fstat says; data and len when it fits cap, else len 0 and whole false */
  TCX__FILE_READ,
  TCX__FILE_WRITE,  /* data, len to path, by way of temp */
  TCX__FILE_OPEN,   /* makes temp and opens it: fd */
  TCX__FILE_COMMIT, /* closes fd, renames temp to path */
  TCX__FILE_DISCARD /* closes fd, removes temp */
} tcx__file_step;

struct tcx_file_work {
  uv_work_t req;
  void (*done)(struct tcx_file_work *work);
  const char *path;
  char *temp; /* room for tcx__temp_size(path) bytes; not used by READ */
  char *data; /* the owner's */
  size_t len, cap;
  int64_t size;
  int64_t seconds; /* the modification time to set, when keep_time */
  int32_t nanoseconds;
  int fd;
  int status;       /* 0, or UV_E of the step that failed */
  const char *what; /* "open", "write" ...: which one; static */
  uint32_t salt;    /* makes temp's name differ within a process */
  tcx__file_step step;
  bool whole, keep_time, busy;
  bool as_it_is; /* path is no file but a device or a pipe: there is no temp */
};
size_t tcx__temp_size(const char *path);
int tcx__file_work(uv_loop_t *loop, struct tcx_file_work *work, tcx__file_step step,
                   void (*done)(struct tcx_file_work *work));
#endif
