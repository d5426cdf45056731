/* requests.h - test data of requests: params as JSON holds them, and comparing what was made with
 * what was expected. Each comparison prints what differs and returns how much. */
#ifndef TCX_TEST_REQUESTS_H
#define TCX_TEST_REQUESTS_H
#include "base/codec.h"
#include "support.h"
#include <strings.h>
#include <tucuxi.h>

/* {"$bytes_base64": ...} and {"$timestamp": ...} become what they stand for. */
static inline tcx_value_t *request_params(const tcx_value_t *v) {
  const char *text = tcx_value_str(v, "$bytes_base64");
  if (text != NULL) {
    struct tcx_buf buf;
    tcx__buf_init(&buf, NULL, SIZE_MAX);
    assert_int_equal(tcx__base64_decode(&buf, text, strlen(text)), 0);
    tcx_value_t *bytes = tcx_value_new_bytes(buf.len > 0 ? buf.data : "", buf.len);
    tcx__buf_free(&buf);
    return bytes;
  }
  if (tcx_value_get(v, "$timestamp") != NULL)
    return tcx_value_copy(tcx_value_get(v, "$timestamp"));
  if (tcx_value_type(v, NULL) != TCX_MAP && tcx_value_type(v, NULL) != TCX_LIST)
    return tcx_value_copy(v);
  bool map = tcx_value_type(v, NULL) == TCX_MAP;
  tcx_value_t *out = map ? tcx_value_new_map() : tcx_value_new_list();
  for (const tcx_value_t *item = tcx_value_first(v, NULL); item != NULL;
       item = tcx_value_next(item)) {
    if (map)
      tcx_value_put(out, tcx_value_name(item), strlen(tcx_value_name(item)), request_params(item));
    else
      tcx_value_append(out, request_params(item));
  }
  return out;
}

static inline int differ(const char *id, const char *what, const char *expected,
                         const char *found) {
  if (expected != NULL && found != NULL && strcmp(expected, found) == 0)
    return 0;
  fprintf(stderr, "%s: %s\n  expected %s\n  found    %s\n", id, what,
          expected != NULL ? expected : "(none)", found != NULL ? found : "(none)");
  return 1;
}

/* Header values: white space at both ends is not part of them. */
static inline int differ_header(const char *id, const char *name, const char *expected,
                                const char *found) {
  char trimmed[8192];
  if (found == NULL)
    return differ(id, name, expected, found);
  snprintf(trimmed, sizeof trimmed, "%s", found + strspn(found, " "));
  while (trimmed[0] != '\0' && trimmed[strlen(trimmed) - 1] == ' ')
    trimmed[strlen(trimmed) - 1] = '\0';
  return differ(id, name, expected, trimmed);
}

/* A header that names tucuxi itself, or the attempt: nobody else's request has it. */
static inline bool is_own_header(const char *name) {
  return strcasecmp(name, "user-agent") == 0 || strncasecmp(name, "amz-sdk-", 8) == 0;
}

static inline const char *find_header(const tcx_value_t *headers, const char *name) {
  for (const tcx_value_t *h = tcx_value_first(headers, NULL); h != NULL; h = tcx_value_next(h))
    if (strcasecmp(tcx_value_name(h), name) == 0)
      return tcx_value_str(h, NULL);
  return NULL;
}
#endif
