"""tucuxi call against real servers of many services: moto with authentication on and off, DynamoDB Local. Of each service a way that goes well and an error; where moto checks
signatures, a wrong secret too.

TUCUXI_TOOL is the tool, TUCUXI_MOTO the server; TUCUXI_DYNAMODB_LOCAL (may be missing) the jars of DynamoDB Local.
"""
# timeout: 600
import base64
import json
import os
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import servers
import source
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
ACCOUNT, REGION = "123456789012", "us-east-1"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/tester"}, "Action": "sts:AssumeRole"}]}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Caller:
    """Calls with the keys of one user."""

    def __init__(self, url, key, secret):
        self.url = url
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=url, AWS_DATA_PATH=source.path("models", "data"), AWS_MAX_ATTEMPTS="1")

    def run(self, service, operation, params):
        r = subprocess.run([TOOL, "call", service, operation, json.dumps(params)], env=self.env, capture_output=True, text=True, timeout=100, check=False)
        return r.returncode, json.loads(r.stdout) if r.stdout else json.loads(r.stderr)

    def events(self, service, operation, params):
        """The events of a stream; the response, which must come last, is not among them."""
        r = subprocess.run([TOOL, "call", service, operation, json.dumps(params)], env=self.env, capture_output=True, text=True, timeout=100, check=False)
        lines = [json.loads(line) for line in r.stdout.splitlines()]
        tap.ok(r.returncode == 0 and "ResponseMetadata" in (lines or [{}])[-1], f"{service} {operation}", r.stdout + r.stderr)
        return lines[:-1]

    def good(self, service, operation, params=None):
        """The response; what fails is said."""
        status, answer = self.run(service, operation, params or {})
        tap.ok(status == 0, f"{service} {operation}", answer)
        return answer if status == 0 else {}

    def paged(self, service, operation, params, *options):
        """All pages in one."""
        r = subprocess.run([TOOL, "call", service, operation, json.dumps(params), "--paginate", *options], env=self.env, capture_output=True, text=True, timeout=100, check=False)
        tap.ok(r.returncode == 0, f"{service} {operation}, in pages", r.stdout + r.stderr)
        return json.loads(r.stdout) if r.returncode == 0 else {}

    def bad(self, code, service, operation, params):
        """A ClientError of this code."""
        status, error = self.run(service, operation, params)
        tap.ok(status == 254 and error["type"] == "ClientError" and error["Error"]["Code"] == code, f"{service} {operation}: {code}", error)
        return error


# ---- one way through each service: what goes well, and what does not ----

