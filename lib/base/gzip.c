/* gzip.c - see gzip.h. */
#include "base/gzip.h"
#include "base/mem.h"
#include <limits.h>
#include <tucuxi.h>
#include <zlib.h>

#define WITH_GZIP_HEAD 16
#define STEP           65536 /* bytes of room that the output gets at least */

/* ---- compressing ---- */

struct tcx_gzip {
  z_stream z;
  struct tcx_buf out;
};

static void *arena_alloc(void *opaque, unsigned count, unsigned size) {
  return tcx__arena_zalloc(opaque, (size_t)count * size);
}

static void arena_free(void *opaque, void *p) {
  (void)opaque;
  (void)p;
}

struct tcx_gzip *tcx__gzip_new(struct tcx_arena *arena) {
  struct tcx_gzip *z = tcx__arena_zalloc(arena, sizeof *z);
  if (z == NULL)
    return NULL;
  z->z.zalloc = arena_alloc;
  z->z.zfree = arena_free;
  z->z.opaque = arena;
  tcx__buf_init(&z->out, arena, SIZE_MAX / 8);
  return deflateInit2(&z->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + WITH_GZIP_HEAD,
                      MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) == Z_OK
             ? z
             : NULL;
}

static int run(struct tcx_gzip *z, int flush) {
  int result = Z_OK;
  do {
    if (tcx__buf_reserve(&z->out, STEP) != 0)
      return UV_ENOMEM;
    size_t room = z->out.cap - z->out.len - 1;
    z->z.next_out = (Bytef *)(z->out.data + z->out.len);
    z->z.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
    uInt offered = z->z.avail_out;
    result = deflate(&z->z, flush);
    z->out.len += offered - z->z.avail_out;
  } while (z->z.avail_out == 0 && result == Z_OK);
  return 0;
}

int tcx__gzip_add(struct tcx_gzip *z, const char *p, size_t n) {
  int status = 0;
  while (n > 0 && status == 0) {
    uInt piece = n < UINT_MAX ? (uInt)n : UINT_MAX;
    z->z.next_in = (Bytef *)(uintptr_t)p;
    z->z.avail_in = piece;
    status = run(z, Z_NO_FLUSH);
    p += piece;
    n -= piece;
  }
  return status;
}

int tcx__gzip_finish(struct tcx_gzip *z, struct tcx_str *out) {
  z->z.avail_in = 0;
  int status = run(z, Z_FINISH);
  if (status == 0)
    tcx__buf_trim(&z->out);
  *out = tcx__buf_str(&z->out);
  return status;
}

/* ---- unpacking ---- */

static void *heap_alloc(void *opaque, unsigned count, unsigned size) {
  (void)opaque;
  return tcx__calloc(count, size);
}

static void heap_free(void *opaque, void *p) {
  (void)opaque;
  tcx__free(p);
}

static int inflate_all(z_stream *z, struct tcx_buf *out) {
  int result = Z_OK;
  while (result == Z_OK) {
    if (tcx__buf_reserve(out, STEP) != 0)
      return out->status;
    size_t room = out->cap - out->len - 1;
    z->next_out = (Bytef *)(out->data + out->len);
    z->avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
    uInt offered = z->avail_out;
    result = inflate(z, Z_NO_FLUSH);
    out->len += offered - z->avail_out;
  }
  out->data[out->len] = '\0';
  if (result == Z_MEM_ERROR)
    return UV_ENOMEM;
  return result == Z_STREAM_END && z->avail_in == 0 ? 0 : UV_EINVAL;
}

int tcx__gunzip(struct tcx_buf *out, const char *p, size_t n) {
  z_stream z = {.zalloc = heap_alloc, .zfree = heap_free};
  if (n > UINT_MAX)
    return UV_EINVAL;
  z.next_in = (Bytef *)(uintptr_t)p;
  z.avail_in = (uInt)n;
  if (inflateInit2(&z, MAX_WBITS + WITH_GZIP_HEAD) != Z_OK)
    return UV_ENOMEM;
  int status = inflate_all(&z, out);
  inflateEnd(&z);
  return status;
}
