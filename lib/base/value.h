/*
 * value.h - the inside of tcx_value_t, for those who make trees (parsers, the loader) and walk them
 * (serializers, validation).
 *
 * A value lies in an arena and is never freed alone. There are two kinds of tree:
 *   built by the user      its root is a struct tcx_root: it owns an arena and keeps the first
 *                          failure (builders never return NULL)
 *   made by a parser       plain values in the call's arena; tcx__value_new and tcx__value_add, no
 *                          root
 * Names and bytes are borrowed: they lie in the same arena, or outlive it (names from the model's
 * tables).
 */
#ifndef TCX_BASE_VALUE_H
#define TCX_BASE_VALUE_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/time.h"
#include <tucuxi.h>

struct tcx_value {
  const char *name;       /* NUL-ended, when the value is a map's; else NULL */
  struct tcx_value *next; /* sibling in a list or map */
  uint32_t name_len;
  uint8_t type;  /* tcx_type_t */
  uint8_t flags; /* TCX__VALUE_* */
  /* levels below and with it: of a root, and of what the JSON parser gives; else 0 */
  uint16_t height;
  union {
    bool boolean;
    int64_t integer;
    double number;
    /* room: bytes from the value to TCX__TIME_TEXT bytes for its text */
    struct {
      int64_t seconds;
      int32_t nanoseconds;
      int32_t room;
    } time;
    struct tcx_str bytes; /* STRING, BLOB, BIGNUM: followed by a NUL that is not counted */
    struct tcx_container *container; /* LIST, MAP; NULL while empty */
    tcx_body_t *body;                /* BODY; NULL once taken */
  } u;
};
struct tcx_container { /* value.c's; others use the functions below */
  struct tcx_value *first, *last;
  uint32_t count, cap;      /* cap: of items */
  struct tcx_value **items; /* LIST: for at() */
  void *index;              /* MAP: by name, once it is large */
};
enum { TCX__VALUE_ROOT = 1, TCX__VALUE_LENT = 2 };
#define TCX__VALUE_DEPTH 512 /* deepest tree that can be built: who walks a tree may recurse */

struct tcx_root { /* a built tree; allocated inside its own arena */
  struct tcx_value value;
  struct tcx_arena *arena;
  int status;       /* sticky */
  const char *text; /* what is wrong and where; NULL while status is 0 */
  char time_text[TCX__TIME_TEXT];
};

/* Making: all return NULL / UV_ENOMEM only when memory is out. p is copied by none of them. */
/* an empty LIST or MAP, or a zero of the type */
struct tcx_value *tcx__value_new(struct tcx_arena *arena, tcx_type_t type);
/* a LIST or MAP that will hardly stay empty */
struct tcx_value *tcx__value_new_open(struct tcx_arena *arena, tcx_type_t type);
struct tcx_value *tcx__value_new_int(struct tcx_arena *arena, int64_t i);
struct tcx_value *tcx__value_new_num(struct tcx_arena *arena, double d);
struct tcx_value *tcx__value_new_bool(struct tcx_arena *arena, bool b);
struct tcx_value *tcx__value_new_time(struct tcx_arena *arena, int64_t seconds,
                                      int32_t nanoseconds);
/* p[n] is NUL already */
struct tcx_value *tcx__value_new_str(struct tcx_arena *arena, const char *p, size_t n);
struct tcx_value *tcx__value_new_str_copy(struct tcx_arena *arena, const char *p, size_t n);
/* p[n] is NUL already */
struct tcx_value *tcx__value_new_blob(struct tcx_arena *arena, const void *p, size_t n);
/* child becomes map's member name (NULL-ended, borrowed). tcx__value_add trusts that the name is
 * new; tcx__value_replace looks first. */
#define TCX__INDEX_FROM 16 /* members of a map that are searched one by one */
/* value_add's rare part */
int tcx__value_add_slowly(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                          size_t name_len, struct tcx_value *child);
static inline int tcx__value_add(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                                 size_t name_len, struct tcx_value *child) {
  struct tcx_container *c = map->u.container;
  if (c == NULL || c->count >= TCX__INDEX_FROM || c->index != NULL || name_len > UINT32_MAX)
    return tcx__value_add_slowly(arena, map, name, name_len, child);
  child->name = name;
  child->name_len = (uint32_t)name_len;
  child->next = NULL;
  *(c->last == NULL ? &c->first : &c->last->next) = child;
  c->last = child;
  c->count++;
  return 0;
}
int tcx__value_replace(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                       size_t name_len, struct tcx_value *child);
int tcx__value_push(struct tcx_arena *arena, struct tcx_value *list, struct tcx_value *child);
/* i at most the length */
int tcx__value_replace_at(struct tcx_arena *arena, struct tcx_value *list, size_t i,
                          struct tcx_value *child);
