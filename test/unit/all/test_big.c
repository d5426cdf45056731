/*
 * A large object both ways (256 MiB; with TUCUXI_FULL=1 in the environment 1 GiB): at most 32 MiB
 * more resident memory, and a 10 ms timer on the same loop is never more than 50 ms late.
 *
 * The server is a process of its own, plain and blocking, so that only the library's memory and
 * time are measured. Lateness is measured in the processor time of this thread, which other
 * programs on the machine cannot take from; with TUCUXI_FULL in wall-clock time too.
 */
#include "whole.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define MIB         (1024.0 * 1024.0)
#define GROWTH_MAX  32
#define LATE_MAX_MS 50
#define TICK_MS     10

static uint64_t object_size;
static bool full;

/* Freed memory is to be given back at once, so that it does not count (only read in sanitized
 * builds). */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "quarantine_size_mb=1"; }

/* ---- the server ---- */

#define PAGE_BEGIN "<ListBucketResult><Name>b</Name><Contents><Key>first</Key></Contents><Unknown>"
#define PAGE_END   "</Unknown><Contents><Key>last</Key></Contents></ListBucketResult>"

static void must(bool good) {
  if (!good)
    _exit(3);
}

static void send_all(int fd, const char *p, size_t n) {
  while (n > 0) {
    ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
    must(sent > 0);
    p += sent;
    n -= (size_t)sent;
  }
}

static void serve(int fd) {
  static char buffer[1 << 20];
  static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                    go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  size_t have = 0;
  for (;;) {
    char *end;
    buffer[have] = '\0';
    while ((end = strstr(buffer, "\r\n\r\n")) == NULL) {
      ssize_t n = recv(fd, buffer + have, sizeof buffer - 1 - have, 0);
      if (n <= 0)
        return;
      have += (size_t)n;
      buffer[have] = '\0';
    }
    size_t head = (size_t)(end - buffer) + 4;
    if (strncmp(buffer, "GET ", 4) == 0) {
      bool page = strstr(buffer, "list-type=2") != NULL;
      const char *before = page ? PAGE_BEGIN : "", *after = page ? PAGE_END : "";
      char text[100];
      int n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n",
                       (unsigned long long)(object_size + strlen(before) + strlen(after)));
      send_all(fd, text, (size_t)n);
      send_all(fd, before, strlen(before));
      have = 0;
      memset(buffer, 'x', sizeof buffer);
      for (size_t i = 0; page && i + 16 <= sizeof buffer; i += 16)
        memcpy(buffer + i, "<u a='1'>xx</u> ", 16);
      for (uint64_t left = object_size; left > 0;) {
        size_t part = left < sizeof buffer ? (size_t)left : sizeof buffer;
        send_all(fd, buffer, part);
        left -= part;
      }
      send_all(fd, after, strlen(after));
      continue;
    }
    char *length = strstr(buffer, "Content-Length: ");
    must(length != NULL);
    uint64_t left = strtoull(length + 16, NULL, 10) - (have - head);
    if (strstr(buffer, "Expect: ") != NULL)
      send_all(fd, go_on, sizeof go_on - 1);
    while (left > 0) {
      ssize_t n = recv(fd, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer, 0);
      must(n > 0);
      left -= (uint64_t)n;
    }
    send_all(fd, ok, sizeof ok - 1);
    have = 0;
  }
}

static pid_t start_server(int *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
  assert_int_equal(listen(fd, 4), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
  *port = ntohs(at.sin_port);
  pid_t pid = fork();
  assert_true(pid >= 0);
  while (pid == 0) {
    int conn = accept(fd, NULL, NULL);
    must(conn >= 0);
    serve(conn);
    close(conn);
  }
  close(fd);
  return pid;
}

/* ---- the measures ---- */

struct measure {
  double first, peak, late_cpu, late_wall;
  uint64_t cpu, wall;
};

static double resident(void) {
  long size = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld", &size, &pages), 2);
  fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE) / MIB;
}
static uint64_t cpu_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
static void on_tick(uv_timer_t *timer) {
  struct measure *m = timer->data;
  uint64_t cpu = cpu_ns(), wall = uv_hrtime();
  double late_cpu = (double)(cpu - m->cpu) / 1e6 - TICK_MS,
         late_wall = (double)(wall - m->wall) / 1e6 - TICK_MS, now = resident();
  m->late_cpu = late_cpu > m->late_cpu ? late_cpu : m->late_cpu;
  m->late_wall = late_wall > m->late_wall ? late_wall : m->late_wall;
  m->peak = now > m->peak ? now : m->peak;
  m->cpu = cpu_ns();
  m->wall = uv_hrtime();
}

/* ---- the ways ---- */

static char path[] = "/tmp/tucuxi-big-XXXXXX";
static int file;
static uint64_t received;
static int done;

