"""What jmespath.py takes for a search: peer_jmespath.py FILE EXPRESSION COUNT; as bench/jmespath.c."""
import json
import sys
import time

import jmespath

with open(sys.argv[1], encoding="utf-8") as file:
    data = json.load(file)
expression, count = jmespath.compile(sys.argv[2]), int(sys.argv[3])
start = time.process_time()
for _ in range(count):
    result = expression.search(data)
print(json.dumps({"us": (time.process_time() - start) * 1e6 / count, "found": len(result)}))
