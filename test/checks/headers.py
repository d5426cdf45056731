"""Every public header compiles alone, as C11 and as C++17, without a warning. (C11 with POSIX, which libuv's own header asks for.)"""
import os
import subprocess
import tempfile

import source
import tap

generated = os.path.join(source.RELEASE, "generated", "include")
flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-D_POSIX_C_SOURCE=200809L", "-I" + source.path("include"), "-I" + generated]
flags += subprocess.run(["pkg-config", "--cflags", "libuv"], check=True, capture_output=True, text=True).stdout.split()
headers = [os.path.relpath(source.path(n), source.path("include")) for n in source.files("include")]
services = os.path.join(generated, "tucuxi")
headers += [f"tucuxi/{name}" for name in sorted(os.listdir(services))] if os.path.isdir(services) else []
tap.ok("tucuxi.h" in headers and "tucuxi/s3.h" in headers, "the headers are there", str(headers))
for header in headers:
    for compiler, standard, ending in [("gcc", "c11", ".c"), ("g++", "c++17", ".cc")]:
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "alone" + ending)
            with open(name, "w", encoding="utf-8") as file:
                file.write(f"#include <{header}>\nint main(void) {{ return 0; }}\n")
            done = subprocess.run([compiler, f"-std={standard}", *flags, name], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, f"<{header}> as {standard}", done.stderr)
tap.done()
