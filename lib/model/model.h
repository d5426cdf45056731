/*
 * model.h - a service's model in memory: const tables, made by the loader from JSON, or from what
 * the generator embedded in the library.
 *
 * Everything is linked by pointers, names are NUL-ended and interned within a model. What botocore
 * calls a member's traits is merged: a struct tcx_member holds what applies at that place (its own
 * trait, else its shape's), so that serializers and parsers look in one place. A model lives until
 * the last tcx__models_free (the session's, or that of a call that outlives it); what the generator
 * embedded is packed (packed.h) and unpacked for each session. A new field of these structs needs
 * its line in packed.c.
 */
#ifndef TCX_MODEL_MODEL_H
#define TCX_MODEL_MODEL_H
#include "base/error.h"
#include "base/time.h"
#include "base/value.h"

struct tcx_packed_model; /* packed.h */
struct tcx_ruleset;      /* rules.h */
struct tcx_partitions;   /* rules.h */

typedef enum {
  TCX__SHAPE_STRUCTURE,
  TCX__SHAPE_LIST,
  TCX__SHAPE_MAP,
  TCX__SHAPE_STRING,
  TCX__SHAPE_BLOB,
  TCX__SHAPE_BOOLEAN,
  TCX__SHAPE_INTEGER,
  TCX__SHAPE_LONG,
  TCX__SHAPE_FLOAT,
  TCX__SHAPE_DOUBLE,
  TCX__SHAPE_TIMESTAMP
} tcx__shape_type;

typedef enum {
  TCX__LOC_BODY,
  TCX__LOC_URI,
  TCX__LOC_QUERY,
  TCX__LOC_HEADER,
  TCX__LOC_HEADERS,
  TCX__LOC_STATUS
} tcx__location;

enum { /* struct tcx_member.flags */
       TCX__M_REQUIRED = 1 << 0,
       TCX__M_FLATTENED = 1 << 1, /* of the member or of its list or map shape */
       TCX__M_XML_ATTRIBUTE = 1 << 2,
       TCX__M_STREAMING = 1 << 3, /* of the member or of its blob shape */
       TCX__M_REQUIRES_LENGTH = 1 << 4,
       TCX__M_JSONVALUE = 1 << 5,
       TCX__M_HOST_LABEL = 1 << 6,
       TCX__M_IDEMPOTENCY_TOKEN = 1 << 7,
       TCX__M_EVENT_HEADER = 1 << 8,
       TCX__M_EVENT_PAYLOAD = 1 << 9,
       TCX__M_SENSITIVE = 1 << 10,
       TCX__M_DEPRECATED = 1 << 11
};
struct tcx_member {
  /* the service's own casing: what users write and read. "member" of lists, "key" and "value" of
   * maps */
  const char *name;
  const struct tcx_shape *shape;
  /* locationName (member's, else what the protocol-independent default is: name); with "prefix:"
   * taken off into xml_prefix for attributes */
  const char *wire;
  const char *query_name;           /* ec2's queryName, or NULL */
  const char *xml_uri, *xml_prefix; /* xmlNamespace of the member or its shape, or NULL */
  const char *context_param;        /* endpoint rule parameter that this member feeds, or NULL */
  uint16_t name_len, wire_len;
  uint16_t flags;
  uint8_t location;    /* tcx__location */
  uint8_t time_format; /* tcx__time_format; DEFAULT when nothing is said */
  bool wire_given;     /* locationName stood in the model */
};

enum { /* struct tcx_shape.flags */
       TCX__S_UNION = 1 << 0,
       TCX__S_DOCUMENT = 1 << 1,
       TCX__S_EVENT_STREAM = 1 << 2,
       TCX__S_EVENT = 1 << 3,
       TCX__S_EXCEPTION = 1 << 4,
       TCX__S_FLATTENED = 1 << 5,
       TCX__S_SENSITIVE = 1 << 6,
       TCX__S_HAS_MIN = 1 << 7,
       TCX__S_RETRYABLE = 1 << 8,
       TCX__S_THROTTLING = 1 << 9,
       TCX__S_STREAMING = 1 << 10,
       TCX__S_WRAPPER = 1 << 11,
       TCX__S_JSONVALUE = 1 << 12,
       TCX__S_FAULT = 1 << 13,
       TCX__S_REQUIRES_LENGTH = 1 << 14
};
struct tcx_shape {
  const char *name;
  const char *wire;                 /* the shape's own locationName (an XML root), or NULL */
  const char *xml_uri, *xml_prefix; /* the shape's own xmlNamespace, or NULL */
  const char *payload;              /* structure: name of its payload member, or NULL */
  const char *error_code;           /* exception: error.code, or NULL = name */
  /* query output: resultWrapper (of the operation's output reference), or NULL */
  const char *result_wrapper;
  /* structure: in the model's order; list: [0]; map: [0] key, [1] value */
  const struct tcx_member *members;
  /* structure: the required members as indices into members, in the model's order of "required";
   * n_required */
  const uint16_t *required;
  const char *const *enum_values; /* string with enum: n_enum names; else NULL */
  double min;                     /* valid with TCX__S_HAS_MIN: length, items or value */
  uint32_t n_members;
  uint16_t n_required;
  uint16_t n_enum;
  uint16_t flags;
  uint16_t error_status; /* exception: error.httpStatusCode, or 0 */
  uint8_t type;          /* tcx__shape_type */
  uint8_t time_format;   /* timestamp */
};

