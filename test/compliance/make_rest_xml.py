#!/usr/bin/env python3
"""Makes test/compliance/data/rest-xml-s3: what botocore 1.44.5 makes of generated S3 parameters and responses.

requests.json   [operation, params, method, uri, headers, body or null]: every operation with its required members, and twice with nearly all of them
responses.json  [operation, status, headers, body, expected]: every operation with an output, twice; expected is without ResponseMetadata
errors.json     [operation, status, headers, body, expected, code, message]: error documents of several kinds, with the modelled members

Timestamps are seconds since 1970, blobs are text. The same seed gives the same files.
"""
import base64
import datetime
import json
import os
import random
import sys
from email.utils import formatdate
from xml.sax.saxutils import escape

import botocore
import botocore.session
from botocore.awsrequest import prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'rest-xml-s3')
TEXTS = ['a', 'photos/2024/image one.jpg', 'x & y < z > "q" \'s\'', 'Größe/日本語', 'a+b=c?d#e%20', '', ' padded ', 'tab\there', '🙂']
SAFE = ['a', 'plain-text', 'with space', 'a,b', 'say "hi"', '1234567890', 'x/y:z=1']
DEPTH = 6
# The first is read by a handler of the client; of the second botocore's parser gives XML nodes for members that share an element's name.
NOT_READ = ('GetBucketLocation', 'GetBucketNotification')
rng = random.Random(20150830)
model = botocore.session.Session().get_service_model('s3')


def text_for(shape, safe):
    if getattr(shape, 'enum', None):
        return rng.choice(shape.enum)
    least = shape.metadata.get('min', 0)
    choices = [t for t in (SAFE if safe else TEXTS) if len(t) >= least]
    return rng.choice(choices) if choices else 'x' * least


def value_for(shape, full, safe=False, depth=0):
    kind = shape.type_name
    if kind == 'structure':
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [rng.choice(names)]
        elif depth > DEPTH or not full:
            names = [n for n in names if n in shape.required_members]
        else:
            names = [n for n in names if n in shape.required_members or rng.random() < 0.85]
        result = {}
        for name in names:
            member = shape.members[name]
            if member.serialization.get('eventstream'):
                continue
            location = member.serialization.get('location')
            if member.serialization.get('hostLabel'):
                result[name] = 'abc-1.d'
                continue
            result[name] = value_for(member, full, safe or location in ('header', 'headers'), depth + 1)
        return result
    if kind == 'list':
        return [value_for(shape.member, full, safe, depth + 1) for _ in range(rng.randint(1, 3) if full and depth < DEPTH else 1)]
    if kind == 'map':
        return {f'key-{i}': value_for(shape.value, full, safe, depth + 1) for i in range(rng.randint(1, 3) if full else 1)}
    if kind == 'boolean':
        return rng.random() < 0.5
    if kind in ('integer', 'long'):
        return rng.choice([0, 1, -7, 1000, 2147483647] + ([5368709120] if kind == 'long' else []))
    if kind in ('float', 'double'):
        return rng.choice([0.5, 1.0, -2.25, 1e22])
    if kind == 'timestamp':
        return rng.choice([0, 1440938160, 1709210096, 4102444800])
    return text_for(shape, safe)


def with_datetimes(shape, value):
    """Timestamps as callers write them."""
    kind = shape.type_name
    if getattr(shape, 'is_document_type', False):
        return value
    if kind == 'structure':
        return {k: with_datetimes(shape.members[k], v) for k, v in value.items()}
    if kind == 'list':
        return [with_datetimes(shape.member, v) for v in value]
    if kind == 'map':
        return {k: with_datetimes(shape.value, v) for k, v in value.items()}
    if kind == 'timestamp':
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value


