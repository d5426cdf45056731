#include "net/tls.h"
#include "net/conn.h"
static void tls_connected(struct tcx_conn *conn) { tcx__conn_failed(conn, TCX_ETLS, TCX_PHASE_TLS, "TLS is not built in yet"); }
static ssize_t tls_write(struct tcx_conn *conn, const uv_buf_t *bufs, unsigned n) { (void)conn; (void)bufs; (void)n; return 0; }
static int tls_flush(struct tcx_conn *conn) { (void)conn; return 1; }
static size_t tls_input(struct tcx_conn *conn, char *p, size_t n) { (void)conn; (void)p; return n; }
static void tls_nothing(struct tcx_conn *conn) { (void)conn; }
static bool tls_ended(const struct tcx_conn *conn) { (void)conn; return false; }
void tcx__tls_session_free(void *session) { (void)session; }
const struct tcx_transport tcx__transport_tls = {tls_connected, tls_write, tls_flush, tls_input, tls_nothing, tls_ended, tls_nothing, tls_nothing};
