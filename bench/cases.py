"""The measurements. Each yields (name, value) pairs; a name has one unit and one row of the table."""

import math
import time
from dataclasses import dataclass

import rig
from lib import batch, wire

CONNECTIONS, IN_FLIGHT, PARTITIONS = 4, 5, 4
LATENCY_BATCH_BYTES = 16 << 10
RATES_MB_S = (5, 20)


@dataclass(frozen=True)
class Shape:
    key: str
    title: str
    record_bytes: int
    batch_bytes: int  # 1: one record a request
    share: float      # of Size.records, so that all take about as long


SHAPES = (
    Shape("64k-1k", "1-KiB records, 64-KiB batches", 1024, 64 << 10, 1.0),
    Shape("64k-100", "100-byte records, 64-KiB batches", 100, 64 << 10, 6.0),
    Shape("1-1k", "one 1-KiB record a request", 1024, 1, 0.15),
)


@dataclass(frozen=True)
class Size:
    """How much of everything a run does."""

    records: int = 2_000_000          # of 1 KiB in large batches, written to the page cache
    fsync_share: float = 0.25
    latency_seconds: float = 20
    turns: int = 12                   # of plain and transactional writes
    turn_seconds: float = 1.5
    warm_up_seconds: float = 30
    settle_seconds: float = 5
    partitions: int = 1000
    recovery_gib: float = 10
    busy_max: float = 0.9             # a generator busier than this was the bottleneck: void
    steal_max: float = 0.02           # of the machine; with more, the sample says what the host did: void


FULL = Size()
SMOKE = Size(records=4_000, latency_seconds=0.4, turns=1, turn_seconds=0.2, warm_up_seconds=0, settle_seconds=0.2, partitions=40,
             recovery_gib=0.02, busy_max=math.inf, steal_max=math.inf)


@dataclass
class Value:
    name: str
    value: float
    steal: float = 0.0
    others: float = 0.0
    void: bool = False


def produce_options(shape, topic, records):
    return dict(topic=topic, partitions=PARTITIONS, connections=CONNECTIONS, in_flight=IN_FLIGHT, records=int(records),
                record_bytes=shape.record_bytes, batch_bytes=shape.batch_bytes)


def make_topic(one, topic, partitions):
    with rig.connection(one) as connection:
        wire.make_topic(connection, topic, partitions)


def warm_up(one, size):
    """Until the time is over, every shape in turn: Java compiles what runs often."""
    topics = {f"warm-{shape.key}": shape for shape in SHAPES}
    for topic in topics:
        make_topic(one, topic, PARTITIONS)
    end = time.monotonic() + size.warm_up_seconds
    while time.monotonic() < end:
        for topic, shape in topics.items():
            rig.load(one, "produce", **produce_options(shape, topic, 100_000 * shape.share))
            rig.load(one, "fetch", topic=topic, partitions=PARTITIONS)


def is_void(found, size):
    return found["busy"] > size.busy_max or found["steal"] > size.steal_max


def cpu_values(what, shape, found, size):
    how = dict(steal=found["steal"], others=found["others"], void=is_void(found, size))
    cpu = found["broker_cpu_s"]
    yield Value(f"{what} {shape.title}: CPU-s per million records", cpu * 1e6 / found["records"], **how)
    yield Value(f"{what} {shape.title}: CPU-s per GB", cpu * 1e9 / found["bytes"], **how)


def loaded(kind, directory, durability, size):
    """One broker through all the load."""
    with rig.broker(kind, directory, durability, rig.CPUS.broker) as one:
        one.start()
        warm_up(one, size)
        records = size.records * (size.fsync_share if durability == "fsync" else 1)
        for shape in SHAPES:
            make_topic(one, shape.key, PARTITIONS)
            rig.settle()
            found = rig.load(one, "produce", **produce_options(shape, shape.key, records * shape.share))
            yield from cpu_values("produce", shape, found, size)
        if durability == "page cache":
            rig.settle()
            for shape in SHAPES:
                found = rig.load(one, "fetch", topic=shape.key, partitions=PARTITIONS)
                yield from cpu_values("fetch", shape, found, size)
        yield from latencies(one, size)
        if durability == "page cache":
            yield Value("resident memory, highest under load: MiB", rig.memory_mib(one, "VmHWM"))


def latencies(one, size):
    make_topic(one, "paced", PARTITIONS)
    shape = Shape("paced", "", 1024, LATENCY_BATCH_BYTES, 1)
    for rate in RATES_MB_S:
        rig.settle()
        options = produce_options(shape, "paced", rate * 1e6 / 1024 * size.latency_seconds)
        found = rig.load(one, "produce", **options, mb_per_s=rate)
        void = is_void(found, size)
        for name, key in (("p50", "p50_ms"), ("p99", "p99_ms"), ("p99.9", "p999_ms")):
            yield Value(f"produce latency at {rate} MB/s, {name}: ms", found[key], found["steal"], found["others"], void)


def start(kind, directory, durability, size):
    """An empty directory, and what a broker without work holds."""
    with rig.broker(kind, directory, durability, rig.CPUS.all) as one:
        yield Value("start to first acknowledged record, empty directory: ms", rig.launch_timed(one, "first", create=True))
        time.sleep(size.settle_seconds)
        if durability == "page cache":
            yield Value("resident memory, idle: MiB", rig.memory_mib(one))


def idle_partitions(kind, directory, durability, size):
    """Memory of partitions that nobody uses, and how soon a killed broker has them back."""
    with rig.broker(kind, directory, durability, rig.CPUS.all) as one:
        idle = {}
        one.start()
        time.sleep(size.settle_seconds)
        idle[0] = rig.memory_mib(one)
        make_topic(one, "many", size.partitions)
        put_one_record_each(one, "many", size.partitions)
        one.stop()
        one.start()
        time.sleep(size.settle_seconds)
        idle[size.partitions] = rig.memory_mib(one)
        yield Value("memory per idle partition: KiB", (idle[size.partitions] - idle[0]) * 1024 / size.partitions)
        one.kill()
        yield Value("kill -9 to first acknowledged record, 1,000 partitions: ms", rig.launch_timed(one, "many", create=False))


def put_one_record_each(one, topic, partitions):
    records = batch.batch([b"x" * 1024])
    with rig.connection(one) as connection:
        for partition in range(partitions):
            error = wire.produce(connection, topic, partition, records)[0]
            if error != 0:
                raise RuntimeError(f"{topic}-{partition}: error {error}")


def recovery(kind, directory, durability, size):
    """A log that was never flushed as a whole, a kill, and the way back. Segments are not full: all of it is scanned."""
    partitions = max(1, math.ceil(size.recovery_gib))
    with rig.broker(kind, directory, durability, rig.CPUS.all) as one:
        one.start()
        make_topic(one, "long", partitions)
        rig.settle()
        options = produce_options(SHAPES[0], "long", size.recovery_gib * (1 << 20) * 0.97) | {"partitions": partitions}
        rig.load(one, "produce", **options)
        one.kill()
        yield Value("kill -9 to first acknowledged record, long log: ms", rig.launch_timed(one, "long", create=False))


# In the order of the table. What a log without flushes costs after a kill, and idle memory, is measured once.
CASES = ((loaded, "page cache"), (start, "page cache"), (idle_partitions, "page cache"), (recovery, "page cache"),
         (loaded, "fsync"), (start, "fsync"))
# Differs from a case before it by a number only; --smoke leaves it out.
ALREADY_PROVEN = (start, "fsync")
