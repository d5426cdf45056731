/*
 * canonical.c - the canonical request of Signature Version 4, hashed as it is written.
 *
 * The text goes through a window on the stack into SHA-256, so that its length is not limited and
 * nothing is allocated for it. Path and query come encoded; services other than S3 encode the path
 * a second time, as they always have.
 */
#include "auth/sign.h"
#include <uv.h>

struct sink {
  struct tcx_sha256 hash;
  struct tcx_buf *keep; /* the same text for those who ask for it; NULL = nobody */
  size_t used;
  char window[1024];
};

static void flush(struct sink *s) {
  tcx__sha256_update(&s->hash, s->window, s->used);
  if (s->keep != NULL)
    tcx__buf_add(s->keep, s->window, s->used);
  s->used = 0;
}

static void put(struct sink *s, const char *p, size_t n) {
  while (n > sizeof s->window - s->used) {
    size_t take = sizeof s->window - s->used;
    memcpy(s->window + s->used, p, take);
    s->used += take;
    p += take;
    n -= take;
    flush(s);
  }
  if (n != 0)
    memcpy(s->window + s->used, p, n);
  s->used += n;
}

static void put_char(struct sink *s, char c) {
  if (s->used == sizeof s->window)
    flush(s);
  s->window[s->used++] = c;
}

static inline unsigned char lower(char c) {
  unsigned char u = (unsigned char)c;
  return (unsigned char)(u + ((unsigned char)(u - 'A') < 26) * ('a' - 'A'));
}

/* ---- order ---- */

static bool header_before(const struct tcx_header *a, const struct tcx_header *b) {
  size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
  for (size_t i = 0; i < n; i++)
    if (a->name.p[i] != b->name.p[i] && lower(a->name.p[i]) != lower(b->name.p[i]))
      return lower(a->name.p[i]) < lower(b->name.p[i]);
  return a->name.n < b->name.n;
}

