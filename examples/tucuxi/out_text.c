/*
 * out_text.c - a value as lines of columns with tabs between: the scalars of a map in the order of
 * their names, behind the name (in capitals) of what holds them; then what lies deeper.
 */
#include "tool.h"

struct names {
  const char **list;
  size_t n;
};

static bool is_scalar(const tcx_value_t *v) {
  tcx_type_t type = tcx_value_type(v, NULL);
  return type != TCX_LIST && type != TCX_MAP;
}

/* What stands where a scalar is due, and is none: as Python writes it, {'Key': 'a', 'Size': 1}. */
static void print_inside(FILE *out, const tcx_value_t *v);

static void print_quoted(FILE *out, const char *s) {
  char quote = strchr(s, '\'') != NULL && strchr(s, '"') == NULL ? '"' : '\'';
  putc(quote, out);
  for (; *s != '\0'; s++) {
    static const char from[] = "\\\n\r\t", to[] = "\\nrt";
    const char *letter = strchr(from, *s);
    if (letter != NULL || *s == quote)
      fprintf(out, "\\%c", letter != NULL ? to[letter - from] : quote);
    else if ((unsigned char)*s < ' ' || *s == 0x7f)
      fprintf(out, "\\x%02x", (unsigned)*s);
    else
      putc(*s, out);
  }
  putc(quote, out);
}

static void print_nested(FILE *out, const tcx_value_t *v, char open, char close) {
  putc(open, out);
  for (const tcx_value_t *kid = tcx_value_first(v, NULL); kid != NULL; kid = tcx_value_next(kid)) {
    if (tcx_value_name(kid) != NULL) {
      print_quoted(out, tcx_value_name(kid));
      fputs(": ", out);
    }
    print_inside(out, kid);
    fputs(tcx_value_next(kid) != NULL ? ", " : "", out);
  }
  putc(close, out);
}

static void print_inside(FILE *out, const tcx_value_t *v) {
  if (tcx_value_type(v, NULL) == TCX_STRING)
    print_quoted(out, tcx_value_str(v, NULL));
  else
    print_cell(out, v);
}

void print_cell(FILE *out, const tcx_value_t *v) {
  size_t n = 0;
  char *json = NULL;
  switch (tcx_value_type(v, NULL)) {
  case TCX_ABSENT:
    break;
  case TCX_NULL:
    fputs("None", out);
    break;
  case TCX_BOOL:
    fputs(tcx_value_bool(v, NULL, false) ? "True" : "False", out);
    break;
  case TCX_STRING: {
    const void *bytes = tcx_value_bytes(v, NULL, &n);
    fwrite(bytes, 1, n, out);
    break;
  }
  case TCX_LIST:
    print_nested(out, v, '[', ']');
    break;
  case TCX_MAP:
    print_nested(out, v, '{', '}');
    break;
  default:
    if (tcx_value_to_json(v, &json, &n) == 0)
      fwrite(json, 1, n, out);
    tcx_free(json);
    break;
  }
}

