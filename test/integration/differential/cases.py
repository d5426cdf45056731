"""Which calls are made: the operations of every service, each with params, an answer and an error."""
import base64
import random
import zlib

from answers import Answer, failure, success
from values import Values, as_json
from variants import LOCAL

SEED = 20240


# Where else a request may go: a region and options of the client, by botocore's names.
PLACES = [{"region": "us-east-1"}, {"region": "eu-west-1"}, {"region": "cn-north-1"}, {"region": "us-gov-west-1"}, {"region": "us-iso-east-1"}, {"region": "ap-southeast-2"},
          {"region": "us-east-1", "config": {"use_fips_endpoint": True}}, {"region": "eu-central-1", "config": {"use_dualstack_endpoint": True}},
          {"region": "us-west-2", "config": {"use_fips_endpoint": True, "use_dualstack_endpoint": True}}, {"region": "us-gov-east-1", "config": {"use_fips_endpoint": True}}]
COMPRESSED = {"region": "us-west-1", "config": {"request_min_compression_size_bytes": 1}}


# What takes a call to an endpoint of many regions, which is signed with SigV4A: a param and its value.
GLOBAL = {**dict.fromkeys(["s3.GetObject", "s3.PutObject", "s3.DeleteObjects"], ("Bucket", "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap")), "events.PutEvents": ("EndpointId", "abc123.456def")}


class Case:
    """kind: minimal, full, error and odd (an error that is none of the service's) are sent to the recorder; place is signed for the service's own endpoint there, global for one of many regions; url is presigned for it, for method
    where that is not None. params for botocore, json for the tool."""

    def __init__(self, service, operation, kind, params, json, answer, place=None, method=None):
        self.service, self.operation, self.kind, self.params, self.json, self.answer, self.place, self.method = service, operation, kind, params, json, answer, place, method

    def name(self):
        return f"{self.service}.{self.operation.name}/{self.kind}"


ALIASES = {"ec2": {"Filter": "Filters"}, "logs": {"from": "fromTime"}, "cloudsearchdomain": {"return": "returnFields"}}


def seed_of(*words):
    return zlib.crc32(" ".join(str(w) for w in (SEED, *words)).encode())


def places_of(service, round_number):
    """A few for each service, since botocore is slow at making clients."""
    return random.Random(seed_of("places", service, round_number)).sample(PLACES, 2)


def params_of(operation, seed, mode, given=()):
    params = Values(seed, mode).structure(operation.input_shape) if operation.input_shape is not None else {}
    for name, alias in ALIASES.get(operation.service_model.service_name, {}).items():
        if name in params and seed % 2:
            params[alias] = params.pop(name)
    if "ContentLength" in params:
        params["ContentLength"] = len(params.get("Body", b""))
    return {**params, **dict(given)}


def events_of(shape, seed, mode):
    """Some events of a stream: {name: members}."""
    values, names = Values(seed, mode, answer=True), [n for n, m in shape.members.items() if not m.metadata.get("exception")]
    return [{name: values.structure(shape.members[name])} for name in values.random.choices(names, k=values.random.choice([0, 1, 2, 5]) if mode == "full" else 1)]


def value_of(operation, seed, mode, status):
    """A value of the output; what says the status says this one."""
    shape = operation.output_shape
    value = Values(seed, mode, answer=True).structure(shape) if shape is not None else {}
    if operation.has_event_stream_output:
        value[shape.event_stream_name] = events_of(shape.members[shape.event_stream_name], seed + 1, mode)
    for name, member in shape.members.items() if shape is not None else ():
        if member.serialization.get("location") == "statusCode":
            value[name] = status
    if "httpChecksum" in operation._operation_model:  # pylint: disable=protected-access
        value = {k: v for k, v in value.items() if not k.startswith("Checksum")}
        if "Body" in value and "ChecksumCRC32" in shape.members:
            value["ChecksumCRC32"] = base64.b64encode(zlib.crc32(value["Body"]).to_bytes(4, "big")).decode()
    return value


