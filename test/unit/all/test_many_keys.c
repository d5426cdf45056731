/* A million keys, listed one by one: what the library has in memory grows by less than 16 MiB over
 * what the first pages took, and so does the process, where no sanitizer keeps what was freed. */
#include "whole.h"
#include <malloc.h>
#include <tucuxi/jmespath.h>

#define PAGE_KEYS 1000
#define MILLION   1000 /* pages */
#define FEW       100
#define GROWTH    ((size_t)16 << 20)

#if defined(__SANITIZE_ADDRESS__)
#  define SANITIZED 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define SANITIZED 1
#  endif
#endif

/* ---- what the library has ---- */

static size_t live, peak;

static void *counted(void *p) {
  if (p != NULL && (live += malloc_usable_size(p)) > peak)
    peak = live;
  return p;
}
static void *count_malloc(size_t n) { return counted(malloc(n)); }
static void *count_calloc(size_t count, size_t size) { return counted(calloc(count, size)); }
static void *count_realloc(void *old, size_t n) {
  size_t before = old != NULL ? malloc_usable_size(old) : 0;
  void *p = realloc(old, n);
  if (p != NULL)
    live -= before;
  return counted(p);
}
static void count_free(void *p) {
  live -= p != NULL ? malloc_usable_size(p) : 0;
  free(p);
}

static size_t resident(void) {
  size_t pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%*u %zu", &pages), 1);
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- the server: each answer a page ---- */

struct script {
  unsigned pages;
  struct fault_step *steps;
  char **texts;
};

static char *page_text(unsigned page, unsigned pages) {
  size_t size = 256 + PAGE_KEYS * 90, n = 0;
  char *body = malloc(size), *text = malloc(size + 200);
  assert_non_null(body);
  assert_non_null(text);
  n += (size_t)snprintf(body, size, "<ListBucketResult><Name>b</Name>");
  for (unsigned i = 0; i < PAGE_KEYS; i++)
    n += (size_t)snprintf(body + n, size - n,
                          "<Contents><Key>some/folder/%08u</Key><Size>%u</Size></Contents>",
                          page * PAGE_KEYS + i, i);
  if (page + 1 < pages)
    n += (size_t)snprintf(
        body + n, size - n,
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t%u</NextContinuationToken>",
        page + 1);
  n += (size_t)snprintf(body + n, size - n, "</ListBucketResult>");
  assert_true(n < size);
  snprintf(text, size + 200, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", n, body);
  free(body);
  return text;
}

static void make_script(struct script *s, unsigned pages) {
  s->pages = pages;
  s->steps = calloc(2 * pages + 1, sizeof *s->steps);
  s->texts = calloc(pages, sizeof *s->texts);
  assert_non_null(s->steps);
  assert_non_null(s->texts);
  for (unsigned i = 0; i < pages; i++) {
    s->texts[i] = page_text(i, pages);
    s->steps[2 * i] = (struct fault_step)DO(REQUEST);
    s->steps[2 * i + 1] = (struct fault_step)SEND(s->texts[i]);
  }
}

static void free_script(struct script *s) {
  for (unsigned i = 0; i < s->pages; i++)
    free(s->texts[i]);
  free(s->texts);
  free(s->steps);
}

/* ---- the listing ---- */

struct listing {
  int done;
  unsigned keys;
  size_t resident, peak;
};

static void on_item(tcx_paginator_t *pages, int status, const tcx_value_t *item) {
  struct listing *l = tcx_paginator_data(pages);
  char expected[64];
  if (status != 0) {
    assert_int_equal(status, TCX_EOF);
    l->done = 1;
    return;
  }
  snprintf(expected, sizeof expected, "some/folder/%08u", l->keys++);
  const char *key = tcx_value_type(item, NULL) == TCX_STRING ? tcx_value_str(item, NULL)
                                                             : tcx_value_str(item, "Key");
  if (strcmp(key, expected) != 0)
    fail_msg("%s, not %s", key, expected);
  if (l->keys == 2 * PAGE_KEYS) {
    l->resident = resident();
    l->peak = peak;
  }
}

static void list(unsigned count, bool prefetch, const char *query) {
  struct whole w;
  struct script s;
  struct listing l = {0};
  tcx_paginator_t *pages = NULL;
  make_script(&s, count);
  const struct fault_step *const scripts[] = {s.steps};
  live = peak = 0;
  assert_int_equal(tcx_replace_allocator(count_malloc, count_realloc, count_calloc, count_free), 0);
  whole_begin(&w, scripts, 1, NULL);
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2", tcx_params("{Bucket: b}"),
                                       &(tcx_paginate_options_t){.prefetch = prefetch}, &l, &pages),
                   0);
  tcx_jmespath_t *e = query != NULL ? tcx_jmespath_compile(query, strlen(query)) : NULL;
  assert_int_equal(e != NULL ? tcx_paginator_search(pages, e, on_item)
                             : tcx_paginator_each(pages, NULL, on_item),
                   0);
  whole_until(&w, &l.done);
  assert_int_equal(l.keys, count * PAGE_KEYS);
  if (peak - l.peak > GROWTH)
    fail_msg("the library's memory grew by %zu bytes", peak - l.peak);
#ifndef SANITIZED
  size_t now = resident();
  if (now > l.resident && now - l.resident > GROWTH)
    fail_msg("the process grew by %zu bytes", now - l.resident);
#endif
  tcx_jmespath_free(e);
  tcx_paginator_close(pages);
  whole_end(&w);
  assert_int_equal(live, 0);
  assert_int_equal(tcx_replace_allocator(malloc, realloc, calloc, free), 0);
  free_script(&s);
}

static void test_items(void **state) {
  (void)state;
  list(MILLION, false, NULL);
}
static void test_ahead(void **state) {
  (void)state;
  list(FEW, true, NULL);
}
static void test_search(void **state) {
  (void)state;
  list(FEW, false, "Contents[].Key");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_items), cmocka_unit_test(test_ahead),
                                     cmocka_unit_test(test_search)};
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
