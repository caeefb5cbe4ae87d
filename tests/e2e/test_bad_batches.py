"""Record batches no producer should send: refused with Kafka's error, and nothing is appended."""

import struct
import time

import pytest

from lib import batch as batches
from lib import wire
from lib.batch import BOMBS, GZIP, LZ4, SNAPPY, ZSTD, batch, record, varint

pytestmark = pytest.mark.usefixtures("bystander")

CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE = 2, 10, 18
INVALID_REQUIRED_ACKS, INVALID_TIMESTAMP = 21, 32
TRANSACTIONAL_ID_AUTHORIZATION_FAILED, UNSUPPORTED_COMPRESSION, INVALID_RECORD = 53, 76, 87
UNKNOWN_SERVER_ERROR = -1
# Apache Kafka meets these with an exception it did not expect, and says "unknown server error".
# A broker that says what it saw is as right; what counts is that it refuses.
REFUSED = (UNKNOWN_SERVER_ERROR, CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION, INVALID_RECORD)

NOISE = b"\xde\xad\xbe\xef" * 20


def record_with(key_length=-1, header_count=0):
    inside = (b"\0" + varint(0) + varint(0) + varint(key_length) + varint(1) + b"v"
              + varint(header_count))
    return varint(len(inside)) + inside


def xerial(chunk_length, chunk=b"abc"):
    return b"\x82SNAPPY\0" + struct.pack(">iii", 1, 1, chunk_length) + chunk


BAD = {
    "wrong_crc": (batch(crc=1), CORRUPT_MESSAGE),
    "magic_of_the_future": (batch(magic=3), CORRUPT_MESSAGE),
    "length_too_short": (batch(length=20), CORRUPT_MESSAGE),
    "negative_length": (batch(length=-1), CORRUPT_MESSAGE),
    "magic_0": (batch(magic=0), INVALID_RECORD),
    "magic_1": (batch(magic=1), INVALID_RECORD),
    "no_bytes": (b"", INVALID_RECORD),
    "ten_bytes": (bytes(10), INVALID_RECORD),
    "length_too_long": (batch(length=10000), INVALID_RECORD),
    "two_batches": (batch() + batch(), INVALID_RECORD),
    "more_records_claimed_than_there": (batch(count=5), INVALID_RECORD),
    "two_thousand_million_records_claimed": (batch(count=0x7FFFFFFF), INVALID_RECORD),
    "negative_count": (batch(count=-1, last_offset_delta=0), INVALID_RECORD),
    "no_records": (batch(values=[]), INVALID_RECORD),
    "last_offset_delta_not_the_count": (batch(last_offset_delta=7), INVALID_RECORD),
    "base_offset_not_zero": (batch(base_offset=77), INVALID_RECORD),
    "control_batch": (batch(attributes=0x20), INVALID_RECORD),
    "record_longer_than_the_batch": (batch(payload=varint(1000) + b"abc"), INVALID_RECORD),
    "key_longer_than_the_record": (batch(payload=record_with(key_length=0x7FFFFFF0)), INVALID_RECORD),
    "more_headers_claimed_than_there": (batch(payload=record_with(header_count=0x7FFFFFFF)),
                                        INVALID_RECORD),
    "producer_without_sequence": (batch(producer_id=5, epoch=0, sequence=-1), INVALID_RECORD),
    "transactional_without_transaction": (batch(attributes=0x10),
                                          TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
    "two_hours_in_the_future": (batch(timestamp=int(time.time() * 1000) + 2 * 3600_000),
                                INVALID_TIMESTAMP),
    "noise_for_records": (batch(payload=b"\xff" * 30), REFUSED),
    "unknown_codec_5": (batch(codec=5), REFUSED),
    "unknown_codec_7": (batch(codec=7), REFUSED),
    "snappy_claims_two_gigabytes": (batch(codec=SNAPPY, payload=batches.snappy_liar(0x7FFFFFFF)),
                                    REFUSED),
    "snappy_claims_four_gigabytes": (batch(codec=SNAPPY, payload=batches.snappy_liar(0xFFFFFFFF)),
                                     REFUSED),
    "snappy_chunk_claims_two_gigabytes": (batch(codec=SNAPPY, payload=xerial(0x7FFFFFFF)), REFUSED),
    "snappy_chunk_of_negative_length": (batch(codec=SNAPPY, payload=xerial(-1)), REFUSED),
    **{f"noise_for_codec_{codec}": (batch(codec=codec, payload=NOISE), REFUSED)
       for codec in (GZIP, SNAPPY, LZ4, ZSTD)},
    **{f"plain_records_for_codec_{codec}": (batch(codec=codec), REFUSED)
       for codec in (GZIP, SNAPPY, LZ4, ZSTD)},
}


def log_end(connection, topic):
    return wire.list_offset(connection, topic, 0, -1)[2]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_batch_is_refused_and_nothing_is_appended(connection, topic, name):
    raw, expected = BAD[name]
    error, base_offset, _, _ = wire.produce(connection, topic, 0, raw)
    assert error in (expected if isinstance(expected, tuple) else (expected,))
    assert base_offset == -1
    assert log_end(connection, topic) == 0
    assert wire.produce(connection, topic, 0, batch())[:2] == (0, 0), "the partition must live on"


def test_every_flipped_byte_that_the_checksum_covers_is_noticed(connection, topic):
    good = batch(values=[b"some value", b"another"])
    for at in range(21, len(good)):  # past base offset, length, leader epoch, magic and CRC
        bad = good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1:]
        assert wire.produce(connection, topic, 0, bad)[0] == CORRUPT_MESSAGE, f"byte {at}"
    assert log_end(connection, topic) == 0


