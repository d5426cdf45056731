/* post.c - POST forms: a policy that says what may be uploaded, signed, as the fields of a form.
 * botocore's generate_presigned_post. A call of CreateBucket that ends in the form: its URL is the
 * bucket's. */
#include "base/codec.h"
#include "base/json.h"
#include "base/time.h"
#include "s3/s3.h"
#include <string.h>
#include <tucuxi/presign.h>

#define DEFAULT_EXPIRES 3600u
#define POLICY_MAX      (1u << 20) /* bytes of a policy as JSON */

struct post {
  struct tcx_presigner presigner;
  struct tcx_value *fields, *conditions; /* the caller's; NULL = none */
  const char *key;
  unsigned expires_s;
};

static int put_text(tcx_call_t *call, struct tcx_value *map, const char *name, const char *text) {
  struct tcx_value *v = tcx__value_new_str_copy(call->arena, text, strlen(text));
  return v == NULL ? UV_ENOMEM : tcx__value_replace(call->arena, map, name, strlen(name), v);
}

/* ---- what was given ---- */

static int bad(tcx_call_t *call, const char *what) {
  return tcx__fail(&call->fail, TCX_EPARAM, "Parameter validation failed:\n%s", what);
}

static int check(tcx_call_t *call, const struct post *post) {
  if (post->fields != NULL && post->fields->type != TCX_MAP)
    return bad(call, "The fields of a form must be a map of strings");
  for (const struct tcx_value *v = tcx__value_kids(post->fields); v != NULL; v = v->next)
    if (v->type != TCX_STRING)
      return bad(call, "The fields of a form must be a map of strings");
  if (post->conditions != NULL && post->conditions->type != TCX_LIST)
    return bad(call, "The conditions of a form must be a list");
  for (const struct tcx_value *v = tcx__value_kids(post->conditions); v != NULL; v = v->next)
    if (v->type != TCX_MAP && v->type != TCX_LIST)
      return bad(call, "Each condition of a form must be a map or a list");
  return 0;
}

/* ---- the policy ---- */

static int add_condition(tcx_call_t *call, struct tcx_value *conditions, const char *name,
                         const char *text) {
  struct tcx_value *map = tcx__value_new(call->arena, TCX_MAP);
  int err = map == NULL ? UV_ENOMEM : put_text(call, map, name, text);
  return err == 0 ? tcx__value_push(call->arena, conditions, map) : err;
}

/* [starts-with, $key, prefix] */
static int add_prefix(tcx_call_t *call, struct tcx_value *conditions, struct tcx_str prefix) {
  static const char *const words[] = {"starts-with", "$key"};
  struct tcx_value *condition = tcx__value_new(call->arena, TCX_LIST), *v = NULL;
  int err = condition == NULL ? UV_ENOMEM : 0;
  for (int i = 0; i < 2 && err == 0; i++)
    err = (v = tcx__value_new_str(call->arena, words[i], strlen(words[i]))) == NULL
              ? UV_ENOMEM
              : tcx__value_push(call->arena, condition, v);
  if (err == 0)
    err = (v = tcx__value_new_str_copy(call->arena, prefix.p, prefix.n)) == NULL
              ? UV_ENOMEM
              : tcx__value_push(call->arena, condition, v);
  return err == 0 ? tcx__value_push(call->arena, conditions, condition) : err;
}

static int add_key(tcx_call_t *call, struct tcx_value *conditions, const char *key) {
  static const char filename[] = "${filename}";
  struct tcx_str name = tcx__str(key);
  if (!tcx__str_ends(name, filename))
    return add_condition(call, conditions, "key", key);
  return add_prefix(call, conditions, (struct tcx_str){key, name.n - (sizeof filename - 1)});
}

/* Each of these is a field of the form and a condition of the policy. */
static int add_signed(tcx_call_t *call, struct tcx_value *fields, struct tcx_value *conditions,
                      const char *name, const char *text) {
  int err = add_condition(call, conditions, name, text);
  return err == 0 ? put_text(call, fields, name, text) : err;
}

/* The policy in base64. */
static int write_policy(tcx_call_t *call, const struct post *post, struct tcx_value *conditions,
                        struct tcx_str *out) {
  struct tcx_buf json, base64;
  char end[TCX__TIME_TEXT];
  struct tcx_value *policy = tcx__value_new(call->arena, TCX_MAP);
  end[tcx__time_text(end, tcx__call_now(call) + post->expires_s, 0)] = '\0';
  int err = policy == NULL ? UV_ENOMEM : put_text(call, policy, "expiration", end);
  if (err == 0)
    err = tcx__value_add(call->arena, policy, "conditions", 10, conditions);
  if (err != 0)
    return err;
  tcx__buf_init(&json, call->arena, POLICY_MAX);
  tcx__buf_init(&base64, call->arena, 2 * POLICY_MAX);
  tcx__json_write(&json, policy, TCX__JSON_ASCII);
  if (json.status == 0)
    tcx__base64_encode(&base64, json.data, json.len);
  err = json.status != 0 ? json.status : base64.status;
  *out = tcx__buf_str(&base64);
  return err == UV_ENOMEM || err == 0 ? err
                                      : bad(call, "The policy of a form is larger than 1 MiB");
}

