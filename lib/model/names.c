/* names.c - from an operation's name to its method: botocore's xform_name, byte for byte. */
#include "model/model.h"
#include <stdlib.h>
#include <string.h>

/* Names that the rule gets wrong. Sorted (strcmp). */
static const struct irregular {
  const char *operation, *method;
} irregular[] = {
    {"AssociateWhatsAppBusinessAccount", "associate_whatsapp_business_account"},
    {"CreateCachediSCSIVolume", "create_cached_iscsi_volume"},
    {"CreateOAuth2Token", "create_oauth2_token"},
    {"CreateOAuth2TokenWithIAM", "create_oauth2_token_with_iam"},
    {"CreateStorediSCSIVolume", "create_stored_iscsi_volume"},
    {"CreateWhatsAppDataset", "create_whatsapp_dataset"},
    {"CreateWhatsAppFlow", "create_whatsapp_flow"},
    {"CreateWhatsAppMessageTemplate", "create_whatsapp_message_template"},
    {"CreateWhatsAppMessageTemplateFromLibrary", "create_whatsapp_message_template_from_library"},
    {"CreateWhatsAppMessageTemplateMedia", "create_whatsapp_message_template_media"},
    {"DeleteWhatsAppFlow", "delete_whatsapp_flow"},
    {"DeleteWhatsAppMessageMedia", "delete_whatsapp_message_media"},
    {"DeleteWhatsAppMessageTemplate", "delete_whatsapp_message_template"},
    {"DeprecateWhatsAppFlow", "deprecate_whatsapp_flow"},
    {"DescribeCachediSCSIVolumes", "describe_cached_iscsi_volumes"},
    {"DescribeStorediSCSIVolumes", "describe_stored_iscsi_volumes"},
    {"DisassociateWhatsAppBusinessAccount", "disassociate_whatsapp_business_account"},
    {"ExecutePartiQLBatch", "execute_partiql_batch"},
    {"ExecutePartiQLStatement", "execute_partiql_statement"},
    {"ExecutePartiQLTransaction", "execute_partiql_transaction"},
    {"GetLinkedWhatsAppBusinessAccount", "get_linked_whatsapp_business_account"},
    {"GetLinkedWhatsAppBusinessAccountPhoneNumber",
     "get_linked_whatsapp_business_account_phone_number"},
    {"GetOTelEnrichment", "get_otel_enrichment"},
    {"GetWhatsAppBusinessPublicKey", "get_whatsapp_business_public_key"},
    {"GetWhatsAppCallPermission", "get_whatsapp_call_permission"},
    {"GetWhatsAppFlow", "get_whatsapp_flow"},
    {"GetWhatsAppFlowPreview", "get_whatsapp_flow_preview"},
    {"GetWhatsAppMessageMedia", "get_whatsapp_message_media"},
    {"GetWhatsAppMessageTemplate", "get_whatsapp_message_template"},
    {"IntrospectOAuth2TokenWithIAM", "introspect_oauth2_token_with_iam"},
    {"ListHITsForQualificationType", "list_hits_for_qualification_type"},
    {"ListLinkedWhatsAppBusinessAccounts", "list_linked_whatsapp_business_accounts"},
    {"ListWhatsAppFlowAssets", "list_whatsapp_flow_assets"},
    {"ListWhatsAppFlows", "list_whatsapp_flows"},
    {"ListWhatsAppMessageTemplates", "list_whatsapp_message_templates"},
    {"ListWhatsAppTemplateLibrary", "list_whatsapp_template_library"},
    {"PostWhatsAppMessageMedia", "post_whatsapp_message_media"},
    {"PublishWhatsAppFlow", "publish_whatsapp_flow"},
    {"PutWhatsAppBusinessAccountEventDestinations",
     "put_whatsapp_business_account_event_destinations"},
    {"PutWhatsAppBusinessPublicKey", "put_whatsapp_business_public_key"},
    {"RevokeOAuth2TokenWithIAM", "revoke_oauth2_token_with_iam"},
    {"SendWhatsAppCallEvent", "send_whatsapp_call_event"},
    {"SendWhatsAppConversionEvent", "send_whatsapp_conversion_event"},
    {"SendWhatsAppMessage", "send_whatsapp_message"},
    {"StartOTelEnrichment", "start_otel_enrichment"},
    {"StopOTelEnrichment", "stop_otel_enrichment"},
    {"UpdateLinkedWhatsAppBusinessAccountPhoneNumber",
     "update_linked_whatsapp_business_account_phone_number"},
    {"UpdateOTelEnrichment", "update_otel_enrichment"},
    {"UpdateWhatsAppFlow", "update_whatsapp_flow"},
    {"UpdateWhatsAppFlowAssets", "update_whatsapp_flow_assets"},
    {"UpdateWhatsAppMessageTemplate", "update_whatsapp_message_template"}};

static bool upper(char c) { return c >= 'A' && c <= 'Z'; }

static bool lower(char c) { return c >= 'a' && c <= 'z'; }

static int by_operation(const void *key, const void *entry) {
  return strcmp(key, ((const struct irregular *)entry)->operation);
}

/* An acronym in the plural at the end ("GatewayARNs", "ListWebACLs"): where its capitals begin,
 * else n. */
static size_t plural_acronym(const char *name, size_t n) {
  size_t start = n;
  if (n < 3 || name[n - 1] != 's')
    return n;
  for (start = n - 1; start > 0 && upper(name[start - 1]);)
    start--;
  return n - 1 - start >= 2 ? start : n;
}

/* Marks where a capital with lower-case letters behind it follows anything: "(.)([A-Z][a-z]+)",
 * matches do not overlap. */
static void mark_words(const char *name, size_t n, bool *split) {
  for (size_t i = 0; i + 2 < n;) {
    if (!upper(name[i + 1]) || !lower(name[i + 2])) {
      i++;
      continue;
    }
    split[i + 1] = true;
    for (i += 2; i < n && lower(name[i]);)
      i++;
  }
}

int tcx__method_name(char *out, size_t size, const char *operation) {
  enum { NAME_MAX_LEN = 255 };
  bool split[NAME_MAX_LEN] = {false};
  char name[NAME_MAX_LEN + 1];
  size_t n = strlen(operation), used = 0;
  const struct irregular *known =
      bsearch(operation, irregular, sizeof irregular / sizeof irregular[0], sizeof irregular[0],
              by_operation);
  if (known != NULL || strchr(operation, '_') != NULL) {
    const char *method = known != NULL ? known->method : operation;
    if (strlen(method) >= size)
      return UV_ENOBUFS;
    memcpy(out, method, strlen(method) + 1);
    return 0;
  }
  if (n > NAME_MAX_LEN)
    return UV_ENOBUFS;
  memcpy(name, operation, n + 1);
  size_t tail = plural_acronym(name, n);
  if (tail < n)
    split[tail] = true;
  for (size_t i = tail; i < n; i++)
    name[i] = (char)(upper(name[i]) ? name[i] + ('a' - 'A') : name[i]);
  mark_words(name, n, split);
  for (size_t i = 0; i < n; i++) {
    bool word = split[i] || (i > 0 && upper(name[i]) &&
                             (lower(name[i - 1]) || (name[i - 1] >= '0' && name[i - 1] <= '9')));
    if (used + (word ? 2 : 1) >= size)
      return UV_ENOBUFS;
    if (word)
      out[used++] = '_';
    out[used++] = (char)(upper(name[i]) ? name[i] + ('a' - 'A') : name[i]);
  }
  if (size == 0)
    return UV_ENOBUFS;
  out[used] = '\0';
  return 0;
}
