/*
 * paginator.c - one model-driven pager: each `next` is a call whose tokens come from the page
 * before.
 *
 *   idle --next--> asking --page--> idle ... --last page--> finished (next gives TCX_EOF)
 *                         --error--> failed (next gives it again)
 *   With prefetch, a page that was given starts the call for the one behind it: idle with `call`,
 *     then idle with `held` until next wants it. What is held was not looked at: where the pager
 *   stands is always what the user has seen.
 *
 * The paginator lies in its own arena, with the params as they were given; tokens lie in an arena
 * of their own, a new one a page, so that a million pages take no more memory than one. refs: the
 * caller until tcx_paginator_close, a call under way, and a callback in the ready queue. After the
 * client's close it is inert memory.
 */
#include "core/paginator.h"
#include "base/mem.h"
#include <string.h>

static void unlink_pages(tcx_paginator_t *p) {
  if (p->client == NULL)
    return;
  if (p->prev != NULL)
    p->prev->next = p->next;
  else
    p->client->paginators = p->next;
  if (p->next != NULL)
    p->next->prev = p->prev;
  p->client = NULL;
}

void tcx__paginators_orphan(tcx_client_t *client) {
  while (client->paginators != NULL)
    unlink_pages(client->paginators);
}

void tcx__paginator_ref(tcx_paginator_t *p) { p->refs++; }

void tcx__paginator_unref(tcx_paginator_t *p) {
  if (--p->refs > 0)
    return;
  unlink_pages(p);
  tcx_call_release(p->kept);
  tcx_call_release(p->held);
  tcx_value_free(p->params);
  tcx__arena_free(p->token_arena);
  tcx__arena_free(p->whole_arena);
  tcx__models_free(p->models);
  tcx__arena_free(p->arena);
}

int tcx__paginator_fail(tcx_paginator_t *p, int status) {
  p->error = (tcx_error_t){.status = status,
                           .msg = p->fail.text,
                           .operation = p->op != NULL ? p->op->name : p->operation};
  return status;
}

/* ---- the beginning: what the options say ---- */

static int set_page_size(tcx_paginator_t *p) {
  const char *key = p->plan.model->limit_key;
  if (p->page_size == 0)
    return 0;
  if (key == NULL)
    return tcx__fail(&p->fail, TCX_EPAGINATE,
                     "Error during pagination: PageSize parameter is not supported for the "
                     "pagination interface for this operation.");
  const struct tcx_member *m =
      p->op->input != NULL ? tcx__shape_member(p->op->input, key, strlen(key)) : NULL;
  char digits[16];
  snprintf(digits, sizeof digits, "%u", p->page_size);
  if (m != NULL && m->shape->type == TCX__SHAPE_STRING)
    tcx_value_set_str(p->params, key, digits);
  else
    tcx_value_set_int(p->params, key, p->page_size);
  return 0;
}

/* A token that is null, or says "None", takes the parameter away. */
static void put_tokens(tcx_value_t *params, const struct tcx_value *tokens) {
  for (const struct tcx_value *v = tcx__value_kids(tokens); v != NULL; v = v->next)
    if (v->type == TCX_NULL || (v->type == TCX_STRING && tcx__str_is(v->u.bytes, "None")))
      tcx__value_remove(params, v->name, v->name_len);
    else
      tcx_value_put(params, v->name, v->name_len, tcx_value_copy(v));
}

static int read_options(tcx_paginator_t *p) {
  const struct tcx_pagination *m =
      p->op != NULL ? tcx__model_pagination(p->client->model, p->op) : NULL;
  if (p->op == NULL)
    return 0;
  if (m == NULL)
    return tcx__fail(&p->fail, TCX_EPAGINATE, "Operation cannot be paginated: %s", p->operation);
  if (p->params == NULL)
    p->params = tcx_value_new_map();
  int err = tcx__page_plan(p->arena, m, &p->plan, &p->fail);
  if (err == 0)
    err = set_page_size(p);
  if (err != 0 || p->starting_token == NULL)
    return err;
  p->token = p->starting_token;
  err = tcx__page_token_read(p->arena, tcx__str(p->starting_token), m, &p->at, &p->fail);
  if (err == 0)
    put_tokens(p->params, p->at.tokens);
  return err;
}

