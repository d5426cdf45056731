#!/usr/bin/env python3
"""Makes test/compliance/data/json-calls: what botocore 1.44.5 makes of generated parameters and responses of services that speak json and rest-json.

requests.json   [service, operation, params, method, uri, headers, body or null]: with the required members, and with nearly all of them
responses.json  [service, operation, status, headers, body, expected]: expected is without ResponseMetadata
errors.json     [service, operation, status, headers, body, expected, code, message]: error documents of several kinds, with the modelled members

All operations of SERVICES. Timestamps are seconds since 1970, blobs are text. The same seed gives the same files.
"""
import base64
import datetime
import json
import os
import random
from email.utils import formatdate

import botocore
import botocore.compat
import botocore.session
from botocore.awsrequest import prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

import make_rest_xml as xml

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'json-calls')
SERVICES = ('dynamodb', 'sqs', 'kms', 'lambda', 'bedrock-runtime')
DOCUMENTS = [{'a': [1, 2.5, None, {'b': True}]}, [], 'text ü', 7, {'deep': {'er': {'null': None}}}, False]
DEPTH = 4
rng = random.Random(20120810)
xml.rng = rng
session = botocore.session.Session()


def operations():
    for service in SERVICES:
        model = session.get_service_model(service)
        for name in model.operation_names:
            op = model.operation_model(name)
            if not (op.has_event_stream_output or op.has_event_stream_input):
                yield service, model, op


def value_for(shape, full, depth=0):
    """As make_rest_xml's, with documents; recursive shapes end soon."""
    kind = shape.type_name
    if getattr(shape, 'is_document_type', False):
        return rng.choice(DOCUMENTS)
    if kind == 'structure':
        names = [n for n in shape.members if not shape.members[n].serialization.get('eventstream')]
        if shape.is_tagged_union:
            flat = [n for n in names if shape.members[n].type_name not in ('structure', 'list', 'map')]
            names = [rng.choice(flat or names if depth > DEPTH else names)]
        elif depth > DEPTH or not full:
            names = [n for n in names if n in shape.required_members]
        else:
            names = [n for n in names if n in shape.required_members or rng.random() < (0.85 if depth < 3 else 0.4)]
        return {n: value_for(shape.members[n], full, depth + 1) for n in names}
    if kind == 'list':
        return [value_for(shape.member, full, depth + 1) for _ in range(rng.randint(1, 2) if full and depth < DEPTH else 1)]
    if kind == 'map':
        return {f'key-{i}': value_for(shape.value, full, depth + 1) for i in range(rng.randint(1, 2) if full and depth < DEPTH else 1)}
    if kind == 'timestamp' and shape.serialization.get('location') is None:
        return rng.choice([0, 1440938160, 1709210096.5, 4102444800, 1440938160.123456])
    if kind in ('float', 'double'):
        return rng.choice([0.5, 1.0, -2.25, 1e22, 1e-7])
    return xml.value_for(shape, full, shape.serialization.get('location') in ('header', 'headers'), depth)


def text_of(body):
    return body.decode('utf-8') if isinstance(body, (bytes, bytearray)) else body


def requests():
    for service, model, op in operations():
        serializer = create_serializer(model.resolved_protocol, include_validation=False)
        for full in (False, True):
            params = value_for(op.input_shape, full) if op.input_shape else {}
            given = xml.with_datetimes(op.input_shape, params) if op.input_shape else {}
            request = serializer.serialize_to_request(given, op)
            request.pop('host_prefix', None)
            prepare_request_dict(request, 'https://h')
            yield [service, op.name, params, request['method'], request['url'][len('https://h'):], dict(request['headers']), text_of(request['body']) or None]
            if op.input_shape is None:
                break


# ---- responses ----

def wire(shape, value):
    """The value as a service would write it: dates in several forms, unknown members, nulls, members in any order."""
    kind = shape.type_name
    if getattr(shape, 'is_document_type', False):
        return value
    if kind == 'structure':
        out = {shape.members[n].serialization.get('name', n): wire(shape.members[n], v) for n, v in value.items()
               if shape.members[n].serialization.get('location') not in ('header', 'headers', 'statusCode')}
        if shape.is_tagged_union:
            if rng.random() < 0.3:
                out['__type'] = 'com.amazonaws#Tag'
        elif rng.random() < 0.3:
            out[f'unknown{rng.randint(0, 9)}'] = rng.choice([None, 1, 'x', {'a': [{'b': 1}]}, [[], {}]])
        if rng.random() < 0.2:
            unset = [n for n in shape.members if n not in value]
            if unset:
                name = rng.choice(unset)
                out[shape.members[name].serialization.get('name', name)] = None
        items = list(out.items())
        if rng.random() < 0.4:
            rng.shuffle(items)
        return dict(items)
    if kind == 'list':
        return [wire(shape.member, v) for v in value] + ([None] if rng.random() < 0.1 else [])
    if kind == 'map':
        return {k: wire(shape.value, v) for k, v in value.items()}
    if kind == 'blob':
        return base64.b64encode(value.encode()).decode()
    if kind == 'timestamp':
        when = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
        style = rng.randint(0, 4)
        return when.strftime('%Y-%m-%dT%H:%M:%S.%fZ') if style == 0 else formatdate(value, usegmt=True) if style == 1 and value == int(value) else value
    return value


