"""Pages of every paginator, compared with botocore's: recorded sequences of pages (empty ones, with tokens of all kinds, with none) are given to both; each page, what MaxItems cuts off,
the resume token, the result of all pages in one, errors and requests must be the same, and a resumed pager must go on where the other library's token says. What may differ is listed in
docs/differences.md, below "Found by the differential test of pages"; what is listed and no longer found fails too.

A sample of the paginators, every unusual one among them; TUCUXI_FULL: all, those in every way. TUCUXI_BOTOCORE is a Python with the botocore of models/import.py.

By hand: TUCUXI_BOTOCORE=... TUCUXI_TOOL=... PYTHONPATH=test/tools python3 test/integration/test_differential_pages.py [SERVICE[.OPERATION]...]
"""
# timeout: 3000
# alone
import collections
import os
import random
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "differential"))
import harness
import tap

SERVICES = 20  # of a sample, beside those with unusual paginators
OPERATIONS = 4  # of each of these services


def is_unusual(plan, operation):
    """More than one token or result key, expressions that are no names, tokens and results of other types."""
    words = plan.input_tokens + plan.output_tokens + plan.result_keys + listed_text(plan.more_results)
    shape = operation.output_shape.members.get(plan.result_keys[0])
    return len(plan.input_tokens) > 1 or any(not re.fullmatch(r"\w+", w) for w in words) or (shape is not None and shape.type_name != "list") or \
        any(operation.input_shape.members[t].type_name != "string" for t in plan.input_tokens)


def listed_text(value):
    return [value] if value else []


def kinds_of(all_of_them, rng):
    """How a paginator is asked: by a resumed token at least."""
    import page_cases
    return page_cases.KINDS if harness.FULL and all_of_them else ["resume"] + rng.sample([k for k in page_cases.KINDS if k != "resume"], 2)


def plans(oracle, asked):
    """[{"service", "operations": [[name, kinds], ...]}], and how many paginators there are."""
    import page_cases
    from botocore.model import ServiceModel
    from variants import LOCAL
    rng, made, count = random.Random(2), [], 0
    services = [s for s in oracle.loader.list_available_services("paginators-1") if s not in LOCAL]
    sample = services if harness.FULL or asked else rng.sample(services, SERVICES)
    for service in services:
        model = ServiceModel(oracle.loader.load_service_model(service, "service-2"), service)
        pagination = oracle.loader.load_service_model(service, "paginators-1")["pagination"]
        operations = {n: model.operation_model(n) for n in sorted(pagination)}
        count += len(operations)
        unusual = [n for n in operations if is_unusual(page_cases.Plan(pagination[n]), operations[n])]
        others = [n for n in operations if n not in unusual]
        if asked or harness.FULL:
            names = [n for n in operations if not asked or service in asked or f"{service}.{n}" in asked]
        else:
            names = unusual[:6 if service in sample else 2] + (rng.sample(others, min(OPERATIONS, len(others))) if service in sample else [])
        if names:
            made.append({"service": service, "operations": [[n, kinds_of(n in unusual, rng)] for n in names]})
        oracle.forget()
    return made, count


def main():
    harness.begin()
    import variants
    from oracle import Oracle
    known, found, asked, kinds = harness.Known("Found by the differential test of pages"), [], set(), collections.Counter()
    with tempfile.TemporaryDirectory(prefix="tucuxi-pages-") as folder:
        variants.make(folder, Oracle().loader)
        made, count = plans(Oracle(folder), harness.ASKED)
        results = list(harness.run(made, "page_worker.py", lambda plan: len(plan["operations"]), data_path=folder, tool_data_path=f"{folder}:{harness.ROOT}/models/data"))
    for result in results:
        name, kind = result["case"].split("/")
        asked.add(name)
        kinds[kind] += 1
        found += known.unlisted(result)
    wanted, every = sum(len(plan["operations"]) for plan in made), harness.FULL and not harness.ASKED
    tap.ok(len(asked) == wanted > 0, f"{len(asked)} of {count} paginators were asked ({', '.join(f'{k} {n}' for k, n in sorted(kinds.items()))})", f"{wanted} were planned")
    tap.ok(wanted == count or not every, "every paginator, where all are asked")
    tap.ok(not found, "no difference that is not listed", harness.explain(found))
    known.check_used(known.rows if every else [])
    tap.done()


if __name__ == "__main__":
    main()
