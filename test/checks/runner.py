"""The runner itself: each way in which a program can fail is seen as failed, and what passed or was skipped is counted as that."""
import os
import subprocess
import sys
import tempfile

import run_tests
import source
import tap


def outcome(script, limit=30):
    return run_tests.run(run_tests.Test("probe", ["sh", "-c", script], limit), dict(os.environ))


def counts(script, limit=30):
    o = outcome(script, limit)
    return o.passed, len(o.failures), len(o.skips)


tap.equal(counts("echo 1..2; echo ok 1 - a; echo ok 2 - b"), (2, 0, 0), "two results that are well")
tap.equal(counts("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1"), (1, 1, 0), "a result that is not")
tap.equal(counts("echo 1..1; echo ok 1; echo 1..1; echo ok 1"), (2, 0, 0), "two groups of results")
tap.equal(counts("echo ok 1 - a; echo 'ok 2 - b # SKIP no server'; echo 1..2"), (1, 0, 1), "a skipped result")
tap.equal(counts("echo 1..1; echo 'not ok 1 # SKIP b'"), (0, 0, 1), "a skipped result in cmocka's words")
tap.equal(counts("echo '1..0 # SKIP no server'"), (0, 0, 1), "a program that is skipped as a whole")
tap.equal(outcome("echo '1..0 # SKIP no server'").skips, ["whole program: no server"], "the reason of a skip")
tap.equal(counts("echo ok 1 - a"), (1, 1, 0), "no plan")
tap.equal(counts("echo 1..3; echo ok 1 - a"), (1, 1, 0), "fewer results than planned")
tap.equal(counts("echo 1..1; echo ok 1; echo ok 2"), (2, 1, 0), "more results than planned")
tap.equal(counts("echo 1..0"), (0, 1, 0), "a program without a test")
tap.equal(counts(":"), (0, 1, 0), "a program that says nothing")
tap.equal(counts("echo 1..1; echo ok 1; exit 3"), (1, 1, 0), "an exit status without a failed result")
tap.equal(counts("echo 1..2; echo ok 1; kill -SEGV $$"), (1, 1, 0), "a crash")
tap.equal(counts("echo 1..1; echo ok 1; sleep 60", limit=1), (1, 1, 0), "a program that does not end")
tap.equal(counts("echo 1..1; echo ok 1; sleep 60 >/dev/null 2>&1 &"), (1, 1, 0), "a process that is left behind")
tap.equal(counts("echo 1..1; echo ok 1; echo ==1==ERROR: LeakSanitizer: detected memory leaks"), (1, 1, 0), "a sanitizer's report in the output")
tap.equal(run_tests.run(run_tests.Test("probe", None, 30), {}).failures, ["not built"], "a program that was not built")

leak = "#include <stdlib.h>\nint main(void) { char *volatile p = malloc(9); p = 0; return p != 0; }\n"
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "leak.c"), "w", encoding="utf-8") as file:
        file.write(leak)
    program = os.path.join(folder, "leak")
    subprocess.run(["gcc", "-fsanitize=address", "-o", program, program + ".c"], check=True)
    tap.equal(counts(f"{program} >/dev/null 2>&1; echo 1..1; echo ok 1"), (1, 1, 0), "a sanitizer's report of a child whose output nobody reads")
done = subprocess.run([sys.executable, source.path("test", "tools", "run_tests.py"), "--build", os.environ["TUCUXI_BUILD"], "--release", source.RELEASE, "no such test"],
                      capture_output=True, text=True, check=False)
tap.ok(done.returncode == 1 and "0 passed" in done.stdout.splitlines()[-1], "no test at all is not a success", done.stdout + done.stderr)
tap.done()
