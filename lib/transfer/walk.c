/*
 * walk.c - the files below a folder as items, in bounded memory: entries are read and looked at in
 * batches by libuv's pool, a folder is entered when it is met.
 *
 *   next: the top folder's batch has entries -> a file is an item, a folder is pushed; batch empty
 *     -> read the next one (EAGAIN, wake); folder at its end -> popped
 *
 * One folder stream is open for each level. While a batch is being read, close waits for it. A
 * symbolic link to a folder that we are inside of is skipped.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <tucuxi/transfer.h>
#include <unistd.h>

#define BATCH_ENTRIES 256
#define BATCH_NAMES   8192
#define NAME_ROOM     257 /* longest name and its NUL */
#define DEPTH_MAX     256

struct entry {
  uint16_t name; /* where in names */
  uint8_t kind;  /* enum */
  int error;
  int64_t size;
  dev_t dev;
  ino_t ino;
};
enum { ENTRY_FILE, ENTRY_FOLDER, ENTRY_OTHER, ENTRY_FAILED };

struct level {
  struct level *up;
  DIR *dir;
  dev_t dev;
  ino_t ino;
  size_t path_len; /* of walk->path, up to and with this folder's slash */
  bool at_end;
  int error; /* opening or reading failed */
  unsigned count, at;
  struct entry entries[BATCH_ENTRIES];
  char names[BATCH_NAMES];
};

struct walk {
  tcx_items_t items;
  uv_loop_t *loop;
  uv_work_t req;
  bool busy, closing;
  struct level *top;
  unsigned depth;
  struct tcx_buf path; /* of the entry that is looked at */
  size_t root_len;     /* of it: the folder itself and its slash */
  struct tcx_buf key;
  size_t prefix_len;
  char *bucket, *glob;
  tcx_error_t error; /* its text lies in key */
};

/* ---- on the pool's thread: one batch ---- */

static void look(const struct level *level, const char *name, struct entry *e) {
  struct stat st;
  if (fstatat(dirfd(level->dir), name, &st, 0) < 0) {
    e->kind = ENTRY_FAILED;
    e->error = uv_translate_sys_error(errno);
    return;
  }
  e->kind = S_ISREG(st.st_mode) ? ENTRY_FILE : S_ISDIR(st.st_mode) ? ENTRY_FOLDER : ENTRY_OTHER;
  e->size = st.st_size;
  e->dev = st.st_dev;
  e->ino = st.st_ino;
}

static void open_level(struct walk *walk, struct level *level) {
  struct stat st;
  level->dir = opendir(walk->path.data);
  if (level->dir == NULL || fstat(dirfd(level->dir), &st) < 0) {
    level->error = uv_translate_sys_error(errno);
    return;
  }
  level->dev = st.st_dev;
  level->ino = st.st_ino;
}

static void read_batch(uv_work_t *req) {
  struct walk *walk = req->data;
  struct level *level = walk->top;
  size_t used = 0;
  level->count = level->at = 0;
  if (level->dir == NULL)
    open_level(walk, level);
  while (level->error == 0 && level->count < BATCH_ENTRIES && used + NAME_ROOM <= BATCH_NAMES) {
    errno = 0;
    const struct dirent *d = readdir(level->dir);
    if (d == NULL) {
      level->at_end = errno == 0;
      level->error = errno != 0 ? uv_translate_sys_error(errno) : 0;
      return;
    }
    if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
      continue;
    size_t n = strnlen(d->d_name, NAME_ROOM - 1);
    memcpy(level->names + used, d->d_name, n);
    level->names[used + n] = '\0';
    struct entry *e = &level->entries[level->count++];
    *e = (struct entry){.name = (uint16_t)used};
    look(level, level->names + used, e);
    used += n + 1;
  }
}

/* ---- levels ---- */

static void pop(struct walk *walk) {
  struct level *level = walk->top;
  walk->top = level->up;
  walk->depth--;
  if (level->dir != NULL)
    closedir(level->dir);
  tcx__free(level);
}

/* walk->path names the folder; a slash is put behind it. */
static int push(struct walk *walk) {
  struct level *level = tcx__malloc(sizeof *level);
  if (level == NULL)
    return UV_ENOMEM;
  if (walk->path.len > 0 && walk->path.data[walk->path.len - 1] != '/')
    tcx__buf_addc(&walk->path, '/');
  if (walk->path.status != 0) {
    tcx__free(level);
    return walk->path.status;
  }
  level->up = walk->top;
  level->dir = NULL;
  level->path_len = walk->path.len;
  level->at_end = false;
  level->error = 0;
  level->count = level->at = 0;
  walk->top = level;
  walk->depth++;
  return 0;
}

static void free_walk(struct walk *walk) {
  while (walk->top != NULL)
    pop(walk);
  tcx__buf_free(&walk->path);
  tcx__buf_free(&walk->key);
  tcx__free(walk->bucket);
  tcx__free(walk->glob);
  tcx__free(walk);
}

static void on_batch(uv_work_t *req, int status) {
  struct walk *walk = req->data;
  walk->busy = false;
  if (walk->closing) {
    free_walk(walk);
    return;
  }
  if (status != 0)
    walk->top->error = status;
  tcx_items_resume(&walk->items);
}

static int start_batch(struct walk *walk) {
  walk->req.data = walk;
  int err = uv_queue_work(walk->loop, &walk->req, read_batch, on_batch);
  walk->busy = err == 0;
  return err != 0 ? err : TCX_EAGAIN;
}