/* without its first skip items, and with at most keep of the others */
void tcx__value_slice(struct tcx_value *list, uint64_t skip, uint64_t keep);
/* false when there is none */
bool tcx__value_remove(struct tcx_value *map, const char *name, size_t name_len);
/* all of the map from, which is not used any more; to's of the same names are replaced */
int tcx__value_move_members(struct tcx_arena *arena, struct tcx_value *to, struct tcx_value *from);

/* Built trees. */
/* what builders return when there is no memory even for a root; never written */
extern const struct tcx_root tcx__root_no_memory;
struct tcx_root *tcx__root_new(tcx_type_t type); /* NULL when memory is out */
struct tcx_root *tcx__root_new_sized(tcx_type_t type, size_t first_block);
/* NULL when v is not a built tree's root */
struct tcx_root *tcx__root_of(const tcx_value_t *v);
/* Keeps the first failure of the tree. text is formatted into its arena. */
void tcx__root_fail(struct tcx_root *root, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* root takes over the tree of child: its memory, or the failure that it holds. The value to link
 * in, of *height levels; NULL when root has failed (also before) or child is no tree of its own.
 * root NULL: child is only freed. */
struct tcx_value *tcx__root_adopt(struct tcx_root *root, tcx_value_t *child, unsigned *height);
/* A new root becomes a deep copy of v, which may lie in its arena. What keeps that from being done
 * (a body, the depth, no memory) is kept. */
void tcx__root_copy(struct tcx_root *root, const struct tcx_value *v);
/* Notes that something was put level levels below the top; false, and a failure kept, when that is
 * too deep. */
bool tcx__root_reach(struct tcx_root *root, unsigned level);
/* Takes the tree apart for the call that consumes it: its arena (owned now) and its status and
 * text, which lie in that arena. A tree that stands for "out of memory" has no arena: *arena NULL
 * and UV_ENOMEM. v may be NULL (no parameters): 0, *arena NULL. */
int tcx__value_consume(tcx_value_t *v, struct tcx_arena **arena, const char **text);

/* A parser's value, or a consumed tree, lent to the program: it can be built on until it is taken
 * back. The value is then the new root's; v itself is not used any more. Whoever is given a lent
 * tree to consume or to free leaves it alone. NULL when memory is out. */
struct tcx_value *tcx__root_lend(struct tcx_arena *arena, const struct tcx_value *v);
/* The failure that was kept in it, with its text; 0. It is a plain value again. */
int tcx__root_take_back(struct tcx_value *v, const char **text);

/* Walking. */
/* first item of a list or map, else NULL */
static inline const struct tcx_value *tcx__value_kids(const struct tcx_value *v) {
  return v != NULL && (v->type == TCX_LIST || v->type == TCX_MAP) && v->u.container != NULL
             ? v->u.container->first
             : NULL;
}
static inline uint32_t tcx__value_count(const struct tcx_value *v) {
  return v != NULL && (v->type == TCX_LIST || v->type == TCX_MAP) && v->u.container != NULL
             ? v->u.container->count
             : 0;
}
unsigned tcx__value_levels(const struct tcx_value *v); /* with its own */
/* NULL when absent or not a map */
struct tcx_value *tcx__value_find(const struct tcx_value *map, const char *name, size_t name_len);
/* bodies are not copied: UV_EINVAL shows as NULL */
struct tcx_value *tcx__value_deep_copy(struct tcx_arena *arena, const struct tcx_value *v);
/* Python's ==, where text is equal to its bytes; null_is_any: a null of a, at any depth, is equal
 * to whatever b has there. */
bool tcx__value_equal(const struct tcx_value *a, const struct tcx_value *b, bool null_is_any);
/* all texts in it that are about to go: they were secret */
void tcx__value_wipe(const struct tcx_value *v);
/* Becomes a copy of what from is, and keeps its own name and place. from is not used any more. */
void tcx__value_assign(struct tcx_value *v, const struct tcx_value *from);
/* "string", "map", ... for messages */
const char *tcx__type_name(tcx_type_t type);
#endif
