#include "base/value.h"
#include "base/mem.h"
#include "base/value_index.h"
#include <string.h>

#define ITEMS_FIRST 4 /* places of a list's first array */

static const char out_of_memory[] = "out of memory";

const struct tcx_root tcx__root_no_memory = {
    .value = {.type = TCX_ABSENT, .flags = TCX__VALUE_ROOT},
    .status = UV_ENOMEM,
    .text = out_of_memory,
};

/* ---- values ---- */

static struct tcx_value *new_value(struct tcx_arena *arena, tcx_type_t type, size_t room) {
  struct tcx_value *v = tcx__arena_alloc(arena, sizeof *v + room);
  if (v != NULL)
    *v = (struct tcx_value){.type = (uint8_t)type};
  return v;
}

struct tcx_value *tcx__value_new(struct tcx_arena *arena, tcx_type_t type) {
  if (type == TCX_TIME)
    return tcx__value_new_time(arena, 0, 0);
  struct tcx_value *v = new_value(arena, type, 0);
  if (v != NULL && (type == TCX_STRING || type == TCX_BLOB || type == TCX_BIGNUM))
    v->u.bytes = (struct tcx_str){"", 0};
  return v;
}

struct tcx_value *tcx__value_new_open(struct tcx_arena *arena, tcx_type_t type) {
  struct tcx_container *c;
  struct tcx_value *v = new_value(arena, type, sizeof *c);
  if (v == NULL)
    return NULL;
  c = (struct tcx_container *)(v + 1);
  *c = (struct tcx_container){0};
  v->u.container = c;
  return v;
}

struct tcx_value *tcx__value_new_int(struct tcx_arena *arena, int64_t i) {
  struct tcx_value *v = new_value(arena, TCX_INT, 0);
  if (v != NULL)
    v->u.integer = i;
  return v;
}

struct tcx_value *tcx__value_new_num(struct tcx_arena *arena, double d) {
  struct tcx_value *v = new_value(arena, TCX_DOUBLE, 0);
  if (v != NULL)
    v->u.number = d;
  return v;
}

struct tcx_value *tcx__value_new_bool(struct tcx_arena *arena, bool b) {
  struct tcx_value *v = new_value(arena, TCX_BOOL, 0);
  if (v != NULL)
    v->u.boolean = b;
  return v;
}

struct tcx_value *tcx__value_new_time(struct tcx_arena *arena, int64_t seconds,
                                      int32_t nanoseconds) {
  struct tcx_value *v = new_value(arena, TCX_TIME, TCX__TIME_TEXT);
  if (v != NULL) {
    v->u.time.seconds = seconds;
    v->u.time.nanoseconds = nanoseconds;
    v->u.time.room = sizeof *v;
  }
  return v;
}

struct tcx_value *tcx__value_new_str(struct tcx_arena *arena, const char *p, size_t n) {
  struct tcx_value *v = new_value(arena, TCX_STRING, 0);
  if (v != NULL)
    v->u.bytes = (struct tcx_str){p, n};
  return v;
}

struct tcx_value *tcx__value_new_blob(struct tcx_arena *arena, const void *p, size_t n) {
  struct tcx_value *v = tcx__value_new_str(arena, p, n);
  if (v != NULL)
    v->type = TCX_BLOB;
  return v;
}

struct tcx_value *tcx__value_new_str_copy(struct tcx_arena *arena, const char *p, size_t n) {
  struct tcx_value *v = n < SIZE_MAX / 2 ? new_value(arena, TCX_STRING, n + 1) : NULL;
  if (v == NULL)
    return NULL;
  char *copy = (char *)(v + 1);
  if (n > 0)
    memcpy(copy, p, n);
  copy[n] = '\0';
  v->u.bytes = (struct tcx_str){copy, n};
  return v;
}

void tcx__value_wipe(const struct tcx_value *v) {
  if (v->type == TCX_STRING)
    tcx__wipe((char *)(uintptr_t)v->u.bytes.p, v->u.bytes.n);
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next)
    tcx__value_wipe(kid);
}

void tcx__value_assign(struct tcx_value *v, const struct tcx_value *from) {
  if (from->type == TCX_TIME) {
    int32_t room = v->u.time.room;
    v->u.time = from->u.time;
    v->u.time.room = v->type == TCX_TIME ? room : 0;
    if ((v->flags & TCX__VALUE_ROOT) != 0)
      v->u.time.room = (int32_t)offsetof(struct tcx_root, time_text);
  } else {
    v->u = from->u;
  }
  v->type = from->type;
}

