/*
 * json_read.h - JSON to values, driven by shapes, while the bytes come.
 *
 *   new -> feed* -> finish
 *
 * The whole text is one value of a shape. Members that travel in the head of a response or of an
 * event are not looked for.
 */
#ifndef TCX_PROTOCOLS_JSON_READ_H
#define TCX_PROTOCOLS_JSON_READ_H
#include "base/error.h"
#include "base/value.h"
#include "model/model.h"

struct tcx_json_reader;
/* NULL when memory is out. The value and all of the reader's memory are the arena's; fail may be
 * NULL. */
struct tcx_json_reader *tcx__json_reader_new(struct tcx_arena *arena, const struct tcx_shape *shape,
                                             struct tcx_fail *fail);
/* TCX_EPROTO, UV_ENOMEM. */
int tcx__json_reader_feed(struct tcx_json_reader *reader, const char *p, size_t n);
/* *out is NULL where the text is null. */
int tcx__json_reader_finish(struct tcx_json_reader *reader, struct tcx_value **out);
/* All of it at once. */
int tcx__json_read(struct tcx_arena *arena, const struct tcx_shape *shape, struct tcx_fail *fail,
                   struct tcx_str text, struct tcx_value **out);
#endif
