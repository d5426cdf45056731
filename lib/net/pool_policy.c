#include "net/pool_policy.h"
#include "base/mem.h"
#include <string.h>

/* ---- buckets ---- */

static uint32_t hash_target(const struct tcx_target *target) {
  uint32_t hash = 2166136261u ^ target->port ^ (target->tls ? 0x10000u : 0);
  for (size_t i = 0; i < target->host.n; i++)
    hash = (hash ^ (unsigned char)target->host.p[i]) * 16777619u;
  return hash;
}

static bool is_target(const struct tcx_bucket *bucket, const struct tcx_target *target) {
  return bucket->host_len == target->host.n && bucket->port == target->port &&
         bucket->tls == target->tls && bucket->proxy == target->proxy &&
         bucket->tunnel == target->tunnel &&
         memcmp(bucket->host, target->host.p, target->host.n) == 0;
}

struct tcx_bucket *tcx__policy_bucket(struct tcx_policy *p, const struct tcx_target *target) {
  if (p->recent != NULL && is_target(p->recent, target))
    return p->recent;
  uint32_t hash = hash_target(target);
  struct tcx_bucket **slot = &p->table[hash % 64];
  for (struct tcx_bucket *bucket = *slot; bucket != NULL; bucket = bucket->chain)
    if (bucket->hash == hash && is_target(bucket, target))
      return p->recent = bucket;
  struct tcx_bucket *bucket = tcx__calloc(1, sizeof *bucket + target->host.n + 1);
  if (bucket == NULL)
    return NULL;
  bucket->hash = hash;
  bucket->tls = target->tls;
  bucket->tunnel = target->tunnel;
  bucket->proxy = target->proxy;
  bucket->port = target->port;
  bucket->host_len = target->host.n;
  memcpy(bucket->host, target->host.p, target->host.n);
  bucket->chain = *slot;
  *slot = bucket;
  p->buckets++;
  return p->recent = bucket;
}

static void free_bucket(struct tcx_policy *p, struct tcx_bucket *bucket,
                        void (*free_session)(void *session)) {
  struct tcx_bucket **link = &p->table[bucket->hash % 64];
  while (*link != bucket)
    link = &(*link)->chain;
  *link = bucket->chain;
  if (p->recent == bucket)
    p->recent = NULL;
  if (bucket->session != NULL)
    free_session(bucket->session);
  tcx__free(bucket);
  p->buckets--;
}

void tcx__policy_forget(struct tcx_policy *p, struct tcx_bucket *bucket,
                        void (*free_session)(void *session)) {
  if (bucket->connections == 0 && bucket->waiting == 0 &&
      (bucket->session == NULL || p->buckets > TCX__POOL_KEEP))
    free_bucket(p, bucket, free_session);
}

void tcx__policy_clear(struct tcx_policy *p, void (*free_session)(void *session)) {
  for (unsigned i = 0; i < 64; i++)
    while (p->table[i] != NULL)
      free_bucket(p, p->table[i], free_session);
}

/* Leases that take any connection wait in this bucket. */
static bool wanted(const struct tcx_bucket *bucket) { return bucket->waiting > bucket->choosy; }

/* After each change of its idle connections or of its leases. */
static void note_ready(struct tcx_policy *p, struct tcx_bucket *bucket) {
  bool ready = bucket->idle != NULL && wanted(bucket);
  if (ready == bucket->ready)
    return;
  bucket->ready = ready;
  if (ready) {
    bucket->prev = NULL;
    bucket->next = p->ready;
    if (p->ready != NULL)
      p->ready->prev = bucket;
    p->ready = bucket;
    return;
  }
  if (bucket->prev != NULL)
    bucket->prev->next = bucket->next;
  else
    p->ready = bucket->next;
  if (bucket->next != NULL)
    bucket->next->prev = bucket->prev;
}

/* ---- idle connections ---- */

void tcx__policy_take_idle(struct tcx_policy *p, struct tcx_idle *idle) {
  struct tcx_bucket *bucket = idle->bucket;
  if (idle->above != NULL)
    idle->above->below = idle->below;
  else
    bucket->idle = idle->below;
  if (idle->below != NULL)
    idle->below->above = idle->above;
  if (idle->older != NULL)
    idle->older->newer = idle->newer;
  else
    p->oldest = idle->newer;
  if (idle->newer != NULL)
    idle->newer->older = idle->older;
  else
    p->newest = idle->older;
  idle->above = idle->below = idle->older = idle->newer = NULL;
  bucket->n_idle--;
  p->idle--;
  note_ready(p, bucket);
}

struct tcx_idle *tcx__policy_take(struct tcx_policy *p, struct tcx_bucket *bucket) {
  struct tcx_idle *idle = bucket->idle;
  if (idle == NULL || wanted(bucket))
    return NULL;
  tcx__policy_take_idle(p, idle);
  return idle;
}