int tcx__paginator_begin(tcx_paginator_t *p) {
  if (p->client == NULL || p->client->closing)
    return TCX_ECLOSING;
  int err = p->begun ? 0 : read_options(p);
  p->begun = true;
  if (err != 0)
    (void)tcx__paginator_fail(p, err);
  return 0;
}

/* ---- a page ---- */

/* The token of a page, or of the rest of one, as text. arena: where tokens lie. */
static int set_token(tcx_paginator_t *p, struct tcx_arena *arena,
                     const struct tcx_page_token *token) {
  return tcx__page_token_write(arena, token, &p->token, &p->fail);
}

/* No page was asked with tokens yet, and its place is wanted: null each. */
static int first_tokens(tcx_paginator_t *p) {
  const struct tcx_pagination *m = p->plan.model;
  if (p->at.tokens != NULL)
    return 0;
  struct tcx_value *map = tcx__value_new(p->arena, TCX_MAP);
  for (unsigned i = 0; i < m->n_input_token && map != NULL; i++) {
    struct tcx_value *v = tcx__value_new(p->arena, TCX_NULL);
    if (v == NULL ||
        tcx__value_replace(p->arena, map, m->input_token[i], strlen(m->input_token[i]), v) != 0)
      map = NULL;
  }
  p->at.tokens = map;
  return map == NULL ? tcx__fail_memory(&p->fail) : 0;
}

/* A starting token may have named what is no token of this operation. */
static int check_tokens(tcx_paginator_t *p) {
  const struct tcx_pagination *m = p->plan.model;
  bool fits = tcx__value_count(p->at.tokens) == m->n_input_token;
  for (unsigned i = 0; i < m->n_input_token && fits; i++)
    fits = tcx__value_find(p->at.tokens, m->input_token[i], strlen(m->input_token[i])) != NULL;
  if (fits)
    return 0;
  struct tcx_buf shown;
  tcx__buf_init(&shown, p->arena, TCX__PAGE_TOKEN_MAX);
  tcx__page_token_show(&shown, &p->at);
  return shown.status == UV_ENOMEM
             ? tcx__fail_memory(&p->fail)
             : tcx__fail(&p->fail, TCX_EPAGINATE, "Bad starting token: %s", shown.data);
}

/* max_items ends within this page: what is behind is cut off, and the token leads back into it. */
static int cut_page(tcx_paginator_t *p, struct tcx_arena *arena, struct tcx_value *page,
                    uint64_t keep) {
  int err = tcx__page_cut(&p->plan, arena, page, keep, &p->fail);
  if (err == 0)
    err = first_tokens(p);
  if (err != 0)
    return err;
  p->at.truncated += (int64_t)keep;
  p->finished = p->cut_off = true;
  err = check_tokens(p);
  return err != 0 ? err : set_token(p, p->arena, &p->at);
}

static int repeated(tcx_paginator_t *p, struct tcx_value *tokens) {
  struct tcx_buf shown;
  tcx__buf_init(&shown, p->arena, TCX__PAGE_TOKEN_MAX);
  tcx__page_token_show(&shown, &(struct tcx_page_token){tokens, -1});
  if (shown.status == UV_ENOMEM)
    return tcx__fail_memory(&p->fail);
  (void)tcx__paginator_fail(
      p,
      tcx__fail(&p->fail, TCX_EPAGINATE,
                "Error during pagination: The same next token was received twice: %s", shown.data));
  return 0; /* the page itself is good */
}

/* What the page behind this one is asked with; finished when the service names none, or max_items
 * are given. */
static int turn_page(tcx_paginator_t *p, struct tcx_arena *page_arena,
                     const struct tcx_value *page) {
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_page_token next = {.truncated = -1};
  if (arena == NULL)
    return tcx__fail_memory(&p->fail);
  int err = tcx__page_next(&p->plan, arena, page_arena, page, &next.tokens, &p->fail);
  p->token = NULL;
  if (err == 0 && next.tokens != NULL)
    err = set_token(p, arena, &next);
  if (err == 0) {
    p->finished = next.tokens == NULL || (p->max_items > 0 && p->items >= p->max_items);
    p->cut_off = p->finished && next.tokens != NULL;
    if (!p->finished && p->turned && tcx__value_equal(p->at.tokens, next.tokens, false))
      err = repeated(p, next.tokens);
  }
  tcx__arena_free(p->token_arena);
  p->token_arena = arena;
  p->at = next;
  p->at.truncated = 0;
  p->turned = true;
  return err;
}

