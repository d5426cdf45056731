/*
 * out_table.c - a value as tables of ASCII characters, one below the other: a section for each map
 * and for each list of maps, with its title, set in as deep as it lies.
 *
 * The sections are built as a value, {title, indent, headers: [...], rows: [[...], ...]} each, and
 * rendered once their widths are known.
 */
#include "tool.h"
#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SCREEN  80 /* where nothing tells how wide it is */
#define PADDING 4  /* of a column: the blanks on both sides */
#define BORDER  2

struct table {
  tcx_value_t *sections;
  size_t rows; /* of the last section */
  bool failed;
};

static bool is_scalar(const tcx_value_t *v) {
  tcx_type_t type = tcx_value_type(v, NULL);
  return type != TCX_LIST && type != TCX_MAP;
}

/* ---- building ---- */

static size_t last_section(const struct table *t) { return tcx_value_len(t->sections, NULL) - 1; }

static void new_section(struct table *t, const char *title, unsigned indent) {
  tcx_value_append(t->sections,
                   tcx_params("{title: %s, indent: %u, headers: [], rows: []}", title, indent));
  t->rows = 0;
}

/* The text of a cell goes to the end of the list at path, below the last section. */
static void add_text(struct table *t, const char *list, const char *text, size_t n) {
  char path[96];
  snprintf(path, sizeof path, "[%zu].%s[]", last_section(t), list);
  tcx_value_set_bytes(t->sections, path, text, n);
}

static void add_value(struct table *t, const char *list, const tcx_value_t *v) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  if (out != NULL) {
    print_cell(out, v);
    fclose(out);
  }
  if (text == NULL)
    t->failed = true;
  else
    add_text(t, list, text, n);
  free(text);
}

static const char *new_row(struct table *t, char path[48]) {
  snprintf(path, 48, "[%zu].rows[]", last_section(t));
  tcx_value_set(t->sections, path, tcx_value_new_list());
  snprintf(path, 48, "rows[%zu]", t->rows++);
  return path;
}

/* The names of what is a scalar, and of what is not, in a map or anywhere in a list of maps: a name
 * may be both. */
struct keys {
  const char **flat, **deep;
  size_t n, n_deep;
};

static struct keys keys_of(struct table *t, const tcx_value_t *maps, bool list) {
  struct keys keys = {0};
  if (!map_names(maps, list, true, &keys.flat, &keys.n) ||
      !map_names(maps, list, false, &keys.deep, &keys.n_deep))
    t->failed = true;
  return keys;
}

static void free_keys(struct keys *keys) {
  free(keys->flat);
  free(keys->deep);
}

/* The last ones count, where lists of a list are one section. */
static void set_headers(struct table *t, const struct keys *keys) {
  char path[48];
  snprintf(path, sizeof path, "[%zu].headers", last_section(t));
  tcx_value_set(t->sections, path, tcx_value_new_list());
  for (size_t i = 0; i < keys->n; i++)
    add_text(t, "headers", keys->flat[i], strlen(keys->flat[i]));
}

static bool add_table(struct table *t, const char *title, const tcx_value_t *v, unsigned indent);

static const tcx_value_t *member(const tcx_value_t *map, const char *name) {
  return tcx_value_member(map, name, strlen(name));
}

/* The members of a map by these names, but for the scalars of the list, as tables of their own. */
static void add_deeper(struct table *t, const tcx_value_t *map, const struct keys *keys,
                       unsigned indent) {
  for (size_t i = 0; i < keys->n_deep; i++)
    if (member(map, keys->deep[i]) != NULL)
      (void)add_table(t, keys->deep[i], member(map, keys->deep[i]), indent + 1);
}

/* A map: its scalars in a row below their names, or a single one beside its name. */
static void add_map(struct table *t, const tcx_value_t *map, unsigned indent) {
  struct keys keys = keys_of(t, map, false);
  char row[48];
  if (keys.n > 1)
    set_headers(t, &keys);
  if (keys.n > 0)
    new_row(t, row);
  if (keys.n == 1)
    add_text(t, row, keys.flat[0], strlen(keys.flat[0]));
  for (size_t i = 0; i < keys.n; i++)
    add_value(t, row, member(map, keys.flat[i]));
  add_deeper(t, map, &keys, indent);
  free_keys(&keys);
}

