"""boto3's side of the benchmarks: peer_boto3.py get|put|list|bigget|ddbget|ddbquery|instances ENDPOINT CONCURRENCY COUNT, output as bench/client's."""
import concurrent.futures
import json
import os
import sys
import time

import boto3
from botocore.config import Config

op, endpoint, concurrency, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
service = {"ddbget": "dynamodb", "ddbquery": "dynamodb", "instances": "ec2"}.get(op, "s3")
client = boto3.client(
    service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="testkey", aws_secret_access_key="testsecret",
    verify=os.environ.get("BENCH_CA"), config=Config(max_pool_connections=concurrency, s3={"addressing_style": "path"}))
body = b"x" * 1024


def get(_):
    return len(client.get_object(Bucket="bench", Key="1k")["Body"].read())


def put(i):
    client.put_object(Bucket="upload", Key=f"obj-{i}", Body=body)
    return len(body)


def bigget(_):
    total = 0
    stream = client.get_object(Bucket="bench", Key="1g")["Body"]
    while chunk := stream.read(1 << 20):
        total += len(chunk)
    return total


def length(response):
    return int(response["ResponseMetadata"]["HTTPHeaders"]["content-length"])


def ddbget(i):
    response = client.get_item(TableName="bench", Key={"pk": {"S": f"item-{i}"}})
    if not response["Item"]:
        sys.exit("no item")
    return length(response)


def ddbquery(i):
    response = client.query(TableName="bench", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": f"item-{i}"}})
    if not response["Items"]:
        sys.exit("no items")
    return length(response)


def instances(_):
    response = client.describe_instances()
    if not response["Reservations"]:
        sys.exit("no instances")
    return length(response)


def pages():
    total, token = 0, {}
    for _ in range(count):
        page = client.list_objects_v2(Bucket="list", **token)
        if len(page["Contents"]) != 1000:
            sys.exit("a page without its keys")
        token = {"ContinuationToken": page["NextContinuationToken"]}
        total += length(page)
    return total


begun = time.monotonic()
if op == "list":
    total = pages()
else:
    with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
        total = sum(pool.map({"get": get, "put": put, "bigget": bigget, "ddbget": ddbget, "ddbquery": ddbquery, "instances": instances}[op], range(count)))
print(json.dumps({"requests": count, "bytes": total, "seconds": time.monotonic() - begun}))
