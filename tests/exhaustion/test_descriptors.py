"""256 descriptors, 150 partitions of four files each, and more connections than fit."""

import contextlib

import pytest

from lib import wire
from test_few_descriptors import connect_without_waiting
from topics import put

DESCRIPTORS, PARTITIONS, CONNECTIONS = 256, 150, 400
PATIENCE_SECONDS = 60


@pytest.mark.tideline_only("the JVM does not start with so few")
def test_all_partitions_are_written_and_read_with_few_descriptors(make_broker):
    limit = f'ulimit -n {DESCRIPTORS}; exec "$@"'
    broker = make_broker(wrapper=["sh", "-c", limit, "sh"]).start()
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection, contextlib.ExitStack() as opened:
        wire.make_topic(connection, "many", partitions=PARTITIONS)
        for round_number in range(2):
            for partition in range(PARTITIONS):
                put(connection, "many", partition, b"%d" % round_number)
            for _ in range(CONNECTIONS // 2):
                connect_without_waiting(opened, broker.port)
        for partition in range(PARTITIONS):
            error, high_watermark, records = wire.fetch(connection, "many", partition, 0)
            assert (error, high_watermark) == (0, 2) and records
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as another:
        assert wire.api_versions(another)[0] == 0
    assert broker.stop() == 0
