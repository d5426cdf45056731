/*
 * dns.c - c-ares on the loop: its sockets on uv_poll, its timeouts on the wheel; and the cache in
 * front of it.
 *
 *   name: unknown -> asking -> known until its TTL ends -> asking ...
 *   dial -> tcx__dns_lookup -> c-ares -> on_answer -> every query that waits for the name
 *
 * The network owns this, made at the first name that is neither an address nor localhost's (the
 * system's configuration is read then). A name without queries may be dropped for another one; a
 * poll handle frees itself after its close callback. c-ares may answer from inside its own start:
 * such a success is returned at once, such a failure is told at the next turn.
 */
#include "net/dns.h"
#include "base/mem.h"
#include <ares.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct tcx_dns_name {
  struct tcx_dns_name *prev, *next; /* newest first */
  struct tcx_dns *dns;
  struct tcx_dns_query *queries, *last;
  struct tcx_defer defer; /* a failure from inside the start */
  struct tcx_addresses addresses;
  uint64_t rests_until_ms[TCX__ADDRESSES_MAX];
  uint64_t expires_ms; /* UINT64_MAX: never */
  unsigned turn;
  bool asking, starting, telling;
  int status;
  const char *why;
  char host[];
};

struct tcx_dns {
  struct tcx_net *net;
  ares_channel channel;
  bool has_channel;
  struct dns_socket *sockets;
  struct tcx_timer timer;
  struct tcx_dns_name *newest, *oldest;
  unsigned count;
};

struct dns_socket {
  uv_poll_t poll;
  struct dns_socket *next;
  struct tcx_net *net;
  struct tcx_dns *dns;
  ares_socket_t fd;
};

/* ---- c-ares on the loop ---- */

static void set_timer(struct tcx_dns *dns);

static void on_timer(struct tcx_timer *timer) {
  struct tcx_dns *dns = TCX__CONTAINER(timer, struct tcx_dns, timer);
  ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  set_timer(dns);
}

static void set_timer(struct tcx_dns *dns) {
  struct timeval tv, *next = ares_timeout(dns->channel, NULL, &tv);
  if (next == NULL)
    tcx__timer_stop(dns->net, &dns->timer);
  else
    tcx__timer_start(dns->net, &dns->timer,
                     (uint64_t)next->tv_sec * 1000 + (uint64_t)next->tv_usec / 1000 + 1, on_timer);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct dns_socket *socket = poll->data;
  struct tcx_dns *dns = socket->dns;
  ares_socket_t fd = socket->fd;
  ares_process_fd(dns->channel, status < 0 || (events & UV_READABLE) ? fd : ARES_SOCKET_BAD,
                  status < 0 || (events & UV_WRITABLE) ? fd : ARES_SOCKET_BAD);
  set_timer(dns);
}

static void on_closed(uv_handle_t *handle) {
  struct dns_socket *socket = handle->data;
  struct tcx_net *net = socket->net;
  tcx__free(socket);
  tcx__net_handle_closed(net);
}

static void open_socket(struct tcx_dns *dns, ares_socket_t fd, int events) {
  struct dns_socket *socket = tcx__calloc(1, sizeof *socket);
  if (socket == NULL)
    return; /* nobody watches it: the query times out */
  if (uv_poll_init_socket(dns->net->loop, &socket->poll, fd) != 0) {
    tcx__free(socket);
    return;
  }
  socket->poll.data = socket;
  socket->dns = dns;
  socket->net = dns->net;
  socket->fd = fd;
  socket->next = dns->sockets;
  dns->sockets = socket;
  tcx__net_handle_opened(dns->net, (uv_handle_t *)&socket->poll);
  uv_poll_start(&socket->poll, events, on_poll);
}

static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable) {
  struct tcx_dns *dns = data;
  int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  struct dns_socket **link = &dns->sockets;
  while (*link != NULL && (*link)->fd != fd)
    link = &(*link)->next;
  struct dns_socket *socket = *link;
  if (socket == NULL) {
    if (events != 0)
      open_socket(dns, fd, events);
  } else if (events != 0) {
    uv_poll_start(&socket->poll, events, on_poll);
  } else {
    *link = socket->next;
    uv_close((uv_handle_t *)&socket->poll, on_closed);
  }
}