/* ---- items ---- */

static bool inside_of(const struct walk *walk, const struct entry *e) {
  for (const struct level *level = walk->top; level != NULL; level = level->up)
    if (level->dev == e->dev && level->ino == e->ino)
      return true;
  return false;
}

static int skipped(struct walk *walk, tcx_item_t *item, const char *why) {
  item->kind = TCX_ITEM_UPLOAD;
  item->path = walk->path.data;
  item->bucket = walk->bucket;
  item->size = -1;
  item->skip = why;
  return 0;
}

/* What stands at walk->path below the folder; NULL is a name that can be no key. */
static const char *place(const struct walk *walk) {
  const char *p = walk->path.data + walk->root_len;
  size_t n = walk->path.len - walk->root_len;
  return tcx__utf8_valid(p, n) == n ? p : NULL;
}

static int give_file(struct walk *walk, const struct entry *e, tcx_item_t *item) {
  const char *rest = place(walk);
  if (rest == NULL)
    return skipped(walk, item, "the name is no UTF-8, which a key has to be");
  walk->key.len = walk->prefix_len;
  tcx__buf_adds(&walk->key, rest);
  if (walk->key.status != 0)
    return walk->key.status;
  *item = (tcx_item_t){.kind = TCX_ITEM_UPLOAD,
                       .path = walk->path.data,
                       .bucket = walk->bucket,
                       .key = walk->key.data,
                       .size = e->size};
  return 0;
}

/* *given: item is filled in. Otherwise the walk goes on: a folder was entered, or the entry is not
 * wanted. */
static int visit(struct walk *walk, const struct entry *e, tcx_item_t *item, bool *given) {
  walk->path.len = walk->top->path_len;
  tcx__buf_adds(&walk->path, walk->top->names + e->name);
  if (walk->path.status != 0)
    return walk->path.status;
  *given = true;
  if (e->kind == ENTRY_FOLDER) {
    if (inside_of(walk, e))
      return skipped(walk, item, "a link to a folder that it lies in");
    if (walk->depth == DEPTH_MAX)
      return skipped(walk, item, "folders are nested too deep");
    *given = false;
    return push(walk);
  }
  const char *rest = place(walk);
  if (walk->glob != NULL && rest != NULL && !tcx_glob_match(walk->glob, rest)) {
    *given = false;
    return 0;
  }
  if (e->kind == ENTRY_FAILED)
    return skipped(walk, item,
                   e->error == UV_ENOENT ? "a link to nothing, or gone meanwhile"
                                         : uv_strerror(e->error));
  if (e->kind == ENTRY_OTHER)
    return skipped(walk, item, "neither a file nor a folder");
  return give_file(walk, e, item);
}

/* The folder itself, whose name is in path, cannot be read. */
static int fail(struct walk *walk, int error) {
  walk->key.len = 0;
  tcx__buf_printf(&walk->key, "cannot read %s: %s", walk->path.data, uv_strerror(error));
  walk->error = (tcx_error_t){.status = error, .msg = walk->key.data, .operation = ""};
  if (walk->key.status == 0)
    walk->items.error = &walk->error;
  return error;
}

/* A folder that cannot be read: told once, then it is over. */
static int unreadable(struct walk *walk, tcx_item_t *item) {
  int error = walk->top->error;
  bool root = walk->top->up == NULL && walk->top->dir == NULL;
  walk->path.len = walk->top->path_len;
  walk->path.data[walk->path.len] = '\0';
  pop(walk);
  return root ? fail(walk, error) : skipped(walk, item, uv_strerror(error));
}

static int walk_next(tcx_items_t *items, tcx_item_t *item) {
  struct walk *walk = (struct walk *)items;
  while (walk->top != NULL) {
    struct level *level = walk->top;
    if (level->at < level->count) {
      bool given = false;
      int err = visit(walk, &level->entries[level->at++], item, &given);
      if (err != 0 || given)
        return err;
    } else if (level->error != 0) {
      return unreadable(walk, item);
    } else if (level->at_end) {
      pop(walk);
    } else {
      walk->path.len = level->path_len;
      walk->path.data[walk->path.len] = '\0';
      return start_batch(walk);
    }
  }
  return TCX_EOF;
}

static void walk_close(tcx_items_t *items) {
  struct walk *walk = (struct walk *)items;
  walk->closing = true;
  if (!walk->busy)
    free_walk(walk);
}

tcx_items_t *tcx_items_folder(uv_loop_t *loop, const char *folder, const char *glob,
                              const char *bucket, const char *prefix) {
  struct walk *walk = tcx__calloc(1, sizeof *walk);
  if (walk == NULL)
    return NULL;
  walk->items = (tcx_items_t){.next = walk_next, .close = walk_close};
  walk->loop = loop;
  tcx__buf_init(&walk->path, NULL, 1u << 16);
  tcx__buf_init(&walk->key, NULL, 1u << 16);
  tcx__buf_adds(&walk->path, folder[0] != '\0' ? folder : ".");
  tcx__buf_adds(&walk->key, prefix != NULL ? prefix : "");
  walk->prefix_len = walk->key.len;
  walk->bucket = tcx__strdup(bucket);
  walk->glob = glob != NULL ? tcx__strdup(glob) : NULL;
  if (walk->bucket == NULL || (glob != NULL && walk->glob == NULL) || walk->key.status != 0 ||
      push(walk) != 0) {
    free_walk(walk);
    return NULL;
  }
  walk->root_len = walk->path.len;
  return &walk->items;
}
