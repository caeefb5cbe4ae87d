"""A data directory changes hands between Apache Kafka and Tideline, both ways and back, and nothing in it changes."""

import time

import pytest

import directory_contents as directory
from lib import batch, machine, wire
from lib import broker as brokers

CONFIG = {"log.cleaner.backoff.ms": "200", "log.initial.task.delay.ms": "500", "transaction.state.log.num.partitions": "1",
          "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
          "auto.create.topics.enable": "false"}
NOW = int(time.time() * 1000)  # not older: retention would take it
PRODUCER = {"producer_id": 4711, "epoch": 3}


class Directory:
    """One data directory and the broker that has it now."""

    def __init__(self, path):
        self.path, self.broker = path, None

    def take(self, kind):
        """Starts that broker over it, after the one before has stopped in order."""
        if self.broker is not None:
            assert self.broker.stop() in (0, 143), self.broker.output  # a JVM that SIGTERM ended says 143
        self.broker = brokers.KINDS[kind](self.path, CONFIG)
        return self.broker.start()

    def kill(self):
        if self.broker is not None:
            self.broker.kill()
            self.broker = None


@pytest.fixture
def place(tmp_path):
    if not (brokers.JARS / "pom.xml").exists():
        machine.missing("kafka", "Apache Kafka's jars are not in build/interop/jars")
    place = Directory(tmp_path / "data")
    yield place
    place.kill()


def clean_keys(broker, topic):
    """A compacted topic that the cleaner has finished with: of ten records the last but one and the last are left."""
    told = directory.Told(broker)
    told.create(topic, cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio="0.01")
    for n in range(10):  # a second apart by their timestamps, so that each begins a segment
        told.produce(topic, batch.batch(payload=batch.record(b"%d" % n, key=b"key"), count=1, timestamp=NOW - 10000 + n * 1000))
    wire.until(lambda: len(told.batches(topic, 0)), lambda left: left == 2, seconds=60)


def remember_producer(broker, topic):
    """A producer whose next sequence is 3, and the offset of its last batch."""
    told = directory.Told(broker)
    told.create(topic)
    for sequence in range(3):
        offset = told.produce(topic, batch.batch([b"once"], sequence=sequence, timestamp=NOW, **PRODUCER))
    return offset


def check_producer(broker, topic, offset):
    """It repeats its last batch, which is recognised, and goes on."""
    told = directory.Told(broker)
    repeated = told.produce(topic, batch.batch([b"once"], sequence=2, timestamp=NOW, **PRODUCER))
    assert repeated == offset == told.offset(topic, 0, directory.LATEST)["offset"] - 1


def test_kafkas_directory_is_served_and_written_by_tideline_and_opened_by_kafka_again(place):
    kafka = place.take("kafka")
    directory.fill(kafka, "first")
    directory.transactions(kafka, "in-transactions")
    clean_keys(kafka, "cleaned")
    offset = remember_producer(kafka, "remembered")
    written = directory.contents(kafka)

    tideline = place.take("tideline")
    assert directory.contents(tideline) == written
    check_producer(tideline, "remembered", offset)
    directory.add(tideline, "first", round=1)
    directory.fill(tideline, "second")
    written = directory.contents(tideline)

    kafka = place.take("kafka")
    assert directory.contents(kafka) == written
    check_producer(kafka, "remembered", offset)


def test_tidelines_directory_is_served_and_written_by_kafka_and_opened_by_tideline_again(place):
    tideline = place.take("tideline")
    directory.fill(tideline, "first")
    directory.transactions(tideline, "in-transactions")
    offset = remember_producer(tideline, "remembered")
    written = directory.contents(tideline)

    kafka = place.take("kafka")
    assert directory.contents(kafka) == written
    check_producer(kafka, "remembered", offset)
    directory.add(kafka, "first", round=1)
    directory.fill(kafka, "second")
    written = directory.contents(kafka)

    tideline = place.take("tideline")
    assert directory.contents(tideline) == written
    check_producer(tideline, "remembered", offset)


def test_gaps_of_kafkas_cleaner_are_not_taken_for_damage_after_a_crash(place):
    """The topic keeps everything by now, so nothing but the cleaner's checkpoint says where the gaps come from."""
    kafka = place.take("kafka")
    clean_keys(kafka, "cleaned")
    told = directory.Told(kafka)
    [changed] = told.ask("IncrementalAlterConfigs", 1, resources=[
        {"resourceType": directory.TOPIC_RESOURCE, "resourceName": "cleaned", "configs": [
            {"name": "cleanup.policy", "configOperation": 0, "value": "delete"}]}])["responses"]
    assert changed["errorCode"] == 0, changed
    told.produce("cleaned", batch.batch([b"the last one"]))
    written = directory.contents(kafka)
    place.kill()

    tideline = place.take("tideline")
    assert directory.contents(tideline) == written