static int open_channel(struct tcx_dns *dns) {
  struct ares_options options = {
      .timeout = 1000, .tries = 4, .sock_state_cb = on_socket_state, .sock_state_cb_data = dns};
  int rc = ares_init_options(&dns->channel, &options,
                             ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (rc != ARES_SUCCESS)
    return rc == ARES_ENOMEM ? UV_ENOMEM : UV_EIO;
  if (dns->net->dns_servers != NULL &&
      ares_set_servers_ports_csv(dns->channel, dns->net->dns_servers) != ARES_SUCCESS) {
    ares_destroy(dns->channel);
    return TCX_ECONFIG;
  }
  dns->has_channel = true;
  return 0;
}

/* ---- the cache ---- */

static struct tcx_dns_name *find_name(struct tcx_dns *dns, const char *host) {
  for (struct tcx_dns_name *name = dns->newest; name != NULL; name = name->next)
    if (strcmp(name->host, host) == 0)
      return name;
  return NULL;
}

static void unlink_name(struct tcx_dns *dns, struct tcx_dns_name *name) {
  if (name->prev != NULL)
    name->prev->next = name->next;
  else
    dns->newest = name->next;
  if (name->next != NULL)
    name->next->prev = name->prev;
  else
    dns->oldest = name->prev;
  dns->count--;
}

static void link_name(struct tcx_dns *dns, struct tcx_dns_name *name) {
  name->prev = NULL;
  name->next = dns->newest;
  if (dns->newest != NULL)
    dns->newest->prev = name;
  else
    dns->oldest = name;
  dns->newest = name;
  dns->count++;
}

static struct tcx_dns_name *add_name(struct tcx_dns *dns, const char *host) {
  struct tcx_dns_name *oldest = dns->oldest;
  while (oldest != NULL && (oldest->asking || oldest->telling || oldest->queries != NULL))
    oldest = oldest->prev;
  if (dns->count >= TCX__DNS_NAMES_MAX && oldest != NULL) {
    unlink_name(dns, oldest);
    tcx__free(oldest);
  }
  size_t len = strlen(host);
  struct tcx_dns_name *name = tcx__calloc(1, sizeof *name + len + 1);
  if (name == NULL)
    return NULL;
  memcpy(name->host, host, len);
  name->dns = dns;
  link_name(dns, name);
  return name;
}

/* The addresses in the order in which they are to be tried now: each family turned by one a
 * look-up, IPv6 and IPv4 alternating, resting ones last. */
static void order(struct tcx_dns_name *name, uint64_t now, struct tcx_addresses *out) {
  unsigned by_family[2][TCX__ADDRESSES_MAX], n[2] = {0, 0}, turn = name->turn++;
  for (unsigned i = 0; i < name->addresses.count; i++) {
    unsigned v4 = !name->addresses.list[i].v6;
    by_family[v4][n[v4]++] = i;
  }
  out->count = 0;
  for (unsigned resting = 0; resting < 2; resting++)
    for (unsigned i = 0; i < n[0] || i < n[1]; i++)
      for (unsigned v4 = 0; v4 < 2; v4++) {
        if (i >= n[v4])
          continue;
        unsigned at = by_family[v4][(i + turn) % n[v4]];
        if ((name->rests_until_ms[at] > now) == (resting == 1))
          out->list[out->count++] = name->addresses.list[at];
      }
}

static bool same_address(const struct tcx_address *a, const struct tcx_address *b) {
  return a->v6 == b->v6 && memcmp(a->bytes, b->bytes, a->v6 ? 16 : 4) == 0;
}

/* ---- answers ---- */

static int status_of(int ares) {
  switch (ares) {
  case ARES_SUCCESS:
    return 0;
  case ARES_ENOMEM:
    return UV_ENOMEM;
  case ARES_ENOTFOUND:
  case ARES_EBADNAME:
    return UV_EAI_NONAME;
  case ARES_ENODATA:
    return UV_EAI_NODATA;
  case ARES_ETIMEOUT:
    return UV_ETIMEDOUT;
  default:
    return UV_EAI_AGAIN;
  }
}

static void take_addresses(struct tcx_dns_name *name, const struct ares_addrinfo *info) {
  struct tcx_addresses old = name->addresses;
  uint64_t rests[TCX__ADDRESSES_MAX], now = uv_now(name->dns->net->loop);
  memcpy(rests, name->rests_until_ms, sizeof rests);
  unsigned n[2] = {0, 0}, cap[2];
  uint64_t ttl = TCX__DNS_TTL_MAX_MS;
  for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next)
    n[node->ai_family != AF_INET6]++;
  cap[1] = n[1] < TCX__ADDRESSES_MAX / 2   ? n[1]
           : n[0] < TCX__ADDRESSES_MAX / 2 ? TCX__ADDRESSES_MAX - n[0]
                                           : TCX__ADDRESSES_MAX / 2;
  cap[0] = TCX__ADDRESSES_MAX - (cap[1] < n[1] ? cap[1] : n[1]);
  name->addresses.count = 0;
  for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next) {
    unsigned v4 = node->ai_family != AF_INET6;
    if (node->ai_ttl >= 0 && (uint64_t)node->ai_ttl * 1000 < ttl)
      ttl = (uint64_t)node->ai_ttl * 1000;
    if (cap[v4] == 0)
      continue;
    cap[v4]--;
    unsigned at = name->addresses.count++;
    struct tcx_address *address = &name->addresses.list[at];
    memset(address, 0, sizeof *address);
    address->v6 = !v4;
    if (v4)
      memcpy(address->bytes, &((const struct sockaddr_in *)(const void *)node->ai_addr)->sin_addr,
             4);
    else
      memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)node->ai_addr)->sin6_addr,
             16);
    name->rests_until_ms[at] = 0;
    for (unsigned i = 0; i < old.count; i++)
      if (same_address(&old.list[i], address))
        name->rests_until_ms[at] = rests[i];
  }
  name->expires_ms = now + (ttl < TCX__DNS_TTL_MIN_MS ? TCX__DNS_TTL_MIN_MS : ttl);
}

