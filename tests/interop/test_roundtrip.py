"""What any client family writes, with any codec, every client family reads back unchanged.

Each producer and each consumer runs once, over all topics; the tests then compare.
"""

import base64
import time

import pytest

from families import CODECS, CONSUMERS, FAMILIES, PRODUCERS
from lib import batch, wire

NOW = int(time.time() * 1000) - 600_000


def record(key, value, headers=(), at=0):
    return {"key": key, "value": value, "headers": [list(h) for h in headers],
            "timestamp": NOW + at}


RECORDS = {
    "plain": record(b"key", b"value", at=1),
    "null_key": record(None, b"value without key", at=2),
    "tombstone": record(b"gone", None, at=3),
    "null_key_and_value": record(None, None, at=4),
    "empty_key_and_value": record(b"", b"", at=5),
    "binary": record(bytes(range(256)), bytes(reversed(range(256))), at=6),
    "unicode": record("schlüssel".encode(), "値 🌊".encode(), at=7),
    "headers": record(b"h", b"v", [("one", b"1"), ("two", b"2"), ("binary", b"\0\xff")], at=8),
    "repeated_headers": record(b"h", b"v", [("same", b"1"), ("same", b"2")], at=9),
    "empty_header": record(b"h", b"v", [("empty", b"")], at=10),
    "null_header": record(b"h", b"v", [("null", None)], at=11),
    "early_timestamp": record(b"t", b"1970", at=1 - NOW),
    "later_timestamp": record(b"t", b"now", at=600_000),
    "compressible": record(b"big", b"tideline " * 8000, at=12),
    "incompressible": record(b"noise", bytes((n * n * 31 + n // 7) % 251 for n in range(40000))),
}
PAIRS = [(name, codec) for name in PRODUCERS for codec in FAMILIES[name].codecs]


def topic_of(producer, codec):
    return f"roundtrip-{producer}-{codec}"


def records_for(producer):
    return {kind: r for kind, r in RECORDS.items() if kind not in FAMILIES[producer].cannot}


def as_json(record):
    def text(raw):
        return None if raw is None else base64.b64encode(raw).decode()
    return {"key": text(record["key"]), "value": text(record["value"]),
            "timestamp": record["timestamp"],
            "headers": [[name, text(value)] for name, value in record["headers"]]}


def once_each(run_once):
    """Like functools.cache, but a failure is kept and raised again too."""
    done = {}

    def run(name):
        if name not in done:
            try:
                done[name] = run_once(name)
            except AssertionError as error:
                done[name] = error
        if isinstance(done[name], AssertionError):
            raise done[name]
        return done[name]

    return run


@pytest.fixture(scope="module")
def produced(broker, family):
    """produced(name): what that producer was answered, {codec: [result]}."""

    @once_each
    def run(name):
        client = family(name)
        asked = [(codec, kind) for codec in client.codecs for kind in records_for(name)]
        lines = [{"topic": topic_of(name, codec), "partition": 0, "codec": codec,
                  **as_json(RECORDS[kind])} for codec, kind in asked]
        answers = client.run("produce", broker.bootstrap, lines)
        return {codec: [a for (c, _), a in zip(asked, answers) if c == codec]
                for codec in client.codecs}

    return run


@pytest.fixture(scope="module")
def consumed(broker, family, produced):
    """consumed(name): all topics as that consumer saw them, {topic: [record]}."""

    def written_by(producer):
        """What is there to consume: nothing when the producer is missing or failed by itself."""
        try:
            answers = produced(producer) if FAMILIES[producer].missing() is None else {}
        except AssertionError:
            answers = {}
        counts = {codec: sum("offset" in a for a in of_codec) for codec, of_codec in answers.items()}
        return [{"topic": topic_of(producer, codec), "partition": 0, "count": count}
                for codec, count in counts.items() if count]

    @once_each
    def run(name):
        client = family(name)
        lines = [line for producer in PRODUCERS for line in written_by(producer)]
        seen = {line["topic"]: [] for line in lines}
        for record in client.run("consume", broker.bootstrap, lines):
            seen[record["topic"]].append(record)
        return seen

    return run


@pytest.mark.parametrize("producer,codec", PAIRS)
def test_producer_is_answered_with_consecutive_offsets(produced, producer, codec):
    assert produced(producer)[codec] == [{"offset": n} for n in range(len(records_for(producer)))]


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("producer,codec", PAIRS)
def test_consumer_reads_what_producer_wrote(produced, consumed, producer, codec, consumer):
    produced(producer)
    seen = consumed(consumer)[topic_of(producer, codec)]
    expected = [{"topic": topic_of(producer, codec), "partition": 0, "offset": n, **as_json(r)}
                for n, r in enumerate(records_for(producer).values())]
    assert seen == expected


@pytest.mark.parametrize("producer,codec", [(p, c) for p, c in PAIRS if c != "none"])
def test_batches_are_stored_as_the_producer_compressed_them(broker, produced, producer, codec):
    """The broker recompresses nothing, and its answers do not talk a client out of compressing.
    (A batch that compression would not shrink is sent plain by some.)"""
    produced(producer)
    with wire.Connection(broker.port) as connection:
        error, _, raw = wire.fetch(connection, topic_of(producer, codec), 0, 0)
    assert error == 0
    used = {raw_batch[22] & 7 for _, _, raw_batch in batch.batches(raw)}
    assert used - {batch.NONE} == {CODECS.index(codec)}
