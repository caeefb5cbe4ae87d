"""Requests to groups that are wrong on purpose: Kafka's error for each, and nobody else is harmed."""

import pytest

from lib import group_wire as groups
from lib import wire, wire_groups
from lib.wire import array, i8, string

BROKER_CONFIG = {"group.initial.rebalance.delay.ms": "0"}
UNKNOWN_TOPIC_OR_PARTITION = 3
INVALID_REQUEST = 42
UNKNOWN_SERVER_ERROR = -1
INCREMENTAL_ALTER_CONFIGS = 44
OFFSETS_TOPIC = "__consumer_offsets"

pytestmark = pytest.mark.usefixtures("bystander")


@pytest.fixture
def group(broker, request):
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)
    with wire.Connection(broker.port) as connection:
        return groups.make_coordinator(connection, name)


@pytest.fixture
def member(connection, group):
    """(member id, generation) of the only member."""
    return groups.join_alone(connection, group)


def test_a_member_that_nobody_knows_is_told_so(connection, topic, group, member):
    _, generation = member
    assert groups.heartbeat(connection, group, "nobody", generation) == groups.UNKNOWN_MEMBER_ID
    assert groups.leave(connection, group, "nobody") == groups.UNKNOWN_MEMBER_ID
    assert groups.join_once(connection, group, member="nobody").error == groups.UNKNOWN_MEMBER_ID
    assert groups.commit(connection, group, {(topic, 0): 1}, member="nobody", generation=generation) == {
        (topic, 0): groups.UNKNOWN_MEMBER_ID}


def test_another_generation_is_illegal(connection, topic, group, member):
    name, generation = member
    for wrong in (generation - 1, generation + 1, 2**31 - 1):
        assert groups.heartbeat(connection, group, name, wrong) == groups.ILLEGAL_GENERATION
        assert groups.commit(connection, group, {(topic, 0): 1}, member=name, generation=wrong) == {
            (topic, 0): groups.ILLEGAL_GENERATION}
        connection.send_request(groups.SYNC_GROUP, 3, groups.sync_body(group, name, wrong, {}))
        assert groups.read_sync(connection) == (groups.ILLEGAL_GENERATION, b"")


def test_a_group_that_nobody_made_has_no_members_and_no_offsets(connection, topic, group):
    assert groups.heartbeat(connection, "nobody-made-this", "m", 1) == groups.UNKNOWN_MEMBER_ID
    assert groups.delete_group(connection, "nobody-made-this") == groups.GROUP_ID_NOT_FOUND
    assert groups.delete_offset(connection, "nobody-made-this", topic, 0) == groups.GROUP_ID_NOT_FOUND
    assert groups.describe(connection, "nobody-made-this") == (0, "Dead", [])
    assert groups.committed(connection, "nobody-made-this", topic, 0) == -1


def test_an_empty_group_id_may_only_commit(connection, topic, group):
    assert groups.join_once(connection, "").error == groups.INVALID_GROUP_ID
    assert groups.heartbeat(connection, "", "m", 1) == groups.INVALID_GROUP_ID
    assert groups.leave(connection, "", "m") == groups.INVALID_GROUP_ID
    assert groups.commit(connection, "", {(topic, 0): 1}) == {(topic, 0): 0}
    assert groups.committed(connection, "", topic, 0) == 1


@pytest.mark.parametrize("session_ms", [0, -1, 5999, 1800001, 2**31 - 1])
def test_a_session_outside_the_brokers_bounds_is_refused(connection, group, session_ms):
    assert groups.join_once(connection, group, session_ms=session_ms).error == groups.INVALID_SESSION_TIMEOUT


def test_a_member_without_a_common_protocol_is_refused(connection, broker, group, member):
    with wire.Connection(broker.port) as other:
        for how in ({"protocols": [("roundrobin", b"")]}, {"protocols": []}, {"protocol_type": "connect"}, {"protocol_type": ""}):
            assert groups.join_once(other, group, **how).error == groups.INCONSISTENT_GROUP_PROTOCOL
    assert groups.heartbeat(connection, group, *member) == 0