static void print_name(const char *name) {
  for (; *name != '\0'; name++)
    putchar(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
}

/* ---- names in order ---- */

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the names of a map's scalars, or of its other members. False: out of memory. */
static bool add_names(struct names *names, const tcx_value_t *map, bool scalars) {
  size_t more = tcx_value_len(map, NULL);
  const char **list = realloc(names->list, (names->n + more + 1) * sizeof *list);
  if (list == NULL)
    return false;
  names->list = list;
  for (const tcx_value_t *v = tcx_value_first(map, NULL); v != NULL; v = tcx_value_next(v))
    if (is_scalar(v) == scalars)
      names->list[names->n++] = tcx_value_name(v);
  return true;
}

static void sort_names(struct names *names) {
  size_t kept = 0;
  if (names->n > 0)
    qsort(names->list, names->n, sizeof *names->list, by_name);
  for (size_t i = 0; i < names->n; i++)
    if (kept == 0 || strcmp(names->list[kept - 1], names->list[i]) != 0)
      names->list[kept++] = names->list[i];
  names->n = kept;
}

bool map_names(const tcx_value_t *maps, bool list, bool scalars, const char ***names, size_t *n) {
  struct names all = {0};
  bool good = list || add_names(&all, maps, scalars);
  for (const tcx_value_t *v = list ? tcx_value_first(maps, NULL) : NULL; v != NULL && good;
       v = tcx_value_next(v))
    if (tcx_value_type(v, NULL) == TCX_MAP)
      good = add_names(&all, v, scalars);
  sort_names(&all);
  *names = all.list;
  *n = all.n;
  return good;
}

static bool holds(const struct names *names, const char *name) {
  return names->n > 0 &&
         bsearch(&name, names->list, names->n, sizeof *names->list, by_name) != NULL;
}

/* ---- lines ---- */

static bool print_item(const tcx_value_t *v, const char *name, const struct names *columns);

static const tcx_value_t *member(const tcx_value_t *map, const char *name) {
  return tcx_value_member(map, name, strlen(name));
}

static void print_columns(const tcx_value_t *map, const char *name, const struct names *columns) {
  if (columns->n == 0)
    return;
  if (name != NULL) {
    print_name(name);
    putchar('\t');
  }
  for (size_t i = 0; i < columns->n; i++) {
    print_cell(stdout, member(map, columns->list[i]));
    putchar(i + 1 < columns->n ? '\t' : '\n');
  }
}

/* columns: of all maps of the list that it stands in; NULL: its own. */
static bool print_map(const tcx_value_t *map, const char *name, const struct names *columns) {
  struct names own = {0}, deep = {0};
  bool good = map_names(map, false, true, &own.list, &own.n) &&
              map_names(map, false, false, &deep.list, &deep.n);
  const struct names *scalars = columns != NULL ? columns : &own;
  if (good)
    print_columns(map, name, scalars);
  for (size_t i = 0; i < deep.n && good; i++)
    if (!holds(scalars, deep.list[i]))
      good = print_item(member(map, deep.list[i]), deep.list[i], NULL);
  free(own.list);
  free(deep.list);
  return good;
}

/* The scalars of a list: in one line, or each behind the list's name. */
static void print_scalars(const tcx_value_t *list, const char *name) {
  bool first = true;
  for (const tcx_value_t *v = tcx_value_first(list, NULL); v != NULL; v = tcx_value_next(v)) {
    if (!is_scalar(v))
      continue;
    if (name != NULL)
      print_name(name);
    if (name != NULL || !first)
      putchar('\t');
    print_cell(stdout, v);
    if (name != NULL)
      putchar('\n');
    first = false;
  }
  if (name == NULL && !first)
    putchar('\n');
}

static bool print_list(const tcx_value_t *list, const char *name) {
  struct names columns = {0};
  bool maps = false, good = true;
  for (const tcx_value_t *v = tcx_value_first(list, NULL); v != NULL; v = tcx_value_next(v))
    maps = maps || tcx_value_type(v, NULL) == TCX_MAP;
  if (maps)
    good = map_names(list, true, true, &columns.list, &columns.n);
  else
    print_scalars(list, name);
  for (const tcx_value_t *v = tcx_value_first(list, NULL); v != NULL && good; v = tcx_value_next(v))
    if (maps || !is_scalar(v))
      good = print_item(v, name, maps ? &columns : NULL);
  free(columns.list);
  return good;
}

static bool print_item(const tcx_value_t *v, const char *name, const struct names *columns) {
  if (tcx_value_type(v, NULL) == TCX_MAP)
    return print_map(v, name, columns);
  if (tcx_value_type(v, NULL) == TCX_LIST)
    return print_list(v, name);
  print_cell(stdout, v);
  putchar('\n');
  return true;
}

bool print_text(const tcx_value_t *v) { return print_item(v, NULL, NULL); }
