"""Several log directories: partitions spread over them and stay in theirs, whatever becomes of it."""

import shutil

import pytest

from lib import batch as batches
from lib import wire
from topics import KAFKA_STORAGE_ERROR, assert_holds, put, set_topic_config

PARTITIONS = 4


@pytest.fixture
def two_dirs(tmp_path):
    return [tmp_path / "first", tmp_path / "second"]


@pytest.fixture
def broker(make_broker, two_dirs):
    """A broker, not yet started, whose two directories are `two_dirs`."""
    return make_broker({"log.dirs": ",".join(map(str, two_dirs))}, data_dir=two_dirs[0])


def partitions_in(directory, topic):
    return {int(path.name.removeprefix(topic + "-")) for path in directory.glob(topic + "-*")}


def fill(broker, topic):
    """Makes a topic of PARTITIONS partitions with one record in each, and stops the broker."""
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, topic, PARTITIONS)
        for partition in range(PARTITIONS):
            put(connection, topic, partition, b"kept")
    broker.stop()


def produce_error(connection, topic, partition):
    return wire.produce(connection, topic, partition, batches.batch([b"more"]))[0]


def test_partitions_of_one_topic_spread_over_the_directories(broker, two_dirs):
    broker.start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "orders", 6)
    assert [len(partitions_in(each, "orders")) for each in two_dirs] == [3, 3]


@pytest.mark.tideline_only("its partitions of a failed directory have no leader")
def test_a_partition_of_a_failed_directory_stays_offline(broker, two_dirs):
    first, second = two_dirs
    broker.start()
    fill(broker, "orders")
    lost, served = partitions_in(second, "orders"), partitions_in(first, "orders")
    assert lost and served
    # A log that cannot be opened fails the whole directory.
    log = second / f"orders-{min(lost)}" / "00000000000000000000.log"
    away = log.rename(log.with_suffix(".away"))
    log.mkdir()
    broker.start()
    with wire.Connection(broker.port) as connection:
        for partition in served:
            assert produce_error(connection, "orders", partition) == 0
        for partition in lost:
            assert produce_error(connection, "orders", partition) == KAFKA_STORAGE_ERROR
        # Any change of the metadata looks again at what is not open.
        assert set_topic_config(connection, "orders", "retention.ms", "1000000000") == 0
        wire.make_topic(connection, "other", 2)
        for partition in lost:
            assert produce_error(connection, "orders", partition) == KAFKA_STORAGE_ERROR
    assert partitions_in(first, "orders") == served
    assert partitions_in(first, "other") == {0, 1}

    broker.stop()
    log.rmdir()
    away.rename(log)
    broker.start()
    with wire.Connection(broker.port) as connection:
        for partition in lost:
            assert_holds(connection, "orders", partition, [b"kept"])


@pytest.mark.tideline_only("it refuses to start")
def test_a_partition_found_in_two_directories_is_refused(broker, two_dirs):
    broker.start()
    fill(broker, "orders")
    partition = min(partitions_in(two_dirs[0], "orders"))
    name = f"orders-{partition}"
    shutil.copytree(two_dirs[0] / name, two_dirs[1] / name)
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert produce_error(connection, "orders", partition) == KAFKA_STORAGE_ERROR
        for other in set(range(PARTITIONS)) - {partition}:
            assert produce_error(connection, "orders", other) == 0
    assert [line for line in broker.lines if name in line and "two log directories" in line]

    broker.stop()
    shutil.rmtree(two_dirs[1] / name)
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert_holds(connection, "orders", partition, [b"kept"])
