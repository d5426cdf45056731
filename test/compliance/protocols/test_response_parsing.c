/* Real S3 responses and what botocore makes of them. The file's name says the operation; a "#2" is
 * a second one of it. */
#include "protocol_help.h"
#include <dirent.h>

#define MODEL TCX_SOURCE_DIR "/models/data/s3/2006-03-01/service-2.json"

static bool run(const struct tcx_model *model, const char *folder, const char *name,
                tcx__parse_mode mode) {
  struct tcx_arena *arena = tcx__arena_new();
  const char *base =
      tcx__arena_printf(arena, "compliance/data/response-parsing/xml/%s/%s", folder, name);
  char *method = tcx__arena_strdup(arena, name + strlen("s3-"));
  for (char *p = method; *p != '\0'; p++)
    *p = (char)(*p == '-' ? '_' : *p == '#' ? '\0' : *p);
  const struct tcx_operation *op = tcx__model_operation(model, method);
  assert_non_null(op);
  size_t n;
  char *body = test_read_file(tcx__arena_printf(arena, "%s.xml", base), &n);
  struct tcx_value *expected = ph_json_file(arena, tcx__arena_printf(arena, "%s.json", base));
  tcx__value_remove(expected, "ResponseMetadata", 16);
  struct tcx_response_head head;
  ph_head(arena, &head, mode == TCX__PARSE_ERROR ? 400 : 200, NULL);
  struct ph_parsed got =
      ph_parse(arena, model, op, &head, mode, (struct tcx_str){body, n}, -1, false);
  bool good = got.status == 0 && ph_equal(expected, got.value);
  if (!good)
    print_error("%s: %s\n  expected %s\n  got      %s\n", name, got.text != NULL ? got.text : "",
                ph_text(arena, expected), ph_text(arena, got.value));
  free(body);
  tcx__arena_free(arena);
  return good;
}

static void run_folder(const char *folder, tcx__parse_mode mode, int expected) {
  struct tcx_arena *arena = tcx__arena_new();
  const struct tcx_model *model = ph_model_file(arena, MODEL, "s3");
  DIR *dir = opendir(
      tcx__arena_printf(arena, "%s/compliance/data/response-parsing/xml/%s", TCX_TEST_DIR, folder));
  assert_non_null(dir);
  int count = 0, failed = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    size_t n = strlen(entry->d_name);
    if (n < 5 || strcmp(entry->d_name + n - 4, ".xml") != 0)
      continue;
    count++;
    failed += !run(model, folder, tcx__arena_strndup(arena, entry->d_name, n - 4), mode);
  }
  closedir(dir);
  tcx__arena_free(arena);
  assert_int_equal(failed, 0);
  assert_int_equal(count, expected);
}

static void responses(void **state) {
  (void)state;
  run_folder("responses", TCX__PARSE_OUTPUT, 8);
}
static void errors(void **state) {
  (void)state;
  run_folder("errors", TCX__PARSE_ERROR, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(responses), cmocka_unit_test(errors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
