"""What tests of a topic's life share: requests by hand beyond lib/wire.py, and reading all of it."""

from lib import batch as batches
from lib import wire

DELETE_RECORDS, INCREMENTAL_ALTER_CONFIGS = 21, 44
UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, TOPIC_ALREADY_EXISTS = 3, 6, 36
KAFKA_STORAGE_ERROR = 56
EARLIEST, LATEST = -2, -1


def delete_topic(connection, topic):
    """Returns the error code of a DeleteTopics v1."""
    answer = connection.request(wire.DELETE_TOPICS, 1, wire.array([wire.string(topic)]) + wire.i32(15000))
    answer.i32()  # throttle time
    [(_, error)] = answer.array(lambda: (answer.string(), answer.i16()))
    answer.end()
    return error


def make_anew(connection, topic, partitions=1):
    """Deletes a topic and creates another of the same name."""
    assert delete_topic(connection, topic) == 0
    wire.make_topic(connection, topic, partitions)


def delete_records(connection, topic, partition, before):
    """Returns (log start offset, error code) of a DeleteRecords v0."""
    one = wire.string(topic) + wire.array([wire.i32(partition) + wire.i64(before)])
    answer = connection.request(DELETE_RECORDS, 0, wire.array([one]) + wire.i32(15000))
    answer.i32()  # throttle time
    [(_, [result])] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i64(), answer.i16()))))
    answer.end()
    return result[1:]


def set_topic_config(connection, topic, key, value):
    """Returns the error code of an IncrementalAlterConfigs v0 that sets one property."""
    resource_topic, operation_set = wire.i8(2), wire.i8(0)
    one = resource_topic + wire.string(topic) + wire.array(
        [wire.string(key) + operation_set + wire.string(value)])
    answer = connection.request(INCREMENTAL_ALTER_CONFIGS, 0, wire.array([one]) + wire.i8(0))
    answer.i32()  # throttle time
    [(error, *_)] = answer.array(
        lambda: (answer.i16(), answer.string(), answer.i8(), answer.string()))
    answer.end()
    return error


def offset_at(connection, topic, partition, timestamp):
    """The offset that ListOffsets has for EARLIEST or LATEST, once the partition is led."""
    return wire.until(lambda: wire.list_offset(connection, topic, partition, timestamp),
                      lambda answer: answer[0] == 0)[2]


def put(connection, topic, partition, value):
    """Produces one record that must be acknowledged; returns its offset."""
    error, offset, _, _ = wire.produce(connection, topic, partition, batches.batch([value]))
    assert error == 0, f"{topic}-{partition}: error {error}"
    return offset


def read_all(connection, topic, partition=0):
    """[(offset, bytes of the batch)] of a partition whose batches have one record each."""
    found, offset = [], offset_at(connection, topic, partition, EARLIEST)
    end = offset_at(connection, topic, partition, LATEST)
    while offset < end:
        error, _, raw = wire.fetch(connection, topic, partition, offset)
        assert error == 0 and raw, f"{topic}-{partition}: no record at {offset}, error {error}"
        for base, count, one in batches.batches(raw):
            assert (base, count) == (offset, 1)
            found.append((base, one))
            offset += 1
    return found


def assert_holds(connection, topic, partition, values):
    """The partition holds these values from offset 0 on, and nothing else."""
    found = read_all(connection, topic, partition)
    assert [offset for offset, _ in found] == list(range(len(values)))
    assert all(value in one for value, (_, one) in zip(values, found))
