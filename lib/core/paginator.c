/*
 * paginator.c - one model-driven pager: each `next` is a call whose tokens come from the page
 * before.
 *
 *   idle --next--> asking --page--> idle ... --last page--> finished (next gives TCX_EOF)
 *                         --error--> failed (next gives it again)
 *
 * The paginator lies in its own arena, with the params as they were given; tokens lie in an arena
 * of their own, a new one a page, so that a million pages take no more memory than one. refs: the
 * caller until tcx_paginator_close, and the page that is owed. After the client's close it is inert
 * memory.
 */
#include "base/mem.h"
#include "core/call.h"
#include <string.h>

#define TOKENS_MAX 8

struct tcx_paginator {
  tcx_client_t *client; /* NULL once it is closed */
  tcx_session_t *session;
  /* held: op and model lie in them. NULL: the client has none */
  struct tcx_models *models;
  tcx_paginator_t *prev, *next; /* in client->paginators */
  const char *operation;
  const struct tcx_operation *op;     /* NULL: no such operation, the call will tell */
  const struct tcx_pagination *model; /* NULL: no pages */
  struct tcx_arena *arena;
  tcx_value_t *params;                  /* a built tree: as given */
  struct tcx_arena *token_arena;        /* NULL before the first page */
  struct tcx_value *tokens[TOKENS_MAX]; /* by input token; NULL = none */
  unsigned page_size, refs;
  bool finished, closed, owed;
  struct tcx_ready ready; /* a page callback without a call */
  tcx_call_t *call;       /* the one that asks, borrowed */
  tcx_call_t *kept;       /* the last one, retained for its error */
  tcx_page_cb cb;
  void *data;
  struct tcx_fail fail;
  tcx_error_t error; /* status 0 = none */
};

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

static void unref(tcx_paginator_t *p) {
  if (--p->refs > 0)
    return;
  unlink_pages(p);
  tcx_call_release(p->kept);
  tcx_value_free(p->params);
  tcx__arena_free(p->token_arena);
  tcx__models_free(p->models);
  tcx__arena_free(p->arena);
}

/* ---- tokens: "A.B", "A[-1].B", alternatives with "||" ---- */

static const struct tcx_value *one_path(const struct tcx_value *v, const char *p, const char *end) {
  while (v != NULL && p < end) {
    const char *stop = p;
    while (stop < end && *stop != '.' && *stop != '[')
      stop++;
    if (stop > p)
      v = tcx__value_find(v, p, (size_t)(stop - p));
    p = stop;
    if (p < end && *p == '[') {
      const struct tcx_value *last = NULL;
      for (const struct tcx_value *item = tcx__value_kids(v); item != NULL; item = item->next)
        last = item;
      v = last;
      p += 4; /* [-1] */
    }
    if (p < end && *p == '.')
      p++;
  }
  return v;
}

static bool filled(const struct tcx_value *v) {
  return v != NULL && v->type != TCX_NULL &&
         !((v->type == TCX_STRING || v->type == TCX_BLOB) && v->u.bytes.n == 0) &&
         !(v->type == TCX_BOOL && !v->u.boolean);
}

static const struct tcx_value *evaluate(const struct tcx_value *page, const char *expression) {
  for (const char *p = expression; p != NULL;) {
    const char *bar = strstr(p, "||"), *end = bar != NULL ? bar : p + strlen(p);
    while (p < end && *p == ' ')
      p++;
    while (end > p && end[-1] == ' ')
      end--;
    const struct tcx_value *v = one_path(page, p, end);
    if (filled(v))
      return v;
    p = bar != NULL ? bar + 2 : NULL;
  }
  return NULL;
}

/* Only names, dots, [-1] and ||: what the paging of the services that this version speaks is
 * written in. */
