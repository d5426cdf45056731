#include "net/pem.h"
#include "base/codec.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define LABEL_MAX 64

char *tcx__pem_read_file(const char *path, size_t max, size_t *size, int *status) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) {
    *status = uv_translate_sys_error(errno);
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  char *text = NULL;
  size_t len = 0, want = (size_t)info.st_size;
  *status = info.st_size < 0 || want > max           ? UV_EFBIG
            : (text = tcx__malloc(want + 1)) == NULL ? UV_ENOMEM
                                                     : 0;
  while (*status == 0 && len < want) {
    ssize_t n = read(fd, text + len, want - len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      *status = uv_translate_sys_error(errno);
    if (n <= 0)
      break;
    len += (size_t)n;
  }
  close(fd);
  if (*status != 0) {
    if (text != NULL)
      tcx__wipe(text, len); /* it may be a key */
    tcx__free(text);
    return NULL;
  }
  *size = len;
  return text;
}

/* Cuts text at the mark: what comes before it, and what after. */
static bool cut_at(struct tcx_str text, struct tcx_str mark, struct tcx_str *before,
                   struct tcx_str *after) {
  const char *end = text.p + text.n;
  for (const char *p = text.p; (size_t)(end - p) >= mark.n &&
                               (p = memchr(p, mark.p[0], (size_t)(end - p) - mark.n + 1)) != NULL;
       p++)
    if (memcmp(p, mark.p, mark.n) == 0) {
      *before = (struct tcx_str){text.p, (size_t)(p - text.p)};
      *after = (struct tcx_str){p + mark.n, (size_t)(end - p) - mark.n};
      return true;
    }
  return false;
}

bool tcx__pem_next(struct tcx_str *text, struct tcx_str *label, struct tcx_str *body) {
  static const char end[] = "-----END ";
  struct tcx_str rest = *text, before;
  while (cut_at(rest, TCX__STR("-----BEGIN "), &before, &rest)) {
    if (!cut_at(rest, TCX__STR("-----"), label, &rest))
      return false;
    char mark[sizeof end + LABEL_MAX];
    if (label->n > LABEL_MAX)
      continue;
    memcpy(mark, end, sizeof end - 1);
    memcpy(mark + sizeof end - 1, label->p, label->n);
    if (!cut_at(rest, (struct tcx_str){mark, sizeof end - 1 + label->n}, body, &rest))
      return false; /* to look for the next one would make a long file of such beginnings slow */
    *text = rest;
    return true;
  }
  return false;
}

int tcx__pem_decode(struct tcx_str body, struct tcx_buf *der) {
  der->len = 0;
  return body.n > TCX__PEM_BODY_MAX ? UV_EINVAL : tcx__base64_decode(der, body.p, body.n);
}

int tcx__pem_private_key(struct tcx_str text, struct tcx_buf *der, const char **why) {
  struct tcx_str label, body;
  while (tcx__pem_next(&text, &label, &body)) {
    if (!tcx__str_ends(label, "PRIVATE KEY"))
      continue;
    *why = "its key is encrypted";
    if (tcx__str_is(label, "ENCRYPTED PRIVATE KEY") ||
        (body.n > 0 && memchr(body.p, ':', body.n) != NULL)) /* "Proc-Type: 4,ENCRYPTED" */
      return UV_EINVAL;
    *why = "its key is not base64, or too long";
    return tcx__pem_decode(body, der);
  }
  *why = "it holds no private key";
  return UV_EINVAL;
}
