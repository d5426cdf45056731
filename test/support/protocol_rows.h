/* protocol_rows.h - runs vectors that are rows of columns: requests one by one, responses in one
 * piece, byte by byte and cut. A row that fails is printed by who checks it. */
#ifndef TCX_TEST_PROTOCOL_ROWS_H
#define TCX_TEST_PROTOCOL_ROWS_H
#include "protocol_help.h"

static inline bool pr_wrong(const char *name, const char *what, const char *expected,
                            const char *got) {
  print_error("%s: %s\n  expected %s\n  got      %s\n", name, what, expected, got);
  return false;
}

static inline void pr_requests(struct tcx_arena *arena, const char *file,
                               bool (*run)(struct tcx_arena *own, const struct tcx_value *row),
                               int expected) {
  int count = 0, failed = 0;
  struct tcx_value *rows = ph_json_file(arena, file);
  for (const struct tcx_value *row = tcx__value_kids(rows); row != NULL; row = row->next, count++) {
    struct tcx_arena *own = tcx__arena_new();
    failed += !run(own, row);
    tcx__arena_free(own);
  }
  assert_int_equal(failed, 0);
  assert_int_equal(count, expected);
}

/* body: its column. cuts: in how many places a long one is cut at most. */
static inline void pr_responses(struct tcx_arena *arena, const char *file, unsigned body, long cuts,
                                bool (*run)(struct tcx_arena *own, const struct tcx_value *row,
                                            long cut),
                                int expected) {
  int count = 0, failed = 0;
  struct tcx_value *rows = ph_json_file(arena, file);
  for (const struct tcx_value *row = tcx__value_kids(rows); row != NULL; row = row->next, count++) {
    long n = (long)ph_column(row, body)->u.bytes.n, step = n < cuts ? 1 : n / (cuts - 1);
    for (long cut = -1; cut < n || cut <= 0; cut += cut > 0 ? step : 1) {
      struct tcx_arena *own = tcx__arena_new();
      bool good = run(own, row, cut);
      tcx__arena_free(own);
      if (!good) {
        print_error("(cut at %ld)\n", cut);
        failed++;
        break;
      }
    }
  }
  assert_int_equal(failed, 0);
  assert_int_equal(count, expected);
}

/* The value that a response gives. */
static inline bool pr_is_value(struct tcx_arena *own, const char *name,
                               const struct tcx_value *body, const struct tcx_value *expected,
                               const struct ph_parsed *got) {
  return ph_equal(expected, got->value)
             ? true
             : pr_wrong(name, body->u.bytes.p, ph_text(own, expected), ph_text(own, got->value));
}

/* The error that it gives. */
static inline bool pr_is_error(struct tcx_arena *own, const struct tcx_value *body,
                               const struct tcx_value *expected, const struct tcx_value *code,
                               const struct tcx_value *message, const struct ph_parsed *got) {
  const char *name = body->u.bytes.p;
  if (got->status != 0)
    return pr_wrong(name, "refused", "an error", got->text);
  if (strcmp(got->error.code, code->u.bytes.p) != 0 ||
      strcmp(got->error.message, message->u.bytes.p) != 0)
    return pr_wrong(name, got->error.code, code->u.bytes.p, got->error.message);
  return pr_is_value(own, "error", body, expected, got);
}
#endif
