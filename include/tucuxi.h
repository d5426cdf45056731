/*
 * tucuxi.h - an asynchronous client for AWS and everything that speaks its protocols, on your own
 * libuv loop.
 *
 * A session belongs to one uv_loop_t and one thread. It creates clients, one a service; a client
 * has one method an operation (tcx_client_call(s3, "list_objects_v2", ...), or
 * tcx_s3_list_objects_v2 from <tucuxi/s3.h>). A call answers through one callback with the parsed
 * response or with an error, later, from the loop. There is no thread, no lock and no global state.
 *
 * Ownership is in three words. CONSUMED: the function takes it over, also when it fails. BORROWED:
 * yours only until the callback returns. OWNED: yours to release with the function named. Strings
 * that you pass are copied unless it says otherwise.
 *
 * Functions that return int return 0 or a negative status: a UV_E* code of libuv's or a TCX_E* code
 * of the table below. When a function that takes a callback returns 0, the callback runs exactly
 * once, never before the function has returned; when it returns < 0, the callback never runs, and
 * that is only for UV_ENOMEM, UV_EINVAL and TCX_ECLOSING: all else that can go wrong comes through
 * the callback with a tcx_error_t.
 *
 * No function may be called from another thread than the loop's (use uv_async_send to hand work
 * over). Any function may be called from any tucuxi callback, except from the log callback.
 */
