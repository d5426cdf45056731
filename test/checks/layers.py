"""A folder is a layer: includes never go up, and what is pure stays so."""
import fnmatch
import re

import source
import tap

PURE = ["base", "jmespath", "model", "auth", "protocols"]
BELOW_CORE = ["base", "jmespath", "model", "auth", "net", "protocols"]
ALLOWED = {
    "base": ["base"],
    "jmespath": ["jmespath", "base"],
    "model": ["model", "base"],
    "auth": ["auth", "base"],
    "net": ["net", "base"],
    "protocols": ["protocols", "model", "base"],
    "core": ["core"] + BELOW_CORE,
    "creds": ["creds", "core"] + BELOW_CORE,
    "s3": ["s3", "core"] + BELOW_CORE,
    "custom": ["custom", "core"] + BELOW_CORE,
    "future": ["future", "core"] + BELOW_CORE,
    "transfer": ["transfer", "base"],
}
# Public headers beside tucuxi.h, and the layer that implements each (transfer uses all).
PUBLIC = [("core", "tucuxi/hooks.h"), ("core", "tucuxi/stubber.h"), ("core", "tucuxi/model.h"), ("jmespath", "tucuxi/jmespath.h"), ("future", "tucuxi/future.h"), ("core", "tucuxi/presign.h"), ("s3", "tucuxi/presign.h"), ("custom", "tucuxi/presign.h")]
# The composition root, which names the credentials, the services' own behaviour and the embedded models.
COMPOSITION_ROOT = "lib/core/services.c"
# Each library's headers, and the files that may include them.
LIBRARIES = {
    "yajl": ["lib/base/json_push.c"],
    "llhttp.h": ["lib/net/http1.c", "lib/net/http1.h"],
    "ares.h": ["lib/net/dns.c"],
    "zlib.h": ["lib/base/gzip.c"],
    "bearssl": ["lib/base/hash.c", "lib/base/ecdsa.c", "lib/base/rsa.c", "lib/base/checksum.h", "lib/net/tls*.[ch]", "lib/net/trust*.[ch]"],
}
# The loader reads models from files; the file names its clock and its disk nowhere else.
READS_FILES = ["lib/model/files.c", "lib/model/files.h"]
LOOP = re.findall(r"UV_EXTERN[^;]*?\b(uv_\w+)\(", open("/usr/include/uv.h", encoding="utf-8").read())
WORDS = [name for name in LOOP if name not in ("uv_err_name", "uv_strerror")]
INPUT_OUTPUT = (r"(?<![\w.>])(" + "|".join(WORDS) + r"|open|fopen|fdopen|fread|fwrite|opendir|stat|lstat|fstat|socket|connect|time|clock|clock_gettime|gettimeofday|"
                r"getrandom|getenv|printf|fprintf|puts|pthread_\w+)\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def layer_of(name):
    return "protocols" if name.startswith("protocols/") else name.split("/")[1]


def includes():
    """(file, quote, included) of all layers."""
    for name in source.files("lib", "protocols"):
        for quote, included in INCLUDE.findall(source.read(name)):
            yield name, quote, included


def goes_up(name, quote, included):
    layer = layer_of(name)
    if quote == "<":
        if not included.startswith("tucuxi"):
            return False
        return (layer, included) not in PUBLIC and included != "tucuxi.h" and layer != "transfer"
    if "/" not in included:
        # Only a neighbour in the same folder is named without its layer.
        return included not in [n.split("/")[-1] for n in source.files(name.rsplit("/", 1)[0])]
    if name == COMPOSITION_ROOT:
        return included.split("/")[0] == "transfer"
    return included.split("/")[0] not in ALLOWED[layer]


unknown = sorted({layer_of(n) for n in source.files("lib", "protocols")} - set(ALLOWED))
tap.equal(unknown, [], "every folder is a known layer")
for layer in ALLOWED:
    bad = [f"{n} includes {i}" for n, q, i in includes() if layer_of(n) == layer and goes_up(n, q, i)]
    tap.ok(not bad, f"{layer} includes only what lies below it", "\n".join(bad))
for library, homes in LIBRARIES.items():
    bad = [f"{n} includes {i}" for n, q, i in includes() if q == "<" and i.startswith(library) and not any(fnmatch.fnmatch(n, home) for home in homes)]
    tap.ok(not bad, f"{library} is included in its own place only", "\n".join(bad))
for layer in PURE:
    names = [n for n in source.files("lib", "protocols") if layer_of(n) == layer and n not in READS_FILES]
    bad = source.lines_with(names, INPUT_OUTPUT)
    tap.ok(not bad, f"{layer} is pure: no loop, no clock, no input or output", "\n".join(bad))
bad = source.lines_with(source.files("lib/net"), r"\btcx__(model|shape|operation)\w*|\bstruct tcx_(model|shape|operation)\b")
tap.ok(not bad, "net knows no model", "\n".join(bad))
tap.done()
