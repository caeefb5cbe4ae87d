"""kcat, the client people reach for first."""

import json
import re
import time

import pytest

from families import CODECS

NOW = int(time.time() * 1000) - 10_000  # recent, since retention deletes what is old


def produce(kcat, broker, topic, lines, *args):
    kcat("-P", "-b", broker.bootstrap, "-t", topic, *args, input=lines)


def consume(kcat, broker, topic, *args):
    """Partition 0 from the beginning to the end, each record as kcat's own JSON."""
    said = kcat("-C", "-b", broker.bootstrap, "-t", topic, "-p", 0, "-e", "-q", "-J", *args)
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.mark.parametrize("codec", CODECS)
def test_what_kcat_writes_with_any_codec_kcat_reads(kcat, broker, topic, codec):
    lines = b"".join(b"key%d:value %d %s\n" % (n, n, b"x" * 200) for n in range(500))
    produce(kcat, broker, topic, lines, "-K", ":", "-z", codec)
    records = consume(kcat, broker, topic)
    assert [(r["offset"], r["key"], r["payload"]) for r in records] == [
        (n, f"key{n}", f"value {n} {'x' * 200}") for n in range(500)]


def test_headers_null_values_and_timestamps_are_seen(kcat, broker, topic):
    produce(kcat, broker, topic, b"k:v\nonly-key:\n", "-K", ":", "-Z", "-H", "a=1", "-H", "b=2")
    first, second = consume(kcat, broker, topic)
    assert first["headers"] == ["a", "1", "b", "2"]
    assert (second["key"], second["payload"]) == ("only-key", None)
    assert first["tstype"] == "create" and first["ts"] > 1_600_000_000_000


def test_a_partition_is_chosen_and_the_others_stay_empty(kcat, broker, topic, admin_topic):
    admin_topic(topic, partitions=3)
    produce(kcat, broker, topic, b"here\n", "-p", 2)
    assert consume(kcat, broker, topic) == []
    said = kcat("-C", "-b", broker.bootstrap, "-t", topic, "-p", 2, "-e", "-q")
    assert said.stdout == b"here\n"


@pytest.mark.parametrize("start,expected", [
    ("beginning", [0, 1, 2, 3]), ("2", [2, 3]), ("-1", [3]),
    (f"s@{NOW + 1}", [1, 2, 3])])
def test_reading_begins_where_asked(kcat, broker, topic, fill, start, expected):
    fill(topic, [b"a", b"b", b"c", b"d"], timestamps=range(NOW, NOW + 4))
    assert [r["offset"] for r in consume(kcat, broker, topic, "-o", start)] == expected


def test_the_metadata_listing_shows_broker_topic_and_leaders(kcat, broker, topic, admin_topic,
                                                             node_id):
    admin_topic(topic, partitions=2)
    said = kcat("-L", "-b", broker.bootstrap, "-t", topic).stdout.decode()
    assert f"broker {node_id} at {broker.bootstrap}" in said
    assert f'topic "{topic}" with 2 partitions' in said
    for partition in range(2):
        assert re.search(rf"partition {partition}, leader {node_id}, replicas: {node_id}, "
                         rf"isrs: {node_id}", said)


def test_a_query_finds_the_offset_of_a_time(kcat, broker, topic, fill):
    fill(topic, [b"a", b"b"], timestamps=[NOW, NOW + 1000])
    said = kcat("-Q", "-b", broker.bootstrap, "-t", f"{topic}:0:{NOW + 1}").stdout.decode()
    assert f"{topic} [0] offset 1" in said


def test_an_idempotent_producer_with_acks_all_is_served(kcat, broker, topic):
    produce(kcat, broker, topic, b"".join(b"%d\n" % n for n in range(2000)),
            "-X", "enable.idempotence=true", "-X", "acks=all")
    assert [r["payload"] for r in consume(kcat, broker, topic)] == [str(n) for n in range(2000)]


def test_producing_without_acknowledgements_is_served(kcat, broker, topic, admin_topic):
    admin_topic(topic)
    produce(kcat, broker, topic, b"unconfirmed\n", "-X", "acks=0")
    said = kcat("-C", "-b", broker.bootstrap, "-t", topic, "-p", 0, "-o", "beginning", "-c", 1)
    assert said.stdout == b"unconfirmed\n"


def test_an_uncommitted_reader_and_a_committed_one_see_the_same_without_transactions(
        kcat, broker, topic, fill):
    fill(topic, [b"a", b"b"])
    for level in ("read_uncommitted", "read_committed"):
        assert len(consume(kcat, broker, topic, "-X", f"isolation.level={level}")) == 2
