"""A topic made anew under an old name has nothing of the old one: no files, no offsets, no fate."""

import re
import shutil

import pytest

from lib import wire
from topics import EARLIEST, LATEST, assert_holds, delete_records, delete_topic, make_anew, offset_at, put


def expire_one_record(connection, topic):
    """Makes a topic whose only record retention takes out; its files stay for another second."""
    wire.make_topic(connection, topic,
                    configs=[("retention.ms", "100"), ("file.delete.delay.ms", "1500")])
    put(connection, topic, 0, b"old")
    wire.until(lambda: offset_at(connection, topic, 0, EARLIEST), lambda start: start == 1)


@pytest.mark.tideline_only("a topic whose deletion was answered is gone; Kafka's brokers follow later")
def test_retention_of_the_old_topic_leaves_the_records_of_the_new_one(make_broker):
    broker = make_broker({"log.initial.task.delay.ms": "0",
                          "log.retention.check.interval.ms": "100"}).start()
    values = [b"new-%d" % n for n in range(3)]
    with wire.Connection(broker.port) as connection:
        expire_one_record(connection, "orders")
        expire_one_record(connection, "witness")  # its files go after those of `orders`
        make_anew(connection, "orders")
        for value in values:
            put(connection, "orders", 0, value)
        first_segment = "00000000000000000000.log"
        wire.until(lambda: list((broker.data_dir / "witness-0").glob(first_segment + "*")),
                   lambda files: not files)
        assert_holds(connection, "orders", 0, values)
    broker.kill()
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert_holds(connection, "orders", 0, values)


def test_a_topic_made_anew_starts_at_zero_whatever_the_checkpoints_said_of_the_old_one(make_broker):
    broker = make_broker({"replica.high.watermark.checkpoint.interval.ms": "50",
                          "log.flush.start.offset.checkpoint.interval.ms": "50",
                          "log.initial.task.delay.ms": "0"}).start()
    checkpoint = broker.data_dir / "log-start-offset-checkpoint"
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "orders")
        for _ in range(10):
            put(connection, "orders", 0, b"old")
        assert delete_records(connection, "orders", 0, before=7) == (7, 0)
        wire.until(lambda: checkpoint.exists() and checkpoint.read_text(),
                   lambda text: text and "orders 0 7" in text)
        make_anew(connection, "orders")
        assert offset_at(connection, "orders", 0, EARLIEST) == 0
        assert offset_at(connection, "orders", 0, LATEST) == 0
        put(connection, "orders", 0, b"new")
    broker.kill()
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert_holds(connection, "orders", 0, [b"new"])


def test_what_a_deleted_topic_left_behind_is_set_aside_at_the_start(make_broker, tmp_path):
    broker = make_broker().start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "orders")
        put(connection, "orders", 0, b"old")
    broker.stop()
    shutil.copytree(broker.data_dir / "orders-0", tmp_path / "orders-0")
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert delete_topic(connection, "orders") == 0
        wire.until(lambda: (broker.data_dir / "orders-0").exists(), lambda there: not there)
    broker.stop()

    shutil.move(tmp_path / "orders-0", broker.data_dir / "orders-0")
    half_deleted = broker.data_dir / f"gone-0.{1:032x}-delete"
    half_deleted.mkdir()
    broker.start()
    left = wire.until(lambda: [path.name for path in broker.data_dir.iterdir()],
                      lambda names: half_deleted.name not in names)
    assert "orders-0" not in left
    assert [name for name in left if re.fullmatch(r"orders-0\.[0-9a-f]{32}-stray", name)]
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "orders")
        put(connection, "orders", 0, b"new")
        assert_holds(connection, "orders", 0, [b"new"])