/* A list of maps: a row each; a section each when something lies deeper in any of them. */
static void add_maps(struct table *t, const char *title, const tcx_value_t *list, unsigned indent) {
  struct keys keys = keys_of(t, list, true);
  char row[48];
  bool first = true;
  for (const tcx_value_t *v = tcx_value_first(list, NULL); v != NULL; v = tcx_value_next(v)) {
    if (tcx_value_type(v, NULL) != TCX_MAP)
      continue;
    if (!first && keys.n_deep > 0)
      new_section(t, title, indent);
    if (first || keys.n_deep > 0)
      set_headers(t, &keys);
    first = false;
    new_row(t, row);
    for (size_t i = 0; i < keys.n; i++)
      add_value(t, row, member(v, keys.flat[i]));
    add_deeper(t, v, &keys, indent);
  }
  free_keys(&keys);
}

static bool is_empty(const tcx_value_t *v) {
  switch (tcx_value_type(v, NULL)) {
  case TCX_ABSENT:
  case TCX_NULL:
    return true;
  case TCX_BOOL:
    return !tcx_value_bool(v, NULL, false);
  case TCX_INT:
  case TCX_DOUBLE:
    return tcx_value_num(v, NULL, 0) == 0;
  case TCX_BIGNUM: /* is none that an integer or a double could be */
    return false;
  default:
    return tcx_value_len(v, NULL) == 0;
  }
}

/* A row of a list that holds no maps: a scalar, or a list of scalars; else its own tables. */
static void add_row(struct table *t, const tcx_value_t *item) {
  char row[48];
  bool flat = true;
  for (const tcx_value_t *v = tcx_value_first(item, NULL); v != NULL; v = tcx_value_next(v))
    flat = flat && is_scalar(v);
  if (!flat || tcx_value_type(item, NULL) == TCX_MAP) {
    (void)add_table(t, NULL, item, 0);
    return;
  }
  new_row(t, row);
  if (is_scalar(item))
    add_value(t, row, item);
  else
    for (const tcx_value_t *v = tcx_value_first(item, NULL); v != NULL; v = tcx_value_next(v))
      add_value(t, row, v);
}

/* title NULL: within the section that is there. False: there is nothing. */
static bool add_table(struct table *t, const char *title, const tcx_value_t *v, unsigned indent) {
  if (is_empty(v))
    return false;
  if (title != NULL)
    new_section(t, title, indent);
  if (tcx_value_type(v, NULL) == TCX_MAP)
    add_map(t, v, indent);
  else if (tcx_value_type(tcx_value_first(v, NULL), NULL) == TCX_MAP)
    add_maps(t, title != NULL ? title : "", v, indent);
  else
    for (const tcx_value_t *item = tcx_value_first(v, NULL); item != NULL;
         item = tcx_value_next(item))
      add_row(t, item);
  return true;
}

/* ---- widths ---- */

