/*
 * imds.c - the metadata service of EC2 instances, version 2, and 1 where the service does not know
 * 2.
 *
 *   idle -> TOKEN -> ROLE -> KEYS -> answered: idle        each step with its own attempts
 *   idle -> TOKEN -> ZONE -> answered: idle                of the provider that tells the region
 *
 * Whatever is wrong with the service means that there are no credentials here, as in botocore; only
 * a token that cannot be had where version 1 is switched off is a failure.
 */
#include "base/mem.h"
#include "core/log.h"
#include "core/variables.h"
#include "creds/creds.h"
#include "creds/metadata.h"
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#define TOKEN_PATH "latest/api/token"
#define ROLE_PATH  "latest/meta-data/iam/security-credentials/"
#define ZONE_PATH  "latest/meta-data/placement/availability-zone/"
#define TOKEN_TTL  "21600"
#define TEXT_MAX   (8 * 1024u) /* of a token, a role's name, a URL */
/* how much longer than the advisory window stale credentials serve on */
#define EXTEND_MIN_S 120
#define EXTEND_MAX_S 600

enum step { STEP_TOKEN, STEP_ROLE, STEP_KEYS, STEP_ZONE };

struct imds {
  struct tcx_provider provider;
  const struct tcx_creds *creds;
  struct tcx_creds own;  /* creds, of the provider that tells the region */
  enum step after_token; /* ROLE or ZONE */
  struct tcx_asker *asker;
  struct tcx_metadata http;
  enum step step;
  unsigned attempt, attempts;
  unsigned timeout_ms;
  const char *base;
  bool v1_disabled;
  struct tcx_url url;
  struct tcx_buf uri;   /* what url points into */
  struct tcx_buf token; /* the header line, or empty */
  struct tcx_buf role;
};

static void forget(struct imds *p) {
  tcx__buf_free(&p->uri);
  tcx__buf_free(&p->role);
  tcx__buf_wipe(&p->token);
}

static void give_up(struct imds *p, int status, const char *why) {
  forget(p);
  if (p->after_token != STEP_ZONE || status == UV_ENOMEM) {
    tcx__answer_failure(p->asker, status, why);
    return;
  }
  tcx__log(p->creds->session, TCX_LOG_DEBUG, "config", NULL, "the machine's region: %s",
           why != NULL ? why : tcx_strerror(status));
  tcx__answer_token(p->asker, "unknown", 0, p->provider.name); /* it is not looked for again */
}

/* ---- settings ---- */

/* A whole number of at least 1, or the variable's default. */
static unsigned number(const struct tcx_settings *s, const char *name) {
  int64_t n = 0;
  const char *text = tcx__variable_text(s, name);
  if (tcx__variable_int(text, &n) != 0 || n < 1 || n > 1000)
    (void)tcx__variable_int(tcx__variable(name)->fallback, &n);
  return (unsigned)n;
}

/* UV_ENOENT: switched off. */
static int configure(struct imds *p, char *why, size_t size) {
  const struct tcx_settings *s = p->creds->settings;
  const char *mode = tcx__variable_text(s, "ec2_metadata_service_endpoint_mode");
  const char *disabled = tcx__getenv("AWS_EC2_METADATA_DISABLED"); /* no variable of the session */
  if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
    snprintf(why, size, "AWS_EC2_METADATA_DISABLED is true");
    return UV_ENOENT;
  }
  bool ipv6 = tcx__variable_true(s, "imds_use_ipv6");
  if (!ipv6 && mode != NULL && strcasecmp(mode, "ipv4") != 0 && strcasecmp(mode, "ipv6") != 0) {
    snprintf(why, size,
             "Invalid EC2 Instance Metadata endpoint mode: %.100s Valid endpoint modes "
             "(case-insensitive): ipv4, ipv6.",
             mode);
    return TCX_ECONFIG;
  }
  p->base = tcx__variable_text(s, "ec2_metadata_service_endpoint");
  if (p->base == NULL)
    p->base = ipv6 || (mode != NULL && strcasecmp(mode, "ipv6") == 0) ? "http://[fd00:ec2::254]/"
                                                                      : "http://169.254.169.254/";
  p->v1_disabled = tcx__variable_true(s, "ec2_metadata_v1_disabled");
  p->attempts = number(s, "metadata_service_num_attempts");
  p->timeout_ms = 1000 * number(s, "metadata_service_timeout");
  return 0;
}

/* ---- one request ---- */

