"""What `tucuxi call` prints with --query and --output json, text and table: as the AWS CLI (test/compliance/data/outputs.json, made by make_outputs.py); and its pages, through all options.

TUCUXI_TOOL is the tool; a service of this test's own, and S3's listing, answer on the loopback.
"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import source
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
ENV = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
ENV.update(AWS_ACCESS_KEY_ID="AKID", AWS_SECRET_ACCESS_KEY="SECRET", AWS_DEFAULT_REGION="us-west-2", AWS_EC2_METADATA_DISABLED="true")
MODEL = {
    "metadata": {"apiVersion": "2020-01-01", "endpointPrefix": "doc", "protocol": "json", "protocols": ["json"], "jsonVersion": "1.1", "serviceId": "Doc", "signatureVersion": "v4", "targetPrefix": "D"},
    "operations": {"GetThing": {"name": "GetThing", "http": {"method": "POST", "requestUri": "/"}, "output": {"shape": "Out"}}},
    "shapes": {"Out": {"type": "structure", "members": {"v": {"shape": "Any"}, "when": {"shape": "When"}, "blob": {"shape": "Bytes"}}}, "Any": {"type": "structure", "members": {}, "document": True},
               "When": {"type": "timestamp"}, "Bytes": {"type": "blob"}},
}
RULES = {
    "version": "1.0", "parameters": {"Endpoint": {"builtIn": "SDK::Endpoint", "required": False, "type": "string"}},
    "rules": [{"conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}], "type": "endpoint", "endpoint": {"url": {"ref": "Endpoint"}, "headers": {}, "properties": {}}},
              {"conditions": [], "type": "error", "error": "no endpoint"}],
}
KEYS = ["a", "b", "c", "d", "e"]


class Server(http.server.BaseHTTPRequestHandler):
    """POST: the value that is set. GET: a listing of KEYS, two a page, by continuation token."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(json.dumps(self.server.value).encode())

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.server.asked.append(query)
        at, n = int(query.get("continuation-token", "0")), int(query.get("max-keys", "2"))
        items = "".join(f"<Contents><Key>{k}</Key><LastModified>2024-01-02T03:04:05.000Z</LastModified><Size>{i}</Size></Contents>" for i, k in enumerate(KEYS) if at <= i < at + n)
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{at + n}</NextContinuationToken>" if at + n < len(KEYS) else "<IsTruncated>false</IsTruncated>"
        self.answer(f"<ListBucketResult><Name>b</Name><Prefix>p</Prefix>{more}{items}</ListBucketResult>".encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def run(server, *words, stdin=None):
    done = subprocess.run([TOOL, "call", "--endpoint-url", f"http://127.0.0.1:{server.server_address[1]}", *words], input=stdin, env=ENV, capture_output=True, timeout=100, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def formats(server):
    with open(source.path("test", "compliance", "data", "outputs.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    wrong = []
    for case in cases:
        server.value = case["value"]
        for kind in ("json", "text", "table"):
            query = ["--query", case["query"]] if case["query"] else []
            code, out, err = run(server, "doc", "get_thing", "--output", kind, *query)
            good = (code, out, err) == (0, case[kind], "") if kind in case else code in (0, 255)
            if not good:
                wrong.append(f"{kind} {case['query']} {json.dumps(case['value'], ensure_ascii=False)}\nAWS CLI:\n{case.get(kind)}tucuxi: exit {code}\n{out}{err}")
    tap.ok(len(cases) > 70 and not wrong, f"{len(cases)} values are printed as the AWS CLI prints them, in three formats", f"{len(wrong)} are not\n" + "\n".join(wrong[:3]))


def odd_values(server):
    """What outputs.json has none of, as awscli's formatters print it."""
    server.value = {"v": [{"zeta": 0.1}]}
    tap.equal(run(server, "doc", "get_thing", "--query", "[v,v]", "--output", "table")[1], "----------\n|GetThing|\n+--------+\n|  zeta  |\n+--------+\n|  0.1   |\n|  0.1   |\n+--------+\n",
              "lists of a list are one table")
    server.value = {"v": [{"a": 1}, {"a": ["\x01\x7f\x1f"]}]}
    tap.equal(run(server, "doc", "get_thing", "--query", "v", "--output", "text")[1], "1\n['\\x01\\x7f\\x1f']\n", "control characters inside of lists are as Python shows them")
    line, number = "-" * 34, 10 ** 29
    server.value = {"v": [{"a": [1]}, {"a": number}]}
    tap.ok(f"||                a               ||\n|+{line[2:]}+|\n" in run(server, "doc", "get_thing", "--query", "v", "--output", "table")[1], "a number of any size is not nothing")


def times_and_blobs(server):
    server.value = {"v": {}, "when": 1704164645.123, "blob": "AAEC"}
    tap.equal(run(server, "doc", "get_thing", "--output", "json")[1], '{\n    "v": {},\n    "when": "2024-01-02T03:04:05.123000+00:00",\n    "blob": "AAEC"\n}\n', "a time has an offset, a blob is base64")
    server.value = {"when": 1704164645}
    tap.equal(run(server, "doc", "get_thing", "--output", "text")[1], "2024-01-02T03:04:05+00:00\n", "in text too")
    tap.equal(run(server, "doc", "get_thing", "--query", "when")[1], '"2024-01-02T03:04:05+00:00"\n', "--query alone prints JSON in one line")
    server.value = {}
    tap.equal(run(server, "doc", "get_thing", "--output", "json")[:2], (0, ""), "an empty answer prints nothing")


def queries(server):
    server.value = {"v": {"a": 1}}
    code, out, err = run(server, "doc", "get_thing", "--query", "v[")
    tap.ok(code == 252 and out == "" and "bad value for --query" in err and "v[" in err and "^" in err, "a bad query is told with its place", err)
    code, out, err = run(server, "doc", "get_thing", "--query", "length(v.a)")
    tap.ok(code == 255 and out == "" and "In function length(), invalid type" in err, "so is one that fails", err)
    tap.equal(run(server, "doc", "get_thing", "--query", "v.none")[:2], (0, "null\n"), "nothing is null")
    tap.equal(run(server, "doc", "get_thing", "--query", "v.none", "--output", "text")[:2], (0, "None\n"), "and None in text")


PAGES = ["s3", "list_objects_v2", '{"Bucket": "b"}', "--query", "Contents[].Key"]
TOKEN = "eyJDb250aW51YXRpb25Ub2tlbiI6ICIyIiwgImJvdG9fdHJ1bmNhdGVfYW1vdW50IjogMX0="  # {"ContinuationToken": "2", "boto_truncate_amount": 1}


def asked(server, *words):
    server.asked = []
    code, out, err = run(server, *words)
    return code, out, err, server.asked


def pages(server):
    code, out, _, requests = asked(server, "s3", "list_objects_v2", '{"Bucket": "b"}')
    tap.ok(code == 0 and len(requests) == 1 and json.loads(out)["IsTruncated"] and "ResponseMetadata" in json.loads(out), "one call, and its response whole, unless it is asked otherwise", out)
    code, out, _, requests = asked(server, *PAGES)
    tap.equal((code, out, len(requests)), (0, '["a","b","c","d","e"]\n', 3), "--query goes over all pages")
    tap.equal(asked(server, *PAGES, "--no-paginate")[1], '["a","b"]\n', "--no-paginate: over one")
    tap.equal(asked(server, "s3", "list_objects_v2", '{"Bucket": "b", "MaxKeys": 3}', "--query", "Contents[].Key")[1], '["a","b","c"]\n', "params that name a page stand for it")
    code, out, _, requests = asked(server, "s3", "list_objects_v2", '{"Bucket": "b"}', "--max-items", "3", "--page-size", "1")
    whole = json.loads(out)
    tap.equal(([o["Key"] for o in whole["Contents"]], len(requests), [r["max-keys"] for r in requests]), (["a", "b", "c"], 3, ["1", "1", "1"]), "--max-items and --page-size")
    tap.equal(sorted(whole), ["Contents", "NextToken", "Prefix", "RequestCharged"], "the result has the result keys, the non-aggregate keys and NextToken")
    tap.equal(json.loads(asked(server, "s3", "list_objects_v2", '{"Bucket": "b"}', "--max-items", "3")[1])["NextToken"], TOKEN, "the token is botocore's")
    tap.equal(asked(server, *PAGES, "--starting-token", TOKEN)[1], '["d","e"]\n', "--starting-token goes on behind it")
    code, out, err, _ = asked(server, *PAGES, "--no-paginate", "--max-items", "1")
    tap.ok(code == 252 and "--no-paginate" in err, "--no-paginate excludes the other options", err)
    code, out, err, _ = asked(server, "s3", "get_object", '{"Bucket": "b", "Key": "k"}', "--max-items", "1")
    tap.ok(code == 255 and json.loads(err)["type"] == "OperationNotPageableError", "an operation without pages is told", err)
    code, out, err, _ = asked(server, "s3", "list_objects_v2", '{"Bucket": "b"}', "--output", "text", "--max-items", "3")
    day = "2024-01-02T03:04:05+00:00"
    first, second = f"None\tp\tNone\nCONTENTS\ta\t{day}\t0\nCONTENTS\tb\t{day}\t1\n", f"None\nCONTENTS\tc\t{day}\t2\n"
    tap.equal(out, f"{first}{second}NEXTTOKEN\t{TOKEN}\n", "text comes page by page, as the AWS CLI has it")
    code, out, err, _ = asked(server, "s3", "list_objects_v2", '{"Bucket": "b"}', "--output", "table", "--query", "Contents[].{Key: Key, Size: Size}", "--max-items", "2")
    tap.equal(out, "-----------------\n| ListObjectsV2 |\n+------+--------+\n|  Key | Size   |\n+------+--------+\n|  a   |  0     |\n|  b   |  1     |\n+------+--------+\n", "a table of all pages")


def lines(server):
    url = f"http://127.0.0.1:{server.server_address[1]}"
    given = [{"id": 1, "paginate": {}}, {"id": 2, "paginate": {"max_items": 3, "pages": True}}, {"id": 3, "paginate": {"max_items": 0}}, {"id": 4, "paginate": 1}, {"id": 5, "paginate": {"page_size": 9, "starting_token": "a___b___c"}}]
    text = "".join(json.dumps({"service": "s3", "operation": "list_objects_v2", "params": {"Bucket": "b"}, "endpoint_url": url, **line}) + "\n" for line in given)
    code, out, err = run(server, "--jsonl", stdin=text.encode())
    answers = [json.loads(line) for line in out.splitlines()]
    last = {a["id"]: a for a in answers if "page" not in a}
    tap.ok(code == 0 and len(last) == len(given), "lines for pages are answered", out + err)
    tap.equal([o["Key"] for o in last[1]["response"]["Contents"]], KEYS, "a line's pages in one")
    tap.equal([[o["Key"] for o in a["page"]["Contents"]] for a in answers if a["id"] == 2 and "page" in a], [["a", "b"], ["c"]], "or each by itself")
    tap.equal(last[2]["response"], {"NextToken": TOKEN}, "with the token behind them")
    tap.ok(all("max_items" in last[i]["error"]["message"] or "object" in last[i]["error"]["message"] for i in (3, 4)), "what is wrong in a line is told")
    tap.equal((last[5]["error"]["type"], last[5]["error"]["message"]), ("ValueError", "Bad starting token: a___b___c"), "a bad token too")
    code, out, err = run(server, "--jsonl", "--query", "a", stdin=b"")
    tap.ok(code == 252 and "--jsonl" in err, "--query does not go with --jsonl", err)


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    with tempfile.TemporaryDirectory(prefix="tucuxi-output-") as folder:
        place = os.path.join(folder, "doc", "2020-01-01")
        os.makedirs(place)
        for name, data in (("service-2", MODEL), ("endpoint-rule-set-1", RULES)):
            with open(os.path.join(place, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(data, file)
        ENV["AWS_DATA_PATH"] = folder
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for part in (formats, odd_values, times_and_blobs, queries, pages, lines):
            part(server)
        server.shutdown()
        server.server_close()
    tap.done()


if __name__ == "__main__":
    main()
