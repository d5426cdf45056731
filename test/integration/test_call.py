"""tucuxi call against a real S3 server: every form of parameters, responses and errors as JSON, exit statuses, and --jsonl.

TUCUXI_TOOL is the tool, TUCUXI_VERSITYGW the server (test/tools/servers.py starts and ends it).
"""
# timeout: 300
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import servers
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
OK, USAGE, CONFIG, SERVICE, OTHER = 0, 252, 253, 254, 255


class Caller:
    def __init__(self, env, folder):
        self.env, self.folder = dict(env), folder

    def run(self, *words, stdin=None, env=None):
        all_env = {k: v for k, v in {**self.env, **(env or {})}.items() if v is not None}
        return subprocess.run([TOOL, "call", *words], input=stdin, env=all_env, cwd=self.folder, capture_output=True, timeout=200)

    def good(self, name, *words, **more):
        """A call that is answered: its response."""
        r = self.run(*words, **more)
        tap.ok(r.returncode == OK and r.stderr == b"", name, f"exit {r.returncode}\n{r.stdout!r}\n{r.stderr.decode(errors='replace')}")
        return json.loads(r.stdout) if r.returncode == OK else {}

    def bad(self, code, kind, name, *words, **more):
        """A call that fails: what stderr says, as JSON."""
        r = self.run(*words, **more)
        tap.ok(r.returncode == code and r.stdout == b"", f"{name}: exit {code}", f"exit {r.returncode}\n{r.stdout!r}\n{r.stderr.decode(errors='replace')}")
        error = json.loads(r.stderr)
        tap.equal(error["type"], kind, f"{name}: {kind}")
        return error

    def lines(self, name, lines, *words, **more):
        """Answers by id."""
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
        r = self.run("--jsonl", *words, stdin=text, **more)
        tap.ok(r.returncode == OK, name, f"exit {r.returncode}\n{r.stderr.decode(errors='replace')}")
        answers = [json.loads(line) for line in r.stdout.splitlines()]
        tap.equal(len(answers), len(lines), f"{name}: one answer a line")
        return {json.dumps(a["id"]): a for a in answers}


def put(key, body, **more):
    return json.dumps({"Bucket": "bucket1", "Key": key, "Body": body, **more})


def get(key):
    return json.dumps({"Bucket": "bucket1", "Key": key})


def parameters(c):
    made = c.good("parameters on the command line", "s3", "create_bucket", '{"Bucket": "bucket1"}')
    tap.equal(made.get("ResponseMetadata", {}).get("HTTPStatusCode"), 200, "ResponseMetadata is in the response")
    c.good("no parameters", "s3", "list_buckets")
    c.good("the service's own name of the operation", "s3", "ListBuckets")
    c.good("dashes for underscores", "s3", "list-buckets")
    with open(c.folder + "/params.json", "w", encoding="utf-8") as file:
        file.write(put("from-file", "é\n"))
    c.good("parameters from a file", "s3", "put_object", "@params.json")
    c.good("parameters from stdin", "s3", "put_object", "-", stdin=put("from-stdin", "x").encode())
    blob = bytes(range(256))
    c.good("a body in base64", "s3", "put_object", put("blob", {"base64": base64.b64encode(blob).decode()}))
    with open(c.folder + "/large", "wb") as file:
        file.write(blob * 8192)
    c.good("a body from a file", "s3", "put_object", put("large", {"file": "large"}))
    c.good("an empty body", "s3", "put_object", put("empty", ""))
    for name, time_value in [("ISO 8601", "2030-01-02T03:04:05Z"), ("seconds", 1893553445), ("fractions of seconds", 1893553445.5)]:
        c.good(f"a timestamp as {name}", "s3", "put_object", put("timed", "x", Expires=time_value))
    tap.equal(base64.b64decode(c.good("a body comes back", "s3", "get_object", get("from-file"))["Body"]), "é\n".encode(), "in base64")
    tap.equal(base64.b64decode(c.good("bytes come back", "s3", "get_object", get("blob"))["Body"]), blob, "as they were")
    answer = c.good("a body to a file", "s3", "get_object", get("large"), "--output", "large.out")
    tap.equal(answer["Body"], {"file": "large.out", "size": 8192 * 256}, "the response names it")
    with open(c.folder + "/large.out", "rb") as file:
        tap.equal(file.read() == blob * 8192, True, "with the same bytes")
    e = c.bad(USAGE, "ParamValidationError", "--output where nothing streams", "s3", "list_objects_v2", '{"Bucket": "bucket1"}', "--output", "yaml")
    tap.ok("no streaming member" in e["message"] and not os.path.exists(c.folder + "/yaml"), "says why, and makes no file", e)
    c.good("--output with a name that is as long as names may be", "s3", "get_object", get("blob"), "--output", "n" * 255)
    with open(c.folder + "/" + "n" * 255, "rb") as file:
        tap.equal(file.read(), blob, "is that file")
    answer = c.good("a listing", "s3", "list_objects_v2", '{"Bucket": "bucket1"}')
    tap.ok(all(o["LastModified"].endswith("Z") and len(o["LastModified"]) == 20 for o in answer["Contents"]), "timestamps are ISO 8601 in UTC")
    tap.equal([o["Key"] for o in answer["Contents"]], ["blob", "empty", "from-file", "from-stdin", "large", "timed"], "the listing is whole")


