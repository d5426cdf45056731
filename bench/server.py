"""The server of the benchmarks: Debian's nginx with canned answers, configuration and files in a temporary folder, on ephemeral ports, ended by its pid."""
import base64
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import zlib

import answers

OBJECT = b"x" * 1024


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


CONFIG = """
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile {nofile};
pid {root}/nginx.pid;
error_log {root}/error.log warn;
load_module {module};
events {{ worker_connections {connections}; multi_accept on; }}
http {{
  access_log off;
  default_type application/octet-stream;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_header_buffer_size 8k;
  client_body_buffer_size 64k;
  client_max_body_size 0;
  open_file_cache max=100;
  open_file_cache_valid 1h;
  client_body_temp_path {root}/body;
  proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi;
  scgi_temp_path {root}/scgi;
  ssl_certificate {root}/server.pem;
  ssl_certificate_key {root}/server.key;
  ssl_session_cache shared:tls:8m;
  map $args $page {{
    default 0;
    "~(?:continuation-token|marker)=page-(?<n>[0-9])" $n;
  }}
  map $http_x_amz_target $action {{
    default none;
    "~^DynamoDB_20120810\.(?<operation>GetItem|Query)$" $operation;
  }}
  {servers}
}}
"""

SERVER = """
  server {{
    listen 127.0.0.1:{port} {tls} backlog=4096;
    root {root}/www;
    add_header x-amz-request-id 4442587FB7D0A2F9;
    add_header x-amz-id-2 "vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo=";
    location = /bench/1k {{
      add_header x-amz-request-id 4442587FB7D0A2F9;
      add_header x-amz-id-2 "vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo=";
      add_header ETag '"c9bb1fd7e2bb1b3e1f6e9cd2f8f3a1d0"';
      add_header Last-Modified "Sun, 15 Jun 2025 12:00:00 GMT";
      add_header Accept-Ranges bytes;
      add_header x-amz-server-side-encryption AES256;
      add_header x-amz-checksum-crc32 "{crc}";
      add_header x-amz-checksum-type FULL_OBJECT;
      return 200 "{object}";
    }}
    location @object {{
      add_header ETag '"c9bb1fd7e2bb1b3e1f6e9cd2f8f3a1d0"';
      return 200 "{object}";
    }}
    location = /slow/1k {{ echo_sleep {delay}; echo_exec @object; }}
    location = /bench/1g {{ try_files /1g =404; }}
    location = /upload/1g {{ echo_read_request_body; echo_exec @stored; }}
    location @stored {{ add_header ETag '"c9bb1fd7e2bb1b3e1f6e9cd2f8f3a1d0"'; return 200; }}
    location /upload/ {{
      add_header x-amz-request-id 4442587FB7D0A2F9;
      add_header x-amz-id-2 "vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo=";
      add_header ETag '"c9bb1fd7e2bb1b3e1f6e9cd2f8f3a1d0"';
      add_header x-amz-server-side-encryption AES256;
      return 200;
    }}
    location = / {{ error_page 405 =200 /ddb-$action; return 405; }}
    location = /ddb-GetItem {{
      internal;
      default_type application/x-amz-json-1.0;
      add_header x-amzn-RequestId 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG;
      add_header x-amz-crc32 {crcs[ddb-GetItem]};
    }}
    location = /ddb-Query {{
      internal;
      default_type application/x-amz-json-1.0;
      add_header x-amzn-RequestId 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG;
      add_header x-amz-crc32 {crcs[ddb-Query]};
    }}
    location = /ec2 {{ error_page 405 =200 /instances.xml; return 405; }}
    location = /instances.xml {{ internal; default_type text/xml; }}
    location ~ ^/list/?$ {{ types {{ }} default_type application/xml; try_files /page-$page =404; }}
  }}
"""


class Server:
    """As a context: `http`, `https` and `quick` (a delay of 10 ms instead of 3 s) are endpoints, `ca` the bundle that `https` is trusted by."""

    def __init__(self, core):
        self.core = core
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tucuxi-bench-"))
        self.process = None

    def __enter__(self):
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def prepare(self):
        www = self.root / "www"
        www.mkdir()
        self.ca = str(self.root / "ca.pem")
        for i in range(answers.PAGES):
            (www / f"page-{i}").write_text(answers.page(i))
        self.page_bytes = len(answers.page(0))
        bodies = {"ddb-GetItem": answers.item(), "ddb-Query": answers.items(), "instances.xml": answers.instances()}
        for name, body in bodies.items():
            (www / name).write_bytes(body)
        self.sizes = {name: len(body) for name, body in bodies.items()}
        self.file = www / "1g"
        with open(self.file, "wb") as f:
            f.truncate(1 << 30)
        self.certificates()
        plain, tls, quick = free_ports(3)
        self.http, self.https, self.quick = f"http://127.0.0.1:{plain}", f"https://localhost:{tls}", f"http://127.0.0.1:{quick}"
        crc = base64.b64encode(zlib.crc32(OBJECT).to_bytes(4, "big")).decode()
        crcs = {name: zlib.crc32(body) for name, body in bodies.items()}
        servers = "".join(
            SERVER.format(port=port, tls=kind, delay=delay, root=self.root, crc=crc, crcs=crcs, object=OBJECT.decode())
            for port, kind, delay in ((plain, "", 3), (tls, "ssl", 3), (quick, "", 0.01)))
        nofile = 20000
        module = next(p for p in ("/usr/lib/nginx/modules/ngx_http_echo_module.so",) if os.path.exists(p))
        (self.root / "nginx.conf").write_text(CONFIG.format(root=self.root, servers=servers, module=module, nofile=nofile, connections=nofile - 100))

    def certificates(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], check=True, cwd=self.root, capture_output=True)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=bench CA",
                "-addext", "basicConstraints=critical,CA:TRUE")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
        (self.root / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "ext")

    def start(self):
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.process = subprocess.Popen(["taskset", "-c", str(self.core), nginx, "-p", str(self.root), "-c", str(self.root / "nginx.conf")], stderr=subprocess.PIPE)
        port = int(self.http.rsplit(":", 1)[1])
        for _ in range(200):
            if self.process.poll() is not None:
                raise SystemExit("nginx: " + self.process.stderr.read().decode())
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("nginx does not answer")

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
