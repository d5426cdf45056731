"""Makes the waits of some waiters through botocore and through the tool, and prints what differs: a JSON line a wait."""
import asyncio
import json
import sys

import botocore
import botocore.exceptions
import botocore.waiter

import compare
import waits
from oracle import Oracle, Outcome
from tool import Tool
from worker import LANES, Service, short


class Matched:
    """Notes which acceptors match while botocore waits."""

    def __init__(self):
        self.keys, self.asked = set(), botocore.waiter.AcceptorConfig._create_matcher_func  # pylint: disable=protected-access
        note = self

        def create(acceptor):
            matches = note.asked(acceptor)

            def noting(response):
                hit = matches(response)
                if hit:
                    note.keys.add(waits.key_of(acceptor))
                return hit
            return noting
        botocore.waiter.AcceptorConfig._create_matcher_func = create  # pylint: disable=protected-access

    def take(self):
        keys, self.keys = self.keys, set()
        return sorted(keys)


def botocore_waits(oracle, client, wait):
    """The outcome; its response is the last one, which botocore keeps to itself when all is well."""
    waiter, last = client.get_waiter(botocore.xform_name(wait.waiter)), []
    operation = waiter._operation_method  # pylint: disable=protected-access

    def asking(**params):
        last[:] = [operation(**params)]
        return last[0]
    waiter._operation_method = asking  # pylint: disable=protected-access
    oracle.answer, oracle.requests = wait.answers.again(), []
    try:
        botocore.waiter.Waiter.wait(waiter, **wait.params, WaiterConfig={"Delay": 0, "MaxAttempts": wait.max_attempts})
        return Outcome(None, last[0], "", oracle.requests)
    except botocore.exceptions.WaiterError as e:
        return Outcome("WaiterError", e.last_response, str(e), oracle.requests)
    except Exception as e:  # pylint: disable=broad-except  # whatever it is, it is botocore's answer
        return Outcome(type(e).__name__, last[0] if last else None, str(e), oracle.requests)


def differences(theirs, ours, requests):
    error = ours.get("error")
    if (theirs.error or "") != (error["type"] if error else ""):
        yield "outcome", theirs.error and f"{theirs.error}: {theirs.message}", error and f"{error['type']}: {error['message']}"
    elif theirs.error and theirs.error != "ParamValidationError" and theirs.message != error["message"]:
        yield "reason", theirs.message, error["message"]
    if len(theirs.requests) != len(requests):
        yield "requests", len(theirs.requests), len(requests)
    response = error["response"] if error else ours["response"]
    if (theirs.response is None) != (response is None):
        yield "last_response", theirs.response, response
    elif response is not None:
        yield from compare.responses(theirs.response, response)


class Waits(Service):
    """One service's."""

    def __init__(self, name, oracle, tool, matched):
        super().__init__(name, oracle, tool)
        self.matched = matched
        self.waiters = botocore.waiter.WaiterModel(oracle.loader.load_service_model(name, "waiters-2"))

    async def one(self, case, lane):
        try:
            self.matched.take()
            theirs = botocore_waits(self.oracle, self.client(None), case)
            hit = self.matched.take()
            ours, requests = await self.tool.wait(lane, case)
        finally:
            self.tool.lanes.put_nowait(lane)
        found = [[a, short(x), short(y)] for a, x, y in differences(theirs, ours, requests)]
        print(json.dumps({"case": case.name(), "protocol": self.model.resolved_protocol, "hit": hit, "differences": found}), flush=True)

    def cases(self, names):
        for name in names:
            yield from waits.waits_of(self.name, self.model.resolved_protocol, self.model, name, self.waiters.get_waiter(name))


async def main():
    job = json.load(sys.stdin)
    oracle, matched = Oracle(), Matched()
    async with Tool(job["tool"], job["tool_data_path"], LANES) as tool:
        for plan in job["plans"]:
            await Waits(plan["service"], oracle, tool, matched).run(plan["waiters"])
            oracle.forget()


if __name__ == "__main__":
    asyncio.run(main())