static int make_url(struct imds *p, const char *path, struct tcx_str more) {
  const char *why = NULL;
  tcx__buf_free(&p->uri);
  tcx__buf_init(&p->uri, NULL, TEXT_MAX);
  tcx__buf_adds(&p->uri, p->base);
  if (p->uri.len > 0 && p->uri.data[p->uri.len - 1] != '/')
    tcx__buf_addc(&p->uri, '/');
  tcx__buf_adds(&p->uri, path);
  tcx__buf_add_str(&p->uri, more);
  if (p->uri.status != 0)
    return p->uri.status;
  return tcx__url_parse(&p->url, tcx__buf_str(&p->uri), &why) == 0 ? 0 : TCX_ECONFIG;
}

static void ask(struct imds *p) {
  const char *agent = "User-Agent: tucuxi";
  const char *put_lines[] = {"x-aws-ec2-metadata-token-ttl-seconds: " TOKEN_TTL, agent, NULL};
  const char *get_lines[] = {agent, p->token.len > 0 ? p->token.data : NULL, NULL};
  p->attempt++;
  int err = tcx__metadata_ask(&p->http, p->step == STEP_TOKEN ? "PUT" : "GET", &p->url,
                              p->step == STEP_TOKEN ? put_lines : get_lines, p->timeout_ms);
  if (err != 0)
    give_up(p, err == UV_ENOMEM ? err : TCX_ECREDS,
            err == UV_ENOMEM ? NULL : "Error retrieving metadata: the token is no header value");
}

static void step_to(struct imds *p, enum step step) {
  char why[TCX__CREDS_TEXT];
  if (step != STEP_TOKEN && p->token.len == 0 && p->v1_disabled) {
    give_up(p, TCX_ECREDS,
            "Error retrieving metadata: Unable to retrieve token for use in IMDSv2 call and IMDSv1 "
            "has been disabled");
    return;
  }
  p->step = step;
  p->attempt = 0;
  int err = make_url(p,
                     step == STEP_TOKEN  ? TOKEN_PATH
                     : step == STEP_ZONE ? ZONE_PATH
                                         : ROLE_PATH,
                     step == STEP_KEYS ? tcx__buf_str(&p->role) : (struct tcx_str){0});
  if (err == 0) {
    ask(p);
    return;
  }
  snprintf(why, sizeof why,
           step == STEP_KEYS ? "the instance's role has a name that fits no URL"
                             : "Invalid endpoint EC2 Instance Metadata endpoint: %.200s",
           p->base);
  give_up(p, err == UV_ENOMEM ? err : TCX_ECONFIG, err == UV_ENOMEM ? NULL : why);
}

/* ---- answers ---- */

static void take_token(struct imds *p, int status) {
  struct tcx_metadata *m = &p->http;
  if (status == 0 && m->http_status == 200) {
    tcx__buf_init(&p->token, NULL, TEXT_MAX);
    if (m->body.len > 0) {
      tcx__buf_adds(&p->token, "x-aws-ec2-metadata-token: ");
      tcx__buf_add(&p->token, m->body.data, m->body.len);
    }
    if (p->token.status != 0)
      give_up(p, p->token.status == UV_ENOMEM ? UV_ENOMEM : TCX_ECREDS, NULL);
    else
      step_to(p, p->after_token);
  } else if (status == 0 && m->http_status == 400) {
    give_up(p, UV_ENOENT, "the instance metadata service answered 400 to the request for a token");
  } else if ((status == 0 &&
              (m->http_status == 403 || m->http_status == 404 || m->http_status == 405)) ||
             (status == UV_ETIMEDOUT && m->connected) || p->attempt >= p->attempts) {
    step_to(p, p->after_token); /* version 1 */
  } else {
    ask(p);
  }
}

/* Credentials that are near their end although they are the newest: the service is in trouble, and
 * they go on being used. */
static void extend(struct imds *p, tcx_credentials_t *keys) {
  tcx_session_t *session = p->creds->session;
  int64_t now = tcx__session_expiry_now_ms(session) / 1000;
  int64_t by = tcx__identity_advisory_ms(session) / 1000 + EXTEND_MIN_S +
               (int64_t)(tcx__session_random(session) * (EXTEND_MAX_S - EXTEND_MIN_S));
  if (now < keys->expires - by)
    return;
  keys->expires = now + by;
  tcx__log(
      session, TCX_LOG_INFO, "credentials", NULL,
      "Attempting credential expiration extension due to a credential service availability issue. "
      "A refresh of these credentials will be attempted again within the next %d minutes.",
      (int)(by / 60));
}

