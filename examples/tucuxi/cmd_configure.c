/* cmd_configure.c - configure: what the configuration is, and the credentials that it gives. */
#include "tool.h"
#include <tucuxi/model.h>

static void print_row(const tcx_value_t *row) {
  char *json = NULL;
  const tcx_value_t *value = tcx_value_get(row, "value");
  const char *text = tcx_value_str(row, "value"), *source = tcx_value_str(row, "source"),
             *where = tcx_value_str(row, "where");
  if (text == NULL && tcx_value_type(row, "value") != TCX_NULL &&
      tcx_value_to_json(value, &json, NULL) == 0)
    text = json;
  printf("%-46s %-28s %-24s %s\n", tcx_value_str(row, "name"), text != NULL ? text : "-",
         source != NULL ? source : "-", where != NULL ? where : "");
  tcx_free(json);
}

static void list(struct tool *tool) {
  tcx_value_t *rows = tcx_session_describe_config(tool->session);
  if (tcx_value_status(rows) != 0) {
    tool_fail(tool,
              &(tcx_error_t){.status = tcx_value_status(rows), .msg = tcx_value_problem(rows)});
  } else if (tool->args.json) {
    tool_end(tool, print_json(rows) ? 0 : EXIT_OTHER);
  } else {
    for (size_t i = 0; i < tcx_value_len(rows, NULL); i++)
      print_row(tcx_value_at(rows, i));
    tool_end(tool, 0);
  }
  tcx_value_free(rows);
}

/* ---- export-credentials ---- */

/* As a word of a shell. */
static void print_word(const char *text) {
  static const char plain[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+=_:.-";
  if (text[strspn(text, plain)] == '\0') {
    fputs(text, stdout);
    return;
  }
  putchar('\'');
  for (; *text != '\0'; text++)
    if (*text == '\'')
      fputs("'\\''", stdout);
    else
      putchar(*text);
  putchar('\'');
}

static void print_env(const tcx_value_t *keys) {
  static const char *const names[][2] = {{"AccessKeyId", "AWS_ACCESS_KEY_ID"},
                                         {"SecretAccessKey", "AWS_SECRET_ACCESS_KEY"},
                                         {"SessionToken", "AWS_SESSION_TOKEN"},
                                         {"Expiration", "AWS_CREDENTIAL_EXPIRATION"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *text = tcx_value_str(keys, names[i][0]);
    if (text == NULL)
      continue;
    printf("export %s=", names[i][1]);
    print_word(text);
    putchar('\n');
  }
}

static void on_credentials(tcx_session_t *session, int status, const tcx_credentials_t *c,
                           const char *provider, const char *msg, void *data) {
  struct tool *tool = data;
  (void)session, (void)provider;
  if (c == NULL) {
    tool_fail(tool, &(tcx_error_t){.status = status, .msg = msg});
    return;
  }
  tcx_value_t *keys =
      tcx_params("{Version: 1, AccessKeyId: %s, SecretAccessKey: %s, SessionToken: %s}",
                 c->access_key, c->secret_key, c->session_token);
  if (c->expires != 0)
    tcx_value_set_time(keys, "Expiration", c->expires, 0);
  tcx_value_set_str(keys, "AccountId", c->account_id);
  bool good = tcx_value_status(keys) == 0;
  if (good && tool->args.format != NULL && strcmp(tool->args.format, "env") == 0)
    print_env(keys);
  else if (good)
    good = print_json(keys);
  tcx_value_free(keys);
  tool_end(tool, good ? 0 : EXIT_OTHER);
}

static void export_credentials(struct tool *tool) {
  const char *format = tool->args.format;
  if (format != NULL && strcmp(format, "process") != 0 && strcmp(format, "env") != 0)
    tool_usage(tool, "--format is process or env");
  else
    (void)tool_refused(tool, tcx_session_get_credentials(tool->session, on_credentials, tool));
}

void cmd_configure(struct tool *tool) {
  if (strcmp(tool->args.words[0], "list") == 0)
    list(tool);
  else if (strcmp(tool->args.words[0], "export-credentials") == 0)
    export_credentials(tool);
  else
    tool_usage(tool, "unknown command %s", tool->args.words[0]);
}
