/* checksum.h - the algorithms of S3's flexible checksums under one face, and the CRCs themselves.
 * Pure. */
#ifndef TCX_BASE_CHECKSUM_H
#define TCX_BASE_CHECKSUM_H
#include "base/buf.h"
#include "base/hash.h"
#include <bearssl.h>

/* start with 0; feed the result back */
uint32_t tcx__crc32(uint32_t crc, const void *p, size_t n);
uint32_t tcx__crc32c(uint32_t crc, const void *p, size_t n);
uint64_t tcx__crc64nvme(uint64_t crc, const void *p, size_t n);
uint32_t tcx__crc32_combine(uint32_t a, uint32_t b, uint64_t len_b);
uint32_t tcx__crc32c_combine(uint32_t a, uint32_t b, uint64_t len_b);
uint64_t tcx__crc64nvme_combine(uint64_t a, uint64_t b, uint64_t len_b);
/* for the tests that compare the two */
void tcx__crc_force_portable(bool on);

typedef enum {
  TCX__SUM_NONE,
  TCX__SUM_CRC32,
  TCX__SUM_CRC32C,
  TCX__SUM_CRC64NVME,
  TCX__SUM_SHA1,
  TCX__SUM_SHA256,
  TCX__SUM_COUNT
} tcx__sum;
/* "CRC32", "crc64nvme"; NONE when unknown (MD5, XXHASH64 ...) */
tcx__sum tcx__sum_by_name(const char *name);
struct tcx_str tcx__sum_header(tcx__sum sum); /* "x-amz-checksum-crc32" */

struct tcx_summer {
  tcx__sum sum;
  union {
    uint32_t crc32;
    uint64_t crc64;
    struct tcx_sha256 sha256;
    br_sha1_context sha1;
  } u;
};
/* characters of such a checksum as text (base64): known before it is summed */
size_t tcx__sum_text_len(tcx__sum sum);
/* base64 of the longest digest, and a NUL */
#define TCX__SUM_TEXT 48
void tcx__summer_init(struct tcx_summer *s, tcx__sum sum);
void tcx__summer_update(struct tcx_summer *s, const void *p, size_t n);
/* base64 of the big-endian digest; returns its length */
size_t tcx__summer_final(const struct tcx_summer *s, char out[TCX__SUM_TEXT]);
#endif