static bool plain_expression(const char *s) {
  for (; *s != '\0'; s++) {
    if (*s == '[') {
      if (strncmp(s, "[-1]", 4) != 0)
        return false;
      s += 3;
    } else if (strchr(" .|_-", *s) == NULL &&
               !((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') ||
                 (*s >= '0' && *s <= '9'))) {
      return false;
    }
  }
  return true;
}

static bool same_token(const struct tcx_value *a, const struct tcx_value *b) {
  if (a == NULL || b == NULL || a->type != b->type)
    return a == b;
  if (a->type == TCX_STRING)
    return tcx__str_eq(a->u.bytes, b->u.bytes);
  return a->type == TCX_INT && a->u.integer == b->u.integer;
}

static int fail_pages(tcx_paginator_t *p, int status, const char *text) {
  p->fail.status = 0;
  (void)tcx__fail(&p->fail, status, "%s", text);
  p->error = (tcx_error_t){.status = status,
                           .msg = p->fail.text,
                           .operation = p->op != NULL ? p->op->name : p->operation};
  return status;
}

/* What the next page is asked with; finished when the service names none. */
static int take_tokens(tcx_paginator_t *p, const struct tcx_value *page) {
  const struct tcx_pagination *m = p->model;
  struct tcx_arena *arena = tcx__arena_new();
  struct tcx_value *tokens[TOKENS_MAX] = {0};
  bool any = false, same = p->token_arena != NULL;
  if (arena == NULL)
    return fail_pages(p, UV_ENOMEM, tcx_strerror(UV_ENOMEM));
  bool more = m->more_results == NULL || filled(evaluate(page, m->more_results));
  for (unsigned i = 0; i < m->n_output_token && more; i++) {
    const struct tcx_value *v = evaluate(page, m->output_token[i]);
    if (v != NULL && (tokens[i] = tcx__value_deep_copy(arena, v)) == NULL) {
      tcx__arena_free(arena);
      return fail_pages(p, UV_ENOMEM, tcx_strerror(UV_ENOMEM));
    }
    any = any || v != NULL;
    same = same && same_token(tokens[i], p->tokens[i]);
  }
  p->finished = !any;
  if (any && same) {
    tcx__arena_free(arena);
    return fail_pages(p, TCX_EPAGINATE,
                      "Error during pagination: The same next token was received twice");
  }
  tcx__arena_free(p->token_arena);
  p->token_arena = arena;
  memcpy(p->tokens, tokens, sizeof tokens);
  return 0;
}

/* ---- asking ---- */

static tcx_value_t *page_params(const tcx_paginator_t *p) {
  tcx_value_t *params = p->params != NULL ? tcx_value_copy(p->params) : tcx_value_new_map();
  for (unsigned i = 0; p->model != NULL && i < p->model->n_input_token; i++)
    if (p->tokens[i] != NULL)
      tcx_value_put(params, p->model->input_token[i], strlen(p->model->input_token[i]),
                    tcx_value_copy(p->tokens[i]));
  if (p->page_size > 0 && p->model != NULL && p->model->limit_key != NULL)
    tcx_value_set_int(params, p->model->limit_key, p->page_size);
  return params;
}

static void tell(tcx_paginator_t *p, int status, const tcx_value_t *page) {
  tcx_page_cb cb = p->cb;
  p->cb = NULL;
  p->owed = false;
  if (p->closed)
    status = TCX_ECANCELED;
  cb(p, status, status == 0 ? page : NULL);
}

static void on_page(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error) {
  tcx_paginator_t *p = tcx_call_data(call);
  int status = error != NULL ? error->status : 0;
  p->call = NULL;
  if (error != NULL) {
    p->kept = tcx_call_retain(call);
    p->error = *error;
    p->finished = true;
  } else {
    status = take_tokens(p, response);
    p->finished = p->finished || status != 0;
    p->error.attempts = status != 0 ? (int)call->attempts : 0;
  }
  tell(p, status, response);
  unref(p);
}

static void on_ready(struct tcx_ready *ready) {
  tcx_paginator_t *p = (tcx_paginator_t *)((char *)ready - offsetof(tcx_paginator_t, ready));
  tcx_session_t *session = p->session;
  tcx__session_enter(session);
  tell(p, p->error.status != 0 ? p->error.status : TCX_EOF, NULL);
  tcx__session_leave(session);
  unref(p);
  tcx__session_drop(session);
}

/* The end, or what is wrong with the paginator itself. */
static void tell_later(tcx_paginator_t *p) {
  tcx__session_hold(p->session);
  tcx__ready_push(p->session, &p->ready);
}

static int check_model(tcx_paginator_t *p) {
  if (p->op == NULL)
    return 0;
  if (p->model == NULL)
    return fail_pages(p, TCX_EPAGINATE, "Operation cannot be paginated");
  if (p->model->n_input_token > TOKENS_MAX || p->model->n_output_token > TOKENS_MAX)
    return fail_pages(p, TCX_EPAGINATE,
                      "Operation has more page tokens than this version of tucuxi reads");
  for (unsigned i = 0; i < p->model->n_output_token; i++)
    if (!plain_expression(p->model->output_token[i]))
      return fail_pages(
          p, TCX_EPAGINATE,
          "Operation has a page token expression that this version of tucuxi does not read");
  return 0;
}

int tcx_paginator_next(tcx_paginator_t *p, tcx_page_cb cb) {
  if (p == NULL || cb == NULL || p->closed)
    return UV_EINVAL;
  if (p->owed)
    return UV_EBUSY;
  tcx_client_t *c = p->client;
  if (c == NULL || c->closing)
    return TCX_ECLOSING;
  p->cb = cb;
  p->owed = true;
  p->refs++;
  if (p->finished || p->error.status != 0 || check_model(p) != 0) {
    tell_later(p);
    return 0;
  }
  struct tcx_call_start start = {.client = c,
                                 .operation = p->operation,
                                 .params = page_params(p),
                                 .cb = on_page,
                                 .data = p,
                                 .uses = TCX__USES(TCX__USES_PAGINATOR)};
  int err = tcx__call_start(&start, &p->call);
  if (err != 0) {
    p->call = NULL;
    p->owed = false;
    p->refs--;
  }
  return err;
}

int tcx_client_paginate_sized(tcx_client_t *client, const char *operation, tcx_value_t *params,
                              const tcx_paginate_options_t *options, size_t size, void *data,
                              tcx_paginator_t **pages) {
  int err = client == NULL || operation == NULL || pages == NULL || size > sizeof *options
                ? UV_EINVAL
            : client->closing || client->draining ? TCX_ECLOSING
                                                  : 0;
  struct tcx_arena *arena = err == 0 ? tcx__arena_new() : NULL;
  tcx_paginator_t *p = arena != NULL ? tcx__arena_zalloc(arena, sizeof *p) : NULL;
  if (p == NULL || (p->operation = tcx__arena_strdup(arena, operation)) == NULL) {
    tcx__arena_free(arena);
    tcx_value_free(params);
    return err != 0 ? err : UV_ENOMEM;
  }
  tcx_paginate_options_t o = {0};
  if (options != NULL)
    memcpy(&o, options, size);
  p->client = client;
  p->session = client->session;
  p->models = p->session->models != NULL ? tcx__models_retain(p->session->models) : NULL;
  p->arena = p->fail.arena = arena;
  p->op = client->model != NULL ? tcx__model_operation(client->model, operation) : NULL;
  p->model = p->op != NULL ? tcx__model_pagination(client->model, p->op) : NULL;
  p->params = params;
  p->page_size = o.page_size;
  p->data = data;
  p->refs = 1;
  p->ready.run = on_ready;
  p->next = client->paginators;
  if (p->next != NULL)
    p->next->prev = p;
  client->paginators = p;
  *pages = p;
  return 0;
}

void tcx_paginator_close(tcx_paginator_t *p) {
  if (p == NULL || p->closed)
    return;
  p->closed = true;
  if (p->call != NULL)
    tcx_call_cancel(p->call);
  unref(p);
}

const tcx_error_t *tcx_paginator_error(const tcx_paginator_t *p) {
  return p->error.status != 0 ? &p->error : NULL;
}
void *tcx_paginator_data(const tcx_paginator_t *p) { return p->data; }
