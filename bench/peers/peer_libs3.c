/*
 * peer_libs3.c - libs3's side of the benchmarks: peer_libs3 get|put|list HOST:PORT CONCURRENCY
 * COUNT, output as bench/client's.
 *
 * One request context runs all requests; each that completes starts the next. Signatures are
 * version 2, all that libs3 2.0 has.
 */
#include <libs3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OBJECT_SIZE 1024

struct slot {
  int left; /* bytes of the upload */
};
static struct {
  S3BucketContext bucket;
  S3RequestContext *context;
  const char *op;
  long concurrency, count, started, completed, keys;
  unsigned long long bytes;
  char marker[S3_MAX_KEY_SIZE + 1];
} run;

static void start(struct slot *slot);

static S3Status on_properties(const S3ResponseProperties *properties, void *data) {
  (void)data;
  if (strcmp(run.op, "list") == 0)
    run.bytes += properties->contentLength;
  return S3StatusOK;
}

static void on_complete(S3Status status, const S3ErrorDetails *details, void *data) {
  if (status != S3StatusOK) {
    fprintf(stderr, "peer_libs3: %s %s\n", S3_get_status_name(status),
            details != NULL && details->message != NULL ? details->message : "");
    exit(1);
  }
  run.completed++;
  start(data);
}

static S3Status on_data(int n, const char *p, void *data) {
  (void)p;
  (void)data;
  run.bytes += (unsigned long long)n;
  return S3StatusOK;
}

static int on_pull(int room, char *p, void *data) {
  struct slot *slot = data;
  int n = room < slot->left ? room : slot->left;
  memset(p, 'x', (size_t)n);
  slot->left -= n;
  run.bytes += (unsigned long long)n;
  return n;
}

static S3Status on_keys(int truncated, const char *marker, int n,
                        const S3ListBucketContent *contents, int n_prefixes, const char **prefixes,
                        void *data) {
  (void)truncated, (void)marker, (void)n_prefixes, (void)prefixes, (void)data;
  run.keys += n;
  if (n > 0)
    snprintf(run.marker, sizeof run.marker, "%s", contents[n - 1].key);
  return S3StatusOK;
}

static void start(struct slot *slot) {
  static const S3ListBucketHandler list = {{on_properties, on_complete}, on_keys};
  static const S3GetObjectHandler get = {{on_properties, on_complete}, on_data};
  static const S3PutObjectHandler put = {{on_properties, on_complete}, on_pull};
  char key[32];
  if (run.started == run.count)
    return;
  run.started++;
  if (strcmp(run.op, "list") == 0) {
    S3_list_bucket(&run.bucket, NULL, run.marker[0] != '\0' ? run.marker : NULL, NULL, 1000,
                   run.context, &list, slot);
  } else if (strcmp(run.op, "put") == 0) {
    snprintf(key, sizeof key, "obj-%ld", run.started);
    slot->left = OBJECT_SIZE;
    S3_put_object(&run.bucket, key, OBJECT_SIZE, NULL, run.context, &put, slot);
  } else {
    S3_get_object(&run.bucket, "1k", NULL, 0, 0, run.context, &get, slot);
  }
}

int main(int argc, char **argv) {
  struct timespec begun, ended;
  if (argc != 5)
    return 2;
  run.op = argv[1];
  run.concurrency = atol(argv[3]);
  run.count = atol(argv[4]);
  run.bucket = (S3BucketContext){argv[2],
                                 strcmp(run.op, "get") == 0   ? "bench"
                                 : strcmp(run.op, "put") == 0 ? "upload"
                                                              : "list",
                                 S3ProtocolHTTP,
                                 S3UriStylePath,
                                 "testkey",
                                 "testsecret"};
  struct slot *slots = calloc((size_t)run.concurrency, sizeof *slots);
  if (slots == NULL || S3_initialize("bench", S3_INIT_ALL, argv[2]) != S3StatusOK ||
      S3_create_request_context(&run.context) != S3StatusOK)
    return 1;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  for (long i = 0; i < run.concurrency; i++)
    start(&slots[i]);
  S3Status status = S3_runall_request_context(run.context);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  if (status != S3StatusOK || run.completed != run.count ||
      (strcmp(run.op, "list") == 0 && run.keys != 1000 * run.count)) {
    fprintf(stderr, "peer_libs3: %s, %ld of %ld\n", S3_get_status_name(status), run.completed,
            run.count);
    return 1;
  }
  printf("{\"requests\":%ld,\"bytes\":%llu,\"seconds\":%.6f}\n", run.completed, run.bytes,
         (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
  return 0;
}
