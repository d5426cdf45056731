"""TAP (Test Anything Protocol) for test scripts in Python.

    import tap
    tap.ok(answer == 200, "the object is there", f"status {answer}")
    tap.skip("another server", "not installed")
    tap.done()

Every line is flushed, so that what was asserted before a crash is seen. done() prints the plan and ends the process.
"""
import sys

_count = 0
_failed = 0


def diag(text):
    """Lines of explanation below the last result."""
    for line in str(text).splitlines():
        print("# " + line)
    sys.stdout.flush()


def ok(condition, name, why=""):
    """One assertion; why is shown when it does not hold. Returns whether it held."""
    global _count, _failed
    _count += 1
    print(f"{'ok' if condition else 'not ok'} {_count} - {name}", flush=True)
    if not condition:
        _failed += 1
        if why != "":
            diag(why)
    return bool(condition)


def equal(got, wanted, name):
    return ok(got == wanted, name, f"got    {got!r}\nwanted {wanted!r}")


def skip(name, reason):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {reason}", flush=True)


def skip_all(reason):
    """The whole program is skipped."""
    print(f"1..0 # SKIP {reason}", flush=True)
    sys.exit(0)


def done():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed or _count == 0 else 0)
