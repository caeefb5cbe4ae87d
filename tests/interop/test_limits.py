"""The greatest record each client family may send, the first it may not, and the reading back."""

import base64
import time

import pytest

from families import CONSUMERS, PRODUCERS

MESSAGE_TOO_LARGE = 10
NOW = int(time.time() * 1000)
LIMIT = 1048588  # message.max.bytes of the broker
ROOM = 20_000_000  # what the clients themselves allow, so that the broker has to say no
BATCH_HEADER, RECORD_OVERHEAD = 61, 12


def line(topic, value):
    return {"topic": topic, "partition": 0, "codec": "none", "key": None, "headers": [],
            "value": base64.b64encode(value).decode(), "timestamp": NOW}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_a_record_beyond_the_limit_is_refused_and_the_next_one_taken(family, broker, topic,
                                                                     producer):
    client = family(producer)
    fits = b"x" * (LIMIT - BATCH_HEADER - RECORD_OVERHEAD)
    # One client run each: a client may put what waits together into one batch.
    [taken] = client.run("produce", broker.bootstrap, [line(topic, fits)], max_bytes=ROOM)
    [refused] = client.run("produce", broker.bootstrap, [line(topic, fits + b"x" * 100)],
                           max_bytes=ROOM)
    [after] = client.run("produce", broker.bootstrap, [line(topic, b"small")], max_bytes=ROOM)
    assert (taken, refused, after) == (
        {"offset": 0}, {"error": MESSAGE_TOO_LARGE}, {"offset": 1})


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_records_larger_than_a_consumers_fetch_are_read(family, broker, admin_topic, consumer):
    """A consumer asks for a mebibyte of a partition and must get the whole first batch."""
    topic = admin_topic(f"large-for-{consumer}", max_message_bytes=10_000_000)
    values = [bytes([n]) * 3_000_000 for n in range(3)]
    written = family("confluent-debian").run(
        "produce", broker.bootstrap, [line(topic, value) for value in values], max_bytes=ROOM)
    assert written == [{"offset": n} for n in range(3)]
    seen = family(consumer).run("consume", broker.bootstrap,
                                [{"topic": topic, "partition": 0, "count": 3}])
    assert [base64.b64decode(record["value"]) for record in seen] == values
