"""A broker that may have 512 MiB, and clients that want more: it serves a good client all the time.

The limit is the kernel's (RLIMIT_DATA): an allocation past it ends the process. What is given to
requests is a quarter of it; the rest is for what decoding, codecs and answers need beside them.
Under a sanitizer there is no limit, and the same is done to find what it finds.
"""

import contextlib
import random
import struct
import threading

import pytest

from lib import batch as batches
from lib import broker as brokers
from lib import wire
from lib.batch import BOMBS, GZIP, LZ4, SNAPPY, ZSTD, batch
from lib.wire import array, i8, i16, i32, i64, string

MIB = 1 << 20
LIMIT = 512 * MIB
BROKER_CONFIG = {"tideline.request.memory.bytes": str(128 * MIB)}
PATIENCE_SECONDS = 120 if brokers.MEMORY_COUNTS else 600  # a sanitizer makes it several times slower
CLIENTS = 6

pytestmark = [pytest.mark.tideline_only("a JVM's heap has its own limit"), pytest.mark.usefixtures("bystander")]


@pytest.fixture(scope="module")
def broker(make_module_broker):
    broker = make_module_broker(BROKER_CONFIG, wrapper=brokers.limited_memory(LIMIT)).start()
    yield broker
    most = broker.memory_kib("VmHWM") * 1024
    print(f"resident at most: {most / MIB:.0f} MiB of {LIMIT / MIB:.0f}")
    assert not brokers.MEMORY_COUNTS or most < LIMIT
    assert broker.process.poll() is None


def at_once(count, work):
    """`work(number)` in so many threads; every failure is shown."""
    failures = []

    def run(number):
        try:
            work(number)
        except Exception as error:  # noqa: BLE001: whatever it is, the test must say it
            failures.append(repr(error))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def send_hopeless(port, payload):
    """A frame of which the broker may make what it likes: an answer, or the end of the connection."""
    with wire.Connection(port, timeout=PATIENCE_SECONDS) as connection:
        try:
            connection.send(i32(len(payload)))
            connection.send(payload)
            connection.read_frame()
        except OSError:
            pass


def empty_arrays(megabytes):
    """Topics without a name and without partitions: six bytes here, many times that in memory."""
    count = megabytes * MIB // 6
    return string(None) + i16(1) + i32(1000) + i32(count) + bytes(6) * count


# Tags must ascend: each is a number of four bytes and an empty value.
def tagged_fields(count):
    one_by_one = bytearray()
    for tag in range(1 << 21, (1 << 21) + count):
        one_by_one += struct.pack("BBBBB", tag & 0x7F | 0x80, tag >> 7 & 0x7F | 0x80, tag >> 14 & 0x7F | 0x80, tag >> 21, 0)
    return batches.uvarint(count) + bytes(one_by_one)


def test_requests_of_empty_arrays(broker):
    small, large = empty_arrays(8), empty_arrays(95)
    at_once(CLIENTS, lambda number: send_hopeless(
        broker.port, wire.header(wire.PRODUCE, 7) + (small if number else large)))


def test_requests_of_millions_of_tagged_fields(broker):
    tags = tagged_fields(2_000_000)
    body = wire.header(wire.METADATA, 9) + tags + b"\x01\0\0\0" + b"\0"
    at_once(CLIENTS, lambda _: send_hopeless(broker.port, body))


# Near message.max.bytes, and one record that is valid in itself.
BOMB_BYTES = {GZIP: 256 * MIB, SNAPPY: 16 * MIB, LZ4: 252 * MIB, ZSTD: 1024 * MIB}


def test_bombs_of_every_codec(broker):
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "bombed", partitions=4)
    bombs = {}
    for codec, make in BOMBS.items():
        zeros = BOMB_BYTES[codec]
        head = batches.giant_record_head(zeros - 1 + (codec == SNAPPY))
        bombs[codec] = batch(codec=codec, count=1, payload=make(head, zeros))

    def send(number):
        codec = list(BOMBS)[number % len(BOMBS)]
        send_hopeless(broker.port, wire.header(wire.PRODUCE, 7)
                      + wire.produce_body("bombed", number % 4, bombs[codec]))

    at_once(3 * len(BOMBS), send)


def test_a_fetch_of_100_000_partitions(broker):
    """Of one topic that is not there, and again and again of one partition that is."""
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection:
        wire.make_topic(connection, "wide")
        noise = random.Random(1).randbytes(500_000)
        for _ in range(4):
            assert wire.produce(connection, "wide", 0, batch(values=[noise]))[0] == 0
        for topic, step in (("nobody-made-it", 1), ("wide", 0)):
            rows = b"".join(i32(step * n) + i64(0) + i32(MIB) for n in range(100_000))
            body = (i32(-1) + i32(0) + i32(1) + i32(50 * MIB) + i8(0)
                    + array([string(topic) + i32(100_000) + rows]))
            connection.send_request(wire.FETCH, 4, body)
            try:
                answer = connection.read_frame()
            except ConnectionError:
                return
            assert len(answer) < 100 * MIB


def test_readers_that_ask_for_much_and_read_nothing(broker):
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection, contextlib.ExitStack() as opened:
        wire.make_topic(connection, "unread")
        noise = random.Random(2).randbytes(900_000)
        for _ in range(20):
            assert wire.produce(connection, "unread", 0, batch(values=[noise]))[0] == 0
        fetch = wire.fetch_body("unread", 0, 0, max_bytes=20 * MIB)
        for _ in range(60):
            slow = opened.enter_context(wire.Connection(broker.port))
            for _ in range(20):
                slow.send_request(wire.FETCH, 4, fetch)
        assert wire.fetch(connection, "unread", 0, 0, max_bytes=MIB)[0] == 0


def test_writers_that_stop_half_way(broker):
    """More of them than there is memory for requests; whoever has all of one is served."""
    half = struct.pack(">i", 900_000) + wire.header(wire.PRODUCE, 7) + bytes(450_000)
    with contextlib.ExitStack() as opened:
        for _ in range(400):
            slow = opened.enter_context(wire.Connection(broker.port))
            slow.socket.settimeout(0.01)
            with contextlib.suppress(OSError):
                slow.send(half)  # as much as the broker takes
        with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection:
            wire.make_topic(connection, "written-meanwhile")
            assert wire.produce(connection, "written-meanwhile", 0, batch())[0] == 0
