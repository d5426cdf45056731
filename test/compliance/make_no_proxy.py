#!/usr/bin/env python3
"""Makes test/compliance/data/no-proxy/cases.json: [NO_PROXY, host, port, whether botocore goes around the proxy], for generated lists and URLs.

Forms that botocore does not know (ranges, addresses in another spelling, a '*' among others, a port that the URL leaves out) are not generated: the unit test has those.
Run with a Python that has botocore 1.44.5.
"""
import json
import os
import pathlib
import random

from botocore.utils import should_bypass_proxies

HOSTS = ["s3.us-east-1.amazonaws.com", "bucket.s3.us-east-1.amazonaws.com", "s3.amazonaws.com", "xs3.amazonaws.com", "amazonaws.com.cn", "localhost", "a.localhost", "x", "127.0.0.1", "10.0.0.12",
         "[::1]", "[fd00::1]"]
ENTRIES = ["amazonaws.com", ".amazonaws.com", "..amazonaws.com", "s3.amazonaws.com", "S3.AMAZONAWS.COM", "*.amazonaws.com", "s3", "com", ".com", "amazonaws.com:8443", "s3.amazonaws.com:443", "localhost",
           "localhost:9000", "LocalHost", ".localhost", "x", "127.0.0.1", "127.0.0.1:9000", "0.0.1", "10.0.0.12", "10.0.0.1", "10.0.0.12:443", "[::1]", "[::1]:9000", "[fd00::1]", "", ".", "amazonaws", ":443",
           "http://localhost", "local host", "amazonaws.com."]


def main():
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        del os.environ[name]
    rng, cases = random.Random(5), []
    lists = ["*", "", ","] + [e for e in ENTRIES if e]
    while len(lists) < 260:
        lists.append(rng.choice([",", ", ", " ,"]).join(rng.choice(ENTRIES) for _ in range(rng.randrange(2, 5))))
    for text in lists:
        os.environ["NO_PROXY"] = text
        for host in HOSTS:
            port = rng.choice([443, 8443, 9000])
            cases.append([text, host, port, should_bypass_proxies(f"https://{host}:{port}/path")])
    path = pathlib.Path(__file__).resolve().parent / "data" / "no-proxy" / "cases.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n", encoding="utf-8")
    print(len(cases), sum(c[3] for c in cases))


if __name__ == "__main__":
    main()
