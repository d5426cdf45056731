/*
 * http1.c - llhttp's callbacks. A head is put together in the shared buffer (in one of the
 * decoder's own when it comes in pieces) and copied into the exchange's arena once, when it is
 * complete and its size is known. llhttp is strict here; what it lets pass and we do not is refused
 * in on_headers_complete.
 */
#include "net/http1.h"
#include "base/mem.h"
#include <stdio.h>
#include <string.h>

/* ---- errors ---- */

static int fail(struct tcx_http1 *h, int status, const char *why) {
  if (!h->broken) {
    h->broken = true;
    h->status = status;
    h->why = why;
  }
  return HPE_USER;
}

/* llhttp's reason, and the bytes where it stopped. */
static tcx__http1_result llhttp_failed(struct tcx_http1 *h, const char *p, size_t n, char *shared) {
  if (h->broken)
    return TCX__HTTP1_ERROR;
  const char *reason = llhttp_get_error_reason(&h->parser), *at = llhttp_get_error_pos(&h->parser);
  char close_by[25] = "";
  if (at != NULL && at >= p && at < p + n) {
    size_t left = (size_t)(p + n - at);
    size_t m = left < sizeof close_by - 1 ? left : sizeof close_by - 1;
    for (size_t i = 0; i < m; i++)
      close_by[i] = at[i] >= 0x20 && at[i] < 0x7f ? at[i] : '.';
    close_by[m] = '\0';
  }
  if (reason == NULL)
    reason = "malformed response";
  if (close_by[0] != '\0')
    snprintf(shared, TCX__HEAD_MAX, "%s near \"%s\"", reason, close_by);
  fail(h, TCX_EPROTO, close_by[0] != '\0' ? shared : reason);
  return TCX__HTTP1_ERROR;
}

/* ---- the head ---- */

