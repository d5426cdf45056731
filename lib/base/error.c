#include "base/error.h"
#include <string.h>
#include <tucuxi.h>

#define NEAR_MAX      3  /* names that are offered */
#define NEAR_NAME_MAX 64 /* longer names are not compared */

unsigned tcx_version(void) { return TCX_VERSION_HEX; }

static const char *own_text(int status) {
  switch (status) {
#define XX(name, code, text)                                                                       \
  case TCX_##name:                                                                                 \
    return text;
    TCX_ERROR_MAP(XX)
#undef XX
  default:
    return NULL;
  }
}

static const char *own_name(int status) {
  switch (status) {
#define XX(name, code, text)                                                                       \
  case TCX_##name:                                                                                 \
    return "TCX_" #name;
    TCX_ERROR_MAP(XX)
#undef XX
  default:
    return NULL;
  }
}

static const char *uv_text(int status) {
  switch (status) {
#define XX(name, text)                                                                             \
  case UV_##name:                                                                                  \
    return text;
    UV_ERRNO_MAP(XX)
#undef XX
  default:
    return "unknown status";
  }
}

static const char *uv_name(int status) {
  switch (status) {
#define XX(name, text)                                                                             \
  case UV_##name:                                                                                  \
    return #name;
    UV_ERRNO_MAP(XX)
#undef XX
  default:
    return "UNKNOWN";
  }
}

const char *tcx_phase_name(tcx_phase_t phase) {
  static const char *const names[] = {
      [TCX_PHASE_NONE] = "none",         [TCX_PHASE_PARAMS] = "params",
      [TCX_PHASE_ENDPOINT] = "endpoint", [TCX_PHASE_CREDENTIALS] = "credentials",
      [TCX_PHASE_POOL] = "pool",         [TCX_PHASE_DNS] = "dns",
      [TCX_PHASE_CONNECT] = "connect",   [TCX_PHASE_TLS] = "tls",
      [TCX_PHASE_SEND] = "send",         [TCX_PHASE_WAIT] = "wait",
      [TCX_PHASE_READ] = "read",         [TCX_PHASE_BACKOFF] = "backoff",
  };
  return (size_t)phase < sizeof names / sizeof *names ? names[phase] : "unknown";
}

const char *tcx_strerror(int status) {
  if (status >= 0)
    return "success";
  const char *text = own_text(status);
  return text != NULL ? text : uv_text(status);
}

const char *tcx_err_name(int status) {
  if (status >= 0)
    return "OK";
  const char *name = own_name(status);
  return name != NULL ? name : uv_name(status);
}

int tcx__fail(struct tcx_fail *f, int status, const char *format, ...) {
  if (f == NULL || f->status != 0)
    return status;
  f->status = status;
  va_list args;
  va_start(args, format);
  f->text = f->arena != NULL ? tcx__arena_vprintf(f->arena, format, args) : NULL;
  va_end(args);
  if (f->text == NULL)
    f->text = tcx_strerror(status);
  return status;
}

int tcx__fail_memory(struct tcx_fail *f) {
  return tcx__fail(f, UV_ENOMEM, "%s", tcx_strerror(UV_ENOMEM));
}

static char fold(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Single characters to insert, remove, replace or swap with their neighbour, letters folded. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  unsigned rows[3][NEAR_NAME_MAX + 1];
  for (unsigned j = 0; j <= b_len; j++)
    rows[0][j] = j;
  for (unsigned i = 1; i <= a_len; i++) {
    unsigned *row = rows[i % 3];
    const unsigned *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
    row[0] = i;
    for (unsigned j = 1; j <= b_len; j++) {
      char x = fold(a[i - 1]), y = fold(b[j - 1]);
      row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2]))
        row[j] = least(row[j], above2[j - 2] + 1);
    }
  }
  return rows[a_len % 3][b_len];
}

const char *tcx__near_names(struct tcx_arena *arena, const char *wrong,
                            const char *(*name_at)(const void *ctx, unsigned i), const void *ctx,
                            unsigned count) {
  struct {
    const char *name;
    unsigned far;
  } near[NEAR_MAX];
  unsigned found = 0;
  size_t wrong_len = strlen(wrong);
  if (wrong_len == 0 || wrong_len > NEAR_NAME_MAX)
    return "";
  unsigned limit = wrong_len < 4 ? 1 : wrong_len < 9 ? 2 : 3;
  for (unsigned i = 0; i < count; i++) {
    const char *name = name_at(ctx, i);
    size_t len = strlen(name);
    if (len > NEAR_NAME_MAX || len > wrong_len + limit || wrong_len > len + limit)
      continue;
    unsigned far = distance(wrong, wrong_len, name, len);
    if (far > limit)
      continue;
    unsigned at = found;
    while (at > 0 && near[at - 1].far > far)
      at--;
    if (at == NEAR_MAX)
      continue;
    if (found < NEAR_MAX)
      found++;
    memmove(&near[at + 1], &near[at], (found - 1 - at) * sizeof near[0]);
    near[at].name = name;
    near[at].far = far;
  }
  if (found == 0)
    return "";
  const char *text = tcx__arena_printf(arena, ", did you mean %s%s%s%s%s?", near[0].name,
                                       found > 1 ? ", " : "", found > 1 ? near[1].name : "",
                                       found > 2 ? ", " : "", found > 2 ? near[2].name : "");
  return text != NULL ? text : "";
}
