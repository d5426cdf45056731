#!/usr/bin/env python3
"""Writes data/chunked/vectors.json: aws-chunked bodies as S3's documentation describes them, made with Python's own hashes.

Nothing here knows the library: test_chunked.c compares with it. The two examples that AWS publishes (sigv4-streaming.html and
sigv4-streaming-trailers.html of the S3 API reference) are checked first, so that the vectors stand on them.
"""
import base64
import hashlib
import hmac
import json
import os
import zlib

SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
DATE = '20130524T000000Z'
SCOPE = '20130524/us-east-1/s3/aws4_request'
CHUNK = 65536
EMPTY = hashlib.sha256(b'').hexdigest()


def reflected_crc(polynomial, width):
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (polynomial if i & 1 else 0)
        table.append(i)

    def run(data):
        crc = ones = (1 << width) - 1
        for b in data:
            crc = table[(crc ^ b) & 255] ^ crc >> 8
        return (crc ^ ones).to_bytes(width // 8, 'big')
    return run


SUMS = {
    'CRC32': lambda data: zlib.crc32(data).to_bytes(4, 'big'),
    'CRC32C': reflected_crc(0x82F63B78, 32),
    'CRC64NVME': reflected_crc(0x9A6C9329AC4BC9B5, 64),
    'SHA1': lambda data: hashlib.sha1(data).digest(),
    'SHA256': lambda data: hashlib.sha256(data).digest(),
}


def signing_key():
    key = ('AWS4' + SECRET).encode()
    for part in SCOPE.split('/'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def sign(*lines):
    return hmac.new(signing_key(), '\n'.join(lines).encode(), hashlib.sha256).hexdigest()


def frame(data, form, algorithm, seed):
    """The framed body, and all signatures in order."""
    previous, out, signatures = seed, b'', []
    for at in list(range(0, len(data), CHUNK)) + [len(data)]:
        chunk = data[at:at + CHUNK]
        head = '%x' % len(chunk)
        if form != 'unsigned-trailer':
            previous = sign('AWS4-HMAC-SHA256-PAYLOAD', DATE, SCOPE, previous, EMPTY, hashlib.sha256(chunk).hexdigest())
            signatures.append(previous)
            head += ';chunk-signature=' + previous
        out += head.encode() + b'\r\n'
        if chunk:
            out += chunk + b'\r\n'
    if algorithm:
        trailer = 'x-amz-checksum-%s:%s' % (algorithm.lower(), base64.b64encode(SUMS[algorithm](data)).decode())
        out += trailer.encode() + b'\r\n'
        if form == 'signed-trailer':
            previous = sign('AWS4-HMAC-SHA256-TRAILER', DATE, SCOPE, previous, hashlib.sha256((trailer + '\n').encode()).hexdigest())
            signatures.append(previous)
            out += b'x-amz-trailer-signature:' + previous.encode() + b'\r\n'
    return out + b'\r\n', signatures


PUBLISHED = [
    ('signed', None, '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
     ['ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9']),
    ('signed-trailer', 'CRC32C', '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
     ['b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
      'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435']),
]


def main():
    for form, algorithm, seed, signatures in PUBLISHED:
        body, got = frame(b'a' * 66560, form, algorithm, seed)
        assert got == signatures, (form, got)
    cases = []
    for form, algorithms in (('unsigned-trailer', list(SUMS)), ('signed', [None]), ('signed-trailer', ['CRC32', 'CRC64NVME', 'SHA256'])):
        for algorithm in algorithms:
            for length in (0, 1, 15, 16, 4096, 65535, 65536, 65537, 131072, 200000):
                data = bytes(i % 251 for i in range(length))
                seed = hashlib.sha256(('%s %s %d' % (form, algorithm, length)).encode()).hexdigest()
                body, _ = frame(data, form, algorithm, seed)
                tail = body.rfind(b'\r\n0') + 2 if length else 0
                cases.append({'form': form, 'sum': algorithm or '', 'length': length, 'seed': seed, 'framed_length': len(body),
                              'head': body[:body.index(b'\r\n') + 2].decode() if length else '', 'tail': body[tail:].decode(),
                              'sha256': hashlib.sha256(body).hexdigest()})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data', 'chunked', 'vectors.json')
    with open(path, 'w') as out:
        json.dump({'date': DATE, 'scope': SCOPE, 'secret': SECRET, 'data': 'byte i is i % 251', 'cases': cases}, out, indent=1)
        out.write('\n')


if __name__ == '__main__':
    main()
