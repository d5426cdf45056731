"""Values for shapes of a model, from a seed: params of an operation, and what a service could answer.

A value has Python's types: str, bytes, datetime, float with nan and inf, dict, list. as_json() makes the tool's form of it.
"""
import base64
import datetime
import json
import random
import urllib.parse

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NODES = 160  # values of a full tree; what is left out of one is in the next
WORDS = "alpha beta gamma delta kappa omega red green blue north south one two three".split()
ODD = [" ", "  ", "%", "+", "&", "=", "/", "//", "~", "*", ":", ";", "?", "#", "@", "!", "$", "'", "(", ")", ",", "<", ">", "\"", "\\", "|", "{", "}", "[", "]", "^", "`", "_", "-", "."]
WIDE = ["é", "ß", "Ω", "ж", "日本", "한", "🐬", "𝄞", "\u2028", "\u00a0", "\ufffd", "\u0301"]
BREAKS = ["\n", "\t"]
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 3.14159, 1e-7, 123456.789, 1e16, 1.5e300, 5e-324, 2.0 ** 53, float("nan"), float("inf"), float("-inf")]
LONGS = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 53 + 1, 2 ** 63 - 1, -(2 ** 63)]


class Values:
    """mode: "minimal" (what is required) or "full". answer: values of a response, where no member is required and headers hold what a service sends."""

    def __init__(self, seed, mode, answer=False):
        self.random, self.full, self.answer = random.Random(seed), mode == "full", answer
        self.left = NODES
        self.above = []  # the shapes that lead to where it is
        self.any_header = False

    # ---- structures ----

    def structure(self, shape):
        """The members of one: in the model's order or another, since the caller's order is that of the wire."""
        if shape.metadata.get("document"):
            return self.document()
        names = list(shape.members)
        if shape.metadata.get("union"):
            names = [n for n in names if self.fits(shape.members[n])] or names
            names = [self.random.choice(names)]
        else:
            required = set(shape.metadata.get("required", ()))
            if self.random.random() < 0.5:
                self.random.shuffle(names)
            names = [n for n in names if n in required or self.wants(shape.members[n])]
        self.above.append(shape.name)
        made = {name: self.value(shape.members[name], name) for name in names}
        self.above.pop()
        return made

    def fits(self, shape):
        return shape.name not in self.above and not shape.serialization.get("eventstream")

    def wants(self, shape):
        if shape.metadata.get("contextParam", {}).get("name") == "EndpointId" and not self.answer:
            return False  # a multi-region endpoint: SigV4a, which botocore has with the CRT only
        return self.full and self.left > 0 and self.fits(shape) and self.random.random() < (0.95 if len(self.above) < 2 else 0.7)

    def document(self):
        pick = self.random.choice
        return {"text": self.text(), "number": pick([0, -7, 2.5, 10 ** 20]), "list": [True, None, {"é": []}], "nested": {"a b": "c", "empty": {}}} if self.full else pick([{}, {"k": "v"}])

    # ---- one value ----

    def value(self, shape, name=""):
        self.left -= 1
        return getattr(self, "of_" + shape.type_name)(shape, name)

    of_structure = lambda self, shape, _name: self.structure(shape)

    def count(self, shape):
        least = shape.metadata.get("min", 0)
        if not self.full or self.left <= 0 or (shape.type_name == "list" and not self.fits(shape.member)):
            return least
        return max(least, self.random.choice([0, 1, 1, 2, 3]))

    def of_list(self, shape, name):
        self.any_header = self.any_header or shape.serialization.get("location") == "header"
        made = [self.value(shape.member, name) for _ in range(self.count(shape))]
        self.any_header = False
        return made

    def of_map(self, shape, name):
        made = {}
        for i in range(self.count(shape)):
            key = self.header_name(i) if shape.serialization.get("location") == "headers" else self.value(shape.key, name)
            if shape.serialization.get("location") in ("headers", "querystring"):
                self.any_header = shape.serialization["location"] == "headers"
                made[key] = self.value(shape.value, name)
                self.any_header = False
            else:
                made[key] = self.value(shape.value, name)
        return made

    def header_name(self, i):
        return f"{self.random.choice(WORDS)}-{i}"

    def of_string(self, shape, name):
        enum = shape.metadata.get("enum")
        if shape.name == "ChecksumAlgorithm" and not self.answer:  # botocore needs the CRT for the others
            return self.random.choice(["CRC32", "SHA1", "SHA256"])
        if enum and (not self.full or self.random.random() < 0.9):
            return self.random.choice(enum)
        if shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
            return self.document()
        text = self.known_string(shape, name)
        if text is None:
            header = self.any_header or shape.serialization.get("location") == "header"
            text = self.header_text() if header else self.text()
        least = shape.metadata.get("min", 1 if shape.serialization.get("location") == "uri" else 0)
        return text + "x" * (least - len(text))

    def known_string(self, shape, name):
        """What an endpoint is made of, or a host, must look like it."""
        if self.answer:
            return self.decoded_string(shape, name)
        parameter = shape.metadata.get("contextParam", {}).get("name", "")
        if parameter == "KvsARN":
            return "arn:aws:cloudfront::123456789012:key-value-store/abc-1"
        if "arn" in (name + parameter).lower():
            return f"arn:aws:iam::123456789012:{self.random.choice(WORDS)}/{self.random.choice(WORDS)}" if self.random.random() < 0.7 else None if not parameter else "arn:aws:kinesis:us-east-1:123456789012:stream/red/consumer/blue:1"
        if name.lower() == "accountid" or parameter == "AccountId":
            return "123456789012"
        if name == "PredictEndpoint":
            return "https://realtime.machinelearning.us-east-1.amazonaws.com"
        if name == "SourceRegion":
            return self.random.choice(["us-west-2", "eu-central-1"])
        if parameter or shape.serialization.get("hostLabel") or name == "Bucket":
            return f"{self.random.choice(WORDS)}-{self.random.randrange(100)}"
        return None

    def decoded_string(self, shape, name):
        """What botocore decodes of some services' answers, most of the time in a form that can be decoded."""
        if self.random.random() < 0.2:
            return None
        text = json.dumps(self.document())
        if shape.name == "policyDocumentType":
            return urllib.parse.quote(text)
        return base64.b64encode(text.encode()).decode() if name == "Output" else text if name == "TemplateBody" else None

    def text(self):
        if not self.full:
            return self.random.choice(WORDS)
        parts = [self.random.choice(WORDS)]
        for _ in range(self.random.choice([0, 0, 1, 2, 5])):
            parts.append(self.random.choice(self.random.choice([WORDS, ODD, ODD, WIDE, BREAKS])))
        return "".join(parts)

    def header_text(self):
        if not self.full:
            return self.random.choice(WORDS)
        inside = "".join(self.random.choice(self.random.choice([WORDS, ODD])) for _ in range(self.random.choice([0, 1, 4])))
        return self.random.choice(WORDS) + inside + self.random.choice(WORDS)

    of_character = of_string

    def of_blob(self, shape, _name):
        least = shape.metadata.get("min", 0)
        n = self.random.choice([0, 1, 2, 3, 20, 70]) if self.full else 3
        return self.random.randbytes(max(n, least))

    def of_boolean(self, _shape, _name):
        return self.random.random() < 0.5

    def of_integer(self, shape, _name):
        return max(self.random.choice([0, 1, 7, 100, 65535, -1, 2 ** 31 - 1]), shape.metadata.get("min", -(2 ** 31)))

    def of_long(self, shape, _name):
        return max(self.random.choice(LONGS if self.full else [5]), shape.metadata.get("min", -(2 ** 63)))

    def of_float(self, shape, _name):
        made = self.random.choice(FLOATS[:8] + FLOATS[-3:]) if self.full else 2.5
        return max(made, shape.metadata["min"]) if "min" in shape.metadata else made

    def of_double(self, shape, _name):
        made = self.random.choice(FLOATS) if self.full else 0.25
        return max(made, shape.metadata["min"]) if "min" in shape.metadata else made

    def of_timestamp(self, shape, _name):
        seconds = self.random.choice([0, 1, 951782400, 1440938160, 4102444799, self.random.randrange(10 ** 9)])
        micro = self.random.choice([0, 0, 500000, 123456, 1]) if self.full and shape.serialization.get("timestampFormat") != "rfc822" else 0
        return EPOCH + datetime.timedelta(seconds=seconds, microseconds=micro)


def time_text(t):
    """ISO 8601 in UTC, as the tool writes it."""
    t = t.astimezone(datetime.timezone.utc)
    return f"{t.year:04}" + t.strftime("-%m-%dT%H:%M:%S") + (f".{t.microsecond:06}" if t.microsecond else "") + "Z"


def float_text(number):
    """The names of what JSON has no number for."""
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"


def plain(value):
    """A value as JSON can hold it, whatever its shape."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return time_text(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return float_text(value)
    return value


def as_json(shape, value):
    """Params in the tool's form: a streaming blob says how it is written."""
    made = plain(value)
    for name, member in shape.members.items() if shape is not None else ():
        if name in value and member.type_name == "blob" and member.serialization.get("streaming"):
            made[name] = {"base64": made[name]}
    return made
