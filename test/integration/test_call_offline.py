"""What the tool does with calls that reach no service: --dry-run alone and by the line, what a line's config changes, and --help from the models.

TUCUXI_TOOL is the tool; a loopback server of its own records what a dry run promised.
"""
import array
import base64
import fcntl
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import source
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
MODELS = source.path("models", "data")
ENV = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
ENV.update(AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="SECRET", AWS_DEFAULT_REGION="us-west-2", AWS_EC2_METADATA_DISABLED="true")
PASSING = {"authorization", "x-amz-date", "amz-sdk-invocation-id"}


def run(*words, stdin=None, env=None):
    return subprocess.run([TOOL, *words], input=stdin, env={**ENV, **(env or {})}, capture_output=True, text=True, timeout=100, check=False)


def dry(name, *words, **more):
    """A dry run: the request."""
    r = run("call", *words, "--dry-run", **more)
    tap.ok(r.returncode == 0 and r.stderr == "", name, f"exit {r.returncode}\n{r.stdout}{r.stderr}")
    return json.loads(r.stdout) if r.returncode == 0 else {}


def lines(lines_, *words, **more):
    r = run("call", "--jsonl", *words, stdin="".join(json.dumps(line) + "\n" for line in lines_), **more)
    tap.equal(r.returncode, 0, "the lines are answered")
    return {a["id"]: a for a in map(json.loads, r.stdout.splitlines())}


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.command, self.path, list(self.headers.items()), self.rfile.read(length)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def settled(headers):
    return {k: v for k, v in headers if k.lower() not in PASSING}


