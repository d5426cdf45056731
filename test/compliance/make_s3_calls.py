#!/usr/bin/env python3
"""Makes test/compliance/data/s3-calls/calls.json: what a whole botocore 1.44.5 client puts on the wire for every S3 operation.

calls.json   [operation (snake_case), params, method, uri, headers, body]: params as `tucuxi call` reads them (blobs base64, timestamps in seconds),
             headers those that matter (x-amz-*, content-type, content-md5 ...; not the date, the signature and what identifies the client), body as text.

Each operation is called with its required members, and twice with nearly all of them, by a client at http://localhost with path-style addressing. Nothing is sent. Operations that
answer with events are left out. The same seed gives the same file.
"""
import base64
import json
import os
import sys

import botocore
import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.config import Config

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_rest_xml as generator

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 's3-calls')
LEFT_OUT = ('authorization', 'x-amz-date', 'user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request', 'expect', 'content-length', 'host', 'x-amz-security-token')


class Raw:
    def __init__(self):
        self.data = b''

    def stream(self, **kwargs):
        yield b''


def for_tool(shape, value):
    """Params as JSON: blobs base64, but for a streaming one, which is a plain string."""
    kind = shape.type_name
    if kind == 'structure':
        return {k: v if shape.members[k].serialization.get('streaming') else for_tool(shape.members[k], v) for k, v in value.items()}
    if kind == 'list':
        return [for_tool(shape.member, v) for v in value]
    if kind == 'map':
        return {k: for_tool(shape.value, v) for k, v in value.items()}
    return base64.b64encode(value.encode()).decode() if kind == 'blob' else value


def at_least(shape, value):
    """Numbers not below their minimum."""
    kind = shape.type_name
    if kind == 'structure':
        return {k: at_least(shape.members[k], v) for k, v in value.items()}
    if kind == 'list':
        return [at_least(shape.member, v) for v in value]
    if kind in ('integer', 'long') and 'min' in shape.metadata:
        return max(value, shape.metadata['min'])
    return value


def tidy(params, rng):
    """What the client's own checks would refuse otherwise."""
    if 'Bucket' in params:
        params['Bucket'] = rng.choice(['bucket', 'my.bucket', 'Some_Bucket'])
    if 'CopySource' in params:
        params['CopySource'] = rng.choice(['bucket/some key+1', 'bucket/a/b?versionId=v1'])
    for name in ('Key', 'UploadId', 'Id'):
        if params.get(name) == '':
            params[name] = 'x'
    if 'ChecksumAlgorithm' in params:
        params['ChecksumAlgorithm'] = rng.choice(['CRC32', 'SHA1', 'SHA256'])
    for name in [n for n in params if n.startswith('Checksum') and n not in ('ChecksumAlgorithm', 'ChecksumMode', 'ChecksumType')]:
        del params[name]
    for name in ('SSECustomerKeyMD5', 'CopySourceSSECustomerKeyMD5', 'ContentMD5', 'ContentLength'):
        params.pop(name, None)
    return params


def calls():
    session = botocore.session.Session()
    client = session.create_client('s3', 'us-east-1', endpoint_url='http://localhost', aws_access_key_id='testkey', aws_secret_access_key='testsecret',
                                   config=Config(s3={'addressing_style': 'path'}, retries={'total_max_attempts': 1}))
    seen = []

    def keep(request, **kwargs):
        seen.append(request)
        return AWSResponse(request.url, 200, {}, Raw())

    client.meta.events.register('before-send.s3', keep)
    for name in generator.model.operation_names:
        op = generator.model.operation_model(name)
        if op.has_event_stream_output or op.has_event_stream_input:
            continue
        for full in (False, True, True) if op.input_shape else (False,):
            params = at_least(op.input_shape, tidy(generator.value_for(op.input_shape, full), generator.rng)) if op.input_shape else {}
            given = generator.with_datetimes(op.input_shape, params) if op.input_shape else {}
            seen.clear()
            try:
                getattr(client, xform_name(name))(**given)
            except Exception as error:  # the empty answer is no answer to all of them
                if not seen:
                    raise SystemExit(f'{name}: {error}')
            request = seen[0]
            body = request.body if request.body is not None else b''
            if hasattr(body, 'read'):
                body.seek(0)
                body = body.read()
            headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
            yield [xform_name(name), for_tool(op.input_shape, params) if op.input_shape else {}, request.method, request.url[len('http://localhost'):] if not
                   op.endpoint else request.url, {k: v for k, v in headers.items() if k not in LEFT_OUT}, body.decode() if isinstance(body, bytes) else body]


def main():
    if botocore.__version__ != '1.44.5':
        sys.exit(f'botocore {botocore.__version__} is not 1.44.5')
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, 'calls.json'), 'w', encoding='utf-8') as file:
        file.write('[\n' + ',\n'.join(json.dumps(c, ensure_ascii=False) for c in calls()) + '\n]\n')


if __name__ == '__main__':
    main()
