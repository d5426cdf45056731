"""Makes data/introspection.json: what botocore knows of each service, operation, shape and region, as one digest a service.

    make_introspection.py [BOTOCORE_DATA]        botocore has to be importable, in the version that models/import.py names
    make_introspection.py --text SERVICE         prints what the service's digest is of, a line of JSON each

The lines are those that test_introspection.c makes with tucuxi/model.h: the service, its operations by method name, its regions by partition.
"""
import hashlib
import json
import pathlib
import sys

import botocore.session
from botocore import xform_name

FILE = pathlib.Path(__file__).resolve().parent / "data" / "introspection.json"
MEMBER_FLAGS = (("streaming", "streaming"), ("idempotencyToken", "idempotency_token"), ("deprecated", "deprecated"))


def line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Service:
    def __init__(self, session, name):
        self.name = name
        self.loader = session.get_component("data_loader")
        self.model = session.get_service_model(name)
        self.raw = self.loader.load_service_model(name, "service-2")
        self.pages = self.part("paginators-1", "pagination")
        self.waiters = self.part("waiters-2", "waiters")

    def part(self, file, section):
        try:
            return self.loader.load_service_model(self.name, file)[section]
        except botocore.exceptions.UnknownServiceError:
            return {}

    def sends_events(self, operation):
        return self.model.operation_model(operation).has_event_stream_input

    def describe(self):
        methods = sorted((xform_name(n), n) for n in self.raw["operations"] if not self.sends_events(n))
        metadata = self.model.metadata
        return {"service": self.name, "service_id": str(self.model.service_id), "api_version": self.model.api_version, "protocol": self.model.resolved_protocol,
                "endpoint_prefix": self.model.endpoint_prefix, "signing_name": metadata.get("signingName", metadata["endpointPrefix"]),
                "operations": dict(methods), "waiters": [xform_name(n) for n in sorted(self.waiters)]}

    def member(self, reference, reached):
        if reference["shape"] not in reached:
            reached.append(reference["shape"])
        shape = self.raw["shapes"][reference["shape"]]
        out = {"shape": reference["shape"]}
        for trait, name in MEMBER_FLAGS:
            if reference.get(trait, shape.get(trait, False) if trait == "streaming" else False):
                out[name] = True
        return out

    def shape(self, name, reached):
        raw = self.raw["shapes"][name]
        out = {"type": raw["type"]}
        if raw["type"] == "structure":
            if raw.get("required"):
                out["required"] = raw["required"]
            out["members"] = {m: self.member(r, reached) for m, r in raw.get("members", {}).items()}
            for trait, key in (("document", "document"), ("union", "union"), ("eventstream", "event_stream"), ("exception", "exception")):
                if raw.get(trait):
                    out[key] = True
            if raw.get("exception"):
                error = raw.get("error", {})
                out |= {"error_code": error["code"]} if "code" in error else {}
                out |= {"http_status": error["httpStatusCode"]} if "httpStatusCode" in error else {}
                out |= {"retryable": True} if "retryable" in raw else {}
                out |= {"throttling": True} if raw.get("retryable", {}).get("throttling") else {}
        for part in ("member", "key", "value"):
            if part in raw:
                out[part] = self.member(raw[part], reached)
        if raw.get("enum"):
            out["enum"] = raw["enum"]
        if "min" in raw:
            out["min"] = int(raw["min"]) if raw["min"] == int(raw["min"]) else raw["min"]
        if raw.get("sensitive"):
            out["sensitive"] = True
        return out

    def operation(self, name):
        raw = self.raw["operations"][name]
        out = {"name": name, "method": xform_name(name), "http_method": raw["http"]["method"], "request_uri": raw["http"]["requestUri"], "paginated": name in self.pages}
        if raw.get("deprecated"):
            out["deprecated"] = True
        reached = []
        for side in ("input", "output"):
            if side in raw:
                out[side] = raw[side]["shape"]
                self.member(raw[side], reached)
        out["errors"] = [e["shape"] for e in raw.get("errors", [])]
        for error in raw.get("errors", []):
            self.member(error, reached)
        shapes, done = {}, 0
        while done < len(reached):
            shapes[reached[done]] = self.shape(reached[done], reached)
            done += 1
        out["shapes"] = shapes
        return out

    def pagination(self, name):
        raw = self.pages[name]
        lists = ("input_token", "output_token", "result_key", "non_aggregate_keys")
        out = {key: [raw[key]] if isinstance(raw.get(key), str) else raw.get(key, []) for key in lists}
        return out | {key: raw[key] for key in ("more_results", "limit_key") if key in raw}


def lines(session, name, partitions):
    service = Service(session, name)
    described = service.describe()
    yield line(described)
    for operation in described["operations"].values():
        yield line(service.operation(operation))
        if operation in service.pages:
            yield line(service.pagination(operation))
    for partition in partitions:
        yield line(session.get_available_regions(name, partition))


def main():
    session = botocore.session.Session()
    partitions = sorted(session.get_available_partitions())
    if sys.argv[1:2] == ["--text"]:
        print(*lines(session, sys.argv[2], partitions), sep="\n")
        return
    services = {}
    for name in sorted(session.get_available_services()):
        digest = hashlib.sha256()
        for text in lines(session, name, partitions):
            digest.update(text.encode() + b"\n")
        services[name] = digest.hexdigest()
    endpoints = session.get_component("data_loader").load_data("partitions")
    regions = {p["id"]: sorted(r for r in p["regions"] if r != p["id"] + "-global") for p in sorted(endpoints["partitions"], key=lambda p: p["id"])}
    text = {"botocore": botocore.__version__, "partitions": partitions, "regions": regions, "services": services}
    FILE.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
