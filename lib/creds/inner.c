#include "creds/inner.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/value.h"
#include "core/client.h"

static void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  struct tcx_inner *inner = tcx_call_data(call);
  if (inner->call != call)
    return; /* cancelled: its client is closing */
  tcx_client_t *client = inner->client;
  inner->call = NULL;
  inner->client = NULL;
  inner->done(inner, response, error);
  if (response != NULL)
    for (const struct tcx_value *kid = tcx__value_kids(response); kid != NULL; kid = kid->next)
      if (!tcx__str_is(tcx__str(kid->name), "ResponseMetadata"))
        tcx__value_wipe(kid);
  tcx_client_close(client, NULL);
}

int tcx__inner_start(struct tcx_inner *inner, const char *service,
                     const tcx_client_options_t *options, const char *operation,
                     tcx_value_t *params) {
  int err = tcx_session_create_client(inner->session, service, options, &inner->client);
  if (err != 0) {
    tcx_value_free(params);
    return err;
  }
  if (inner->custom != NULL)
    inner->client->custom = inner->custom;
  err = tcx_client_start(inner->client, operation, params, NULL, on_done, inner, &inner->call);
  if (err != 0) {
    tcx_client_close(inner->client, NULL);
    inner->client = NULL;
    inner->call = NULL;
  }
  return err;
}

int64_t tcx__inner_ends(const struct tcx_inner *inner, const tcx_value_t *response,
                        const char *path) {
  int64_t now = tcx__session_expiry_now_ms(inner->session) / 1000,
          seconds = tcx_value_int(response, path, 0);
  return seconds <= 0 ? now : seconds > TCX__TIME_MAX - now ? TCX__TIME_MAX : now + seconds;
}

void tcx__inner_cancel(struct tcx_inner *inner) {
  tcx_client_t *client = inner->client;
  inner->client = NULL;
  inner->call = NULL;
  tcx_client_close(client, NULL); /* cancels the call */
}

const char *tcx__inner_region(const tcx_session_t *session) {
  for (tcx_client_t *c = session->clients; c != NULL; c = tcx__client_next(c))
    if (tcx_client_region(c) != NULL)
      return tcx_client_region(c);
  return NULL;
}
