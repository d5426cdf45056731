#!/usr/bin/env python3
"""Writes data/presign/*.json: what botocore signs for directory buckets, for POSTs, for databases and for CloudFront, with its clock frozen. Needs botocore 1.44.5 and, for CloudFront, cryptography."""
import base64
import datetime
import json
import os
from unittest import mock

import botocore.config
import botocore.session
import botocore.utils
from botocore.credentials import Credentials

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'presign')
NOW = datetime.datetime(2015, 8, 30, 12, 36, 0)
KEYS = {'access_key': 'AKIDEXAMPLE', 'secret_key': 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'}
TEMPORARY = dict(KEYS, token='IQoJb3JpZ2luX2VjEXAMPLE//token+with/specials==')
DROPPED = ('user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request', 'x-amzn-trace-id')
DIRECTORY = 'b--usw2-az1--x-s3'


def freeze():
    return [mock.patch(name, return_value=NOW) for name in ('botocore.auth.get_current_datetime', 'botocore.signers.get_current_datetime')]


def client(service, region, credentials, config, endpoint_url=None):
    session = botocore.session.Session()
    session.set_credentials(credentials['access_key'], credentials['secret_key'], credentials.get('token'))
    return session.create_client(service, region_name=region, endpoint_url=endpoint_url, config=botocore.config.Config(**config))


def as_text(value):
    return {'$bytes_base64': base64.b64encode(value).decode()} if isinstance(value, bytes) else value


class Captured(Exception):
    pass


def request_of(c, operation, params):
    """The signed request that would be sent."""
    found = []

    def capture(request, **kwargs):
        found.append(request)
        raise Captured()
    c.meta.events.register('before-send', capture)
    try:
        getattr(c, botocore.xform_name(operation))(**params)
    except Captured:
        pass
    request = found[0]
    body = request.body
    if hasattr(body, 'read'):
        body = body.read()
    headers = {k.lower(): v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
    return {'method': request.method, 'url': request.url, 'headers': {k: v for k, v in headers.items() if k not in DROPPED},
            'body_base64': base64.b64encode(body if isinstance(body, bytes) else (body or '').encode()).decode()}


# ---- directory buckets ----

EXPRESS = [
    ('request', 'HeadObject', {'Bucket': DIRECTORY, 'Key': 'k'}, {}),
    ('request', 'GetObject', {'Bucket': DIRECTORY, 'Key': 'a b/c+d~é'}, {}),
    ('request', 'PutObject', {'Bucket': DIRECTORY, 'Key': 'k', 'Body': b'hello'}, {}),
    ('request', 'PutObject', {'Bucket': DIRECTORY, 'Key': 'k', 'Body': b'hello'}, {'s3': {'payload_signing_enabled': True}}),
    ('request', 'PutObject', {'Bucket': DIRECTORY, 'Key': 'k', 'Body': b'hello', 'ChecksumAlgorithm': 'SHA256'}, {}),
    ('request', 'PutObject', {'Bucket': DIRECTORY, 'Key': 'k', 'Body': b'hello'}, {'request_checksum_calculation': 'when_required'}),
    ('request', 'ListObjectsV2', {'Bucket': DIRECTORY, 'Prefix': 'p/', 'Delimiter': '/'}, {}),
    ('request', 'DeleteObjects', {'Bucket': DIRECTORY, 'Delete': {'Objects': [{'Key': 'a'}, {'Key': 'b&c'}]}}, {}),
    ('request', 'DeleteObjects', {'Bucket': DIRECTORY, 'Delete': {'Objects': [{'Key': 'a'}]}}, {'request_checksum_calculation': 'when_required'}),
    ('request', 'CopyObject', {'Bucket': DIRECTORY, 'Key': 'k', 'CopySource': {'Bucket': 'c--usw2-az1--x-s3', 'Key': 'a/b'}}, {}),
    ('request', 'CreateMultipartUpload', {'Bucket': DIRECTORY, 'Key': 'k'}, {}),
    ('request', 'UploadPart', {'Bucket': DIRECTORY, 'Key': 'k', 'UploadId': 'u', 'PartNumber': 1, 'Body': b'part'}, {}),
    ('request', 'CompleteMultipartUpload', {'Bucket': DIRECTORY, 'Key': 'k', 'UploadId': 'u', 'MultipartUpload': {'Parts': [{'PartNumber': 1, 'ETag': 'e'}]}}, {}),
    ('request', 'CreateSession', {'Bucket': DIRECTORY}, {}),
    ('request', 'CreateSession', {'Bucket': DIRECTORY, 'SessionMode': 'ReadOnly'}, {}),
    ('request', 'CreateBucket', {'Bucket': DIRECTORY, 'CreateBucketConfiguration': {'Location': {'Type': 'AvailabilityZone', 'Name': 'usw2-az1'},
                                                                                   'Bucket': {'Type': 'Directory', 'DataRedundancy': 'SingleAvailabilityZone'}}}, {}),
    ('request', 'DeleteBucket', {'Bucket': DIRECTORY}, {}),
    ('request', 'HeadBucket', {'Bucket': DIRECTORY}, {}),
    ('request', 'ListDirectoryBuckets', {}, {}),
    ('request', 'GetObject', {'Bucket': DIRECTORY, 'Key': 'k'}, {'s3': {'disable_s3_express_session_auth': True}}),
    ('request', 'GetObject', {'Bucket': DIRECTORY, 'Key': 'k'}, {'use_fips_endpoint': True}),
    ('request', 'GetObject', {'Bucket': 'p--usw2-az1--xa-s3', 'Key': 'k'}, {}),
    ('presign', 'GetObject', {'Bucket': DIRECTORY, 'Key': 'k'}, {}),
    ('presign', 'PutObject', {'Bucket': DIRECTORY, 'Key': 'a b'}, {}),
    ('presign', 'UploadPart', {'Bucket': DIRECTORY, 'Key': 'k', 'UploadId': 'u', 'PartNumber': 1}, {}),
    ('presign', 'CreateSession', {'Bucket': DIRECTORY}, {'signature_version': 's3v4'}),
    ('presign', 'GetObject', {'Bucket': DIRECTORY, 'Key': 'k'}, {'signature_version': 's3v4', 's3': {'disable_s3_express_session_auth': True}}),
]


def in_our_order(url):
    """The order of a presigned URL's own parameters is the AWS CRT's, not Python's: -Expires behind -SignedHeaders."""
    names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-SignedHeaders', 'X-Amz-Expires', 'X-Amz-S3session-Token', 'X-Amz-Security-Token', 'X-Amz-Signature']
    base, _, query = url.partition('?')
    parts = query.split('&')
    ours = {p.partition('=')[0]: p for p in parts if p.partition('=')[0] in names}
    return base + '?' + '&'.join([p for p in parts if p.partition('=')[0] not in names] + [ours[n] for n in names if n in ours])


def express():
    cases = []
    for i, (kind, operation, params, config) in enumerate(EXPRESS):
        c = client('s3', 'us-west-2', TEMPORARY, config)
        session = Credentials(TEMPORARY['access_key'], TEMPORARY['secret_key'], TEMPORARY['token'])
        with mock.patch.object(botocore.utils.S3ExpressIdentityCache, 'get_credentials', lambda self, bucket: session):
            if kind == 'request':
                expect = request_of(c, operation, params)
            else:
                url = c.generate_presigned_url(botocore.xform_name(operation), Params=params, ExpiresIn=300)
                expect = {'url': in_our_order(url)}
        cases.append({'id': 'express/%s/%d' % (operation, i), 'kind': kind, 'service': 's3', 'operation': operation, 'region': 'us-west-2', 'credentials': TEMPORARY,
                      'client_config': config, 'endpoint_url': None, 'params': {k: as_text(v) for k, v in params.items()}, 'expires_in': 300, 'expect': expect})
    return cases


def write(name, cases):
    with open(os.path.join(HERE, name), 'w') as out:
        json.dump({'cases': cases}, out, indent=1)
        out.write('\n')


def main():
    patches = freeze()
    for p in patches:
        p.start()
    write('express.json', express())


if __name__ == '__main__':
    main()