def errors(c):
    e = c.bad(SERVICE, "ClientError", "a missing object", "s3", "get_object", get("absent"))
    tap.equal((e["Error"]["Code"], e["HTTPStatusCode"], e["operation"]), ("NoSuchKey", 404, "GetObject"), "code, status and operation are told")
    tap.ok(e["Error"]["Message"] != "" and e["message"].startswith("An error occurred (NoSuchKey) when calling the GetObject operation: "), "the messages are told")
    e = c.bad(SERVICE, "ClientError", "a missing object to a file", "s3", "get_object", get("absent"), "--output", "absent")
    tap.ok(not os.path.exists(c.folder + "/absent"), "no file is made")
    e = c.bad(USAGE, "ParamValidationError", "wrong members", "s3", "get_object", '{"Bucket": 5, "Keyy": "k"}')
    tap.ok(all(text in e["message"] for text in ["Missing required parameter in input: \"Key\"", "Unknown parameter in input: \"Keyy\"", "parameter Bucket"]), "each is named", e["message"])
    c.bad(USAGE, "ParamValidationError", "text that is no JSON", "s3", "list_buckets", "{nonsense")
    c.bad(USAGE, "ParamValidationError", "JSON that is no object", "s3", "list_buckets", "[1]")
    e = c.bad(USAGE, "ParamValidationError", "base64 that is none", "s3", "put_object", put("k", {"base64": "*"}))
    tap.ok("Body" in e["message"], "names the member")
    c.bad(USAGE, "ParamValidationError", "a body of another form", "s3", "put_object", put("k", {"path": "x"}))
    c.bad(OTHER, "HTTPClientError", "a body from a file that is not there", "s3", "put_object", put("k", {"file": "absent"}))
    c.bad(USAGE, "UnknownServiceError", "an unknown service", "nosuch", "list")
    c.bad(USAGE, "UnknownClientMethodError", "an unknown operation", "s3", "list_bukkets")
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    c.bad(CONFIG, "NoCredentialsError", "no credentials", "s3", "list_buckets", env=none)
    c.bad(CONFIG, "PartialCredentialsError", "half of the credentials", "s3", "list_buckets", env={**none, "AWS_ACCESS_KEY_ID": "k"})
    c.bad(CONFIG, "ProfileNotFound", "an unknown profile", "s3", "list_buckets", "--profile", "absent")
    c.bad(OTHER, "EndpointConnectionError", "nobody listens", "s3", "list_buckets", "--endpoint-url", "http://127.0.0.1:1")
    r = c.run("s3", "put_object", "@absent.json")
    tap.equal((r.returncode, b"absent.json" in r.stderr), (USAGE, True), "a parameter file that is not there")
    tap.equal(c.run("s3").returncode, USAGE, "a missing operation")
    tap.equal(c.run("s3", "list_buckets", "{}", "more").returncode, USAGE, "too many words")