def cases_of(service, protocol, operation, round_number=0):
    """The calls of one operation. A later round has other values."""
    def make(kind, mode, answer, place=None, method=None, given=()):
        params = params_of(operation, seed_of(service, operation.name, kind, round_number), mode, given)
        json = as_json(operation.input_shape, params)
        return Case(service, operation, kind, params, json, answer, place, method)
    elsewhere = service in LOCAL or "PredictEndpoint" in getattr(operation.input_shape, "members", ())  # no request gets to a server of ours
    variant = service.endswith(("-cbor", "-local"))
    for kind in ("minimal", "full") if not elsewhere else ():
        noise = random.Random(seed_of("noise", service, operation.name, kind, round_number))
        value = value_of(operation, seed_of("answer", service, operation.name, kind, round_number), kind, operation.http.get("responseCode", 200))
        yield make(kind, kind, success(protocol, operation, value, noise))
    noise = random.Random(seed_of("error", service, operation.name, round_number))
    if not variant and not (operation.endpoint_discovery or {}).get("required"):  # which botocore would ask for
        place = PLACES[0] if noise.random() < 0.3 else noise.choice(places_of(service, round_number))
        place = COMPRESSED if operation.request_compression else place
        yield make("place", noise.choice(["minimal", "full"]), Answer(200, [], b""), place)
        if f"{service}.{operation.name}" in GLOBAL:
            yield make("global", "minimal", Answer(200, [], b""), {"region": "us-west-2"}, given=[GLOBAL[f"{service}.{operation.name}"]])
        dice = random.Random(seed_of("url", service, operation.name, round_number))
        yield make("url", dice.choice(["minimal", "full"]), None, place, dice.choice([None, None, "GET", "POST"]))
    if elsewhere:
        return
    shapes = operation.error_shapes
    shape = noise.choice(shapes) if shapes and noise.random() < 0.9 else None
    code = shape.error_code if shape is not None else "SomethingElse"
    members = Values(seed_of("members", service, operation.name, round_number), "full", answer=True).structure(shape) if shape is not None else {}
    if noise.random() < 0.2:
        yield make("odd", "minimal", odd_answer(noise))
    yield make("error", "minimal", failure(protocol, operation, shape, code, noise.choice(["No.", "Ä <message> & \"more\"", ""]), members, noise))


# What stands before a service may answer with, and a service without a word: (status, Content-Type, body).
ODD = [(503, "text/html", b"<html><body>busy</body></html>"), (500, "text/plain", b""), (404, "application/octet-stream", b""), (400, "text/plain", b"no such thing"),
       (403, "text/xml", b"<Some><Other>document</Other></Some>"), (400, "application/json", b"{}"), (413, "application/json", b"[1]")]


def odd_answer(rng):
    status, kind, body = rng.choice(ODD)
    return Answer(status, [("Content-Type", kind), ("x-amzn-RequestId", "odd")], body)


def traits_of(operation):
    """What is special about an operation, so that a sample has one of each."""
    found, seen, todo = set(), set(), [("in", operation.input_shape), ("out", operation.output_shape)]
    if operation.endpoint:
        found.add("hostPrefix")
    found.update(k for k in ("httpChecksum", "requestcompression", "authtype", "auth", "unsignedPayload", "endpointdiscovery", "httpChecksumRequired") if k in operation._operation_model)  # pylint: disable=protected-access
    found.add(f"status {operation.http.get('responseCode', 200)}")
    while todo:
        way, shape = todo.pop()
        if shape is None:
            continue
        found.update(f"{way} {k} {v if k in ('location', 'timestampFormat') else ''}" for k, v in shape.serialization.items() if k != "name")
        found.update(f"{way} {k}" for k in shape.metadata if k in ("document", "union", "idempotencyToken", "contextParam", "requiresLength", "endpointdiscoveryid"))
        found.add(f"{way} {shape.type_name}")
        if (way, shape.name) in seen:
            continue
        seen.add((way, shape.name))
        kids = shape.members.values() if shape.type_name == "structure" else [shape.member] if shape.type_name == "list" else [shape.key, shape.value] if shape.type_name == "map" else []
        todo += [(way, kid) for kid in kids]
    return found
