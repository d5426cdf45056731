/* rds.c - RDS, Neptune and DocumentDB: copies from another region. SourceRegion is not the
 * service's own member: it makes the URL and is not sent. */
#include "custom/custom.h"

static int copy(tcx_call_t *call) { return tcx__custom_copy_url(call, "PreSignedUrl", false); }

static const struct tcx_hook rds[] = {
    {"CopyDBClusterSnapshot", copy},
    {"CreateDBCluster", copy},
    {"CopyDBSnapshot", copy},
    {"CreateDBInstanceReadReplica", copy},
    {"StartDBInstanceAutomatedBackupsReplication", copy},
    {NULL, NULL},
};
static const struct tcx_hook clusters[] = {
    {"CopyDBClusterSnapshot", copy}, {"CreateDBCluster", copy}, {NULL, NULL}};

#define TABLE(name, hooks)                                                                         \
  {                                                                                                \
    .service = name, .at = {                                                                       \
      [TCX__BEFORE_PARAMETER_BUILD] = hooks,                                                       \
      [TCX__BEFORE_ENDPOINT_RESOLUTION] = tcx__custom_copy_endpoint,                               \
      [TCX__BEFORE_CALL] = tcx__custom_copy_call                                                   \
    }                                                                                              \
  }
const struct tcx_customization tcx__custom_rds = TABLE("rds", rds);
const struct tcx_customization tcx__custom_neptune = TABLE("neptune", clusters);
const struct tcx_customization tcx__custom_docdb = TABLE("docdb", clusters);
