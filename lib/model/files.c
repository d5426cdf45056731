#include "model/files.h"
#include "base/gzip.h"
#include "base/json.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const part_names[TCX__PART_COUNT] = {"service-2", "endpoint-rule-set-1",
                                                        "paginators-1", "waiters-2"};

bool tcx__is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool tcx__is_service_name(const char *name) {
  return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) < 256;
}

int tcx__each_folder(const char *root, int (*each)(void *ctx, const char *name), void *ctx) {
  DIR *folder = opendir(root);
  int status = 0;
  if (folder == NULL)
    return 0;
  for (struct dirent *entry; status == 0 && (entry = readdir(folder)) != NULL;)
    if (tcx__is_service_name(entry->d_name))
      status = each(ctx, entry->d_name);
  closedir(folder);
  return status;
}

struct search {
  struct tcx_arena *arena;
  const char *root, *service;
  struct tcx_found *found;
};

static int look_at_version(void *ctx, const char *version) {
  struct search *search = ctx;
  char path[4096];
  for (int part = 0; part < TCX__PART_COUNT; part++) {
    struct tcx_found *found = &search->found[part];
    if (found->version != NULL && strcmp(version, found->version) <= 0)
      continue;
    int n = snprintf(path, sizeof path, "%s/%s/%s/%s.json.gz", search->root, search->service,
                     version, part_names[part]);
    if (n < 0 || (size_t)n >= sizeof path)
      continue;
    bool packed = is_file(path);
    path[n - 3] = '\0';
    if (!packed && !is_file(path))
      continue;
    found->version = tcx__arena_strdup(search->arena, version);
    if (found->version == NULL)
      return UV_ENOMEM;
    found->root = search->root;
  }
  return 0;
}

int tcx__find_parts(struct tcx_arena *arena, const char *root, const char *service,
                    struct tcx_found found[TCX__PART_COUNT]) {
  struct search search = {arena, root, service, found};
  char path[4096];
  int n = snprintf(path, sizeof path, "%s/%s", root, service);
  if (n < 0 || (size_t)n >= sizeof path)
    return 0;
  return tcx__each_folder(path, look_at_version, &search);
}

/* The file's bytes into out, from the allocator. */
static int read_file(const char *path, struct tcx_buf *out, struct tcx_fail *f) {
  FILE *file = fopen(path, "rb");
  struct stat info;
  if (file == NULL || fstat(fileno(file), &info) != 0) {
    if (file != NULL)
      fclose(file);
    return tcx__fail(f, TCX_ESERVICE, "%s: cannot be read", path);
  }
  size_t want =
      info.st_size > 0 && info.st_size < (off_t)out->max ? (size_t)info.st_size + 1 : 65536;
  bool more = true;
  while (more) {
    int status = tcx__buf_reserve(out, want);
    if (status != 0) {
      fclose(file);
      return status == TCX_ETOOBIG ? tcx__fail(f, TCX_ESERVICE, "%s: is longer than %u MiB", path,
                                               TCX__DOCUMENT_MAX >> 20)
                                   : tcx__fail(f, status, "out of memory");
    }
    size_t room = out->cap - out->len - 1, got = fread(out->data + out->len, 1, room, file);
    out->len += got;
    more = got == room;
    want = 65536;
  }
  bool failed = ferror(file) != 0;
  fclose(file);
  return failed ? tcx__fail(f, TCX_ESERVICE, "%s: cannot be read", path) : 0;
}

static int unpack(const char *path, const struct tcx_buf *packed, struct tcx_buf *out,
                  struct tcx_fail *f) {
  int status = tcx__gunzip(out, packed->data, packed->len);
  if (status == UV_ENOMEM)
    return tcx__fail(f, status, "out of memory");
  if (status == TCX_ETOOBIG)
    return tcx__fail(f, TCX_ESERVICE, "%s: is longer than %u MiB", path, TCX__DOCUMENT_MAX >> 20);
  return status == 0 ? 0 : tcx__fail(f, TCX_ESERVICE, "%s: is not a whole gzip file", path);
}

