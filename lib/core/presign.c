/*
 * presign.c - a call that ends in a URL instead of on the wire: botocore's generate_presigned_url,
 * SigV4 and SigV4A always. A presigner makes something else of it: a form, a token.
 *
 * A form's fields become the query. So do the members of a JSON document where the URL is for GET
 * or HEAD, which have no body. Any other body in memory is signed, but for S3's, and told: the URL
 * is good for exactly that one.
 */
#include "base/codec.h"
#include "base/json.h"
#include "core/call.h"
#include "core/user_hooks.h"
#include <ctype.h>
#include <string.h>
#include <tucuxi/presign.h>

#define MAX_EXPIRES     604800u
#define DEFAULT_EXPIRES 3600u
#define EXPRESS_EXPIRES 300u /* a session of S3 Express, and what it signed, lives no longer */
#define QUERY_MAX       (1u << 20)

/* ---- the body ---- */

static void begin_query(struct tcx_buf *query, tcx_call_t *call) {
  tcx__buf_init(query, call->arena, QUERY_MAX);
  tcx__buf_add_str(query, call->req.query);
}

static int end_query(const struct tcx_buf *query, tcx_call_t *call) {
  call->req.query = tcx__buf_str(query);
  call->req.body = (struct tcx_str){0};
  return query->status;
}

/* A form's space is no '+' there; the signer then leaves the form's content type out. */
static int move_form(tcx_call_t *call) {
  struct tcx_str form = call->req.body;
  struct tcx_buf query;
  begin_query(&query, call);
  if (query.len > 0)
    tcx__buf_addc(&query, '&');
  for (size_t i = 0; i < form.n; i++) {
    if (form.p[i] == '+')
      tcx__buf_adds(&query, "%20");
    else
      tcx__buf_addc(&query, form.p[i]);
  }
  return end_query(&query, call);
}

/* A text as it is, anything else as JSON. */
static int add_pair(struct tcx_buf *query, tcx_call_t *call, const struct tcx_value *member,
                    const struct tcx_value *value) {
  struct tcx_buf json;
  struct tcx_str text = value->u.bytes;
  if (value->type != TCX_STRING) {
    tcx__buf_init(&json, call->arena, QUERY_MAX);
    tcx__json_write(&json, value, TCX__JSON_COMPACT);
    if (json.status != 0)
      return json.status;
    text = tcx__buf_str(&json);
  }
  if (query->len > 0)
    tcx__buf_addc(query, '&');
  tcx__uri_encode(query, member->name, member->name_len, TCX__URI_LABEL);
  tcx__buf_addc(query, '=');
  tcx__uri_encode(query, text.p, text.n, TCX__URI_LABEL);
  return query->status;
}

/* The document's members; each item of a list by itself. */
static int move_document(tcx_call_t *call) {
  struct tcx_value *document = NULL;
  struct tcx_buf query;
  int err = tcx__json_parse(call->arena, call->req.body.p, call->req.body.n, &document, NULL);
  if (err == TCX_EPARAM || (err == 0 && document->type != TCX_MAP))
    return tcx__fail(&call->fail, TCX_EPARAM,
                     "Parameter validation failed:\nThe body of %s is no JSON object, whose "
                     "members could be the query of a URL for %s",
                     call->op->name, call->req.method);
  if (err != 0)
    return err;
  begin_query(&query, call);
  for (const struct tcx_value *v = tcx__value_kids(document); v != NULL && err == 0; v = v->next) {
    if (v->type != TCX_LIST)
      err = add_pair(&query, call, v, v);
    else
      for (const struct tcx_value *item = tcx__value_kids(v); item != NULL && err == 0;
           item = item->next)
        err = add_pair(&query, call, v, item);
  }
  return err == 0 ? end_query(&query, call) : err;
}

