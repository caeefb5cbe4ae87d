"""Bytes and fields of every message that Apache Kafka has, too, against its own classes, in both directions.

Generated values go through Kafka's classes and through ours (tl_message_tool); both must read the same fields and write
the same bytes. One JVM answers all questions.
"""

import json
import os
import random
import subprocess
from collections import defaultdict

import pytest

import kafka_schemas
from families import compile_java
from lib import broker as brokers
from lib import machine
from message_values import STYLES, Maker

SEED = int(os.environ.get("TIDELINE_SEED") or random.randrange(1 << 31))
TOOL = brokers.TIDELINE.parent / "src" / "protocol" / "tl_message_tool"
SECONDS = 300


def ask(command, lines):
    """Gives the program one line for each question and returns one list of columns for each."""
    done = subprocess.run([str(word) for word in command], input="".join(line + "\n" for line in lines),
                          capture_output=True, encoding="utf-8", timeout=SECONDS)
    assert done.returncode == 0, f"{command}:\n{done.stderr}"
    return [line.split("\t") for line in done.stdout.split("\n")[:-1]]


def versions_of(message):
    return range(message.versions[0], message.versions[1] + 1)


class Exchange:
    """All questions of this file, and what both sides answered."""

    def __init__(self):
        self.messages = {message.name: message for _, message in kafka_schemas.our_messages()}
        made = [line for line in ask([TOOL, "write", SEED], []) if line[0] in self.messages]
        keys = {message.key for message in self.messages.values() if message.kind == "api"}
        self.our_headers = [line for line in ask([TOOL, "headers"], []) if int(line[0]) in keys]
        maker = Maker(SEED)
        values = [(message, version, json.dumps(maker.make(theirs, version, style)))
                  for message, theirs in ((m, kafka_schemas.kafka_message(m.name)) for m in self.messages.values())
                  for version in versions_of(message) for style in STYLES]
        # Without unknown tags, which we let go.
        frames = [line for line in made if self.messages[line[0]].kind == "record" and line[2] == line[3]]

        questions = [f"read\t{name}\t{version}\t{generated}" for name, version, generated, *_ in made]
        questions += [f"write\t{message.name}\t{version}\t{value}" for message, version, value in values]
        questions += [f"headers\t{key}\t{version}" for key, version, *_ in self.our_headers]
        questions += [f"frame\t{name}\t{version}\t{generated}" for name, version, generated, *_ in frames]
        answers = iter(ask([*brokers.JAVA, *brokers.java_classpath(), "MessageBytes"], questions))
        take = lambda count: [next(answers) for _ in range(count)]  # noqa: E731

        self.ours = list(zip(made, take(len(made))))
        self.theirs = list(zip(values, take(len(values))))
        self.their_headers = take(len(self.our_headers))
        self.frames = take(len(frames))
        self.our_frames = ask([TOOL, "frames"], [frame for frame, *_ in self.frames])
        again = ask([TOOL, "read"], [f"{message.name}\t{version}\t{answer[0] if answer[0] != 'error' else ''}"
                                     for (message, version, _), answer in self.theirs])
        self.theirs = [(*pair, ours) for pair, ours in zip(self.theirs, again)]


@pytest.fixture(scope="module")
def exchange():
    print(f"TIDELINE_SEED={SEED}")
    if not (brokers.JARS / "pom.xml").exists():
        machine.missing("kafka-classes", "Apache Kafka's jars are not in build/interop/jars")
    assert TOOL.exists(), f"{TOOL} is not built: ninja -C build/release tl_message_tool"
    compile_java("MessageBytes")
    return Exchange()


def fields_of(text):
    """JSON of either side in one form: Kafka prints records as {"NAMESizeInBytes": n}, we as {"NAME": {"sizeInBytes": n}}."""

    def plain(value):
        if isinstance(value, list):
            return [plain(one) for one in value]
        if not isinstance(value, dict):
            return value
        sized = {key: one["sizeInBytes"] for key, one in value.items()
                 if isinstance(one, dict) and one.keys() == {"sizeInBytes"}}
        return ({key + "SizeInBytes": size for key, size in sized.items()}
                | {key: plain(one) for key, one in value.items() if key not in sized})

    return plain(json.loads(text))


