"""Transactions that are wide, many, or left alone: they end, and nobody beside them waits for that."""

import contextlib

import pytest

from bystander import Bystander
from lib import broker as brokers
from lib import wire
from lib.batch import batch, uvarint
from lib.wire import array, blob, i8, i16, i32, i64, string
from lib.wire_transactions import ADD_PARTITIONS_TO_TXN, NOT_YET, TRANSACTIONAL, Producer, latest_committed
from topics import set_topic_config

BROKER_CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
                 "transaction.state.log.num.partitions": "2",
                 "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500"}
MIB = 1 << 20
PATIENCE_SECONDS = 120
PARTITIONS = 1000  # of each wide topic
LIST_TRANSACTIONS = 66


class WideProducer(Producer):
    """Writes one record to each partition of many topics, and adds them in one request for each topic."""

    def add_all(self, topic):
        body = self.who + array([string(topic) + array([i32(n) for n in range(PARTITIONS)])])

        def add():
            answer = self.connection.request(ADD_PARTITIONS_TO_TXN, 0, body)
            answer.i32()
            [(_, results)] = answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16()))))
            return {error for _, error in results}

        assert wire.until(add, lambda errors: not errors & set(NOT_YET), seconds=PATIENCE_SECONDS) == {0}

    def write_all(self, topic, sequence):
        one = batch([b"v"], attributes=TRANSACTIONAL, producer_id=self.producer_id, epoch=self.epoch, sequence=sequence)
        rows = array([i32(n) + blob(one) for n in range(PARTITIONS)])
        answer = self.connection.request(wire.PRODUCE, 7, self.id + i16(-1) + i32(1000 * PATIENCE_SECONDS) + array([string(topic) + rows]))
        [(_, results)] = answer.array(lambda: (answer.string(), answer.array(
            lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64(), answer.i64()))))
        assert {error for _, error, *_ in results} == {0}


def stable_offsets(connection, topic):
    """The last stable offset of each partition, as a set."""
    rows = array([i32(n) + i64(-1) for n in range(PARTITIONS)])
    answer = connection.request(wire.LIST_OFFSETS, 2, i32(-1) + i8(1) + array([string(topic) + rows]))
    answer.i32()
    [(_, results)] = answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i16(), answer.i64(), answer.i64()))))
    assert {error for _, error, *_ in results} == {0}
    return {offset for *_, offset in results}


@pytest.mark.parametrize(("topics", "durability"), [(1, "fsync"), (10, "replicated")], ids=["a thousand on disk", "ten thousand"])
def test_a_transaction_over_thousands_of_partitions_is_committed_and_aborted(make_broker, topics, durability):
    """Ten thousand without waiting for the disk, which takes several syncs for each partition: all else is the same."""
    broker = make_broker({**BROKER_CONFIG, "tideline.durability": durability}).start()
    beside = Bystander(broker)
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection:
        names = [f"wide-{number}" for number in range(topics)]
        for topic in names:
            assert wire.create_topic(connection, topic, PARTITIONS) == 0
            wire.until(lambda topic=topic: stable_offsets(connection, topic), lambda offsets: offsets == {0}, seconds=PATIENCE_SECONDS)
        producer = WideProducer(connection, "wide")
        for number, commit in enumerate((True, False)):
            for topic in names:
                producer.add_all(topic)
                producer.write_all(topic, sequence=number)
                assert stable_offsets(connection, topic) == {2 * number}
            producer.end(commit)
            for topic in names:  # a record, and the marker behind it
                wire.until(lambda topic=topic: stable_offsets(connection, topic), lambda offsets: offsets == {2 * (number + 1)},
                           seconds=PATIENCE_SECONDS)
    beside.is_still_served()
    beside.finish()


