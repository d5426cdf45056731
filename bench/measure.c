/*
 * measure.c - runs a program on one core and says what it cost: measure CORE OUT PROGRAM [ARG...]
 *
 * A process of its own, since the peak of resident memory that wait4 reports begins with that of
 * the process that forked: a small one here, an interpreter otherwise. One line of JSON goes to the
 * file OUT. The exit status is the program's.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

int main(int argc, char **argv) {
  struct rusage used;
  int status = 0;
  cpu_set_t core;
  if (argc < 4)
    return 2;
  CPU_ZERO(&core);
  CPU_SET((size_t)strtoul(argv[1], NULL, 10), &core);
  if (sched_setaffinity(0, sizeof core, &core) != 0)
    perror("measure: sched_setaffinity");
  double begun = now();
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &used) < 0)
    return 1;
  double ended = now();
  FILE *out = fopen(argv[2], "w");
  if (out == NULL)
    return 1;
  fprintf(out,
          "{\"user\":%.6f,\"system\":%.6f,\"wall\":%.6f,\"rss_kib\":%ld,\"faults\":%ld,\"waits\":%"
          "ld}\n",
          seconds(used.ru_utime), seconds(used.ru_stime), ended - begun, used.ru_maxrss,
          used.ru_minflt, used.ru_nvcsw);
  fclose(out);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
