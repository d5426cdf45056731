/*
 * rules_data.h - how a rule set and the partitions lie in memory: written by the loader and the
 * emitter, read by the evaluator.
 *
 * All is flat: a rule set is four arrays (rules, nodes, kids, text) that point into each other by
 * index, so that an embedded one needs hardly a relocation. Equal nodes, lists and strings stand
 * once.
 *
 *   rules   the tree: a tree rule's children are a run of rules, the top level is the run [0,
 *           n_top)
 *   nodes   expressions and property values
 *   kids    node indexes: argument lists, template parts, conditions, the items of lists, the names
 *           and items of maps
 *   text    all strings, each followed by a NUL
 *
 * A variable is a slot, resolved when the rule set is loaded: slots [0, n_params) are the
 * parameters, the rest belong to what a rule assigns. A rule's slots lie above those of the rules
 * around it and are taken again by its siblings: that is what a scope is. The loader has checked
 * the types of all arguments, so that at run time a value is of its type or unset.
 */
#ifndef TCX_MODEL_RULES_DATA_H
#define TCX_MODEL_RULES_DATA_H
#include "model/rules.h"

/* Limits. A rule set outside of them is refused when it is loaded (BYTES: when it is evaluated). */
#define TCX__RULES_MAX     65535      /* rules, nodes, kids */
#define TCX__RULES_TEXT    (1u << 20) /* bytes of all strings */
#define TCX__RULES_SLOTS   128        /* parameters and variables in scope at once */
#define TCX__RULES_DEPTH   64         /* trees in trees */
#define TCX__RULES_NESTING 16         /* calls in calls, properties in properties */
/* conditions of a rule, items of a list, parts of a template, members of a map */
#define TCX__RULES_KIDS  128
#define TCX__RULES_BYTES (1u << 20) /* bytes of strings that one resolution may make */

typedef enum {
  TCX__NODE_STRING,   /* text[b, b + a) */
  TCX__NODE_BOOL,     /* a */
  TCX__NODE_INT,      /* b, as a two's complement */
  TCX__NODE_REF,      /* the slot a */
  TCX__NODE_TEMPLATE, /* kids[b, b + a), joined */
  TCX__NODE_CALL,     /* op of kids[b, b + a) */
  TCX__NODE_ATTR,     /* attribute op of node b; its item a - 1 unless a is 0 */
  TCX__NODE_ASSIGN,   /* slot a becomes node b */
  TCX__NODE_LIST,     /* kids[b, b + a) */
  TCX__NODE_MAP       /* kids[b, b + 2a): name, item, name, item ... */
} tcx__node_kind;

typedef enum {
  TCX__FN_IS_SET,
  TCX__FN_NOT,
  TCX__FN_BOOLEAN_EQUALS,
  TCX__FN_STRING_EQUALS,
  TCX__FN_SUBSTRING,
  TCX__FN_URI_ENCODE,
  TCX__FN_PARSE_URL,
  TCX__FN_IS_VALID_HOST_LABEL,
  TCX__FN_PARTITION,
  TCX__FN_PARSE_ARN,
  TCX__FN_IS_S3_BUCKET
} tcx__rule_fn;

/* What getAttr and "{Name#attr}" read. ITEM is the list itself. */
typedef enum {
  TCX__ATTR_ITEM,
  TCX__ATTR_PARTITION_NAME,
  TCX__ATTR_DNS_SUFFIX,
  TCX__ATTR_DUAL_STACK_DNS_SUFFIX,
  TCX__ATTR_IMPLICIT_GLOBAL_REGION,
  TCX__ATTR_SUPPORTS_FIPS,
  TCX__ATTR_SUPPORTS_DUAL_STACK,
  TCX__ATTR_URL_SCHEME,
  TCX__ATTR_URL_AUTHORITY,
  TCX__ATTR_URL_PATH,
  TCX__ATTR_URL_NORMALIZED_PATH,
  TCX__ATTR_URL_IS_IP,
  TCX__ATTR_ARN_PARTITION,
  TCX__ATTR_ARN_SERVICE,
  TCX__ATTR_ARN_REGION,
  TCX__ATTR_ARN_ACCOUNT_ID,
  TCX__ATTR_ARN_RESOURCE_ID
} tcx__rule_attr;

