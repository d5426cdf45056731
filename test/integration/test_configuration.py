"""Configuration compared with botocore's: the same files and environment to both. `tucuxi configure list --json` must show what botocore's session says of each variable, and a dry run
must go where botocore's client goes; or both name the same kind of error. What may differ is listed in docs/differences.md, below "Configuration", and not generated here.

TUCUXI_BOTOCORE is a Python with the botocore of models/import.py, TUCUXI_TOOL the tool.
"""
# timeout: 1200
import json
import os
import random
import subprocess
import sys
import tempfile

import tap

PYTHON, TOOL = os.environ.get("TUCUXI_BOTOCORE", ""), os.environ.get("TUCUXI_TOOL", "")
CASES = 260
CALLED = 3  # every third case also makes calls
SHOWN = 20
BASE = {k: v for k, v in os.environ.items() if not k.upper().startswith(("AWS_", "BOTO", "HTTP_PROXY", "HTTPS_PROXY", "REQUESTS_"))}
BASE.update(AWS_EC2_METADATA_DISABLED="true")
REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-south-1", "fips-us-east-1", "us-gov-west-1-fips", "cn-north-1", "xx-fake-9"]
FLAGS = ["true", "false", "True", "FALSE", "yes", "1"]
URLS = ["http://localhost:1234", "https://one.example", "https://two.example/path"]
WORDS = {
    "region": REGIONS, "retry_mode": ["legacy", "standard", "adaptive"], "defaults_mode": ["legacy", "standard", "in-region", "Cross-Region", "mobile", "auto"],
    "max_attempts": ["1", "5", " 7", "many"], "account_id_endpoint_mode": ["preferred", "Disabled", "required"], "endpoint_discovery_enabled": ["true", "FALSE", "auto"],
    "sts_regional_endpoints": ["legacy", "regional"], "request_checksum_calculation": ["when_supported", "WHEN_REQUIRED"], "response_checksum_validation": ["when_required"],
    "endpoint_url": URLS, "metadata_service_timeout": ["1", "20"], "metadata_service_num_attempts": ["3"], "csm_port": ["31000", " 9 ", "x"], "request_min_compression_size_bytes": ["1", "5000"],
    "s3_disable_express_session_auth": ["true", "False"], "s3.addressing_style": ["auto", "virtual", "path"], "s3.us_east_1_regional_endpoint": ["legacy", "regional"],
    "csm_host": ["::1"], "csm_client_id": ["me"], "ca_bundle": ["/some/ca.pem"], "user_agent_appid": ["my app"], "auth_scheme_preference": ["sigv4a, sigv4"], "sigv4a_signing_region_set": ["*"],
    "ec2_metadata_service_endpoint": ["http://h/"], "ec2_metadata_service_endpoint_mode": ["ipv6", "IPv4"], "data_path": ["/x:/y"],
}
PROFILES = [("default", "default"), ("profile a", "a"), ('profile "b c"', "b c"), ("profile 'd'", "d"), ("profile e\\ f", "e f"), ('profile\t"g\\"h"', 'g"h'), ("profiles i", "i"), ("profile j k", None),
            ('profile "l', None), ("profile", None), ("profile m'n'o", "mno"), ("profile default", "default"), ("profile ''", ""), ("profile p\\", None), ("profile 'q\\r'", "q\\r")]
BROKEN = ["[oops\n", "key = 1\n[default]\n", "[default]\nregion = a\nregion = b\n", "[a]\n[a]\n", "[default]\ns3 =\n  no equals\n", "[default]\nword\n", "[default]\n= 1\n"]


def variables():
    """The table of docs/internals/configuration.md: {name: (keys, variables, kind)}."""
    import re
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "docs", "internals", "configuration.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \| [^|]* \| (\w+) \|$", file.read(), re.M)
    return {name: (re.findall(r"`([^`]+)`", keys), re.findall(r"`([^`]+)`", envs), kind) for name, keys, envs, kind in rows}


TABLE = variables()


def value_of(rng, name):
    kind = TABLE[name][2]
    return rng.choice(WORDS[name] if name in WORDS else FLAGS if kind == "boolean" else ["3"] if kind == "number" else ["some text"])


