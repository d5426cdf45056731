/* service_calls.h - whole calls to a service that is a list of answers: each to one request, on one
 * connection or, after an answer that cost its connection, on the next one. */
#ifndef TCX_TEST_SERVICE_CALLS_H
#define TCX_TEST_SERVICE_CALLS_H
#include "whole.h"

#define SERVICE_ANSWERS  5
#define SERVICE_BODY_MAX 4000

struct service {
  struct whole w;
  struct fault_step steps[2 * SERVICE_ANSWERS + 1];
  /* the next connection begins with the next answer */
  const struct fault_step *scripts[SERVICE_ANSWERS];
};
/* so NULL: with a key of its own. */
static inline void service_begin(struct service *s, const char *name, const char *const *answers,
                                 const tcx_session_options_t *so) {
  unsigned n = 0;
  memset(s->steps, 0, sizeof s->steps);
  for (; *answers != NULL; answers++) {
    assert_true(n < 2 * SERVICE_ANSWERS);
    s->scripts[n / 2] = &s->steps[n];
    s->steps[n++] = (struct fault_step)DO(REQUEST);
    s->steps[n++] = (struct fault_step)SEND(*answers);
  }
  whole_begin_with(&s->w, s->scripts, n / 2, so, NULL);
  s->w.server.keep_body = SERVICE_BODY_MAX;
  tcx_client_options_t co = {.region = "us-east-1",
                             .endpoint_url = s->w.url,
                             .access_key = so == NULL ? WHOLE_KEY : NULL,
                             .secret_key = so == NULL ? WHOLE_SECRET : NULL};
  assert_int_equal(tcx_session_create_client(s->w.session, name, &co, &s->w.client), 0);
}
#define SERVICE_ANSWERED(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The last request's header holds the text; NULL: there is none. */
static inline void service_header(const struct service *s, const char *name, const char *expected) {
  char text[1000];
  const char *found = whole_header(s->w.server.last_head, name, text, sizeof text);
  if (expected == NULL)
    assert_null(found);
  else if (found == NULL || strstr(found, expected) == NULL)
    fail_msg("%s: %s", name, found != NULL ? found : "(none)");
}
static inline void service_request(const struct service *s, const char *line, const char *body) {
  assert_memory_equal(s->w.server.last_head, line, strlen(line));
  assert_string_equal(s->w.server.last_body, body);
}
#endif
