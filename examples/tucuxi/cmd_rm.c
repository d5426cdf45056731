#include "tool.h"

static tcx_items_t *items_of(struct tool *tool, const char *word) {
  struct uri uri;
  tcx_items_t *items = NULL;
  bool glob;
  if (!uri_parse_pattern(word, &uri, &glob))
    return NULL;
  bool slash = uri.key[0] == '\0' || uri.key[strlen(uri.key) - 1] == '/';
  if (!tool->args.recursive && !glob) {
    tcx_item_t item = {.kind = TCX_ITEM_DELETE, .bucket = uri.bucket, .key = uri.key, .size = -1};
    items = tcx_items_one(&item);
  } else {
    char *prefix = text_join(uri.key, !glob && !slash ? "/" : "", "");
    if (prefix != NULL && glob)
      prefix[tcx_glob_plain(prefix)] = '\0';
    tcx_listing_options_t o = {.kind = TCX_ITEM_DELETE,
                               .bucket = uri.bucket,
                               .prefix = prefix,
                               .glob = glob ? uri.key : NULL};
    items = prefix != NULL ? tcx_items_listing(tool_s3(tool), &o) : NULL;
    free(prefix);
  }
  uri_free(&uri);
  return items;
}

static tcx_items_t *make_items(struct tool *tool) {
  unsigned n = tool->args.n_words;
  tcx_items_t **all = calloc(n, sizeof(tcx_items_t *));
  if (all == NULL)
    return NULL;
  for (unsigned i = 0; i < n; i++)
    all[i] = items_of(tool, tool->args.words[i]);
  tcx_items_t *items = tcx_items_chain(all, n);
  free(all);
  return items;
}

void cmd_rm(struct tool *tool) {
  struct bulk_options options = {.make = make_items, .single = tool->args.n_words == 1};
  for (unsigned i = 0; i < tool->args.n_words; i++) {
    struct uri uri;
    bool glob;
    if (!uri_parse_pattern(tool->args.words[i], &uri, &glob)) {
      tool_usage(tool, "%s is no s3://BUCKET/KEY", tool->args.words[i]);
      return;
    }
    bool many = tool->args.recursive || glob, empty = uri.key[0] == '\0';
    uri_free(&uri);
    options.single = options.single && !many;
    if (!many && empty) {
      tool_usage(tool, "%s names no object: --recursive deletes what is below",
                 tool->args.words[i]);
      return;
    }
  }
  bulk_run(tool, &options);
}