static int note_non_aggregates(tcx_paginator_t *p, struct tcx_arena *arena,
                               const struct tcx_value *page) {
  p->non_aggregate = tcx__value_new(p->arena, TCX_MAP);
  int err = p->non_aggregate == NULL ? tcx__fail_memory(&p->fail) : 0;
  for (unsigned i = 0; i < p->plan.model->n_non_aggregate_keys && err == 0; i++) {
    const struct tcx_value *found;
    err = tcx__page_find(arena, p->plan.non_aggregate_keys[i], page, &found, &p->fail);
    if (err == 0 &&
        tcx__page_set(p->arena, p->non_aggregate, p->plan.model->non_aggregate_keys[i], found) != 0)
      err = tcx__fail_memory(&p->fail);
  }
  return err;
}

static int take_page(tcx_paginator_t *p, struct tcx_arena *arena, struct tcx_value *page) {
  bool first = p->non_aggregate == NULL, can_cut = false;
  uint64_t count = 0;
  int err = first && p->starting_token != NULL
                ? tcx__page_skip(&p->plan, arena, page, p->at.truncated, &p->fail)
                : 0;
  if (err == 0 && first)
    err = note_non_aggregates(p, arena, page);
  if (err == 0)
    err = tcx__page_count(&p->plan, arena, page, &count, &can_cut, &p->fail);
  if (err != 0)
    return err;
  if (p->max_items > 0 && count > p->max_items - p->items && can_cut)
    return cut_page(p, arena, page, p->max_items - p->items);
  p->items += count;
  return turn_page(p, arena, page);
}

/* ---- asking and telling ---- */

static void on_page(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error);

/* Tokens go into what the page before was asked with, so that a member keeps its place. Copies hold
 * what is left alone: the tree does not grow. */
static tcx_value_t *page_params(tcx_paginator_t *p) {
  tcx_value_t *params = p->params != NULL ? tcx_value_copy(p->params) : NULL;
  if (!p->turned)
    return params;
  put_tokens(params, p->at.tokens);
  tcx_value_t *kept = tcx_value_copy(params);
  if (tcx_value_status(kept) != 0) {
    tcx_value_free(kept);
    return params;
  }
  tcx_value_free(p->params);
  p->params = kept;
  return params;
}

/* Starts the call for the page at p->at. */
static int ask(tcx_paginator_t *p) {
  tcx_value_t *params = page_params(p);
  struct tcx_call_start start = {.client = p->client,
                                 .operation = p->operation,
                                 .params = params,
                                 .cb = on_page,
                                 .data = p,
                                 .uses = TCX__USES(TCX__USES_PAGINATOR)};
  p->refs++;
  int err = tcx__call_start(&start, &p->call);
  if (err != 0) {
    p->call = NULL;
    p->refs--;
  }
  return err;
}

static void tell(tcx_paginator_t *p, int status, const tcx_value_t *page) {
  tcx_page_cb cb = p->cb;
  p->cb = NULL;
  p->owed = false;
  if (p->closed)
    status = TCX_ECANCELED;
  cb(p, status, status == 0 ? page : NULL);
}

/* The page, or error, of a call that is over. */
static void give(tcx_paginator_t *p, tcx_call_t *call) {
  int status = p->closed ? TCX_ECANCELED : call->error.status;
  if (status == 0) {
    status = take_page(p, call->arena, call->value);
    if (status != 0)
      (void)tcx__paginator_fail(p, status);
    p->error.attempts = p->error.status != 0 ? (int)call->attempts : 0;
  } else if (!p->closed) {
    p->kept = tcx_call_retain(call);
    p->error = call->error;
  }
  if (p->prefetch && status == 0 && p->error.status == 0 && !p->finished && p->client != NULL)
    (void)ask(p); /* when it cannot start, next will tell */
  p->page_arena = call->arena;
  p->page_call = call;
  tell(p, status, call->value);
  p->page_arena = NULL;
  p->page_call = NULL;
}

static void on_page(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_paginator_t *p = tcx_call_data(call);
  (void)response, (void)error;
  p->call = NULL;
  if (p->owed && p->error.status == 0)
    give(p, call);
  else if (!p->closed)
    p->held = tcx_call_retain(call);
  tcx__paginator_unref(p);
}

