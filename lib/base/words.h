/* words.h - a line taken apart as a shell takes a command apart: words between white space, quotes,
 * backslashes, and nothing else. Python's shlex.split. Pure. */
#ifndef TCX_BASE_WORDS_H
#define TCX_BASE_WORDS_H

/* The next word of *p, which moves behind it, into out (room for the rest of the line, and a NUL).
 * 1; 0 at the end; -1: a quote that is not closed, or nothing behind the last backslash. */
int tcx__word_next(const char **p, char *out);
#endif
