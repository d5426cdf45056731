#include "dns_server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MUST(call)                                                                                 \
  do {                                                                                             \
    int must_rc = (call);                                                                          \
    if (must_rc != 0) {                                                                            \
      fprintf(stderr, "dns_server: %s: %s\n", #call, uv_strerror(must_rc));                        \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

struct answer {
  uv_udp_send_t req;
  size_t len;
  unsigned char bytes[1200];
};

static void on_sent(uv_udp_send_t *req, int status) {
  (void)status;
  free(req);
}

static void put16(struct answer *a, unsigned v) {
  a->bytes[a->len++] = (unsigned char)(v >> 8);
  a->bytes[a->len++] = (unsigned char)v;
}

/* The question's name in dotted form; the offset behind the whole question, or 0. */
static size_t read_question(const unsigned char *p, size_t n, char name[256], unsigned *type) {
  size_t at = 12, out = 0;
  while (at < n && p[at] != 0) {
    size_t label = p[at++];
    if (label > 63 || at + label > n || out + label + 2 > 256)
      return 0;
    memcpy(name + out, p + at, label);
    out += label;
    name[out++] = '.';
    at += label;
  }
  name[out > 0 ? out - 1 : 0] = '\0';
  if (at + 5 > n)
    return 0;
  *type = (unsigned)p[at + 1] << 8 | p[at + 2];
  return at + 5;
}

static unsigned add_records(const struct dns_server *server, struct answer *a, const char *name,
                            unsigned type, bool *known) {
  unsigned count = 0;
  for (const struct dns_record *r = server->records; r->name != NULL; r++) {
    if (strcasecmp(r->name, name) != 0)
      continue;
    *known = true;
    if (r->type != type || r->address == NULL)
      continue;
    size_t size = type == DNS_AAAA ? 16 : 4;
    put16(a, 0xc00c);
    put16(a, type);
    put16(a, 1);
    put16(a, r->ttl >> 16);
    put16(a, r->ttl & 0xffff);
    put16(a, (unsigned)size);
    MUST(uv_inet_pton(type == DNS_AAAA ? AF_INET6 : AF_INET, r->address, a->bytes + a->len));
    a->len += size;
    count++;
  }
  return count;
}

static dns_fault fault_for(const struct dns_server *server, const char *name, unsigned type) {
  for (const struct dns_record *r = server->records; r->name != NULL; r++)
    if (r->fault != DNS_FINE && strcasecmp(r->name, name) == 0 &&
        (r->type == DNS_ANY || r->type == type))
      return r->fault;
  return DNS_FINE;
}

static void answer(struct dns_server *server, const unsigned char *p, size_t n,
                   const struct sockaddr *to) {
  char name[256];
  unsigned type;
  size_t end = n >= 12 ? read_question(p, n, name, &type) : 0;
  if (end == 0)
    return;
  dns_fault fault = fault_for(server, name, type);
  struct answer *a = calloc(1, sizeof *a);
  if (a == NULL)
    abort();
  memcpy(a->bytes, p, end);
  a->len = end;
  memset(a->bytes + 6, 0, 6); /* answer, authority and additional counts */
  bool known = false;
  unsigned count = fault == DNS_FINE ? add_records(server, a, name, type, &known) : 0;
  a->bytes[7] = (unsigned char)count;
  a->bytes[2] = (unsigned char)(0x84 | (p[2] & 1) | (fault == DNS_TRUNCATED ? 2 : 0));
  a->bytes[3] = (unsigned char)(0x80 | (fault == DNS_SERVFAIL         ? 2
                                        : fault == DNS_REFUSED        ? 5
                                        : fault == DNS_FINE && !known ? 3
                                                                      : 0));
  if (fault == DNS_GARBAGE)
    memset(a->bytes + 3, 0xff, a->len - 3);
  uv_buf_t buf = uv_buf_init((char *)a->bytes, (unsigned)a->len);
  if (fault == DNS_SILENT || uv_udp_send(&a->req, &server->udp, &buf, 1, to, on_sent) != 0)
    free(a);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  struct dns_server *server = handle->data;
  (void)suggested;
  *buf = uv_buf_init(server->buffer, sizeof server->buffer);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                        unsigned flags) {
  struct dns_server *server = udp->data;
  (void)flags;
  if (n <= 0 || from == NULL)
    return;
  server->queries++;
  answer(server, (const unsigned char *)buf->base, (size_t)n, from);
}

void dns_server_start(struct dns_server *server, uv_loop_t *loop,
                      const struct dns_record *records) {
  memset(server, 0, sizeof *server);
  server->records = records;
  struct sockaddr_in at;
  int size = sizeof at;
  MUST(uv_ip4_addr("127.0.0.1", 0, &at));
  MUST(uv_udp_init(loop, &server->udp));
  server->udp.data = server;
  server->handles = 1;
  MUST(uv_udp_bind(&server->udp, (struct sockaddr *)&at, 0));
  MUST(uv_udp_getsockname(&server->udp, (struct sockaddr *)&at, &size));
  MUST(uv_udp_recv_start(&server->udp, on_alloc, on_datagram));
  snprintf(server->address, sizeof server->address, "127.0.0.1:%d", ntohs(at.sin_port));
}

static void on_closed(uv_handle_t *handle) {
  struct dns_server *server = handle->data;
  server->handles = 0;
}

void dns_server_stop(struct dns_server *server) {
  uv_close((uv_handle_t *)&server->udp, on_closed);
}