const char *tcx__type_name(tcx_type_t type) {
  static const char *const names[] = {
      [TCX_ABSENT] = "nothing", [TCX_NULL] = "null",     [TCX_BOOL] = "boolean",
      [TCX_INT] = "integer",    [TCX_DOUBLE] = "number", [TCX_BIGNUM] = "large number",
      [TCX_TIME] = "timestamp", [TCX_STRING] = "string", [TCX_BLOB] = "blob",
      [TCX_LIST] = "list",      [TCX_MAP] = "map",       [TCX_BODY] = "body",
  };
  return (unsigned)type <= TCX_BODY ? names[type] : "unknown";
}

/* ---- lists and maps ---- */

static struct tcx_container *container_of(struct tcx_arena *arena, struct tcx_value *v) {
  if (v->u.container == NULL) {
    v->u.container = tcx__arena_alloc(arena, sizeof *v->u.container);
    if (v->u.container != NULL)
      *v->u.container = (struct tcx_container){0};
  }
  return v->u.container;
}

/* Where the next item hangs. */
static struct tcx_value **tail_of(struct tcx_container *c) {
  return c->last == NULL ? &c->first : &c->last->next;
}

static void append(struct tcx_container *c, struct tcx_value *child) {
  child->next = NULL;
  *tail_of(c) = child;
  c->last = child;
  c->count++;
}

int tcx__value_add_slowly(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                          size_t name_len, struct tcx_value *child) {
  struct tcx_container *c = container_of(arena, map);
  if (c == NULL || name_len > UINT32_MAX || c->count == UINT32_MAX)
    return UV_ENOMEM;
  if (c->count == TCX__INDEX_FROM && c->index == NULL && tcx__index_make(arena, c) != 0)
    return UV_ENOMEM;
  child->name = name;
  child->name_len = (uint32_t)name_len;
  struct tcx_value **link = tail_of(c);
  if (c->index != NULL) {
    *link = child;
    if (tcx__index_add(arena, c, link) != 0) {
      *link = NULL;
      return UV_ENOMEM;
    }
  }
  append(c, child);
  return 0;
}

static struct tcx_value **find_link(const struct tcx_value *map, const char *name, size_t len) {
  struct tcx_container *c = map != NULL && map->type == TCX_MAP ? map->u.container : NULL;
  if (c == NULL)
    return NULL;
  if (c->index != NULL)
    return tcx__index_find(c, name, len);
  for (struct tcx_value **link = &c->first; *link != NULL; link = &(*link)->next)
    if ((*link)->name_len == len && memcmp((*link)->name, name, len) == 0)
      return link;
  return NULL;
}

struct tcx_value *tcx__value_find(const struct tcx_value *map, const char *name, size_t name_len) {
  struct tcx_value **link = find_link(map, name, name_len);
  return link == NULL ? NULL : *link;
}

static struct tcx_value *before(struct tcx_container *c, struct tcx_value **link) {
  return link == &c->first ? NULL
                           : (struct tcx_value *)((char *)link - offsetof(struct tcx_value, next));
}

int tcx__value_replace(struct tcx_arena *arena, struct tcx_value *map, const char *name,
                       size_t name_len, struct tcx_value *child) {
  struct tcx_value **link = find_link(map, name, name_len);
  if (link == NULL)
    return tcx__value_add(arena, map, name, name_len, child);
  struct tcx_container *c = map->u.container;
  struct tcx_value *old = *link;
  if (old == child)
    return 0;
  child->name = name;
  child->name_len = (uint32_t)name_len;
  child->next = old->next;
  if (old->next == NULL)
    c->last = child;
  else if (c->index != NULL)
    tcx__index_relink(c, old->next, &child->next);
  *link = child;
  return 0;
}

int tcx__value_move_members(struct tcx_arena *arena, struct tcx_value *to, struct tcx_value *from) {
  for (struct tcx_value *v = (struct tcx_value *)tcx__value_kids(from), *next; v != NULL;
       v = next) {
    next = v->next;
    v->next = NULL;
    int status = tcx__value_replace(arena, to, v->name, v->name_len, v);
    if (status != 0)
      return status;
  }
  return 0;
}

bool tcx__value_remove(struct tcx_value *map, const char *name, size_t name_len) {
  struct tcx_value **link = find_link(map, name, name_len);
  if (link == NULL)
    return false;
  struct tcx_container *c = map->u.container;
  struct tcx_value *old = *link;
  if (c->index != NULL) {
    tcx__index_drop(c, name, name_len);
    if (old->next != NULL)
      tcx__index_relink(c, old->next, link);
  }
  if (old->next == NULL)
    c->last = before(c, link);
  *link = old->next;
  c->count--;
  return true;
}

