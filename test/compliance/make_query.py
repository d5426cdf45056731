#!/usr/bin/env python3
"""Makes test/compliance/data/query: what botocore 1.44.5 makes of generated parameters and responses of services that speak query and ec2.

requests.json   [service, operation, params, body]: with the required members, and twice with nearly all of them
responses.json  [service, operation, status, body, expected, request id]: expected is without ResponseMetadata
errors.json     [service, operation, status, body, expected, request id, code, message]

All operations of STS and IAM, and some of EC2 (all of them, into a folder, with the arguments --all FOLDER). Timestamps are seconds since 1970, blobs are text. The same seed gives the same files.
"""
import os
import random
import sys

import botocore.session
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

import make_rest_xml as xml

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'query')
EC2_SOME = 40
rng = random.Random(20110615)
session = botocore.session.Session()


def operations(everything):
    for service in ('sts', 'iam', 'ec2'):
        model = session.get_service_model(service)
        names = list(model.operation_names)
        if service == 'ec2' and not everything:
            names = sorted(rng.sample(names, EC2_SOME))
        for name in names:
            yield service, model, model.operation_model(name)


def requests(everything):
    for service, model, op in operations(everything):
        serializer = create_serializer(model.resolved_protocol, include_validation=False)
        for full in (False, True, True) if service != 'ec2' else (False, True):
            params = xml.value_for(op.input_shape, full) if op.input_shape else {}
            given = xml.with_datetimes(op.input_shape, params) if op.input_shape else {}
            request = serializer.serialize_to_request(given, op)
            prepare_request_dict(request, 'https://h')
            body = create_request_object(request).prepare().body
            yield [service, op.name, params, body.decode() if isinstance(body, bytes) else body]
            if op.input_shape is None:
                break


def document(model, op, value, request_id):
    shape, inner = op.output_shape, ''
    if shape is not None:
        inner = xml.element('X', shape, value)[len('<X>'):-len('</X>')]
    if model.resolved_protocol == 'ec2':
        inner = f'<requestId>{request_id}</requestId>{inner}'
    else:
        if shape is not None:
            wrapper = shape.serialization['resultWrapper']
            inner = f'<{wrapper}>{inner}</{wrapper}>'
        metadata = f'<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>'
        inner = rng.choice([inner + metadata, metadata + inner])
    return f'<{op.name}Response xmlns="{model.metadata["xmlNamespace"]}">{xml.noise()}{inner}</{op.name}Response>'


def parse(model, shape, status, body):
    response = {'status_code': status, 'headers': {}, 'body': body.encode('utf-8'), 'context': {}}
    return create_parser(model.resolved_protocol).parse(response, shape)


def responses(everything):
    for service, model, op in operations(everything):
        value = xml.value_for(op.output_shape, True) if op.output_shape else {}
        body = document(model, op, value, f'id-{rng.randint(0, 10**9)}')
        parsed = parse(model, op.output_shape, 200, body)
        yield [service, op.name, 200, body, xml.plain(parsed), parsed['ResponseMetadata'].get('RequestId')]


QUERY_ERROR = '<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>R-1</RequestId></ErrorResponse>'
EC2_ERROR = '<?xml version="1.0"?>\n<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors><RequestID>R-2</RequestID></Response>'
ERRORS = [
    ('sts', 'AssumeRole', 400, QUERY_ERROR.format('ExpiredTokenException', 'The token &amp; all has expired')),
    ('sts', 'AssumeRole', 400, QUERY_ERROR.format('MalformedPolicyDocument', 'bad')),
    ('sts', 'AssumeRole', 400, QUERY_ERROR.format('MalformedPolicyDocument', 'bad').replace('<Type>', '<message>modelled</message><Type>')),
    ('sts', 'GetCallerIdentity', 403, QUERY_ERROR.format('SignatureDoesNotMatch', '')),
    ('sts', 'GetCallerIdentity', 403, QUERY_ERROR.format('AccessDenied', 'no').replace('</Error>', '</Error><Extra>1</Extra>')),
    ('sts', 'GetCallerIdentity', 500, ''),
    ('sts', 'GetCallerIdentity', 503, '<html><body>Service Unavailable</body></html>'),
    ('iam', 'GetUser', 404, QUERY_ERROR.format('NoSuchEntity', 'none')),
    ('iam', 'GetUser', 400, '<Response><Errors><Error><Code>Odd</Code><Message>m</Message></Error></Errors><RequestId>R-3</RequestId></Response>'),
    ('ec2', 'DescribeInstances', 400, EC2_ERROR.format('InvalidInstanceID.Malformed', 'Invalid id: "x"')),
    ('ec2', 'DescribeInstances', 503, EC2_ERROR.format('RequestLimitExceeded', 'slow')),
    ('ec2', 'DescribeInstances', 502, ''),
]


def errors(everything):
    for service, name, status, body in ERRORS:
        model = session.get_service_model(service)
        op = model.operation_model(name)
        parsed = parse(model, op.output_shape, status, body)
        request_id = parsed['ResponseMetadata'].get('RequestId')
        code = parsed['Error'].get('Code')
        shape = model.shape_for_error_code(code)
        if shape is not None:
            parsed.update(parse(model, shape, status, body))
        yield [service, name, status, body, xml.plain(parsed), request_id, code, parsed['Error'].get('Message') or '']


def main():
    everything = '--all' in sys.argv
    xml.write(sys.argv[-1] if everything else OUT, {'requests': requests(everything), 'responses': responses(everything), 'errors': errors(everything)})


if __name__ == '__main__':
    main()
