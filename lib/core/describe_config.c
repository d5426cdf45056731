/* describe_config.c - the session's variables as values (tucuxi/model.h): what each is, and who
 * says so. */
#include "core/defaults_mode.h"
#include "core/session.h"
#include "core/variables.h"
#include <string.h>
#include <strings.h>
#include <tucuxi/model.h>

#define SHOWN 4 /* of a secret, at its end */

/* What a defaults mode says of a variable that nobody else has set; NULL when nothing. */
static const char *by_mode(const char *name) {
  static const struct {
    const char *name, *text;
  } table[] = {{"retry_mode", "standard"},
               {"sts_regional_endpoints", "regional"},
               {"s3.us_east_1_regional_endpoint", "regional"}};
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (strcmp(table[i].name, name) == 0)
      return table[i].text;
  return NULL;
}

static void put_secret(tcx_value_t *row, const char *text) {
  char masked[20 + SHOWN + 1];
  size_t n = strlen(text), shown = n > 2 * SHOWN ? SHOWN : 0;
  memset(masked, '*', 20);
  memcpy(masked + 20, text + n - shown, shown);
  masked[20 + shown] = '\0';
  tcx_value_set_str(row, "value", masked);
}

static void put_value(tcx_value_t *row, const struct tcx_variable *v, const char *text) {
  int64_t n;
  if (v->kind == TCX__VAR_SECRET)
    put_secret(row, text);
  else if (v->kind == TCX__VAR_BOOL)
    tcx_value_set_bool(row, "value", strcasecmp(text, "true") == 0);
  else if (v->kind == TCX__VAR_INT && tcx__variable_int(text, &n) == 0)
    tcx_value_set_int(row, "value", n);
  else
    tcx_value_set_str(row, "value", text);
}

static tcx_value_t *describe(const struct tcx_settings *s, const struct tcx_variable *v,
                             bool has_mode) {
  static const char *const sources[] = {[TCX__FROM_OPTION] = "option",
                                        [TCX__FROM_ENVIRONMENT] = "environment",
                                        [TCX__FROM_CREDENTIALS_FILE] = "shared-credentials-file",
                                        [TCX__FROM_CONFIG_FILE] = "config-file",
                                        [TCX__FROM_DEFAULT] = "default"};
  struct tcx_var_found found = tcx__variable_find(s, v);
  tcx_value_t *row = tcx_value_new_map();
  bool unset = found.source == TCX__FROM_NOWHERE || found.source == TCX__FROM_DEFAULT;
  const char *mode = has_mode && unset ? by_mode(v->name) : NULL;
  tcx_value_set_str(row, "name", v->name);
  if (mode != NULL)
    tcx_value_set_str(row, "value", mode);
  else if (found.text != NULL)
    put_value(row, v, found.text);
  else
    tcx_value_set_null(row, "value");
  if (mode != NULL)
    tcx_value_set_str(row, "source", "defaults-mode");
  else if (found.source != TCX__FROM_NOWHERE)
    tcx_value_set_str(row, "source", sources[found.source]);
  else
    tcx_value_set_null(row, "source");
  if (found.where != NULL)
    tcx_value_set_str(row, "where", found.where);
  return row;
}

static tcx_value_t *failed(tcx_value_t *list, const struct tcx_fail *f) {
  struct tcx_root *root = tcx__root_of(list);
  if (root != NULL)
    tcx__root_fail(root, f->status, "%s", f->text);
  return list;
}

tcx_value_t *tcx_session_describe_config(tcx_session_t *session) {
  tcx_value_t *list = tcx_value_new_list();
  struct tcx_root *root = tcx__root_of(list);
  if (root == NULL)
    return list;
  struct tcx_fail f = {.arena = root->arena};
  struct tcx_settings *s = NULL;
  struct tcx_defaults_mode mode = {0};
  int err = session->closing ? tcx__fail(&f, TCX_ECLOSING, "%s", tcx_strerror(TCX_ECLOSING))
                             : tcx__session_settings(session, &s, &f);
  if (err == 0)
    err = tcx__defaults_mode(tcx__variable_text(s, "defaults_mode"),
                             tcx__variable_text(s, "region"), &mode, &f);
  if (err != 0)
    return failed(list, &f);
  for (unsigned i = 0; i < tcx__n_variables; i++)
    if (tcx__variables[i].kind != TCX__VAR_MAP)
      tcx_value_append(list, describe(s, &tcx__variables[i], mode.connect_timeout_ms != 0));
  return list;
}
