/* Real responses and what botocore makes of them. A file's name says service and operation; a "#2"
 * is a second one of it. */
#include "protocol_help.h"
#include <dirent.h>

static const struct {
  const char *service, *model;
} services[] = {
    {"s3", "s3/2006-03-01"},
    {"sts", "sts/2011-06-15"},
    {"iam", "iam/2010-05-08"},
    {"ec2", "ec2/2016-11-15"},
};
enum { SERVICES = sizeof services / sizeof *services };

/* botocore's client decodes policies, after the parser. */
static bool needs_client(const char *name) { return strcmp(name, "iam-list-roles") == 0; }

static bool check(struct tcx_arena *arena, const char *name, struct tcx_value *expected,
                  const struct ph_parsed *got) {
  const struct tcx_value *metadata = ph_get(expected, "ResponseMetadata");
  const char *id = ph_str(metadata, "RequestId", NULL), *found = got->error.request_id;
  if (got->status == 0 && id != NULL && (found == NULL || strcmp(id, found) != 0)) {
    print_error("%s: the request's id\n  expected %s\n  got      %s\n", name, id,
                found != NULL ? found : "(none)");
    return false;
  }
  tcx__value_remove(expected, "ResponseMetadata", 16);
  if (got->status == 0 && ph_equal(expected, got->value))
    return true;
  print_error("%s: %s\n  expected %s\n  got      %s\n", name, got->text != NULL ? got->text : "",
              ph_text(arena, expected), ph_text(arena, got->value));
  return false;
}

/* Some are examples of a manual: a date of letters becomes one. */
static struct tcx_str read_dated(struct tcx_arena *arena, const char *path) {
  static const char letters[] = "YYYY-MM-DDTHH:MM:SS", date[] = "2012-03-04T05:06:07";
  size_t n;
  char *text = test_read_file(path, &n), *kept = tcx__arena_strndup(arena, text, n);
  free(text);
  for (char *p = kept; (p = strstr(p, letters)) != NULL;)
    memcpy(p, date, sizeof date - 1);
  return (struct tcx_str){kept, n};
}

static bool run(const struct tcx_model *model, const char *folder, const char *name,
                tcx__parse_mode mode) {
  struct tcx_arena *arena = tcx__arena_new();
  const char *base =
      tcx__arena_printf(arena, "compliance/data/response-parsing/xml/%s/%s", folder, name);
  char *method = tcx__arena_strdup(arena, name + strlen(model->service) + 1);
  for (char *p = method; *p != '\0'; p++)
    *p = (char)(*p == '-' ? '_' : *p == '#' ? '\0' : *p);
  const struct tcx_operation *op = tcx__model_operation(model, method);
  assert_non_null(op);
  struct tcx_str body = read_dated(arena, tcx__arena_printf(arena, "%s.xml", base));
  struct tcx_str json = read_dated(arena, tcx__arena_printf(arena, "%s.json", base));
  struct tcx_value *expected = NULL;
  assert_int_equal(tcx__json_parse(arena, json.p, json.n, &expected, NULL), 0);
  struct tcx_response_head head;
  ph_head(arena, &head, mode == TCX__PARSE_ERROR ? 400 : 200, NULL);
  struct ph_parsed got = ph_parse(arena, model, op, &head, mode, body, -1, false);
  bool good = check(arena, name, expected, &got);
  tcx__arena_free(arena);
  return good;
}

static void run_folder(const char *folder, tcx__parse_mode mode, const int expected[SERVICES]) {
  struct tcx_arena *arena = tcx__arena_new();
  const struct tcx_model *models[SERVICES];
  int counts[SERVICES] = {0}, failed = 0;
  for (int i = 0; i < SERVICES; i++)
    models[i] = ph_model_file(arena,
                              tcx__arena_printf(arena, "%s/models/data/%s/service-2.json",
                                                TCX_SOURCE_DIR, services[i].model),
                              services[i].service);
  DIR *dir = opendir(
      tcx__arena_printf(arena, "%s/compliance/data/response-parsing/xml/%s", TCX_TEST_DIR, folder));
  assert_non_null(dir);
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    size_t n = strlen(entry->d_name);
    if (n < 5 || strcmp(entry->d_name + n - 4, ".xml") != 0)
      continue;
    const char *name = tcx__arena_strndup(arena, entry->d_name, n - 4);
    int i = 0;
    while (i < SERVICES && strncmp(name, services[i].service, strcspn(name, "-")) != 0)
      i++;
    assert_true(i < SERVICES);
    counts[i]++;
    if (needs_client(name))
      print_message("%s: left out, botocore's client changes the value\n", name);
    else
      failed += !run(models[i], folder, name, mode);
  }
  closedir(dir);
  tcx__arena_free(arena);
  assert_int_equal(failed, 0);
  for (int i = 0; i < SERVICES; i++)
    assert_int_equal(counts[i], expected[i]);
}

static void responses(void **state) {
  (void)state;
  run_folder("responses", TCX__PARSE_OUTPUT, (const int[SERVICES]){8, 1, 11, 58});
}
static void errors(void **state) {
  (void)state;
  run_folder("errors", TCX__PARSE_ERROR, (const int[SERVICES]){2, 0, 1, 0});
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(responses), cmocka_unit_test(errors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
