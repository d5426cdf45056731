#include "core/user_hooks.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const names[TCX__ON_EVENTS] = {
    [TCX__ON_PROVIDE_CLIENT_PARAMS] = "provide-client-params",
    [TCX__ON_BEFORE_PARAMETER_BUILD] = "before-parameter-build",
    [TCX__ON_BEFORE_ENDPOINT_RESOLUTION] = "before-endpoint-resolution",
    [TCX__ON_BEFORE_CALL] = "before-call",
    [TCX__ON_CHOOSE_SIGNER] = "choose-signer",
    [TCX__ON_REQUEST_CREATED] = "request-created",
    [TCX__ON_BEFORE_SIGN] = "before-sign",
    [TCX__ON_BEFORE_SEND] = "before-send",
    [TCX__ON_BEFORE_PARSE] = "before-parse",
    [TCX__ON_RESPONSE_RECEIVED] = "response-received",
    [TCX__ON_NEEDS_RETRY] = "needs-retry",
    [TCX__ON_AFTER_CALL] = "after-call",
    [TCX__ON_AFTER_CALL_ERROR] = "after-call-error",
};

/* ---- patterns ---- */

static unsigned parts_of(unsigned event) {
  return event == TCX__ON_BEFORE_ENDPOINT_RESOLUTION ? 2 : 3;
}

/* The next part, "*" as "". UV_EINVAL when it is none. */
static int next_part(const char **at, char out[TCX__HOOK_NAME_MAX + 1]) {
  size_t n = strcspn(*at, ".");
  if (n == 0 || n > TCX__HOOK_NAME_MAX || (n > 1 && memchr(*at, '*', n) != NULL))
    return UV_EINVAL;
  memcpy(out, *at, n);
  out[**at == '*' ? 0 : n] = '\0';
  *at += n;
  return 0;
}

static int find_event(const char *name, uint8_t *event) {
  *event = 0;
  while (name[0] != '\0' && *event < TCX__ON_EVENTS && strcmp(names[*event], name) != 0)
    ++*event;
  if (name[0] == '\0')
    *event = TCX__ON_EVENTS;
  return name[0] != '\0' && *event == TCX__ON_EVENTS ? UV_EINVAL : 0;
}

int tcx__hook_parse(const char *pattern, struct tcx_user_hook *hook) {
  char event[TCX__HOOK_NAME_MAX + 1];
  char *const parts[] = {event, hook->service, hook->operation};
  static const uint8_t worth[] = {9, 3, 1};
  unsigned n = 0;
  hook->service[0] = hook->operation[0] = '\0';
  hook->key = 0;
  for (;; pattern++) {
    if (n == 3 || next_part(&pattern, parts[n]) != 0)
      return UV_EINVAL;
    hook->key = (uint8_t)(hook->key + worth[n] * (parts[n][0] == '\0' ? 2 : 1));
    n++;
    if (*pattern == '\0')
      break;
  }
  int err = find_event(event, &hook->event);
  return err == 0 && hook->event != TCX__ON_EVENTS && n > parts_of(hook->event) ? UV_EINVAL : err;
}

/* ---- lists ---- */

static struct tcx_user_hook *copy_hook(const struct tcx_user_hook *hook) {
  struct tcx_user_hook *copy = tcx__malloc(sizeof *copy);
  if (copy != NULL)
    *copy = *hook;
  return copy;
}

static void free_list(struct tcx_user_hook *hook) {
  for (struct tcx_user_hook *next; hook != NULL; hook = next) {
    next = hook->next;
    tcx__free(hook);
  }
}

/* Whether a runs before b. */
static bool before(const struct tcx_user_hook *a, const struct tcx_user_hook *b) {
  return a->key != b->key       ? a->key > b->key
         : a->order != b->order ? a->order < b->order
                                : a->id < b->id;
}

static void insert(struct tcx_user_hook **at, struct tcx_user_hook *hook) {
  while (*at != NULL && before(*at, hook))
    at = &(*at)->next;
  hook->next = *at;
  *at = hook;
}

/* Takes the dead ones, or that of an id, out. */
static void take_out(struct tcx_user_hook **at, unsigned id) {
  while (*at != NULL) {
    struct tcx_user_hook *hook = *at;
    if (hook->dead || hook->id == id) {
      *at = hook->next;
      tcx__free(hook);
    } else {
      at = &hook->next;
    }
  }
}

static void take_out_everywhere(struct tcx_user_hooks *hooks, unsigned id) {
  for (unsigned event = 0; event < TCX__ON_EVENTS; event++)
    take_out(&hooks->at[event], id);
}