static void on_put(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)call, (void)response;
  if (error != NULL)
    fail_msg("%s", error->msg);
  done = 1;
}
static void on_bytes(tcx_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  (void)buf;
  if (n > 0) {
    received += (uint64_t)n;
    return;
  }
  assert_int_equal(n, TCX_EOF);
  tcx_stream_close(stream);
  done = 1;
}
static void on_written(tcx_stream_t *stream, int status, const uv_buf_t *whole) {
  (void)whole;
  assert_int_equal(status, 0);
  received = (uint64_t)tcx_stream_length(stream);
  tcx_stream_close(stream);
  done = 1;
}
static bool into_file;
static void on_get(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  (void)response;
  if (error != NULL)
    fail_msg("%s", error->msg);
  tcx_stream_t *stream = tcx_call_take_stream(call, NULL);
  assert_int_equal(into_file ? tcx_stream_to_file(stream, file, 0, on_written)
                             : tcx_stream_read_start(stream, on_bytes),
                   0);
}

static ssize_t read_source(tcx_body_t *body, void *buf, size_t len) {
  (void)body;
  memset(buf, 'y', len);
  return (ssize_t)len;
}

static void on_page(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  if (error != NULL)
    fail_msg("%s", error->msg);
  assert_string_equal(tcx_value_str(response, "Contents[0].Key"), "first");
  assert_string_equal(tcx_value_str(response, "Contents[1].Key"), "last");
  received = tcx_call_bytes_received(call);
  done = 1;
}

typedef enum { UP_FILE, UP_SOURCE, DOWN_DROPPED, DOWN_FILE, A_PAGE } way;

static void go(struct whole *w, way what) {
  tcx_value_t *params = tcx_params("{Bucket: b, Key: k}");
  done = 0;
  received = 0;
  into_file = what == DOWN_FILE;
  if (what == UP_FILE)
    tcx_value_set_body(params, "Body", tcx_body_file(path, 0, -1));
  if (what == UP_SOURCE)
    tcx_value_set_body(params, "Body",
                       tcx_body_source((int64_t)object_size, read_source, NULL, NULL, NULL));
  if (what == A_PAGE) {
    tcx_value_free(params);
    assert_int_equal(
        tcx_client_call(w->client, "list_objects_v2", tcx_params("{Bucket: b}"), on_page, NULL), 0);
    whole_until(w, &done);
    assert_true(received > object_size);
    return;
  }
  bool up = what == UP_FILE || what == UP_SOURCE;
  assert_int_equal(tcx_client_call(w->client, up ? "put_object" : "get_object", params,
                                   up ? on_put : on_get, NULL),
                   0);
  whole_until(w, &done);
  if (!up)
    assert_int_equal(received, object_size);
}

static void measured(way what) {
  int port = 0;
  char url[64];
  struct whole w;
  struct measure m = {0};
  uv_timer_t timer;
  uint64_t size = object_size;
  pid_t server = start_server(&port);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
  whole_begin(&w, NULL, 0, &(tcx_client_options_t){.endpoint_url = url});
  alarm(250);
  assert_int_equal(ftruncate(file, (off_t)size), 0);
  m.first = m.peak = resident();
  m.cpu = cpu_ns();
  m.wall = uv_hrtime();
  uv_timer_init(&w.loop, &timer);
  timer.data = &m;
  uv_timer_start(&timer, on_tick, TICK_MS, TICK_MS);
  go(&w, what);
  on_tick(&timer);
  uv_close((uv_handle_t *)&timer, NULL);
  whole_end(&w);
  kill(server, SIGTERM);
  int status;
  assert_int_equal(waitpid(server, &status, 0), server);
  assert_true(WIFSIGNALED(status));
  printf("# %.0f MiB, way %d: %.1f MiB more memory, timer late by %.1f ms of processor time, %.1f "
         "ms of wall-clock time\n",
         (double)size / MIB, (int)what, m.peak - m.first, m.late_cpu, m.late_wall);
  assert_true(m.peak - m.first <= GROWTH_MAX);
  assert_true(m.late_cpu <= LATE_MAX_MS);
  if (full)
    assert_true(m.late_wall <= LATE_MAX_MS);
}

static void test_up_file(void **state) {
  (void)state;
  measured(UP_FILE);
}
static void test_up_source(void **state) {
  (void)state;
  measured(UP_SOURCE);
}
static void test_down(void **state) {
  (void)state;
  measured(DOWN_DROPPED);
}
static void test_down_file(void **state) {
  (void)state;
  measured(DOWN_FILE);
}
/* One unknown element of that size in a page: passed over, not kept. */
static void test_page(void **state) {
  (void)state;
  measured(A_PAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_up_file),
                                     cmocka_unit_test(test_up_source), cmocka_unit_test(test_down),
                                     cmocka_unit_test(test_down_file), cmocka_unit_test(test_page)};
  const char *wanted = getenv("TUCUXI_FULL");
  full = wanted != NULL && strcmp(wanted, "1") == 0;
  object_size = full ? 1u << 30 : 256u << 20;
  whole_unset_environment();
  file = mkstemp(path);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  close(file);
  remove(path);
  return failed;
}
