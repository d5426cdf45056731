"""Calls of every service, compared with botocore's: the same params through botocore and through `tucuxi call --jsonl` must make the same request, and the same answer
must become the same response or error. What may differ is listed in docs/differences.md, below "Found by the differential test"; what is listed and no longer found fails too.

A sample of the operations, one of every kind among them; TUCUXI_FULL: all of them, three times. TUCUXI_BOTOCORE is a Python with the botocore of models/import.py.

By hand: TUCUXI_BOTOCORE=... TUCUXI_TOOL=... PYTHONPATH=test/tools python3 test/integration/test_differential.py [SERVICE[.OPERATION]...]
"""
# timeout: 3000
# alone
import collections
import concurrent.futures
import fnmatch
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PYTHON, TOOL, FULL = os.environ.get("TUCUXI_BOTOCORE", ""), os.environ.get("TUCUXI_TOOL", ""), bool(os.environ.get("TUCUXI_FULL"))
PROTOCOLS = ["query", "ec2", "rest-xml", "smithy-rpc-v2-cbor", "json", "rest-json"]
ROUNDS = 3 if FULL else 1
PART = 1.0 if FULL else 0.25  # of a service's operations
WORKERS = 2
# Operations with a behaviour of their own (lib/custom): always among those that are called.
ALWAYS = ["apigateway.GetApiKeys", "autoscaling.CreateLaunchConfiguration", "cloudformation.GetTemplate", "cloudsearchdomain.Search", "docdb.CopyDBClusterSnapshot", "ec2.RunInstances",
          "ec2.GetConsoleOutput", "ec2.CopySnapshot", "glacier.UploadArchive", "glacier.UploadMultipartPart", "iam.GetRolePolicy", "iam.GetAccountAuthorizationDetails",
          "logs.CreateExportTask", "machinelearning.Predict", "neptune.CreateDBCluster", "rds.CopyDBSnapshot", "rds.StartDBInstanceAutomatedBackupsReplication",
          "route53.ChangeResourceRecordSets", "route53.GetHostedZone", "sso-oidc.CreateToken"]
SHOWN = 40  # sorts of differences that are printed


def listed():
    """The rows of the table in docs/differences.md: (pattern of calls, pattern of aspects)."""
    with open(os.path.join(ROOT, "docs", "differences.md"), encoding="utf-8") as file:
        part = file.read().split("## Found by the differential test\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", part, re.M)


def is_meant(pattern, protocol, case):
    """A row's first pattern is of calls ("s3.GetObject/full"), of a protocol's calls ("json/odd"), or a protocol."""
    return any(fnmatch.fnmatchcase(name, pattern) for name in (case, protocol, f"{protocol}/{case.split('/')[1]}"))


def chosen(service, operations, known, rng, seen):
    """Names of the operations to call: those that the table names, those with a trait that none had before, and some more."""
    import cases
    picked = []
    for name in rng.sample(sorted(operations), len(operations)):
        traits = {(operations[name].service_model.resolved_protocol, t) for t in cases.traits_of(operations[name])} - seen
        if traits or rng.random() < PART or f"{service}.{name}" in ALWAYS or any(row[0].split("/")[0] == f"{service}.{name}" for row in known):
            picked.append(name)
            seen |= traits
    return picked


def plans(oracle, asked, known):
    """[{"service", "operations"}], and how many operations there are by protocol."""
    from botocore.model import ServiceModel
    rng, seen, made, count = random.Random(1), set(), [], collections.Counter()
    for service in oracle.services():
        model = ServiceModel(oracle.loader.load_service_model(service, "service-2"), service)
        if model.resolved_protocol not in PROTOCOLS:
            continue
        operations = {n: model.operation_model(n) for n in model.operation_names}
        operations = {n: o for n, o in operations.items() if not o.has_event_stream_input}
        count[model.resolved_protocol] += len(operations)
        names = [n for n in operations if service in asked or f"{service}.{n}" in asked] if asked else chosen(service, operations, known, rng, seen)
        if names:
            made.append({"service": service, "operations": [[n, ROUNDS] for n in names]})
        oracle.forget()
    return made, count


def run(made, folder):
    """The lines of all workers, the services shared out by the number of their operations."""
    shares = [[] for _ in range(WORKERS)]
    for plan in sorted(made, key=lambda p: -len(p["operations"])):
        min(shares, key=lambda s: sum(len(p["operations"]) for p in s)).append(plan)

    def work(job):
        return subprocess.run([sys.executable, os.path.join(HERE, "differential", "worker.py")], input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=False)
    jobs = [{"tool": TOOL, "data_path": folder, "tool_data_path": f"{folder}:{ROOT}/models/data", "plans": share} for share in shares]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for number, done in enumerate(pool.map(work, jobs)):
            tap.equal(done.returncode, 0, f"worker {number + 1} of {WORKERS} came to its end")
            yield from map(json.loads, done.stdout.splitlines())


def certain(known):
    """The rows that what was called must have shown: all, or those that name an operation."""
    if sys.argv[1:]:
        return []
    return known if FULL else [row for row in known if re.match(r"[^*?]+\.[^*?]+/", row[0])]


def same_version():
    """botocore must be that which the models come from, or everything differs."""
    import botocore
    with open(os.path.join(ROOT, "models", "import.py"), encoding="utf-8") as file:
        wanted = re.search(r'^BOTOCORE_VERSION = "([^"]+)"', file.read(), re.M).group(1)
    tap.equal(botocore.__version__, wanted, "botocore is that of the models")


def explain(several):
    """One difference of each sort, the most frequent first."""
    by_aspect = collections.defaultdict(list)
    for aspect, text in several:
        by_aspect[aspect].append(text)
    sorts = sorted(by_aspect.values(), key=lambda texts: -len(texts))
    text = f"{len(several)} differences of {len(sorts)} sorts\n" + "\n".join(f"{len(texts)} times, such as {texts[0]}" for texts in sorts[:SHOWN])
    return text + "\nall of them:\n" + "\n".join(t.split("\n", 1)[0] for texts in sorts for t in texts)


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    if not PYTHON:
        tap.skip_all("botocore cannot be had")
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
        os.execv(PYTHON, [PYTHON, *sys.argv])
    os.environ["TZ"] = "UTC"
    sys.path.insert(0, os.path.join(HERE, "differential"))
    import variants
    from oracle import Oracle
    same_version()
    known, used, calls, found = listed(), set(), collections.Counter(), collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="tucuxi-differential-") as folder:
        variants.make(folder, Oracle().loader)
        made, operations = plans(Oracle(folder), sys.argv[1:], known)
        results = list(run(made, folder))
    for result in results:
        protocol, case = result["protocol"], result["case"]
        calls[protocol] += 1
        for aspect, theirs, ours in result["differences"]:
            rows = [row for row in known if is_meant(row[0], protocol, case) and fnmatch.fnmatchcase(aspect, row[1])]
            used.update(rows)
            if not rows:
                found[protocol].append((aspect, f"{case} {aspect}\n  botocore {theirs}\n  tucuxi   {ours}"))
    for protocol in PROTOCOLS:
        several = found[protocol]
        tap.ok(calls[protocol] > 0 or sys.argv[1:], f"{protocol}: {calls[protocol]} calls of {operations[protocol]} operations")
        tap.ok(not several, f"{protocol}: no difference that is not listed", explain(several))
    for row in certain(known):
        tap.ok(row in used, f"still there: {row[0]} {row[1]}", "it is listed in docs/differences.md, but was not found")
    tap.done()


if __name__ == "__main__":
    main()
