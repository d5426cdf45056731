/* Pages beyond test_contracts: limits, tokens, what is asked ahead, items, searches, the whole
 * result; and what holds when something closes under them. */
#include "core/paginator.h"
#include "whole.h"
#include <tucuxi/jmespath.h>

#define KEY(k) "<Contents><Key>" k "</Key><Size>3</Size></Contents>"
#define MORE(token)                                                                                \
  "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"
#define PAGE(inside)                                                                               \
  whole_answer("200 OK", "<ListBucketResult><Name>b</Name>" inside "</ListBucketResult>")
/* of {"ContinuationToken": "t1", "boto_truncate_amount": 1} */
#define RESUME_2 "eyJDb250aW51YXRpb25Ub2tlbiI6ICJ0MSIsICJib3RvX3RydW5jYXRlX2Ftb3VudCI6IDF9"
/* null, 1 */
#define RESUME_FIRST "eyJDb250aW51YXRpb25Ub2tlbiI6IG51bGwsICJib3RvX3RydW5jYXRlX2Ftb3VudCI6IDF9"
#define RESUME_T1    "eyJDb250aW51YXRpb25Ub2tlbiI6ICJ0MSJ9"

/* Two pages of two keys, one prefix each, and one of one. */
struct pages {
  struct whole w;
  struct fault_step steps[8];
  const struct fault_step *scripts[1];
  tcx_paginator_t *pages;
  int calls, status, ends;
  char keys[256];
  char *json; /* of the last page */
  bool close_in_item, wants_whole;
};

static void begin(struct pages *t, const tcx_paginate_options_t *options) {
  memset(t, 0, sizeof *t);
  const struct fault_step steps[8] = {
      DO(REQUEST),
      SEND(PAGE(KEY("a") KEY("b")
                    MORE("t1") "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>")),
      DO(REQUEST),
      SEND(PAGE(KEY("c") KEY("d")
                    MORE("t2") "<CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes>")),
      DO(REQUEST),
      SEND(PAGE(KEY("e"))),
      DO(END)};
  memcpy(t->steps, steps, sizeof steps);
  t->scripts[0] = t->steps;
  whole_begin(&t->w, t->scripts, 1, NULL);
  assert_int_equal(tcx_client_paginate(t->w.client, "list_objects_v2", tcx_params("{Bucket: b}"),
                                       options, t, &t->pages),
                   0);
}

static void end(struct pages *t) {
  tcx_free(t->json);
  tcx_paginator_close(t->pages);
  whole_end(&t->w);
}

static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct pages *t = tcx_paginator_data(pages);
  assert_false(t->w.starting);
  assert_true((page != NULL) == (status == 0));
  t->status = status;
  t->calls++;
  tcx_free(t->json);
  t->json = NULL;
  for (const tcx_value_t *o = tcx_value_first(page, "Contents"); o != NULL; o = tcx_value_next(o))
    strcat(t->keys, tcx_value_str(o, "Key"));
  if (page != NULL) {
    tcx_value_t *copy = tcx_value_copy(page);
    tcx_value_set_null(copy, "ResponseMetadata");
    assert_int_equal(tcx_value_to_json(copy, &t->json, NULL), 0);
    tcx_value_free(copy);
  }
}

static int next(struct pages *t) {
  int before = t->calls;
  t->w.starting = true;
  assert_int_equal(tcx_paginator_next(t->pages, on_page), 0);
  t->w.starting = false;
  while (t->calls == before)
    uv_run(&t->w.loop, UV_RUN_ONCE);
  return t->status;
}

static void test_max_items(void **state) {
  (void)state;
  struct pages t;
  begin(&t, &(tcx_paginate_options_t){.max_items = 3});
  assert_null(tcx_paginator_token(t.pages));
  assert_int_equal(next(&t), 0);
  assert_string_equal(tcx_paginator_token(t.pages), RESUME_T1);
  assert_int_equal(next(&t), 0);
  assert_string_equal(t.keys, "abc");
  assert_string_equal(tcx_paginator_token(t.pages), RESUME_2);
  assert_int_equal(next(&t), TCX_EOF);
  assert_int_equal(t.w.server.requests, 2);
  assert_string_equal(tcx_paginator_token(t.pages), RESUME_2);
  end(&t);
}

