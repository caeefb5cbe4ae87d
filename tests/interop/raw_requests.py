"""Raw requests told to any broker, and its answers made comparable (the script itself: raw_script.py).

A case is one request, or a few, in every version of its API; its name is `Api.case`. Requests name only the fields that
matter and only those that the version has. What one broker cannot share with another (ids, addresses, times, texts for
people) is replaced by a word for it.
"""

import re
import struct
import uuid

import kafka_schemas
import schema_codec
from lib import broker as brokers
from lib import wire

PAGE = brokers.ROOT / "docs" / "compatibility.md"
UNKNOWN_ID = uuid.UUID("7a61c0de-0000-4000-8000-00000000beef").bytes
CLOSED = "the connection ends"
SILENT = "no answer"
ANSWER_SECONDS = 20
EVERY = (0, 32767)


class Script:
    """Asks one broker and keeps what it answered."""

    def __init__(self, broker):
        self.port = broker.port
        self.answers = {}  # (case, version): answer
        self.ids = {}
        self.connection = None

    def ask(self, api, version, body):
        """The answer as a dict; CLOSED if there is none."""
        if self.connection is None:
            self.connection = wire.Connection(self.port, ANSWER_SECONDS)
        try:
            self.connection.send(request_frame(api, version, body, correlation=77))
            return read_answer(api, version, self.connection.read_frame(), correlation=77)
        except (ConnectionError, TimeoutError) as why:
            self.connection.close()
            self.connection = None
            return SILENT if isinstance(why, TimeoutError) else CLOSED

    def case(self, name, versions=EVERY, keep=lambda answer: answer, **body):
        """Asks in each of the versions; fields that one does not have are left out (schema_codec.py)."""
        api = name.split(".")[0]
        for version in versions_of(api, versions):
            self.record(name, version, keep(self.ask(api, version, body)))

    def record(self, name, version, answer):
        assert (name, version) not in self.answers, f"{name} v{version} stands twice in the script"
        self.answers[name, version] = comparable(answer, self.ids)

    def learn_ids(self):
        answer = self.ask("Metadata", 12, {"topics": None})
        self.ids = {topic["topicId"]: f"id of {topic['name']}" for topic in answer["topics"]}
        self.ids[UNKNOWN_ID] = "unknown id"

    def id_of(self, topic):
        return next(raw for raw, name in self.ids.items() if name == f"id of {topic}")


def served_apis():
    """{name: versions} as docs/compatibility.md has it."""
    rows = re.findall(r"^\| \d+ \| (\w+) \| (\d+)–(\d+) \|", PAGE.read_text(encoding="utf-8"), re.M)
    return {name: range(int(first), int(last) + 1) for name, first, last in rows}


def key_of(api):
    return kafka_schemas.kafka_message(api + "Request").key


def versions_of(api, wanted=EVERY):
    first, last = kafka_schemas.kafka_message(api + "Request").versions
    return range(max(first, wanted[0]), min(last, wanted[1]) + 1)


def request_header(key, version, correlation, flexible):
    return wire.header(key, version, correlation, "raw") + (b"\0" if flexible else b"")


def request_frame(api, version, body, correlation):
    message = kafka_schemas.kafka_message(api + "Request")
    flexible = schema_codec.is_flexible(message, version)
    raw = schema_codec.encode(message.name, version, body)
    return wire.frame(request_header(key_of(api), version, correlation, flexible) + raw)


def read_answer(api, version, frame, correlation):
    """Decodes to the last byte: an answer with another header, or in another version, does not decode."""
    assert struct.unpack_from(">i", frame)[0] == correlation, "answer to another request"
    message = kafka_schemas.kafka_message(api + "Response")
    at = 4
    if schema_codec.is_flexible(message, version) and api != "ApiVersions":
        assert frame[4] == 0, "tagged fields in the header of a response"
        at = 5
    return schema_codec.decode(message.name, version, frame[at:])


# ---- what brokers cannot have in common -------------------------------------------------------

WORDS = {"clusterId": "the cluster", "host": "a host", "port": "a port", "errorMessage": "a text",
         "topicConfigErrorMessage": "a text", "documentation": "a text", "producerId": "a producer id", "logDir": "a directory",
         "totalBytes": "bytes", "usableBytes": "bytes", "size": "bytes", "sessionId": "a session",
         "finalizedFeaturesEpoch": "an epoch", "timestamp": "a time",
         "logAppendTimeMs": "a time", "batchIndexErrorMessage": "a text"}


def is_nothing(key, value):
    return value in (None, "", -1) or value == 0 and key != "producerId"


def comparable(value, ids):
    if isinstance(value, list):
        return [comparable(one, ids) for one in value]
    if isinstance(value, dict):
        return {key: WORDS[key] if key in WORDS and not is_nothing(key, one) else comparable(one, ids)
                for key, one in value.items()}
    if isinstance(value, bytes) and len(value) == 16:
        return ids.get(value, "no id" if value == schema_codec.ZERO_ID else "an id")
    return value.hex() if isinstance(value, bytes) else value


def in_order(**lists):
    """A `keep` for lists whose order is a matter of chance: {name of the list, at any depth: the field to sort by}."""
    def sort(value):
        if isinstance(value, list):
            return [sort(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {name: sorted(sort(one), key=lambda each: str(each[lists[name]])) if name in lists and one else sort(one)
                for name, one in value.items()}
    return sort
