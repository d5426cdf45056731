"""Writes data/s3-requests.json: for every operation of botocore's S3 model the request that botocore makes of some parameters.

Run with a Python that has botocore 1.44.5:  python make_s3_requests.py > data/s3-requests.json
Each operation comes twice, with its required members and with all of them; then cases of their own (CopySource, customer keys, odd keys). Not kept: what changes from run to run (signature, date,
user agent) and what tucuxi does otherwise on purpose (Expect, Transfer-Encoding, Content-Length, Content-MD5 is kept).
"""
import base64, datetime, io, json, sys, warnings
import botocore, botocore.session
from botocore.config import Config
warnings.simplefilter("ignore")
assert botocore.__version__ == "1.44.5"
WHEN = datetime.datetime(2024, 2, 29, 12, 34, 56, tzinfo=datetime.timezone.utc)
DROP = {"authorization", "x-amz-date", "user-agent", "expect", "transfer-encoding", "content-length", "amz-sdk-invocation-id", "amz-sdk-request", "connection", "x-amz-client-token", "x-amz-security-token"}

def value(shape, full, depth, name):
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False):
            first = next(iter(shape.members))
            return {first: value(shape.members[first], full, depth + 1, first)}
        names = list(shape.members) if full and depth < 6 else shape.required_members
        return {n: value(shape.members[n], full, depth + 1, n) for n in names}
    if kind == "list":
        return [value(shape.member, full, depth + 1, name) for _ in range(2 if full else 1)]
    if kind == "map":
        return {"name-%d" % i: value(shape.value, full, depth + 1, name) for i in range(2 if full else 1)}
    if kind == "string":
        if getattr(shape, "enum", None):
            return shape.enum[0]
        text = {"RequestRoute": "route", "KMSKeyArn": "arn:aws:kms:us-west-2:123456789012:key/k", "Bucket": "bucket", "Key": "a folder/k\u00e9y+&.txt", "CopySource": "source/k\u00e9y name", "VersionId": "v1"}.get(name, name + ' <&> "x"')
        return text if depth > 1 or name in ("RequestRoute", "Bucket", "Key", "CopySource", "VersionId", "Prefix", "Delimiter", "Marker") else name + "-value"
    if kind in ("integer", "long"):
        return 7
    if kind in ("float", "double"):
        return 1.5
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return WHEN
    if kind == "blob":
        return b"body of " + name.encode()
    raise SystemExit(kind)

def plain(v):
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [plain(x) for x in v]
    if isinstance(v, bytes):
        return {"$bytes_base64": base64.b64encode(v).decode()}
    if isinstance(v, datetime.datetime):
        return {"$timestamp": v.isoformat().replace("+00:00", "Z")}
    return v

def client(extra=None):
    return botocore.session.Session().create_client(
        "s3", region_name="us-west-2", aws_access_key_id="AKID", aws_secret_access_key="SECRET",
        config=Config(retries={"total_max_attempts": 1}, **(extra or {})))

class Stop(Exception):
    pass

