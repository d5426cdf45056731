"""Responses of a service, made from values by what the protocols' specifications say (smithy.io's awsQuery, ec2Query, awsJson, restJson1, restXml, rpcv2Cbor).

success(operation, value, noise) and failure(operation, shape, code, value, noise) give an Answer. noise is a random.Random: it adds what a parser must pass over or accept.
"""
import base64
import json
import struct
import zlib
from email.utils import formatdate
from xml.sax.saxutils import escape, quoteattr

from values import EPOCH, float_text, time_text

NAMESPACE = "https://example.amazonaws.com/doc/2020-01-01/"


class Answer:
    """status, headers (a list of pairs), body; a 204 has none."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body if status != 204 else b""

    def next(self):
        """What the next request gets; see Answers."""
        return self

    def wire_headers(self):
        length = [("Content-Length", str(len(self.body)))] if self.status != 204 else []
        return [(k, v) for k, v in self.headers if k.lower() != "content-length"] + length


class Answers:
    """Several, one for each request; the last one again and again."""

    def __init__(self, several):
        self.several, self.at = several, 0

    def again(self):
        """The same from the beginning."""
        return Answers(self.several)

    def next(self):
        self.at += 1
        return self.several[min(self.at, len(self.several)) - 1]


def seconds_of(t):
    delta = t - EPOCH
    whole = delta.days * 86400 + delta.seconds
    return whole + delta.microseconds / 1e6 if delta.microseconds else whole


def time_as(shape, default, t):
    """A timestamp in the format of its shape or place."""
    kind = shape.serialization.get("timestampFormat", default).lower()
    return time_text(t) if kind == "iso8601" else formatdate(int(seconds_of(t)), usegmt=True) if kind == "rfc822" else seconds_of(t)


def special(number):
    return number != number or number in (float("inf"), float("-inf"))


def scalar_text(shape, value, time_format):
    """A scalar in XML or in a header."""
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        return str(time_as(shape, time_format, value))
    if kind in ("float", "double") and special(value):
        return float_text(value)
    return str(value)


# ---- JSON ----

def is_new_union(shape, noise):
    """A service may know members of a union that its model does not."""
    return shape.metadata.get("union") and noise.random() < 0.05


def json_of(shape, value, noise):
    kind = shape.type_name
    if kind == "structure" and not shape.metadata.get("document"):
        if is_new_union(shape, noise):
            return {"brandNew": noise.choice(["x", {"a": None}, []])}
        made = {shape.members[k].serialization.get("name", k): json_of(shape.members[k], v, noise) for k, v in value.items()}
        if noise.random() < 0.2 and not shape.metadata.get("union"):
            made[noise.choice(["unknownMember", "é", ""])] = noise.choice([None, {"a": [1, {}]}, "x", 1.5])
            made.update((m.serialization.get("name", k), None) for k, m in shape.members.items() if k not in value and not m.serialization.get("location") and noise.random() < 0.3)
        if noise.random() < 0.1 and shape.metadata.get("union"):
            made["__type"] = "Union"
        return made
    if kind == "list":
        return [json_of(shape.member, v, noise) for v in value]
    if kind == "map":
        return {k: json_of(shape.value, v, noise) for k, v in value.items()}
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        return time_as(shape, "unixtimestamp", value) if noise.random() < 0.9 else time_text(value)
    if kind in ("float", "double") and (special(value) or value == int(value)):
        return float_text(value) if special(value) else int(value) if noise.random() < 0.3 else value
    return value


def dump_json(value, noise):
    return json.dumps(value, ensure_ascii=noise.random() < 0.5, indent=noise.choice([None, None, 2]), separators=noise.choice([None, (",", ":")])).encode()


# ---- XML ----

def xml_name(shape, name):
    """The element of a structure's member; of a flattened list its items' name goes first."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return shape.member.serialization.get("name") or shape.serialization.get("name", name)
    return shape.serialization.get("name", name)


def xml_attributes(shape, value):
    """Those members of a structure that are attributes, with the declaration of their prefix."""
    text = ""
    for name, member in shape.members.items():
        if name in value and member.serialization.get("xmlAttribute"):
            wire = member.serialization.get("name", name)
            if ":" in wire:
                text += f' xmlns:{wire.split(":")[0]}="http://www.w3.org/2001/XMLSchema-instance"'
            text += f" {wire}={quoteattr(value[name], {chr(10): '&#10;', chr(9): '&#9;'})}"
    return text


def xml_members(shape, value, noise):
    parts = []
    for name, v in value.items():
        member = shape.members[name]
        if member.serialization.get("location") or member.serialization.get("xmlAttribute"):
            continue
        parts.append(xml_of(member, xml_name(member, name), v, noise))
        if noise.random() < 0.1 and not shape.metadata.get("union"):
            parts.append("<unknownElement a='b'><inner>&amp;</inner><!-- a comment --></unknownElement>")
    return ("\n  " if noise.random() < 0.2 else "").join(parts)


