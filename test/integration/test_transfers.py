"""The tool's cp, rm, ls, mb, rb, cat, head and presign against a real S3 server: what arrives, byte by byte, what is printed, and the exit status.

TUCUXI_TOOL is the tool, TUCUXI_VERSITYGW the server (test/tools/servers.py starts and ends it).
"""
# timeout: 600
import glob
import hashlib
import json
import os
import pty
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import servers
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
MIB = 1 << 20
OK, FAILED, SKIPPED, INTERRUPTED, USAGE, CONFIG, SERVICE, OTHER = 0, 1, 2, 130, 252, 253, 254, 255


class Tool:
    def __init__(self, env, folder):
        self.env, self.folder = dict(env), folder

    def run(self, *words, **changes):
        env = {k: v for k, v in {**self.env, **changes.pop("env", {})}.items() if v is not None}
        return subprocess.run([TOOL, *words], env=env, cwd=self.folder, capture_output=True, timeout=300, **changes)

    def expect(self, code, name, *words, **changes):
        """Runs it, asserts the exit status and returns stdout as text."""
        r = self.run(*words, **changes)
        tap.ok(r.returncode == code, name, f"tucuxi {' '.join(words)}\nexit {r.returncode}, not {code}\n{r.stdout[-2000:].decode(errors='replace')}\n{r.stderr[-2000:].decode(errors='replace')}")
        self.err = r.stderr.decode(errors="replace")
        return r.stdout.decode(errors="replace")

    def keys(self, url):
        out = self.run("ls", "-r", "--json", url).stdout.decode()
        return sorted(json.loads(line)["Key"] for line in out.splitlines())


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder):
    """Path below the folder: digest, of every file."""
    found = {}
    for base, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = os.path.join(base, name)
            if os.path.isfile(path):
                found[os.path.relpath(path, folder)] = digest(path)
    return found


def leftovers(folder):
    return glob.glob(os.path.join(folder, "**", ".tucuxi-*"), recursive=True, include_hidden=True)


SIZES = [0, 1, 4095, 65536, 262143, 262144, 262145, MIB, MIB + 1, 5 * MIB + 17]


def make_tree(folder, count):
    rng = random.Random(7)
    for i, size in enumerate(SIZES):
        write(os.path.join(folder, "sizes", f"s{i}"), rng.randbytes(size))
    for i in range(count):
        write(os.path.join(folder, f"d{i % 7}", f"e{i % 3}", f"f{i}.{'gz' if i % 5 == 0 else 'txt'}"), rng.randbytes(rng.randrange(9000)))
    for name in ["with space", "plus+and&and=", "percent%41", "ümläut-日本", "quote'\"", "hash#question?", "back\\slash", "star*[x]"]:
        write(os.path.join(folder, "odd names", name), name.encode())


def one_object(t):
    write(t.folder + "/one/hello.txt", b"hello\n")
    t.expect(OK, "a file goes up under its own name", "cp", "one/hello.txt", "s3://bucket1")
    t.expect(OK, "a file goes up under another name", "cp", "one/hello.txt", "s3://bucket1/one/other.txt")
    t.expect(OK, "a target that ends with a slash keeps the name", "cp", "one/hello.txt", "s3://bucket1/one/")
    tap.equal(t.keys("s3://bucket1"), ["hello.txt", "one/hello.txt", "one/other.txt"], "the keys are these")
    t.expect(OK, "an object comes down, folders are made", "cp", "s3://bucket1/hello.txt", "new/folder/x.txt")
    tap.equal(digest(t.folder + "/new/folder/x.txt"), digest(t.folder + "/one/hello.txt"), "with the same bytes")
    t.expect(OK, "into a folder it keeps its name", "cp", "s3://bucket1/one/other.txt", "new")
    tap.ok(os.path.exists(t.folder + "/new/other.txt"), "new/other.txt is there")
    t.expect(OK, "an object is copied in S3", "cp", "s3://bucket1/hello.txt", "s3://bucket2/copied")
    tap.equal(t.expect(OK, "cat writes it", "cat", "s3://bucket2/copied", "s3://bucket1/hello.txt"), "hello\nhello\n", "cat writes several")
    head = json.loads(t.expect(OK, "head shows it", "head", "--json", "s3://bucket2/copied"))
    tap.equal(head["ContentLength"], 6, "head knows its length")
    t.expect(OK, "head shows a bucket", "head", "s3://bucket2")
    t.expect(OK, "several files go up at once", "cp", "one/hello.txt", "new/other.txt", "s3://bucket2/several")
    tap.equal(t.keys("s3://bucket2"), ["copied", "several/hello.txt", "several/other.txt"], "below the target")
    t.expect(OK, "an object is deleted", "rm", "s3://bucket2/copied")
    t.expect(OK, "everything below a prefix is deleted", "rm", "-r", "s3://bucket2/several")
    tap.equal(t.keys("s3://bucket2"), [], "nothing is left")


