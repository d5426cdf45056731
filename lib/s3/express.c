/*
 * express.c - sessions of directory buckets (S3 Express One Zone): keys that CreateSession gives
 * for a bucket, for some minutes. botocore's S3ExpressIdentityCache.
 *
 *   none --first call--> empty --CreateSession--> holding a session --near its end--> again
 *                          ^                           |
 *                          +------ failed <------------+
 *
 * Near is 45 seconds: the old session serves on meanwhile; at 10 seconds calls wait for the new
 * one. When CreateSession fails, those who waited fail.
 *
 * A call in CREDENTIALS asks tcx__s3_session for its bucket's source (core/identity.h), which does
 * the waiting, the windows and the one fetch at a time. The source's provider, which is the entry
 * itself, makes an inner CreateSession call of the same client, signed with the client's own
 * credentials. The calls that wait hold no connection.
 *
 * Entries are the client's, newest use first. Of more than TCX__S3_SESSIONS_MAX the least recently
 * used goes at which nobody waits. An entry is freed by its source, which owns it as its provider.
 */
#include "base/mem.h"
#include "s3/s3.h"
#include <string.h>

#define ADVISORY_MS  45000u
#define MANDATORY_MS 10000u

struct tcx_s3_session {
  struct tcx_provider provider;
  struct tcx_s3_session *prev, *next;
  tcx_client_t *client;
  struct tcx_identity_source *source;
  struct tcx_asker *asker; /* of the fetch under way */
  tcx_call_t *call;        /* CreateSession; NULL while idle */
  size_t bucket_len;
  char bucket[];
};

/* ---- the provider ---- */

static void answer(struct tcx_asker *asker, const tcx_value_t *response) {
  tcx_credentials_t keys = {.access_key = tcx_value_str(response, "Credentials.AccessKeyId"),
                            .secret_key = tcx_value_str(response, "Credentials.SecretAccessKey"),
                            .session_token = tcx_value_str(response, "Credentials.SessionToken")};
  int32_t nanoseconds;
  if (keys.access_key != NULL && keys.secret_key != NULL && keys.session_token != NULL &&
      tcx_value_time(response, "Credentials.Expiration", &keys.expires, &nanoseconds) == 0)
    tcx__answer_keys(asker, &keys, "s3express");
  else
    tcx__answer_failure(
        asker, TCX_EPROTO,
        "The answer of CreateSession lacks the session's keys, its token or its end");
}

static void on_session(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tcx_s3_session *s = tcx_call_data(call); /* NULL: cancelled */
  const tcx_value_t *keys = tcx_value_get(response, "Credentials");
  if (s != NULL)
    s->call = NULL;
  if (s != NULL && error != NULL)
    s->asker->answer(
        s->asker, &(struct tcx_answer){.status = error->status, .why = error->msg, .cause = error});
  else if (s != NULL)
    answer(s->asker, response);
  if (keys != NULL)
    tcx__value_wipe(keys);
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct tcx_s3_session *s = (struct tcx_s3_session *)provider;
  struct tcx_call_start start = {.client = s->client,
                                 .operation = "CreateSession",
                                 .cb = on_session,
                                 .data = s,
                                 .internal = true};
  start.params = tcx_params("{Bucket: %.*s}", (int)s->bucket_len, s->bucket);
  s->asker = asker;
  int err = tcx__call_start(&start, &s->call);
  if (err != 0)
    tcx__answer_failure(asker, err, tcx_strerror(err));
}

/* The entry may be gone when the call's callback comes. */
static void cancel(struct tcx_provider *provider) {
  struct tcx_s3_session *s = (struct tcx_s3_session *)provider;
  s->call->data = NULL;
  tcx_call_cancel(s->call);
  s->call = NULL;
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

/* ---- the cache ---- */

static void unlink_session(struct tcx_s3_client *state, struct tcx_s3_session *s) {
  if (s->prev != NULL)
    s->prev->next = s->next;
  else
    state->newest_session = s->next;
  if (s->next != NULL)
    s->next->prev = s->prev;
  else
    state->oldest_session = s->prev;
  state->n_sessions--;
}

static void link_newest(struct tcx_s3_client *state, struct tcx_s3_session *s) {
  s->prev = NULL;
  s->next = state->newest_session;
  if (s->next != NULL)
    s->next->prev = s;
  else
    state->oldest_session = s;
  state->newest_session = s;
  state->n_sessions++;
}

/* An entry that is waited at stays: no more of these than calls. */
static void make_room(struct tcx_s3_client *state) {
  struct tcx_s3_session *s = state->oldest_session;
  while (s != NULL && state->n_sessions >= TCX__S3_SESSIONS_MAX) {
    struct tcx_s3_session *newer = s->prev;
    if (!tcx__identity_source_busy(s->source)) {
      unlink_session(state, s);
      tcx__identity_source_free(s->source);
    }
    s = newer;
  }
}

static struct tcx_s3_session *find(const struct tcx_s3_client *state, struct tcx_str bucket) {
  struct tcx_s3_session *s = state->newest_session;
  while (s != NULL && (s->bucket_len != bucket.n || memcmp(s->bucket, bucket.p, bucket.n) != 0))
    s = s->next;
  return s;
}

static int new_session(tcx_client_t *client, struct tcx_str bucket, struct tcx_s3_session **out) {
  struct tcx_s3_session *s = tcx__calloc(1, sizeof *s + bucket.n);
  if (s == NULL)
    return UV_ENOMEM;
  s->provider = (struct tcx_provider){
      .name = "s3express", .fetch = fetch, .cancel = cancel, .free = free_provider};
  s->client = client;
  s->bucket_len = bucket.n;
  memcpy(s->bucket, bucket.p, bucket.n);
  struct tcx_identity_source *source = NULL;
  int err = tcx__identity_source_new(client->session, &s->provider, &source);
  if (err != 0)
    return err;
  s->source = source;
  tcx__identity_source_windows(source, ADVISORY_MS, MANDATORY_MS);
  *out = s;
  return 0;
}

int tcx__s3_session(tcx_call_t *call, struct tcx_identity_source **source) {
  struct tcx_s3_client *state = tcx__client_state(call->client);
  struct tcx_str bucket = tcx__s3_bucket(call);
  if (bucket.p == NULL)
    return tcx__fail(&call->fail, TCX_EENDPOINT,
                     "A session of S3 Express is a bucket's, and %s names none", call->op->name);
  struct tcx_s3_session *s = find(state, bucket);
  if (s == NULL) {
    make_room(state);
    int err = new_session(call->client, bucket, &s);
    if (err != 0)
      return err;
  } else {
    unlink_session(state, s);
  }
  link_newest(state, s);
  *source = s->source;
  return 0;
}

void tcx__s3_sessions_free(tcx_client_t *client) {
  struct tcx_s3_client *state = tcx__client_state(client);
  for (struct tcx_s3_session *s; (s = state->newest_session) != NULL;) {
    unlink_session(state, s);
    tcx__identity_source_free(s->source);
  }
}