def section(rng, share):
    """Lines of a profile."""
    lines, blocks = [], {}
    for name, (keys, _, kind) in TABLE.items():
        if kind in ("block", "secret") or not keys or name in ("services", "aws_account_id") or rng.random() > share:
            continue
        key = rng.choice(keys)
        if "." in key:
            blocks.setdefault(key.split(".")[0], []).append(f"  {key.split('.')[1]} = {value_of(rng, name)}")
        else:
            lines.append(f"{key.upper() if rng.random() < 0.1 else key}{rng.choice(['=', ' = ', ': '])}{value_of(rng, name)}")
    for block, members in blocks.items():
        lines += [f"{block} =", *members]
    return lines


def config_text(rng):
    if rng.random() < 0.06:
        return rng.choice(BROKEN)
    lines = []
    for title, _ in rng.sample(PROFILES, rng.randrange(1, 7)):
        lines += [f"[{title}]", *rng.choice([[], ["# a comment"], [""]]), *section(rng, rng.choice([0.05, 0.2]))]
        if rng.random() < 0.3:
            lines.append("services = " + rng.choice(["one", "two words", "gone"]))
    if rng.random() < 0.2:
        lines += ["[DEFAULT]", "csm_client_id = inherited"]
    lines += ["[services one]", "sts =", f"  endpoint_url = {rng.choice(URLS)}", "[services 'two words']", "s3 = ", f"  endpoint_url = {rng.choice(URLS)}", "dynamodb =", "  endpoint_url = http://d"]
    return "\n".join(lines) + "\n"


def credentials_text(rng):
    lines = []
    for name in rng.sample(["default", "a", "b c", "only here", "profile a"], rng.randrange(0, 4)):
        lines += [f"[{name}]", "aws_access_key_id = AKID", "aws_secret_access_key = SECRET", *section(rng, rng.choice([0, 0.1]))]
    return "\n".join(lines) + "\n"


def environment(rng):
    env = {"AWS_ACCESS_KEY_ID": "AKIDENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "SECRET"}
    share = rng.choice([0.02, 0.15])
    for name, (_, envs, kind) in TABLE.items():
        if not envs or kind == "secret" or name in ("profile", "config_file", "credentials_file", "aws_account_id") or rng.random() > share:
            continue
        env[envs[0]] = value_of(rng, name)
        if len(envs) > 1:
            env[envs[1]] = value_of(rng, name)
    if rng.random() < 0.4:
        env[rng.choice(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])] = rng.choice([n for _, n in PROFILES if n] + ["a", "only here", "profile a", "gone"])
    if rng.random() < 0.1:
        env[rng.choice(["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3"])] = rng.choice(URLS)
    if rng.random() < 0.2 and "AWS_DEFAULT_REGION" in env:
        env.update(AWS_EXECUTION_ENV="AWS_Lambda_c", AWS_REGION=rng.choice(REGIONS[:3]))
    return env


ORACLE = r'''
import copy, json, os, sys
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.configprovider import ConfiguredEndpointProvider

def get(session, store, name):
    if name == "endpoint_url":
        p = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "s3")
        return p._get_endpoint_url_environment_global() or p._get_endpoint_url_config_global()
    if name == "services":
        return session.get_scoped_config().get("services")
    section, dot, member = name.partition(".")
    try:
        value = store.get_config_variable(section)
    except ValueError:
        return {"error": "ValueError"}
    return (value or {}).get(member) if dot else value

def effective(session):
    store = copy.copy(session.get_component("config_store"))
    mode = session._resolve_defaults_mode(None, store)
    if mode != "legacy":
        session._get_internal_component("smart_defaults_factory").merge_smart_defaults(store, mode, session.get_config_variable("region"))
    return store

def call(session, service, operation):
    seen = []
    try:
        client = session.create_client(service)
        def on_send(request, **_):
            seen.append(request.url)
            return AWSResponse(request.url, 200, {}, type("Raw", (), {"stream": lambda self, **_: iter(())})())
        client.meta.events.register("before-send", on_send)
        try:
            getattr(client, operation)()
        except Exception:
            if not seen:
                raise
        return {"url": seen[0]}
    except Exception as e:
        return {"error": type(e).__name__}

keep = dict(os.environ)
for line in sys.stdin:
    case = json.loads(line)
    os.environ.clear()
    os.environ.update(case["env"])
    answer = {}
    try:
        session = botocore.session.Session()
        store = effective(session)
        session.get_scoped_config()
        answer["variables"] = {n: get(session, store, n) for n in case["names"]}
    except Exception as e:
        answer["error"] = type(e).__name__
    for service, operation in case["calls"]:
        answer[service] = call(botocore.session.Session(), service, operation)
    print(json.dumps(answer), flush=True)
'''


