/* The pool's decisions, without any socket: a small model of leases, connections and dials driven
 * by the policy's steps. */
#include "net/pool_policy.h"
#include "support.h"
#include <time.h>

static struct tcx_policy policy;
static char journal[4096];

static void no_session(void *session) { (void)session; }

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  size_t n = strlen(journal);
  vsnprintf(journal + n, sizeof journal - n, format, args);
  va_end(args);
}

static void check(const char *expected) {
  if (strcmp(journal, expected) != 0)
    fail_msg("expected \"%s\", got \"%s\"", expected, journal);
  journal[0] = '\0';
}

static struct tcx_bucket *bucket(const char *host) {
  struct tcx_target target = {.port = 80, .host = tcx__str(host)};
  struct tcx_bucket *b = tcx__policy_bucket(&policy, &target);
  assert_non_null(b);
  return b;
}

static void begin(unsigned max) {
  memset(&policy, 0, sizeof policy);
  policy.max = max;
  journal[0] = '\0';
}

static void finish(void) {
  assert_int_equal(policy.waiting, 0);
  assert_int_equal(policy.total, policy.idle);
  assert_int_equal(policy.spare, 0);
  while (policy.oldest != NULL) {
    struct tcx_idle *idle = policy.oldest;
    tcx__policy_take_idle(&policy, idle);
    tcx__policy_gone(&policy, idle->bucket);
    free(idle);
  }
  tcx__policy_clear(&policy, no_session);
  assert_int_equal(policy.buckets, 0);
}

/* Leases are named by their arrival; the journal says what happened: "d1 " a dial for lease 1, "s1
 * " served from idle, "e " an idle connection closed, "x " a spare dial closed. */
static struct tcx_attempt *dials[64];
static unsigned dial_count;

static void pump(bool may_serve) {
  for (;;) {
    struct tcx_step step = tcx__policy_next(&policy, may_serve);
    assert_true(policy.total <= policy.max);
    if (step.kind == TCX__STEP_NONE)
      return;
    if (step.kind == TCX__STEP_SERVE) {
      note("s%d ", (int)step.lease->arrival);
      step.lease->since_us = 1;
      free(step.idle);
      /* the model's connection is used up at once, and made anew by release() */
      tcx__policy_gone(&policy, step.lease->bucket);
    } else if (step.kind == TCX__STEP_DIAL) {
      struct tcx_attempt *dial = calloc(1, sizeof *dial);
      note("d%d ", (int)step.lease->arrival);
      tcx__policy_dial(&policy, step.lease, dial);
      dials[dial_count++] = dial;
    } else if (step.kind == TCX__STEP_EVICT) {
      note("e ");
      tcx__policy_gone(&policy, step.idle->bucket);
      free(step.idle);
    } else {
      note("x ");
      free(step.dial);
    }
  }
}

/* A new lease; the model's caller never gets an idle one at once here unless it asks for it. */
static struct tcx_lease *wait_for(const char *host, bool fresh) {
  struct tcx_lease *lease = calloc(1, sizeof *lease);
  lease->fresh = fresh;
  tcx__policy_wait(&policy, bucket(host), lease);
  pump(false);
  return lease;
}

/* A connection that is out comes back. */
static void release(const char *host) {
  struct tcx_idle *idle = calloc(1, sizeof *idle);
  idle->bucket = bucket(host);
  tcx__policy_give(&policy, idle, 0);
}

/* Pretends that a connection is out. */
static void take_out(const char *host) {
  struct tcx_lease lease = {0};
  struct tcx_attempt dial = {0};
  tcx__policy_wait(&policy, bucket(host), &lease);
  assert_int_equal(tcx__policy_next(&policy, false).kind, TCX__STEP_DIAL);
  tcx__policy_dial(&policy, &lease, &dial);
  assert_ptr_equal(tcx__policy_dialed(&policy, &dial), &lease);
}

