/* cmd_ls.c - buckets, or a page of keys after the other. */
#include "tool.h"

struct ls {
  struct tool *tool;
  struct uri uri;
  const char *glob;
  /* bytes of each key that are not shown: the folder that was asked for */
  size_t cut;
  tcx_paginator_t *pages;
};

static void print_object(const struct ls *ls, const tcx_value_t *o) {
  const char *key = tcx_value_str(o, "Key"), *time = tcx_value_str(o, "LastModified");
  if (key == NULL || (ls->glob != NULL && !tcx_glob_match(ls->glob, key)))
    return;
  if (ls->tool->args.json)
    print_json(o);
  else
    printf("%-20s %12lld %s\n", time != NULL ? time : "", (long long)tcx_value_int(o, "Size", 0),
           strlen(key) >= ls->cut ? key + ls->cut : key);
}

static void print_prefix(const struct ls *ls, const tcx_value_t *p) {
  const char *prefix = tcx_value_str(p, "Prefix");
  if (ls->tool->args.json)
    print_json(p);
  else if (prefix != NULL)
    printf("%-20s %12s %s\n", "", "folder", strlen(prefix) >= ls->cut ? prefix + ls->cut : prefix);
}

static void end(struct ls *ls) {
  tcx_paginator_close(ls->pages);
  uri_free(&ls->uri);
  free(ls);
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct ls *ls = tcx_paginator_data(pages);
  struct tool *tool = ls->tool;
  for (const tcx_value_t *p = tcx_value_first(page, "CommonPrefixes"); p != NULL;
       p = tcx_value_next(p))
    print_prefix(ls, p);
  for (const tcx_value_t *o = tcx_value_first(page, "Contents"); o != NULL; o = tcx_value_next(o))
    print_object(ls, o);
  if (status == 0 && print_flush())
    status = tcx_paginator_next(pages, on_page);
  else if (status == 0)
    status = UV_EPIPE;
  if (status == 0)
    return;
  const tcx_error_t *error = tcx_paginator_error(pages);
  if (error != NULL)
    tool_fail(tool, error);
  else
    tool_end(tool, status == TCX_EOF ? 0 : EXIT_OTHER);
  end(ls);
}

static void list_objects(struct tool *tool) {
  struct ls *ls = calloc(1, sizeof *ls);
  tcx_client_t *s3 = tool_s3(tool);
  bool glob;
  if (ls == NULL || s3 == NULL || !uri_parse_pattern(tool->args.words[0], &ls->uri, &glob)) {
    free(ls);
    tool_usage(tool, "%s is no s3://BUCKET", tool->args.words[0]);
    return;
  }
  ls->tool = tool;
  const char *key = ls->uri.key;
  size_t plain = glob ? tcx_glob_plain(key) : strlen(key);
  bool flat = glob || tool->args.recursive;
  if (glob)
    ls->glob = key;
  for (size_t i = 0; !flat && i < plain; i++)
    if (key[i] == '/')
      ls->cut = i + 1;
  tcx_value_t *params = tcx_params("{Bucket: %s, Prefix: %.*s}", ls->uri.bucket, (int)plain, key);
  tcx_value_set_str(params, "Delimiter", flat ? NULL : "/");
  int err = tcx_client_paginate(s3, "list_objects_v2", params, NULL, ls, &ls->pages);
  if (err == 0)
    err = tcx_paginator_next(ls->pages, on_page);
  if (tool_refused(tool, err))
    end(ls);
}

static void on_buckets(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tool *tool = tcx_call_data(call);
  if (error != NULL) {
    tool_fail(tool, error);
    return;
  }
  for (const tcx_value_t *b = tcx_value_first(response, "Buckets"); b != NULL;
       b = tcx_value_next(b)) {
    const char *time = tcx_value_str(b, "CreationDate"), *name = tcx_value_str(b, "Name");
    if (tool->args.json)
      print_json(b);
    else
      printf("%-20s %s\n", time != NULL ? time : "", name != NULL ? name : "");
  }
  tool_end(tool, 0);
}

void cmd_ls(struct tool *tool) {
  tcx_client_t *s3 = tool_s3(tool);
  if (tool->args.n_words > 0)
    list_objects(tool);
  else if (s3 != NULL)
    tool_refused(tool, tcx_client_call(s3, "list_buckets", NULL, on_buckets, tool));
}
