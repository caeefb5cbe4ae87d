"""Requests that name very much, two dozen of each kind at once, at a broker that may have 512 MiB.

Each becomes tens of megabytes. What they hold together stays within what requests may have, and a
good client beside them is served (`bystander`, which measures the memory as well).
"""

import pytest

from lib import broker as brokers
from lib import wire, wire_groups
from lib.batch import uvarint
from lib.wire import array, blob, i8, i16, i32, i64, string
from test_memory_limit import BROKER_CONFIG, LIMIT, MIB, PATIENCE_SECONDS, at_once

# Without a limit to reach, under a sanitizer, as many as are answered before the last has waited too long for its memory.
REQUESTS = 24 if brokers.MEMORY_COUNTS else 6
PARTITIONS, TOO_MANY = 100_000, 200_000  # what one request may name on such a broker, and more than that
LONG_NAME = "x" * 30_000

FIND_COORDINATOR, JOIN_GROUP, DESCRIBE_GROUPS, ADD_PARTITIONS_TO_TXN, WRITE_TXN_MARKERS = 10, 11, 15, 24, 27
TXN_OFFSET_COMMIT, DESCRIBE_CONFIGS, DESCRIBE_PRODUCERS = 28, 32, 61
NO_TAGS = b"\0"

pytestmark = [pytest.mark.tideline_only("a JVM's heap has its own limit"), pytest.mark.usefixtures("bystander")]


@pytest.fixture(scope="module")
def broker(make_module_broker):
    broker = make_module_broker(BROKER_CONFIG | {"tideline.shards": "2", "auto.create.topics.enable": "false"},
                                wrapper=brokers.limited_memory(LIMIT)).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "there")
        wire_groups.make_group(connection, "group", {("there", 0): 1})
    yield broker
    print(f"resident at most: {broker.memory_kib('VmHWM') / 1024:.0f} MiB")
    assert broker.process.poll() is None


def is_answered(port, api, version, body):
    """False when the broker ends the connection instead: it may, if the request needs too much."""
    with wire.Connection(port, timeout=PATIENCE_SECONDS) as connection:
        try:
            connection.send_request(api, version, body)
            connection.read_answer()
            return True
        except ConnectionError:
            return False


def two_dozen(broker, api, version, body):
    answered = []
    at_once(REQUESTS, lambda _: answered.append(is_answered(broker.port, api, version, body)))
    return sum(answered)


def compact(text):
    return uvarint(len(text) + 1) + text.encode()


def numbers(count, step=1):
    return i32(count) + b"".join(i32(step * n) for n in range(count))


def fetch(topic, count, step=1, max_wait_ms=0):
    rows = b"".join(i32(step * n) + i64(0) + i32(MIB) for n in range(count))
    return i32(-1) + i32(max_wait_ms) + i32(1) + i32(MIB) + i8(0) + array([string(topic) + i32(count) + rows])


def test_fetches_that_wait(broker):
    assert two_dozen(broker, wire.FETCH, 4, fetch("there", PARTITIONS, step=0, max_wait_ms=500)) == REQUESTS


def test_fetches_of_what_is_not_there(broker):
    assert two_dozen(broker, wire.FETCH, 4, fetch("nobody-made-it", PARTITIONS)) == REQUESTS


def test_fetches_of_too_many(broker):
    two_dozen(broker, wire.FETCH, 4, fetch("there", TOO_MANY, step=0, max_wait_ms=500))


def test_a_topic_with_a_long_name(broker):
    assert two_dozen(broker, wire.FETCH, 4, fetch(LONG_NAME, PARTITIONS)) == REQUESTS
    rows = b"".join(i32(n) + i64(-1) for n in range(PARTITIONS))
    assert two_dozen(broker, wire.LIST_OFFSETS, 1, i32(-1) + array([string(LONG_NAME) + i32(PARTITIONS) + rows])) == REQUESTS


def fetch_with_session(version, topics, session=0, epoch=0):
    forgotten = array([])
    return i32(-1) + i32(0) + i32(1) + i32(MIB) + i8(0) + i32(session) + i32(epoch) + array(topics) + forgotten


def test_fetch_sessions(broker):
    """A session is for as many as there is memory for; whoever gets none is answered all the same."""
    count = 10_000
    rows = i32(count) + b"".join(i32(n) + i64(0) + i64(-1) + i32(MIB) for n in range(count))
    body = fetch_with_session(7, [string("nobody-made-it") + rows])
    for _ in range(5):
        assert two_dozen(broker, wire.FETCH, 7, body) == REQUESTS