void tcx__policy_give(struct tcx_policy *p, struct tcx_idle *idle, uint64_t now_ms) {
  struct tcx_bucket *bucket = idle->bucket;
  idle->since_ms = now_ms;
  idle->above = NULL;
  idle->below = bucket->idle;
  if (bucket->idle != NULL)
    bucket->idle->above = idle;
  bucket->idle = idle;
  idle->newer = NULL;
  idle->older = p->newest;
  if (p->newest != NULL)
    p->newest->newer = idle;
  else
    p->oldest = idle;
  p->newest = idle;
  bucket->n_idle++;
  p->idle++;
  note_ready(p, bucket);
}

void tcx__policy_gone(struct tcx_policy *p, struct tcx_bucket *bucket) {
  bucket->connections--;
  p->total--;
}

/* ---- the queue ---- */

static void append(struct tcx_lease_queue *queue, struct tcx_lease *lease) {
  lease->next = NULL;
  lease->prev = queue->last;
  if (queue->last != NULL)
    queue->last->next = lease;
  else
    queue->first = lease;
  queue->last = lease;
}

static void cut(struct tcx_lease_queue *queue, struct tcx_lease *lease) {
  if (lease->prev != NULL)
    lease->prev->next = lease->next;
  else
    queue->first = lease->next;
  if (lease->next != NULL)
    lease->next->prev = lease->prev;
  else
    queue->last = lease->prev;
  lease->prev = lease->next = NULL;
}

static void append_undialed(struct tcx_policy *p, struct tcx_lease *lease) {
  struct tcx_lease_queue *all = &p->undialed[lease->fresh];
  append(&lease->bucket->undialed[lease->fresh], lease);
  lease->newer = NULL;
  lease->older = all->last;
  if (all->last != NULL)
    all->last->newer = lease;
  else
    all->first = lease;
  all->last = lease;
}

static void cut_undialed(struct tcx_policy *p, struct tcx_lease *lease) {
  struct tcx_lease_queue *all = &p->undialed[lease->fresh];
  cut(&lease->bucket->undialed[lease->fresh], lease);
  if (lease->older != NULL)
    lease->older->newer = lease->newer;
  else
    all->first = lease->newer;
  if (lease->newer != NULL)
    lease->newer->older = lease->older;
  else
    all->last = lease->older;
  lease->older = lease->newer = NULL;
}

static struct tcx_lease *earlier(struct tcx_lease *a, struct tcx_lease *b) {
  return b == NULL || (a != NULL && a->arrival < b->arrival) ? a : b;
}

/* The dial goes to the bucket's first lease without one; nobody there: it is spare. */
static void pass_on(struct tcx_policy *p, struct tcx_attempt *dial) {
  struct tcx_bucket *bucket = dial->bucket;
  struct tcx_lease *lease = earlier(bucket->undialed[false].first, bucket->undialed[true].first);
  dial->lease = lease;
  if (lease == NULL) {
    p->spare++;
    return;
  }
  cut_undialed(p, lease);
  append(&bucket->dialed, lease);
  lease->dial = dial;
}

void tcx__policy_wait(struct tcx_policy *p, struct tcx_bucket *bucket, struct tcx_lease *lease) {
  lease->bucket = bucket;
  lease->dial = NULL;
  lease->arrival = ++p->arrivals;
  append_undialed(p, lease);
  bucket->choosy += lease->fresh;
  bucket->waiting++;
  p->waiting++;
  note_ready(p, bucket);
  for (struct tcx_attempt *dial = p->spare > 0 ? p->dials : NULL; dial != NULL; dial = dial->next)
    if (dial->lease == NULL && dial->bucket == bucket) {
      p->spare--;
      pass_on(p, dial);
      return;
    }
}

/* Off the books; its dial, if any, is left to the caller. */
static void remove_lease(struct tcx_policy *p, struct tcx_lease *lease) {
  struct tcx_bucket *bucket = lease->bucket;
  if (lease->dial != NULL)
    cut(&bucket->dialed, lease);
  else
    cut_undialed(p, lease);
  bucket->choosy -= lease->fresh;
  p->waiting--;
  if (--bucket->waiting == 0)
    bucket->overtaken = 0;
  note_ready(p, bucket);
}

void tcx__policy_leave(struct tcx_policy *p, struct tcx_lease *lease) {
  struct tcx_attempt *dial = lease->dial;
  remove_lease(p, lease);
  lease->dial = NULL;
  if (dial != NULL)
    pass_on(p, dial);
}

/* ---- dials ---- */

void tcx__policy_dial(struct tcx_policy *p, struct tcx_lease *lease, struct tcx_attempt *dial) {
  struct tcx_bucket *bucket = lease->bucket;
  dial->bucket = bucket;
  dial->lease = lease;
  dial->prev = NULL;
  dial->next = p->dials;
  if (p->dials != NULL)
    p->dials->prev = dial;
  p->dials = dial;
  cut_undialed(p, lease);
  append(&bucket->dialed, lease);
  lease->dial = dial;
  bucket->connections++;
  bucket->overtaken = 0;
  p->total++;
}

