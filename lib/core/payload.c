#include "core/payload.h"
#include "base/codec.h"
#include "core/body.h"
#include "core/call.h"
#include <string.h>
#include <strings.h>

/* ---- the request's checksum ---- */

/* Any x-amz-checksum-*, as botocore decides it. */
static bool has_checksum_header(const struct tcx_headers *h) {
  for (unsigned i = 0; i < h->count; i++)
    if (h->list[i].name.n > 15 && strncasecmp(h->list[i].name.p, "x-amz-checksum-", 15) == 0)
      return true;
  return false;
}

static int choose_sum(tcx_call_t *call) {
  struct tcx_payload *p = &call->payload;
  const struct tcx_operation *op = call->op;
  const char *member = op->checksum_algorithm_member;
  bool required = (op->flags & (TCX__OP_CHECKSUM_REQUIRED | TCX__OP_MD5_REQUIRED)) != 0;
  p->sum = TCX__SUM_NONE;
  if (has_checksum_header(&call->req.headers))
    return 0;
  const char *asked =
      member != NULL ? tcx_value_str(tcx__value_find(call->params, member, strlen(member)), NULL)
                     : NULL;
  if (asked != NULL) {
    p->sum = tcx__sum_by_name(asked);
    return p->sum != TCX__SUM_NONE
               ? 0
               : tcx__fail(&call->fail, TCX_EPARAM, "Unsupported checksum algorithm: %s", asked);
  }
  if (!required && (member == NULL || call->client->config.request_checksum_when_required))
    return 0;
  if (call->goal == TCX__GOAL_PRESIGN)
    return 0;
  p->sum = TCX__SUM_CRC32;
  p->own_sum = true;
  return 0;
}

/* The form is chosen, and may have left no place for the checksum: then tucuxi's own is left out,
 * header and all, and one that the caller asked for cannot be had. */
static int name_sum(tcx_call_t *call, tcx__sum wanted) {
  const struct tcx_operation *op = call->op;
  const struct tcx_payload *p = &call->payload;
  if (p->sum != wanted && !p->own_sum)
    return tcx__fail(&call->fail, TCX_EBODY,
                     "the checksum of this body of %s can only be sent in a trailer, and there is "
                     "none over plain http without payload signing, or at a service that refuses "
                     "it: give the body in memory",
                     op->name);
  const char *member = op->checksum_algorithm_member;
  if (!p->own_sum || p->sum == TCX__SUM_NONE || member == NULL)
    return 0;
  const struct tcx_member *m = tcx__shape_member(op->input, member, strlen(member));
  if (m == NULL || m->location != TCX__LOC_HEADER)
    return 0;
  return tcx__headers_set(&call->req.headers, (struct tcx_str){m->wire, m->wire_len},
                          TCX__STR("CRC32"));
}

/* ---- where it goes, and what is signed ---- */

static bool streaming_input(const struct tcx_operation *op) {
  if (op->input == NULL || op->input->payload == NULL)
    return false;
  const struct tcx_member *m =
      tcx__shape_member(op->input, op->input->payload, strlen(op->input->payload));
  return m != NULL && (m->flags & TCX__M_STREAMING) != 0;
}

