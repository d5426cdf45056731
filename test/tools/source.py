"""What the checks know of the source tree: its files, and C text without its comments and strings."""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RELEASE = os.environ.get("TUCUXI_RELEASE", os.path.join(ROOT, "build-test", "release"))
_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def path(*parts):
    return os.path.join(ROOT, *parts)


def files(*folders, ends=(".c", ".h")):
    """Paths below the root of the files of these folders, sorted."""
    found = []
    for folder in folders:
        for where, _, names in os.walk(path(folder)):
            found += [os.path.relpath(os.path.join(where, n), ROOT) for n in names if n.endswith(tuple(ends))]
    return sorted(found)


def read(name):
    with open(path(name), encoding="utf-8") as file:
        return file.read()


def _blank(match):
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + text[0]
    return "".join("\n" if c == "\n" else " " for c in text)


def code(name):
    """The file's text with comments blanked and strings emptied; lines keep their numbers."""
    return _TOKEN.sub(_blank, read(name))


def lines_with(names, pattern, text=code):
    """"FILE:LINE: what" for each match of the pattern in these files."""
    found = []
    for name in names:
        for number, line in enumerate(text(name).splitlines(), 1):
            match = re.search(pattern, line)
            if match:
                found.append(f"{name}:{number}: {match.group(0).strip()}")
    return found
