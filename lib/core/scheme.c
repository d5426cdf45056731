#include "core/scheme.h"
#include "core/call.h"
#include <string.h>

struct schemes { /* those of a list that are known, in its order */
  uint8_t at[TCX__SCHEMES_MAX];
  unsigned n;
};

/* ---- names ---- */

uint8_t tcx__scheme_by_name(struct tcx_str name) {
  /* clang-format off */
  static const struct { const char *name; uint8_t scheme; } table[] = {
      {"sigv4", TCX__SCHEME_SIGV4}, {"sigv4a", TCX__SCHEME_SIGV4A}, {"sigv4-s3express", TCX__SCHEME_S3EXPRESS}, {"httpBearerAuth", TCX__SCHEME_BEARER},
      {"bearer", TCX__SCHEME_BEARER}, {"noAuth", TCX__SCHEME_NONE}, {"none", TCX__SCHEME_NONE},
  };
  /* clang-format on */
  const char *mark = name.n > 0 ? memchr(name.p, '#', name.n) : NULL;
  if (mark != NULL)
    name = (struct tcx_str){mark + 1, name.n - (size_t)(mark + 1 - name.p)};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (tcx__str_is(name, table[i].name))
      return table[i].scheme;
  return TCX__SCHEME_UNSET;
}

uint8_t tcx__scheme_by_version(struct tcx_str version) {
  static const struct {
    const char *version;
    uint8_t scheme;
  } table[] = {
      {"v2", TCX__SCHEME_SIGV2},      {"v4", TCX__SCHEME_SIGV4},
      {"s3v4", TCX__SCHEME_SIGV4},    {"v4-unsigned-body", TCX__SCHEME_SIGV4},
      {"v4a", TCX__SCHEME_SIGV4A},    {"s3v4a", TCX__SCHEME_SIGV4A},
      {"bearer", TCX__SCHEME_BEARER}, {"unsigned", TCX__SCHEME_NONE},
      {"none", TCX__SCHEME_NONE},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (tcx__str_ieq(version, tcx__str(table[i].version)))
      return table[i].scheme;
  return TCX__SCHEME_UNSET;
}

static void add(struct schemes *list, uint8_t scheme) {
  if (scheme != TCX__SCHEME_UNSET && list->n < TCX__SCHEMES_MAX)
    list->at[list->n++] = scheme;
}

static struct schemes of_trait(const char *const *auth, unsigned n) {
  struct schemes list = {.n = 0};
  for (unsigned i = 0; i < n; i++)
    add(&list, tcx__scheme_by_name(tcx__str(auth[i])));
  return list;
}

/* S3 and S3 Control: as botocore, whatever else the model says. */
static bool signs_as_s3(const struct tcx_model *model) {
  return strncmp(model->signature_version, "s3", 2) == 0;
}

/* ---- choosing ---- */

static bool holds(const struct schemes *list, uint8_t scheme) {
  return memchr(list->at, scheme, list->n) != NULL;
}

/* The first preferred one that is offered, else the first that is. */
static uint8_t prefer(const tcx_client_t *c, const struct schemes *offered) {
  for (unsigned i = 0; i < c->config.n_preference; i++)
    if (holds(offered, c->config.preference[i]))
      return c->config.preference[i];
  return offered->n > 0 ? offered->at[0] : TCX__SCHEME_UNSET;
}

/* A token that is known goes before a signature, unless the program has said what it wants; of the
 * environment's, as in botocore, only Bedrock's. */
static bool prefers_token(const tcx_client_t *c) {
  if (c->token == NULL || c->config.scheme != TCX__SCHEME_UNSET || c->config.preference_in_code)
    return false;
  return c->token_given || strcmp(c->model->signing_name, "bedrock") == 0;
}

int tcx__scheme_of_client(tcx_client_t *c, struct tcx_fail *f) {
  const struct tcx_model *m = c->model;
  struct schemes offered = of_trait(m->auth, m->n_auth);
  if (c->config.scheme != TCX__SCHEME_UNSET)
    c->scheme = c->config.scheme;
  else if (m->n_auth > 0)
    c->scheme = prefer(c, &offered);
  else if (signs_as_s3(m))
    c->scheme = TCX__SCHEME_SIGV4;
  else
    c->scheme = tcx__scheme_by_version(tcx__str(m->signature_version));
  if (holds(&offered, TCX__SCHEME_BEARER) && prefers_token(c))
    c->scheme = TCX__SCHEME_BEARER;
  if (c->scheme != TCX__SCHEME_UNSET)
    return 0;
  return tcx__fail(f, TCX_ECONFIG, "Unknown Signature Version: %s.",
                   m->n_auth > 0 ? m->auth[0] : m->signature_version);
}

/* What the operation's own traits say; UNSET when they say nothing that is known. */
static uint8_t of_operation(const tcx_call_t *call) {
  const struct tcx_operation *op = call->op;
  struct schemes offered = of_trait(op->auth, op->n_auth);
  if (op->n_auth > 0)
    return prefer(call->client, &offered);
  return op->auth_type != NULL ? tcx__scheme_by_version(tcx__str(op->auth_type))
                               : TCX__SCHEME_UNSET;
}

static const struct tcx_value *text_member(const struct tcx_value *map, const char *name) {
  const struct tcx_value *v = tcx__value_find(map, name, strlen(name));
  return v != NULL && v->type == TCX_STRING ? v : NULL;
}

static uint8_t scheme_of_entry(const struct tcx_value *entry) {
  const struct tcx_value *name = text_member(entry, "name");
  return name != NULL ? tcx__scheme_by_name(name->u.bytes) : TCX__SCHEME_UNSET;
}

static const struct tcx_value *entry_of(const struct tcx_value *schemes, uint8_t scheme) {
  for (const struct tcx_value *s = tcx__value_kids(schemes); s != NULL; s = s->next)
    if (scheme_of_entry(s) == scheme)
      return s;
  return NULL;
}

static int unknown_schemes(tcx_call_t *call, const struct tcx_value *schemes) {
  struct tcx_buf names;
  tcx__buf_init(&names, call->arena, 1024);
  for (const struct tcx_value *s = tcx__value_kids(schemes); s != NULL; s = s->next) {
    const struct tcx_value *name = text_member(s, "name");
    const char *text = name != NULL ? name->u.bytes.p : "(unnamed)";
    if (names.len > 0)
      tcx__buf_adds(&names, ", ");
    /* as botocore calls them */
    tcx__buf_adds(&names, strncmp(text, "sig", 3) == 0 ? text + 3 : text);
  }
  if (names.status == UV_ENOMEM)
    return UV_ENOMEM;
  return tcx__fail(&call->fail, TCX_EENDPOINT, "Unknown Signature Version: %s.",
                   names.status == 0 ? names.data : "(many)");
}

/* The endpoint's scheme that is used; *entry NULL where it offers none, or none that
 * signature_version asks for. */
static int pick_entry(tcx_call_t *call, const struct tcx_value *schemes,
                      const struct tcx_value **entry) {
  uint8_t asked = call->client->config.scheme;
  struct schemes offered = {.n = 0};
  *entry = NULL;
  if (tcx__value_count(schemes) == 0)
    return 0;
  if (asked != TCX__SCHEME_UNSET) {
    *entry = entry_of(schemes, asked);
    if (*entry == NULL && asked == TCX__SCHEME_SIGV4)
      *entry = entry_of(schemes, TCX__SCHEME_S3EXPRESS);
    return 0;
  }
  for (const struct tcx_value *s = tcx__value_kids(schemes); s != NULL; s = s->next)
    add(&offered, scheme_of_entry(s));
  if (offered.n == 0)
    return unknown_schemes(call, schemes);
  *entry = entry_of(schemes, prefer(call->client, &offered));
  return 0;
}

/* signingRegion, or signingRegionSet as a text with commas. */
static int region_of_entry(tcx_call_t *call, const struct tcx_value *entry, const char **out) {
  const struct tcx_value *region = text_member(entry, "signingRegion"),
                         *set = tcx__value_find(entry, "signingRegionSet", 16);
  struct tcx_buf text;
  if (region != NULL)
    *out = region->u.bytes.p;
  if (region != NULL || tcx__value_count(set) == 0)
    return 0;
  tcx__buf_init(&text, call->arena, 1024);
  for (const struct tcx_value *s = tcx__value_kids(set); s != NULL; s = s->next) {
    if (text.len > 0)
      tcx__buf_addc(&text, ',');
    if (s->type == TCX_STRING)
      tcx__buf_add_str(&text, s->u.bytes);
  }
  *out = text.data;
  return text.status;
}

/* Sessions are S3's: a rule set of another service that wants them cannot be served. */
static int check_sessions(tcx_call_t *call) {
  const struct tcx_customization *custom = call->client->custom;
  if (call->scheme != TCX__SCHEME_S3EXPRESS || (custom != NULL && custom->session_identity != NULL))
    return 0;
  return tcx__fail(&call->fail, TCX_EENDPOINT,
                   "This request needs the auth scheme sigv4-s3express, which only S3 has");
}

int tcx__scheme_of_call(tcx_call_t *call, const struct tcx_value *schemes) {
  const tcx_client_t *c = call->client;
  const struct tcx_value *entry = NULL;
  const char *region = NULL;
  uint8_t own = of_operation(call);
  bool offered = tcx__value_count(schemes) > 0;
  call->signing_region = c->config.region;
  call->signing_name = c->model->signing_name;
  call->s3_signer = signs_as_s3(c->model);
  call->plain_path = false;
  call->scheme = TCX__SCHEME_NONE;
  if (c->config.scheme == TCX__SCHEME_NONE || own == TCX__SCHEME_NONE)
    return 0;
  int err = pick_entry(call, schemes, &entry);
  if (err == 0 && entry != NULL)
    err = region_of_entry(call, entry, &region);
  if (err != 0)
    return err;
  if (entry != NULL)
    call->scheme = scheme_of_entry(entry);
  else
    /* offered, and nothing that was asked for: that all the same */
    call->scheme = own != TCX__SCHEME_UNSET && !offered ? own : c->scheme;
  if (call->scheme == TCX__SCHEME_SIGV4A)
    call->signing_region = c->config.region_set != NULL ? c->config.region_set
                           : region != NULL             ? region
                                                        : "*";
  else if (region != NULL && !call->client_region_signs)
    call->signing_region = region;
  const struct tcx_value *name = text_member(entry, "signingName");
  if (name != NULL)
    call->signing_name = name->u.bytes.p;
  const struct tcx_value *plain = tcx__value_find(entry, "disableDoubleEncoding", 21);
  call->plain_path = plain != NULL && plain->type == TCX_BOOL && plain->u.boolean;
  return check_sessions(call);
}