def jsonl(c):
    put_lines = [{"id": i, "service": "s3", "operation": "put_object", "params": {"Bucket": "bucket1", "Key": f"many/{i:04}", "Body": f"body {i}"}} for i in range(1000)]
    for concurrency in ("1", "64", "1000"):
        answers = c.lines(f"1000 puts, {concurrency} at once", put_lines, "--concurrency", concurrency)
        tap.ok(all(a["response"]["ResponseMetadata"]["HTTPStatusCode"] == 200 for a in answers.values()) and len(answers) == 1000, "each is answered")
    answers = c.lines("1000 gets", [{"id": f"k{i}", "service": "s3", "operation": "get_object", "params": {"Bucket": "bucket1", "Key": f"many/{i:04}"}} for i in range(1000)], "--concurrency", "200")
    tap.ok(all(base64.b64decode(answers[f'"k{i}"']["response"]["Body"]) == f"body {i}".encode() for i in range(1000)), "each with its own body")
    answers = c.lines("lines of all kinds", [
        {"id": "missing", "service": "s3", "operation": "get_object", "params": {"Bucket": "bucket1", "Key": "absent"}},
        {"id": {"any": ["json", 1.5, None]}, "service": "s3", "operation": "list_buckets"},
        {"id": "file", "service": "s3", "operation": "get_object", "params": {"Bucket": "bucket1", "Key": "blob"}, "output": "line.out"},
        {"id": "elsewhere", "service": "s3", "operation": "list_buckets", "endpoint_url": "http://127.0.0.1:1"},
        {"id": "region", "service": "s3", "operation": "list_buckets", "region": "eu-central-1"},
        {"id": "unknown", "service": "s3", "operation": "nonsense"},
        {"id": "wrong", "service": "s3", "operation": "get_object", "params": {"Key": "k"}},
        {"id": "no operation", "service": "s3"},
        {"service": "s3", "operation": "list_buckets"},
    ], "--concurrency", "3")
    missing = answers['"missing"']["error"]
    tap.equal((missing["type"], missing["code"], missing["response"]["ResponseMetadata"]["HTTPStatusCode"]), ("ClientError", "NoSuchKey", 404), "an error has type, code and response")
    tap.ok(missing["message"].startswith("An error occurred (NoSuchKey)"), "and a message")
    tap.ok("response" in answers[json.dumps({"any": ["json", 1.5, None]})], "an id is any JSON")
    tap.equal(answers['"file"']["response"]["Body"], {"file": "line.out", "size": 256}, "a line has its own output")
    elsewhere = answers['"elsewhere"']["error"]
    tap.equal((elsewhere["type"], elsewhere["code"], elsewhere["response"]), ("EndpointConnectionError", None, None), "a line has its own endpoint")
    region = answers['"region"'].get("error", {})
    tap.ok(region.get("type") == "ClientError" and "region" in (region["code"] + region["message"]).lower() + "region", "a line has its own region", region)
    tap.equal([answers[f'"{k}"']["error"]["type"] for k in ("unknown", "wrong", "no operation")], ["UnknownClientMethodError", "ParamValidationError", "ParamValidationError"], "errors before the wire")
    tap.ok("response" in answers["null"], "an id may be missing")
    r = c.run("--jsonl", stdin=b'\n{broken\n[]\n\n{"id":1,"service":"s3","operation":"list_buckets"}')
    answers = [json.loads(line) for line in r.stdout.splitlines()]
    tap.equal((r.returncode, sorted(("error" in a, a["id"]) for a in answers if a["id"] is None), len(answers)), (OK, [(True, None), (True, None)], 3), "broken lines are answered, empty ones passed over, the last needs no end")
    tap.equal(c.run("--jsonl", stdin=b"").returncode, OK, "no line at all")
    one = b'{"id":1,"service":"s3","operation":"list_buckets"}\n'
    r = c.run("--jsonl", stdin=one + b'{"x":"' + b"x" * (65 << 20) + b'"}\n' + one)
    answers = [json.loads(line) for line in r.stdout.splitlines()]
    tap.equal((r.returncode, len(answers), [a["error"]["message"] for a in answers if "error" in a]), (OK, 3, ["a line is longer than 64 MiB"]), "a line that is too long is answered, and passed over")
    tap.equal(c.run("--jsonl", "s3", "list_buckets", stdin=b"").returncode, USAGE, "--jsonl takes no words")