def trees(t):
    make_tree(t.folder + "/tree", 300)
    wanted = tree(t.folder + "/tree")
    out = t.expect(OK, "a tree goes up", "cp", "-r", "tree", "s3://bucket1/tree")
    tap.ok(out.startswith(f"{len(wanted)} objects, "), "the summary counts the objects", out)
    tap.equal(t.keys("s3://bucket1/tree/"), sorted("tree/" + p for p in wanted), "every key is there")
    t.expect(OK, "it comes down", "cp", "-r", "s3://bucket1/tree", "back")
    tap.equal(tree(t.folder + "/back"), wanted, "with the same names and bytes")
    t.expect(OK, "one at a time as well", "cp", "-r", "--concurrency", "1", "s3://bucket1/tree/d1", "back1")
    tap.equal(tree(t.folder + "/back1"), tree(t.folder + "/tree/d1"), "with the same names and bytes")
    t.expect(OK, "it is copied within S3", "cp", "-r", "s3://bucket1/tree/", "s3://bucket2/copy")
    t.expect(OK, "and down from there", "cp", "-r", "s3://bucket2/copy", "back2")
    tap.equal(tree(t.folder + "/back2"), wanted, "with the same names and bytes")
    t.expect(OK, "a copy into itself ends", "cp", "-r", "s3://bucket2/copy/d1", "s3://bucket2/copy/d1/again")
    tap.equal(len(t.keys("s3://bucket2/copy/d1/again/")), len(tree(t.folder + "/tree/d1")), "with each object once")
    tap.equal(leftovers(t.folder), [], "no temporary file is left")
    times = [abs(os.stat(f"{t.folder}/back/sizes/s{i}").st_mtime - os.stat(f"{t.folder}/back/sizes/s0").st_mtime) for i in range(len(SIZES))]
    tap.ok(max(times) < 300 and os.stat(t.folder + "/back/sizes/s0").st_mtime % 1 == 0, "a downloaded file has the object's time")


def wildcards(t):
    gz = sorted(p for p in tree(t.folder + "/tree") if p.endswith(".gz"))
    t.expect(OK, "a pattern picks objects to download", "cp", "s3://bucket1/tree/*.gz", "gz")
    tap.equal(sorted(tree(t.folder + "/gz")), gz, "exactly these, below the pattern's folder")
    t.expect(OK, "a pattern picks files to upload", "cp", "tree/d*/*.gz", "s3://bucket2/gz/")
    tap.equal(t.keys("s3://bucket2/gz/"), ["gz/" + p for p in gz], "with their paths")
    listed = t.expect(OK, "ls takes a pattern", "ls", "s3://bucket1/tree/d[01]/e?/f1*.txt").splitlines()
    tap.equal(sorted(line.split()[-1] for line in listed), sorted("tree/" + p for p in tree(t.folder + "/tree") if p[:2] in ("d0", "d1") and "/f1" in p and p.endswith(".txt")), "and shows what matches")
    t.expect(OK, "rm takes a pattern", "rm", "s3://bucket2/gz/d[0-3]*")
    tap.equal(t.keys("s3://bucket2/gz/"), ["gz/" + p for p in gz if p[1] not in "0123"], "and leaves the rest")
    plain = t.expect(OK, "ls shows one level", "ls", "s3://bucket1/tree/").splitlines()
    tap.ok(all(line.split()[0] == "folder" for line in plain) and len(plain) == 9, "folders only, here", "\n".join(plain))
    rows = [json.loads(line) for line in t.expect(OK, "ls --json", "ls", "--json", "s3://bucket1/tree/sizes/").splitlines()]
    tap.equal([r["Size"] for r in rows], SIZES, "has sizes")
    tap.ok(all(r["LastModified"].endswith("Z") for r in rows), "and times")
    tap.equal([json.loads(line)["Name"] for line in t.expect(OK, "ls without a bucket", "ls", "--json").splitlines()], ["bucket1", "bucket2"], "lists the buckets")


