"""Calls of every service, compared with botocore's: the same params through botocore and through `tucuxi call --jsonl` must make the same request, and the same answer
must become the same response or error. What may differ is listed in docs/differences.md, below "Found by the differential test"; what is listed and no longer found fails too.

A sample of the operations, one of every kind among them; TUCUXI_FULL: all of them, three times. TUCUXI_BOTOCORE is a Python with the botocore of models/import.py.

By hand: TUCUXI_BOTOCORE=... TUCUXI_TOOL=... PYTHONPATH=test/tools python3 test/integration/test_differential.py [SERVICE[.OPERATION]...]
"""
# timeout: 3000
# alone
import collections
import os
import random
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "differential"))
import harness
import tap

PROTOCOLS = ["query", "ec2", "rest-xml", "smithy-rpc-v2-cbor", "json", "rest-json"]
ROUNDS = 3 if harness.FULL else 1
PART = 1.0 if harness.FULL else 0.25  # of a service's operations
# Operations with a behaviour of their own (lib/custom): always among those that are called.
ALWAYS = ["apigateway.GetApiKeys", "autoscaling.CreateLaunchConfiguration", "cloudformation.GetTemplate", "cloudsearchdomain.Search", "docdb.CopyDBClusterSnapshot", "ec2.RunInstances",
          "ec2.GetConsoleOutput", "ec2.CopySnapshot", "glacier.UploadArchive", "glacier.UploadMultipartPart", "iam.GetRolePolicy", "iam.GetAccountAuthorizationDetails",
          "logs.CreateExportTask", "events.PutEvents", "s3.GetObject", "s3.PutObject", "s3.DeleteObjects", "machinelearning.Predict", "neptune.CreateDBCluster", "rds.CopyDBSnapshot", "rds.StartDBInstanceAutomatedBackupsReplication",
          "route53.ChangeResourceRecordSets", "route53.GetHostedZone", "sso-oidc.CreateToken"]


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


def certain(known):
    """The rows that what was called must have shown: all, or those that name an operation."""
    if harness.ASKED:
        return []
    return known.rows if harness.FULL else [row for row in known.rows if re.match(r"[^*?]+\.[^*?]+/", row[0])]


def main():
    harness.begin()
    import variants
    from oracle import Oracle
    known, calls, found = harness.Known("Found by the differential test"), collections.Counter(), collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="tucuxi-differential-") as folder:
        variants.make(folder, Oracle().loader)
        made, operations = plans(Oracle(folder), harness.ASKED, known.rows)
        results = list(harness.run(made, "worker.py", lambda plan: len(plan["operations"]), data_path=folder, tool_data_path=f"{folder}:{harness.ROOT}/models/data"))
    for result in results:
        calls[result["protocol"]] += 1
        found[result["protocol"]] += known.unlisted(result)
    for protocol in PROTOCOLS:
        tap.ok(calls[protocol] > 0 or harness.ASKED, f"{protocol}: {calls[protocol]} calls of {operations[protocol]} operations")
        tap.ok(not found[protocol], f"{protocol}: no difference that is not listed", harness.explain(found[protocol]))
    known.check_used(certain(known))
    tap.done()


if __name__ == "__main__":
    main()
