#!/usr/bin/env python3
"""Makes test/compliance/data/jmespath-random/vectors.json: random expressions, and what jmespath.py says of them.

Run with a Python that has jmespath 1.1.0. Deterministic: the seed is fixed. Left out is where jmespath.py fails in Python's own ways (a TypeError of `<` or `in`), what it takes against the grammar
(arguments without commas between them), an expression as a result, a slice by steps of 0 that nothing comes to, and to_string, which escapes what is not ASCII. Of an error the whole text is kept, but where it shows a value as Python prints it: then only its first line up to that.
"""
import json
import math
import pathlib
import random
import re

import jmespath
from jmespath import exceptions

NAMES = ["a", "b", "c", "Items", "Key", "Size", "Name", "nope", '"q-1"', '"\\u00e9"', "none", "n", "flag"]
DATA = {
    "a": {"b": {"c": 1, "Items": [1, 2.5, -3]}, "n": 0, "flag": False, "q-1": "quoted", "\u00e9": ["x", "\u00fc"]},
    "b": [[1, 2], [3, [4, 5]], 6, None, "seven", []],
    "Items": [{"Key": "k1", "Size": 10, "Name": "beta", "n": 1.0}, {"Key": "k2", "Size": 2, "Name": "alpha", "flag": True},
              {"Key": "k3", "Size": 10, "Name": "\u03b2", "Items": [{"Key": "x", "Size": 0}]}, {"Key": "k4", "Size": -1.5, "none": None}],
    "c": "a string with \u00e9 and \U0001f600",
    "Name": "", "Size": 9007199254740993, "n": 2.0, "flag": True, "none": None, "q-1": {}, "\u00e9": [3, 1, 2], "Key": ["b", "a", "c"],
}
LITERALS = ["`1`", "`1.0`", "`-2`", "`0`", "`true`", "`false`", "`null`", "`[1, 2]`", "`{\"b\": 2}`", "`\"k2\"`", "'k1'", "'it\\'s'", "`[]`", "''", "`9007199254740993`"]
FUNCTIONS = {"abs": "n", "avg": "N", "ceil": "n", "floor": "n", "contains": "as", "ends_with": "ss", "starts_with": "ss", "join": "sS", "keys": "o", "values": "o", "length": "a", "max": "N",
             "min": "N", "reverse": "a", "sort": "N", "sum": "N", "to_array": "x", "to_number": "x", "to_string": "x", "type": "x", "merge": "oO", "not_null": "xx", "map": "&a", "sort_by": "a&",
             "max_by": "a&", "min_by": "a&"}


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, *options):
        return self.rng.choice(options)

    def name(self):
        return self.rng.choice(NAMES)

    def index(self):
        return str(self.rng.randint(-3, 3))

    def slice(self):
        part = lambda: self.index() if self.rng.random() < 0.5 else ""
        step = self.pick("", ":", ":1", ":2", ":-1", ":-2", ":0")
        return f"[{part()}:{part()}{step}]"

    def argument(self, kind, depth):
        if kind == "&":
            return "&" + self.expression(depth - 1)
        if kind != "O" and self.rng.random() < 0.5:
            return self.expression(depth - 1)
        return {"n": self.pick("Size", "n", "`-1.5`", "`3`"), "N": self.pick("\"\\u00e9\"", "Items[].Size", "Key", "`[]`", "Items[*].n"), "s": self.pick("c", "Name", "'k1'", "Items[0].Key"),
                "S": self.pick("Key", "Items[].Name", "`[]`"), "a": self.pick("Items", "b", "Key", "c", "`[3, 1, 2]`"), "O": self.pick("a", "`{\"b\": 2}`", "Items[0]"), "o": self.pick("a", "@", "`{\"b\": 2}`", "Items[0]"),
                "x": self.pick("a", "b", "c", "n", "flag", "none", "Items[0]", "'12'", "'1.50'", "'x'")}[kind]

    def call(self, depth):
        name = self.rng.choice(sorted(FUNCTIONS))
        return f"{name}({', '.join(self.argument(kind, depth) for kind in FUNCTIONS[name])})"

    def expression(self, depth):
        e = lambda: self.expression(depth - 1)
        if depth <= 0:
            return self.pick(self.name(), self.name(), self.name(), "@", self.rng.choice(LITERALS))
        return self.pick(
            lambda: self.name(), lambda: f"{e()}.{self.name()}", lambda: f"{self.name()}.{self.name()}", lambda: f"{e()}[{self.index()}]", lambda: f"{e()}[*]", lambda: f"{e()}[]",
            lambda: f"{e()}[*].{self.name()}", lambda: f"{e()}[].{self.name()}", lambda: f"{e()}.*", lambda: f"*.{self.name()}", lambda: f"{e()}{self.slice()}",
            lambda: f"{e()} | {e()}", lambda: f"{e()} || {e()}", lambda: f"{e()} && {e()}", lambda: f"!{e()}", lambda: f"({e()})",
            lambda: f"{e()} {self.pick('==', '!=', '<', '<=', '>', '>=')} {e()}", lambda: f"{e()}[?{e()}]", lambda: f"Items[?{self.name()} {self.pick('==', '<', '>=')} {self.rng.choice(LITERALS)}].Key",
            lambda: f"[{e()}, {e()}]", lambda: f"{{x: {e()}, \"y z\": {e()}}}", lambda: f"{e()}.[{self.name()}, {self.name()}]", lambda: f"{e()}.{{k: {self.name()}}}",
            lambda: self.call(depth), lambda: self.call(depth), lambda: self.call(depth))()


