"""Classic groups and committed offsets from one life of the broker to the next."""

import time

import pytest

from lib import group_wire as groups
from lib import wire
from lib.batch import batch

BROKER_CONFIG = {"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "8"}
PROMPT_SECONDS = 30


@pytest.fixture
def restartable(make_broker):
    return make_broker(BROKER_CONFIG).start()


@pytest.fixture
def group(broker, request):
    with wire.Connection(broker.port) as connection:
        return groups.make_coordinator(connection, request.node.name)


@pytest.fixture
def other(broker):
    with wire.Connection(broker.port) as open_connection:
        yield open_connection


def test_two_members_share_a_generation_and_the_one_that_stays_gets_all(connection, other, group):
    first, _ = groups.join_alone(connection, group)
    second = groups.ask_for_member_id(other, group)
    groups.send_join(other, group, second)
    wire.until(lambda: groups.heartbeat(connection, group, first, 1), lambda error: error == groups.REBALANCE_IN_PROGRESS)
    led = groups.join_once(connection, group, member=first)
    followed = groups.read_joined(other)
    assert (led.error, followed.error) == (0, 0)
    assert (led.generation, followed.generation) == (2, 2)
    assert (led.leader, followed.leader) == (first, first)
    assert {member for member, _, _ in led.members} == {first, second}
    assert followed.members == []

    other.send_request(groups.SYNC_GROUP, 3, groups.sync_body(group, second, 2, {}))
    assert groups.sync(connection, group, led, {first: b"one", second: b"two"}) == (0, b"one")
    assert groups.read_sync(other) == (0, b"two")
    assert groups.heartbeat(other, group, second, 2) == 0

    assert groups.leave(connection, group, first) == 0
    wire.until(lambda: groups.heartbeat(other, group, second, 2), lambda error: error == groups.REBALANCE_IN_PROGRESS)
    alone = groups.join_once(other, group, member=second)
    assert (alone.error, alone.generation, alone.leader) == (0, 3, second)
    assert groups.sync(other, group, alone, {second: b"all"}) == (0, b"all")
    assert groups.leave(other, group, second) == 0
    assert groups.describe(connection, group)[:2] == (0, "Empty")


def test_what_was_committed_is_fetched_and_the_rest_is_minus_one(connection, topic, group):
    assert groups.commit(connection, group, {(topic, 0): (17, "note"), (topic, 1): 3}) == {(topic, 0): 0, (topic, 1): 0}
    assert groups.commit(connection, group, {(topic, 1): 4}) == {(topic, 1): 0}
    asked = [(topic, 0), (topic, 1), (topic, 7), ("nobody-made-this", 0)]
    assert groups.fetch_offsets(connection, group, asked) == (0, {
        (topic, 0): (17, "note", 0), (topic, 1): (4, "", 0), (topic, 7): (-1, "", 0), ("nobody-made-this", 0): (-1, "", 0)})
    assert groups.fetch_offsets(connection, group, None) == (0, {(topic, 0): (17, "note", 0), (topic, 1): (4, "", 0)})


def test_groups_are_listed_described_and_deleted_wherever_they_live(connection, topic, group):
    names = [f"{group}-{number}" for number in range(20)]
    for name in names:
        groups.commit(connection, name, {(topic, 0): 1})
    error, listed = groups.list_groups(connection)
    assert error == 0 and set(names) <= listed
    assert groups.describe(connection, names[7]) == (0, "Empty", [])
    assert [groups.delete_group(connection, name) for name in names] == [0] * 20
    assert not set(names) & groups.list_groups(connection)[1]
    assert groups.committed(connection, names[7], topic, 0) == -1


def test_a_group_of_members_keeps_its_offsets_and_is_not_deleted(connection, topic, group):
    member, generation = groups.join_alone(connection, group)
    assert groups.commit(connection, group, {(topic, 0): 5}, member=member, generation=generation) == {(topic, 0): 0}
    assert groups.delete_group(connection, group) == groups.NON_EMPTY_GROUP
    assert groups.leave(connection, group, member) == 0
    assert groups.delete_offset(connection, group, topic, 0) == 0
    assert groups.committed(connection, group, topic, 0) == -1


def test_offsets_go_with_their_topic(connection, group):
    name = wire.make_topic(connection, "offsets-go-with-it")
    groups.commit(connection, group, {(name, 0): 9})
    answer = connection.request(wire.DELETE_TOPICS, 1, wire.array([wire.string(name)]) + wire.i32(30000))
    answer.i32()
    assert answer.array(lambda: (answer.string(), answer.i16())) == [(name, 0)]
    wire.make_topic(connection, name)
    wire.until(lambda: groups.committed(connection, group, name, 0), lambda offset: offset == -1)


def test_the_offsets_topic_is_internal_and_not_written_by_clients(connection, group):
    assert wire.produce(connection, "__consumer_offsets", 0, batch())[0] == 17  # INVALID_TOPIC
    body = wire.array([wire.string("__consumer_offsets")]) + wire.i8(0)
    answer = connection.request(wire.METADATA, 4, body)
    answer.i32()
    answer.array(lambda: (answer.i32(), answer.string(), answer.i32(), answer.string()))
    answer.string(), answer.i32()
    assert answer.i32() == 1
    assert (answer.i16(), answer.string(), answer.i8()) == (0, "__consumer_offsets", 1)


def test_a_member_that_never_syncs_disturbs_no_other_group(connection, other, topic, group):
    stuck = groups.ask_for_member_id(other, group)
    assert groups.join_once(other, group, member=stuck).error == 0
    beside = groups.make_coordinator(connection, group + "-beside")
    member, generation = groups.join_alone(connection, beside)
    for offset in range(10):
        assert groups.commit(connection, beside, {(topic, 0): offset}, member=member, generation=generation) == {(topic, 0): 0}
        assert groups.heartbeat(connection, beside, member, generation) == 0


def test_a_client_that_leaves_while_its_join_is_parked_is_let_go(broker, connection, group):
    member, _ = groups.join_alone(connection, group)
    gone = wire.Connection(broker.port)
    groups.send_join(gone, group, groups.ask_for_member_id(gone, group))
    wire.until(lambda: groups.heartbeat(connection, group, member, 1), lambda error: error == groups.REBALANCE_IN_PROGRESS)
    gone.close()
    again = groups.join_once(connection, group, member=member)
    assert (again.error, again.generation) == (0, 2)


# ---- over restarts ----------------------------------------------------------------------------------------------------


def test_a_commit_survives_kill_9_and_an_orderly_restart(restartable):
    with wire.Connection(restartable.port) as connection:
        topic = wire.make_topic(connection, "kept")
        groups.make_coordinator(connection, "kept")
        assert groups.commit(connection, "kept", {(topic, 0): (41, "x")}) == {(topic, 0): 0}
    restartable.kill()
    restartable.start()
    with wire.Connection(restartable.port) as connection:
        assert groups.committed(connection, "kept", topic, 0) == 41
        assert groups.commit(connection, "kept", {(topic, 0): 42}) == {(topic, 0): 0}
    restartable.stop()
    restartable.start()
    with wire.Connection(restartable.port) as connection:
        assert groups.committed(connection, "kept", topic, 0) == 42


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_members_and_their_generation_outlive_a_restart(restartable, end):
    with wire.Connection(restartable.port) as connection:
        groups.make_coordinator(connection, "static")
        joined = groups.join_once(connection, "static", instance="one")
        assert joined.error == 0
        assert groups.sync(connection, "static", joined, {joined.member: b"all"}, instance="one") == (0, b"all")
    getattr(restartable, end)()
    restartable.start()
    with wire.Connection(restartable.port) as connection:
        groups.make_coordinator(connection, "static")
        assert groups.describe(connection, "static") == (0, "Stable", [(joined.member, "one")])
        assert groups.heartbeat(connection, "static", joined.member, joined.generation, "one") == 0
        # A member with the same instance takes its place, in the same generation.
        again = groups.join_once(connection, "static", instance="one")
        assert (again.error, again.generation) == (0, joined.generation)
        assert again.member != joined.member
        assert groups.heartbeat(connection, "static", joined.member, joined.generation, "one") == groups.FENCED_INSTANCE_ID


def test_sigterm_with_parked_joins_ends_promptly(restartable):
    connections = [wire.Connection(restartable.port) for _ in range(20)]
    groups.make_coordinator(connections[0], "parked")
    groups.join_alone(connections[0], "parked")
    for connection in connections[1:]:
        groups.send_join(connection, "parked", groups.ask_for_member_id(connection, "parked"))
    began = time.monotonic()
    assert restartable.stop() == 0
    assert time.monotonic() - began < PROMPT_SECONDS < groups.REBALANCE_MS / 1000
    for connection in connections:
        connection.close()
