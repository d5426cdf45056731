/* protocol_unit.h - a protocol's unit tests: an arena for each test and one for their models,
 * requests of parameters that are JSON, answers while memory runs out. Included last, since its
 * names would hide those of parameters. */
#ifndef TCX_TEST_PROTOCOL_UNIT_H
#define TCX_TEST_PROTOCOL_UNIT_H
#include "protocol_help.h"
#include "torture.h"

static struct tcx_arena *models, *arena;

static inline int pu_setup(void **state) {
  (void)state;
  arena = tcx__arena_new();
  return arena == NULL;
}
static inline int pu_teardown(void **state) {
  (void)state;
  tcx__arena_free(arena);
  return 0;
}
static inline int pu_teardown_models(void **state) {
  (void)state;
  tcx__arena_free(models);
  return 0;
}
#define TEST(function) cmocka_unit_test_setup_teardown(function, pu_setup, pu_teardown)

static inline struct tcx_value *pu_json(struct tcx_arena *in, const char *text) {
  struct tcx_value *v = NULL;
  struct tcx_fail f = {.arena = in};
  if (tcx__json_parse(in, text, strlen(text), &v, &f) != 0)
    fail_msg("%s: %s", text, f.text);
  return v;
}

/* The last request, and why there is none. */
static struct tcx_request req;
static struct tcx_fail failure;

static inline int pu_serialize(const struct tcx_model *model, const char *operation,
                               const struct tcx_value *params, const char *path) {
  struct tcx_serialize s = {
      .model = model, .op = tcx__model_operation(model, operation), .params = params};
  req = (struct tcx_request){.arena = arena, .path = tcx__str(path)};
  failure = (struct tcx_fail){.arena = arena};
  tcx__headers_init(&req.headers, arena);
  return tcx__protocol_by_name(model->protocol)->serialize(&s, &req, &failure);
}

/* headers: JSON, or NULL. */
static inline struct ph_parsed pu_parse(const struct tcx_model *model, const char *operation,
                                        int status, const char *headers, struct tcx_str body,
                                        long cut) {
  struct tcx_response_head head;
  ph_head(arena, &head, status, headers != NULL ? pu_json(arena, headers) : NULL);
  return ph_parse(arena, model, tcx__model_operation(model, operation), &head,
                  status >= 300 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, body, cut, false);
}

/* ---- for test_fail_until_ok ---- */

struct pu_request { /* params: JSON */
  const struct tcx_model *model;
  const char *operation, *params, *body;
};
static inline int pu_serialize_once(void *ctx) {
  const struct pu_request *r = ctx;
  struct tcx_arena *own = tcx__arena_new();
  struct tcx_value *params = NULL;
  if (own == NULL)
    return UV_ENOMEM;
  struct tcx_fail f = {.arena = own};
  struct tcx_request request = {.arena = own};
  int status = tcx__json_parse(own, r->params, strlen(r->params), &params, &f);
  struct tcx_serialize s = {
      .model = r->model, .op = tcx__model_operation(r->model, r->operation), .params = params};
  tcx__headers_init(&request.headers, own);
  if (status == 0)
    status = tcx__protocol_by_name(r->model->protocol)->serialize(&s, &request, &f);
  if (status == 0)
    assert_true(tcx__str_is(request.body, r->body));
  assert_true(status == 0 || status == UV_ENOMEM);
  tcx__arena_free(own);
  return status;
}

struct pu_answer { /* expected: JSON of the value; id: of the request, or NULL */
  const struct tcx_model *model;
  const char *operation;
  int status;
  struct tcx_str body;
  const char *expected, *id;
  struct tcx_header header; /* name.p NULL: none */
  bool error_in_success;
};
#define PU_BODY(literal)                                                                           \
  { literal, sizeof(literal) - 1 }
static inline int pu_parse_once(void *ctx) {
  const struct pu_answer *a = ctx;
  struct tcx_arena *own = tcx__arena_new_sized(256);
  if (own == NULL)
    return UV_ENOMEM;
  struct tcx_response_head head = {.status = a->status};
  struct ph_parsed got = {0};
  tcx__headers_init(&head.headers, own);
  if (a->header.name.p != NULL)
    got.status = tcx__headers_add(&head.headers, a->header.name, a->header.value);
  if (got.status == 0)
    got = ph_parse(own, a->model, tcx__model_operation(a->model, a->operation), &head,
                   a->status >= 300 ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, a->body, -1,
                   a->error_in_success);
  assert_true(got.status == 0 || got.status == UV_ENOMEM);
  const char *text = got.status == 0 ? ph_text(own, got.value) : NULL;
  if (text != NULL) {
    assert_string_equal(text, a->expected);
    if (a->id != NULL)
      assert_string_equal(got.error.request_id, a->id);
  }
  tcx__arena_free(own);
  return text != NULL ? 0 : UV_ENOMEM;
}
#endif