/* On the border of a page the token is the service's alone; the whole first page, cut, has none of
 * the service's. */
static void test_borders(void **state) {
  (void)state;
  struct pages t;
  begin(&t, &(tcx_paginate_options_t){.max_items = 2});
  assert_int_equal(next(&t), 0);
  assert_string_equal(tcx_paginator_token(t.pages), RESUME_T1);
  assert_int_equal(next(&t), TCX_EOF);
  assert_int_equal(t.w.server.requests, 1);
  end(&t);
  begin(&t, &(tcx_paginate_options_t){.max_items = 1});
  assert_int_equal(next(&t), 0);
  assert_string_equal(t.keys, "a");
  assert_string_equal(tcx_paginator_token(t.pages), RESUME_FIRST);
  end(&t);
  begin(&t, &(tcx_paginate_options_t){.max_items = 5});
  for (int i = 0; i < 3; i++)
    assert_int_equal(next(&t), 0);
  assert_null(tcx_paginator_token(t.pages)); /* the end of all */
  assert_int_equal(next(&t), TCX_EOF);
  end(&t);
}

/* A token leads back into the page; what was given is cut off, and so are secondary results. */
static void test_resume(void **state) {
  (void)state;
  struct pages t;
  begin(&t, &(tcx_paginate_options_t){.starting_token = RESUME_2, .max_items = 1});
  assert_string_equal(t.w.server.last_head, "");
  assert_int_equal(next(&t), 0);
  assert_non_null(strstr(t.w.server.last_head, "continuation-token=t1"));
  assert_string_equal(
      t.json, "{\"Name\":\"b\",\"Contents\":[{\"Key\":\"b\",\"Size\":3}],\"IsTruncated\":true,"
              "\"NextContinuationToken\":\"t1\",\"CommonPrefixes\":[],\"ResponseMetadata\":null}");
  assert_int_equal(next(&t), TCX_EOF);
  end(&t);
  begin(&t, &(tcx_paginate_options_t){.starting_token = RESUME_FIRST, .page_size = 1});
  for (int i = 0; i < 3; i++)
    assert_int_equal(next(&t), 0);
  assert_string_equal(t.keys, "bcde");
  end(&t);
  begin(&t, &(tcx_paginate_options_t){.starting_token = "mine"});
  assert_int_equal(next(&t), 0);
  assert_string_equal(t.keys, "ab");
  assert_non_null(strstr(t.w.server.last_head, "continuation-token=mine"));
  end(&t);
}

static void test_bad_options(void **state) {
  (void)state;
  struct pages t;
  begin(&t, &(tcx_paginate_options_t){.starting_token = "a___b___c"});
  assert_int_equal(next(&t), TCX_EPAGINATE);
  assert_string_equal(tcx_paginator_error(t.pages)->msg, "Bad starting token: a___b___c");
  assert_string_equal(tcx_error_type_name(tcx_paginator_error(t.pages)), "ValueError");
  assert_int_equal(t.w.server.requests, 0);
  end(&t);
  /* {"Prefix": "x"}: asked with it, and no token can be made of it */
  begin(&t, &(tcx_paginate_options_t){.starting_token = "eyJQcmVmaXgiOiAieCJ9", .max_items = 1});
  assert_int_equal(next(&t), TCX_EPAGINATE);
  assert_non_null(strstr(t.w.server.last_head, "prefix=x"));
  assert_string_equal(tcx_paginator_error(t.pages)->msg,
                      "Bad starting token: {'Prefix': 'x', 'boto_truncate_amount': 1}");
  end(&t);
  begin(&t, NULL);
  tcx_paginator_close(t.pages);
  assert_int_equal(tcx_client_paginate(t.w.client, "get_object", NULL, NULL, &t, &t.pages), 0);
  assert_int_equal(next(&t), TCX_EPAGINATE);
  assert_string_equal(tcx_paginator_error(t.pages)->msg,
                      "Operation cannot be paginated: get_object");
  end(&t);
  begin(&t, NULL);
  tcx_paginator_close(t.pages);
  tcx_client_t *sns;
  assert_int_equal(tcx_session_create_client(t.w.session, "sns",
                                             &(tcx_client_options_t){.region = "us-east-1"}, &sns),
                   0);
  assert_int_equal(tcx_client_paginate(sns, "list_topics", NULL,
                                       &(tcx_paginate_options_t){.page_size = 3}, &t, &t.pages),
                   0);
  assert_int_equal(next(&t), TCX_EPAGINATE);
  assert_string_equal(tcx_paginator_error(t.pages)->msg,
                      "Error during pagination: PageSize parameter is not supported for the "
                      "pagination interface for this operation.");
  assert_string_equal(tcx_error_type_name(tcx_paginator_error(t.pages)), "PaginationError");
  assert_int_equal(tcx_client_paginate_sized(t.w.client, "x", NULL, NULL,
                                             sizeof(tcx_paginate_options_t) + 8, &t, &t.pages),
                   UV_EINVAL);
  end(&t);
}

