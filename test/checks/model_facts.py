"""Every key that occurs in models/data is read by the loader or stands below with the reason why it is not: a newer import cannot bring in a fact that is silently lost."""
import json
import os
import re

import source
import tap

SHAPES, OPERATIONS, SERVICE, RULES = "lib/model/loader_shapes.c", "lib/model/loader_operations.c", "lib/model/loader.c", "lib/model/rules_load.c"
# For each kind of object: the file that reads it, and the functions and tables in it whose strings are the keys.
READERS = {
    "service": (SERVICE, ["tcx__load_service"]),
    "metadata": (SERVICE, ["metadata_texts", "read_protocols", "read_metadata"]),
    "operation": (OPERATIONS, ["read_operation", "read_trait", "read_flag"]),
    "operation.http": (OPERATIONS, ["read_http"]),
    "operation.input, output": (OPERATIONS, ["reference_traits", "read_io"]),
    "operation.endpoint": (OPERATIONS, ["read_trait"]),
    "operation.httpChecksum": (OPERATIONS, ["read_checksum"]),
    "operation.endpointdiscovery": (OPERATIONS, ["read_discovery"]),
    "operation.requestcompression": (OPERATIONS, ["read_compression"]),
    "operation.errors": (OPERATIONS, ["read_errors"]),
    "static context parameter": (OPERATIONS, ["tcx__load_static_context"]),
    "operation context parameter": (OPERATIONS, ["read_operation_context"]),
    "shape": (SHAPES, ["shape_flags", "read_shape_trait"]),
    "shape.error": (SHAPES, ["read_error"]),
    "shape.retryable": (SHAPES, ["read_retryable"]),
    "member": (SHAPES, ["member_flags", "read_member_trait"]),
    "member.contextParam": (SHAPES, ["read_member_trait"]),
    "xmlNamespace": (SHAPES, ["tcx__load_namespace"]),
    "paginators": (SERVICE, ["tcx__load_paginators"]),
    "pagination": (SERVICE, ["read_pagination"]),
    "waiters": (SERVICE, ["tcx__load_waiters"]),
    "waiter": (SERVICE, ["read_waiter"]),
    "acceptor": (SERVICE, ["read_acceptors"]),
    "rule set": (RULES, ["load_all"]),
    "rule set parameter": (RULES, ["load_param"]),
    "rule": (RULES, ["load_rule", "load_conditions"]),
    "rule.endpoint": (RULES, ["load_endpoint"]),
}
SHAPE = "the name of the shape is read by tcx__load_reference"
AGAIN = "stands at the shape too"
LIFE = "says how long it will be there, not how it is called"
UNCHECKED = "botocore does not check it either"
IGNORED = {
    ("service", "version"): "of the format; all are the same to botocore",
    ("service", "deprecated"): LIFE,
    ("metadata", "serviceFullName"): "a name for people",
    ("metadata", "serviceAbbreviation"): "a name for people",
    ("metadata", "uid"): "names the document",
    ("metadata", "protocolSettings"): "HTTP/2, which is not spoken",
    ("metadata", "checksumFormat"): "botocore does not read it",
    ("metadata", "ripServiceName"): "botocore does not read it",
    ("operation", "idempotent"): "the retry policy does not ask",
    ("operation", "readonly"): "the retry policy does not ask",
    ("operation", "deprecatedSince"): LIFE,
    ("operation.input, output", "shape"): SHAPE,
    ("operation.errors", "shape"): SHAPE,
    ("operation.errors", "exception"): AGAIN,
    ("operation.errors", "error"): AGAIN,
    ("shape", "max"): UNCHECKED,
    ("shape", "pattern"): UNCHECKED,
    ("shape", "box"): "every member may be absent",
    ("shape", "sparse"): "every list and map may hold nulls, as to botocore's parsers",
    ("shape", "deprecated"): LIFE,
    ("shape", "deprecatedSince"): LIFE,
    ("shape", "synthetic"): "says where the shape comes from",
    ("shape", "xmlOrder"): "members are written in the model's order, as in botocore",
    ("shape.error", "senderFault"): "whose fault it was shows in the status",
    ("member", "box"): "every member may be absent",
    ("member", "deprecatedSince"): LIFE,
    ("member", "enum"): UNCHECKED,
    ("paginators", "version"): "of the format",
    ("waiters", "version"): "of the format",
}