static void test_one_target(void **state) {
  (void)state;
  begin(2);
  dial_count = 0;
  struct tcx_lease *a = wait_for("h", false), *b = wait_for("h", false), *c = wait_for("h", false);
  check("d1 d2 ");
  assert_int_equal(policy.total, 2);
  /* The second dial is faster: the lease that came first gets it. */
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[1]), a);
  assert_ptr_equal(dials[0]->lease, b);
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[0]), b);
  pump(true);
  check("");
  release("h");
  pump(false);
  check("");
  pump(true);
  check("s3 ");
  assert_int_equal(policy.total, 1);
  /* A third comes while one is idle and nobody waits: it is taken at once. */
  release("h");
  struct tcx_idle *idle = tcx__policy_take(&policy, bucket("h"));
  assert_non_null(idle);
  free(idle);
  tcx__policy_gone(&policy, bucket("h"));
  free(dials[0]);
  free(dials[1]);
  free(a);
  free(b);
  free(c);
  finish();
}

static void test_lifo(void **state) {
  (void)state;
  begin(4);
  struct tcx_idle i[3];
  memset(i, 0, sizeof i);
  for (int n = 0; n < 3; n++) {
    take_out("h");
    i[n].bucket = bucket("h");
  }
  tcx__policy_give(&policy, &i[0], 10);
  tcx__policy_give(&policy, &i[1], 20);
  tcx__policy_give(&policy, &i[2], 30);
  assert_ptr_equal(policy.oldest, &i[0]);
  assert_int_equal(policy.idle, 3);
  assert_ptr_equal(tcx__policy_take(&policy, bucket("h")), &i[2]);
  assert_ptr_equal(tcx__policy_take(&policy, bucket("h")), &i[1]);
  tcx__policy_give(&policy, &i[2], 40);
  assert_ptr_equal(tcx__policy_take(&policy, bucket("h")), &i[2]);
  assert_ptr_equal(tcx__policy_take(&policy, bucket("h")), &i[0]);
  assert_null(tcx__policy_take(&policy, bucket("h")));
  assert_int_equal(policy.total, 3);
  assert_int_equal(policy.idle, 0);
  for (int n = 0; n < 3; n++)
    tcx__policy_gone(&policy, bucket("h"));
  finish();
}

/* At the limit the oldest idle connection that nobody waits for makes room. */
static void test_eviction(void **state) {
  (void)state;
  begin(2);
  dial_count = 0;
  take_out("a");
  take_out("b");
  release("b");
  release("a");
  struct tcx_lease *lease = wait_for("c", false);
  check("e d3 ");
  assert_null(bucket("b")->idle); /* b's was the older one */
  assert_non_null(bucket("a")->idle);
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[0]), lease);
  tcx__policy_gone(&policy, bucket("c"));
  free(dials[0]);
  free(lease);
  finish();
  /* A fresh lease may close an idle connection of its own target. */
  begin(1);
  dial_count = 0;
  take_out("a");
  release("a");
  lease = wait_for("a", true);
  check("e d2 ");
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[0]), lease);
  tcx__policy_gone(&policy, bucket("a"));
  free(dials[0]);
  free(lease);
  finish();
}

/* An idle connection is not closed for another target while somebody of its own waits for it. */
static void test_no_eviction_of_wanted(void **state) {
  (void)state;
  begin(1);
  dial_count = 0;
  take_out("a");
  struct tcx_lease *a = wait_for("a", false), *b = wait_for("b", false);
  check("");
  release("a");
  pump(false); /* no callbacks now: it stays for a */
  check("");
  pump(true);
  check("s2 d3 ");
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[0]), b);
  tcx__policy_gone(&policy, bucket("b"));
  free(dials[0]);
  free(a);
  free(b);
  finish();
}

