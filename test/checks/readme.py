"""README, CONTRIBUTING, CHANGELOG and NOTICE: the program shown is the one that is compiled, tables name what exists."""
import os
import re

import source
import tap

readme = source.read("README.md")
program = re.search(r"^```c\n(.*?)^```$", readme, re.M | re.S)
tap.ok(program is not None, "the README has a program")
tap.equal(program.group(1) if program else "", source.read("examples/first.c"), "the README's program is examples/first.c")
tap.ok(len([line for line in source.read("examples/first.c").splitlines() if line.strip()]) <= 25, "it is short")

bad = [f"README.md: {command}" for command in re.findall(r"^sh (\S+)", readme, re.M) if not os.path.exists(source.path(command))]
tap.ok(not bad, "every script that the README runs exists", "\n".join(bad))
helpers = re.search(r"^## Need, use, never$(.*?)^## ", source.read("CONTRIBUTING.md"), re.M | re.S).group(1)
internal = "\n".join(source.read(n) for n in source.files("lib/base", "lib/net", "lib/core", ends=(".h",)))
bad = [word for word in re.findall(r"`(tcx__\w+)`", helpers) if word not in internal]
bad += [word for word in re.findall(r"`((?:base|net|core)/\w+\.h)`", helpers) if not os.path.exists(source.path("lib", word))]
tap.ok(not bad, "the helpers that CONTRIBUTING names exist", "\n".join(bad))
options = re.findall(r"`(TCX_\w+)`", readme)
declared = source.read("CMakeLists.txt")
tap.equal([o for o in options if o not in declared], [], "the options that the README names exist")
version = re.search(r"project\(tucuxi VERSION ([0-9.]+)", declared).group(1)
tap.ok(f"## {version}" in source.read("CHANGELOG.md"), "CHANGELOG tells of this version")
licences = [n for n in os.listdir(source.path("test", "compliance", "data")) if not n.startswith(".")]
tap.ok(licences, "there is compliance data")
bad = [n for n in licences if not re.search(rf"(?<![\w-]){n}(?![\w-])", source.read("NOTICE"))]
tap.ok(not bad, "NOTICE names the origin of every folder of compliance data", "\n".join(bad))
tap.done()