/* Every query gets the name's state. A done callback may cancel other queries, or start new
 * ones. */
static void tell(struct tcx_dns_name *name) {
  struct tcx_dns_query *query;
  name->telling = true;
  while (!name->asking && (query = name->queries) != NULL) {
    struct tcx_addresses addresses = {0};
    tcx__dns_cancel(query);
    if (name->status == 0)
      order(name, uv_now(name->dns->net->loop), &addresses);
    query->done(query, name->status, &addresses, name->why);
  }
  name->telling = false;
}

static void on_told_later(struct tcx_defer *defer) {
  tell(TCX__CONTAINER(defer, struct tcx_dns_name, defer));
}

static void on_answer(void *arg, int ares, int timeouts, struct ares_addrinfo *info) {
  struct tcx_dns_name *name = arg;
  struct tcx_net *net = name->dns->net;
  (void)timeouts;
  name->asking = false;
  if (ares == ARES_EDESTRUCTION || ares == ARES_ECANCELLED)
    return;
  name->status = status_of(ares);
  name->why = ares == ARES_SUCCESS ? NULL : ares_strerror(ares);
  if (info != NULL && name->status == 0)
    take_addresses(name, info);
  if (info != NULL)
    ares_freeaddrinfo(info);
  if (name->status == 0 && name->addresses.count == 0) {
    name->status = UV_EAI_NODATA;
    name->why = "the name has no address";
  }
  if (name->status != 0 && name->addresses.count > 0 && name->expires_ms > uv_now(net->loop))
    name->status = 0; /* asked afresh in vain: what is known still holds */
  tcx__net_log(net, TCX_LOG_DEBUG, "dns", "%s: %s%u address%s", name->host,
               name->status == 0 ? "" : name->why, name->addresses.count,
               name->addresses.count == 1 ? "" : "es");
  if (!name->starting)
    tell(name);
}

/* ---- look-up ---- */

static bool is_localhost(const char *host) {
  size_t n = strlen(host), m = strlen("localhost");
  if (n > 0 && host[n - 1] == '.')
    n--;
  return n >= m && memcmp(host + n - m, "localhost", m) == 0 && (n == m || host[n - m - 1] == '.');
}

static bool literal(const char *host, struct tcx_addresses *out) {
  memset(&out->list[0], 0, sizeof out->list[0]);
  out->count = 1;
  out->list[0].v6 = uv_inet_pton(AF_INET, host, out->list[0].bytes) != 0;
  return !out->list[0].v6 || uv_inet_pton(AF_INET6, host, out->list[0].bytes) == 0;
}

static struct tcx_dns_name *localhost(struct tcx_dns *dns) {
  struct tcx_dns_name *name = find_name(dns, "localhost");
  if (name != NULL || (name = add_name(dns, "localhost")) == NULL)
    return name;
  name->addresses.count = 2;
  memcpy(name->addresses.list[0].bytes, (unsigned char[4]){127, 0, 0, 1}, 4);
  name->addresses.list[1].v6 = true;
  name->addresses.list[1].bytes[15] = 1;
  name->expires_ms = UINT64_MAX;
  return name;
}