def xml_entry(shape, key, value, noise):
    pair = [xml_of(shape.key, shape.key.serialization.get("name") or "key", key, noise), xml_of(shape.value, shape.value.serialization.get("name") or "value", value, noise)]
    return "".join(pair if noise.random() < 0.8 else reversed(pair))


def xml_of(shape, name, value, noise):
    """The element or, flattened, the elements of a value."""
    kind, flattened = shape.type_name, shape.serialization.get("flattened")
    if kind == "structure":
        inside = xml_members(shape, value, noise) if not is_new_union(shape, noise) else "<brandNew><a/></brandNew>"
        return f"<{name}{xml_attributes(shape, value)}>{inside}</{name}>" if inside or noise.random() < 0.5 else f"<{name}{xml_attributes(shape, value)}/>"
    if kind == "list" and flattened:
        return "".join(xml_of(shape.member, name, v, noise) for v in value)
    if kind == "list":
        item = shape.member.serialization.get("name", "member")
        return f"<{name}>{''.join(xml_of(shape.member, item, v, noise) for v in value)}</{name}>"
    if kind == "map":
        pairs = [xml_entry(shape, k, v, noise) for k, v in value.items()]
        return "".join(f"<{name}>{p}</{name}>" for p in pairs) if flattened else f"<{name}>{''.join(f'<entry>{p}</entry>' for p in pairs)}</{name}>"
    text = scalar_text(shape, value, "iso8601")
    if "\u0000" not in text and "]]>" not in text and kind == "string" and noise.random() < 0.05:
        return f"<{name}><![CDATA[{text}]]></{name}>"
    return f"<{name}>{escape(text)}</{name}>" if text or noise.random() < 0.5 else f"<{name}/>"


def xml_document(inside, noise):
    return ((noise.choice(["", '<?xml version="1.0" encoding="UTF-8"?>\n', "<?xml version='1.0'?>"])) + inside + noise.choice(["", "\n"])).encode()


# ---- CBOR ----

def cbor_head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise ValueError(n)


def cbor_bytes(major, data, noise):
    """A string of bytes or text, now and then in chunks; those of text end at characters."""
    if len(data) < 2 or noise.random() < 0.9:
        return cbor_head(major, len(data)) + data
    half = len(data) // 2
    while major == 3 and half < len(data) and data[half] & 0xC0 == 0x80:
        half += 1
    return bytes([major << 5 | 31]) + cbor_head(major, half) + data[:half] + cbor_head(major, len(data) - half) + data[half:] + b"\xff"


def cbor_items(major, count, parts, noise):
    body = b"".join(parts)
    return cbor_head(major, count) + body if noise.random() < 0.8 else bytes([major << 5 | 31]) + body + b"\xff"


def cbor_float(number, noise):
    half = struct.pack(">e", number) if special(number) or number in (0.0, 1.0, -1.5) else None
    if half is not None and noise.random() < 0.7:
        return b"\xf9" + half
    if not special(number) and struct.unpack(">f", struct.pack(">f", number))[0] != number if abs(number) < 3e38 or special(number) else True:
        return b"\xfb" + struct.pack(">d", number)
    return b"\xfa" + struct.pack(">f", number)


def cbor_int(n):
    return cbor_head(0, n) if n >= 0 else cbor_head(1, -1 - n)


