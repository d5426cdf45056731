"""Writes test/compliance/data/outputs.json: values, queries, and what the AWS CLI's formatters print of them. Wants a Python with awscli 1.44.5 (whose formatters are those of version 2).

python3 make_outputs.py
"""
import argparse
import io
import json
import os
import pathlib
import random

import awscli
import jmespath
from awscli import formatter

FILE = pathlib.Path(__file__).parent / "data" / "outputs.json"
NAMES = ["Name", "Id", "Tags", "Key", "Value", "Items", "State", "Arn", "zeta", "Alpha", "Deep", "A longer name"]
# No character whose width depends on the terminal's language.
SCALARS = ["x", "some text", "日本語", "", "a\tb", "it's", 1, 0, -5, 1.5, 1e16, True, False, None, "2024-01-02", "arn:aws:iam::123456789012:role/a-role-with-a-long-name"]
QUERIES = [None, "v", "v", "v[].Name", "v.*", "v[0]", "length(v)", "v[].[Name, Id]", "{a: v, b: 'c'}"]
COUNT = 90


class Values:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth):
        what = self.random.random()
        if depth == 0 or what < 0.4:
            return self.random.choice(SCALARS)
        if what < 0.65:
            return self.list(depth)
        return {name: self.value(depth - 1) for name in self.random.sample(NAMES, self.random.choice([0, 1, 2, 3, 5]))}

    def list(self, depth):
        pick, n = self.random.random(), self.random.choice([0, 1, 2, 3])
        if pick < 0.5:
            names = self.random.sample(NAMES, self.random.choice([1, 2, 3]))
            return [{name: self.value(depth - 1) for name in names if self.random.random() < 0.8} for _ in range(n)]
        if pick < 0.8:
            return [self.random.choice(SCALARS) for _ in range(n)]
        return [[self.random.choice(SCALARS) for _ in range(2)] for _ in range(n)]


def printed(kind, query, value):
    """None: the AWS CLI fails over it."""
    args = argparse.Namespace(query=jmespath.compile(query) if query else None, color="off")
    out = io.StringIO()
    try:
        formatter.get_formatter(kind, args)("GetThing", json.loads(json.dumps(value)), out)
    except (AttributeError, ValueError, TypeError, jmespath.exceptions.JMESPathError):
        return None
    return out.getvalue()


def main():
    os.environ["COLUMNS"] = "80"
    cases = []
    for seed in range(COUNT):
        value = {"v": Values(seed).value(4)}
        if value["v"] is None:
            continue
        query = random.Random(seed).choice(QUERIES)
        outputs = {kind: printed(kind, query, value) for kind in ("json", "text", "table")}
        cases.append({"value": value, "query": query, **{k: v for k, v in outputs.items() if v is not None}})
    text = {"awscli": awscli.__version__, "cases": cases}
    FILE.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
