#!/usr/bin/env python3
"""Makes test/compliance/data/names/methods.txt: "Operation method" as botocore's xform_name gives it.

Of all services' operations and waiters those for which a naive rule (an underscore before each capital that follows a small letter or a digit) is
wrong, and all of the services whose models are here. Run with a Python that has botocore 1.44.5.
"""
import pathlib
import re

import botocore
import botocore.loaders

HERE = ("s3", "sts", "ec2", "dynamodb", "bedrock-runtime", "sqs", "lambda", "kms", "iam")


def main():
    loader = botocore.loaders.Loader()
    pairs = {}
    for service in loader.list_available_services("service-2"):
        names = list(loader.load_service_model(service, "service-2")["operations"])
        if service in loader.list_available_services("waiters-2"):
            names += loader.load_service_model(service, "waiters-2")["waiters"]
        for name in names:
            method = botocore.xform_name(name)
            if service in HERE or method != re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower():
                pairs[name] = method
    path = pathlib.Path(__file__).resolve().parent / "data" / "names" / "methods.txt"
    path.write_text("".join(f"{name} {method}\n" for name, method in sorted(pairs.items())), encoding="utf-8")
    print(len(pairs))


if __name__ == "__main__":
    main()
