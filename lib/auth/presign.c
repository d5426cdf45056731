/* presign.c - signing by query: the signature is part of a URL that anybody may use until it
 * expires; and of a text, which is what a form with a policy wants. */
#include "auth/sign.h"
#include "base/codec.h"
#include "base/mem.h"

#define QUERY_MAX (1u << 20) /* bytes of a presigned query */

/* The request's own parameters, each with its '=', as they come back from whoever parses and writes
 * the URL anew. */
static void add_own(struct tcx_buf *out, struct tcx_str query) {
  for (size_t at = 0; at < query.n;) {
    const char *p = query.p + at, *mark = memchr(p, '&', query.n - at);
    size_t n = mark == NULL ? query.n - at : (size_t)(mark - p);
    at += n + 1;
    if (n == 0)
      continue;
    tcx__buf_add(out, p, n);
    if (memchr(p, '=', n) == NULL)
      tcx__buf_addc(out, '=');
    tcx__buf_addc(out, '&');
  }
}

static void add_parameter(struct tcx_buf *out, const char *name, const char *value, size_t n) {
  tcx__buf_adds(out, name);
  tcx__uri_encode(out, value, n, TCX__URI_LABEL);
}

static bool has_token(const struct tcx_sigv4 *s) {
  return s->session_token != NULL && s->session_token[0] != '\0';
}

static void add_token(struct tcx_buf *out, const struct tcx_sigv4 *s) {
  add_parameter(out,
                s->express ? "&X-Amz-S3session-Token=" : "&X-Amz-Security-Token=", s->session_token,
                strlen(s->session_token));
}

/* All but the signature. */
static void write_query(struct tcx_buf *out, const struct tcx_sigv4 *s, const struct tcx_signing *g,
                        const struct tcx_signed_headers *h, struct tcx_str own,
                        unsigned expires_s) {
  add_own(out, own);
  tcx__buf_adds(out, "X-Amz-Algorithm=");
  tcx__buf_add_str(out, tcx__algorithm(s->asymmetric));
  add_parameter(out, "&X-Amz-Credential=", s->access_key, strlen(s->access_key));
  add_parameter(out, "%2F", g->scope, g->scope_len);
  add_parameter(out, "&X-Amz-Date=", g->date, 16);
  add_parameter(out, "&X-Amz-SignedHeaders=", h->names.p, h->names.n);
  tcx__buf_adds(out, "&X-Amz-Expires=");
  tcx__buf_add_uint(out, expires_s);
  if (has_token(s) && !s->token_after)
    add_token(out, s);
  if (s->asymmetric)
    add_parameter(out, "&X-Amz-Region-Set=", s->region, strlen(s->region));
}

/* S3's URLs are for bodies that nobody has seen yet. */
static struct tcx_str payload_line(const struct tcx_sigv4 *s, const struct tcx_request *req) {
  const struct tcx_header *given = tcx__headers_get(&req->headers, "x-amz-content-sha256");
  if (given != NULL)
    return given->value;
  if (s->s3 && s->payload_sha256 == NULL)
    return TCX__STR("UNSIGNED-PAYLOAD");
  return tcx__payload_text(s, req);
}

static int sign_query(struct tcx_sigv4 *s, const struct tcx_signing *g, struct tcx_request *req,
                      unsigned expires_s) {
  struct tcx_signed_headers h;
  struct tcx_buf query;
  unsigned char canonical[32];
  int status = tcx__signed_headers(&h, req);
  if (status < 0)
    return status;
  tcx__buf_init(&query, req->arena, QUERY_MAX);
  write_query(&query, s, g, &h, req->query, expires_s);
  struct tcx_str payload = payload_line(s, req);
  if (query.status < 0 || payload.p == NULL)
    return query.status < 0 ? query.status : UV_ENOMEM;
  status = tcx__canonical_hash(s, req, &h, tcx__buf_str(&query), payload, canonical);
  if (status == 0)
    status = tcx__signing_end(g, s, req, canonical);
  if (status < 0)
    return status;
  if (has_token(s) && s->token_after)
    add_token(&query, s);
  tcx__buf_adds(&query, "&X-Amz-Signature=");
  tcx__buf_adds(&query, s->signature);
  if (query.status == 0)
    req->query = tcx__buf_str(&query);
  return query.status;
}

int tcx__sigv4_presign(struct tcx_sigv4 *s, struct tcx_request *req, unsigned expires_s,
                       struct tcx_fail *f) {
  struct tcx_signing g;
  const struct tcx_header *type = tcx__headers_get(&req->headers, "content-type");
  if (type != NULL && req->body.n == 0 &&
      tcx__str_is(type->value, "application/x-www-form-urlencoded; charset=utf-8"))
    tcx__headers_remove(&req->headers,
                        "content-type"); /* of a form whose fields have become the query */
  int status = tcx__signing_begin(&g, s, f);
  if (status < 0)
    return status;
  status = sign_query(s, &g, req, expires_s);
  tcx__wipe(&g.key, sizeof g.key);
  return status == 0 ? 0 : tcx__fail(f, status, "%s", tcx_strerror(status));
}

int tcx__sigv4_credential(const struct tcx_sigv4 *s, struct tcx_arena *arena, char date[17],
                          char **credential, struct tcx_fail *f) {
  struct tcx_signing g;
  int status = tcx__signing_begin(&g, s, f);
  if (status < 0)
    return status;
  memcpy(date, g.date, sizeof g.date);
  tcx__wipe(&g.key, sizeof g.key);
  *credential = tcx__arena_printf(arena, "%s/%s", s->access_key, g.scope);
  return *credential != NULL ? 0 : UV_ENOMEM;
}

int tcx__sigv4_sign_text(struct tcx_sigv4 *s, struct tcx_str text, struct tcx_fail *f) {
  struct tcx_signing g;
  int status = tcx__signing_begin(&g, s, f);
  if (status < 0)
    return status;
  tcx__signature(&g.key, text.p, text.n, s->signature);
  tcx__wipe(&g.key, sizeof g.key);
  return 0;
}
