/*
 * process.c - credential_process: a program is started, without a shell, and prints keys.
 *
 *   idle -> running (a struct run: process, pipes of stdout and stderr) -> both at their end and
 *     the process gone: answered
 *                 -> cancelled, or the time is up: killed; the run goes on alone until the process
 *                   is gone
 *
 * A run is freed when its three handles are closed; the session's network lingers until then.
 */
#include "base/mem.h"
#include "base/words.h"
#include "core/session.h"
#include "creds/creds.h"
#include <ctype.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT_MAX    (64 * 1024u) /* bytes of stdout */
#define COMPLAINT_MAX 512          /* bytes of stderr that are kept for the error */
#define WORDS_MAX     256
#define TIME_MS       60000

struct process_provider {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  const char *profile;
  struct tcx_asker *asker;
  struct run *run; /* NULL while idle */
};

struct run {
  struct process_provider *provider; /* NULL once cancelled */
  tcx_session_t *session;
  uv_process_t process;
  uv_pipe_t out, err;
  struct tcx_timer timer;
  struct tcx_buf output;
  char complaint[COMPLAINT_MAX];
  size_t complaint_n;
  int64_t exit_status;
  int signal;
  unsigned handles; /* not yet closed */
  unsigned due;     /* of: end of stdout, end of stderr, exit */
  char chunk[4096];
};

/* ---- the command line, as Python's shlex splits it ---- */

/* A command line may hold a secret. */
static void free_words(char **words, size_t size) {
  if (words != NULL)
    tcx__wipe(words, size);
  tcx__free(words);
}

/* words: pointers into a copy that begins behind them; one allocation of *size bytes. TCX_ECONFIG:
 * a quote that is not closed, no word, too many. */
static int split(const char *line, char ***out, size_t *size) {
  size_t table = (WORDS_MAX + 1) * sizeof(char *), n = 0;
  *size = table + strlen(line) + 2; /* also for the word that is none, at the end */
  char **words = tcx__malloc(*size);
  if (words == NULL)
    return UV_ENOMEM;
  char *to = (char *)words + table;
  int more = 1;
  while (n < WORDS_MAX && (more = tcx__word_next(&line, to)) == 1) {
    words[n++] = to;
    to += strlen(to) + 1;
  }
  if (more != 0 || n == 0) {
    free_words(words, *size);
    return TCX_ECONFIG;
  }
  words[n] = NULL;
  *out = words;
  return 0;
}

/* ---- the end of a run ---- */

static void on_closed(uv_handle_t *handle) {
  struct run *run = handle->data;
  if (--run->handles > 0)
    return;
  tcx_session_t *session = run->session;
  tcx__buf_wipe(&run->output);
  tcx__wipe(run->chunk, sizeof run->chunk);
  tcx__free(run);
  tcx__session_lingered(session);
}

static void close_handle(void *handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, on_closed);
}

/* Nobody waits for it any more: its provider is idle. */
static struct process_provider *let_go(struct run *run) {
  struct process_provider *p = run->provider;
  tcx__timer_stop(run->session->net, &run->timer);
  run->provider = NULL;
  p->run = NULL;
  return p;
}

static void fail(struct process_provider *p, int status, const char *what) {
  char why[TCX__CREDS_TEXT];
  snprintf(why, sizeof why, "Error when retrieving credentials from custom-process: %.900s", what);
  tcx__answer_failure(p->asker, status, why);
}

static void answer_document(struct process_provider *p, struct tcx_buf *output) {
  struct tcx_creds_document d;
  const char *why = "its output is not a JSON object";
  int err = output->status;
  if (err == 0)
    err = tcx__creds_document_begin(&d, output->data != NULL ? output->data : "", output->len);
  else
    d = (struct tcx_creds_document){0}, why = "its output is too long";
  if (err == 0) {
    const struct tcx_value *version = tcx__value_find(d.map, "Version", 7);
    err = version != NULL && version->type == TCX_INT && version->u.integer == 1 ? 0 : TCX_ECREDS;
    why = "Unsupported version for credential process provider, supported versions: 1";
  }
  if (err == 0)
    err = tcx__creds_document_keys(&d, "SessionToken", &why);
  if (err == 0 && d.keys.account_id == NULL)
    d.keys.account_id = tcx__creds_profile_key(p->creds, p->profile, "aws_account_id");
  if (err == 0)
    tcx__answer_keys(p->asker, &d.keys, p->provider.name);
  else
    fail(p, err == UV_ENOMEM ? err : TCX_ECREDS, why);
  tcx__creds_document_end(&d);
}

static void part_over(struct run *run) {
  if (--run->due > 0)
    return;
  close_handle(&run->process);
  close_handle(&run->out);
  close_handle(&run->err);
  if (run->provider == NULL)
    return;
  struct process_provider *p = let_go(run);
  if (run->exit_status == 0 && run->signal == 0) {
    answer_document(p, &run->output);
    return;
  }
  char what[COMPLAINT_MAX + 64];
  for (size_t i = 0; i < run->complaint_n; i++) /* one line, as in an error */
    if (iscntrl((unsigned char)run->complaint[i]))
      run->complaint[i] = ' ';
  snprintf(what, sizeof what, "%s %d: %.*s", run->signal != 0 ? "signal" : "exit status",
           run->signal != 0 ? run->signal : (int)run->exit_status, (int)run->complaint_n,
           run->complaint);
  fail(p, TCX_ECREDS, what);
}

