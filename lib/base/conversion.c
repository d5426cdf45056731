#include "base/conversion.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/* Digits or a star. Past the limit it stays there. */
static void read_amount(const char **p, int *amount, bool *star) {
  if (**p == '*') {
    *star = true;
    (*p)++;
    return;
  }
  for (; **p >= '0' && **p <= '9'; (*p)++)
    if (*amount <= TCX__CONVERSION_WIDTH)
      *amount = (*amount < 0 ? 0 : *amount * 10) + (**p - '0');
}

static char read_length(const char **p) {
  char c = **p;
  if (c == '\0' || strchr("hlLqjzt", c) == NULL)
    return 0;
  (*p)++;
  if ((c != 'h' && c != 'l') || **p != c)
    return c;
  (*p)++;
  return c == 'h' ? 'H' : 'q';
}

static bool is_one_of(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

/* The locale's own flags are read over: what has them is not usable. */
static bool read_flags(const char **p, char flags[6]) {
  bool usable = true;
  for (size_t n = 0; is_one_of(**p, "-+ #0'I"); (*p)++) {
    if (**p == '\'' || **p == 'I')
      usable = false;
    else if (strchr(flags, **p) == NULL)
      flags[n++] = **p;
  }
  return usable;
}

bool tcx__conversion_read(const char *p, struct tcx_conversion *c) {
  *c = (struct tcx_conversion){.width = -1, .precision = -1};
  p++;
  c->usable = read_flags(&p, c->flags);
  read_amount(&p, &c->width, &c->star_width);
  if (*p == '.') {
    p++;
    c->precision = 0;
    read_amount(&p, &c->precision, &c->star_precision);
  }
  c->length = read_length(&p);
  c->letter = *p;
  c->end = p + 1;
  if (is_one_of(*p, "fFgGeEaA"))
    c->usable = c->usable && (c->length == 0 || c->length == 'l');
  else if (is_one_of(*p, "csp"))
    c->usable = c->usable && c->length == 0;
  else if (is_one_of(*p, "nmCS"))
    c->usable = false;
  else if (!is_one_of(*p, "diuxXo"))
    return false;
  c->usable =
      c->usable && c->width <= TCX__CONVERSION_WIDTH && c->precision <= TCX__CONVERSION_WIDTH;
  return true;
}

static intmax_t take_signed(char length, struct tcx_arguments *args) {
  switch (length) {
  case 'H':
    return (signed char)va_arg(args->list, int);
  case 'h':
    return (short)va_arg(args->list, int);
  case 'l':
    return va_arg(args->list, long);
  case 'L':
  case 'q':
    return va_arg(args->list, long long);
  case 'j':
    return va_arg(args->list, intmax_t);
  case 'z':
    return va_arg(args->list, ssize_t);
  case 't':
    return va_arg(args->list, ptrdiff_t);
  default:
    return va_arg(args->list, int);
  }
}

static uintmax_t take_unsigned(char length, struct tcx_arguments *args) {
  switch (length) {
  case 'H':
    return (unsigned char)va_arg(args->list, unsigned);
  case 'h':
    return (unsigned short)va_arg(args->list, unsigned);
  case 'l':
    return va_arg(args->list, unsigned long);
  case 'L':
  case 'q':
    return va_arg(args->list, unsigned long long);
  case 'j':
    return va_arg(args->list, uintmax_t);
  case 'z':
    return va_arg(args->list, size_t);
  case 't':
    return (size_t)va_arg(args->list, ptrdiff_t);
  default:
    return va_arg(args->list, unsigned);
  }
}

static void take_stars(struct tcx_conversion *c, struct tcx_arguments *args) {
  if (c->star_width) {
    c->width = va_arg(args->list, int);
    if (c->width < 0) { /* printf's rule: to the left */
      c->width = c->width == INT_MIN ? INT_MAX : -c->width;
      c->flags[strnlen(c->flags, sizeof c->flags - 2)] = '-';
    }
    if (c->width > TCX__CONVERSION_WIDTH)
      c->width = TCX__CONVERSION_WIDTH;
  }
  if (c->star_precision)
    c->precision = va_arg(args->list, int);
}

union tcx_argument tcx__conversion_take(struct tcx_conversion *c, struct tcx_arguments *args) {
  union tcx_argument arg;
  take_stars(c, args);
  switch (c->letter) {
  case 'd':
  case 'i':
    arg.i = take_signed(c->length, args);
    break;
  case 'c':
  case 'C':
    arg.i = (unsigned char)va_arg(args->list, int);
    break;
  case 'u':
  case 'x':
  case 'X':
  case 'o':
    arg.u = take_unsigned(c->length, args);
    break;
  case 's':
    arg.s = va_arg(args->list, const char *);
    break;
  case 'p':
  case 'n':
  case 'S':
    arg.p = va_arg(args->list, void *);
    break;
  case 'm':
    arg.p = NULL;
    break;
  default:
    arg.d = c->length == 'L' ? (double)va_arg(args->list, long double) : va_arg(args->list, double);
    break;
  }
  return arg;
}

bool tcx__conversion_is_plain(const struct tcx_conversion *c) {
  return c->flags[0] == '\0' && c->width < 0 && !c->star_width &&
         ((c->precision < 0 && !c->star_precision) || (c->letter == 's' && c->star_precision));
}

/* The bytes of a %s with its precision; a star counts them, digits only bound them. */
static struct tcx_str text_of(const struct tcx_conversion *c, const char *s) {
  if (c->precision < 0)
    return tcx__str(s);
  size_t most = (size_t)c->precision;
  return (struct tcx_str){s, c->star_precision ? most : strnlen(s, most)};
}

static void write_padded(struct tcx_buf *out, const struct tcx_conversion *c, struct tcx_str text) {
  size_t padding = c->width > 0 && (size_t)c->width > text.n ? (size_t)c->width - text.n : 0;
  bool left = strchr(c->flags, '-') != NULL;
  for (size_t i = 0; i < padding && !left; i++)
    tcx__buf_addc(out, ' ');
  tcx__buf_add_str(out, text);
  for (size_t i = 0; i < padding && left; i++)
    tcx__buf_addc(out, ' ');
}

/* The conversion with its stars resolved and all integers as intmax_t. */
static void spell(char *to, size_t size, const struct tcx_conversion *c, const char *length) {
  char width[12] = "", precision[13] = "";
  if (c->width >= 0)
    snprintf(width, sizeof width, "%d", c->width);
  if (c->precision >= 0)
    snprintf(precision, sizeof precision, ".%d",
             c->precision > TCX__CONVERSION_WIDTH ? TCX__CONVERSION_WIDTH : c->precision);
  snprintf(to, size, "%%%s%s%s%s%c", c->flags, width, precision, length, c->letter);
}

/* The formats are built by spell: a letter always meets its type. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void tcx__conversion_write(struct tcx_buf *out, const struct tcx_conversion *c,
                           union tcx_argument arg) {
  char format[40], one;
  switch (c->letter) {
  case 's':
    write_padded(out, c, text_of(c, arg.s));
    break;
  case 'c':
    one = (char)arg.i;
    write_padded(out, c, (struct tcx_str){&one, 1});
    break;
  case 'd':
  case 'i':
    spell(format, sizeof format, c, "j");
    tcx__buf_printf(out, format, arg.i);
    break;
  case 'u':
  case 'x':
  case 'X':
  case 'o':
    spell(format, sizeof format, c, "j");
    tcx__buf_printf(out, format, arg.u);
    break;
  default:
    spell(format, sizeof format, c, "");
    tcx__buf_printf(out, format, arg.d);
    break;
  }
}
#pragma GCC diagnostic pop
