#include "base/codec.h"
#include "s3/s3.h"
#include <ctype.h>
#include <string.h>

#define BAD_PARAMS "Parameter validation failed:\n"

/* ---- bucket names ---- */

static bool plain_bucket(struct tcx_str b) {
  if (b.n == 0 || b.n > 255)
    return false;
  for (size_t i = 0; i < b.n; i++)
    if (!isalnum((unsigned char)b.p[i]) && strchr(".-_", b.p[i]) == NULL)
      return false;
  return memchr(b.p, '\0', b.n) == NULL;
}

static size_t span(struct tcx_str s, const char *more, size_t max) {
  size_t n = 0;
  while (n < s.n && n < max && s.p[n] != '\0' &&
         (isalnum((unsigned char)s.p[n]) || strchr(more, s.p[n]) != NULL))
    n++;
  return n;
}

static bool eat(struct tcx_str *s, const char *word) {
  if (!tcx__str_starts(*s, word))
    return false;
  size_t n = strlen(word);
  s->p += n;
  s->n -= n;
  return true;
}

static void skip(struct tcx_str *s, size_t n) {
  s->p += n;
  s->n -= n;
}

static bool eat_mark(struct tcx_str *s) { return eat(s, "/") || eat(s, ":"); }

static bool eat_account(struct tcx_str *s) {
  size_t n = 0;
  while (n < s->n && isdigit((unsigned char)s->p[n]))
    n++;
  skip(s, n);
  return n == 12 && eat(s, ":");
}

/* arn:aws*:(s3|s3-object-lambda):REGION:ACCOUNT:accesspoint[/:]NAME or
 * arn:aws*:s3-outposts:REGION:ACCOUNT:outpost[/:]ID[/:]accesspoint[/:]NAME */
static bool arn_bucket(struct tcx_str s) {
  if (!eat(&s, "arn:aws"))
    return false;
  const char *colon = memchr(s.p, ':', s.n);
  if (colon == NULL)
    return false;
  skip(&s, (size_t)(colon - s.p) + 1);
  bool outposts = eat(&s, "s3-outposts:");
  if (!outposts && !eat(&s, "s3-object-lambda:") && !eat(&s, "s3:"))
    return false;
  size_t region = span(s, "-", s.n);
  skip(&s, region);
  if ((outposts && region == 0) || !eat(&s, ":") || !eat_account(&s))
    return false;
  if (outposts) {
    size_t id;
    if (!eat(&s, "outpost") || !eat_mark(&s) || (id = span(s, "-", 63)) == 0)
      return false;
    skip(&s, id);
    if (!eat_mark(&s))
      return false;
  }
  if (!eat(&s, "accesspoint") || !eat_mark(&s))
    return false;
  size_t name = span(s, outposts ? "-" : "-.", 63);
  return name > 0 && name == s.n;
}

bool tcx__s3_is_arn(struct tcx_str b) { return b.p != NULL && tcx__str_starts(b, "arn:"); }

/* The name is checked, and taken out of the path: the rule set has put it into the endpoint. */
int tcx__s3_check_bucket(tcx_call_t *call) {
  struct tcx_str b = tcx__s3_bucket(call);
  if (b.p != NULL && !plain_bucket(b) && !arn_bucket(b))
    return tcx__fail(&call->fail, TCX_EPARAM,
                     BAD_PARAMS "Invalid bucket name \"%.*s\": Bucket name must match the regex "
                                "\"^[a-zA-Z0-9.\\-_]{1,255}$\" or be an ARN of an access point",
                     (int)b.n, b.p);
  if (strncmp(call->op->path, "/{Bucket}", 9) != 0)
    return 0;
  /* without it the key would stand where the bucket belongs */
  if (b.p == NULL && call->client->config.no_validation)
    return tcx__fail(&call->fail, TCX_EPARAM,
                     BAD_PARAMS "Missing required parameter in input: \"Bucket\"");
  call->path = call->op->path + 9;
  return 0;
}

/* ---- CopySource ---- */

static int set_string(tcx_call_t *call, const char *name, struct tcx_str text) {
  struct tcx_value *v = tcx__value_new_str_copy(call->arena, text.p, text.n);
  return v == NULL ? UV_ENOMEM
                   : tcx__value_replace(call->arena, call->params, name, strlen(name), v);
}

/* "?versionId=..." at the end, without white space. */
static size_t version_suffix(struct tcx_str s) {
  static const char mark[] = "?versionId=";
  for (size_t i = 0; i + sizeof mark - 1 < s.n; i++) {
    if (memcmp(s.p + i, mark, sizeof mark - 1) != 0)
      continue;
    size_t end = i + sizeof mark - 1;
    while (end < s.n && !isspace((unsigned char)s.p[end]))
      end++;
    if (end == s.n)
      return i;
  }
  return s.n;
}

