"""Makes the calls of some services through botocore and through the tool, and prints what differs: a JSON line a call."""
import asyncio
import json
import sys

import botocore.model

import cases
import compare
from oracle import Oracle, presigned
from tool import Tool

LANES = 4


def url_differences(case, theirs, ours):
    """theirs: (url, error, message)."""
    url, failed, message = theirs
    error, response = ours.get("error"), ours.get("response")
    if failed in compare.NO_QUERY and (response or error["type"] == "ParamValidationError"):
        return  # of a body that is no JSON botocore makes nothing; tucuxi neither, where it would have to be in the query
    if case.operation.auth_type == "none" and response:
        yield from compare.unsigned(response)
        return
    if "v4a-query" in message and response:
        failed = url = None  # SigV4A signs URLs of S3 only
    if (failed or "") != (error["type"] if error else ""):
        yield "outcome", failed and f"{failed}: {message}", error and f"{error['type']}: {error['message']}"
    if response:
        yield from compare.urls(url, response, json.dumps(case.json), case.operation)


def differences(case, theirs, ours, requests):
    error = ours.get("error")
    failed = theirs.error if not case.place or not theirs.requests else None  # of a request that is only looked at, the answer is none
    if (failed or "") != (error["type"] if error else ""):
        yield "outcome", failed and f"{failed}: {theirs.message}", error and f"{error['type']}: {error['message']}"
    if len(theirs.requests[:1] if case.place else theirs.requests) != len(requests):
        yield "requests", len(theirs.requests), len(requests)
    for one, two in zip(theirs.requests, requests):
        yield from compare.requests(one, two, json.dumps(case.json), case.place is not None)
    if case.place:
        return
    response = error["response"] if error else ours["response"]
    if theirs.response is not None and response is not None:
        yield from compare.responses(theirs.response, response)
    if not theirs.requests:
        yield "refused", f"{theirs.error}: {theirs.message}", error and error["message"]


class Service:
    """One service's calls."""

    def __init__(self, name, oracle, tool):
        self.name, self.oracle, self.tool, self.clients, self.running = name, oracle, tool, {}, set()
        self.model = botocore.model.ServiceModel(oracle.loader.load_service_model(name, "service-2"), name)

    def client(self, place, signature_version=None):
        key = json.dumps([place, signature_version])
        if key not in self.clients:
            options = {"region": place["region"], **place.get("config", {})} if place else {"url": self.tool.all_lanes[0].url}
            if signature_version:
                options["signature_version"] = signature_version
            self.clients[key] = self.oracle.client(self.name, **options)
        return self.clients[key]

    async def one(self, case, lane):
        try:
            if case.kind == "url":
                theirs = presigned(self.client(case.place, "s3v4" if self.name == "s3" else None), case.operation.name, case.params, case.method)
                found = url_differences(case, theirs, await self.tool.presign(case))
            else:
                theirs = self.oracle.call(self.client(case.place), case.operation.name, case.params, case.answer)
                ours, requests = await (self.tool.render(case) if case.place else self.tool.call(lane, case))
                found = differences(case, theirs, ours, requests)
        finally:
            self.tool.lanes.put_nowait(lane)
        found = [[a, short(x), short(y)] for a, x, y in found]
        print(json.dumps({"case": case.name(), "protocol": self.model.resolved_protocol, "differences": found}), flush=True)

    def cases(self, operations):
        """operations: [name, rounds] each."""
        for name, rounds in operations:
            for number in range(rounds):
                yield from cases.cases_of(self.name, self.model.resolved_protocol, self.model.operation_model(name), number)

    async def run(self, plan):
        """All cases of a plan, as many at a time as there are lanes."""
        for case in self.cases(plan):
            self.running.add(asyncio.create_task(self.one(case, await self.tool.lanes.get())))
        if self.running:
            await asyncio.gather(*self.running)


def short(value):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) < 600 else text[:300] + " ... " + text[-200:]


async def main():
    job = json.load(sys.stdin)
    oracle = Oracle(job["data_path"])
    async with Tool(job["tool"], job["tool_data_path"], LANES) as tool:
        for plan in job["plans"]:
            await Service(plan["service"], oracle, tool).run(plan["operations"])
            oracle.forget()


if __name__ == "__main__":
    asyncio.run(main())
