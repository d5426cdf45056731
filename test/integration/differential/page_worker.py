"""Asks the paginators of some services through botocore and through the tool, and prints what differs: a JSON line a case."""
import asyncio
import copy
import json
import sys

import botocore

import compare
import page_cases
from oracle import Oracle
from tool import Tool
from values import plain
from worker import LANES, Service, short


class PageOracle(Oracle):
    """botocore's side: each call is answered with the next of the case's answers."""

    def iterator(self, client, case):
        self.answer, self.requests = case.answers.again(), []
        operation = botocore.xform_name(case.operation.name)
        return client.get_paginator(operation).paginate(**copy.deepcopy(case.params), PaginationConfig=case.config)

    def pages(self, client, case):
        """The pages, the resume token, what ended them (None: the last page), the requests."""
        made, error, token = [], None, None
        try:
            iterator = self.iterator(client, case)
            for page in iterator:
                made.append(copy.deepcopy(page))
            token = iterator.resume_token
        except Exception as e:  # pylint: disable=broad-except  # whatever it is, it is botocore's answer
            error = (type(e).__name__, str(e))
        return made, token, error, self.requests

    def whole(self, client, case):
        try:
            return self.iterator(client, case).build_full_result()
        except Exception:  # pylint: disable=broad-except  # the pages have told it
            return None



def errors(theirs, ours):
    """What validation says of params is the other test's."""
    one = theirs and (theirs[0] if theirs[0] == "ParamValidationError" else f"{theirs[0]}: {theirs[1]}")
    two = ours and (ours["type"] if ours["type"] == "ParamValidationError" else f"{ours['type']}: {ours['message']}")
    if one != two:
        yield "error", one, two


def differences(case, theirs, whole, ours, our_whole):
    pages, token, error, requests = theirs
    answer, our_pages, our_requests = ours
    yield from errors(error, answer.get("error"))
    if len(pages) != len(our_pages):
        yield "pages", len(pages), len(our_pages)
    for one, two in zip(pages, our_pages):
        yield from compare.responses(one, two)
    our_token = answer.get("response", {}).get("NextToken")
    if token != our_token:
        yield "token", token, our_token
    if len(requests) != len(our_requests):
        yield "requests", len(requests), len(our_requests)
    for one, two in zip(requests, our_requests):
        yield from compare.requests(one, two, json.dumps(case.json), False)
    if whole is not None:
        yield from (("whole" + at, one, two) for at, one, two in compare.diff(plain(whole), our_whole.get("response")))


class Paginators(Service):
    """One service's."""

    def __init__(self, name, oracle, tool):
        super().__init__(name, oracle, tool)
        self.pagination = oracle.loader.load_service_model(name, "paginators-1")["pagination"]

    async def one(self, case, lane):
        try:
            client = self.client(None)
            theirs = self.oracle.pages(client, case)
            if case.kind == "resume" and theirs[1] is not None:
                case = page_cases.resumed(case, theirs[0], theirs[1])
                theirs = self.oracle.pages(client, case)
            whole = self.oracle.whole(client, case)
            ours = await self.tool.pages(lane, case, True)
            our_whole = (await self.tool.pages(lane, case, False))[0]
        finally:
            self.tool.lanes.put_nowait(lane)
        found = [[a, short(x), short(y)] for a, x, y in differences(case, theirs, whole, ours, our_whole)]
        print(json.dumps({"case": case.name(), "protocol": self.model.resolved_protocol, "differences": found}), flush=True)

    def cases(self, operations):
        """operations: [name, kinds] each."""
        for name, kinds in operations:
            operation = self.model.operation_model(name)
            yield from page_cases.cases_of(self.name, self.model.resolved_protocol, operation, page_cases.Plan(self.pagination[name]), kinds)


async def main():
    job = json.load(sys.stdin)
    oracle = PageOracle(job["data_path"])
    async with Tool(job["tool"], job["tool_data_path"], LANES) as tool:
        for plan in job["plans"]:
            await Paginators(plan["service"], oracle, tool).run(plan["operations"])
            oracle.forget()


if __name__ == "__main__":
    asyncio.run(main())
