"""Groups that move between the classic and the consumer protocol, by hand: what group.consumer.migration.policy allows."""

import pytest

from lib import group_wire as groups
from lib import wire, wire_groups
from lib.wire import array, blob, i32, string

BROKER_CONFIG = {"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "1"}
TOPIC = "moved"
VERSION_0 = b"\0\0"
SUBSCRIPTION = VERSION_0 + array([string(TOPIC)]) + blob(None)
ALL_OF_IT = VERSION_0 + array([string(TOPIC) + array([i32(0), i32(1)])]) + blob(None)
CLASSIC = [("range", SUBSCRIPTION)]
UPGRADES, DOWNGRADES = ("upgrade", "bidirectional"), ("downgrade", "bidirectional")
POLICIES = ("disabled", "upgrade", "downgrade", "bidirectional")


@pytest.fixture
def connection_under(make_broker):
    """A connection to a broker with that policy and a topic of two partitions."""
    opened = []

    def start(policy):
        broker = make_broker(BROKER_CONFIG | {"group.consumer.migration.policy": policy}).start()
        opened.append(wire.Connection(broker.port))
        wire.make_topic(opened[0], TOPIC, partitions=2)
        groups.make_coordinator(opened[0], "g")
        return opened[0]

    yield start
    for connection in opened:
        connection.close()


def join_classic(connection):
    """The only member of a classic group; it owns everything. Returns (member id, generation)."""
    joined = groups.join_once(connection, "g", member=groups.ask_for_member_id(connection, "g", protocols=CLASSIC), protocols=CLASSIC)
    assert groups.sync(connection, "g", joined, {joined.member: ALL_OF_IT}) == (0, ALL_OF_IT)
    return joined.member, joined.generation


def is_classic(connection):
    return groups.describe(connection, "g")[1] != "Dead"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_classic_group_takes_a_member_of_the_consumer_protocol_where_upgrades_are_allowed(connection_under, policy):
    connection = connection_under(policy)
    member, generation = join_classic(connection)
    joined = wire_groups.consumer_heartbeat(connection, "g", "modern", 0, [TOPIC])
    if policy in UPGRADES:
        assert (joined, is_classic(connection)) == (0, False)
        assert groups.heartbeat(connection, "g", member, generation) == groups.REBALANCE_IN_PROGRESS
    else:
        assert (joined, is_classic(connection)) == (groups.GROUP_ID_NOT_FOUND, True)
        assert groups.heartbeat(connection, "g", member, generation) == 0


@pytest.mark.tideline_only("Apache Kafka 4.2.1 lets it in, its branch of 4.2 no longer does")
def test_a_consumer_group_takes_no_classic_member_where_moves_are_disabled(connection_under):
    connection = connection_under("disabled")
    assert wire_groups.consumer_heartbeat(connection, "g", "modern", 0, [TOPIC]) == 0
    assert groups.join_once(connection, "g", protocols=CLASSIC).error == groups.INCONSISTENT_GROUP_PROTOCOL
    assert not is_classic(connection)


@pytest.mark.parametrize("policy", POLICIES[1:])
def test_the_last_member_of_the_consumer_protocol_leaves_a_classic_group_where_downgrades_are_allowed(connection_under, policy):
    connection = connection_under(policy)
    assert wire_groups.consumer_heartbeat(connection, "g", "modern", 0, [TOPIC]) == 0
    member = groups.ask_for_member_id(connection, "g", protocols=CLASSIC)
    assert groups.join_once(connection, "g", member=member, protocols=CLASSIC).error == 0
    assert not is_classic(connection)
    assert wire_groups.consumer_heartbeat(connection, "g", "modern", wire_groups.LEAVE) == 0
    assert is_classic(connection) == (policy in DOWNGRADES)


def test_an_empty_group_may_change_its_protocol_whatever_the_policy(connection_under):
    connection = connection_under("disabled")
    member, _ = join_classic(connection)
    assert groups.commit(connection, "g", {(TOPIC, 0): 7}, member=member, generation=1) == {(TOPIC, 0): 0}
    assert groups.leave(connection, "g", member) == 0
    assert wire_groups.consumer_heartbeat(connection, "g", "modern", 0, [TOPIC]) == 0
    assert not is_classic(connection)
    assert wire_groups.consumer_heartbeat(connection, "g", "modern", wire_groups.LEAVE) == 0
    join_classic(connection)
    assert is_classic(connection)
    assert groups.committed(connection, "g", TOPIC, 0) == 7