#ifndef TUCUXI_H
#define TUCUXI_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>
#ifdef __cplusplus
extern "C" {
#endif

#define TCX_VERSION_MAJOR 0
#define TCX_VERSION_MINOR 1
#define TCX_VERSION_PATCH 0
#define TCX_VERSION_HEX   ((TCX_VERSION_MAJOR << 16) | (TCX_VERSION_MINOR << 8) | TCX_VERSION_PATCH)
#ifndef TCX_EXTERN
#  if defined(__GNUC__)
#    define TCX_EXTERN __attribute__((visibility("default"))) extern
#  else
#    define TCX_EXTERN extern
#  endif
#endif
#if defined(__GNUC__)
#  define TCX_PRINTF(f, a) __attribute__((format(printf, f, a)))
#  define TCX_NODISCARD    __attribute__((warn_unused_result))
#else
#  define TCX_PRINTF(f, a)
#  define TCX_NODISCARD
#endif

/* TCX_VERSION_HEX of the library that was linked. */
TCX_EXTERN unsigned tcx_version(void);

/* ---- status codes ---------------------------------------------------------------------------- */

/* clang-format off */
#define TCX_ERROR_MAP(XX)                                                        \
  XX(ECLIENT,   -5001, "the service answered with an error")                    \
  XX(EPARAM,    -5002, "parameter validation failed")                           \
  XX(EOPNAME,   -5003, "no such operation or waiter in this service")           \
  XX(ECREDS,    -5004, "no usable credentials")                                 \
  XX(EENDPOINT, -5005, "endpoint could not be resolved")                        \
  XX(ETLS,      -5006, "TLS handshake or certificate failure")                  \
  XX(EPROTO,    -5007, "malformed or cut response")                             \
  XX(ECHECKSUM, -5008, "body checksum mismatch")                                \
  XX(EWAITER,   -5009, "waiter reached a failure state or gave up")             \
  XX(ECLOSING,  -5010, "object is closing")                                     \
  XX(ESERVICE,  -5011, "no such service, or its model cannot be read")          \
  XX(ECONFIG,   -5012, "bad option, profile or configuration file")             \
  XX(EPOOL,     -5013, "no connection became free in time")                     \
  XX(EBODY,     -5014, "request body failed or cannot be sent again")           \
  XX(ESTALLED,  -5015, "transfer slower than the stall limit")                  \
  XX(ETOOBIG,   -5016, "more data than the limit that was set")                 \
  XX(EPAGINATE, -5017, "operation has no pages, or its token repeated")         \
  XX(EPROXY,    -5018, "the proxy cannot be reached, or refused")               \
  XX(ESTUB,     -5019, "the stubber has no such answer")
enum {
#define XX(name, code, text) TCX_##name = code,
  TCX_ERROR_MAP(XX)
#undef XX
  TCX_ECANCELED = UV_ECANCELED, TCX_EAGAIN = UV_EAGAIN, TCX_EOF = UV_EOF
};
/* clang-format on */
/* What a status means, in words; of any status. Static. */
TCX_EXTERN const char *tcx_strerror(int status);
/* "TCX_ECREDS", "ECONNRESET": as uv_err_name. Static. */
TCX_EXTERN const char *tcx_err_name(int status);

/* one per loop; config, credentials, DNS, loaded models */
typedef struct tcx_session tcx_session_t;
/* one per (service, options); owns its connection pool; child of a session */
typedef struct tcx_client tcx_client_t;
/* one call incl. its retries; owned by the library, borrowed by you until its callback returns */
typedef struct tcx_call tcx_call_t;
typedef struct tcx_value tcx_value_t;   /* JSON-like tree in an arena */
typedef struct tcx_body tcx_body_t;     /* request body source */
typedef struct tcx_stream tcx_stream_t; /* response body being read */
typedef struct tcx_paginator tcx_paginator_t;

/* What a call was doing when it ended. A timeout is UV_ETIMEDOUT plus one of these. */
typedef enum {
  TCX_PHASE_NONE,
  TCX_PHASE_PARAMS,
  TCX_PHASE_ENDPOINT,
  TCX_PHASE_CREDENTIALS,
  TCX_PHASE_POOL,
  TCX_PHASE_DNS,
  TCX_PHASE_CONNECT,
  TCX_PHASE_TLS,
  TCX_PHASE_SEND,
  TCX_PHASE_WAIT,
  TCX_PHASE_READ,
  TCX_PHASE_BACKOFF
} tcx_phase_t;
/* "connect", "tls", "read" ...; of any other value "unknown". Static. */
TCX_EXTERN const char *tcx_phase_name(tcx_phase_t phase);

/* What went wrong: botocore's ClientError, or a transport failure. Lives as long as the call it
 * came from. Fields are only added at the end. */
typedef struct tcx_error {
  int status;      /* a TCX_E / UV_E code, never 0 */
  int http_status; /* 0 when no response arrived */
  int attempts;    /* requests made, 0 when none was */
  tcx_phase_t phase;
  /* "NoSuchKey", "ThrottlingException", "404"; NULL unless TCX_ECLIENT or TCX_EWAITER */
  const char *code;
  const char *error_message; /* the service's own message; NULL likewise */
  /* never NULL: the whole sentence, as botocore prints it; for TCX_EPARAM every bad member path */
  const char *msg;
  /* "GetObject"; what the caller wrote when there is no such operation */
  const char *operation;
  /* of TCX_ECLIENT, and of a stream's error; NULL when the service named none */
  const char *request_id;
  /* parsed error document + ResponseMetadata; of TCX_EWAITER the last poll's response, an error or
   * not; else NULL */
  const tcx_value_t *response;
  /* the retry policy calls this kind transient (it may have run out of attempts) */
  bool retryable;
  bool throttled;
  /* some byte of a request was written: the service may have acted on it */
  bool sent;
  /* the modelled exception (botocore's client.exceptions.NoSuchKey): "NoSuchKey"; its members stand
   * in response beside Error. NULL: none */
  const char *shape;
  /* what its model says of it; retryable and throttled are the policy's view, which knows more */
  bool modeled_retryable;
  bool modeled_throttling;
} tcx_error_t;

/* What botocore would raise for it: "ClientError", "ParamValidationError",
 * "EndpointConnectionError" ... Static. */
TCX_EXTERN const char *tcx_error_type_name(const tcx_error_t *error);

/* ---- values: building ---------------------------------------------------------------------------
 * Builders never return NULL: the first failure (UV_ENOMEM, bad template, bad path, wrong
 * container) is kept in the tree, later sets do nothing (still consuming their child), and what the
 * tree is handed to reports it. Each returns its first argument. A tcx_value_t * named params,
 * child or config is CONSUMED by what it is passed to, also when that fails. NULL params = no
 * parameters.
 * Paths: "Contents[0].Key"; "[]" at the end appends; an index in a set is at most the list's
 * length; missing maps and lists on the way are made; path NULL is the value itself. */

/* A map (or list) from a template: member names and nesting in the literal, values as printf
 * conversions, checked by the compiler.
 *   tcx_params("{Bucket: %s, MaxKeys: %d, Tags: [{Key: a, Value: '%d-x'}], Body: %.*s}", ...)
 * %s a string (NULL omits the member), %.*s counted bytes (does not stop at a NUL), %d %i %u with
 * the lengths hh h l ll j z t, %f %g %e a double, %c a character, %p a (void *) tcx_value_t * child
 * (CONSUMED; NULL omits), %% inside quotes a percent sign. true, false, null, numbers and 'text' or
 * "text" are literals; inside quotes conversions format into the string. A name is letters, digits
 * and - _ . : / or quoted. A value is never parsed as template text. */
TCX_EXTERN tcx_value_t *tcx_params(const char *template_, ...) TCX_PRINTF(1, 2);
/* The same with the arguments in a va_list, for functions of your own that take a template: args is
 * undefined afterwards, as with vprintf. */
TCX_EXTERN tcx_value_t *tcx_vparams(const char *template_, va_list args) TCX_PRINTF(1, 0);
/* 0, or the failure kept in the tree. */
TCX_EXTERN int tcx_value_status(const tcx_value_t *v);
/* What is wrong and where ("column 12: ..."); NULL while the status is 0. Lives as long as the
 * tree. */
TCX_EXTERN const char *tcx_value_problem(const tcx_value_t *v);
TCX_EXTERN tcx_value_t *tcx_value_new_map(void);
TCX_EXTERN tcx_value_t *tcx_value_new_list(void);
TCX_EXTERN tcx_value_t *tcx_value_new_str(const char *s);
TCX_EXTERN tcx_value_t *tcx_value_new_bytes(const void *p, size_t n);
/* copies; NULL omits */
TCX_EXTERN tcx_value_t *tcx_value_set_str(tcx_value_t *map, const char *path, const char *s);
TCX_EXTERN tcx_value_t *tcx_value_set_bytes(tcx_value_t *map, const char *path, const void *p,
                                            size_t n);
TCX_EXTERN tcx_value_t *tcx_value_set_int(tcx_value_t *map, const char *path, int64_t i);
TCX_EXTERN tcx_value_t *tcx_value_set_num(tcx_value_t *map, const char *path, double d);
TCX_EXTERN tcx_value_t *tcx_value_set_bool(tcx_value_t *map, const char *path, bool b);
TCX_EXTERN tcx_value_t *tcx_value_set_null(tcx_value_t *map, const char *path);
TCX_EXTERN tcx_value_t *tcx_value_set_time(tcx_value_t *map, const char *path, int64_t seconds,
                                           int32_t nanoseconds);
/* child NULL is a failure: UV_EINVAL */
TCX_EXTERN tcx_value_t *tcx_value_set(tcx_value_t *map, const char *path, tcx_value_t *child);
/* name is data, not a path */
TCX_EXTERN tcx_value_t *tcx_value_put(tcx_value_t *map, const char *name, size_t len,
                                      tcx_value_t *child);
/* name is data; nothing happens when it is absent */
TCX_EXTERN tcx_value_t *tcx_value_remove(tcx_value_t *map, const char *name, size_t len);
/* CONSUMES body */
TCX_EXTERN tcx_value_t *tcx_value_set_body(tcx_value_t *map, const char *member, tcx_body_t *body);
TCX_EXTERN tcx_value_t *tcx_value_append(tcx_value_t *list, tcx_value_t *child);
/* JSON text (RFC 8259, any value at the top). A syntax error is kept with line and column. */
TCX_EXTERN tcx_value_t *tcx_value_from_json(const char *json, size_t len);
/* Only for values that were never handed over. NULL is fine. */
TCX_EXTERN void tcx_value_free(tcx_value_t *value);

/* ---- values: reading ----------------------------------------------------------------------------
 * NULL-safe and total; a missing path is the default, never a crash. Nothing converts but: int of
 * TIME is seconds, str of TIME is ISO 8601, num reads INT, str of BIGNUM (an integer past int64, or
 * a number that a double cannot hold) is its digits. str is NUL-ended and may hold NULs: use
 * bytes. */
typedef enum {
  TCX_ABSENT,
  TCX_NULL,
  TCX_BOOL,
  TCX_INT,
  TCX_DOUBLE,
  TCX_BIGNUM,
  TCX_TIME,
  TCX_STRING,
  TCX_BLOB,
  TCX_LIST,
  TCX_MAP,
  TCX_BODY
} tcx_type_t;
TCX_EXTERN tcx_type_t tcx_value_type(const tcx_value_t *v, const char *path);
/* NULL when absent */
TCX_EXTERN const tcx_value_t *tcx_value_get(const tcx_value_t *v, const char *path);
/* name is data, not a path */
TCX_EXTERN const tcx_value_t *tcx_value_member(const tcx_value_t *map, const char *name,
                                               size_t len);
/* O(1) */
TCX_EXTERN const tcx_value_t *tcx_value_at(const tcx_value_t *list, size_t i);
/* NULL when absent; of TIME: valid until the tree ends */
TCX_EXTERN const char *tcx_value_str(const tcx_value_t *v, const char *path);
/* STRING or BLOB; NULL when absent; len may be NULL */
TCX_EXTERN const void *tcx_value_bytes(const tcx_value_t *v, const char *path, size_t *len);
TCX_EXTERN int64_t tcx_value_int(const tcx_value_t *v, const char *path, int64_t fallback);
TCX_EXTERN double tcx_value_num(const tcx_value_t *v, const char *path, double fallback);
TCX_EXTERN bool tcx_value_bool(const tcx_value_t *v, const char *path, bool fallback);
/* UV_ENOENT when absent, UV_EINVAL when not a TIME */
TCX_EXTERN int tcx_value_time(const tcx_value_t *v, const char *path, int64_t *seconds,
                              int32_t *nanoseconds);
/* items, or bytes of a STRING or BLOB; else 0 */
TCX_EXTERN size_t tcx_value_len(const tcx_value_t *v, const char *path);
/* iteration over list or map ... */
TCX_EXTERN const tcx_value_t *tcx_value_first(const tcx_value_t *v, const char *path);
/* ... NULL after the last */
TCX_EXTERN const tcx_value_t *tcx_value_next(const tcx_value_t *item);
/* member name inside a map; NULL in a list */
TCX_EXTERN const char *tcx_value_name(const tcx_value_t *item);
/* What a JMESPath expression finds in v: one search of <tucuxi/jmespath.h>, which says what *result
 * is. Returns its status. */
TCX_NODISCARD TCX_EXTERN int tcx_value_search(const tcx_value_t *v, const char *jmespath,
                                              tcx_value_t **result);
/* OWNED deep copy, as a tree that can be built on. */
TCX_EXTERN tcx_value_t *tcx_value_copy(const tcx_value_t *v);
/* TIME as ISO 8601, BLOB as base64. *json is OWNED (tcx_free), NUL-ended; len may be NULL.
 * UV_ENOMEM, or the failure kept in v. */
TCX_NODISCARD TCX_EXTERN int tcx_value_to_json(const tcx_value_t *v, char **json, size_t *len);
TCX_EXTERN void tcx_free(void *p);

/* ---- session and client -------------------------------------------------------------------------
 * Created synchronously, closed asynchronously. Creation fails only for UV_ENOMEM, UV_EINVAL,
 * TCX_ECLOSING; an unknown service, bad region, profile or option is kept and comes, with its text,
 * as TCX_ESERVICE / TCX_ECONFIG in every call's callback. */
typedef enum {
  TCX_LOG_ERROR,
  TCX_LOG_WARN,
  TCX_LOG_INFO,
  TCX_LOG_DEBUG,
  TCX_LOG_TRACE
} tcx_log_level_t;
/* call is NULL for what belongs to no call. line has no newline and never a secret; valid inside
 * cb. No tcx_ call from here. */
typedef void (*tcx_log_cb)(tcx_log_level_t level, const char *area, const char *line,
                           const tcx_call_t *call, void *data);

typedef struct tcx_credentials {
  const char *access_key, *secret_key, *session_token, *account_id; /* the last two may be NULL */
  int64_t expires;                                                  /* Unix seconds; 0 = never */
} tcx_credentials_t;
typedef struct tcx_credentials_request tcx_credentials_request_t;
/* Called from the loop when credentials are missing or near their end (15 minutes before, as the
 * session's options have it). At most one request at a time. Answer now or later, exactly once. */
typedef void (*tcx_credentials_cb)(tcx_credentials_request_t *request, void *data);
/* status < 0: reason is shown in the TCX_ECREDS error; UV_ENOENT: the callback has none, and the
 * chain goes on when there is one (credentials_before). Everything is copied. After the session
 * began to close, or the request timed out, it only frees request. */
TCX_EXTERN void tcx_credentials_answer(tcx_credentials_request_t *request, int status,
                                       const tcx_credentials_t *credentials, const char *reason);
typedef struct tcx_mfa_request tcx_mfa_request_t;
/* Called from the loop when a profile's role wants the code of an MFA device (mfa_serial). At most
 * one request at a time. Answer now or later, exactly once. serial: valid inside cb. */
typedef void (*tcx_mfa_cb)(tcx_mfa_request_t *request, const char *serial, void *data);
/* status < 0, or code NULL: there is none, and the credentials fail. code is copied. After the
 * session began to close, or the request timed out, it only frees request. */
TCX_EXTERN void tcx_mfa_answer(tcx_mfa_request_t *request, int status, const char *code);

/* Exactly one of credentials (with the provider's name: "env", "assume-role" ...) and msg is not
 * NULL; all valid inside cb. */
typedef void (*tcx_session_credentials_cb)(tcx_session_t *session, int status,
                                           const tcx_credentials_t *credentials,
                                           const char *provider, const char *msg, void *data);
/* What the session's calls are signed with, fetched when it must be (botocore's
 * Session.get_credentials, frozen). cb comes once, later, from the loop. */
TCX_NODISCARD TCX_EXTERN int tcx_session_get_credentials(tcx_session_t *session,
                                                         tcx_session_credentials_cb cb, void *data);

#define TCX_NEVER ((unsigned)-1)
typedef struct tcx_session_options { /* all zero = defaults */
  const char *profile, *region;      /* win over the environment */
  /* instead of ~/.aws/config and ~/.aws/credentials */
  const char *config_file, *credentials_file;
  /* asked instead of the provider chain, or as a link of it: credentials_before */
  tcx_credentials_cb credentials;
  void *credentials_data;
  tcx_log_cb log;
  void *log_data;
  tcx_log_level_t log_level; /* log NULL = no log */
  void *data;                /* tcx_session_data */
  /* "10.0.0.2,[fd00::2]:5353" instead of the system's; NULL = the system's */
  const char *dns_servers;
  /* colon-separated folders of models, as AWS_DATA_PATH (which it replaces) */
  const char *data_path;
  /* makes credentials a link of the chain, before the provider of this name ("env", "iam-role"
   * ...); "end": the last */
  const char *credentials_before;
  /* NULL: a role that wants an MFA code is an error */
  tcx_mfa_cb mfa;
  void *mfa_data;
  /* credentials are fetched anew so long before their end: while the old ones serve on (0 = 15
   * minutes), and before any further call (0 = 10 minutes) */
  unsigned advisory_refresh_ms, mandatory_refresh_ms;
  /* of one fetch, all providers, attempts and pauses together; 0 = 2 minutes; TCX_NEVER = none */
  unsigned credentials_timeout_ms;
  /* an existing folder: temporary credentials of roles are kept in files there too (mode 0600), as
   * the AWS CLI does; NULL = in memory only */
  const char *credentials_cache;
  /* > 0, and log_level TCX_LOG_TRACE: heads of requests and responses, and so many bytes of each
   * body, are logged too (area "wire"), without what is secret; 0 = none */
  size_t log_wire;
} tcx_session_options_t;
typedef struct tcx_client_options { /* all zero = defaults */
  const char *region, *endpoint_url, *user_agent_extra;
  const char *access_key, *secret_key, *session_token; /* copied; wiped with the client */
  /* 0 = 60 s, 60 s, none; TCX_NEVER = none */
  unsigned connect_timeout_ms, read_timeout_ms, acquire_timeout_ms;
  /* total, first included (botocore's total_max_attempts); 0 = as configured, else 3 (DynamoDB:
   * 4) */
  unsigned max_attempts;
  /* of this client, over all hosts (botocore's max_pool_connections); 0 = 64 */
  unsigned max_connections;
  /* no credentials, no signature (botocore's UNSIGNED) */
  bool unsigned_requests;
  bool path_style; /* botocore's s3.addressing_style path */
  /* TLS certificates are not checked (botocore's verify=False); for experiments only */
  bool no_verify;
  /* CONSUMED. botocore's Config by its own names: tcx_params("{retries: {mode: standard},
   * use_fips_endpoint: true, s3: {addressing_style: virtual}, verify: %s}", ...). A field above
   * wins. Unknown name = TCX_ECONFIG. */
  tcx_value_t *config;
  void *data; /* tcx_client_data */
  /* of access_key: goes into the hosts of services that have account endpoints; copied */
  const char *account_id;
  /* for services with httpBearerAuth, which it is then preferred at, over https only; copied; NULL
   * = AWS_BEARER_TOKEN_<SIGNING_NAME> */
  const char *bearer_token;
} tcx_client_options_t;
typedef void (*tcx_session_close_cb)(tcx_session_t *session);
typedef void (*tcx_client_close_cb)(tcx_client_t *client);

/* The structs' sizes travel with the call, so that fields can be added at their end without
 * breaking a compiled program: use the inline functions. */
TCX_NODISCARD TCX_EXTERN int tcx_session_new_sized(uv_loop_t *loop,
                                                   const tcx_session_options_t *options,
                                                   size_t size, tcx_session_t **session);
TCX_NODISCARD TCX_EXTERN int tcx_session_create_client_sized(tcx_session_t *session,
                                                             const char *service,
                                                             const tcx_client_options_t *options,
                                                             size_t size, tcx_client_t **client);
/* OWNED: tcx_session_close. options NULL = defaults. Mirrors botocore.session.Session. Reads no
 * file and no network: that is due at the first client or call. */
static inline TCX_NODISCARD int
tcx_session_new(uv_loop_t *loop, const tcx_session_options_t *options, tcx_session_t **session) {
  return tcx_session_new_sized(loop, options, sizeof(tcx_session_options_t), session);
}
/* OWNED: tcx_client_close; ends with its session at the latest. Mirrors Session.create_client.
 * options NULL = defaults. */
static inline TCX_NODISCARD int tcx_session_create_client(tcx_session_t *session,
                                                          const char *service,
                                                          const tcx_client_options_t *options,
                                                          tcx_client_t **client) {
  return tcx_session_create_client_sized(session, service, options, sizeof(tcx_client_options_t),
                                         client);
}
/* The session's shared client for (service, region), made at first use; region NULL = the
 * configured one. BORROWED: it ends with the session, tcx_client_close does nothing to it. */
TCX_NODISCARD TCX_EXTERN int tcx_session_get_client(tcx_session_t *session, const char *service,
                                                    const char *region, tcx_client_t **client);
/* Closes its clients first: every owed callback runs with TCX_ECANCELED, then cb (may be NULL),
 * when no handle and no descriptor is left; the memory goes when cb returns. NULL, or a second
 * time: nothing happens. */
TCX_EXTERN void tcx_session_close(tcx_session_t *session, tcx_session_close_cb cb);
/* Refuses new calls (TCX_ECLOSING) from now on, finishes the old; cb (may be NULL) after the last
 * call and stream. Does not close. Nothing happens while a drain or a close is under way. */
TCX_EXTERN void tcx_client_drain(tcx_client_t *client, tcx_client_close_cb cb);
/* Cancels all; cb last (may be NULL); freed when it returns. NULL: nothing happens. */
TCX_EXTERN void tcx_client_close(tcx_client_t *client, tcx_client_close_cb cb);
/* For what is built on a client and does work of its own between calls: closing is called when the
 * client begins to close (from inside that function, so it only asks its work to stop), and the
 * close is not over before the watch has ended. Embed it; the fields but closing are the
 * library's. */
typedef struct tcx_watch tcx_watch_t;
struct tcx_watch {
  void (*closing)(tcx_watch_t *watch);
  tcx_client_t *client;
  tcx_watch_t *prev, *next;
};
/* 0 or TCX_ECLOSING */
TCX_NODISCARD TCX_EXTERN int tcx_client_watch(tcx_client_t *client, tcx_watch_t *watch);
/* harmless for one that is zeroed or has ended */
TCX_EXTERN void tcx_client_unwatch(tcx_watch_t *watch);
TCX_EXTERN void *tcx_session_data(const tcx_session_t *session);
TCX_EXTERN uv_loop_t *tcx_session_loop(const tcx_session_t *session);
TCX_EXTERN void *tcx_client_data(const tcx_client_t *client);
TCX_EXTERN tcx_session_t *tcx_client_session(const tcx_client_t *client);
/* NULL when none is known */
TCX_EXTERN const char *tcx_client_region(const tcx_client_t *client);
TCX_EXTERN const char *tcx_client_service(const tcx_client_t *client); /* "s3" */
typedef struct tcx_client_stats {
  /* calls started and not completed, and those whose stream is open; a waiter and its poll are
   * two */
  unsigned active;
  unsigned queued;      /* of these: waiting for a connection */
  unsigned connections; /* open or being opened */
  unsigned idle;        /* of these: free */
  uint64_t calls;       /* completed, well or not */
  uint64_t retries;     /* attempts after a call's first */
  uint64_t connects;    /* connections opened */
  uint64_t errors;      /* of calls: ended with an error */
  uint64_t throttles;   /* attempts that failed as throttled */
  unsigned quota;       /* what is left for retries: 500 at first; one costs 14, throttled 5 */
} tcx_client_stats_t;
TCX_EXTERN void tcx_client_get_stats_sized(const tcx_client_t *client, tcx_client_stats_t *stats,
                                           size_t size);
static inline void tcx_client_get_stats(const tcx_client_t *client, tcx_client_stats_t *stats) {
  tcx_client_get_stats_sized(client, stats, sizeof(tcx_client_stats_t));
}

/* ---- calls ----------------------------------------------------------------------------------- */
/* Exactly one of response and error is non-NULL; both are BORROWED (tcx_call_retain keeps them). */
typedef void (*tcx_call_cb)(tcx_call_t *call, const tcx_value_t *response,
                            const tcx_error_t *error);
typedef struct tcx_call_options { /* all zero = defaults; TCX_NEVER = none */
  /* the whole call until cb: queueing, retries, and the body unless it comes as a stream */
  unsigned timeout_ms;
  unsigned attempt_timeout_ms; /* one attempt, from a free connection to the headers */
  /* silence on the socket while somebody is reading; 0 = the client's */
  unsigned read_timeout_ms;
  unsigned max_attempts; /* total; 0 = the client's */
  /* > 0: a streaming output member is read whole before cb and is bytes in the response ("Body"),
   * an event stream a list of its events ({"Records": {"Payload": ...}}), checksummed and retried
   * like any other; more bytes are TCX_ETOOBIG. 0: it comes as a stream */
  size_t max_body;
  /* "Name: value" lines, NULL-ended; copied and signed, instead of the operation's own of that
   * name. TCX_EPARAM: CR, LF or NUL inside, or a header that tucuxi writes itself (Host,
   * Content-Length, Authorization ...) */
  const char *const *headers;
  /* bytes a second: a request's or response's body that stays below it for stall_ms ends the
   * attempt, or the stream, with TCX_ESTALLED. 0: no limit. Not counted is the time until the
   * response begins, in which a reader has stopped, or in which a body's source has nothing
   * (TCX_EAGAIN) */
  unsigned stall_limit;
  unsigned stall_ms; /* 0 = 30000 */
} tcx_call_options_t;
/* Starts an operation, by botocore's method name ("get_object") or the service's own ("GetObject").
 * params is CONSUMED. */
TCX_NODISCARD TCX_EXTERN int tcx_client_call(tcx_client_t *client, const char *operation,
                                             tcx_value_t *params, tcx_call_cb cb, void *data);
TCX_NODISCARD TCX_EXTERN int tcx_client_start_sized(tcx_client_t *client, const char *operation,
                                                    tcx_value_t *params,
                                                    const tcx_call_options_t *options, size_t size,
                                                    tcx_call_cb cb, void *data, tcx_call_t **call);
/* The same with options (NULL = defaults); *call (may be NULL) is BORROWED until cb returns. */
static inline TCX_NODISCARD int tcx_client_start(tcx_client_t *client, const char *operation,
                                                 tcx_value_t *params,
                                                 const tcx_call_options_t *options, tcx_call_cb cb,
                                                 void *data, tcx_call_t **call) {
  return tcx_client_start_sized(client, operation, params, options, sizeof(tcx_call_options_t), cb,
                                data, call);
}
/* cb comes later, with TCX_ECANCELED unless the outcome stood already. Nothing happens once cb ran
 * (hold a retained call to be sure that it is still there); a stream is ended by tcx_stream_close.
 * NULL is fine. */
TCX_EXTERN void tcx_call_cancel(tcx_call_t *call);
TCX_EXTERN void *tcx_call_data(const tcx_call_t *call);
/* NULL once the callback has returned and no stream of it is open */
TCX_EXTERN tcx_client_t *tcx_call_client(const tcx_call_t *call);
TCX_EXTERN const char *tcx_call_operation(const tcx_call_t *call); /* "GetObject" */
/* NULL until it completed, or on error */
TCX_EXTERN const tcx_value_t *tcx_call_response(const tcx_call_t *call);
TCX_EXTERN const tcx_error_t *tcx_call_error(const tcx_call_t *call); /* NULL on success */
/* 0 until a response arrived */
TCX_EXTERN int tcx_call_http_status(const tcx_call_t *call);
/* Bytes of the current attempt's bodies, without framing: of the request given to the socket, of
 * the response received. */
TCX_EXTERN uint64_t tcx_call_bytes_sent(const tcx_call_t *call);
TCX_EXTERN uint64_t tcx_call_bytes_received(const tcx_call_t *call);
/* of the response, case-insensitive; NULL when absent */
TCX_EXTERN const char *tcx_call_header(const tcx_call_t *call, const char *name);
/* keeps response and error past cb; returns call; OWNED: tcx_call_release */
TCX_EXTERN tcx_call_t *tcx_call_retain(tcx_call_t *call);
TCX_EXTERN void tcx_call_release(tcx_call_t *call);
/* Where a completed call's time went, in microseconds; of the last attempt, but for queue,
 * credentials, backoff and total, which are of all. 0 where a step did not happen. A stream's body
 * comes after total. */
typedef struct tcx_call_timings {
  uint64_t queue_us, credentials_us, dns_us, connect_us, tls_us, first_byte_us, total_us;
  unsigned attempts;
  /* the last attempt's connection had served before */
  bool reused;
  uint64_t backoff_us; /* all pauses before attempts */
  /* of all attempts' bodies, without framing: given to the socket, received until now */
  uint64_t bytes_sent, bytes_received;
} tcx_call_timings_t;
TCX_EXTERN void tcx_call_get_timings_sized(const tcx_call_t *call, tcx_call_timings_t *timings,
                                           size_t size);
static inline void tcx_call_get_timings(const tcx_call_t *call, tcx_call_timings_t *timings) {
  tcx_call_get_timings_sized(call, timings, sizeof(tcx_call_timings_t));
}
/* Makes of params as JSON knows them (CONSUMED; tcx_value_from_json) what the input of
 * the operation, or of a waiter's, wants: blobs from base64, numbers from "NaN" and "Infinity", a
 * streaming member from {"file": path}, {"base64": text} or a string, which stands for its UTF-8
 * bytes. Returns the params; a failure is kept in them (TCX_EPARAM names each bad member). */
TCX_EXTERN tcx_value_t *tcx_client_json_params(tcx_client_t *client, const char *operation,
                                               tcx_value_t *params);
/* Signs instead of sending (botocore's generate_presigned_url, SigV4). The response is {Url,
 * Method, Headers}: Headers are those that the sender must add. expires_s 0 = 3600, of a directory
 * bucket 300; more than 604800 is UV_EINVAL. What would be sent in a form is in the URL. Another
 * body in memory is signed and told as Body, but for S3's, which may be any. <tucuxi/presign.h> has
 * more: another method, POST forms, tokens, CloudFront. */
TCX_NODISCARD TCX_EXTERN int tcx_client_presign(tcx_client_t *client, const char *operation,
                                                tcx_value_t *params, unsigned expires_s,
                                                tcx_call_cb cb, void *data);
/* Makes the request of a first attempt, signed, and does not send it: for whoever wonders what
 * would go out, and for tests. The response is {Url, Method, Headers, Body}: every header as it
 * would be written, the whole body, framed and with its trailer where it has one. Bodies are
 * read. */
TCX_NODISCARD TCX_EXTERN int tcx_client_render(tcx_client_t *client, const char *operation,
                                               tcx_value_t *params, tcx_call_cb cb, void *data);

/* ---- request bodies -----------------------------------------------------------------------------
 * Pulled, so that a slow socket slows the source down; rewound before a retry. Files are read by
 * uv_fs on libuv's pool. Constructors never return NULL: a failure is kept and comes in the call's
 * callback: UV_ENOMEM, UV_EINVAL for a bad argument, TCX_EBODY for all that concerns file or
 * source. A source's callbacks come from the loop, read never from inside tcx_body_resume. */
/* > 0 bytes written to buf | 0 end | TCX_EAGAIN, then tcx_body_resume | < 0 fails the call */
typedef ssize_t (*tcx_body_read_cb)(tcx_body_t *body, void *buf, size_t len);
/* back to offset, 0 or < 0; NULL: sent once */
typedef int (*tcx_body_rewind_cb)(tcx_body_t *body, uint64_t offset);
/* exactly once, before the call's cb; no memory of it is touched afterwards; may be NULL */
typedef void (*tcx_body_close_cb)(tcx_body_t *body);
TCX_EXTERN tcx_body_t *tcx_body_copy(const void *p, size_t n);
/* p must outlive the call's cb */
TCX_EXTERN tcx_body_t *tcx_body_borrow(const void *p, size_t n);
/* length bytes of the regular file from offset; length -1: to its end, as it is when the call opens
 * it. */
TCX_EXTERN tcx_body_t *tcx_body_file(const char *path, uint64_t offset, int64_t length);
/* length -1: unknown, which this version refuses in the callback (TCX_EBODY): a request must say
 * it. */
TCX_EXTERN tcx_body_t *tcx_body_source(int64_t length, tcx_body_read_cb read,
                                       tcx_body_rewind_cb rewind, tcx_body_close_cb close,
                                       void *data);
/* The source has bytes again after TCX_EAGAIN. Only until close; harmless when nothing waits. */
TCX_EXTERN void tcx_body_resume(tcx_body_t *body);
TCX_EXTERN void *tcx_body_data(const tcx_body_t *body);
/* Only for a body that was never handed over. */
TCX_EXTERN void tcx_body_free(tcx_body_t *body);

/* ---- response streams ---------------------------------------------------------------------------
 * uv_read_cb's shape; not reading = TCP backpressure. A taken stream retains its call. It is OWNED:
 * tcx_stream_close. */
/* buf valid inside cb; nread is never 0; TCX_EOF at the verified end */
typedef void (*tcx_stream_cb)(tcx_stream_t *stream, ssize_t nread, const uv_buf_t *buf);
/* An event of an event stream, status 0: its name ("Records") and its members as a map, both valid
 * inside cb; tcx_value_copy keeps them. Else the end: TCX_EOF; TCX_ECLIENT when the service ended
 * the stream with an exception (its name and members; payload is NULL when the model does not know
 * it); any other status < 0, event and payload NULL. */
typedef void (*tcx_event_cb)(tcx_stream_t *stream, int status, const char *event,
                             const tcx_value_t *payload);
/* whole: of read_all, valid inside cb; else NULL */
typedef void (*tcx_stream_done_cb)(tcx_stream_t *stream, int status, const uv_buf_t *whole);
/* Only inside the call's cb, on success of an operation whose output streams (without max_body);
 * else NULL. Not taken = drained or its connection closed. A stream holds the loop only while it is
 * read. */
TCX_EXTERN tcx_stream_t *tcx_call_take_stream(tcx_call_t *call, void *data);
TCX_NODISCARD TCX_EXTERN int tcx_stream_read_start(tcx_stream_t *stream, tcx_stream_cb cb);
/* Reads an event stream event by event (botocore's EventStream). An event stream is read in no
 * other way, and other streams are not read so: UV_EINVAL. Events that the model does not know are
 * left out, as in botocore. Over json and rpc-v2-cbor the call's cb comes once initial-response was
 * read, whose members are the response. */
TCX_NODISCARD TCX_EXTERN int tcx_stream_events_start(tcx_stream_t *stream, tcx_event_cb cb);
/* Reads to the end into memory; more than max is TCX_ETOOBIG. */
TCX_NODISCARD TCX_EXTERN int tcx_stream_read_all(tcx_stream_t *stream, size_t max,
                                                 tcx_stream_done_cb cb);
/* Writes to an open file from offset on, -1: where it stands, as a pipe wants it (through libuv's
 * pool); the file stays open and yours. */
TCX_NODISCARD TCX_EXTERN int tcx_stream_to_file(tcx_stream_t *stream, uv_file file, int64_t offset,
                                                tcx_stream_done_cb cb);
/* After it no byte and no event comes until the next start. */
TCX_EXTERN void tcx_stream_read_stop(tcx_stream_t *stream);
/* No further read callback; a done callback that is owed comes once, TCX_ECANCELED unless all had
 * come, after the last file write. NULL is fine. */
TCX_EXTERN void tcx_stream_close(tcx_stream_t *stream);
TCX_EXTERN void *tcx_stream_data(const tcx_stream_t *stream);
TCX_EXTERN tcx_call_t *tcx_stream_call(const tcx_stream_t *stream);
/* of the whole body; -1 when the service did not say */
TCX_EXTERN int64_t tcx_stream_length(const tcx_stream_t *stream);
/* the response's member that it is: "Body" */
TCX_EXTERN const char *tcx_stream_member(const tcx_stream_t *stream);
/* after a status < 0 other than TCX_EOF */
TCX_EXTERN const tcx_error_t *tcx_stream_error(const tcx_stream_t *stream);

/* ---- paginators: pull, one next one page; mirrors get_paginator(...).paginate(...) ----------- */
/* page BORROWED until cb returns; TCX_EOF after the last */
typedef void (*tcx_page_cb)(tcx_paginator_t *pages, int status, const tcx_value_t *page);
/* An item, status 0, BORROWED until cb returns (NULL: it is null); then once the end, with item
 * NULL: TCX_EOF, or what went wrong. */
typedef void (*tcx_item_cb)(tcx_paginator_t *pages, int status, const tcx_value_t *item);
typedef struct tcx_paginate_options {
  /* botocore's PageSize; 0 = the service's. TCX_EPAGINATE at the first page where the operation has
   * no such parameter */
  unsigned page_size;
  /* botocore's MaxItems: so many of the first result key's items in all, the last page is cut; 0 =
   * no limit. A result that is a map or a structure is not cut: the page that reaches the limit is
   * given whole, and is the last */
  uint64_t max_items;
  /* botocore's StartingToken: what tcx_paginator_token or botocore's resume_token gave, or a token
   * of the service's own; copied; NULL = from the beginning */
  const char *starting_token;
  /* the next page is asked for while you have this one (one ahead, no more); such a call keeps the
   * loop like any other */
  bool prefetch;
} tcx_paginate_options_t;
TCX_NODISCARD TCX_EXTERN int tcx_client_paginate_sized(tcx_client_t *client, const char *operation,
                                                       tcx_value_t *params,
                                                       const tcx_paginate_options_t *options,
                                                       size_t size, void *data,
                                                       tcx_paginator_t **pages);
/* *pages is OWNED: tcx_paginator_close. params is CONSUMED. What is wrong with them comes at the
 * first page. */
static inline TCX_NODISCARD int tcx_client_paginate(tcx_client_t *client, const char *operation,
                                                    tcx_value_t *params,
                                                    const tcx_paginate_options_t *options,
                                                    void *data, tcx_paginator_t **pages) {
  return tcx_client_paginate_sized(client, operation, params, options,
                                   sizeof(tcx_paginate_options_t), data, pages);
}
/* Asks for the next page; one at a time (UV_EBUSY while one is owed). After the last one TCX_EOF,
 * after an error that error again. A service that gives the same token twice is TCX_EPAGINATE,
 * behind the page that it came with. */
TCX_NODISCARD TCX_EXTERN int tcx_paginator_next(tcx_paginator_t *pages, tcx_page_cb cb);
/* Every item of the pages that are left, page by page, each as soon as its page is there: no more
 * than a page is ever held (botocore's result_key_iters). result_key: one of the operation's,
 * "CommonPrefixes"; NULL = its first; another is TCX_EPAGINATE. The members of a map are items too,
 * by tcx_value_name; a result that is neither list nor map is itself one item. To stop early:
 * tcx_paginator_close. UV_EBUSY while a page is owed or another walk (each, search,
 * build_full_result) is under way. tcx_paginator_search: <tucuxi/jmespath.h>. */
TCX_NODISCARD TCX_EXTERN int tcx_paginator_each(tcx_paginator_t *pages, const char *result_key,
                                                tcx_item_cb cb);
/* The pages that are left in one (botocore's build_full_result): lists joined, numbers summed,
 * texts joined, by result key; the non-aggregate keys of the first page; NextToken where max_items
 * ended it. cb comes once; page lives until tcx_paginator_close. */
TCX_NODISCARD TCX_EXTERN int tcx_paginator_build_full_result(tcx_paginator_t *pages,
                                                             tcx_page_cb cb);
/* What goes on behind what was given, as starting_token, here or in botocore: its resume_token once
 * max_items ended the pages, and here also between two pages and after an error. Before the first
 * page the starting token; NULL: nothing is left, or nothing was asked. Valid until the next page
 * callback; what comes after the last page stays until tcx_paginator_close. */
TCX_EXTERN const char *tcx_paginator_token(const tcx_paginator_t *pages);
/* after a status < 0 other than TCX_EOF; until tcx_paginator_close */
TCX_EXTERN const tcx_error_t *tcx_paginator_error(const tcx_paginator_t *pages);
TCX_EXTERN void *tcx_paginator_data(const tcx_paginator_t *pages);
/* Also inside cb; an owed page callback comes once, TCX_ECANCELED. */
TCX_EXTERN void tcx_paginator_close(tcx_paginator_t *pages);

/* ---- waiters: a call that polls; mirrors get_waiter(...).wait(...) --------------------------- */
typedef struct tcx_wait_options { /* all zero = defaults */
  /* between an answer and the next poll; 0 = the model's; TCX_NEVER = none */
  unsigned delay_ms;
  unsigned max_attempts; /* polls; 0 = the model's */
  unsigned timeout_ms;   /* the whole wait until cb; 0 or TCX_NEVER = no limit */
} tcx_wait_options_t;
TCX_NODISCARD TCX_EXTERN int tcx_client_wait_sized(tcx_client_t *client, const char *waiter,
                                                   tcx_value_t *params,
                                                   const tcx_wait_options_t *options, size_t size,
                                                   tcx_call_cb cb, void *data, tcx_call_t **call);
/* Asks the waiter's operation again and again until the state that its name tells ("bucket_exists",
 * or the model's "BucketExists") is reached. params are the operation's (CONSUMED; a request body
 * cannot be among them). It is a call like any other: one callback, tcx_call_cancel,
 * tcx_call_retain; *call (may be NULL) is BORROWED until cb returns. Between polls it holds the
 * loop, and no connection. Drain waits for it.
 * On success response is the last poll's: where the state is reached by an error that the waiter
 * looks for ("bucket_not_exists"), the parsed error document. A failure is TCX_EWAITER: msg is what
 * botocore's WaiterError prints, response the last poll's, http_status, code and error_message its
 * as well (code NULL when it was no error), attempts the number of polls. An error that is not the
 * service's ends the wait as it is (TCX_EPARAM, UV_ECONNREFUSED ...), after the poll's own retries.
 * No such waiter is TCX_EOPNAME, with near names. Of the timings it has total_us and attempts (the
 * polls). */
static inline TCX_NODISCARD int tcx_client_wait(tcx_client_t *client, const char *waiter,
                                                tcx_value_t *params,
                                                const tcx_wait_options_t *options, tcx_call_cb cb,
                                                void *data, tcx_call_t **call) {
  return tcx_client_wait_sized(client, waiter, params, options, sizeof(tcx_wait_options_t), cb,
                               data, call);
}

/* ---- process-wide setup ---------------------------------------------------------------------- */
/* Before anything else of tucuxi is used, as uv_replace_allocator. UV_EINVAL when a function is
 * NULL. */
TCX_NODISCARD TCX_EXTERN int tcx_replace_allocator(uv_malloc_func m, uv_realloc_func r,
                                                   uv_calloc_func c, uv_free_func f);

#ifdef __cplusplus
}
#endif
#endif
