"""The documentation: every block of C and C++ compiles, every link leads somewhere, every table has a head, and the table of configuration options is the code's."""
import os
import re
import subprocess
import tempfile

import source
import tap

PRELUDE = """\
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tucuxi.h>
#include <tucuxi/future.h>
#include <tucuxi/jmespath.h>
#include <tucuxi/s3.h>
#include <tucuxi/transfer.h>
extern tcx_session_t *session;
extern tcx_client_t *s3;
extern void *ctx;
extern int err;
extern const char *bucket, *key, *secret, *data;
extern size_t length;
extern tcx_paginator_t *pages;
extern const tcx_value_t *response;
extern void on_done(tcx_call_t *call, const tcx_value_t *response, const tcx_error_t *error);
"""
BLOCK = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)
CXX_BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.M | re.S)
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
TABLE = re.compile(r"(?<=\n\n)\|.*\n.*\n")  # its first two lines
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def pages():
    found = source.files("docs", ends=(".md",))
    return found + [n for n in sorted(os.listdir(source.path())) if n.endswith(".md")]


def as_program(block):
    """A block with main is a program; of others, functions and structs at the margin stay outside, and the statements become a function's."""
    if re.search(r"^int main\(", block, re.M):
        return block
    outside, inside, depth = [], [], 0
    for line in block.splitlines():
        if depth > 0 or re.match(r"(static \w.*\) \{|struct \w+ \{|enum \{|#|typedef )", line):
            outside.append(line)
            depth += line.count("{") - line.count("}")
        else:
            inside.append(line)
    return PRELUDE + "\n".join(outside) + "\nvoid block(void);\nvoid block(void) {\n" + "\n".join(inside) + "\n}\n"


flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I" + source.path("include"), "-I" + os.path.join(source.RELEASE, "generated", "include")]
flags += subprocess.run(["pkg-config", "--cflags", "libuv"], check=True, capture_output=True, text=True).stdout.split()
cxx_flags = ["-std=c++20", *flags[1:]]
for page in pages():
    text = source.read(page)
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "block.c")
            with open(name, "w", encoding="utf-8") as file:
                file.write(as_program(match.group(1)))
            done = subprocess.run(["gcc", *flags, name], capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, f"{page}:{line} compiles", done.stderr)
    for match in CXX_BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        done = subprocess.run(["g++", *cxx_flags, "-x", "c++", "-"], input=match.group(1), capture_output=True, text=True, check=False)
        tap.ok(done.returncode == 0, f"{page}:{line} compiles", done.stderr)
    links = [link.split("#")[0] for link in LINK.findall(FENCE.sub("", text)) if not re.match(r"\w+:", link) and not link.startswith("#")]
    bad = [link for link in links if not os.path.exists(source.path(os.path.dirname(page), link))]
    tap.ok(not bad, f"{page}: links", "\n".join(bad))
    bad = [rows for rows in TABLE.findall(FENCE.sub("", text)) if not re.match(r"[-| ]+$", rows.splitlines()[1])]
    tap.ok(not bad, f"{page}: every table has a head", "".join(bad))

# The options of lib/core/config_options.c, and what differences.md says of each.
table = re.search(r"options_table\[\] = \{(.*?)\n\};", source.read("lib/core/config_options.c"), re.S).group(1)
options = {name: kind != "LATER" for name, kind in re.findall(r'^\s*\{"([\w.]+)", (\w+),', table, re.M)}
section = re.search(r"^## Every option of Config$(.*?)(?=^## |\Z)", source.read("docs/differences.md"), re.M | re.S).group(1)
told = {name: done == "yes" for name, done in re.findall(r"^\| `([\w.]+)` \| (yes|no) \|", section, re.M)}
tap.ok(len(options) > 40, "the options are found", str(len(options)))
tap.equal(sorted(set(options) - set(told)), [], "every option is in the table of differences.md")
tap.equal(sorted(set(told) - set(options)), [], "and no other")
tap.equal([n for n in told if n in options and told[n] != options[n]], [], "what is done and what is refused")
tap.done()