def cbor_any(value, noise):
    """A value without a shape."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return cbor_int(value)
    if isinstance(value, float):
        return cbor_float(value, noise)
    if isinstance(value, str):
        return cbor_bytes(3, value.encode(), noise)
    if isinstance(value, bytes):
        return cbor_bytes(2, value, noise)
    if isinstance(value, list):
        return cbor_items(4, len(value), [cbor_any(v, noise) for v in value], noise)
    return cbor_items(5, len(value), [cbor_any(k, noise) + cbor_any(v, noise) for k, v in value.items()], noise)


def cbor_of(shape, value, noise):
    kind = shape.type_name
    if kind == "structure" and not shape.metadata.get("document"):
        if is_new_union(shape, noise):
            return cbor_any({"brandNew": noise.choice(["x", {"a": None}, []])}, noise)
        parts = [cbor_any(shape.members[k].serialization.get("name", k), noise) + cbor_of(shape.members[k], v, noise) for k, v in value.items()]
        if noise.random() < 0.2 and not shape.metadata.get("union"):
            parts.append(cbor_any("unknownMember", noise) + cbor_any(noise.choice([None, {"a": [1, {}]}, b"x", 1.5]), noise))
        return cbor_items(5, len(parts), parts, noise)
    if kind == "list":
        return cbor_items(4, len(value), [cbor_of(shape.member, v, noise) for v in value], noise)
    if kind == "map":
        return cbor_items(5, len(value), [cbor_any(k, noise) + cbor_of(shape.value, v, noise) for k, v in value.items()], noise)
    if kind == "timestamp":
        seconds = seconds_of(value)
        return b"\xc1" + (cbor_int(seconds) if isinstance(seconds, int) else b"\xfb" + struct.pack(">d", seconds))
    return cbor_any(value, noise)


# ---- REST ----

def header_item(shape, value):
    text = scalar_text(shape, value, "rfc822")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if shape.type_name == "string" and (("," in text) or ('"' in text)) else text


def header_text(shape, value):
    if shape.serialization.get("jsonvalue"):
        return base64.b64encode(json.dumps(value).encode()).decode()
    if shape.type_name == "list":
        return ", ".join(header_item(shape.member, v) for v in value)
    return scalar_text(shape, value, "rfc822")


def rest_headers(shape, value):
    """The members that travel as headers."""
    made = []
    for name, v in value.items():
        member = shape.members[name]
        if member.serialization.get("location") == "header" and not (member.type_name == "list" and not v):
            made.append((member.serialization.get("name", name), header_text(member, v)))
        elif member.serialization.get("location") == "headers":
            made += [(member.serialization.get("name", "") + k, scalar_text(member.value, x, "rfc822")) for k, x in v.items()]
    return made


def rest_body(shape, value, document):
    """The body: a payload's bytes, or what document(shape, value) makes of a structure. None: no body."""
    payload = shape.serialization.get("payload")
    if payload is None:
        inside = {k: v for k, v in value.items() if not shape.members[k].serialization.get("location")}
        has_body = any(not m.serialization.get("location") for m in shape.members.values())
        return document(shape, inside) if has_body else b""
    if payload not in value:
        return b""
    member = shape.members[payload]
    if member.type_name == "blob":
        return value[payload]
    return value[payload].encode() if member.type_name == "string" else document(member, value[payload])


def rest_answer(protocol, operation, shape, value, noise, status):
    def document(of, v):
        if operation.name == "GetBucketLocation":  # its only member is the text of the root
            return xml_document(xml_of(shape.members["LocationConstraint"], "LocationConstraint", v.get("LocationConstraint", ""), noise), noise)
        if protocol == "rest-json":
            return dump_json(json_of(of, v, noise), noise)
        root = of.serialization.get("name") or f"{operation.name}Result"
        return xml_document(xml_of(of, f"{root}", v, noise), noise)
    kind = "application/json" if protocol == "rest-json" else "text/xml"
    headers = rest_headers(shape, value)
    if not any(k.lower() == "content-type" for k, _ in headers):
        headers.append(("Content-Type", kind))
    return Answer(status, headers, rest_body(shape, value, document))


# ---- event streams ----