/* Characters of East Asian scripts take two places. */
static size_t width_of(unsigned c) {
  static const unsigned wide[][2] = {{0x1100, 0x115f},   {0x2e80, 0x303e},  {0x3041, 0xa4cf},
                                     {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                                     {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                                     {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
  for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
    if (c >= wide[i][0] && c <= wide[i][1])
      return 2;
  return 1;
}

static size_t text_width(const char *s) {
  size_t width = 0;
  while (*s != '\0') {
    unsigned char c = (unsigned char)*s++;
    unsigned code = c < 0x80 ? c : c < 0xe0 ? c & 0x1f : c < 0xf0 ? c & 0x0f : c & 0x07;
    for (; ((unsigned char)*s & 0xc0) == 0x80; s++)
      code = code << 6 | ((unsigned char)*s & 0x3f);
    width += width_of(code);
  }
  return width;
}

struct columns {
  size_t n, *widths;
};

static void fit_row(struct columns *c, const tcx_value_t *cells) {
  size_t i = 0;
  for (const tcx_value_t *v = tcx_value_first(cells, NULL); v != NULL && i < c->n;
       v = tcx_value_next(v), i++) {
    size_t width = text_width(tcx_value_bytes(v, NULL, NULL));
    if (width > c->widths[i])
      c->widths[i] = width;
  }
}

/* The widths of a section's texts by column. widths is to be freed; NULL: out of memory. */
static struct columns columns_of(const tcx_value_t *section) {
  struct columns c = {tcx_value_len(section, "headers"), NULL};
  for (const tcx_value_t *row = tcx_value_first(section, "rows"); row != NULL;
       row = tcx_value_next(row))
    if (tcx_value_len(row, NULL) > c.n)
      c.n = tcx_value_len(row, NULL);
  c.widths = calloc(c.n + 1, sizeof *c.widths);
  if (c.widths == NULL)
    return c;
  fit_row(&c, tcx_value_get(section, "headers"));
  for (const tcx_value_t *row = tcx_value_first(section, "rows"); row != NULL;
       row = tcx_value_next(row))
    fit_row(&c, row);
  return c;
}

static size_t indent_of(const tcx_value_t *section) {
  return (size_t)tcx_value_int(section, "indent", 0);
}

/* What a section takes at least; 0: out of memory. */
static size_t least_width(const tcx_value_t *section) {
  struct columns c = columns_of(section);
  size_t outside = BORDER + 2 * indent_of(section), total = outside;
  size_t title = text_width(tcx_value_str(section, "title")) + outside;
  for (size_t i = 0; i < c.n && c.widths != NULL; i++)
    total += c.widths[i] + PADDING;
  bool good = c.widths != NULL;
  free(c.widths);
  return good ? (title > total ? title : total) : 0;
}

static size_t whole_width(const struct table *t) {
  size_t width = 0;
  for (const tcx_value_t *s = tcx_value_first(t->sections, NULL); s != NULL; s = tcx_value_next(s))
    if (least_width(s) > width)
      width = least_width(s);
  return width;
}

/* The columns of a section share out the width that it has: their sum is width. */
static struct columns share_out(const tcx_value_t *section, size_t width) {
  struct columns c = columns_of(section);
  size_t sum = 0, shared = 0;
  for (size_t i = 0; i < c.n && c.widths != NULL; i++)
    sum += c.widths[i] + PADDING;
  for (size_t i = 0; i < c.n && c.widths != NULL; i++)
    shared += c.widths[i] =
        (size_t)lrint((double)width / (double)sum * (double)(c.widths[i] + PADDING));
  for (size_t i = 0; shared > width && c.widths != NULL; i = (i + 1) % c.n, shared--)
    c.widths[i]--;
  for (size_t i = c.n; shared < width && c.n > 0 && c.widths != NULL; shared++) {
    i = i == 0 ? c.n - 1 : i - 1;
    c.widths[i]++;
  }
  return c;
}

/* Sections of one row stand upright, so that they take less of the width. */
static void stand_up(struct table *t) {
  for (size_t i = 0; i < tcx_value_len(t->sections, NULL); i++) {
    char path[48];
    snprintf(path, sizeof path, "[%zu]", i);
    const tcx_value_t *section = tcx_value_at(t->sections, i);
    const tcx_value_t *header = tcx_value_first(section, "headers");
    const tcx_value_t *cell = tcx_value_first(section, "rows[0]");
    if (tcx_value_len(section, "rows") != 1 || header == NULL)
      continue;
    tcx_value_t *made = tcx_params("{title: %s, indent: %d, headers: [], rows: []}",
                                   tcx_value_str(section, "title"), (int)indent_of(section));
    for (; header != NULL && cell != NULL;
         header = tcx_value_next(header), cell = tcx_value_next(cell)) {
      tcx_value_t *row = tcx_value_append(tcx_value_new_list(), tcx_value_copy(header));
      tcx_value_set(made, "rows[]", tcx_value_append(row, tcx_value_copy(cell)));
    }
    tcx_value_set(t->sections, path, made);
  }
}

/* ---- rendering ---- */

static void repeat(char c, size_t n) {
  while (n-- > 0)
    putchar(c);
}

static void cell_of(const char *text, size_t before, size_t width) {
  size_t used = before + text_width(text);
  repeat(' ', before);
  fputs(text, stdout);
  repeat(' ', width > used ? width - used : 0);
}

/* In the middle of a cell that is width wide, with the edges that it has. */
static void center(const char *text, size_t width, bool left_edge) {
  size_t n = text_width(text), half = width / 2, edges = left_edge ? 2 : 1;
  fputs(left_edge ? "|" : "", stdout);
  cell_of(text, half > n / 2 + 1 ? half - n / 2 - 1 : 0, width - edges);
  putchar('|');
}

static void align_left(const char *text, size_t width, bool left_edge) {
  size_t edges = left_edge ? 2 : 1;
  fputs(left_edge ? "|" : "", stdout);
  cell_of(text, text_width(text) + 2 + edges <= width ? 2 : 0, width - edges);
  putchar('|');
}

static void break_line(const struct columns *c, size_t indent) {
  repeat('|', indent);
  for (size_t i = 0; i < c->n; i++) {
    fputs(i == 0 ? "+" : "", stdout);
    repeat('-', c->widths[i] - (i == 0 ? 2 : 1));
    putchar('+');
  }
  repeat('|', indent);
  putchar('\n');
}

static void print_row(const struct columns *c, const tcx_value_t *cells, size_t indent,
                      void (*place)(const char *text, size_t width, bool left_edge)) {
  size_t i = 0;
  repeat('|', indent);
  for (const tcx_value_t *v = tcx_value_first(cells, NULL); v != NULL; v = tcx_value_next(v), i++)
    place(tcx_value_bytes(v, NULL, NULL), c->widths[i], i == 0);
  repeat('|', indent);
  putchar('\n');
}

static void print_title(const tcx_value_t *section, size_t width, size_t indent) {
  bool alone = tcx_value_len(section, "headers") == 0 && tcx_value_len(section, "rows") == 0;
  if (tcx_value_len(section, "title") == 0)
    return;
  repeat('|', indent);
  center(tcx_value_str(section, "title"), width, true);
  repeat('|', indent);
  putchar('\n');
  if (!alone)
    return;
  repeat('|', indent);
  putchar('+');
  repeat('-', width - 2);
  putchar('+');
  repeat('|', indent);
  putchar('\n');
}

static bool print_section(const tcx_value_t *section, size_t width) {
  size_t indent = indent_of(section);
  struct columns c = share_out(section, width - 2 * indent);
  if (c.widths == NULL)
    return false;
  print_title(section, width - 2 * indent, indent);
  if (tcx_value_len(section, "headers") > 0) {
    break_line(&c, indent);
    print_row(&c, tcx_value_get(section, "headers"), indent, center);
  }
  if (c.n > 0 && tcx_value_len(section, "rows") > 0) {
    break_line(&c, indent);
    for (const tcx_value_t *row = tcx_value_first(section, "rows"); row != NULL;
         row = tcx_value_next(row))
      print_row(&c, row, indent, align_left);
    break_line(&c, indent);
  }
  free(c.widths);
  return true;
}

static size_t screen_width(void) {
  struct winsize size;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : SCREEN;
}

bool print_table(const char *title, const tcx_value_t *v) {
  struct table t = {.sections = tcx_value_new_list()};
  bool something = add_table(&t, title != NULL ? title : "", v, 0);
  bool good = !t.failed && tcx_value_status(t.sections) == 0;
  if (something && good) {
    if (whole_width(&t) > screen_width())
      stand_up(&t);
    size_t width = whole_width(&t);
    repeat('-', width);
    putchar('\n');
    for (const tcx_value_t *s = tcx_value_first(t.sections, NULL); s != NULL && good;
         s = tcx_value_next(s))
      good = print_section(s, width);
  }
  good = good && tcx_value_status(t.sections) == 0;
  tcx_value_free(t.sections);
  return good;
}