/* Most servers of a developer's machine listen on 127.0.0.1 alone. */
static void put_v4_first(struct tcx_addresses *a) {
  if (a->count == 2 && a->list[0].v6) {
    struct tcx_address v6 = a->list[0];
    a->list[0] = a->list[1];
    a->list[1] = v6;
  }
}

static int ask(struct tcx_dns_name *name) {
  struct tcx_dns *dns = name->dns;
  if (!dns->has_channel) {
    int rc = open_channel(dns);
    if (rc != 0)
      return rc;
  }
  struct ares_addrinfo_hints hints = {
      .ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  name->asking = name->starting = true;
  ares_getaddrinfo(dns->channel, name->host, NULL, &hints, on_answer, name);
  name->starting = false;
  set_timer(dns);
  return 0;
}

static int get_dns(struct tcx_net *net) {
  if (net->dns != NULL)
    return 0;
  net->dns = tcx__calloc(1, sizeof *net->dns);
  if (net->dns == NULL)
    return UV_ENOMEM;
  net->dns->net = net;
  return 0;
}

static void add_query(struct tcx_dns_name *name, struct tcx_dns_query *query) {
  query->prev = name->last;
  query->next = NULL;
  query->name = name;
  if (name->last != NULL)
    name->last->next = query;
  else
    name->queries = query;
  name->last = query;
}

int tcx__dns_lookup(struct tcx_net *net, const char *host, bool fresh, struct tcx_dns_query *query,
                    struct tcx_addresses *out) {
  if (literal(host, out))
    return 1;
  int rc = get_dns(net);
  if (rc != 0)
    return rc;
  uint64_t now = uv_now(net->loop);
  struct tcx_dns_name *name;
  if (is_localhost(host)) {
    if ((name = localhost(net->dns)) == NULL)
      return UV_ENOMEM;
    order(name, now, out);
    if (name->rests_until_ms[0] <= now)
      put_v4_first(out);
    return 1;
  }
  name = find_name(net->dns, host);
  if (name == NULL && (name = add_name(net->dns, host)) == NULL)
    return UV_ENOMEM;
  if (!name->asking && (fresh || name->addresses.count == 0 || name->expires_ms <= now)) {
    rc = ask(name);
    if (rc != 0)
      return rc;
  }
  if (!name->asking && name->status == 0) {
    order(name, now, out);
    return 1;
  }
  add_query(name, query);
  if (!name->asking)
    tcx__defer(net, &name->defer, on_told_later);
  return 0;
}

void tcx__dns_cancel(struct tcx_dns_query *query) {
  if (query->name == NULL)
    return;
  if (query->prev != NULL)
    query->prev->next = query->next;
  else
    query->name->queries = query->next;
  if (query->next != NULL)
    query->next->prev = query->prev;
  else
    query->name->last = query->prev;
  query->name = NULL;
  query->prev = query->next = NULL;
}

/* ---- what became of an address ---- */

static void set_rest(struct tcx_net *net, const char *host, const struct tcx_address *address,
                     uint64_t until) {
  if (net->dns == NULL)
    return;
  struct tcx_dns_name *name = find_name(net->dns, is_localhost(host) ? "localhost" : host);
  for (unsigned i = 0; name != NULL && i < name->addresses.count; i++)
    if (same_address(&name->addresses.list[i], address))
      name->rests_until_ms[i] = until;
}

void tcx__dns_failed(struct tcx_net *net, const char *host, const struct tcx_address *address) {
  set_rest(net, host, address, uv_now(net->loop) + TCX__DNS_REST_MS);
}

void tcx__dns_worked(struct tcx_net *net, const char *host, const struct tcx_address *address) {
  set_rest(net, host, address, 0);
}

void tcx__dns_close(struct tcx_dns *dns) {
  struct tcx_net *net = dns->net;
  if (dns->has_channel)
    ares_destroy(dns->channel);
  tcx__timer_stop(net, &dns->timer);
  while (dns->newest != NULL) {
    struct tcx_dns_name *name = dns->newest;
    tcx__undefer(net, &name->defer);
    unlink_name(dns, name);
    tcx__free(name);
  }
  net->dns = NULL;
  tcx__free(dns);
}
