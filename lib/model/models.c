/*
 * models.c - a session's models: asked for by name, found, loaded once, kept until the session
 * ends.
 *
 * A part of a service (its description, its rule set, its paginators, its waiters) comes from the
 * folders of data_path, ~/.aws/models, the embedded tables, or the installed data folder: the
 * newest API version, and the first of these that has it. The model is put together of them in an
 * arena of its own, which tcx__models_free ends. Only the parts that come from files are read; the
 * embedded ones are unpacked.
 */
#include "base/mem.h"
#include "model/files.h"
#include "model/loader.h"
#include "model/packed.h"
#include <stdio.h>
#include <string.h>

#define ROOTS_MAX 64

struct loaded {
  struct loaded *next;
  struct tcx_arena *arena; /* this struct is inside */
  struct tcx_model model;
};
struct tcx_models {
  struct tcx_arena *arena; /* this struct, the paths, the loaded partitions */
  unsigned refs;
  const struct tcx_packed_model *const *embedded;
  const struct tcx_partitions *partitions;
  bool partitions_looked_for;  /* in the folders: partitions is what holds */
  struct tcx_value *endpoints; /* endpoints.json, once it was asked for */
  unsigned n_roots;            /* folders that exist: of data_path, then home's */
  const char *roots[ROOTS_MAX];
  const char *program;   /* NULL: not known */
  bool not_installed;    /* the installed folder is not asked, or was not found */
  const char *installed; /* NULL until it is looked for */
  struct loaded *loaded;
};

static int add_root(struct tcx_models *models, const char *home, const char *p, size_t n) {
  char *path;
  if (n >= 2 && p[0] == '~' && p[1] == '/' && home != NULL)
    path = tcx__arena_printf(models->arena, "%s%.*s", home, (int)(n - 1), p + 1);
  else
    path = tcx__arena_strndup(models->arena, p, n);
  if (path == NULL)
    return UV_ENOMEM;
  if (n > 0 && n < 4096 && models->n_roots < ROOTS_MAX && tcx__is_folder(path))
    models->roots[models->n_roots++] = path;
  return 0;
}

static int add_roots(struct tcx_models *models, const struct tcx_models_options *options) {
  for (const char *p = options->data_path; p != NULL && *p != '\0';) {
    size_t n = strcspn(p, ":");
    int status = add_root(models, options->home, p, n);
    if (status != 0)
      return status;
    p += n + (p[n] == ':');
  }
  if (options->home != NULL) {
    static const char below_home[] = "~/.aws/models";
    int status = add_root(models, options->home, below_home, sizeof below_home - 1);
    if (status != 0)
      return status;
  }
  return 0;
}

/* The installed data folder into models->installed, NULL when there is none. An installation that
 * was moved as a whole, and a build folder, have it beside the program. */
static int find_installed(struct tcx_models *models) {
  static const char *const ways[] = {"../share/tucuxi/models", "../../share/tucuxi/models"};
  if (models->not_installed || models->installed != NULL)
    return 0;
  const char *slash = models->program != NULL ? strrchr(models->program, '/') : NULL;
  for (size_t i = 0; slash != NULL && i < sizeof ways / sizeof ways[0]; i++) {
    const char *path = tcx__arena_printf(models->arena, "%.*s/%s", (int)(slash - models->program),
                                         models->program, ways[i]);
    if (path == NULL)
      return UV_ENOMEM;
    if (tcx__is_folder(path)) {
      models->installed = path;
      return 0;
    }
  }
  if (tcx__is_folder(TCX_DATA_DIR))
    models->installed = TCX_DATA_DIR;
  models->not_installed = models->installed == NULL;
  return 0;
}

int tcx__models_new(const struct tcx_models_options *options, struct tcx_models **out) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_models *models = arena != NULL ? tcx__arena_zalloc(arena, sizeof *models) : NULL;
  if (models == NULL) {
    tcx__arena_free(arena);
    return UV_ENOMEM;
  }
  models->arena = arena;
  models->refs = 1;
  models->embedded = options->embedded;
  models->partitions = options->partitions;
  models->not_installed = options->not_installed;
  int status = add_roots(models, options);
  if (status == 0 && options->program != NULL) {
    models->program = tcx__arena_strdup(arena, options->program);
    status = models->program != NULL ? 0 : UV_ENOMEM;
  }
  if (status != 0) {
    tcx__arena_free(arena);
    return status;
  }
  *out = models;
  return 0;
}

struct tcx_models *tcx__models_retain(struct tcx_models *models) {
  models->refs++;
  return models;
}

