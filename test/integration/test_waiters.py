"""Every waiter of every service, compared with botocore's: the same answers to botocore's wait and to `tucuxi call --jsonl` must lead to the same end, for the same reason, after as many
polls, with the same last response. Answers are made so that each acceptor is the first to match one; what may differ is listed in docs/differences.md, below "Found by the test of waiters".

TUCUXI_BOTOCORE is a Python with the botocore of models/import.py.

By hand: TUCUXI_BOTOCORE=... TUCUXI_TOOL=... PYTHONPATH=test/tools python3 test/integration/test_waiters.py [SERVICE[.WAITER]...]
"""
# timeout: 600
# alone
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "differential"))
import harness
import tap


def chosen(oracle):
    """[{"service", "waiters"}], and {waiter: its acceptors}."""
    import waits
    plans, acceptors = [], {}
    for service in oracle.loader.list_available_services("waiters-2"):
        configs = oracle.loader.load_service_model(service, "waiters-2")["waiters"]
        picked = [n for n in sorted(configs) if not harness.ASKED or service in harness.ASKED or f"{service}.{n}" in harness.ASKED]
        acceptors.update((f"{service}.{n}", waits.keys_of(configs[n])) for n in picked)
        plans += [{"service": service, "waiters": picked}] if picked else []
        oracle.forget()
    return plans, acceptors


def main():
    harness.begin()
    from oracle import Oracle
    known, found, hit, made = harness.Known("Found by the test of waiters"), [], collections.defaultdict(set), 0
    plans, acceptors = chosen(Oracle())
    for result in harness.run(plans, "wait_worker.py", lambda plan: len(plan["waiters"]), tool_data_path=f"{harness.ROOT}/models/data"):
        made += 1
        hit[result["case"].split("/")[0]].update(result["hit"])
        found += known.unlisted(result)
    tap.ok(made > 5 * len(acceptors), f"{made} waits of {len(acceptors)} waiters")
    tap.ok(not found, "no difference that is not listed", harness.explain(found))
    tap.equal([(name, key) for name, keys in acceptors.items() for key in keys if key not in hit[name]], [], "each acceptor matched something")
    known.check_used(known.rows if not harness.ASKED else [])
    tap.done()


if __name__ == "__main__":
    main()
