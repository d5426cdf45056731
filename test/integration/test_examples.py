"""The programs of examples/ against a real S3 server (versitygw, begun here on a free port): what they print, their exit status, and what is in the bucket afterwards.

TUCUXI_BUILD is the build folder, TUCUXI_VERSITYGW the server. Nothing is built here.
"""
# timeout: 600
import concurrent.futures
import datetime
import hashlib
import hmac
import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import tap

MIB = 1 << 20
BIG = 256 * MIB
ACCESS, SECRET, REGION, BUCKET = "testkey", "testsecret", "us-east-1", "examples"


class Server:
    """versitygw on a free port of the loopback interface, with a folder of its own."""

    def __init__(self, program):
        self.root = tempfile.mkdtemp(prefix="tucuxi-examples-")
        for _ in range(5):
            self.port = free_port()
            self.process = subprocess.Popen([program, "--access", ACCESS, "--secret", SECRET, "--region", REGION, "--port", f"127.0.0.1:{self.port}", "--keep-alive",
                                             "--quiet", "--health", "/health", "posix", self.root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.ready():
                return
            self.process.kill()
            self.process.wait()
        raise RuntimeError("the S3 server does not start")

    def ready(self):
        limit = time.monotonic() + 15
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return True
            except OSError:
                time.sleep(0.05)
        return False

    def request(self, method, path, body=b""):
        """A request signed here, by none of tucuxi's code: SigV4, UNSIGNED-PAYLOAD."""
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        day, host = stamp[:8], f"127.0.0.1:{self.port}"
        path = urllib.parse.quote(path)
        headers = {"host": host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": stamp}
        names = ";".join(sorted(headers))
        canonical = "\n".join([method, path, "", *[f"{n}:{headers[n]}" for n in sorted(headers)], "", names, "UNSIGNED-PAYLOAD"])
        scope = f"{day}/{REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for part in [day, REGION, "s3", "aws4_request"]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={names}, Signature={signature}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer

    def put(self, key, body):
        self.request("PUT", f"/{BUCKET}/{key}", body)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def program(name):
    return os.path.join(os.environ["TUCUXI_BUILD"], "examples", name)


def environment(server):
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(AWS_ACCESS_KEY_ID=ACCESS, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.port}",
               AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    # Freed memory that AddressSanitizer holds back is no growth of the program's.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "detect_leaks=1") + ":quarantine_size_mb=1"
    return env


def run(server, *command, **more):
    return subprocess.run([program(command[0]), *command[1:]], env=environment(server), capture_output=True, text=True, timeout=120, check=False, **more)


def pattern(seed, size):
    return random.Random(seed).randbytes(size)


# ---- the small ones ----

def test_put_get(server):
    done = run(server, "put_get", BUCKET, "greeting", "hello")
    tap.ok(done.returncode == 0 and re.fullmatch(r'put, ETag "[0-9a-f]{32}"\ngot 5 bytes of text/plain: hello\ndeleted\n', done.stdout), "put_get", str(done))
    done = run(server, "put_get", "no-such-bucket", "greeting", "hello")
    tap.ok(done.returncode == 1 and "NoSuchBucket" in done.stderr and done.stdout == "", "put_get: no such bucket", str(done))
    tap.equal(run(server, "put_get").returncode, 2, "put_get: usage")


def test_thousand_calls(server):
    done = run(server, "thousand_calls", BUCKET, "1100")
    match = re.fullmatch(r"1100 calls, 0 failed, over (\d+) connections\n", done.stdout)
    tap.ok(done.returncode == 0 and match and 1 <= int(match.group(1)) <= 32, "thousand_calls", str(done))
    done = run(server, "thousand_calls", "no-such-bucket", "20")
    tap.ok(done.returncode == 1 and "20 calls, 20 failed" in done.stdout, "thousand_calls: no such bucket", str(done))


def test_presign(server):
    server.put("shown", b"shown to anybody")
    done = run(server, "presign", BUCKET, "shown", "up/")
    tap.equal((done.returncode, done.stderr), (0, ""), "presign")
    lines = done.stdout.splitlines()
    with urllib.request.urlopen([line for line in lines if line.startswith("get ")][0][4:]) as answer:
        tap.equal(answer.read(), b"shown to anybody", "presign: the URL shows the object")
    url = [line for line in lines if line.startswith("post ")][0][5:]
    fields = [line.split("=", 1) for line in lines if not line.startswith(("get ", "post "))]
    for size, expected in ((10, 204), (1000001, 400)):
        limit = "----a-boundary"
        form = "".join(f'--{limit}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields)
        form += f'--{limit}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n{"x" * size}\r\n--{limit}--\r\n'
        request = urllib.request.Request(url, data=form.encode(), headers={"Content-Type": f"multipart/form-data; boundary={limit}"})
        try:
            with urllib.request.urlopen(request) as answer:
                status = answer.status
        except urllib.error.HTTPError as e:
            status = e.code
        tap.equal(status, expected, f"presign: the form takes {size} bytes with {expected}")
    tap.equal(run(server, "presign", BUCKET).returncode, 2, "presign: usage")


def test_list_bucket(server):
    done = run(server, "list_bucket", BUCKET, "thousand/")
    wanted = {f"thousand/{i}": len(f"number {i}") for i in range(1100)}
    found = {line.split(None, 2)[2]: int(line.split()[0]) for line in done.stdout.splitlines()}
    tap.ok(done.returncode == 0 and found == wanted, "list_bucket: 1100 objects, two pages", done.stderr + done.stdout[:500])
    done = run(server, "list_bucket", BUCKET, "nothing/like/this")
    tap.ok(done.returncode == 0 and done.stdout == "", "list_bucket: nothing", str(done))
    done = run(server, "list_bucket", "no-such-bucket")
    tap.ok(done.returncode == 1 and "NoSuchBucket" in done.stderr, "list_bucket: no such bucket", str(done))


def test_search_pages(server):
    wanted = [f'"thousand/{i}"' for i in sorted(map(str, range(1100)))]
    found, token = [], []
    while len(found) < 1100:  # 700 and what is left, by the token of the first
        done = run(server, "search_pages", BUCKET, "Contents[?starts_with(Key, 'thousand/')].Key", "700", *token)
        lines = done.stdout.splitlines()
        token = [line.split()[1] for line in lines if line.startswith("next: ")]
        found += [line for line in lines if not line.startswith("next: ")]
        if done.returncode != 0 or not token:
            break
    tap.ok(done.returncode == 0 and found == wanted, "search_pages: 1100 keys, by a token", f"{len(found)} {done.stderr} {done.stdout[:300]}")
    done = run(server, "search_pages", BUCKET, "Contents[")
    tap.ok(done.returncode == 1 and "^" in done.stderr, "search_pages: a bad expression", str(done))
    done = run(server, "search_pages", "no-such-bucket", "Contents")
    tap.ok(done.returncode == 1 and "NoSuchBucket" in done.stderr, "search_pages: no such bucket", str(done))


def test_other_thread(server):
    done = run(server, "other_thread", BUCKET)
    tap.ok(done.returncode == 0 and done.stdout == "100 of 100 answered, 0 failed\n", "other_thread", str(done))
    done = run(server, "list_bucket", BUCKET, "thread/")
    tap.equal(len(done.stdout.splitlines()), 100, "other_thread: 100 objects are there")


def test_handle_error(server):
    done = run(server, "handle_error", BUCKET)
    tap.equal(done.returncode, 0, "handle_error")
    for what, line in [("parameters", r'bad parameters: Parameter validation failed:\n(.*\n)*.*"Kee"'), ("the service", r"^no such key \(HTTP status 404\)$"),
                       ("nobody", r"^ECONNREFUSED after 2 attempts: "), ("silence", r"^timed out, sent: .*100 ms")]:
        tap.ok(re.search(line, done.stdout, re.M), f"handle_error: {what}", str(done))


def test_hooks(server):
    done = run(server, "hooks", BUCKET)
    wanted = r"NoSuchKey, attempt 1: again in 50 ms\nafter-call\.s3\.GetObject: HTTP status 404, 2 attempts\nAn error occurred \(NoSuchKey\) when calling the GetObject operation.*\n"
    tap.ok(done.returncode == 0 and re.fullmatch(wanted, done.stdout), "hooks", str(done))


def test_stub_test(server):
    done = run(server, "stub_test")
    tap.equal(done.returncode, 0, "stub_test")
    tap.ok(done.stdout.count("ok - ") == 7 and "not ok" not in done.stdout, "stub_test: its tests pass", str(done))


def test_wait(server):
    done = run(server, "wait", BUCKET)
    wanted = r"Waiter ObjectExists failed: Max attempts exceeded\. Previously accepted state: Matched expected HTTP status code: 404\nlast answer: 404, after 2 polls\nput: done\nthere: 4 bytes, after some polls\n"
    tap.ok(done.returncode == 0 and re.fullmatch(wanted, done.stdout), "wait", str(done))


def test_futures(server):
    done = run(server, "futures", BUCKET)
    tap.equal((done.returncode, done.stdout), (0, "chain: 5 bytes\nall: all 3\nany: 11 bytes\nrace: 3 bytes\ntimeout: ETIMEDOUT\n"), "futures")
    done = run(server, "futures", "no-such-bucket")
    tap.equal((done.returncode, done.stdout), (1, "chain: TCX_ECLIENT\n"), "futures: no such bucket")


def test_coroutines(server):
    done = run(server, "coroutines", BUCKET)
    tap.equal((done.returncode, done.stdout), (0, "80 bytes\nnumber 7\nno exception: 404\nan exception: NoSuchKey\nETIMEDOUT\n"), "coroutines")
    done = run(server, "coroutines", "no-such-bucket")
    tap.ok(done.returncode == 1 and "NoSuchBucket" in done.stderr and done.stdout == "", "coroutines: no such bucket", str(done))


def test_stream_download(server):
    body = pattern("stream", 8 * MIB)
    server.put("stream", body)
    command = [program("stream_download"), BUCKET, "stream"]
    process = subprocess.Popen(command, env=environment(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    got = process.stdout.read(100_000)
    time.sleep(0.2)
    got += process.stdout.read()
    errors = process.stderr.read().decode()
    process.wait(60)
    match = re.search(r"^(\d+) bytes, stopped (\d+) times$", errors, re.M)
    tap.ok(process.returncode == 0 and got == body, "stream_download: every byte", errors)
    tap.ok(match and int(match.group(1)) == len(body) and int(match.group(2)) > 0, "stream_download: it was stopped", errors)
    done = run(server, "stream_download", BUCKET, "not there")
    tap.ok(done.returncode == 1 and "NoSuchKey" in done.stderr and done.stdout == "", "stream_download: no such key", str(done))
    with tempfile.TemporaryFile() as file:
        done = subprocess.run(command, env=environment(server), stdout=file, stderr=subprocess.PIPE, timeout=60, check=False)
    tap.ok(done.returncode == 2 and b"not a pipe" in done.stderr, "stream_download: a file is refused", str(done))


# ---- http_server ----

class Web:
    """http_server, running."""

    def __init__(self, server, bucket=BUCKET):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([program("http_server"), bucket], env=environment(server), stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, key, method="GET", headers=None):
        connection = self.connect()
        connection.request(method, "/" + urllib.parse.quote(key), headers=headers or {})
        response = connection.getresponse()
        answer = response.status, dict(response.getheaders()), response.read()
        connection.close()
        return answer

    def raw(self, data, size=0):
        """A socket to which data was sent; with size, a small receive buffer."""
        s = socket.socket()
        if size:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        s.settimeout(60)
        s.connect(("127.0.0.1", self.port))
        s.sendall(data)
        return s

    def memory(self, what):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{what}:\s+(\d+) kB$", file.read(), re.M).group(1)) * 1024

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def end(self, number=signal.SIGTERM):
        """Exit status and seconds until it ended."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return status, time.monotonic() - began


def read_all(s):
    data = b""
    while piece := s.recv(65536):
        data += piece
    return data


def read_response(s):
    """One response with a Content-Length: head, body."""
    file = s.makefile("rb")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline()
        if not line:
            return head, b""
        head += line
    size = int(re.search(rb"(?i)^content-length: (\d+)", head, re.M).group(1))
    return head, file.read(size)


def test_http_answers(server, web):
    body = pattern("answers", 100_000)
    server.put("folder/a b+ü%.bin", body)
    server.put("empty", b"")
    status, headers, got = web.get("folder/a b+ü%.bin")
    tap.ok(status == 200 and got == body and headers["Content-Length"] == "100000" and headers["ETag"] == f'"{hashlib.md5(body).hexdigest()}"', "GET", str(headers))
    status, headers, got = web.get("folder/a b+ü%.bin", "HEAD")
    tap.ok(status == 200 and got == b"" and headers["Content-Length"] == "100000", "HEAD", str((status, headers)))
    status, headers, got = web.get("empty")
    tap.ok((status, got) == (200, b""), "GET of an empty object", str((status, headers)))
    for given, wanted, name in [("bytes=10-19", body[10:20], "0-based"), ("bytes=99990-", body[99990:], "open"), ("bytes=-7", body[-7:], "suffix")]:
        status, headers, got = web.get("folder/a b+ü%.bin", headers={"Range": given})
        tap.ok(status == 206 and got == wanted and headers["Content-Range"].endswith("/100000"), f"Range: {name}", str((status, headers)))
    status, headers, got = web.get("folder/a b+ü%.bin", headers={"Range": "bytes=200000-"})
    tap.equal(status, 416, "Range: beyond the end")
    for method in ["GET", "HEAD"]:
        status, headers, got = web.get("not/there", method)
        tap.ok(status == 404 and got == (b"404 Not Found\n" if method == "GET" else b""), f"{method} of what is not there", str((status, headers, got)))
    tap.equal(web.get("")[0], 404, "GET /")
    status, headers, got = web.get("empty", "DELETE")
    tap.ok(status == 405 and headers["Allow"] == "GET, HEAD", "another method", str((status, headers)))
    for name, data in [("not HTTP", b"hello\r\n\r\n"), ("a target too long", b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n"),
                       ("headers without end", b"GET /empty HTTP/1.1\r\n" + b"X: y\r\n" * 20000)]:
        s = web.raw(b"")
        try:
            s.sendall(data)
            answer = read_all(s)
        except ConnectionError:
            answer = b"HTTP/1.1 400 " # closed while we were still writing
        s.close()
        tap.ok(answer.startswith(b"HTTP/1.1 400 "), f"refused: {name}", repr(answer[:200]))
    for escape in (b"%0", b"%1z", b"%+f"):
        s = web.raw(b"GET /" + escape + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
        tap.ok(read_all(s).startswith(b"HTTP/1.1 400 "), f"refused: the escape {escape.decode()}")
    s.close()


def test_http_connections(server, web):
    small = pattern("small", 1000)
    server.put("small", small)
    connection = web.connect()
    bodies, ports = [], set()
    for _ in range(20):
        connection.request("GET", "/small")
        bodies.append(connection.getresponse().read())
        ports.add(connection.sock.getsockname())
    connection.close()
    tap.ok(bodies == [small] * 20 and len(ports) == 1, "keep-alive: 20 requests on one connection", str(ports))
    s = web.raw(b"GET /small HTTP/1.1\r\n\r\n" * 300 + b"GET /small HTTP/1.1\r\nConnection: close\r\n\r\n")
    data = read_all(s)
    s.close()
    tap.equal((data.count(b"HTTP/1.1 200 OK\r\n"), data.count(small)), (301, 301), "301 requests at once on one connection")
    s = web.raw(b"GET /%00 HTTP/1.1\r\n\r\n" * 2000 + b"GET /small HTTP/1.1\r\nConnection: close\r\n\r\n")
    data = read_all(s)
    s.close()
    tap.ok(data.count(b"HTTP/1.1 400 ") == 2000 and data.endswith(small), "2000 bad ones at once, then a good one", repr(data[-200:]))
    s = web.raw(b"GET /small HTTP/1.0\r\n\r\n")
    data = read_all(s)
    s.close()
    tap.ok(data.endswith(small) and b"Connection: close" in data, "HTTP/1.0", repr(data[:300]))
    s = web.raw(b"")
    for byte in b"GET /small HTTP/1.1\r\nrAnGe: bytes=1-3\r\n\r\n":
        s.sendall(bytes([byte]))
    head, body = read_response(s)
    s.close()
    tap.ok(head.startswith(b"HTTP/1.1 206 ") and body == small[1:4], "a request in single bytes", repr(head))
    s = web.raw(b"GET /small HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n")
    head, body = read_response(s)
    s.close()
    tap.ok(head.startswith(b"HTTP/1.1 200 ") and body == small, "an upgrade is not taken up", repr(head))


def test_http_many(server, web):
    """Many clients at once, some of which hang up in the middle."""
    sizes = [0, 1, 1000, 65535, 65536, 65537, MIB - 1, MIB + 3, 5 * MIB]
    bodies = {f"many/{size}": pattern(size, size) for size in sizes}
    for key, body in bodies.items():
        server.put(key, body)

    def client(number):
        chance, connection, wrong = random.Random(number), web.connect(), []
        for _ in range(10):
            key = chance.choice(list(bodies))
            if chance.random() < 0.2:
                s = web.raw(f"GET /{key} HTTP/1.1\r\n\r\n".encode())
                s.recv(chance.choice([1, 1000, 100_000]))
                s.close()
            connection.request("GET", "/" + key)
            response = connection.getresponse()
            if (response.status, response.read()) != (200, bodies[key]):
                wrong.append(key)
        connection.close()
        return wrong

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        wrong = [key for keys in pool.map(client, range(64)) for key in keys]
    tap.ok(not wrong, "64 clients, 640 objects, every byte", str(wrong[:20]))


def test_http_backpressure(server, web):
    """256 MiB for clients that do not read: the server's memory stands still, and so does what it reads from S3."""
    chunk = pattern("big", MIB)
    path = os.path.join(server.root, BUCKET, "big")
    with open(path, "wb") as file:
        for _ in range(BIG // MIB):
            file.write(chunk)
    wanted = hashlib.sha256(chunk * (BIG // MIB)).hexdigest()
    for _ in range(3):
        web.get("many/65536")
    before = web.memory("VmRSS")
    request = b"GET /big HTTP/1.1\r\nConnection: close\r\n\r\n"
    stalled = [web.raw(request, 4096) for _ in range(8)]
    time.sleep(3)
    growth = web.memory("VmHWM") - before
    tap.ok(growth < 16 * MIB, "8 stalled clients of 256 MiB: the server grows by less than 16 MiB", f"{growth / MIB:.1f} MiB")
    status, _, body = web.get("many/65536")
    tap.ok(status == 200 and body == pattern(65536, 65536), "another client is served meanwhile")
    head, body = b"", hashlib.sha256()
    file = stalled[0].makefile("rb")
    while not head.endswith(b"\r\n\r\n"):
        head += file.readline()
    size = 0
    while piece := file.read(MIB):
        body.update(piece)
        size += len(piece)
    tap.ok(size == BIG and body.hexdigest() == wanted, "a client that wakes up gets every byte", f"{size} bytes, {head!r}")
    for s in stalled:
        s.close()
    growth = web.memory("VmHWM") - before
    tap.ok(growth < 16 * MIB, "and the server has still grown by less than 16 MiB", f"{growth / MIB:.1f} MiB")


def test_http_end(server):
    for number in [signal.SIGTERM, signal.SIGINT]:
        web = Web(server)
        idle = web.connect()
        idle.request("GET", "/small")
        idle.getresponse().read()
        status, seconds = web.end(number)
        tap.ok(status == 0 and seconds < 3, f"{number.name} with an idle client", f"status {status}, {seconds:.1f} s\n{web.said()}")
        idle.close()
    web = Web(server)
    s = web.raw(b"GET /many/5242880 HTTP/1.1\r\n\r\n", 4096)
    first = s.recv(1000)
    web.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    refused = False
    try:
        web.raw(b"").close()
    except ConnectionRefusedError:
        refused = True
    data = first + read_all(s)
    s.close()
    status = web.process.wait(30)
    tap.ok(refused, "after a signal nobody new is let in")
    tap.ok(status == 0 and data.endswith(pattern(5 * MIB, 5 * MIB)), "an answer under way is finished", f"status {status}, {len(data)} bytes\n{web.said()}")
    web = Web(server)
    s = web.raw(b"GET /big HTTP/1.1\r\n\r\n", 4096)
    s.recv(1000)
    web.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    tap.ok(web.process.poll() is None, "a stalled client is waited for")
    status, seconds = web.end(signal.SIGINT)
    s.close()
    tap.ok(status == 0 and seconds < 3, "a second signal ends it at once", f"status {status}, {seconds:.1f} s\n{web.said()}")
    web = Web(server)
    s = web.raw(b"GET /big HTTP/1.1\r\n\r\n", 4096)
    s.recv(1000)
    status, seconds = web.end()
    s.close()
    tap.ok(status == 0 and 4 < seconds < 10, "or it waits 5 seconds", f"status {status}, {seconds:.1f} s\n{web.said()}")


def test_http_no_service(server):
    """S3 says no, or cannot be reached."""
    web = Web(server, "no-such-bucket")
    tap.equal(web.get("key")[0], 404, "a bucket that is not there")
    tap.equal(web.end()[0], 0, "and the server ends well")

    class Nobody:
        port = free_port()
    web = Web(Nobody())
    tap.equal(web.get("key")[0], 502, "nobody answers: 502")
    tap.equal(web.end()[0], 0, "and the server ends well")


def main():
    versitygw = os.environ.get("TUCUXI_VERSITYGW")
    if not versitygw:
        tap.skip_all("TUCUXI_VERSITYGW names no server")
    server = Server(versitygw)
    web = None
    # A runner that has waited long enough ends us so: the servers end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        server.request("PUT", f"/{BUCKET}")
        test_put_get(server)
        test_thousand_calls(server)
        test_list_bucket(server)
        test_search_pages(server)
        test_presign(server)
        test_other_thread(server)
        test_handle_error(server)
        test_futures(server)
        test_coroutines(server)
        test_hooks(server)
        test_stub_test(server)
        test_wait(server)
        test_stream_download(server)
        web = Web(server)
        test_http_answers(server, web)
        test_http_connections(server, web)
        test_http_many(server, web)
        test_http_backpressure(server, web)
        status, seconds = web.end()
        tap.ok(status == 0 and seconds < 3, "http_server ends well after all that", f"status {status}, {seconds:.1f} s\n{web.said()}")
        test_http_end(server)
        test_http_no_service(server)
    finally:
        if web is not None and web.process.poll() is None:
            web.end(signal.SIGKILL)
        server.end()
    tap.done()


main()
