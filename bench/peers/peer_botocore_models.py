"""botocore's side of bench/models.c: peer_botocore_models.py SERVICE..., the creation of a client in a session of its own."""
import json
import statistics
import sys
import time

import botocore.session

RUNS = 7
for service in sys.argv[1:]:
    times = []
    for _ in range(RUNS):
        session = botocore.session.Session()
        session.set_credentials("k", "s")
        session.create_client("signin", region_name="us-east-1")
        begun = time.process_time()
        session.create_client(service, region_name="us-east-1")
        times.append((time.process_time() - begun) * 1e3)
    print(json.dumps({"service": service, "first_ms": round(times[0], 3), "ms": round(statistics.median(times), 3), "least_ms": round(min(times), 3)}), flush=True)
