#!/usr/bin/env python3
"""Writes data/presign/*.json: what botocore signs for directory buckets, for URLs at S3's global host and beside it, for POSTs, for databases and for CloudFront, with its clock frozen. Needs botocore 1.44.5, without the CRT, whose clock runs, and, for CloudFront, cryptography."""
import base64
import datetime
import json
import os
from unittest import mock

import botocore
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


# ---- the global host ----

PLAIN = {'Bucket': 'a-bucket'}
GLOBAL = [('ListBuckets', {}), ('GetBucketLocation', PLAIN), ('ListObjectsV2', PLAIN)] + [('GetObject', {'Bucket': bucket, 'Key': 'k'}) for bucket in (
    'a-bucket', 'a.bucket', 'A_bucket', 'arn:aws:s3:us-west-2:123456789012:accesspoint/a-point')]
STYLES = [{}, {'addressing_style': 'auto'}, {'addressing_style': 'path'}, {'addressing_style': 'virtual'}, {'use_dualstack_endpoint': True}]
REGIONS = ['us-west-2', 'us-east-1', 'cn-north-1']


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


def global_host():
    cases = []
    for region in REGIONS:
        for style in STYLES:
            for operation, params in GLOBAL:
                config = {'signature_version': 's3v4', 's3': style}
                try:
                    expect = {'url': in_our_order(client('s3', region, KEYS, config).generate_presigned_url(botocore.xform_name(operation), Params=dict(params), ExpiresIn=300))}
                except botocore.exceptions.BotoCoreError:
                    continue
                cases.append({'id': 'global/%s/%d' % (operation, len(cases)), 'kind': 'presign', 'service': 's3', 'operation': operation, 'region': region, 'credentials': KEYS,
                              'client_config': config, 'endpoint_url': None, 'params': params, 'expires_in': 300, 'expect': expect})
    return cases


# ---- POST forms ----

POSTS = [  # credentials, region, config, Bucket, Key, Fields, Conditions, ExpiresIn
    (KEYS, 'us-east-1', {}, 'examplebucket', 'key.txt', None, None, 3600),
    (TEMPORARY, 'eu-west-1', {}, 'examplebucket', 'up/${filename}', None, None, 60),
    (TEMPORARY, 'eu-west-1', {}, 'examplebucket', '${filename}', {'acl': 'private'}, [{'acl': 'private'}], 1),
    (KEYS, 'eu-west-1', {}, 'dotted.bucket', 'k \u00e9 \U0001f40b "\\\x7f\n', {'success_action_status': '201', 'x-amz-meta-a': '\u4f60'},
     [{'success_action_status': '201'}, ['starts-with', '$x-amz-meta-a', ''], ['content-length-range', 0, 10485760], {'nested': {'a': [1, 2.5, True, None]}}], 604801),
    (KEYS, 'us-east-1', {}, 'examplebucket', 'key', {'key': 'of the caller', 'policy': 'no'}, [], 3600),
    (KEYS, 'us-gov-west-1', {}, 'examplebucket', '', {}, [], 3600),
    (KEYS, 'us-west-2', {'s3': {'addressing_style': 'path'}}, 'examplebucket', 'k', None, None, 3600),
    (KEYS, 'us-west-2', {'s3': {'use_accelerate_endpoint': True}}, 'examplebucket', 'k', None, None, 3600),
    (KEYS, 'us-west-2', {'use_dualstack_endpoint': True}, 'examplebucket', 'k', None, None, 3600),
    (KEYS, 'us-west-2', {}, 'arn:aws:s3:us-west-2:123456789012:accesspoint/mine', 'k', None, None, 3600),
    (TEMPORARY, 'us-west-2', {}, DIRECTORY, 'k${filename}', {'x-amz-meta-a': 'b'}, [{'x-amz-meta-a': 'b'}], 300),
    (KEYS, 'us-west-2', {'signature_version': botocore.UNSIGNED}, 'examplebucket', 'k', {'acl': 'public-read'}, None, 3600),
    (KEYS, 'us-west-2', {}, 'not_a_bucket/', 'k', None, None, 3600),
    (KEYS, 'us-west-2', {}, 'arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap', 'k', None, None, 3600),
]