def dynamodb(c):
    key = {"TableName": "people", "Key": {"id": {"S": "é"}}}
    c.good("dynamodb", "create_table", {"TableName": "people", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"})
    item = {"id": {"S": "é"}, "n": {"N": "12345678901234567890.5"}, "b": {"B": base64.b64encode(bytes(range(256))).decode()}, "l": {"L": [{"NULL": True}, {"BOOL": False}, {"M": {"x": {"SS": ["a"]}}}]}}
    c.good("dynamodb", "put_item", {"TableName": "people", "Item": item})
    tap.equal(c.good("dynamodb", "get_item", key).get("Item"), item, "the item comes back")
    tap.equal(c.good("dynamodb", "query", {"TableName": "people", "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "é"}}}).get("Count"), 1, "it is found")
    error = c.bad("ConditionalCheckFailedException", "dynamodb", "put_item", {"TableName": "people", "Item": item, "ConditionExpression": "attribute_not_exists(id)"})
    tap.equal(error["HTTPStatusCode"], 400, "its status is told")
    c.bad("ResourceNotFoundException", "dynamodb", "get_item", {**key, "TableName": "nobody"})
    for i in range(11):
        c.run("dynamodb", "put_item", {"TableName": "people", "Item": {"id": {"S": f"n{i}"}, "even": {"BOOL": i % 2 == 0}}})
    ids, token = [], []
    for _ in range(4):  # by tokens that hold a key of the table
        part = c.paged("dynamodb", "scan", {"TableName": "people"}, "--page-size", "2", "--max-items", "5", *token)
        ids += [item["id"]["S"] for item in part.get("Items", [])]
        if "NextToken" not in part:
            break
        token = ["--starting-token", part["NextToken"]]
    tap.equal((sorted(ids), "NextToken" in part), (sorted(["é"] + [f"n{i}" for i in range(11)]), False), "a scan in parts gives each item once")
    tap.equal(c.paged("dynamodb", "scan", {"TableName": "people"}, "--page-size", "5").get("Count"), 12, "counts are summed")


def sqs(c):
    url = c.good("sqs", "create_queue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "30"}}).get("QueueUrl", "")
    c.good("sqs", "send_message", {"QueueUrl": url, "MessageBody": "hello ü", "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "AAEC"}}})
    got = c.good("sqs", "receive_message", {"QueueUrl": url, "MessageAttributeNames": ["All"]}).get("Messages", [{}])[0]
    tap.equal((got.get("Body"), got.get("MessageAttributes", {}).get("a", {}).get("BinaryValue")), ("hello ü", "AAEC"), "the message comes back")
    c.good("sqs", "delete_message", {"QueueUrl": url, "ReceiptHandle": got.get("ReceiptHandle", "")})
    c.bad("AWS.SimpleQueueService.NonExistentQueue", "sqs", "get_queue_url", {"QueueName": "nobody"})


def sns(c):
    arn = c.good("sns", "create_topic", {"Name": "news", "Tags": [{"Key": "k", "Value": "v"}]}).get("TopicArn", "")
    tap.ok(c.good("sns", "publish", {"TopicArn": arn, "Message": "one & two"}).get("MessageId"), "a message has an id")
    tap.equal([t["TopicArn"] for t in c.good("sns", "list_topics").get("Topics", [])], [arn], "the topic is listed")
    c.bad("NotFound", "sns", "get_topic_attributes", {"TopicArn": arn + "-nobody"})


def sts(c):
    tap.equal(c.good("sts", "get_caller_identity").get("Account"), ACCOUNT, "who calls is told")
    c.bad("ValidationError", "sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/helper", "RoleSessionName": "x" * 65})


def kms(c):
    key = c.good("kms", "create_key", {"Description": "for tests"}).get("KeyMetadata", {}).get("KeyId", "")
    sealed = c.good("kms", "encrypt", {"KeyId": key, "Plaintext": "AAEC/w=="}).get("CiphertextBlob", "")
    tap.equal(c.good("kms", "decrypt", {"CiphertextBlob": sealed}).get("Plaintext"), "AAEC/w==", "what was encrypted is decrypted")
    c.bad("NotFoundException", "kms", "describe_key", {"KeyId": "alias/nobody"})


def secretsmanager(c):
    made = c.good("secretsmanager", "create_secret", {"Name": "s", "SecretString": "{\"k\": \"ü\"}"})
    tap.ok(len(made.get("VersionId", "")) == 36, "the token that was made for it is the version")
    got = c.good("secretsmanager", "get_secret_value", {"SecretId": "s"})
    tap.ok(got.get("SecretString") == "{\"k\": \"ü\"}" and got.get("CreatedDate", "").endswith("Z"), "the secret comes back, its date is one", got)
    c.bad("ResourceNotFoundException", "secretsmanager", "get_secret_value", {"SecretId": "nobody"})


def iam(c):
    made = c.good("iam", "create_role", {"RoleName": "reader", "AssumeRolePolicyDocument": json.dumps(TRUST)})
    tap.equal(made.get("Role", {}).get("AssumeRolePolicyDocument"), TRUST, "a policy comes back as what it says")
    c.good("iam", "put_role_policy", {"RoleName": "reader", "PolicyName": "all", "PolicyDocument": json.dumps(ANYTHING)})
    tap.equal(c.good("iam", "get_role_policy", {"RoleName": "reader", "PolicyName": "all"}).get("PolicyDocument"), ANYTHING, "another one too")
    c.bad("NoSuchEntity", "iam", "get_role", {"RoleName": "nobody"})


def ec2(c):
    image = c.good("ec2", "describe_images", {"Owners": ["amazon"]}).get("Images", [{}])[0].get("ImageId", "")
    run = c.good("ec2", "run_instances", {"ImageId": image, "MinCount": 1, "MaxCount": 1, "UserData": "#!/bin/sh", "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "é"}]}]})
    instance = run.get("Instances", [{}])[0].get("InstanceId", "")
    found = c.good("ec2", "describe_instances", {"Filters": [{"Name": "tag:Name", "Values": ["é"]}]}).get("Reservations", [])
    tap.equal([i["InstanceId"] for r in found for i in r["Instances"]], [instance], "the instance is found by its tag")
    data = c.good("ec2", "describe_instance_attribute", {"InstanceId": instance, "Attribute": "userData"})
    tap.equal(base64.b64decode(data.get("UserData", {}).get("Value", "")), b"#!/bin/sh", "its user data travelled in base64")
    c.bad("InvalidInstanceID.NotFound", "ec2", "describe_instances", {"InstanceIds": ["i-badid"]})


def kinesis(c):
    c.good("kinesis", "create_stream", {"StreamName": "s", "ShardCount": 1})
    put = c.good("kinesis", "put_record", {"StreamName": "s", "Data": "AAEC/w==", "PartitionKey": "p"})
    iterator = c.good("kinesis", "get_shard_iterator", {"StreamName": "s", "ShardId": put.get("ShardId", ""), "ShardIteratorType": "TRIM_HORIZON"})
    records = c.good("kinesis", "get_records", {"ShardIterator": iterator.get("ShardIterator", "")}).get("Records", [{}])
    tap.equal((records[0].get("Data"), records[0].get("PartitionKey")), ("AAEC/w==", "p"), "the record comes back")
    c.bad("ResourceNotFoundException", "kinesis", "describe_stream", {"StreamName": "nobody"})


def cloudformation(c):
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "of-a-stack"}}}}
    c.good("cloudformation", "create_stack", {"StackName": "st", "TemplateBody": json.dumps(template), "Tags": [{"Key": "k", "Value": "v"}]})
    stack = c.good("cloudformation", "describe_stacks", {"StackName": "st"}).get("Stacks", [{}])[0]
    tap.equal(stack.get("StackStatus"), "CREATE_COMPLETE", "the stack is there")
    tap.equal(c.good("cloudformation", "get_template", {"StackName": "st"}).get("TemplateBody"), template, "its template is what it says")
    c.bad("ValidationError", "cloudformation", "describe_stacks", {"StackName": "nobody"})


def lambda_(c):
    role = c.good("iam", "create_role", {"RoleName": "runner", "AssumeRolePolicyDocument": json.dumps(TRUST)}).get("Role", {}).get("Arn", "")
    code = base64.b64encode(b"PK\x05\x06" + bytes(18)).decode()  # an empty archive
    made = c.good("lambda", "create_function", {"FunctionName": "f", "Role": role, "Runtime": "python3.11", "Handler": "a.b", "Code": {"ZipFile": code}, "Environment": {"Variables": {"A": "é"}}})
    tap.equal(made.get("Environment"), {"Variables": {"A": "é"}}, "what it was made with comes back")
    tap.equal([f["FunctionName"] for f in c.good("lambda", "list_functions", {"MaxItems": 5}).get("Functions", [])], ["f"], "it is listed")
    c.bad("ResourceNotFoundException", "lambda", "get_function", {"FunctionName": "nobody"})


def route53(c):
    zone = c.good("route53", "create_hosted_zone", {"Name": "example.com", "CallerReference": "1"}).get("HostedZone", {}).get("Id", "")
    tap.ok(zone.startswith("/hostedzone/"), "a zone's id is a path", zone)
    record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.0.0.1"}]}
    c.good("route53", "change_resource_record_sets", {"HostedZoneId": zone, "ChangeBatch": {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}})
    sets = c.good("route53", "list_resource_record_sets", {"HostedZoneId": zone}).get("ResourceRecordSets", [])
    tap.ok(any(s.get("ResourceRecords") == record["ResourceRecords"] for s in sets), "and is taken as one", sets)
    c.bad("NoSuchHostedZone", "route53", "get_hosted_zone", {"Id": "nobody"})


def apigateway(c):
    api = c.good("apigateway", "create_rest_api", {"name": "n", "tags": {"a": "é"}})
    got = c.good("apigateway", "get_rest_api", {"restApiId": api.get("id", "")})
    tap.ok(got.get("name") == "n" and got.get("createdDate", "").endswith("Z"), "it comes back, its date is one", got)
    c.bad("NotFoundException", "apigateway", "get_rest_api", {"restApiId": "nobody"})


# ---- servers ----

def s3_select(c):
    """An event stream."""
    c.good("s3", "create_bucket", {"Bucket": "bucket1"})
    c.good("s3", "put_object", {"Bucket": "bucket1", "Key": "k", "Body": '{"a": 1}\n{"a": "é"}'})
    query = {"Bucket": "bucket1", "Key": "k", "ExpressionType": "SQL", "Expression": "SELECT * FROM S3Object s", "InputSerialization": {"JSON": {"Type": "LINES"}}, "OutputSerialization": {"JSON": {}}}
    events = c.events("s3", "select_object_content", query)
    tap.equal([list(e) for e in events], [["Records"], ["Stats"], ["End"]], "its events")
    rows = base64.b64decode(events[0]["Records"]["Payload"]).decode().splitlines() if events else []
    tap.equal([json.loads(row) for row in rows], [{"a": 1}, {"a": "é"}], "the records")
    c.bad("NoSuchKey", "s3", "select_object_content", {**query, "Key": "absent"})


def make_user(c):
    """The keys of a user who may do anything."""
    c.good("iam", "create_user", {"UserName": "tester"})
    c.good("iam", "put_user_policy", {"UserName": "tester", "PolicyName": "all", "PolicyDocument": json.dumps(ANYTHING)})
    c.good("iam", "create_role", {"RoleName": "helper", "AssumeRolePolicyDocument": json.dumps(TRUST)})
    key = c.good("iam", "create_access_key", {"UserName": "tester"}).get("AccessKey", {})
    return key.get("AccessKeyId", ""), key.get("SecretAccessKey", "")


def check_signatures(url):
    """From the next request on."""
    request = urllib.request.Request(url + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        tap.equal(answer.status, 200, "moto checks signatures")


def wrong_secret(c, service, operation, params):
    """The services that speak JSON are refused in XML: still an error of the service, whose text holds what came."""
    http_status, word = (401, "AuthFailure") if service == "ec2" else (403, "SignatureDoesNotMatch")
    status, error = c.run(service, operation, params)
    tap.ok(status == 254 and error["type"] == "ClientError" and error["HTTPStatusCode"] == http_status and word in error["message"], f"{service}: a wrong secret", error)


def with_authentication():
    with servers.moto() as server:
        key, secret = make_user(Caller(server.url, "any", "any"))
        check_signatures(server.url)
        right, wrong = Caller(server.url, key, secret), Caller(server.url, key, secret[:-1] + ("a" if secret[-1:] != "a" else "b"))
        for part in (dynamodb, sqs, sns, sts, kms, secretsmanager, iam, ec2, kinesis, cloudformation):
            tap.diag(part.__name__)
            part(right)
        for service, operation, params in (("dynamodb", "list_tables", {}), ("sqs", "list_queues", {}), ("sns", "list_topics", {}), ("sts", "get_caller_identity", {}), ("kms", "list_keys", {}),
                                           ("secretsmanager", "list_secrets", {}), ("iam", "list_roles", {}), ("ec2", "describe_instances", {}), ("kinesis", "list_streams", {}),
                                           ("cloudformation", "list_stacks", {})):
            right.good(service, operation, params)
            wrong_secret(wrong, service, operation, params)


def without_authentication():
    with servers.moto() as server:
        for part in (lambda_, route53, apigateway, s3_select):
            tap.diag(part.__name__)
            part(Caller(server.url, "any", "any"))


def dynamodb_local():
    if not os.environ.get("TUCUXI_DYNAMODB_LOCAL"):
        tap.skip("DynamoDB Local", "java and mvn, which it needs, are not there")
        return
    with servers.dynamodb_local() as server:
        tap.diag("DynamoDB Local")
        dynamodb(Caller(server.url, "any", "any"))


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    with_authentication()
    without_authentication()
    dynamodb_local()
    tap.done()


if __name__ == "__main__":
    main()
