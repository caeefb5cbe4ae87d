"""Transactions: what they cost beside plain writes, how fast they end, what reading committed records only costs.

The generator speaks the newer protocol with both brokers (transaction.version 2, KIP-890: Produce v12 adds its partition by
itself, EndTxn v5 raises the epoch, which is checked) and writes its plain batches in the same version. What is compared within
a broker runs in turn, so that both halves see the same moods of the machine.
"""

import os
import random
import statistics
import time
from collections import Counter

import rig
from cases import CONNECTIONS, FULL, IN_FLIGHT, PARTITIONS, Value, make_topic
from lib import wire

FIND_COORDINATOR, BY_TRANSACTIONAL_ID = 10, wire.i8(1)
CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1", "log.segment.delete.delay.ms": "0"}
READING_TURNS = 6
IDS = 10_000

# What a client sends that is full of records: one batch of its default size for each partition.
FULL_REQUESTS = dict(batch_bytes=16 << 10, batches_per_request=PARTITIONS)

# name, shape, how it is written, what ends a transaction
WRITING = (
    ("transactions of 100 ms", "requests of four 16-KiB batches", FULL_REQUESTS, {"transaction_ms": 100}),
    ("transactions of 10 records", "batches of 10 records", {"batch_bytes": 10_500}, {"transaction_batches": 1}),
)


class Sum:
    """Several runs of the generator: as if they were one (per), or one by one (median)."""

    def __init__(self, size):
        self.size, self.total, self.runs = size, Counter(), []

    def add(self, found):
        self.runs.append(found)
        self.total.update({key: found[key] for key in ("records", "bytes", "transactions", "seconds", "broker_cpu_s")})

    def per(self, what, unit):
        return self.total[what] / self.total[unit]

    def median(self, what, unit):
        return statistics.median(run[what] / run[unit] for run in self.runs)

    def median_ratio(self, other, what, unit):
        """Of this one's runs to those that ran beside them."""
        return statistics.median((run[what] / run[unit]) / (beside[what] / beside[unit]) for run, beside in zip(self.runs, other.runs))

    def how(self, *others):
        runs = [run for one in (self, *others) for run in one.runs]
        busy_max = self.size.busy_max
        return dict(steal=max(run["steal"] for run in runs), others=max(run["others"] for run in runs),
                    void=busy_max is not None and any(run["busy"] > busy_max for run in runs))


def load(one, topic, producers=CONNECTIONS, in_flight=IN_FLIGHT, **options):
    return rig.load(one, "transactions", topic=topic, partitions=PARTITIONS, producers=producers, connections=min(producers, 50),
                    in_flight=in_flight, record_bytes=1024, **options)


def await_coordinator(one):
    """FindCoordinator makes the topic of the coordinators."""
    with rig.connection(one) as connection:
        def error():
            answer = connection.request(FIND_COORDINATOR, 1, wire.string("awaited") + BY_TRANSACTIONAL_ID)
            answer.i32()
            return answer.i16()
        wire.until(error, lambda code: code == 0)


def warm_up(one, size):
    make_topic(one, "warm", PARTITIONS)
    end = time.monotonic() + size.warm_up_seconds
    while time.monotonic() < end:
        load(one, "warm", records=50_000, batch_bytes=64 << 10, plain=1)
        load(one, "warm", records=50_000, batch_bytes=64 << 10, transaction_ms=20)
        load(one, "warm", seconds=2, producers=50, in_flight=1, batch_bytes=1, transaction_batches=1)
        rig.load(one, "fetch", topic="warm", partitions=PARTITIONS, committed=1, uniform=0)


def write(one, size, topic, options):
    """One run into a topic of its own, which is gone when the next one begins."""
    make_topic(one, topic, PARTITIONS)
    rig.settle()
    found = load(one, topic, seconds=size.turn_seconds, **options)
    with rig.connection(one) as connection:
        wire.delete_topic(connection, topic)
    return found