def region(file, name):
    """The text of a table, or of a function to its closing brace at the margin."""
    text = source.read(file)
    table = re.search(r"\b" + name + r"\[\] = \{.*?\};", text, re.S)
    function = re.search(r"^\w[^\n;]*\b" + name + r"\([^;{]*\{.*?^\}", text, re.M | re.S)
    return (table or function).group(0) if table or function else None


found, where = {}, {}


def see(kind, record, place):
    for key in record if isinstance(record, dict) else ():
        found.setdefault(kind, set()).add(key)
        where.setdefault((kind, key), place)


def see_namespace(record, place):
    see("xmlNamespace", record.get("xmlNamespace"), place)


def see_service(document, place):
    see("service", document, place)
    see("metadata", document["metadata"], place)
    see_namespace(document["metadata"], place)
    for name, operation in document["operations"].items():
        at = f"{place}: {name}"
        see("operation", operation, at)
        for key in ("http", "endpoint", "httpChecksum", "endpointdiscovery", "requestcompression"):
            see("operation." + key, operation.get(key), at)
        for key in ("input", "output"):
            see("operation.input, output", operation.get(key), at)
            see_namespace(operation.get(key, {}), at)
        for error in operation.get("errors", []):
            see("operation.errors", error, at)
        for parameter in operation.get("staticContextParams", {}).values():
            see("static context parameter", parameter, at)
        for parameter in operation.get("operationContextParams", {}).values():
            see("operation context parameter", parameter, at)
    for name, shape in document["shapes"].items():
        at = f"{place}: {name}"
        see("shape", shape, at)
        see_namespace(shape, at)
        see("shape.error", shape.get("error"), at)
        see("shape.retryable", shape.get("retryable"), at)
        for member in [*shape.get("members", {}).values(), *(shape[k] for k in ("member", "key", "value") if k in shape)]:
            see("member", member, at)
            see("member.contextParam", member.get("contextParam"), at)
            see_namespace(member, at)
    for parameter in document.get("clientContextParams", {}).values():
        see("static context parameter", parameter, place)


def see_rules(rules, place):
    for rule in rules:
        see("rule", rule, place)
        see("rule.endpoint", rule.get("endpoint"), place)
        see_rules(rule.get("rules", []), place)


def see_file(path, name):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    place = os.path.relpath(path, source.path("models", "data"))
    if name == "service-2.json":
        see_service(document, place)
    elif name == "endpoint-rule-set-1.json":
        see("rule set", document, place)
        for parameter in document["parameters"].values():
            see("rule set parameter", parameter, place)
        see_rules(document["rules"], place)
    elif name == "paginators-1.json":
        see("paginators", document, place)
        for page in document["pagination"].values():
            see("pagination", page, place)
    elif name == "waiters-2.json":
        see("waiters", document, place)
        for waiter in document["waiters"].values():
            see("waiter", waiter, place)
            for acceptor in waiter["acceptors"]:
                see("acceptor", acceptor, place)
    else:
        tap.ok(False, f"{place} is of a known kind")


for folder, _, names in os.walk(source.path("models", "data")):
    for name in names if folder != source.path("models", "data") else []:
        see_file(os.path.join(folder, name), name)
for kind, keys in found.items():
    file, functions = READERS[kind]
    texts = [region(file, name) for name in functions]
    tap.ok(None not in texts, f"{kind}: what reads it is found", functions)
    read = set(re.findall(r'"(\w+)"', " ".join(t for t in texts if t)))
    lost = [f"{key} ({where[kind, key]})" for key in sorted(keys - read) if (kind, key) not in IGNORED]
    tap.equal(lost, [], f"{kind}: each of {len(keys)} keys is read or ignored for a reason")
    both = [key for key in sorted(keys & read) if (kind, key) in IGNORED]
    tap.equal(both, [], f"{kind}: none is both")
tap.equal(sorted(key for key in IGNORED if key[1] not in found.get(key[0], ())), [], "what is ignored occurs")
tap.equal(sorted(set(READERS) - set(found)), [], "every kind occurs")
tap.done()
