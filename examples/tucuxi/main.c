/* main.c - tucuxi, the command-line tool of the library: the table of commands and the way of every
 * run. */
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

/* clang-format off */
static const struct command commands[] = {
    {"ls", "[s3://BUCKET[/PREFIX]]",
     "Lists buckets, or what lies directly below a prefix (-r: everything). '*', '?' and [a-z] in the prefix pick\nkeys; '*' passes slashes.", "recursive", 0, 1, cmd_ls, NULL},
    {"mb", "s3://BUCKET", "Makes a bucket, in the region of the options.", "", 1, 1, cmd_mb, NULL},
    {"rb", "s3://BUCKET", "Removes a bucket. It has to be empty, or --force empties it.", "force concurrency quiet verbose", 1, 1, cmd_rb, NULL},
    {"cp", "SOURCE... TARGET",
     "Copies between local files and S3, and within S3. One of the two sides, or both, is s3://BUCKET/KEY.\n"
     "A target that ends with a slash, or is a folder, takes the source under its own name. -r copies what lies\n"
     "below a folder or prefix; wildcards in a source pick among everything below ('*' passes slashes).",
     "recursive concurrency dry-run quiet verbose", 2, (unsigned)-1, cmd_cp, NULL},
    {"rm", "s3://BUCKET/KEY...", "Deletes objects. -r deletes everything below a prefix; wildcards pick keys.", "recursive concurrency dry-run quiet verbose", 1,
     (unsigned)-1, cmd_rm, NULL},
    {"cat", "s3://BUCKET/KEY...", "Writes objects to stdout.", "", 1, (unsigned)-1, cmd_cat, NULL},
    {"head", "s3://BUCKET[/KEY]", "Shows what is known of an object or a bucket.", "", 1, 1, cmd_head, NULL},
    {"presign", "s3://BUCKET/KEY", "Prints a URL that allows one kind of request to whoever has it; for post a form, {\"url\", \"fields\"}. A key may end in ${filename} then.", "expires-in method", 1, 1, cmd_presign, NULL},
    {"call", "SERVICE OPERATION [JSON | @FILE | -]",
     "Makes any API call: tucuxi call s3 list_objects_v2 '{\"Bucket\": \"b\"}'. The parameters come as JSON on the command\n"
     "line, from a file or from stdin; the response goes to stdout as JSON, an error to stderr.\n"
     "'tucuxi call --help SERVICE' lists a service's operations, 'tucuxi call --help SERVICE OPERATION' an operation's members.\n"
     "generate_presigned_url, generate_presigned_post and generate_db_auth_token go by these names too, and send nothing.\n"
     "With --dry-run nothing is sent: the signed request is shown, {\"method\", \"url\", \"headers\", \"body_base64\"}.\n"
     "With --query, --output json, text or table, or an option of paging it does as the AWS CLI does: all pages in one\n"
     "(--no-paginate: one), without ResponseMetadata, searched, and printed in that form.\n"
     "With --jsonl lines {\"id\":..., \"service\":..., \"operation\":..., \"params\":{...}} (also region, endpoint_url, output,\n"
     "config, dry_run, paginate) are read from stdin and answered as they complete, {\"id\":..., \"response\":{...}} or\n"
     "{\"id\":..., \"error\":{...}}.",
     "output query paginate no-paginate max-items page-size starting-token dry-run jsonl concurrency", 2, 3, cmd_call, call_help},
    {"wait", "SERVICE WAITER [JSON | @FILE | -]",
     "Waits until something is in a state: tucuxi wait s3 bucket_exists '{\"Bucket\": \"b\"}'. Asks as often, and with as long\n"
     "pauses, as the service's waiter says. The parameters are those of the operation that it asks. With --json the last\n"
     "response goes to stdout.",
     "delay max-attempts", 2, 3, cmd_wait, NULL},
    {"endpoint", "SERVICE [JSON | @FILE | -]",
     "Shows where a call would go: tucuxi endpoint s3 '{\"Region\": \"us-east-1\", \"UseFIPS\": true}' asks the service's\n"
     "endpoint rule set and prints {\"url\", \"headers\", \"properties\"}, or {\"error\"}. The parameters are the rule set's own.\n"
     "With --jsonl lines {\"id\":..., \"service\":..., \"params\":{...}} are read from stdin and answered,\n"
     "{\"id\":..., \"url\":..., ...} or {\"id\":..., \"error\":...}. Nothing is sent.",
     "jsonl", 1, 2, cmd_endpoint, NULL},
    {"configure", "list | export-credentials",
     "list shows each variable of the configuration, its value and where that comes from; --json: a list of\n{\"name\", \"value\", \"source\", \"where\"}. Of keys only the last four letters are shown.\n"
     "export-credentials prints what the chain of providers gives, for a credential_process or, with --format env, a shell.", "format", 1, 1,
     cmd_configure, NULL},
};
/* clang-format on */
#define COMMANDS (sizeof commands / sizeof commands[0])

