/*
 * Responses in json and in rest-json: the first byte says which operation, the second the mode and
 * where the rest is cut. In one piece, byte by byte and cut: the same value, or all refuse. What a
 * value gives is written as a request of the same shape.
 */
#include "protocol_help.h"

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
static void write_again(struct tcx_arena *arena, const struct tcx_model *m,
                        const struct tcx_operation *op, const struct tcx_value *v) {
  struct tcx_operation echo = *op;
  struct tcx_request req = {.arena = arena};
  struct tcx_fail f = {.arena = arena};
  struct tcx_serialize s = {.model = m, .op = &echo, .params = v, .path = "/"};
  struct tcx_value *again = NULL;
  echo.input = op->output;
  tcx__headers_init(&req.headers, arena);
  int status = tcx__protocol_by_name(m->protocol)->serialize(&s, &req, &f);
  if (status != 0 && f.text == NULL)
    abort();
  if (status == 0 && s.body == NULL && req.body.n > 0 && op->output->payload == NULL &&
      tcx__json_parse(arena, req.body.p, req.body.n, &again, NULL) != 0)
    abort();
}

static const char *verdict(struct tcx_arena *arena, const struct tcx_model *m,
                           const struct tcx_operation *op, bool error, struct tcx_str body,
                           long cut) {
  struct tcx_response_head head;
  ph_head(arena, &head, error ? 400 + (int)(body.n % 200) : 200, NULL);
  struct ph_parsed got =
      ph_parse(arena, m, op, &head, error ? TCX__PARSE_ERROR : TCX__PARSE_OUTPUT, body, cut, false);
  if (got.status != 0) {
    if (got.status != TCX_EPROTO || got.text == NULL || error)
      abort();
    return "refused";
  }
  if (error && (got.error.code == NULL || got.error.message == NULL))
    abort();
  if (!error && cut == 0)
    write_again(arena, m, op, got.value);
  return ph_text(arena, got.value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  const struct tcx_model *m = model(operations[data[0] % OPERATIONS].service);
  const struct tcx_operation *op = tcx__model_operation(m, operations[data[0] % OPERATIONS].name);
  struct tcx_str body = {(const char *)data + 2, size - 2};
  bool error = (data[1] & 1) != 0;
  long cut = body.n > 1 ? 1 + (data[1] / 2) % (long)(body.n - 1) : 0;
  struct tcx_arena *arena = tcx__arena_new();
  const char *whole = verdict(arena, m, op, error, body, 0);
  if (strcmp(whole, verdict(arena, m, op, error, body, -1)) != 0 ||
      strcmp(whole, verdict(arena, m, op, error, body, cut)) != 0) {
    fprintf(stderr, "a cut at %ld changes %s\n", cut, whole);
    abort();
  }
  tcx__arena_free(arena);
  return 0;
}
