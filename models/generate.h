/* generate.h - the parts of the generator: a loaded model as C tables, and as a header for its
 * users. */
#ifndef TCX_MODELS_GENERATE_H
#define TCX_MODELS_GENERATE_H
#include "model/model.h"

#define TCX__GENERATED_MAX (256u << 20) /* bytes of one generated file */

/* "sso-oidc" as a part of C names: "sso_oidc". false when the name cannot be one. */
bool tcx__generate_identifier(char *out, size_t size, const char *service);
/* SERVICE_model.c: const struct tcx_model tcx__model_SERVICE. */
void tcx__generate_tables(struct tcx_buf *out, const struct tcx_model *model);
/* tucuxi/SERVICE.h: one inline function an operation. */
void tcx__generate_header(struct tcx_buf *out, const struct tcx_model *model);
#endif