static int append(struct tcx_http1 *h, const char *p, size_t n, bool lower) {
  if (h->seen_head)
    return 0; /* a trailer: only counted */
  if (n >= TCX__HEAD_MAX - h->len)
    return fail(h, TCX_EPROTO, "the response's head is over 64 KiB");
  if (h->len + n + 1 > h->cap) {
    uint32_t cap = h->cap * 2;
    while (cap < h->len + n + 1)
      cap *= 2;
    char *own = tcx__realloc(h->own, cap);
    if (own == NULL)
      return fail(h, UV_ENOMEM, "out of memory");
    h->own = h->text = own;
    h->cap = cap;
  }
  char *to = h->text + h->len;
  if (lower)
    for (size_t i = 0; i < n; i++)
      to[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
  else if (n > 0)
    memcpy(to, p, n);
  h->len += (uint32_t)n;
  return 0;
}

static int end_text(struct tcx_http1 *h) { return append(h, "", 1, false); }

static int on_message_begin(llhttp_t *parser) {
  struct tcx_http1 *h = parser->data;
  if (h->done)
    return HPE_PAUSED;
  h->len = 0;
  h->lines = 0;
  return 0;
}

static int on_status(llhttp_t *parser, const char *at, size_t n) {
  return append(parser->data, at, n, false);
}

static int on_status_complete(llhttp_t *parser) {
  struct tcx_http1 *h = parser->data;
  if (memchr(h->text, '\0', h->len) != NULL)
    return fail(h, TCX_EPROTO, "the reason phrase holds a NUL");
  return end_text(h);
}

/* Without a reason phrase there was no on_status_complete. */
static int end_status(struct tcx_http1 *h) { return h->len == 0 ? end_text(h) : 0; }

static int on_header_field(llhttp_t *parser, const char *at, size_t n) {
  struct tcx_http1 *h = parser->data;
  if (memchr(at, ' ', n) != NULL)
    return fail(h, TCX_EPROTO, "a header's name holds a space");
  return end_status(h) != 0 ? -1 : append(h, at, n, true);
}

static int on_header_field_complete(llhttp_t *parser) {
  struct tcx_http1 *h = parser->data;
  if (!h->seen_head && (h->len == 0 || h->text[h->len - 1] == '\0'))
    return fail(h, TCX_EPROTO, "a header has no name");
  int rc = end_text(h);
  h->value_at = h->len;
  return rc;
}

/* The first mark before at is a line's end: the value goes on there from the line before, which
 * llhttp would let pass. */
static bool is_folded(const struct tcx_http1 *h, const char *at) {
  char mark = h->last_mark;
  for (const char *p = at; p > h->feed; p--)
    if (p[-1] != ' ' && p[-1] != '\t') {
      mark = p[-1];
      break;
    }
  return mark == '\n' || mark == '\r';
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n) {
  struct tcx_http1 *h = parser->data;
  if (n > 0 && is_folded(h, at))
    return fail(h, TCX_EPROTO, "a header line begins with a space");
  return append(h, at, n, false);
}

static int on_header_value_complete(llhttp_t *parser) {
  struct tcx_http1 *h = parser->data;
  if (++h->lines > TCX__HEADERS_MAX)
    return fail(h, TCX_EPROTO, "the response has more than 512 header lines");
  if (h->seen_head)
    return 0;
  while (h->len > h->value_at && (h->text[h->len - 1] == ' ' || h->text[h->len - 1] == '\t'))
    h->len--;
  if (memchr(h->text + h->value_at, '\0', h->len - h->value_at) != NULL ||
      memchr(h->text + h->value_at, '\r', h->len - h->value_at) != NULL)
    return fail(h, TCX_EPROTO, "a header value holds a control character");
  return end_text(h);
}

/* What llhttp takes and we refuse: framings that two readers could read differently. */
static int check_framing(struct tcx_http1 *h, const struct tcx_response_head *head) {
  const llhttp_t *parser = &h->parser;
  if (parser->http_major != 1)
    return fail(h, TCX_EPROTO, "the response is not HTTP/1");
  if (parser->status_code < 100 || parser->status_code > 599)
    return fail(h, TCX_EPROTO, "the status is not between 100 and 599");
  if (parser->status_code == 101)
    return fail(h, TCX_EPROTO, "the server switched protocols unasked (101)");
  if (parser->flags & F_TRANSFER_ENCODING) {
    unsigned codings = 0;
    for (unsigned i = 0; i < head->headers.count; i++)
      if (tcx__str_is(head->headers.list[i].name, "transfer-encoding")) {
        codings++;
        if (!tcx__str_ieq(head->headers.list[i].value, TCX__STR("chunked")))
          return fail(h, TCX_EPROTO, "the Transfer-Encoding is not chunked");
      }
    if (codings > 1)
      return fail(h, TCX_EPROTO, "Transfer-Encoding is said twice");
    if (parser->flags & F_CONTENT_LENGTH)
      return fail(h, TCX_EPROTO, "both Content-Length and Transfer-Encoding");
  }
  if ((parser->flags & F_CONTENT_LENGTH) && parser->content_length > INT64_MAX)
    return fail(h, TCX_EPROTO, "the Content-Length is out of range");
  return 0;
}

/* The head's text moves into the arena, and its lines are cut into names and values. */
static int make_head(struct tcx_http1 *h, struct tcx_response_head *head) {
  const llhttp_t *parser = &h->parser;
  head->status = parser->status_code;
  head->content_length = parser->flags & F_CONTENT_LENGTH ? (int64_t)parser->content_length : -1;
  tcx__headers_init(&head->headers, h->arena);
  char *text = tcx__arena_alloc(h->arena, h->len + 1u);
  struct tcx_header *list = tcx__arena_alloc(h->arena, (h->lines + 1u) * sizeof *list);
  if (text == NULL || list == NULL)
    return fail(h, UV_ENOMEM, "out of memory");
  memcpy(text, h->text, h->len);
  text[h->len] = '\0';
  head->reason = (struct tcx_str){text, strlen(text)};
  char *at = text + head->reason.n + 1;
  for (unsigned i = 0; i < h->lines; i++) {
    list[i].name = (struct tcx_str){at, strlen(at)};
    at += list[i].name.n + 1;
    list[i].value = (struct tcx_str){at, strlen(at)};
    at += list[i].value.n + 1;
  }
  head->headers.list = list;
  head->headers.count = h->lines;
  head->headers.cap = h->lines + 1u;
  return 0;
}

static int on_headers_complete(llhttp_t *parser) {
  struct tcx_http1 *h = parser->data;
  h->quiet = 0;
  h->progress = true;
  if (parser->status_code >= 100 && parser->status_code < 200 && parser->status_code != 101) {
    if (parser->http_major != 1)
      return fail(h, TCX_EPROTO, "the response is not HTTP/1");
    h->no_body = true;
    h->ops->interim(h->ctx, parser->status_code);
    return 1;
  }
  struct tcx_response_head head;
  if (end_status(h) != 0 || make_head(h, &head) != 0 || check_framing(h, &head) != 0)
    return -1;
  h->seen_head = true;
  h->lines = 0;
  tcx__free(h->own);
  h->own = NULL;
  h->no_body = h->is_head || parser->status_code == 204 || parser->status_code == 304;
  h->verdict = (uint8_t)h->ops->head(h->ctx, &head);
  return h->verdict == TCX__HTTP1_STOP ? -1 : h->no_body ? 1 : 0;
}

/* ---- the body ---- */

static int on_body(llhttp_t *parser, const char *at, size_t n) {
  struct tcx_http1 *h = parser->data;
  if (n == 0)
    return 0;
  h->quiet = 0;
  h->progress = true;
  if (h->verdict == TCX__HTTP1_PAUSE) { /* asked for by head: these bytes wait */
    h->owed = (uint32_t)n;
    return HPE_PAUSED;
  }
  h->verdict = (uint8_t)h->ops->data(h->ctx, at, n);
  return h->verdict == TCX__HTTP1_GO_ON   ? 0
         : h->verdict == TCX__HTTP1_PAUSE ? HPE_PAUSED
                                          : HPE_USER;
}

static int on_message_complete(llhttp_t *parser) {
  struct tcx_http1 *h = parser->data;
  if (!h->seen_head) /* an interim response */
    return 0;
  h->keep_alive = llhttp_should_keep_alive(parser) != 0;
  h->done = true;
  return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_message_begin,
    .on_status = on_status,
    .on_status_complete = on_status_complete,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- the decoder ---- */

void tcx__http1_init(struct tcx_http1 *h, const struct tcx_http1_ops *ops, void *ctx) {
  memset(h, 0, sizeof *h);
  h->ops = ops;
  h->ctx = ctx;
}

void tcx__http1_reset(struct tcx_http1 *h, struct tcx_arena *arena, bool head_request) {
  tcx__http1_free(h);
  llhttp_init(&h->parser, HTTP_RESPONSE, &settings);
  /* else what follows an interim response of HTTP/1.0, or with "Connection: close", is passed over;
   * a final response pauses the parser, so nothing is read behind that */
  llhttp_set_lenient_keep_alive(&h->parser, 1);
  h->parser.data = h;
  h->arena = arena;
  h->len = h->quiet = h->owed = 0;
  h->lines = 0;
  h->last_mark = '\n';
  h->verdict = TCX__HTTP1_GO_ON;
  h->is_head = head_request;
  h->no_body = h->seen_head = h->done = h->keep_alive = h->progress = h->broken = false;
}

void tcx__http1_free(struct tcx_http1 *h) {
  tcx__free(h->own);
  h->own = NULL;
}

bool tcx__http1_until_close(const struct tcx_http1 *h) {
  return !h->no_body && llhttp_message_needs_eof(&h->parser) != 0;
}

uint64_t tcx__http1_left(const struct tcx_http1 *h) {
  bool known = h->seen_head && !h->no_body && !h->done && (h->parser.flags & F_CONTENT_LENGTH) != 0;
  return known ? h->parser.content_length : 0;
}

/* The part of the body that was parsed before the pause and not delivered. */
static bool pay_owed(struct tcx_http1 *h, const char *p, size_t n, size_t *used) {
  size_t m = h->owed < n ? h->owed : n;
  if (m == 0)
    return true;
  h->owed -= (uint32_t)m;
  *used = m;
  h->verdict = (uint8_t)h->ops->data(h->ctx, p, m);
  return h->verdict == TCX__HTTP1_GO_ON && h->owed == 0;
}

/* A head that is not complete yet leaves the shared buffer. */
static int keep_head(struct tcx_http1 *h, const char *shared, size_t n) {
  for (const char *p = h->feed + n; p > h->feed; p--)
    if (p[-1] != ' ' && p[-1] != '\t') {
      h->last_mark = p[-1];
      break;
    }
  if (h->seen_head || h->text != shared || h->len == 0)
    return 0;
  uint32_t cap = h->len < 512 ? 1024 : h->len * 2;
  h->own = tcx__malloc(cap);
  if (h->own == NULL)
    return fail(h, UV_ENOMEM, "out of memory");
  memcpy(h->own, h->text, h->len);
  h->text = h->own;
  h->cap = cap;
  return 0;
}

tcx__http1_result tcx__http1_feed(struct tcx_http1 *h, const char *p, size_t n, size_t *used,
                                  char *shared) {
  *used = 0;
  if (h->done)
    return TCX__HTTP1_DONE;
  h->verdict = TCX__HTTP1_GO_ON;
  if (!pay_owed(h, p, n, used))
    return h->verdict == TCX__HTTP1_STOP    ? TCX__HTTP1_STOPPED
           : h->verdict == TCX__HTTP1_PAUSE ? TCX__HTTP1_PAUSED
                                            : TCX__HTTP1_MORE;
  if (h->own == NULL) {
    h->text = shared;
    h->cap = TCX__HEAD_MAX;
  }
  llhttp_resume(&h->parser);
  h->progress = false;
  h->feed = p;
  enum llhttp_errno rc = llhttp_execute(&h->parser, p + *used, n - *used);
  if (h->verdict == TCX__HTTP1_STOP)
    return TCX__HTTP1_STOPPED;
  if (rc == HPE_PAUSED) {
    *used = (size_t)(llhttp_get_error_pos(&h->parser) - p) - h->owed;
    if (h->done && h->verdict != TCX__HTTP1_PAUSE)
      return TCX__HTTP1_DONE;
    return TCX__HTTP1_PAUSED;
  }
  if (rc != HPE_OK)
    return llhttp_failed(h, p, n, shared);
  h->quiet = h->progress ? 0 : h->quiet + (uint32_t)(n - *used);
  *used = n;
  if (h->quiet > TCX__HEAD_MAX) {
    fail(h, TCX_EPROTO,
         h->seen_head ? "more than 64 KiB of chunk headers or trailers"
                      : "the response's head is over 64 KiB");
    return TCX__HTTP1_ERROR;
  }
  if (keep_head(h, shared, n) != 0)
    return TCX__HTTP1_ERROR;
  return TCX__HTTP1_MORE;
}

tcx__http1_result tcx__http1_finish(struct tcx_http1 *h, char *shared) {
  if (h->done)
    return TCX__HTTP1_DONE;
  if (h->broken)
    return TCX__HTTP1_ERROR;
  llhttp_resume(&h->parser);
  enum llhttp_errno rc = h->seen_head ? llhttp_finish(&h->parser) : HPE_INVALID_EOF_STATE;
  if (h->done && (rc == HPE_OK || rc == HPE_PAUSED)) {
    h->keep_alive = false;
    return TCX__HTTP1_DONE;
  }
  if (!h->seen_head)
    fail(h, TCX_EPROTO, "the connection ended inside the response's head");
  else if (h->parser.flags & F_CHUNKED)
    fail(h, TCX_EPROTO, "the connection ended before the last chunk of the body");
  else {
    snprintf(shared, TCX__HEAD_MAX, "the connection ended %llu bytes before the end of the body",
             (unsigned long long)h->parser.content_length);
    fail(h, TCX_EPROTO, shared);
  }
  return TCX__HTTP1_ERROR;
}