int tcx__value_push(struct tcx_arena *arena, struct tcx_value *list, struct tcx_value *child) {
  struct tcx_container *c = container_of(arena, list);
  if (c == NULL)
    return UV_ENOMEM;
  if (c->count == c->cap) {
    if (c->cap >= UINT32_MAX / 2)
      return UV_ENOMEM;
    uint32_t cap = c->cap == 0 ? ITEMS_FIRST : c->cap * 2;
    struct tcx_value **items = tcx__arena_alloc(arena, cap * sizeof(struct tcx_value *));
    if (items == NULL)
      return UV_ENOMEM;
    if (c->count > 0)
      memcpy(items, c->items, c->count * sizeof(struct tcx_value *));
    c->items = items;
    c->cap = cap;
  }
  c->items[c->count] = child;
  child->name = NULL;
  child->name_len = 0;
  append(c, child);
  return 0;
}

int tcx__value_replace_at(struct tcx_arena *arena, struct tcx_value *list, size_t i,
                          struct tcx_value *child) {
  struct tcx_container *c = list->u.container;
  if (c == NULL || i >= c->count)
    return tcx__value_push(arena, list, child);
  child->name = NULL;
  child->name_len = 0;
  child->next = c->items[i]->next;
  if (c->items[i] == c->last)
    c->last = child;
  *(i == 0 ? &c->first : &c->items[i - 1]->next) = child;
  c->items[i] = child;
  return 0;
}

void tcx__value_slice(struct tcx_value *list, uint64_t skip, uint64_t keep) {
  struct tcx_container *c = list->u.container;
  if (c == NULL || c->count == 0)
    return;
  if (skip > c->count)
    skip = c->count;
  c->items += skip;
  c->cap -= (uint32_t)skip;
  c->count -= (uint32_t)skip;
  if (keep < c->count)
    c->count = (uint32_t)keep;
  c->first = c->count > 0 ? c->items[0] : NULL;
  c->last = c->count > 0 ? c->items[c->count - 1] : NULL;
  if (c->last != NULL)
    c->last->next = NULL;
}

/* ---- copies ---- */

static bool copy_kids(struct tcx_arena *arena, struct tcx_value *to, const struct tcx_value *from) {
  for (const struct tcx_value *kid = tcx__value_kids(from); kid != NULL; kid = kid->next) {
    struct tcx_value *copy = tcx__value_deep_copy(arena, kid);
    if (copy == NULL)
      return false;
    int status;
    if (from->type == TCX_LIST) {
      status = tcx__value_push(arena, to, copy);
    } else {
      char *name = tcx__arena_strndup(arena, kid->name, kid->name_len);
      status = name == NULL ? UV_ENOMEM : tcx__value_add(arena, to, name, kid->name_len, copy);
    }
    if (status != 0)
      return false;
  }
  return true;
}

struct tcx_value *tcx__value_deep_copy(struct tcx_arena *arena, const struct tcx_value *v) {
  switch (v->type) {
  case TCX_BODY:
    return NULL;
  case TCX_TIME:
    return tcx__value_new_time(arena, v->u.time.seconds, v->u.time.nanoseconds);
  case TCX_STRING:
  case TCX_BLOB:
  case TCX_BIGNUM: {
    struct tcx_value *copy = tcx__value_new_str_copy(arena, v->u.bytes.p, v->u.bytes.n);
    if (copy != NULL)
      copy->type = v->type;
    return copy;
  }
  default:
    break;
  }
  struct tcx_value *copy = new_value(arena, v->type, 0);
  if (copy == NULL)
    return NULL;
  if (v->type != TCX_LIST && v->type != TCX_MAP)
    copy->u = v->u;
  else if (!copy_kids(arena, copy, v))
    return NULL;
  return copy;
}

/* ---- built trees ---- */

struct tcx_root *tcx__root_new(tcx_type_t type) {
  return tcx__root_new_sized(type, TCX__ARENA_FIRST);
}

