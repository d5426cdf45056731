/*
 * client_methods.c - what botocore's clients have beside their operations, by its names: tucuxi
 * call s3 generate_presigned_url '{"ClientMethod": "get_object", "Params": {...}}'. Nothing is
 * sent.
 */
#include "tool.h"
#include <tucuxi/presign.h>

struct answer { /* of one call */
  tcx_client_t *client;
  const tcx_value_t *params;
  tcx_call_cb cb;
  void *data;
};

static const char *text(const struct answer *a, const char *name) {
  return tcx_value_str(tcx_value_member(a->params, name, strlen(name)), NULL);
}
static tcx_value_t *copy(const struct answer *a, const char *name) {
  const tcx_value_t *v = tcx_value_member(a->params, name, strlen(name));
  return v != NULL && tcx_value_type(v, NULL) != TCX_NULL ? tcx_value_copy(v) : NULL;
}
static unsigned number(const struct answer *a, const char *name) {
  int64_t n = tcx_value_int(a->params, name, 0);
  return n < 0 || n > (int64_t)UINT32_MAX ? UINT32_MAX : (unsigned)n;
}

static int presigned_url(const struct answer *a) {
  tcx_presign_options_t options = {.expires_s = number(a, "ExpiresIn"),
                                   .method = text(a, "HttpMethod")};
  const char *method = text(a, "ClientMethod");
  tcx_value_t *params = tcx_client_json_params(a->client, method, copy(a, "Params"));
  return tcx_client_presign_url(a->client, method, params, &options, a->cb, a->data);
}

static int presigned_post(const struct answer *a) {
  return tcx_client_presign_post(a->client, text(a, "Bucket"), text(a, "Key"), copy(a, "Fields"),
                                 copy(a, "Conditions"), number(a, "ExpiresIn"), a->cb, a->data);
}

static int db_token(const struct answer *a) {
  return tcx_client_db_auth_token(a->client, text(a, "DBHostname"), number(a, "Port"),
                                  text(a, "DBUsername"), text(a, "Region"), a->cb, a->data);
}

static int dsql_token(const struct answer *a) {
  return tcx_client_db_connect_auth_token(a->client, text(a, "Hostname"), false, text(a, "Region"),
                                          number(a, "ExpiresIn"), a->cb, a->data);
}

static int dsql_admin_token(const struct answer *a) {
  return tcx_client_db_connect_auth_token(a->client, text(a, "Hostname"), true, text(a, "Region"),
                                          number(a, "ExpiresIn"), a->cb, a->data);
}

#define NAMES_MAX 5
static const struct client_method {
  const char *name, *service; /* NULL: of every one */
  int (*start)(const struct answer *a);
  unsigned required; /* of the names, the first */
  struct {
    const char *name;
    tcx_type_t type, other;
  } names[NAMES_MAX];
} methods[] = {
    {"generate_presigned_url",
     NULL,
     presigned_url,
     1,
     {{"ClientMethod", TCX_STRING, TCX_STRING},
      {"Params", TCX_MAP, TCX_NULL},
      {"ExpiresIn", TCX_INT, TCX_INT},
      {"HttpMethod", TCX_STRING, TCX_NULL}}},
    {"generate_presigned_post",
     "s3",
     presigned_post,
     2,
     {{"Bucket", TCX_STRING, TCX_STRING},
      {"Key", TCX_STRING, TCX_STRING},
      {"Fields", TCX_MAP, TCX_NULL},
      {"Conditions", TCX_LIST, TCX_NULL},
      {"ExpiresIn", TCX_INT, TCX_INT}}},
    {"generate_db_auth_token",
     "rds",
     db_token,
     3,
     {{"DBHostname", TCX_STRING, TCX_STRING},
      {"Port", TCX_INT, TCX_INT},
      {"DBUsername", TCX_STRING, TCX_STRING},
      {"Region", TCX_STRING, TCX_NULL}}},
    {"generate_db_connect_auth_token",
     "dsql",
     dsql_token,
     1,
     {{"Hostname", TCX_STRING, TCX_STRING},
      {"Region", TCX_STRING, TCX_NULL},
      {"ExpiresIn", TCX_INT, TCX_INT}}},
    {"generate_db_connect_admin_auth_token",
     "dsql",
     dsql_admin_token,
     1,
     {{"Hostname", TCX_STRING, TCX_STRING},
      {"Region", TCX_STRING, TCX_NULL},
      {"ExpiresIn", TCX_INT, TCX_INT}}},
};

const struct client_method *client_method(const tcx_client_t *client, const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
    if (strcmp(methods[i].name, name) == 0 &&
        (methods[i].service == NULL || strcmp(methods[i].service, tcx_client_service(client)) == 0))
      return &methods[i];
  return NULL;
}

/* What is wrong with the arguments, as a sentence in msg; false: nothing. */
static bool bad_arguments(const struct client_method *method, const tcx_value_t *params, char *msg,
                          size_t size) {
  static const char prefix[] = "Parameter validation failed:\n";
  if (params != NULL && tcx_value_type(params, NULL) != TCX_MAP)
    return snprintf(msg, size, "%sThe parameters must be a map", prefix) > 0;
  for (unsigned i = 0; i < NAMES_MAX && method->names[i].name != NULL; i++) {
    tcx_type_t type = tcx_value_type(params, method->names[i].name);
    if (type == TCX_ABSENT && i < method->required)
      return snprintf(msg, size, "%sMissing required parameter in input: \"%s\"", prefix,
                      method->names[i].name) > 0;
    if (type != TCX_ABSENT && type != method->names[i].type && type != method->names[i].other)
      return snprintf(msg, size, "%sInvalid type for parameter %s", prefix, method->names[i].name) >
             0;
  }
  for (const tcx_value_t *v = tcx_value_first(params, NULL); v != NULL; v = tcx_value_next(v)) {
    unsigned i = 0;
    while (i < NAMES_MAX && method->names[i].name != NULL &&
           strcmp(method->names[i].name, tcx_value_name(v)) != 0)
      i++;
    if (i == NAMES_MAX || method->names[i].name == NULL)
      return snprintf(msg, size, "%sUnknown parameter in input: \"%.100s\"", prefix,
                      tcx_value_name(v)) > 0;
  }
  return false;
}

int client_method_start(const struct client_method *method, tcx_client_t *client,
                        const tcx_value_t *params, tcx_call_cb cb, void *data, char *msg,
                        size_t size) {
  const struct answer a = {client, params, cb, data};
  msg[0] = '\0';
  if (tcx_value_status(params) != 0) {
    snprintf(msg, size, "%s", tcx_value_problem(params));
    return TCX_EPARAM;
  }
  if (bad_arguments(method, params, msg, size))
    return TCX_EPARAM;
  int err = method->start(&a);
  if (err == UV_EINVAL) {
    snprintf(msg, size, "Parameter validation failed:\nAn argument is out of its range");
    return TCX_EPARAM;
  }
  return err;
}
