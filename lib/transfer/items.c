/* items.c - the small sources: one item, and several sources one after the other. */
#include "base/mem.h"
#include <string.h>
#include <tucuxi/transfer.h>

void tcx_items_resume(tcx_items_t *items) {
  if (items->wake != NULL)
    items->wake(items->ctx);
}

void tcx_items_close(tcx_items_t *items) {
  if (items != NULL)
    items->close(items);
}

/* ---- one ---- */

struct one {
  tcx_items_t items;
  tcx_item_t item;
  bool given;
};

static int one_next(tcx_items_t *items, tcx_item_t *item) {
  struct one *one = (struct one *)items;
  if (one->given)
    return TCX_EOF;
  one->given = true;
  *item = one->item;
  return 0;
}

static void one_close(tcx_items_t *items) { tcx__free(items); }

static const char *keep(char **at, const char *s) {
  if (s == NULL)
    return NULL;
  size_t n = strlen(s) + 1;
  char *copy = memcpy(*at, s, n);
  *at += n;
  return copy;
}

tcx_items_t *tcx_items_one(const tcx_item_t *item) {
  const char *const texts[] = {item->path,          item->bucket,     item->key,
                               item->source_bucket, item->source_key, item->skip};
  size_t n = 0;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    n += texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
  struct one *one = tcx__calloc(1, sizeof *one + n);
  if (one == NULL)
    return NULL;
  char *at = (char *)(one + 1);
  one->items = (tcx_items_t){.next = one_next, .close = one_close};
  one->item = *item;
  one->item.path = keep(&at, item->path);
  one->item.bucket = keep(&at, item->bucket);
  one->item.key = keep(&at, item->key);
  one->item.source_bucket = keep(&at, item->source_bucket);
  one->item.source_key = keep(&at, item->source_key);
  one->item.skip = keep(&at, item->skip);
  return &one->items;
}

/* ---- several ---- */

struct chain {
  tcx_items_t items;
  size_t at, count;
  tcx_items_t *all[];
};

static int chain_next(tcx_items_t *items, tcx_item_t *item) {
  struct chain *chain = (struct chain *)items;
  while (chain->at < chain->count) {
    tcx_items_t *now = chain->all[chain->at];
    int status = now->next(now, item);
    if (status != TCX_EOF) {
      items->error = now->error;
      return status;
    }
    tcx_items_close(now);
    chain->at++;
  }
  return TCX_EOF;
}

static void chain_close(tcx_items_t *items) {
  struct chain *chain = (struct chain *)items;
  for (; chain->at < chain->count; chain->at++)
    tcx_items_close(chain->all[chain->at]);
  tcx__free(chain);
}

static void chain_wake(void *ctx) { tcx_items_resume(ctx); }

tcx_items_t *tcx_items_chain(tcx_items_t *const *items, size_t count) {
  struct chain *chain = tcx__calloc(1, sizeof *chain + count * sizeof chain->all[0]);
  bool complete = chain != NULL;
  for (size_t i = 0; i < count; i++)
    complete = complete && items[i] != NULL;
  for (size_t i = 0; i < count; i++) {
    if (!complete) {
      tcx_items_close(items[i]);
      continue;
    }
    chain->all[i] = items[i];
    items[i]->wake = chain_wake;
    items[i]->ctx = chain;
  }
  if (!complete) {
    tcx__free(chain);
    return NULL;
  }
  chain->count = count;
  chain->items = (tcx_items_t){.next = chain_next, .close = chain_close};
  return &chain->items;
}
