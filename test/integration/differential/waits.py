"""Which waits are made: for every acceptor of a waiter an answer that it matches, and sequences of such answers.

An answer is found by trial: small outputs that hold only what the waiter's expressions speak of, with the values that they expect, until each acceptor was the first to match one.
"""
import random
import re

from botocore.waiter import AcceptorConfig

from answers import Answer, Answers, failure, success
from cases import params_of, seed_of
from values import Values, as_json

TRIES = 3000
ODD_CODE = "SomethingElse"
HTML = (500, "text/html", b"<html><body>busy</body></html>")


class Calm(random.Random):
    """Noise that answers.py makes nothing special of."""

    def random(self):
        return 0.5


class Wait:
    """answers: one a poll; json: params for the tool."""

    def __init__(self, service, waiter, operation, kind, params, answers, max_attempts):
        self.service, self.waiter, self.operation, self.kind, self.params, self.answers, self.max_attempts = service, waiter, operation, kind, params, answers, max_attempts
        self.json = as_json(operation.input_shape, params) if operation.input_shape is not None else params

    def name(self):
        return f"{self.service}.{self.waiter}/{self.kind}"


# ---- outputs that expressions speak of ----

class Outputs:
    """Random outputs of an operation, of the members that the waiter's expressions name."""

    def __init__(self, operation, acceptors, seed):
        self.shape, self.random = operation.output_shape, random.Random(seed)
        paths = [a for a in acceptors if a.matcher.startswith("path")]
        self.names = {name for a in paths for name in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.sub(r"'[^']*'|`[^`]*`", "", a.argument))}
        self.words = sorted({str(a.expected) for a in paths} | {w for a in paths for w in re.findall(r"'([^']*)'", a.argument)} | {"otherwise"})
        self.defaults = Values(seed, "minimal", answer=True)
        self.mood = None

    def one(self):
        """In half of them all strings are the same."""
        self.mood = self.random.choice(self.words) if self.random.random() < 0.5 else None
        return self.value(self.shape, 0) if self.shape is not None else {}

    def value(self, shape, depth):
        kind, pick = shape.type_name, self.random.choice
        if kind == "structure":
            names = [n for n in shape.members if n in self.names and self.random.random() < 0.9]
            return {n: self.value(shape.members[n], depth + 1) for n in names} if depth < 8 else {}
        if kind == "list":
            return [self.value(shape.member, depth + 1) for _ in range(pick([0, 1, 1, 2, 3]))] if depth < 8 else []
        if kind == "map":
            return {w: self.value(shape.value, depth + 1) for w in ["one", "two"][:pick([0, 1, 2])]}
        if kind == "string":
            return self.mood or pick(self.words)
        if kind in ("integer", "long"):
            return pick([0, 1, 2])
        return pick([True, False]) if kind == "boolean" else self.defaults.value(shape)


# ---- answers ----

def error_answer(protocol, operation, code, status=None):
    shape = next((s for s in operation.error_shapes if s.error_code == code), None)
    made = failure(protocol, operation, shape, code, "No.", {}, Calm(1))
    made.status = status or made.status
    if made.status == 301:
        made.headers.append(("x-amz-bucket-region", "eu-west-1"))  # without it botocore asks for the region for ever
    return made


def parsed_error(answer, code, operation):
    """Near enough to what botocore makes of it: a HEAD's error is known by its status."""
    code = str(answer.status) if operation.http["method"] == "HEAD" else code
    return {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": answer.status}}


def candidates(protocol, operation, acceptors, seed):
    """(parsed, answer): errors and statuses that acceptors name, then outputs."""
    codes = [a.expected for a in acceptors if a.matcher == "error" and isinstance(a.expected, str)] + [ODD_CODE]
    statuses = [a.expected for a in acceptors if a.matcher == "status"]
    for code in codes:
        for status in [None] + [s for s in statuses if s >= 300]:
            answer = error_answer(protocol, operation, code, status)
            yield parsed_error(answer, code, operation), answer
    outputs = Outputs(operation, acceptors, seed)
    for _ in range(TRIES):
        value = outputs.one()
        answer = success(protocol, operation, value, Calm(1))
        yield {**value, "ResponseMetadata": {"HTTPStatusCode": answer.status}}, answer


def first_match(acceptors, parsed):
    for i, acceptor in enumerate(acceptors):
        try:
            if acceptor.matcher_func(parsed):
                return i
        except Exception:  # pylint: disable=broad-except  # an expression that the response does not fit ends botocore's wait
            return "misfit"
    return "error" if "Error" in parsed else "none"


def answers_of(protocol, operation, acceptors, seed):
    """{index of the acceptor that is the first to match, or "none", "error", "misfit": answer}."""
    found, wanted = {}, len(acceptors) + 2
    for parsed, answer in candidates(protocol, operation, acceptors, seed):
        found.setdefault(first_match(acceptors, parsed), answer)
        if len(found) - ("misfit" in found) == wanted:
            break
    return found


# ---- sequences ----

def waits_of(service, protocol, model, waiter, config):
    """The waits of one waiter; config is its model's."""
    operation = model.operation_model(config.operation)
    acceptors = list(config.acceptors)
    found = answers_of(protocol, operation, acceptors, seed_of("wait", service, waiter))
    params = params_of(operation, seed_of("params", service, waiter), "minimal")

    def make(kind, max_attempts, *keys):
        return Wait(service, waiter, operation, kind, params, Answers([found[k] for k in keys]), max_attempts)
    by_state = {}
    for i, acceptor in enumerate(acceptors):
        if i in found:
            by_state.setdefault(acceptor.state, i)
            yield make(f"acceptor-{i}", 1, i)
    for kind in ("none", "error", "misfit"):
        if kind in found:
            yield make(kind, 3, kind, kind, kind)
    retry, end = by_state.get("retry", "none"), by_state.get("success")
    if retry in found and end is not None:
        yield make("late", 3, retry, retry, end)
        yield make("too-late", 2, retry, retry, end)
    if "retry" in by_state and "none" in found:
        yield make("mixed", 2, by_state["retry"], "none")
    if "none" in found and "error" in found:
        yield make("breaks", 5, "none", "error")
    status, kind, body = HTML
    yield Wait(service, waiter, operation, "odd", params, Answers([Answer(status, [("Content-Type", kind)], body)]), 2)
    yield Wait(service, waiter, operation, "params", {**params, "NoSuchMember": 1}, Answers([Answer(200, [], b"")]), 2)


def key_of(acceptor):
    return f"{acceptor.matcher} {acceptor.argument} {acceptor.expected} {acceptor.state}"


def keys_of(config):
    return [key_of(AcceptorConfig(a)) for a in config["acceptors"]]
