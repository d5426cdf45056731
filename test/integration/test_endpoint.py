"""tucuxi endpoint: the public endpoint test cases by the line, and what the tool says of one question.

TUCUXI_TOOL is the tool.
"""
import json
import os
import select
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import source
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
CASES = source.path("test", "compliance", "data", "endpoints")
ENV = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
ENV.update(AWS_EC2_METADATA_DISABLED="true")


def run(*words, stdin=None, path=source.path("models", "data")):
    return subprocess.run([TOOL, "endpoint", *words], input=stdin, env={**ENV, "AWS_DATA_PATH": str(path)}, capture_output=True, text=True, timeout=100, check=False)


def says(name, code, answer, *words, **more):
    r = run(*words, **more)
    tap.equal((r.returncode, json.loads(r.stdout or "null"), r.stderr), (code, answer, ""), name)


def expected(test):
    expect = test["expect"]
    if "error" in expect:
        return {"error": expect["error"]}
    endpoint = expect["endpoint"]
    return {"url": endpoint["url"], "headers": endpoint.get("headers", {}), "properties": endpoint.get("properties", {})}


def public_cases():
    lines, wanted = [], {}
    for service in sorted(os.listdir(CASES)):
        if service == "partitions.json":
            continue
        with open(os.path.join(CASES, service, "tests.json"), encoding="utf-8") as f:
            for test in json.load(f)["testCases"]:
                wanted[len(lines)] = (service, test, expected(test))
                lines.append(json.dumps({"id": len(lines), "service": service, "params": test.get("params", {})}))
    r = run("--jsonl", stdin="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in r.stdout.splitlines()]
    bad = []
    for answer in answers:
        service, test, want = wanted.pop(answer.pop("id"))
        if answer != want:
            bad.append(f"{service}: {test['documentation']}\n  {json.dumps(want)}\n  {json.dumps(answer)}")
    tap.ok(not bad and not wanted and r.returncode == 0, f"{len(answers)} public cases", "\n".join(bad[:5]) + r.stderr)
    tap.equal(len(answers), 2780, "all of them")


def one_question():
    says("a URL", 0, {"url": "https://sts.eu-west-1.amazonaws.com", "headers": {}, "properties": {}}, "sts", '{"Region": "eu-west-1", "UseGlobalEndpoint": false}')
    says("headers of Outposts", 0, {"url": "https://s3-outposts.us-west-2.amazonaws.com", "headers": {"x-amz-account-id": ["123456789012"], "x-amz-outpost-id": ["op-1"]},
                                    "properties": {"authSchemes": [{"name": "sigv4", "signingName": "s3-outposts", "signingRegion": "us-west-2", "disableDoubleEncoding": True}]}},
         "s3control", "-", stdin=json.dumps({"Region": "us-west-2", "AccessPointName": "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-1:accesspoint:a", "AccountId": "123456789012",
                                             "RequiresAccountId": True}))
    says("the rule set's error", 253, {"error": "A region must be set when sending requests to S3."}, "s3")
    says("a name it does not know", 252, {"error": 'Parameter validation failed:\nUnknown parameter in input: "UseFips", must be one of: UseFIPS, Endpoint, Region'}, "account-access",
         '{"UseFips": true}')
    says("no such service", 252, {"error": "Unknown service: 'nope'"}, "nope", "{}")
    says("no JSON", 252, {"error": "line 1, column 2: parse error: premature EOF"}, "s3", "{")
    r = run("s3", "@/nowhere")
    tap.ok(r.returncode == 252 and "cannot read @/nowhere" in r.stderr and r.stdout == "", "a file that is not there", r.stdout + r.stderr)


def own_service():
    path = source.path("test", "compliance", "data", "schemes", "models")
    says("a service of the data path alone", 0, {"url": "https://host.example.com", "headers": {}, "properties": {}}, "older", path=path)
    r = run("--jsonl", stdin='{"id":[1],"service":"older"}\n\n{"id":2}\n[]\n', path=path)
    tap.equal([json.loads(line) for line in r.stdout.splitlines()],
              [{"id": [1], "url": "https://host.example.com", "headers": {}, "properties": {}}, {"id": 2, "error": 'a line needs "service"'}, {"id": None, "error": "a line is a JSON object"}], "lines")


def at_once():
    """Each line is answered while stdin is still open."""
    env = {**ENV, "AWS_DATA_PATH": str(source.path("models", "data"))}
    with subprocess.Popen([TOOL, "endpoint", "--jsonl"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        for line, answer in [(b'{"id":1,"service":"sts","params":{"Region":"eu-west-1"}}\n', b'{"id":1,"url":'), (b"{broken\n", b'{"id":null,"error":')]:
            p.stdin.write(line)
            p.stdin.flush()
            tap.ok(select.select([p.stdout], [], [], 30)[0] and p.stdout.readline().startswith(answer), f"{answer.decode()} comes before the next line")
        p.stdin.close()
        tap.equal(p.wait(30), 0, "the end of input is the end")


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    for part in [public_cases, one_question, own_service, at_once]:
        tap.diag(part.__name__)
        part()
    tap.done()


if __name__ == "__main__":
    main()
