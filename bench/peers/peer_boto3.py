"""boto3's side of the benchmarks: peer_boto3.py get|put|list|bigget ENDPOINT CONCURRENCY COUNT, output as bench/client's."""
import concurrent.futures
import json
import os
import sys
import time

import boto3
from botocore.config import Config

op, endpoint, concurrency, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="testkey", aws_secret_access_key="testsecret",
    verify=os.environ.get("BENCH_CA"), config=Config(max_pool_connections=concurrency, s3={"addressing_style": "path"}))
body = b"x" * 1024


def get(_):
    return len(s3.get_object(Bucket="bench", Key="1k")["Body"].read())


def put(i):
    s3.put_object(Bucket="upload", Key=f"obj-{i}", Body=body)
    return len(body)


def bigget(_):
    total = 0
    stream = s3.get_object(Bucket="bench", Key="1g")["Body"]
    while chunk := stream.read(1 << 20):
        total += len(chunk)
    return total


def pages():
    total, token = 0, {}
    for _ in range(count):
        page = s3.list_objects_v2(Bucket="list", **token)
        if len(page["Contents"]) != 1000:
            sys.exit("a page without its keys")
        token = {"ContinuationToken": page["NextContinuationToken"]}
        total += int(page["ResponseMetadata"]["HTTPHeaders"]["content-length"])
    return total


begun = time.monotonic()
if op == "list":
    total = pages()
else:
    with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
        total = sum(pool.map({"get": get, "put": put, "bigget": bigget}[op], range(count)))
print(json.dumps({"requests": count, "bytes": total, "seconds": time.monotonic() - begun}))
