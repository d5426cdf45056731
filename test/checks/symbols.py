"""The shared library: exactly the functions of the headers are exported, nothing blocks or makes a thread, the SONAME is the major version."""
import os
import re
import subprocess

import source
import tap

library = os.path.join(source.RELEASE, "libtucuxi.so")
if not os.path.exists(library):
    tap.ok(False, "the release build has a shared library", library)
    tap.done()


def nm(*options):
    out = subprocess.run(["nm", "-D", *options, library], check=True, capture_output=True, text=True).stdout
    return sorted({line.split()[-1].split("@")[0] for line in out.splitlines() if line.strip()})


headers = source.files("include")
declared = sorted({name for header in headers for name in re.findall(r"\bTCX_EXTERN\b[^;{]*?\b(tcx_\w+)\s*\(", source.code(header))})
exported = nm("--defined-only")
tap.ok(len(declared) > 80, "the headers declare functions", f"{len(declared)}")
tap.equal([n for n in exported if not n.startswith("tcx_")], [], "only tcx_ names are exported")
tap.equal([n for n in declared if n not in exported], [], "every function of the headers is exported")
tap.equal([n for n in exported if n not in declared], [], "nothing else is exported")
FORBIDDEN = {"getaddrinfo", "uv_getaddrinfo", "pthread_create", "uv_thread_create", "uv_thread_create_ex", "sleep", "usleep", "nanosleep"}
tap.equal([n for n in nm("--undefined-only") if n in FORBIDDEN], [], "nothing that blocks or makes a thread is called")
archive = subprocess.run(["nm", "-g", "--defined-only", os.path.join(source.RELEASE, "libtucuxi.a")], check=True, capture_output=True, text=True).stdout
tap.equal(sorted({w[2] for w in (line.split() for line in archive.splitlines()) if len(w) == 3 and not w[2].startswith("tcx_")}), [], "the archive defines only tcx_ names")
version = re.search(r"project\(tucuxi VERSION ([0-9]+)\.([0-9]+)\.([0-9]+)", source.read("CMakeLists.txt")).groups()
dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
tap.equal(re.findall(r"SONAME.*\[(.*)\]", dynamic), [f"libtucuxi.so.{version[0]}"], "the SONAME is the major version")
tap.equal(os.path.basename(os.path.realpath(library)), "libtucuxi.so." + ".".join(version), "the file carries the whole version")
macros = [re.search(rf"TCX_VERSION_{part} (\d+)", source.read("include/tucuxi.h")).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
tap.equal(macros, list(version), "the version macros agree with the project's version")
tap.done()
