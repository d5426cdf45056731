"""Every C file has the form that .clang-format says, and no line of it is longer than 100 columns but in tables that keep their own form."""
# timeout: 600
import concurrent.futures
import os
import subprocess

import source
import tap

FOLDERS = ("include", "lib", "protocols", "models", "examples", "bench", "test")
names = [n for n in source.files(*FOLDERS) if "/data/" not in n]


def look(name):
    return subprocess.run(["clang-format", "--dry-run", "-Werror", source.path(name)], capture_output=True, text=True, check=False)


def long_lines(name):
    """Their numbers; what stands between clang-format off and on may be wider."""
    found, own_form = [], False
    for number, line in enumerate(source.read(name).split("\n"), 1):
        own_form = (own_form or "clang-format off" in line) and "clang-format on" not in line
        if len(line) > 100 and not own_form:
            found.append(number)
    return found


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    wrong = [f"{name}\n{done.stderr}" for name, done in zip(names, pool.map(look, names)) if done.returncode != 0]
tap.ok(not wrong, f"clang-format would change none of {len(names)} files", "\n".join(wrong)[:6000])
wide = [f"{name}:{number}" for name in names for number in long_lines(name)]
tap.ok(not wide, "no line is longer than 100 columns", "\n".join(wide))
tap.done()
