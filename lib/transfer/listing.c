/*
 * listing.c - the objects of a bucket as items: pages of list_objects_v2, copied into a compact
 * form, at most two held (one given out, one ahead).
 *
 * close: a page that is owed comes once more, with TCX_ECANCELED, before the paginator's own close
 * has let go; the source is freed then.
 */
#include "base/buf.h"
#include "base/mem.h"
#include <string.h>
#include <tucuxi/transfer.h>

struct object {
  int64_t size;
  const char *key;
};
struct page {
  size_t count, at;
  struct object objects[];
}; /* the keys lie behind */

struct listing {
  tcx_items_t items;
  tcx_client_t *s3;
  tcx_paginator_t *pages;  /* NULL before the first next */
  tcx_listing_options_t o; /* its strings lie in texts */
  char *texts;
  struct page *now, *ahead;
  bool asking, finished, closing;
  int status;           /* of the paginator, once finished: TCX_EOF or what went wrong */
  struct tcx_buf place; /* path or key that is being made */
  size_t place_len;     /* of it: what always stands in front */
};

static void free_listing(struct listing *l) {
  tcx_paginator_close(l->pages);
  tcx__buf_free(&l->place);
  tcx__free(l->now);
  tcx__free(l->ahead);
  tcx__free(l->texts);
  tcx__free(l);
}

/* ---- pages ---- */

static struct page *keep_page(const tcx_value_t *response) {
  size_t count = 0, texts = 0, n;
  for (const tcx_value_t *o = tcx_value_first(response, "Contents"); o != NULL;
       o = tcx_value_next(o)) {
    count++;
    texts += tcx_value_len(o, "Key") + 1;
  }
  struct page *page = tcx__malloc(sizeof *page + count * sizeof page->objects[0] + texts);
  if (page == NULL)
    return NULL;
  page->count = count;
  page->at = 0;
  char *at = (char *)(page->objects + count);
  struct object *object = page->objects;
  for (const tcx_value_t *o = tcx_value_first(response, "Contents"); o != NULL;
       o = tcx_value_next(o), object++) {
    const void *key = tcx_value_bytes(o, "Key", &n);
    if (key != NULL)
      memcpy(at, key, n);
    at[n] = '\0';
    *object = (struct object){.size = tcx_value_int(o, "Size", -1), .key = at};
    at += n + 1;
  }
  return page;
}

static void fail(struct listing *l, int status) {
  l->finished = true;
  l->status = status;
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *response) {
  struct listing *l = tcx_paginator_data(pages);
  l->asking = false;
  if (l->closing) {
    free_listing(l);
    return;
  }
  if (status != 0) {
    fail(l, status);
    l->items.error = tcx_paginator_error(pages);
  } else if ((l->ahead = keep_page(response)) == NULL) {
    fail(l, UV_ENOMEM);
  }
  tcx_items_resume(&l->items);
}

static void ask(struct listing *l) {
  int err = 0;
  if (l->asking || l->finished || l->ahead != NULL)
    return;
  if (l->pages == NULL)
    err = tcx_client_paginate(l->s3, "list_objects_v2",
                              tcx_params("{Bucket: %s, Prefix: %s}", l->o.bucket, l->o.prefix),
                              NULL, l, &l->pages);
  if (err == 0)
    err = tcx_paginator_next(l->pages, on_page);
  l->asking = err == 0;
  if (err != 0)
    fail(l, err);
}

/* ---- items ---- */

/* A part of the path that leads elsewhere: "..", "." or none at the front. */
static bool leaves_folder(const char *place) {
  if (place[0] == '/')
    return true;
  while (*place != '\0') {
    size_t n = strcspn(place, "/");
    if ((n == 1 && place[0] == '.') || (n == 2 && place[0] == '.' && place[1] == '.'))
      return true;
    place += n + (place[n] == '/');
  }
  return false;
}

static bool below_target(const struct listing *l, const char *key) {
  const char *target = l->o.target_prefix;
  size_t n = target != NULL ? strlen(target) : 0;
  return strcmp(l->o.bucket, l->o.target_bucket) == 0 && n > strlen(l->o.prefix) &&
         strncmp(target, l->o.prefix, strlen(l->o.prefix)) == 0 && strncmp(key, target, n) == 0;
}

