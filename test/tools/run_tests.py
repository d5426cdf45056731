#!/usr/bin/env python3
"""Runs every test program and script, counts what they print, and says what failed.

The programs are those that CTest knows in each --build folder, test/checks/*.py and test/integration/test_*.py. All speak TAP. What counts as a
failure, each once: a "not ok" line; an exit status other than 0 without one; a crash; a plan that is missing, or that another number of results
follows; a sanitizer's report, wherever in the process tree; a process left behind; the time limit. A script changes its time limit with a line
"# timeout: SECONDS" and asks to run alone with "# alone". The last line printed is "N passed, F failed, S skipped".
"""
import argparse
import concurrent.futures
import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOOLS = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(TOOLS)
RESULT = re.compile(r"^(ok|not ok)\b(?:\s+\d+)?(?:\s+-)?\s*([^#]*)(?:#\s*(.*))?$")
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*(.*))?$")
REPORT = re.compile(r"(ERROR: (Address|Leak|Undefined)Sanitizer|runtime error: |SUMMARY: \w+Sanitizer)")
# These measure time or memory, or want to be at a point of a call in time, which valgrind stretches, or look for secrets in all of a freed block, also where nobody wrote: they run without it only.
NOT_BELOW_VALGRIND = {"unit.all.test_big", "unit.all.test_future_points", "unit.all.test_points", "unit.all.test_many_keys", "unit.all.test_timeouts", "unit.all.test_wiped"}
SKIP = re.compile(r"^skip\S*\s*(.*)$", re.I)


running_groups = {}  # by process group: the scratch folder


def interrupted(number, _frame):
    """Ctrl-C: every program that runs, with its servers, ends first."""
    for group in list(running_groups):
        try:
            os.killpg(group, signal.SIGTERM)
        except ProcessLookupError:
            pass
    time.sleep(1)
    for group, scratch in list(running_groups.items()):
        kill_group(group)
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(128 + number)


class Test:
    """One program to run."""

    def __init__(self, name, command, limit, env=None, folder=None, alone=False):
        self.name, self.command, self.limit = name, command, limit
        self.env, self.folder, self.alone = env or {}, folder, alone


class Outcome:
    """What one program's run came to."""

    def __init__(self, test):
        self.test, self.passed, self.failures, self.skips = test, 0, [], []
        self.log, self.seconds = "", 0.0


def tests_of_build(label, folder):
    """The programs that CTest knows in a build folder."""
    answer = subprocess.run(["ctest", "--test-dir", folder, "--show-only=json-v1"], check=True, capture_output=True, text=True)
    for entry in json.loads(answer.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in entry.get("properties", [])}
        env = dict(line.split("=", 1) for line in properties.get("ENVIRONMENT", []))
        name = (label + "/" if label else "") + entry["name"]
        yield Test(name, entry.get("command"), float(properties.get("TIMEOUT", 300)), env, properties.get("WORKING_DIRECTORY", folder),
                   bool(properties.get("RUN_SERIAL", False)))


def tests_of_scripts(folder, pattern, kind, env):
    """The Python scripts of a folder."""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if not fnmatch.fnmatch(name, pattern):
            continue
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as file:
            head = file.read(4096)
        limit = re.search(r"^# timeout: (\d+)$", head, re.M)
        alone = re.search(r"^# alone$", head, re.M) is not None
        yield Test(f"{kind}.{name[:-3]}", [sys.executable, path], float(limit.group(1)) if limit else 300, env, TESTS, alone)


def group_alive(group):
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


def stays_alive(group, seconds=3):
    """Whether some process of the group is still there after a while; a helper that sees its pipe closed needs a moment."""
    end = time.monotonic() + seconds
    while group_alive(group):
        if time.monotonic() > end:
            return True
        time.sleep(0.05)
    return False