static int copy_source_map(tcx_call_t *call, const struct tcx_value *map, struct tcx_buf *out) {
  const struct tcx_value *bucket = tcx__value_find(map, "Bucket", 6),
                         *key = tcx__value_find(map, "Key", 3),
                         *version = tcx__value_find(map, "VersionId", 9);
  if (bucket == NULL || bucket->type != TCX_STRING || key == NULL || key->type != TCX_STRING)
    return tcx__fail(&call->fail, TCX_EPARAM, BAD_PARAMS "Missing required parameter: '%s'",
                     bucket == NULL || bucket->type != TCX_STRING ? "Bucket" : "Key");
  tcx__uri_encode(out, bucket->u.bytes.p, bucket->u.bytes.n, TCX__URI_GREEDY);
  tcx__buf_adds(out, arn_bucket(bucket->u.bytes) ? "/object/" : "/");
  tcx__uri_encode(out, key->u.bytes.p, key->u.bytes.n, TCX__URI_GREEDY);
  if (version != NULL && version->type == TCX_STRING) {
    tcx__buf_adds(out, "?versionId=");
    tcx__buf_add_str(out, version->u.bytes);
  }
  return 0;
}

int tcx__s3_copy_source(tcx_call_t *call) {
  const struct tcx_value *source = tcx__value_find(call->params, "CopySource", 10);
  struct tcx_buf out;
  tcx__buf_init(&out, call->arena, 1u << 16);
  int err = 0;
  if (source != NULL && source->type == TCX_MAP) {
    err = copy_source_map(call, source, &out);
  } else if (source != NULL && source->type == TCX_STRING) {
    size_t n = version_suffix(source->u.bytes);
    tcx__uri_encode(&out, source->u.bytes.p, n, TCX__URI_GREEDY);
    tcx__buf_add(&out, source->u.bytes.p + n, source->u.bytes.n - n);
  } else {
    return 0;
  }
  if (err == 0)
    err = out.status;
  return err != 0 ? err : set_string(call, "CopySource", tcx__buf_str(&out));
}

/* ---- customer keys: base64 of the key, and of its MD5 ---- */

static int customer_key(tcx_call_t *call, const char *key_name, const char *md5_name) {
  const struct tcx_value *key = tcx__value_find(call->params, key_name, strlen(key_name));
  if (key == NULL || (key->type != TCX_STRING && key->type != TCX_BLOB) ||
      tcx__value_find(call->params, md5_name, strlen(md5_name)) != NULL)
    return 0;
  unsigned char digest[16];
  struct tcx_buf text, md5;
  tcx__buf_init(&text, call->arena, 1u << 16);
  tcx__buf_init(&md5, call->arena, 64);
  tcx__md5(key->u.bytes.p, key->u.bytes.n, digest);
  tcx__base64_encode(&text, key->u.bytes.p, key->u.bytes.n);
  tcx__base64_encode(&md5, digest, sizeof digest);
  if (text.status != 0 || md5.status != 0)
    return text.status != 0 ? text.status : md5.status;
  int err = set_string(call, key_name, tcx__buf_str(&text));
  return err != 0 ? err : set_string(call, md5_name, tcx__buf_str(&md5));
}

int tcx__s3_customer_key(tcx_call_t *call) {
  return customer_key(call, "SSECustomerKey", "SSECustomerKeyMD5");
}
int tcx__s3_copy_customer_key(tcx_call_t *call) {
  return customer_key(call, "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5");
}

/* ---- metadata and EncodingType ---- */

static bool ascii(const char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)p[i] >= 0x80)
      return false;
  return true;
}

int tcx__s3_metadata(tcx_call_t *call) {
  const struct tcx_value *map = tcx__value_find(call->params, "Metadata", 8);
  for (const struct tcx_value *v = tcx__value_kids(map); v != NULL; v = v->next) {
    if (v->name == NULL || v->type != TCX_STRING ||
        (ascii(v->name, v->name_len) && ascii(v->u.bytes.p, v->u.bytes.n)))
      continue;
    return tcx__fail(&call->fail, TCX_EPARAM,
                     BAD_PARAMS "Non ascii characters found in S3 metadata for key \"%s\", value: "
                                "\"%s\".  \nS3 metadata can only contain ASCII characters. ",
                     v->name, v->u.bytes.p);
  }
  return 0;
}

/* Keys may hold characters that XML cannot: S3 is asked to encode them, and tcx__s3_decode_* undoes
 * it. */
int tcx__s3_encoding_type(tcx_call_t *call) {
  if (tcx__value_find(call->params, "EncodingType", 12) != NULL)
    return 0;
  struct tcx_s3_call *state = tcx__s3_call(call);
  if (state == NULL)
    return UV_ENOMEM;
  state->encoding_auto = true;
  return set_string(call, "EncodingType", TCX__STR("url"));
}
