"""Transactions as partitions and their readers see them: who may write, how far readers of committed records get."""

import random

from lib import wire
from lib.batch import batch, batches
from lib.wire_transactions import CommittedReader, Producer, fetch_committed, latest_committed, read

INVALID_TXN_STATE = 48
BROKER_CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
                 "transaction.state.log.num.partitions": "2"}


def ended(connection, topic, offset):
    """Waits until readers of committed records get as far as `offset`."""
    wire.until(lambda: latest_committed(connection, topic), lambda stable: stable == offset, seconds=60)


def test_h10_readers_of_committed_records_get_no_open_ones_and_know_the_aborted_ones(connection, topic):
    producer, other = Producer(connection, topic), Producer(connection, topic + "-other")
    producer.begin(topic)
    assert producer.write(topic, [b"committed"]) == (0, 0)
    producer.end(True)
    ended(connection, topic, 2)
    producer.begin(topic)
    assert producer.write(topic, [b"aborted"]) == (0, 2)
    producer.end(False)
    ended(connection, topic, 4)
    other.begin(topic)
    assert other.write(topic, [b"open"]) == (0, 4)
    producer.begin(topic)
    assert producer.write(topic, [b"behind the open one"]) == (0, 5)
    producer.end(True)

    error, stable, aborted, raw = fetch_committed(connection, topic, 0)
    assert (error, stable, aborted) == (0, 4, [(producer.producer_id, 2)])
    assert [base for base, _, _ in batches(raw)] == [0, 1, 2, 3]
    assert latest_committed(connection, topic) == 4
    wire.until(lambda: wire.list_offset(connection, topic, 0, -1)[2], lambda end: end == 7, seconds=60)
    other.end(False)
    ended(connection, topic, 8)
    assert fetch_committed(connection, topic, 0)[2] == [(producer.producer_id, 2), (other.producer_id, 4)]
    assert fetch_committed(connection, topic, 4)[2] == [(other.producer_id, 4)]


def test_h13_a_produce_behind_the_end_of_its_transaction_hangs_nobody(connection, topic):
    producer = Producer(connection, topic)
    producer.begin(topic)
    assert producer.write(topic) == (0, 0)
    producer.end(False)
    ended(connection, topic, 2)
    assert producer.write(topic)[0] == INVALID_TXN_STATE
    assert latest_committed(connection, topic) == wire.list_offset(connection, topic, 0, -1)[2] == 2


def test_h13_a_produce_to_a_partition_that_was_not_added_is_refused(connection, topic):
    producer = Producer(connection, topic)
    producer.begin(topic)
    assert producer.write(topic, partition=1)[0] == INVALID_TXN_STATE
    assert producer.write(topic) == (0, 0)
    producer.end(True)
    ended(connection, topic, 2)
    assert latest_committed(connection, topic, 1) == 0


def test_a_reader_that_waits_for_committed_records_is_told_when_they_are(broker, connection, topic):
    producer = Producer(connection, topic)
    producer.begin(topic)
    assert producer.write(topic) == (0, 0)
    with wire.Connection(broker.port, timeout=120) as reader:
        reader.send_request(wire.FETCH, 4, wire.fetch_body(topic, 0, 0, max_wait_ms=600000, isolation=1))
        assert producer.write(topic) == (0, 1)
        producer.end(True)
        error, stable, aborted, raw = read(reader.read_answer())
    assert (error, stable, aborted) == (0, 3, [])
    assert [base for base, _, _ in batches(raw)] == [0, 1, 2]


def test_h18_polls_of_committed_records_neither_skip_nor_go_back_nor_repeat(connection, topic):
    """A reader polls batch by batch while transactions of three producers begin, write beside each other and end either way."""
    choose = random.Random(18)
    producers = [Producer(connection, f"{topic}-{number}") for number in range(3)]
    reader, written, open_ones, committed = CommittedReader(connection, topic), [], {}, set()

    def end(producer, commit):
        producer.end(commit)
        transaction = open_ones.pop(producer)
        if commit:
            committed.add(transaction)

    for number in range(120):
        producer, value = choose.choice(producers), b"%d" % number
        if choose.random() < 0.2:
            assert wire.produce(connection, topic, 0, batch([value]))[0] == 0
            written.append((value, None))
            continue
        if producer not in open_ones:
            producer.begin(topic)
            open_ones[producer] = number
        assert producer.write(topic, [value])[0] == 0
        written.append((value, open_ones[producer]))
        if choose.random() < 0.4:
            end(producer, choose.random() < 0.5)
        reader.poll(max_bytes=1)
    for producer in list(open_ones):
        end(producer, True)
    markers = len({transaction for _, transaction in written if transaction is not None})
    ended(connection, topic, len(written) + markers)
    while reader.poll(max_bytes=1):
        pass
    assert reader.values == [value for value, transaction in written if transaction is None or transaction in committed]
    assert 20 < len(reader.values) < len(written) - 20
