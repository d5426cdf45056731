/*
 * endpoint_cache.c - a client's resolved endpoints: the least recently used goes.
 *
 * Entries hang in two structures: chains of a hash table, to be found, and a list by use, newest
 * first, whose tail is pushed out. An entry lies in an arena of its own together with its key and
 * its endpoint. It is counted: the cache holds one count, each caller of get another; whoever gives
 * back the last one frees it. The newest entry is compared before anything is hashed: calls mostly
 * go where the one before went.
 *
 * The key is all values but those of Key, Prefix and CopySource, which differ with every call and
 * which S3's rules do not look at. A rule set that does look at one of them gets it into its keys.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "model/rules_data.h"
#include <assert.h>
#include <string.h>

#define ENTRY_BLOCK 2032 /* first block of an entry's arena: a usual entry fits */

struct entry {
  struct tcx_endpoint_ref ref; /* first: a ref is its entry */
  unsigned count;
  uint64_t hash;
  struct tcx_arena *arena;          /* holds this entry */
  struct tcx_rule_param_value *key; /* of every parameter; UNSET for those that are left out */
  struct entry *chain;
  struct entry *newer, *older;
};

struct tcx_endpoint_cache {
  const struct tcx_ruleset *rules;
  const struct tcx_partitions *partitions;
  struct entry **chains; /* n_chains, a power of two */
  struct entry *newest, *oldest;
  unsigned count, max, n_chains;
  bool left_out[TCX__RULES_SLOTS]; /* by parameter */
};

/* ---- keys ---- */
static bool is_left_out(const struct tcx_ruleset *rules, unsigned index) {
  const char *name = rules->params[index].name;
  return (strcmp(name, "Key") == 0 || strcmp(name, "Prefix") == 0 ||
          strcmp(name, "CopySource") == 0) &&
         !tcx__ruleset_uses(rules, index);
}