/* Waiters of another target are overtaken only so often. */
static void test_overtaking_is_bounded(void **state) {
  (void)state;
  begin(1);
  dial_count = 0;
  take_out("a");
  struct tcx_lease *b = wait_for("b", false), *a[20];
  for (int i = 0; i < 20; i++)
    a[i] = wait_for("a", false);
  unsigned overtaken = 0;
  while (b->dial == NULL) {
    release("a");
    struct tcx_step step = tcx__policy_next(&policy, true);
    if (step.kind == TCX__STEP_SERVE) {
      assert_ptr_equal(step.lease, a[overtaken++]);
      free(step.idle);
      continue;
    }
    assert_int_equal(step.kind, TCX__STEP_EVICT);
    tcx__policy_gone(&policy, step.idle->bucket);
    free(step.idle);
    pump(true);
  }
  assert_int_equal(overtaken, TCX__POOL_OVERTAKE);
  check("d2 ");
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[0]), b);
  tcx__policy_gone(&policy, bucket("b"));
  free(dials[0]);
  for (unsigned i = overtaken; i < 20; i++)
    tcx__policy_leave(&policy, a[i]);
  for (int i = 0; i < 20; i++)
    free(a[i]);
  free(b);
  finish();
}

/* Nor are those of the same target that want a fresh connection. */
static void test_fresh_is_not_starved(void **state) {
  (void)state;
  begin(1);
  dial_count = 0;
  take_out("a");
  struct tcx_lease *fresh = wait_for("a", true), *others[20];
  for (int i = 0; i < 20; i++)
    others[i] = wait_for("a", false);
  check("");
  for (int i = 0; i < TCX__POOL_OVERTAKE; i++) {
    release("a");
    struct tcx_step step = tcx__policy_next(&policy, true);
    assert_int_equal(step.kind, TCX__STEP_SERVE);
    assert_ptr_equal(step.lease, others[i]);
    free(step.idle);
    pump(true);
  }
  release("a");
  pump(true);
  check("e d2 ");
  assert_ptr_equal(dials[0]->lease, fresh);
  assert_ptr_equal(tcx__policy_dialed(&policy, dials[0]), fresh);
  tcx__policy_gone(&policy, bucket("a"));
  free(dials[0]);
  for (int i = 0; i < 20; i++) {
    if (i >= TCX__POOL_OVERTAKE)
      tcx__policy_leave(&policy, others[i]);
    free(others[i]);
  }
  free(fresh);
  finish();
}

/* A lease that leaves hands its dial on; one that is served otherwise too; a dial that nobody waits
 * for is spare, and the next lease gets it. */
static void test_dials_are_handed_on(void **state) {
  (void)state;
  begin(2);
  dial_count = 0;
  struct tcx_lease *a = wait_for("h", false), *b = wait_for("h", false), *c = wait_for("h", false);
  check("d1 d2 ");
  tcx__policy_leave(&policy, a);
  assert_ptr_equal(dials[0]->lease, c);
  tcx__policy_leave(&policy, b);
  assert_null(dials[1]->lease);
  assert_int_equal(policy.spare, 1);
  struct tcx_lease *d = wait_for("h", false);
  check("");
  assert_ptr_equal(dials[1]->lease, d);
  assert_int_equal(policy.spare, 0);
  /* A failed dial takes its lease with it. */
  assert_ptr_equal(tcx__policy_dial_gone(&policy, dials[0]), c);
  assert_int_equal(policy.total, 1);
  tcx__policy_leave(&policy, d);
  assert_int_equal(policy.spare, 1);
  /* At the limit a spare dial makes room for another target. */
  policy.max = 1;
  struct tcx_lease *e = wait_for("other", false);
  check("x d5 ");
  assert_ptr_equal(tcx__policy_dial_gone(&policy, dials[2]), e);
  free(dials[0]);
  free(dials[2]);
  free(a);
  free(b);
  free(c);
  free(d);
  free(e);
  finish();
}

static void test_buckets(void **state) {
  (void)state;
  begin(8);
  struct tcx_bucket *made[200];
  char host[32];
  for (int i = 0; i < 200; i++) {
    snprintf(host, sizeof host, "bucket-%d.s3.test", i);
    made[i] = bucket(host);
    assert_string_equal(made[i]->host, host);
  }
  for (int i = 0; i < 200; i++) {
    snprintf(host, sizeof host, "bucket-%d.s3.test", i);
    assert_ptr_equal(bucket(host), made[i]);
  }
  struct tcx_target tls = {.tls = true, .port = 80, .host = TCX__STR("bucket-1.s3.test")},
                    port = {.port = 81, .host = TCX__STR("bucket-1.s3.test")};
  assert_ptr_not_equal(tcx__policy_bucket(&policy, &tls), made[1]);
  assert_ptr_not_equal(tcx__policy_bucket(&policy, &port), made[1]);
  assert_int_equal(policy.buckets, 202);
  tcx__policy_forget(&policy, made[1], no_session);
  assert_int_equal(policy.buckets, 201);
  finish();
}

