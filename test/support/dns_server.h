/*
 * dns_server.h - a small DNS server over UDP on the test's own loop, at 127.0.0.1.
 *
 *   static const struct dns_record records[] = {
 *       {"a.test", DNS_A, "127.0.0.1", 60, 0},
 *       {"a.test", DNS_AAAA, "::1", 60, 0},
 *       {"slow.test", DNS_ANY, NULL, 0, DNS_SILENT},
 *       {NULL}};
 *   dns_server_start(&dns, loop, records);
 *   options.dns_servers = dns.address;          "127.0.0.1:40123"
 *
 * A name that has a record of another type only gives no data; a name without records gives
 * NXDOMAIN. records may be exchanged while it runs.
 */
#ifndef TCX_TEST_DNS_SERVER_H
#define TCX_TEST_DNS_SERVER_H
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define DNS_A    1
#define DNS_AAAA 28
#define DNS_ANY  0 /* with a fault: whatever was asked */
typedef enum {
  DNS_FINE,
  DNS_SILENT,
  DNS_SERVFAIL,
  DNS_REFUSED,
  DNS_GARBAGE,
  DNS_TRUNCATED
} dns_fault;
struct dns_record {
  const char *name;
  unsigned type;
  const char *address;
  uint32_t ttl;
  dns_fault fault;
};

struct dns_server {
  uv_udp_t udp;
  const struct dns_record *records;
  char address[32]; /* for dns_servers */
  unsigned queries; /* datagrams that came */
  unsigned handles; /* 0 once it is closed */
  char buffer[1500];
};
void dns_server_start(struct dns_server *server, uv_loop_t *loop, const struct dns_record *records);
void dns_server_stop(struct dns_server *server);
#endif
