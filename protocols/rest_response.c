/* rest_response.c - responses: members that headers and the status give. */
#include "base/codec.h"
#include "base/json.h"
#include "protocols/rest.h"
#include "protocols/scalar.h"
#include <string.h>

static int bad_header(const struct tcx_parse *p, const struct tcx_member *m, struct tcx_str value,
                      int status) {
  if (status != TCX_EPROTO)
    return tcx__fail(p->fail, status, "%s", tcx_strerror(status));
  return tcx__fail(p->fail, status, "malformed response: header %s: \"%.*s\" is no value of %s",
                   m->wire, (int)(value.n < 60 ? value.n : 60), value.p, m->name);
}

/* "Mon, 16 Dec 2019 23:48:18 GMT": a comma that is inside an item. */
static bool is_weekday(struct tcx_str s) {
  static const char days[] = "MonTueWedThuFriSatSun";
  for (const char *day = days; s.n == 3 && *day != '\0'; day += 3)
    if (memcmp(s.p, day, 3) == 0)
      return true;
  return false;
}

/* Cuts the next item off rest; its quotes and backslashes are taken off by unquote. */
static struct tcx_str next_item(struct tcx_str *rest, bool dates) {
  size_t i = 0;
  bool quoted = false, commas = false;
  for (; i < rest->n; i++) {
    char c = rest->p[i];
    if (quoted && c == '\\')
      i++;
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted &&
             !(dates && !commas && is_weekday(tcx__str_trim((struct tcx_str){rest->p, i}))))
      break;
    else if (c == ',')
      commas = true;
  }
  i = i < rest->n ? i : rest->n;
  struct tcx_str item = tcx__str_trim((struct tcx_str){rest->p, i});
  if (i < rest->n)
    *rest = (struct tcx_str){rest->p + i + 1, rest->n - i - 1};
  else
    *rest = (struct tcx_str){NULL, 0};
  return item;
}

static int unquote(struct tcx_arena *arena, struct tcx_str item, struct tcx_str *out) {
  bool quoted = item.n >= 2 && item.p[0] == '"' && item.p[item.n - 1] == '"';
  const char *p = item.p + quoted, *end = item.p + item.n - quoted;
  char *copy = tcx__arena_alloc(arena, item.n + 1);
  if (copy == NULL)
    return UV_ENOMEM;
  size_t n = 0;
  for (; p < end; p++) {
    if (quoted && *p == '\\' && p + 1 < end)
      p++;
    copy[n++] = *p;
  }
  copy[n] = '\0';
  *out = (struct tcx_str){copy, n};
  return 0;
}

static int read_list(const struct tcx_parse *p, const struct tcx_member *m, struct tcx_str text,
                     struct tcx_value **out) {
  const struct tcx_shape *item = m->shape->members[0].shape;
  struct tcx_value *list = tcx__value_new(p->arena, TCX_LIST);
  if (list == NULL)
    return UV_ENOMEM;
  struct tcx_str rest = text;
  do {
    struct tcx_str part;
    struct tcx_value *v;
    int status = unquote(p->arena, next_item(&rest, item->type == TCX__SHAPE_TIMESTAMP), &part);
    if (status == 0)
      status = tcx__scalar_value(p->arena, item, part, &v);
    if (status == 0)
      status = tcx__value_push(p->arena, list, v);
    if (status != 0)
      return status;
  } while (rest.p != NULL);
  *out = list;
  return 0;
}

static int read_json(const struct tcx_parse *p, struct tcx_str text, struct tcx_value **out) {
  struct tcx_buf json;
  tcx__buf_init(&json, p->arena, text.n);
  if (tcx__base64_decode(&json, text.p, text.n) != 0)
    return json.status != 0 ? json.status : TCX_EPROTO;
  int status = tcx__json_parse(p->arena, json.data != NULL ? json.data : "", json.len, out, NULL);
  return status == UV_ENOMEM ? status : status != 0 ? TCX_EPROTO : 0;
}

/* The response's headers by a hash of their names: an output may have forty header members, and
 * most of them did not come. */
enum { SLOTS = 64, INDEXED_MAX = 128, NONE = 255 };
struct header_index {
  const struct tcx_headers *headers;
  uint8_t first[SLOTS];      /* a header's place in the list, or NONE */
  uint8_t next[INDEXED_MAX]; /* the next one of the same slot, in the list's order */
};

static unsigned slot_of(const char *name, size_t n) {
  return n == 0 ? 0 : ((unsigned)n * 5 + ((unsigned char)name[n - 1] | 0x20)) % SLOTS;
}

/* More headers than INDEXED_MAX, which nobody sends, are searched one by one. */
static void index_headers(struct header_index *index, const struct tcx_headers *headers) {
  index->headers = headers;
  memset(index->first, NONE, sizeof index->first);
  for (unsigned i = headers->count <= INDEXED_MAX ? headers->count : 0; i-- > 0;) {
    unsigned slot = slot_of(headers->list[i].name.p, headers->list[i].name.n);
    index->next[i] = index->first[slot];
    index->first[slot] = (uint8_t)i;
  }
}

static const struct tcx_header *find_header(const struct header_index *index, struct tcx_str name) {
  const struct tcx_headers *headers = index->headers;
  if (headers->count > INDEXED_MAX)
    return tcx__headers_find(headers, name);
  for (unsigned i = index->first[slot_of(name.p, name.n)]; i != NONE; i = index->next[i])
    if (tcx__str_ieq(headers->list[i].name, name))
      return &headers->list[i];
  return NULL;
}

