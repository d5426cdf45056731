/*
 * identity.h - credentials on their way to calls: a counted, immutable set of keys, or a bearer
 * token, and a source that fetches it once for however many wait.
 *
 *   call --tcx__identity_get--> source --fetch--> provider (lib/creds: the chain and its links,
 *     static keys, the program's own callback)
 *        <--- identity now, or done() later ---    <--asker->answer, now or later
 *
 * A source has at most one fetch in flight. Providers are asynchronous all, those that know their
 * answer at once simply answer inside fetch. Whoever gets an identity holds a reference.
 */
#ifndef TCX_CORE_IDENTITY_H
#define TCX_CORE_IDENTITY_H
#include "base/error.h"
#include <tucuxi.h>

struct tcx_identity {
  unsigned refs;
  const char *access_key, *secret_key;    /* NULL of a token's */
  const char *session_token, *account_id; /* NULL when there is none */
  const char *token;                      /* a bearer token; NULL of keys */
  int64_t expires;                        /* Unix seconds; 0 = never */
  const char *origin;                     /* the provider's name; static */
  size_t size;                            /* bytes from here that are wiped at the end */
};
/* Of keys, or of a token (then credentials says no more than when it ends). Copies; UV_ENOMEM. */
int tcx__identity_new(const tcx_credentials_t *credentials, const char *token, const char *origin,
                      struct tcx_identity **out);
struct tcx_identity *tcx__identity_retain(struct tcx_identity *identity);
/* when keys end, in milliseconds: of an end that is not 0; a program may give any number */
int64_t tcx__identity_ends_ms(int64_t expires);
/* NULL is fine; wipes with the last */
void tcx__identity_release(struct tcx_identity *identity);

struct tcx_identity_wait {
  struct tcx_identity_wait *prev, *next;
  struct tcx_identity_source *source; /* NULL while not waiting */
  uint64_t round;                     /* the source's when it began to wait */
  uint64_t since_us;                  /* when that was */
  /* identity (a reference for the receiver) or NULL with status and why (valid inside). */
  void (*done)(struct tcx_identity_wait *wait, struct tcx_identity *identity, int status,
               const char *why);
  /* of a status < 0: the error of the service that was asked, or NULL; valid inside done */
  const tcx_error_t *cause;
};

/* Who is answered: a source, or a provider that asks others (the chain, a role's source). */
struct tcx_answer {
  /* 0: credentials; UV_ENOENT: this provider has none, the next may; else it failed and nobody else
   * is asked */
  int status;
  const tcx_credentials_t *credentials; /* copied by whoever keeps them */
  /* a bearer token instead of keys: credentials then says no more than when it ends */
  const char *token;
  const char *origin; /* static */
  const char *why;    /* of a status < 0; NULL: the status's own words */
  /* of TCX_ECLIENT: the error that those who wait fail with; else NULL */
  const tcx_error_t *cause;
};
struct tcx_asker {
  void (*answer)(struct tcx_asker *asker, const struct tcx_answer *answer);
};
static inline void tcx__answer_keys(struct tcx_asker *asker, const tcx_credentials_t *credentials,
                                    const char *origin) {
  asker->answer(asker, &(struct tcx_answer){.credentials = credentials, .origin = origin});
}
static inline void tcx__answer_token(struct tcx_asker *asker, const char *token, int64_t expires,
                                     const char *origin) {
  asker->answer(asker, &(struct tcx_answer){.credentials = &(tcx_credentials_t){.expires = expires},
                                            .token = token,
                                            .origin = origin});
}
static inline void tcx__answer_failure(struct tcx_asker *asker, int status, const char *why) {
  asker->answer(asker, &(struct tcx_answer){.status = status, .why = why});
}

/* A provider: embedded first in its own struct. */
struct tcx_provider {
  /* "env", "shared-credentials-file", "explicit": botocore's */
  const char *name;
  /* answers now or later, exactly once, unless it is cancelled */
  void (*fetch)(struct tcx_provider *provider, struct tcx_asker *asker);
  /* of the fetch under way: no answer comes any more. NULL: it always answers at once */
  void (*cancel)(struct tcx_provider *provider);
  void (*free)(struct tcx_provider *provider); /* no fetch is under way */
};
/* the session's advisory window */
unsigned tcx__identity_advisory_ms(const tcx_session_t *session);
/* owns provider, also on failure */
int tcx__identity_source_new(tcx_session_t *session, struct tcx_provider *provider,
                             struct tcx_identity_source **out);
/* Its own windows instead of the session's. */
void tcx__identity_source_windows(struct tcx_identity_source *source, unsigned advisory_ms,
                                  unsigned mandatory_ms);
/* it fetches, or somebody waits or is being told: not to be freed for room's sake */
bool tcx__identity_source_busy(const struct tcx_identity_source *source);
/* waiters are told TCX_ECLOSING from inside; NULL is fine */
void tcx__identity_source_free(struct tcx_identity_source *source);
/* A reference, at once, when there is one that lives on longer than the mandatory window. Else
 * NULL: wait->done comes, once, later (or already came, from inside, when the provider answered at
 * once). */
struct tcx_identity *tcx__identity_get(struct tcx_identity_source *source,
                                       struct tcx_identity_wait *wait);
/* done will not come; harmless when not waiting */
void tcx__identity_cancel(struct tcx_identity_wait *wait);
#endif