class Complaints:
    """The first complaint about each message: one mistake shows in many values."""

    def __init__(self):
        self.by_message = defaultdict(list)

    def compare(self, name, version, what, ours, theirs):
        if ours != theirs:
            self.by_message[name].append(f"{name} v{version}, {what}:\n  ours   {ours}\n  Kafka's {theirs}")

    def raise_if_any(self):
        assert not self.by_message, f"TIDELINE_SEED={SEED}\n" + "\n".join(
            f"({len(found)} times) {found[0][:4000]}" for found in self.by_message.values())


def test_kafka_reads_and_writes_alike_what_we_wrote(exchange):
    complaints = Complaints()
    for (name, version, generated, *ours), theirs in exchange.ours:
        if "error" in (ours[0], theirs[0]):
            complaints.compare(name, version, f"reading {generated}", ours, theirs)
            continue
        complaints.compare(name, version, "fields", fields_of(ours[1]), fields_of(theirs[1]))
        # Kafka keeps tagged fields that it does not know, we let them go.
        complaints.compare(name, version, "bytes", generated, theirs[0])
    complaints.raise_if_any()


def test_we_read_and_write_alike_what_kafka_wrote(exchange):
    complaints = Complaints()
    for (message, version, value), theirs, ours in exchange.theirs:
        assert theirs[0] != "error", f"{message.name} v{version}: Kafka refuses {value}: {theirs[1]}"
        complaints.compare(message.name, version, "bytes", ours[0], theirs[0])
        if ours[0] != "error":
            complaints.compare(message.name, version, "fields", fields_of(ours[1]), fields_of(theirs[1]))
    complaints.raise_if_any()


def test_every_message_is_compared_in_every_version(exchange):
    seen = {(name, int(version)) for (name, version, *_), _ in exchange.ours}
    written = {(message.name, version) for (message, version, _), *_ in exchange.theirs}
    assert seen == written == {(m.name, v) for m in exchange.messages.values() for v in versions_of(m)}


def test_every_field_has_had_a_value_that_is_not_its_default(exchange):
    """Else the comparison of fields would say little."""
    told = defaultdict(set)
    for (message, version, _), theirs, _ in exchange.theirs:
        collect_told(fields_of(theirs[1]), message.fields, message.name, told)
    wanted = {path for message in exchange.messages.values() for path in paths(message.fields, message.name)}
    # A tagged boolean is written in one case only.
    assert wanted == {path for path, values in told.items() if len(values) > 1 or values == {"true"}}


def collect_told(value, fields, where, told):
    for field in fields:
        path = f"{where}.{field.name}"
        for name in (field.name, field.name + "SizeInBytes"):
            if name in value:
                inner = value[name]
                told[path].add(json.dumps(inner))
                for one in inner if isinstance(inner, list) else [inner]:
                    if isinstance(one, dict):
                        collect_told(one, field.fields, path, told)


def paths(fields, where):
    for field in fields:
        yield f"{where}.{field.name}"
        yield from paths(field.fields, f"{where}.{field.name}")


def test_headers_of_every_api_and_version_are_kafkas(exchange):
    assert len(exchange.our_headers) > 100
    for (key, version, *ours), theirs in zip(exchange.our_headers, exchange.their_headers):
        assert ours == theirs, f"api {key} v{version}"


def test_metadata_records_are_framed_as_kafka_frames_them(exchange):
    assert len(exchange.frames) > 100
    for ours, theirs in zip(exchange.our_frames, exchange.frames):
        assert ours[0] == theirs[0] != "error", f"TIDELINE_SEED={SEED}: ours {ours}, Kafka's {theirs}"
