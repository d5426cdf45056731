"""The installed package: what it holds, and a project outside the tree that uses it by CMake and by pkg-config, shared and static."""
# timeout: 600
import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile

import source
import tap

work = tempfile.mkdtemp(prefix="tucuxi-packaging-")


def run(*command, env=None, cwd=None):
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}, cwd=cwd, check=False)


def step(name, *command, **more):
    done = run(*command, **more)
    return tap.ok(done.returncode == 0, name, " ".join(command) + "\n" + done.stdout + done.stderr) and done


def listing(folder):
    return sorted(os.path.relpath(os.path.join(where, n), folder) for where, _, names in os.walk(folder) for n in names)


def finish():
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


cache = os.path.join(source.RELEASE, "CMakeCache.txt")
if not os.path.exists(cache):
    tap.ok(False, "there is a release build", source.RELEASE)
    finish()
with open(cache, encoding="utf-8") as file:
    prefix = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", file.read(), re.M).group(1)
shutil.rmtree(prefix, ignore_errors=True)
if not step("it installs", "cmake", "--install", source.RELEASE):
    finish()

# What is installed.
installed = listing(prefix)
lib = os.path.dirname(next((n for n in installed if n.endswith("libtucuxi.a")), "lib/libtucuxi.a"))
version = re.search(r"project\(tucuxi VERSION ([0-9.]+)", source.read("CMakeLists.txt")).group(1)
wanted = ["include/tucuxi.h", "include/tucuxi/s3.h", "include/tucuxi/sts.h", "include/tucuxi/coro.hpp", "include/tucuxi/s3.hpp", f"{lib}/libtucuxi.a", f"{lib}/libtucuxi.so", f"{lib}/libtucuxi.so.{version.split('.')[0]}",
          f"{lib}/libtucuxi.so.{version}", f"{lib}/cmake/tucuxi/tucuxi-config.cmake", f"{lib}/cmake/tucuxi/tucuxi-config-version.cmake",
          f"{lib}/cmake/tucuxi/FindBearSSL.cmake", f"{lib}/pkgconfig/tucuxi.pc", "share/doc/tucuxi/LICENSE", "share/doc/tucuxi/NOTICE",
          "share/tucuxi/models/partitions.json.gz", "share/tucuxi/models/endpoints.json.gz", "share/tucuxi/models/ec2/2016-11-15/service-2.json.gz"]
tap.equal([n for n in wanted if n not in installed], [], "the package is whole")
tap.equal([n for n in installed if n.startswith("include/") and not re.fullmatch(r"include/tucuxi(\.h|/\w+\.h|/\w+\.hpp)", n)], [], "only public headers are installed")
leaks = []
for name in installed:
    with open(os.path.join(prefix, name), "rb") as file:
        if source.ROOT.encode() in file.read().replace(prefix.encode(), b""):
            leaks.append(name)
tap.equal(leaks, [], "no path of the source or build tree is in an installed file")
data = source.path("models", "data")
tap.equal([n.replace("share/tucuxi/models/", "").replace(".gz", "") for n in installed if n.startswith("share/tucuxi/models/")],
          [n for n in listing(data) if n.endswith(".json")], "all models are installed, compressed, and nothing else beside them")
changed = []
for name in (n for n in listing(data) if n.endswith(".json")):
    with gzip.open(os.path.join(prefix, "share/tucuxi/models", name + ".gz")) as packed, open(os.path.join(data, name), encoding="utf-8") as plain:
        if json.load(packed, object_pairs_hook=list) != json.load(plain, object_pairs_hook=list):
            changed.append(name)
tap.equal(changed, [], "they say the same as those of the source tree, in the same order")
size = sum(os.path.getsize(os.path.join(prefix, n)) for n in installed if n.startswith("share/tucuxi/models/"))
tap.ok(size < 5e6, "in less than 5 MB", size)
library = os.path.join(work, "stripped.so")
if step("the library can be stripped", "strip", "-o", library, os.path.join(prefix, lib, "libtucuxi.so")):
    tap.ok(os.path.getsize(library) < 4 << 20, "and has less than 4 MiB then", os.path.getsize(library))
    relocations = len(re.findall("R_[A-Z0-9_]+_RELATIVE", run("readelf", "-rW", library).stdout))
    tap.ok(relocations < 4000, "the embedded models are not relocated at each start", relocations)
