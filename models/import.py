#!/usr/bin/env python3
"""Makes models/data from botocore's data: documentation goes, every fact stays.

    models/import.py                         every service of the pinned botocore, which pip downloads
    models/import.py --service s3 sts        these only (what is there of other services stays as it is)
    models/import.py --botocore FOLDER       from an installed or unpacked botocore
    models/import.py --output FOLDER         somewhere else than models/data

Of each service the newest API version is taken, in botocore's own layout (SERVICE/VERSION/service-2.json), with the
sdk-extras merged in. JSON is written so that a diff of two versions reads well: an object stays on one line while it
fits, so that a member or an operation is one line or a few. Order is botocore's: it carries meaning (members, rules).
"""
import argparse
import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

BOTOCORE_VERSION = "1.44.5"
WHEEL_SHA256 = "8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921"
PARTS = ("service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2")
REQUIRED_PARTS = ("service-2",)
SHARED = ("partitions", "_retry", "sdk-default-configuration")
SHARED_OF_ALL = ("endpoints",)
PROSE = ("documentation", "deprecatedMessage")
LINE = 100


def without(record, *names):
    return {name: value for name, value in record.items() if name not in names}


def strip_reference(reference):
    return without(reference, *PROSE)


def strip_shape(shape):
    shape = without(shape, *PROSE)
    if "members" in shape:
        shape["members"] = {name: strip_reference(member) for name, member in shape["members"].items()}
    for name in ("member", "key", "value"):
        if name in shape:
            shape[name] = strip_reference(shape[name])
    return shape


def strip_operation(operation):
    operation = without(operation, *PROSE)
    for name in ("input", "output"):
        if name in operation:
            operation[name] = strip_reference(operation[name])
    if "errors" in operation:
        operation["errors"] = [strip_reference(error) for error in operation["errors"]]
    return operation


def strip_named(records):
    return {name: without(record, *PROSE) for name, record in records.items()}


def strip_rule(rule):
    rule = without(rule, *PROSE)
    if "rules" in rule:
        rule["rules"] = [strip_rule(each) for each in rule["rules"]]
    return rule


def strip(part, document):
    """Takes the prose away where it stands, so that a member whose name is "documentation" is kept."""
    if part == "service-2":
        document = without(document, "examples", *PROSE)
        document["operations"] = {name: strip_operation(each) for name, each in document["operations"].items()}
        document["shapes"] = {name: strip_shape(each) for name, each in document["shapes"].items()}
        if "clientContextParams" in document:
            document["clientContextParams"] = strip_named(document["clientContextParams"])
    elif part == "endpoint-rule-set-1":
        document = strip_rule(document)
        document["parameters"] = strip_named(document["parameters"])
    elif part == "waiters-2":
        document["waiters"] = {name: without(each, "description") for name, each in document["waiters"].items()}
    elif part == "sdk-default-configuration":
        document = without(document, "documentation")
    return document


def merge(base, extra):
    """botocore's deep_merge: maps are joined, everything else is replaced."""
    for name, value in extra.items():
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            merge(base[name], value)
        else:
            base[name] = value


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pretty(value, indent=0, used=0):
    """One line while it fits, else an item a line. used: characters that stand before it on its line."""
    line = compact(value)
    if used + len(line) <= LINE or not isinstance(value, (dict, list)) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        items = []
        for name, child in value.items():
            head = pad + compact(name) + ":"
            items.append(head + pretty(child, indent + 1, len(head)))
        return "{\n" + ",\n".join(items) + "\n" + " " * indent + "}"
    items = [pad + pretty(child, indent + 1, len(pad)) for child in value]
    return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"


def document_text(document):
    """The outermost two levels are always broken up: sections, and their entries."""
    sections = []
    for name, section in document.items():
        if isinstance(section, dict) and section:
            entries = []
            for key, entry in section.items():
                head = "  " + compact(key) + ":"
                entries.append(head + pretty(entry, 2, len(head)))
            text = "{\n" + ",\n".join(entries) + "\n }"
        else:
            text = pretty(section, 1, len(name) + 4)
        sections.append(" " + compact(name) + ":" + text)
    return "{\n" + ",\n".join(sections) + "\n}\n"


def read(path):
    """The document at path without its ending, or None."""
    plain = path.with_name(path.name + ".json")
    if plain.is_file():
        return json.loads(plain.read_text(encoding="utf-8"))
    packed = path.with_name(path.name + ".json.gz")
    if packed.is_file():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return None


def write(path, part, document):
    stripped = strip(part, document)
    text = document_text(stripped)
    if json.loads(text) != stripped:
        sys.exit(f"{path}: what was written does not read back")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return len(text.encode())


def import_service(data, service, output):
    versions = sorted(folder.name for folder in (data / service).iterdir() if read(folder / "service-2") is not None)
    if not versions:
        sys.exit(f"{service}: no service-2 in {data / service}")
    shutil.rmtree(output / service, ignore_errors=True)
    size = 0
    for part in PARTS:
        document = read(data / service / versions[-1] / part)
        if document is None:
            if part in REQUIRED_PARTS:
                sys.exit(f"{service}: no {part} of {versions[-1]}")
            continue
        extras = read(data / service / versions[-1] / f"{part}.sdk-extras")
        if extras is not None:
            merge(document, extras.get("merge", {}))
        size += write(output / service / versions[-1] / f"{part}.json", part, document)
    return size


def download(folder):
    """The data folder of the pinned botocore's wheel, unpacked below folder."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder,
                    f"botocore=={BOTOCORE_VERSION}"], check=True)
    wheel, = pathlib.Path(folder).glob("botocore-*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{wheel.name}: SHA-256 is {digest}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith("botocore/data/")])
    return pathlib.Path(folder) / "botocore"


def run(botocore, names, output):
    data = botocore / "data" if (botocore / "data").is_dir() else botocore
    services = names or sorted(folder.name for folder in data.iterdir() if folder.is_dir())
    size = 0
    for service in services:
        if not (data / service).is_dir():
            sys.exit(f"{service}: botocore has no such service")
        size += import_service(data, service, output)
    for name in SHARED + (() if names else SHARED_OF_ALL):
        document = read(data / name)
        if document is None:
            sys.exit(f"{name}: not in {data}")
        size += write(output / f"{name}.json", name, document)
    print(f"{len(services)} services, {size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description="Makes models/data from botocore's data.")
    parser.add_argument("--botocore", type=pathlib.Path, help="folder of a botocore package, or of its data")
    parser.add_argument("--service", nargs="+", default=[], help="only these services")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "data")
    options = parser.parse_args()
    if options.botocore:
        run(options.botocore, options.service, options.output)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(download(folder), options.service, options.output)


if __name__ == "__main__":
    main()
