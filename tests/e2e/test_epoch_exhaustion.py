"""Producers whose epochs are used up get a new producer id in the middle of their work, and the broker dies at each step of that.

A producer that began with epoch 0 would need 32,766 transactions to get there: the coordinators' log is written by hand instead.
"""

import pytest

from lib import wire
from lib.batch import batch, record
from lib.wire import i8, i16, i32, i64, string
from lib.wire_transactions import CommittedReader, NewerProducer, find_coordinator

LAST_EPOCH = 32766
EMPTY = 0
SECONDS = 120
CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
          "transaction.state.log.num.partitions": "1"}
STALE = (47, 49, 90)  # INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED


class Rotating(NewerProducer):
    """Has the last epoch there is, and a topic of its own for what it does step by step."""

    def __init__(self, name, producer_id):
        self.name, self.id, self.sequences = name, string(name), {}
        self.first_id = self.producer_id = producer_id
        self.epoch = LAST_EPOCH

    def write_value(self, value):
        error, _ = wire.until(lambda: self.write(self.name, [value]), lambda answer: answer[0] not in (14, 15, 16, 51), seconds=SECONDS)
        assert error == 0

    def committed(self):
        """All that a reader of committed records is given. How many markers there are is nobody's business: some are written twice."""
        reader = CommittedReader(self.connection, self.name)
        while reader.poll():
            pass
        return reader.values

    def wait_committed(self, count):
        wire.until(self.committed, lambda values: len(values) >= count, seconds=SECONDS)


STEPS = (
    lambda producer: producer.write_value(b"with the last epoch"),
    lambda producer: producer.end(True),
    lambda producer: producer.wait_committed(1),
    lambda producer: producer.write_value(b"with a new id"),
    lambda producer: producer.end(True),
    lambda producer: producer.wait_committed(2),
)


def state_record(producer):
    """A record of __transaction_state: key and value of version 0."""
    value = (i16(0) + i64(producer.producer_id) + i16(producer.epoch) + i32(60000) + i8(EMPTY) + i32(-1)
             + i64(2_000_000_000_000) + i64(-1))
    return record(value, key=i16(0) + producer.id)


def producers_at_their_last_epoch(broker, names):
    """Kills the broker, and has it find them when it is started again."""
    with wire.Connection(broker.port) as connection:
        wire.until(lambda: find_coordinator(connection, string("any")), lambda error: error == 0, seconds=SECONDS)
        producers = [Rotating(name, wire.new_producer_id(connection)[0]) for name in names]
        for name in names:
            wire.make_topic(connection, name)
    broker.kill()
    log = broker.data_dir / "__transaction_state-0" / "00000000000000000000.log"
    assert log.stat().st_size == 0
    log.write_bytes(b"".join(batch(payload=state_record(producer), count=1, base_offset=number, leader_epoch=0)
                             for number, producer in enumerate(producers)))
    broker.start()
    return producers


@pytest.fixture
def connect(request):
    """connect(broker, producers): gives each a connection of its own, anew after a restart."""

    def give(broker, producers):
        for producer in producers:
            producer.connection = wire.Connection(broker.port, timeout=SECONDS)
            request.addfinalizer(producer.connection.close)

    return give


def assert_each_wrote_both_once(producers):
    for producer in producers:
        assert producer.committed() == [b"with the last epoch", b"with a new id"]
        assert (producer.producer_id != producer.first_id, producer.epoch) == (True, 1)
    ids = {producer.producer_id for producer in producers} | {producer.first_id for producer in producers}
    assert len(ids) == 2 * len(producers), "an id was given twice"


def test_a_new_producer_id_is_given_once_wherever_the_broker_dies(make_broker, connect):
    broker = make_broker(CONFIG).start()
    producers = producers_at_their_last_epoch(broker, [f"dies-behind-{number}" for number in range(len(STEPS) + 1)])
    connect(broker, producers)
    for done, producer in enumerate(producers):
        for step in STEPS[:done]:
            step(producer)
    broker.kill()
    broker.start()
    connect(broker, producers)
    for done, producer in enumerate(producers):
        for step in STEPS[done:]:
            step(producer)
    assert_each_wrote_both_once(producers)
    broker.kill()
    broker.start()
    connect(broker, producers)
    assert_each_wrote_both_once(producers)


def test_who_ends_its_last_epoch_while_the_broker_dies_asks_again_and_has_one_new_id(make_broker, connect):
    broker = make_broker(CONFIG).start()
    producers = producers_at_their_last_epoch(broker, [f"ends-beside-{number}" for number in range(8)])
    connect(broker, producers)
    for producer in producers:
        STEPS[0](producer)
    for producer in producers:
        producer.ask_for_the_end(True)
    producers[0].connection.read_answer()  # so that some were heard and decided, and others not
    broker.kill()
    broker.start()
    connect(broker, producers)
    for producer in producers:
        for step in STEPS[1:]:
            step(producer)
    assert_each_wrote_both_once(producers)


def test_who_has_the_old_id_is_fenced(make_broker, connect):
    broker = make_broker(CONFIG).start()
    [producer] = producers_at_their_last_epoch(broker, ["fences"])
    connect(broker, [producer])
    for step in STEPS:
        step(producer)
    stale = Rotating("fences", producer.first_id)
    stale.connection = producer.connection
    assert stale.write("fences")[0] in STALE
    stale.sequences["fences", 0] = 1
    assert stale.write("fences")[0] in STALE
    assert_each_wrote_both_once([producer])