def dry_runs(t):
    before = t.keys("s3://bucket1")
    out = t.expect(OK, "a dry run of rm", "rm", "-r", "--dry-run", "s3://bucket1")
    tap.equal(len(out.splitlines()), len(before), "shows every object")
    tap.equal(t.keys("s3://bucket1"), before, "and deletes none")
    out = t.expect(OK, "a dry run of cp", "cp", "-r", "--dry-run", "--json", "s3://bucket1/tree", "dry")
    tap.ok(all(json.loads(line)["status"] == "dry-run" for line in out.splitlines()) and not os.path.exists(t.folder + "/dry"), "writes nothing")
    rows = [json.loads(line) for line in t.expect(OK, "cp --json", "cp", "-r", "--json", "s3://bucket1/tree/sizes", "json").splitlines()]
    tap.equal(sorted(r["size"] for r in rows if "key" in r), SIZES, "tells each object")
    tap.equal(rows[-1]["summary"]["objects"], len(SIZES), "and the sum")


def big_file(t):
    path = t.folder + "/big"
    with open(path, "wb") as file:
        for _ in range(300):
            file.write(random.randbytes(MIB))
    t.expect(OK, "300 MiB go up", "cp", "big", "s3://bucket1/big")
    t.expect(OK, "and come down", "cp", "s3://bucket1/big", "big2")
    tap.equal(digest(t.folder + "/big2"), digest(path), "with the same bytes")
    os.remove(t.folder + "/big2")
    with open(t.folder + "/huge", "wb") as file:
        file.truncate(5 * 1024 * MIB + 1)
    t.expect(OTHER, "more than 5 GiB is refused", "cp", "huge", "s3://bucket1/huge")
    tap.ok("5 GiB" in t.err, "and the error says why", t.err)


