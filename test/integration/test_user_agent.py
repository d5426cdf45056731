"""Feature ids of the user agent compared with botocore's: the same environment and files to both, whose calls go to a server of this test that answers for S3, STS, single sign-on, containers and instance metadata.

TUCUXI_BOTOCORE is a Python with the botocore of models/import.py, TUCUXI_TOOL the tool.
"""
# timeout: 600
import hashlib
import http.server
import json
import os
import re
import subprocess
import tempfile
import threading

import tap

PYTHON, TOOL = os.environ.get("TUCUXI_BOTOCORE", ""), os.environ.get("TUCUXI_TOOL", "")
BASE = {k: v for k, v in os.environ.items() if not k.upper().startswith(("AWS_", "BOTO", "HTTP_PROXY", "HTTPS_PROXY", "REQUESTS_"))}
BASE.update(AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
ENDS = "2099-01-01T00:00:00Z"
KEYS = "aws_access_key_id = AKID\naws_secret_access_key = s\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
ENV_KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"}
ORACLE = "import botocore.session, sys; getattr(botocore.session.Session().create_client(sys.argv[1]), sys.argv[2])(**eval(sys.argv[3]))"


def role(action):
    return (f"<{action}Response><{action}Result><Credentials><AccessKeyId>R</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{ENDS}</Expiration></Credentials>"
            f"<AssumedRoleUser><AssumedRoleId>i</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser></{action}Result></{action}Response>")


class Services(http.server.BaseHTTPRequestHandler):
    agents = []  # of the calls that are looked at

    def log_message(self, *_):
        pass

    def reply(self, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        keys = json.dumps({"Code": "Success", "AccessKeyId": "M", "SecretAccessKey": "s", "Token": "t", "Expiration": ENDS})
        action = re.search(r"Action=(AssumeRole\w*)", body)
        if self.path.startswith("/federation/credentials"):
            self.reply(json.dumps({"roleCredentials": {"accessKeyId": "O", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000}}))
        elif self.path.startswith("/latest/api/token"):
            self.reply("token")
        elif self.path.rstrip("/").endswith("security-credentials"):
            self.reply("role")
        elif self.path.startswith(("/latest/", "/keys")):
            self.reply(keys)
        elif action:
            self.reply(role(action.group(1)))
        else:
            Services.agents.append(self.headers.get("User-Agent", ""))
            self.reply("<ListAllMyBucketsResult/>")

    do_GET = do_PUT = do_POST = answer


def features():
    agent = Services.agents.pop() if Services.agents else ""
    Services.agents.clear()
    found = re.search(r" m/(\S+)", agent)
    return sorted(found.group(1).split(",")) if found else agent or "no call came"


def cases(folder, port):
    """name, environment, config file, (service, operation, params)."""
    token = os.path.join(folder, "token")
    with open(token, "w", encoding="utf-8") as file:
        file.write("a.jwt.token")
    cache = os.path.join(folder, ".aws", "sso", "cache")
    os.makedirs(cache)
    for name in ("dev", "http://start"):
        with open(os.path.join(cache, hashlib.sha1(name.encode()).hexdigest() + ".json"), "w", encoding="utf-8") as file:
            json.dump({"accessToken": "a", "expiresAt": ENDS, "startUrl": "http://start", "region": "us-east-1"}, file)
    instance = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{port}/"}
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}/keys"}
    listing = ("s3", "list_buckets", {})
    sso = "sso_account_id = 123456789012\nsso_role_name = r\n"
    web = {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r"}
    yield "environment", ENV_KEYS, "", listing
    yield "profile", {}, f"[default]\n{KEYS}", listing
    yield "process", {}, "[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"P\", \"SecretAccessKey\": \"s\"}'\n", listing
    yield "container", container, "", listing
    yield "instance", instance, "", listing
    yield "role of a profile", {}, f"[default]\n{ROLE}source_profile = base\n[profile base]\n{KEYS}", listing
    yield "role of the environment", {**ENV_KEYS, "AWS_PROFILE": "r"}, f"[profile r]\n{ROLE}credential_source = Environment\n", listing
    yield "role of the container", container, f"[default]\n{ROLE}credential_source = EcsContainer\n", listing
    yield "role of the instance", instance, f"[default]\n{ROLE}credential_source = Ec2InstanceMetadata\n", listing
    yield "web identity of the environment", web, "", listing
    yield "web identity of a profile", {}, f"[default]\n{ROLE}web_identity_token_file = {token}\n", listing
    yield "sign-on", {}, f"[default]\nsso_session = dev\n{sso}[sso-session dev]\nsso_region = us-east-1\nsso_start_url = http://start\n", listing
    yield "sign-on without a session", {}, f"[default]\nsso_start_url = http://start\nsso_region = us-east-1\n{sso}", listing
    yield "legacy retries", {**ENV_KEYS, "AWS_RETRY_MODE": "legacy"}, "", listing
    yield "adaptive retries", {**ENV_KEYS, "AWS_RETRY_MODE": "adaptive"}, "", listing
    yield "checksums where required", {**ENV_KEYS, "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}, "", listing
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        yield f"a body with {algorithm}", ENV_KEYS, "", ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": "x", "ChecksumAlgorithm": algorithm})
    yield "an account's endpoint", {**ENV_KEYS, "AWS_ACCOUNT_ID": "123456789012"}, "", ("dynamodb", "list_tables", {})
    yield "no account's endpoint", {**ENV_KEYS, "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"}, "", ("dynamodb", "list_tables", {})
    yield "cbor", ENV_KEYS, "", ("arc-region-switch", "list_plans", {})


def main():
    if not PYTHON or not TOOL:
        tap.skip_all("TUCUXI_BOTOCORE or TUCUXI_TOOL is not set")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, env, config, (service, operation, params)) in enumerate(cases(folder, port)):
            path = os.path.join(folder, f"config-{i}")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config)
            env = {**BASE, "HOME": folder, "AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_MAX_ATTEMPTS": "1", **env}
            subprocess.run([PYTHON, "-c", ORACLE, service, operation, repr(params)], env=env, capture_output=True, timeout=60, check=False)
            theirs = features()
            subprocess.run([TOOL, "call", service, operation, json.dumps(params)], env=env, capture_output=True, timeout=60, check=False)
            tap.equal(features(), theirs, name)
            tap.ok(isinstance(theirs, list), f"{name}: botocore's call came", str(theirs))
    server.shutdown()
    tap.done()


main()