/* ---- the end ---- */

/* What the handler of signals needs: the one place where state is static. */
static struct {
  struct tool *tool;
  uv_async_t wake;
  volatile sig_atomic_t seen;
} signals;

static void on_session_closed(tcx_session_t *session) { uv_stop(tcx_session_loop(session)); }

void tool_end(struct tool *tool, int exit_code) {
  if (tool->ending)
    return;
  tool->ending = true;
  tool->exit_code = signals.seen > 0 ? EXIT_INTERRUPTED : exit_code;
  if (!print_flush()) {
    print_stdout_error(tool->command->name);
    tool->exit_code = tool->exit_code == 0 ? EXIT_OTHER : tool->exit_code;
  }
  tool->interrupt = NULL;
  uv_close((uv_handle_t *)&signals.wake, NULL);
  tcx_session_close(tool->session, on_session_closed);
}

void tool_interrupted(struct tool *tool) { tool_end(tool, EXIT_INTERRUPTED); }

void tool_fail(struct tool *tool, const tcx_error_t *error) {
  if (tool->ending)
    return;
  if (error->status != TCX_ECANCELED)
    print_error(tool, error);
  tool_end(tool, exit_code_of(error));
}

void tool_usage(struct tool *tool, const char *format, ...) {
  va_list args;
  fprintf(stderr, "tucuxi %s: ", tool->command->name);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  tool_end(tool, EXIT_USAGE);
}

bool tool_refused(struct tool *tool, int status) {
  if (status == 0)
    return false;
  if (status != TCX_ECLOSING)
    fprintf(stderr, "tucuxi %s: %s\n", tool->command->name, tcx_strerror(status));
  tool_end(tool, EXIT_OTHER);
  return true;
}

/* ---- clients ---- */

tcx_client_t *tool_client(struct tool *tool, const char *service, const char *region,
                          const char *endpoint_url, tcx_value_t *config) {
  tcx_client_t *client = NULL;
  /* what config says comes before what is the same for all */
  bool agent = tcx_value_get(config, "user_agent_extra") != NULL,
       pool = tcx_value_get(config, "max_pool_connections") != NULL;
  tcx_client_options_t options = {
      .region = region != NULL ? region : tool->args.region,
      .endpoint_url = endpoint_url != NULL ? endpoint_url : tool->args.endpoint_url,
      .max_connections = pool ? 0 : tool->args.concurrency,
      .unsigned_requests = tool->args.no_sign_request,
      .user_agent_extra = agent ? NULL : "tucuxi-tool",
      .config = config,
  };
  return tool_refused(tool, tcx_session_create_client(tool->session, service, &options, &client))
             ? NULL
             : client;
}

tcx_client_t *tool_s3(struct tool *tool) {
  if (tool->s3 == NULL)
    tool->s3 = tool_client(tool, "s3", NULL, NULL, NULL);
  return tool->s3;
}

/* ---- the beginning ---- */

/* The second signal ends the run at once, and so does the first where stdout takes nothing and
 * nothing has to be taken back: the loop may be waiting in a write. */
static void on_signal(int number) {
  struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
  int before = errno;
  (void)number;
  if (signals.seen++ > 0 || signals.tool->ending ||
      (signals.tool->interrupt == NULL && poll(&out, 1, 0) == 0))
    _exit(EXIT_INTERRUPTED);
  uv_async_send(&signals.wake);
  errno = before;
}

static void on_wake(uv_async_t *wake) {
  struct tool *tool = signals.tool;
  (void)wake;
  tool->interrupted = true;
  (tool->interrupt != NULL ? tool->interrupt : tool_interrupted)(tool);
}