def test_a_producer_that_begins_and_vanishes_holds_readers_up_until_its_timeout(broker, topic, bystander):
    with wire.Connection(broker.port) as connection, wire.Connection(broker.port) as own:
        vanishing = Producer(own, topic, timeout_ms=3000)
        vanishing.begin(topic)
        assert vanishing.write(topic) == (0, 0)
        own.close()
        beside = Producer(connection, topic + "-beside")
        beside.begin(topic, 1)
        assert beside.write(topic, partition=1) == (0, 0)
        beside.end(True)
        wire.until(lambda: latest_committed(connection, topic, 1), lambda stable: stable == 2, seconds=60)
        wire.until(lambda: latest_committed(connection, topic), lambda stable: stable == 2, seconds=60)
        vanishing.connection = connection
        assert vanishing.write(topic)[0] in (47, 48)  # it is fenced, should it come back


def test_a_transactional_id_longer_than_a_string_ends_its_connection(broker, bystander):
    """A megabyte of it: no version has room for that, and what says otherwise is malformed."""
    body = uvarint(MIB + 1) + b"x" * MIB + i32(60000) + i64(-1) + i16(-1) + b"\0"
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection:
        connection.send(wire.frame(wire.header(wire.INIT_PRODUCER_ID, 4) + b"\0" + body))
        assert connection.wait_closed() == b""


@pytest.mark.tideline_only("Apache Kafka cannot end a transaction whose record does not fit")
def test_transactions_end_though_the_topic_of_their_states_takes_no_such_records_any_more(connection, topic, bystander):
    committed, aborted = Producer(connection, topic), Producer(connection, topic + "-aborted")
    for producer in (committed, aborted):
        producer.begin(topic)
        assert producer.write(topic)[0] == 0
    assert set_topic_config(connection, "__transaction_state", "max.message.bytes", "60") == 0
    committed.end(True)
    aborted.end(False)
    wire.until(lambda: latest_committed(connection, topic), lambda stable: stable == 4, seconds=60)
    Producer(connection, topic + "-late")
    assert set_topic_config(connection, "__transaction_state", "max.message.bytes", "1048588") == 0


def list_transactions(connection):
    """How many transactional ids there are."""
    answer = connection.request(LIST_TRANSACTIONS, 0, b"\0" + uvarint(1) + uvarint(1) + b"\0")
    answer.take(1)
    answer.i32()
    if answer.i16() != 0:
        return None  # a coordinator loads
    answer.take(1)  # no unknown filters
    count, shift = 0, 0
    while True:
        byte = answer.take(1)[0]
        count |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return count - 1


CONNECTIONS, IDS_OF_EACH = 250, 400  # a hundred thousand
IDS = CONNECTIONS * IDS_OF_EACH
KIB_FOR_EACH = 1


@pytest.mark.tideline_only("the JVM's heap is its own affair")
def test_a_hundred_thousand_transactional_ids_cost_little_and_come_back_after_a_start(make_broker):
    broker = make_broker(BROKER_CONFIG).start()
    beside = Bystander(broker)
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(wire.Connection(broker.port, timeout=PATIENCE_SECONDS)) for _ in range(CONNECTIONS)]
        Producer(connections[0], "first")
        before = broker.memory_kib()
        for place, connection in enumerate(connections):
            for number in range(IDS_OF_EACH):
                connection.send_request(wire.INIT_PRODUCER_ID, 0, string(f"transactional-id-{place}-{number}") + i32(60000))
        for connection in connections:
            for _ in range(IDS_OF_EACH):
                answer = wire.Reader(connection.read_frame())
                answer.i32(), answer.i32()
                assert answer.i16() == 0
        grown = broker.memory_kib() - before
        print(f"{IDS} ids, {1024 * grown / IDS:.0f} bytes each")
        assert not brokers.MEMORY_COUNTS or grown < KIB_FOR_EACH * IDS
        assert list_transactions(connections[0]) == IDS + 1
    beside.is_still_served()
    beside.finish()
    assert broker.stop() == 0
    broker.start()
    with wire.Connection(broker.port, timeout=PATIENCE_SECONDS) as connection:
        wire.until(lambda: list_transactions(connection), lambda count: count == IDS + 1, seconds=PATIENCE_SECONDS)
