/* Pages while one allocation after the other fails: with limits, tokens, a page ahead, items, a
 * search, the whole result. */
#include "torture.h"
#include "whole.h"
#include <tucuxi/jmespath.h>

#define KEY(k) "<Contents><Key>" k "</Key></Contents>"
#define MORE(token)                                                                                \
  "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"
#define PAGE(inside)                                                                               \
  whole_answer("200 OK", "<ListBucketResult><Name>b</Name>" inside "</ListBucketResult>")

struct run {
  struct whole w;
  struct fault_step steps[8];
  const struct fault_step *scripts[1];
  tcx_paginator_t *pages;
  int status, done;
  unsigned given;
};

static int begin(struct run *r, const tcx_paginate_options_t *options) {
  memset(r, 0, sizeof *r);
  const struct fault_step steps[8] = {DO(REQUEST), SEND(PAGE(KEY("a") KEY("b") MORE("t1"))),
                                      DO(REQUEST), SEND(PAGE(KEY("c") KEY("d") MORE("t2"))),
                                      DO(REQUEST), SEND(PAGE(KEY("e"))),
                                      DO(END)};
  memcpy(r->steps, steps, sizeof steps);
  r->scripts[0] = r->steps;
  int status = whole_try_begin(&r->w, r->scripts, 1, NULL, NULL);
  return status != 0 ? status
                     : tcx_client_paginate(r->w.client, "list_objects_v2",
                                           tcx_params("{Bucket: b}"), options, r, &r->pages);
}

static int end(struct run *r, int status) {
  if (status < 0 && r->pages != NULL && r->done)
    assert_int_equal(tcx_paginator_error(r->pages) != NULL ? tcx_paginator_error(r->pages)->status
                                                           : status,
                     status);
  tcx_paginator_close(r->pages);
  whole_end(&r->w);
  return status == TCX_EOF ? 0 : status;
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct run *r = tcx_paginator_data(pages);
  assert_true((page != NULL) == (status == 0));
  r->status = status;
  r->done = 1;
  r->given += (unsigned)tcx_value_len(page, "Contents");
}

static int walk_pages(const tcx_paginate_options_t *options, unsigned given) {
  struct run r;
  int status = begin(&r, options);
  while (status == 0) {
    r.done = 0;
    if ((status = tcx_paginator_next(r.pages, on_page)) != 0)
      break;
    whole_until(&r.w, &r.done);
    status = r.status;
  }
  if (status == TCX_EOF)
    assert_int_equal(r.given, given);
  return end(&r, status);
}
static int cut(void *ctx) {
  (void)ctx;
  return walk_pages(&(tcx_paginate_options_t){.max_items = 3, .page_size = 2}, 3);
}
static int resumed(void *ctx) {
  (void)ctx; /* null, 1 */
  return walk_pages(
      &(tcx_paginate_options_t){
          .starting_token =
              "eyJDb250aW51YXRpb25Ub2tlbiI6IG51bGwsICJib3RvX3RydW5jYXRlX2Ftb3VudCI6IDF9"},
      4);
}
static int ahead(void *ctx) {
  (void)ctx;
  return walk_pages(&(tcx_paginate_options_t){.prefetch = true}, 5);
}

static void on_item(tcx_paginator_t *pages, int status, const tcx_value_t *item) {
  struct run *r = tcx_paginator_data(pages);
  assert_false(r->done);
  r->given += item != NULL;
  r->status = status;
  r->done = status != 0;
}
static int each(void *ctx) {
  struct run r;
  (void)ctx;
  int status = begin(&r, NULL);
  if (status == 0 && (status = tcx_paginator_each(r.pages, NULL, on_item)) == 0) {
    whole_until(&r.w, &r.done);
    status = r.status;
  }
  if (status == TCX_EOF)
    assert_int_equal(r.given, 5);
  return end(&r, status);
}
static int search(void *ctx) {
  struct run r;
  (void)ctx;
  int status = begin(&r, NULL);
  tcx_jmespath_t *e = tcx_jmespath_compile("Contents[].{k: Key} | [].k", 26);
  if (status == 0)
    status = tcx_jmespath_status(e);
  if (status == 0 && (status = tcx_paginator_search(r.pages, e, on_item)) == 0) {
    whole_until(&r.w, &r.done);
    status = r.status;
  }
  tcx_jmespath_free(e);
  if (status == TCX_EOF)
    assert_int_equal(r.given, 5);
  return end(&r, status);
}
static int whole_result(void *ctx) {
  struct run r;
  (void)ctx;
  int status = begin(&r, &(tcx_paginate_options_t){.max_items = 4});
  if (status == 0 && (status = tcx_paginator_build_full_result(r.pages, on_page)) == 0) {
    whole_until(&r.w, &r.done);
    status = r.status;
  }
  if (status == 0)
    assert_int_equal(r.given, 4);
  return end(&r, status);
}

#define TORTURE(name)                                                                              \
  static void test_##name(void **state) {                                                          \
    (void)state;                                                                                   \
    test_fail_until_ok(name, NULL);                                                                \
  }
TORTURE(cut)
TORTURE(resumed)
TORTURE(ahead)
TORTURE(each)
TORTURE(search)
TORTURE(whole_result)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cut),    cmocka_unit_test(test_resumed),
      cmocka_unit_test(test_ahead),  cmocka_unit_test(test_each),
      cmocka_unit_test(test_search), cmocka_unit_test(test_whole_result),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