/* "*" as the event: into each list whose events have as many parts. */
static int add_hook(struct tcx_user_hooks *hooks, const struct tcx_user_hook *hook) {
  unsigned first = hook->event == TCX__ON_EVENTS ? 0 : hook->event,
           last = hook->event == TCX__ON_EVENTS ? TCX__ON_EVENTS - 1 : hook->event;
  for (unsigned event = first; event <= last; event++) {
    if (hook->key % 3 != 0 && parts_of(event) < 3)
      continue;
    struct tcx_user_hook *copy = copy_hook(hook);
    if (copy == NULL) {
      take_out_everywhere(hooks, hook->id);
      return UV_ENOMEM;
    }
    copy->event = (uint8_t)event;
    insert(&hooks->at[event], copy);
  }
  return 0;
}

static struct tcx_user_hooks *hooks_of(tcx_client_t *c) {
  if (c->user_hooks != NULL)
    return c->user_hooks;
  struct tcx_user_hooks *hooks = tcx__calloc(1, sizeof *hooks);
  const char *id = c->model != NULL ? c->model->service_id : c->service;
  for (size_t i = 0; hooks != NULL && id[i] != '\0' && i < TCX__HOOK_NAME_MAX; i++)
    hooks->service_id[i] = (char)(id[i] == ' ' ? '-' : tolower((unsigned char)id[i]));
  return c->user_hooks = hooks;
}

static bool fits_client(const tcx_client_t *c, const struct tcx_user_hook *hook) {
  return hook->service[0] == '\0' || strcmp(hook->service, c->user_hooks->service_id) == 0 ||
         strcmp(hook->service, c->service) == 0;
}

static bool has_operation(const tcx_client_t *c, const char *name) {
  const struct tcx_operation *op = c->model != NULL ? tcx__model_operation(c->model, name) : NULL;
  return c->model == NULL || name[0] == '\0' || (op != NULL && strcmp(op->name, name) == 0);
}

/* ---- registering ---- */

int tcx_client_on_order(tcx_client_t *c, const char *pattern, tcx_hook_order_t order,
                        tcx_hook_cb cb, void *data, unsigned *id) {
  struct tcx_user_hook hook = {.cb = cb, .data = data, .order = (uint8_t)order};
  if (c == NULL || pattern == NULL || cb == NULL || (unsigned)order > TCX_HOOK_LAST ||
      tcx__hook_parse(pattern, &hook) != 0)
    return UV_EINVAL;
  if (c->closing || c->session->closing)
    return TCX_ECLOSING;
  struct tcx_user_hooks *hooks = hooks_of(c);
  if (hooks == NULL)
    return UV_ENOMEM;
  if (!fits_client(c, &hook) || !has_operation(c, hook.operation))
    return UV_EINVAL;
  hook.id = ++hooks->last_id;
  int err = add_hook(hooks, &hook);
  if (err == 0 && id != NULL)
    *id = hook.id;
  return err;
}

void tcx_client_off(tcx_client_t *c, unsigned id) {
  struct tcx_user_hooks *hooks = c != NULL ? c->user_hooks : NULL;
  if (hooks == NULL || id == 0)
    return;
  if (hooks->running == 0) {
    take_out_everywhere(hooks, id);
    return;
  }
  for (unsigned event = 0; event < TCX__ON_EVENTS; event++)
    for (struct tcx_user_hook *hook = hooks->at[event]; hook != NULL; hook = hook->next)
      hook->dead = hook->dead || hook->id == id;
  hooks->sweep = true;
}

int tcx_session_on_order(tcx_session_t *s, const char *pattern, tcx_hook_order_t order,
                         tcx_hook_cb cb, void *data, unsigned *id) {
  struct tcx_user_hook hook = {.cb = cb, .data = data, .order = (uint8_t)order};
  if (s == NULL || pattern == NULL || cb == NULL || (unsigned)order > TCX_HOOK_LAST ||
      tcx__hook_parse(pattern, &hook) != 0)
    return UV_EINVAL;
  if (s->closing)
    return TCX_ECLOSING;
  hook.id = s->last_hook + 1;
  struct tcx_user_hook *kept = copy_hook(&hook), **at = &s->user_hooks;
  if (kept == NULL)
    return UV_ENOMEM;
  s->last_hook++;
  while (*at != NULL)
    at = &(*at)->next;
  *at = kept;
  if (id != NULL)
    *id = hook.id;
  return 0;
}

void tcx_session_off(tcx_session_t *s, unsigned id) {
  if (s != NULL && id != 0)
    take_out(&s->user_hooks, id);
}

int tcx__user_hooks_begin(tcx_client_t *c) {
  for (const struct tcx_user_hook *h = c->session->user_hooks; h != NULL; h = h->next) {
    struct tcx_user_hook hook = *h;
    if (hooks_of(c) == NULL)
      return UV_ENOMEM;
    if (!fits_client(c, &hook))
      continue;
    hook.id = ++c->user_hooks->last_id;
    if (add_hook(c->user_hooks, &hook) != 0)
      return UV_ENOMEM;
  }
  return 0;
}