/* n targets with a lease each, at the limit of 1: each is served, in arrival order. Returns the
 * seconds of the processor that waiting and serving took. */
static double serve_targets(unsigned n) {
  struct tcx_lease *leases = calloc(n, sizeof *leases);
  struct tcx_bucket **targets = calloc(n + 1, sizeof(struct tcx_bucket *));
  struct tcx_attempt dial;
  char host[32];
  begin(1);
  for (unsigned i = 0; i <= n; i++) {
    snprintf(host, sizeof host, "target-%u", i);
    targets[i] = bucket(host);
  }
  take_out("target-0");
  clock_t start = clock();
  for (unsigned i = 0; i < n; i++) {
    tcx__policy_wait(&policy, targets[i + 1], &leases[i]);
    assert_int_equal(tcx__policy_next(&policy, false).kind, TCX__STEP_NONE);
  }
  for (unsigned i = 0; i < n; i++) {
    struct tcx_idle idle = {.bucket = targets[i]};
    tcx__policy_give(&policy, &idle, 0);
    assert_int_equal(tcx__policy_next(&policy, true).kind, TCX__STEP_EVICT);
    tcx__policy_gone(&policy, idle.bucket);
    struct tcx_step step = tcx__policy_next(&policy, true);
    assert_int_equal(step.kind, TCX__STEP_DIAL);
    assert_ptr_equal(step.lease, &leases[i]);
    tcx__policy_dial(&policy, step.lease, &dial);
    assert_ptr_equal(tcx__policy_dialed(&policy, &dial), &leases[i]);
  }
  clock_t end = clock();
  tcx__policy_gone(&policy, targets[n]);
  free(targets);
  free(leases);
  finish();
  return (double)(end - start) / CLOCKS_PER_SEC;
}

/* n idle connections of one target, beside which n leases of another are dialed for; then these
 * and those connections come back at once, and n more leases of the second wait. The seconds. */
static double serve_beside_idle(unsigned n) {
  struct tcx_lease *leases = calloc(2 * (size_t)n, sizeof *leases);
  struct tcx_attempt *attempts = calloc(n, sizeof *attempts);
  begin(2 * n);
  for (unsigned i = 0; i < n; i++)
    take_out("idle");
  for (unsigned i = 0; i < n; i++)
    release("idle");
  clock_t start = clock();
  for (unsigned i = 0; i < n; i++) {
    tcx__policy_wait(&policy, bucket("busy"), &leases[i]);
    struct tcx_step step = tcx__policy_next(&policy, false);
    assert_int_equal(step.kind, TCX__STEP_DIAL);
    tcx__policy_dial(&policy, step.lease, &attempts[i]);
    assert_int_equal(tcx__policy_next(&policy, false).kind, TCX__STEP_NONE);
  }
  for (unsigned i = 0; i < n; i++)
    assert_ptr_equal(tcx__policy_dialed(&policy, &attempts[i]), &leases[i]);
  for (unsigned i = 0; i < n; i++) {
    release("busy");
    tcx__policy_wait(&policy, bucket("busy"), &leases[n + i]);
  }
  for (unsigned i = 0; i < n; i++) {
    struct tcx_step step = tcx__policy_next(&policy, true);
    assert_int_equal(step.kind, TCX__STEP_SERVE);
    assert_ptr_equal(step.lease, &leases[n + i]);
    tcx__policy_gone(&policy, step.lease->bucket);
    free(step.idle);
  }
  clock_t end = clock();
  free(attempts);
  free(leases);
  finish();
  return (double)(end - start) / CLOCKS_PER_SEC;
}

/* Eight times as many cost eight times the work, and not 64 times. */
static void grows_as(double (*work)(unsigned n)) {
  double few = work(2500), many = work(20000);
  if (many > 32 * (few > 1e-3 ? few : 1e-3))
    fail_msg("2500 took %.4f s, 20000 took %.4f s", few, many);
}

