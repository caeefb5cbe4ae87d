"""Transactions: what they cost beside plain writes, how fast they end, what reading committed records only costs.

The generator speaks the newer protocol with both brokers (transaction.version 2, KIP-890: Produce v12 adds its partition by
itself, EndTxn v5 raises the epoch, which is checked) and writes its plain batches in the same version. What is compared within
a broker runs in turn, so that both halves see the same moods of the machine.
"""

import os
import time
from collections import Counter

import rig
from cases import CONNECTIONS, FULL, IN_FLIGHT, PARTITIONS, Value, make_topic
from lib import wire

FIND_COORDINATOR, BY_TRANSACTIONAL_ID = 10, wire.i8(1)
CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1"}
TURNS = 3
IDS = 10_000

# name, bytes of a batch of 1-KiB records, share of Size.records, what ends a transaction
WRITING = (
    ("transactions of 100 ms", "64-KiB batches", 64 << 10, 0.3, {"transaction_ms": 100}),
    ("transactions of 10 records", "batches of 10 records", 10_500, 0.05, {"transaction_batches": 1}),
)


class Sum:
    """Several runs of the generator, as if they were one."""

    def __init__(self, size):
        self.size, self.total, self.runs = size, Counter(), []

    def add(self, found):
        self.runs.append(found)
        self.total.update({key: found[key] for key in ("records", "bytes", "transactions", "seconds", "broker_cpu_s")})

    def per(self, what, unit):
        return self.total[what] / self.total[unit]

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


def writing(one, size, records):
    for title, shape, batch_bytes, share, ends in WRITING:
        topic = title.replace(" ", "-")
        make_topic(one, topic, PARTITIONS)
        plain, transactional = Sum(size), Sum(size)
        options = dict(records=int(records * share / TURNS), batch_bytes=batch_bytes)
        for _ in range(TURNS):
            os.sync()
            plain.add(load(one, topic, plain=1, **options))
            os.sync()
            transactional.add(load(one, topic, **ends, **options))
        yield Value(f"plain acks=all, {shape}: records per second", plain.per("records", "seconds"), **plain.how())
        yield Value(f"{title}: records per second", transactional.per("records", "seconds"), **transactional.how())
        both = transactional.how(plain)
        yield Value(f"{title}: records per second, % of plain acks=all",
                    100 * transactional.per("records", "seconds") / plain.per("records", "seconds"), **both)
        yield Value(f"plain acks=all, {shape}: CPU-s per million records", 1e6 * plain.per("broker_cpu_s", "records"), **plain.how())
        yield Value(f"{title}: CPU-s per million records", 1e6 * transactional.per("broker_cpu_s", "records"), **transactional.how())


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


def reading(one, size, records):
    """Logs of many short transactions; both isolation levels read every byte of them, markers included."""
    for title, topic, abort_every in (("committed", "read-committed", 0), ("a fifth aborted", "read-aborted", 5)):
        make_topic(one, topic, PARTITIONS)
        load(one, topic, records=int(records * 0.25), batch_bytes=64 << 10, transaction_ms=10, abort_every=abort_every)
        found = {committed: Sum(size) for committed in (0, 1)}
        for turn in range(2 * TURNS):
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
    records = size.records * (size.fsync_share if durability == "fsync" else 1)
    with rig.broker(kind, directory, durability, rig.CPUS.broker, CONFIG) as one:
        one.start()
        await_coordinator(one)
        warm_up(one, size)
        yield from writing(one, size, records)
        yield from one_record_each(one, size)
        if durability == "page cache":
            yield from reading(one, size, records)


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
