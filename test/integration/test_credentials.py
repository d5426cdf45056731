"""Credentials from real servers: instance metadata from Amazon's own mock, and roles from moto with its authentication on, also when their time runs out.

TUCUXI_TOOL is the tool, TUCUXI_BOTOCORE a Python with botocore, TUCUXI_METADATA_MOCK the metadata mock; integration_role_expiry of the same build is run against moto.
"""
# timeout: 300
import json
import os
import subprocess
import tempfile
import urllib.request

import servers
import tap

PYTHON, TOOL = os.environ.get("TUCUXI_BOTOCORE", ""), os.environ.get("TUCUXI_TOOL", "")
BASE = {k: v for k, v in os.environ.items() if not k.upper().startswith(("AWS_", "BOTO", "HTTP_PROXY", "HTTPS_PROXY", "REQUESTS_"))}
BASE.update(AWS_DEFAULT_REGION="us-east-1", AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_CONFIG_FILE="/dev/null")
# Who assumes what, made while moto asks for no signatures: a user with keys, a role, and a role that the first one may assume.
SETUP = r'''
import botocore.session, json, sys
s = botocore.session.Session()
def client(name):
    return s.create_client(name, region_name="us-east-1", endpoint_url=sys.argv[1], aws_access_key_id="x", aws_secret_access_key="y")
iam = client("iam")
iam.create_user(UserName="u")
allow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=allow)
for role in ("first", "second"):
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=allow)
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=allow)
key = iam.create_access_key(UserName="u")["AccessKey"]
print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))
'''
BOTOCORE_KEYS = "import botocore.session; c = botocore.session.Session().get_credentials().get_frozen_credentials(); print(c.access_key, c.secret_key, c.token)"


def tool(env, *words):
    r = subprocess.run([TOOL, *words], env={**BASE, **env}, capture_output=True, text=True, timeout=100, check=False)
    return r.returncode, r.stdout, r.stderr


def test_instance():
    if not os.environ.get("TUCUXI_METADATA_MOCK"):
        tap.skip("instance metadata", "the metadata mock cannot be had")
        return
    with servers.metadata_mock() as mock:
        env = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": mock.url}
        code, out, err = tool(env, "configure", "export-credentials")
        keys = json.loads(out) if code == 0 else {}
        theirs = subprocess.run([PYTHON, "-c", BOTOCORE_KEYS], env={**BASE, **env}, capture_output=True, text=True, timeout=100, check=False).stdout.split()
        tap.equal([keys.get("AccessKeyId"), keys.get("SecretAccessKey"), keys.get("SessionToken")], theirs, "the instance's keys, by version 2, as botocore has them")
        tap.ok("Expiration" in keys, "they are near their end, and serve on", err)
        code, _, err = tool({**env, "AWS_EC2_METADATA_DISABLED": "true"}, "configure", "export-credentials")
        tap.ok(code != 0 and "AWS_EC2_METADATA_DISABLED is true" in err, "switched off", err)


def config(folder, key, secret):
    path = os.path.join(folder, "config")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[profile base]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                   "[profile first]\nrole_arn = arn:aws:iam::123456789012:role/first\nsource_profile = base\nduration_seconds = 900\nrole_session_name = one\n"
                   "[profile second]\nrole_arn = arn:aws:iam::123456789012:role/second\nsource_profile = first\nduration_seconds = 900\nrole_session_name = two\n")
    return path


def test_roles():
    with servers.moto() as moto, tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([PYTHON, "-c", SETUP, moto.url], env=BASE, capture_output=True, text=True, timeout=100, check=False)
        tap.equal(made.returncode, 0, "a user and two roles are made")
        key, secret = json.loads(made.stdout)
        urllib.request.urlopen(urllib.request.Request(f"{moto.url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"), timeout=30).close()
        env = {"AWS_CONFIG_FILE": config(folder, key, secret), "AWS_ENDPOINT_URL": moto.url}
        for profile, name in (("first", "first/one"), ("second", "second/two")):
            code, out, err = tool({**env, "AWS_PROFILE": profile}, "call", "sts", "get_caller_identity")
            tap.ok(code == 0 and f":assumed-role/{name}" in out, f"profile {profile}: a call with the role's credentials", out + err)
        build = os.path.dirname(os.path.dirname(os.path.dirname(TOOL)))
        run = subprocess.run([os.path.join(build, "integration_role_expiry")], env={**BASE, **env, "AWS_PROFILE": "second"}, capture_output=True, text=True, timeout=100, check=False)
        tap.ok(run.returncode == 0, "near the end of their 900 seconds the credentials are others, and serve", run.stdout + run.stderr)
        code, out, err = tool({**env, "AWS_CONFIG_FILE": config(folder, key, "wrong"), "AWS_PROFILE": "first"}, "call", "sts", "get_caller_identity")
        tap.ok(code != 0 and "SignatureDoesNotMatch" in err and "wrong" not in err.replace("wrong number", ""), "a wrong key is refused, and told", out + err)


def main():
    if not PYTHON or not TOOL:
        tap.skip_all("TUCUXI_BOTOCORE or TUCUXI_TOOL is not set")
    test_instance()
    test_roles()
    tap.done()


main()