/* The table of payload.h. protected_: a checksum of tucuxi's or a Content-MD5 covers the body. */
static void choose_form(tcx_call_t *call, bool streaming, bool protected_) {
  struct tcx_payload *p = &call->payload;
  const struct tcx_client_config *config = &call->client->config;
  bool trailers = !call->client->trailers_refused && !call->without_trailer;
  bool small =
      call->upload.body == NULL && (!streaming || call->upload.memory.n <= TCX__MEMORY_BODY_MAX ||
                                    (!trailers && p->sum != TCX__SUM_NONE));
  bool never = config->s3.payload_signing == TCX__FALSE;
  bool sign = !never && (config->s3.payload_signing == TCX__TRUE || !call->req.tls || !streaming ||
                         !protected_);
  if (small && streaming && p->sum != TCX__SUM_NONE && call->req.tls && trailers &&
      config->s3.checksum_trailer == TCX__TRUE)
    small = sign = false; /* botocore's way, which beats payload_signing_enabled too */
  p->place = p->sum == TCX__SUM_NONE ? TCX__SUM_NOWHERE : TCX__SUM_IN_HEADER;
  if (!call->s3_signer) { /* aws-chunked is S3's alone */
    p->form = (call->op->flags & TCX__OP_UNSIGNED_PAYLOAD) != 0 ? TCX__PAYLOAD_UNSIGNED
                                                                : TCX__PAYLOAD_HASH;
    return;
  }
  if (small) {
    p->form = sign ? TCX__PAYLOAD_HASH : TCX__PAYLOAD_UNSIGNED;
    return;
  }
  if (!trailers || (never && !call->req.tls))
    p->sum = TCX__SUM_NONE;
  if ((call->op->flags & TCX__OP_UNSIGNED_PAYLOAD) != 0 && call->req.tls && p->sum == TCX__SUM_NONE)
    sign = false;
  p->place = p->sum == TCX__SUM_NONE ? TCX__SUM_NOWHERE : TCX__SUM_IN_TRAILER;
  if (sign && tcx__call_signs(call))
    p->form = p->sum == TCX__SUM_NONE ? TCX__PAYLOAD_STREAMING : TCX__PAYLOAD_STREAMING_TRAILER;
  else
    p->form =
        p->sum == TCX__SUM_NONE ? TCX__PAYLOAD_UNSIGNED : TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER;
}

static bool chunked_form(tcx__payload form) {
  return form == TCX__PAYLOAD_STREAMING || form == TCX__PAYLOAD_STREAMING_TRAILER ||
         form == TCX__PAYLOAD_STREAMING_UNSIGNED_TRAILER;
}

/* ---- its headers ---- */

static int add_number(tcx_call_t *call, struct tcx_str name, uint64_t number) {
  char *text = tcx__arena_printf(call->arena, "%llu", (unsigned long long)number);
  return text == NULL ? UV_ENOMEM : tcx__headers_set(&call->req.headers, name, tcx__str(text));
}