def kill_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def count_results(outcome, out):
    """Reads the TAP in a program's output; returns the number planned (None without a plan) and the number found."""
    planned, found = None, 0
    for line in out.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))
            if int(plan.group(1)) == 0 and plan.group(2) and SKIP.match(plan.group(2)):
                outcome.skips.append("whole program: " + SKIP.match(plan.group(2)).group(1))
            continue
        result = RESULT.match(line)
        if not result:
            continue
        found += 1
        directive = SKIP.match(result.group(3) or "")
        # cmocka writes "not ok N # SKIP name" for a test that skips itself.
        if directive:
            outcome.skips.append((result.group(2).strip() + ": " + directive.group(1)).strip(": "))
        elif result.group(1) == "not ok":
            outcome.failures.append(result.group(2).strip() or line)
        else:
            outcome.passed += 1
    return planned, found


def judge(outcome, status, out, reports, late, left):
    """Adds what the output alone does not show as failed."""
    planned, found = count_results(outcome, out)
    if reports or REPORT.search(out):
        outcome.failures.append("a sanitizer reported")
    if late:
        outcome.failures.append(f"not finished after {outcome.test.limit:.0f} s")
    elif status < 0:
        outcome.failures.append(f"killed by {signal.Signals(-status).name}")
    elif status != 0 and not outcome.failures:
        outcome.failures.append(f"exit status {status}")
    if not late and status >= 0:
        if planned is None:
            outcome.failures.append("no plan")
        elif planned != found:
            outcome.failures.append(f"{planned} results planned, {found} found")
        elif planned == 0 and not outcome.skips:
            outcome.failures.append("no test in it")
    if left and not late:
        outcome.failures.append("processes left behind")


def run(test, base_env):
    """Runs one program in a process group and a scratch folder of its own."""
    outcome = Outcome(test)
    if not test.command:
        outcome.failures.append("not built")
        return outcome
    scratch = tempfile.mkdtemp(prefix="tucuxi-test-")
    started = time.monotonic()
    try:
        reports = os.path.join(scratch, "reports")
        work = os.path.join(scratch, "tmp")
        os.mkdir(reports)
        os.mkdir(work)
        env = {**base_env, "HOME": work, "TMPDIR": work, **test.env,
               "ASAN_OPTIONS": f"detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:log_path={reports}/asan",
               "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:log_path={reports}/ubsan"}
        with open(os.path.join(scratch, "log"), "w+b") as log:
            process = subprocess.Popen(test.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=test.folder, env=env,
                                       start_new_session=True)
            running_groups[process.pid] = scratch
            late = False
            try:
                status = process.wait(test.limit)
            except subprocess.TimeoutExpired:
                late = True
                # SIGTERM first: a script ends its server.
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    status = process.wait(5)
                except subprocess.TimeoutExpired:
                    kill_group(process.pid)
                    status = process.wait()
        left = stays_alive(process.pid)
        if left:
            kill_group(process.pid)
        running_groups.pop(process.pid, None)
        out = read_text(os.path.join(scratch, "log"))
        texts = [read_text(os.path.join(reports, name)) for name in sorted(os.listdir(reports))]
        judge(outcome, status, out, texts, late, left)
        outcome.log = out + "".join("\n" + text for text in texts)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    outcome.seconds = time.monotonic() - started
    return outcome


def show(outcome):
    word = "FAIL" if outcome.failures else "skip" if outcome.skips and not outcome.passed else "ok"
    text = f"{word:4} {outcome.test.name}: {outcome.passed} passed"
    if outcome.failures:
        text += f", {len(outcome.failures)} failed"
    if outcome.skips:
        text += f", {len(outcome.skips)} skipped"
    print(f"{text} ({outcome.seconds:.1f} s)", flush=True)


def run_all(tests, jobs, base_env):
    """The tests that share the machine first, then those that want it alone."""
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(run, test, base_env) for test in tests if not test.alone]
        for future in concurrent.futures.as_completed(running):
            outcomes.append(future.result())
            show(outcomes[-1])
    for test in tests:
        if test.alone:
            outcomes.append(run(test, base_env))
            show(outcomes[-1])
    return outcomes


