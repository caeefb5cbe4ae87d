"""The chain read–process–write: copiers over one input, killed and started again; all of it recorded."""

import json
import random
import subprocess
import threading
import time

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from lib import broker as brokers
from lib import recorder, wire, wire_groups
from transactors import BROKER_CONFIG as BASIC_CONFIG, KINDS

PARTITIONS = 3
TIMEOUT_MS = 10000
SECONDS, SECONDS_EACH_FAULT = 300, 30
RECORDS_EACH_POLL = 20
SESSION_MS = 4000  # a killed copier's partitions go to the others after that
BROKER_CONFIG = BASIC_CONFIG | {
    "group.min.session.timeout.ms": str(SESSION_MS),
    "group.consumer.session.timeout.ms": str(SESSION_MS), "group.consumer.min.session.timeout.ms": str(SESSION_MS),
    "group.consumer.heartbeat.interval.ms": "500", "group.consumer.min.heartbeat.interval.ms": "500",
}
INPUT, OUTPUT, GROUP = "chain-in", "chain-out", "copiers"


def name(topic, partition):
    return f"{topic}-{partition}"


def feed(broker, directory, records):
    """Writes the input: every record is acknowledged before anything is killed."""
    told = recorder.Recorder(directory, "feeder")
    producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True, "linger.ms": 20})

    def report(number):
        def on_delivery(error, message):
            assert not error, error
            told.say("sent", id=number, outcome="ok", offset=message.offset())
        return on_delivery

    for number in range(records):
        partition = number % PARTITIONS
        told.say("send", id=number, partition=name(INPUT, partition), value=f"input-{number}")
        producer.produce(INPUT, f"input-{number}".encode(), partition=partition, on_delivery=report(number))
        producer.poll(0)
    assert producer.flush(SECONDS) == 0


class Copier:
    """One transactional id; each start is another process of the history."""

    def __init__(self, kind, broker, directory, number, protocol):
        self.kind, self.broker, self.directory, self.number, self.protocol = kind, broker, directory, number, protocol
        self.runs, self.child = 0, None

    def start(self):
        self.runs += 1
        run = f"copier-{self.number}-{self.runs}"
        options = {"name": run, "transactional_id": f"copier-{self.number}", "group": GROUP, "protocol": self.protocol,
                   "input": INPUT, "output": OUTPUT, "timeout_ms": TIMEOUT_MS, "records": RECORDS_EACH_POLL, "session_ms": SESSION_MS,
                   "history": str(self.directory / f"{run}.jsonl")}
        command = [*KINDS[self.kind].command[:-1], "JavaCopier", self.broker.bootstrap, json.dumps(options)]
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=(self.directory / f"{run}.err").open("w"))

    def kill(self):
        self.child.kill()
        self.child.wait()

    def is_over(self):
        return self.child.poll() is not None


class Sampler:
    """Asks every second where the partitions end, while there is somebody to ask."""

    def __init__(self, broker, directory):
        self.broker, self.told, self.over = broker, recorder.Recorder(directory, "sampler"), threading.Event()
        self.told.say("settings", transaction_timeout_ms=TIMEOUT_MS, grace_ms=60000)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.over.wait(1):
            try:
                with wire.Connection(self.broker.port) as connection:
                    for partition in range(PARTITIONS):
                        asked = recorder.micros()
                        high, stable = (wire.end_offset(connection, OUTPUT, partition, i) for i in (0, 1))
                        self.told.say("watermarks", partition=name(OUTPUT, partition), high_watermark=high,
                                      last_stable=stable, asked=asked)
            except (OSError, AssertionError):
                continue  # it is down, or not yet the leader

    def stop(self):
        self.over.set()
        self.thread.join()


def committed(broker):
    with wire.Connection(broker.port) as connection:
        told = [wire_groups.fetch_offset(connection, GROUP, INPUT, partition) for partition in range(PARTITIONS)]
    return [offset for offset, error in told] if not any(error for _, error in told) else None


