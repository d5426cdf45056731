"""Each fuzz target runs under libFuzzer for TUCUXI_TEST_FUZZ_SECONDS (60), from its corpus on; what it finds is kept beside the build."""
# timeout: 7200
import concurrent.futures
import os
import shutil
import subprocess
import tempfile

import source
import tap

build = os.path.join(os.path.dirname(os.environ["TUCUXI_BUILD"]), "fuzz")
seconds = int(os.environ.get("TUCUXI_TEST_FUZZ_SECONDS", "60"))
targets = [os.path.basename(n)[:-2] for n in source.files("test/fuzz", ends=(".c",)) if os.path.basename(n).startswith("fuzz_")]


def fuzz(target):
    found = os.path.join(build, "found", target)
    os.makedirs(found, exist_ok=True)
    work = tempfile.mkdtemp()
    try:
        done = subprocess.run([os.path.join(build, target), f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-print_funcs=0", f"-artifact_prefix={found}/",
                               work, source.path("test", "fuzz", "corpus", target[len("fuzz_"):])], capture_output=True, text=True, errors="replace", check=False)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target, done


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for target, done in pool.map(fuzz, targets):
        tap.ok(done.returncode == 0, f"{target} for {seconds} s", done.stderr[-6000:])
        tap.diag(" ".join(line.split("stat::")[1] for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed")))
tap.done()
