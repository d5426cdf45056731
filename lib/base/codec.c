#include "base/codec.h"
#include <string.h>
#include <uv.h>

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_digits[] = "0123456789abcdef";

size_t tcx__base64_encoded_len(size_t n) { return n / 3 * 4 + (n % 3 != 0 ? 4 : 0); }

void tcx__base64_encode(struct tcx_buf *out, const void *p, size_t n) {
  if (tcx__buf_reserve(out, tcx__base64_encoded_len(n)) != 0)
    return;
  const unsigned char *in = p;
  char *to = out->data + out->len;
  for (; n >= 3; n -= 3, in += 3, to += 4) {
    uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
    to[0] = base64_alphabet[bits >> 18];
    to[1] = base64_alphabet[bits >> 12 & 63];
    to[2] = base64_alphabet[bits >> 6 & 63];
    to[3] = base64_alphabet[bits & 63];
  }
  if (n > 0) {
    uint32_t bits = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
    to[0] = base64_alphabet[bits >> 18];
    to[1] = base64_alphabet[bits >> 12 & 63];
    to[2] = n == 2 ? base64_alphabet[bits >> 6 & 63] : '=';
    to[3] = '=';
    to += 4;
  }
  *to = '\0';
  out->len = (size_t)(to - out->data);
}

void tcx__base64url_encode(struct tcx_buf *out, const void *p, size_t n) {
  size_t from = out->len;
  tcx__base64_encode(out, p, n);
  if (out->status != 0)
    return;
  while (out->len > from && out->data[out->len - 1] == '=')
    out->data[--out->len] = '\0';
  for (char *c = out->data + from; c < out->data + out->len; c++)
    *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
}

static int base64_value(unsigned char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int tcx__base64_decode(struct tcx_buf *out, const char *p, size_t n) {
  if (tcx__buf_reserve(out, n / 4 * 3 + n % 4) != 0)
    return out->status;
  char *to = out->data + out->len;
  uint32_t bits = 0;
  unsigned have = 0, padding = 0;
  for (size_t i = 0; i < n; i++) {
    int value = base64_value((unsigned char)p[i]);
    if (value < 0) {
      if (tcx__is_space(p[i]))
        continue;
      if (p[i] != '=' || have < 2 || ++padding > 4 - have)
        return UV_EINVAL;
      continue;
    }
    if (padding > 0)
      return UV_EINVAL;
    bits = bits << 6 | (uint32_t)value;
    if (++have == 4) {
      *to++ = (char)(bits >> 16 & 255);
      *to++ = (char)(bits >> 8 & 255);
      *to++ = (char)(bits & 255);
      bits = have = 0;
    }
  }
  if (have != 0 && have + padding != 4)
    return UV_EINVAL;
  if (have >= 2)
    *to++ = (char)(bits >> (have == 2 ? 4 : 10) & 255);
  if (have == 3)
    *to++ = (char)(bits >> 2 & 255);
  *to = '\0';
  out->len = (size_t)(to - out->data);
  return 0;
}

void tcx__hex_encode(char *out, const void *p, size_t n) {
  const unsigned char *in = p;
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = hex_digits[in[i] >> 4];
    out[2 * i + 1] = hex_digits[in[i] & 15];
  }
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int tcx__hex_decode(void *out, const char *p, size_t n) {
  if (n % 2 != 0)
    return UV_EINVAL;
  unsigned char *to = out;
  for (size_t i = 0; i < n; i += 2) {
    int high = hex_value(p[i]), low = hex_value(p[i + 1]);
    if (high < 0 || low < 0)
      return UV_EINVAL;
    *to++ = (unsigned char)(high << 4 | low);
  }
  return 0;
}

static bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void tcx__uri_encode(struct tcx_buf *out, const char *p, size_t n, tcx__uri_set set) {
  static const char upper[] = "0123456789ABCDEF";
  size_t done = 0;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)p[i];
    if (is_unreserved(c) || (c == '/' && set == TCX__URI_GREEDY))
      continue;
    tcx__buf_add(out, p + done, i - done);
    done = i + 1;
    if (c == ' ' && set == TCX__URI_FORM)
      tcx__buf_addc(out, '+');
    else
      tcx__buf_add(out, (char[]){'%', upper[c >> 4], upper[c & 15]}, 3);
  }
  tcx__buf_add(out, p + done, n - done);
}

int tcx__uri_decode(struct tcx_buf *out, const char *p, size_t n, bool plus_is_space) {
  if (tcx__buf_reserve(out, 0) != 0)
    return out->status;
  for (size_t i = 0; i < n && out->status == 0; i++) {
    int high, low;
    if (p[i] == '%' && n - i > 2 && (high = hex_value(p[i + 1])) >= 0 &&
        (low = hex_value(p[i + 2])) >= 0) {
      tcx__buf_addc(out, (char)(high << 4 | low));
      i += 2;
    } else {
      tcx__buf_addc(out, p[i] == '+' && plus_is_space ? ' ' : p[i]);
    }
  }
  return out->status;
}