def frame(headers, payload):
    """One message; headers of text."""
    head = b"".join(bytes([len(k)]) + k.encode() + b"\x07" + struct.pack(">H", len(v)) + v.encode() for k, v in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def document_of(protocol, shape, name, value, noise):
    if protocol == "rest-xml":
        return xml_document(xml_of(shape, name, value, noise), noise)
    return cbor_of(shape, value, noise) if protocol == "smithy-rpc-v2-cbor" else dump_json(json_of(shape, value, noise), noise)


def event_frame(protocol, shape, name, value, noise):
    payload = next((n for n, m in shape.members.items() if m.serialization.get("eventpayload")), None)
    if payload is None:
        body = document_of(protocol, shape, name, value, noise)
    else:
        member, v = shape.members[payload], value.get(payload)
        body = b"" if v is None else v if member.type_name == "blob" else v.encode() if member.type_name == "string" else document_of(protocol, member, payload, v, noise)
    return frame({":message-type": "event", ":event-type": name, ":content-type": "x/y"}, body)


def event_stream(protocol, shape, events, noise):
    """The frames of [{name: members}], among them some that no client knows."""
    unknown = frame({":message-type": "event", ":event-type": "new-event"}, b"\xff")
    return b"".join(event_frame(protocol, shape.members[n], n, v, noise) + (unknown if noise.random() < 0.2 else b"") for event in events for n, v in event.items())


# ---- whole answers ----

def success(protocol, operation, value, noise):
    """The response that carries value, of the operation's output."""
    stream = operation.output_shape.event_stream_name if operation.output_shape is not None else None
    made = plain_success(protocol, operation, {k: v for k, v in value.items() if k != stream}, noise)
    if stream:
        initial = b"" if protocol.startswith("rest-") else frame({":message-type": "event", ":event-type": "initial-response"}, made.body)
        made.body = initial + event_stream(protocol, operation.output_shape.members[stream], value[stream], noise)
    return made


def plain_success(protocol, operation, value, noise):
    """The same without an event stream."""
    shape, status = operation.output_shape, operation.http.get("responseCode", 200)
    request_id = f"req-{noise.randrange(10 ** 6)}"
    xml = {"query": f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>", "ec2": f"<requestId>{request_id}</requestId>"}
    if protocol in xml:
        inside = xml_members(shape, value, noise) if shape is not None else ""
        wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
        inside = f"<{wrapper}>{inside}</{wrapper}>" if wrapper else inside
        whole = f'<{operation.name}Response xmlns="{NAMESPACE}">{inside}{xml[protocol]}</{operation.name}Response>'
        made = Answer(status, [("Content-Type", "text/xml")], xml_document(whole, noise))
    elif protocol == "json":
        body = dump_json(json_of(shape, value, noise), noise) if shape is not None else noise.choice([b"", b"{}"])
        made = Answer(status, [("Content-Type", "application/x-amz-json-1.1")], body)
    elif protocol == "smithy-rpc-v2-cbor":
        made = Answer(status, [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")], cbor_of(shape, value, noise) if shape is not None else b"\xa0")
    elif shape is None:
        made = Answer(status, [], b"")
    else:
        made = rest_answer(protocol, operation, shape, value, noise, status)
    made.headers += [("x-amzn-RequestId", request_id)] if noise.random() < 0.8 or not protocol.startswith("rest-") else [("x-amz-request-id", request_id), ("x-amz-id-2", "host/id+2=")]
    return made


def failure(protocol, operation, shape, code, message, value, noise):
    """An error with a code; shape (may be None) is the modelled one, value its members."""
    status = (shape.metadata.get("error", {}).get("httpStatusCode", 400) if shape is not None else 400)
    request_id = f"req-{noise.randrange(10 ** 6)}"
    service = operation.service_model
    headers = [("x-amz-request-id", request_id), ("x-amz-id-2", "host/id+2=")] if service.endpoint_prefix == "s3" else [("x-amzn-RequestId", request_id)]
    if protocol in ("query", "ec2", "rest-xml"):
        inside = xml_members(shape, {k: v for k, v in value.items() if k.lower() not in ("message", "code")}, noise) if shape is not None else ""
        error = f"<Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>{inside}"
        if protocol == "ec2":
            whole = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        elif protocol == "rest-xml" and service.endpoint_prefix == "s3":
            whole = f"<Error>{error}<RequestId>{request_id}</RequestId><HostId>host/id+2=</HostId></Error>"
        else:
            whole = f'<ErrorResponse xmlns="{NAMESPACE}"><Error>{error}</Error><RequestId>{request_id}</RequestId></ErrorResponse>'
        more = rest_headers(shape, value) if shape is not None and protocol == "rest-xml" else []
        return Answer(status, headers + more, xml_document(whole, noise))
    name = shape.name if shape is not None else code
    told = noise.choice([name, f"com.amazonaws.example#{name}", f"{name}:http://internal.amazon.com/coral/"])
    key = noise.choice(["message", "Message"])
    inside = {k: v for k, v in value.items() if k.lower() != "message"}
    if service.is_query_compatible:
        headers.append(("x-amzn-query-error", f"{code};Sender"))
    if protocol == "smithy-rpc-v2-cbor":
        head = cbor_any("__type", noise) + cbor_any(told.split(":")[0], noise) + cbor_any(key, noise) + cbor_any(message, noise)
        parts = [cbor_any(shape.members[k].serialization.get("name", k), noise) + cbor_of(shape.members[k], v, noise) for k, v in inside.items()]
        return Answer(status, headers + [("smithy-protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor")], cbor_head(5, 2 + len(parts)) + head + b"".join(parts))
    body = json_of(shape, {k: v for k, v in inside.items() if not shape.members[k].serialization.get("location")}, noise) if shape is not None else {}
    body = {k: v for k, v in body.items() if k.lower() != "message"}
    if message or (service.service_name != "sso-oidc" and noise.random() < 0.5):
        body[key] = message
    if shape is not None and protocol == "rest-json":
        headers += [(k, v) for k, v in rest_headers(shape, inside) if k.lower() != "x-amzn-errortype"]
    if protocol == "json" or noise.random() < 0.3:
        body["__type"] = told
    if protocol == "rest-json":
        if noise.random() < 0.7:
            headers.append(("x-amzn-ErrorType", told))
        else:
            body.pop("__type", None)
            body["code"] = told
    return Answer(status, headers + [("Content-Type", "application/json")], dump_json(body, noise))