def copied(broker):
    """How many records the group's offsets have passed; nothing while nobody can tell."""
    try:
        return sum(max(offset, 0) for offset in committed(broker) or ())
    except (OSError, AssertionError):
        return 0


def drain(broker, told, topic, partition, isolation):
    """A full reading by a client that knows nothing of what was."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "unused", "enable.auto.commit": False,
                         "auto.offset.reset": "error", "isolation.level": isolation, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0)])
    where = {"partition": name(topic, partition), "isolation": isolation, "consumer": isolation}
    position, values = 0, []
    while True:
        message = consumer.poll(SECONDS)
        assert message is not None, f"{topic}-{partition} is not readable to its end"
        if not message.error():
            told.say("poll", **where, position=position, next=message.offset() + 1,
                     records=[[message.offset(), message.value().decode()]])
            position = message.offset() + 1
            values.append(message.value().decode())
            continue
        assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
        told.say("poll", **where, position=position, next=max(message.offset(), position), records=[])
        told.say("drained", partition=where["partition"], isolation=isolation, end=max(message.offset(), position))
        consumer.close()
        return values


def read_everything(broker, directory):
    """Waits until no transaction is open, then records all there is. Returns the committed output."""
    told = recorder.Recorder(directory, "last")
    told.say("chain", group=GROUP, partitions=[name(INPUT, partition) for partition in range(PARTITIONS)])
    output = []
    with wire.Connection(broker.port, timeout=SECONDS) as connection:
        for partition in range(PARTITIONS):
            wire.until(lambda p=partition: [wire.end_offset(connection, OUTPUT, p, i) for i in (0, 1)],
                       lambda ends: ends[0] == ends[1], seconds=60)
    for partition in range(PARTITIONS):
        drain(broker, told, INPUT, partition, "read_committed")
        drain(broker, told, OUTPUT, partition, "read_uncommitted")
        output += drain(broker, told, OUTPUT, partition, "read_committed")
    for partition, offset in enumerate(committed(broker)):
        told.say("fetched", group=GROUP, partition=name(INPUT, partition), offset=offset, asked=recorder.micros(), final=True)
    return output


def restart(broker, told):
    told.say("down")
    broker.kill()
    broker.start()
    told.say("up")


def copy_under_kills(broker, nemesis, copiers, records, faults, choose):
    """Until all is copied: each fault when its share of the records has been, the copiers started again whenever they are over."""
    planned = [records * (number + 1) // (len(faults) + 1) for number in range(len(faults))]
    deadline = time.monotonic() + SECONDS + SECONDS_EACH_FAULT * len(faults)
    while planned or copied(broker) != records:
        assert time.monotonic() < deadline, f"{committed(broker)} of {records} were copied, {len(planned)} faults were left"
        for copier in copiers:
            if copier.is_over():
                copier.start()
        threading.Event().wait(choose.uniform(0, 0.2))  # so that faults come at any step of a transaction
        if planned and copied(broker) >= planned[0]:
            planned.pop(0)
            if faults.pop() == "broker":
                restart(broker, nemesis)
            else:
                choose.choice(copiers).kill()


def run(broker, directory, kind, protocol, records, copier_kills, broker_kills, seed):
    """Feeds, copies under kills until all is copied, and records it; returns the committed output."""
    choose = random.Random(seed)
    feed(broker, directory, records)
    sampler, nemesis = Sampler(broker, directory), recorder.Recorder(directory, "nemesis")
    copiers = [Copier(kind, broker, directory, number, protocol) for number in range(3)]
    faults = ["copier"] * copier_kills + ["broker"] * broker_kills
    choose.shuffle(faults)
    try:
        for copier in copiers:
            copier.start()
        copy_under_kills(broker, nemesis, copiers, records, faults, choose)
    finally:
        for copier in copiers:
            if copier.child is not None:
                copier.kill()
        sampler.stop()
    return read_everything(broker, directory)
