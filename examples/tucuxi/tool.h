/*
 * tool.h - what the files of the command-line tool share.
 *
 *   main.c      the table of commands, and the way of every run: parse, session, command, loop,
 *               close, exit code
 *   args.c      options by table
 *   uri.c       s3://bucket/key
 *   print.c     errors, numbers, JSON
 *   bulk.c      a job with its bar, its messages and its exit code: cp, rm, rb --force
 *   one_call.c  any API call, or wait, with its answer as JSON: call, jsonl, wait
 *   pages.c     the pages of an operation, one by one or in one: call, jsonl
 *   output.c    an answer as the AWS CLI prints it; out_text.c, out_table.c: two of its formats
 *   call_help.c what can be called
 *   params.c    parameters as JSON from the command line, a file or stdin
 *   lines.c     JSON objects by the line from stdin: call --jsonl, endpoint --jsonl
 *   cmd_*.c     one command each
 *
 * The tool uses the public headers alone. A command's run function starts its work on the loop and
 * returns; tool_end ends the run.
 */
#ifndef TUCUXI_TOOL_H
#define TUCUXI_TOOL_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tucuxi.h>
#include <tucuxi/jmespath.h>
#include <tucuxi/transfer.h>

enum {
  EXIT_FAILED_ITEM = 1,
  EXIT_SKIPPED = 2,
  EXIT_INTERRUPTED = 130,
  EXIT_USAGE = 252,
  EXIT_CONFIG = 253,
  EXIT_SERVICE = 254,
  EXIT_OTHER = 255
};

struct args {
  const char *endpoint_url, *profile, *region;
  bool no_sign_request, json, debug, debug_wire, help;
  bool recursive, dry_run, force, quiet, verbose, jsonl;
  unsigned concurrency, expires_s, delay_s, max_attempts;
  const char *output, *method, *format;
  const char *print; /* "json", "text", "table"; NULL: JSON in one line */
  const char *query, *starting_token;
  bool paginate, no_paginate;
  unsigned max_items, page_size;
  const char **words; /* what is no option */
  unsigned n_words;
};

struct tool;
struct command {
  const char *name, *usage, *about;
  /* the names of the options that it takes beside the common ones, separated by spaces */
  const char *options;
  unsigned min_words, max_words;
  void (*run)(struct tool *tool);
  void (*help)(struct tool *tool); /* NULL: --help needs no session, and takes no words */
};

struct tool {
  uv_loop_t loop;
  struct args args;
  const struct command *command;
  tcx_session_t *session;
  tcx_client_t *s3;
  tcx_jmespath_t *query; /* --query; NULL: none */
  /* Ctrl-C: the command's way to stop; NULL: it has nothing to take back */
  void (*interrupt)(struct tool *tool);
  void *state; /* the command's */
  int exit_code;
  bool interrupted, ending;
};

