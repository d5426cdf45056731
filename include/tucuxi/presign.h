/*
 * tucuxi/presign.h - what is signed for others to use: URLs of any operation, POST forms of S3,
 * tokens of databases, URLs and cookies of CloudFront.
 *
 * All but CloudFront's need the client's credentials, which may have to be fetched: they are calls
 * like any other, of the client given, with one callback, later, from the loop. Nothing is sent to
 * the service (but by S3 for the session of a directory bucket). The rules of <tucuxi.h> for return
 * values, callbacks, ownership and threads hold. Times are Unix seconds.
 */
#ifndef TUCUXI_PRESIGN_H
#define TUCUXI_PRESIGN_H
#include <tucuxi.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- URLs: botocore's generate_presigned_url ------------------------------------------------- */

typedef struct tcx_presign_options { /* all zero = defaults */
  unsigned expires_s; /* 0 = 3600, of a directory bucket 300; more than 604800 is UV_EINVAL */
  /* instead of the operation's own: botocore's HttpMethod, letters in upper case; copied; NULL =
   * its own */
  const char *method;
} tcx_presign_options_t;
TCX_NODISCARD TCX_EXTERN int tcx_client_presign_url_sized(tcx_client_t *client,
                                                          const char *operation,
                                                          tcx_value_t *params,
                                                          const tcx_presign_options_t *options,
                                                          size_t size, tcx_call_cb cb, void *data);
/* tcx_client_presign with options (NULL = defaults): the response is {Url, Method, Headers}. params
 * is CONSUMED. What an operation would send in a form is in the URL. */
static inline TCX_NODISCARD int tcx_client_presign_url(tcx_client_t *client, const char *operation,
                                                       tcx_value_t *params,
                                                       const tcx_presign_options_t *options,
                                                       tcx_call_cb cb, void *data) {
  return tcx_client_presign_url_sized(client, operation, params, options,
                                      sizeof(tcx_presign_options_t), cb, data);
}

/* ---- POST forms of S3: generate_presigned_post ----------------------------------------------- */

/* Lets whoever has the form's fields upload one object to bucket. The response is {url, fields}:
 * the form (multipart/form-data) goes to url by POST, with every one of fields, and the file last.
 * key may end in "${filename}", which S3 replaces by the name of the file that is sent. fields (a
 * map of strings) and conditions (a list of maps and lists: {acl: public-read},
 * [content-length-range, 1, 1000]) are CONSUMED and may be NULL: more fields, whose conditions must
 * be given too, and more conditions. expires_s: 0 = 3600. Signature Version 4 only (a client of
 * sigv4a or a bearer token: TCX_ECONFIG); an unsigned client gives the key as the only field. s3 is
 * a client of S3. */
TCX_NODISCARD TCX_EXTERN int tcx_client_presign_post(tcx_client_t *s3, const char *bucket,
                                                     const char *key, tcx_value_t *fields,
                                                     tcx_value_t *conditions, unsigned expires_s,
                                                     tcx_call_cb cb, void *data);

/* ---- tokens of databases --------------------------------------------------------------------- */

/* A token that is the password of username at an RDS database, for 15 minutes:
 * generate_db_auth_token. The response is {Token}. rds is a client of RDS; region NULL = the
 * client's. */
TCX_NODISCARD TCX_EXTERN int tcx_client_db_auth_token(tcx_client_t *rds, const char *hostname,
                                                      unsigned port, const char *username,
                                                      const char *region, tcx_call_cb cb,
                                                      void *data);
/* The same of Aurora DSQL: generate_db_connect_auth_token, or generate_db_connect_admin_auth_token
 * for its user admin. expires_s: 0 = 900. */
TCX_NODISCARD TCX_EXTERN int tcx_client_db_connect_auth_token(tcx_client_t *dsql,
                                                              const char *hostname, bool admin,
                                                              const char *region,
                                                              unsigned expires_s, tcx_call_cb cb,
                                                              void *data);

/* ---- CloudFront: botocore's CloudFrontSigner ------------------------------------------------- */

#define TCX_RSA_SIGNATURE_MAX 512 /* bytes: keys of up to 4096 bits */
typedef struct tcx_cloudfront_signer tcx_cloudfront_signer_t;
/* Signs message: RSASSA-PKCS1-v1_5 with SHA-1, which is what CloudFront verifies. Writes signature
 * and its *signature_len; 0, or < 0, which the function that asked returns. */
typedef int (*tcx_rsa_signer_cb)(const void *message, size_t len,
                                 unsigned char signature[TCX_RSA_SIGNATURE_MAX],
                                 size_t *signature_len, void *data);
/* With a signer of the program's own. key_id: of the public key (copied). *signer is OWNED:
 * tcx_cloudfront_signer_free. UV_ENOMEM, UV_EINVAL. */
TCX_NODISCARD TCX_EXTERN int tcx_cloudfront_signer_new(const char *key_id, tcx_rsa_signer_cb sign,
                                                       void *data,
                                                       tcx_cloudfront_signer_t **signer);
/* With a private RSA key, the text of a PEM file (PKCS #1 or PKCS #8, not encrypted; 4096 bits at
 * most). TCX_ECONFIG: it is none, *why (static; may be NULL) says what is wrong. */
TCX_NODISCARD TCX_EXTERN int tcx_cloudfront_signer_from_pem(const char *key_id, const char *pem,
                                                            size_t len,
                                                            tcx_cloudfront_signer_t **signer,
                                                            const char **why);
/* wipes the key; NULL is fine */
TCX_EXTERN void tcx_cloudfront_signer_free(tcx_cloudfront_signer_t *signer);
/* The text of a custom policy, *policy is OWNED (tcx_free): resource (a URL, * and ? are wildcards)
 * until date_less_than; date_greater_than 0 = from now on; ip_address ("192.0.2.0/24"; without a
 * slash one address) NULL = from anywhere. */
TCX_NODISCARD TCX_EXTERN int tcx_cloudfront_policy(const char *resource, int64_t date_less_than,
                                                   int64_t date_greater_than,
                                                   const char *ip_address, char **policy);
/* url, signed: until date_less_than (a canned policy; policy is NULL), or by a policy
 * (date_less_than is 0). *signed_url is OWNED (tcx_free). UV_EINVAL: neither or both of them. */
TCX_NODISCARD TCX_EXTERN int tcx_cloudfront_sign_url(const tcx_cloudfront_signer_t *signer,
                                                     const char *url, int64_t date_less_than,
                                                     const char *policy, char **signed_url);
/* The same as cookies: *cookies, OWNED (tcx_value_free), is a map of their names and values:
 * CloudFront-Expires or CloudFront-Policy, CloudFront-Signature, CloudFront-Key-Pair-Id. */
TCX_NODISCARD TCX_EXTERN int tcx_cloudfront_sign_cookies(const tcx_cloudfront_signer_t *signer,
                                                         const char *url, int64_t date_less_than,
                                                         const char *policy, tcx_value_t **cookies);

#ifdef __cplusplus
}
#endif
#endif
