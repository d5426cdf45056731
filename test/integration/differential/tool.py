"""tucuxi's side of a call: one `tucuxi call --jsonl` for all of them, and a server on the loopback that keeps each request and gives the answer.

A lane is a port of that server and the one call that is under way there, which is how a request is told from the others.
"""
import asyncio
import base64
import json
import os

from oracle import BEARER, KEY, REGION, SECRET, TOKEN, Request

ANSWER_SECONDS = 120


class Lane:
    def __init__(self, number):
        self.number, self.url, self.answer, self.requests, self.server = number, None, None, [], None

    async def open(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 22)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def serve(self, reader, writer):
        try:
            while True:
                request = await read_request(reader, writer)
                self.requests.append(request)
                writer.write(wire(self.answer.next(), request.method))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def read_request(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers = [tuple(line.split(":", 1)) for line in lines]
    headers = [(name, value.strip()) for name, value in headers]
    find = {name.lower(): value for name, value in headers}
    if find.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if find.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(find.get("content-length", 0)))
    return Request(method, f"http://{find['host']}{target}", headers, body)


def wire(answer, method):
    head = f"HTTP/1.1 {answer.status} Whatever\r\n" + "".join(f"{k}: {v}\r\n" for k, v in answer.wire_headers()) + "\r\n"
    return head.encode() + (answer.body if method != "HEAD" else b"")


class Tool:
    """The process. call() gives the JSON of a line's answer."""

    def __init__(self, program, data_path, lanes):
        self.program, self.data_path, self.n_lanes = program, data_path, lanes
        self.process, self.waiting, self.events, self.reader, self.last = None, {}, {}, None, 0
        self.lanes = asyncio.Queue()
        self.all_lanes = []

    async def __aenter__(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN, AWS_DEFAULT_REGION=REGION, AWS_CONFIG_FILE="/dev/null",
                   AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_MAX_ATTEMPTS="1", **BEARER)
        if self.data_path:
            env["AWS_DATA_PATH"] = self.data_path
        self.process = await asyncio.create_subprocess_exec(self.program, "call", "--jsonl", "--concurrency", str(self.n_lanes), env=env, stdin=asyncio.subprocess.PIPE,
                                                            stdout=asyncio.subprocess.PIPE, limit=1 << 26)
        self.reader = asyncio.create_task(self.read())
        for number in range(self.n_lanes):
            self.all_lanes.append(await Lane(number).open())
            self.lanes.put_nowait(self.all_lanes[-1])
        return self

    async def __aexit__(self, *_exc):
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 60)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self.reader
        for lane in self.all_lanes:
            lane.server.close()

    async def read(self):
        while line := await self.process.stdout.readline():
            answer = json.loads(line)
            part = answer.get("event", answer.get("page"))
            if part is not None:
                self.events.setdefault(answer["id"], []).append(part)
                continue
            self.waiting.pop(answer["id"]).set_result(answer)
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(RuntimeError("the tool ended"))

    async def line(self, **fields):
        """The JSON that answers a line."""
        self.last += 1
        future = self.waiting[self.last] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"id": self.last, **fields}).encode() + b"\n")
        await self.process.stdin.drain()
        return await asyncio.wait_for(future, ANSWER_SECONDS)

    async def call(self, lane, case):
        """What answers a call, and the requests that came."""
        lane.answer, lane.requests = case.answer, []
        answer = await self.line(service=case.service, operation=case.operation.name, params=case.json, endpoint_url=lane.url, config={"inject_host_prefix": False})
        events, shape = self.events.pop(answer["id"], []), case.operation.output_shape
        if "response" in answer and shape is not None and shape.event_stream_name:
            answer["response"][shape.event_stream_name] = events
        return answer, lane.requests

    async def wait(self, lane, case):
        """What answers a wait, without delays, and the requests that came."""
        lane.answer, lane.requests = case.answers.again(), []
        answer = await self.line(service=case.service, wait=case.waiter, params=case.json, delay_ms=0, max_attempts=case.max_attempts, endpoint_url=lane.url,
                                 config={"inject_host_prefix": False})
        return answer, lane.requests

    async def pages(self, lane, case, each):
        """What answers a call for pages, those that came (each: one by one, else in one), and the requests."""
        lane.answer, lane.requests = case.answers.again(), []
        names = {"MaxItems": "max_items", "PageSize": "page_size", "StartingToken": "starting_token"}
        paginate = {"pages": each, **{names[k]: v for k, v in case.config.items()}}
        answer = await self.line(service=case.service, operation=case.operation.name, params=case.json, endpoint_url=lane.url, config={"inject_host_prefix": False}, paginate=paginate)
        return answer, self.events.pop(answer["id"], []), lane.requests

    async def presign(self, case):
        """What answers generate_presigned_url; S3's global host, as botocore has it."""
        config = {**case.place.get("config", {}), **({"s3": {"presign_global_endpoint": True, "us_east_1_regional_endpoint": "regional"}} if case.service == "s3" else {})}
        params = {"ClientMethod": case.operation.name, "Params": case.json, "ExpiresIn": 300, **({"HttpMethod": case.method} if case.method else {})}
        return await self.line(service=case.service, operation="generate_presigned_url", params=params, region=case.place["region"], config=config)

    async def render(self, case):
        """What answers a call that is not sent, and its request; checksums in trailers, as botocore has them."""
        config = {**case.place.get("config", {}), "s3": {"checksum_trailer": True}}
        answer = await self.line(service=case.service, operation=case.operation.name, params=case.json, dry_run=True, region=case.place["region"], config=config)
        if "error" in answer:
            return answer, []
        r = answer["response"]
        return answer, [Request(r["method"], r["url"], list(r["headers"].items()), base64.b64decode(r["body_base64"]))]