typedef enum { TCX__RULE_UNSET, TCX__RULE_STRING, TCX__RULE_BOOL, TCX__RULE_LIST } tcx__rule_type;
struct tcx_rule_param_value { /* one parameter of an endpoint rule set */
  uint8_t type;               /* tcx__rule_type; UNSET = not given */
  bool boolean;
  uint16_t n_list;
  struct tcx_str string;
  const struct tcx_str *list;
};
struct tcx_static_context {
  const char *name;
  struct tcx_rule_param_value value;
};
struct tcx_operation_context {
  const char *name;
  const char *path; /* JMESPath */
};

enum {                                    /* struct tcx_operation.flags */
       TCX__OP_UNSIGNED = 1 << 0,         /* authtype none */
       TCX__OP_UNSIGNED_PAYLOAD = 1 << 1, /* authtype v4-unsigned-body or unsignedPayload */
       TCX__OP_CHECKSUM_REQUIRED = 1 << 2,
       TCX__OP_MD5_REQUIRED = 1 << 3, /* the old httpChecksumRequired */
       TCX__OP_GZIP = 1 << 4,         /* requestcompression lists gzip */
       TCX__OP_DISCOVERY = 1 << 5,
       TCX__OP_DISCOVERY_REQUIRED = 1 << 6,
       TCX__OP_DISCOVERY_OPERATION = 1 << 7,
       TCX__OP_DEPRECATED = 1 << 8,
       /* its input holds an event stream: not callable, as in botocore */
       TCX__OP_EVENT_INPUT = 1 << 9,
       TCX__OP_EVENT_OUTPUT = 1 << 10
};
struct tcx_operation {
  const char *name; /* "ListObjectsV2" */
  /* what a query's Action or a JSON target says: "ListObjectsV2"; differs from name for cloudfront
   * alone */
  const char *wire_name;
  const char *method; /* "list_objects_v2": botocore's xform_name */
  const char *http_method;
  const char *path;        /* requestUri up to '?': "/{Key+}" */
  const char *query;       /* requestUri after '?', literal, or NULL: "list-type=2" */
  const char *host_prefix; /* endpoint.hostPrefix, "{AccountId}." or NULL */
  const char *auth_type;   /* authtype, or NULL */
  const char *const *auth; /* auth list ("aws.auth#sigv4" ...), n_auth entries */
  const struct tcx_shape *input, *output; /* NULL when the operation has none */
  const struct tcx_shape *const *errors;  /* n_errors exception shapes */
  const char *checksum_algorithm_member;  /* httpChecksum.requestAlgorithmMember, or NULL */
  /* httpChecksum.requestValidationModeMember, or NULL */
  const char *checksum_mode_member;
  /* httpChecksum.responseAlgorithms, n_response_algorithms entries */
  const char *const *response_algorithms;
  const struct tcx_static_context *static_context;       /* n_static_context */
  const struct tcx_operation_context *operation_context; /* n_operation_context */
  uint16_t response_code;                                /* http.responseCode, or 0 */
  uint16_t flags;
  uint8_t n_auth, n_errors, n_response_algorithms, n_static_context, n_operation_context;
};

struct tcx_pagination {  /* one operation of paginators-1 (with its sdk-extras) */
  const char *operation; /* "ListObjectsV2" */
  /* JMESPath for the last three */
  const char *const *input_token, *const *output_token, *const *result_key,
                                                            *const *non_aggregate_keys;
  const char *more_results, *limit_key; /* or NULL */
  uint8_t n_input_token, n_output_token, n_result_key, n_non_aggregate_keys;
};

struct tcx_acceptor {
  const char *matcher, *argument, *state;
  const char *expected;
  uint8_t expected_type; /* tcx_type_t: STRING, or INT and BOOL as text */
};
struct tcx_waiter_model {
  const char *name, *method; /* "BucketExists", "bucket_exists" */
  const char *operation;
  unsigned delay_s, max_attempts;
  const struct tcx_acceptor *acceptors;
  uint16_t n_acceptors;
};

