#include "base/words.h"
#include <stdbool.h>

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int tcx__word_next(const char **p, char *out) {
  const char *s = *p;
  char quote = '\0';
  while (is_space(*s))
    s++;
  bool any = *s != '\0';
  for (; *s != '\0' && (quote != '\0' || !is_space(*s)); s++) {
    if (quote != '\0' && *s == quote) {
      quote = '\0';
    } else if (quote == '\0' && (*s == '\'' || *s == '"')) {
      quote = *s;
    } else if (*s == '\\' && quote != '\'') {
      if (s[1] == '\0')
        return -1;
      if (quote == '\0' || s[1] == quote || s[1] == '\\')
        s++;
      else
        *out++ = *s, s++;
      *out++ = *s;
    } else {
      *out++ = *s;
    }
  }
  *out = '\0';
  *p = s;
  return quote != '\0' ? -1 : any;
}
