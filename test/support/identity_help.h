/* identity_help.h - what a session's credential providers give, without a call. */
#ifndef TCX_TEST_IDENTITY_HELP_H
#define TCX_TEST_IDENTITY_HELP_H
#include "core/identity.h"
#include "core/session.h"
#include "support.h"

struct found {
  struct tcx_identity_wait wait;
  struct tcx_identity *identity; /* NULL: status and why */
  int done, status;
  char why[8192];
};

static inline void found_done(struct tcx_identity_wait *wait, struct tcx_identity *identity,
                              int status, const char *why) {
  struct found *found = (struct found *)wait;
  found->done++;
  found->identity = identity;
  found->status = status;
  snprintf(found->why, sizeof found->why, "%s", why != NULL ? why : "");
}

static inline void found_start(struct found *found, tcx_session_t *session) {
  struct tcx_settings *settings = NULL;
  struct tcx_identity_source *source = NULL;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_fail f = {.arena = arena};
  memset(found, 0, sizeof *found);
  found->wait.done = found_done;
  int err = tcx__session_settings(session, &settings, &f);
  if (err == 0)
    err = tcx__session_identity(session, &source);
  if (err == 0) {
    struct tcx_identity *now = tcx__identity_get(source, &found->wait);
    if (now != NULL)
      found_done(&found->wait, now, 0, NULL);
  } else {
    found_done(&found->wait, NULL, err, f.text);
  }
  tcx__arena_free(arena);
}

static inline void found_end(struct found *found) {
  tcx__identity_release(found->identity);
  found->identity = NULL;
}
#endif
