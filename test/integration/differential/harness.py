"""What the differential tests share: the same botocore as the models', workers, the table of what may differ, and how differences are told."""
import collections
import concurrent.futures
import fnmatch
import json
import os
import re
import subprocess
import sys

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PYTHON, TOOL, FULL = os.environ.get("TUCUXI_BOTOCORE", ""), os.environ.get("TUCUXI_TOOL", ""), bool(os.environ.get("TUCUXI_FULL"))
ASKED = sys.argv[1:]  # services, or their operations: what is run by hand
WORKERS = 2
SHOWN = 40  # sorts of differences that are printed


def begin():
    """Goes on in the Python that has botocore, which must be that which the models come from, or everything differs."""
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    if not PYTHON:
        tap.skip_all("botocore cannot be had")
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(PYTHON))):
        os.execv(PYTHON, [PYTHON, *sys.argv])
    os.environ["TZ"] = "UTC"
    import botocore.compat
    with open(os.path.join(ROOT, "models", "import.py"), encoding="utf-8") as file:
        wanted = re.search(r'^BOTOCORE_VERSION = "([^"]+)"', file.read(), re.M).group(1)
    tap.equal(botocore.__version__, wanted, "botocore is that of the models")
    tap.ok(botocore.compat.HAS_CRT, "it has the AWS CRT, for SigV4A")


def run(plans, worker, size, **job):
    """The lines of all workers, the plans shared out by their size."""
    shares = [[] for _ in range(WORKERS)]
    for plan in sorted(plans, key=size, reverse=True):
        min(shares, key=lambda share: sum(map(size, share))).append(plan)

    def work(share):
        return subprocess.run([sys.executable, os.path.join(HERE, worker)], input=json.dumps({"tool": TOOL, **job, "plans": share}), stdout=subprocess.PIPE, text=True, check=False)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for number, done in enumerate(pool.map(work, shares)):
            tap.equal(done.returncode, 0, f"worker {number + 1} of {WORKERS} came to its end")
            yield from map(json.loads, done.stdout.splitlines())


class Known:
    """The rows of a table in docs/differences.md, below that heading: (pattern of calls, pattern of aspects); and which of them were seen."""

    def __init__(self, heading):
        with open(os.path.join(ROOT, "docs", "differences.md"), encoding="utf-8") as file:
            part = file.read().split(f"## {heading}\n")[1].split("\n## ")[0]
        self.rows, self.used = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", part, re.M), set()

    def covers(self, result, aspect):
        """A row's first pattern is of calls ("s3.GetObject/full"), of a protocol's calls ("json/odd"), or a protocol."""
        case, protocol = result["case"], result["protocol"]
        names = (case, protocol, f"{protocol}/{case.split('/')[1]}")
        rows = [row for row in self.rows if any(fnmatch.fnmatchcase(name, row[0]) for name in names) and fnmatch.fnmatchcase(aspect, row[1])]
        self.used.update(rows)
        return bool(rows)

    def unlisted(self, result):
        """[(aspect, text)] of what differs in a worker's line and is in no row."""
        return [(aspect, f"{result['case']} {aspect}\n  botocore {theirs}\n  tucuxi   {ours}") for aspect, theirs, ours in result["differences"] if not self.covers(result, aspect)]

    def check_used(self, rows):
        for row in rows:
            tap.ok(row in self.used, f"still there: {row[0]} {row[1]}", "it is listed in docs/differences.md, but was not found")


def explain(several):
    """One difference of each sort, the most frequent first."""
    by_aspect = collections.defaultdict(list)
    for aspect, text in several:
        by_aspect[aspect].append(text)
    sorts = sorted(by_aspect.values(), key=lambda texts: -len(texts))
    text = f"{len(several)} differences of {len(sorts)} sorts\n" + "\n".join(f"{len(texts)} times, such as {texts[0]}" for texts in sorts[:SHOWN])
    return text + "\nall of them:\n" + "\n".join(t.split("\n", 1)[0] for texts in sorts for t in texts)
