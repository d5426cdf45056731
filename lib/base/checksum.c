/* checksum.c - the checksum algorithms under one face: their names, and sums over bytes that come
 * in pieces. */
#include "base/checksum.h"
#include "base/codec.h"

static const struct {
  const char *name;
  struct tcx_str header;
  size_t size; /* of the digest, in bytes */
} sums[TCX__SUM_COUNT] = {
    [TCX__SUM_NONE] = {"", {"", 0}, 0},
    [TCX__SUM_CRC32] = {"CRC32", {"x-amz-checksum-crc32", 20}, 4},
    [TCX__SUM_CRC32C] = {"CRC32C", {"x-amz-checksum-crc32c", 21}, 4},
    [TCX__SUM_CRC64NVME] = {"CRC64NVME", {"x-amz-checksum-crc64nvme", 24}, 8},
    [TCX__SUM_SHA1] = {"SHA1", {"x-amz-checksum-sha1", 19}, 20},
    [TCX__SUM_SHA256] = {"SHA256", {"x-amz-checksum-sha256", 21}, 32},
};

tcx__sum tcx__sum_by_name(const char *name) {
  for (tcx__sum sum = TCX__SUM_NONE + 1; sum < TCX__SUM_COUNT; sum++)
    if (tcx__str_ieq(tcx__str(name), tcx__str(sums[sum].name)))
      return sum;
  return TCX__SUM_NONE;
}

struct tcx_str tcx__sum_header(tcx__sum sum) {
  return sums[sum].header;
}

size_t tcx__sum_text_len(tcx__sum sum) { return (sums[sum].size + 2) / 3 * 4; }

void tcx__summer_init(struct tcx_summer *s, tcx__sum sum) {
  s->sum = sum;
  if (sum == TCX__SUM_SHA256)
    tcx__sha256_init(&s->u.sha256);
  else if (sum == TCX__SUM_SHA1)
    br_sha1_init(&s->u.sha1);
  else
    s->u.crc64 = 0;
  if (sum == TCX__SUM_CRC32 || sum == TCX__SUM_CRC32C)
    s->u.crc32 = 0;
}

void tcx__summer_update(struct tcx_summer *s, const void *p, size_t n) {
  switch (s->sum) {
  case TCX__SUM_CRC32:
    s->u.crc32 = tcx__crc32(s->u.crc32, p, n);
    break;
  case TCX__SUM_CRC32C:
    s->u.crc32 = tcx__crc32c(s->u.crc32, p, n);
    break;
  case TCX__SUM_CRC64NVME:
    s->u.crc64 = tcx__crc64nvme(s->u.crc64, p, n);
    break;
  case TCX__SUM_SHA1:
    br_sha1_update(&s->u.sha1, p, n);
    break;
  case TCX__SUM_SHA256:
    tcx__sha256_update(&s->u.sha256, p, n);
    break;
  case TCX__SUM_NONE:
  case TCX__SUM_COUNT:
    break;
  }
}

static void big_endian(unsigned char *out, uint64_t v, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    out[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
}

size_t tcx__summer_final(const struct tcx_summer *s, char out[TCX__SUM_TEXT]) {
  unsigned char digest[32];
  switch (s->sum) {
  case TCX__SUM_CRC32:
  case TCX__SUM_CRC32C:
    big_endian(digest, s->u.crc32, 4);
    break;
  case TCX__SUM_CRC64NVME:
    big_endian(digest, s->u.crc64, 8);
    break;
  case TCX__SUM_SHA1:
    br_sha1_out(&s->u.sha1, digest);
    break;
  case TCX__SUM_SHA256:
    tcx__sha256_final(&s->u.sha256, digest);
    break;
  case TCX__SUM_NONE:
  case TCX__SUM_COUNT:
    break;
  }
  struct tcx_buf text = {.data = out,
                         .cap = TCX__SUM_TEXT,
                         .max = TCX__SUM_TEXT - 1}; /* has its room: it never grows */
  out[0] = '\0';
  tcx__base64_encode(&text, digest, sums[s->sum].size);
  return text.len;
}