static bool has_no_body(const char *method) {
  return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static int move_body(tcx_call_t *call) {
  const struct tcx_header *type = tcx__headers_get(&call->req.headers, "content-type");
  bool is_json = strstr(call->client->model->protocol, "json") != NULL;
  if (call->req.body.n == 0 && call->upload.body == NULL)
    call->req.body = call->upload.memory; /* of a member that is the body */
  if (call->req.body.n == 0 || call->s3_signer)
    return 0;
  if (type != NULL && tcx__str_is(type->value, "application/x-www-form-urlencoded; charset=utf-8"))
    return move_form(call);
  return is_json && has_no_body(call->req.method) ? move_document(call) : 0;
}

/* ---- the URL ---- */

static unsigned expires_of(const tcx_call_t *call) {
  return call->expires_s != 0                    ? call->expires_s
         : call->scheme == TCX__SCHEME_S3EXPRESS ? EXPRESS_EXPIRES
                                                 : DEFAULT_EXPIRES;
}

int tcx__call_cannot_sign(tcx_call_t *call, const char *what) {
  const char *version = call->scheme == TCX__SCHEME_BEARER  ? "bearer"
                        : call->scheme == TCX__SCHEME_SIGV2 ? "v2"
                        : call->s3_signer                   ? "s3v4a"
                                                            : "v4a";
  return tcx__fail(&call->fail, TCX_ECONFIG, "Signature version(s) are not supported: %s-%s",
                   version, what);
}

static int use_method(tcx_call_t *call) {
  for (const char *p = call->method; p != NULL && *p != '\0'; p++)
    if (!isupper((unsigned char)*p) && *p != '-')
      return tcx__fail(&call->fail, TCX_EPARAM,
                       "Parameter validation failed:\nInvalid method of a URL: %.64s",
                       call->method);
  if (call->method != NULL)
    call->req.method = call->method;
  return 0;
}

static int sign_url(tcx_call_t *call) {
  struct tcx_sigv4 s;
  int err = move_body(call);
  if (err == 0)
    err = tcx__call_sigv4(call, &s);
  return err == 0 ? tcx__sigv4_presign(&s, &call->req, expires_of(call), &call->fail) : err;
}

/* The body that the URL is good for, or, unsigned, that belongs to it. */
static int put_body(tcx_call_t *call) {
  struct tcx_str body = call->req.body;
  if (call->payload.form != TCX__PAYLOAD_HASH || body.n == 0)
    return 0;
  struct tcx_value *v = tcx__value_new_blob(call->arena, body.p, body.n);
  return v != NULL ? tcx__value_add(call->arena, call->value, "Body", 4, v) : UV_ENOMEM;
}

static int make_url(tcx_call_t *call) {
  int err = tcx__run_hooks(call, TCX__BEFORE_SIGN);
  if (err == 0)
    err = use_method(call);
  if (err == 0)
    err = tcx__emit(call, TCX__ON_BEFORE_SIGN);
  if (err == 0 && call->scheme != TCX__SCHEME_NONE)
    err = tcx__call_signs(call) ? sign_url(call) : tcx__call_cannot_sign(call, "query");
  if (err == 0)
    err = tcx__call_describe(call, tcx__call_signed_headers(call));
  return err == 0 ? put_body(call) : err;
}

void tcx__call_presigned(tcx_call_t *call) {
  int err = call->presigner != NULL ? call->presigner->run(call, call->presigner) : make_url(call);
  if (err != 0)
    tcx__call_fail(call, err, TCX_PHASE_PARAMS);
  else
    tcx__call_done(call);
}

/* ---- a presigner ---- */

void *tcx__presigner_new(const tcx_value_t *params, size_t size) {
  struct tcx_root *root = tcx_value_status(params) == 0 ? tcx__root_of(params) : NULL;
  return root != NULL ? tcx__arena_zalloc(root->arena, size) : NULL;
}

void tcx__call_alone(tcx_call_t *call) {
  const tcx_client_t *c = call->client;
  call->scheme = c->scheme;
  call->signing_region = c->config.region;
  call->signing_name = c->model->signing_name;
  call->state = TCX__CALL_CREDENTIALS;
}

/* ---- starting ---- */

static int start_url(tcx_client_t *client, const char *operation, tcx_value_t *params,
                     const tcx_presign_options_t *options, tcx_call_cb cb, void *data,
                     tcx_call_t **call) {
  if (options->expires_s > MAX_EXPIRES) {
    tcx_value_free(params);
    return UV_EINVAL;
  }
  struct tcx_call_start start = {.client = client,
                                 .operation = operation,
                                 .params = params,
                                 .cb = cb,
                                 .data = data,
                                 .goal = TCX__GOAL_PRESIGN,
                                 .expires_s = options->expires_s,
                                 .method = options->method};
  return tcx__call_start(&start, call);
}

int tcx__client_presign(tcx_client_t *client, const char *operation, tcx_value_t *params,
                        unsigned expires_s, tcx_call_cb cb, void *data, tcx_call_t **call) {
  return start_url(client, operation, params, &(tcx_presign_options_t){.expires_s = expires_s}, cb,
                   data, call);
}

int tcx_client_presign(tcx_client_t *client, const char *operation, tcx_value_t *params,
                       unsigned expires_s, tcx_call_cb cb, void *data) {
  return tcx__client_presign(client, operation, params, expires_s, cb, data, NULL);
}

int tcx_client_presign_url_sized(tcx_client_t *client, const char *operation, tcx_value_t *params,
                                 const tcx_presign_options_t *options, size_t size, tcx_call_cb cb,
                                 void *data) {
  tcx_presign_options_t o = {0};
  if (size > sizeof o) {
    tcx_value_free(params);
    return UV_EINVAL;
  }
  if (options != NULL)
    memcpy(&o, options, size);
  return start_url(client, operation, params, &o, cb, data, NULL);
}
