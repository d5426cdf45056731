/* cmd_cp.c - what is copied whereto: the arguments become sources of items. */
#include "tool.h"
#include <errno.h>
#include <sys/stat.h>

static bool has_wildcard(const char *text) { return text[tcx_glob_plain(text)] != '\0'; }

static bool is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_with_slash(const char *text) {
  return text[0] == '\0' || text[strlen(text) - 1] == '/';
}

/* Bytes of a pattern up to the last slash before its first wildcard. */
static size_t plain_folder(const char *glob) {
  size_t n = tcx_glob_plain(glob);
  while (n > 0 && glob[n - 1] != '/')
    n--;
  return n;
}

static bool many_sources(const struct tool *tool) { return tool->args.n_words > 2; }
static const char *target_of(const struct tool *tool) {
  return tool->args.words[tool->args.n_words - 1];
}

/* ---- from here to S3 ---- */

/* place/name/, the folder or prefix below which things go; name may be "". */
static char *folder_below(const char *place, const char *name) {
  size_t n = strlen(name);
  char *folder = text_join(place, ends_with_slash(place) ? "" : "/", name);
  if (folder == NULL || n == 0 || name[n - 1] == '/')
    return folder;
  char *whole = text_join(folder, "/", "");
  free(folder);
  return whole;
}

static tcx_items_t *upload_glob(struct tool *tool, const char *source, const struct uri *target) {
  size_t n = plain_folder(source);
  char *folder = text_join(source, "", ""), *prefix = folder_below(target->key, "");
  tcx_items_t *items = NULL;
  if (folder != NULL && prefix != NULL) {
    folder[n] = '\0';
    items = tcx_items_folder(&tool->loop, folder, source + n, target->bucket, prefix);
  }
  free(folder);
  free(prefix);
  return items;
}

static tcx_items_t *upload_folder(struct tool *tool, const char *source, const struct uri *target) {
  char *prefix = folder_below(target->key, many_sources(tool) ? uri_last_part(source) : "");
  tcx_items_t *items =
      prefix != NULL ? tcx_items_folder(&tool->loop, source, NULL, target->bucket, prefix) : NULL;
  free(prefix);
  return items;
}

static tcx_items_t *upload_file(struct tool *tool, const char *source, const struct uri *target) {
  bool below = many_sources(tool) || ends_with_slash(target->key);
  char *key = text_join(target->key, below && !ends_with_slash(target->key) ? "/" : "",
                        below ? uri_last_part(source) : "");
  struct stat st;
  tcx_item_t item = {.kind = TCX_ITEM_UPLOAD,
                     .path = source,
                     .bucket = target->bucket,
                     .key = key,
                     .size = stat(source, &st) == 0 ? (int64_t)st.st_size : -1};
  tcx_items_t *items = key != NULL ? tcx_items_one(&item) : NULL;
  free(key);
  return items;
}

static tcx_items_t *upload(struct tool *tool, const char *source) {
  struct uri target;
  struct stat st;
  if (!uri_parse(target_of(tool), &target))
    return NULL;
  tcx_items_t *items = stat(source, &st) != 0 && has_wildcard(source)
                           ? upload_glob(tool, source, &target)
                       : is_folder(source) ? upload_folder(tool, source, &target)
                                           : upload_file(tool, source, &target);
  uri_free(&target);
  return items;
}

/* ---- from S3 ---- */

static void set_target(tcx_listing_options_t *o, const char *below, const struct uri *target) {
  if (target->bucket == NULL) {
    o->folder = below;
    return;
  }
  o->kind = TCX_ITEM_COPY;
  o->target_bucket = target->bucket;
  o->target_prefix = below;
}

/* Everything below a prefix, or what a pattern picks. With several sources each prefix keeps its
 * last part, a whole bucket its name. */
static tcx_items_t *from_listing(struct tool *tool, const struct uri *source,
                                 const struct uri *target, bool glob) {
  bool keep = many_sources(tool) && !glob;
  char *prefix = text_join(source->key, !glob && !ends_with_slash(source->key) ? "/" : "", "");
  char *below = folder_below(target->bucket != NULL ? target->key : target_of(tool),
                             keep && source->key[0] == '\0' ? source->bucket : "");
  tcx_items_t *items = NULL;
  if (prefix != NULL && below != NULL) {
    tcx_listing_options_t o = {
        .kind = TCX_ITEM_DOWNLOAD, .bucket = source->bucket, .prefix = prefix};
    o.strip = glob   ? plain_folder(source->key)
              : keep ? (size_t)(uri_last_part(prefix) - prefix)
                     : strlen(prefix);
    if (glob) {
      o.glob = source->key + o.strip;
      prefix[tcx_glob_plain(prefix)] = '\0';
    }
    set_target(&o, below, target);
    items = tcx_items_listing(tool_s3(tool), &o);
  }
  free(prefix);
  free(below);
  return items;
}

