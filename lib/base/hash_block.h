/* hash_block.h - what the processor can do for hash.c and crc.c, and the block function that uses
 * it. Only they include it. */
#ifndef TCX_BASE_HASH_BLOCK_H
#define TCX_BASE_HASH_BLOCK_H
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#  define TCX__X86 1
#else
#  define TCX__X86 0
#endif

enum {
  TCX__CPU_SHA = 1,  /* SHA-NI and SSE4.1 */
  TCX__CPU_CLMUL = 2 /* PCLMULQDQ and SSE4.1 */
};
/* Asked of the processor once a process (asking is slow in a virtual machine), then remembered; a
 * set of the bits above. */
unsigned tcx__cpu(void);

/* Runs whole blocks of 64 bytes through SHA-256's compression. Only with TCX__CPU_SHA. */
void tcx__sha256_blocks_ni(uint32_t state[8], const unsigned char *p, size_t blocks);
#endif