def test_commits_for_what_does_not_exist_are_refused_one_by_one(connection, topic, group):
    answer = groups.commit(connection, group, {("nobody-made-this", 0): 1, (topic, 99): 1, (topic, -1): 1, (topic, 0): 8})
    assert answer == {("nobody-made-this", 0): UNKNOWN_TOPIC_OR_PARTITION, (topic, 99): UNKNOWN_TOPIC_OR_PARTITION,
                      (topic, -1): UNKNOWN_TOPIC_OR_PARTITION, (topic, 0): 0}
    assert groups.committed(connection, group, topic, 0) == 8


def test_metadata_beyond_the_limit_is_refused_and_the_rest_is_kept(connection, topic, group):
    assert groups.commit(connection, group, {(topic, 0): (1, "x" * 4097), (topic, 1): (2, "x" * 4096)}) == {
        (topic, 0): groups.OFFSET_METADATA_TOO_LARGE, (topic, 1): 0}
    assert groups.fetch_offsets(connection, group, None) == (0, {(topic, 1): (2, "x" * 4096, 0)})


@pytest.mark.parametrize("offset", [-1, -(2**63), 2**63 - 1])
def test_any_offset_may_be_committed(connection, topic, group, offset):
    assert groups.commit(connection, group, {(topic, 0): offset}) == {(topic, 0): 0}
    assert groups.committed(connection, group, topic, 0) == offset


@pytest.mark.tideline_only("Kafka has no limit on the protocols of a member")
def test_five_thousand_protocols_in_a_join_are_refused(connection, group, member):
    protocols = [(f"protocol-{number}", b"x" * 20) for number in range(5000)]
    assert groups.join_once(connection, group, protocols=protocols).error == groups.INCONSISTENT_GROUP_PROTOCOL
    assert groups.heartbeat(connection, group, *member) == 0


def test_a_subscription_of_five_thousand_topics_is_as_good_as_any(connection, group):
    topics = b"\0\0" + wire.array([wire.string(f"topic-{number}") for number in range(5000)]) + wire.blob(None)
    name, generation = groups.join_alone(connection, group, protocols=[("range", topics)])
    assert groups.heartbeat(connection, group, name, generation) == 0
    assert groups.leave(connection, group, name) == 0


def test_a_join_too_large_for_the_log_harms_nobody(connection, broker, topic, group):
    """Its generation cannot be stored, so nobody may count on it; the group goes on afterwards."""
    huge = [("range", b"x" * (2 << 20))]
    member = groups.ask_for_member_id(connection, group, protocols=huge)
    joined = groups.join_once(connection, group, member=member, protocols=huge)
    if joined.error == 0:
        error, _ = groups.sync(connection, group, joined, {joined.member: b"all"})
        assert error != 0
    with wire.Connection(broker.port) as other:
        wire.until(lambda: groups.commit(other, group + "-beside", {(topic, 0): 1}), lambda answer: answer == {(topic, 0): 0})


@pytest.mark.parametrize("api", [groups.OFFSET_COMMIT, groups.OFFSET_FETCH, groups.FIND_COORDINATOR, groups.JOIN_GROUP,
                                 groups.HEARTBEAT, groups.LEAVE_GROUP, groups.SYNC_GROUP, groups.DESCRIBE_GROUPS,
                                 groups.DELETE_GROUPS, groups.OFFSET_DELETE])
def test_a_body_that_ends_early_closes_its_connection_only(broker, api):
    with wire.Connection(broker.port) as broken:
        broken.send(wire.frame(wire.header(api, 2 if api == groups.OFFSET_COMMIT else 1 if api != groups.OFFSET_DELETE else 0)
                               + wire.i16(200) + b"short"))
        assert broken.wait_closed() == b""


def test_a_sync_of_version_5_that_names_no_protocol_is_refused(connection):
    def compact(text):
        return bytes([len(text) + 1]) + text

    null, none, no_tags = b"\0", b"\1", b"\0"
    group, member, generation = compact(b"unnamed"), compact(b"nobody"), wire.i32(1)
    body = no_tags + group + generation + member + null + null + null + none + no_tags
    connection.send_request(groups.SYNC_GROUP, 5, body)
    answer = connection.read_answer()
    answer.i8()  # no tags in the header
    answer.i32()
    assert answer.i16() == groups.INCONSISTENT_GROUP_PROTOCOL