/* The process is ended; whether it was told so or not, its exit comes. */
static void kill_run(struct run *run) {
  (void)uv_process_kill(&run->process, SIGKILL); /* it may have gone by itself */
  for (uv_pipe_t *pipe = &run->out; pipe != NULL; pipe = pipe == &run->out ? &run->err : NULL) {
    if (!uv_is_closing((uv_handle_t *)pipe)) {
      close_handle(pipe);
      run->due--;
    }
  }
  if (run->due == 0)
    close_handle(&run->process);
}

static void on_time(struct tcx_timer *timer) {
  struct run *run = (struct run *)(void *)((char *)timer - offsetof(struct run, timer));
  struct process_provider *p = let_go(run);
  kill_run(run);
  fail(p, TCX_ECREDS, "it took longer than 60 seconds and was ended");
}

/* ---- a run ---- */

static void on_exit_status(uv_process_t *process, int64_t exit_status, int signal) {
  struct run *run = process->data;
  run->exit_status = exit_status;
  run->signal = signal;
  part_over(run);
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  struct run *run = handle->data;
  (void)suggested;
  *buf = uv_buf_init(run->chunk, sizeof run->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct run *run = stream->data;
  if (n < 0) {
    close_handle(stream);
    part_over(run);
  } else if (stream == (uv_stream_t *)&run->out) {
    tcx__buf_add(&run->output, buf->base, (size_t)n);
  } else {
    size_t room = sizeof run->complaint - run->complaint_n,
           take = (size_t)n < room ? (size_t)n : room;
    memcpy(run->complaint + run->complaint_n, buf->base, take);
    run->complaint_n += take;
  }
}

static int start(struct run *run, char **words) {
  uv_stdio_container_t stdio[3] = {
      {.flags = UV_IGNORE},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&run->out},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&run->err},
  };
  uv_process_options_t o = {
      .file = words[0], .args = words, .exit_cb = on_exit_status, .stdio_count = 3, .stdio = stdio};
  uv_pipe_init(run->session->loop, &run->out, 0);
  uv_pipe_init(run->session->loop, &run->err, 0);
  run->process.data = run->out.data = run->err.data = run;
  run->handles = run->due = 3;
  tcx__buf_init(&run->output, NULL, OUTPUT_MAX);
  tcx__session_linger(run->session);
  int err = uv_spawn(run->session->loop, &run->process, &o);
  uv_unref((uv_handle_t *)&run->process);
  uv_unref((uv_handle_t *)&run->out);
  uv_unref((uv_handle_t *)&run->err);
  if (err == 0) {
    /* of a pipe that is open it cannot fail */
    (void)uv_read_start((uv_stream_t *)&run->out, give_chunk, on_read);
    (void)uv_read_start((uv_stream_t *)&run->err, give_chunk, on_read);
    return 0;
  }
  close_handle(&run->process);
  close_handle(&run->out);
  close_handle(&run->err);
  return err;
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct process_provider *p = (struct process_provider *)provider;
  const char *line = tcx__creds_profile_key(p->creds, p->profile, "credential_process");
  char why[TCX__CREDS_TEXT], **words = NULL;
  p->asker = asker;
  if (line == NULL) {
    snprintf(why, sizeof why, "profile %s has no credential_process", p->profile);
    tcx__answer_failure(asker, UV_ENOENT, why);
    return;
  }
  size_t size = 0;
  int err = split(line, &words, &size);
  struct run *run = err == 0 ? tcx__calloc(1, sizeof *run) : NULL;
  if (run == NULL) {
    free_words(words, size);
    snprintf(why, sizeof why, "credential_process of profile %s cannot be split into words",
             p->profile);
    tcx__answer_failure(asker, err == 0 ? UV_ENOMEM : err, err == TCX_ECONFIG ? why : NULL);
    return;
  }
  run->session = p->creds->session;
  err = start(run, words);
  if (err != 0) {
    snprintf(why, sizeof why, "%s: %s", words[0], uv_strerror(err));
    free_words(words, size);
    fail(p, err == UV_ENOMEM ? err : TCX_ECREDS, why);
    return;
  }
  free_words(words, size);
  run->provider = p;
  p->run = run;
  tcx__timer_start(run->session->net, &run->timer, TIME_MS, on_time);
}

static void cancel(struct tcx_provider *provider) {
  struct run *run = ((struct process_provider *)provider)->run;
  (void)let_go(run);
  kill_run(run);
}

static void free_provider(struct tcx_provider *provider) { tcx__free(provider); }

int tcx__creds_process(const struct tcx_creds *creds, const char *profile,
                       struct tcx_provider **out) {
  struct process_provider *p = tcx__malloc(sizeof *p);
  if (p == NULL)
    return UV_ENOMEM;
  *p = (struct process_provider){
      {"custom-process", fetch, cancel, free_provider}, creds, profile, NULL, NULL};
  *out = &p->provider;
  return 0;
}