def writing(one, size):
    """Plain and transactional writes one right after the other, many times, either of them first: the disk's mood changes
    within seconds and by more than what is looked for, which shows in the median of the pairs only."""
    first = random.Random(1)
    for title, shape, how, ends in WRITING:
        runs = {"plain": Sum(size), "transactional": Sum(size)}
        options = {"plain": dict(plain=1, **how), "transactional": dict(ends, **how)}
        for turn in range(size.turns):
            for kind in first.sample(sorted(runs), 2):
                runs[kind].add(write(one, size, f"{kind}-{turn}-of-{title.replace(' ', '-')}", options[kind]))
        plain, transactional = runs["plain"], runs["transactional"]
        yield Value(f"plain acks=all, {shape}: records per second", plain.median("records", "seconds"), **plain.how())
        yield Value(f"{title}: records per second", transactional.median("records", "seconds"), **transactional.how())
        yield Value(f"{title}: records per second, % of plain acks=all",
                    100 * transactional.median_ratio(plain, "records", "seconds"), **transactional.how(plain))
        yield Value(f"plain acks=all, {shape}: CPU-s per million records", 1e6 * plain.median("broker_cpu_s", "records"), **plain.how())
        yield Value(f"{title}: CPU-s per million records", 1e6 * transactional.median("broker_cpu_s", "records"), **transactional.how())


def one_record_each(one, size):
    for producers in (1, 50):
        topic = f"one-record-{producers}"
        make_topic(one, topic, PARTITIONS)
        os.sync()
        found = Sum(size)
        found.add(load(one, topic, seconds=size.latency_seconds, producers=producers, in_flight=1, batch_bytes=1,
                       transaction_batches=1))
        who = f"transactions of one record, {producers} producer{'s' * (producers > 1)}"
        yield Value(f"{who}: per second", found.per("transactions", "seconds"), **found.how())
        for name, key in (("p50", "p50_ms"), ("p99", "p99_ms")):
            yield Value(f"{who}: commit latency, {name}: ms", found.runs[0][key], **found.how())
        yield Value(f"{who}: CPU-s per thousand", 1e3 * found.per("broker_cpu_s", "transactions"), **found.how())


def reading(one, size):
    """Logs of many short transactions; both isolation levels read every byte of them, markers included."""
    for title, topic, abort_every in (("committed", "read-committed", 0), ("a fifth aborted", "read-aborted", 5)):
        make_topic(one, topic, PARTITIONS)
        load(one, topic, records=int(size.records * 0.25), batch_bytes=64 << 10, transaction_ms=10, abort_every=abort_every)
        found = {committed: Sum(size) for committed in (0, 1)}
        for turn in range(READING_TURNS):
            for committed in (0, 1) if turn % 2 else (1, 0):
                found[committed].add(rig.load(one, "fetch", topic=topic, partitions=PARTITIONS, committed=committed, uniform=0))
        assert found[0].total["records"] == found[1].total["records"], "an isolation level read another number of records"
        for committed, name in enumerate(("read_uncommitted", "read_committed")):
            yield Value(f"{name} of transactions, {title}: CPU-s per GB", 1e9 * found[committed].per("broker_cpu_s", "bytes"),
                        **found[committed].how())
        yield Value(f"read_committed of transactions, {title}: MB per second, % of read_uncommitted",
                    100 * found[1].per("bytes", "seconds") / found[0].per("bytes", "seconds"), **found[1].how(found[0]))


def transactions(kind, directory, durability, size):
    """One broker through all kinds of load."""
    with rig.broker(kind, directory, durability, rig.CPUS.broker, CONFIG) as one:
        one.start()
        await_coordinator(one)
        warm_up(one, size)
        yield from writing(one, size)
        yield from one_record_each(one, size)
        if durability == "page cache":
            yield from reading(one, size)


def transactional_ids(kind, directory, durability, size):
    """Memory of ids that committed one record each and then went away."""
    count = max(10, IDS * size.partitions // FULL.partitions)
    with rig.broker(kind, directory, durability, rig.CPUS.all, CONFIG) as one:
        one.start()
        await_coordinator(one)
        make_topic(one, "many", PARTITIONS)
        idle = memory_after_restart(one, size)
        load(one, "many", producers=count, in_flight=1, batch_bytes=1, transaction_batches=1, transactions_each=1)
        yield Value("memory per transactional id, after a restart: KiB", (memory_after_restart(one, size) - idle) * 1024 / count)


def memory_after_restart(one, size):
    one.stop()
    one.start()
    await_coordinator(one)
    time.sleep(size.settle_seconds)
    return rig.memory_mib(one)


CASES = ((transactions, "page cache"), (transactional_ids, "page cache"), (transactions, "fsync"))