def plain(value):
    """What JSON can say of a parsed value."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != 'ResponseMetadata'}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return value.decode('utf-8')
    return value


def requests():
    serializer = create_serializer('rest-xml', include_validation=False)
    for name in model.operation_names:
        op = model.operation_model(name)
        if op.has_event_stream_output or op.has_event_stream_input:
            continue
        for full in (False, True, True):
            params = value_for(op.input_shape, full) if op.input_shape else {}
            given = with_datetimes(op.input_shape, params) if op.input_shape else {}
            request = serializer.serialize_to_request(given, op)
            request.pop('host_prefix', None)
            prepare_request_dict(request, 'https://h')
            body = request['body']
            if isinstance(body, bytes):
                body = body.decode('utf-8')
            uri = request['url'][len('https://h'):]
            yield [name, params, request['method'], uri, dict(request['headers']), body or None]
            if op.input_shape is None:
                break


def scalar_text(shape, value):
    kind = shape.type_name
    if kind == 'boolean':
        return 'true' if value else 'false'
    if kind == 'timestamp':
        style = rng.randint(0, 3)
        when = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
        if style == 0:
            return formatdate(value, usegmt=True)
        return when.strftime('%Y-%m-%dT%H:%M:%S') + rng.choice(['Z', '.000Z', '+00:00'])
    if kind == 'blob':
        return base64.b64encode(value.encode()).decode()
    return str(value)


def noise():
    return rng.choice(['', '', '', '\n  ', '<!-- a comment -->', '<Unknown><Deep x="1">text</Deep></Unknown>', '<?pi data?>'])


def text_xml(text):
    style = rng.randint(0, 5)
    if style == 0 and ']]>' not in text:
        return f'<![CDATA[{text}]]>'
    if style == 1:
        return ''.join(f'&#{ord(c)};' if rng.random() < 0.5 or c in '&<>' else c for c in text)
    return escape(text, {'"': '&quot;'})


def element(name, shape, value, attributes=''):
    kind = shape.type_name
    if kind == 'structure':
        inner, given = '', ''
        names = list(value)
        if rng.random() < 0.3:
            rng.shuffle(names)
        for member in names:
            m = shape.members[member]
            wire = m.serialization.get('name', member)
            if m.serialization.get('location') in ('header', 'headers', 'statusCode'):
                continue
            if m.serialization.get('xmlAttribute'):
                given += f' xmlns:{wire.split(":")[0]}="http://www.w3.org/2001/XMLSchema-instance" {wire}="{escape(value[member])}"'
                continue
            inner += ('' if shape.is_tagged_union else noise()) + element(wire, m, value[member])
        return f'<{name}{attributes}{given}>{inner}</{name}>'
    if kind == 'list':
        flattened = shape.serialization.get('flattened')
        item = shape.member.serialization.get('name', name if flattened else 'member')
        inner = ''.join(element(item, shape.member, v) for v in value)
        return inner if flattened else f'<{name}{attributes}>{inner}</{name}>'
    if kind == 'map':
        key, item = shape.key.serialization.get('name', 'key'), shape.value.serialization.get('name', 'value')
        flattened = shape.serialization.get('flattened')
        entry = name if flattened else 'entry'
        inner = ''.join(f'<{entry}>{element(key, shape.key, k)}{element(item, shape.value, v)}</{entry}>' for k, v in value.items())
        return inner if flattened else f'<{name}{attributes}>{inner}</{name}>'
    return f'<{name}{attributes}>{text_xml(scalar_text(shape, value))}</{name}>'


def response_headers(shape, value):
    headers = {}
    for member, v in value.items():
        m = shape.members[member]
        location, wire = m.serialization.get('location'), m.serialization.get('name', member)
        if location == 'header':
            headers[wire.lower()] = formatdate(v, usegmt=True) if m.type_name == 'timestamp' else scalar_text(m, v).strip()
        elif location == 'headers':
            for key, text in v.items():
                headers[wire.lower() + key] = text.strip()
    return headers


def document(shape, value):
    payload = shape.serialization.get('payload')
    namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    head = rng.choice(['', '<?xml version="1.0" encoding="UTF-8"?>\n'])
    if payload is None:
        if not any(m.serialization.get('location') is None for m in shape.members.values()):
            return ''
        return head + element(shape.name, shape, value, namespace)
    if payload not in value:
        return ''
    m = shape.members[payload]
    if m.type_name in ('blob', 'string'):
        return value[payload]
    return head + element(m.serialization.get('name', payload), m, value[payload], namespace)


def parse(parser, shape, status, headers, body):
    response = {'status_code': status, 'headers': botocore.compat.HTTPHeaders.from_dict(headers), 'body': body.encode('utf-8'), 'context': {}}
    return parser.parse(response, shape)


def responses():
    parser = create_parser('rest-xml')
    for name in model.operation_names:
        op = model.operation_model(name)
        if op.output_shape is None or op.has_event_stream_output or name in NOT_READ:
            continue
        for full in (True, True):
            value = value_for(op.output_shape, full)
            headers, body = response_headers(op.output_shape, value), document(op.output_shape, value)
            parsed = parse(parser, op.output_shape, 200, headers, body)
            if op.has_streaming_output and not body:
                parsed.pop(op.output_shape.serialization['payload'])  # a stream is no part of the value
            yield [name, 200, headers, body, plain(parsed)]


ERRORS = [
    (404, '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a &amp; b</Key>'
          '<RequestId>R</RequestId><HostId>H</HostId></Error>'),
    (403, '<Error><Code>InvalidObjectState</Code><Message>not now</Message><StorageClass>GLACIER</StorageClass><AccessTier>DEEP_ARCHIVE_ACCESS</AccessTier><RequestId>R</RequestId></Error>'),
    (400, '<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message><Region>eu-west-1</Region></Error>'),
    (409, '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/"><Error><Type>Sender</Type><Code>BucketAlreadyExists</Code><Message>taken</Message></Error><RequestId>R</RequestId></ErrorResponse>'),
    (503, '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'),
    (404, ''), (403, ''), (412, ''), (500, ''), (502, '<html><body>Bad Gateway</body></html>'), (503, 'no XML at all'), (400, '<Error><Code>Cut'),
]


def errors():
    parser = create_parser('rest-xml')
    op = model.operation_model('GetObject')
    for status, body in ERRORS:
        parsed = parse(parser, op.output_shape, status, {}, body)
        code = parsed['Error'].get('Code')
        shape = model.shape_for_error_code(code)
        if shape is not None:
            parsed.update(parse(parser, shape, status, {}, body))
        yield ['GetObject', status, {}, body, plain(parsed), code, parsed['Error'].get('Message', '')]


def write(folder, files):
    """Files of rows, a row a line: an iterable of rows by each file's name."""
    if botocore.__version__ != '1.44.5':
        sys.exit('needs botocore 1.44.5')
    os.makedirs(folder, exist_ok=True)
    for name, rows in files.items():
        rows = [json.dumps(row, ensure_ascii=False, separators=(',', ':')) for row in rows]
        with open(os.path.join(folder, name + '.json'), 'w', encoding='utf-8') as f:
            f.write('[\n' + ',\n'.join(rows) + '\n]\n')
        print(name, len(rows))


if __name__ == '__main__':
    write(OUT, {'requests': requests(), 'responses': responses(), 'errors': errors()})