/* A header that came several times: text and lists are joined, of other values the first counts. */
static int add_header(const struct tcx_parse *p, const struct tcx_header *h,
                      const struct tcx_member *m, struct tcx_value *map) {
  struct tcx_value *v = NULL;
  struct tcx_str text = h->value;
  bool json = (m->flags & TCX__M_JSONVALUE) != 0, list = m->shape->type == TCX__SHAPE_LIST;
  int status = 0;
  if (list || (m->shape->type == TCX__SHAPE_STRING && !json))
    status = tcx__headers_join(&p->head->headers, h, p->arena, &text);
  if (status == 0 && json)
    status = read_json(p, text, &v);
  else if (status == 0 && list)
    status = read_list(p, m, text, &v);
  else if (status == 0)
    status = tcx__scalar_value(p->arena, m->shape, text, &v);
  if (status != 0)
    return bad_header(p, m, text, status);
  return tcx__value_add(p->arena, map, m->name, m->name_len, v);
}

/* All headers that begin with the prefix, under the rest of their names. */
static int add_prefix_headers(const struct tcx_parse *p, const struct tcx_member *m,
                              struct tcx_value *map) {
  struct tcx_value *found = tcx__value_new(p->arena, TCX_MAP);
  size_t prefix = m->wire_given ? m->wire_len : 0;
  if (found == NULL)
    return UV_ENOMEM;
  for (unsigned i = 0; i < p->head->headers.count; i++) {
    const struct tcx_header *h = &p->head->headers.list[i];
    if (h->name.n < prefix ||
        !tcx__str_ieq((struct tcx_str){h->name.p, prefix}, (struct tcx_str){m->wire, prefix}))
      continue;
    const char *name = h->name.p + prefix;
    struct tcx_str text;
    if (tcx__value_find(found, name, h->name.n - prefix) != NULL)
      continue;
    int status = tcx__headers_join(&p->head->headers, h, p->arena, &text);
    struct tcx_value *v = status == 0 ? tcx__value_new_str(p->arena, text.p, text.n) : NULL;
    if (v == NULL || tcx__value_add(p->arena, found, name, h->name.n - prefix, v) != 0)
      return UV_ENOMEM;
  }
  return tcx__value_add(p->arena, map, m->name, m->name_len, found);
}

int tcx__rest_response_head(const struct tcx_parse *p, const struct tcx_shape *structure,
                            struct tcx_value *map) {
  struct header_index index;
  index_headers(&index, &p->head->headers);
  for (uint32_t i = 0; i < structure->n_members; i++) {
    const struct tcx_member *m = &structure->members[i];
    int status = 0;
    if (m->location == TCX__LOC_HEADER) {
      const struct tcx_header *h = find_header(&index, (struct tcx_str){m->wire, m->wire_len});
      status = h != NULL ? add_header(p, h, m, map) : 0;
    } else if (m->location == TCX__LOC_HEADERS) {
      status = add_prefix_headers(p, m, map);
    } else if (m->location == TCX__LOC_STATUS) {
      struct tcx_value *v = tcx__value_new_int(p->arena, p->head->status);
      status = v != NULL ? tcx__value_add(p->arena, map, m->name, m->name_len, v) : UV_ENOMEM;
    }
    if (status != 0)
      return status == UV_ENOMEM ? tcx__fail(p->fail, status, "%s", tcx_strerror(status)) : status;
  }
  return 0;
}

/* ---- bodies that are no document ---- */

const struct tcx_member *tcx__rest_payload(const struct tcx_shape *shape) {
  return shape != NULL && shape->payload != NULL
             ? tcx__shape_member(shape, shape->payload, strlen(shape->payload))
             : NULL;
}

const struct tcx_member *tcx__rest_bytes_payload(const struct tcx_shape *shape) {
  const struct tcx_member *m = tcx__rest_payload(shape);
  return m != NULL && (m->shape->type == TCX__SHAPE_BLOB || m->shape->type == TCX__SHAPE_STRING)
             ? m
             : NULL;
}

static int add_payload(const struct tcx_parse *p, const struct tcx_member *m, struct tcx_value *v,
                       struct tcx_value *map) {
  return v != NULL && tcx__value_add(p->arena, map, m->name, m->name_len, v) == 0
             ? 0
             : tcx__fail_memory(p->fail);
}

int tcx__rest_add_bytes(const struct tcx_parse *p, const struct tcx_member *payload,
                        const struct tcx_document *document, struct tcx_value *map) {
  struct tcx_str bytes = tcx__buf_str(&document->bytes);
  struct tcx_value *v = tcx__value_new_str(p->arena, bytes.p != NULL ? bytes.p : "", bytes.n);
  if (v != NULL && payload->shape->type == TCX__SHAPE_BLOB)
    v->type = TCX_BLOB;
  return add_payload(p, payload, v, map);
}

int tcx__rest_add_empty(const struct tcx_parse *p, const struct tcx_shape *structure,
                        struct tcx_value *map) {
  const struct tcx_member *m = tcx__rest_payload(structure);
  if (m == NULL || (m->shape->flags & (TCX__S_UNION | TCX__S_EVENT_STREAM)))
    return 0;
  return add_payload(
      p, m, tcx__value_new(p->arena, m->shape->type == TCX__SHAPE_LIST ? TCX_LIST : TCX_MAP), map);
}
