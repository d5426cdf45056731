/*
 * What a caller can rely on beyond what the other programs here test: what start returns,
 * cancelling in each state of a call, what is shared, counted, kept, and when the loop may end; and
 * pages.
 */
#include "whole.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static const struct fault_step ok[] = {
    DO(REQUEST), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
static const struct fault_step *const ok_scripts[] = {ok};
static const struct fault_step silent[] = {DO(END)};
static const struct fault_step *const silent_scripts[] = {silent};

static tcx_value_t *bucket(void) { return tcx_params("{Bucket: b}"); }
static tcx_value_t *key(void) { return tcx_params("{Bucket: b, Key: k}"); }

static void never(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call, (void)response, (void)error;
  fail_msg("a callback although the call was not started");
}

/* ---- starting ---- */

static int closes;
static ssize_t read_nothing(tcx_body_t *body, void *buf, size_t len) {
  (void)body, (void)buf, (void)len;
  return 0;
}
static void on_body_close(tcx_body_t *body) {
  (void)body;
  closes++;
}
static tcx_value_t *with_body(void) {
  return tcx_value_set_body(key(), "Body",
                            tcx_body_source(0, read_nothing, NULL, on_body_close, NULL));
}

/* < 0: no callback, and everything that was handed over is consumed. */
static void test_refused(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, ok_scripts, 1, NULL);
  closes = 0;
  assert_int_equal(tcx_client_call(NULL, "put_object", with_body(), never, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_call(w.client, NULL, with_body(), never, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_call(w.client, "put_object", with_body(), NULL, NULL), UV_EINVAL);
  assert_int_equal(tcx_client_start_sized(w.client, "put_object", with_body(), NULL,
                                          sizeof(tcx_call_options_t) + 8, never, NULL, NULL),
                   UV_EINVAL);
  assert_int_equal(tcx_client_presign(w.client, "put_object", with_body(), 604801, never, NULL),
                   UV_EINVAL);
  tcx_paginator_t *pages;
  assert_int_equal(tcx_client_paginate(w.client, NULL, bucket(), NULL, NULL, &pages), UV_EINVAL);
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2", bucket(), NULL, NULL, NULL),
                   UV_EINVAL);
  assert_int_equal(closes, 5);
  tcx_client_drain(w.client, NULL);
  assert_int_equal(tcx_client_call(w.client, "put_object", with_body(), never, NULL), TCX_ECLOSING);
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2", bucket(), NULL, NULL, &pages),
                   TCX_ECLOSING);
  assert_int_equal(closes, 6);
  tcx_client_t *client;
  assert_int_equal(tcx_session_create_client(NULL, "s3", NULL, &client), UV_EINVAL);
  assert_int_equal(tcx_session_create_client(w.session, NULL, NULL, &client), UV_EINVAL);
  assert_int_equal(
      tcx_session_create_client(
          w.session, "s3", &(tcx_client_options_t){.config = tcx_params("{region_name: x}")}, NULL),
      UV_EINVAL);
  assert_int_equal(tcx_session_new(NULL, NULL, &w.session), UV_EINVAL);
  whole_end(&w);
}

/* After close too. */
static void test_closing(void **state) {
  (void)state;
  struct whole w;
  tcx_client_t *client;
  whole_begin(&w, ok_scripts, 1, NULL);
  closes = 0;
  tcx_session_close(w.session, NULL);
  w.closed = true;
  assert_int_equal(tcx_client_call(w.client, "put_object", with_body(), never, NULL), TCX_ECLOSING);
  assert_int_equal(closes, 1);
  assert_int_equal(tcx_session_create_client(w.session, "s3", NULL, &client), TCX_ECLOSING);
  assert_int_equal(tcx_session_get_client(w.session, "s3", NULL, &client), TCX_ECLOSING);
  whole_end(&w);
}

static void test_names(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, ok_scripts, 1, NULL);
  struct outcome o = whole_call(&w, "list_buckets", NULL, NULL); /* NULL: no parameters */
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  o = whole_call(&w, "ListBuckets", tcx_value_new_map(), NULL);
  assert_int_equal(o.status, 0);
  outcome_free(&o);
  whole_end(&w);
}

