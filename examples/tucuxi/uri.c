#include "tool.h"

bool uri_is_s3(const char *text) { return strncmp(text, "s3://", 5) == 0; }

/* The end of the bucket: an access point's ARN holds one slash of its own. */
static const char *bucket_end(const char *p) {
  const char *from = p, *point = strncmp(p, "arn:", 4) == 0 ? strstr(p, ":accesspoint/") : NULL;
  if (point == NULL && strncmp(p, "arn:", 4) == 0)
    point = strstr(p, "/accesspoint/");
  if (point != NULL)
    from = point + strlen(":accesspoint/");
  return from + strcspn(from, "/");
}

bool uri_parse(const char *text, struct uri *uri) {
  if (!uri_is_s3(text) || text[5] == '/' || text[5] == '\0')
    return false;
  size_t n = strlen(text + 5) + 1;
  uri->bucket = malloc(n + 1);
  if (uri->bucket == NULL)
    return false;
  memcpy(uri->bucket, text + 5, n);
  uri->bucket[n] = '\0';
  char *end = uri->bucket + (bucket_end(uri->bucket) - uri->bucket);
  bool slash = *end == '/';
  *end = '\0';
  uri->key = slash ? end + 1 : end;
  return true;
}

static bool has_wildcard(const char *p) {
  while (*(p += tcx_glob_plain(p)) == '\\')
    p += p[1] != '\0' ? 2 : 1;
  return *p != '\0';
}

bool uri_parse_pattern(const char *text, struct uri *uri, bool *pattern) {
  if (!uri_parse(text, uri))
    return false;
  *pattern = has_wildcard(uri->key);
  char *to = uri->bucket + (uri->key - uri->bucket);
  for (const char *p = to; !*pattern && *p != '\0'; p++) {
    p += *p == '\\' && p[1] != '\0';
    *to++ = *p;
  }
  if (!*pattern)
    *to = '\0';
  return true;
}

void uri_free(struct uri *uri) {
  free(uri->bucket);
  uri->bucket = NULL;
}

const char *uri_last_part(const char *path) {
  const char *last = path;
  for (const char *p = path; *p != '\0'; p++)
    if (*p == '/' && p[1] != '\0')
      last = p + 1;
  return last;
}

char *text_join(const char *a, const char *b, const char *c) {
  size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
  char *text = malloc(n);
  if (text != NULL)
    snprintf(text, n, "%s%s%s", a, b, c);
  return text;
}
