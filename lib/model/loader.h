/*
 * loader.h - from a service's JSON documents to a struct tcx_model. models.c finds and reads the
 * files, these build the tables.
 *
 * Nothing here recurses: shapes refer to each other by pointer, and cycles are legal. Every table
 * and string lies in the model's arena; the documents may go once the model is built.
 */
#ifndef TCX_MODEL_LOADER_H
#define TCX_MODEL_LOADER_H
#include "model/model.h"
#include "model/rules.h"

/* ---- names, each once (intern.c) ---- */
struct tcx_interned {
  const char *s;
  uint32_t len, hash;
  union {                    /* zero until somebody sets it */
    struct tcx_shape *shape; /* the loader: the shape of that name */
    uint32_t place;          /* the generator: where it has put it */
  };
};
struct tcx_interner {
  struct tcx_arena *arena;    /* the strings */
  struct tcx_interned *slots; /* open addressing; from the allocator */
  size_t n_slots, used;
};
void tcx__interner_init(struct tcx_interner *names, struct tcx_arena *arena);
void tcx__interner_free(struct tcx_interner *names); /* the strings stay */
/* The one copy of the bytes; valid until the next call (its s for as long as the arena). NULL when
 * memory is out. */
struct tcx_interned *tcx__intern(struct tcx_interner *names, const char *p, size_t n);

/* ---- one document at a time ---- */
struct tcx_loader {
  struct tcx_arena *arena; /* of the model */
  struct tcx_fail *fail;
  const char *file; /* the document's name, for messages */
  struct tcx_interner names;
  struct tcx_shape *variants; /* behind the model's shapes */
};
/* Where in the document: section.entry.part.key, for messages; the last ones may be NULL. */
struct tcx_place {
  const char *section, *entry, *part, *key;
};

/* Each sets of model what its document says. TCX_ESERVICE with "FILE: PLACE: what is wrong" in
 * fail, or UV_ENOMEM. */
int tcx__load_service(struct tcx_loader *l, const struct tcx_value *json, const char *service,
                      struct tcx_model *model);
int tcx__load_paginators(struct tcx_loader *l, const struct tcx_value *json,
                         struct tcx_model *model);
int tcx__load_waiters(struct tcx_loader *l, const struct tcx_value *json, struct tcx_model *model);

/* ---- shared by them (loader_read.c) ---- */
int tcx__load_fail(struct tcx_loader *l, struct tcx_place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int tcx__load_no_memory(struct tcx_loader *l);
/* v must be of the type; NULL (absent) is an error only in the functions that say so. at.key is the
 * name that v has. */
int tcx__load_expect(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                     tcx_type_t type); /* absent is an error */
int tcx__load_str(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                  const char **out); /* absent is an error */
int tcx__load_bool(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v, bool *out);
int tcx__load_uint(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                   unsigned max, unsigned *out);
/* A list of strings; with one_is_fine also a single one. At most max. Absent gives none. */
int tcx__load_strs(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                   bool one_is_fine, unsigned max, const char *const **out, unsigned *count);
/* The entries of a map, sorted by name (strcmp); from the allocator, tcx__free. *out is NULL when
 * there are none. */
int tcx__load_sorted(struct tcx_loader *l, const struct tcx_value *map,
                     const struct tcx_value ***out);
/* Sorts n pointers in place, without memory of its own. */
void tcx__load_sort(const void **items, size_t n, int (*compare)(const void *a, const void *b));

/* shapes (loader_shapes.c): fills model->shapes with room for n_variants more behind them, and
 * gives the interned names their shapes. */
int tcx__load_shapes(struct tcx_loader *l, const struct tcx_value *shapes, uint32_t n_variants,
                     struct tcx_model *model);
/* reference's shape; absent "shape" or an unknown one is an error. */
int tcx__load_reference(struct tcx_loader *l, struct tcx_place at,
                        const struct tcx_value *reference, struct tcx_shape **out);
int tcx__load_namespace(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *v,
                        const char **uri, const char **prefix);
/* operations (loader_operations.c): the shapes are there. */
int tcx__load_operations(struct tcx_loader *l, const struct tcx_value *operations,
                         struct tcx_model *model);
uint32_t tcx__load_count_variants(const struct tcx_value *operations);
/* {name: {value}} or {name: {type}} of context parameters. */
int tcx__load_static_context(struct tcx_loader *l, struct tcx_place at, const struct tcx_value *map,
                             bool types_only, const struct tcx_static_context **out,
                             uint8_t *count);
/* rules_default.c: the rule set of a service that has none: the client's own endpoint, else
 * PREFIX[-fips].REGION.SUFFIX. TCX_ESERVICE when prefix is no host name, UV_ENOMEM. */
int tcx__ruleset_default(struct tcx_arena *arena, const char *prefix,
                         const struct tcx_ruleset **out, struct tcx_fail *f);
#endif