static uint64_t mix(uint64_t h, uint64_t word) {
  h = (h ^ word) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

static uint64_t hash_str(uint64_t h, struct tcx_str s) {
  uint64_t word = 0;
  size_t i = 0;
  for (; i + sizeof word <= s.n; i += sizeof word) {
    memcpy(&word, s.p + i, sizeof word);
    h = mix(h, word);
  }
  word = 0;
  if (i < s.n)
    memcpy(&word, s.p + i, s.n - i);
  return mix(mix(h, word), s.n);
}

static uint64_t hash_values(const struct tcx_endpoint_cache *cache,
                            const struct tcx_rule_param_value *values) {
  uint64_t h = 0;
  for (unsigned i = 0; i < cache->rules->n_params; i++) {
    const struct tcx_rule_param_value *v = &values[i];
    if (cache->left_out[i])
      continue;
    h = mix(h, v->type);
    if (v->type == TCX__RULE_BOOL)
      h = mix(h, v->boolean);
    else if (v->type == TCX__RULE_STRING)
      h = hash_str(h, v->string);
    for (unsigned k = 0; v->type == TCX__RULE_LIST && k < v->n_list; k++)
      h = hash_str(h, v->list[k]);
  }
  return h;
}

static bool same_value(const struct tcx_rule_param_value *a, const struct tcx_rule_param_value *b) {
  if (a->type != b->type)
    return false;
  switch (a->type) {
  case TCX__RULE_BOOL:
    return a->boolean == b->boolean;
  case TCX__RULE_STRING:
    return tcx__str_eq(a->string, b->string);
  case TCX__RULE_LIST:
    if (a->n_list != b->n_list)
      return false;
    for (unsigned i = 0; i < a->n_list; i++)
      if (!tcx__str_eq(a->list[i], b->list[i]))
        return false;
    return true;
  default:
    return true;
  }
}

static bool same_values(const struct tcx_endpoint_cache *cache, const struct entry *entry,
                        const struct tcx_rule_param_value *values) {
  for (unsigned i = 0; i < cache->rules->n_params; i++)
    if (!cache->left_out[i] && !same_value(&entry->key[i], &values[i]))
      return false;
  return true;
}

static bool copy_str(struct tcx_arena *arena, struct tcx_str s, struct tcx_str *out) {
  out->p = tcx__arena_strndup(arena, s.n > 0 ? s.p : "", s.n);
  out->n = s.n;
  return out->p != NULL;
}

static bool copy_value(struct tcx_arena *arena, const struct tcx_rule_param_value *v,
                       struct tcx_rule_param_value *out) {
  *out = *v;
  if (v->type == TCX__RULE_STRING)
    return copy_str(arena, v->string, &out->string);
  if (v->type != TCX__RULE_LIST)
    return true;
  struct tcx_str *list = tcx__arena_alloc(arena, (v->n_list + 1u) * sizeof *list);
  out->list = list;
  for (unsigned i = 0; list != NULL && i < v->n_list; i++)
    if (!copy_str(arena, v->list[i], &list[i]))
      return false;
  return list != NULL;
}

/* ---- counts ---- */
void tcx__endpoint_retain(const struct tcx_endpoint_ref *ref) {
  struct entry *entry = (struct entry *)(uintptr_t)ref;
  entry->count++;
}

void tcx__endpoint_release(const struct tcx_endpoint_ref *ref) {
  struct entry *entry = (struct entry *)(uintptr_t)ref;
  if (entry == NULL)
    return;
  assert(entry->count > 0);
  if (--entry->count == 0)
    tcx__arena_free(entry->arena);
}

/* ---- the list by use, and the chains ---- */
static void unlist(struct tcx_endpoint_cache *cache, struct entry *entry) {
  *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
  *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void list_newest(struct tcx_endpoint_cache *cache, struct entry *entry) {
  entry->newer = NULL;
  entry->older = cache->newest;
  *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
  cache->newest = entry;
}

static struct entry **chain_of(const struct tcx_endpoint_cache *cache, uint64_t hash) {
  return &cache->chains[(hash >> 32) & (cache->n_chains - 1)];
}

static void push_out(struct tcx_endpoint_cache *cache, struct entry *entry) {
  struct entry **link = chain_of(cache, entry->hash);
  while (*link != entry)
    link = &(*link)->chain;
  *link = entry->chain;
  unlist(cache, entry);
  cache->count--;
  tcx__endpoint_release(&entry->ref);
}

/* ---- making an entry ---- */
bool tcx__valid_host(struct tcx_str host) {
  for (size_t i = 0; i < host.n; i++) {
    char c = host.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
          c == ':'))
      return false;
  }
  return host.n > 0 && host.n <= 253;
}

static int make_target(struct tcx_arena *arena, struct tcx_str text,
                       struct tcx_endpoint_target *out, struct tcx_fail *f) {
  struct tcx_url url;
  const char *why = "";
  if (tcx__url_parse(&url, text, &why) != 0)
    return tcx__fail(f, TCX_EENDPOINT, "Invalid endpoint: %.*s (%s)", (int)text.n, text.p, why);
  char *host = tcx__arena_strndup(arena, url.host.p, url.host.n);
  if (host == NULL)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  for (char *p = host; *p != '\0'; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p + ('a' - 'A'));
  out->tls = url.tls;
  out->port = url.port;
  out->path = url.path;
  out->query = url.query;
  out->host = (struct tcx_str){host, url.host.n};
  if (!tcx__valid_host(out->host))
    return tcx__fail(f, TCX_EENDPOINT,
                     "Invalid endpoint: the host %s holds a character that no host name has", host);
  bool usual = url.port == (url.tls ? 443 : 80);
  const char *shown = host;
  if (url.ipv6)
    shown = usual ? tcx__arena_printf(arena, "[%s]", host)
                  : tcx__arena_printf(arena, "[%s]:%u", host, url.port);
  else if (!usual)
    shown = tcx__arena_printf(arena, "%s:%u", host, url.port);
  out->host_header = tcx__str(shown);
  return shown != NULL ? 0 : tcx__fail(f, UV_ENOMEM, "out of memory");
}

