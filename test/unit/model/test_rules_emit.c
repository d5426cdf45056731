/* The emitter: its text compiles without a warning, and the compiled tables are the loaded ones,
 * byte for byte. Skipped, saying so, where there is no C compiler. */
#include "rules_help.h"
#include <dlfcn.h>

#define COMPILE                                                                                    \
  "cc -std=gnu11 -Wall -Wextra -Werror -shared -fPIC -I" TCX_SOURCE_DIR "/lib -I" TCX_SOURCE_DIR   \
  "/include"

static const struct tcx_ruleset *load_set(struct tcx_arena *arena, struct tcx_value *json) {
  const struct tcx_ruleset *rules = NULL;
  struct tcx_fail f = {.arena = arena};
  if (tcx__ruleset_load(arena, json, &rules, &f) != 0)
    fail_msg("%s", f.text);
  return rules;
}

static bool same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void same_params(const struct tcx_ruleset *a, const struct tcx_ruleset *b) {
  for (unsigned i = 0; i < a->n_params; i++) {
    const struct tcx_rule_param *x = &a->params[i], *y = &b->params[i];
    const struct tcx_rule_param_value *v = &x->fallback, *w = &y->fallback;
    assert_string_equal(x->name, y->name);
    assert_true(same_text(x->built_in, y->built_in));
    assert_true(x->type == y->type && x->required == y->required);
    assert_true(v->type == w->type && v->boolean == w->boolean && v->n_list == w->n_list &&
                tcx__str_eq(v->string, w->string));
    for (unsigned k = 0; k < v->n_list; k++)
      assert_true(tcx__str_eq(v->list[k], w->list[k]));
  }
}

static void same_set(const struct tcx_ruleset *a, const struct tcx_ruleset *b) {
  assert_non_null(b);
  assert_true(a->n_params == b->n_params && a->n_rules == b->n_rules && a->n_top == b->n_top &&
              a->n_nodes == b->n_nodes);
  assert_true(a->n_kids == b->n_kids && a->n_slots == b->n_slots && a->n_text == b->n_text);
  assert_memory_equal(a->rules, b->rules, a->n_rules * sizeof *a->rules);
  assert_memory_equal(a->nodes, b->nodes, a->n_nodes * sizeof *a->nodes);
  assert_memory_equal(a->kids, b->kids, a->n_kids * sizeof *a->kids);
  assert_memory_equal(a->text, b->text, a->n_text);
  same_params(a, b);
}

static void same_partitions(const struct tcx_partitions *a, const struct tcx_partitions *b) {
  assert_non_null(b);
  assert_int_equal(a->n, b->n);
  for (unsigned i = 0; i < a->n; i++) {
    const struct tcx_partition *x = &a->list[i], *y = &b->list[i];
    assert_string_equal(x->info.name, y->info.name);
    assert_string_equal(x->info.dns_suffix, y->info.dns_suffix);
    assert_string_equal(x->info.dual_stack_dns_suffix, y->info.dual_stack_dns_suffix);
    assert_true(same_text(x->info.implicit_global_region, y->info.implicit_global_region));
    assert_true(x->info.supports_fips == y->info.supports_fips &&
                x->info.supports_dual_stack == y->info.supports_dual_stack);
    assert_string_equal(x->pattern, y->pattern);
    assert_int_equal(x->n_regions, y->n_regions);
    const char *r = x->regions, *s = y->regions;
    for (unsigned k = 0; k < x->n_regions; k++, r += strlen(r) + 1, s += strlen(s) + 1)
      assert_string_equal(r, s);
  }
}

/* What the set for this test shows: each kind of parameter and default, every odd character,
 * nothing in the headers. */
static const char ODD[] =
    "{\"version\":\"1.0\",\"parameters\":{\"A\":{\"type\":\"string\",\"default\":\"a\\\"b\\\\c?\?/"
    "\\n\"},\"B\":{\"type\":\"boolean\",\"default\":true},"
    "\"L\":{\"type\":\"stringArray\",\"default\":[\"x\",\"y\"]},\"E\":{\"type\":\"stringArray\","
    "\"default\":[]}},\"rules\":[{\"type\":\"endpoint\","
    "\"conditions\":[],\"endpoint\":{\"url\":\"https://"
    "\\u00e9\\u0000\\t?\?=7{A}\",\"properties\":{\"n\":-7,\"\":[]}}}]}";

static void test_round_trip(void **state) {
  (void)state;
  if (system("command -v cc >/dev/null 2>&1") != 0) {
    print_message("skipped: there is no cc\n");
    skip();
  }
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  const struct tcx_partitions *partitions = NULL;
  const struct tcx_ruleset *s3 =
      load_set(arena, help_json_file(arena, "compliance/data/endpoints/s3/ruleset.json"));
  const struct tcx_ruleset *sts =
      load_set(arena, help_json_file(arena, "compliance/data/endpoints/sts/ruleset.json"));
  const struct tcx_ruleset *odd = load_set(arena, help_json(arena, ODD, sizeof ODD - 1));
  static const char least[] = "{\"version\":\"1.0\",\"parameters\":{},\"rules\":[]}";
  const struct tcx_ruleset *none = load_set(arena, help_json(arena, least, sizeof least - 1));
  assert_int_equal(tcx__partitions_load(
                       arena, help_json_file(arena, "compliance/data/endpoints/partitions.json"),
                       &partitions, &f),
                   0);
  struct tcx_buf out;
  tcx__buf_init(&out, arena, 1 << 22);
  tcx__buf_adds(&out, "#include \"model/rules_data.h\"\n");
  tcx__ruleset_emit(&out, s3, "set_s3");
  tcx__ruleset_emit(&out, sts, "set_sts");
  tcx__ruleset_emit(&out, odd, "set_odd");
  tcx__ruleset_emit(&out, none, "set_none");
  tcx__partitions_emit(&out, partitions, "all_partitions");
  assert_int_equal(out.status, 0);
  char folder[] = "/tmp/tcx-emit-XXXXXX", source[64], library[64], command[1024];
  assert_non_null(mkdtemp(folder));
  snprintf(source, sizeof source, "%s/set.c", folder);
  snprintf(library, sizeof library, "%s/set.so", folder);
  FILE *file = fopen(source, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(out.data, 1, out.len, file), out.len);
  fclose(file);
  snprintf(command, sizeof command, COMPILE " -o %s %s", library, source);
  int compiled = system(command);
  void *handle = compiled == 0 ? dlopen(library, RTLD_NOW | RTLD_LOCAL) : NULL;
  remove(source);
  remove(library);
  remove(folder);
  assert_int_equal(compiled, 0);
  assert_non_null(handle);
  same_set(s3, dlsym(handle, "set_s3"));
  same_set(sts, dlsym(handle, "set_sts"));
  same_set(odd, dlsym(handle, "set_odd"));
  same_set(none, dlsym(handle, "set_none"));
  same_partitions(partitions, dlsym(handle, "all_partitions"));
  dlclose(handle);
  tcx__arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