static void take_keys(struct imds *p, struct tcx_creds_document *d) {
  const char *why = NULL;
  if (tcx__creds_document_keys(d, "Token", &why) != 0 || d->keys.session_token == NULL ||
      d->keys.expires == 0) {
    give_up(p, UV_ENOENT, "the instance metadata service's answer has no whole credentials");
    return;
  }
  extend(p, &d->keys);
  forget(p);
  tcx__answer_keys(p->asker, &d->keys, p->provider.name);
}

/* The zone is the region and a letter. */
static void take_zone(struct imds *p) {
  struct tcx_metadata *m = &p->http;
  char region[64];
  if (m->body.len < 2 || m->body.len > sizeof region) {
    give_up(p, UV_ENOENT, "the instance metadata service's answer is no zone");
    return;
  }
  memcpy(region, m->body.data, m->body.len - 1);
  region[m->body.len - 1] = '\0';
  forget(p);
  tcx__answer_token(p->asker, region, 0, p->provider.name);
}

/* All but TOKEN: an answer that is none is asked for again. */
static void take_text(struct imds *p, int status, const char *why) {
  struct tcx_metadata *m = &p->http;
  struct tcx_creds_document d = {0};
  char what[TCX__CREDS_TEXT];
  bool good = status == 0 && m->http_status == 200 && m->body.len > 0;
  int err =
      good && p->step == STEP_KEYS ? tcx__creds_document_begin(&d, m->body.data, m->body.len) : 0;
  if (good && err == 0 && p->step == STEP_KEYS) {
    take_keys(p, &d);
  } else if (good && p->step == STEP_ZONE) {
    take_zone(p);
  } else if (good && err == 0) {
    tcx__buf_init(&p->role, NULL, TEXT_MAX);
    tcx__buf_add(&p->role, m->body.data, m->body.len);
    if (p->role.status == 0)
      step_to(p, STEP_KEYS);
    else
      give_up(p, p->role.status == UV_ENOMEM ? UV_ENOMEM : TCX_ECREDS, NULL);
  } else if (err == UV_ENOMEM || status == UV_ENOMEM) {
    give_up(p, UV_ENOMEM, NULL);
  } else if (p->attempt < p->attempts) {
    ask(p);
  } else {
    if (status != 0)
      snprintf(what, sizeof what, "no answer from the instance metadata service: %s",
               why != NULL ? why : tcx_strerror(status));
    else
      snprintf(what, sizeof what, "the instance metadata service answered %d%s", m->http_status,
               err != 0           ? ", not in JSON"
               : m->body.len == 0 ? ", nothing"
                                  : "");
    give_up(p, UV_ENOENT, what);
  }
  tcx__creds_document_end(&d);
}

static void on_answer(struct tcx_metadata *m, int status, const char *why) {
  struct imds *p = (struct imds *)(void *)((char *)m - offsetof(struct imds, http));
  if (p->step == STEP_TOKEN)
    take_token(p, status);
  else
    take_text(p, status, why);
}

static void fetch(struct tcx_provider *provider, struct tcx_asker *asker) {
  struct imds *p = (struct imds *)provider;
  char why[TCX__CREDS_TEXT];
  p->asker = asker;
  int err = configure(p, why, sizeof why);
  if (err != 0)
    give_up(p, err, why);
  else
    step_to(p, STEP_TOKEN);
}

static void cancel(struct tcx_provider *provider) {
  struct imds *p = (struct imds *)provider;
  tcx__metadata_cancel(&p->http);
  forget(p);
}

static void free_provider(struct tcx_provider *provider) {
  tcx__metadata_end(&((struct imds *)provider)->http);
  tcx__free(provider);
}

static struct imds *new_imds(tcx_session_t *session, const char *name, enum step after_token) {
  struct imds *p = tcx__calloc(1, sizeof *p);
  if (p == NULL)
    return NULL;
  p->provider = (struct tcx_provider){name, fetch, cancel, free_provider};
  p->after_token = after_token;
  p->http = (struct tcx_metadata){.session = session, .done = on_answer};
  return p;
}

int tcx__creds_imds(const struct tcx_creds *creds, struct tcx_provider **out) {
  struct imds *p = new_imds(creds->session, "iam-role", STEP_ROLE);
  if (p == NULL)
    return UV_ENOMEM;
  p->creds = creds;
  *out = &p->provider;
  return 0;
}

int tcx__creds_home(tcx_session_t *session, const struct tcx_settings *settings,
                    struct tcx_provider **out) {
  struct imds *p = new_imds(session, "home-region", STEP_ZONE);
  if (p == NULL)
    return UV_ENOMEM;
  p->own = (struct tcx_creds){.session = session, .settings = settings};
  p->creds = &p->own;
  *out = &p->provider;
  return 0;
}
