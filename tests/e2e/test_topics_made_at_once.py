"""Several clients delete and create one topic at the same time: what the last one holds stays."""

import shutil
import subprocess
import threading

import pytest

from lib import batch as batches
from lib import machine, wire
from topics import (
    LATEST, NOT_LEADER_OR_FOLLOWER, TOPIC_ALREADY_EXISTS,
    UNKNOWN_TOPIC_OR_PARTITION, assert_holds, delete_topic, offset_at, put, read_all)

CLIENTS, TURNS, PARTITIONS = 2, 20, 4

# What a produce may be told while the topic comes and goes; clients ask again after each of them.
IN_BETWEEN = (UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER)

SLOW_RENAME_MICROSECONDS = 60_000
SLOW_TURNS = 12


@pytest.fixture
def slow_renames():
    """A wrapper under which every rename of the broker takes a while."""
    if not shutil.which("strace"):
        machine.missing("strace", "no strace: a slow file system is not tested")
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]
    tried = subprocess.run([*strace, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        machine.cannot_here("a slow file system", f"strace: {tried.stderr.strip()}")
    calls = "rename,renameat,renameat2"
    return [*strace, "-e", f"trace={calls}",
            "-e", f"inject={calls}:delay_enter={SLOW_RENAME_MICROSECONDS}"]


@pytest.mark.tideline_only("its directories are what is raced for")
def test_a_directory_that_is_slow_to_go_is_not_taken_for_that_of_the_new_topic(make_broker, slow_renames):
    broker = make_broker({"tideline.shards": "2"}, wrapper=slow_renames).start()
    with (wire.Connection(broker.port) as deleter, wire.Connection(broker.port) as creator,
          wire.Connection(broker.port) as other):
        wire.make_topic(creator, "orders")
        for turn in range(SLOW_TURNS):
            # While this topic is being opened, the two changes to the other one may come together.
            other.send_request(wire.CREATE_TOPICS, 2, create_body(f"other{turn}", 4))
            wire.until((broker.data_dir / f"other{turn}-0").exists, bool)
            deleter.send_request(wire.DELETE_TOPICS, 1, wire.array([wire.string("orders")]) + wire.i32(15000))
            wire.until(lambda: wire.create_topic(creator, "orders"), lambda error: error == 0)
            deleter.read_answer(), other.read_answer()
            put(creator, "orders", 0, b"turn %d" % turn)
            assert_holds(creator, "orders", 0, [b"turn %d" % turn])
    broker.kill()
    broker.wrapper = []
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert_holds(connection, "orders", 0, [b"turn %d" % (SLOW_TURNS - 1)])


def create_body(topic, partitions):
    """CreateTopics v2."""
    one = wire.string(topic) + wire.i32(partitions) + wire.i16(1) + wire.array([]) + wire.array([])
    return wire.array([one]) + wire.i32(15000) + wire.i8(0)


def remake_and_produce(port, client, acknowledged):
    """Deletes, creates and fills the topic that others delete, create and fill at the same time."""
    with wire.Connection(port) as connection:
        for turn in range(TURNS):
            assert delete_topic(connection, "orders") in (0, UNKNOWN_TOPIC_OR_PARTITION)
            assert wire.create_topic(connection, "orders", PARTITIONS) in (0, TOPIC_ALREADY_EXISTS)
            for partition in range(PARTITIONS):
                value = b"<client %d turn %d>" % (client, turn)
                error, offset, _, _ = wire.produce(connection, "orders", partition,
                                                   batches.batch([value]))
                assert error == 0 or error in IN_BETWEEN
                if error == 0:
                    acknowledged[client, partition].append((offset, value))


def test_two_clients_that_delete_and_create_it_at_once_lose_no_record_of_the_last_one(make_broker):
    broker = make_broker().start()
    acknowledged = {(c, p): [] for c in range(CLIENTS) for p in range(PARTITIONS)}
    failures = []

    def client(number):
        try:
            remake_and_produce(broker.port, number, acknowledged)
        except Exception as failure:  # an assertion in a thread would be lost
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    with wire.Connection(broker.port) as connection:
        if wire.create_topic(connection, "orders", PARTITIONS) == 0:
            acknowledged = {key: [] for key in acknowledged}
        for partition in range(PARTITIONS):
            offset_at(connection, "orders", partition, LATEST)
            last = put(connection, "orders", partition, b"<last>"), b"<last>"
            acknowledged[0, partition].append(last)

    broker.kill()
    broker.start()
    with wire.Connection(broker.port) as connection:
        for partition in range(PARTITIONS):
            stored = read_all(connection, "orders", partition)
            assert stored[0][0] == 0
            for number in range(CLIENTS):
                assert_ends_with_what_is_stored(acknowledged[number, partition], stored)


def assert_ends_with_what_is_stored(acknowledged, stored):
    """Those of one client that are stored are its last: nothing goes back to an earlier topic."""
    batch_at = dict(stored)
    is_stored = [value in batch_at.get(offset, b"") for offset, value in acknowledged]
    assert is_stored == sorted(is_stored), f"lost: {acknowledged}"
