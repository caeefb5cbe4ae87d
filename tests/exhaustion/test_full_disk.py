"""A disk that fills, and has room again: who writes is refused meanwhile and served afterwards, without a restart."""

import pytest

from lib import wire
from lib.batch import batch
from test_disk_trouble import KAFKA_STORAGE_ERROR, assert_stored, large, produce_until_refused


def produce(broker, topic, value):
    with wire.Connection(broker.port) as connection:
        return wire.produce(connection, topic, 0, batch(values=[value]))[0]


@pytest.mark.tideline_only("it halts when its only log directory fails")
def test_a_disk_that_fills_and_empties_again_needs_no_help(make_broker, small_disk):
    disk = small_disk(64)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(48 << 20))
    broker = make_broker(data_dir=disk / "data").start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "filling")
    acknowledged, refusal = produce_until_refused(broker, "filling", large)
    assert refusal == KAFKA_STORAGE_ERROR
    with wire.Connection(broker.port) as connection:
        error, high_watermark, records = wire.fetch(connection, "filling", 0, 0)
        assert error == 0 and records and high_watermark == len(acknowledged)
    ballast.unlink()
    wire.until(lambda: produce(broker, "filling", large(len(acknowledged))), lambda error: error == 0)
    acknowledged.append(large(len(acknowledged)))
    assert_stored(broker, "filling", acknowledged)
    assert broker.stop() == 0
    broker.start()
    assert_stored(broker, "filling", acknowledged)
