"""Offsets of groups by hand: what a program without a member commits, and what it finds."""

from lib.batch import uvarint
from lib.wire import array, i32, i64, string, until

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, CONSUMER_GROUP_HEARTBEAT = 8, 9, 10, 68
LEAVE = -1  # the epoch by which a member of the consumer protocol leaves


def find_coordinator(connection, group):
    """Returns the error code of a FindCoordinator v0."""
    answer = connection.request(FIND_COORDINATOR, 0, string(group))
    error = answer.i16()
    answer.i32(), answer.string(), answer.i32()
    answer.end()
    return error


def commit_offsets(connection, group, offsets):
    """Returns {(topic, partition): error code} of an OffsetCommit v2; offsets is {(t, p): n}."""
    topics = [string(topic) + array([i32(partition) + i64(offset) + string("")])
              for (topic, partition), offset in offsets.items()]
    body = string(group) + i32(-1) + string("") + i64(-1) + array(topics)
    answer = connection.request(OFFSET_COMMIT, 2, body)
    done = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i16()))))
    answer.end()
    return {(topic, partition): error for topic, parts in done for partition, error in parts}


def fetch_offset(connection, group, topic, partition):
    """Returns (offset, error code) of an OffsetFetch v1; an offset of -1 is none."""
    body = string(group) + array([string(topic) + array([i32(partition)])])
    answer = connection.request(OFFSET_FETCH, 1, body)
    [(_, [(_, offset, _, error)])] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i64(), answer.string(), answer.i16()))))
    answer.end()
    return offset, error


def make_group(connection, group, offsets):
    """Commits, as soon as there is a coordinator that has its groups in memory."""
    until(lambda: find_coordinator(connection, group), lambda error: error == 0)
    until(lambda: set(commit_offsets(connection, group, offsets).values()), lambda e: e == {0})


def _compact(text):
    return uvarint(0) if text is None else uvarint(len(text) + 1) + text.encode()


def fetch_stable_offset(connection, group, topic, partition):
    """As fetch_offset, but refuses what a transaction may still change (OffsetFetch v7, KIP-447)."""
    topics = uvarint(2) + _compact(topic) + uvarint(2) + i32(partition) + uvarint(0)
    require_stable = b"\1"
    answer = connection.request(OFFSET_FETCH, 7, uvarint(0) + _compact(group) + topics + require_stable + uvarint(0))
    answer.take(1)  # tags of the header
    answer.i32()  # throttle time
    answer.take(1 + 1 + len(topic) + 1)  # one topic, its name, one partition
    answer.i32()
    offset = answer.i64()
    answer.i32()  # leader epoch
    answer.take(int.from_bytes(answer.take(1), "big") - 1)  # metadata
    return offset, answer.i16()


def consumer_heartbeat(connection, group, member, epoch, topics=None, client_id="e2e"):
    """Returns the error code of a ConsumerGroupHeartbeat v1: join with epoch 0, leave with -1.

    With `topics` it subscribes, and says that it owns nothing.
    """
    subscription = uvarint(0)
    owned = uvarint(0)
    if topics is not None:
        subscription = uvarint(len(topics) + 1) + b"".join(map(_compact, topics))
        owned = uvarint(1)
    body = (uvarint(0) + _compact(group) + _compact(member) + i32(epoch) + _compact(None) * 2
            + i32(60000 if epoch == 0 else -1) + subscription + _compact(None) * 2 + owned + uvarint(0))
    answer = connection.request(CONSUMER_GROUP_HEARTBEAT, 1, body, client_id)
    answer.take(1)  # tags of the header
    answer.i32()  # throttle time
    return answer.i16()
