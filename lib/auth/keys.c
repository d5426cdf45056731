/* keys.c - signing keys: derived from the secret once a day, region and service, and kept as HMAC
 * pads. */
#include "auth/sign.h"
#include "base/mem.h"

void tcx__signing_keys_wipe(struct tcx_signing_keys *keys) { tcx__wipe(keys, sizeof *keys); }

/* HMAC's key is "AWS4" and the secret; one that is longer than a block stands for its hash, as HMAC
 * has it. */
static void first_key(const char *secret, struct tcx_hmac_key *key) {
  unsigned char text[64];
  size_t n = strlen(secret);
  if (n + 4 <= sizeof text) {
    memcpy(text, "AWS4", 4);
    memcpy(text + 4, secret, n);
    tcx__hmac_key_init(key, text, n + 4);
  } else {
    struct tcx_sha256 h;
    tcx__sha256_init(&h);
    tcx__sha256_update(&h, "AWS4", 4);
    tcx__sha256_update(&h, secret, n);
    tcx__sha256_final(&h, text);
    tcx__hmac_key_init(key, text, 32);
    tcx__wipe(&h, sizeof h);
  }
  tcx__wipe(text, sizeof text);
}

/* The key is chained through the scope's parts: day, region, service, "aws4_request". */
static void derive(const char *secret, const char *scope, struct tcx_hmac_key *key) {
  unsigned char link[32];
  first_key(secret, key);
  for (const char *part = scope; part != NULL;) {
    const char *mark = strchr(part, '/');
    tcx__hmac(key, part, mark == NULL ? strlen(part) : (size_t)(mark - part), link);
    tcx__hmac_key_init(key, link, sizeof link);
    part = mark == NULL ? NULL : mark + 1;
  }
  tcx__wipe(link, sizeof link);
}

/* What a slot knows its secret by. */
static void note_secret(unsigned char out[64], const char *secret) {
  size_t n = strlen(secret);
  memset(out, 0, 64);
  if (n <= 64)
    memcpy(out, secret, n);
  else
    tcx__sha256(secret, n, out);
}

void tcx__signing_key(struct tcx_signing_keys *keys, const char *secret, const char *scope,
                      struct tcx_hmac_key *out) {
  unsigned char note[64];
  if (keys == NULL) {
    derive(secret, scope, out);
    return;
  }
  note_secret(note, secret);
  for (unsigned i = 0; i < TCX__SIGNING_KEYS; i++) {
    const struct tcx_signing_key *slot = &keys->slot[i];
    if (slot->scope[0] != '\0' && strcmp(slot->scope, scope) == 0 &&
        memcmp(slot->secret, note, sizeof note) == 0) {
      *out = slot->key;
      tcx__wipe(note, sizeof note);
      return;
    }
  }
  struct tcx_signing_key *slot = &keys->slot[keys->next++ % TCX__SIGNING_KEYS];
  derive(secret, scope, &slot->key);
  memcpy(slot->secret, note, sizeof note);
  memcpy(slot->scope, scope, strlen(scope) + 1);
  *out = slot->key;
  tcx__wipe(note, sizeof note);
}