def promise_and_deed():
    """The request that goes out is the one that was shown, but for its date, its identifier and hence its signature."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x" * 100000)
        file.flush()
        for what, body in [("text", "hello"), ("a file", {"file": file.name}), ("nothing", "")]:
            params = json.dumps({"Bucket": "bucket1", "Key": "a b/é", "Body": body, "Metadata": {"k": "v"}})
            shown = dry(f"a dry run with {what}", "s3", "put_object", params, "--endpoint-url", url)
            tap.equal(len(server.seen), 0, "nothing is sent")
            tap.equal(run("call", "s3", "put_object", params, "--endpoint-url", url).returncode, 0, "the same call is made")
            method, path, headers, sent = server.seen.pop()
            tap.equal((shown.get("method"), shown.get("url")), (method, url + path), "method and URL are those that were shown")
            tap.equal(settled(shown["headers"].items()), settled(headers), "so are the headers")
            tap.equal(sorted(k.lower() for k in shown["headers"]), sorted(k.lower() for k, _ in headers), "of which none is missing")
            body = base64.b64decode(shown["body_base64"])
            if what == "a file":    # in signed chunks
                tap.ok(len(body) == len(sent) and len(body) > 100000 and body[:100] != b"x" * 100, "so is the body, framed")
            else:
                tap.equal(body, sent, "so is the body")
    server.shutdown()
    server.server_close()


def refused():
    r = run("call", "s3", "put_object", '{"Bucket": "b"}', "--dry-run")
    tap.equal((r.returncode, json.loads(r.stderr)["type"]), (252, "ParamValidationError"), "a dry run checks the parameters")
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    r = run("call", "s3", "list_buckets", "--dry-run", env=none)
    tap.equal((r.returncode, json.loads(r.stderr)["type"]), (253, "NoCredentialsError"), "and wants credentials")
    shown = dry("but not without a signature", "s3", "list_buckets", "--no-sign-request", env=none)
    tap.ok("Authorization" not in shown["headers"] and shown["url"] == "https://s3.us-west-2.amazonaws.com/", "which is then missing", shown)


def endpoint_queries():
    """What stands in an endpoint's query goes before the operation's own."""
    url, calls = "http://127.0.0.1:1/base?a=b&c", [("sts", "get_caller_identity", {}), ("dynamodb", "list_tables", {}), ("lambda", "list_functions", {"MaxItems": 1}), ("apigateway", "import_rest_api", {"body": "e30="})]
    answers = lines([{"id": i, "service": s, "operation": o, "params": p, "endpoint_url": url} for i, (s, o, p) in enumerate(calls)], "--dry-run")
    urls = [answers[i]["response"]["url"].removeprefix("http://127.0.0.1:1/base") for i in range(len(calls))]
    tap.equal(urls, ["?a=b&c", "?a=b&c", "/2015-03-31/functions?a=b&c&MaxItems=1", "/restapis?a=b&c&mode=import"], "an endpoint's query is sent")


def by_the_line():
    sts = {"service": "sts", "operation": "get_caller_identity"}
    put = {"service": "s3", "operation": "put_object", "params": {"Bucket": "bucket1", "Key": "k", "Body": "hello"}}
    answers = lines([
        {"id": 1, **sts},
        {"id": 2, **sts, "config": {"use_fips_endpoint": True}},
        {"id": 3, **sts, "config": {"use_fips_endpoint": True}, "region": "us-gov-west-1"},
        {"id": 4, **put},
        {"id": 5, **put, "config": {"s3": {"addressing_style": "path"}}},
        {"id": 6, **put, "config": {"use_dualstack_endpoint": True}},
        {"id": 7, **put, "config": {"signature_version": "unsigned"}},
        {"id": 8, **put, "config": {"use_fips_endpont": True}},
        {"id": 9, **put, "config": "path"},
        {"id": 10, **put, "config": {"s3": {"addressing_style": "path"}}, "endpoint_url": "http://127.0.0.1:1"},
        {"id": 11, **put, "dry_run": False, "endpoint_url": "http://127.0.0.1:1"},
    ], "--dry-run")
    urls = {i: a["response"]["url"] for i, a in answers.items() if "response" in a}
    tap.equal(urls, {
        1: "https://sts.us-west-2.amazonaws.com/",
        2: "https://sts-fips.us-west-2.amazonaws.com/",
        3: "https://sts.us-gov-west-1.amazonaws.com/",
        4: "https://bucket1.s3.us-west-2.amazonaws.com/k",
        5: "https://s3.us-west-2.amazonaws.com/bucket1/k",
        6: "https://bucket1.s3.dualstack.us-west-2.amazonaws.com/k",
        7: "https://bucket1.s3.us-west-2.amazonaws.com/k",
        10: "http://127.0.0.1:1/bucket1/k",
    }, "each line has its own configuration")
    tap.ok("Authorization" in answers[4]["response"]["headers"] and "Authorization" not in answers[7]["response"]["headers"], "and its own signer")
    tap.equal(answers[8]["error"]["type"], "InvalidConfigError", "an unknown option is an error of its line")
    tap.ok("use_fips_endpoint" in answers[8]["error"]["message"], "with a near name", answers[8])
    tap.equal(answers[9]["error"]["type"], "InvalidConfigError", "so is a config that is no object")
    tap.equal(answers[11]["error"]["type"], "EndpointConnectionError", "a line may be sent among dry ones")
    answers = lines([{"id": 1, **sts, "dry_run": True}, {"id": 2, **sts, "endpoint_url": "http://127.0.0.1:1"}])
    tap.ok("url" in answers[1]["response"] and answers[2]["error"]["type"] == "EndpointConnectionError", "or be dry among others", answers)


def shown(name, *words, **more):
    """The lines of a help."""
    r = run("call", "--help", *words, **more)
    tap.ok(r.returncode == 0 and r.stderr == "", name, f"exit {r.returncode}\n{r.stdout}{r.stderr}")
    return r.stdout.splitlines()


def part_of(lines_, title):
    """The lines between a title and the next empty line."""
    at = next(i for i, line in enumerate(lines_) if line.startswith(title)) + 1
    end = lines_.index("", at) if "" in lines_[at:] else len(lines_)
    return lines_[at:end]


def words_of(lines_):
    return " ".join(lines_).split()


def help_of_services():
    services = sorted(os.path.basename(os.path.dirname(folder)) for folder, _, names in os.walk(MODELS) if "service-2.json" in names)
    listed = shown("the help lists the services")
    tap.equal(sorted(words_of(part_of(listed, "services"))), services, "all of them, embedded or not")
    tap.ok(any("--dry-run" in line for line in listed), "below the options")
    r = run("call", "--help", "--json")
    tap.equal(json.loads(r.stdout), services, "as JSON it is the list")
    for service in ("s3", "ec2", "quicksight"):
        folder = os.path.join(MODELS, service)
        with open(os.path.join(folder, sorted(os.listdir(folder))[-1], "service-2.json"), encoding="utf-8") as file:
            operations = json.load(file)["operations"]
        described = json.loads(run("call", "--help", service, "--json").stdout)["operations"]
        tap.equal(sorted(described.values()), sorted(operations), f"{service}: its operations")
        tap.equal(sorted(words_of(part_of(shown(f"{service}: the help lists them", service), "operations"))), sorted(described), f"{service}: by their method names")
    for words, kind, near in [(["dynamdob"], "UnknownServiceError", "dynamodb"), (["s3", "list_bukkets"], "UnknownClientMethodError", "list_buckets"), (["quiksight"], "UnknownServiceError", "quicksight")]:
        r = run("call", "--help", *words)
        error = json.loads(r.stderr)
        tap.ok(r.returncode == 252 and error["type"] == kind and f"did you mean {near}" in error["message"], f"{words[-1]}: an error with a near name", r.stderr)


def help_of_operations():
    put = shown("an operation by its name with dashes", "s3", "put-object")
    tap.equal(put[0], "tucuxi call s3 put_object: PutObject, PUT /{Bucket}/{Key+}", "it begins with what it is")
    parameters = part_of(put, "parameters")
    tap.equal([line.split() for line in parameters[:2]], [["Bucket", "string,", "required"], ["Key", "string,", "required"]], "required members come first")
    tap.ok("  Body                             blob, streaming" in parameters, "a body is told", parameters)
    tap.ok(any(line.split()[:2] == ["ACL", "string"] and "(private | public-read |" in line for line in parameters), "so are the values of an enum", parameters)
    tap.ok(any(line.split()[0] == "ETag" for line in part_of(put, "response")), "the response has its members")
    tap.ok("  InvalidRequest" in part_of(put, "errors"), "so have the errors")
    batch = part_of(shown("an operation with nested members", "dynamodb", "batch_write_item"), "parameters")
    tap.ok(batch[0].startswith("  RequestItems ") and batch[0].endswith("map of string to list of structure, required"), "lists and maps are told in words", batch[0])
    tap.ok(any(line.startswith("      Item ") for line in batch), "members stand below what holds them", batch)
    tap.ok(any(line.startswith("        M ") and line.endswith("map of string to structure ...") for line in batch), "what holds itself is not told again", batch)
    events = part_of(shown("an operation with an event stream", "bedrock-runtime", "converse_stream"), "response")
    tap.ok(any("event stream" in line for line in events), "which is told", events)
    tap.ok(any("any JSON" in line for line in part_of(shown("a document", "bedrock-runtime", "converse"), "parameters")), "so is a document")
    tokens = [line.split(maxsplit=1)[1] for line in part_of(shown("a token", "ec2", "run_instances"), "parameters") if line.split()[0] == "ClientToken"]
    tap.equal(tokens, ["string, made when it is missing"], "and what tucuxi makes itself")
    tap.ok(shown("a paginated one", "s3", "list_objects_v2")[0].endswith(", comes in pages"), "is told")
    tap.equal(part_of(shown("one without parameters", "sts", "get_caller_identity"), "parameters"), [], "has none")
    described = json.loads(run("call", "--help", "sqs", "send_message", "--json").stdout)
    tap.equal(described["shapes"]["SendMessageRequest"]["required"], ["QueueUrl", "MessageBody"], "as JSON the whole description comes")


WEATHER = {
    "metadata": {"apiVersion": "2024-01-01", "endpointPrefix": "weather", "serviceId": "Weather", "signatureVersion": "v4", "protocol": "rest-xml", "signingName": "weather"},
    "operations": {"GetForecast": {"name": "GetForecast", "http": {"method": "GET", "requestUri": "/cities/{City}"}, "input": {"shape": "GetForecastRequest"}}},
    "shapes": {"GetForecastRequest": {"type": "structure", "required": ["City"], "members": {
        "Days": {"shape": "Days", "location": "querystring", "locationName": "days"}, "City": {"shape": "City", "location": "uri", "locationName": "City"}}},
        "City": {"type": "string"}, "Days": {"type": "integer"}},
}
RULES = {"version": "1.0", "parameters": {"Region": {"builtIn": "AWS::Region", "required": True, "type": "String", "documentation": ""}},
         "rules": [{"conditions": [], "endpoint": {"url": "https://weather.{Region}.example", "properties": {}, "headers": {}}, "type": "endpoint"}]}


def a_service_of_ones_own():
    with tempfile.TemporaryDirectory() as folder:
        version = os.path.join(folder, "weather", "2024-01-01")
        os.makedirs(version)
        for name, document in [("service-2", WEATHER), ("endpoint-rule-set-1", RULES)]:
            with open(os.path.join(version, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(document, file)
        env = {"AWS_DATA_PATH": folder}
        tap.ok("weather" in words_of(part_of(shown("a service of AWS_DATA_PATH", env=env), "services")), "is listed")
        tap.ok("get_forecast" in words_of(shown("its operations", "weather", env=env)), "are listed")
        tap.equal([line.split()[0] for line in part_of(shown("its operation", "weather", "get_forecast", env=env), "parameters")], ["City", "Days"], "is told, required members first")
        request = dry("it is called", "weather", "get_forecast", '{"City": "Zürich", "Days": 3}', env=env)
        tap.equal(request.get("url"), "https://weather.us-west-2.example/cities/Z%C3%BCrich?days=3", "by its own rules")
        answers = lines([{"id": 1, "service": "weather", "operation": "get_forecast", "params": {"City": "Bern"}, "region": "eu-west-1"},
                         {"id": 2, "service": "wether", "operation": "get_forecast"}], "--dry-run", env=env)
        tap.equal(answers[1]["response"]["url"], "https://weather.eu-west-1.example/cities/Bern", "also by the line")
        tap.ok("did you mean weather" in answers[2]["error"]["message"], "and its name is suggested", answers[2])
    tap.equal(json.loads(run("call", "weather", "get_forecast").stderr)["type"], "UnknownServiceError", "without the folder it is unknown")


def export_credentials():
    keys = {"AWS_SECRET_ACCESS_KEY": "it's one", "AWS_SESSION_TOKEN": "T", "AWS_CREDENTIAL_EXPIRATION": "2199-01-01T00:00:00Z"}
    r = run("configure", "export-credentials", env=keys)
    tap.equal(json.loads(r.stdout or "{}"), {"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "it's one", "SessionToken": "T", "Expiration": "2199-01-01T00:00:00Z"}, "for a process")
    r = run("configure", "export-credentials", "--format", "env", env=keys)
    shell = subprocess.run(["sh", "-c", r.stdout + 'printf "%s|" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN" "$AWS_CREDENTIAL_EXPIRATION"'],
                           env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=100, check=False)
    tap.equal(shell.stdout, "AKID|it's one|T|2199-01-01T00:00:00Z|", "for a shell")
    tap.equal(run("configure", "export-credentials", "--format", "xml").returncode, 252, "nothing else")
    with tempfile.TemporaryDirectory() as home:
        none = run("configure", "export-credentials", env={"HOME": home, "AWS_ACCESS_KEY_ID": ""})
        tap.ok(none.returncode == 253 and "Unable to locate credentials" in none.stderr and none.stdout == "", "none is an error", none.stderr)


def made(name, *words):
    r = run("call", *words)
    tap.ok(r.returncode == 0 and r.stderr == "", name, f"exit {r.returncode}\n{r.stdout}{r.stderr}")
    return json.loads(r.stdout or "{}")


def client_methods():
    """What botocore's clients have beside operations. What is signed is compared elsewhere."""
    url = made("a URL", "s3", "generate_presigned_url", '{"ClientMethod": "get_object", "Params": {"Bucket": "bucket", "Key": "a b"}, "ExpiresIn": 60, "HttpMethod": "HEAD"}')
    tap.ok(url.get("Url", "").startswith("https://bucket.s3.us-west-2.amazonaws.com/a%20b?X-Amz-Algorithm=") and "&X-Amz-Expires=60&" in url["Url"] and url["Method"] == "HEAD", "is as it was asked for", url)
    body = made("a URL with its body", "dynamodb", "generate-presigned-url", '{"ClientMethod": "describe_table", "Params": {"TableName": "t"}}')
    tap.equal(base64.b64decode(body.get("Body", "")), b'{"TableName":"t"}', "tells it")
    form = made("a form", "s3", "generate_presigned_post", '{"Bucket": "bucket", "Key": "up/${filename}", "Fields": {"acl": "private"}, "Conditions": [{"acl": "private"}, ["content-length-range", 1, 10]]}')
    policy = json.loads(base64.b64decode(form.get("fields", {}).get("policy", "")) or "{}")
    tap.equal(policy.get("conditions", [])[:4], [{"acl": "private"}, ["content-length-range", 1, 10], {"bucket": "bucket"}, ["starts-with", "$key", "up/"]], "has its conditions")
    tap.equal(form.get("url"), "https://bucket.s3.us-west-2.amazonaws.com/", "and the bucket's URL")
    rds = made("a token of RDS", "rds", "generate_db_auth_token", '{"DBHostname": "db.example.com", "Port": 5432, "DBUsername": "me@x", "Region": "eu-west-1"}')
    tap.ok(rds.get("Token", "").startswith("db.example.com:5432/?Action=connect&DBUser=me%40x&X-Amz-") and "%2Feu-west-1%2Frds-db%2F" in rds["Token"], "names host, user and region", rds)
    for name, action in (("generate_db_connect_auth_token", "DbConnect&"), ("generate_db_connect_admin_auth_token", "DbConnectAdmin&")):
        dsql = made(f"a token of DSQL, {name}", "dsql", name, '{"Hostname": "abc.dsql.us-west-2.on.aws", "ExpiresIn": 60}')
        tap.ok(dsql.get("Token", "").startswith(f"abc.dsql.us-west-2.on.aws/?Action={action}X-Amz-") and "&X-Amz-Expires=60&" in dsql["Token"], "is for that action", dsql)
    for service, name, params, code, text in [
            ("s3", "generate_presigned_url", "{}", 252, 'Missing required parameter in input: "ClientMethod"'), ("s3", "generate_presigned_url", "[]", 252, "must be a map"),
            ("s3", "generate_presigned_url", '{"ClientMethod": "get_object", "ExpiresIn": "x"}', 252, "Invalid type for parameter ExpiresIn"),
            ("s3", "generate_presigned_url", '{"ClientMethod": "get_object", "ExpiresIn": 700000}', 252, "out of its range"),
            ("s3", "generate_presigned_url", '{"ClientMethod": "get_objekt"}', 252, "did you mean get_object"), ("s3", "generate_presigned_url", '{"ClientMethod"', 252, "line 1"),
            ("s3", "generate_presigned_post", '{"Bucket": "bucket", "Key": "k", "Fild": {}}', 252, 'Unknown parameter in input: \\"Fild\\"'),
            ("sts", "generate_presigned_post", "{}", 252, "has no operation"), ("rds", "generate_db_auth_token", '{"DBHostname": "a b", "Port": 1, "DBUsername": "u"}', 252, "Invalid host of a database")]:
        r = run("call", service, name, params)
        tap.ok(r.returncode == code and text.replace('"', '\\"').replace('\\\\"', '\\"') in r.stderr, f"{service} {name} {params} is refused", f"exit {r.returncode}\n{r.stdout}{r.stderr}")
    answers = lines([{"id": 1, "service": "sts", "operation": "generate_presigned_url", "params": {"ClientMethod": "GetCallerIdentity", "HttpMethod": "GET"}, "region": "eu-west-1"},
                     {"id": 2, "service": "sts", "operation": "generate_presigned_url"}, {"id": 3, "service": "rds", "operation": "generate_db_auth_token", "params": {"DBHostname": "h", "Port": 1, "DBUsername": "u"}}])
    tap.ok(answers[1]["response"]["Url"].startswith("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&"), "also by the line", answers)
    tap.equal(answers[2]["error"]["type"], "ParamValidationError", "which may be wrong")
    tap.ok("Token" in answers[3]["response"], "and others go on")