struct tcx_root *tcx__root_new_sized(tcx_type_t type, size_t first_block) {
  struct tcx_arena *arena = tcx__arena_new_sized(first_block);
  if (arena == NULL)
    return NULL;
  struct tcx_root *root = tcx__arena_alloc(arena, sizeof *root);
  if (root == NULL) {
    tcx__arena_free(arena);
    return NULL;
  }
  struct tcx_value zero = {.type = (uint8_t)type};
  root->value = zero;
  root->value.flags = TCX__VALUE_ROOT;
  root->value.height = 1;
  root->arena = arena;
  root->status = 0;
  root->text = NULL;
  if (type == TCX_STRING || type == TCX_BLOB || type == TCX_BIGNUM)
    root->value.u.bytes = (struct tcx_str){"", 0};
  else if (type == TCX_TIME)
    root->value.u.time.room = (int32_t)offsetof(struct tcx_root, time_text);
  return root;
}

struct tcx_root *tcx__root_of(const tcx_value_t *v) {
  return v != NULL && (v->flags & TCX__VALUE_ROOT) != 0 ? (struct tcx_root *)(uintptr_t)v : NULL;
}

void tcx__root_fail(struct tcx_root *root, int status, const char *format, ...) {
  if (root->status != 0)
    return;
  va_list args;
  va_start(args, format);
  root->status = status;
  root->text = status == UV_ENOMEM ? out_of_memory : tcx__arena_vprintf(root->arena, format, args);
  if (root->text == NULL)
    root->text = tcx_strerror(status);
  va_end(args);
}

bool tcx__root_reach(struct tcx_root *root, unsigned level) {
  if (level + 1 > TCX__VALUE_DEPTH) {
    tcx__root_fail(root, UV_EINVAL, "nested deeper than %d levels", TCX__VALUE_DEPTH);
    return false;
  }
  if (root->value.height < level + 1)
    root->value.height = (uint16_t)(level + 1);
  return true;
}

struct tcx_value *tcx__root_adopt(struct tcx_root *root, tcx_value_t *child, unsigned *height) {
  struct tcx_root *other = tcx__root_of(child);
  bool lent = other != NULL && (other->value.flags & TCX__VALUE_LENT) != 0;
  if (root == NULL || other == NULL || other == root || lent) {
    if (root == NULL && other != NULL && !lent)
      tcx__arena_free(other->arena);
    else if (root != NULL)
      tcx__root_fail(root, UV_EINVAL, "%s",
                     child == NULL   ? "the child is NULL"
                     : other == root ? "a tree cannot be put into itself"
                     : lent          ? "the child is a call's own"
                                     : "the child was handed over before");
    return NULL;
  }
  if (root->status != 0) {
    tcx__arena_free(other->arena);
    return NULL;
  }
  root->status = other->status;
  root->text = other->text;
  if (other->arena == NULL)
    return NULL;
  *height = other->value.height;
  tcx__arena_absorb(root->arena, other->arena);
  other->value.flags = 0;
  other->value.height = 0;
  return root->status == 0 ? &other->value : NULL;
}

int tcx__value_consume(tcx_value_t *v, struct tcx_arena **arena, const char **text) {
  struct tcx_root *root = tcx__root_of(v);
  *arena = NULL;
  *text = NULL;
  if (v == NULL)
    return 0;
  if (root == NULL) {
    *text = "the value was handed over before";
    return UV_EINVAL;
  }
  if ((root->value.flags & TCX__VALUE_LENT) != 0) {
    *text = "the value is a call's own";
    return UV_EINVAL;
  }
  *arena = root->arena;
  *text = root->text;
  if (root->arena != NULL) {
    root->value.flags = 0;
    root->value.height = 0;
  }
  return root->status;
}

unsigned tcx__value_levels(const struct tcx_value *v) {
  unsigned most = 0;
  for (const struct tcx_value *kid = tcx__value_kids(v); kid != NULL; kid = kid->next) {
    unsigned levels = tcx__value_levels(kid);
    if (levels > most)
      most = levels;
  }
  return most + 1;
}

struct tcx_value *tcx__root_lend(struct tcx_arena *arena, const struct tcx_value *v) {
  struct tcx_root *root = tcx__arena_alloc(arena, sizeof *root);
  if (root == NULL)
    return NULL;
  struct tcx_value zero = {.name = v->name, .next = v->next, .name_len = v->name_len};
  root->value = zero;
  root->arena = arena;
  root->status = 0;
  root->text = NULL;
  tcx__value_assign(&root->value, v);
  root->value.flags = TCX__VALUE_ROOT | TCX__VALUE_LENT;
  root->value.height = (uint16_t)tcx__value_levels(v);
  return &root->value;
}

int tcx__root_take_back(struct tcx_value *v, const char **text) {
  struct tcx_root *root = tcx__root_of(v);
  v->flags = 0;
  v->height = 0;
  *text = root->text;
  return root->status;
}
