/*
 * render_help.h - one call of any service up to its signed request, which is not sent: what came of
 * it, in a session and a client that live as long.
 */
#ifndef TCX_TEST_RENDER_HELP_H
#define TCX_TEST_RENDER_HELP_H
#include "core/call.h"
#include "support.h"

struct rendered {
  int status;
  tcx_phase_t phase;
  char *msg, *type;     /* of an error */
  tcx_value_t *request; /* {Url, Method, Headers, Body} */
  uint8_t scheme;       /* as the call chose them */
  char region[256], name[64];
};
struct render_plan {
  const char *service, *operation;
  tcx_value_t *params; /* consumed */
  tcx_session_options_t session;
  /* region NULL = us-east-1; keys are given unless the session has a provider or anonymous is
   * set */
  tcx_client_options_t client;
  bool anonymous;
  int64_t now;                                     /* 0 = the time that it is */
  tcx__goal goal;                                  /* SEND = RENDER */
  void (*adjust)(tcx_client_t *client, void *ctx); /* before the call; may be NULL */
  void *ctx;
};

static int64_t render_now;
static inline int64_t render_clock(const tcx_session_t *session) {
  (void)session;
  return render_now;
}

static inline void render_done(tcx_call_t *call, const tcx_value_t *response,
                               const tcx_error_t *error) {
  struct rendered *r = tcx_call_data(call);
  r->scheme = call->scheme;
  snprintf(r->region, sizeof r->region, "%s",
           call->signing_region != NULL ? call->signing_region : "");
  snprintf(r->name, sizeof r->name, "%s", call->signing_name != NULL ? call->signing_name : "");
  if (response != NULL) {
    r->request = tcx_value_copy(response);
    return;
  }
  r->status = error->status;
  r->phase = error->phase;
  r->msg = strdup(error->msg);
  r->type = strdup(tcx_error_type_name(error));
}

static inline struct rendered render(struct render_plan p) {
  uv_loop_t loop;
  tcx_session_t *session = NULL;
  tcx_client_t *client = NULL;
  struct rendered *r = calloc(1, sizeof *r), out;
  if (p.session.config_file == NULL)
    p.session.config_file = "/dev/null";
  if (p.session.credentials_file == NULL)
    p.session.credentials_file = "/dev/null";
  if (p.session.data_path == NULL)
    p.session.data_path = TCX_SOURCE_DIR "/models/data";
  if (p.client.region == NULL)
    p.client.region = "us-east-1";
  if (p.client.access_key == NULL && p.session.credentials == NULL && !p.anonymous) {
    p.client.access_key = "AKID";
    p.client.secret_key = "secret";
  }
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(tcx_session_new(&loop, &p.session, &session), 0);
  if (p.now != 0) {
    render_now = p.now;
    session->clock = render_clock;
  }
  assert_int_equal(tcx_session_create_client(session, p.service, &p.client, &client), 0);
  if (p.adjust != NULL)
    p.adjust(client, p.ctx);
  struct tcx_call_start start = {.client = client,
                                 .operation = p.operation,
                                 .params = p.params,
                                 .cb = render_done,
                                 .data = r,
                                 .goal = p.goal == TCX__GOAL_SEND ? TCX__GOAL_RENDER : p.goal,
                                 .expires_s = 3600};
  assert_int_equal(tcx__call_start(&start, NULL), 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  tcx_session_close(session, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  assert_true((r->request == NULL) != (r->status == 0));
  out = *r;
  free(r);
  return out;
}
static inline void rendered_free(struct rendered *r) {
  tcx_value_free(r->request);
  free(r->msg);
  free(r->type);
  memset(r, 0, sizeof *r);
}
#endif