def test_produces_of_nothing(broker):
    for count in (PARTITIONS // 2, TOO_MANY):
        rows = b"".join(i32(n) + blob(None) for n in range(count))
        answered = two_dozen(broker, wire.PRODUCE, 7, string(None) + i16(1) + i32(1000) + array([string("there") + i32(count) + rows]))
        assert answered == REQUESTS or count == TOO_MANY


def test_list_offsets(broker):
    for step in (0, 1):
        rows = b"".join(i32(step * n) + i64(-1) for n in range(PARTITIONS))
        body = i32(-1) + array([string("there") + i32(PARTITIONS) + rows])
        assert two_dozen(broker, wire.LIST_OFFSETS, 1, body) == REQUESTS


def test_metadata_of_topics_that_are_not_there(broker):
    body = i32(TOO_MANY) + b"".join(string(f"nobody-made-it-{n}") for n in range(TOO_MANY)) + i8(0)
    two_dozen(broker, wire.METADATA, 4, body)
    assert two_dozen(broker, wire.METADATA, 4, array([string(f"nobody-made-it-{n}") for n in range(20_000)]) + i8(0)) == REQUESTS


def test_commits(broker):
    """Of one partition again and again; with a long id of the group, each record would have that, too."""
    for group, count in (("group", 20_000), (LONG_NAME, PARTITIONS)):
        rows = i32(count) + (i32(0) + i64(1) + string("")) * count
        body = string(group) + i32(-1) + string("") + i64(-1) + array([string("there") + rows])
        two_dozen(broker, wire_groups.OFFSET_COMMIT, 2, body)


def test_offset_fetches(broker):
    assert two_dozen(broker, wire_groups.OFFSET_FETCH, 1, string("group") + array([string("there") + numbers(PARTITIONS)])) == REQUESTS


def test_members_with_many_protocols(broker):
    protocols = array([string(f"protocol-{n}") + blob(bytes(1000)) for n in range(10_000)])
    body = string("joined") + i32(10_000) + i32(10_000) + string("") + string("consumer") + protocols
    two_dozen(broker, JOIN_GROUP, 1, body)


def test_groups_that_are_named_again_and_again(broker):
    assert two_dozen(broker, DESCRIBE_GROUPS, 0, i32(50_000) + string("group") * 50_000) > 0


def test_transactions_over_very_much(broker):
    body = string("id") + i64(1) + i16(0) + array([string("there") + numbers(PARTITIONS)])
    assert two_dozen(broker, ADD_PARTITIONS_TO_TXN, 0, body) == REQUESTS
    topics = i32(100_000) + b"".join(string(f"t{n}") + array([i32(0) + i64(0) + string("")]) for n in range(100_000))
    two_dozen(broker, TXN_OFFSET_COMMIT, 0, string("id") + string("group") + i64(1) + i16(0) + topics)


def test_markers_for_a_topic_with_a_long_name(broker):
    count = 50_000
    topic = compact(LONG_NAME) + uvarint(count + 1) + b"".join(i32(n) for n in range(count)) + NO_TAGS
    marker = i64(1) + i16(0) + i8(0) + uvarint(2) + topic + i32(0) + NO_TAGS
    two_dozen(broker, WRITE_TXN_MARKERS, 1, NO_TAGS + uvarint(2) + marker + NO_TAGS)


def test_producers_of_very_many_partitions(broker):
    for step in (0, 1):
        partitions = uvarint(PARTITIONS + 1) + b"".join(i32(step * n) for n in range(PARTITIONS))
        topic = compact("there") + partitions + NO_TAGS
        two_dozen(broker, DESCRIBE_PRODUCERS, 0, NO_TAGS + uvarint(2) + topic + NO_TAGS)


def test_settings_that_are_asked_for_again_and_again(broker):
    resource = i8(2) + string("there") + i32(-1)
    two_dozen(broker, DESCRIBE_CONFIGS, 1, i32(50_000) + resource * 50_000 + i8(1))
    assert two_dozen(broker, DESCRIBE_CONFIGS, 1, i32(500) + resource * 500 + i8(1)) == REQUESTS


def test_topics_to_make(broker):
    """Too many for one request; and as many as one may make, only to see whether it could."""
    def topics(count):
        return i32(count) + b"".join(string(f"wide-{n}") + i32(1) + i16(1) + array([]) + array([]) for n in range(count))

    assert two_dozen(broker, wire.CREATE_TOPICS, 2, topics(15_000) + i32(1000) + i8(1)) == REQUESTS
    assert two_dozen(broker, wire.CREATE_TOPICS, 2, topics(4_000) + i32(1000) + i8(1)) == REQUESTS


def test_partitions_to_make(broker):
    rows = b"".join(string(f"nobody-made-it-{n}") + i32(10) + i32(-1) for n in range(50_000))
    assert two_dozen(broker, wire.CREATE_PARTITIONS, 0, i32(50_000) + rows + i32(1000) + i8(1)) == REQUESTS


def test_coordinators_of_very_many(broker):
    for count in (50_000, TOO_MANY):
        keys = uvarint(count + 1) + b"".join(compact(f"group-{n}") for n in range(count))
        assert two_dozen(broker, FIND_COORDINATOR, 4, NO_TAGS + i8(0) + keys + NO_TAGS) == REQUESTS or count == TOO_MANY
