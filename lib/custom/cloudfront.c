/* cloudfront.c - URLs and cookies that CloudFront lets pass: botocore's CloudFrontSigner. Of no
 * client and no session: nothing is waited for. */
#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rsa.h"
#include "net/pem.h"
#include <string.h>
#include <tucuxi/presign.h>

#define POLICY_MAX (64u * 1024) /* bytes of a policy */

struct tcx_cloudfront_signer {
  tcx_rsa_signer_cb sign;
  void *data;
  struct tcx_rsa_key *key; /* NULL: the program's own signer */
  char key_id[];
};

/* ---- a signer ---- */

static int sign_with_key(const void *message, size_t len,
                         unsigned char signature[TCX_RSA_SIGNATURE_MAX], size_t *signature_len,
                         void *data) {
  *signature_len = tcx__rsa_sha1_sign(data, message, len, signature);
  return *signature_len > 0 ? 0 : TCX_ECONFIG;
}

int tcx_cloudfront_signer_new(const char *key_id, tcx_rsa_signer_cb sign, void *data,
                              tcx_cloudfront_signer_t **out) {
  if (key_id == NULL || sign == NULL || out == NULL)
    return UV_EINVAL;
  size_t n = strlen(key_id) + 1;
  tcx_cloudfront_signer_t *signer = tcx__calloc(1, sizeof *signer + n);
  if (signer == NULL)
    return UV_ENOMEM;
  signer->sign = sign;
  signer->data = data;
  memcpy(signer->key_id, key_id, n);
  *out = signer;
  return 0;
}

static int read_key(const char *pem, size_t len, struct tcx_rsa_key **key, const char **why) {
  struct tcx_buf der;
  tcx__buf_init(&der, NULL, TCX__PEM_BODY_MAX);
  /* at once: what grows leaves copies of a key behind */
  int err = tcx__buf_reserve(&der, TCX__PEM_BODY_MAX - 1);
  if (err == 0)
    err = tcx__pem_private_key((struct tcx_str){pem, len}, &der, why);
  if (err == 0)
    err = tcx__rsa_key_new(der.data, der.len, key, why);
  tcx__buf_wipe(&der);
  return err == 0 || err == UV_ENOMEM ? err : TCX_ECONFIG;
}

int tcx_cloudfront_signer_from_pem(const char *key_id, const char *pem, size_t len,
                                   tcx_cloudfront_signer_t **out, const char **why) {
  struct tcx_rsa_key *key = NULL;
  const char *reason = NULL;
  if (key_id == NULL || pem == NULL || out == NULL)
    return UV_EINVAL;
  int err = read_key(pem, len, &key, &reason);
  if (err == 0)
    err = tcx_cloudfront_signer_new(key_id, sign_with_key, key, out);
  if (why != NULL)
    *why = err == TCX_ECONFIG ? reason : NULL;
  if (err == 0)
    (*out)->key = key;
  else
    tcx__rsa_key_free(key);
  return err;
}

void tcx_cloudfront_signer_free(tcx_cloudfront_signer_t *signer) {
  if (signer == NULL)
    return;
  tcx__rsa_key_free(signer->key);
  tcx__free(signer);
}

/* ---- policies ---- */

static void add_address(struct tcx_buf *out, const char *address) {
  tcx__buf_adds(out, ",\"IpAddress\":{\"AWS:SourceIp\":");
  if (strchr(address, '/') == NULL) {
    struct tcx_buf one;
    tcx__buf_init(&one, NULL, POLICY_MAX);
    tcx__buf_adds(&one, address);
    tcx__buf_adds(&one, "/32");
    tcx__json_write_ascii(out, one.data, one.len);
    tcx__buf_free(&one);
  } else {
    tcx__json_write_ascii(out, address, strlen(address));
  }
  tcx__buf_addc(out, '}');
}

