"""What the source must not hold: banned functions, host names that belong in the models, switched-off verification, services named in the core."""
import source
import tap

BANNED = ["sprintf", "vsprintf", "strcpy", "stpcpy", "strcat", "strncat", "gets", "atoi", "atol", "atoll", "atof", "strtok", "strtok_r", "localtime", "gmtime",
          "ctime", "asctime", "rand", "srand", "random", "alloca", "strdup", "strndup", "system", "popen", "usleep", "sleep", "tmpnam", "mktemp", "getaddrinfo",
          "uv_getaddrinfo", "uv_thread_create", "uv_mutex_init", "pthread_create", "uv_run", "uv_default_loop"]
AWAIT = "lib/future/future.c"    # the one function that runs the loop
RAW_MEMORY = r"(?<![\w.>])(malloc|calloc|realloc|free|reallocarray)\s*\("
MEMORY_HOME = ["lib/base/mem.c", "lib/base/mem.h"]
library = source.files("lib", "protocols")

bad = source.lines_with(library, r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
runs = [line for line in bad if line.startswith(AWAIT) and line.endswith(": uv_run(")]
tap.ok(bad == runs and len(runs) == 1, "no banned function; tcx_future_await alone runs the loop", "\n".join(bad))
bad = source.lines_with([n for n in library if n not in MEMORY_HOME], RAW_MEMORY)
tap.ok(not bad, "all memory through tcx__malloc and its kin", "\n".join(bad))
bad = source.lines_with(library + source.files("include"), r"amazonaws\.|api\.aws", text=source.read)
tap.ok(not bad, "endpoints come from the models: no host of AWS in the code", "\n".join(bad))
everywhere = source.files("examples", "bench", ends=(".c", ".h", ".sh", ".py", ".txt", ".md")) + source.files("test/tools", "cmake", ends=(".py", ".sh", ".cmake"))
bad = source.lines_with(everywhere, r"\bno_verify\b", text=source.read)
tap.ok(not bad, "verification is switched off in no example, script or benchmark", "\n".join(bad))
core = [n for n in source.files("lib/core", "protocols") if n != "lib/core/services.c"]
bad = source.lines_with(core, r"\btcx__s3\w*|\bis_s3\b|\bs3/")
tap.ok(not bad, "core and protocols do not know S3", "\n".join(bad))
own = library + source.files("include", "models", "test", "examples", "bench", "cmake", "docs", ends=(".c", ".h", ".py", ".sh", ".cmake", ".in", ".md", ".txt"))
bad = source.lines_with([n for n in own if not n.startswith("test/compliance/data/")], r"\b(TODO|FIXME|XXX|HACK)\b(?!\()", text=source.read)
bad = [line for line in bad if not line.startswith("test/checks/words.py")]
tap.ok(not bad, "nothing is left to be done in a comment", "\n".join(bad))
bad = [f"{n}: {len(source.read(n).splitlines())} lines" for n in library if len(source.read(n).splitlines()) > 900]
tap.ok(not bad, "no file above 900 lines", "\n".join(bad))
tap.done()