static int compare(struct tcx_str a, struct tcx_str b) {
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
  return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static bool parameter_before(const struct tcx_header *a, const struct tcx_header *b) {
  int order = compare(a->name, b->name);
  return order < 0 || (order == 0 && compare(a->value, b->value) < 0);
}

typedef bool (*before_fn)(const struct tcx_header *a, const struct tcx_header *b);

/* Stable. Few are inserted one by one; many are halved, sorted and merged through scratch, which
 * has room for half of them. */
static void sort(struct tcx_header *list, unsigned count, struct tcx_header *scratch,
                 before_fn before) {
  if (count <= 16) {
    for (unsigned i = 1; i < count; i++) {
      struct tcx_header moving = list[i];
      unsigned at = i;
      for (; at > 0 && before(&moving, &list[at - 1]); at--)
        list[at] = list[at - 1];
      list[at] = moving;
    }
    return;
  }
  unsigned half = count / 2, left = 0, right = half, to = 0;
  sort(list, half, scratch, before);
  sort(list + half, count - half, scratch, before);
  memcpy(scratch, list, half * sizeof *list);
  while (left < half)
    list[to++] =
        right < count && before(&list[right], &scratch[left]) ? list[right++] : scratch[left++];
}

/* Room for count entries and the scratch of sorting them: local when they fit it. */
static struct tcx_header *room(struct tcx_arena *arena, unsigned count, struct tcx_header *local,
                               unsigned local_count, struct tcx_header **scratch) {
  if (count + count / 2 <= local_count) {
    *scratch = local + count;
    return local;
  }
  if (count > UINT32_MAX / 2 / sizeof *local)
    return NULL;
  struct tcx_header *list = tcx__arena_alloc(arena, ((size_t)count + count / 2) * sizeof *list);
  *scratch = list == NULL ? NULL : list + count;
  return list;
}

/* ---- headers ---- */

/* These change on their way or are added after signing. Shortest first. */
static bool is_unsigned(struct tcx_str name) {
  static const struct tcx_str names[] = {
      {"te", 2},
      {"expect", 6},
      {"baggage", 7},
      {"trailer", 7},
      {"upgrade", 7},
      {"connection", 10},
      {"keep-alive", 10},
      {"tracestate", 10},
      {"user-agent", 10},
      {"traceparent", 11},
      {"authorization", 13},
      {"x-amzn-trace-id", 15},
      {"transfer-encoding", 17},
      {"proxy-authenticate", 18},
      {"proxy-authorization", 19},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names && names[i].n <= name.n; i++)
    if (names[i].n == name.n && tcx__str_ieq(names[i], name))
      return true;
  return false;
}

static bool same_name(const struct tcx_header *a, const struct tcx_header *b) {
  return a->name.n == b->name.n && tcx__str_ieq(a->name, b->name);
}

static int join_names(struct tcx_signed_headers *h, struct tcx_arena *arena) {
  size_t room_needed = 0;
  for (unsigned i = 0; i < h->count; i++)
    room_needed += h->list[i].name.n + 1;
  char *out = tcx__arena_alloc(arena, room_needed);
  h->names.p = out;
  if (out == NULL)
    return UV_ENOMEM;
  for (unsigned i = 0; i < h->count; i++) {
    struct tcx_str name = h->list[i].name;
    if (i != 0 && same_name(&h->list[i - 1], &h->list[i]))
      continue;
    if (i != 0)
      *out++ = ';';
    for (size_t k = 0; k < name.n; k++)
      *out++ = (char)lower(name.p[k]);
  }
  h->names.n = (size_t)(out - h->names.p);
  return 0;
}

int tcx__signed_headers(struct tcx_signed_headers *h, const struct tcx_request *req) {
  struct tcx_header *scratch;
  h->list = room(req->arena, req->headers.count + 1, h->local, sizeof h->local / sizeof *h->local,
                 &scratch);
  if (h->list == NULL)
    return UV_ENOMEM;
  h->count = 0;
  bool host_given = false;
  for (unsigned i = 0; i < req->headers.count; i++) {
    const struct tcx_header *header = &req->headers.list[i];
    if (is_unsigned(header->name))
      continue;
    host_given =
        host_given || (header->name.n == 4 && tcx__str_ieq(header->name, TCX__STR("host")));
    h->list[h->count++] = *header;
  }
  if (!host_given)
    h->list[h->count++] = (struct tcx_header){TCX__STR("host"), req->host_header};
  sort(h->list, h->count, scratch, header_before);
  return join_names(h, req->arena);
}

/* Without white space at its ends, and with one space for each run of it inside; in pieces that the
 * window holds. */
static void put_value(struct sink *s, struct tcx_str v) {
  bool any = false, pending = false;
  for (size_t done = 0; done < v.n;) {
    if (sizeof s->window - s->used < 2)
      flush(s);
    size_t n = v.n - done,
           left = sizeof s->window - s->used - 1; /* one for a space that an earlier piece owes */
    if (n > left)
      n = left;
    char *out = s->window + s->used;
    for (const char *p = v.p + done, *end = p + n; p < end; p++) {
      if ((unsigned char)*p <= ' ' && tcx__is_space(*p)) {
        pending = any;
        continue;
      }
      if (pending)
        *out++ = ' ';
      pending = false;
      any = true;
      *out++ = *p;
    }
    s->used = (size_t)(out - s->window);
    done += n;
  }
}

static void put_headers(struct sink *s, const struct tcx_signed_headers *h) {
  const char *name = h->names.p;
  for (unsigned i = 0; i < h->count; i++) {
    const struct tcx_header *header = &h->list[i];
    if (i != 0 && same_name(header - 1, header)) {
      put_char(s, ',');
    } else {
      if (i != 0)
        put_char(s, '\n');
      put(s, name, header->name.n);
      put_char(s, ':');
      name += header->name.n + 1;
    }
    put_value(s, header->value);
  }
  put(s, "\n\n", 2);
}

/* ---- path ---- */

static bool needs_normalizing(struct tcx_str path) {
  for (size_t i = 0; i + 1 < path.n; i++)
    if (path.p[i] == '/' && (path.p[i + 1] == '/' || path.p[i + 1] == '.'))
      return true;
  return false;
}

/* Without empty and dot segments; a slash at the end stays one. out has room for path.n + 1. */
static struct tcx_str normalize(struct tcx_str path, char *out) {
  size_t n = 0;
  for (size_t at = 0; at < path.n;) {
    size_t end = at;
    while (end < path.n && path.p[end] != '/')
      end++;
    struct tcx_str segment = {path.p + at, end - at};
    at = end + 1;
    if (segment.n == 0 || tcx__str_is(segment, "."))
      continue;
    if (tcx__str_is(segment, "..")) {
      while (n > 0 && out[--n] != '/')
        ;
      continue;
    }
    out[n++] = '/';
    memcpy(out + n, segment.p, segment.n);
    n += segment.n;
  }
  if (n == 0 || path.p[path.n - 1] == '/')
    out[n++] = '/';
  return (struct tcx_str){out, n};
}

static bool stays(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
         c == '-' || c == '_' || c == '.' || c == '~';
}

static void put_encoded(struct sink *s, struct tcx_str path) {
  static const char hex[] = "0123456789ABCDEF";
  for (size_t at = 0; at < path.n;) {
    size_t end = at;
    while (end < path.n && stays(path.p[end]))
      end++;
    put(s, path.p + at, end - at);
    if (end < path.n) {
      unsigned char c = (unsigned char)path.p[end++];
      put(s, (char[3]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
    at = end;
  }
}

static int put_path(struct sink *s, const struct tcx_sigv4 *v4, const struct tcx_request *req) {
  struct tcx_str path = req->path;
  if (path.n == 0)
    path = TCX__STR("/");
  if (v4->s3 || v4->plain_path) {
    put(s, path.p, path.n);
    return 0;
  }
  if (v4->normalize_path && needs_normalizing(path)) {
    char *out = tcx__arena_alloc(req->arena, path.n + 1);
    if (out == NULL)
      return UV_ENOMEM;
    path = normalize(path, out);
  }
  put_encoded(s, path);
  return 0;
}

/* ---- query ---- */

static unsigned count_parameters(struct tcx_str query) {
  unsigned count = 1;
  for (const char *p = query.p, *end = query.p + query.n;
       (p = memchr(p, '&', (size_t)(end - p))) != NULL; p++)
    count++;
  return count;
}

static struct tcx_header cut_parameter(const char *p, size_t n) {
  const char *mark = memchr(p, '=', n);
  size_t name = mark == NULL ? n : (size_t)(mark - p);
  size_t value = mark == NULL ? n : name + 1;
  return (struct tcx_header){{p, name}, {p + value, n - value}};
}

static int put_query(struct sink *s, const struct tcx_request *req, struct tcx_str query) {
  struct tcx_header local[24], *scratch;
  if (query.n == 0)
    return 0;
  unsigned count = count_parameters(query), filled = 0;
  struct tcx_header *list = room(req->arena, count, local, sizeof local / sizeof *local, &scratch);
  if (list == NULL)
    return UV_ENOMEM;
  const char *p = query.p, *end = query.p + query.n;
  for (;;) {
    const char *mark = memchr(p, '&', (size_t)(end - p));
    list[filled++] = cut_parameter(p, (size_t)((mark == NULL ? end : mark) - p));
    if (mark == NULL)
      break;
    p = mark + 1;
  }
  sort(list, count, scratch, parameter_before);
  for (unsigned i = 0; i < count; i++) {
    if (i != 0)
      put_char(s, '&');
    put(s, list[i].name.p, list[i].name.n);
    put_char(s, '=');
    put(s, list[i].value.p, list[i].value.n);
  }
  return 0;
}

int tcx__canonical_hash(const struct tcx_sigv4 *s, const struct tcx_request *req,
                        const struct tcx_signed_headers *h, struct tcx_str query,
                        struct tcx_str payload, unsigned char out[32]) {
  struct sink sink;
  struct tcx_buf text;
  sink.used = 0;
  sink.keep = NULL;
  tcx__sha256_init(&sink.hash);
  if (s->canonical_request != NULL) {
    tcx__buf_init(&text, req->arena, SIZE_MAX / 2);
    sink.keep = &text;
  }
  put(&sink, req->method, strlen(req->method));
  put_char(&sink, '\n');
  if (put_path(&sink, s, req) < 0)
    return UV_ENOMEM;
  put_char(&sink, '\n');
  if (put_query(&sink, req, query) < 0)
    return UV_ENOMEM;
  put_char(&sink, '\n');
  put_headers(&sink, h);
  put(&sink, h->names.p, h->names.n);
  put_char(&sink, '\n');
  put(&sink, payload.p, payload.n);
  flush(&sink);
  tcx__sha256_final(&sink.hash, out);
  if (sink.keep == NULL)
    return 0;
  *s->canonical_request = tcx__buf_str(&text);
  return text.status;
}
