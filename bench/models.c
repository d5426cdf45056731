/*
 * models.c - how long a service's model takes: models [SERVICE...]
 *
 * For each service the time of a client's creation in a session of its own, and at last of clients
 * of all services in one session: a line of JSON each,
 * {"service": NAME, "first_ms": FIRST, "ms": MEDIAN, "least_ms": LEAST} of RUNS, and {"services":
 * N, "operations": N, "ms": ...}. Times are those of the process on a processor: what it takes
 * where nothing else runs, with the files in the system's cache.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tucuxi/model.h>

#define RUNS 21

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static tcx_session_t *open_session(void) {
  tcx_session_t *session;
  if (tcx_session_new(uv_default_loop(), NULL, &session) != 0)
    exit(1);
  return session;
}

static void close_session(tcx_session_t *session) {
  tcx_session_close(session, NULL);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* How many operations the service has. A model that does not load ends the program. */
static size_t load(tcx_session_t *session, const char *service) {
  tcx_client_t *client;
  if (tcx_session_create_client(session, service, NULL, &client) != 0)
    exit(1);
  tcx_value_t *about = tcx_client_describe(client);
  if (tcx_value_status(about) != 0) {
    fprintf(stderr, "models: %s\n", tcx_value_problem(about));
    exit(1);
  }
  size_t n = tcx_value_len(about, "operations");
  tcx_value_free(about);
  return n;
}

/* What a session reads at its first client, and the network's beginning, are not the model's. */
static tcx_session_t *warm_session(void) {
  tcx_session_t *session = open_session();
  (void)load(session, "signin");
  return session;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void one(const char *service) {
  double ms[RUNS];
  for (int i = 0; i < RUNS; i++) {
    tcx_session_t *session = warm_session();
    double begun = now_ms();
    tcx_client_t *client;
    if (tcx_session_create_client(session, service, NULL, &client) != 0)
      exit(1);
    ms[i] = now_ms() - begun;
    (void)load(session, service);
    close_session(session);
  }
  double first = ms[0];
  qsort(ms, RUNS, sizeof ms[0], by_size);
  printf("{\"service\":\"%s\",\"first_ms\":%.3f,\"ms\":%.3f,\"least_ms\":%.3f}\n", service, first,
         ms[RUNS / 2], ms[0]);
}

static void all(void) {
  tcx_session_t *session = warm_session();
  tcx_value_t *services = tcx_session_get_available_services(session);
  size_t n = 0, operations = 0;
  double begun = now_ms();
  for (const tcx_value_t *s = tcx_value_first(services, NULL); s != NULL;
       s = tcx_value_next(s), n++)
    operations += load(session, tcx_value_str(s, NULL));
  printf("{\"services\":%zu,\"operations\":%zu,\"ms\":%.1f}\n", n, operations, now_ms() - begun);
  tcx_value_free(services);
  close_session(session);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    one(argv[i]);
  all();
  return uv_loop_close(uv_default_loop()) == 0 ? 0 : 1;
}