def text_of(value, kind):
    """A value as both can have it."""
    if value is None:
        return None
    if kind == "boolean" or isinstance(value, bool):
        return str(value).lower() == "true"
    return str(value)


def same(name, ours, theirs):
    kind = TABLE[name][2]
    if isinstance(theirs, dict):  # a number that is none: botocore raises
        return isinstance(ours, str)
    if theirs == "":  # csm_client_id's default
        return ours in ("", None)
    return text_of(ours, kind) == text_of(theirs, kind)


def tool(env, *words):
    r = subprocess.run([TOOL, *words], env=env, capture_output=True, text=True, timeout=100, check=False)
    if r.returncode not in (0, 252, 253, 254, 255):
        raise RuntimeError(f"exit {r.returncode}: {r.stderr}")
    return json.loads(r.stdout if r.returncode == 0 else r.stderr)


# The kinds of errors that have one name here.
ALIASES = {"ValueError": "InvalidConfigError"}


def compare(case, answer):
    """Sentences about what differs."""
    found, ours = [], tool(case["env"], "configure", "list", "--json")
    if "error" in answer:
        if not isinstance(ours, dict) or ours["type"] != answer["error"]:
            found.append(f"configure list: {ours if isinstance(ours, dict) else 'values'}, botocore: {answer['error']}")
    elif isinstance(ours, dict):
        found.append(f"configure list: {ours['type']}: {ours['message']}, botocore: values")
    else:
        rows = {row["name"]: row["value"] for row in ours}
        found += [f"{n}: {rows[n]!r}, botocore: {answer['variables'][n]!r}" for n in case["names"] if not same(n, rows[n], answer["variables"][n])]
    for service, operation in case["calls"]:
        call, theirs = tool(case["env"], "call", service, operation, "--dry-run"), answer[service]
        url, kind = call.get("url"), call.get("type")
        wanted, error = theirs.get("url"), theirs.get("error")
        if url is not None and url.rstrip("/").split("?")[0] == (wanted or "").rstrip("/").split("?")[0]:
            continue
        if kind is None or kind != ALIASES.get(error, error):
            found.append(f"{service}: {url or kind + ': ' + call['message']}, botocore: {wanted or error}")
    return found


def main():
    if not PYTHON or not TOOL:
        tap.skip_all("TUCUXI_BOTOCORE or TUCUXI_TOOL is not set")
    rng, cases = random.Random(5), []
    names = [n for n, (_, _, kind) in TABLE.items() if kind not in ("secret", "block") and n != "aws_account_id"]
    with tempfile.TemporaryDirectory() as folder:
        for i in range(CASES):
            paths = {}
            for kind, text in (("config", config_text(rng)), ("credentials", credentials_text(rng))):
                paths[kind] = os.path.join(folder, f"{kind}-{i}")
                with open(paths[kind], "w", encoding="utf-8") as file:
                    file.write(text)
            env = {**BASE, **environment(rng), "AWS_CONFIG_FILE": paths["config"], "AWS_SHARED_CREDENTIALS_FILE": paths["credentials"]}
            if i % CALLED == 0:  # without a region, and in us-east-1, the defaults differ
                env.setdefault("AWS_DEFAULT_REGION", rng.choice(REGIONS))
                env.setdefault("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", rng.choice(["legacy", "regional"]))
            cases.append({"env": env, "names": names, "calls": [("sts", "get_caller_identity"), ("s3", "list_buckets")] if i % CALLED == 0 else []})
        oracle = subprocess.run([PYTHON, "-c", ORACLE], input="".join(json.dumps(c) + "\n" for c in cases), capture_output=True, text=True, timeout=1000, check=False)
        answers = [json.loads(line) for line in oracle.stdout.splitlines()]
        tap.equal(len(answers), CASES, "botocore answers each case")
        if len(answers) != CASES:
            print(oracle.stderr, file=sys.stderr)
        shown, bad = 0, 0
        for i, (case, answer) in enumerate(zip(cases, answers)):
            found = compare(case, answer)
            bad += bool(found)
            for sentence in found:
                shown += 1
                if shown <= SHOWN:
                    print(f"# case {i}: {sentence}")
        tap.equal(bad, 0, f"{CASES} configurations are what they are to botocore")
        kinds = {a.get("error", "values") for a in answers}
        tap.ok({"values", "ProfileNotFound", "ConfigParseError"} <= kinds, "values and errors are among them", str(kinds))
        tap.ok(sum('variables' in a for a in answers) >= CASES // 2, "most are values")
    tap.done()


if __name__ == "__main__":
    main()
