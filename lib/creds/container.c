/*
 * container.c - the credentials service of ECS and EKS.
 *
 *   idle -> asking -> (it failed) pause of 1 s -> asking, up to 3 times -> answered: idle
 *
 * The environment says where it is, and the token's file is read anew before each fetch.
 */
#include "base/mem.h"
#include "core/variables.h"
#include "creds/creds.h"
#include "creds/file.h"
#include "creds/metadata.h"
#include <stddef.h>
#include <stdio.h>

#define TIMEOUT_MS 2000 /* botocore's ContainerMetadataFetcher */
#define ATTEMPTS   3
#define PAUSE_MS   1000
#define TOKEN_MAX  (16 * 1024u)

struct container {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  struct tcx_asker *asker;
  struct tcx_metadata http;
  struct tcx_timer pause;
  struct tcx_url url;
  struct tcx_buf uri;           /* what url points into */
  struct tcx_buf authorization; /* the header line, or empty */
  unsigned attempts;
};

static void forget(struct container *c) {
  tcx__buf_free(&c->uri);
  tcx__buf_wipe(&c->authorization);
}

static void fail(struct container *c, int status, const char *what) {
  char why[TCX__CREDS_TEXT];
  forget(c);
  snprintf(why, sizeof why, "Error when retrieving credentials from container-role: %.900s", what);
  tcx__answer_failure(c->asker, status, why);
}

/* ---- where ---- */

static bool is_loopback(struct tcx_str host, bool ipv6) {
  return ipv6 ? tcx__str_is(host, "::1") : tcx__is_ip(host) && tcx__str_starts(host, "127.");
}

/* Over plain http only this machine and the two services' own addresses may see the token. */
static bool may_ask(const struct tcx_url *url) {
  static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23",
                                      "localhost"};
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
    if (tcx__str_ieq(url->host, tcx__str(hosts[i])))
      return true;
  return url->tls || is_loopback(url->host, url->ipv6);
}

/* UV_ENOENT: nothing is said; TCX_ECREDS: what cannot be asked, and why. */
static int find_url(struct container *c, const char **why) {
  const char *relative = tcx__getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
             *full = tcx__getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"), *what = NULL;
  if (relative == NULL && full == NULL)
    return UV_ENOENT;
  tcx__buf_init(&c->uri, NULL, TOKEN_MAX);
  if (relative != NULL)
    tcx__buf_adds(&c->uri, relative[0] == '/' ? "http://169.254.170.2" : "http://169.254.170.2/");
  tcx__buf_adds(&c->uri, relative != NULL ? relative : full);
  if (c->uri.status == UV_ENOMEM)
    return UV_ENOMEM;
  *why = "the container's URI is no URL with a host";
  if (c->uri.status != 0 || tcx__url_parse(&c->url, tcx__buf_str(&c->uri), &what) != 0)
    return TCX_ECREDS;
  *why = "Unsupported host. Can only retrieve metadata over https, from a loopback address or from "
         "one of these hosts: 169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost";
  return may_ask(&c->url) ? 0 : TCX_ECREDS;
}

/* The file before the variable; a line end in either is no token. */
static int find_token(struct container *c, const char **why) {
  const char *path = tcx__getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
             *token = tcx__getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  tcx__buf_init(&c->authorization, NULL, TOKEN_MAX);
  if (path == NULL && token == NULL)
    return 0;
  tcx__buf_adds(&c->authorization, "Authorization: ");
  int err = 0;
  if (path != NULL)
    err = tcx__file_read(path, &c->authorization);
  else
    tcx__buf_adds(&c->authorization, token);
  if (err == UV_ENOMEM || c->authorization.status == UV_ENOMEM)
    return UV_ENOMEM;
  *why = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read";
  if (err != 0 || c->authorization.status != 0)
    return TCX_ECREDS;
  *why = "Auth token value is not a legal header value";
  return strlen(c->authorization.data) == c->authorization.len &&
                 strpbrk(c->authorization.data, "\r\n") == NULL
             ? 0
             : TCX_ECREDS;
}

/* ---- the conversation ---- */

static void ask(struct container *c) {
  const char *lines[] = {"Accept: application/json",
                         c->authorization.len > 0 ? c->authorization.data : NULL, NULL};
  c->attempts++;
  int err = tcx__metadata_ask(&c->http, "GET", &c->url, lines, TIMEOUT_MS);
  if (err != 0)
    fail(c, err, tcx_strerror(err));
}

static void on_pause_over(struct tcx_timer *timer) {
  ask((struct container *)(void *)((char *)timer - offsetof(struct container, pause)));
}

static void take(struct container *c, struct tcx_creds_document *d) {
  const char *why = NULL;
  int err = tcx__creds_document_keys(d, "Token", &why);
  if (err != 0) {
    fail(c, err, why);
    return;
  }
  forget(c);
  tcx__answer_keys(c->asker, &d->keys, c->provider.name);
}

static void on_answer(struct tcx_metadata *m, int status, const char *why) {
  struct container *c = (struct container *)(void *)((char *)m - offsetof(struct container, http));
  struct tcx_creds_document d = {0};
  char what[TCX__CREDS_TEXT];
  int err = TCX_ECREDS;
  if (status != 0)
    snprintf(what, sizeof what, "Received error when attempting to retrieve container metadata: %s",
             why != NULL ? why : tcx_strerror(status));
  else if (m->http_status != 200)
    snprintf(what, sizeof what, "Received non 200 response %d from container metadata",
             m->http_status);
  else if ((err = tcx__creds_document_begin(&d, m->body.data != NULL ? m->body.data : "",
                                            m->body.len)) != 0)
    snprintf(what, sizeof what, "Unable to parse JSON returned from container metadata services");
  if (err == 0)
    take(c, &d);
  else if (err == UV_ENOMEM || status == UV_ENOMEM)
    fail(c, UV_ENOMEM, tcx_strerror(UV_ENOMEM));
  else if (c->attempts >= ATTEMPTS)
    fail(c, err, what);
  else
    tcx__timer_start(c->creds->session->net, &c->pause, PAUSE_MS, on_pause_over);
  tcx__creds_document_end(&d);
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct container *c = (struct container *)provider;
  const char *why = NULL;
  c->asker = asker;
  c->attempts = 0;
  int err = find_url(c, &why);
  if (err == UV_ENOENT) {
    tcx__answer_failure(asker, err,
                        "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                        "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    return;
  }
  if (err == 0)
    err = find_token(c, &why);
  if (err != 0)
    fail(c, err, err == UV_ENOMEM ? tcx_strerror(err) : why);
  else
    ask(c);
}

static void cancel(struct tcx_provider *provider) {
  struct container *c = (struct container *)provider;
  tcx__timer_stop(c->creds->session->net, &c->pause);
  tcx__metadata_cancel(&c->http);
  forget(c);
}

static void free_provider(struct tcx_provider *provider) {
  tcx__metadata_end(&((struct container *)provider)->http);
  tcx__free(provider);
}

int tcx__creds_container(const struct tcx_creds *creds, struct tcx_provider **out) {
  struct container *c = tcx__calloc(1, sizeof *c);
  if (c == NULL)
    return UV_ENOMEM;
  c->provider = (struct tcx_provider){"container-role", fetch, cancel, free_provider};
  c->creds = creds;
  c->http = (struct tcx_metadata){.session = creds->session,
                                  .done = on_answer,
                                  .ca_bundle = tcx__variable_text(creds->settings, "ca_bundle")};
  *out = &c->provider;
  return 0;
}