static int parse_file(struct tcx_arena *arena, const char *path, bool packed,
                      struct tcx_value **json, struct tcx_fail *f) {
  struct tcx_buf raw, text;
  struct tcx_fail syntax = {.arena = f->arena};
  tcx__buf_init(&raw, NULL, TCX__DOCUMENT_MAX);
  tcx__buf_init(&text, NULL, TCX__DOCUMENT_MAX);
  int status = read_file(path, &raw, f);
  if (status == 0 && packed)
    status = unpack(path, &raw, &text, f);
  if (status == 0) {
    const struct tcx_buf *whole = packed ? &text : &raw;
    status = tcx__json_parse(arena, whole->data, whole->len, json, &syntax);
    if (status == UV_ENOMEM)
      tcx__fail(f, UV_ENOMEM, "out of memory");
    else if (status != 0)
      status = tcx__fail(f, TCX_ESERVICE, "%s: %s", path,
                         syntax.text != NULL ? syntax.text : tcx_strerror(status));
  }
  tcx__buf_free(&raw);
  tcx__buf_free(&text);
  return status;
}

int tcx__read_document(struct tcx_arena *arena, const char *path, struct tcx_value **json,
                       const char **file, struct tcx_fail *f) {
  *json = NULL;
  for (int packed = 0; packed < 2; packed++) {
    char *full = tcx__arena_printf(arena, "%s%s", path, packed ? ".json.gz" : ".json");
    if (full == NULL)
      return tcx__fail(f, UV_ENOMEM, "out of memory");
    if (is_file(full)) {
      *file = full;
      return parse_file(arena, full, packed, json, f);
    }
  }
  return 0;
}

/* botocore's deep_merge: maps are joined, everything else is replaced. Depth is bounded by the JSON
 * parser's. */
static int merge(struct tcx_arena *arena, struct tcx_value *base, const struct tcx_value *extra) {
  for (const struct tcx_value *v = tcx__value_kids(extra); v != NULL; v = v->next) {
    struct tcx_value *own = tcx__value_find(base, v->name, v->name_len);
    int status;
    if (own != NULL && own->type == TCX_MAP && v->type == TCX_MAP) {
      status = merge(arena, own, v);
    } else {
      struct tcx_value *copy = tcx__value_deep_copy(arena, v);
      status =
          copy == NULL ? UV_ENOMEM : tcx__value_replace(arena, base, v->name, v->name_len, copy);
    }
    if (status != 0)
      return status;
  }
  return 0;
}

/* *file then says so: what is wrong may be the one's or the other's. */
static int add_extras(struct tcx_arena *arena, struct tcx_value *json,
                      const struct tcx_value *extras, const char *extras_file, const char **file,
                      struct tcx_fail *f) {
  const struct tcx_value *changes = tcx__value_find(extras, "merge", 5);
  if (extras->type != TCX_MAP || (changes != NULL && changes->type != TCX_MAP))
    return tcx__fail(f, TCX_ESERVICE, "%s: no object, or its merge is none", extras_file);
  if (json->type == TCX_MAP && changes != NULL && merge(arena, json, changes) != 0)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  *file = tcx__arena_printf(arena, "%s with its sdk-extras", *file);
  return *file != NULL ? 0 : tcx__fail(f, UV_ENOMEM, "out of memory");
}

int tcx__read_part(struct tcx_arena *arena, const char *service, const struct tcx_found *found,
                   tcx__part part, struct tcx_value **json, const char **file, struct tcx_fail *f) {
  struct tcx_value *extras;
  const char *extras_file;
  char *path = tcx__arena_printf(arena, "%s/%s/%s/%s", found->root, service, found->version,
                                 part_names[part]);
  char *extras_path = tcx__arena_printf(arena, "%s/%s/%s/%s.sdk-extras", found->root, service,
                                        found->version, part_names[part]);
  if (path == NULL || extras_path == NULL)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  int status = tcx__read_document(arena, path, json, file, f);
  if (status == 0 && *json == NULL)
    status = tcx__fail(f, TCX_ESERVICE, "%s: went away", path);
  if (status == 0)
    status = tcx__read_document(arena, extras_path, &extras, &extras_file, f);
  if (status != 0 || extras == NULL)
    return status;
  return add_extras(arena, *json, extras, extras_file, file, f);
}