dynamic = run("readelf", "-d", os.path.join(prefix, lib, "libtucuxi.so")).stdout
tap.equal(re.findall(r"(?:RPATH|RUNPATH).*", dynamic), [], "the shared library has no run path")
needed = set(re.findall(r"NEEDED.*\[(.*?)\.so", dynamic))
tap.equal(sorted(needed - {"libbearssl", "libc", "libcares", "libllhttp", "libm", "libuv", "libyajl", "libz"}), [], "it needs its dependencies and nothing else")

# A staged installation.
stage = os.path.join(work, "stage")
if step("it installs below DESTDIR", "cmake", "--install", source.RELEASE, env={"DESTDIR": stage}):
    tap.equal(listing(stage + prefix), installed, "the staged tree is the same, and complete")
    tap.equal(len(listing(stage)), len(installed), "nothing is installed beside it")

# An installation that was moved, while the place that was configured is empty: its tool finds all services.
shutil.move(stage + prefix, os.path.join(work, "moved"))
shutil.move(prefix, prefix + ".away")
keys = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {"HOME": work, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-west-1"}
done = subprocess.run([os.path.join(work, "moved", "bin", "tucuxi"), "call", "ec2", "describe_instances", "--dry-run"], capture_output=True, text=True, env=keys, check=False)
tap.ok("https://ec2.eu-west-1.amazonaws.com/" in done.stdout, "the tool of a moved installation finds its models", done.stdout + done.stderr)
shutil.move(prefix + ".away", prefix)

# A consumer, by CMake.
consumer = os.path.join(work, "consumer")
shutil.copytree(source.path("test", "packaging", "consumer"), consumer)
build = os.path.join(work, "build")
clean = {"PKG_CONFIG_PATH": "", "HOME": work, "AWS_DATA_PATH": ""}
if step("find_package finds it", "cmake", "-S", consumer, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", env=clean) and \
   step("the consumer builds", "cmake", "--build", build):
    for name, what in [("shared", "with the shared library"), ("plus", "in C++"), ("coroutines", "in coroutines"), ("static", "with the archive, beside another llhttp")]:
        step(f"the consumer runs {what}", os.path.join(build, name), env=clean)
    linked = run("ldd", os.path.join(build, "static")).stdout
    tap.ok("libtucuxi" not in linked, "the archive leaves no need for the shared library", linked)
wrong = os.path.join(work, "wrong")
os.mkdir(wrong)
with open(os.path.join(wrong, "CMakeLists.txt"), "w", encoding="utf-8") as file:
    file.write("cmake_minimum_required(VERSION 3.25)\nproject(wrong LANGUAGES C)\nfind_package(tucuxi 99 REQUIRED)\n")
done = run("cmake", "-S", wrong, "-B", os.path.join(work, "wrong-build"), f"-DCMAKE_PREFIX_PATH={prefix}")
tap.ok(done.returncode != 0, "a newer version than this is not found", done.stdout)

# The same consumer, by pkg-config.
pc = {"PKG_CONFIG_PATH": os.path.join(prefix, lib, "pkgconfig")}
flags = step("pkg-config knows it", "pkg-config", "--cflags", "--libs", "tucuxi", env=pc)
static = step("pkg-config knows the static one", "pkg-config", "--static", "--cflags", "--libs", "tucuxi", env=pc)
tap.equal(run("pkg-config", "--modversion", "tucuxi", env=pc).stdout.strip(), version, "pkg-config tells the version")
main = os.path.join(consumer, "main.c")
if flags and step("the consumer compiles by pkg-config", "gcc", "-o", os.path.join(work, "by-pc"), main, *flags.stdout.split()):
    step("and runs", os.path.join(work, "by-pc"), env={**clean, "LD_LIBRARY_PATH": os.path.join(prefix, lib)})
if static:
    archive = ["-l:libtucuxi.a" if f == "-ltucuxi" else f for f in static.stdout.split()]
    if step("the consumer compiles by pkg-config --static", "gcc", "-o", os.path.join(work, "by-pc-static"), main, *archive):
        step("and runs", os.path.join(work, "by-pc-static"), env=clean)
finish()