def plain(value):
    """JSON that says no more than a result: without functions, or a number that is none."""
    if isinstance(value, (list, tuple)):
        return all(plain(v) for v in value)
    if isinstance(value, dict):
        return all(plain(v) for v in value.values())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, bool, int))


NO_COMMA = re.compile(r": \w+ \w")
STEP_ZERO = re.compile(r":[-0-9]*:-?0\]")
PYTHON_VALUE = re.compile(r'token "([\[{].*|True|False|None)" \(LITERAL\)')


def ask(expression):
    try:
        result = jmespath.search(expression, DATA)
    except (exceptions.JMESPathTypeError, exceptions.UnknownFunctionError):
        return {"expression": expression, "error": "type"}
    except exceptions.ArityError:
        return None
    except exceptions.JMESPathError as error:
        text = str(error)
        if PYTHON_VALUE.search(text):
            return None
        if text.startswith("Bad jmespath expression: ") and not any(s in text for s in ("Unknown token", "Unclosed")):
            text = "Bad jmespath expression: "
        return {"expression": expression, "error": text}
    except ValueError as error:
        return {"expression": expression, "error": str(error)}
    except (TypeError, AttributeError, OverflowError):
        return None
    return {"expression": expression, "result": result} if plain(result) and not STEP_ZERO.search(expression) else None


def spoil(rng, expression):
    at = rng.randrange(len(expression) + 1)
    what = rng.random()
    if what < 0.4:
        return expression[:at] + expression[at + 1:]
    return expression[:at] + rng.choice(list("[](){}.*?|&!<>='`\"@:,- #\u00e90a")) + expression[at:]


def main():
    rng = random.Random(20240607)
    maker, cases, seen = Maker(rng), [], set()
    counts = {"result": 0, "error": 0}
    wanted = {"result": 1600, "error": 900}
    while any(counts[k] < wanted[k] for k in wanted):
        expression = maker.expression(rng.randint(1, 3))
        spoiled = counts["result"] >= wanted["result"] or rng.random() < 0.4
        if spoiled:
            expression = spoil(rng, expression)
        if expression in seen or not expression or "to_string" in expression or NO_COMMA.search(expression):
            continue
        seen.add(expression)
        case = ask(expression)
        kind = case and ("result" if "result" in case else "error")
        if case and counts[kind] < wanted[kind] and not (spoiled and kind == "result"):
            counts[kind] += 1
            cases.append(case)
    folder = pathlib.Path(__file__).parent / "data/jmespath-random"
    folder.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (folder / "vectors.json").write_text(f'{{"data": {json.dumps(DATA, ensure_ascii=False)},\n"cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
