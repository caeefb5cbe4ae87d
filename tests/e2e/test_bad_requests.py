"""Well-formed requests that ask for what is not there or not allowed: Kafka's error for each."""

import pytest

from lib import wire
from lib.batch import batch

pytestmark = pytest.mark.usefixtures("bystander")

OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER = 1, 3, 6
INVALID_TOPIC, UNSUPPORTED_VERSION, TOPIC_EXISTS, INVALID_PARTITIONS = 17, 35, 36, 37
INVALID_REPLICATION_FACTOR, INVALID_CONFIG, POLICY_VIOLATION = 38, 40, 44

BAD_NAMES = {"parent": "../x", "dot": ".", "dot_dot": "..", "250_letters": "x" * 250, "empty": "",
             "space": "a b", "slash": "a/b", "not_ascii": "ü", "nul": "a\0b", "newline": "a\nb",
             "absolute": "/etc/passwd", "backslash": "..\\x", "percent": "%2e%2e"}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_an_invalid_topic_name_is_refused_everywhere_and_makes_no_file(broker, connection, name):
    bad, before = BAD_NAMES[name], sorted(path.name for path in broker.data_dir.parent.iterdir())
    assert wire.create_topic(connection, bad) == INVALID_TOPIC
    assert wire.metadata(connection, [bad], auto_create=True) == {bad: (INVALID_TOPIC, [])}
    assert wire.produce(connection, bad, 0, batch())[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert wire.fetch(connection, bad, 0, 0)[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert sorted(path.name for path in broker.data_dir.parent.iterdir()) == before


def test_a_name_of_249_letters_is_a_topic(connection):
    name = wire.make_topic(connection, "y" * 249)
    assert wire.produce(connection, name, 0, batch())[0] == 0


def test_names_that_differ_by_dot_and_underscore_collide(connection):
    wire.make_topic(connection, "one.two")
    assert wire.create_topic(connection, "one_two") == INVALID_TOPIC


def test_a_topic_nobody_created_is_unknown(connection):
    assert wire.produce(connection, "nope", 0, batch())[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert wire.fetch(connection, "nope", 0, 0)[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert wire.list_offset(connection, "nope", 0, -1)[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert wire.metadata(connection, ["nope"]) == {"nope": (UNKNOWN_TOPIC_OR_PARTITION, [])}


@pytest.mark.parametrize("partition", [2, 2**31 - 1, -1, -(2**31)])
def test_a_partition_the_topic_does_not_have_is_unknown(connection, topic, partition):
    assert wire.produce(connection, topic, partition, batch())[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert wire.fetch(connection, topic, partition, 0)[0] == UNKNOWN_TOPIC_OR_PARTITION
    assert wire.list_offset(connection, topic, partition, -1)[0] == UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("offset", [2, 3, 2**63 - 1, -1, -5, -(2**63)])
def test_a_fetch_outside_the_log_is_out_of_range_and_its_end_is_not(connection, topic, offset):
    wire.produce(connection, topic, 0, batch())
    error, high_watermark, records = wire.fetch(connection, topic, 0, offset)
    assert (error, records) == (OFFSET_OUT_OF_RANGE, b"")
    assert wire.fetch(connection, topic, 0, 1) == (0, 1, b"")


@pytest.mark.parametrize("replica", [0, 1, 7, 2**31 - 1])
def test_a_client_that_says_it_is_a_replica_changes_nothing(connection, topic, replica):
    """Believed, it could move the high watermark over records that are nowhere else."""
    wire.produce(connection, topic, 0, batch())
    error, _, records = wire.fetch(connection, topic, 0, 0, replica=replica)
    assert (error, records) == (NOT_LEADER_OR_FOLLOWER, b"")
    assert wire.fetch(connection, topic, 0, 0)[:2] == (0, 1)


def test_a_fetch_of_one_byte_still_brings_one_whole_batch(connection, topic):
    """Or a reader behind a batch larger than its limit would never go on (KIP-74)."""
    one = batch(values=[b"first"])
    wire.produce(connection, topic, 0, one)
    wire.produce(connection, topic, 0, batch(values=[b"second"]))
    _, _, records = wire.fetch(connection, topic, 0, 0, max_bytes=1)
    assert len(records) == len(one)


@pytest.mark.parametrize("limit", [{"max_bytes": -1}, {"isolation": 9}])
def test_a_fetch_with_senseless_limits_fails(connection, topic, limit):
    wire.produce(connection, topic, 0, batch())
    try:
        error, _, records = wire.fetch(connection, topic, 0, 0, **limit)
    except ConnectionError:
        return
    assert error != 0 and records == b""


def test_a_fetch_does_not_wait_a_negative_time(connection, topic):
    assert wire.fetch(connection, topic, 0, 0, max_wait_ms=-1) == (0, 0, b"")


@pytest.mark.parametrize("timestamp", [-3, -4, -5, -6, -7, -100])
def test_list_offsets_refuses_special_times_its_version_does_not_know(connection, topic, timestamp):
    assert wire.list_offset(connection, topic, 0, timestamp)[0] == UNSUPPORTED_VERSION


REFUSED_TOPICS = {
    "no_partitions": (dict(partitions=0), INVALID_PARTITIONS),
    "negative_partitions": (dict(partitions=-2), INVALID_PARTITIONS),
    "more_replicas_than_brokers": (dict(replicas=3), INVALID_REPLICATION_FACTOR),
    "no_replicas": (dict(replicas=0), INVALID_REPLICATION_FACTOR),
    "unknown_config": (dict(configs=[("no.such.thing", "1")]), INVALID_CONFIG),
    "ill_formed_config": (dict(configs=[("retention.ms", "soon")]), INVALID_CONFIG),
    "config_out_of_range": (dict(configs=[("segment.bytes", "1")]), INVALID_CONFIG),
    "thousand_million_partitions": (dict(partitions=10**9), POLICY_VIOLATION),
    "20000_partitions": (dict(partitions=20000), POLICY_VIOLATION),
}


@pytest.mark.parametrize("name", REFUSED_TOPICS)
def test_a_topic_that_cannot_be_is_refused_and_not_created(connection, name):
    how, expected = REFUSED_TOPICS[name]
    assert wire.create_topic(connection, "impossible", **how) == expected
    assert wire.metadata(connection, ["impossible"])["impossible"][0] == UNKNOWN_TOPIC_OR_PARTITION


def test_a_topic_is_created_once(connection, topic):
    assert wire.create_topic(connection, topic) == TOPIC_EXISTS


def test_validating_a_topic_does_not_create_it(connection):
    assert wire.create_topic(connection, "only-asked", validate_only=True) == 0
    assert wire.metadata(connection, ["only-asked"])["only-asked"][0] == UNKNOWN_TOPIC_OR_PARTITION