void tcx__user_hooks_free(tcx_client_t *c) {
  for (unsigned event = 0; c->user_hooks != NULL && event < TCX__ON_EVENTS; event++)
    free_list(c->user_hooks->at[event]);
  tcx__free(c->user_hooks);
}

void tcx__session_hooks_free(tcx_session_t *s) { free_list(s->user_hooks); }

/* ---- passing a point ---- */

static bool concerns(const struct tcx_user_hook *hook, const tcx_call_t *call) {
  return !hook->dead &&
         (hook->operation[0] == '\0' || strcmp(hook->operation, call->op->name) == 0);
}

bool tcx__has_some(const tcx_call_t *call, tcx__event event) {
  for (const struct tcx_user_hook *hook = call->client->user_hooks->at[event]; hook != NULL;
       hook = hook->next)
    if (concerns(hook, call))
      return true;
  return false;
}

/* A hook's result that is an error: the text that it gave, else one that says where it came
 * from. */
static int hook_failed(tcx_call_t *call, const char *event, int status) {
  struct tcx_fail *own = &call->hooks->fail;
  call->fail.status = 0;
  if (own->status != 0 && own->status == status)
    return tcx__fail(&call->fail, status, "%s", own->text);
  if (status > 0 || status == TCX_ECLIENT || status == TCX_EAGAIN || status == TCX_EOF)
    return tcx__fail(&call->fail, UV_EINVAL,
                     "A hook of %s returned %d, which is no status of a hook", event, status);
  return tcx__fail(&call->fail, status, "A hook of %s failed: %s", event, tcx_strerror(status));
}

/* What was lent is the call's alone again, with what went wrong in it. */
static int take_back(tcx_call_t *call, const char *event) {
  struct tcx_value *lent = call->hooks->lent;
  const char *text = NULL;
  int status = lent != NULL ? tcx__root_take_back(lent, &text) : 0;
  call->hooks->lent = NULL;
  if (status == 0 && lent != NULL && lent->type != TCX_MAP) {
    status = UV_EINVAL;
    text = "what it was lent is no map any more";
  }
  if (status == 0)
    return 0;
  call->fail.status = 0;
  return tcx__fail(&call->fail, status, "A hook of %s: %s", event,
                   text != NULL ? text : tcx_strerror(status));
}

static int run_hook(tcx_call_t *call, const struct tcx_user_hook *hook, const char *event) {
  struct tcx_call_hooks *h = call->hooks;
  tcx_session_t *session = call->session;
  h->fail = (struct tcx_fail){.arena = call->arena};
  tcx__session_enter(session);
  int status = hook->cb(call, event, hook->data);
  tcx__session_leave(session);
  if (h->canceled) {
    call->fail.status = 0;
    return tcx__fail(&call->fail, TCX_ECANCELED, "%s", h->cancel_why);
  }
  return status == 0 ? 0 : hook_failed(call, event, status);
}

struct tcx_call_hooks *tcx__hooks_state(tcx_call_t *call) {
  if (call->hooks == NULL &&
      (call->hooks = tcx__arena_zalloc(call->arena, sizeof *call->hooks)) != NULL)
    call->hooks->event = TCX__ON_EVENTS;
  return call->hooks;
}

int tcx__emit_some(tcx_call_t *call, tcx__event event) {
  struct tcx_user_hooks *hooks = call->client->user_hooks;
  unsigned limit = hooks->last_id;
  int err = 0;
  char name[3 * TCX__HOOK_NAME_MAX];
  if (!tcx__has_some(call, event))
    return 0;
  if (tcx__hooks_state(call) == NULL)
    return tcx__fail_memory(&call->fail);
  bool one_part_less = parts_of(event) == 2;
  snprintf(name, sizeof name, "%s.%s%s%s", names[event], hooks->service_id,
           one_part_less ? "" : ".", one_part_less ? "" : call->op->name);
  call->hooks->event = (uint8_t)event;
  hooks->running++;
  for (struct tcx_user_hook *hook = hooks->at[event];
       hook != NULL && err == 0 && !call->hooks->answered; hook = hook->next)
    if (hook->id <= limit && concerns(hook, call))
      err = run_hook(call, hook, name);
  int lent = take_back(call, name);
  call->hooks->event = TCX__ON_EVENTS;
  if (--hooks->running == 0 && hooks->sweep) {
    hooks->sweep = false;
    take_out_everywhere(hooks, 0);
  }
  return err != 0 ? err : lent;
}

bool tcx__hooks_note_cancel(tcx_call_t *call, const char *why) {
  struct tcx_call_hooks *h = call->hooks;
  if (h == NULL || h->event == TCX__ON_EVENTS)
    return false;
  h->canceled = true;
  h->cancel_why = why;
  return true;
}
