#!/usr/bin/env python3
"""Makes test/compliance/data/validation/SERVICE.json: params, and what botocore's validation says of them.

Run with a Python that has botocore 1.44.5. The sentences are botocore's; only its names of Python's types are put into ours, values are shown as
JSON instead of as Python prints them, and those of sensitive members not at all (docs/internals/validation.md). Deterministic: the random choices have a fixed seed.
"""
import json
import pathlib
import random
import re
import sys

import botocore.loaders
import botocore.model
import botocore.validate

SERVICES = {"s3": 200, "sts": 20, "dynamodb": 80, "lambda": 80, "iam": 60, "sqs": 30, "kms": 40, "bedrock-runtime": 30, "ec2": 60}
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "list", dict: "map", type(None): "null"}
VALID = {"<class 'str'>": "string", "<class 'bool'>": "boolean", "<class 'int'>": "integer", "<class 'float'>": "number",
         "<class 'decimal.Decimal'>": "large number", "<class 'list'>": "list", "<class 'tuple'>": None, "<class 'dict'>": "map",
         "<class 'datetime.datetime'>": "timestamp"}


def shown(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    raw = text.encode()
    return text if len(raw) <= 256 else raw[:256].decode(errors="ignore") + "..."


class Errors(botocore.validate.ValidationErrors):
    hidden = 0          # how many of the shapes around the value are sensitive

    def report(self, name, reason, **extra):
        super().report(name, reason, hidden=Errors.hidden > 0 and reason != "invalid length", **extra)

    def _format_error(self, error):
        text = super()._format_error(error)
        _, _, extra = error
        if "param" not in extra:
            return text
        param = extra["param"]
        value = "***" if extra["hidden"] else shown(param)
        if "valid_types" in extra:
            valid = [VALID.get(name, name) for name in extra["valid_types"]]
            theirs = f"value: {param}, type: {type(param)}, valid types: {', '.join(extra['valid_types'])}"
            ours = f"value: {value}, type: {TYPES[type(param)]}, valid types: {', '.join(name for name in valid if name)}"
        else:
            minimum = extra["min_allowed"]
            theirs = f"value: {param}, valid min {'length' if 'length' in error[0] else 'value'}: {minimum}"
            ours = theirs.replace(f"value: {param}", f"value: {value}", 1)
            if minimum == int(minimum):
                ours = ours[: ours.rindex(":")] + f": {int(minimum)}"
        assert theirs in text, (theirs, text)
        return text.replace(theirs, ours)


class Validator(botocore.validate.ParamValidator):
    VALIDATED_METADATA_ATTRS = botocore.validate.ParamValidator.VALIDATED_METADATA_ATTRS | {"sensitive"}

    def _validate(self, params, shape, errors, name):
        sensitive = bool(shape.metadata.get("sensitive"))
        Errors.hidden += sensitive
        super()._validate(params, shape, errors, name)
        Errors.hidden -= sensitive

    def _validate_blob(self, param, shape, errors, name):
        if not isinstance(param, str):
            kinds = ["blob", "string"] + (["body"] if shape.serialization.get("streaming") else [])
            errors.report(name, "invalid type", param=param, valid_types=kinds)


botocore.validate.ValidationErrors = Errors


class Maker:
    """Params that are right in most places and wrong in some."""

    def __init__(self, seed, wrong):
        self.random = random.Random(seed)
        self.wrong = wrong

    def anything(self):
        return self.random.choice(["text", "", "ünïcode", 7, -3, 0, 1.5, True, None, [], ["a", 1], {}, {"Key": "a", "n": [None, 2.5]}])

    def value(self, shape, depth):
        if self.random.random() < self.wrong:
            bad = self.anything()
            if not (isinstance(bad, bool) and shape.type_name in ("integer", "long", "float", "double")):
                return bad
        kind = shape.type_name
        if kind == "structure":
            if shape.is_document_type:
                return self.anything()
            return self.structure(shape, depth + 1)
        if kind == "list":
            return [self.value(shape.member, depth + 1) for _ in range(self.random.choice((0, 1, 1, 2)) if depth < 5 else 0)]
        if kind == "map":
            return {name: self.value(shape.value, depth + 1) for name in self.random.sample(["", "a", "key.b", "ü"], 2 if depth < 5 else 0)}
        choices = {"string": ["", "a", "text", "ünïcode", "0123456789" * 2], "blob": ["", "Ymx1Yg=="], "boolean": [True, False],
                   "integer": [0, 1, 5, -1, 100000], "long": [0, 1, 5, -1, 2**40], "float": [0, 0.25, -1.5], "double": [0, 0.25, -1.5],
                   "timestamp": ["2015-08-30T12:36:00Z", "Sun, 30 Aug 2015 12:36:00 GMT", 1440938160, 1440938160.5, "no time at all"]}
        return self.random.choice(choices[kind])

    def structure(self, shape, depth):
        members = list(shape.members)
        required = [name for name in shape.metadata.get("required", []) if self.random.random() > self.wrong]
        other = [name for name in members if name not in required]
        chosen = required + self.random.sample(other, min(len(other), self.random.choice((0, 1, 3)) if depth < 5 else 0))
        self.random.shuffle(chosen)
        params = {name: self.value(shape.members[name], depth) for name in chosen}
        if self.random.random() < self.wrong / 2:
            params[self.random.choice(["Nonsense", "bucket", ""])] = self.anything()
        return params


def case(model, name, params):
    operation = model.operation_model(name)
    given = dict(params)
    for token in operation.idempotent_members:      # botocore fills these in before it validates
        given.setdefault(token, "00000000-0000-4000-8000-000000000000")
    report = Validator().validate(given, operation.input_shape).generate_report()
    return {"operation": name, "params": params, "report": report.split("\n") if report else []}


def main():
    folder = pathlib.Path(__file__).resolve().parent / "data" / "validation"
    loader = botocore.loaders.Loader()
    for service, count in SERVICES.items():
        model = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
        names = [name for name in model.operation_names if model.operation_model(name).input_shape is not None]
        chooser = random.Random(service)
        cases = [case(model, name, {}) for name in (names if len(names) < 150 else chooser.sample(names, 60))]
        for number in range(count):
            name = chooser.choice(names)
            maker = Maker(f"{service} {number}", chooser.choice((0, 0.1, 0.3)))
            cases.append(case(model, name, maker.structure(model.operation_model(name).input_shape, 0)))
        lines = ",\n".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in cases)
        (folder / f"{service}.json").write_text(f'{{"service":"{service}","cases":[\n{lines}\n]}}\n', encoding="utf-8")
        print(service, len(cases), sum(bool(each["report"]) for each in cases))


if __name__ == "__main__":
    if not re.match(r"1\.44\.5$", botocore.__version__):
        sys.exit("botocore 1.44.5 is needed")
    main()
