/*
 * client.c - tucuxi's side of the benchmarks: one operation, so many at once, so many in all, one
 * line of JSON.
 *
 *   client OP ENDPOINT CONCURRENCY COUNT
 *
 *   get        GetObject bench/1k, the body read into the response
 *   getfuture  the same through tcx_future_start and tcx_future_then
 *   bigget     GetObject bench/1g, streamed and dropped
 *   put        PutObject of 1 KiB to upload/obj-N
 *   bigput     PutObject of a file of 1 GiB to upload/1g
 *   list       ListObjectsV2 of the bucket list, pages in sequence
 *   hold       get from the bucket slow
 *   sign       header signatures of a GetObject, without a network
 *   ddbget     DynamoDB GetItem of the table bench
 *   ddbquery   Query of it
 *   render     GetObject as a dry run, up to its signature, without a network
 *   renderhook the same, with a hook at every point that does nothing
 *   stub       ListBuckets answered by a before-call hook, without a network
 *   stubhook   the same, with a hook at every point that does nothing
 *   instances  EC2 DescribeInstances; its model is loaded, once, from AWS_DATA_PATH or the
 *              installed folder
 *
 * Credentials testkey and testsecret, region us-east-1, path style, a pool of CONCURRENCY
 * connections. Environment: BENCH_CA is the only trusted CA, BENCH_POOL another size of the pool,
 * BENCH_FILE the file of bigput (a sparse one of 1 GiB is made without it). A call that fails ends
 * the run with status 1.
 */
#include "auth/auth.h"
#include "base/arena.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi/future.h>
#include <tucuxi/hooks.h>
#include <unistd.h>

#define OBJECT_SIZE 1024
#define BODY_MAX    (1u << 20)
#define GIB         ((off_t)1 << 30)

struct bench;
struct op {
  const char *name, *service;
  int (*start)(struct bench *bench);
};
struct bench {
  const struct op *op;
  tcx_session_t *session;
  tcx_client_t *client;
  const char *bucket, *key;
  unsigned long concurrency, count, started, completed;
  uint64_t bytes, begun_ns, ended_ns;
  const char *file;
  char token[128];
  char object[OBJECT_SIZE];
};

static void die(const char *what, const char *why) {
  fprintf(stderr, "client: %s: %s\n", what, why);
  exit(1);
}

static void start_next(struct bench *bench) {
  if (bench->started == bench->count)
    return;
  bench->started++;
  int err = bench->op->start(bench);
  if (err != 0)
    die(bench->op->name, tcx_strerror(err));
}

static void one_done(struct bench *bench, uint64_t bytes) {
  bench->bytes += bytes;
  bench->completed++;
  start_next(bench);
  if (bench->completed == bench->count) {
    bench->ended_ns = uv_hrtime();
    tcx_session_close(bench->session, NULL);
  }
}

/* ---- get, hold ---- */

static void on_object(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("GetObject", error->msg);
  one_done(tcx_call_data(call), tcx_value_len(response, "Body"));
}

static int start_get(struct bench *bench) {
  static const tcx_call_options_t options = {.max_body = BODY_MAX};
  return tcx_client_start(bench->client, "get_object",
                          tcx_params("{Bucket: %s, Key: %s}", bench->bucket, bench->key), &options,
                          on_object, bench, NULL);
}

/* ---- getfuture ---- */

static void on_future(tcx_future_t *future, int status, void *data) {
  if (status != 0)
    die("GetObject", tcx_future_error(future)->msg);
  size_t length = tcx_value_len(tcx_future_response(future), "Body");
  tcx_future_release(future);
  one_done(data, length);
}

static int start_get_future(struct bench *bench) {
  static const tcx_call_options_t options = {.max_body = BODY_MAX};
  tcx_value_t *params = tcx_params("{Bucket: %s, Key: %s}", bench->bucket, bench->key);
  return tcx_future_then(tcx_future_start(bench->client, "get_object", params, &options), on_future,
                         bench);
}

/* ---- put ---- */

static void on_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("PutObject", error->msg);
  if (tcx_value_str(response, "ETag") == NULL)
    die("PutObject", "no ETag");
  one_done(tcx_call_data(call), OBJECT_SIZE);
}

static int start_put(struct bench *bench) {
  tcx_value_t *params = tcx_params("{Bucket: upload, Key: 'obj-%lu', Body: %.*s}", bench->started,
                                   OBJECT_SIZE, bench->object);
  return tcx_client_call(bench->client, "put_object", params, on_put, bench);
}

/* ---- render, stub ---- */

static void on_rendered(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("render", error->msg);
  if (tcx_value_str(response, "Url") == NULL)
    die("render", "no Url");
  one_done(tcx_call_data(call), 0);
}

static int start_render(struct bench *bench) {
  return tcx_client_render(bench->client, "get_object",
                           tcx_params("{Bucket: %s, Key: %s}", bench->bucket, bench->key),
                           on_rendered, bench);
}

static int answer(tcx_call_t *call, const char *event, void *data) {
  (void)event, (void)data;
  return tcx_call_answer(call, 200, tcx_params("{Buckets: [{Name: a}]}"));
}