/* ---- cancelling ---- */

static void test_cancel(void **state) {
  (void)state;
  static const struct fault_step fails[] = {
      DO(REQUEST), SEND("HTTP/1.1 503 X\r\nx-amz-retry-after: 4000\r\nContent-Length: 0\r\n\r\n"),
      DO(AGAIN)};
  static const struct fault_step *const failing[] = {fails};
  static char big[600000];
  static const struct {
    const char *what;
    tcx__call_state state;
    const struct fault_step *const *scripts;
    int attempts;
    bool sent;
  } cases[] = {
      {"hashing", TCX__CALL_BODY, silent_scripts, 0, false},
      {"queueing", TCX__CALL_POOL, silent_scripts, 0, false},
      {"waiting", TCX__CALL_EXCHANGE, silent_scripts, 1, true},
      {"backing off", TCX__CALL_BACKOFF, failing, 1, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct whole w;
    struct outcome o;
    tcx_call_t *call = NULL;
    whole_begin(&w, cases[i].scripts, 1, &(tcx_client_options_t){.max_connections = 1});
    tcx_value_t *params = tcx_value_set_body(
        key(), "Body", tcx_body_borrow(big, cases[i].state == TCX__CALL_BODY ? sizeof big : 10));
    whole_start_to(&w, "put_object", params, NULL, &o, &call);
    while (call->state != cases[i].state)
      uv_run(&w.loop, UV_RUN_ONCE);
    while (cases[i].sent && w.server.received == 0)
      uv_run(&w.loop, UV_RUN_ONCE);
    tcx_call_retain(call);
    tcx_call_cancel(call);
    tcx_call_cancel(call);
    assert_int_equal(o.calls, 0); /* later */
    whole_until(&w, &o.calls);
    if (o.status != TCX_ECANCELED || o.attempts != cases[i].attempts || o.sent != cases[i].sent)
      fail_msg("%s: %s, attempts %d, sent %d: %s", cases[i].what, tcx_err_name(o.status),
               o.attempts, o.sent, o.msg);
    assert_string_equal(o.msg, "The call was canceled");
    tcx_call_cancel(call); /* nothing happens any more */
    assert_int_equal(tcx_call_error(call)->status, TCX_ECANCELED);
    assert_null(tcx_call_response(call));
    tcx_call_release(call);
    outcome_free(&o);
    whole_end(&w);
  }
}

/* A connection that a cancelled call was waiting for serves the next one. */
static void test_cancel_frees(void **state) {
  (void)state;
  const struct fault_step *const scripts[] = {silent, ok};
  struct whole w;
  struct outcome a, b;
  tcx_call_t *call = NULL;
  whole_begin(&w, scripts, 2, &(tcx_client_options_t){.max_connections = 1});
  whole_start_to(&w, "head_bucket", bucket(), NULL, &a, &call);
  whole_start_to(&w, "head_bucket", bucket(), NULL, &b, NULL);
  while (w.server.received == 0)
    uv_run(&w.loop, UV_RUN_ONCE);
  tcx_client_stats_t stats;
  tcx_client_get_stats(w.client, &stats);
  assert_int_equal(stats.active, 2);
  assert_int_equal(stats.queued, 1);
  assert_int_equal(stats.connections, 1);
  tcx_call_cancel(call);
  whole_until(&w, &a.calls);
  whole_until(&w, &b.calls);
  assert_int_equal(a.status, TCX_ECANCELED);
  assert_int_equal(b.status, 0);
  tcx_client_get_stats(w.client, &stats);
  assert_int_equal(stats.active, 0);
  assert_int_equal(stats.idle, 1);
  assert_int_equal(stats.calls, 2);
  assert_int_equal(stats.connects, 2);
  outcome_free(&a);
  outcome_free(&b);
  whole_end(&w);
}

/* ---- the loop ---- */

static unsigned descriptors(void) {
  unsigned n = 0;
  DIR *dir = opendir("/proc/self/fd");
  while (dir != NULL && readdir(dir) != NULL)
    n++;
  if (dir != NULL)
    closedir(dir);
  return n;
}

/* The server is on a loop of its own, so that only tucuxi holds this one. */
static void test_loop_ends(void **state) {
  (void)state;
  struct whole w;
  uv_loop_t loop;
  unsigned before = descriptors();
  whole_begin(&w, silent_scripts, 1, NULL);
  assert_int_equal(uv_loop_init(&loop), 0);
  tcx_session_t *session;
  tcx_client_t *client;
  tcx_session_options_t so = {.config_file = "/dev/null", .credentials_file = "/dev/null"};
  tcx_client_options_t co = {
      .region = "us-east-1", .endpoint_url = w.url, .access_key = "A", .secret_key = "S"};
  assert_int_equal(tcx_session_new(&loop, &so, &session), 0);
  assert_int_equal(tcx_session_create_client(session, "s3", &co, &client), 0);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* an open client holds nothing */
  assert_int_equal(tcx_session_loop(session) == &loop, 1);
  struct outcome o = {0};
  assert_int_equal(tcx_client_start(client, "head_bucket", bucket(),
                                    &(tcx_call_options_t){.timeout_ms = 20}, outcome_cb, &o, NULL),
                   0);
  assert_int_equal(uv_loop_alive(&loop), 1);
  uv_run(&loop, UV_RUN_DEFAULT); /* ends with the call */
  assert_int_equal(o.calls, 1);
  outcome_free(&o);
  tcx_paginator_t *pages;
  assert_int_equal(tcx_client_paginate(client, "list_objects_v2", bucket(), NULL, NULL, &pages), 0);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  tcx_paginator_close(pages);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  whole_end(&w);
  assert_int_equal(descriptors(), before);
}

/* A queue that was emptied from outside does not keep the loop busy. */
static int prepared;
static void on_prepare(uv_prepare_t *handle) {
  (void)handle;
  prepared++;
}
static void on_ready(struct tcx_ready *ready) { (void)ready; }
static void on_timer(uv_timer_t *timer) { (void)timer; }

static void test_loop_sleeps(void **state) {
  (void)state;
  struct whole w;
  uv_prepare_t prepare;
  uv_timer_t timer;
  struct tcx_ready ready = {.run = on_ready};
  whole_begin(&w, silent_scripts, 1, NULL);
  tcx__ready_push(w.session, &ready);
  tcx__ready_remove(w.session, &ready);
  uv_prepare_init(&w.loop, &prepare);
  uv_prepare_start(&prepare, on_prepare);
  uv_timer_init(&w.loop, &timer);
  uv_timer_start(&timer, on_timer, 50, 0);
  prepared = 0;
  while (uv_is_active((uv_handle_t *)&timer))
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_true(prepared < 20);
  uv_close((uv_handle_t *)&prepare, NULL);
  uv_close((uv_handle_t *)&timer, NULL);
  whole_end(&w);
}

/* ---- shared clients ---- */

static void test_get_client(void **state) {
  (void)state;
  struct whole w;
  tcx_client_t *a, *b, *c, *d, *e;
  whole_begin(&w, NULL, 0, NULL);
  assert_int_equal(tcx_session_get_client(w.session, "s3", "eu-west-1", &a), 0);
  assert_int_equal(tcx_session_get_client(w.session, "s3", "eu-west-1", &b), 0);
  assert_int_equal(tcx_session_get_client(w.session, "s3", "us-west-2", &c), 0);
  assert_int_equal(tcx_session_get_client(w.session, "sts", "eu-west-1", &d), 0);
  assert_int_equal(tcx_session_get_client(w.session, "s3", NULL, &e), 0);
  assert_ptr_equal(a, b);
  assert_true(a != c && a != d && a != e && c != e && a != w.client);
  assert_string_equal(tcx_client_region(a), "eu-west-1");
  assert_string_equal(tcx_client_service(d), "sts");
  assert_null(tcx_client_region(e));
  assert_ptr_equal(tcx_client_session(a), w.session);
  tcx_client_close(a, NULL); /* not for shared ones */
  assert_int_equal(tcx_session_get_client(w.session, "s3", "eu-west-1", &b), 0);
  assert_ptr_equal(a, b);
  whole_end(&w);
}

/* ---- a model that was loaded at run time ---- */

#define MODEL                                                                                      \
  "{\"metadata\":{\"apiVersion\":\"2020-01-01\",\"endpointPrefix\":\"small\",\"serviceId\":"       \
  "\"Small\",\"protocol\":\"rest-xml\",\"signatureVersion\":\"v4\"},"                              \
  "\"operations\":{\"GetThing\":{\"name\":\"GetThing\",\"http\":{\"method\":\"GET\","              \
  "\"requestUri\":\"/thing\"},\"input\":{\"shape\":\"In\"},\"output\":{\"shape\":\"Out\"},"        \
  "\"errors\":[{\"shape\":\"ThingGone\"}]},"                                                       \
  "\"GetBlob\":{\"name\":\"GetBlob\",\"http\":{\"method\":\"GET\",\"requestUri\":\"/"              \
  "blob\"},\"output\":{\"shape\":\"BlobOut\"}}},"                                                  \
  "\"shapes\":{\"In\":{\"type\":\"structure\",\"members\":{\"Token\":{\"shape\":\"S\","            \
  "\"location\":\"querystring\",\"locationName\":\"t\"}}},"                                        \
  "\"Out\":{\"type\":\"structure\",\"members\":{\"ThingName\":{\"shape\":\"S\"},\"Parts\":{"       \
  "\"shape\":\"Parts\"},\"Next\":{\"shape\":\"S\"}}},"                                             \
  "\"Parts\":{\"type\":\"list\",\"member\":{\"shape\":\"Part\"}},\"Part\":{\"type\":"              \
  "\"structure\",\"members\":{\"PartName\":{\"shape\":\"S\"}}},"                                   \
  "\"ThingGone\":{\"type\":\"structure\",\"members\":{\"LastSeen\":{\"shape\":\"S\"}},"            \
  "\"exception\":true},"                                                                           \
  "\"BlobOut\":{\"type\":\"structure\",\"members\":{\"Kind\":{\"shape\":\"S\",\"location\":"       \
  "\"header\",\"locationName\":\"x-kind\"},\"Body\":{\"shape\":\"Blob\"}},\"payload\":\"Body\"},"  \
  "\"Blob\":{\"type\":\"blob\",\"streaming\":true},\"S\":{\"type\":\"string\"}}}"
#define RULES                                                                                      \
  "{\"version\":\"1.0\",\"parameters\":{\"Region\":{\"builtIn\":\"AWS::Region\",\"type\":"         \
  "\"String\"},\"Endpoint\":{\"builtIn\":\"SDK::Endpoint\",\"type\":\"String\"}},"                 \
  "\"rules\":[{\"conditions\":[{\"fn\":\"isSet\",\"argv\":[{\"ref\":\"Endpoint\"}]}],"             \
  "\"endpoint\":{\"url\":{\"ref\":\"Endpoint\"},\"properties\":{},\"headers\":{}},\"type\":"       \
  "\"endpoint\"},"                                                                                 \
  "{\"conditions\":[],\"error\":\"no endpoint\",\"type\":\"error\"}]}"
#define PAGES                                                                                      \
  "{\"pagination\":{\"GetThing\":{\"input_token\":\"Token\",\"output_token\":\"Next\",\"result_"   \
  "key\":\"Parts\"}}}"

static char folder[64] = "/tmp/tucuxi-model-XXXXXX";

static void put_file(const char *name, const char *text) {
  char path[200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}
static void make_model(void) {
  char path[200];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/small", folder);
  mkdir(path, 0755);
  snprintf(path, sizeof path, "%s/small/2020-01-01", folder);
  mkdir(path, 0755);
  put_file("small/2020-01-01/service-2.json", MODEL);
  put_file("small/2020-01-01/endpoint-rule-set-1.json", RULES);
  put_file("small/2020-01-01/paginators-1.json", PAGES);
}
static void remove_model(void) {
  static const char *const names[] = {"small/2020-01-01/service-2.json",
                                      "small/2020-01-01/endpoint-rule-set-1.json",
                                      "small/2020-01-01/paginators-1.json",
                                      "small/2020-01-01",
                                      "small",
                                      ""};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    assert_int_equal(remove(path), 0);
  }
}

static tcx_stream_t *taken;
static tcx_call_t *kept[4];
static unsigned n_kept;
static int came;
static void keep(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response, (void)error;
  kept[n_kept++] = tcx_call_retain(call);
  if (taken == NULL)
    taken = tcx_call_take_stream(call, NULL);
  came++;
}
static int page_status;
static void on_page(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  (void)pages, (void)page;
  page_status = status;
  came++;
}

static void test_model_outlives(void **state) {
  (void)state;
  const char *thing = "<GetThingResponse><ThingName>n</ThingName><Parts><member><PartName>p</"
                      "PartName></member></Parts><Next>same</Next></GetThingResponse>";
  const struct fault_step steps[] = {
      DO(REQUEST),
      SEND(whole_answer("200 OK", thing)),
      DO(REQUEST),
      SEND(whole_answer("404 Not Found", "<ErrorResponse><Error><Code>ThingGone</Code><Message>m</"
                                         "Message><LastSeen>t</LastSeen></Error></ErrorResponse>")),
      DO(REQUEST),
      SEND("HTTP/1.1 200 OK\r\nx-kind: k\r\nContent-Length: 100000\r\n\r\nabc"),
      DO(END)};
  const struct fault_step again[] = {DO(REQUEST), SEND(whole_answer("200 OK", thing)), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps, again};
  struct whole w;
  make_model();
  n_kept = 0;
  taken = NULL;
  tcx_session_options_t so = {.data_path = folder};
  whole_begin_with(&w, scripts, 2, &so, NULL);
  tcx_client_options_t co = {
      .region = "us-east-1", .endpoint_url = w.url, .access_key = "A", .secret_key = "S"};
  assert_int_equal(tcx_session_create_client(w.session, "small", &co, &w.client), 0);
  static const char *const operations[] = {"get_thing", "get_thing", "get_blob"};
  for (int i = 0; i < 3; i++) {
    came = 0;
    assert_int_equal(tcx_client_call(w.client, operations[i], NULL, keep, NULL), 0);
    whole_until(&w, &came);
  }
  tcx_paginator_t *pages;
  assert_int_equal(tcx_client_paginate(w.client, "get_thing", NULL, NULL, NULL, &pages), 0);
  for (int i = 0; i < 3; i++) {
    came = 0;
    assert_int_equal(tcx_paginator_next(pages, on_page), 0);
    whole_until(&w, &came);
    /* the page with the token that was there before is good */
    assert_int_equal(page_status, i < 2 ? 0 : TCX_EPAGINATE);
  }
  tcx_value_t *copy = tcx_value_copy(tcx_call_response(kept[0]));
  whole_end(&w);
  remove_model();
  /* Nothing is left but what is kept. */
  const tcx_value_t *v = tcx_call_response(kept[0]);
  if (v == NULL)
    fail_msg("%s", tcx_call_error(kept[0])->msg);
  assert_string_equal(tcx_value_name(tcx_value_first(v, NULL)), "ThingName");
  assert_string_equal(tcx_value_str(v, "Parts[0].PartName"), "p");
  char *json = NULL, *copied = NULL;
  assert_int_equal(tcx_value_to_json(v, &json, NULL), 0);
  assert_int_equal(tcx_value_to_json(copy, &copied, NULL), 0);
  assert_string_equal(json, copied);
  tcx_free(json);
  tcx_free(copied);
  tcx_value_free(copy);
  const tcx_error_t *e = tcx_call_error(kept[1]);
  assert_string_equal(e->code, "ThingGone");
  assert_string_equal(e->operation, "GetThing");
  assert_string_equal(tcx_value_str(e->response, "LastSeen"), "t");
  assert_string_equal(tcx_call_operation(kept[1]), "GetThing");
  assert_string_equal(tcx_value_str(tcx_call_response(kept[2]), "Kind"), "k");
  assert_non_null(taken);
  assert_string_equal(tcx_stream_error(taken)->operation, "GetBlob");
  tcx_stream_close(taken);
  for (unsigned i = 0; i < n_kept; i++)
    tcx_call_release(kept[i]);
  assert_string_equal(tcx_paginator_error(pages)->operation, "GetThing");
  assert_non_null(
      strstr(tcx_paginator_error(pages)->msg, "The same next token was received twice"));
  assert_int_equal(tcx_paginator_next(pages, on_page), TCX_ECLOSING);
  tcx_paginator_close(pages);
}

/* ---- pages ---- */

#define PAGE(key, rest)                                                                            \
  "<ListBucketResult><Contents><Key>" key "</Key></Contents>" rest "</ListBucketResult>"

struct paging {
  int status, pages, in_start;
  char keys[64];
};
static void collect(tcx_paginator_t *pages, int status, const tcx_value_t *page) {
  struct paging *p = tcx_paginator_data(pages);
  assert_false(p->in_start);
  assert_true((page != NULL) == (status == 0));
  p->status = status;
  p->pages++;
  if (page != NULL)
    strncat(p->keys, tcx_value_str(page, "Contents[0].Key"), sizeof p->keys - strlen(p->keys) - 1);
}
static int next_page(struct whole *w, tcx_paginator_t *pages, struct paging *p) {
  int before = p->pages;
  p->in_start = 1;
  assert_int_equal(tcx_paginator_next(pages, collect), 0);
  assert_int_equal(tcx_paginator_next(pages, collect), UV_EBUSY);
  p->in_start = 0;
  while (p->pages == before)
    uv_run(&w->loop, UV_RUN_ONCE);
  return p->status;
}

static void test_pages(void **state) {
  (void)state;
  const struct fault_step steps[] = {
      DO(REQUEST),
      SEND(whole_answer("200 OK",
                        PAGE("a", "<IsTruncated>true</IsTruncated><NextContinuationToken>t "
                                  "1</NextContinuationToken>"))),
      DO(REQUEST),
      SEND(whole_answer(
          "200 OK",
          PAGE(
              "b",
              "<IsTruncated>true</IsTruncated><NextContinuationToken>t2</NextContinuationToken>"))),
      DO(REQUEST),
      SEND(whole_answer("200 OK", PAGE("c", "<IsTruncated>false</IsTruncated>"))),
      DO(END)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  struct paging p = {0};
  tcx_paginator_t *pages;
  whole_begin(&w, scripts, 1, &(tcx_client_options_t){.max_connections = 1});
  assert_int_equal(tcx_client_paginate(w.client, "list_objects_v2", bucket(),
                                       &(tcx_paginate_options_t){.page_size = 7}, &p, &pages),
                   0);
  assert_int_equal(next_page(&w, pages, &p), 0);
  assert_non_null(strstr(w.server.last_head, "max-keys=7"));
  assert_null(strstr(w.server.last_head, "continuation-token"));
  assert_int_equal(next_page(&w, pages, &p), 0);
  assert_non_null(strstr(w.server.last_head, "continuation-token=t%201"));
  assert_int_equal(next_page(&w, pages, &p), 0);
  assert_int_equal(next_page(&w, pages, &p), TCX_EOF);
  assert_int_equal(next_page(&w, pages, &p), TCX_EOF);
  assert_null(tcx_paginator_error(pages));
  assert_string_equal(p.keys, "abc");
  assert_int_equal(w.server.requests, 3);
  tcx_paginator_close(pages);
  whole_end(&w);
}

static void check_bad_pages(const char *operation, tcx_value_t *params, const char *answer,
                            int status, const char *in_msg, int attempts) {
  const struct fault_step steps[] = {DO(REQUEST), SEND(answer), DO(AGAIN)};
  const struct fault_step *const scripts[] = {steps};
  struct whole w;
  struct paging p = {0};
  tcx_paginator_t *pages;
  whole_begin(&w, scripts, 1, NULL);
  assert_int_equal(tcx_client_paginate(w.client, operation, params, NULL, &p, &pages), 0);
  while (next_page(&w, pages, &p) == 0)
    continue;
  assert_int_equal(p.status, status);
  const tcx_error_t *e = tcx_paginator_error(pages);
  assert_int_equal(e->status, status);
  assert_int_equal(e->attempts, attempts);
  if (strstr(e->msg, in_msg) == NULL)
    fail_msg("%s", e->msg);
  assert_int_equal(next_page(&w, pages, &p), status); /* and again */
  tcx_paginator_close(pages);
  whole_end(&w);
}

static void test_bad_pages(void **state) {
  (void)state;
  const char *same = whole_answer(
      "200 OK",
      PAGE("a", "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"));
  const char *denied = whole_answer("403 Forbidden", WHOLE_ERROR("AccessDenied", "m"));
  const char *text = "{Bucket: b";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  tcx_value_t *broken = tcx_params(text, 0);
#pragma GCC diagnostic pop
  check_bad_pages("list_objects_v2", bucket(), same, TCX_EPAGINATE,
                  "The same next token was received twice", 1);
  check_bad_pages("list_objects_v2", bucket(), denied, TCX_ECLIENT, "AccessDenied", 1);
  check_bad_pages("list_objects_v2", NULL, same, TCX_EPARAM, "\"Bucket\"", 0);
  check_bad_pages("list_objects_v2", broken, same, TCX_EPARAM, "column", 0);
  check_bad_pages("get_object", key(), same, TCX_EPAGINATE, "cannot be paginated", 0);
  check_bad_pages("no_such_thing", NULL, same, TCX_EOPNAME, "no_such_thing", 0);
}

/* ---- one connection is enough, and turns are kept ---- */

static int order[50], n_order;
static void note(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  assert_null(error);
  order[n_order++] = (int)(intptr_t)tcx_call_data(call);
}
static void test_in_order(void **state) {
  (void)state;
  struct whole w;
  whole_begin(&w, ok_scripts, 1, &(tcx_client_options_t){.max_connections = 1});
  n_order = 0;
  for (int i = 0; i < 50; i++)
    assert_int_equal(tcx_client_call(w.client, "head_bucket", bucket(), note, (void *)(intptr_t)i),
                     0);
  while (n_order < 50)
    uv_run(&w.loop, UV_RUN_ONCE);
  for (int i = 0; i < 50; i++)
    assert_int_equal(order[i], i);
  assert_int_equal(w.server.accepted, 1);
  whole_end(&w);
}

static void test_timings(void **state) {
  (void)state;
  static const struct fault_step slow[] = {
      DO(REQUEST), DO_N(WAIT, 20), SEND("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), DO(AGAIN)};
  static const struct fault_step *const scripts[] = {slow};
  struct whole w;
  whole_begin(&w, scripts, 1, NULL);
  for (int i = 0; i < 2; i++) {
    struct outcome o = whole_call(&w, "head_bucket", bucket(), NULL);
    assert_true(o.timings.first_byte_us >= 19000 && o.timings.total_us >= o.timings.first_byte_us);
    assert_int_equal(o.timings.reused, i == 1);
    assert_int_equal(o.timings.attempts, 1);
    assert_int_equal(o.timings.connect_us == 0, i == 1);
    outcome_free(&o);
  }
  whole_end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refused),        cmocka_unit_test(test_closing),
      cmocka_unit_test(test_names),          cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_cancel_frees),   cmocka_unit_test(test_loop_ends),
      cmocka_unit_test(test_loop_sleeps),    cmocka_unit_test(test_get_client),
      cmocka_unit_test(test_model_outlives), cmocka_unit_test(test_pages),
      cmocka_unit_test(test_bad_pages),      cmocka_unit_test(test_in_order),
      cmocka_unit_test(test_timings),
  };
  whole_unset_environment();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
