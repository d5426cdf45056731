/* The sources of jobs: folders, listings, chains, globs; and memory that runs out in whole jobs. */
#include "torture.h"
#include "transfer_help.h"

/* ---- sources ---- */

static void make_tree(void) {
  static const char *const files[] = {"a.txt", "b.gz", "d/c.txt", "d/e/f.gz", "d/e/g.txt"};
  mkdir(in_folder("t"), 0700);
  mkdir(in_folder("t/d"), 0700);
  mkdir(in_folder("t/d/e"), 0700);
  mkdir(in_folder("t/empty"), 0700);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char name[64];
    snprintf(name, sizeof name, "t/%s", files[i]);
    put_file(in_folder(name), "12345");
  }
}

static void test_folder(void **state) {
  (void)state;
  struct whole w;
  struct tally t = {0};
  make_tree();
  assert_int_equal(symlink("..", in_folder("t/d/e/up")), 0);
  assert_int_equal(symlink("nowhere", in_folder("t/dangling")), 0);
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  run_job(&w, tcx_items_folder(&w.loop, in_folder("t/"), NULL, "bucket", "p/"),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, 0);
  assert_int_equal(t.good, 5);
  assert_int_equal(t.skipped, 2);
  assert_int_equal(t.end.found_bytes, 25);
  t = (struct tally){0};
  run_job(&w, tcx_items_folder(&w.loop, in_folder("t"), "*e/*.gz", "bucket", "p/"),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.good, 1);
  assert_string_equal(t.last_key, "p/d/e/f.gz");
  t = (struct tally){0};
  run_job(&w, tcx_items_folder(&w.loop, in_folder("absent"), NULL, "bucket", ""),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, UV_ENOENT);
  assert_non_null(strstr(t.error, "cannot read "));
  assert_non_null(strstr(t.error, "/absent/: no such file or directory"));
  t = (struct tally){.cancel_at = 1};
  run_job(&w, tcx_items_folder(&w.loop, in_folder("t"), NULL, "bucket", ""),
          (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, TCX_ECANCELED);
  tcx_items_close(tcx_items_folder(&w.loop, folder, NULL, "bucket", ""));
  whole_end(&w);
}

#define PAGE_1                                                                                     \
  "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>n</"                    \
  "NextContinuationToken>"                                                                         \
  "<Contents><Key>p/a</Key><Size>1</Size></Contents><Contents><Key>p/../b</Key><Size>2</Size></"   \
  "Contents></ListBucketResult>"
#define PAGE_2                                                                                     \
  "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>p/d/</Key><Size>0</Size></"    \
  "Contents>"                                                                                      \
  "<Contents><Key>p/d/e</Key><Size>4</Size></Contents><Contents><Key>p/t/x</Key><Size>9</Size></"  \
  "Contents></ListBucketResult>"

static void test_listing(void **state) {
  (void)state;
  struct fault_step pages[] = {DO(REQUEST), SEND(NULL), DO(REQUEST), SEND(NULL), DO(END)};
  struct fault_step failing[] = {DO(REQUEST), SEND(NULL), DO(REQUEST), SEND(NULL), DO(END)};
  const struct fault_step *const scripts[] = {pages}, *const fail_scripts[] = {failing};
  pages[1].text = failing[1].text = whole_answer("200 OK", PAGE_1);
  pages[3].text = whole_answer("200 OK", PAGE_2);
  failing[3].text = whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "no more"));
  tcx_listing_options_t o = {.kind = TCX_ITEM_DOWNLOAD,
                             .bucket = "bucket",
                             .prefix = "p/",
                             .strip = 2,
                             .folder = "target"};
  const struct {
    tcx_item_kind_t kind;
    const char *glob;
    unsigned good, skipped;
    const char *last;
  } cases[] = {{TCX_ITEM_DOWNLOAD, NULL, 3, 1, "p/t/x"},
               {TCX_ITEM_DELETE, NULL, 5, 0, "p/t/x"},
               {TCX_ITEM_COPY, NULL, 4, 0, "p/t/d/e"},
               {TCX_ITEM_DOWNLOAD, "d/*", 1, 0, "p/d/e"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    struct tally t = {0};
    whole_begin(&w, scripts, 1, NULL);
    o.kind = cases[i].kind;
    o.glob = cases[i].glob;
    o.target_bucket = "bucket";
    o.target_prefix = "p/t/";
    run_job(&w, tcx_items_listing(w.client, &o), (tcx_job_options_t){.dry_run = true}, &t);
    assert_int_equal(t.status, 0);
    assert_int_equal(t.good, cases[i].good);
    assert_int_equal(t.skipped, cases[i].skipped);
    assert_string_equal(t.last_key, cases[i].last);
    whole_end(&w);
  }
  struct whole w;
  struct tally t = {0};
  whole_begin(&w, fail_scripts, 1, NULL);
  run_job(&w, tcx_items_listing(w.client, &o), (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.status, TCX_ECLIENT);
  assert_non_null(strstr(t.error, "AccessDenied"));
  whole_end(&w);
}

/* Closed while a page is on its way. */
static void test_listing_closed(void **state) {
  (void)state;
  static const struct fault_step silent[] = {DO(REQUEST), DO(END)};
  static const struct fault_step *const scripts[] = {silent};
  tcx_listing_options_t o = {.kind = TCX_ITEM_DELETE, .bucket = "bucket"};
  tcx_job_t *job = NULL;
  struct tally t = {0};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  assert_int_equal(tcx_job_start(w.client, tcx_items_listing(w.client, &o), NULL, on_job, &t, &job),
                   0);
  while (w.server.requests == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_job_cancel(job);
  whole_until(&w, &t.calls);
  assert_int_equal(t.status, TCX_ECANCELED);
  whole_end(&w);
}

static void test_chain(void **state) {
  (void)state;
  struct whole w;
  struct tally t = {0};
  make_tree();
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = "http://127.0.0.1:1"});
  tcx_item_t one = {.kind = TCX_ITEM_DELETE, .bucket = "b", .key = "last", .size = 7};
  tcx_items_t *all[] = {tcx_items_folder(&w.loop, in_folder("t"), NULL, "b", ""),
                        tcx_items_folder(&w.loop, in_folder("t/empty"), NULL, "b", ""),
                        tcx_items_one(&one)};
  run_job(&w, tcx_items_chain(all, 3), (tcx_job_options_t){.dry_run = true}, &t);
  assert_int_equal(t.good, 6);
  assert_string_equal(t.last_key, "last");
  tcx_items_t *holed[] = {tcx_items_one(&one), NULL};
  assert_null(tcx_items_chain(holed, 2));
  tcx_items_t *unused[] = {tcx_items_one(&one)};
  tcx_items_close(tcx_items_chain(unused, 1));
  whole_end(&w);
}