static void on_stub(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("stub", error->msg);
  if (tcx_value_len(response, "Buckets") != 1)
    die("stub", "no answer");
  one_done(tcx_call_data(call), 0);
}

static int start_stub(struct bench *bench) {
  return tcx_client_call(bench->client, "list_buckets", NULL, on_stub, bench);
}

static int do_nothing(tcx_call_t *call, const char *event, void *data) {
  (void)call, (void)event, (void)data;
  return 0;
}

static void add_hooks(struct bench *bench) {
  const char *name = bench->op->name;
  int err = 0;
  if (strstr(name, "hook") != NULL)
    err = tcx_client_on(bench->client, "*", do_nothing, NULL, NULL);
  if (err == 0 && strncmp(name, "stub", 4) == 0)
    err = tcx_client_on(bench->client, "before-call.s3", answer, NULL, NULL);
  if (err != 0)
    die(name, tcx_strerror(err));
}

/* ---- list ---- */

static uint64_t body_length(tcx_call_t *call) {
  const char *length = tcx_call_header(call, "content-length");
  return length != NULL ? strtoull(length, NULL, 10) : 0;
}

static void on_page(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct bench *bench = tcx_call_data(call);
  const char *token = tcx_value_str(response, "NextContinuationToken");
  if (error != NULL)
    die("ListObjectsV2", error->msg);
  size_t keys = tcx_value_len(response, "Contents");
  if (keys == 0 ||
      tcx_value_str(tcx_value_at(tcx_value_get(response, "Contents"), keys - 1), "Key") == NULL)
    die("ListObjectsV2", "a page without keys");
  snprintf(bench->token, sizeof bench->token, "%s", token != NULL ? token : "");
  one_done(bench, body_length(call));
}

static int start_list(struct bench *bench) {
  tcx_value_t *params = tcx_params("{Bucket: list, ContinuationToken: %s}",
                                   bench->token[0] != '\0' ? bench->token : NULL);
  return tcx_client_call(bench->client, "list_objects_v2", params, on_page, bench);
}

/* ---- ddbget, ddbquery, instances ---- */

static void on_item(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("GetItem", error->msg);
  if (tcx_value_first(response, "Item") == NULL)
    die("GetItem", "no item");
  one_done(tcx_call_data(call), body_length(call));
}

static int start_ddbget(struct bench *bench) {
  tcx_value_t *params =
      tcx_params("{TableName: bench, Key: {pk: {S: 'item-%lu'}}}", bench->started);
  return tcx_client_call(bench->client, "get_item", params, on_item, bench);
}

static void on_items(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("Query", error->msg);
  size_t n = tcx_value_len(response, "Items");
  if (n == 0 ||
      tcx_value_first(tcx_value_at(tcx_value_get(response, "Items"), n - 1), NULL) == NULL)
    die("Query", "no items");
  one_done(tcx_call_data(call), body_length(call));
}

static int start_ddbquery(struct bench *bench) {
  tcx_value_t *values = tcx_params("{}");
  tcx_value_put(values, ":pk", 3, tcx_params("{S: 'item-%lu'}", bench->started));
  tcx_value_t *params = tcx_params(
      "{TableName: bench, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: %p}",
      (void *)values);
  return tcx_client_call(bench->client, "query", params, on_items, bench);
}

static void on_instances(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    die("DescribeInstances", error->msg);
  if (tcx_value_first(response, "Reservations[0].Instances") == NULL)
    die("DescribeInstances", "no instances");
  one_done(tcx_call_data(call), body_length(call));
}

static int start_instances(struct bench *bench) {
  return tcx_client_call(bench->client, "describe_instances", NULL, on_instances, bench);
}

/* ---- bigget, bigput ---- */

static void on_bytes(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf) {
  struct bench *bench = tcx_stream_data(stream);
  (void)buf;
  if (nread > 0) {
    bench->bytes += (uint64_t)nread;
    return;
  }
  if (nread != TCX_EOF)
    die("GetObject", tcx_stream_error(stream)->msg);
  tcx_stream_close(stream);
  one_done(bench, 0);
}

static void on_stream(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  if (error != NULL)
    die("GetObject", error->msg);
  tcx_stream_t *stream = tcx_call_take_stream(call, tcx_call_data(call));
  int err = stream != NULL ? tcx_stream_read_start(stream, on_bytes) : UV_ENOMEM;
  if (err != 0)
    die("stream", tcx_strerror(err));
}

static int start_bigget(struct bench *bench) {
  return tcx_client_call(bench->client, "get_object", tcx_params("{Bucket: bench, Key: 1g}"),
                         on_stream, bench);
}

static void on_big_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  if (error != NULL)
    die("PutObject", error->msg);
  one_done(tcx_call_data(call), (uint64_t)GIB);
}

static int start_bigput(struct bench *bench) {
  tcx_value_t *params = tcx_params("{Bucket: upload, Key: 1g}");
  tcx_value_set_body(params, "Body", tcx_body_file(bench->file, 0, -1));
  return tcx_client_call(bench->client, "put_object", params, on_big_put, bench);
}

/* ---- sign ---- */