void tcx__models_free(struct tcx_models *models) {
  if (models == NULL || --models->refs > 0)
    return;
  for (struct loaded *loaded = models->loaded, *next; loaded != NULL; loaded = next) {
    next = loaded->next;
    tcx__arena_free(loaded->arena);
  }
  tcx__arena_free(models->arena);
}

static const struct tcx_packed_model *embedded_model(const struct tcx_models *models,
                                                     const char *service) {
  for (const struct tcx_packed_model *const *model = models->embedded;
       model != NULL && *model != NULL; model++)
    if (strcmp((*model)->service, service) == 0)
      return *model;
  return NULL;
}

/* ---- what services there are ---- */

struct names {
  struct tcx_arena *arena; /* the names */
  const char *root;        /* the folder that is being looked through */
  const char **list;       /* from the allocator */
  unsigned count, cap;
};

static int add_name(struct names *names, const char *name) {
  for (unsigned i = 0; i < names->count; i++)
    if (strcmp(names->list[i], name) == 0)
      return 0;
  if (names->count == names->cap) {
    unsigned cap = names->cap == 0 ? 64 : names->cap * 2;
    const char **list = tcx__reallocarray(names->list, cap, sizeof *list);
    if (list == NULL)
      return UV_ENOMEM;
    names->list = list;
    names->cap = cap;
  }
  names->list[names->count] = tcx__arena_strdup(names->arena, name);
  return names->list[names->count++] != NULL ? 0 : UV_ENOMEM;
}

/* A folder is a service when some version of it has a description. */
static int add_folder(void *ctx, const char *name) {
  struct names *names = ctx;
  struct tcx_found found[TCX__PART_COUNT] = {{0}};
  int status = tcx__find_parts(names->arena, names->root, name, found);
  return status != 0 || found[TCX__PART_SERVICE].root == NULL ? status : add_name(names, name);
}

