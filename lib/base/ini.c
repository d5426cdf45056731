/*
 * One pass over the lines.
 *
 *   no section -> [section] -> key = value -> indented lines join the value -> next key, section or
 * the end
 *
 * A value grows in one buffer; it ends with the next key or section, and only then it is decided
 * whether it is a nested block: a value that begins on the line after its key. [DEFAULT] gives its
 * keys to every section that has not its own.
 */
#include "base/ini.h"
#include "base/utf8.h"
#include <string.h>
#include <tucuxi.h>

#define INHERITED_MAX (1u << 20) /* keys that sections take over from [DEFAULT], in all */

struct reader {
  struct tcx_arena *arena;
  struct tcx_fail *fail;
  const char *p, *end;
  unsigned line;
  struct tcx_value *sections, *defaults;
  struct tcx_value *section; /* the open one, or NULL */
  struct tcx_str key;        /* the open one; p NULL when none is */
  struct tcx_buf value;
  size_t indent; /* of the line that opened the key or the section */
};

static struct tcx_str strip_end(struct tcx_str s) {
  while (s.n > 0 && tcx__is_space(s.p[s.n - 1]))
    s.n--;
  return s;
}

static int bad(struct reader *r, const char *what) {
  return tcx__fail(r->fail, TCX_ECONFIG, "line %u: %s", r->line, what);
}

static int no_memory(struct reader *r) { return tcx__fail(r->fail, UV_ENOMEM, "out of memory"); }

/* The next line without its end: LF, CR or CR LF. */
static bool next_line(struct reader *r, struct tcx_str *line) {
  if (r->p == r->end)
    return false;
  const char *start = r->p;
  while (r->p < r->end && *r->p != '\n' && *r->p != '\r')
    r->p++;
  *line = (struct tcx_str){start, (size_t)(r->p - start)};
  if (r->p < r->end && *r->p++ == '\r' && r->p < r->end && *r->p == '\n')
    r->p++;
  r->line++;
  return true;
}

static int add(struct reader *r, struct tcx_value *map, struct tcx_str name, struct tcx_value *v) {
  char *copy = tcx__arena_strndup(r->arena, name.p, name.n);
  if (copy == NULL || v == NULL || tcx__value_replace(r->arena, map, copy, name.n, v) != 0)
    return no_memory(r);
  return 0;
}

static int add_text(struct reader *r, struct tcx_value *map, struct tcx_str name,
                    struct tcx_str s) {
  return add(r, map, name, tcx__value_new_str_copy(r->arena, s.p, s.n));
}

/* ---- values ---- */

/* Lines "key = value"; empty ones are skipped, of equal keys the last counts. */
static int add_block(struct reader *r, struct tcx_str text) {
  struct tcx_value *map = tcx__value_new(r->arena, TCX_MAP);
  if (map == NULL)
    return no_memory(r);
  while (text.n > 0) {
    const char *end = memchr(text.p, '\n', text.n);
    size_t n = end == NULL ? text.n : (size_t)(end - text.p);
    struct tcx_str line = tcx__str_trim((struct tcx_str){text.p, n});
    text.p += n + (end != NULL);
    text.n -= n + (end != NULL);
    if (line.n == 0)
      continue;
    const char *equals = memchr(line.p, '=', line.n);
    if (equals == NULL)
      return tcx__fail(r->fail, TCX_ECONFIG, "before line %u: no '=' in the block of '%.*s'",
                       r->line, (int)(r->key.n < 100 ? r->key.n : 100), r->key.p);
    size_t left = (size_t)(equals - line.p);
    int status = add_text(r, map, tcx__str_trim((struct tcx_str){line.p, left}),
                          tcx__str_trim((struct tcx_str){equals + 1, line.n - left - 1}));
    if (status != 0)
      return status;
  }
  return add(r, r->section, r->key, map);
}

static int close_key(struct reader *r) {
  if (r->key.p == NULL)
    return 0;
  if (r->value.status != 0)
    return no_memory(r);
  struct tcx_str text = strip_end(tcx__buf_str(&r->value));
  int status =
      text.n > 0 && text.p[0] == '\n' ? add_block(r, text) : add_text(r, r->section, r->key, text);
  r->key.p = NULL;
  r->value.len = 0;
  return status;
}

/* ---- lines ---- */

static int open_section(struct reader *r, struct tcx_str name) {
  int status = close_key(r);
  if (status != 0)
    return status;
  if (tcx__str_is(name, "DEFAULT")) {
    r->section = r->defaults;
    return 0;
  }
  if (tcx__value_find(r->sections, name.p, name.n) != NULL)
    return bad(r, "this section is there already");
  r->section = tcx__value_new(r->arena, TCX_MAP);
  return add(r, r->sections, name, r->section);
}

