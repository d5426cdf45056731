"""tucuxi wait against real servers: versitygw (buckets and objects that come, go and never come), moto (tables and instances that need a while, and that fail).

TUCUXI_TOOL is the tool, TUCUXI_VERSITYGW and TUCUXI_MOTO the servers.
"""
# timeout: 300
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import servers
import source
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")


class Waiter:
    """The tool with a server's environment."""

    def __init__(self, server):
        self.env = {**server.env, "AWS_DATA_PATH": source.path("models", "data")}

    def run(self, *words):
        return subprocess.run([TOOL, *words], env=self.env, capture_output=True, text=True, timeout=100, check=False)

    def call(self, service, operation, **params):
        done = self.run("call", service, operation, json.dumps(params))
        tap.ok(done.returncode == 0, f"{service} {operation}", done.stderr)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def begin(self, service, waiter, params, *options):
        return subprocess.Popen([TOOL, "wait", service, waiter, json.dumps(params), *(options if "--delay" in options else ("--delay", "1", *options))], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait(self, service, waiter, params, *options):
        """(exit status, stdout, stderr)"""
        process = self.begin(service, waiter, params, *options)
        out, err = process.communicate(timeout=100)
        return process.returncode, out, err


def buckets(w):
    there = {"Bucket": "there"}
    tap.equal(w.wait("s3", "bucket-not-exists", there), (0, "", ""), "a bucket is not there")
    late = w.begin("s3", "BucketExists", there)
    w.call("s3", "create_bucket", **there)
    tap.equal((*late.communicate(timeout=100), late.returncode), ("", "", 0), "it comes")
    status, out, err = w.wait("s3", "bucket_exists", there, "--json")
    tap.ok(status == 0 and json.loads(out)["ResponseMetadata"]["HTTPStatusCode"] == 200, "the last response, as JSON", out + err)
    failed = "tucuxi wait: Waiter BucketExists failed: Max attempts exceeded. Previously accepted state: Matched expected HTTP status code: 404\n"
    begin = time.monotonic()
    tap.equal(w.wait("s3", "bucket_exists", {"Bucket": "never"}, "--max-attempts", "2"), (255, "", failed), "a bucket never comes")
    tap.ok(time.monotonic() - begin >= 1, "the delay was kept")
    key = {**there, "Key": "a/é"}
    late = w.begin("s3", "object_exists", key)
    w.call("s3", "put_object", **key, Body="x")
    tap.equal((*late.communicate(timeout=100), late.returncode), ("", "", 0), "an object comes")
    late = w.begin("s3", "object_not_exists", key)
    w.call("s3", "delete_object", **key)
    tap.equal((*late.communicate(timeout=100), late.returncode), ("", "", 0), "and goes")


def usage(w):
    status, _out, err = w.wait("s3", "bucket_exist", {"Bucket": "b"})
    tap.ok(status == 252 and "Waiter does not exist: bucket_exist, did you mean bucket_exists" in err, "no such waiter", err)
    status, _out, err = w.wait("s3", "bucket_exists", {})
    tap.ok(status == 252 and 'Missing required parameter in input: "Bucket"' in err, "parameters that are wrong", err)
    done = w.run("wait", "s3")
    tap.ok(done.returncode == 252 and "something is missing" in done.stderr, "too few words", done.stderr)


def interrupted(w):
    """Ctrl-C in the delay; the log tells when that has begun."""
    process = w.begin("s3", "bucket_exists", {"Bucket": "never"}, "--delay", "60", "--debug")
    line = next((line for line in process.stderr if line.startswith("wait: ")), "")
    tap.equal(line, "wait: BucketExists: poll 1 of 20 says retry, again in 60000 ms\n", "the log tells of each poll")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=100)
    tap.equal(process.returncode, 130, "it ends at once")


def tables(w):
    table = {"TableName": "people"}
    status, _out, err = w.wait("dynamodb", "table_exists", table, "--max-attempts", "1")
    tap.equal((status, err), (255, "tucuxi wait: Waiter TableExists failed: Max attempts exceeded. Previously accepted state: Matched expected service error code: ResourceNotFoundException\n"),
              "no table")
    w.call("dynamodb", "create_table", **table, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
           BillingMode="PAY_PER_REQUEST")
    status, out, err = w.wait("dynamodb", "table_exists", table, "--json")
    tap.ok(status == 0 and json.loads(out)["Table"]["TableStatus"] == "ACTIVE", "a table", out + err)
    w.call("dynamodb", "delete_table", **table)
    tap.equal(w.wait("dynamodb", "table_not_exists", table), (0, "", ""), "it is gone")


def instances(w):
    image = w.call("ec2", "describe_images", Owners=["amazon"])["Images"][0]["ImageId"]
    instance = w.call("ec2", "run_instances", ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    status, out, err = w.wait("ec2", "instance_running", {"InstanceIds": [instance]}, "--json")
    tap.ok(status == 0 and json.loads(out)["Reservations"][0]["Instances"][0]["State"]["Name"] == "running", "an instance runs", out + err)
    w.call("ec2", "terminate_instances", InstanceIds=[instance])
    status, _out, err = w.wait("ec2", "instance_running", {"InstanceIds": [instance]})
    tap.ok(status == 255 and 'failure state: For expression "Reservations[].Instances[].State.Name" we matched expected path: "' in err, "and will not again", err)


def main():
    with servers.versitygw() as server:
        w = Waiter(server)
        buckets(w)
        usage(w)
        interrupted(w)
    with servers.moto() as server:
        w = Waiter(server)
        tables(w)
        instances(w)
    tap.done()


if __name__ == "__main__":
    main()
