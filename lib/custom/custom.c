#include "custom/custom.h"
#include "base/codec.h"
#include "base/json.h"
#include <string.h>

int tcx__custom_alias(tcx_call_t *call, const char *name, const char *alias) {
  size_t name_len = strlen(name), alias_len = strlen(alias);
  struct tcx_value *v = tcx__value_find(call->params, alias, alias_len);
  if (v == NULL || call->op->input == NULL ||
      tcx__shape_member(call->op->input, name, name_len) == NULL)
    return 0;
  if (tcx__value_find(call->params, name, name_len) != NULL)
    return tcx__fail(&call->fail, TCX_EPARAM,
                     "Parameter '%s' and its alias '%s' were provided to operation %s but only one "
                     "of them may be used.",
                     name, alias, call->op->name);
  tcx__value_remove(call->params, alias, alias_len);
  v->next = NULL;
  return tcx__value_add(call->arena, call->params, name, name_len, v);
}

int tcx__custom_user_data(tcx_call_t *call) {
  const struct tcx_value *data = tcx__value_find(call->params, "UserData", 8);
  struct tcx_buf text;
  if (data == NULL || (data->type != TCX_STRING && data->type != TCX_BLOB))
    return 0;
  tcx__buf_init(&text, call->arena, SIZE_MAX / 2);
  tcx__base64_encode(&text, data->u.bytes.p, data->u.bytes.n);
  if (text.status != 0)
    return text.status;
  struct tcx_value *v = tcx__value_new_str_copy(call->arena, text.data, text.len);
  return v == NULL ? UV_ENOMEM : tcx__value_replace(call->arena, call->params, "UserData", 8, v);
}

int tcx__custom_decode_json(tcx_call_t *call, struct tcx_value *text, bool percent_encoded) {
  struct tcx_buf plain;
  struct tcx_value *json = NULL;
  if (text == NULL || text->type != TCX_STRING)
    return 0;
  struct tcx_str s = text->u.bytes;
  if (percent_encoded) {
    tcx__buf_init(&plain, call->arena, SIZE_MAX / 2);
    if (tcx__uri_decode(&plain, s.p, s.n, false) != 0)
      return plain.status;
    s = tcx__buf_str(&plain);
  }
  int err = tcx__json_parse(call->arena, s.p, s.n, &json, NULL);
  if (err == 0)
    tcx__value_assign(text, json);
  return err == UV_ENOMEM ? err : 0;
}

int tcx__custom_header(tcx_call_t *call, const char *name, const char *value) {
  return tcx__headers_get(&call->req.headers, name) != NULL
             ? 0
             : tcx__headers_add(&call->req.headers, tcx__str(name), tcx__str(value));
}
