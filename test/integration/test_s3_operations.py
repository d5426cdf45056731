"""Every S3 operation through `tucuxi call` to a server that records, against what a botocore client puts on the wire (test/compliance/data/s3-calls); and where a call goes
when AWS_DATA_PATH holds an edited rule set.

TUCUXI_TOOL is the tool.
"""
# timeout: 120
import glob
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tools"))
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
CASES = os.path.join(os.path.dirname(HERE), "compliance", "data", "s3-calls", "calls.json")
MODELS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "models", "data")
LEFT_OUT = ("authorization", "x-amz-date", "user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "expect", "content-length", "host", "x-amz-security-token", "connection")


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.command, self.path, dict(self.headers.items()), self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = answer

    def log_message(self, *args):
        pass


def split(uri):
    """Path as it is; query as sorted pairs, decoded."""
    path, _, query = uri.partition("?")
    return path, sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))


UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def tidy_headers(headers):
    headers = {k: "(a UUID)" if UUID.match(v) else v for k, v in headers.items()}
    return {k.lower(): " ".join(v.split()) if k.lower() != "cookie" else v for k, v in headers.items() if k.lower() not in LEFT_OUT}


def compare(case, seen):
    operation, _, method, uri, headers, body = case
    if uri.startswith("http://"):  # a host prefix: only what follows the host
        uri = "/" + uri.split("/", 3)[3] if uri.count("/") >= 3 else "/"
    got = (seen[0], split(seen[1]), tidy_headers(seen[2]), seen[3].decode())
    want = (method, (split(uri)[0] or "/", split(uri)[1]), tidy_headers(headers), body)
    for what, a, b in zip(("method", "path and query", "headers", "body"), got, want):
        if a != b:
            return f"{operation}: {what}\n  got    {a!r}\n  wanted {b!r}"
    return ""


def environment(folder):
    return {"PATH": os.environ["PATH"], "HOME": folder, "AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "testsecret", "AWS_DEFAULT_REGION": "us-east-1",
            **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}


def operations(server, folder):
    with open(CASES, encoding="utf-8") as file:
        cases = json.load(file)
    url = f"http://localhost:{server.server_address[1]}"
    lines = "".join(json.dumps({"id": i, "service": "s3", "operation": c[0], "params": c[1], "endpoint_url": url}) + "\n" for i, c in enumerate(cases))
    r = subprocess.run([TOOL, "call", "--jsonl", "--concurrency", "1"], input=lines.encode(), env=environment(folder), capture_output=True, timeout=100)
    tap.ok(r.returncode == 0, "every line has its answer", f"exit {r.returncode}\n{r.stderr.decode(errors='replace')}")
    errors = [line for line in map(json.loads, r.stdout.splitlines()) if "error" in line and line["error"]["type"] not in ("ResponseParserError", "ClientError")]
    tap.ok(not errors, "no call is refused before it is sent", "\n".join(f"{cases[e['id']][0]}: {e['error']['message']}" for e in errors[:10]))
    tap.equal(len(server.seen), len(cases), "one request a call")
    bad, good = [], set()
    for case, seen in zip(cases, server.seen):
        why = compare(case, seen)
        if why:
            bad.append(why)
        else:
            good.add(case[0])
    for why in bad[:20]:
        tap.diag(why)
    tap.equal(len(bad), 0, f"{len(good)} operations, {len(cases)} calls: method, path, query, headers and body as botocore's")


def edited_rules(server, folder):
    """A rule set of one's own, found before the embedded one."""
    source = sorted(glob.glob(os.path.join(MODELS, "s3", "*", "endpoint-rule-set-1.json")))[-1]
    version = os.path.basename(os.path.dirname(source))
    target = os.path.join(folder, "data", "s3", version)
    os.makedirs(target)
    rules = {"version": "1.0", "parameters": {"Region": {"type": "String", "builtIn": "AWS::Region", "required": True}},
             "rules": [{"type": "endpoint", "conditions": [], "endpoint": {"url": f"http://localhost:{server.server_address[1]}/of/{{Region}}"}}]}
    with open(os.path.join(target, "endpoint-rule-set-1.json"), "w", encoding="utf-8") as file:
        json.dump(rules, file)
    server.seen.clear()
    r = subprocess.run([TOOL, "call", "s3", "list_buckets"], env={**environment(folder), "AWS_DATA_PATH": os.path.join(folder, "data")}, capture_output=True, timeout=60)
    path = server.seen[0][1] if server.seen else None
    tap.ok(path is not None and path.startswith("/of/us-east-1"), "an edited rule set through AWS_DATA_PATH decides where a call goes", f"{path!r}\n{r.stderr.decode(errors='replace')}")


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder = tempfile.mkdtemp(prefix="tucuxi-test-")
    try:
        operations(server, folder)
        edited_rules(server, folder)
    finally:
        shutil.rmtree(folder)
        server.shutdown()
    tap.done()


if __name__ == "__main__":
    main()
