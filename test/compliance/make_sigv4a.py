#!/usr/bin/env python3
"""Writes data/sigv4a-random/vectors.json: requests signed by botocore's SigV4A signers, by headers and by query. Needs botocore 1.44.5 and awscrt."""
import datetime
import json
import os
import random
from unittest import mock

import botocore.auth  # before botocore.crt.auth, which needs it
import botocore.crt.auth as crt
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2024, 2, 29, 23, 59, 58, tzinfo=datetime.timezone.utc)
NAMES = ['Content-Type', 'x-amz-meta-Zebra', 'X-Amz-Meta-a', 'x-amz-meta-a-b', 'Range', 'If-Match', 'User-Agent', 'Expect', 'x-amzn-trace-id', 'X-Amz-Acl', 'Accept']
WORDS = ['a', 'b c', 'x=1;y', '"q, r"', 'text/plain; charset=utf-8', 'bytes=0-9']


def make(rng, i):
    s3, by_query = i % 2 == 0, i % 4 >= 2
    parts = [rng.choice(['a', 'b.c', '%20', 'x%2Fy', '~k', 'v+1', '%C3%A9']) for _ in range(rng.randint(0, 4))]
    query = '&'.join(rng.choice(['list-type=2', 'prefix=a%2Fb', 'x=', 'versionId=%2B1']) for _ in range(rng.choice([0, 0, 1])))
    headers = [[name, rng.choice(WORDS)] for name in rng.sample(NAMES, rng.randint(0, 6))]
    body = bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 64, 1000]))) if not by_query else b''
    token, region = rng.choice([None, 'FwoGZX//token+with/specials==']), rng.choice(['*', 'us-east-1', 'us-east-1,eu-west-1', 'eu-*'])
    secret, access_key = 's' * rng.choice([1, 40, 59, 60, 200]), rng.choice(['AKIDEXAMPLE', 'a', 'ASIA' + 'X' * 16])
    service = rng.choice(['s3', 's3-outposts']) if s3 else rng.choice(['events', 'sts'])
    host, path = 'host.example.com', '/' + '/'.join(parts)
    method = 'GET' if by_query else rng.choice(['GET', 'PUT', 'POST'])
    request = AWSRequest(method=method, url=f'https://{host}{path}' + (f'?{query}' if query else ''), data=body)
    for name, text in headers:
        request.headers[name] = text
    names = {(True, True): crt.CrtS3SigV4AsymQueryAuth, (True, False): crt.CrtS3SigV4AsymAuth, (False, True): crt.CrtSigV4AsymQueryAuth, (False, False): crt.CrtSigV4AsymAuth}
    signer = names[s3, by_query](Credentials(access_key, secret, token), service, region)
    with mock.patch('botocore.crt.auth.get_current_datetime', return_value=NOW):
        signer.add_auth(request)
    signed = request.url.split('?', 1)[1] if by_query else request.headers['Authorization']
    return {'method': method, 'host': host, 'path': path, 'query': query, 'headers': headers, 'body_hex': body.hex(), 'token': token, 'access_key': access_key, 'secret': secret,
            'region_set': region, 'service': service, 's3': s3, 'by_query': by_query, 'signed': signed}


def main():
    rng = random.Random(20240301)
    cases = [make(rng, i) for i in range(80)]
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'sigv4a-random')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'vectors.json'), 'w') as out:
        json.dump({'timestamp': int(NOW.timestamp()), 'cases': cases}, out, indent=1)
        out.write('\n')


if __name__ == '__main__':
    main()
