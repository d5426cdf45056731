"""What two requests, or two responses, differ in: a list of (aspect, what one says, what the other says)."""
import ast
import datetime
import base64
import gzip
import hashlib
import hmac
import json
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from botocore.handlers import S3_SIGNING_NAMES
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from oracle import KEY, SECRET
from values import plain

# Who sends it, when, and how the connection is kept: not what is asked.
PASSED_OVER = {"user-agent", "host", "amz-sdk-invocation-id", "amz-sdk-request", "x-amz-date", "authorization", "accept-encoding", "connection", "expect", "transfer-encoding"}
TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CREDENTIALS = botocore.credentials.Credentials(KEY, SECRET, None)
ABSENT = "(absent)"


def diff(one, two, at=""):
    """Places where two values of JSON are not the same. 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in list(one) + [k for k in two if k not in one]:
            if key not in one or key not in two:
                yield f"{at}.{key}", one.get(key, ABSENT), two.get(key, ABSENT)
            else:
                yield from diff(one[key], two[key], f"{at}.{key}")
    elif isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two):
            yield at, one, two
        else:
            for a, b in zip(one, two):
                yield from diff(a, b, at)
    elif isinstance(one, bool) != isinstance(two, bool) or one != two:
        yield at, one, two


# ---- requests ----

def lower(headers):
    made = {}
    for name, value in headers:
        made[name.lower()] = f"{made[name.lower()]},{value}" if name.lower() in made else value
    return made


def authorization(headers):
    """What was signed with what, and which headers."""
    text = headers.get("authorization", "")
    if not text.startswith("AWS4-"):
        return {"scheme": text.split(" ")[0], "token": text.split(" ")[1:]}
    fields = dict(part.strip().split("=", 1) for part in text.split(" ", 1)[1].split(","))
    return {"scheme": text.split(" ")[0], "scope": fields["Credential"].split("/")[0:1] + fields["Credential"].split("/")[2:], "signed": dict.fromkeys(fields["SignedHeaders"].split(";"), "signed")}


def xml_tree(node):
    return [node.tag, sorted(node.attrib.items()), node.text or "", [xml_tree(kid) for kid in node]]


def cbor_tree(body):
    from botocore.parsers import RpcV2CBORParser
    return plain(RpcV2CBORParser()._initial_body_parse(body)) if body else None  # pylint: disable=protected-access


def presigned(value):
    """A URL that was signed, without what tells when."""
    if "X-Amz-Signature=" not in value:
        return value
    url = urllib.parse.urlsplit(value)
    fields = sorted(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    return [f"{url.scheme}://{re.sub(':[0-9]+$', '', url.netloc)}{url.path}"] + [[k, re.sub("/[0-9]{8}/", "/DAY/", v)] for k, v in fields if k not in ("X-Amz-Date", "X-Amz-Signature")]


def parsed_body(headers, body):
    kind = headers.get("content-type", "")
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    try:
        if "x-www-form-urlencoded" in kind:
            fields = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
            return [[k, presigned(v)] for k, v in fields if ("SignatureVersion", "2") not in fields or k not in ("Signature", "Timestamp")]
        if "json" in kind or body[:1] == b"{":
            return json.loads(body)
        if "cbor" in kind:
            return cbor_tree(body)
        if body[:1] == b"<":
            return xml_tree(ElementTree.fromstring(body))
    except ValueError:
        pass
    return body


def json_header(value):
    """What a header says that holds JSON in base64; another value as it is."""
    try:
        return json.loads(base64.b64decode(value, validate=True)) if value[:2] in ("ey", "W1", "e3") else value
    except ValueError:
        return value


def without_tokens(value, given):
    """Idempotency tokens that were not given are made anew in each call."""
    text = json.dumps(value) if not isinstance(value, (bytes, str)) else value
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    for found in set(TOKEN.findall(text)):
        if found not in given:
            text = text.replace(found, "TOKEN")
    return json.loads(text) if not isinstance(value, (bytes, str)) else text


def asymmetric_key():
    """The key of SigV4A, which is derived from the secret key: on P-256, the same for all days, regions and services."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for counter in range(1, 255):
        text = b"\0\0\0\1AWS4-ECDSA-P256-SHA256\0" + KEY.encode() + bytes([counter]) + b"\0\0\1\0"
        number = int.from_bytes(hmac.digest(b"AWS4A" + SECRET.encode(), text, "sha256"), "big")
        if number <= order - 2:
            return ec.derive_private_key(number + 1, ec.SECP256R1()).public_key()
    raise ValueError("no key")


