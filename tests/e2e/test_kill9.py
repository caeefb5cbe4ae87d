"""Ended again and again under idempotent acks=all producers, by kill -9 and in order:
acknowledged records lost 0, duplicated 0, reordered 0.

TIDELINE_KILLS (150) and TIDELINE_SEED (random, printed) choose how often and exactly when.
"""

import os
import random
import threading

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from history import History, Value
from lib import wire

KILLS = int(os.environ.get("TIDELINE_KILLS", "150"))
PRODUCERS = ("none", "lz4", "zstd", "snappy")  # one for each codec
PARTITIONS = 3
TOPIC = "killed"
ACKS_BETWEEN_KILLS = 600
STOPS = max(5, KILLS // 8)
FIRST_STARTS = 20
PATIENCE_SECONDS = 90

# Segments of the least size, so that kills meet rolls and recovery meets more than one segment.
BROKER_CONFIG = {"log.segment.bytes": "1048576", "auto.create.topics.enable": "false"}


class Load:
    """Producers that write until told to stop, and the history of what they were promised."""

    def __init__(self, bootstrap, seed):
        self.history = History()
        self.errors = []
        self._bootstrap, self._seed = bootstrap, seed
        self._acks = 0
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number, codec))
                         for number, codec in enumerate(PRODUCERS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), "a producer never finished"

    def wait_for_acks(self, count):
        """Waits until `count` more records were acknowledged than when it was called."""
        with self._changed:
            goal = self._acks + count
            done = self._changed.wait_for(lambda: self._acks >= goal or self.errors,
                                          PATIENCE_SECONDS)
        assert not self.errors, self.errors[:5]
        assert done, f"producers made no progress in {PATIENCE_SECONDS} s"

    def _run(self, number, codec):
        chance = random.Random(f"{self._seed}-{number}")
        producer = Producer({
            "bootstrap.servers": self._bootstrap, "enable.idempotence": True, "acks": "all",
            "compression.type": codec, "linger.ms": 2, "message.timeout.ms": 0,
            "queue.buffering.max.messages": 400, "retry.backoff.ms": 20,
            "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 100,
            "log_level": 2, "error_cb": self._on_error})
        for count in range(1 << 60):
            if self._stop.is_set():
                break
            value = Value(number, chance.randrange(PARTITIONS), count)
            self.history.attempt(value)
            self._produce(producer, value, padding=chance.randrange(400))
        left = producer.flush(PATIENCE_SECONDS)
        if left:
            self.errors.append(f"producer {number}: {left} records never answered")

    def _produce(self, producer, value, padding):
        while True:
            try:
                producer.produce(
                    TOPIC, partition=value.partition, value=encode(value, padding),
                    on_delivery=lambda error, sent: self._on_delivery(value, error, sent))
                producer.poll(0)
                return
            except BufferError:
                producer.poll(0.05)

    def _on_delivery(self, value, error, sent):
        with self._changed:
            if error:
                self.errors.append(f"{value}: {error}")
            else:
                self.history.acknowledge(value, sent.offset())
                self._acks += 1
            self._changed.notify_all()

    def _on_error(self, error):
        if error.fatal():
            with self._changed:
                self.errors.append(f"fatal: {error}")
                self._changed.notify_all()


def encode(value, padding):
    return f"{value.producer} {value.partition} {value.number} ".encode() + b"x" * padding


def decode(raw):
    return Value(*map(int, raw.split(b" ", 3)[:3]))


def read_everything(bootstrap):
    """{partition: [(offset, value)]}, from the first offset to the end."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "log_level": 2,
                         "enable.auto.commit": False, "enable.partition.eof": False})
    read, ends = {}, {}
    for partition in range(PARTITIONS):
        low, high = consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=30)
        assert low == 0
        read[partition], ends[partition] = [], high
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in ends])
    while True:
        left = sum(end - (read[p][-1][0] + 1 if read[p] else 0) for p, end in ends.items())
        if not left:
            break
        messages = consumer.consume(min(left, 5000), timeout=PATIENCE_SECONDS)
        assert messages, "the end of a partition was never reached"
        for message in messages:
            if not message.error():
                read[message.partition()].append((message.offset(), decode(message.value())))
    consumer.close()
    return read


def create(broker, topic):
    """Whether the broker acknowledged the topic."""
    with wire.Connection(broker.port) as connection:
        return wire.create_topic(connection, topic, PARTITIONS) == 0


def kill_at_random(broker, load, chance):
    """One kill: after some acknowledgements, perhaps a moment later, sometimes while starting."""
    load.wait_for_acks(chance.randrange(ACKS_BETWEEN_KILLS))
    threading.Event().wait(chance.choice([0, chance.uniform(0, 0.02)]))
    broker.kill()
    if chance.random() < 0.2:
        broker.launch()
        threading.Event().wait(chance.uniform(0, 0.1))
        broker.kill()
    broker.start()


@pytest.fixture
def seed():
    chosen = os.environ.get("TIDELINE_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"TIDELINE_SEED={chosen} TIDELINE_KILLS={KILLS}")
    return chosen


@pytest.fixture
def loaded(make_broker, seed):
    """A broker whose producers write until `stop`, and the check of what became of it all."""
    broker = make_broker(BROKER_CONFIG).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, TOPIC, PARTITIONS)
    load = Load(broker.bootstrap, seed)
    load.start()
    yield broker, load
    load.stop()


def assert_nothing_was_broken(broker, load):
    load.stop()
    assert not load.errors, load.errors[:5]
    broker.kill()
    broker.start()
    findings = load.history.check(read_everything(broker.bootstrap))
    print(f"acknowledged {len(load.history.acknowledged)}: {findings}")
    assert not findings, str(findings)


def test_kill9_loses_duplicates_and_reorders_no_acknowledged_record(loaded, seed):
    broker, load = loaded
    chance, topics = random.Random(seed), []
    for kill in range(KILLS):
        kill_at_random(broker, load, chance)
        if create(broker, f"made-after-kill-{kill}"):
            topics.append(f"made-after-kill-{kill}")
    assert_nothing_was_broken(broker, load)
    assert len(load.history.acknowledged) > KILLS * 100, "too little load to prove anything"
    with wire.Connection(broker.port) as connection:
        known = wire.metadata(connection, None)
    assert set(topics) <= set(known), "an acknowledged topic is gone"
    assert len(topics) == KILLS


def test_stopping_in_order_under_load_breaks_nothing_either(loaded, seed):
    broker, load = loaded
    chance = random.Random(seed)
    for _ in range(STOPS):
        load.wait_for_acks(chance.randrange(ACKS_BETWEEN_KILLS))
        broker.stop()
        broker.start()
    assert_nothing_was_broken(broker, load)


def test_a_broker_killed_during_its_first_start_starts_the_next_time(make_broker, seed):
    """Formatting the directory is many small steps; each may be the last."""
    chance = random.Random(seed)
    for _ in range(FIRST_STARTS):
        broker = make_broker()
        broker.launch()
        threading.Event().wait(chance.uniform(0, 0.15))
        broker.kill()
        broker.start()
        assert create(broker, "made-at-last")
        broker.kill()
