"""The tool through tinyproxy to versitygw: forwarded over http, through a tunnel over https, with NO_PROXY around it, and refused.

TUCUXI_TOOL is the tool, TUCUXI_VERSITYGW the server; tinyproxy is Debian's (test/tools/servers.py starts and ends both).
"""
# timeout: 300
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import servers
import tap

TOOL = os.environ.get("TUCUXI_TOOL", "")
PASSWORD = "pa%2Dss.w0rd"       # percent-encoded: the proxy knows it as pa-ss.w0rd


def run(server, words, proxies, stdin=None):
    return subprocess.run([TOOL, *words], env={**server.env, **proxies}, input=stdin, capture_output=True, timeout=100)


def seen(proxy):
    with open(proxy.log, encoding="utf-8", errors="replace") as file:
        return file.read()


def through(proxy, user=f"user:{PASSWORD}"):
    return f"http://{user}@127.0.0.1:{proxy.port}" if user else f"http://127.0.0.1:{proxy.port}"


def round_trip(server, proxy, variable, how):
    """Objects of several sizes there and back; the proxy's log says that it was asked."""
    proxies = {variable: through(proxy)}
    with tempfile.TemporaryDirectory() as folder:
        tap.ok(run(server, ["mb", "s3://bucket1"], proxies).returncode == 0, f"{how}: a bucket")
        for size in (0, 1000, 3 << 20):
            path, back = os.path.join(folder, "file"), os.path.join(folder, "back")
            with open(path, "wb") as file:
                file.write(os.urandom(size))
            for words in (["cp", path, "s3://bucket1/key"], ["cp", "s3://bucket1/key", back]):
                r = run(server, words, proxies)
                tap.ok(r.returncode == 0, f"{how}: {size} bytes, {words[0]} {'up' if words[1] == path else 'down'}", r.stderr.decode(errors="replace"))
            with open(path, "rb") as one, open(back, "rb") as two:
                tap.ok(one.read() == two.read(), f"{how}: {size} bytes are the same")
    r = run(server, ["call", "s3", "list_objects_v2", '{"Bucket": "bucket1"}'], proxies)
    tap.ok(r.returncode == 0 and json.loads(r.stdout)["KeyCount"] == 1, f"{how}: a call", r.stderr.decode(errors="replace"))


def error(server, proxies, name, *texts):
    r = run(server, ["call", "s3", "list_buckets", "{}"], proxies)
    text = r.stderr.decode(errors="replace")
    tap.ok(r.returncode != 0 and all(t in text for t in texts), name, f"exit {r.returncode}: {text}")
    tap.ok("pa-ss" not in text and PASSWORD not in text, f"{name}: without the password", text)
    return text


def main():
    with servers.versitygw() as plain, servers.tinyproxy() as proxy:
        round_trip(plain, proxy, "HTTP_PROXY", "forwarded")
        log = seen(proxy)
        tap.ok(f"http://127.0.0.1:{plain.port}/bucket1" in log and "CONNECT http" not in log, "the proxy forwarded whole URLs", log[-2000:])
        error(plain, {"HTTP_PROXY": through(proxy, None)}, "forwarded without a password", "407")
        before = len(seen(proxy))
        for no_proxy in ("127.0.0.1", f"127.0.0.1:{plain.port}", "127.0.0.0/8", "*"):
            r = run(plain, ["call", "s3", "list_buckets", "{}"], {"HTTP_PROXY": through(proxy), "NO_PROXY": no_proxy})
            tap.ok(r.returncode == 0 and len(seen(proxy)) == before, f"NO_PROXY={no_proxy}: around the proxy", r.stderr.decode(errors="replace"))
        r = run(plain, ["call", "s3", "list_buckets", "{}"], {"HTTP_PROXY": through(proxy), "NO_PROXY": "10.0.0.0/8,example"})
        tap.ok(r.returncode == 0 and len(seen(proxy)) > before, "NO_PROXY of others: through the proxy", r.stderr.decode(errors="replace"))

    with servers.versitygw(tls=True) as secure, servers.tinyproxy() as proxy:
        round_trip(secure, proxy, "HTTPS_PROXY", "tunnel")
        log = seen(proxy)
        tap.ok(f"CONNECT localhost:{secure.port}" in log and "bucket1" not in log, "the proxy saw where to, and nothing else", log[-2000:])
        error(secure, {"HTTPS_PROXY": through(proxy, None)}, "tunnel without a password", "ProxyConnectionError", "407", f"http://127.0.0.1:{proxy.port}", "it wants a user and a password")
        error(secure, {"HTTPS_PROXY": through(proxy, "user:wrong")}, "tunnel with a wrong password", "ProxyConnectionError", "it does not accept this user and password")
        env = secure.env
        secure.env = {**env, "AWS_ENDPOINT_URL": f"https://127.0.0.1:{servers.free_port()}"}
        error(secure, {"HTTPS_PROXY": through(proxy)}, "a tunnel to nobody", "ProxyConnectionError", "it answered CONNECT with 500")
        secure.env = {k: v for k, v in env.items() if k != "AWS_CA_BUNDLE"}
        error(secure, {"HTTPS_PROXY": through(proxy)}, "the origin's certificate is checked", "SSLError", f"localhost:{secure.port}")
        secure.env = env
        error(secure, {"HTTPS_PROXY": f"http://127.0.0.1:{servers.free_port()}"}, "no proxy there", "ProxyConnectionError", "connection refused")

    with servers.versitygw(tls=True) as secure, servers.tinyproxy(connect_port=1) as proxy:
        error(secure, {"HTTPS_PROXY": through(proxy)}, "a port that the proxy refuses", "ProxyConnectionError", "it answered CONNECT with 403")
    tap.done()


if __name__ == "__main__":
    main()
