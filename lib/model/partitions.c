/* partitions.c - aws.partition: regions to partitions; loading, matching and emitting
 * partitions.json. The pattern family stands in rules_data.h. */
#include "model/rules_data.h"
#include <string.h>

#define PARTITIONS_MAX 64
#define REGIONS_MAX    1024 /* of one partition */
#define PATTERN_MAX    256  /* bytes */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static bool all_of(const char *p, size_t n, bool (*accepts)(char c)) {
  for (size_t i = 0; i < n; i++)
    if (!accepts(p[i]))
      return false;
  return n > 0;
}

/* Matches text (all of it) against the field at *pattern, which then points behind the field. */
static bool match_field(const char **pattern, struct tcx_str text) {
  const char *p = *pattern;
  if (*p == '\\') {
    *pattern = p + 3;
    return all_of(text.p, text.n, p[1] == 'w' ? is_word : is_digit);
  }
  bool choice = *p == '(', matched = false;
  if (choice)
    p++;
  for (;;) {
    size_t n = 0;
    while (is_word(p[n]))
      n++;
    matched = matched || (n == text.n && memcmp(p, text.p, n) == 0);
    p += n;
    if (!choice || *p++ != '|')
      break;
  }
  *pattern = p;
  return matched;
}

/* pattern is well-formed: check_pattern has seen it. */
static bool match_pattern(const char *pattern, struct tcx_str region) {
  const char *p = pattern + 1;
  size_t start = 0;
  for (;;) {
    size_t end = start;
    while (end < region.n && region.p[end] != '-')
      end++;
    if (end == start || !match_field(&p, (struct tcx_str){region.p + start, end - start}))
      return false;
    if (*p == '$' || end == region.n)
      return *p == '$' && end == region.n;
    p += 2;
    start = end + 1;
  }
}

/* NULL, or what is wrong with the pattern. */
static const char *check_field(const char **pattern) {
  const char *p = *pattern;
  bool choice = *p == '(';
  if (*p == '\\') {
    if ((p[1] != 'w' && p[1] != 'd') || p[2] != '+')
      return "after a backslash only \\-, \\w+ and \\d+ are known";
    *pattern = p + 3;
    return NULL;
  }
  do {
    if (choice)
      p++;
    if (!is_word(*p))
      return choice ? "a choice is made of words" : "a field is a word, (a|b), \\w+ or \\d+";
    while (is_word(*p))
      p++;
  } while (choice && *p == '|');
  if (choice && *p++ != ')')
    return "a choice ends with ')'";
  *pattern = p;
  return NULL;
}

static const char *check_pattern(const char *pattern, size_t n) {
  if (n > PATTERN_MAX || strlen(pattern) != n)
    return "it is too long or holds a NUL";
  if (*pattern++ != '^')
    return "it begins with '^'";
  for (;;) {
    const char *why = check_field(&pattern);
    if (why != NULL)
      return why;
    if (*pattern == '$')
      return pattern[1] == '\0' ? NULL : "it ends with '$'";
    if (pattern[0] != '\\' || pattern[1] != '-')
      return "a field is followed by \\- or '$'";
    pattern += 2;
  }
}

const struct tcx_partition *tcx__partition_find(const struct tcx_partitions *partitions,
                                                struct tcx_str region) {
  for (unsigned i = 0; i < partitions->n; i++) {
    const struct tcx_partition *partition = &partitions->list[i];
    if (match_pattern(partition->pattern, region))
      return partition;
    const char *name = partition->regions;
    for (unsigned k = 0; k < partition->n_regions; k++) {
      size_t n = strlen(name);
      if (n == region.n && memcmp(name, region.p, n) == 0)
        return partition;
      name += n + 1;
    }
  }
  return NULL;
}

bool tcx__partition_of(const struct tcx_partitions *partitions, struct tcx_str region,
                       struct tcx_partition_info *out) {
  const struct tcx_partition *found = tcx__partition_find(partitions, region);
  *out = found != NULL ? found->info : partitions->list[0].info;
  return found != NULL;
}

/* ---- loading ---- */
struct load {
  struct tcx_arena *arena;
  struct tcx_fail *f;
  unsigned index; /* of the partition being read */
};

static int bad(struct load *l, const char *what) {
  return tcx__fail(l->f, TCX_ESERVICE, "partitions[%u]: %s", l->index, what);
}

/* A member that is a string without NUL; *out stays NULL when it may be missing and is. */
static int load_string(struct load *l, const struct tcx_value *map, const char *name, bool needed,
                       const char **out) {
  const struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  if (v == NULL && !needed)
    return 0;
  if (v == NULL || v->type != TCX_STRING || memchr(v->u.bytes.p, '\0', v->u.bytes.n) != NULL)
    return tcx__fail(l->f, TCX_ESERVICE, "partitions[%u]: %s is missing or no plain string",
                     l->index, name);
  *out = tcx__arena_strndup(l->arena, v->u.bytes.p, v->u.bytes.n);
  return *out != NULL ? 0 : tcx__fail(l->f, UV_ENOMEM, "out of memory");
}

static int load_flag(struct load *l, const struct tcx_value *map, const char *name, bool *out) {
  const struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  if (v != NULL && v->type != TCX_BOOL)
    return tcx__fail(l->f, TCX_ESERVICE, "partitions[%u]: %s is no boolean", l->index, name);
  *out = v != NULL && v->u.boolean;
  return 0;
}

