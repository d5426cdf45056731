/* The text is a starting token, of an operation with as many input tokens as the first byte says (1
 * to 4). What is read of it can be written, and is read again as the same where the text is
 * UTF-8. */
#include "base/utf8.h"
#include "core/paginator.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const struct tcx_page_token *a, const struct tcx_page_token *b) {
  return a->truncated == b->truncated && tcx__value_equal(a->tokens, b->tokens, false);
}

static void write_and_read(struct tcx_arena *arena, const struct tcx_pagination *model,
                           const struct tcx_page_token *token, bool well_formed) {
  struct tcx_page_token again;
  const char *text;
  struct tcx_fail f = {.arena = arena};
  struct tcx_buf shown;
  tcx__buf_init(&shown, arena, TCX__PAGE_TOKEN_MAX);
  tcx__page_token_show(&shown, token);
  int err = tcx__page_token_write(arena, token, &text, &f);
  if (err == TCX_ETOOBIG)
    return;
  if (err != 0 || tcx__page_token_read(arena, tcx__str(text), model, &again, &f) != 0 ||
      (well_formed && !is_same(token, &again)))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"A", "Marker", "ExclusiveStartKey", "Token"};
  if (size == 0)
    return 0;
  const struct tcx_pagination model = {.input_token = names,
                                       .n_input_token = (uint8_t)(data[0] % 4 + 1)};
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_page_token token;
  struct tcx_fail f = {.arena = arena};
  int err = tcx__page_token_read(arena, (struct tcx_str){(const char *)data + 1, size - 1}, &model,
                                 &token, &f);
  if (err != 0 && (err != TCX_EPAGINATE || f.text == NULL))
    abort();
  if (err == 0)
    write_and_read(arena, &model, &token,
                   tcx__utf8_valid((const char *)data + 1, size - 1) == size - 1);
  tcx__arena_free(arena);
  return 0;
}