/* ---- the form ---- */

static int sign(tcx_call_t *call, const struct post *post, struct tcx_value *fields,
                struct tcx_value *conditions) {
  struct tcx_sigv4 s;
  struct tcx_str policy;
  char date[17];
  char *credential = NULL;
  int err = tcx__call_sigv4(call, &s);
  if (err == 0)
    err = tcx__sigv4_credential(&s, call->arena, date, &credential, &call->fail);
  if (err == 0)
    err = add_signed(call, fields, conditions, "x-amz-algorithm", "AWS4-HMAC-SHA256");
  if (err == 0)
    err = add_signed(call, fields, conditions, "x-amz-credential", credential);
  if (err == 0)
    err = add_signed(call, fields, conditions, "x-amz-date", date);
  if (err == 0 && s.session_token != NULL)
    err = add_signed(call, fields, conditions, "x-amz-security-token", s.session_token);
  if (err == 0)
    err = write_policy(call, post, conditions, &policy);
  if (err == 0)
    err = put_text(call, fields, "policy", policy.p);
  if (err == 0)
    err = tcx__sigv4_sign_text(&s, policy, &call->fail);
  return err == 0 ? put_text(call, fields, "x-amz-signature", s.signature) : err;
}

static int make_form(tcx_call_t *call, struct tcx_presigner *presigner) {
  struct post *post = (struct post *)presigner;
  struct tcx_value *fields = post->fields, *conditions = post->conditions;
  int err = check(call, post);
  if (err == 0 && call->scheme != TCX__SCHEME_NONE && call->scheme != TCX__SCHEME_SIGV4)
    err = tcx__call_cannot_sign(call, "presign-post");
  if (err != 0)
    return err;
  if (fields == NULL)
    fields = tcx__value_new(call->arena, TCX_MAP);
  if (conditions == NULL)
    conditions = tcx__value_new(call->arena, TCX_LIST);
  call->value = tcx__value_new(call->arena, TCX_MAP);
  const char *url = tcx__call_url(call);
  if (fields == NULL || conditions == NULL || call->value == NULL || url == NULL)
    return UV_ENOMEM;
  err = add_condition(call, conditions, "bucket", tcx__s3_bucket(call).p);
  if (err == 0)
    err = add_key(call, conditions, post->key);
  if (err == 0)
    err = put_text(call, fields, "key", post->key);
  if (err == 0 && call->scheme != TCX__SCHEME_NONE)
    err = sign(call, post, fields, conditions);
  if (err == 0)
    err = put_text(call, call->value, "url", url);
  return err == 0 ? tcx__value_add(call->arena, call->value, "fields", 6, fields) : err;
}

/* Out of the params, in whose memory they stay. */
static struct tcx_value *take(tcx_value_t *params, const char *name) {
  struct tcx_value *v = tcx__value_find(params, name, strlen(name));
  if (v != NULL)
    (void)tcx__value_remove(params, name, strlen(name));
  return v;
}

int tcx_client_presign_post(tcx_client_t *s3, const char *bucket, const char *key,
                            tcx_value_t *fields, tcx_value_t *conditions, unsigned expires_s,
                            tcx_call_cb cb, void *data) {
  /* other services have no such method */
  bool is_s3 = s3 != NULL && strcmp(tcx_client_service(s3), "s3") == 0;
  struct tcx_call_start start = {.client = s3,
                                 .operation = is_s3 ? "CreateBucket" : "generate_presigned_post",
                                 .cb = cb,
                                 .data = data,
                                 .goal = TCX__GOAL_PRESIGN};
  if (bucket == NULL || key == NULL) {
    tcx_value_free(fields);
    tcx_value_free(conditions);
    return UV_EINVAL;
  }
  start.params = tcx_value_set_str(tcx_value_new_map(), "Bucket", bucket);
  if (fields != NULL)
    tcx_value_set(start.params, "fields", fields);
  if (conditions != NULL)
    tcx_value_set(start.params, "conditions", conditions);
  struct post *post = tcx__presigner_new(start.params, sizeof *post);
  if (post != NULL) {
    post->presigner.run = make_form;
    post->fields = take(start.params, "fields");
    post->conditions = take(start.params, "conditions");
    post->key = tcx__arena_strdup(tcx__root_of(start.params)->arena, key);
    post->expires_s = expires_s != 0 ? expires_s : DEFAULT_EXPIRES;
    start.presigner = &post->presigner;
  }
  if (tcx_value_status(start.params) == 0 && (post == NULL || post->key == NULL)) {
    tcx_value_free(start.params);
    return UV_ENOMEM;
  }
  return tcx__call_start(&start, NULL);
}
