"""Everything that clients were told between kills of the broker, given to the history checker: it finds nothing.

Producers, readers of both isolation levels, a group that commits and asks, and samples of the watermarks, all at once.
"""

import itertools
import os
import random
import threading
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from lib import recorder, wire, wire_groups

TOPIC, GROUP, PARTITIONS, PRODUCERS = "recorded", "recorded-group", 2, 2
KILLS = int(os.environ.get("TIDELINE_HISTORY_KILLS", "4"))
SEED = int(os.environ.get("TIDELINE_SEED", time.time_ns() % 10**6))
RECORDS_BETWEEN_KILLS = 300
SECONDS = 90
ISOLATIONS = ("read_uncommitted", "read_committed")
CLIENT = {"log_level": 2, "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 100}


def name(partition):
    return f"{TOPIC}-{partition}"


class Recorded:
    """Threads that do one thing again and again until they are told to end, each a process of the history."""

    def __init__(self, broker, directory):
        self.broker, self.directory = broker, directory
        self.over, self.threads, self.failures = threading.Event(), [], []
        self.acknowledged = 0
        self.changed = threading.Condition()

    def start(self, run, *about):
        told = recorder.Recorder(self.directory, "-".join([run.__name__, *map(str, about)]))

        def guarded():
            try:
                run(told, *about)
            except Exception as failure:  # told to the test, which waits
                with self.changed:
                    self.failures.append(failure)
                    self.changed.notify_all()

        self.threads.append(threading.Thread(target=guarded, daemon=True))
        self.threads[-1].start()

    def wait_for_records(self, count):
        with self.changed:
            goal = self.acknowledged + count
            came = self.changed.wait_for(lambda: self.failures or self.acknowledged >= goal, SECONDS)
        assert came and not self.failures, self.failures

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(SECONDS)
        assert not any(thread.is_alive() for thread in self.threads) and not self.failures, self.failures

    def produce(self, told, number):
        producer = Producer({**CLIENT, "bootstrap.servers": self.broker.bootstrap, "enable.idempotence": True,
                             "linger.ms": 2, "message.timeout.ms": 0, "queue.buffering.max.messages": 100})

        def report(record):
            def on_delivery(error, message):
                if error:
                    told.say("sent", id=record, outcome="info", error=error.name())
                    return
                told.say("sent", id=record, outcome="ok", offset=message.offset())
                with self.changed:
                    self.acknowledged += 1
                    self.changed.notify_all()
            return on_delivery

        for record in itertools.takewhile(lambda _: not self.over.is_set(), itertools.count()):
            partition, value = record % PARTITIONS, f"{number}-{record}"
            told.say("send", id=record, partition=name(partition), value=value)
            while True:
                try:
                    producer.produce(TOPIC, value.encode(), partition=partition, on_delivery=report(record))
                    break
                except BufferError:
                    producer.poll(0.05)
            producer.poll(0)
        assert producer.flush(SECONDS) == 0

    def read(self, told, isolation):
        read_until(self.broker, told, isolation, self.over.is_set)

    def commit(self, told):
        """Commits ever higher offsets, and asks for them; an offset names nothing that is read."""
        for number in itertools.takewhile(lambda _: not self.over.wait(0.01), itertools.count(1)):
            told.say("commit", id=number, group=GROUP, offsets=[[name(0), number]])
            try:
                with wire.Connection(self.broker.port) as connection:
                    errors = wire_groups.commit_offsets(connection, GROUP, {(TOPIC, 0): number})
                    told.say("commit_done", id=number, outcome="info" if any(errors.values()) else "ok")
                    asked = recorder.micros()
                    offset, error = wire_groups.fetch_offset(connection, GROUP, TOPIC, 0)
                    if not error:
                        told.say("fetched", group=GROUP, partition=name(0), offset=offset, asked=asked)
            except OSError:
                continue  # it is down

    def sample(self, told):
        told.say("settings", transaction_timeout_ms=60000)
        while not self.over.wait(0.05):
            try:
                with wire.Connection(self.broker.port) as connection:
                    for partition in range(PARTITIONS):
                        asked = recorder.micros()
                        high, stable = (wire.end_offset(connection, TOPIC, partition, level) for level in (0, 1))
                        told.say("watermarks", partition=name(partition), high_watermark=high, last_stable=stable,
                                 asked=asked)
            except (OSError, AssertionError):
                continue  # it is down, or does not lead yet


def read_until(broker, told, isolation, is_enough):
    """Reads all partitions from their beginning until `is_enough` and their ends are reached."""
    consumer = Consumer({**CLIENT, "bootstrap.servers": broker.bootstrap, "group.id": "unused", "isolation.level": isolation,
                         "enable.auto.commit": False, "auto.offset.reset": "error", "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
    positions, ended = [0] * PARTITIONS, {}
    deadline = None
    while len(ended) < PARTITIONS or not is_enough():
        message = consumer.poll(0.2)
        if is_enough():
            deadline = deadline or time.monotonic() + SECONDS
            assert time.monotonic() < deadline, f"{isolation}: not read to the end"
        if message is None or (message.error() and message.error().code() != KafkaError._PARTITION_EOF):
            continue  # nothing new, or the broker is down
        partition = message.partition()
        if message.error():
            ended[partition] = positions[partition]
            continue
        ended.pop(partition, None)
        told.say("poll", isolation=isolation, consumer=isolation, partition=name(partition), position=positions[partition],
                 next=message.offset() + 1, records=[[message.offset(), message.value().decode()]])
        positions[partition] = message.offset() + 1
    consumer.close()
    return ended


def test_the_checker_finds_nothing_in_what_clients_recorded_between_kills(make_broker, tmp_path):
    print(f"TIDELINE_SEED={SEED}")
    choose = random.Random(SEED)
    broker = make_broker({"log.segment.bytes": "1048576", "offsets.topic.num.partitions": "1"}).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, TOPIC, PARTITIONS)
        wire_groups.make_group(connection, "somebody-else", {(TOPIC, 0): 0})
    clients, nemesis = Recorded(broker, tmp_path), recorder.Recorder(tmp_path, "nemesis")
    for number in range(PRODUCERS):
        clients.start(clients.produce, number)
    for isolation in ISOLATIONS:
        clients.start(clients.read, isolation)
    clients.start(clients.commit)
    clients.start(clients.sample)
    for _ in range(KILLS):
        clients.wait_for_records(choose.randrange(RECORDS_BETWEEN_KILLS))
        nemesis.say("down")
        broker.kill()
        broker.start()
        nemesis.say("up")
    clients.wait_for_records(RECORDS_BETWEEN_KILLS)
    clients.end()
    last = recorder.Recorder(tmp_path, "last")
    for isolation in ISOLATIONS:
        for partition, end in read_until(broker, last, isolation, lambda: True).items():
            last.say("drained", partition=name(partition), isolation=isolation, end=end)
    nothing_found, said = recorder.check(tmp_path)
    assert nothing_found, said