def wrong_lines():
    """A slip in a line is told, and nothing is sent: not with another value, not to another place."""
    listing = {"service": "s3", "operation": "list_buckets", "endpoint_url": "http://127.0.0.1:1"}
    cases = [({"dry_run": "yes"}, '"dry_run" is true or false'), ({"dry_run": 1}, '"dry_run" is true or false'), ({"region": 5}, '"region" is a string'),
             ({"endpoint_url": ["http://127.0.0.1:1"]}, '"endpoint_url" is a string'), ({"output": 5}, '"output" is a string'), ({"operation": 7}, '"operation" is a string'),
             ({"Region": "eu-west-1"}, 'unknown member "Region" of a line'), ({"operation": "list_buckets\0x"}, '"operation" has a NUL in it'),
             ({"wait": "bucket_exists"}, 'a line needs "service", and "operation" or "wait"'), ({"delay_ms": "5"}, '"delay_ms" is a whole number'),
             ({"operation": None, "wait": "bucket_exists", "max_attempts": -1}, '"max_attempts" is out of its range'),
             ({"output": "file"}, "the answer has no streaming member that could go to a file")]
    answers = lines([{"id": i, **listing, **change} for i, (change, _) in enumerate(cases)])
    for i, (change, message) in enumerate(cases):
        tap.equal((answers[i].get("error", {}).get("type"), answers[i].get("error", {}).get("message")), ("ParamValidationError", message), f"a line with {json.dumps(change)}")
    nothing = dict.fromkeys(["params", "region", "config", "paginate", "wait", "output", "delay_ms"])
    tap.ok("url" in lines([{"id": 1, **listing, **nothing, "dry_run": True}])[1].get("response", {}), "null is as good as none")


