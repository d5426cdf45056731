/* crc.h - inside of the CRCs: their constants and the folding by carry-less multiplication. Only
 * crc*.c include it. */
#ifndef TCX_BASE_CRC_H
#define TCX_BASE_CRC_H
#include <stddef.h>
#include <stdint.h>

struct tcx_crc {
  unsigned width;              /* 32 or 64 */
  uint64_t poly;               /* reflected */
  uint64_t fold4[2], fold1[2]; /* what the low and high half of a lane are multiplied with to move
                                  by 64 and by 16 bytes */
  uint64_t table[8][256];      /* table[k][b]: byte b followed by k zero bytes */
};
extern const struct tcx_crc tcx__crc_crc32, tcx__crc_crc32c, tcx__crc_crc64nvme;

/* Folds n bytes (a multiple of 16, at least 64) behind the register crc into 16 bytes with the same
 * remainder. x86 with PCLMULQDQ. */
void tcx__crc_fold(const struct tcx_crc *spec, uint64_t crc, const unsigned char *p, size_t n,
                   unsigned char out[16]);
#endif
