"""examples/quickstart.sh: with the server that it starts, with a server that is given, after Ctrl-C, and that a wrong server does not pass for a right one."""
# timeout: 900
import http.server
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

import servers
import source
import tap

SCRIPT = source.path("examples", "quickstart.sh")
SMALL = {"TUCUXI_QUICKSTART_FILES": "20", "TUCUXI_QUICKSTART_BIG_MIB": "2"}


class CarelessS3(http.server.BaseHTTPRequestHandler):
    """An S3 that checks no signature and, when asked to, changes a byte of what it gives back."""
    protocol_version = "HTTP/1.1"
    objects, buckets, flip = {}, set(), False

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def where(self):
        url = urllib.parse.urlsplit(self.path)
        bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
        return bucket, key, urllib.parse.parse_qs(url.query, keep_blank_values=True)

    def body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "aws-chunked" not in self.headers.get("Content-Encoding", "") and "x-amz-decoded-content-length" not in self.headers:
            return data
        whole = bytearray()
        while True:
            head, _, data = data.partition(b"\r\n")
            size = int(head.partition(b";")[0], 16)
            if size == 0:
                return bytes(whole)
            whole += data[:size]
            data = data[size + 2:]

    def do_PUT(self):
        bucket, key, _ = self.where()
        data = self.body()
        if key:
            self.objects[bucket, key] = data
        else:
            self.buckets.add(bucket)
        self.answer(200, ETag='"0"')

    def do_POST(self):
        bucket, _, query = self.where()
        text = self.body().decode()
        for key in re.findall("<Key>(.*?)</Key>", text) if "delete" in query else []:
            self.objects.pop((bucket, key.replace("&amp;", "&")), None)
        self.answer(200, b"<DeleteResult/>", Content_Type="application/xml")

    def do_DELETE(self):
        bucket, key, _ = self.where()
        if key:
            self.objects.pop((bucket, key), None)
        else:
            self.buckets.discard(bucket)
        self.answer(204)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        bucket, key, query = self.where()
        if not key:
            prefix = query.get("prefix", [""])[0]
            encode = urllib.parse.quote if query.get("encoding-type") == ["url"] else escape
            items = "".join(f"<Contents><Key>{encode(k)}</Key><Size>{len(v)}</Size><LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
                            for (b, k), v in sorted(self.objects.items()) if b == bucket and k.startswith(prefix))
            return self.answer(200, f"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{items}</ListBucketResult>".encode(), Content_Type="application/xml")
        data = self.objects[bucket, key]
        if self.flip and len(data) > 100000:
            data = data[:500] + bytes([data[500] ^ 1]) + data[501:]
        return self.answer(200, data, ETag='"0"')


def environment(folder, **more):
    env = {**os.environ, "TMPDIR": folder, "TUCUXI_QUICKSTART_BUILD": source.RELEASE, **SMALL, **more}
    # The cache is the user's, so that the server is not built again.
    env["XDG_CACHE_HOME"] = os.path.dirname(os.path.dirname(os.path.dirname(os.environ["TUCUXI_VERSITYGW"])))
    return env


def quickstart(name, wanted, expect, **more):
    """Runs it to its end; what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["sh", SCRIPT], env=environment(folder, **more), capture_output=True, text=True, check=False)
        out = done.stdout + done.stderr
        tap.ok(done.returncode == wanted, f"{name}: exit status {wanted}", f"{done.returncode}\n{out}")
        for text in expect:
            tap.ok(text in out, f"{name}: says \"{text}\"", out)
        tap.equal(os.listdir(folder), [], f"{name}: leaves no work folder")
    return out


def gone(pid):
    try:
        os.kill(pid, 0)
        return False
    except ProcessLookupError:
        return True


def interrupted():
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(["sh", SCRIPT], env=environment(folder, TUCUXI_QUICKSTART_FILES="2000"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        server, out = None, ""
        for line in process.stdout:
            out += line
            found = re.search(r"its process is (\d+)", line)
            server = int(found.group(1)) if found else server
            if line.startswith("== tucuxi cp"):
                break
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        out += process.stdout.read()
        tap.ok(process.wait() == 130, "Ctrl-C: exit status 130", f"{process.returncode}\n{out}")
        tap.ok(server is not None and gone(server), "Ctrl-C: the server has ended", out)
        tap.equal(os.listdir(folder), [], "Ctrl-C: leaves no work folder")


def careless(flip):
    handler = type("Handler", (CarelessS3,), {"objects": {}, "buckets": set(), "flip": flip})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keys = {"TUCUXI_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    if flip:
        quickstart("a server that changes a byte", 1, ["differ"], **keys)
    else:
        quickstart("a server that checks nothing", 1, ["a wrong secret was accepted"], **keys)
    tap.equal((len(handler.objects), len(handler.buckets)), (0, 0), "its bucket is deleted all the same")
    server.shutdown()


if not os.environ.get("TUCUXI_VERSITYGW"):
    tap.skip_all("versitygw cannot be had")
quickstart("its own server", 0, ["Starting versitygw", "All 21 files are equal", "SignatureDoesNotMatch", "NoSuchBucket", "Upload: 21 files", "Download: 21 files", "List: 21 objects"])
with servers.versitygw() as given:
    quickstart("a given server", 0, ["Using the server at " + given.url, "All 21 files are equal", "Deleting the bucket"], TUCUXI_ENDPOINT_URL=given.url,
               AWS_ACCESS_KEY_ID=servers.KEY, AWS_SECRET_ACCESS_KEY=servers.SECRET)
    tap.equal([n for n in os.listdir(given.root) if n.startswith("tucuxi-")], [], "a given server: its bucket is deleted")
    quickstart("a given server with wrong keys", 1, ["the bucket could not be made"], TUCUXI_ENDPOINT_URL=given.url, AWS_ACCESS_KEY_ID=servers.KEY, AWS_SECRET_ACCESS_KEY="no")
interrupted()
careless(flip=False)
careless(flip=True)
tap.done()