enum { TCX__SVC_QUERY_COMPATIBLE = 1 << 0 };
struct tcx_model {
  const char *service;           /* the folder's name, what create_client takes: "s3" */
  const char *api_version;       /* metadata.apiVersion */
  const char *service_id;        /* "S3" */
  const char *endpoint_prefix;   /* "s3" */
  const char *signing_name;      /* metadata.signingName, else endpoint_prefix */
  const char *signature_version; /* metadata.signatureVersion */
  const char *target_prefix;     /* or NULL */
  const char *json_version;      /* or NULL */
  const char *xml_uri;           /* metadata.xmlNamespace, or NULL */
  const char *global_endpoint;   /* or NULL */
  /* the one that botocore would use of metadata.protocols, else metadata.protocol */
  const char *protocol;
  const char *const *auth;                      /* metadata.auth, n_auth entries */
  const struct tcx_operation *operations;       /* n_operations, sorted by name (strcmp) */
  const struct tcx_operation *const *by_method; /* the same, sorted by method (strcmp) */
  /* n_shapes, sorted by name (strcmp); then n_variants more: what an operation's input or output
   * reference made of one of them (its own locationName, xmlNamespace, resultWrapper) */
  const struct tcx_shape *shapes;
  const struct tcx_pagination *paginations; /* n_paginations, sorted by operation */
  const struct tcx_waiter_model *waiters;   /* n_waiters, sorted by name */
  const struct tcx_ruleset *rules;          /* of every model that was loaded */
  /* metadata clientContextParams: names and types; n_client_context */
  const struct tcx_static_context *client_context;
  uint32_t n_operations, n_shapes, n_variants, n_paginations, n_waiters;
  uint16_t flags;
  uint8_t n_auth, n_client_context;
};

/* Look-ups: NULL when there is none. An operation is found by its method name, by its own name, or
 * by a method name that botocore had before. */
const struct tcx_operation *tcx__model_operation(const struct tcx_model *model, const char *name);
const struct tcx_shape *tcx__model_shape(const struct tcx_model *model, const char *name);
const struct tcx_pagination *tcx__model_pagination(const struct tcx_model *model,
                                                   const struct tcx_operation *op);
/* By "bucket_exists" or "BucketExists". */
const struct tcx_waiter_model *tcx__model_waiter(const struct tcx_model *model, const char *name);
const struct tcx_member *tcx__shape_member(const struct tcx_shape *structure, const char *name,
                                           size_t len);
/* A service's name for one that botocore had before ("runtime.sagemaker"); else name itself. */
const char *tcx__service_name(const char *name);
/* botocore's xform_name: "ListObjectsV2" to "list_objects_v2". out is NUL-ended; UV_ENOBUFS when it
 * does not fit. */
int tcx__method_name(char *out, size_t size, const char *operation);

/* ---- where models come from (models.c, loader.c) ---- */
/* What the generator embedded. services.c alone names them, so that nothing else pulls them in. */
extern const struct tcx_packed_model *const tcx__embedded_models[]; /* NULL-ended */
extern const struct tcx_partitions *const tcx__embedded_partitions;

struct tcx_models; /* a session's: what it loaded, each once */
struct tcx_models_options {
  /* colon-separated folders, asked first (AWS_DATA_PATH); "~/" is home; may be NULL */
  const char *data_path;
  const char *home;                               /* for ~/.aws/models; may be NULL */
  const struct tcx_packed_model *const *embedded; /* NULL-ended; may be NULL */
  const struct tcx_partitions *partitions;        /* embedded; may be NULL: then loaded */
  /* the running program's file: ../share/tucuxi/models, seen from its folder or the one above, is
   * the installed data folder if it is there, else what was configured; may be NULL */
  const char *program;
  bool not_installed; /* the installed data folder is not asked */
};
int tcx__models_new(const struct tcx_models_options *options, struct tcx_models **out);
/* Counted: born with one reference, which its session gives back; whoever holds values of a model
 * longer than the session (a retained call) holds one too. */
struct tcx_models *tcx__models_retain(struct tcx_models *models);
/* gives one back; the last one ends it. NULL is fine */
void tcx__models_free(struct tcx_models *models);
/* The model of a service by botocore's name. A part (service-2, endpoint-rule-set-1, paginators-1,
 * waiters-2) that a folder of data_path or ~/.aws/models holds wins over the embedded and installed
 * one; of several API versions the newest wins, wherever it is, as in botocore. Once a service;
 * reading files blocks; embedded ones without any file of theirs cost a few stat calls, none when
 * there is no such folder. TCX_ESERVICE with near names in f. */
int tcx__models_get(struct tcx_models *models, const char *service, const struct tcx_model **out,
                    struct tcx_fail *f);
/* NULL when unreadable */
const struct tcx_partitions *tcx__models_partitions(struct tcx_models *models, struct tcx_fail *f);
/* Calls each with the name of every service that can be asked for, sorted; the names lie in arena.
 * Stops when each returns other than 0, and returns that. UV_ENOMEM. */
int tcx__models_services(struct tcx_models *models, struct tcx_arena *arena,
                         int (*each)(void *ctx, const char *name), void *ctx);
/* endpoints.json: read at the first time. TCX_ESERVICE when there is none, or it cannot be read. */
int tcx__models_endpoints(struct tcx_models *models, const struct tcx_value **json,
                          struct tcx_fail *f);

/* ---- parameter validation (validate.c) ---- */
/* Checks params (a MAP or NULL) against op's input in botocore's words: every bad member in one
 * text, one a line, after "Parameter validation failed:". Fills in nothing. 0, or TCX_EPARAM with
 * the text in f. */
int tcx__validate(const struct tcx_operation *op, const struct tcx_value *params,
                  struct tcx_fail *f);
/* The same of any shape. */
int tcx__validate_shape(const struct tcx_shape *shape, const struct tcx_value *v,
                        struct tcx_fail *f);
#endif