def to_text(value):
    style = rng.randint(0, 2)
    return json.dumps(value, ensure_ascii=style == 0, separators=(',', ':') if style == 1 else None, indent=2 if style == 2 else None)


def body_of(shape, value):
    payload = shape.serialization.get('payload')
    if payload is None:
        return to_text(wire(shape, value))
    if payload not in value:
        return ''
    member = shape.members[payload]
    return value[payload] if member.type_name in ('blob', 'string') else to_text(wire(member, value[payload]))


def parse(model, shape, status, headers, body):
    response = {'status_code': status, 'headers': botocore.compat.HTTPHeaders.from_dict(headers), 'body': body.encode('utf-8'), 'context': {}}
    return create_parser(model.resolved_protocol).parse(response, shape)


def responses():
    for service, model, op in operations():
        shape = op.output_shape
        for _ in range(2):
            value = value_for(shape, True) if shape else {}
            headers = xml.response_headers(shape, value) if shape and model.resolved_protocol == 'rest-json' else {}
            body = body_of(shape, value) if shape else rng.choice(['', '{}', '{"unknown": 1}'])
            parsed = parse(model, shape, 200, headers, body)
            if op.has_streaming_output and not body:
                parsed.pop(shape.serialization['payload'])  # a stream is no part of the value
            yield [service, op.name, 200, headers, body, xml.plain(parsed)]


QUERY_ERROR = {'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender'}
ERRORS = [
    ('dynamodb', 'PutItem', 400, {}, '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}'),
    ('dynamodb', 'PutItem', 400, {}, '{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Message":"The conditional request failed",'
                                     '"Item":{"pk":{"S":"a"},"n":{"N":"1"}}}'),
    ('dynamodb', 'TransactWriteItems', 400, {}, '{"__type":"x#TransactionCanceledException:","message":"cancelled","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"m"}]}'),
    ('dynamodb', 'GetItem', 400, {}, '{"__type":"ValidationException","message":"bad"}'),
    ('dynamodb', 'GetItem', 500, {}, '{"__type":"InternalServerError","message":"Internal server error"}'),
    ('dynamodb', 'GetItem', 400, {}, '{"message":"no type"}'),
    ('dynamodb', 'GetItem', 413, {}, 'Request too large'),
    ('dynamodb', 'GetItem', 503, {}, '<html><body>Service Unavailable</body></html>'),
    ('dynamodb', 'GetItem', 500, {}, ' \n'),
    ('dynamodb', 'GetItem', 404, {}, ''),
    ('sqs', 'SendMessage', 400, QUERY_ERROR, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}'),
    ('sqs', 'SendMessage', 400, {'x-amzn-query-error': 'odd'}, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}'),
    ('sqs', 'SendMessage', 400, {'x-amzn-query-error': ';Sender'}, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}'),
    ('kms', 'Decrypt', 400, {}, '{"__type":"IncorrectKeyException","message":"The key ID in the request does not identify a CMK"}'),
    ('kms', 'Decrypt', 400, {}, '{"__type":"KMSInvalidStateException","message":"pending"}'),
    ('lambda', 'Invoke', 404, {'x-amzn-errortype': 'ResourceNotFoundException'}, '{"Type":"User","Message":"Function not found"}'),
    ('lambda', 'Invoke', 429, {'x-amzn-errortype': 'TooManyRequestsException:http://internal', 'retry-after': '7'}, '{"Type":"User","message":"Rate Exceeded","Reason":"CallerRateLimitExceeded"}'),
    ('lambda', 'GetFunction', 400, {}, '{"code":"InvalidParameterValueException","message":"m","Type":"User"}'),
    ('lambda', 'GetFunction', 400, {}, '{"Code":"aws.lambda#InvalidParameterValueException","message":"m"}'),
    ('lambda', 'GetFunction', 403, {}, '{"message":"Missing Authentication Token"}'),
    ('lambda', 'GetFunction', 500, {}, '{"Type":null,"Message":null,"__type":"ServiceException"}'),
    ('lambda', 'GetFunction', 504, {}, '<html>gateway</html>'),
    ('lambda', 'GetFunction', 400, {}, 'no JSON'),
    ('bedrock-runtime', 'Converse', 400, {'x-amzn-errortype': 'ValidationException:'}, '{"message":"The provided model identifier is invalid."}'),
    ('bedrock-runtime', 'Converse', 424, {'x-amzn-errortype': 'ModelErrorException'}, '{"message":"m","originalStatusCode":500,"resourceName":"r"}'),
]


def errors():
    for service, name, status, headers, body in ERRORS:
        model = session.get_service_model(service)
        parsed = parse(model, model.operation_model(name).output_shape, status, headers, body)
        code, message = parsed['Error']['Code'], parsed['Error']['Message'] or ''
        shape = model.shape_for_error_code(code)
        if shape is not None:
            parsed.update(parse(model, shape, status, headers, body))
        parsed['Error']['Message'] = message
        yield [service, name, status, headers, body, xml.plain(parsed), code, message]


if __name__ == '__main__':
    xml.write(OUT, {'requests': requests(), 'responses': responses(), 'errors': errors()})
