#!/usr/bin/env python3
"""Writes data/sigv4-random/vectors.json: odd requests, signed by botocore's own signers. Needs botocore 1.44.5."""
import datetime
import json
import os
import random
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2024, 2, 29, 23, 59, 58)
NAMES = ['Content-Type', 'x-amz-meta-Zebra', 'X-Amz-Meta-a', 'x-amz-meta-ab', 'x-amz-meta-a-b', 'Range', 'If-Match', 'Cache-Control',
         'User-Agent', 'Expect', 'Connection', 'x-amzn-trace-id', 'Transfer-Encoding', 'X-Amz-Acl', 'x-amz-tagging', 'Accept', 'te',
         'traceparent', 'x_under', 'x-1', 'Content-MD5', 'baggage', 'keep-alive', 'Upgrade', 'trailer', 'tracestate', 'Date2', 'a', 'Z']


def value(rng):
    words = [''.join(rng.choice('abcXYZ019-_;=,"/%~') for _ in range(rng.randint(1, 9))) for _ in range(rng.randint(0, 5))]
    text = ''
    for word in words:
        text += word + ' ' * rng.choice([1, 1, 2, 5]) + rng.choice(['', '', '\t'])
    return ' ' * rng.randint(0, 2) + text


def encoded(rng, longest):
    return ''.join(rng.choice(['a', 'b', 'Z', '0', '-', '.', '_', '~', '%20', '%2F', '%C3%A9', '%25', '%2B', '%3D']) for _ in range(rng.randint(0, longest)))


def path(rng, s3):
    parts = [rng.choice(['', '.', '..', 'a', 'b.c', '%20', 'x%2Fy', '~k', 'v+1', "it's", '(1)', '@']) if rng.random() < 0.6 else encoded(rng, 6)
             for _ in range(rng.randint(0, 7))]
    return '/' + '/'.join(parts)


def make(rng, i):
    s3 = i % 2 == 0
    query = '&'.join(encoded(rng, 3) + rng.choice(['', '=', '=' + encoded(rng, 4)]) for _ in range(rng.choice([0, 0, 1, 3, 8, 40])))
    names = rng.sample(NAMES, rng.randint(0, len(NAMES)))
    if i % 7 == 0:
        names += ['x-amz-meta-n%d' % n for n in range(60)]
    headers = [[name, value(rng)] for name in names]
    body = bytes(rng.randrange(256) for _ in range(rng.choice([0, 0, 1, 55, 64, 1000])))
    token = rng.choice([None, 'FwoGZX//token+with/specials=='])
    secret = 's' * rng.choice([1, 40, 60, 61, 200])
    region, service = rng.choice(['us-east-1', 'eu-central-1', 'x']), 's3' if s3 else rng.choice(['sts', 'dynamodb', 'execute-api'])
    method = rng.choice(['GET', 'PUT', 'POST', 'DELETE', 'HEAD'])
    host = rng.choice(['bucket.s3.amazonaws.com', 'localhost:9000', '[::1]:9000'])
    url_path = path(rng, s3)
    request = AWSRequest(method=method, url='http://%s%s%s' % (host, url_path, '?' + query if query else ''), data=body)
    for name, text in headers:
        request.headers[name] = text
    signer = (botocore.auth.S3SigV4Auth if s3 else botocore.auth.SigV4Auth)(Credentials('AKIDEXAMPLE', secret, token), service, region)
    with mock.patch('botocore.auth.get_current_datetime', return_value=NOW):
        signer.add_auth(request)
    return {'method': method, 'host': host, 'path': url_path, 'query': query, 'headers': headers, 'body_hex': body.hex(), 'token': token,
            'secret': secret, 'region': region, 'service': service, 's3': s3, 'authorization': request.headers['Authorization']}


def main():
    rng = random.Random(20240229)
    cases = [make(rng, i) for i in range(120)]
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'sigv4-random', 'vectors.json')
    with open(target, 'w') as out:
        json.dump({'timestamp': int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp()), 'access_key': 'AKIDEXAMPLE', 'cases': cases}, out, indent=1)
        out.write('\n')


if __name__ == '__main__':
    main()