static void test_glob(void **state) {
  (void)state;
  static const struct {
    const char *glob, *text;
    bool matches;
  } cases[] = {{"", "", true},
               {"", "a", false},
               {"*", "", true},
               {"*", "a/b", true},
               {"a*c", "abbc", true},
               {"a*c", "abb", false},
               {"*.gz", "x/y.gz", true},
               {"*.gz", "x.gzz", false},
               {"?", "a", true},
               {"?", "", false},
               {"?", "\xc3\xa4", true},
               {"??", "\xc3\xa4", false},
               {"[a-c]x", "bx", true},
               {"[a-c]x", "dx", false},
               {"[!a-c]x", "dx", true},
               {"[^a-c]x", "ax", false},
               {"[]]", "]", true},
               {"[\xc3\xa4\xc3\xb6]x", "\xc3\xa4x", true},
               {"[\xc3\xa4\xc3\xb6]x", "\xc3\xbcx", false},
               {"[!\xc3\xa4]", "\xc3\xb6", true},
               {"*[!\xc3\xa4]", "\xc3\xa4", false},
               {"[a-\xc3\xb6]", "\xc3\xa4", true},
               {"[a-\xc3\xa4]", "\xc3\xb6", false},
               {"[a-]", "-", true},
               {"[x", "[x", true},
               {"\\*", "*", true},
               {"\\*", "a", false},
               {"a\\", "a\\", true},
               {"*a*b*c*", "xxaxxbxxcxx", true},
               {"*a*b*c*", "xxaxxcxxbxx", false},
               {"*[0-9]", "a1", true},
               {"a**b", "ab", true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (tcx_glob_match(cases[i].glob, cases[i].text) != cases[i].matches)
      fail_msg("'%s' and '%s'", cases[i].glob, cases[i].text);
  assert_int_equal(tcx_glob_plain("ab/c*d"), 4);
  assert_int_equal(tcx_glob_plain("abc"), 3);
  assert_int_equal(tcx_glob_plain("a[b"), 3);
  assert_int_equal(tcx_glob_plain("a[b]"), 1);
  char many[2001], text[4001]; /* no pattern takes exponential time */
  for (int i = 0; i < 2000; i += 2)
    memcpy(many + i, "*a", 2);
  many[2000] = '\0';
  memset(text, 'a', 4000);
  text[4000] = '\0';
  assert_true(tcx_glob_match(many, text));
  text[3999] = 'b';
  assert_false(tcx_glob_match(many, text));
}

/* ---- memory that runs out ---- */

static const struct fault_step *const *torture_scripts;

static int torture(void *ctx) {
  struct whole w;
  struct tally t = {0};
  int (*scenario)(struct whole *, struct tally *) = *(int (**)(struct whole *, struct tally *))ctx;
  int err = whole_try_begin(&w, torture_scripts, 1, NULL, NULL);
  if (err == 0)
    err = scenario(&w, &t);
  if (err == 0) {
    whole_until(&w, &t.calls);
    err = t.status != 0 ? t.status : t.failed + t.skipped > 0 ? UV_ENOMEM : 0;
  }
  whole_end(&w);
  return err;
}

static int start_torture(struct whole *w, tcx_items_t *items, struct tally *t) {
  return tcx_job_start(w->client, items, &(tcx_job_options_t){.on_item = on_item}, on_job, t, NULL);
}

static int upload_folder(struct whole *w, struct tally *t) {
  return start_torture(w, tcx_items_folder(&w->loop, in_folder("t"), "?.*", "bucket", "p/"), t);
}

static int download_listed(struct whole *w, struct tally *t) {
  tcx_listing_options_t o = {
      .kind = TCX_ITEM_DOWNLOAD, .bucket = "bucket", .folder = in_folder("down")};
  return start_torture(w, tcx_items_listing(w->client, &o), t);
}

static int download_one(struct whole *w, struct tally *t) {
  tcx_item_t item = {.kind = TCX_ITEM_DOWNLOAD,
                     .bucket = "bucket",
                     .key = "k",
                     .path = in_folder("one"),
                     .size = -1};
  tcx_items_t *one = tcx_items_one(&item);
  return start_torture(w, tcx_items_chain(&one, 1), t);
}

static void test_out_of_memory(void **state) {
  (void)state;
  static const struct fault_step put[] = {
      DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN), DO(END)};
  static const struct fault_step good[] = {DO(REQUEST), SEND(OBJECT(5, "hello")), DO(AGAIN),
                                           DO(END)};
  struct fault_step listed[] = {DO(REQUEST), SEND(NULL),
                                DO(REQUEST), SEND(OBJECT(5, "hello")),
                                DO(REQUEST), SEND(OBJECT(5, "hello")),
                                DO(END)};
  const struct fault_step *const puts_[] = {put}, *const goods[] = {good},
                                 *const listings[] = {listed};
  listed[1].text = whole_answer(
      "200 OK",
      "<ListBucketResult><Contents><Key>a</Key><Size>5</Size></Contents></ListBucketResult>");
  const struct {
    int (*scenario)(struct whole *, struct tally *);
    const struct fault_step *const *scripts;
  } cases[] = {{upload_folder, puts_}, {download_one, goods}, {download_listed, listings}};
  make_tree();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int (*scenario)(struct whole *, struct tally *) = cases[i].scenario;
    torture_scripts = cases[i].scripts;
    test_fail_until_ok(torture, (void *)&scenario);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_listing, set_up, tear_down),
      cmocka_unit_test(test_listing_closed),
      cmocka_unit_test_setup_teardown(test_chain, set_up, tear_down),
      cmocka_unit_test(test_glob),
      cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
