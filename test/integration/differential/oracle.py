"""botocore's side of a call: the request that it would send, and what it makes of an answer. Nothing goes over a wire."""
import io
import os

import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.eventstream
import botocore.exceptions
import botocore.response
import botocore.session

KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token==", "us-east-1"


# Of the AWS CRT's signers only those of SigV4A, which botocore does not have itself: its own for SigV4 are the reference.
botocore.auth.AUTH_TYPE_MAPS.update({"v4": botocore.auth.SigV4Auth, "v4-query": botocore.auth.SigV4QueryAuth, "s3v4": botocore.auth.S3SigV4Auth, "s3v4-query": botocore.auth.S3SigV4QueryAuth})

BEARER = {"AWS_BEARER_TOKEN_CODECATALYST": "one-token", "AWS_BEARER_TOKEN_ACCOUNT_ACCESS": "another"}


class Raw(io.BytesIO):
    """A response's body as urllib3 gives it."""

    def stream(self, amt=65536, **_kwargs):
        while chunk := self.read(amt):
            yield chunk


class Request:
    """method, url, headers (a list of pairs, text), body (bytes)."""

    def __init__(self, method, url, headers, body):
        self.method, self.url, self.headers, self.body = method, url, headers, body


class Outcome:
    """error: None or the exception's name; response: what was parsed, or None; message; the requests that were made."""

    def __init__(self, error, response, message, requests):
        self.error, self.response, self.message, self.requests = error, response, message, requests


class Oracle:
    """Clients of botocore, and their models."""

    def __init__(self, data_path=None):
        os.environ["AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"] = "regional"  # tucuxi's default
        os.environ.update(BEARER)
        self.session = botocore.session.Session(session_vars={"data_path": ("data_path", None, data_path, None)} if data_path else None)
        self.loader = self.session.get_component("data_loader")
        self.answer, self.requests = None, []

    def services(self):
        return self.loader.list_available_services("service-2")

    def forget(self):
        """Models are large: those of a service that is over are dropped."""
        self.loader._cache.clear()  # pylint: disable=protected-access

    def client(self, service, url=None, region=REGION, **config):
        """A client of the region's own endpoint, or of url: there without a prefix before the host, which would have to be looked up."""
        config = botocore.config.Config(retries={"total_max_attempts": 1}, inject_host_prefix=url is None, **config)
        client = self.session.create_client(service, region_name=region, endpoint_url=url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, aws_session_token=TOKEN, config=config)
        client.meta.events.register_last("before-send", self.keep)
        return client

    def keep(self, request, **_kwargs):
        answer, body = self.answer.next(), request.body
        if hasattr(body, "read"):
            body = body.read()
        headers = [(k, v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items()]
        self.requests.append(Request(request.method, request.url, headers, body.encode() if isinstance(body, str) else bytes(body or b"")))
        return botocore.awsrequest.AWSResponse(request.url, answer.status, dict(answer.wire_headers()), Raw(answer.body if request.method != "HEAD" else b""))

    def call(self, client, operation, params, answer):
        self.answer, self.requests = answer, []
        try:
            response = client._make_api_call(operation, params)  # pylint: disable=protected-access
            return Outcome(None, read_streams(response), "", self.requests)
        except botocore.exceptions.ClientError as e:
            return Outcome("ClientError", e.response, str(e), self.requests)
        except Exception as e:  # pylint: disable=broad-except  # whatever it is, it is botocore's answer
            return Outcome(type(e).__name__, None, str(e), self.requests)


def presigned(client, operation, params, method):
    """The URL, and the error's name and message where there is none."""
    try:
        return client.generate_presigned_url(botocore.xform_name(operation), Params=params, ExpiresIn=300, HttpMethod=method), None, ""
    except Exception as e:  # pylint: disable=broad-except  # whatever it is, it is botocore's answer
        return None, type(e).__name__, str(e)


def read_streams(response):
    """The response with its streams read."""
    made = {}
    for name, value in response.items():
        if isinstance(value, botocore.response.StreamingBody):
            value = value.read()
        elif isinstance(value, botocore.eventstream.EventStream):
            value = list(value)
        made[name] = value
    return made
