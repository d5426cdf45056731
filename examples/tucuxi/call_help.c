/*
 * call_help.c - tucuxi call --help [SERVICE [OPERATION]]: what there is to be called, from the
 * models. With --json the library's own description, one line.
 *
 * An operation's shapes refer to each other, also in circles: members are shown DEPTH_MAX levels
 * deep, and no structure inside itself: "..." stands there.
 */
#include "tool.h"
#include <tucuxi/model.h>

#define COLUMNS    100
#define DEPTH_MAX  4
#define ENUM_SHOWN 8 /* of a longer one the first */

/* A tree that says what is wrong ends the run. True when it did; v is freed then. */
static bool failed(struct tool *tool, tcx_value_t *v) {
  int status = tcx_value_status(v);
  if (status == 0)
    return false;
  tcx_error_t error = {
      .status = status, .msg = tcx_value_problem(v), .error_message = tcx_value_problem(v)};
  tool_fail(tool, &error);
  tcx_value_free(v);
  return true;
}

/* Names in columns, in their order downwards. by_name: the items' names, else the items are texts.
 */
static void show_columns(const tcx_value_t *list, bool by_name) {
  size_t n = 0, width = 0;
  for (const tcx_value_t *v = tcx_value_first(list, NULL); v != NULL; v = tcx_value_next(v), n++) {
    size_t length = strlen(by_name ? tcx_value_name(v) : tcx_value_str(v, NULL));
    width = length > width ? length : width;
  }
  size_t columns = COLUMNS / (width + 2) > 0 ? COLUMNS / (width + 2) : 1,
         rows = (n + columns - 1) / columns;
  const char **names = calloc(n + 1, sizeof *names);
  if (names == NULL)
    return;
  n = 0;
  for (const tcx_value_t *v = tcx_value_first(list, NULL); v != NULL; v = tcx_value_next(v))
    names[n++] = by_name ? tcx_value_name(v) : tcx_value_str(v, NULL);
  for (size_t row = 0; row < rows; row++)
    for (size_t i = row; i < n; i += rows)
      printf("%s%-*s%s", i == row ? "  " : "", i + rows < n ? (int)width + 2 : 0, names[i],
             i + rows < n ? "" : "\n");
  free(names);
}

static void show_services(struct tool *tool) {
  tcx_value_t *services = tcx_session_get_available_services(tool->session);
  if (failed(tool, services))
    return;
  if (tool->args.json) {
    print_json(services);
  } else {
    printf("\nservices ('tucuxi call --help SERVICE' lists the operations of one):\n");
    show_columns(services, false);
  }
  tcx_value_free(services);
  tool_end(tool, 0);
}

static void show_service(struct tool *tool, tcx_client_t *client) {
  tcx_value_t *v = tcx_client_describe(client);
  if (failed(tool, v))
    return;
  const char *service = tcx_value_str(v, "service");
  if (tool->args.json) {
    print_json(v);
  } else {
    printf("%s: %s, API version %s, protocol %s\n\noperations ('tucuxi call --help %s OPERATION' "
           "shows the members of one):\n",
           service, tcx_value_str(v, "service_id"), tcx_value_str(v, "api_version"),
           tcx_value_str(v, "protocol"), service);
    show_columns(tcx_value_get(v, "operations"), true);
    if (tcx_value_len(v, "waiters") > 0) {
      printf("\nwaiters ('tucuxi wait %s WAITER' waits for one):\n", service);
      show_columns(tcx_value_get(v, "waiters"), false);
    }
  }
  tcx_value_free(v);
  tool_end(tool, 0);
}

/* ---- an operation ---- */

struct shown {
  const tcx_value_t *shapes;
  const char *open[DEPTH_MAX]; /* the structures around what is shown, outermost first */
  unsigned depth;
};

static const tcx_value_t *shape_of(const struct shown *s, const tcx_value_t *reference) {
  const char *name = tcx_value_str(reference, "shape");
  return tcx_value_member(s->shapes, name, strlen(name));
}

static bool is(const tcx_value_t *shape, const char *type) {
  return strcmp(tcx_value_str(shape, "type"), type) == 0;
}

static void show_enum(const tcx_value_t *list) {
  size_t n = tcx_value_len(list, NULL);
  for (size_t i = 0; i < n && i < ENUM_SHOWN; i++)
    printf("%s%s", i == 0 ? " (" : " | ", tcx_value_str(tcx_value_at(list, i), NULL));
  if (n > ENUM_SHOWN)
    printf(" | ... %zu in all", n);
  printf(")");
}

/* In words, down to the structure inside lists and maps, which is returned, or NULL. Shapes of
 * lists in lists may go in circles too. */