static tcx_items_t *one_object(struct tool *tool, const struct uri *source,
                               const struct uri *target) {
  const char *to = target_of(tool), *place = target->bucket != NULL ? target->key : to;
  bool below =
      many_sources(tool) || ends_with_slash(place) || (target->bucket == NULL && is_folder(to));
  char *whole = text_join(place, below && !ends_with_slash(place) ? "/" : "",
                          below ? uri_last_part(source->key) : "");
  tcx_item_t item = {.kind = TCX_ITEM_DOWNLOAD,
                     .path = whole,
                     .bucket = source->bucket,
                     .key = source->key,
                     .size = -1};
  if (target->bucket != NULL)
    item = (tcx_item_t){.kind = TCX_ITEM_COPY,
                        .source_bucket = source->bucket,
                        .source_key = source->key,
                        .bucket = target->bucket,
                        .key = whole,
                        .size = -1};
  tcx_items_t *items = whole != NULL ? tcx_items_one(&item) : NULL;
  free(whole);
  return items;
}

static tcx_items_t *from_s3(struct tool *tool, const char *source) {
  struct uri from, to = {NULL, ""};
  tcx_items_t *items = NULL;
  bool glob;
  if (!uri_parse_pattern(source, &from, &glob))
    return NULL;
  if (!uri_is_s3(target_of(tool)) || uri_parse(target_of(tool), &to))
    items = tool->args.recursive || glob ? from_listing(tool, &from, &to, glob)
                                         : one_object(tool, &from, &to);
  uri_free(&from);
  uri_free(&to);
  return items;
}

/* ---- all of it ---- */

static tcx_items_t *make_items(struct tool *tool) {
  unsigned n = tool->args.n_words - 1;
  tcx_items_t **all = calloc(n, sizeof(tcx_items_t *));
  if (all == NULL)
    return NULL;
  for (unsigned i = 0; i < n; i++)
    all[i] = uri_is_s3(tool->args.words[i]) ? from_s3(tool, tool->args.words[i])
                                            : upload(tool, tool->args.words[i]);
  tcx_items_t *items = tcx_items_chain(all, n);
  free(all);
  return items;
}

/* What can be said of a source before anything is done; false: said, and the run ends. */
static bool check_local(struct tool *tool, const char *source, bool *single) {
  struct stat st;
  if (stat(source, &st) != 0) {
    if (has_wildcard(source)) {
      *single = false;
      return true;
    }
    fprintf(stderr, "tucuxi cp: %s: %s\n", source, strerror(errno));
    tool_end(tool, EXIT_OTHER);
    return false;
  }
  if (S_ISDIR(st.st_mode) && !tool->args.recursive) {
    tool_usage(tool, "%s is a folder: --recursive copies what is below", source);
    return false;
  }
  *single = *single && !S_ISDIR(st.st_mode);
  return true;
}

static bool check_s3(struct tool *tool, const char *source, bool *single) {
  struct uri uri;
  const char *problem = NULL;
  bool glob;
  if (!uri_parse_pattern(source, &uri, &glob)) {
    tool_usage(tool, "%s names no bucket", source);
    return false;
  }
  bool one = !tool->args.recursive && !glob;
  const char *name = uri_last_part(uri.key);
  if (one && ends_with_slash(uri.key))
    problem = "names no object: --recursive copies what is below";
  else if (one && (strcmp(name, "..") == 0 || strcmp(name, ".") == 0) &&
           !uri_is_s3(target_of(tool)))
    problem = "has a name that no file can have";
  uri_free(&uri);
  if (problem != NULL)
    tool_usage(tool, "%s %s", source, problem);
  *single = *single && one;
  return problem == NULL;
}

struct name {
  const char *text;
  size_t n;
};

static int by_name(const void *a, const void *b) {
  const struct name *x = a, *y = b;
  int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* No two sources have one name below the target, where the second would replace the first. What
 * patterns find keeps its path. False: told, and the run ends. */
static bool check_names(struct tool *tool) {
  struct name *names = calloc(tool->args.n_words, sizeof *names);
  size_t n = 0, i = 1;
  for (unsigned k = 0; names != NULL && k + 1 < tool->args.n_words; k++) {
    const char *text = uri_last_part(tool->args.words[k]);
    if (!has_wildcard(tool->args.words[k]))
      names[n++] = (struct name){text, strcspn(text, "/")};
  }
  if (names != NULL)
    qsort(names, n, sizeof *names, by_name);
  while (i < n && by_name(&names[i - 1], &names[i]) != 0)
    i++;
  if (names == NULL)
    tool_end(tool, EXIT_OTHER);
  else if (i < n)
    tool_usage(tool, "two sources are called %.*s: one would replace the other", (int)names[i].n,
               names[i].text);
  free(names);
  return i >= n && !tool->ending;
}

void cmd_cp(struct tool *tool) {
  const char *target = target_of(tool);
  bool to_s3 = uri_is_s3(target);
  struct bulk_options options = {.make = make_items, .single = !many_sources(tool)};
  struct uri uri;
  if (to_s3 && !uri_parse(target, &uri)) {
    tool_usage(tool, "%s names no bucket", target);
    return;
  }
  if (to_s3)
    uri_free(&uri);
  for (unsigned i = 0; i + 1 < tool->args.n_words; i++) {
    const char *source = tool->args.words[i];
    if (!uri_is_s3(source) && !to_s3) {
      tool_usage(tool, "neither %s nor %s is an s3:// URL", source, target);
      return;
    }
    if (!(uri_is_s3(source) ? check_s3(tool, source, &options.single)
                            : check_local(tool, source, &options.single)))
      return;
  }
  if (check_names(tool))
    bulk_run(tool, &options);
}