/* main.c */
/* closes everything; the run ends with this code, or 130 when it was interrupted */
void tool_end(struct tool *tool, int exit_code);
void tool_interrupted(struct tool *tool);                    /* a way to stop: tool_end */
void tool_fail(struct tool *tool, const tcx_error_t *error); /* prints it and ends with its code */
/* prints and ends with 252 */
void tool_usage(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* config is CONSUMED, and may be NULL as region and endpoint_url may. NULL: the run ends, it was
 * told. */
tcx_client_t *tool_client(struct tool *tool, const char *service, const char *region,
                          const char *endpoint_url, tcx_value_t *config);
tcx_client_t *tool_s3(struct tool *tool);
/* A start function's < 0: prints and ends. True when there was one. */
bool tool_refused(struct tool *tool, int status);

/* args.c: 0, or < 0 with the reason printed. */
int args_parse(struct args *args, const struct command *command, int argc, char **argv);
void args_help(const struct command *command);

/* uri.c */
/* key is never NULL; both lie in one block */
struct uri {
  char *bucket;
  const char *key;
};
bool uri_is_s3(const char *text);
/* false: no bucket, or out of memory; else uri_free is due */
bool uri_parse(const char *text, struct uri *uri);
/* The same where wildcards pick keys. No pattern: it has none, and key is without the backslashes
 * that made characters plain. */
bool uri_parse_pattern(const char *text, struct uri *uri, bool *pattern);
void uri_free(struct uri *uri);
/* behind the last slash that is not the end */
const char *uri_last_part(const char *path);
/* malloc; NULL when memory is out */
char *text_join(const char *a, const char *b, const char *c);

/* print.c */
int exit_code_of(const tcx_error_t *error);
void print_error(const struct tool *tool, const tcx_error_t *error);
tcx_value_t *error_value(const tcx_error_t *error); /* as call shows it; OWNED */
/* one line; false: out of memory, or stdout is gone */
bool print_json(const tcx_value_t *value);
bool print_flush(void);
/* errno says why; not a word where the reader is gone, as it is when a pipe has seen enough, nor
 * behind a signal */
void print_stdout_error(const char *command);
const char *size_text(char out[32], double bytes); /* "1.5 MiB" */

/* bulk.c: exactly one call a run. again (may be NULL) makes the items once more, to count them for
 * the bar. */
struct bulk_options {
  tcx_items_t *(*make)(struct tool *tool);
  bool single;                     /* one object that was named: its error decides the exit code */
  void (*then)(struct tool *tool); /* instead of ending, when all went well */
};
void bulk_run(struct tool *tool, const struct bulk_options *options);

/* one_call.c: response is BORROWED until cb returns; exactly one of response and error is not NULL.
 * params is CONSUMED. */
typedef void (*one_call_cb)(void *data, const tcx_value_t *response, const tcx_error_t *error);
/* An answer that is an event stream: each event, BORROWED, as {"Records": {...}}; cb comes at the
 * end of the stream. */
typedef void (*one_event_cb)(void *data, const tcx_value_t *event);
struct one_call {
  const char *operation;
  tcx_value_t *params;
  const char *output; /* the file for a streaming member that is bytes, or NULL */
  /* the response is the request: {"method", "url", "headers", "body_base64"} */
  bool dry_run;
  const tcx_wait_options_t *wait; /* operation is a waiter's name; NULL: it is not */
  one_event_cb event;
};
void one_call(struct tool *tool, tcx_client_t *client, const struct one_call *what, one_call_cb cb,
              void *data);
/* pages.c: an operation's pages, one by one, each BORROWED (the response at the end is {NextToken},
 * where max_items ended them), or, page NULL, in one, which is the response. */
struct paged_call {
  const char *operation;
  tcx_value_t *params; /* CONSUMED */
  tcx_paginate_options_t options;
  one_event_cb page;
};
void paged_call(struct tool *tool, tcx_client_t *client, const struct paged_call *what,
                one_call_cb cb, void *data);
/* client_methods.c: what botocore's clients have beside operations; NULL: name is none of these.
 * start: as the function of tucuxi/presign.h that it stands for; TCX_EPARAM with msg where the
 * arguments are wrong. */
struct client_method;
const struct client_method *client_method(const tcx_client_t *client, const char *name);
int client_method_start(const struct client_method *method, tcx_client_t *client,
                        const tcx_value_t *params, tcx_call_cb cb, void *data, char *msg,
                        size_t size);
/* "list-buckets" is list_buckets; malloc, NULL: out of memory */
char *operation_name(const char *word);

/* output.c: output_open reads --query; false: it is bad, and the run ends. output_answer prints,
 * and returns an exit code; title: of a table. */
bool output_open(struct tool *tool);
int output_answer(struct tool *tool, const char *title, const tcx_value_t *response);
/* out_text.c, out_table.c; false: out of memory. */
bool print_text(const tcx_value_t *v);
bool print_table(const char *title, const tcx_value_t *v);
void print_cell(FILE *out, const tcx_value_t *v);
/* The names of a map's scalars, or of its lists and maps, in order; or those of all maps of a list,
 * each once. *names is to be freed; false: out of memory. */
bool map_names(const tcx_value_t *maps, bool list, bool scalars, const char ***names, size_t *n);

/* params.c: word is JSON, @FILE, "-" or NULL (then *params is NULL); *params is OWNED. False: it
 * cannot be read, and the run ends. */
bool params_read(struct tool *tool, const char *word, tcx_value_t **params);

/* lines.c: JSON objects by the line. The command embeds struct lines in its own state, sets the
 * functions, and begins. */
struct lines {
  /* id is the line's as JSON text, CONSUMED (tcx_free) */
  void (*take)(struct lines *all, const tcx_value_t *line, char *id);
  void (*refuse)(const char *id, const char *msg); /* a line that is none */
  void (*free)(struct lines *all);                 /* the run is over */
  struct tool *tool;                               /* from here on lines.c's */
  uv_fs_t req;
  char *text; /* what was read and not yet taken: [at, len) of cap */
  size_t at, len, cap;
  size_t seen; /* of them, from at on: without a newline */
  bool reading, ended, taking;
  bool too_long; /* the rest of this line is passed over */
  int exit_code;
  /* running: take adds one for each line that is not answered at once */
  unsigned running, limit;
};
void lines_begin(struct lines *all, struct tool *tool);
void lines_done(struct lines *all); /* one of running is answered */

/* call_help.c */
void call_help(struct tool *tool);

void cmd_ls(struct tool *tool);
void cmd_mb(struct tool *tool);
void cmd_rb(struct tool *tool);
void cmd_cp(struct tool *tool);
void cmd_rm(struct tool *tool);
void cmd_cat(struct tool *tool);
void cmd_head(struct tool *tool);
void cmd_presign(struct tool *tool);
void cmd_call(struct tool *tool);
void cmd_jsonl(struct tool *tool);
void cmd_wait(struct tool *tool);
void cmd_endpoint(struct tool *tool);
void cmd_configure(struct tool *tool);
#endif