def is_signature(signer, made, canonical, name, signature):
    """Of the canonical request. SigV4's is compared, SigV4A's, which is another one each time, is verified."""
    text = signer.string_to_sign(made, canonical)
    if name is None:
        return signer.signature(text, made) == signature
    _algorithm, date, _scope, digest = text.split("\n")
    text = "\n".join(["AWS4-ECDSA-P256-SHA256", date, f"{date[:8]}/{name}/aws4_request", digest])
    try:
        asymmetric_key().verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def verified(request, headers):
    """Whether the signature is the one that botocore would make of this very request."""
    auth = authorization(headers)
    if auth["scheme"] not in ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"):
        return True
    region, name = auth["scope"][-3], auth["scope"][-2]
    signer = (botocore.auth.S3SigV4Auth if name in S3_SIGNING_NAMES else botocore.auth.SigV4Auth)(CREDENTIALS, name, region)
    signed = {h: headers[h] for h in auth["signed"] if h in headers}
    url = urllib.parse.urlsplit(request.url)
    made = botocore.awsrequest.AWSRequest(request.method, url._replace(query="").geturl(), signed, request.body, params=None)
    made.url = request.url
    made.context["timestamp"] = headers["x-amz-date"]
    made.headers["X-Amz-Content-SHA256"] = headers.get("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    canonical = canonical_request(signer, made, signed)
    return is_signature(signer, made, canonical, name if "ECDSA" in auth["scheme"] else None, headers["authorization"].rsplit("=", 1)[1])


def verified_v2(request):
    """The same of a form that is signed with version 2."""
    fields = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))
    signature = fields.pop("Signature")
    made = botocore.awsrequest.AWSRequest(request.method, request.url)
    return botocore.auth.SigV2Auth(CREDENTIALS).calc_signature(made, fields)[1] == signature


def canonical_request(signer, made, signed):
    parts = [made.method.upper(), signer._normalize_url_path(urllib.parse.urlsplit(made.url).path), signer.canonical_query_string(made)]  # pylint: disable=protected-access
    parts.append("".join(f"{k}:{' '.join(v.split())}\n" for k, v in sorted(signed.items())))
    return "\n".join(parts + [";".join(sorted(signed)), made.headers["X-Amz-Content-SHA256"]])


def requests(oracle, tool, given, with_host):
    """given: the params as text, whose tokens stay. with_host: both went to the service's own endpoint."""
    a, b = urllib.parse.urlsplit(oracle.url), urllib.parse.urlsplit(tool.url)
    heads = lower(oracle.headers), lower(tool.headers)
    for head, request in zip(heads, (oracle, tool)):
        if "transfer-encoding" not in head:  # http.client adds it, and leaves it out, after botocore has made its request
            head.setdefault("content-length", str(len(request.body)))
    if oracle.method != tool.method:
        yield "request.method", oracle.method, tool.method
    if with_host and (a.scheme, a.netloc) != (b.scheme, b.netloc):
        yield "request.host", a.scheme + "://" + a.netloc, b.scheme + "://" + b.netloc
    for name, one, two in (("path", a.path, b.path), ("query", a.query, b.query)):
        one, two = without_tokens(one, given), without_tokens(two, given)
        if one != two:
            yield "request." + name, one, two
    bodies = [without_tokens(parsed_body(h, r.body), given) for h, r in zip(heads, (oracle, tool))]
    if oracle.body != tool.body:
        yield from (("request.body" + at, one, two) for at, one, two in diff(*bodies))
    same_body = oracle.body == tool.body
    for name in sorted(set(heads[0]) | set(heads[1])):
        one, two = (without_tokens(h.get(name, ABSENT), given) for h in heads)
        if name in PASSED_OVER or one == two or (not same_body and name in ("content-length", "content-md5", "x-amz-content-sha256", "x-amz-sha256-tree-hash") or
                                                 not same_body and name.startswith("x-amz-checksum-")):
            continue
        if json_header(one) == json_header(two):
            continue
        yield "request.header." + name, one, two
    for at, one, two in diff(*(authorization(h) for h in heads)):
        yield "request.authorization" + at, one, two
    if b"SignatureVersion=2&" in tool.body and not verified_v2(tool):
        yield "request.signature", "right", "wrong"
    if not verified(tool, heads[1]):
        yield "request.signature", "right", "wrong"


# ---- URLs ----

