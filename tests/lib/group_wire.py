"""Groups by hand: the requests of a consumer group's members, in versions before the flexible ones."""

from lib import wire
from lib.wire import array, blob, i8, i16, i32, i64, string

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 8, 9, 10
JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP = 11, 12, 13, 14
DESCRIBE_GROUPS, LIST_GROUPS, DELETE_GROUPS, OFFSET_DELETE = 15, 16, 42, 47

COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR = 14, 15, 16
ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL, INVALID_GROUP_ID, UNKNOWN_MEMBER_ID = 22, 23, 24, 25
INVALID_SESSION_TIMEOUT, REBALANCE_IN_PROGRESS = 26, 27
NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, MEMBER_ID_REQUIRED, FENCED_INSTANCE_ID = 68, 69, 79, 82
OFFSET_METADATA_TOO_LARGE, GROUP_SUBSCRIBED_TO_TOPIC = 12, 86

PROTOCOL = [("range", b"about me")]
SESSION_MS, REBALANCE_MS = 30000, 60000


def find_coordinator(connection, group):
    """Returns (error code, node id) of a FindCoordinator v1."""
    answer = connection.request(FIND_COORDINATOR, 1, string(group) + i8(0))
    answer.i32()
    error, _message = answer.i16(), answer.string()
    node, _host, _port = answer.i32(), answer.string(), answer.i32()
    answer.end()
    return error, node


def make_coordinator(connection, group):
    """Returns when the group has a coordinator that has read its log."""
    wire.until(lambda: find_coordinator(connection, group)[0], lambda error: error == 0)
    wire.until(lambda: fetch_offsets(connection, group, None)[0], lambda error: error == 0)
    return group


def join_body(group, member="", instance=None, protocols=PROTOCOL, session_ms=SESSION_MS,
              rebalance_ms=REBALANCE_MS, protocol_type="consumer"):
    """JoinGroup v5."""
    return (string(group) + i32(session_ms) + i32(rebalance_ms) + string(member) + string(instance)
            + string(protocol_type) + array([string(name) + blob(text) for name, text in protocols]))


class Joined:
    """The answer to a join."""

    def __init__(self, answer):
        answer.i32()
        self.error, self.generation = answer.i16(), answer.i32()
        self.protocol, self.leader, self.member = answer.string(), answer.string(), answer.string()
        self.members = answer.array(lambda: (answer.string(), answer.string(), answer.blob()))
        answer.end()

    @property
    def is_leader(self):
        return self.leader == self.member


def join_once(connection, group, **how):
    return Joined(connection.request(JOIN_GROUP, 5, join_body(group, **how)))


def ask_for_member_id(connection, group, **how):
    """The id that a dynamic member joins with (KIP-394)."""
    answer = join_once(connection, group, **how)
    assert answer.error == MEMBER_ID_REQUIRED, answer.error
    return answer.member


def send_join(connection, group, member, **how):
    """A join whose answer is read later, by read_joined()."""
    connection.send_request(JOIN_GROUP, 5, join_body(group, member=member, **how))


def read_joined(connection):
    return Joined(connection.read_answer())


def join_alone(connection, group, **how):
    """Joins, as the only member, and takes an assignment. Returns (member id, generation)."""
    joined = join_once(connection, group, member=ask_for_member_id(connection, group, **how), **how)
    assert (joined.error, joined.is_leader) == (0, True)
    assert sync(connection, group, joined, {joined.member: b"all"}) == (0, b"all")
    return joined.member, joined.generation


def sync_body(group, member, generation, assignments, instance=None):
    """SyncGroup v3."""
    return (string(group) + i32(generation) + string(member) + string(instance)
            + array([string(to) + blob(what) for to, what in assignments.items()]))


def read_sync(connection):
    answer = connection.read_answer()
    answer.i32()
    result = answer.i16(), answer.blob()
    answer.end()
    return result


def sync(connection, group, joined, assignments, instance=None):
    """Returns (error code, assignment)."""
    connection.send_request(SYNC_GROUP, 3, sync_body(group, joined.member, joined.generation,
                                                     assignments, instance))
    return read_sync(connection)