def interrupted(t):
    for name, number in [("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM)]:
        target = f"{t.folder}/stopped-{name}"
        p = subprocess.Popen([TOOL, "cp", "s3://bucket1/big", target + "/big"], env=t.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 30
        while not leftovers(target) and time.monotonic() < limit and p.poll() is None:
            time.sleep(0.002)
        p.send_signal(number)
        started = time.monotonic()
        tap.equal(p.wait(60), INTERRUPTED, f"a download stopped by {name} exits with 130")
        tap.ok(time.monotonic() - started < 5, "at once")
        tap.equal(os.listdir(target) if os.path.isdir(target) else [], [], "and leaves nothing")
    p = subprocess.Popen([TOOL, "cp", "-r", "--debug", "tree", "s3://bucket2/stopped", "--concurrency", "2"], env=t.env, cwd=t.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    p.stderr.readline()    # it has begun
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    tap.ok(p.returncode in (OK, INTERRUPTED), "an upload of many is stopped as well", p.returncode)


def skipped(t):
    folder = t.folder + "/mixed"
    write(folder + "/good", b"good")
    os.mkfifo(folder + "/pipe")
    os.symlink("nothing", folder + "/dangling")
    os.symlink("good", folder + "/link")
    os.symlink(".", folder + "/loop")
    write(folder.encode() + b"/no-utf8-\xff", b"x") if sys.platform == "linux" else None
    t.expect(SKIPPED, "what is no file is skipped", "cp", "-r", "mixed", "s3://bucket2/mixed")
    tap.equal(t.keys("s3://bucket2/mixed/"), ["mixed/good", "mixed/link"], "links are followed, the rest is left out")
    tap.equal(sum("skipped" in line for line in t.err.splitlines()), 4, "each is told")
    if os.geteuid() != 0:
        write(folder + "/secret", b"x")
        os.chmod(folder + "/secret", 0)
        t.expect(SKIPPED, "an unreadable file is skipped", "cp", "-r", "mixed", "s3://bucket2/mixed")
    else:
        tap.skip("an unreadable file is skipped", "root reads every file")
    t.expect(OTHER, "a file that is not there", "cp", "absent", "s3://bucket2/")
    t.expect(FAILED, "one that fails of many", "cp", "s3://bucket2/mixed/good", "s3://bucket2/mixed/absent", "several")
    tap.ok(os.path.exists(t.folder + "/several/good"), "the other one came")
    write(t.folder + "/blocked", b"a file where a folder would have to be")
    t.expect(FAILED, "files that cannot be written", "cp", "-r", "s3://bucket2/mixed", "blocked")
    tap.equal(leftovers(t.folder), [], "no temporary file is left")


def devices(t):
    """What is no file is written to, and stays what it is."""
    write(t.folder + "/some", b"x" * 2000)
    write(t.folder + "/more", b"y" * MIB)
    t.expect(OK, "two objects", "cp", "some", "more", "s3://bucket1/devices/")
    pipe = t.folder + "/a pipe"
    os.mkfifo(pipe)
    t.expect(OTHER, "a pipe that nobody reads", "cp", "s3://bucket1/devices/some", pipe)
    ways = [("a small object", "some", ["cp", "s3://bucket1/devices/some", pipe]), ("a large one", "more", ["cp", "s3://bucket1/devices/more", pipe]),
            ("a body", "more", ["call", "s3", "get_object", '{"Bucket": "bucket1", "Key": "devices/more"}', "--output", pipe])]
    for name, source, words in ways:
        with open(t.folder + "/through", "wb") as through:
            reader = subprocess.Popen(["cat", pipe], stdout=through)
        writer = os.open(pipe, os.O_WRONLY)    # returns once cat reads
        t.expect(OK, f"{name} to a pipe", *words)
        os.close(writer)
        tap.ok(reader.wait(60) == 0 and digest(t.folder + "/through") == digest(f"{t.folder}/{source}") and stat.S_ISFIFO(os.stat(pipe).st_mode), "goes through it")
    tap.equal(leftovers(t.folder), [], "no temporary file is left")


def names(t):
    """Keys with characters that are wildcards, and names that are long."""
    for key in ["n/[slug].js", "n/s.js", "n/what?", "n/back\\slash", "n/é1", "n/ü1", "n/folder [1]/x"]:
        t.expect(OK, f"{key} goes up", "cp", "one/hello.txt", "s3://bucket2/" + key)
    t.expect(OK, "a backslash makes a wildcard plain", "cp", "s3://bucket2/n/\\[slug].js", "plain.js")
    tap.ok(os.path.isfile(t.folder + "/plain.js"), "the target is the file's name then")
    t.expect(OK, "below a folder as well", "cp", "-r", "s3://bucket2/n/folder \\[1]", "plain")
    tap.equal(list(tree(t.folder + "/plain")), ["x"], "of which its content comes")
    tap.ok(t.expect(OK, "ls", "ls", "s3://bucket2/n/folder \\[1]/").split()[-1] == "x", "shows it")
    t.expect(OK, "a set is one of characters", "cp", "s3://bucket2/n/[éa]1", "set")
    tap.equal(list(tree(t.folder + "/set")), ["é1"], "not of bytes")
    t.expect(OK, "rm takes it so too", "rm", "s3://bucket2/n/\\[slug].js", "s3://bucket2/n/what\\?", "s3://bucket2/n/back\\\\slash")
    tap.equal(t.keys("s3://bucket2/n/"), ["n/folder [1]/x", "n/s.js", "n/é1", "n/ü1"], "and leaves its neighbours")
    deep = t.folder + "/deep" + ("/" + "d" * 200) * 6
    os.makedirs(deep + "/s.js")
    t.expect(OTHER, "a folder where the file would be", "cp", "s3://bucket2/n/s.js", deep)
    tap.ok(t.err.rstrip().endswith("illegal operation on a directory"), "the reason stands behind the longest path", t.err[-100:])


def several_folders(t):
    """Folders of several sources keep their names: what is called the same in them stays apart."""
    for name in ("a", "b"):
        write(f"{t.folder}/both/{name}/x", name.encode())
    wanted = ["a/x", "b/x"]
    t.expect(OK, "two folders go up", "cp", "-r", "both/a", "both/b", "s3://bucket2/both")
    tap.equal(t.keys("s3://bucket2/both/"), ["both/" + p for p in wanted], "as two")
    t.expect(OK, "two prefixes come down", "cp", "-r", "s3://bucket2/both/a", "s3://bucket2/both/b/", "both-down")
    tap.equal(tree(t.folder + "/both-down"), tree(t.folder + "/both"), "as two")
    t.expect(OK, "two prefixes are copied", "cp", "-r", "s3://bucket2/both/a", "s3://bucket2/both/b", "s3://bucket2/both-copy")
    tap.equal(t.keys("s3://bucket2/both-copy/"), ["both-copy/" + p for p in wanted], "as two")
    for words in (["both/a/x", "both/b/x", "s3://bucket2/clash/"], ["s3://bucket2/both/a/x", "s3://bucket2/both/b/x", "clash"], ["-r", "both/a", "s3://bucket2/both/a/", "s3://bucket2/clash"]):
        t.expect(USAGE, "two sources of one name", "cp", *words)
        tap.ok("one would replace the other" in t.err and not os.path.exists(t.folder + "/clash"), "are refused", t.err)
    t.expect(OK, "two buckets come down", "cp", "-r", "s3://bucket1", "s3://bucket2", "buckets")
    tap.equal(sorted(os.listdir(t.folder + "/buckets")), ["bucket1", "bucket2"], "as two")


def progress_bar(t):
    """On a terminal there is a bar that ends; in a pipe there is none."""
    main_side, tool_side = pty.openpty()
    p = subprocess.Popen([TOOL, "cp", "-r", "--concurrency", "2", "s3://bucket1/", "bar"], env=t.env, cwd=t.folder, stdout=tool_side, stderr=tool_side)
    os.close(tool_side)
    seen = b""
    while True:
        try:
            piece = os.read(main_side, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(main_side)
    tap.equal(p.wait(60), OK, "a download on a terminal")
    bars = [line for line in seen.split(b"\r") if line.startswith(b"[")]
    tap.ok(bars and all(b" objects, " in bar and b"/s" in bar for bar in bars), "shows a bar", seen[:2000])
    tap.ok(any(b" left" in bar for bar in bars), "with the time that is left", bars[-3:])
    tap.ok(seen.rstrip().endswith(b"objects/s)"), "and the summary last", seen[-300:])
    t.expect(OK, "a download in a pipe", "cp", "-r", "s3://bucket1/tree/d0", "bar2")
    tap.equal(t.err, "", "shows none")
    tap.equal(t.expect(OK, "and with --quiet", "cp", "-q", "-r", "s3://bucket1/tree/d0", "bar2"), "", "nothing at all")


def hostile_keys(t):
    """A server whose listing wants files outside the target folder."""
    keys = ["p/../../escape", "p//absolute", "p/a/../../b", "p/./dot", "p/fine", "p/folder/"]

    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                text = b""
                while b"\r\n\r\n" not in text:
                    text += connection.recv(65536)
                body = b"fine"
                if b"list-type=2" in text:
                    sizes = {"p/folder/": 0}
                    items = "".join(f"<Contents><Key>{k}</Key><Size>{sizes.get(k, 4)}</Size></Contents>" for k in keys)
                    body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>".encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        t.expect(SKIPPED, "keys that lead out of the folder are refused", "cp", "-r", "s3://bucket/p", "hostile/inner", "--endpoint-url", f"http://127.0.0.1:{listener.getsockname()[1]}")
    tap.equal(tree(t.folder + "/hostile"), {"inner/fine": hashlib.sha256(b"fine").hexdigest()}, "only the good one is written")
    tap.equal(t.err.count("would leave the target folder"), 4, "each is told")
    tap.ok(not os.path.exists(t.folder + "/escape") and not os.path.exists("/absolute"), "nothing is written elsewhere")


def broken_downloads(t):
    """Bodies that are cut, and one with a wrong checksum: nothing stays."""
    def serve(listener, head, body):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                connection.recv(65536)
                connection.sendall(head + body)
    cases = [("a body that is cut", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x" * 500000),
             ("a wrong checksum", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n", b"abcd")]
    for name, head, body in cases:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener, head, body), daemon=True).start()
            t.expect(OTHER, f"{name} fails", "cp", "s3://bucket/key", "broken/file", "--endpoint-url", f"http://127.0.0.1:{listener.getsockname()[1]}")
        tap.equal(os.listdir(t.folder + "/broken"), [], f"{name} leaves nothing")


def presigned(t):
    url = t.expect(OK, "presign makes a URL", "presign", "s3://bucket1/tree/odd names/ümläut-日本").strip()
    with urllib.request.urlopen(url) as answer:
        tap.equal(answer.read(), "ümläut-日本".encode(), "that anybody can fetch")
    url = t.expect(OK, "presign for an upload", "presign", "--method", "put", "--expires-in", "60", "s3://bucket1/put here").strip()
    with urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT")) as answer:
        tap.equal(answer.status, 200, "that anybody can use")
    tap.equal(t.expect(OK, "and it is there", "cat", "s3://bucket1/put here"), "by url", "with its bytes")
    tap.ok("Url" in json.loads(t.expect(OK, "presign --json", "presign", "--json", "s3://bucket1/x")), "has the URL")
    form = json.loads(t.expect(OK, "presign makes a form", "presign", "--method", "post", "s3://bucket1/by form"))
    limit = "----a-boundary"
    parts = "".join(f'--{limit}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in form["fields"].items())
    parts += f'--{limit}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nby form\r\n--{limit}--\r\n'
    with urllib.request.urlopen(urllib.request.Request(form["url"], data=parts.encode(), headers={"Content-Type": f"multipart/form-data; boundary={limit}"})) as answer:
        tap.equal(answer.status, 204, "that anybody can fill in")
    tap.equal(t.expect(OK, "and it is there", "cat", "s3://bucket1/by form"), "by form", "with the file")
    t.expect(USAGE, "presign for what no URL does", "presign", "--method", "trace", "s3://bucket1/x")


def failures(t):
    t.expect(SERVICE, "a missing bucket", "ls", "s3://no-such-bucket")
    tap.ok("NoSuchBucket" in t.err, "is named", t.err)
    t.expect(SERVICE, "a missing bucket for one file", "cp", "one/hello.txt", "s3://no-such-bucket/")
    t.expect(FAILED, "a missing bucket for many", "cp", "-r", "one", "s3://no-such-bucket/")
    t.expect(SERVICE, "a missing bucket to list for cp", "cp", "-r", "s3://no-such-bucket/", "x")
    t.expect(SERVICE, "a missing object", "cp", "s3://bucket1/absent", "absent")
    tap.ok(not os.path.exists(t.folder + "/absent"), "leaves no file")
    t.expect(SERVICE, "a missing object for cat", "cat", "s3://bucket1/absent")
    t.expect(SERVICE, "a missing object for head", "head", "s3://bucket1/absent")
    t.expect(SERVICE, "a bucket with objects", "rb", "s3://bucket1")
    t.expect(SERVICE, "a wrong secret", "ls", "s3://bucket1", env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    tap.ok("SignatureDoesNotMatch" in t.err, "is named", t.err)
    none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    t.expect(CONFIG, "no credentials", "ls", env=none)
    t.expect(CONFIG, "no credentials for many", "cp", "-r", "tree", "s3://bucket1/x", env=none)
    tap.equal(len(t.err.splitlines()), 1, "told once")
    t.expect(SERVICE, "unsigned, where that is not allowed", "ls", "s3://bucket1", "--no-sign-request", env=none)
    t.expect(CONFIG, "an unknown profile", "ls", "--profile", "absent")
    t.expect(CONFIG, "an endpoint that is no URL", "ls", "--endpoint-url", "nonsense")
    t.expect(OTHER, "an endpoint where nobody listens", "ls", "--endpoint-url", "http://127.0.0.1:1")
    t.expect(USAGE, "no command")
    t.expect(USAGE, "an unknown command", "frobnicate")
    t.expect(USAGE, "an unknown option", "ls", "--frob")
    t.expect(USAGE, "an option of another command", "ls", "--force")
    t.expect(USAGE, "a missing argument", "cp", "one")
    t.expect(USAGE, "two local sides", "cp", "one/hello.txt", "two")
    t.expect(USAGE, "a folder without -r", "cp", "one", "s3://bucket1/")
    t.expect(USAGE, "a prefix without -r", "rm", "s3://bucket1/")
    t.expect(USAGE, "a number that is none", "cp", "--concurrency", "many", "one/hello.txt", "s3://bucket1/")
    t.expect(OK, "rb --force empties and removes", "rb", "--force", "s3://bucket1")
    for command in ["", "ls", "mb", "rb", "cp", "rm", "cat", "head", "presign", "call"]:
        tap.ok("usage:" in t.expect(OK, f"{command} --help", *([command] if command else []), "--help"), "tells the usage")


PARTS = [one_object, trees, wildcards, dry_runs, big_file, devices, names, several_folders, progress_bar, interrupted, skipped, hostile_keys, broken_downloads, presigned, failures]


def against(s3):
    folder = tempfile.mkdtemp(prefix="tucuxi-transfers-")
    try:
        t = Tool(s3.env, folder)
        t.expect(OK, "a bucket is made", "mb", "s3://bucket1")
        t.expect(OK, "and another", "mb", "s3://bucket2")
        for part in PARTS:
            tap.diag(f"{s3.name}: {part.__name__}")
            part(t)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if not TOOL:
        tap.skip_all("TUCUXI_TOOL is not set")
    for _, server in servers.each():
        with server as s3:
            against(s3)
    tap.done()


if __name__ == "__main__":
    main()