def tail(log, limit=200):
    lines = log.splitlines()
    if len(lines) > limit:
        lines = [f"... {len(lines) - limit} lines before"] + lines[-limit:]
    return "\n".join(lines)


def summary(outcomes, extra_failures, extra_skips):
    passed = sum(o.passed for o in outcomes)
    failed = sum(len(o.failures) for o in outcomes) + len(extra_failures)
    skips = [f"{o.test.name}: {skip}" for o in outcomes for skip in o.skips] + extra_skips
    for outcome in outcomes:
        if outcome.failures:
            print(f"\n==== {outcome.test.name}\n{tail(outcome.log)}")
    if failed:
        print("\nFailed:")
        for outcome in outcomes:
            for failure in outcome.failures:
                print(f"  {outcome.test.name}: {failure}")
        for failure in extra_failures:
            print(f"  {failure}")
    if skips:
        print("\nSkipped:")
        for skip in skips:
            print(f"  {skip}")
    print(f"\n{passed} passed, {failed} failed, {len(skips)} skipped", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


def valgrind(test):
    """The same program below valgrind, with more time."""
    tool = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible", "--num-callers=30"]
    return Test("valgrind/" + test.name, test.command and tool + test.command, test.limit * 10, {**test.env, "TUCUXI_VALGRIND": "1"}, test.folder, test.alone)


def collect(options):
    """All that is to be run, the long ones first."""
    build = os.path.abspath(options.build)
    env = {"TUCUXI_BUILD": build, "PYTHONPATH": TOOLS, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    env["TUCUXI_TOOL"] = os.path.join(build, "examples", "tucuxi", "tucuxi")
    env["TUCUXI_RELEASE"] = os.path.abspath(options.release)
    tests = list(tests_of_scripts(os.path.join(TESTS, "checks"), "*.py", "checks", env))
    if options.full:
        tests += tests_of_scripts(os.path.join(TESTS, "checks", "full"), "*.py", "full", env)
    tests += tests_of_scripts(os.path.join(TESTS, "integration"), "test_*.py", "integration", env)
    tests += tests_of_build("", build)
    for label, folder in options.also or []:
        tests += tests_of_build(label, os.path.abspath(folder))
    if options.valgrind:
        tests += [valgrind(t) for t in tests_of_build("", os.path.abspath(options.valgrind)) if t.name.startswith("unit.") and t.name not in NOT_BELOW_VALGRIND]
    if not options.full:
        tests = [t for t in tests if not t.name.startswith("torture.")]
    if options.patterns:
        tests = [t for t in tests if any(fnmatch.fnmatch(t.name, f"*{p}*") for p in options.patterns)]
    return tests


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*", help="run only tests whose name holds one of these")
    parser.add_argument("--build", required=True, help="build folder with sanitizers")
    parser.add_argument("--release", required=True, help="build folder of the release build")
    parser.add_argument("--also", nargs=2, action="append", metavar=("LABEL", "FOLDER"), help="another build folder whose tests run too")
    parser.add_argument("--valgrind", metavar="FOLDER", help="build folder without sanitizers whose unit tests run below valgrind")
    parser.add_argument("--full", action="store_true", help="also the long checks and torture")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("-l", "--list", action="store_true", help="only print the names")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    tests = collect(options)
    if options.list:
        print("\n".join(test.name for test in tests))
        return 0
    failures, skips = [], []
    for variable, what in (("TUCUXI_VERSITYGW", "versitygw"), ("TUCUXI_METADATA_MOCK", "the EC2 metadata mock"), ("TUCUXI_BOTOCORE", "botocore and moto")):
        if not os.environ.get(variable):
            (failures if os.environ.get("CI") == "true" else skips).append(f"{what} cannot be had; tests against it did not run")
    # What the user has set up for real services must not reach a test.
    base_env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return summary(run_all(tests, options.jobs, base_env), failures, skips)


if __name__ == "__main__":
    sys.exit(main())