def test_two_thousand_clients_that_never_come_back_with_their_id_harm_nobody(connection, broker, group, member):
    with wire.Connection(broker.port) as flood:
        for _ in range(2000):
            groups.ask_for_member_id(flood, group)
    assert groups.heartbeat(connection, group, *member) == 0
    assert len(groups.describe(connection, group)[2]) == 1


def test_a_thousand_members_of_the_consumer_protocol_in_one_group_harm_nobody(connection, broker, topic, group, member):
    with wire.Connection(broker.port) as flood:
        for number in range(1000):
            assert wire_groups.consumer_heartbeat(flood, f"{group}-flood", f"member-{number}", 0, [topic]) == 0
            if number % 20 == 0:
                assert groups.heartbeat(connection, group, *member) == 0
    assert groups.heartbeat(connection, group, *member) == 0


def test_a_member_that_joins_and_never_syncs_is_taken_out(connection, broker, group):
    name, generation = groups.join_alone(connection, group, rebalance_ms=1000)
    with wire.Connection(broker.port) as silent:
        groups.send_join(silent, group, groups.ask_for_member_id(silent, group, rebalance_ms=1000), rebalance_ms=1000)
        wire.until(lambda: groups.heartbeat(connection, group, name, generation), lambda error: error == groups.REBALANCE_IN_PROGRESS)
        joined = groups.join_once(connection, group, member=name, rebalance_ms=1000)
        assert groups.read_joined(silent).error == 0
        assert groups.sync(connection, group, joined, {name: b"all"}) == (0, b"all")
        # Its time to sync is over: the group starts again without it.
        wire.until(lambda: groups.heartbeat(connection, group, name, joined.generation),
                   lambda error: error == groups.REBALANCE_IN_PROGRESS)
        joined = groups.join_once(connection, group, member=name, rebalance_ms=1000)
        assert [member for member, _, _ in joined.members] == [name]


def test_a_topic_made_anew_under_an_old_name_has_no_offsets(connection, topic, group):
    assert groups.commit(connection, group, {(topic, 0): 8}) == {(topic, 0): 0}
    wire.delete_topic(connection, topic)
    wire.until(lambda: groups.commit(connection, group, {(topic, 0): 9}), lambda answer: answer == {(topic, 0): UNKNOWN_TOPIC_OR_PARTITION})
    wire.make_topic(connection, topic)
    wire.until(lambda: groups.committed(connection, group, topic, 0), lambda offset: offset == -1)


@pytest.mark.tideline_only("Kafka moves the groups to coordinators that know nothing of them")
def test_the_topic_of_the_coordinators_keeps_its_partitions(connection, topic, group):
    assert groups.commit(connection, group, {(topic, 0): 8}) == {(topic, 0): 0}
    assert wire.create_partitions(connection, OFFSETS_TOPIC, 100) == INVALID_REQUEST
    assert groups.committed(connection, group, topic, 0) == 8


def set_topic_config(connection, topic, name, value):
    """IncrementalAlterConfigs v0: SET, or DELETE with None."""
    body = array([i8(2) + string(topic) + array([string(name) + i8(1 if value is None else 0) + string(value)])]) + i8(0)
    answer = connection.request(INCREMENTAL_ALTER_CONFIGS, 0, body)
    answer.i32()
    assert answer.array(lambda: (answer.i16(), answer.string(), answer.i8(), answer.string())) == [(0, None, 2, topic)]


def test_a_smaller_limit_of_the_coordinators_topic_refuses_what_is_larger_and_nothing_else(connection, topic, group, member):
    """Beyond what __consumer_offsets takes, a commit is an error of its own; the members stay."""
    name, generation = member
    large = {(topic, 0): (1, "x" * 3000)}
    assert groups.commit(connection, group, large, member=name, generation=generation) == {(topic, 0): 0}
    set_topic_config(connection, OFFSETS_TOPIC, "max.message.bytes", "2000")
    try:
        assert groups.commit(connection, group, large, member=name, generation=generation) == {(topic, 0): UNKNOWN_SERVER_ERROR}
        assert groups.heartbeat(connection, group, name, generation) == 0
        assert groups.commit(connection, group, {(topic, 0): 2}, member=name, generation=generation) == {(topic, 0): 0}
    finally:
        set_topic_config(connection, OFFSETS_TOPIC, "max.message.bytes", None)
    assert groups.commit(connection, group, large, member=name, generation=generation) == {(topic, 0): 0}