static void remove_dial(struct tcx_policy *p, struct tcx_attempt *dial) {
  if (dial->lease == NULL)
    p->spare--;
  if (dial->prev != NULL)
    dial->prev->next = dial->next;
  else
    p->dials = dial->next;
  if (dial->next != NULL)
    dial->next->prev = dial->prev;
}

struct tcx_lease *tcx__policy_dialed(struct tcx_policy *p, struct tcx_attempt *dial) {
  struct tcx_lease *owner = dial->lease, *lease = dial->bucket->dialed.first;
  remove_dial(p, dial);
  if (lease == NULL)
    return NULL;
  struct tcx_attempt *other = lease->dial;
  remove_lease(p, lease);
  lease->dial = NULL;
  if (lease == owner)
    return lease;
  if (owner != NULL) {
    owner->dial = other;
    other->lease = owner;
  } else {
    pass_on(p, other);
  }
  return lease;
}

struct tcx_lease *tcx__policy_dial_gone(struct tcx_policy *p, struct tcx_attempt *dial) {
  struct tcx_lease *lease = dial->lease;
  remove_dial(p, dial);
  tcx__policy_gone(p, dial->bucket);
  if (lease == NULL)
    return NULL;
  remove_lease(p, lease);
  lease->dial = NULL;
  return lease;
}

/* ---- decisions ---- */

static struct tcx_lease *first_unchoosy(const struct tcx_bucket *bucket) {
  struct tcx_lease *lease = bucket->dialed.first;
  while (lease != NULL && lease->fresh)
    lease = lease->next;
  return lease != NULL ? lease : bucket->undialed[false].first;
}

static struct tcx_step evict(struct tcx_policy *p, struct tcx_idle *idle) {
  tcx__policy_take_idle(p, idle);
  return (struct tcx_step){.kind = TCX__STEP_EVICT, .idle = idle};
}

static struct tcx_step serve(struct tcx_policy *p, struct tcx_lease *lease) {
  struct tcx_idle *idle = lease->bucket->idle;
  tcx__policy_take_idle(p, idle);
  tcx__policy_leave(p, lease);
  return (struct tcx_step){.kind = TCX__STEP_SERVE, .lease = lease, .idle = idle};
}

/* Who can have an idle connection as it is, and has waited longest of these. */
static struct tcx_lease *first_served(const struct tcx_policy *p) {
  struct tcx_lease *first = NULL;
  for (const struct tcx_bucket *bucket = p->ready; bucket != NULL; bucket = bucket->next)
    first = earlier(first, first_unchoosy(bucket));
  return first;
}

/* Who needs a dial, since no idle connection will do, and has waited longest, of those that came
 * before `before`. Whoever came before the first that can be served needs one: no step looks
 * far. */
static struct tcx_lease *first_starved(const struct tcx_policy *p, uint64_t before) {
  struct tcx_lease *lease = p->undialed[false].first;
  while (lease != NULL && lease->arrival < before && lease->bucket->idle != NULL)
    lease = lease->newer;
  lease = earlier(lease, p->undialed[true].first);
  return lease != NULL && lease->arrival < before ? lease : NULL;
}

static struct tcx_idle *oldest_unwanted(const struct tcx_policy *p) {
  struct tcx_idle *idle = p->oldest;
  unsigned n = p->idle;
  for (const struct tcx_bucket *bucket = p->ready; bucket != NULL; bucket = bucket->next)
    n -= bucket->n_idle;
  if (n == 0)
    return NULL;
  while (idle != NULL && wanted(idle->bucket))
    idle = idle->newer;
  return idle;
}

static struct tcx_step abandon_spare(struct tcx_policy *p) {
  struct tcx_attempt *dial = p->dials;
  while (dial->lease != NULL)
    dial = dial->next;
  remove_dial(p, dial);
  tcx__policy_gone(p, dial->bucket);
  return (struct tcx_step){.kind = TCX__STEP_ABANDON, .dial = dial};
}

struct tcx_step tcx__policy_next(struct tcx_policy *p, bool may_serve) {
  struct tcx_lease *served = may_serve ? first_served(p) : NULL;
  struct tcx_idle *unwanted = oldest_unwanted(p);
  bool room = p->total < p->max || unwanted != NULL || p->spare > 0;
  uint64_t before = served != NULL ? served->arrival : room ? UINT64_MAX : 0;
  struct tcx_lease *starved = first_starved(p, before);
  if (starved != NULL && p->total < p->max)
    return (struct tcx_step){.kind = TCX__STEP_DIAL, .lease = starved};
  if (starved != NULL && room)
    return unwanted != NULL ? evict(p, unwanted) : abandon_spare(p);
  if (served == NULL)
    return (struct tcx_step){.kind = TCX__STEP_NONE};
  if (starved != NULL && ++starved->bucket->overtaken > TCX__POOL_OVERTAKE) {
    starved->bucket->overtaken = 0;
    return evict(p, served->bucket->idle);
  }
  return serve(p, served);
}
