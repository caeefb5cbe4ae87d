"""Frames no client should send: the broker closes the connection, and only that one."""

import pytest

from lib import batch, wire
from lib.wire import frame, header, i8, i16, i32, string

pytestmark = pytest.mark.usefixtures("bystander")

UNSUPPORTED_VERSION, INVALID_REQUEST = 35, 42
MAX_REQUEST = 100 * 1024 * 1024  # socket.request.max.bytes
PRODUCE = wire.produce_body("any", 0, batch.batch())

HOPELESS = {
    "unknown_api_key": frame(header(9999, 0)),
    "negative_api_key": frame(header(-1, 0)),
    "api_key_of_the_past": frame(header(4, 0)),
    "produce_version_of_the_past": frame(header(wire.PRODUCE, 2) + PRODUCE),
    "produce_version_of_the_future": frame(header(wire.PRODUCE, 99) + PRODUCE),
    "fetch_version_of_the_past": frame(header(wire.FETCH, 3)),
    "metadata_version_of_the_future": frame(header(wire.METADATA, 99)),
    "negative_version": frame(header(wire.METADATA, -1)),
    "another_protocol": b"GET / HTTP/1.1\r\nHost: tideline\r\n\r\n",
    "tls_client_hello": bytes.fromhex("16030100a5010000a10303") + bytes(160),
    "negative_length": i32(-5),
    "least_length": i32(-(1 << 31)),
    "zero_length": i32(0),
    "giant_length": i32((1 << 31) - 1),
    "length_just_past_the_limit": i32(MAX_REQUEST + 1),
    "header_cut_off": frame(b"\0\0"),
    "client_id_longer_than_the_frame": frame(i16(3) + i16(4) + i32(1) + i16(30000)),
    "body_cut_off": frame(header(wire.PRODUCE, 7) + PRODUCE[:30]),
    "body_missing": frame(header(wire.PRODUCE, 7)),
    "array_longer_than_the_frame": frame(header(wire.METADATA, 4) + i32((1 << 31) - 1) + i8(0)),
    "string_longer_than_the_frame": frame(header(wire.METADATA, 4) + i32(1) + i16(32767) + b"x"),
    "records_longer_than_the_frame": frame(
        header(wire.PRODUCE, 7) + string(None) + i16(-1) + i32(1000) + i32(1) + string("any")
        + i32(1) + i32(0) + i32((1 << 31) - 1)),
    "twenty_million_tagged_fields": frame(
        header(wire.METADATA, 9) + b"\xff\xff\xff\x7f" + bytes(1000)),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_a_hopeless_frame_closes_its_connection_without_an_answer(connection, name):
    connection.send(HOPELESS[name])
    assert connection.wait_closed() == b""


@pytest.mark.parametrize("name", HOPELESS)
def test_answers_to_earlier_requests_leave_before_the_connection_closes(connection, name):
    connection.send_request(wire.API_VERSIONS, 0, b"")
    answer = connection.read_answer()
    assert answer.i16() == 0
    connection.send(HOPELESS[name])
    assert connection.wait_closed() == b""


def test_noise_closes_its_connection(broker):
    noise = bytes((n * 197 + n // 3) % 256 for n in range(100_000))
    for start in range(0, 2000, 100):
        with wire.Connection(broker.port) as connection:
            try:
                connection.send(i32(5000) + noise[start:])
            except (BrokenPipeError, ConnectionResetError):
                continue  # it had read enough
            connection.wait_closed()


def test_api_versions_of_an_unknown_version_is_answered_in_version_0_with_what_is_known(connection):
    """A newer client learns from this answer how to go on; the header is a flexible one."""
    answer = connection.request(wire.API_VERSIONS, 99, i8(0) + b"\x05name\x041.0\0")
    assert answer.i16() == UNSUPPORTED_VERSION
    [(key, low, high)] = answer.array(lambda: (answer.i16(), answer.i16(), answer.i16()))
    answer.end()
    assert (key, low) == (wire.API_VERSIONS, 0) and high >= 4
    assert wire.api_versions(connection)[0] == 0, "the connection must stay usable"


def test_api_versions_refuses_an_ill_formed_client_name(connection):
    answer = connection.request(wire.API_VERSIONS, 3, i8(0) + b"\x05na$e\x041.0\0")
    assert answer.i16() == INVALID_REQUEST


def test_produce_is_advertised_from_version_0_although_0_to_2_are_refused(connection):
    """librdkafka compresses only for brokers that say so."""
    _, table = wire.api_versions(connection)
    assert table[wire.PRODUCE] == (0, 13)


def test_a_client_that_leaves_in_the_middle_of_a_frame_harms_nobody(broker):
    whole = frame(header(wire.PRODUCE, 7) + PRODUCE)
    for cut in range(1, len(whole)):
        with wire.Connection(broker.port) as connection:
            connection.send(whole[:cut])


@pytest.mark.tideline_only("it takes each announced frame's memory at once")
def test_frames_that_never_end_cost_no_memory_in_advance(broker):
    """Two hundred clients announce 100 MiB each and send nothing of it."""
    connections = [wire.Connection(broker.port) for _ in range(200)]
    for connection in connections:
        connection.send(i32(MAX_REQUEST) + header(wire.PRODUCE, 7))
    with wire.Connection(broker.port) as another:
        assert wire.api_versions(another)[0] == 0
    for connection in connections:
        connection.close()


def test_a_request_byte_by_byte_is_a_request(connection):
    for byte in frame(header(wire.API_VERSIONS, 0, 7)):
        connection.send(bytes([byte]))
    connection.correlation = 7
    assert connection.read_answer().i16() == 0


def test_pipelined_requests_are_answered_in_their_order(connection):
    count = 500
    connection.send(b"".join(frame(header(wire.API_VERSIONS if n % 2 else wire.METADATA, 0, n)
                                   + (b"" if n % 2 else i32(0))) for n in range(1, count + 1)))
    for connection.correlation in range(1, count + 1):
        connection.read_answer()


def test_pipelined_produces_are_answered_in_their_order(connection, topic):
    """Several share one sync, and their answers one write."""
    count = 200
    connection.send(b"".join(
        frame(header(wire.PRODUCE, 7, n) + wire.produce_body(topic, 0, batch.batch([b"%d" % n])))
        for n in range(1, count + 1)))
    for connection.correlation in range(1, count + 1):
        answer = connection.read_answer()
        [(_, [(_, error, base_offset, _, _)])] = answer.array(lambda: (answer.string(), answer.array(
            lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64(), answer.i64()))))
        assert (error, base_offset) == (0, connection.correlation - 1)
