"""clang-tidy is silent on every file of the library, the models' generator and the examples."""
# timeout: 2400
import concurrent.futures
import json
import os
import subprocess

import source
import tap

build = os.path.join(os.path.dirname(os.environ["TUCUXI_BUILD"]), "clang")
with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
    compiled = {os.path.relpath(entry["file"], source.ROOT) for entry in json.load(file)}
names = [n for n in source.files("lib", "protocols", "models", "examples", ends=(".c",)) if n in compiled]


def look(name):
    done = subprocess.run(["clang-tidy", "-p", build, "--quiet", source.path(name)], capture_output=True, text=True, check=False)
    return name, done


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, done in pool.map(look, names):
        tap.ok(done.returncode == 0, name, done.stdout + (done.stderr if done.returncode and not done.stdout else ""))
tap.done()