static int add_root_names(struct names *names, const char *root) {
  names->root = root;
  return tcx__each_folder(root, add_folder, names);
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* Fills names, sorted; names->list is freed by the caller, also on failure. */
static int collect_names(struct tcx_models *models, struct names *names) {
  int status = find_installed(models);
  for (const struct tcx_packed_model *const *model = models->embedded;
       status == 0 && model != NULL && *model != NULL; model++)
    status = add_name(names, (*model)->service);
  for (unsigned i = 0; status == 0 && i < models->n_roots; i++)
    status = add_root_names(names, models->roots[i]);
  if (status == 0 && models->installed != NULL)
    status = add_root_names(names, models->installed);
  if (status == 0)
    tcx__load_sort((const void **)(void *)names->list, names->count, by_name);
  return status;
}

int tcx__models_services(struct tcx_models *models, struct tcx_arena *arena,
                         int (*each)(void *ctx, const char *name), void *ctx) {
  struct names names = {.arena = arena};
  int status = collect_names(models, &names);
  for (unsigned i = 0; i < names.count && status == 0; i++)
    status = each(ctx, names.list[i]);
  tcx__free(names.list);
  return status;
}

static const char *name_at(const void *ctx, unsigned i) {
  return ((const struct names *)ctx)->list[i];
}

static int fail_unknown(struct tcx_models *models, const char *service, struct tcx_fail *f) {
  struct names names = {.arena = tcx__arena_new()};
  int status = names.arena != NULL ? collect_names(models, &names) : UV_ENOMEM;
  if (status == 0) {
    const char *near = tcx__near_names(names.arena, service, name_at, &names, names.count);
    status = tcx__fail(f, TCX_ESERVICE, "Unknown service: '%.100s'%s", service, near);
  } else {
    status = tcx__fail(f, status, "out of memory");
  }
  tcx__free(names.list);
  tcx__arena_free(names.arena);
  return status;
}

/* ---- putting a model together ---- */

static int find_all(struct tcx_models *models, struct tcx_arena *arena, const char *service,
                    const struct tcx_packed_model *embedded,
                    struct tcx_found found[TCX__PART_COUNT]) {
  for (unsigned i = 0; i < models->n_roots; i++)
    if (tcx__find_parts(arena, models->roots[i], service, found) != 0)
      return UV_ENOMEM;
  if (embedded == NULL) {
    int status = find_installed(models);
    return status != 0 || models->installed == NULL
               ? status
               : tcx__find_parts(arena, models->installed, service, found);
  }
  for (int part = 0; part < TCX__PART_COUNT; part++)
    if (found[part].version != NULL && strcmp(embedded->api_version, found[part].version) > 0)
      found[part] = (struct tcx_found){0};
  return 0;
}

/* Of the tables of other that belong to part. */
static void take_part(struct tcx_model *model, const struct tcx_model *other, tcx__part part) {
  if (part == TCX__PART_RULES) {
    model->rules = other->rules;
  } else if (part == TCX__PART_PAGINATORS) {
    model->paginations = other->paginations;
    model->n_paginations = other->n_paginations;
  } else if (part == TCX__PART_WAITERS) {
    model->waiters = other->waiters;
    model->n_waiters = other->n_waiters;
  } else {
    *model = *other;
  }
}

static int load_rules(struct tcx_loader *l, const struct tcx_value *json, struct tcx_model *model) {
  struct tcx_fail inner = {.arena = l->fail->arena};
  int status = tcx__ruleset_load(l->arena, json, &model->rules, &inner);
  if (status == UV_ENOMEM)
    return tcx__load_no_memory(l);
  return status == 0 ? 0
                     : tcx__fail(l->fail, TCX_ESERVICE, "%s: %s", l->file,
                                 inner.text != NULL ? inner.text : tcx_strerror(status));
}

static int load_part(struct tcx_loader *l, const char *service, const struct tcx_found *found,
                     tcx__part part, struct tcx_model *model) {
  struct tcx_arena *scratch = tcx__arena_new();
  struct tcx_value *json;
  if (scratch == NULL)
    return tcx__load_no_memory(l);
  int status = tcx__read_part(scratch, service, found, part, &json, &l->file, l->fail);
  if (status == 0) {
    switch (part) {
    case TCX__PART_SERVICE:
      status = tcx__load_service(l, json, service, model);
      break;
    case TCX__PART_RULES:
      status = load_rules(l, json, model);
      break;
    case TCX__PART_PAGINATORS:
      status = tcx__load_paginators(l, json, model);
      break;
    default:
      status = tcx__load_waiters(l, json, model);
      break;
    }
  }
  tcx__arena_free(scratch);
  return status;
}

/* Each part from where it was found, else from what is embedded. */
static int load_parts(struct tcx_loader *l, const char *service,
                      const struct tcx_packed_model *embedded, const struct tcx_found *found,
                      struct tcx_model *model) {
  struct tcx_model base;
  int status = 0;
  if (embedded != NULL && tcx__model_unpack(embedded, l->arena, &base) != 0)
    status = tcx__load_no_memory(l);
  for (tcx__part part = TCX__PART_SERVICE; part < TCX__PART_COUNT && status == 0; part++) {
    if (found[part].root != NULL)
      status = load_part(l, service, &found[part], part, model);
    else if (embedded != NULL)
      take_part(model, &base, part);
  }
  return status;
}

/* A model has rules, whoever made it. */
static int complete_rules(struct tcx_loader *l, const char *service, struct tcx_model *model) {
  struct tcx_fail inner = {.arena = l->fail->arena};
  if (model->rules != NULL)
    return 0;
  int status = tcx__ruleset_default(l->arena, model->endpoint_prefix, &model->rules, &inner);
  return status == 0 ? 0 : tcx__fail(l->fail, status, "Service %s: %s", service, inner.text);
}

static int load_model(struct tcx_models *models, const char *service,
                      const struct tcx_packed_model *embedded, const struct tcx_found *found,
                      struct tcx_fail *f) {
  struct tcx_arena *arena = tcx__arena_new_sized(65536);
  struct loaded *loaded = arena != NULL ? tcx__arena_zalloc(arena, sizeof *loaded) : NULL;
  struct tcx_loader loader = {.arena = arena, .fail = f};
  if (loaded == NULL) {
    tcx__arena_free(arena);
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  }
  loaded->arena = arena;
  tcx__interner_init(&loader.names, arena);
  int status = load_parts(&loader, service, embedded, found, &loaded->model);
  if (status == 0)
    status = complete_rules(&loader, service, &loaded->model);
  tcx__interner_free(&loader.names);
  if (status != 0) {
    tcx__arena_free(arena);
    return status;
  }
  loaded->next = models->loaded;
  models->loaded = loaded;
  return 0;
}

int tcx__models_get(struct tcx_models *models, const char *service, const struct tcx_model **out,
                    struct tcx_fail *f) {
  struct tcx_found found[TCX__PART_COUNT] = {{0}};
  service = tcx__service_name(service);
  for (struct loaded *loaded = models->loaded; loaded != NULL; loaded = loaded->next) {
    if (strcmp(loaded->model.service, service) == 0) {
      *out = &loaded->model;
      return 0;
    }
  }
  if (!tcx__is_service_name(service))
    return fail_unknown(models, service, f);
  const struct tcx_packed_model *embedded = embedded_model(models, service);
  struct tcx_arena *scratch = tcx__arena_new();
  int status = scratch == NULL ? UV_ENOMEM : find_all(models, scratch, service, embedded, found);
  if (status != 0)
    tcx__fail(f, status, "out of memory");
  else if (embedded == NULL && found[TCX__PART_SERVICE].root == NULL)
    status = fail_unknown(models, service, f);
  else if ((status = load_model(models, service, embedded, found, f)) == 0)
    *out = &models->loaded->model;
  tcx__arena_free(scratch);
  return status;
}

/* ---- documents that belong to no service ---- */

/* NAME at the top of a folder: the first of the roots that has it, then the installed one if it is
 * to be asked. *json is NULL when there is none. */
static int find_document(struct tcx_models *models, struct tcx_arena *arena, const char *name,
                         bool ask_installed, struct tcx_value **json, const char **file,
                         struct tcx_fail *f) {
  *json = NULL;
  int status = ask_installed ? find_installed(models) : 0;
  unsigned n = models->n_roots + (ask_installed && models->installed != NULL);
  for (unsigned i = 0; i < n && status == 0 && *json == NULL; i++) {
    char *path = tcx__arena_printf(
        arena, "%s/%s", i < models->n_roots ? models->roots[i] : models->installed, name);
    status = path != NULL ? tcx__read_document(arena, path, json, file, f) : UV_ENOMEM;
  }
  return status == UV_ENOMEM ? tcx__fail(f, UV_ENOMEM, "out of memory") : status;
}

static bool has(const struct tcx_value *map, const char *name, tcx_type_t type) {
  const struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  return v != NULL && v->type == type;
}

/* What is read of it is there. */
static int check_endpoints(const struct tcx_value *json, const char *file, struct tcx_fail *f) {
  unsigned i = 0;
  if (!has(json, "partitions", TCX_LIST))
    return tcx__fail(f, TCX_ESERVICE, "%s: partitions: is missing, or no list", file);
  for (const struct tcx_value *p = tcx__value_kids(tcx__value_find(json, "partitions", 10));
       p != NULL; p = p->next, i++)
    if (!has(p, "partition", TCX_STRING) || !has(p, "regions", TCX_MAP) ||
        !has(p, "services", TCX_MAP))
      return tcx__fail(f, TCX_ESERVICE,
                       "%s: partitions[%u]: a partition has a name, regions and services", file, i);
  return 0;
}

int tcx__models_endpoints(struct tcx_models *models, const struct tcx_value **json,
                          struct tcx_fail *f) {
  const char *file;
  int status = 0;
  if (models->endpoints == NULL) {
    status = find_document(models, models->arena, "endpoints", true, &models->endpoints, &file, f);
    if (status == 0)
      status = models->endpoints != NULL
                   ? check_endpoints(models->endpoints, file, f)
                   : tcx__fail(f, TCX_ESERVICE, "no endpoints.json in any folder of models");
    if (status != 0)
      models->endpoints = NULL;
  }
  *json = models->endpoints;
  return status;
}

static int load_partitions(struct tcx_models *models, struct tcx_arena *scratch,
                           struct tcx_fail *f) {
  struct tcx_fail inner = {.arena = f->arena};
  struct tcx_value *json;
  const char *file;
  int status =
      find_document(models, scratch, "partitions", models->partitions == NULL, &json, &file, f);
  if (status != 0)
    return status;
  if (json == NULL && models->partitions == NULL)
    return tcx__fail(f, TCX_ESERVICE, "no partitions.json in any folder of models");
  if (json != NULL)
    status = tcx__partitions_load(models->arena, json, &models->partitions, &inner);
  if (status == UV_ENOMEM)
    return tcx__fail(f, status, "out of memory");
  return status == 0 ? 0
                     : tcx__fail(f, TCX_ESERVICE, "%s: %s", file,
                                 inner.text != NULL ? inner.text : tcx_strerror(status));
}

const struct tcx_partitions *tcx__models_partitions(struct tcx_models *models, struct tcx_fail *f) {
  if (models->partitions_looked_for)
    return models->partitions;
  struct tcx_arena *scratch = tcx__arena_new();
  int status = scratch != NULL ? load_partitions(models, scratch, f)
                               : tcx__fail(f, UV_ENOMEM, "out of memory");
  tcx__arena_free(scratch);
  models->partitions_looked_for = status == 0;
  return status == 0 ? models->partitions : NULL;
}