# What botocore raises of a body that it would have to take apart as JSON.
NO_QUERY = ("JSONDecodeError", "UnicodeDecodeError", "ValueError", "TypeError", "AttributeError")
OWN = ("X-Amz-Date", "X-Amz-Signature")


def fields_of(url):
    """A URL's query, without what tells when: {name: [values]}."""
    made = {}
    for name, value in urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True):
        if name == "X-Amz-Credential":
            _key, _day, *region, service, _end = value.split("/")
            made.update({"X-Amz-Credential.region": region, "X-Amz-Credential.name": [service]})
        elif name not in OWN:
            made.setdefault(name, []).append(value)
    return made


def same_member(text, value):
    """text: what botocore makes of a member of a JSON document, which is what Python prints of it; value: the member."""
    if text == value:
        return True
    try:
        return ast.literal_eval(text) == value
    except (ValueError, SyntaxError):
        return False


def as_document(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def same_values(texts, values):
    """Of what stands in the query several times, botocore keeps the first."""
    return texts == values[:1] or len(texts) == len(values) and all(same_member(text, value) for text, value in zip(texts, values))


def unsigned(ours):
    """An operation that is not signed: botocore signs its URL all the same."""
    if "X-Amz-Signature" in ours["Url"]:
        yield "request.signature", "none", ours["Url"]


def urls(theirs, ours, given, operation):
    """theirs: a URL, or None where botocore has none; ours: {Url, Method, Headers, Body}. Where tucuxi tells a JSON body, botocore has its members in the query."""
    body = base64.b64decode(ours.get("Body", ""))
    if not verified_url(ours, body, operation):
        yield "request.signature", "right", "wrong"
    if theirs is None:
        return
    a, b = urllib.parse.urlsplit(theirs), urllib.parse.urlsplit(ours["Url"])
    if (a.scheme, a.netloc) != (b.scheme, b.netloc):
        yield "request.host", a.scheme + "://" + a.netloc, b.scheme + "://" + b.netloc
    if a.path != b.path:
        yield "request.path", a.path, b.path
    one, two = fields_of(theirs), fields_of(ours["Url"])
    document = without_tokens(json.loads(body), given) if body[:1] == b"{" else {}
    for name in list(one) + [n for n in two if n not in one]:
        texts, values = (without_tokens(fields.get(name, []), given) for fields in (one, two))
        told = document.pop(name, []) if not values else []
        values = values or (told if isinstance(told, list) else [told])
        if texts != values and not same_values(texts, values) and not same_values(texts, [as_document(v) for v in values]):
            yield "request.query." + name, texts, values
    for name, value in document.items():
        if value != []:
            yield "request.query." + name, ABSENT, value


def verified_url(ours, body, operation):
    """Whether the signature is the one that botocore would make of this very URL."""
    s3 = operation.service_model.signature_version.startswith("s3")
    any_body = s3 or operation.unsigned_payload or operation.auth_type == "v4-unsigned-body"
    url = urllib.parse.urlsplit(ours["Url"])
    fields = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
    if fields.get("X-Amz-Algorithm") not in ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"):
        return True
    region, name = fields["X-Amz-Credential"].split("/")[-3:-1]
    query, signature = ours["Url"].rsplit("&X-Amz-Signature=", 1)
    signer = (botocore.auth.S3SigV4QueryAuth if s3 else botocore.auth.SigV4QueryAuth)(CREDENTIALS, name, region)
    heads = {**lower(ours["Headers"].items()), "host": re.sub(":443$", "", url.netloc)}
    made = botocore.awsrequest.AWSRequest(ours["Method"], query)
    made.context["timestamp"] = fields["X-Amz-Date"]
    made.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD" if any_body else heads.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    canonical = canonical_request(signer, made, {h: heads[h] for h in fields["X-Amz-SignedHeaders"].split(";")})
    return is_signature(signer, made, canonical, name if "ECDSA" in fields["X-Amz-Algorithm"] else None, signature)


# ---- responses ----

def without_metadata(response):
    """RetryAttempts and the like tell of the client, not of the response."""
    made = dict(response)
    metadata = {k: v for k, v in made.get("ResponseMetadata", {}).items() if k in ("RequestId", "HostId", "HTTPStatusCode", "HTTPHeaders", "ChecksumAlgorithm")}
    return {**made, "ResponseMetadata": metadata}


def responses(oracle, tool):
    """oracle: parsed by botocore, values of Python; tool: JSON."""
    for at, one, two in diff(without_metadata(plain(oracle)), without_metadata(tool)):
        yield "response" + at, one, two
