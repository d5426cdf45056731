/* config_net.h - the options of the network, for config.c: proxies, client certificates. */
#ifndef TCX_CORE_CONFIG_NET_H
#define TCX_CORE_CONFIG_NET_H
#include "core/config.h"

/* Config(proxies={"http": ..., "https": ...}): replaces what the environment says, with an empty
 * map by nothing. */
int tcx__config_proxies(struct tcx_client_config *out, struct tcx_arena *arena,
                        const struct tcx_value *map, struct tcx_fail *f);
/* Config(client_cert=...): a path, or a list of the certificate's and the key's. */
int tcx__config_client_cert(struct tcx_client_config *out, struct tcx_arena *arena,
                            const struct tcx_value *v, struct tcx_fail *f);
/* Config(proxies_config={...}) */
int tcx__config_proxies_config(struct tcx_client_config *out, struct tcx_arena *arena,
                               const struct tcx_value *map, struct tcx_fail *f);
/* HTTP_PROXY, HTTPS_PROXY and NO_PROXY, the names in small letters first. */
int tcx__config_proxies_of_environment(struct tcx_proxies *out, struct tcx_arena *arena,
                                       struct tcx_fail *f);
#endif
