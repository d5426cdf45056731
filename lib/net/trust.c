#include "net/trust.h"
void tcx__trust_free_all(struct tcx_trust *trusts) { (void)trusts; }
