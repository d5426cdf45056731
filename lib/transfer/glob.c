/* glob.c - shell patterns over whole keys: '*' passes slashes too. One star back is remembered, so
 * the time is at most pattern times text. */
#include <stdint.h>
#include <string.h>
#include <tucuxi/transfer.h>

/* Behind one character of text: a whole UTF-8 sequence where it is one. */
static const char *after_character(const char *p) {
  p++;
  while (((unsigned char)*p & 0xc0) == 0x80)
    p++;
  return p;
}

/* The end of a set that begins at '[', or NULL: then '[' is itself. */
static const char *set_end(const char *p) {
  p += p[1] == '!' || p[1] == '^' ? 2 : 1;
  if (*p == ']')
    p++;
  return strchr(p, ']');
}

/* The bytes of a character as one number, which has the order of the code points. */
static uint32_t take_character(const char **p) {
  const char *end = after_character(*p);
  uint32_t c = 0;
  while (*p < end)
    c = c << 8 | (unsigned char)*(*p)++;
  return c;
}

static bool in_set(const char *p, const char *end, uint32_t c) {
  bool negated = p[1] == '!' || p[1] == '^', found = false;
  p += negated ? 2 : 1;
  while (p < end) {
    uint32_t low = take_character(&p), high = low;
    if (*p == '-' && p + 1 < end) {
      p++;
      high = take_character(&p);
    }
    found = found || (low <= c && c <= high);
  }
  return found != negated;
}

/* Matches one element that is no star; moves both on. */
static bool match_one(const char **glob, const char **text) {
  const char *g = *glob, *end = *g == '[' ? set_end(g) : NULL;
  if (**text == '\0')
    return false;
  if (*g == '?') {
    *text = after_character(*text);
    *glob = g + 1;
    return true;
  }
  if (end != NULL) {
    *glob = end + 1;
    return in_set(g, end, take_character(text));
  }
  if (*g == '\\' && g[1] != '\0')
    g++;
  *glob = g + 1;
  return *(*text)++ == *g;
}

bool tcx_glob_match(const char *glob, const char *text) {
  const char *star = NULL, *retry = NULL;
  for (;;) {
    if (*glob == '*') {
      star = ++glob;
      retry = text;
    } else if (*glob == '\0' && *text == '\0') {
      return true;
    } else if (*glob == '\0' || !match_one(&glob, &text)) {
      if (star == NULL || *retry == '\0')
        return false;
      text = retry = after_character(retry);
      glob = star;
    }
  }
}

size_t tcx_glob_plain(const char *glob) {
  const char *p = glob;
  while (*p != '\0' && *p != '*' && *p != '?' && *p != '\\' && !(*p == '[' && set_end(p) != NULL))
    p++;
  return (size_t)(p - glob);
}