static void sign_all(struct bench *bench) {
  static struct tcx_signing_keys keys;
  bench->begun_ns = uv_hrtime();
  for (unsigned long i = 0; i < bench->count; i++) {
    struct tcx_arena *arena = tcx__arena_new();
    struct tcx_fail fail = {.arena = arena};
    if (arena == NULL)
      die("sign", "out of memory");
    struct tcx_request req = {.arena = arena,
                              .method = "GET",
                              .host = TCX__STR("127.0.0.1"),
                              .host_header = TCX__STR("127.0.0.1:8080"),
                              .path = TCX__STR("/bench/1k")};
    tcx__headers_init(&req.headers, arena);
    struct tcx_sigv4 s = {.access_key = "testkey",
                          .secret_key = "testsecret",
                          .region = "us-east-1",
                          .service = "s3",
                          .now = 1750000000,
                          .keys = &keys,
                          .s3 = true};
    int err = tcx__headers_add(&req.headers, TCX__STR("x-amz-checksum-mode"), TCX__STR("ENABLED"));
    if (err == 0)
      err = tcx__sigv4_sign(&s, &req, &fail);
    if (err != 0)
      die("sign", tcx_strerror(err));
    tcx__arena_free(arena);
  }
  bench->ended_ns = uv_hrtime();
  bench->completed = bench->count;
  tcx__signing_keys_wipe(&keys);
}

/* ---- the run ---- */

static void create_client(struct bench *bench, const char *endpoint) {
  const char *ca = getenv("BENCH_CA"), *pool = getenv("BENCH_POOL");
  tcx_client_options_t options = {
      .region = "us-east-1",
      .endpoint_url = endpoint,
      .access_key = "testkey",
      .secret_key = "testsecret",
      .path_style = true,
      .max_connections = (unsigned)(pool != NULL ? strtoul(pool, NULL, 10) : bench->concurrency),
      .config = ca != NULL ? tcx_params("{verify: %s}", ca) : NULL,
  };
  int err = tcx_session_new(uv_default_loop(), NULL, &bench->session);
  if (err == 0)
    err = tcx_session_create_client(bench->session, bench->op->service, &options, &bench->client);
  if (err != 0)
    die("start", tcx_strerror(err));
}

static void run_calls(struct bench *bench, const char *endpoint) {
  char made[] = "/tmp/tucuxi-bench-XXXXXX";
  bench->file = getenv("BENCH_FILE");
  if (bench->op->start == start_bigput && bench->file == NULL) {
    int fd = mkstemp(made);
    if (fd < 0 || ftruncate(fd, GIB) != 0)
      die("bigput", "cannot make a file of 1 GiB");
    close(fd);
    bench->file = made;
  }
  memset(bench->object, 'x', sizeof bench->object);
  create_client(bench, endpoint);
  add_hooks(bench);
  bench->begun_ns = uv_hrtime();
  for (unsigned long i = 0; i < bench->concurrency; i++)
    start_next(bench);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  if (bench->file == made)
    unlink(made);
  if (bench->completed != bench->count || uv_loop_close(uv_default_loop()) != 0)
    die(bench->op->name, "not all calls were answered, or a handle was left open");
}

int main(int argc, char **argv) {
  static const struct op ops[] = {{"get", "s3", start_get},
                                  {"getfuture", "s3", start_get_future},
                                  {"hold", "s3", start_get},
                                  {"put", "s3", start_put},
                                  {"list", "s3", start_list},
                                  {"bigget", "s3", start_bigget},
                                  {"bigput", "s3", start_bigput},
                                  {"sign", NULL, NULL},
                                  {"render", "s3", start_render},
                                  {"renderhook", "s3", start_render},
                                  {"stub", "s3", start_stub},
                                  {"stubhook", "s3", start_stub},
                                  {"ddbget", "dynamodb", start_ddbget},
                                  {"ddbquery", "dynamodb", start_ddbquery},
                                  {"instances", "ec2", start_instances},
                                  {NULL, NULL, NULL}};
  static struct bench bench;
  if (argc == 5) {
    bench.concurrency = strtoul(argv[3], NULL, 10);
    bench.count = strtoul(argv[4], NULL, 10);
    for (const struct op *op = ops; op->name != NULL; op++)
      if (strcmp(op->name, argv[1]) == 0)
        bench.op = op;
  }
  if (bench.op == NULL || bench.concurrency == 0 || bench.count == 0) {
    fputs("usage: client "
          "get|getfuture|put|list|hold|bigget|bigput|sign|render|renderhook|stub|stubhook|ddbget|"
          "ddbquery|"
          "instances ENDPOINT "
          "CONCURRENCY COUNT\n",
          stderr);
    return 2;
  }
  bench.bucket = strcmp(bench.op->name, "hold") == 0 ? "slow" : "bench";
  bench.key = "1k";
  if (bench.op->start == NULL)
    sign_all(&bench);
  else
    run_calls(&bench, argv[2]);
  printf("{\"requests\":%lu,\"bytes\":%llu,\"seconds\":%.6f}\n", bench.completed,
         (unsigned long long)bench.bytes, (double)(bench.ended_ns - bench.begun_ns) / 1e9);
  return 0;
}
