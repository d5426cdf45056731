/*
 * generate.c - writes the embedded services: generate DATA_FOLDER OUTPUT_FOLDER SERVICE...
 *
 * It is the library's loader with an emitter behind it. For each service it writes
 * OUTPUT/SERVICE_model.c and OUTPUT/include/tucuxi/SERVICE.h ('-' in a service's name becomes '_'),
 * and for all of them OUTPUT/embedded.c. Both folders must exist.
 */
#include "generate.h"
#include "base/mem.h"
#include "model/rules.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int write_file(const char *folder, const char *name, const char *suffix,
                      const struct tcx_buf *text) {
  char path[4096];
  int n = snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
  if (text->status != 0 || n < 0 || (size_t)n >= sizeof path) {
    fprintf(stderr, "generate: %s: %s\n", name,
            text->status != 0 ? tcx_strerror(text->status) : "name too long");
    return 1;
  }
  FILE *file = fopen(path, "wb");
  bool written = file != NULL && fwrite(text->data, 1, text->len, file) == text->len;
  if (file == NULL || fclose(file) != 0 || !written) {
    fprintf(stderr, "generate: %s: %s\n", path, strerror(errno));
    return 1;
  }
  return 0;
}

static int generate_service(struct tcx_models *models, const char *service, const char *folder,
                            struct tcx_buf *list, struct tcx_fail *f) {
  const struct tcx_model *model;
  struct tcx_buf text;
  char id[128];
  if (!tcx__generate_identifier(id, sizeof id, service) ||
      tcx__models_get(models, service, &model, f) != 0) {
    fprintf(stderr, "generate: %s: %s\n", service,
            f->text != NULL ? f->text : "not a service's name");
    return 1;
  }
  tcx__buf_init(&text, NULL, TCX__GENERATED_MAX);
  tcx__generate_tables(&text, model);
  int failed = write_file(folder, id, "_model.c", &text);
  tcx__buf_free(&text);
  tcx__generate_header(&text, model);
  char header[160];
  snprintf(header, sizeof header, "include/tucuxi/%s", id);
  if (!failed)
    failed = write_file(folder, header, ".h", &text);
  tcx__buf_free(&text);
  tcx__buf_printf(list, "  &tcx__model_%s,\n", id);
  return failed;
}

static int generate_embedded(struct tcx_models *models, int n, char **services, const char *folder,
                             const struct tcx_buf *list, struct tcx_fail *f) {
  const struct tcx_partitions *partitions = tcx__models_partitions(models, f);
  struct tcx_buf text;
  char id[128];
  if (partitions == NULL) {
    fprintf(stderr, "generate: %s\n", f->text);
    return 1;
  }
  tcx__buf_init(&text, NULL, TCX__GENERATED_MAX);
  tcx__buf_adds(&text, "/* What this build embeds. Generated. */\n#include "
                       "\"model/model.h\"\n#include \"model/rules_data.h\"\n\n");
  for (int i = 0; i < n; i++)
    if (tcx__generate_identifier(id, sizeof id, services[i]))
      tcx__buf_printf(&text, "extern const struct tcx_model tcx__model_%s;\n", id);
  tcx__buf_adds(&text, "const struct tcx_model *const tcx__embedded_models[] = {\n");
  tcx__buf_add_str(&text, tcx__buf_str(list));
  tcx__buf_adds(&text, "  0\n};\n\n");
  tcx__partitions_emit(&text, partitions, "tcx__partitions_table");
  tcx__buf_adds(
      &text,
      "const struct tcx_partitions *const tcx__embedded_partitions = &tcx__partitions_table;\n");
  int failed = write_file(folder, "embedded", ".c", &text);
  tcx__buf_free(&text);
  return failed;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: generate DATA_FOLDER OUTPUT_FOLDER SERVICE...\n", stderr);
    return 2;
  }
  struct tcx_models_options options = {.data_path = argv[1], .not_installed = true};
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_models *models = NULL;
  if (arena == NULL || tcx__models_new(&options, &models) != 0) {
    fputs("generate: out of memory\n", stderr);
    return 1;
  }
  struct tcx_fail fail = {.arena = arena};
  struct tcx_buf list;
  int failed = 0;
  tcx__buf_init(&list, NULL, TCX__GENERATED_MAX);
  for (int i = 3; i < argc && !failed; i++)
    failed = generate_service(models, argv[i], argv[2], &list, &fail);
  if (!failed)
    failed = generate_embedded(models, argc - 3, argv + 3, argv[2], &list, &fail);
  tcx__buf_free(&list);
  tcx__models_free(models);
  tcx__arena_free(arena);
  return failed;
}