/* No SA_RESTART: a write that blocks fails. */
static int watch_signals(struct tool *tool) {
  struct sigaction action = {.sa_handler = on_signal}, ignored = {.sa_handler = SIG_IGN};
  signals.tool = tool;
  int err = uv_async_init(&tool->loop, &signals.wake, on_wake);
  if (err != 0)
    return err;
  uv_unref((uv_handle_t *)&signals.wake);
  return sigaction(SIGPIPE, &ignored, NULL) + sigaction(SIGINT, &action, NULL) +
         sigaction(SIGTERM, &action, NULL);
}

static void on_log(tcx_log_level_t level, const char *area, const char *line,
                   const tcx_call_t *call, void *data) {
  (void)level;
  (void)call;
  (void)data;
  fprintf(stderr, "%s: %s\n", area, line);
}

static int run(struct tool *tool) {
  tcx_session_options_t options = {.profile = tool->args.profile, .region = tool->args.region};
  if (tool->args.debug || tool->args.debug_wire) {
    options.log = on_log;
    options.log_level = TCX_LOG_TRACE;
    options.log_wire = tool->args.debug_wire ? 4096 : 0;
  }
  if (uv_loop_init(&tool->loop) != 0 || watch_signals(tool) != 0 ||
      tcx_session_new(&tool->loop, &options, &tool->session) != 0) {
    fprintf(stderr, "tucuxi: out of memory\n");
    return EXIT_OTHER;
  }
  (tool->args.help ? tool->command->help : tool->command->run)(tool);
  uv_run(&tool->loop, UV_RUN_DEFAULT);
  if (!tool->ending) { /* nothing is left to do */
    tool_end(tool, 0);
    uv_run(&tool->loop, UV_RUN_DEFAULT);
  }
  uv_run(&tool->loop, UV_RUN_NOWAIT);
  tcx_jmespath_free(tool->query);
  /* a read of stdin that nothing comes for cannot be called back */
  if (uv_loop_close(&tool->loop) == UV_EBUSY) {
    fflush(NULL);
    _exit(tool->exit_code);
  }
  return tool->exit_code;
}

/* Of a run that only printed a text. */
static int exit_code_of_text(const char *command) {
  if (print_flush())
    return 0;
  print_stdout_error(command);
  return EXIT_OTHER;
}

static int show_help(FILE *out) {
  fprintf(out, "usage: tucuxi COMMAND [options] ...\n\ncommands:\n");
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].usage);
  fprintf(out, "\n'tucuxi COMMAND --help' tells more. TLS certificates are checked against the "
               "system's CA bundle, or AWS_CA_BUNDLE.\n"
               "exit codes: 0; 1 an object of many failed; 2 a file was skipped; 130 interrupted; "
               "252 usage or parameters;\n"
               "253 configuration or credentials; 254 the service answered with an error; 255 "
               "anything else\n");
  return out == stdout ? exit_code_of_text("") : EXIT_USAGE;
}

/* A standard stream that is closed is opened so that its use fails: what the run opens must not get
 * its number. */
static bool fill_standard_streams(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      return false;
  return true;
}

int main(int argc, char **argv) {
  struct tool tool = {0};
  const char *name = argc > 1 ? argv[1] : "";
  if (!fill_standard_streams())
    return EXIT_OTHER;
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
    return show_help(stdout);
  if (strcmp(name, "--version") == 0) {
    printf("tucuxi %d.%d.%d libuv/%s\n", TCX_VERSION_MAJOR, TCX_VERSION_MINOR, TCX_VERSION_PATCH,
           uv_version_string());
    return exit_code_of_text("");
  }
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0)
      tool.command = &commands[i];
  if (tool.command == NULL) {
    if (name[0] != '\0')
      fprintf(stderr, "tucuxi: no command '%s'\n", name);
    return show_help(stderr);
  }
  int code = EXIT_USAGE;
  if (args_parse(&tool.args, tool.command, argc - 2, argv + 2) == 0) {
    if (tool.args.help && tool.args.n_words == 0 && !tool.args.json)
      args_help(tool.command);
    code = tool.args.help && tool.command->help == NULL ? exit_code_of_text(name) : run(&tool);
  }
  free(tool.args.words);
  return code;
}
