/*
 * custom.h - what services other than S3 do beyond their models, hung on the named points of a call (core/hooks.h): one file a service.
 */
#ifndef TCX_CUSTOM_CUSTOM_H
#define TCX_CUSTOM_CUSTOM_H
#include "core/call.h"
#include "core/hooks.h"

extern const struct tcx_customization tcx__events;
#endif