static const tcx_value_t *show_type(const struct shown *s, const tcx_value_t *reference) {
  const tcx_value_t *shape = shape_of(s, reference);
  for (unsigned i = 0; i < DEPTH_MAX && (is(shape, "list") || is(shape, "map")); i++) {
    printf(is(shape, "list") ? "list of " : "map of string to ");
    shape = shape_of(s, tcx_value_get(shape, is(shape, "list") ? "member" : "value"));
  }
  if (tcx_value_bool(shape, "document", false))
    printf("any JSON");
  else if (tcx_value_bool(shape, "event_stream", false))
    printf("event stream");
  else if (tcx_value_bool(shape, "union", false))
    printf("one of");
  else
    printf("%s", tcx_value_str(shape, "type"));
  if (tcx_value_get(shape, "enum") != NULL)
    show_enum(tcx_value_get(shape, "enum"));
  return is(shape, "structure") ? shape : NULL;
}

static bool is_required(const tcx_value_t *structure, const char *member) {
  for (const tcx_value_t *r = tcx_value_first(structure, "required"); r != NULL;
       r = tcx_value_next(r))
    if (strcmp(tcx_value_str(r, NULL), member) == 0)
      return true;
  return false;
}

/* Whether its members are shown here: there are some, it is not inside itself, and not too deep. */
static bool opens(const struct shown *s, const tcx_value_t *structure) {
  for (unsigned i = 0; i < s->depth; i++)
    if (s->open[i] == tcx_value_name(structure))
      return false;
  return s->depth < DEPTH_MAX;
}

static void show_members(struct shown *s, const tcx_value_t *structure);

static void show_member(struct shown *s, const tcx_value_t *structure, const tcx_value_t *member) {
  const char *name = tcx_value_name(member);
  bool made = tcx_value_bool(member, "idempotency_token", false);
  printf("%*s%-*s ", (int)(2 * s->depth), "", 34 - (int)(2 * s->depth), name);
  const tcx_value_t *inner = show_type(s, member);
  bool open = inner != NULL && opens(s, inner);
  printf("%s%s%s%s%s\n",
         inner != NULL && !open && tcx_value_first(inner, "members") != NULL ? " ..." : "",
         tcx_value_bool(member, "streaming", false) ? ", streaming" : "",
         is_required(structure, name) && !made ? ", required" : "",
         made ? ", made when it is missing" : "",
         tcx_value_bool(member, "deprecated", false) ? ", deprecated" : "");
  if (open)
    show_members(s, inner);
}

/* Required ones first. */
static void show_members(struct shown *s, const tcx_value_t *structure) {
  s->open[s->depth++] = tcx_value_name(structure);
  for (int required = 1; required >= 0; required--)
    for (const tcx_value_t *m = tcx_value_first(structure, "members"); m != NULL;
         m = tcx_value_next(m))
      if (is_required(structure, tcx_value_name(m)) == (required == 1))
        show_member(s, structure, m);
  s->depth--;
}

static void show_side(const tcx_value_t *operation, const char *side, const char *title) {
  const char *name = tcx_value_str(operation, side);
  struct shown s = {.shapes = tcx_value_get(operation, "shapes")};
  const tcx_value_t *structure =
      name != NULL ? tcx_value_member(s.shapes, name, strlen(name)) : NULL;
  printf("\n%s:%s\n", title, tcx_value_first(structure, "members") == NULL ? " none" : "");
  if (structure != NULL)
    show_members(&s, structure);
}

static void show_errors(const tcx_value_t *operation) {
  const tcx_value_t *shapes = tcx_value_get(operation, "shapes");
  printf("\nerrors:%s\n", tcx_value_len(operation, "errors") == 0 ? " none of its own" : "");
  for (const tcx_value_t *e = tcx_value_first(operation, "errors"); e != NULL;
       e = tcx_value_next(e)) {
    const char *name = tcx_value_str(e, NULL);
    const tcx_value_t *shape = tcx_value_member(shapes, name, strlen(name));
    const char *code = tcx_value_str(shape, "error_code");
    printf("  %s%s\n", code != NULL ? code : name,
           tcx_value_bool(shape, "retryable", false) ? ", retryable" : "");
  }
}

static void show_operation(struct tool *tool, tcx_client_t *client, const char *word) {
  char *name = operation_name(word);
  tcx_value_t *v = tcx_client_describe_operation(client, name != NULL ? name : word);
  free(name);
  if (failed(tool, v))
    return;
  if (tool->args.json) {
    print_json(v);
  } else {
    printf("tucuxi call %s %s: %s, %s %s%s%s\n", tcx_client_service(client),
           tcx_value_str(v, "method"), tcx_value_str(v, "name"), tcx_value_str(v, "http_method"),
           tcx_value_str(v, "request_uri"),
           tcx_value_bool(v, "paginated", false) ? ", comes in pages" : "",
           tcx_value_bool(v, "deprecated", false) ? ", deprecated" : "");
    show_side(v, "input", "parameters");
    show_side(v, "output", "response");
    show_errors(v);
  }
  tcx_value_free(v);
  tool_end(tool, 0);
}

void call_help(struct tool *tool) {
  const struct args *args = &tool->args;
  if (args->n_words == 0) {
    show_services(tool);
    return;
  }
  tcx_client_t *client = tool_client(tool, args->words[0], NULL, NULL, NULL);
  if (client != NULL && args->n_words == 1)
    show_service(tool, client);
  else if (client != NULL)
    show_operation(tool, client, args->words[1]);
}
