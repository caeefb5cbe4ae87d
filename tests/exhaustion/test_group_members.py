"""Members of many groups that say much of themselves, at a broker whose members may take 16 MiB together."""

import contextlib
import logging

import pytest
from confluent_kafka import Consumer

from lib import group_wire as groups
from lib import wire
from test_memory_limit import LIMIT, MIB, PATIENCE_SECONDS

BUDGET = 16 * MIB
BROKER_CONFIG = {"tideline.group.member.memory.bytes": str(BUDGET), "group.initial.rebalance.delay.ms": "0",
                 "offsets.topic.num.partitions": "4", "tideline.shards": "2"}
FOR_LONG = {"session_ms": 1_800_000, "rebalance_ms": 1_800_000}

pytestmark = pytest.mark.tideline_only("a JVM's heap has its own limit")


@pytest.fixture
def broker(make_broker):
    broker = make_broker(BROKER_CONFIG, wrapper=["prlimit", f"--data={LIMIT}"]).start()
    yield broker
    assert broker.process.poll() is None


@pytest.fixture
def connection(broker):
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as open_connection:
        yield open_connection


def join(connection, group, size):
    """A static member, alone in its group, that says so much of itself."""
    groups.make_coordinator(connection, group)
    answer = groups.join_once(connection, group, instance="i", protocols=[("range", bytes(size))], **FOR_LONG)
    assert answer.error in (0, groups.COORDINATOR_NOT_AVAILABLE)
    return answer


def fill(connection, *sizes):
    """{group: answer} of members that found room; when it returns, there is none for another of the last size."""
    joined = {}
    for size in sizes:
        while (answer := join(connection, f"flood-{len(joined)}", size)).error == 0:
            joined[f"flood-{len(joined)}"] = answer
    return joined


def test_members_of_all_groups_together_have_a_bound(broker, connection):
    """Who is in stays, who is small finds room beside those that are refused, and who leaves makes room."""
    groups.make_coordinator(connection, "first")
    before = broker.memory_kib() * 1024
    joined = fill(connection, MIB - 1000)
    assert BUDGET * 3 // 4 < len(joined) * MIB < BUDGET
    for n in range(50):
        assert join(connection, f"refused-{n}", MIB - 1000).error == groups.COORDINATOR_NOT_AVAILABLE
    assert broker.memory_kib() * 1024 - before < 3 * BUDGET  # with the requests, and what the allocator keeps

    group, member = next(iter(joined.items()))
    assert groups.heartbeat(connection, group, member.member, member.generation, instance="i") == 0
    assert join(connection, "small", 100).error == 0
    assert groups.leave(connection, group, member.member, instance="i") == 0
    assert join(connection, "refused-0", MIB - 1000).error == 0


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def test_a_consumer_that_finds_no_room_comes_again(broker, connection):
    """Clients take the answer for a coordinator that is not there just now."""
    wire.make_topic(connection, "t")
    joined = fill(connection, MIB - 1000, 60_000, 3_000, 0)
    said, assigned = Lines(), []
    logger = logging.Logger("consumer")
    logger.addHandler(said)
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "late", "debug": "cgrp,consumer"}, logger=logger)
    consumer.subscribe(["t"], on_assign=lambda _, partitions: assigned.extend(partitions))
    with contextlib.closing(consumer):
        wire.until(lambda: consumer.poll(0.1) and False or any("Coordinator not available" in text for text in said.texts),
                   bool, seconds=PATIENCE_SECONDS)
        assert not assigned
        assert groups.leave(connection, "flood-0", joined["flood-0"].member, instance="i") == 0
        wire.until(lambda: consumer.poll(0.1) and False or assigned, bool, seconds=PATIENCE_SECONDS)