static void test_many_targets(void **state) {
  (void)state;
  grows_as(serve_targets);
}

static void test_many_idle(void **state) {
  (void)state;
  grows_as(serve_beside_idle);
}

/* Anything in any order: the books balance, the limit holds, nobody starves. */
static void test_random(void **state) {
  (void)state;
  uint64_t seed = 42;
  for (int round = 0; round < 50; round++) {
    begin(1 + (unsigned)round % 7);
    dial_count = 0;
    unsigned out[3] = {0}, waiting = 0;
    static struct tcx_lease leases[100];
    memset(leases, 0, sizeof leases);
    static const char *const hosts[] = {"a", "b", "c"};
    for (int step = 0; step < 2000; step++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      unsigned r = (unsigned)(seed >> 33), h = r % 3, what = r / 3 % 6;
      struct tcx_lease *lease = &leases[r / 18 % 100];
      if (what < 2 && lease->since_us == 0) {
        lease->since_us = 1;
        lease->fresh = r / 1800 % 4 == 0;
        tcx__policy_wait(&policy, bucket(hosts[h]), lease);
        waiting++;
      } else if (what == 2 && lease->since_us == 1) {
        tcx__policy_leave(&policy, lease);
        lease->since_us = 0;
        waiting--;
      } else if (what == 3 && out[h] > 0) {
        release(hosts[h]);
        out[h]--;
      } else if (policy.dials != NULL) {
        struct tcx_attempt *dial = policy.dials;
        unsigned at = (unsigned)(dial->bucket->host[0] - 'a');
        struct tcx_lease *who =
            what == 4 ? tcx__policy_dial_gone(&policy, dial) : tcx__policy_dialed(&policy, dial);
        if (what != 4)
          out[at]++;
        if (who != NULL) {
          who->since_us = 0;
          waiting--;
        }
        free(dial);
      }
      for (;;) {
        struct tcx_step s = tcx__policy_next(&policy, r % 2 == 0);
        if (s.kind == TCX__STEP_NONE)
          break;
        if (s.kind == TCX__STEP_DIAL) {
          tcx__policy_dial(&policy, s.lease, calloc(1, sizeof(struct tcx_attempt)));
        } else if (s.kind == TCX__STEP_SERVE) {
          assert_ptr_equal(s.idle->bucket, s.lease->bucket);
          assert_false(s.lease->fresh);
          s.lease->since_us = 0;
          waiting--;
          out[s.idle->bucket->host[0] - 'a']++;
          free(s.idle);
        } else if (s.kind == TCX__STEP_EVICT) {
          tcx__policy_gone(&policy, s.idle->bucket);
          free(s.idle);
        } else {
          free(s.dial);
        }
        assert_true(policy.total <= policy.max);
      }
      assert_int_equal(policy.waiting, waiting);
      if (waiting > 0 && policy.dials == NULL && out[0] + out[1] + out[2] == 0 && r % 2 == 0)
        fail_msg("leases wait although nothing is under way");
    }
    for (int i = 0; i < 100; i++)
      if (leases[i].since_us == 1)
        tcx__policy_leave(&policy, &leases[i]);
    while (policy.dials != NULL) {
      struct tcx_attempt *dial = policy.dials;
      tcx__policy_dial_gone(&policy, dial);
      free(dial);
    }
    for (unsigned h = 0; h < 3; h++)
      while (out[h]-- > 0)
        tcx__policy_gone(&policy, bucket(hosts[h]));
    finish();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_target),
      cmocka_unit_test(test_lifo),
      cmocka_unit_test(test_eviction),
      cmocka_unit_test(test_no_eviction_of_wanted),
      cmocka_unit_test(test_overtaking_is_bounded),
      cmocka_unit_test(test_fresh_is_not_starved),
      cmocka_unit_test(test_dials_are_handed_on),
      cmocka_unit_test(test_buckets),
      cmocka_unit_test(test_many_targets),
      cmocka_unit_test(test_many_idle),
      cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
