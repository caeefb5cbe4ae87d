"""More connections than the process may have descriptors: it lives on, and its disk work with it."""

import contextlib
import socket

import pytest

from lib import wire
from topics import put

DESCRIPTORS, IDLE_CONNECTIONS = 120, 200


def connect_without_waiting(opened, port):
    """The broker may leave this connection unaccepted for as long as it likes."""
    one = opened.enter_context(socket.socket())
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", port))


@pytest.mark.tideline_only("the JVM does not start with so few")
def test_idle_connections_take_no_descriptor_that_the_logs_need(make_broker):
    limit = f'ulimit -n {DESCRIPTORS}; exec "$@"'
    broker = make_broker({"replica.high.watermark.checkpoint.interval.ms": "50"},
                         wrapper=["sh", "-c", limit, "sh"]).start()
    checkpoint = broker.data_dir / "replication-offset-checkpoint"
    with wire.Connection(broker.port) as connection, contextlib.ExitStack() as opened:
        wire.make_topic(connection, "before")
        for _ in range(IDLE_CONNECTIONS):
            connect_without_waiting(opened, broker.port)
        put(connection, "before", 0, b"1")
        wire.make_topic(connection, "meanwhile", partitions=4)
        for partition in range(4):
            put(connection, "meanwhile", partition, b"1")
        # The first one is written when there is something to say.
        wire.until(lambda: checkpoint.read_text() if checkpoint.exists() else "",
                   lambda text: "before 0 1" in text and "meanwhile 3 1" in text)
        assert broker.process.poll() is None
    with wire.Connection(broker.port) as another:
        assert wire.api_versions(another)[0] == 0
    assert broker.stop() == 0
