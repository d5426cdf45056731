"""Sequences of pages as a service could give them, and what is asked of a paginator over them."""
import base64
import json
import random
import re

from answers import Answers, success
from cases import params_of, seed_of, value_of
from values import Values, as_json

ODD_TOKENS = ["next", "a b/c+d=e&f", "é日本", "\"quoted\" \\", "x___2", "null", "eyJhIjogMX0="]
KINDS = ["all", "max", "size", "resume", "old", "service", "repeat"]


def listed(value):
    return [value] if isinstance(value, str) else list(value or [])


class Plan:
    """What the model says of an operation's pages."""

    def __init__(self, config):
        self.input_tokens, self.output_tokens, self.result_keys = (listed(config[k]) for k in ("input_token", "output_token", "result_key"))
        self.more_results, self.limit_key = config.get("more_results"), config.get("limit_key")


class Pages:
    """kind: what is asked. answers: one for each call; params for botocore, json for the tool; config is PaginationConfig."""

    def __init__(self, service, operation, kind, params, answers, config):
        self.service, self.operation, self.kind, self.params, self.answers, self.config = service, operation, kind, params, answers, config
        self.json = as_json(operation.input_shape, params)

    def name(self):
        return f"{self.service}.{self.operation.name}/{self.kind}"


# ---- one page ----

def member_at(shape, path):
    for name in path.split("."):
        shape = shape.members[name]
    return shape


def put(value, path, what):
    *above, last = path.split(".")
    for name in above:
        value = value.setdefault(name, {})
    value[last] = what


def drop(value, path):
    *above, last = path.split(".")
    for name in above:
        value = value.get(name, {})
    value.pop(last, None)


def items_of(shape, values, n):
    """What stands at a result key: n items where it is a list."""
    if shape.type_name == "list":
        return [values.value(shape.member) for _ in range(n)]
    if shape.type_name == "map":
        return {f"k{i}-{values.random.randrange(1000)}": values.value(shape.value) for i in range(n)}
    if shape.type_name == "string":
        return "".join(values.random.choice(["a", "é", "日", "🐬", " "]) for _ in range(n))
    return values.value(shape)


def token_of(shape, member, number, rng):
    if member.type_name == "map":
        return {"pk": {"S": f"é{number}"}, "n": {"N": str(number)}, "b": {"B": rng.randbytes(3)}, "l": {"L": [{"B": b"\xff"}, {"BOOL": True}]}}
    if member.type_name in ("integer", "long"):
        return number
    plain = shape.serialization.get("location") == "header"
    text = f"t{number}-" + ("next" if plain else rng.choice(ODD_TOKENS))
    return text + "x" * (member.metadata.get("min", 0) - len(text))


def put_token(value, output_shape, expression, member, number, rng):
    """number None: there is no next page."""
    for path in (part.strip() for part in expression.split("||")):
        last = re.fullmatch(r"(.*)\[-1\]\.(\w+)", path)
        if last:
            items = value
            for name in last[1].split("."):
                items = items.get(name, {})
            if items and number is not None:
                items[-1][last[2]] = token_of(output_shape, member, number, rng)
        elif number is None:
            drop(value, path)
            if rng.random() < 0.3 and member.type_name == "string" and member_at(output_shape, path).serialization.get("location") != "header":
                put(value, path, "")
        elif "||" not in expression or rng.random() < 0.5:
            put(value, path, token_of(member_at(output_shape, path), member, number, rng))


def page_value(service, operation, plan, seed, rng, number, last, items):
    shape = operation.output_shape
    value = value_of(operation, seed, rng.choice(["minimal", "full"]), operation.http.get("responseCode", 200))
    for i, path in enumerate(plan.result_keys):
        if i == 0 or rng.random() < 0.7:
            put(value, path, items_of(member_at(shape, path), Values(seed + i, "minimal", answer=True), items if i == 0 else rng.choice([0, 1, 2])))
        if i == 0 and items == 0 and rng.random() < 0.4:
            drop(value, path)
    chosen = [rng.random() < 0.6 for _ in plan.output_tokens]
    chosen[0] = chosen[0] or not any(chosen)
    for wanted, output, name in zip(chosen, plan.output_tokens, plan.input_tokens):
        put_token(value, shape, output, operation.input_shape.members[name], number if wanted and not last else None, rng)
    value.pop("EncodingType", None)  # botocore fails where an item has no key to decode
    if plan.more_results:
        put(value, plan.more_results, not last)
    return value


# ---- sequences ----

def sequence(service, protocol, operation, plan, kind, seed):
    """The answers of a few pages, and how many items each has. One that ends in a list's last item needs items."""
    rng = random.Random(seed)
    n = rng.choice([2, 3, 4])
    needs_items = any("[-1]" in token for token in plan.output_tokens)
    counts = [rng.choice([1, 2, 3, 5] if needs_items else [0, 1, 1, 2, 3, 5]) for _ in range(n)]
    answers = []
    for i in range(n):
        number = 1 if kind == "repeat" and i < 2 else i + 1
        page_rng = random.Random(seed + 1) if kind == "repeat" and i < 2 else rng
        value = page_value(service, operation, plan, seed + 10 * (0 if kind == "repeat" and i < 2 else i), page_rng, number, i == n - 1, counts[0] if kind == "repeat" and i < 2 else counts[i])
        answers.append(success(protocol, operation, value, page_rng))
    return answers, counts


def config_of(operation, plan, kind, counts, rng):
    total = sum(counts)
    if kind == "max":
        return {"MaxItems": rng.randrange(1, total + 3)}
    if kind == "size":
        return {"MaxItems": rng.randrange(1, total + 3), "PageSize": rng.choice([1, 7, 100])}  # an error where there is no limit key
    if kind == "old":
        parts = [rng.choice(["tok", "None", "a b"]) for _ in plan.input_tokens]
        return {"StartingToken": "___".join(parts + [str(rng.choice([0, 1, 2, 9]))]), **({"MaxItems": rng.randrange(1, total + 3)} if rng.random() < 0.5 else {})}
    if kind == "service":
        return {"StartingToken": rng.choice(["plain", "a___b", "a___b___c___d___e", base64.b64encode(b'{"Other": "x"}').decode()])}
    return {}


def params_for(operation, plan, seed):
    params = params_of(operation, seed, "minimal")
    return {k: v for k, v in params.items() if k not in plan.input_tokens and k != plan.limit_key}


def cases_of(service, protocol, operation, plan, kinds):
    """What is asked of one operation's paginator. A "resume" takes its token from what botocore gives: resumed()."""
    for kind in kinds:
        seed = seed_of("pages", service, operation.name, kind)
        answers, counts = sequence(service, protocol, operation, plan, kind, seed)
        config = config_of(operation, plan, "max" if kind == "resume" else kind, counts, random.Random(seed))
        yield Pages(service, operation, kind, params_for(operation, plan, seed), Answers(answers), config)


def resumed(case, pages, token):
    """The case that goes on behind some pages: with the page that was cut, or behind the last."""
    cut = "boto_truncate_amount" in json.loads(base64.b64decode(token))
    return Pages(case.service, case.operation, case.kind, case.params, Answers(case.answers.several[len(pages) - 1 if cut else len(pages):]), {"StartingToken": token, "MaxItems": 3})
