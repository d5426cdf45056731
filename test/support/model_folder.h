/* model_folder.h - services of a test's own, in a folder for tcx_session_options_t.data_path. In
 * the texts ' stands for ". */
#ifndef TCX_TEST_MODEL_FOLDER_H
#define TCX_TEST_MODEL_FOLDER_H
#include "support.h"
#include <sys/stat.h>

static struct mf_folder {
  char path[64];
  char services[16][64];
  int count;
} mf;

/* Rules that lead to the endpoint that is given, and to no other. */
static const char mf_rules[] =
    "{'version':'1.0','parameters':{'Region':{'builtIn':'AWS::Region','required':false,'type':"
    "'String','documentation':'-'},"
    "'Endpoint':{'builtIn':'SDK::Endpoint','required':false,'type':'String','documentation':'-'}},"
    "'rules':[{'conditions':[{'fn':'isSet','argv':[{'ref':'Endpoint'}]}],'endpoint':{'url':{'ref':"
    "'Endpoint'},'properties':{},'headers':{}},'type':'endpoint'},"
    "{'conditions':[],'error':'no endpoint','type':'error'}]}";

/* JSON has " for '. */
static inline char *mf_quoted(const char *text) {
  char *copy = strdup(text);
  for (char *p = copy; *p != '\0'; p++)
    *p = *p == '\'' ? '"' : *p;
  return copy;
}

static inline void mf_path(char out[200], int i, const char *name) {
  snprintf(out, 200, "%s/%s%s", mf.path, mf.services[i], name);
}
static inline void mf_write(int i, const char *name, const char *text) {
  char path[200], *json = mf_quoted(text);
  mf_path(path, i, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(json, file);
  fclose(file);
  free(json);
}

static inline void mf_begin(void) {
  mf.count = 0;
  strcpy(mf.path, "/tmp/tucuxi-models-XXXXXX");
  assert_non_null(mkdtemp(mf.path));
}
/* A service of that name: its service-2 model. */
static inline void mf_add(const char *service, const char *model) {
  static const char *const folders[] = {"", "/2026-01-01"};
  int i = mf.count++;
  assert_true(i < 16);
  snprintf(mf.services[i], sizeof mf.services[i], "%s", service);
  for (size_t k = 0; k < 2; k++) {
    char path[200];
    mf_path(path, i, folders[k]);
    assert_int_equal(mkdir(path, 0755), 0);
  }
  mf_write(i, "/2026-01-01/service-2.json", model);
  mf_write(i, "/2026-01-01/endpoint-rule-set-1.json", mf_rules);
}
/* Waiters of the service that was added last: its waiters-2. */
static inline void mf_add_waiters(const char *waiters) {
  mf_write(mf.count - 1, "/2026-01-01/waiters-2.json", waiters);
}
static inline void mf_end(void) {
  static const char *const names[] = {"/2026-01-01/service-2.json",
                                      "/2026-01-01/endpoint-rule-set-1.json", "/2026-01-01", ""};
  for (int i = 0; i < mf.count; i++) {
    char path[200];
    mf_path(path, i, "/2026-01-01/waiters-2.json");
    (void)remove(path); /* not every service has one */
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
      mf_path(path, i, names[k]);
      assert_int_equal(remove(path), 0);
    }
  }
  assert_int_equal(remove(mf.path), 0);
}
#endif
