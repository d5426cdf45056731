#include "base/json.h"
#include "base/path.h"

#define JSON_TEXT_MAX (SIZE_MAX / 8) /* of what tcx_value_to_json writes */

const tcx_value_t *tcx_value_at(const tcx_value_t *list, size_t i) {
  if (list == NULL || list->type != TCX_LIST || i >= tcx__value_count(list))
    return NULL;
  return list->u.container->items[i];
}

const tcx_value_t *tcx_value_member(const tcx_value_t *map, const char *name, size_t len) {
  return name == NULL ? NULL : tcx__value_find(map, name, len);
}

const tcx_value_t *tcx_value_get(const tcx_value_t *v, const char *path) {
  if (path == NULL)
    return v;
  struct tcx_path p = tcx__path(path);
  while (v != NULL) {
    struct tcx_step step = tcx__path_next(&p);
    switch (step.kind) {
    case TCX__STEP_END:
      return v;
    case TCX__STEP_NAME:
      v = tcx__value_find(v, step.name, step.len);
      break;
    case TCX__STEP_INDEX:
      v = tcx_value_at(v, step.index);
      break;
    default:
      return NULL;
    }
  }
  return NULL;
}

tcx_type_t tcx_value_type(const tcx_value_t *v, const char *path) {
  v = tcx_value_get(v, path);
  return v == NULL ? TCX_ABSENT : (tcx_type_t)v->type;
}

static const struct tcx_value *typed(const tcx_value_t *v, const char *path, tcx_type_t type) {
  v = tcx_value_get(v, path);
  return v != NULL && v->type == type ? v : NULL;
}

const char *tcx_value_str(const tcx_value_t *v, const char *path) {
  v = tcx_value_get(v, path);
  if (v == NULL)
    return NULL;
  if (v->type == TCX_TIME && v->u.time.room != 0) {
    char *text = (char *)(uintptr_t)v + v->u.time.room;
    tcx__time_text(text, v->u.time.seconds, v->u.time.nanoseconds);
    return text;
  }
  return v->type == TCX_STRING || v->type == TCX_BIGNUM ? v->u.bytes.p : NULL;
}

const void *tcx_value_bytes(const tcx_value_t *v, const char *path, size_t *len) {
  v = tcx_value_get(v, path);
  bool is = v != NULL && (v->type == TCX_STRING || v->type == TCX_BLOB);
  if (len != NULL)
    *len = is ? v->u.bytes.n : 0;
  return is ? v->u.bytes.p : NULL;
}

int64_t tcx_value_int(const tcx_value_t *v, const char *path, int64_t fallback) {
  v = tcx_value_get(v, path);
  if (v == NULL)
    return fallback;
  return v->type == TCX_INT ? v->u.integer : v->type == TCX_TIME ? v->u.time.seconds : fallback;
}

double tcx_value_num(const tcx_value_t *v, const char *path, double fallback) {
  v = tcx_value_get(v, path);
  if (v == NULL)
    return fallback;
  return v->type == TCX_DOUBLE ? v->u.number : v->type == TCX_INT ? (double)v->u.integer : fallback;
}

bool tcx_value_bool(const tcx_value_t *v, const char *path, bool fallback) {
  v = typed(v, path, TCX_BOOL);
  return v == NULL ? fallback : v->u.boolean;
}

int tcx_value_time(const tcx_value_t *v, const char *path, int64_t *seconds, int32_t *nanoseconds) {
  v = tcx_value_get(v, path);
  if (v == NULL || v->type != TCX_TIME)
    return v == NULL ? UV_ENOENT : UV_EINVAL;
  if (seconds != NULL)
    *seconds = v->u.time.seconds;
  if (nanoseconds != NULL)
    *nanoseconds = v->u.time.nanoseconds;
  return 0;
}

size_t tcx_value_len(const tcx_value_t *v, const char *path) {
  v = tcx_value_get(v, path);
  if (v != NULL && (v->type == TCX_STRING || v->type == TCX_BLOB))
    return v->u.bytes.n;
  return tcx__value_count(v);
}

const tcx_value_t *tcx_value_first(const tcx_value_t *v, const char *path) {
  return tcx__value_kids(tcx_value_get(v, path));
}

const tcx_value_t *tcx_value_next(const tcx_value_t *item) {
  return item == NULL ? NULL : item->next;
}

const char *tcx_value_name(const tcx_value_t *item) { return item == NULL ? NULL : item->name; }

int tcx_value_to_json(const tcx_value_t *v, char **json, size_t *len) {
  int status = tcx_value_status(v);
  struct tcx_buf text;
  tcx__buf_init(&text, NULL, JSON_TEXT_MAX);
  if (status == 0) {
    tcx__json_write(&text, v, TCX__JSON_COMPACT);
    status = text.status;
  }
  if (status != 0) {
    tcx__buf_free(&text);
    *json = NULL;
    return status;
  }
  *json = text.data;
  if (len != NULL)
    *len = text.len;
  return 0;
}