/* false: the object is passed over without a word. */
static bool make_item(struct listing *l, const struct object *object, tcx_item_t *item) {
  const char *place = object->key + l->o.strip;
  size_t n = strlen(place);
  if ((l->o.glob != NULL && !tcx_glob_match(l->o.glob, place)) ||
      (l->o.kind == TCX_ITEM_COPY && below_target(l, object->key)))
    return false;
  *item = (tcx_item_t){
      .kind = l->o.kind, .bucket = l->o.bucket, .key = object->key, .size = object->size};
  if (l->o.kind == TCX_ITEM_DELETE)
    return true;
  l->place.len = l->place_len;
  tcx__buf_add(&l->place, place, n);
  if (l->o.kind == TCX_ITEM_COPY) {
    item->source_bucket = l->o.bucket;
    item->source_key = object->key;
    item->bucket = l->o.target_bucket;
    item->key = l->place.data;
    return true;
  }
  item->path = l->place.data;
  bool folder = n == 0 || place[n - 1] == '/';
  if (folder && object->size == 0)
    return false;
  if (folder)
    item->skip = "its key ends with a slash: no file can have that name";
  else if (leaves_folder(place))
    item->skip = "its key would leave the target folder";
  return true;
}

static int listing_next(tcx_items_t *items, tcx_item_t *item) {
  struct listing *l = (struct listing *)items;
  for (;;) {
    while (l->now != NULL && l->now->at < l->now->count) {
      bool made = make_item(l, &l->now->objects[l->now->at++], item);
      if (l->place.status != 0)
        return l->place.status;
      if (made)
        return 0;
    }
    tcx__free(l->now);
    l->now = l->ahead;
    l->ahead = NULL;
    ask(l);
    if (l->now == NULL)
      return l->asking ? TCX_EAGAIN : l->status;
  }
}

static void listing_close(tcx_items_t *items) {
  struct listing *l = (struct listing *)items;
  l->closing = true;
  tcx_paginator_t *pages = l->pages;
  if (!l->asking) {
    free_listing(l);
    return;
  }
  l->pages = NULL;
  tcx_paginator_close(pages);
}

/* ---- the beginning ---- */

static const char *keep(char **at, const char *s) {
  if (s == NULL)
    return NULL;
  size_t n = strlen(s) + 1;
  char *copy = memcpy(*at, s, n);
  *at += n;
  return copy;
}

static bool keep_texts(struct listing *l) {
  tcx_listing_options_t *o = &l->o;
  const char *const all[] = {o->bucket, o->prefix,        o->glob,
                             o->folder, o->target_bucket, o->target_prefix};
  size_t n = 0;
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    n += all[i] != NULL ? strlen(all[i]) + 1 : 0;
  char *at = l->texts = tcx__malloc(n + 1);
  if (at == NULL)
    return false;
  o->bucket = keep(&at, o->bucket);
  o->prefix = o->prefix != NULL ? keep(&at, o->prefix) : "";
  o->glob = keep(&at, o->glob);
  o->folder = keep(&at, o->folder);
  o->target_bucket = keep(&at, o->target_bucket);
  o->target_prefix = keep(&at, o->target_prefix);
  return true;
}

tcx_items_t *tcx_items_listing_sized(tcx_client_t *s3, const tcx_listing_options_t *options,
                                     size_t size) {
  struct listing *l = tcx__calloc(1, sizeof *l);
  if (l == NULL)
    return NULL;
  memcpy(&l->o, options, size < sizeof l->o ? size : sizeof l->o);
  l->items = (tcx_items_t){.next = listing_next, .close = listing_close};
  l->s3 = s3;
  tcx__buf_init(&l->place, NULL, 1u << 16);
  if (!keep_texts(l)) {
    free_listing(l);
    return NULL;
  }
  if (l->o.strip > strlen(l->o.prefix))
    l->o.strip = strlen(l->o.prefix);
  if (l->o.kind == TCX_ITEM_DOWNLOAD && l->o.folder != NULL && l->o.folder[0] != '\0') {
    tcx__buf_adds(&l->place, l->o.folder);
    if (l->place.data != NULL && l->place.data[l->place.len - 1] != '/')
      tcx__buf_addc(&l->place, '/');
  } else if (l->o.kind == TCX_ITEM_COPY && l->o.target_prefix != NULL) {
    tcx__buf_adds(&l->place, l->o.target_prefix);
  }
  if (l->place.status != 0) {
    free_listing(l);
    return NULL;
  }
  l->place_len = l->place.len;
  return &l->items;
}