static int load_regions(struct load *l, const struct tcx_value *regions,
                        struct tcx_partition *partition) {
  if (regions == NULL || regions->type != TCX_MAP || tcx__value_count(regions) > REGIONS_MAX)
    return bad(l, "regions is missing, no object or too large");
  struct tcx_buf names;
  tcx__buf_init(&names, l->arena, TCX__RULES_TEXT);
  tcx__buf_adds(&names, "");
  for (const struct tcx_value *r = tcx__value_kids(regions); r != NULL; r = r->next) {
    if (memchr(r->name, '\0', r->name_len) != NULL)
      return bad(l, "a region's name holds a NUL");
    tcx__buf_add(&names, r->name, (size_t)r->name_len + 1);
  }
  if (names.status != 0)
    return tcx__fail(l->f, names.status == UV_ENOMEM ? UV_ENOMEM : TCX_ESERVICE,
                     "partitions[%u]: regions are too long", l->index);
  partition->regions = names.data != NULL ? names.data : "";
  partition->n_regions = (uint16_t)tcx__value_count(regions);
  return 0;
}

static int load_partition(struct load *l, const struct tcx_value *json,
                          struct tcx_partition *partition) {
  const struct tcx_value *outputs = tcx__value_find(json, "outputs", 7);
  struct tcx_partition_info *info = &partition->info;
  memset(partition, 0, sizeof *partition);
  if (json->type != TCX_MAP || outputs == NULL || outputs->type != TCX_MAP)
    return bad(l, "no object with outputs");
  int status;
  if ((status = load_string(l, json, "id", true, &info->name)) != 0 ||
      (status = load_string(l, json, "regionRegex", true, &partition->pattern)) != 0 ||
      (status = load_string(l, outputs, "dnsSuffix", true, &info->dns_suffix)) != 0 ||
      (status = load_string(l, outputs, "dualStackDnsSuffix", true,
                            &info->dual_stack_dns_suffix)) != 0 ||
      (status = load_string(l, outputs, "implicitGlobalRegion", false,
                            &info->implicit_global_region)) != 0 ||
      (status = load_flag(l, outputs, "supportsFIPS", &info->supports_fips)) != 0 ||
      (status = load_flag(l, outputs, "supportsDualStack", &info->supports_dual_stack)) != 0)
    return status;
  const char *why = check_pattern(partition->pattern, strlen(partition->pattern));
  if (why != NULL)
    return tcx__fail(l->f, TCX_ESERVICE, "partitions[%u]: regionRegex %s is of an unknown form: %s",
                     l->index, partition->pattern, why);
  return load_regions(l, tcx__value_find(json, "regions", 7), partition);
}

int tcx__partitions_load(struct tcx_arena *arena, const struct tcx_value *json,
                         const struct tcx_partitions **out, struct tcx_fail *f) {
  struct load l = {arena, f, 0};
  const struct tcx_value *items = tcx__value_find(json, "partitions", 10);
  uint32_t n = tcx__value_count(items);
  if (items == NULL || items->type != TCX_LIST || n == 0 || n > PARTITIONS_MAX)
    return tcx__fail(f, TCX_ESERVICE, "partitions: missing, no list, empty or too long");
  struct tcx_partitions *partitions = tcx__arena_alloc(arena, sizeof *partitions);
  struct tcx_partition *list = tcx__arena_alloc(arena, n * sizeof *list);
  if (partitions == NULL || list == NULL)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  for (const struct tcx_value *item = tcx__value_kids(items); item != NULL; item = item->next) {
    int status = load_partition(&l, item, &list[l.index]);
    if (status != 0)
      return status;
    l.index++;
  }
  partitions->list = list;
  partitions->n = (uint16_t)n;
  *out = partitions;
  return 0;
}

/* ---- emitting ---- */
static void emit_string(struct tcx_buf *out, const char *s) {
  if (s == NULL)
    tcx__buf_adds(out, "0");
  else
    tcx__emit_literal(out, s, strlen(s));
  tcx__buf_adds(out, ", ");
}

void tcx__partitions_emit(struct tcx_buf *out, const struct tcx_partitions *partitions,
                          const char *name) {
  tcx__buf_printf(out, "static const struct tcx_partition %s_list[] = {\n", name);
  for (unsigned i = 0; i < partitions->n; i++) {
    const struct tcx_partition *p = &partitions->list[i];
    tcx__buf_adds(out, "  {{");
    emit_string(out, p->info.name);
    emit_string(out, p->info.dns_suffix);
    emit_string(out, p->info.dual_stack_dns_suffix);
    emit_string(out, p->info.implicit_global_region);
    tcx__buf_printf(out, "%d, %d},\n    ", p->info.supports_fips, p->info.supports_dual_stack);
    emit_string(out, p->pattern);
    size_t n = 0;
    for (unsigned k = 0; k < p->n_regions; k++)
      n += strlen(p->regions + n) + 1;
    tcx__emit_literal(out, p->regions, n);
    tcx__buf_printf(out, ", %u},\n", p->n_regions);
  }
  tcx__buf_printf(out, "};\nconst struct tcx_partitions %s = {%s_list, %u};\n", name, name,
                  partitions->n);
}
