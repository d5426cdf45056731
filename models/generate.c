/*
 * generate.c - writes what the library embeds, and headers:
 *
 *   generate DATA_FOLDER OUTPUT_FOLDER [--embed SERVICE=ID...] [--headers SERVICE=ID...]
 *
 * It is the library's loader with an emitter behind it. ID is what stands for the service in names
 * of C. For each service after --embed it writes OUTPUT/ID_model.c, for each after --headers
 * OUTPUT/include/tucuxi/ID.h and ID.hpp, and for all that are embedded OUTPUT/embedded.c. Both
 * folders must exist.
 */
#include "generate.h"
#include "base/mem.h"
#include "model/loader.h"
#include "model/rules.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct generate {
  const char *folder;
  struct tcx_models *models;
  struct tcx_arena *arena;
  struct tcx_interner functions; /* of all headers */
  struct tcx_buf declared, list; /* of embedded.c */
};

static bool complain(const char *what, const char *why) {
  fprintf(stderr, "generate: %s: %s\n", what, why);
  return false;
}

static bool write_file(const struct generate *g, const char *name, const char *suffix,
                       const struct tcx_buf *text) {
  char path[4096];
  int n = snprintf(path, sizeof path, "%s/%s%s", g->folder, name, suffix);
  if (text->status != 0)
    return complain(name, tcx_strerror(text->status));
  if (n < 0 || (size_t)n >= sizeof path)
    return complain(name, "name too long");
  FILE *file = fopen(path, "wb");
  bool written = file != NULL && fwrite(text->data, 1, text->len, file) == text->len;
  if (file == NULL || fclose(file) != 0 || !written)
    return complain(path, strerror(errno));
  return true;
}

/* "SERVICE=ID": the service's model, and its ID. */
static const struct tcx_model *model_of(struct generate *g, const char *word, const char **id) {
  const struct tcx_model *model;
  struct tcx_fail fail = {.arena = g->arena};
  const char *equals = strchr(word, '=');
  *id = equals != NULL ? equals + 1 : "";
  char *service =
      equals != NULL ? tcx__arena_strndup(g->arena, word, (size_t)(equals - word)) : NULL;
  if (service == NULL || !tcx__generate_is_identifier(*id)) {
    complain(word, "is not SERVICE=ID");
    return NULL;
  }
  if (tcx__models_get(g->models, service, &model, &fail) != 0) {
    complain(service, fail.text);
    return NULL;
  }
  return model;
}

static bool embed(struct generate *g, const char *word) {
  const char *id;
  const struct tcx_model *model = model_of(g, word, &id);
  struct tcx_buf text;
  if (model == NULL)
    return false;
  tcx__buf_init(&text, NULL, TCX__GENERATED_MAX);
  tcx__generate_tables(&text, model, id);
  bool written = write_file(g, id, "_model.c", &text);
  tcx__buf_free(&text);
  tcx__buf_printf(&g->declared, "extern const struct tcx_packed_model tcx__packed_%s;\n", id);
  tcx__buf_printf(&g->list, "  &tcx__packed_%s,\n", id);
  return written;
}

/* A function has one name in all headers: programs include several. */
static bool names_are_new(struct generate *g, const struct tcx_model *model, const char *id) {
  char name[512];
  for (uint32_t i = 0; i < model->n_operations; i++) {
    int n = snprintf(name, sizeof name, "tcx_%s_%s", id, model->operations[i].method);
    if (n < 0 || (size_t)n >= sizeof name || !tcx__generate_is_identifier(name))
      return complain(model->operations[i].method, "is no name in C");
    struct tcx_interned *known = tcx__intern(&g->functions, name, (size_t)n);
    if (known == NULL)
      return complain(id, "out of memory");
    if (known->place++ != 0)
      return complain(name, "is the name of two functions");
  }
  return true;
}

static bool header(struct generate *g, const char *word) {
  static const struct {
    const char *suffix;
    void (*generate)(struct tcx_buf *out, const struct tcx_model *model, const char *id);
  } forms[] = {{".h", tcx__generate_header}, {".hpp", tcx__generate_class}};
  const char *id;
  const struct tcx_model *model = model_of(g, word, &id);
  bool written = model != NULL && names_are_new(g, model, id);
  for (size_t i = 0; i < sizeof forms / sizeof forms[0] && written; i++) {
    struct tcx_buf text;
    char name[160];
    tcx__buf_init(&text, NULL, TCX__GENERATED_MAX);
    forms[i].generate(&text, model, id);
    snprintf(name, sizeof name, "include/tucuxi/%s", id);
    written = write_file(g, name, forms[i].suffix, &text);
    tcx__buf_free(&text);
  }
  return written;
}

static bool write_embedded(struct generate *g) {
  struct tcx_fail fail = {.arena = g->arena};
  const struct tcx_partitions *partitions = tcx__models_partitions(g->models, &fail);
  struct tcx_buf text;
  if (partitions == NULL)
    return complain("partitions", fail.text);
  tcx__buf_init(&text, NULL, TCX__GENERATED_MAX);
  tcx__buf_adds(&text, "/* What this build embeds. Generated. */\n#include "
                       "\"model/packed.h\"\n#include \"model/rules_data.h\"\n\n");
  tcx__buf_add_str(&text, tcx__buf_str(&g->declared));
  tcx__buf_adds(&text, "const struct tcx_packed_model *const tcx__embedded_models[] = {\n");
  tcx__buf_add_str(&text, tcx__buf_str(&g->list));
  tcx__buf_adds(&text, "  0\n};\n\n");
  tcx__partitions_emit(&text, partitions, "tcx__partitions_table");
  tcx__buf_adds(
      &text,
      "const struct tcx_partitions *const tcx__embedded_partitions = &tcx__partitions_table;\n");
  bool written = write_file(g, "embedded", ".c", &text);
  tcx__buf_free(&text);
  return written;
}

static bool generate(struct generate *g, int argc, char **argv) {
  bool (*each)(struct generate *, const char *) = NULL;
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], "--embed") == 0)
      each = embed;
    else if (strcmp(argv[i], "--headers") == 0)
      each = header;
    else if (each == NULL)
      return complain(argv[i], "stands before --embed and --headers");
    else if (!each(g, argv[i]))
      return false;
  }
  return write_embedded(g);
}

int main(int argc, char **argv) {
  struct generate g = {.arena = tcx__arena_new()};
  if (argc < 3) {
    fputs("usage: generate DATA_FOLDER OUTPUT_FOLDER [--embed SERVICE=ID...] [--headers "
          "SERVICE=ID...]\n",
          stderr);
    tcx__arena_free(g.arena);
    return 2;
  }
  g.folder = argv[2];
  struct tcx_models_options options = {.data_path = argv[1], .not_installed = true};
  if (g.arena == NULL || tcx__models_new(&options, &g.models) != 0) {
    complain("start", "out of memory");
    tcx__arena_free(g.arena);
    return 1;
  }
  tcx__interner_init(&g.functions, g.arena);
  tcx__buf_init(&g.declared, NULL, TCX__GENERATED_MAX);
  tcx__buf_init(&g.list, NULL, TCX__GENERATED_MAX);
  bool good = generate(&g, argc, argv);
  tcx__interner_free(&g.functions);
  tcx__buf_free(&g.declared);
  tcx__buf_free(&g.list);
  tcx__models_free(g.models);
  tcx__arena_free(g.arena);
  return good ? 0 : 1;
}