static int open_key(struct reader *r, struct tcx_str line) {
  size_t n = 0;
  while (n < line.n && line.p[n] != '=' && line.p[n] != ':')
    n++;
  if (n == line.n)
    return bad(r, "neither a section nor a key with its value");
  struct tcx_str key = strip_end((struct tcx_str){line.p, n});
  if (key.n == 0)
    return bad(r, "there is no key");
  int status = close_key(r);
  if (status != 0)
    return status;
  char *lower = tcx__arena_strndup(r->arena, key.p, key.n);
  if (lower == NULL)
    return no_memory(r);
  for (size_t i = 0; i < key.n; i++)
    if (lower[i] >= 'A' && lower[i] <= 'Z')
      lower[i] = (char)(lower[i] + ('a' - 'A'));
  if (tcx__value_find(r->section, lower, key.n) != NULL)
    return bad(r, "this key is there already");
  r->key = (struct tcx_str){lower, key.n};
  tcx__buf_add_str(&r->value, tcx__str_trim((struct tcx_str){line.p + n + 1, line.n - n - 1}));
  return 0;
}

/* "[name]"; what stands behind the last bracket does not count. */
static bool is_section(struct tcx_str line, struct tcx_str *name) {
  if (line.n == 0 || line.p[0] != '[')
    return false;
  size_t n = line.n - 1;
  while (n > 1 && line.p[n] != ']')
    n--;
  *name = (struct tcx_str){line.p + 1, n - (n > 0)};
  return n > 1;
}

static int read_line(struct reader *r, struct tcx_str line) {
  struct tcx_str text = tcx__str_trim(line), name;
  if (text.n > 0 && (text.p[0] == '#' || text.p[0] == ';'))
    return 0;
  if (text.n == 0) {
    if (r->key.p != NULL)
      tcx__buf_addc(&r->value, '\n');
    return 0;
  }
  size_t indent = (size_t)(text.p - line.p);
  if (r->key.p != NULL && indent > r->indent) {
    tcx__buf_addc(&r->value, '\n');
    tcx__buf_add_str(&r->value, text);
    return 0;
  }
  r->indent = indent;
  if (is_section(text, &name))
    return open_section(r, name);
  if (r->section == NULL)
    return bad(r, "a section is expected first");
  return open_key(r, text);
}

/* ---- the whole ---- */

static int inherit(struct reader *r) {
  uint32_t keys = tcx__value_count(r->defaults), sections = tcx__value_count(r->sections);
  if (keys != 0 && sections > INHERITED_MAX / keys)
    return tcx__fail(r->fail, TCX_ECONFIG, "too many keys come from [DEFAULT]");
  for (struct tcx_value *section = (struct tcx_value *)(uintptr_t)tcx__value_kids(r->sections);
       keys != 0 && section != NULL; section = section->next) {
    for (const struct tcx_value *v = tcx__value_kids(r->defaults); v != NULL; v = v->next) {
      if (tcx__value_find(section, v->name, v->name_len) != NULL)
        continue;
      struct tcx_value *copy = tcx__value_deep_copy(r->arena, v);
      if (copy == NULL || tcx__value_add(r->arena, section, v->name, v->name_len, copy) != 0)
        return no_memory(r);
    }
  }
  return 0;
}

int tcx__ini_parse(struct tcx_arena *arena, const char *text, size_t len, struct tcx_value **out,
                   struct tcx_fail *f) {
  struct reader r = {.arena = arena, .fail = f, .p = text, .end = text + len};
  if (len > TCX__INI_MAX)
    return tcx__fail(f, TCX_ECONFIG, "larger than %u MiB", TCX__INI_MAX >> 20);
  if (tcx__utf8_valid(text, len) != len)
    return tcx__fail(f, TCX_ECONFIG, "it is not UTF-8");
  r.sections = tcx__value_new(arena, TCX_MAP);
  r.defaults = tcx__value_new(arena, TCX_MAP);
  if (r.sections == NULL || r.defaults == NULL)
    return no_memory(&r);
  tcx__buf_init(&r.value, NULL, 2 * (size_t)TCX__INI_MAX);
  struct tcx_str line;
  int status = 0;
  while (status == 0 && next_line(&r, &line))
    status = read_line(&r, line);
  if (status == 0)
    status = close_key(&r);
  if (status == 0)
    status = inherit(&r);
  tcx__buf_wipe(&r.value); /* it may have been a key */
  if (status == 0)
    *out = r.sections;
  return status;
}