static int add_chunked_headers(tcx_call_t *call) {
  struct tcx_headers *h = &call->req.headers;
  struct tcx_str own = call->content_encoding;
  const char *value = "aws-chunked";
  if (own.p != NULL &&
      (value = tcx__arena_printf(call->arena, "%.*s,aws-chunked", (int)own.n, own.p)) == NULL)
    return UV_ENOMEM;
  int err = tcx__headers_set(h, TCX__STR("Content-Encoding"), tcx__str(value));
  if (err == 0)
    err = add_number(call, TCX__STR("X-Amz-Decoded-Content-Length"), (uint64_t)call->upload.length);
  if (err == 0 && call->payload.place == TCX__SUM_IN_TRAILER)
    err = tcx__headers_set(h, TCX__STR("X-Amz-Trailer"), tcx__sum_header(call->payload.sum));
  if (err == 0 && !tcx__call_signs(call))
    err = tcx__headers_set(h, TCX__STR("X-Amz-Content-SHA256"),
                           TCX__STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER"));
  return err;
}

/* What Content-Length says; not among req.headers, since botocore does not sign it. */
static int64_t content_length(const tcx_call_t *call, bool streaming) {
  const struct tcx_payload *p = &call->payload;
  const char *method = call->op->http_method;
  if (!tcx__upload_any(&call->upload) && !chunked_form(p->form) && !streaming &&
      strcmp(method, "PUT") != 0 && strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0)
    return -1;
  if (!chunked_form(p->form))
    return call->upload.length;
  return (int64_t)tcx__chunked_length(p->form, call->scheme == TCX__SCHEME_SIGV4A,
                                      p->place == TCX__SUM_IN_TRAILER ? p->sum : TCX__SUM_NONE,
                                      (uint64_t)call->upload.length);
}

static int start_hashing(tcx_call_t *call) {
  struct tcx_payload *p = &call->payload;
  p->hashed = 0;
  p->summer = NULL;
  p->sha = NULL;
  p->tree = NULL;
  if (p->place == TCX__SUM_IN_HEADER) {
    if ((p->summer = tcx__arena_alloc(call->arena, sizeof *p->summer)) == NULL)
      return UV_ENOMEM;
    tcx__summer_init(p->summer, p->sum);
  }
  p->hash_sha = p->form == TCX__PAYLOAD_HASH && call->upload.memory.n > 0 && tcx__call_signs(call);
  if (p->hash_sha) {
    if ((p->sha = tcx__arena_alloc(call->arena, sizeof *p->sha)) == NULL)
      return UV_ENOMEM;
    tcx__sha256_init(p->sha);
  }
  if (call->tree_hash) {
    if ((p->tree = tcx__arena_alloc(call->arena, sizeof *p->tree)) == NULL)
      return UV_ENOMEM;
    tcx__tree_hash_init(p->tree);
  }
  p->ready = p->summer == NULL && p->sha == NULL && p->tree == NULL;
  return 0;
}

int tcx__payload_plan(tcx_call_t *call) {
  struct tcx_payload *p = &call->payload;
  memset(p, 0, sizeof *p);
  bool streaming = streaming_input(call->op);
  if (call->goal != TCX__GOAL_PRESIGN && call->upload.body != NULL && call->upload.length < 0)
    return tcx__fail(&call->fail, TCX_EBODY,
                     "the length of the request body is unknown: a single %s request must say it "
                     "(give the source its length)",
                     call->op->name);
  int err = choose_sum(call);
  if (err != 0)
    return err;
  if (call->goal == TCX__GOAL_PRESIGN) {
    bool any =
        call->s3_signer || ((call->op->flags & TCX__OP_UNSIGNED_PAYLOAD) != 0 && call->req.tls);
    p->form = any ? TCX__PAYLOAD_UNSIGNED : TCX__PAYLOAD_HASH;
    p->ready = true;
    return 0;
  }
  tcx__sum wanted = p->sum;
  choose_form(call, streaming,
              p->sum != TCX__SUM_NONE ||
                  tcx__headers_get(&call->req.headers, "content-md5") != NULL);
  if ((err = name_sum(call, wanted)) != 0)
    return err;
  if (call->upload.body != NULL &&
      (p->form == TCX__PAYLOAD_HASH || p->place == TCX__SUM_IN_HEADER || call->tree_hash))
    return tcx__fail(&call->fail, TCX_EBODY,
                     "the body of %s has to be hashed before it is sent: give it in memory",
                     call->op->name);
  if (chunked_form(p->form))
    err = add_chunked_headers(call);
  p->content_length = content_length(call, streaming);
  return err == 0 ? start_hashing(call) : err;
}

static int set_sum(tcx_call_t *call, struct tcx_str name, const char *text, size_t n) {
  const char *kept = tcx__arena_strndup(call->arena, text, n);
  return kept == NULL ? UV_ENOMEM
                      : tcx__headers_set(&call->req.headers, name, (struct tcx_str){kept, n});
}

static int finish_hashing(tcx_call_t *call) {
  struct tcx_payload *p = &call->payload;
  unsigned char digest[32];
  char text[TCX__SUM_TEXT], hex[64];
  int err = 0;
  p->ready = true;
  if (p->sha != NULL) {
    tcx__sha256_final(p->sha, digest);
    tcx__hex_encode(p->sha_hex, digest, sizeof digest);
    p->sha_hex[64] = '\0';
  }
  if (p->summer != NULL) {
    size_t n = tcx__summer_final(p->summer, text);
    err = set_sum(call, tcx__sum_header(p->sum), text, n);
  }
  if (p->tree != NULL && err == 0) {
    tcx__tree_hash_final(p->tree, digest);
    tcx__hex_encode(hex, digest, sizeof digest);
    err = set_sum(call, TCX__STR("x-amz-sha256-tree-hash"), hex, sizeof hex);
  }
  return err;
}

int tcx__payload_hash(tcx_call_t *call) {
  struct tcx_payload *p = &call->payload;
  if (p->ready)
    return 0;
  struct tcx_str body = call->upload.memory;
  size_t n = body.n - p->hashed < TCX__HASH_SLICE ? body.n - p->hashed : TCX__HASH_SLICE;
  if (p->sha != NULL && n > 0)
    tcx__sha256_update(p->sha, body.p + p->hashed, n);
  if (p->summer != NULL && n > 0)
    tcx__summer_update(p->summer, body.p + p->hashed, n);
  if (p->tree != NULL && n > 0)
    tcx__tree_hash_update(p->tree, body.p + p->hashed, n);
  p->hashed += n;
  return p->hashed == body.n ? finish_hashing(call) : 0;
}

/* ---- the response's checksum ---- */

int tcx__payload_ask_response(tcx_call_t *call) {
  const char *member = call->op->checksum_mode_member;
  if (member == NULL || call->goal == TCX__GOAL_PRESIGN)
    return 0;
  if (tcx__value_find(call->params, member, strlen(member)) == NULL) {
    if (call->client->config.response_checksum_when_required)
      return 0;
    struct tcx_value *v = tcx__value_new_str(call->arena, "ENABLED", 7);
    if (v == NULL || tcx__value_add(call->arena, call->params, member, strlen(member), v) != 0)
      return UV_ENOMEM;
  }
  call->check.wanted = true;
  return 0;
}

static bool listed(const struct tcx_operation *op, tcx__sum sum) {
  for (unsigned i = 0; i < op->n_response_algorithms; i++)
    if (tcx__sum_by_name(op->response_algorithms[i]) == sum)
      return true;
  return false;
}

int tcx__payload_check_with(tcx_call_t *call, tcx__sum sum, struct tcx_str expected) {
  call->check.expected = expected;
  call->check.summer = tcx__arena_alloc(call->arena, sizeof *call->check.summer);
  if (call->check.summer == NULL)
    return UV_ENOMEM;
  tcx__summer_init(call->check.summer, sum);
  return 0;
}

int tcx__payload_check_begin(tcx_call_t *call) {
  static const tcx__sum by_priority[] = {TCX__SUM_CRC64NVME, TCX__SUM_CRC32C, TCX__SUM_CRC32,
                                         TCX__SUM_SHA1, TCX__SUM_SHA256};
  if (!call->check.wanted || call->head.status >= 300 || call->check.summer != NULL)
    return 0;
  for (unsigned i = 0; i < sizeof by_priority / sizeof by_priority[0]; i++) {
    const struct tcx_header *h =
        tcx__headers_find(&call->head.headers, tcx__sum_header(by_priority[i]));
    /* with a dash it is a checksum of checksums */
    if (h == NULL || memchr(h->value.p, '-', h->value.n) != NULL ||
        !listed(call->op, by_priority[i]))
      continue;
    return tcx__payload_check_with(call, by_priority[i], h->value);
  }
  return 0;
}

int tcx__payload_check_end(tcx_call_t *call) {
  char text[TCX__SUM_TEXT];
  if (call->check.summer == NULL)
    return 0;
  struct tcx_str found = {text, tcx__summer_final(call->check.summer, text)};
  if (tcx__str_eq(found, call->check.expected))
    return 0;
  return tcx__fail(&call->fail, TCX_ECHECKSUM,
                   "Expected checksum %.*s did not match calculated checksum: %.*s",
                   (int)call->check.expected.n, call->check.expected.p, (int)found.n, found.p);
}