static int entry_new(const struct tcx_endpoint_cache *cache,
                     const struct tcx_rule_param_value *values, struct entry **out,
                     struct tcx_fail *f) {
  unsigned n = cache->rules->n_params;
  struct tcx_arena *arena = tcx__arena_new_sized(ENTRY_BLOCK);
  if (arena == NULL)
    return tcx__fail(f, UV_ENOMEM, "out of memory");
  struct entry *entry = tcx__arena_zalloc(arena, sizeof *entry);
  struct tcx_rule_param_value *key = tcx__arena_zalloc(arena, (n + 1) * sizeof *key);
  bool made = entry != NULL && key != NULL;
  for (unsigned i = 0; made && i < n; i++)
    if (!cache->left_out[i])
      made = copy_value(arena, &values[i], &key[i]);
  int status = made ? tcx__endpoint_resolve(cache->rules, cache->partitions, values, arena,
                                            &entry->ref.endpoint, f)
                    : tcx__fail(f, UV_ENOMEM, "out of memory");
  if (status == 0)
    status = make_target(arena, entry->ref.endpoint.url, &entry->ref.target, f);
  if (status != 0) {
    tcx__arena_free(arena);
    return status;
  }
  entry->arena = arena;
  entry->key = key;
  entry->count = 1;
  *out = entry;
  return 0;
}

int tcx__endpoint_cache_get(struct tcx_endpoint_cache *cache,
                            const struct tcx_rule_param_value *values,
                            const struct tcx_endpoint_ref **out, struct tcx_fail *f) {
  struct entry *entry = cache->newest;
  if (entry == NULL || !same_values(cache, entry, values)) {
    uint64_t hash = hash_values(cache, values);
    struct entry **chain = chain_of(cache, hash);
    for (entry = *chain; entry != NULL; entry = entry->chain)
      if (entry->hash == hash && same_values(cache, entry, values))
        break;
    if (entry != NULL) {
      unlist(cache, entry);
    } else {
      int status = entry_new(cache, values, &entry, f);
      if (status != 0)
        return status;
      if (cache->count == cache->max)
        push_out(cache, cache->oldest);
      entry->hash = hash;
      entry->chain = *chain;
      *chain = entry;
      cache->count++;
    }
    list_newest(cache, entry);
  }
  tcx__endpoint_retain(&entry->ref);
  *out = &entry->ref;
  return 0;
}

/* ---- the cache ---- */
int tcx__endpoint_cache_new(const struct tcx_ruleset *rules,
                            const struct tcx_partitions *partitions, unsigned max,
                            struct tcx_endpoint_cache **out) {
  unsigned n_chains = 16;
  while (n_chains < max && n_chains < 1u << 20)
    n_chains *= 2;
  struct tcx_endpoint_cache *cache = tcx__calloc(1, sizeof *cache);
  struct entry **chains = tcx__calloc(n_chains, sizeof *chains);
  if (cache == NULL || chains == NULL) {
    tcx__free(cache);
    tcx__free(chains);
    return UV_ENOMEM;
  }
  cache->rules = rules;
  cache->partitions = partitions;
  cache->chains = chains;
  cache->n_chains = n_chains;
  cache->max = max > 0 ? max : 1;
  for (unsigned i = 0; i < rules->n_params; i++)
    cache->left_out[i] = is_left_out(rules, i);
  *out = cache;
  return 0;
}

void tcx__endpoint_cache_free(struct tcx_endpoint_cache *cache) {
  if (cache == NULL)
    return;
  while (cache->newest != NULL)
    push_out(cache, cache->newest);
  tcx__free(cache->chains);
  tcx__free(cache);
}
