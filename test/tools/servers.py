"""Real servers for the integration tests: each started on a free port of the loopback, below a folder of its own, and ended with its test.

    import servers
    with servers.versitygw() as s3:          # or servers.each(): versitygw, and MinIO where TUCUXI_TEST_MINIO=1
        subprocess.run([tool, "ls"], env=s3.env)

versitygw is in TUCUXI_VERSITYGW, MinIO in TUCUXI_MINIO, moto in TUCUXI_MOTO, DynamoDB Local's jars in TUCUXI_DYNAMODB_LOCAL, Amazon's metadata mock in TUCUXI_METADATA_MOCK; a test skips itself as a whole where there is no server.
"""
import contextlib
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import tap

KEY, SECRET, REGION = "testkey", "testsecret", "us-east-1"


class Server:
    """A running server: url, ca (a PEM file, with TLS), port, root (its data), log (a file), env (an environment that leads a client there)."""

    def __init__(self, name, url, port, root, ca, log):
        self.name, self.url, self.port, self.root, self.ca, self.log = name, url, port, root, ca, log
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
        self.env.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=url, TUCUXI_ENDPOINT_URL=url)
        if ca:
            self.env["AWS_CA_BUNDLE"] = ca


def free_port():
    """A port that is free, outside of the range that outgoing connections use."""
    while True:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", random.randrange(20000, 32000)))
            except OSError:
                continue
            return s.getsockname()[1]


def certificate(folder, names="DNS:localhost,DNS:*.localhost,DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1"):
    """A certificate for these names and the key to it, by an authority of its own: (authority, certificate, key), all PEM files in folder."""
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=tucuxi test authority", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "private.key", "-out", "leaf.csr")
    with open(os.path.join(folder, "leaf.ext"), "w", encoding="utf-8") as file:
        file.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "leaf.ext", "-out", "public.crt")
    return tuple(os.path.join(folder, n) for n in ("ca.pem", "public.crt", "private.key"))


def wait_until_ready(process, url, ca, log, status=200, seconds=60):
    """Returns once the url answers with this status; raises when the server ends or the time is over."""
    context = ssl.create_default_context(cafile=ca) if ca else None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5, context=context) as answer:
                if answer.status == status:
                    return
        except urllib.error.HTTPError as e:
            if e.code == status:
                return
            time.sleep(0.02)
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    with open(log, encoding="utf-8", errors="replace") as file:
        raise RuntimeError(f"the server at {url} did not start:\n{file.read()[-4000:]}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _running(name, command, env, tls, ready, status=200):
    """Starts command(folder, port, certificate files), waits until the ready path answers with the status and yields the Server."""
    folder = tempfile.mkdtemp(prefix=f"tucuxi-{name}-")
    process = None
    try:
        root, log, port = os.path.join(folder, "data"), os.path.join(folder, "log"), free_port()
        os.mkdir(root)
        pair = certificate(folder) if tls else None
        ca = pair[0] if tls else None
        url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{port}"
        with open(log, "wb") as out:
            process = subprocess.Popen(command(folder, root, port, pair), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env={**os.environ, **env})
        wait_until_ready(process, url + ready, ca, log, status)
        yield Server(name, url, port, root, ca, log)
    finally:
        if process:
            stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def versitygw(tls=False, domain=None):
    """domain: buckets as hosts below it, "s3.localhost". Skips the whole test where there is no versitygw."""
    program = os.environ.get("TUCUXI_VERSITYGW")
    if not program:
        tap.skip_all("versitygw cannot be had")

    def command(folder, root, port, pair):
        versions = os.path.join(folder, "versions")
        os.mkdir(versions)
        line = [program, "--access", KEY, "--secret", SECRET, "--region", REGION, "--port", f"127.0.0.1:{port}", "--keep-alive", "--quiet", "--health", "/health"]
        line += ["--cert", pair[1], "--key", pair[2]] if pair else []
        line += ["--virtual-domain", f"{domain}:{port}"] if domain else []
        return line + ["posix", "--versioning-dir", versions, root]
    return _running("versitygw", command, {}, tls, "/health")


def minio(tls=False, domain=None):
    def command(folder, root, port, pair):
        line = [os.environ["TUCUXI_MINIO"], "server", "--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{free_port()}"]
        if pair:
            line += ["--certs-dir", folder]
        return line + [root]
    env = {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_UPDATE": "off", **({"MINIO_DOMAIN": domain} if domain else {})}
    return _running("minio", command, env, tls, "/minio/health/ready")


def moto():
    """Many services; signatures are not checked until POST /moto-api/reset-auth."""
    program = os.environ.get("TUCUXI_MOTO")
    if not program:
        tap.skip_all("moto cannot be had")
    return _running("moto", lambda folder, root, port, pair: [program, "-H", "127.0.0.1", "-p", str(port)], {}, False, "/moto-api/")


def metadata_mock():
    """Instance metadata as Amazon mocks it, version 2 alone."""
    program = os.environ["TUCUXI_METADATA_MOCK"]
    return _running("metadata-mock", lambda folder, root, port, pair: [program, "--imdsv2", "-n", "127.0.0.1", "-p", str(port)], {}, False, "/latest/meta-data/", 401)


def dynamodb_local():
    """It listens on all interfaces, and answers whatever the signature."""
    jars = os.environ["TUCUXI_DYNAMODB_LOCAL"]
    line = ["java", f"-Djava.library.path={jars}", "-cp", f"{jars}/*", "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-disableTelemetry", "-inMemory", "-port"]
    return _running("dynamodb-local", lambda folder, root, port, pair: line + [str(port)], {}, False, "/", 400)


def tinyproxy(connect_port=None):
    """A proxy for http:// and CONNECT, which wants the user "user" with the password "pa-ss.w0rd"; connect_port: the only port that it opens tunnels to."""
    program = shutil.which("tinyproxy")
    if not program:
        tap.skip_all("tinyproxy cannot be had")

    def command(folder, root, port, pair):
        path = os.path.join(folder, "tinyproxy.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Connect\nBasicAuth user pa-ss.w0rd\n")
            file.write(f"ConnectPort {connect_port}\n" if connect_port else "")
        return [program, "-d", "-c", path]
    return _running("tinyproxy", command, {}, False, "/", 407)


def each(**options):
    """versitygw, and MinIO when the tests were asked to run against it: context managers by name."""
    yield "versitygw", versitygw(**options)
    if os.environ.get("TUCUXI_MINIO"):
        yield "minio", minio(**options)