/* ---- ahead ---- */

/* The page that was asked for ahead has come: nothing keeps the loop. */
static void until_held(struct pages *t) {
  while (t->pages->held == NULL)
    uv_run(&t->w.loop, UV_RUN_ONCE);
  assert_int_equal(t->w.session->holds, 0);
}

static void test_prefetch(void **state) {
  (void)state;
  struct pages t;
  begin(&t, &(tcx_paginate_options_t){.prefetch = true});
  assert_int_equal(next(&t), 0);
  until_held(&t);
  assert_int_equal(t.w.server.requests, 2);
  assert_string_equal(tcx_paginator_token(t.pages), RESUME_T1); /* of what was seen */
  assert_int_equal(next(&t), 0);
  assert_int_equal(next(&t), 0);
  assert_string_equal(t.keys, "abcde");
  assert_int_equal(next(&t), TCX_EOF);
  assert_int_equal(t.w.server.requests, 3);
  end(&t);
  begin(&t, &(tcx_paginate_options_t){.prefetch = true, .max_items = 2});
  assert_int_equal(next(&t), 0);
  assert_null(t.pages->call); /* no more than is wanted */
  end(&t);
}

/* Closed while a page is on its way, waits, or is owed. */
static void test_prefetch_closed(void **state) {
  (void)state;
  struct pages t;
  for (int when = 0; when < 4; when++) {
    begin(&t, &(tcx_paginate_options_t){.prefetch = true});
    assert_int_equal(next(&t), 0);
    if (when > 0)
      until_held(&t);
    if (when > 1)
      assert_int_equal(tcx_paginator_next(t.pages, on_page), 0);
    if (when == 3) {
      tcx_session_close(t.w.session, NULL);
      t.w.closed = true;
    }
    tcx_paginator_close(t.pages);
    whole_turns(&t.w, 5);
    assert_int_equal(t.calls, when > 1 ? 2 : 1);
    assert_int_equal(t.status, when > 1 ? TCX_ECANCELED : 0);
    tcx_free(t.json);
    whole_end(&t.w);
  }
  for (int held = 0; held < 2; held++) { /* the client goes, the paginator stays as inert memory */
    begin(&t, &(tcx_paginate_options_t){.prefetch = true});
    assert_int_equal(next(&t), 0);
    if (held)
      until_held(&t);
    tcx_client_close(t.w.client, NULL);
    whole_turns(&t.w, 5);
    assert_int_equal(tcx_paginator_next(t.pages, on_page), TCX_ECLOSING);
    assert_int_equal(tcx_paginator_build_full_result(t.pages, on_page), TCX_ECLOSING);
    assert_string_equal(tcx_paginator_token(t.pages), RESUME_T1);
    end(&t);
  }
}

/* ---- items, searches ---- */

static void on_item(tcx_paginator_t *pages, int status, const tcx_value_t *item) {
  struct pages *t = tcx_paginator_data(pages);
  assert_int_equal(t->ends, 0);
  if (status != 0) {
    assert_null(item);
    t->ends++;
    t->status = status;
    return;
  }
  assert_int_equal(tcx_paginator_next(pages, on_page), UV_EBUSY);
  assert_int_equal(tcx_paginator_each(pages, NULL, on_item), UV_EBUSY);
  t->calls++;
  const char *s = item == NULL                               ? "-"
                  : tcx_value_type(item, NULL) == TCX_STRING ? tcx_value_str(item, NULL)
                  : tcx_value_str(item, "Key") != NULL       ? tcx_value_str(item, "Key")
                                                             : tcx_value_str(item, "Prefix");
  strcat(t->keys, s);
  if (t->close_in_item) {
    tcx_paginator_close(pages);
    t->pages = NULL;
  }
}