static void on_ready(struct tcx_ready *ready) {
  tcx_paginator_t *p = (tcx_paginator_t *)((char *)ready - offsetof(tcx_paginator_t, ready));
  tcx_session_t *session = p->session;
  tcx_call_t *call = p->error.status == 0 ? p->held : NULL;
  tcx__session_enter(session);
  if (call != NULL) {
    p->held = NULL;
    give(p, call);
  } else {
    tell(p, p->error.status != 0 ? p->error.status : TCX_EOF, NULL);
  }
  tcx_call_release(call);
  tcx__session_leave(session);
  tcx__paginator_unref(p);
  tcx__session_drop(session);
}

/* A page that waits already, the end, or what is wrong with the paginator itself. */
static void tell_later(tcx_paginator_t *p) {
  p->refs++;
  tcx__session_hold(p->session);
  tcx__ready_push(p->session, &p->ready);
}

int tcx__paginator_next(tcx_paginator_t *p, tcx_page_cb cb) {
  int err = tcx__paginator_begin(p);
  if (err != 0)
    return err;
  p->cb = cb;
  p->owed = true;
  if (p->call != NULL && p->error.status == 0)
    return 0; /* asked for ahead: it is under way */
  if (p->held != NULL || p->finished || p->error.status != 0) {
    tell_later(p);
    return 0;
  }
  err = ask(p);
  p->owed = err == 0;
  return err;
}

int tcx_paginator_next(tcx_paginator_t *p, tcx_page_cb cb) {
  if (p == NULL || cb == NULL || p->closed)
    return UV_EINVAL;
  return p->owed || p->walk.on ? UV_EBUSY : tcx__paginator_next(p, cb);
}

/* ---- making and closing ---- */

static tcx_paginator_t *new_pages(tcx_client_t *client, const char *operation,
                                  const tcx_paginate_options_t *o) {
  struct tcx_arena *arena = tcx__arena_new();
  tcx_paginator_t *p = arena != NULL ? tcx__arena_zalloc(arena, sizeof *p) : NULL;
  if (p != NULL) {
    p->operation = tcx__arena_strdup(arena, operation);
    p->starting_token =
        o->starting_token != NULL ? tcx__arena_strdup(arena, o->starting_token) : NULL;
  }
  if (p == NULL || p->operation == NULL ||
      (o->starting_token != NULL && p->starting_token == NULL)) {
    tcx__arena_free(arena);
    return NULL;
  }
  p->client = client;
  p->session = client->session;
  p->models = p->session->models != NULL ? tcx__models_retain(p->session->models) : NULL;
  p->arena = p->fail.arena = arena;
  p->op = client->model != NULL ? tcx__model_operation(client->model, operation) : NULL;
  p->page_size = o->page_size;
  p->max_items = o->max_items;
  p->prefetch = o->prefetch;
  p->refs = 1;
  p->ready.run = on_ready;
  p->next = client->paginators;
  if (p->next != NULL)
    p->next->prev = p;
  client->paginators = p;
  return p;
}

int tcx_client_paginate_sized(tcx_client_t *client, const char *operation, tcx_value_t *params,
                              const tcx_paginate_options_t *options, size_t size, void *data,
                              tcx_paginator_t **pages) {
  tcx_paginate_options_t o = {0};
  tcx_paginator_t *p = NULL;
  int err = client == NULL || operation == NULL || pages == NULL || size > sizeof o ? UV_EINVAL
            : client->closing || client->draining                                   ? TCX_ECLOSING
                                                                                    : 0;
  if (err == 0) {
    if (options != NULL)
      memcpy(&o, options, size);
    p = new_pages(client, operation, &o);
  }
  if (p == NULL) {
    tcx_value_free(params);
    return err != 0 ? err : UV_ENOMEM;
  }
  p->params = params;
  p->data = data;
  *pages = p;
  return 0;
}

void tcx_paginator_close(tcx_paginator_t *p) {
  if (p == NULL || p->closed)
    return;
  p->closed = true;
  if (p->call != NULL)
    tcx_call_cancel(p->call);
  tcx__paginator_unref(p);
}

const tcx_error_t *tcx_paginator_error(const tcx_paginator_t *p) {
  return p->error.status != 0 ? &p->error : NULL;
}
const char *tcx_paginator_token(const tcx_paginator_t *p) { return p->token; }
void *tcx_paginator_data(const tcx_paginator_t *p) { return p->data; }
