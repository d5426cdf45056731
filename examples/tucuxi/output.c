/*
 * output.c - an answer as the AWS CLI prints it: without ResponseMetadata, times as
 * 2024-01-02T03:04:05+00:00 and blobs in base64, searched by --query, then as JSON, text or a
 * table.
 */
#include "tool.h"

/* ---- what is shown ---- */

static bool needs_text(const tcx_value_t *v) {
  tcx_type_t type = tcx_value_type(v, NULL);
  if (type == TCX_TIME || type == TCX_BLOB)
    return true;
  for (const tcx_value_t *kid = tcx_value_first(v, NULL); kid != NULL; kid = tcx_value_next(kid))
    if (needs_text(kid))
      return true;
  return false;
}

static tcx_value_t *time_value(const tcx_value_t *v) {
  char text[64];
  int64_t seconds;
  int32_t nanoseconds = 0;
  const char *iso = tcx_value_str(v, NULL);
  (void)tcx_value_time(v, NULL, &seconds, &nanoseconds);
  int n = snprintf(text, sizeof text, "%.*s", (int)strcspn(iso, ".Z"), iso);
  if (nanoseconds >= 1000)
    n += snprintf(text + n, sizeof text - (size_t)n, ".%06d", (int)(nanoseconds / 1000));
  snprintf(text + n, sizeof text - (size_t)n, "+00:00");
  return tcx_value_new_str(text);
}

static tcx_value_t *blob_value(const tcx_value_t *v) {
  char *json = NULL;
  size_t n = 0;
  if (tcx_value_to_json(v, &json, &n) != 0)
    return tcx_value_copy(v);
  json[n - 1] = '\0'; /* its quotes */
  tcx_value_t *text = tcx_value_new_str(json + 1);
  tcx_free(json);
  return text;
}

/* OWNED. */
static tcx_value_t *shown(const tcx_value_t *v) {
  tcx_type_t type = tcx_value_type(v, NULL);
  if (type == TCX_TIME)
    return time_value(v);
  if (type == TCX_BLOB)
    return blob_value(v);
  if (!needs_text(v))
    return tcx_value_copy(v);
  tcx_value_t *made = type == TCX_LIST ? tcx_value_new_list() : tcx_value_new_map();
  for (const tcx_value_t *kid = tcx_value_first(v, NULL); kid != NULL; kid = tcx_value_next(kid)) {
    if (type == TCX_LIST)
      tcx_value_append(made, shown(kid));
    else
      tcx_value_put(made, tcx_value_name(kid), strlen(tcx_value_name(kid)), shown(kid));
  }
  return made;
}

static tcx_value_t *shown_answer(const tcx_value_t *response) {
  tcx_value_t *made = tcx_value_new_map();
  for (const tcx_value_t *v = tcx_value_first(response, NULL); v != NULL; v = tcx_value_next(v))
    if (strcmp(tcx_value_name(v), "ResponseMetadata") != 0)
      tcx_value_put(made, tcx_value_name(v), strlen(tcx_value_name(v)), shown(v));
  return made;
}

/* ---- JSON, four spaces a level ---- */

static void new_line(unsigned depth) {
  putchar('\n');
  for (unsigned i = 0; i < depth; i++)
    fputs("    ", stdout);
}

/* Lays out JSON that has no space between its parts. */
static void lay_out(const char *json) {
  unsigned depth = 0;
  bool text = false;
  for (const char *p = json; *p != '\0'; p++) {
    bool empty = (p[0] == '{' && p[1] == '}') || (p[0] == '[' && p[1] == ']');
    if (!text && (*p == '}' || *p == ']'))
      new_line(--depth);
    putchar(*p);
    if (text && *p == '\\')
      putchar(*++p);
    else if (*p == '"')
      text = !text;
    else if (!text && empty)
      putchar(*++p);
    else if (!text && (*p == '{' || *p == '['))
      new_line(++depth);
    else if (!text && *p == ',')
      new_line(depth);
    else if (!text && *p == ':')
      putchar(' ');
  }
  putchar('\n');
}

static bool print_laid_out(const tcx_value_t *v) {
  char *json = NULL;
  if (tcx_value_type(v, NULL) == TCX_MAP && tcx_value_len(v, NULL) == 0)
    return true; /* nothing to say */
  if (tcx_value_to_json(v, &json, NULL) != 0)
    return false;
  lay_out(json);
  tcx_free(json);
  return true;
}

/* ---- all of it ---- */

static bool print_as(const struct tool *tool, const char *title, const tcx_value_t *v) {
  const char *format = tool->args.print;
  if (format == NULL)
    return print_json(v);
  if (strcmp(format, "json") == 0)
    return print_laid_out(v);
  return strcmp(format, "text") == 0 ? print_text(v) : print_table(title, v);
}

bool output_open(struct tool *tool) {
  const char *query = tool->args.query;
  if (query == NULL)
    return true;
  tool->query = tcx_jmespath_compile(query, strlen(query));
  if (tcx_jmespath_status(tool->query) == 0)
    return true;
  tool_usage(tool, "bad value for --query: %s", tcx_jmespath_problem(tool->query));
  return false;
}

int output_answer(struct tool *tool, const char *title, const tcx_value_t *response) {
  tcx_value_t *v = shown_answer(response), *found = v;
  if (tool->query != NULL)
    found = tcx_jmespath_search(tool->query, v);
  int status = tcx_value_status(found);
  if (status != 0)
    fprintf(stderr, "tucuxi %s: %s\n", tool->command->name, tcx_value_problem(found));
  bool good = status == 0 && print_as(tool, title, found) && !ferror(stdout);
  if (found != v)
    tcx_value_free(found);
  tcx_value_free(v);
  return good ? 0 : EXIT_OTHER;
}
