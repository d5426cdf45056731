/*
 * Futures while one allocation after the other fails: each callback that was promised comes once,
 * next of a chain that was made too, and nothing leaks.
 */
#include "future_help.h"
#include "torture.h"

#define XML_LIST                                                                                   \
  "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></"          \
  "ListBucketResult>"

static tcx_future_t *list(struct whole *w) {
  return tcx_future_call(w->client, "list_objects_v2", tcx_params("{Bucket: %s}", "b"));
}

struct chained {
  struct whole *w;
  int calls;
};
static tcx_future_t *list_again(tcx_future_t *done, int status, void *data) {
  struct chained *c = data;
  c->calls++;
  assert_int_equal(tcx_future_status(done), status);
  return status == 0 ? list(c->w) : NULL;
}

/* The outcome of what make made: by callback, or by await. */
static int run(tcx_future_t *(*make)(struct chained *c), bool await) {
  struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("200 OK", XML_LIST)), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  struct chained c = {.w = &w};
  struct seen seen = {0};
  int status = whole_try_begin(&w, scripts, 1, NULL, NULL);
  if (status == 0) {
    tcx_future_t *f = make(&c);
    if (await) {
      status = tcx_future_await(f);
      assert_true(tcx_future_done(f));
    } else if ((status = tcx_future_then(f, seen_cb, &seen)) == 0) {
      whole_until(&w, &seen.calls);
      status = seen.status;
    }
    if (status == 0 && tcx_future_count(f) == 0)
      assert_string_equal(tcx_value_str(tcx_future_response(f), "Contents[0].Key"), "a");
    tcx_future_release(f);
  }
  assert_true(status == 0 || status == UV_ENOMEM);
  whole_end(&w);
  assert_in_range(c.calls, 0, 1);
  return status;
}

static tcx_future_t *make_call(struct chained *c) { return list(c->w); }
static tcx_future_t *make_chain(struct chained *c) {
  return tcx_future_timeout(tcx_future_chain(list(c->w), list_again, c), 100000);
}
static tcx_future_t *make_all(struct chained *c) {
  return tcx_future_all((tcx_future_t *[]){list(c->w), tcx_future_chain(list(c->w), list_again, c),
                                           tcx_future_sleep(c->w->session, 1)},
                        3);
}
/* All kids but the last may fail to be made: then that one's outcome it is. */
static tcx_future_t *make_race(struct chained *c) {
  tcx_future_t *own = tcx_future_new(c->w->session, NULL, NULL);
  tcx_future_t *race =
      tcx_future_race((tcx_future_t *[]){own, tcx_future_chain(list(c->w), list_again, c)}, 2);
  tcx_future_complete(own, 0, tcx_params("{Contents: [{Key: a}]}"));
  return race;
}

/* Both pages of two, one after the other. */
struct paged {
  tcx_paginator_t *pages;
  int calls;
};
static tcx_future_t *page_again(tcx_future_t *done, int status, void *data) {
  struct paged *p = data;
  p->calls++;
  assert_int_equal(tcx_future_status(done), status);
  return status == 0 ? tcx_future_page(p->pages) : NULL;
}
static int pages(void *ctx) {
  const struct fault_step steps[] = {
      DO(REQUEST),
      SEND(whole_answer("200 OK", "<ListBucketResult><IsTruncated>true</IsTruncated>"
                                  "<NextContinuationToken>t</NextContinuationToken>"
                                  "</ListBucketResult>")),
      DO(REQUEST), SEND(whole_answer("200 OK", XML_LIST)), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  struct paged p = {0};
  tcx_paginate_options_t options = {.prefetch = ctx != NULL};
  int status = whole_try_begin(&w, scripts, 1, NULL, NULL);
  if (status == 0)
    status = tcx_client_paginate(w.client, "list_objects_v2", tcx_params("{Bucket: %s}", "b"),
                                 &options, NULL, &p.pages);
  if (status == 0) {
    tcx_future_t *f = tcx_future_chain(tcx_future_page(p.pages), page_again, &p);
    status = tcx_future_await(f);
    if (status == 0)
      assert_string_equal(tcx_value_str(tcx_future_response(f), "Contents[0].Key"), "a");
    tcx_paginator_close(p.pages);
    tcx_future_release(f);
  }
  assert_true(status == 0 || status == UV_ENOMEM);
  whole_end(&w);
  return status;
}

static tcx_future_t *read_it(tcx_future_t *done, int status, void *data) {
  (void)data;
  return status == 0 ? tcx_future_read_all(tcx_future_take_stream(done, NULL), 100) : NULL;
}
static int read_all(void *ctx) {
  const struct fault_step steps[] = {DO(REQUEST), SEND(whole_answer("200 OK", "hello world")),
                                     DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  (void)ctx;
  int status = whole_try_begin(&w, scripts, 1, NULL, NULL);
  if (status == 0) {
    tcx_value_t *params = tcx_params("{Bucket: b, Key: %s}", "k");
    tcx_future_t *f =
        tcx_future_chain(tcx_future_call(w.client, "get_object", params), read_it, NULL);
    status = tcx_future_await(f);
    if (status == 0)
      assert_memory_equal(tcx_value_bytes(tcx_future_response(f), NULL, NULL), "hello world", 11);
    tcx_future_release(f);
  }
  assert_true(status == 0 || status == UV_ENOMEM);
  whole_end(&w);
  return status;
}

static int call_then(void *ctx) { return run(make_call, ctx != NULL); }
static int chain_then(void *ctx) { return run(make_chain, ctx != NULL); }
static int all_then(void *ctx) { return run(make_all, ctx != NULL); }
static int race_then(void *ctx) { return run(make_race, ctx != NULL); }

#define TORTURE(name)                                                                              \
  static void test_##name(void **state) {                                                          \
    (void)state;                                                                                   \
    test_fail_until_ok(name, NULL);                                                                \
    test_fail_until_ok(name, state);                                                               \
  }
TORTURE(call_then)
TORTURE(chain_then)
TORTURE(all_then)
TORTURE(race_then)
TORTURE(pages)
TORTURE(read_all)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_call_then), cmocka_unit_test(test_chain_then),
      cmocka_unit_test(test_all_then),  cmocka_unit_test(test_race_then),
      cmocka_unit_test(test_pages),     cmocka_unit_test(test_read_all),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
