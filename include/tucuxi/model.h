/*
 * tucuxi/model.h - what there is: services, partitions and regions; a service's operations; what an
 * operation takes, gives and fails with.
 *
 * The functions that return a tcx_value_t return a tree of its own, OWNED (tcx_value_free), never
 * NULL. What went wrong (TCX_ESERVICE, TCX_EOPNAME, TCX_ECONFIG, TCX_ECLOSING, UV_ENOMEM) is kept
 * in it: tcx_value_status and tcx_value_problem tell, and it holds nothing of use. A tree stays
 * valid when client and session are gone. Nothing is sent. Files are read, blocking, where a model
 * is not embedded and the session has not loaded it.
 */
#ifndef TUCUXI_MODEL_H
#define TUCUXI_MODEL_H
#include <tucuxi.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Session.get_available_services: the names that tcx_session_create_client takes, sorted: a
 * list. */
TCX_EXTERN tcx_value_t *tcx_session_get_available_services(tcx_session_t *session);
/* Session.get_available_partitions: "aws", "aws-cn" ...: a list. */
TCX_EXTERN tcx_value_t *tcx_session_get_available_partitions(tcx_session_t *session);
/* Session.get_available_regions: those of the partition (NULL: "aws") in which the service is known
 * to have an endpoint, a list; empty for a partition that is none. New regions come before the list
 * knows them. service NULL: all regions of the partition, without its pseudo-region
 * ("aws-global"). */
TCX_EXTERN tcx_value_t *tcx_session_get_available_regions(tcx_session_t *session,
                                                          const char *service,
                                                          const char *partition);

/* What the service's endpoint rule set makes of params, named and typed as the rule set's own
 * parameters ({Region: "us-east-1", UseFIPS: true}; CONSUMED, NULL = none): for whoever wonders
 * where a call goes. {url: "https://...", headers: {name: [value, ...]}, properties: {authSchemes:
 * [{name: sigv4, ...}]}}; also TCX_EENDPOINT, with the rule set's words, and TCX_EPARAM, with every
 * name and type that it does not know. */
TCX_EXTERN tcx_value_t *tcx_session_resolve_endpoint(tcx_session_t *session, const char *service,
                                                     tcx_value_t *params);
/* Session.get_config_variable, of all variables: a list of {name: region, value: us-west-2, source:
 * environment, where: AWS_DEFAULT_REGION}. source is "option", "environment",
 * "shared-credentials-file", "config-file", "defaults-mode" or "default"; where is the variable's
 * or the key's name there. What is not set has null for both. Of keys only the last four letters
 * are shown. docs/internals/configuration.md has the names. Nothing is asked of the network. */
TCX_EXTERN tcx_value_t *tcx_session_describe_config(tcx_session_t *session);

/* The client's service (client.meta.service_model, client.meta.method_to_api_mapping,
 * client.waiter_names):
 *   {service: dynamodb, service_id: DynamoDB, api_version: "2012-08-10", protocol: json,
 *     endpoint_prefix: dynamodb, signing_name: dynamodb,
 *    operations: {batch_get_item: BatchGetItem, ...}, waiters: [table_exists, ...]}
 * Operations that send an event stream are left out, as they cannot be called. */
TCX_EXTERN tcx_value_t *tcx_client_describe(tcx_client_t *client);
/* Whether tcx_client_paginate takes the operation (client.can_paginate); false also where there is
 * no such operation. */
TCX_EXTERN bool tcx_client_can_paginate(const tcx_client_t *client, const char *operation);
/* Whether it answers with an event stream (operation_model.has_event_stream_output); false also
 * where there is no such operation. */
TCX_EXTERN bool tcx_client_has_event_stream(const tcx_client_t *client, const char *operation);
/* One operation, by either of its names:
 *   {name: GetItem, method: get_item, http_method: POST, request_uri: "/", paginated: false, input:
 *     GetItemInput, output: GetItemOutput, errors: [ResourceNotFoundException, ...],
 *    shapes: {GetItemInput: {type: structure, required: [TableName, Key], members: {TableName:
 *      {shape: TableArn}, ...}}, ...}}
 * input and output are missing where there are none; "deprecated: true" stands where it holds.
 * shapes has all that can be reached from input, output and errors, each once, in the order in
 * which they are met; shapes refer to each other by name, and may do so in circles.
 *   a structure   members, required (when some are), document, union, event_stream, exception with
 *                 error_code, http_status, retryable, throttling
 *   a list        member: {shape: ...}           a map   key and value, likewise
 *   a string      enum, when it has one          of any  min, sensitive
 *   a member      shape; streaming, idempotency_token, deprecated
 * Types are structure, list, map, string, blob, boolean, integer, long, float, double, timestamp.
 * What does not hold is left out. */
TCX_EXTERN tcx_value_t *tcx_client_describe_operation(tcx_client_t *client, const char *operation);
/* How an operation comes in pages, as its model says it; more_results and limit_key where it has
 * them. The other four are lists; all but input_token are JMESPath:
 *   {input_token: [Marker], output_token: ["NextMarker || Contents[-1].Key"], result_key:
 *     [Contents, CommonPrefixes], non_aggregate_keys: [RequestCharged], more_results: IsTruncated,
 *    limit_key: MaxKeys}
 * TCX_EPAGINATE where it does not. */
TCX_EXTERN tcx_value_t *tcx_client_describe_pagination(tcx_client_t *client, const char *operation);

#ifdef __cplusplus
}
#endif
#endif