def dry_pages_and_waits():
    """What a dry run cannot show it does not do."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    connections = []
    server.verify_request = lambda *request: connections.append(request)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    answers = lines([{"id": 1, "service": "s3", "operation": "list_buckets", "paginate": {}}, {"id": 2, "service": "s3", "wait": "bucket_exists", "params": {"Bucket": "bucket1"}}],
                    "--dry-run", "--endpoint-url", url)
    tap.ok(all("a dry run shows one request" in answers[i]["error"]["message"] for i in (1, 2)), "pages and waits by the line", answers)
    for option in (["--paginate"], ["--max-items", "1"], ["--page-size", "1"], ["--starting-token", "x"]):
        r = run("call", "s3", "list_buckets", "--dry-run", *option, "--endpoint-url", url)
        tap.ok(r.returncode == 252 and "--dry-run shows one request" in r.stderr and r.stdout == "", option[0], r.stderr)
    tap.equal(connections, [], "nobody is asked")
    server.shutdown()
    server.server_close()
    r = run("call", "--jsonl", "--output", "file", stdin="")
    tap.ok(r.returncode == 252 and '"output"' in r.stderr, "--output is a line's own", r.stderr)


def many_clients():
    """More configurations than clients are kept for: each line is answered with its own."""
    given = [{"id": i, "service": "sts", "operation": "get_caller_identity", "config": {"user_agent_extra": f"program/{i % 600}"}} for i in range(1200)]
    answers = lines(given, "--dry-run")
    wrong = [i for i in range(1200) if f" program/{i % 600}" not in answers[i].get("response", {}).get("headers", {}).get("User-Agent", "")]
    tap.ok(not wrong, "600 clients, each asked twice", [answers[i] for i in wrong[:1]])


def signal_while_writing():
    """A reader of stdout that reads nothing, until its pipe is full: a signal ends the tool all the same."""
    read_end, write_end = os.pipe()
    with tempfile.TemporaryFile() as calls:
        calls.write(b'{"id":1,"service":"sts","operation":"get_caller_identity","dry_run":true}\n' * 2000)
        calls.seek(0)
        p = subprocess.Popen([TOOL, "call", "--jsonl"], env=ENV, stdin=calls, stdout=write_end)
    os.close(write_end)
    waiting, limit = array.array("i", [0]), time.monotonic() + 60
    while waiting[0] < 60000 and time.monotonic() < limit and p.poll() is None:
        fcntl.ioctl(read_end, termios.FIONREAD, waiting)
        time.sleep(0.002)
    p.send_signal(signal.SIGTERM)
    try:
        tap.equal(p.wait(30), 130, "SIGTERM while stdout blocks")
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        tap.ok(False, "SIGTERM while stdout blocks", "it goes on")
    os.close(read_end)


def signal_while_waiting():
    """A credential process is not left behind."""
    with tempfile.TemporaryDirectory() as folder:
        config, started = os.path.join(folder, "config"), os.path.join(folder, "pid")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[default]\ncredential_process = sh -c 'echo $$ >{started}; exec sleep 60'\n")
        env = {k: v for k, v in ENV.items() if "ACCESS_KEY" not in k}
        p = subprocess.Popen([TOOL, "ls"], env={**env, "AWS_CONFIG_FILE": config}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid, limit = "", time.monotonic() + 60
        while not pid.endswith("\n") and time.monotonic() < limit and p.poll() is None:
            time.sleep(0.002)
            if os.path.exists(started):
                with open(started, encoding="utf-8") as file:
                    pid = file.read()
        p.send_signal(signal.SIGTERM)
        tap.equal(p.wait(30), 130, "SIGTERM while a credential process runs")
        while os.path.exists(f"/proc/{int(pid)}") and time.monotonic() < limit:
            time.sleep(0.002)
        tap.ok(not os.path.exists(f"/proc/{int(pid)}"), "which ends too")


def standard_streams():
    """Output that cannot be written, input that cannot be read, and streams that are closed: a sentence and a status."""
    def shell(line, *words):
        return subprocess.run(["sh", "-c", 'exec "$0" "$@" ' + line, TOOL, *words], env=ENV, capture_output=True, text=True, timeout=100, check=False)
    presign = ["presign", "s3://bucket1/k"]
    if os.path.exists("/dev/full"):
        for words in [["--help"], ["--version"], ["cp", "--help"], ["call", "--help", "s3"], ["configure", "list"], presign, ["call", "s3", "list_buckets", "--dry-run"]]:
            r = shell(">/dev/full", *words)
            tap.ok(r.returncode == 255 and "cannot write to stdout: No space left on device" in r.stderr and len(r.stderr.splitlines()) == 1, f"a full disk: {' '.join(words)}", r)
    r = shell(">&-", *presign)
    tap.ok(r.returncode == 255 and "cannot write to stdout" in r.stderr, "stdout is closed", r)
    tap.equal((shell("<&- 2>&-", *presign).returncode, shell("<&- >&- 2>&-", *presign).returncode), (0, 255), "stdin and stderr are, all are")
    for name, line in [("is closed", "<&-"), ("is a folder", "</")]:
        for command in ("call", "endpoint"):
            r = shell(line, command, "--jsonl")
            tap.ok(r.returncode == 255 and "cannot read stdin" in r.stderr, f"stdin of {command} --jsonl {name}", r)
    r = run("presign", "s3://bucket1/k", "--expires-in", "604801")
    tap.ok(r.returncode == 252 and "604800" in r.stderr, "a URL is good for seven days at most", r.stderr)
    r = run("ls", "--endpoint-url", "https://someone:pa55word@127.0.0.1:1", "--debug-wire")
    tap.ok(r.returncode == 253 and "Invalid endpoint: ...@127.0.0.1:1 (user information is not allowed)" in r.stderr and "pa55word" not in r.stderr, "a password in a URL is not shown", r.stderr)
    for words in (["s3://bucket1"], ["s3://bucket1/", "--method", "post"]):
        r = run("presign", *words)
        tap.ok(r.returncode == 252 and "s3://BUCKET/KEY" in r.stderr and r.stdout == "", "and for an object", r.stderr)


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    for part in [promise_and_deed, refused, endpoint_queries, by_the_line, wrong_lines, dry_pages_and_waits, many_clients, signal_while_writing, signal_while_waiting, standard_streams, help_of_services, help_of_operations, a_service_of_ones_own, export_credentials, client_methods]:
        tap.diag(part.__name__)
        part()
    tap.done()


if __name__ == "__main__":
    main()
