"""awscrt's side of the benchmarks: peer_awscrt.py get|put ENDPOINT CONCURRENCY COUNT, output as bench/client's."""
import io as python_io
import json
import sys
import threading
import time

from awscrt import auth, http, io, s3

op, host, concurrency, count = sys.argv[1], sys.argv[2].split("//")[-1], int(sys.argv[3]), int(sys.argv[4])
loops = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(loops, io.DefaultHostResolver(loops))
provider = auth.AwsCredentialsProvider.new_static("testkey", "testsecret")
signing = s3.create_default_s3_signing_config(region="us-east-1", credential_provider=provider)
client = s3.S3Client(bootstrap=bootstrap, region="us-east-1", signing_config=signing, tls_mode=s3.S3RequestTlsMode.DISABLED)
lock, over = threading.Lock(), threading.Event()
state = {"started": 0, "done": 0, "bytes": 0}
body = b"x" * 1024


def on_body(chunk, offset, **_):
    state["bytes"] += len(chunk)


def on_done(error, **_):
    if error is not None:
        print(error, file=sys.stderr)
        over.set()
        return
    with lock:
        state["done"] += 1
        last = state["done"] == count
    if last:
        over.set()
    else:
        start()


def start():
    with lock:
        if state["started"] == count:
            return
        state["started"] += 1
        number = state["started"]
    path = "/bench/1k" if op == "get" else f"/upload/obj-{number}"
    headers = http.HttpHeaders([("host", host)])
    stream = None
    if op == "put":
        headers.add("content-length", str(len(body)))
        stream = python_io.BytesIO(body)
    request = http.HttpRequest("GET" if op == "get" else "PUT", path, headers, stream)
    live.append(client.make_request(type=s3.S3RequestType.DEFAULT, request=request, operation_name="GetObject" if op == "get" else "PutObject", on_body=on_body, on_done=on_done))
    if len(live) > 4 * concurrency:
        del live[:concurrency]


live = []
begun = time.monotonic()
for _ in range(concurrency):
    start()
over.wait()
if state["done"] != count:
    sys.exit(1)
print(json.dumps({"requests": count, "bytes": state["bytes"] if op == "get" else count * len(body), "seconds": time.monotonic() - begun}), flush=True)
