#include "core/monitor.h"
#include "base/mem.h"
#include "core/log.h"
#include "core/variables.h"
#include "net/dns.h"
#include <netinet/in.h>
#include <string.h>

#define CLIENT_ID_MAX 255

struct tcx_monitor {
  tcx_session_t *session;
  uv_udp_t udp; /* has no socket before the first event */
  const char *host, *client_id;
  uint16_t port;
  struct tcx_dns_query query; /* while the host is looked up */
  bool asked, known;
  struct sockaddr_storage to; /* the last answer */
  void (*closed)(tcx_session_t *session);
};

/* ---- life ---- */

static int configure(struct tcx_monitor *m, const struct tcx_settings *settings,
                     struct tcx_fail *f) {
  int64_t port = 0;
  const char *text = tcx__variable_text(settings, "csm_port"),
             *id = tcx__variable_text(settings, "csm_client_id");
  m->host = tcx__variable_text(settings, "csm_host");
  m->client_id = id != NULL ? id : "";
  if (tcx__variable_int(text, &port) != 0 || port < 1 || port > 65535)
    return tcx__fail(
        f, TCX_ECONFIG,
        "Invalid configuration: csm_port must be a number from 1 to 65535, and not '%s'", text);
  if (strlen(m->client_id) > CLIENT_ID_MAX)
    return tcx__fail(f, TCX_ECONFIG,
                     "Invalid configuration: The value provided for csm_client_id: %s exceeds the "
                     "maximum length of %d characters",
                     m->client_id, CLIENT_ID_MAX);
  m->port = (uint16_t)port;
  return 0;
}

/* Environment and files may change while the session lives: what was read stays. */
static int keep_texts(struct tcx_monitor *m) {
  struct tcx_arena *arena = m->session->arena;
  m->host = tcx__arena_strdup(arena, m->host);
  m->client_id = tcx__arena_strdup(arena, m->client_id);
  return m->host == NULL || m->client_id == NULL ? UV_ENOMEM : 0;
}

static void on_resolved(struct tcx_dns_query *query, int status,
                        const struct tcx_addresses *addresses, const char *why);

int tcx__monitor_new(tcx_session_t *session, const struct tcx_settings *settings,
                     struct tcx_monitor **out, struct tcx_fail *f) {
  if (!tcx__variable_true(settings, "csm_enabled"))
    return 0;
  struct tcx_monitor *m = tcx__calloc(1, sizeof *m);
  int err = m == NULL ? UV_ENOMEM : configure(m, settings, f);
  if (err == 0) {
    m->session = session;
    m->query.done = on_resolved;
    err = keep_texts(m);
  }
  if (err != 0) {
    tcx__free(m);
    return err;
  }
  uv_udp_init(session->loop, &m->udp);
  uv_unref((uv_handle_t *)&m->udp);
  m->udp.data = m;
  *out = m;
  return 0;
}

void tcx__monitor_stop(struct tcx_monitor *m) {
  if (m != NULL)
    tcx__dns_cancel(&m->query);
}

static void on_closed(uv_handle_t *handle) {
  struct tcx_monitor *m = handle->data;
  tcx_session_t *session = m->session;
  void (*closed)(tcx_session_t * session) = m->closed;
  tcx__free(m);
  closed(session);
}

void tcx__monitor_close(struct tcx_monitor *m, void (*closed)(tcx_session_t *session)) {
  m->closed = closed;
  uv_close((uv_handle_t *)&m->udp, on_closed);
}

const char *tcx__monitor_client_id(const struct tcx_monitor *m) { return m->client_id; }

/* ---- where to ---- */

/* IPv4 before IPv6: agents listen on 127.0.0.1, and botocore knows nothing else. */
static void take_address(struct tcx_monitor *m, const struct tcx_addresses *addresses) {
  const struct tcx_address *address = &addresses->list[0];
  for (unsigned i = 0; i < addresses->count && address->v6; i++)
    address = &addresses->list[i];
  memset(&m->to, 0, sizeof m->to);
  m->known = addresses->count > 0;
  if (address->v6) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&m->to;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(m->port);
    memcpy(&in6->sin6_addr, address->bytes, 16);
  } else {
    struct sockaddr_in *in = (struct sockaddr_in *)&m->to;
    in->sin_family = AF_INET;
    in->sin_port = htons(m->port);
    memcpy(&in->sin_addr, address->bytes, 4);
  }
}

static void on_resolved(struct tcx_dns_query *query, int status,
                        const struct tcx_addresses *addresses, const char *why) {
  struct tcx_monitor *m = TCX__CONTAINER(query, struct tcx_monitor, query);
  if (status == 0)
    take_address(m, addresses);
  else
    tcx__log(m->session, TCX_LOG_DEBUG, "monitor", NULL, "csm_host %s could not be looked up: %s",
             m->host, why);
}

/* An address that is known serves while it is asked for anew. */
static void look_up(struct tcx_monitor *m) {
  struct tcx_addresses addresses;
  if (m->query.name != NULL)
    return;
  m->asked = true;
  int rc = tcx__dns_lookup(m->session->net, m->host, false, &m->query, &addresses);
  if (rc == 1)
    take_address(m, &addresses);
  else if (rc < 0)
    tcx__log(m->session, TCX_LOG_DEBUG, "monitor", NULL, "csm_host %s could not be looked up: %s",
             m->host, tcx_strerror(rc));
}

void tcx__monitor_look_up(struct tcx_monitor *m) {
  if (!m->asked)
    look_up(m);
}

/* ---- out ---- */

void tcx__monitor_send(struct tcx_monitor *m, const struct tcx_buf *event) {
  if (event->status != 0) {
    tcx__log(m->session, TCX_LOG_DEBUG, "monitor", NULL, "an event was not sent: %s",
             tcx_strerror(event->status));
    return;
  }
  look_up(m);
  if (!m->known) {
    tcx__log(m->session, TCX_LOG_DEBUG, "monitor", NULL,
             "an event was not sent: the address of %s is not known", m->host);
    return;
  }
  uv_buf_t buf = uv_buf_init(event->data, (unsigned)event->len);
  int rc = uv_udp_try_send(&m->udp, &buf, 1, (const struct sockaddr *)&m->to);
  if (rc < 0)
    tcx__log(m->session, TCX_LOG_DEBUG, "monitor", NULL, "an event was not sent: %s",
             tcx_strerror(rc));
}
