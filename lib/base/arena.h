/*
 * arena.h - memory that ends at once.
 *
 * A call owns one arena. It is born in tcx_params (or any builder), is handed over with the params,
 * and the call itself, its request and its response are allocated in it. Blocks after the first
 * come from a block pool (one a client) once one is attached.
 *
 *   tcx__arena_new -> alloc ... -> tcx__arena_free one malloc and one free when everything fits the
 *     first block and pooled ones
 *
 * An arena is allocated inside its own first block. What must run when the memory ends (a body that
 * nobody took) is a cleanup; cleanups run newest first, before any block is given back.
 */
#ifndef TCX_BASE_ARENA_H
#define TCX_BASE_ARENA_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* bytes of an arena's first block, header included: malloc's 1 KiB class */
#define TCX__ARENA_FIRST 1008
/* the same of an arena that tcx_params opens: holds a usual call until its response comes */
#define TCX__ARENA_CALL 3568
/* bytes of a further block; one that a single allocation does not fit gets a block of its own */
#define TCX__ARENA_BLOCK 4080

struct tcx_block {
  struct tcx_block *next;
  size_t size; /* bytes in all, this header included */
};

/* Free blocks of exactly TCX__ARENA_BLOCK bytes, kept for the next arena that is attached to the
 * pool. */
struct tcx_block_pool {
  struct tcx_block *free;
  unsigned count, max;
};
void tcx__block_pool_init(struct tcx_block_pool *pool, unsigned max);
/* frees the kept blocks; the pool stays usable */
void tcx__block_pool_clear(struct tcx_block_pool *pool);

struct tcx_cleanup {
  struct tcx_cleanup *next;
  void (*run)(void *p);
  void *p;
};

struct tcx_arena {
  char *next, *end;            /* the free rest of the newest block */
  struct tcx_block *blocks;    /* newest first */
  struct tcx_block *home;      /* the block that holds this struct: freed last */
  struct tcx_block_pool *pool; /* NULL: blocks come from and go to the allocator */
  struct tcx_cleanup *cleanups;
};

/* NULL when memory is out */
struct tcx_arena *tcx__arena_new(void);
struct tcx_arena *tcx__arena_new_sized(size_t first_block);
/* NULL detaches: its blocks are then freed, not pooled */
void tcx__arena_set_pool(struct tcx_arena *arena, struct tcx_block_pool *pool);
void tcx__arena_free(struct tcx_arena *arena); /* NULL is fine */
/* the same, zeroed first: for what holds secrets. Blocks that were given back to a pool before are
 * not seen */
void tcx__arena_wipe_free(struct tcx_arena *arena);
/* all that was allocated in it goes; the first block stays, for what comes next */
void tcx__arena_reset(struct tcx_arena *arena);
/* child's blocks and cleanups now belong to arena; child is gone, what it allocated lives on.
 * Cannot fail. */
void tcx__arena_absorb(struct tcx_arena *arena, struct tcx_arena *child);
/* runs the cleanups now, newest first, each once */
void tcx__arena_cleanup(struct tcx_arena *arena);
int tcx__arena_on_free(struct tcx_arena *arena, void (*run)(void *p), void *p); /* 0 or UV_ENOMEM */
/* The same with a node (run and p set) that the caller has, in the arena or somewhere that outlives
 * it: cannot fail. */
static inline void tcx__arena_hang(struct tcx_arena *arena, struct tcx_cleanup *node) {
  node->next = arena->cleanups;
  arena->cleanups = node;
}

/* the slow path of alloc; n as it was asked for */
void *tcx__arena_grow(struct tcx_arena *arena, size_t n);
/* 8-aligned, not zeroed; NULL when memory is out */
static inline void *tcx__arena_alloc(struct tcx_arena *arena, size_t n) {
  size_t room = (n + 7) & ~(size_t)7;
  /* 0, and what wrapped around to it, go the slow way */
  if (room - 1 < (size_t)(arena->end - arena->next)) {
    void *p = arena->next;
    arena->next += room;
    return p;
  }
  return tcx__arena_grow(arena, n);
}
/* Makes the allocation at p, of old bytes, n bytes long where it lies: only when it is the newest
 * and, to grow, while its block has room. */
static inline bool tcx__arena_resize(struct tcx_arena *arena, void *p, size_t old, size_t n) {
  size_t had = (old + 7) & ~(size_t)7, room = (n + 7) & ~(size_t)7;
  if ((char *)p + had != arena->next || room - 1 >= had + (size_t)(arena->end - arena->next))
    return false;
  arena->next = (char *)p + room;
  return true;
}
void *tcx__arena_zalloc(struct tcx_arena *arena, size_t n); /* zeroed */
/* NUL-ended copy of n bytes */
char *tcx__arena_strndup(struct tcx_arena *arena, const char *s, size_t n);
char *tcx__arena_strdup(struct tcx_arena *arena, const char *s);
char *tcx__arena_printf(struct tcx_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *tcx__arena_vprintf(struct tcx_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
#endif
