/* protocol_fuzz.h - fuzz targets of a protocol's answers: in one piece, byte by byte and cut, the
 * same value comes out, or all refuse; an error's document is never refused. */
#ifndef TCX_TEST_PROTOCOL_FUZZ_H
#define TCX_TEST_PROTOCOL_FUZZ_H
#include "protocol_help.h"

struct pf_case {
  const struct tcx_model *model;
  const struct tcx_operation *op;
  int status;
  bool error_in_success;
};

static inline const char *pf_verdict(struct tcx_arena *arena, const struct pf_case *c,
                                     struct tcx_str body, long cut) {
  bool error = c->status >= 300;
  struct tcx_response_head head;
  ph_head(arena, &head, c->status, NULL);
  struct ph_parsed got =
      ph_parse(arena, c->model, c->op, &head, error ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, body,
               cut, c->error_in_success);
  if (got.status != 0) {
    if (got.status != TCX_EPROTO || got.text == NULL || error || c->error_in_success)
      abort();
    return "refused";
  }
  if (got.is_error && (got.error.code == NULL || got.error.message == NULL))
    abort();
  const char *id = got.error.request_id;
  return tcx__arena_printf(arena, "%d %s %s", got.is_error, id != NULL ? id : "-",
                           ph_text(arena, got.value));
}

/* where: some byte, from which the cut is made. */
static inline void pf_check(const struct pf_case *c, struct tcx_str body, unsigned where) {
  long cut = body.n > 1 ? 1 + (long)where % (long)(body.n - 1) : 0;
  struct tcx_arena *arena = tcx__arena_new();
  const char *whole = pf_verdict(arena, c, body, 0);
  if (strcmp(whole, pf_verdict(arena, c, body, -1)) != 0 ||
      strcmp(whole, pf_verdict(arena, c, body, cut)) != 0) {
    fprintf(stderr, "a cut at %ld changes %s\n", cut, whole);
    abort();
  }
  tcx__arena_free(arena);
}
#endif
