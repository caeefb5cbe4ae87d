"""Memory for requests runs out in the middle of large ones: a client that behaves is served again.

The budget holds two large requests half-read. A third, `passer`, goes past the limit; then a
client whose requests are small, but whose block is not, waits first in line; then the two half-
read ones want more and wait behind it. When `passer` leaves, there is still too little for the
first in line: one of the others must be let past it, or nobody moves again.
"""

import contextlib
import struct
from pathlib import Path

import pytest

from lib import group_wire as groups
from lib import wire

KIB = 1024
LARGE = 1000 * KIB
SMALLEST_BLOCK = 4 * KIB
PATIENCE_SECONDS = 15

BROKER_CONFIG = {
    "tideline.shards": "1",
    "socket.request.max.bytes": str(1024 * KIB),
    "tideline.request.memory.bytes": str(2 * 1176 * KIB),  # a half is for frames, and seven eighths of that for large ones
}

pytestmark = pytest.mark.tideline_only("the budget, and when it is short, are its own")


def unread_by_broker(connection):
    """Bytes that lie in the broker's socket because it has not read them."""
    client = connection.socket.getsockname()[1]
    server = connection.socket.getpeername()[1]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if (int(local.split(":")[1], 16), int(remote.split(":")[1], 16)) == (server, client):
            return int(queues.split(":")[1], 16)
    raise AssertionError("the broker has closed the connection")


def wait_read(connection, but=0):
    """Waits until the broker has read all but so many bytes."""
    wire.until(lambda: unread_by_broker(connection), lambda left: left <= but)


def begin_large(connection, sent):
    """Sends the first `sent` bytes of a large Metadata request."""
    start = struct.pack(">ihh", LARGE, wire.METADATA, 4)
    connection.send(start + bytes(sent - len(start)))


class Jam:
    """The situation above, in its last state but one: `passer` still holds what it has."""

    def __init__(self, port, opened):
        def connect():
            return opened.enter_context(wire.Connection(port, timeout=PATIENCE_SECONDS))

        self.client, self.passer = connect(), connect()
        self.half_read = [connect(), connect()]
        # Frames that fill their block make the next block of this connection larger.
        for _ in range(4):
            self.client.request(wire.API_VERSIONS, 0, b"", client_id="x" * 30000)
        for each in self.half_read:
            begin_large(each, 300 * KIB)  # of a block of 512 KiB
            wait_read(each)
        begin_large(self.passer, SMALLEST_BLOCK + 1000)
        wait_read(self.passer)
        self.client.send_request(wire.API_VERSIONS, 0, b"")
        for each in self.half_read:
            each.send(bytes(300 * KIB))
        for each in self.half_read:
            wait_read(each, but=100 * KIB)


@pytest.fixture
def own_broker(make_broker):
    return make_broker(BROKER_CONFIG).start()


@pytest.fixture
def jam(own_broker):
    with contextlib.ExitStack() as opened:
        yield Jam(own_broker.port, opened)


def assert_served(broker, jam):
    jam.client.read_answer()
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as another:
        assert wire.api_versions(another)[0] == 0


def test_it_is_served_when_those_with_half_a_request_leave(own_broker, jam):
    jam.passer.close()
    for each in jam.half_read:
        each.close()
    assert_served(own_broker, jam)
    assert own_broker.stop() == 0


def test_it_is_served_when_they_send_the_rest(own_broker, jam):
    jam.passer.close()
    for each in jam.half_read:  # one of them waits for the other, and only the broker knows which
        each.send(bytes(4 + LARGE - 600 * KIB))
    for each in jam.half_read:
        each.read_frame()
    assert_served(own_broker, jam)
    assert own_broker.stop() == 0


def test_a_stop_does_not_wait_for_those_who_wait_for_memory(own_broker, jam):
    jam.passer.close()
    assert own_broker.stop() == 0  # bounded by STOP_SECONDS


def test_what_comes_behind_a_join_is_not_read_while_the_group_takes_its_time(make_broker):
    broker = make_broker(BROKER_CONFIG | {"group.initial.rebalance.delay.ms": "600000"}).start()
    with wire.Connection(broker.port) as connection, wire.Connection(broker.port) as another:
        groups.make_coordinator(another, "g")
        groups.send_join(connection, "g", "", instance="i")
        begin_large(connection, 64 * KIB)
        wire.until(lambda: unread_by_broker(connection), lambda left: left > 50 * KIB)
        assert wire.api_versions(another)[0] == 0
        assert unread_by_broker(connection) > 50 * KIB
    assert broker.stop() == 0