def posts():
    cases = []
    for i, (credentials, region, config, bucket, key, fields, conditions, expires) in enumerate(POSTS):
        if 'signature_version' not in config:
            config = dict(config, signature_version='s3v4')
        c = client('s3', region, credentials, config)
        try:
            expect = c.generate_presigned_post(bucket, key, Fields=fields, Conditions=conditions, ExpiresIn=expires)
        except Exception as e:  # what botocore raises is what is compared
            expect = {'error': type(e).__name__}
        if config.get('signature_version') is botocore.UNSIGNED:
            config = dict(config, signature_version='unsigned')
        cases.append({'id': 'post/%d' % i, 'kind': 'presigned-post', 'service': 's3', 'operation': 'PostObject', 'region': region, 'credentials': credentials, 'client_config': config,
                      'endpoint_url': None, 'params': {'Bucket': bucket, 'Key': key, 'Fields': fields, 'Conditions': conditions}, 'expires_in': expires, 'expect': expect})
    return cases


# ---- tokens of databases ----

RDS = [('mydb.123456789012.us-east-1.rds.amazonaws.com', 3306, 'someone', None), ('MyDB.example', 5432, 'a b@c/\u00e9', 'eu-central-1'), ('db.example', 443, 'u', None), ('127.0.0.1', 1, 'u', None)]
DSQL = [('abc.dsql.us-east-1.on.aws', None, None), ('ABC.example', 'eu-west-1', 3600), ('abc.example:5432', None, 1)]


def tokens():
    cases = []
    for credentials in (KEYS, TEMPORARY):
        for host, port, user, region in RDS:
            token = client('rds', 'us-east-1', credentials, {}).generate_db_auth_token(host, port, user, Region=region)
            cases.append({'service': 'rds', 'credentials': credentials, 'host': host, 'port': port, 'user': user, 'region': region, 'token': in_our_order(token)})
        for host, region, expires in DSQL:
            for admin in (False, True):
                c = client('dsql', 'us-east-1', credentials, {})
                make = c.generate_db_connect_admin_auth_token if admin else c.generate_db_connect_auth_token
                token = make(host, Region=region, **({} if expires is None else {'ExpiresIn': expires}))
                cases.append({'service': 'dsql', 'credentials': credentials, 'host': host, 'admin': admin, 'region': region, 'expires_in': expires, 'token': in_our_order(token)})
    return cases


# ---- CloudFront ----

URLS = ['https://d111111abcdef8.cloudfront.net/image.jpg', 'https://example.com/a?b=c&d=\u00e9', 'rtmp/stream name', 'https://example.com/*"quoted"\\']
POLICIES = [(1450000000, None, None), (1450000000, 1440000000, None), (1450000000, None, '192.0.2.10'), (253402300799, 1, '192.0.2.0/24'), (1450000000, None, '2001:db8::/32')]


def rsa_key():
    """Made once, kept in the data: the signatures are compared."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    path = os.path.join(HERE, 'cloudfront-key.pem')
    if not os.path.exists(path):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with open(path, 'wb') as out:
            out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()))
        with open(os.path.join(HERE, 'cloudfront-key-pkcs8.pem'), 'wb') as out:
            out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    with open(path, 'rb') as file:
        return serialization.load_pem_private_key(file.read(), None)


def cloudfront():
    from botocore.signers import CloudFrontSigner
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    key = rsa_key()
    signer = CloudFrontSigner('K2JCJMDEHXQW5F', lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1()))

    def at(seconds):
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc) if seconds is not None else None
    cases = []
    for url in URLS:
        for until, since, address in POLICIES:
            policy = signer.build_policy(url, at(until), at(since), address)
            cases.append({'url': url, 'until': until, 'since': since, 'address': address, 'policy': policy, 'canned': signer.generate_presigned_url(url, date_less_than=at(until)),
                          'custom': signer.generate_presigned_url(url, policy=policy)})
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
    write('global.json', global_host())
    write('posts.json', posts())
    write('tokens.json', tokens())
    write('cloudfront.json', cloudfront())


if __name__ == '__main__':
    main()
