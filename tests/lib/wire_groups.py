"""Offsets of groups by hand: what a program without a member commits, and what it finds."""

from lib.wire import array, i32, i64, string, until

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 8, 9, 10


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
