"""Sequence numbers: a retry gets its original offset, a gap and an old epoch get their error.

Raw Produce requests, because a real client cannot be made to retry at will.
"""

import pytest

from lib import wire
from lib.batch import batch

OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH = 45, 47


@pytest.fixture
def send(connection, topic):
    """send(sequence, ...) produces one batch of a fresh producer: (error code, base offset)."""
    producer_id, epoch = wire.new_producer_id(connection)

    def send(sequence, values=(b"v",), epoch=epoch, partition=0):
        raw = batch(values=values, producer_id=producer_id, epoch=epoch, sequence=sequence)
        return wire.produce(connection, topic, partition, raw)[:2]

    return send


def test_a_retry_is_answered_with_its_original_offset_and_not_appended(connection, topic, send):
    assert send(0, [b"a", b"b"]) == (0, 0)
    assert send(2, [b"c"]) == (0, 2)
    assert send(0, [b"a", b"b"]) == (0, 0)
    assert send(2, [b"c"]) == (0, 2)
    assert wire.list_offset(connection, topic, 0, -1)[2] == 3


def test_the_last_five_batches_are_remembered(send):
    for sequence in range(8):
        assert send(sequence) == (0, sequence)
    for sequence in range(3, 8):
        assert send(sequence) == (0, sequence)


def test_a_retry_from_before_the_last_five_batches_is_refused(connection, topic, send):
    for sequence in range(8):
        send(sequence)
    error, _ = send(2)
    assert error == OUT_OF_ORDER_SEQUENCE
    assert wire.list_offset(connection, topic, 0, -1)[2] == 8


def test_a_gap_in_the_sequence_is_refused(connection, topic, send):
    send(0)
    assert send(2)[0] == OUT_OF_ORDER_SEQUENCE
    assert send(1) == (0, 1), "the producer must be able to go on"


def test_a_batch_that_only_overlaps_an_earlier_one_is_no_retry(send):
    send(0, [b"a", b"b", b"c"])
    assert send(1, [b"b", b"c"])[0] == OUT_OF_ORDER_SEQUENCE


def test_a_new_epoch_begins_at_sequence_0(send):
    send(0)
    assert send(1, epoch=1)[0] == OUT_OF_ORDER_SEQUENCE
    assert send(0, epoch=1) == (0, 1)


def test_an_old_epoch_is_fenced(send):
    send(0, epoch=3)
    assert send(1, epoch=2)[0] == INVALID_PRODUCER_EPOCH
    assert send(1, epoch=3) == (0, 1)


def test_sequences_are_per_partition(send):
    assert send(0, partition=0) == (0, 0)
    assert send(0, partition=1) == (0, 0)


def test_the_sequence_wraps_to_0_behind_the_greatest_integer(send):
    last = 2**31 - 1
    assert send(last) == (0, 0), "a producer nobody remembers may begin anywhere"
    assert send(0) == (0, 1)
    assert send(last) == (0, 0)


def test_producer_ids_are_never_given_twice(broker, connection):
    ids = [wire.new_producer_id(connection)[0] for _ in range(2500)]  # past two blocks of 1000
    assert len(set(ids)) == len(ids)