typedef enum { TCX__RULE_TREE, TCX__RULE_ENDPOINT, TCX__RULE_ERROR } tcx__rule_kind;

struct tcx_rule_node {
  uint8_t kind, op;
  uint16_t a;
  uint32_t b;
};
struct tcx_rule {
  uint16_t conditions; /* kids[conditions, conditions + n_conditions) */
  uint8_t n_conditions;
  uint8_t kind; /* tcx__rule_kind */
  /* tree: its first child; error: the node of its text; endpoint: kids[first, first + 3) are URL,
   * properties, headers */
  uint16_t first;
  uint16_t n; /* tree: how many children */
};

struct tcx_ruleset {
  const struct tcx_rule_param *params;
  const struct tcx_rule *rules;
  const struct tcx_rule_node *nodes;
  const uint16_t *kids;
  const char *text;
  uint32_t n_text;
  uint16_t n_params, n_rules, n_top, n_nodes, n_kids;
  uint16_t n_slots; /* the most that are in scope at once, parameters included */
};

/*
 * A region's pattern is kept as text and matched as it is. The family: '^' FIELD ('\-' FIELD)* '$',
 * where a FIELD is a word, a choice of words "(us|eu)", "\w+" or "\d+". A word is of ASCII letters,
 * digits and '_'. So a region is cut at its '-' and the fields are compared one by one: no
 * backtracking, no locale. partitions.json knows no other patterns; the loader refuses them.
 */
struct tcx_partition {
  struct tcx_partition_info info;
  const char *pattern;
  const char *regions; /* each followed by a NUL, n_regions of them */
  uint16_t n_regions;
};
struct tcx_partitions {
  const struct tcx_partition *list; /* [0] is what an unknown region gets */
  uint16_t n;
};
/* The one whose pattern or list knows region, else NULL. */
const struct tcx_partition *tcx__partition_find(const struct tcx_partitions *partitions,
                                                struct tcx_str region);

/* ---- values while a rule set is evaluated ---- */
/* beyond tcx__rule_type */
enum { TCX__RULE_INT = TCX__RULE_LIST + 1, TCX__RULE_PARTITION, TCX__RULE_URL, TCX__RULE_ARN };
struct tcx_rule_val {
  uint8_t type;
  bool boolean;
  uint32_t n; /* STRING: bytes; LIST: items */
  union {
    const char *text;
    const struct tcx_str *list;
    int32_t integer;
    const struct tcx_partition *partition;
    const struct tcx_rule_url *url;
    const struct tcx_rule_arn *arn;
  } u;
};
struct tcx_rule_url {
  struct tcx_str scheme, authority, path, normalized_path;
  bool is_ip;
};
struct tcx_rule_arn {
  struct tcx_str partition, service, region, account_id;
  struct tcx_str *resource_id;
  uint32_t n_resource_id;
};

/* The rule sets' functions that work on text alone (rules_funcs.c). The two parsers give NULL for
 * text that is none; what they find points into s. 0 or UV_ENOMEM. */
bool tcx__rule_is_host_label(struct tcx_str s, bool subdomains);
bool tcx__rule_is_s3_bucket(struct tcx_str s, bool subdomains);
/* false: unset */
bool tcx__rule_substring(struct tcx_str s, int32_t start, int32_t stop, bool reverse,
                         struct tcx_str *out);
int tcx__rule_parse_url(struct tcx_arena *arena, struct tcx_str s, const struct tcx_rule_url **out);
int tcx__rule_parse_arn(struct tcx_arena *arena, struct tcx_str s, const struct tcx_rule_arn **out);

/* Writes s as one or several C string literals (emitters). Ends no line. */
void tcx__emit_literal(struct tcx_buf *out, const char *p, size_t n);
/* Whether a rule looks at parameter index. */
bool tcx__ruleset_uses(const struct tcx_ruleset *rules, unsigned index);
#endif
