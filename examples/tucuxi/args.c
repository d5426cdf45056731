/* args.c - options by table: --name value, --name=value, -r; "--" ends them. */
#include "tool.h"
#include <errno.h>
#include <limits.h>
#include <stddef.h>

typedef enum { FLAG, TEXT, NUMBER, OUTPUT } option_kind;
struct option {
  const char *name;
  char letter;
  option_kind kind;
  size_t offset;
  const char *value, *help;
};
#define AT(field) offsetof(struct args, field)

static const struct option common[] = {
    {"endpoint-url", 0, TEXT, AT(endpoint_url), "URL", "talk to this endpoint instead of AWS"},
    {"profile", 0, TEXT, AT(profile), "NAME", "profile of ~/.aws/config and ~/.aws/credentials"},
    {"region", 0, TEXT, AT(region), "NAME", "region, before profile and environment"},
    {"no-sign-request", 0, FLAG, AT(no_sign_request), NULL, "send requests without credentials"},
    {"json", 0, FLAG, AT(json), NULL, "results and errors as JSON, one value a line"},
    {"debug", 0, FLAG, AT(debug), NULL, "the library's log on stderr"},
    {"debug-wire", 0, FLAG, AT(debug_wire), NULL,
     "and what travels: heads, and 4 KiB of each body, without secrets"},
    {"help", 'h', FLAG, AT(help), NULL, "this text"},
};
static const struct option own[] = {
    {"recursive", 'r', FLAG, AT(recursive), NULL, "everything below a folder or prefix"},
    {"concurrency", 0, NUMBER, AT(concurrency), "N", "operations at once (64)"},
    {"dry-run", 0, FLAG, AT(dry_run), NULL, "show what would be done, do nothing"},
    {"force", 0, FLAG, AT(force), NULL, "delete the bucket's objects first"},
    {"quiet", 'q', FLAG, AT(quiet), NULL, "no bar and no summary"},
    {"verbose", 'v', FLAG, AT(verbose), NULL, "a line for each object"},
    {"expires-in", 0, NUMBER, AT(expires_s), "SECONDS",
     "how long the URL is good for (3600; at most 604800)"},
    {"method", 0, TEXT, AT(method), "NAME",
     "what the URL is for: get (default), put, head, delete or post, which makes a form"},
    {"delay", 0, NUMBER, AT(delay_s), "SECONDS", "between two polls (the waiter's own)"},
    {"max-attempts", 0, NUMBER, AT(max_attempts), "N", "polls in all (the waiter's own)"},
    {"format", 0, TEXT, AT(format), "NAME", "process (default) or env"},
    {"output", 'o', OUTPUT, AT(output), "json|text|table|FILE",
     "how to print the answer, as the AWS CLI does; or the file for its streaming member"},
    {"query", 0, TEXT, AT(query), "JMESPATH", "print what this finds in the answer"},
    {"paginate", 0, FLAG, AT(paginate), NULL, "all pages in one"},
    {"no-paginate", 0, FLAG, AT(no_paginate), NULL, "one page, also with --query and --output"},
    {"max-items", 0, NUMBER, AT(max_items), "N", "pages until there are so many items"},
    {"page-size", 0, NUMBER, AT(page_size), "N", "items that a page has at most"},
    {"starting-token", 0, TEXT, AT(starting_token), "TOKEN", "go on behind an earlier NextToken"},
    {"jsonl", 0, FLAG, AT(jsonl), NULL, "read JSON objects from stdin, one a line"},
};
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* options is a list of names with spaces between. */
static bool listed(const char *options, const char *name) {
  size_t n = strlen(name);
  for (const char *p = options; (p = strstr(p, name)) != NULL; p += n)
    if ((p == options || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
      return true;
  return false;
}

static const struct option *find(const struct command *command, const char *name, size_t n,
                                 char letter) {
  for (size_t i = 0; i < COUNT(common) + COUNT(own); i++) {
    const struct option *o = i < COUNT(common) ? &common[i] : &own[i - COUNT(common)];
    bool is =
        letter != 0 ? o->letter == letter : strlen(o->name) == n && memcmp(o->name, name, n) == 0;
    if (is && (i < COUNT(common) || listed(command->options, o->name)))
      return o;
  }
  return NULL;
}

static int complain(const struct command *command, const char *what, const char *word) {
  fprintf(stderr, "tucuxi %s: %s %s\nTry 'tucuxi %s --help'.\n", command->name, what, word,
          command->name);
  return -1;
}

static bool is_format(const char *word) {
  return strcmp(word, "json") == 0 || strcmp(word, "text") == 0 || strcmp(word, "table") == 0;
}

static int set(struct args *args, const struct command *command, const struct option *o,
               const char *value) {
  char *field = (char *)args + o->offset, *end;
  if (o->kind == FLAG) {
    *(bool *)field = true;
  } else if (o->kind == OUTPUT && is_format(value)) {
    args->print = value;
  } else if (o->kind == TEXT || o->kind == OUTPUT) {
    *(const char **)field = value;
  } else {
    errno = 0;
    unsigned long n = strtoul(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || n == 0 || n > INT_MAX)
      return complain(command, "not a number above 0:", value);
    *(unsigned *)(void *)field = (unsigned)n;
  }
  return 0;
}

static int parse_option(struct args *args, const struct command *command, int argc, char **argv,
                        int *i) {
  const char *word = argv[*i];
  const char *name = word[1] == '-' ? word + 2 : word + 1,
             *equals = word[1] == '-' ? strchr(name, '=') : NULL;
  size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
  const struct option *o = word[1] == '-' ? find(command, name, n, 0)
                           : n == 1       ? find(command, NULL, 0, name[0])
                                          : NULL;
  if (o == NULL)
    return complain(command, "unknown option", word);
  if (o->kind == FLAG && equals != NULL)
    return complain(command, "no value is taken by", word);
  const char *value = equals != NULL ? equals + 1 : NULL;
  if (o->kind != FLAG && value == NULL) {
    if (*i + 1 >= argc)
      return complain(command, "a value is missing after", word);
    value = argv[++*i];
  }
  return set(args, command, o, value);
}

int args_parse(struct args *args, const struct command *command, int argc, char **argv) {
  bool options = true;
  args->words = calloc((size_t)argc + 1, sizeof *args->words);
  if (args->words == NULL)
    return complain(command, "out of", "memory");
  for (int i = 0; i < argc; i++) {
    if (options && strcmp(argv[i], "--") == 0)
      options = false;
    else if (!options || argv[i][0] != '-' || argv[i][1] == '\0')
      args->words[args->n_words++] = argv[i];
    else if (parse_option(args, command, argc, argv, &i) != 0)
      return -1;
  }
  unsigned min = args->jsonl || args->help ? 0 : command->min_words,
           max = args->jsonl ? 0 : command->max_words;
  if (args->help && command->help == NULL)
    return 0;
  if (args->n_words < min)
    return complain(command, "something is missing:", command->usage);
  if (args->n_words > max)
    return complain(command, "too much:", args->words[max]);
  return 0;
}

static void show(const struct option *o) {
  char left[64];
  snprintf(left, sizeof left, "%c%c%s--%s%s%s", o->letter != 0 ? '-' : ' ',
           o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "  ", o->name,
           o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
  printf("  %-28s %s\n", left, o->help);
}

void args_help(const struct command *command) {
  printf("usage: tucuxi %s [options] %s\n\n%s\n\noptions:\n", command->name, command->usage,
         command->about);
  for (size_t i = 0; i < COUNT(own); i++)
    if (listed(command->options, own[i].name))
      show(&own[i]);
  for (size_t i = 0; i < COUNT(common); i++)
    show(&common[i]);
}
