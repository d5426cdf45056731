/*
 * The XML tokenizer against expat: the same events, or both refuse; and the same events wherever
 * the document is cut.
 *
 * Accepted differences: what xml.h lists. A DTD and the limits are refused by us alone; UTF-16,
 * which expat detects, is not compared; a name with characters beyond ASCII may be refused by expat
 * alone (it has the tables of XML 1.0's fourth edition).
 */
#include "base/xml.h"
#include <expat.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct log {
  char *p;
  size_t n, cap;
  bool in_text;
};
static void put(struct log *log, const char *p, size_t n) {
  if (log->cap - log->n < n) {
    log->cap = (log->cap + n) * 2;
    log->p = realloc(log->p, log->cap);
  }
  memcpy(log->p + log->n, p, n);
  log->n += n;
}
static void mark(struct log *log, char kind) {
  put(log, &kind, 1);
  log->in_text = kind == 'T';
}
static void put_text(struct log *log, const char *p, size_t n) {
  if (!log->in_text)
    mark(log, 'T');
  put(log, p, n);
}

static int on_start(void *ctx, const struct tcx_xml_name *name, const struct tcx_xml_attr *attrs,
                    unsigned n) {
  mark(ctx, 'S');
  put(ctx, name->p, name->n);
  for (unsigned i = 0; i < n; i++) {
    mark(ctx, 'A');
    put(ctx, attrs[i].name.p, attrs[i].name.n);
    mark(ctx, '=');
    put(ctx, attrs[i].value.p, attrs[i].value.n);
  }
  return 0;
}
static int on_text(void *ctx, const char *p, size_t n) {
  put_text(ctx, p, n);
  return 0;
}
static int on_end(void *ctx) {
  mark(ctx, 'E');
  return 0;
}
static const struct tcx_xml_events events = {on_start, on_text, on_end};

static void XMLCALL expat_start(void *ctx, const XML_Char *name, const XML_Char **attrs) {
  mark(ctx, 'S');
  put(ctx, name, strlen(name));
  for (; *attrs != NULL; attrs += 2) {
    mark(ctx, 'A');
    put(ctx, attrs[0], strlen(attrs[0]));
    mark(ctx, '=');
    put(ctx, attrs[1], strlen(attrs[1]));
  }
}
static void XMLCALL expat_text(void *ctx, const XML_Char *p, int n) { put_text(ctx, p, (size_t)n); }
static void XMLCALL expat_end(void *ctx, const XML_Char *name) {
  (void)name;
  mark(ctx, 'E');
}

struct outcome {
  struct log log;
  int status;
  const char *why;
};

/* step 0: in one piece; else pieces of 1 to step bytes. Each piece is a copy of its own, so that
 * reading over its end shows. */
static struct outcome run_ours(const char *data, size_t size, unsigned step) {
  struct outcome out = {{0}, 0, NULL};
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_xml *xml = malloc(sizeof *xml);
  tcx__xml_init(xml, arena, &events, &out.log);
  uint32_t seed = (uint32_t)size * 2654435761u + step;
  for (size_t at = 0; at < size && out.status == 0;) {
    seed = seed * 1664525u + 1013904223u;
    size_t n = step == 0 ? size : 1 + (seed >> 16) % step;
    n = n < size - at ? n : size - at;
    char *piece = malloc(n);
    memcpy(piece, data + at, n);
    out.status = tcx__xml_feed(xml, piece, n);
    free(piece);
    at += n;
  }
  if (out.status == 0)
    out.status = tcx__xml_finish(xml);
  out.why = xml->why;
  free(xml);
  tcx__arena_free(arena);
  return out;
}

/* 0, or the refusal; *odd_name when what it refuses is a token with bytes beyond ASCII. */
static int run_expat(const char *data, size_t size, struct log *log, bool *odd_name) {
  XML_Parser parser = XML_ParserCreate("UTF-8");
  XML_SetUserData(parser, log);
  XML_SetElementHandler(parser, expat_start, expat_end);
  XML_SetCharacterDataHandler(parser, expat_text);
  int error =
      XML_Parse(parser, data, (int)size, 1) == XML_STATUS_OK ? 0 : (int)XML_GetErrorCode(parser);
  *odd_name = false;
  if (error == XML_ERROR_INVALID_TOKEN)
    for (XML_Index i = XML_GetCurrentByteIndex(parser); i < (XML_Index)size && data[i] != '>'; i++)
      *odd_name |= (unsigned char)data[i] >= 0x80;
  XML_ParserFree(parser);
  return error;
}

static bool is_limit(const char *why) {
  static const char *const limits[] = {
      "a DTD, which is refused", "elements nested too deep", "too many attributes",
      "a name is too long",      "a tag is too long",        "an XML declaration that is too long"};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
    if (why != NULL && strcmp(why, limits[i]) == 0)
      return true;
  return false;
}

static void check(bool right, const char *what, unsigned step, const char *why, int error) {
  if (right)
    return;
  fprintf(stderr, "%s: pieces of %u, we say: %s, expat says: %s\n", what, step,
          why != NULL ? why : "fine", error != 0 ? XML_ErrorString((enum XML_Error)error) : "fine");
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const char *data = (const char *)bytes;
  if (size > 1 << 20)
    return 0;
  struct log expected = {0};
  bool odd_name;
  int error = run_expat(data, size, &expected, &odd_name);
  bool utf16 = size >= 2 && (bytes[0] >= 0xFE || bytes[0] == 0 || bytes[1] == 0);
  struct outcome whole = run_ours(data, size, 0);
  if (!utf16 && !is_limit(whole.why) && !(whole.status == 0 && odd_name)) {
    check((whole.status == 0) == (error == 0), "only one refuses", 0, whole.why, error);
    check(error != 0 ||
              (whole.log.n == expected.n && memcmp(whole.log.p, expected.p, expected.n) == 0),
          "events differ", 0, whole.why, error);
  }
  static const unsigned steps[] = {1, 3, 40};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    struct outcome cut = run_ours(data, size, steps[i]);
    check((cut.status == 0) == (whole.status == 0), "a cut changes the verdict", steps[i], cut.why,
          error);
    check(whole.status != 0 ||
              (whole.log.n == cut.log.n && memcmp(whole.log.p, cut.log.p, cut.log.n) == 0),
          "a cut changes the events", steps[i], cut.why, error);
    free(cut.log.p);
  }
  free(whole.log.p);
  free(expected.p);
  return 0;
}
