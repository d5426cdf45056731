/*
 * tokens.c - tokens that databases take for a password: a presigned URL without its scheme, of no
 * operation of a model. botocore's generate_db_auth_token and generate_db_connect_auth_token. Calls
 * that are nothing but a presigner.
 */
#include "base/codec.h"
#include "custom/custom.h"
#include <ctype.h>
#include <string.h>
#include <tucuxi/presign.h>

#define TOKEN_EXPIRES 900u

struct token {
  struct tcx_presigner presigner;
  const char *of;          /* "rds": a client of this service only */
  const char *name;        /* the signing name: "rds-db" */
  const char *url, *query; /* "https://HOST:PORT/" */
  struct tcx_str host;     /* of url: HOST:PORT */
  const char *region;      /* NULL = the client's */
  unsigned expires_s;
};

/* What is signed is the host in lower case, without the port that https has anyway. */
static int set_host(tcx_call_t *call, const struct token *token) {
  struct tcx_url url;
  const char *why = "";
  char *lower = tcx__arena_strdup(call->arena, token->url);
  if (lower == NULL)
    return UV_ENOMEM;
  for (char *p = lower; *p != '\0'; p++)
    *p = (char)tolower((unsigned char)*p);
  if (tcx__url_parse(&url, tcx__str(lower), &why) != 0 || !tcx__valid_host(url.host) ||
      url.query.p != NULL || !tcx__str_is(url.path, "/"))
    return tcx__fail(&call->fail, TCX_EPARAM,
                     "Parameter validation failed:\nInvalid host of a database: %.*s",
                     (int)token->host.n, token->host.p);
  call->req.host_header = url.authority;
  if (tcx__str_ends(url.authority, ":443"))
    call->req.host_header.n -= 4;
  return 0;
}

static int sign(tcx_call_t *call, const struct token *token) {
  struct tcx_sigv4 s;
  if (token->region != NULL)
    call->signing_region = token->region;
  call->signing_name = token->name;
  tcx__headers_init(&call->req.headers, call->arena);
  call->req.method = "GET";
  call->req.path = TCX__STR("/");
  call->req.query = tcx__str(token->query);
  int err = tcx__call_sigv4(call, &s);
  return err == 0 ? tcx__sigv4_presign(&s, &call->req, token->expires_s, &call->fail) : err;
}

static int make_token(tcx_call_t *call, struct tcx_presigner *presigner) {
  const struct token *token = (const struct token *)presigner;
  if (strcmp(call->client->service, token->of) != 0)
    return tcx__fail(&call->fail, TCX_EOPNAME, "'%s' has no such tokens: they are those of '%s'",
                     call->client->service, token->of);
  int err = set_host(call, token);
  if (err == 0 && call->scheme == TCX__SCHEME_NONE)
    err =
        tcx__fail(&call->fail, TCX_ECONFIG, "A token is a signature, and the client signs nothing");
  if (err == 0)
    err = tcx__call_signs(call) ? sign(call, token) : tcx__call_cannot_sign(call, "query");
  if (err != 0)
    return err;
  char *text = tcx__arena_printf(call->arena, "%.*s/?%.*s", (int)token->host.n, token->host.p,
                                 (int)call->req.query.n, call->req.query.p);
  struct tcx_value *v = text != NULL ? tcx__value_new_str(call->arena, text, strlen(text)) : NULL;
  call->value = tcx__value_new(call->arena, TCX_MAP);
  return v == NULL || call->value == NULL ? UV_ENOMEM
                                          : tcx__value_add(call->arena, call->value, "Token", 5, v);
}

/* Its texts, in the call's memory. */
static int keep_texts(struct tcx_arena *arena, struct token *token, const char *host,
                      const char *query, const char *user, const char *region) {
  struct tcx_buf text;
  tcx__buf_init(&text, arena, 1u << 16);
  tcx__buf_adds(&text, query);
  if (user != NULL)
    tcx__uri_encode(&text, user, strlen(user), TCX__URI_LABEL);
  token->query = text.data;
  token->url = tcx__arena_printf(arena, "https://%s/", host);
  if (token->url != NULL)
    token->host = (struct tcx_str){token->url + 8, strlen(host)};
  token->region = region != NULL ? tcx__arena_strdup(arena, region) : NULL;
  return text.status != 0 || token->url == NULL || (region != NULL && token->region == NULL)
             ? UV_ENOMEM
             : 0;
}

static int start(tcx_client_t *client, const struct token *what, const char *host,
                 const char *query, const char *user, const char *region, tcx_call_cb cb,
                 void *data) {
  struct tcx_call_start call = {.client = client,
                                .operation = what->name,
                                .params = tcx_value_new_map(),
                                .cb = cb,
                                .data = data,
                                .goal = TCX__GOAL_PRESIGN};
  struct token *token = tcx__presigner_new(call.params, sizeof *token);
  if (token != NULL)
    *token = *what;
  if (token == NULL ||
      keep_texts(tcx__root_of(call.params)->arena, token, host, query, user, region) != 0) {
    tcx_value_free(call.params);
    return UV_ENOMEM;
  }
  token->presigner = (struct tcx_presigner){.run = make_token, .alone = true};
  call.presigner = &token->presigner;
  return tcx__call_start(&call, NULL);
}

int tcx_client_db_auth_token(tcx_client_t *rds, const char *hostname, unsigned port,
                             const char *username, const char *region, tcx_call_cb cb, void *data) {
  char host[300];
  if (hostname == NULL || username == NULL || port == 0 || port > 65535)
    return UV_EINVAL;
  int n = snprintf(host, sizeof host, "%s:%u", hostname, port);
  if (n < 0 || (size_t)n >= sizeof host)
    return UV_EINVAL;
  return start(rds, &(struct token){.of = "rds", .name = "rds-db", .expires_s = TOKEN_EXPIRES},
               host, "Action=connect&DBUser=", username, region, cb, data);
}

int tcx_client_db_connect_auth_token(tcx_client_t *dsql, const char *hostname, bool admin,
                                     const char *region, unsigned expires_s, tcx_call_cb cb,
                                     void *data) {
  if (hostname == NULL)
    return UV_EINVAL;
  return start(
      dsql,
      &(struct token){
          .of = "dsql", .name = "dsql", .expires_s = expires_s != 0 ? expires_s : TOKEN_EXPIRES},
      hostname, admin ? "Action=DbConnectAdmin" : "Action=DbConnect", NULL, region, cb, data);
}
