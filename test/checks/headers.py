"""Every public header compiles alone, as C11 and as C++17, without a warning, and the headers of all services do together. (C11 with POSIX, which libuv's own header asks for.)"""
# timeout: 600
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

# All services: TCX_HEADERS=all, and one program that includes every header, so that no name is taken twice.
with tempfile.TemporaryDirectory() as folder:
    build = os.path.join(folder, "build")
    configured = subprocess.run(["cmake", "-S", source.path(), "-B", build, "-G", "Ninja", "-DTCX_HEADERS=all", "-DTCX_BUILD_TESTS=OFF", "-DTCX_BUILD_EXAMPLES=OFF"], capture_output=True, text=True,
                                check=False)
    made = subprocess.run(["cmake", "--build", build, "--target", "tcx_models"], capture_output=True, text=True, check=False)
    tap.ok(configured.returncode == 0 and made.returncode == 0, "the headers of all services are made", configured.stderr + made.stdout[-2000:] + made.stderr)
    written = os.path.join(build, "generated", "include", "tucuxi")
    names = sorted(os.listdir(written))
    services = sorted(name for name in os.listdir(source.path("models", "data")) if os.path.isdir(source.path("models", "data", name)))
    own = [os.path.basename(name) for name in headers if name.startswith("tucuxi/") and os.path.exists(source.path("include", name))]
    ids = [name.replace("-", "_") + ("_service" if name.replace("-", "_") + ".h" in own else "") for name in services]
    tap.equal(names, sorted(f"{name}.h" for name in ids), f"one for each of {len(services)} services")
    tap.ok("transfer_service.h" in names, "a service whose name is taken has another one")
    for compiler, standard, ending in [("gcc", "c11", ".c"), ("g++", "c++17", ".cc")]:
        program = os.path.join(folder, "all" + ending)
        with open(program, "w", encoding="utf-8") as file:
            file.writelines(f"#include <tucuxi/{name}>\n" for name in own + names)
            file.write("int main(void) { return 0; }\n")
        done = subprocess.run([compiler, f"-std={standard}", *flags, "-I" + os.path.dirname(written), program], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, f"all of them together as {standard}", done.stderr[-4000:])
tap.done()
