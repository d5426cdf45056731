/* generate.h - the parts of the generator: a loaded model as C tables, and as a header for its
 * users. */
#ifndef TCX_MODELS_GENERATE_H
#define TCX_MODELS_GENERATE_H
#include "model/model.h"

#define TCX__GENERATED_MAX (256u << 20) /* bytes of one generated file */

bool tcx__generate_is_identifier(const char *name); /* of C */
/* ID_model.c: const struct tcx_packed_model tcx__packed_ID. */
void tcx__generate_tables(struct tcx_buf *out, const struct tcx_model *model, const char *id);
/* tucuxi/ID.h: one inline function an operation. */
void tcx__generate_header(struct tcx_buf *out, const struct tcx_model *model, const char *id);
/* tucuxi/ID.hpp: a class with a method an operation. */
void tcx__generate_class(struct tcx_buf *out, const struct tcx_model *model, const char *id);
#endif
