/*
 * Responses in json and in rest-json: the first byte says which operation, the second the mode and
 * where the rest is cut. In one piece, byte by byte and cut: the same value, or all refuse. What a
 * value gives is written as a request of the same shape.
 */
#include "protocol_fuzz.h"

static const struct {
  int service;
  const char *name;
} operations[] = {
    {0, "get_item"},     {0, "query"},        {0, "describe_table"},  {0, "transact_write_items"},
    {1, "get_function"}, {1, "get_policy"},   {1, "invoke"},          {1, "list_functions"},
    {2, "converse"},     {2, "count_tokens"}, {2, "apply_guardrail"},
};
enum { OPERATIONS = sizeof operations / sizeof *operations, SERVICES = 3 };

static const struct tcx_model *model(int service) {
  static const char *const names[SERVICES][2] = {
      {"dynamodb", "2012-08-10"}, {"lambda", "2015-03-31"}, {"bedrock-runtime", "2023-09-30"}};
  static const struct tcx_model *models[SERVICES];
  static struct tcx_arena *arena;
  if (arena == NULL) {
    arena = tcx__arena_new();
    for (int i = 0; i < SERVICES; i++)
      models[i] = ph_model_file(arena,
                                tcx__arena_printf(arena, "%s/models/data/%s/%s/service-2.json",
                                                  TCX_SOURCE_DIR, names[i][0], names[i][1]),
                                names[i][0]);
  }
  return models[service];
}

/* Goes out again as the request's body; the writer may refuse it. */
static void write_again(const struct pf_case *c, struct tcx_str body) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_response_head head;
  ph_head(arena, &head, 200, NULL);
  struct ph_parsed got = ph_parse(arena, c->model, c->op, &head, TCX__PARSE_OUTPUT, body, 0, false);
  struct tcx_operation echo = *c->op;
  struct tcx_request req = {.arena = arena};
  struct tcx_fail f = {.arena = arena};
  struct tcx_serialize s = {.model = c->model, .op = &echo, .params = got.value, .path = "/"};
  struct tcx_value *again = NULL;
  echo.input = c->op->output;
  tcx__headers_init(&req.headers, arena);
  int status = got.status != 0 ? got.status
                               : tcx__protocol_by_name(c->model->protocol)->serialize(&s, &req, &f);
  if (got.status == 0 && status != 0 && f.text == NULL)
    abort();
  if (status == 0 && req.body.n > 0 && c->op->output->payload == NULL &&
      tcx__json_parse(arena, req.body.p, req.body.n, &again, NULL) != 0)
    abort();
  tcx__arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  struct tcx_str body = {(const char *)data + 2, size - 2};
  struct pf_case c = {.model = model(operations[data[0] % OPERATIONS].service),
                      .status = (data[1] & 1) != 0 ? 400 + (int)(body.n % 200) : 200};
  c.op = tcx__model_operation(c.model, operations[data[0] % OPERATIONS].name);
  pf_check(&c, body, data[1] / 2);
  if (c.status == 200)
    write_again(&c, body);
  return 0;
}
