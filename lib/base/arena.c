/*
 * The newest block is not always the current one: of the old rest and the new one, the larger goes
 * on being used.
 *
 * blocks is a list from newest to oldest whose last one is home, the block that holds the struct.
 * absorb relies on that: the child's home is where the parent's list is hung on.
 */
#include "base/arena.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>
#include <uv.h>

#define ALIGNED(n)   (((n) + 7) & ~(size_t)7)
#define ARENA_HEADER (ALIGNED(sizeof(struct tcx_block)) + ALIGNED(sizeof(struct tcx_arena)))
#define BLOCK_HEADER ALIGNED(sizeof(struct tcx_block))

void tcx__block_pool_init(struct tcx_block_pool *pool, unsigned max) {
  *pool = (struct tcx_block_pool){.free = NULL, .count = 0, .max = max};
}

void tcx__block_pool_clear(struct tcx_block_pool *pool) {
  while (pool->free != NULL) {
    struct tcx_block *block = pool->free;
    pool->free = block->next;
    tcx__free(block);
  }
  pool->count = 0;
}

static struct tcx_block *block_get(struct tcx_block_pool *pool, size_t size) {
  if (pool != NULL && size == TCX__ARENA_BLOCK && pool->free != NULL) {
    struct tcx_block *block = pool->free;
    pool->free = block->next;
    pool->count--;
    return block;
  }
  struct tcx_block *block = tcx__malloc(size);
  if (block != NULL)
    block->size = size;
  return block;
}

static void block_put(struct tcx_block_pool *pool, struct tcx_block *block) {
  if (pool != NULL && block->size == TCX__ARENA_BLOCK && pool->count < pool->max) {
    block->next = pool->free;
    pool->free = block;
    pool->count++;
  } else {
    tcx__free(block);
  }
}

struct tcx_arena *tcx__arena_new_sized(size_t first_block) {
  size_t size = first_block < ARENA_HEADER ? ARENA_HEADER : first_block & ~(size_t)7;
  struct tcx_block *block = block_get(NULL, size);
  if (block == NULL)
    return NULL;
  block->next = NULL;
  struct tcx_arena *arena = (struct tcx_arena *)((char *)block + BLOCK_HEADER);
  *arena = (struct tcx_arena){
      .next = (char *)block + ARENA_HEADER,
      .end = (char *)block + size,
      .blocks = block,
      .home = block,
  };
  return arena;
}

struct tcx_arena *tcx__arena_new(void) {
  return tcx__arena_new_sized(TCX__ARENA_FIRST);
}

void tcx__arena_set_pool(struct tcx_arena *arena, struct tcx_block_pool *pool) {
  arena->pool = pool;
}

void tcx__arena_cleanup(struct tcx_arena *arena) {
  for (struct tcx_cleanup *c; (c = arena->cleanups) != NULL;) {
    arena->cleanups = c->next;
    c->run(c->p);
  }
}

void tcx__arena_reset(struct tcx_arena *arena) {
  struct tcx_block *home = arena->home;
  tcx__arena_cleanup(arena);
  while (arena->blocks != home) {
    struct tcx_block *block = arena->blocks;
    arena->blocks = block->next;
    block_put(arena->pool, block);
  }
  arena->next = (char *)home + ARENA_HEADER;
  arena->end = (char *)home + home->size;
}

void tcx__arena_free(struct tcx_arena *arena) {
  if (arena == NULL)
    return;
  tcx__arena_reset(arena);
  block_put(arena->pool, arena->home);
}

void tcx__arena_wipe_free(struct tcx_arena *arena) {
  if (arena == NULL)
    return;
  tcx__arena_cleanup(arena);
  for (struct tcx_block *block = arena->blocks; block != NULL; block = block->next) {
    size_t header = block == arena->home ? ARENA_HEADER : BLOCK_HEADER;
    tcx__wipe((char *)block + header, block->size - header);
  }
  tcx__arena_free(arena);
}

void tcx__arena_absorb(struct tcx_arena *arena, struct tcx_arena *child) {
  if (child->cleanups != NULL) {
    struct tcx_cleanup *oldest = child->cleanups;
    while (oldest->next != NULL)
      oldest = oldest->next;
    oldest->next = arena->cleanups;
    arena->cleanups = child->cleanups;
  }
  child->home->next = arena->blocks;
  arena->blocks = child->blocks;
  if (child->end - child->next > arena->end - arena->next) {
    arena->next = child->next;
    arena->end = child->end;
  }
}

int tcx__arena_on_free(struct tcx_arena *arena, void (*run)(void *p), void *p) {
  struct tcx_cleanup *cleanup = tcx__arena_alloc(arena, sizeof *cleanup);
  if (cleanup == NULL)
    return UV_ENOMEM;
  *cleanup = (struct tcx_cleanup){.next = arena->cleanups, .run = run, .p = p};
  arena->cleanups = cleanup;
  return 0;
}

void *tcx__arena_grow(struct tcx_arena *arena, size_t n) {
  if (n > SIZE_MAX / 2)
    return NULL;
  size_t room = n == 0 ? 8 : ALIGNED(n);
  if (room <= (size_t)(arena->end - arena->next)) {
    void *p = arena->next;
    arena->next += room;
    return p;
  }
  size_t size = BLOCK_HEADER + room;
  struct tcx_block *block =
      block_get(arena->pool, size < TCX__ARENA_BLOCK ? TCX__ARENA_BLOCK : size);
  if (block == NULL)
    return NULL;
  block->next = arena->blocks;
  arena->blocks = block;
  char *p = (char *)block + BLOCK_HEADER, *rest = p + room, *end = (char *)block + block->size;
  if (end - rest > arena->end - arena->next) {
    arena->next = rest;
    arena->end = end;
  }
  return p;
}

void *tcx__arena_zalloc(struct tcx_arena *arena, size_t n) {
  void *p = tcx__arena_alloc(arena, n);
  if (p != NULL && n > 0)
    memset(p, 0, n);
  return p;
}

char *tcx__arena_strndup(struct tcx_arena *arena, const char *s, size_t n) {
  char *copy = n == SIZE_MAX ? NULL : tcx__arena_alloc(arena, n + 1);
  if (copy == NULL)
    return NULL;
  if (n > 0)
    memcpy(copy, s, n);
  copy[n] = '\0';
  return copy;
}

char *tcx__arena_strdup(struct tcx_arena *arena, const char *s) {
  return tcx__arena_strndup(arena, s, strlen(s));
}

char *tcx__arena_printf(struct tcx_arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = tcx__arena_vprintf(arena, format, args);
  va_end(args);
  return text;
}

char *tcx__arena_vprintf(struct tcx_arena *arena, const char *format, va_list args) {
  size_t room = (size_t)(arena->end - arena->next);
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(arena->next, room, format, args);
  char *text = n < 0 ? NULL : tcx__arena_alloc(arena, (size_t)n + 1);
  if (text != NULL && (size_t)n >= room)
    vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  return text;
}