static void test_each(void **state) {
  (void)state;
  static const struct {
    const char *key, *items;
  } cases[] = {{NULL, "abcde"}, {"Contents", "abcde"}, {"CommonPrefixes", "p/q/"}};
  struct pages t;
  for (size_t i = 0; i < 3; i++) {
    begin(&t, &(tcx_paginate_options_t){.prefetch = i == 1});
    assert_int_equal(tcx_paginator_each(t.pages, cases[i].key, on_item), 0);
    assert_int_equal(tcx_paginator_next(t.pages, on_page), UV_EBUSY);
    whole_until(&t.w, &t.ends);
    assert_int_equal(t.status, TCX_EOF);
    assert_string_equal(t.keys, cases[i].items);
    assert_int_equal(next(&t), TCX_EOF);
    end(&t);
  }
  begin(&t, NULL);
  assert_int_equal(tcx_paginator_each(t.pages, "Nothing", on_item), 0);
  whole_until(&t.w, &t.ends);
  assert_int_equal(t.status, TCX_EPAGINATE);
  assert_string_equal(tcx_paginator_error(t.pages)->msg,
                      "Error during pagination: ListObjectsV2 has no result key 'Nothing'");
  assert_int_equal(t.w.server.requests, 0);
  end(&t);
  begin(&t, NULL);
  t.close_in_item = true;
  assert_int_equal(tcx_paginator_each(t.pages, NULL, on_item), 0);
  whole_until(&t.w, &t.ends);
  assert_int_equal(t.status, TCX_ECANCELED);
  assert_string_equal(t.keys, "a");
  whole_end(&t.w);
  assert_int_equal(tcx_paginator_each(NULL, NULL, on_item), UV_EINVAL);
}

static void search(struct pages *t, const char *text, int status, const char *found) {
  begin(t, NULL);
  tcx_jmespath_t *e = tcx_jmespath_compile(text, strlen(text));
  assert_int_equal(tcx_jmespath_status(e), 0);
  assert_int_equal(tcx_paginator_search(t->pages, e, on_item), 0);
  tcx_jmespath_free(e); /* it is kept */
  whole_until(&t->w, &t->ends);
  assert_int_equal(t->status, status);
  assert_string_equal(t->keys, found);
}

static void test_search(void **state) {
  (void)state;
  struct pages t;
  search(&t, "Contents[].Key", TCX_EOF, "abcde");
  end(&t);
  search(&t, "Contents[?Key == 'c'].Key | [0]", TCX_EOF, "-c-");
  end(&t);
  search(&t, "NextContinuationToken", TCX_EOF, "t1t2-");
  end(&t);
  search(&t, "CommonPrefixes[0].Prefix", TCX_EOF, "p/q/-");
  end(&t);
  search(&t, "sum(Contents[].Key)", TCX_EPARAM, "");
  assert_non_null(strstr(tcx_paginator_error(t.pages)->msg, "In function sum(), invalid type"));
  end(&t);
  begin(&t, NULL);
  tcx_jmespath_t *e = tcx_jmespath_compile("a[", 2);
  assert_int_equal(tcx_paginator_search(t.pages, e, on_item), UV_EINVAL);
  assert_int_equal(tcx_paginator_search(t.pages, NULL, on_item), UV_EINVAL);
  tcx_jmespath_free(e);
  end(&t);
}

/* A search that fails while the next page is on its way, or has come: from then on it is the
 * error. */
static void test_search_fails_ahead(void **state) {
  (void)state;
  for (int held = 0; held < 2; held++) {
    struct pages t;
    begin(&t, &(tcx_paginate_options_t){.prefetch = true});
    tcx_jmespath_t *e = tcx_jmespath_compile("sum(Contents[].Key)", 19);
    assert_int_equal(tcx_paginator_search(t.pages, e, on_item), 0);
    tcx_jmespath_free(e);
    whole_until(&t.w, &t.ends);
    assert_int_equal(t.status, TCX_EPARAM);
    if (held)
      until_held(&t);
    for (int i = 0; i < 2; i++)
      assert_int_equal(next(&t), TCX_EPARAM);
    end(&t);
  }
}