def heartbeat(connection, group, member, generation, instance=None):
    """Returns the error code of a Heartbeat v3."""
    answer = connection.request(HEARTBEAT, 3, string(group) + i32(generation) + string(member) + string(instance))
    answer.i32()
    error = answer.i16()
    answer.end()
    return error


def leave(connection, group, member, instance=None):
    """Returns the error code of a LeaveGroup v3 for its only member."""
    answer = connection.request(LEAVE_GROUP, 3, string(group) + array([string(member) + string(instance)]))
    answer.i32()
    error = answer.i16()
    members = answer.array(lambda: (answer.string(), answer.string(), answer.i16()))
    answer.end()
    return error or members[0][2]


def commit_body(group, offsets, member="", generation=-1, instance=None):
    """OffsetCommit v7; offsets are {(topic, partition): offset or (offset, metadata)}."""
    topics = {}
    for (topic, partition), what in offsets.items():
        offset, metadata = what if isinstance(what, tuple) else (what, "")
        topics.setdefault(topic, []).append(i32(partition) + i64(offset) + i32(-1) + string(metadata))
    return (string(group) + i32(generation) + string(member) + string(instance)
            + array([string(topic) + array(rows) for topic, rows in topics.items()]))


def commit(connection, group, offsets, **who):
    """Returns {(topic, partition): error code}."""
    answer = connection.request(OFFSET_COMMIT, 7, commit_body(group, offsets, **who))
    answer.i32()
    rows = answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16()))))
    answer.end()
    return {(topic, partition): error for topic, found in rows for partition, error in found}


def fetch_offsets(connection, group, partitions):
    """Returns (error code, {(topic, partition): (offset, metadata, error code)}) of an OffsetFetch v5; None asks for all."""
    topics = None
    if partitions is not None:
        by_topic = {}
        for topic, partition in partitions:
            by_topic.setdefault(topic, []).append(i32(partition))
        topics = [string(topic) + array(rows) for topic, rows in by_topic.items()]
    answer = connection.request(OFFSET_FETCH, 5, string(group) + array(topics))
    answer.i32()

    def one_partition():
        index, offset, _epoch = answer.i32(), answer.i64(), answer.i32()
        return index, (offset, answer.string(), answer.i16())

    rows = answer.array(lambda: (answer.string(), answer.array(one_partition)))
    error = answer.i16()
    answer.end()
    return error, {(topic, index): what for topic, found in rows for index, what in found}


def committed(connection, group, topic, partition):
    """The committed offset; -1 when there is none."""
    error, found = wire.until(lambda: fetch_offsets(connection, group, [(topic, partition)]),
                              lambda result: result[0] not in (COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR))
    assert error == 0
    return found[topic, partition][0]


def describe(connection, group):
    """Returns (error code, state, [(member id, instance id)]) of a DescribeGroups v4."""
    answer = connection.request(DESCRIBE_GROUPS, 4, array([string(group)]) + i8(0))
    answer.i32()

    def one_member():
        member, instance = answer.string(), answer.string()
        answer.string(), answer.string(), answer.blob(), answer.blob()
        return member, instance

    def one_group():
        error, _name, state = answer.i16(), answer.string(), answer.string()
        answer.string(), answer.string()
        members = answer.array(one_member)
        answer.i32()
        return error, state, members

    [described] = answer.array(one_group)
    answer.end()
    return described


def list_groups(connection):
    """Returns (error code, {group id}) of a ListGroups v2."""
    answer = connection.request(LIST_GROUPS, 2, b"")
    answer.i32()
    error = answer.i16()
    groups = {group for group, _ in answer.array(lambda: (answer.string(), answer.string()))}
    answer.end()
    return error, groups


def delete_group(connection, group):
    """Returns the error code of a DeleteGroups v1."""
    answer = connection.request(DELETE_GROUPS, 1, array([string(group)]))
    answer.i32()
    [(_, error)] = answer.array(lambda: (answer.string(), answer.i16()))
    answer.end()
    return error


def delete_offset(connection, group, topic, partition):
    """Returns the first error code of an OffsetDelete v0, that of the group or that of the partition."""
    answer = connection.request(OFFSET_DELETE, 0, string(group) + array([string(topic) + array([i32(partition)])]))
    error = answer.i16()
    answer.i32()
    rows = answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16()))))
    answer.end()
    return error or rows[0][1][0][1]