def request_of(operation, params, extra):
    c = client(extra)
    seen = []
    def stop(request, **kwargs):
        seen.append(request)
        raise Stop()
    c.meta.events.register("before-send", stop)
    try:
        getattr(c, botocore.xform_name(operation))(**params)
    except Stop:
        pass
    request = seen[0]
    body = request.body
    if body is not None and hasattr(body, "read"):
        body = body.read()
    body = body.encode() if isinstance(body, str) else body or b""
    headers = {k: (v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items() if k.lower() not in DROP}
    return {"method": request.method, "url": request.url, "headers": headers, "body_base64": base64.b64encode(bytes(body)).decode()}

def case(out, ident, operation, params, extra=None):
    given = plain(params)
    try:
        made = request_of(operation, params, extra)
    except Exception as problem:
        sys.stderr.write("%s: %s: %s\n" % (ident, type(problem).__name__, str(problem)[:200]))
        return
    one = {"id": ident, "operation": operation, "params": given, "expect": made}
    if extra:
        one["client_config"] = extra
    out.append(one)

model = client().meta.service_model
cases = []
for name in model.operation_names:
    op = model.operation_model(name)
    for full in (False, True):
        params = value(op.input_shape, full, 0, "") if op.input_shape else {}
        for many in ("ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256", "ChecksumSHA512", "ChecksumMD5", "ChecksumXXHASH64", "ChecksumXXHASH3", "ChecksumXXHASH128",
                     "ContentMD5", "ContentLength", "SSECustomerKeyMD5", "CopySourceSSECustomerKeyMD5"):
            params.pop(many, None)
        case(cases, "%s, %s" % (name, "all" if full else "required"), name, params)

for i, source in enumerate(["b/k", "/b/k", "b/a b", "b/a%20b", "b/\u00e9\u4e2d", "b/k?versionId=v1", "b/k?versionId=", "b/k?versionId=v 1", "b/a?versionId=1?versionId=2", "b/k+&=#~*'()!",
                            "arn:aws:s3:us-west-2:123456789012:accesspoint/ap/object/k"]):
    case(cases, "CopySource text %d" % i, "CopyObject", {"Bucket": "bucket", "Key": "k", "CopySource": source})
for i, source in enumerate([{"Bucket": "b", "Key": "k"}, {"Bucket": "b", "Key": "a b/\u00e9?x"}, {"Bucket": "b", "Key": "k", "VersionId": "v1"}, {"Bucket": "b", "Key": "/k"},
                            {"Bucket": "arn:aws:s3:us-west-2:123456789012:accesspoint/ap", "Key": "k"}]):
    case(cases, "CopySource map %d" % i, "UploadPartCopy", {"Bucket": "bucket", "Key": "k", "PartNumber": 1, "UploadId": "u", "CopySource": source})
KEY = bytes(range(32))
case(cases, "customer key, bytes", "PutObject", {"Bucket": "bucket", "Key": "k", "Body": b"x", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY})
case(cases, "customer key, text", "GetObject", {"Bucket": "bucket", "Key": "k", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0123456789abcdef0123456789abcdef"})
case(cases, "customer key with MD5", "HeadObject", {"Bucket": "bucket", "Key": "k", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": "a2V5", "SSECustomerKeyMD5": "bWQ1"})
case(cases, "copy customer key", "CopyObject", {"Bucket": "bucket", "Key": "k", "CopySource": "b/k", "CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY})
for i, key in enumerate(["a//b", "./a", "../a", "a/../b", "a/./b", "/a", "a/", "a b+c", "%41", "~-_.!*'();:@&=+$,?#[]", "\u00e9/\u4e2d\u6587", "a\nb", "a\tb", "\U0001f600"]):
    case(cases, "key %d" % i, "GetObject", {"Bucket": "bucket", "Key": key})
case(cases, "metadata", "PutObject", {"Bucket": "bucket", "Key": "k", "Body": b"", "Metadata": {"A-b": "  two  spaces ", "x": ""}})
case(cases, "dotted bucket", "GetObject", {"Bucket": "my.bucket", "Key": "k"})
case(cases, "upper case bucket", "GetObject", {"Bucket": "MyBucket", "Key": "k"})
case(cases, "path style", "GetObject", {"Bucket": "bucket", "Key": "k"}, {"s3": {"addressing_style": "path"}})
case(cases, "accelerate", "GetObject", {"Bucket": "bucket", "Key": "k"}, {"s3": {"use_accelerate_endpoint": True}})
case(cases, "dual stack", "GetObject", {"Bucket": "bucket", "Key": "k"}, {"s3": {"use_dualstack_endpoint": True}})
case(cases, "FIPS", "GetObject", {"Bucket": "bucket", "Key": "k"}, {"use_fips_endpoint": True})
case(cases, "encoding given", "ListObjectsV2", {"Bucket": "bucket", "EncodingType": "url", "Prefix": "a b"})
case(cases, "lifecycle with a line end", "PutBucketLifecycleConfiguration",
     {"Bucket": "bucket", "LifecycleConfiguration": {"Rules": [{"ID": "a\nb", "Prefix": "p\r", "Status": "Enabled", "Expiration": {"Date": WHEN}}]}})
case(cases, "location", "CreateBucket", {"Bucket": "bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}})
json.dump({"origin": "botocore 1.44.5", "cases": cases}, sys.stdout, indent=0, ensure_ascii=True)
