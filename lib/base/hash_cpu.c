#include "base/hash_block.h"
#include <stdatomic.h>
#if TCX__X86
#  include <cpuid.h>

static unsigned ask(void) {
  unsigned a, b, c, d, found = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return 0;
  const unsigned ssse3 = 1u << 9, sse41 = 1u << 19, clmul = 1u << 1;
  if ((c & ssse3) == 0 || (c & sse41) == 0)
    return 0;
  if ((c & clmul) != 0)
    found |= TCX__CPU_CLMUL;
  const unsigned sha = 1u << 29;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & sha) != 0)
    found |= TCX__CPU_SHA;
  return found;
}
#else
static unsigned ask(void) { return 0; }
#endif

unsigned tcx__cpu(void) {
  enum { KNOWN = 0x80 };
  static atomic_uint
      cached; /* every thread finds the same answer, so the order of stores does not matter */
  unsigned found = atomic_load_explicit(&cached, memory_order_relaxed);
  if (found == 0) {
    found = ask() | KNOWN;
    atomic_store_explicit(&cached, found, memory_order_relaxed);
  }
  return found & ~(unsigned)KNOWN;
}
