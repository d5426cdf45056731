"""Every public header compiles alone, as C11 and as C++17, those of C++ as C++20, without a warning, and the headers of all services do together. (C11 with POSIX, which libuv's own header asks for.)"""
# timeout: 600
import os
import shutil
import subprocess
import tempfile

import source
import tap

generated = os.path.join(source.RELEASE, "generated", "include")
flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-D_POSIX_C_SOURCE=200809L", "-I" + source.path("include"), "-I" + generated]
flags += subprocess.run(["pkg-config", "--cflags", "libuv"], check=True, capture_output=True, text=True).stdout.split()
headers = [os.path.relpath(source.path(n), source.path("include")) for n in source.files("include", ends=(".h", ".hpp"))]
services = os.path.join(generated, "tucuxi")
headers += [f"tucuxi/{name}" for name in sorted(os.listdir(services))] if os.path.isdir(services) else []
tap.ok({"tucuxi.h", "tucuxi/coro.hpp", "tucuxi/s3.h", "tucuxi/s3.hpp"} <= set(headers), "the headers are there", str(headers))
COROUTINES = ["-Wconversion", "-Wsign-conversion", "-Wshadow"]
LANGUAGES = [("gcc", "c11", ".c", []), ("g++", "c++17", ".cc", [])]
CXX20 = [(compiler, "c++20", ".cc", COROUTINES) for compiler in ("g++", "clang++") if shutil.which(compiler)]
for header in headers:
    for compiler, standard, ending, more in CXX20 if header.endswith(".hpp") else LANGUAGES:
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "alone" + ending)
            with open(name, "w", encoding="utf-8") as file:
                file.write(f"#include <{header}>\nint main(void) {{ return 0; }}\n")
            done = subprocess.run([compiler, f"-std={standard}", *flags, *more, name], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, f"<{header}> as {standard} by {compiler}", done.stderr)

# The compiler checks the templates of the methods.
for compiler, standard, ending, more in CXX20:
    for call, right in [('list_objects_v2("{Bucket: %s}", "b")', True), ('list_objects_v2("{Bucket: %s}", 1)', False), ('list_objects_v2("{Bucket: %s}")', False),
                        ('wait("bucket_exists", "{Bucket: %s}", "b")', True), ('wait("bucket_exists", "{Bucket: %d}", "b")', False)]:
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "template" + ending)
            with open(name, "w", encoding="utf-8") as file:
                file.write(f"#include <tucuxi/s3.hpp>\ntucuxi::task<> f(tucuxi::s3 &s3) {{ co_await s3.{call}; }}\n")
            done = subprocess.run([compiler, f"-std={standard}", *flags, *more, name], capture_output=True, text=True, check=False)
        tap.ok((done.returncode == 0) == right and ("-Wformat" in done.stderr or "-Werror=format" in done.stderr) != right, f"{compiler} {'takes' if right else 'refuses'} {call}", done.stderr)

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
    tap.equal(names, sorted(name + ending for name in ids for ending in (".h", ".hpp")), f"one of C and one of C++ for each of {len(services)} services")
    tap.ok("transfer_service.h" in names, "a service whose name is taken has another one")
    for compiler, standard, ending, more in LANGUAGES + CXX20:
        program = os.path.join(folder, "all" + ending)
        with open(program, "w", encoding="utf-8") as file:
            file.writelines(f"#include <tucuxi/{name}>\n" for name in own + names if standard == "c++20" or name.endswith(".h"))
            file.write("int main(void) { return 0; }\n")
        done = subprocess.run([compiler, f"-std={standard}", *flags, *more, "-I" + os.path.dirname(written), program], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, f"all of them together as {standard} by {compiler}", done.stderr[-4000:])
tap.done()
