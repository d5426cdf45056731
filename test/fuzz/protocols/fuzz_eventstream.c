/*
 * Event streams in all protocols: the first byte says which one, the second where the rest is cut.
 * In one piece, byte by byte and cut: the same events, then the same end. When the first byte is
 * above 127 the checksums are made right first, so that what is behind them is reached.
 */
#include "event_models.h"
#include "protocol_help.h"

static const struct tcx_model *model(int protocol) {
  static const struct tcx_model *models[EM_PROTOCOLS];
  static struct tcx_arena *arena;
  if (arena == NULL)
    arena = tcx__arena_new();
  if (models[protocol] == NULL) {
    char text[EM_MODEL_MAX], *quoted;
    struct tcx_value *json;
    em_model_text(text, protocol);
    quoted = mf_quoted(text);
    if (tcx__json_parse(arena, quoted, strlen(quoted), &json, NULL) != 0)
      abort();
    free(quoted);
    models[protocol] = ph_model(arena, json, em_protocols[protocol].service);
  }
  return models[protocol];
}

/* Appends what the frame says; false at the end of the stream. */
static bool add_event(struct tcx_buf *out, int protocol, const struct tcx_event_frame *frame) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail fail = {.arena = arena};
  struct tcx_parse p = {.arena = arena,
                        .model = model(protocol),
                        .op = &model(protocol)->operations[0],
                        .fail = &fail};
  struct tcx_event event;
  int status = tcx__event_read(&p, tcx__protocol_by_name(model(protocol)->protocol), frame, &event);
  if (status != 0 && (status != TCX_EPROTO || fail.text == NULL))
    abort();
  if (status != 0)
    tcx__buf_adds(out, fail.text);
  else
    tcx__buf_printf(out, "%d %s %s %s\n", event.kind, event.name,
                    event.message != NULL ? event.message : "", ph_text(arena, event.value));
  tcx__arena_free(arena);
  return status == 0;
}

/* Everything that comes of the bytes, as text. */
static void read_stream(struct tcx_buf *out, int protocol, struct tcx_str bytes, size_t first) {
  struct tcx_event_frames frames;
  struct tcx_event_frame frame;
  int status = 0;
  bool going = true;
  tcx__event_frames_init(&frames);
  for (size_t at = 0; at < bytes.n && status == 0 && going;) {
    size_t n = first == 0 ? 1 : at == 0 && first < bytes.n ? first : bytes.n - at;
    char *piece = malloc(n);
    memcpy(piece, bytes.p + at, n);
    struct tcx_str input = {piece, n};
    while (going && (status = tcx__event_frames_next(&frames, &input, &frame)) > 0)
      going = add_event(out, protocol, &frame);
    free(piece);
    at += n;
  }
  if (status < 0)
    tcx__buf_printf(out, "%d %s", status, frames.why);
  else if (going && tcx__event_frames_inside(&frames))
    tcx__buf_adds(out, "cut");
  tcx__event_frames_free(&frames);
}

static void put_number(char *p, uint32_t n) {
  for (int i = 0; i < 4; i++)
    p[i] = (char)(n >> (24 - 8 * i));
}

/* The lengths decide, as far as they fit. */
static void make_right(char *p, size_t n) {
  while (n >= 16) {
    size_t total = (size_t)(unsigned char)p[2] << 8 | (unsigned char)p[3];
    if (total < 16 || total > n)
      total = n < 65536 ? n : 65535;
    put_number(p, (uint32_t)total);
    put_number(p + 4,
               (uint32_t)(((size_t)(unsigned char)p[6] << 8 | (unsigned char)p[7]) % (total - 15)));
    put_number(p + 8, tcx__crc32(0, p, 8));
    put_number(p + total - 4, tcx__crc32(0, p, total - 4));
    p += total;
    n -= total;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > 1 << 16)
    return 0;
  int protocol = data[0] % EM_PROTOCOLS;
  size_t n = size - 2, firsts[] = {n, 0, 1 + data[1] * (n / 256)};
  char *bytes = malloc(n + 1);
  memcpy(bytes, data + 2, n);
  if (data[0] > 127)
    make_right(bytes, n);
  struct tcx_buf seen[3];
  for (int i = 0; i < 3; i++) {
    tcx__buf_init(&seen[i], NULL, 1u << 26);
    tcx__buf_adds(&seen[i], "");
    read_stream(&seen[i], protocol, (struct tcx_str){bytes, n}, firsts[i]);
    if (seen[i].status != 0 || strcmp(seen[0].data, seen[i].data) != 0)
      abort();
  }
  for (int i = 0; i < 3; i++)
    tcx__buf_free(&seen[i]);
  free(bytes);
  return 0;
}