@pytest.mark.parametrize("acks", [2, 5, -2])
def test_acks_other_than_minus_1_0_and_1_are_refused(connection, topic, acks):
    assert wire.produce(connection, topic, 0, batch(), acks=acks)[0] == INVALID_REQUIRED_ACKS


def test_an_unanswered_produce_that_fails_closes_the_connection(connection, topic):
    """With acks=0 there is no other way to tell the producer."""
    connection.send_request(wire.PRODUCE, 7, wire.produce_body(topic, 0, batch(crc=1), acks=0))
    assert connection.wait_closed() == b""


def of_size(size):
    """A batch of exactly `size` bytes with one record."""
    for length in range(size - 90, size - 60):
        if len(record(b"x" * length)) + 61 == size:
            return batch(values=[b"x" * length])


def test_a_batch_of_the_greatest_size_is_taken_and_one_byte_more_refused(connection, topic):
    limit = 1048588  # message.max.bytes
    assert wire.produce(connection, topic, 0, of_size(limit + 1))[0] == MESSAGE_TOO_LARGE
    assert wire.produce(connection, topic, 0, of_size(limit))[0] == 0


def test_a_batch_larger_than_a_segment_is_refused(connection, topic):
    narrow = wire.make_topic(connection, topic + "-narrow", configs=[
        ("max.message.bytes", "3000000"), ("segment.bytes", "1048576")])
    assert wire.produce(connection, narrow, 0, of_size(1500000))[0] == RECORD_LIST_TOO_LARGE


# What 256 MiB of zeros shrink to within message.max.bytes; snappy and lz4 cannot shrink so well.
BOMB_BYTES = {GZIP: 256 << 20, SNAPPY: 16 << 20, LZ4: 252 << 20, ZSTD: 1 << 30}


@pytest.mark.parametrize("codec", BOMBS)
def test_a_bomb_of_zeros_is_refused(connection, topic, codec):
    raw = batch(codec=codec, count=1, payload=BOMBS[codec](b"\0", BOMB_BYTES[codec]))
    assert wire.produce(connection, topic, 0, raw)[0] in REFUSED
    assert log_end(connection, topic) == 0


@pytest.mark.parametrize("codec", BOMBS)
def test_a_bomb_that_is_one_valid_giant_record_costs_bounded_memory(connection, topic, codec):
    """Apache Kafka takes it: it looks through the record without holding it. The bystander's
    check after the test is the one that counts."""
    zeros = BOMB_BYTES[codec]
    head = batches.giant_record_head(zeros - 1 + (codec == SNAPPY))
    raw = batch(codec=codec, count=1, payload=BOMBS[codec](head, zeros))
    assert wire.produce(connection, topic, 0, raw)[0] in (0, MESSAGE_TOO_LARGE, *REFUSED)


def test_all_codecs_bomb_at_once_from_many_clients(broker, topic):
    connections = [wire.Connection(broker.port, timeout=120) for _ in range(12)]
    for number, connection in enumerate(connections):
        codec = list(BOMBS)[number % len(BOMBS)]
        raw = batch(codec=codec, count=1, payload=BOMBS[codec](b"\0", BOMB_BYTES[codec]))
        connection.send_request(wire.PRODUCE, 7, wire.produce_body(topic, 0, raw))
    for connection in connections:
        connection.read_answer()
        connection.close()