/* The order of members is part of a canned policy. */
static void write_policy(struct tcx_buf *out, const char *resource, int64_t until, int64_t from,
                         const char *address) {
  tcx__buf_adds(out, "{\"Statement\":[{\"Resource\":");
  tcx__json_write_ascii(out, resource, strlen(resource));
  tcx__buf_adds(out, ",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":");
  tcx__buf_add_int(out, until);
  tcx__buf_addc(out, '}');
  if (address != NULL && address[0] != '\0')
    add_address(out, address);
  if (from != 0) {
    tcx__buf_adds(out, ",\"DateGreaterThan\":{\"AWS:EpochTime\":");
    tcx__buf_add_int(out, from);
    tcx__buf_addc(out, '}');
  }
  tcx__buf_adds(out, "}}]}");
}

/* The buffer's text becomes the caller's; one that is too long is an argument that is none. */
static int give(struct tcx_buf *text, char **out) {
  if (text->status != 0) {
    int err = text->status == UV_ENOMEM ? UV_ENOMEM : UV_EINVAL;
    tcx__buf_free(text);
    return err;
  }
  *out = text->data;
  return 0;
}

int tcx_cloudfront_policy(const char *resource, int64_t date_less_than, int64_t date_greater_than,
                          const char *ip_address, char **policy) {
  struct tcx_buf text;
  if (resource == NULL || policy == NULL)
    return UV_EINVAL;
  tcx__buf_init(&text, NULL, POLICY_MAX);
  write_policy(&text, resource, date_less_than, date_greater_than, ip_address);
  return give(&text, policy);
}

/* ---- signatures ---- */

/* base64 with '-', '_' and '~' for '+', '=' and '/'. */
static void add_base64(struct tcx_buf *out, const void *p, size_t n) {
  size_t at = out->len;
  tcx__base64_encode(out, p, n);
  for (; out->status == 0 && at < out->len; at++) {
    char *c = &out->data[at];
    *c = *c == '+' ? '-' : *c == '=' ? '_' : *c == '/' ? '~' : *c;
  }
}

/* What a signature says: a date or a policy, the signature of the policy; as texts of parameters
 * and cookies alike. */
struct signature {
  struct tcx_buf condition, signature;
};

static int sign(const tcx_cloudfront_signer_t *signer, const char *url, int64_t until,
                const char *policy, struct signature *s) {
  unsigned char bytes[TCX_RSA_SIGNATURE_MAX];
  size_t n = 0;
  char *canned = NULL;
  int err = policy == NULL ? tcx_cloudfront_policy(url, until, 0, NULL, &canned) : 0;
  const char *message = policy != NULL ? policy : canned;
  if (err == 0)
    err = signer->sign(message, strlen(message), bytes, &n, signer->data);
  if (err == 0 && n > sizeof bytes)
    err = UV_EINVAL;
  if (err == 0 && policy != NULL)
    add_base64(&s->condition, policy, strlen(policy));
  else if (err == 0)
    tcx__buf_add_int(&s->condition, until);
  if (err == 0)
    add_base64(&s->signature, bytes, n);
  tcx__free(canned);
  return err != 0 ? err : s->condition.status != 0 ? s->condition.status : s->signature.status;
}

static void begin(struct signature *s) {
  tcx__buf_init(&s->condition, NULL, 2 * POLICY_MAX);
  tcx__buf_init(&s->signature, NULL, 2 * POLICY_MAX);
}

static void end(struct signature *s) {
  tcx__buf_free(&s->condition);
  tcx__buf_free(&s->signature);
}

static bool valid(const tcx_cloudfront_signer_t *signer, const char *url, int64_t until,
                  const char *policy, const void *out) {
  return signer != NULL && url != NULL && out != NULL && (until != 0) != (policy != NULL);
}

int tcx_cloudfront_sign_url(const tcx_cloudfront_signer_t *signer, const char *url,
                            int64_t date_less_than, const char *policy, char **signed_url) {
  struct signature s;
  struct tcx_buf out;
  if (!valid(signer, url, date_less_than, policy, signed_url))
    return UV_EINVAL;
  begin(&s);
  int err = sign(signer, url, date_less_than, policy, &s);
  tcx__buf_init(&out, NULL, 4 * POLICY_MAX);
  if (err == 0) {
    tcx__buf_adds(&out, url);
    tcx__buf_adds(&out, strchr(url, '?') != NULL ? "&" : "?");
    tcx__buf_adds(&out, policy != NULL ? "Policy=" : "Expires=");
    tcx__buf_add_str(&out, tcx__buf_str(&s.condition));
    tcx__buf_adds(&out, "&Signature=");
    tcx__buf_add_str(&out, tcx__buf_str(&s.signature));
    tcx__buf_adds(&out, "&Key-Pair-Id=");
    tcx__buf_adds(&out, signer->key_id);
    err = give(&out, signed_url);
  }
  end(&s);
  return err;
}

int tcx_cloudfront_sign_cookies(const tcx_cloudfront_signer_t *signer, const char *url,
                                int64_t date_less_than, const char *policy, tcx_value_t **cookies) {
  struct signature s;
  if (!valid(signer, url, date_less_than, policy, cookies))
    return UV_EINVAL;
  begin(&s);
  int err = sign(signer, url, date_less_than, policy, &s);
  if (err == 0) {
    tcx_value_t *map = tcx_value_new_map();
    tcx_value_set_str(map, policy != NULL ? "CloudFront-Policy" : "CloudFront-Expires",
                      s.condition.data);
    tcx_value_set_str(map, "CloudFront-Signature", s.signature.data);
    tcx_value_set_str(map, "CloudFront-Key-Pair-Id", signer->key_id);
    err = tcx_value_status(map);
    if (err == 0)
      *cookies = map;
    else
      tcx_value_free(map);
  }
  end(&s);
  return err;
}