/* Whatever is closed under a walk, after any number of turns: it ends, once, with its outcome where
 * that stood already. */
static void on_end(tcx_paginator_t *pages, int status, const tcx_value_t *value) {
  struct pages *t = tcx_paginator_data(pages);
  if (status == 0 && !t->wants_whole)
    return;
  assert_true((value != NULL) == (status == 0));
  t->status = status;
  t->ends++;
}

static void close_under(struct pages *t, int what) {
  if (what == 0)
    tcx_paginator_close(t->pages);
  else if (what == 1)
    tcx_client_close(t->w.client, NULL);
  else
    tcx_session_close(t->w.session, NULL);
  t->w.closed = what == 2;
}

static void test_closed_under_walks(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++)
    for (int what = 0; what < 3; what++)
      for (int turns = 0; turns < 24; turns++) {
        struct pages t;
        begin(&t, &(tcx_paginate_options_t){.prefetch = turns % 2});
        t.wants_whole = kind == 2;
        tcx_jmespath_t *e = tcx_jmespath_compile("Contents[].Key", 14);
        int err = kind == 0   ? tcx_paginator_each(t.pages, NULL, on_end)
                  : kind == 1 ? tcx_paginator_search(t.pages, e, on_end)
                              : tcx_paginator_build_full_result(t.pages, on_end);
        assert_int_equal(err, 0);
        tcx_jmespath_free(e);
        whole_turns(&t.w, turns);
        int before = t.ends;
        close_under(&t, what);
        whole_turns(&t.w, 5);
        assert_int_equal(t.ends, 1);
        bool stood = before == 1 || (what != 0 && t.status == (kind == 2 ? 0 : TCX_EOF));
        assert_true(stood || t.status == TCX_ECANCELED || t.status == TCX_ECLOSING);
        if (what != 0)
          tcx_paginator_close(t.pages);
        whole_end(&t.w);
      }
}

/* ---- the whole result ---- */

static void whole_result(struct pages *t, const tcx_paginate_options_t *options, const char *json) {
  begin(t, options);
  assert_int_equal(tcx_paginator_build_full_result(t->pages, on_page), 0);
  assert_int_equal(tcx_paginator_build_full_result(t->pages, on_page), UV_EBUSY);
  whole_until(&t->w, &t->calls);
  assert_int_equal(t->status, 0);
  assert_string_equal(t->json, json);
  end(t);
}

static void test_whole_result(void **state) {
  (void)state;
  struct pages t;
#define ITEM(k) "{\"Key\":\"" k "\",\"Size\":3}"
  whole_result(&t, NULL,
               "{\"Contents\":[" ITEM("a") "," ITEM("b") "," ITEM("c") "," ITEM("d") "," ITEM(
                   "e") "],\"CommonPrefixes\":[{\"Prefix\":\"p/\"},{\"Prefix\":\"q/"
                        "\"}],\"RequestCharged\":null,\"Prefix\":null,"
                        "\"ResponseMetadata\":null}");
  whole_result(&t, &(tcx_paginate_options_t){.max_items = 3},
               "{\"Contents\":[" ITEM("a") "," ITEM("b") "," ITEM(
                   "c") "],\"CommonPrefixes\":[{\"Prefix\":\"p/\"},{\"Prefix\":\"q/"
                        "\"}],\"RequestCharged\":null,\"Prefix\":null,\"NextToken\":\"" RESUME_2
                        "\",\"ResponseMetadata\":null}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_max_items),
      cmocka_unit_test(test_borders),
      cmocka_unit_test(test_resume),
      cmocka_unit_test(test_bad_options),
      cmocka_unit_test(test_prefetch),
      cmocka_unit_test(test_prefetch_closed),
      cmocka_unit_test(test_each),
      cmocka_unit_test(test_search),
      cmocka_unit_test(test_whole_result),
      cmocka_unit_test(test_closed_under_walks),
      cmocka_unit_test(test_search_fails_ahead),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