def pages(c):
    """The 1000 objects of jsonl, listed in parts that end within pages."""
    keys, token = [], []
    for part in range(5):
        got = c.good(f"part {part + 1} of a listing", "s3", "list_objects_v2", '{"Bucket": "bucket1", "Prefix": "many/"}', "--page-size", "90", "--max-items", "230", *token)
        keys += [o["Key"] for o in got.get("Contents", [])]
        token = ["--starting-token", got["NextToken"]] if "NextToken" in got else []
    tap.equal((keys, token), ([f"many/{i:04}" for i in range(1000)], []), "each object once, and no token behind the last")
    tap.equal(c.good("a query", "s3", "list_objects_v2", '{"Bucket": "bucket1", "Prefix": "many/"}', "--page-size", "300", "--query", "length(Contents)"), 1000, "goes over all pages")
    r = c.run("s3", "list_objects_v2", '{"Bucket": "bucket1", "Prefix": "many/000"}', "--output", "text", "--query", "Contents[].Key")
    tap.equal(r.stdout.decode(), "\t".join(f"many/000{i}" for i in range(10)) + "\n", "as text")


def flushed(c):
    """An answer comes while stdin is still open."""
    p = subprocess.Popen([TOOL, "call", "--jsonl"], env=c.env, cwd=c.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for i in range(3):
        p.stdin.write(json.dumps({"id": i, "service": "s3", "operation": "list_buckets"}).encode() + b"\n")
        p.stdin.flush()
        tap.equal(json.loads(p.stdout.readline())["id"], i, f"answer {i} comes before the next line")
    for line, name in [(b"{broken\n", "one that is no JSON"), (b'{"id": null, "service": "s3"}\n', "one without an operation")]:
        p.stdin.write(line)
        p.stdin.flush()
        tap.ok(select.select([p.stdout], [], [], 30)[0] and json.loads(p.stdout.readline())["id"] is None, f"so does the answer to {name}")
    p.send_signal(2)
    started = time.monotonic()
    tap.ok(p.wait(30) == 130 and time.monotonic() - started < 5, "Ctrl-C ends it while it waits for a line")
    p.stdin.close()
    p.stdout.close()


def tls(folder):
    with servers.versitygw(tls=True) as s3:
        c = Caller(s3.env, folder)
        c.good("over TLS", "s3", "create_bucket", '{"Bucket": "bucket1"}')
        c.good("a file over TLS", "s3", "put_object", put("large", {"file": "large"}))
        c.good("and back", "s3", "get_object", get("large"), "-o", "tls.out")
        with open(folder + "/tls.out", "rb") as a, open(folder + "/large", "rb") as b:
            tap.ok(a.read() == b.read(), "with the same bytes")
        c.bad(OTHER, "SSLError", "an unknown authority", "s3", "list_buckets", env={"AWS_CA_BUNDLE": None})


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    folder = tempfile.mkdtemp(prefix="tucuxi-call-")
    try:
        with servers.versitygw() as s3:
            c = Caller(s3.env, folder)
            for part in [parameters, errors, jsonl, pages, flushed]:
                tap.diag(part.__name__)
                part(c)
        tls(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
