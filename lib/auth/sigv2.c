#include "auth/sigv2.h"
#include "base/codec.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/time.h"
#include <stdlib.h>
#include <string.h>

#define FORM_MAX   ((size_t)1 << 30)
#define FIELDS_MAX (1u << 20)

static void add_field(struct tcx_buf *form, const char *name, const char *value, size_t n) {
  tcx__buf_addc(form, '&');
  tcx__buf_adds(form, name);
  tcx__buf_addc(form, '=');
  tcx__uri_encode(form, value, n, TCX__URI_FORM);
}

static void add_own(struct tcx_buf *form, const struct tcx_sigv2 *s) {
  char text[TCX__TIME_TEXT];
  add_field(form, "AWSAccessKeyId", s->access_key, strlen(s->access_key));
  add_field(form, "SignatureVersion", "2", 1);
  add_field(form, "SignatureMethod", "HmacSHA256", 10);
  add_field(form, "Timestamp", text, tcx__time_text(text, s->now, 0));
  if (s->session_token != NULL && s->session_token[0] != '\0')
    add_field(form, "SecurityToken", s->session_token, strlen(s->session_token));
}

static size_t name_len(const struct tcx_str *field) {
  const char *mark = memchr(field->p, '=', field->n);
  return mark != NULL ? (size_t)(mark - field->p) : field->n;
}

static int by_name(const void *a, const void *b) {
  const struct tcx_str *x = a, *y = b;
  size_t m = name_len(x), n = name_len(y);
  int order = memcmp(x->p, y->p, m < n ? m : n);
  return order != 0 ? order : (m > n) - (m < n);
}

/* The fields of a form, sorted. */
static int sort_fields(struct tcx_arena *arena, struct tcx_str form, struct tcx_str **out,
                       size_t *count) {
  size_t n = 1;
  for (size_t i = 0; i < form.n; i++)
    n += form.p[i] == '&';
  if (n > FIELDS_MAX)
    return UV_ENOBUFS;
  struct tcx_str *fields = tcx__arena_alloc(arena, n * sizeof *fields);
  if (fields == NULL)
    return UV_ENOMEM;
  *count = 0;
  for (size_t at = 0; at < form.n; at += fields[(*count)++].n + 1) {
    const char *end = memchr(form.p + at, '&', form.n - at);
    fields[*count] =
        (struct tcx_str){form.p + at, end != NULL ? (size_t)(end - form.p) - at : form.n - at};
  }
  qsort(fields, *count, sizeof *fields, by_name);
  *out = fields;
  return 0;
}

/* What is signed: a form's '+' is a space, which is %20 here. */
static int string_to_sign(const struct tcx_request *req, struct tcx_str form, struct tcx_buf *out) {
  struct tcx_str *fields;
  size_t count;
  int err = sort_fields(req->arena, form, &fields, &count);
  if (err != 0)
    return err;
  tcx__buf_init(out, req->arena, FORM_MAX);
  tcx__buf_adds(out, req->method);
  tcx__buf_addc(out, '\n');
  tcx__buf_add_str(out, req->host_header);
  tcx__buf_addc(out, '\n');
  tcx__buf_add_str(out, req->path);
  tcx__buf_addc(out, '\n');
  for (size_t i = 0; i < count; i++) {
    if (i > 0)
      tcx__buf_addc(out, '&');
    for (size_t k = 0; k < fields[i].n; k++) {
      if (fields[i].p[k] == '+')
        tcx__buf_adds(out, "%20");
      else
        tcx__buf_addc(out, fields[i].p[k]);
    }
  }
  return out->status;
}

static int add_signature(const struct tcx_sigv2 *s, const struct tcx_request *req,
                         struct tcx_buf *form) {
  struct tcx_hmac_key key;
  struct tcx_buf text, base64;
  unsigned char digest[32];
  int err = string_to_sign(req, tcx__buf_str(form), &text);
  if (err != 0)
    return err;
  tcx__hmac_key_init(&key, s->secret_key, strlen(s->secret_key));
  tcx__hmac(&key, text.data, text.len, digest);
  tcx__wipe(&key, sizeof key);
  tcx__buf_init(&base64, req->arena, 64);
  tcx__base64_encode(&base64, digest, sizeof digest);
  if (base64.status == 0)
    add_field(form, "Signature", base64.data, base64.len);
  return base64.status;
}

int tcx__sigv2_sign(const struct tcx_sigv2 *s, const struct tcx_request *req, struct tcx_str *form,
                    struct tcx_fail *f) {
  struct tcx_buf out;
  const struct tcx_header *type = tcx__headers_get(&req->headers, "content-type");
  if (type == NULL || !tcx__str_starts(type->value, "application/x-www-form-urlencoded"))
    return tcx__fail(f, TCX_EPARAM, "Signature Version 2 is of forms, and this request is none");
  tcx__buf_init(&out, req->arena, FORM_MAX);
  tcx__buf_add_str(&out, req->body);
  add_own(&out, s);
  int err = out.status != 0 ? out.status : add_signature(s, req, &out);
  if (err == 0)
    err = out.status;
  *form = tcx__buf_str(&out);
  return err == 0 ? 0 : tcx__fail(f, err, "%s", tcx_strerror(err));
}
