"""What the interoperability tests share: running clients and Kafka's tools against one broker."""

import itertools
import shutil
import subprocess
import threading

import pytest

import groups
from families import FAMILIES, compile_java
from lib import batch, machine, wire, wire_groups
from lib import broker as brokers

TOOL_SECONDS = 90
_names = itertools.count()


@pytest.fixture
def topic(request):
    """A topic name nobody used before; creating it is the test's own business."""
    return f"t{next(_names)}-{request.node.originalname.removeprefix('test_')[:60]}"


@pytest.fixture(scope="session")
def family():
    """family("java") is that client family, ready to run."""
    ready = {}

    def get(name):
        if name not in ready:
            if why := FAMILIES[name].missing():
                machine.missing(name, why)
            if name == "java":
                compile_java("JavaClient")
            ready[name] = FAMILIES[name]
        return ready[name]

    return get


@pytest.fixture(scope="session")
def run_java():
    """run_java("org.apache.kafka.tools.X", "--flag") runs one of Kafka's programs to its end."""
    if not shutil.which("java"):
        machine.missing("java", "no java")
    if not (brokers.JARS / "pom.xml").exists():
        machine.missing("kafka-tools", "Apache Kafka's jars are not in build/interop/jars")

    def run(main_class, *args, input=None, ok=True, text=True):
        done = subprocess.run(
            [*brokers.JAVA, *brokers.java_archive(), *brokers.java_classpath(), main_class,
             *map(str, args)],
            input=input, capture_output=True, text=text, timeout=TOOL_SECONDS)
        if ok:
            assert done.returncode == 0, f"{main_class} {args}:\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def tool(run_java, broker):
    """tool("TopicCommand", "--list") runs a tool of kafka-tools against the broker."""

    def run(name, *args, **how):
        main_class = name if name.startswith("kafka.") else f"org.apache.kafka.tools.{name}"
        return run_java(main_class, *args, "--bootstrap-server", broker.bootstrap, **how)

    return run


@pytest.fixture
def node_id(broker):
    with wire.Connection(broker.port) as connection:
        return str(wire.node_id(connection))


@pytest.fixture(scope="session")
def kcat():
    """kcat("-b", ..., input="...") runs kcat and returns its output as bytes."""
    if not shutil.which("kcat"):
        machine.missing("kcat", "no kcat")

    def run(*args, input=None, ok=True):
        done = subprocess.run(["kcat", *map(str, args)], input=input, capture_output=True,
                              timeout=TOOL_SECONDS,
                              stdin=subprocess.DEVNULL if input is None else None)
        if ok:
            assert done.returncode == 0, f"kcat {args}:\n{done.stderr.decode()}"
        return done

    return run


@pytest.fixture
def admin_topic(broker):
    """admin_topic(name, partitions=3, **configs) creates a topic without any client under test."""

    def create(name, partitions=1, **configs):
        named = [(key.replace("_", "."), str(value)) for key, value in configs.items()]
        with wire.Connection(broker.port) as connection:
            return wire.make_topic(connection, name, partitions, configs=named)

    return create


@pytest.fixture
def fill(broker, admin_topic):
    """fill(topic, [b"a", b"b"], timestamps=[...]) creates it with one batch for each value."""

    def write(topic, values, timestamps=None, partitions=1):
        admin_topic(topic, partitions)
        with wire.Connection(broker.port) as connection:
            for n, value in enumerate(values):
                at = timestamps[n] if timestamps else None
                error = wire.produce(connection, topic, 0, batch.batch([value], timestamp=at))[0]
                assert error == 0
        return topic

    return write


@pytest.fixture(scope="session")
def family_ready(family):
    """family_ready("java"): that family, or kcat, can be had here; else the test ends."""

    def check(name):
        if name != "kcat":
            family(name)
            if name == "java":
                compile_java("JavaHost", "JavaMember")
                compile_java("JavaTransactor")
        elif not shutil.which("kcat"):
            machine.missing("kcat", "no kcat")

    return check


@pytest.fixture(scope="session")
def java_host(family_ready):
    """java_host(): the JVM for members and tools, started when first wanted."""
    hosts, changed = [], threading.Condition()

    def get():
        if not hosts:
            family_ready("java")
            hosts.append(groups.JavaHost(changed))
        return hosts[0]

    get.changed = changed
    yield get
    for host in hosts:
        host.kill()


@pytest.fixture
def crowd(broker, java_host, family_ready):
    """crowd.join("java-classic", group, topic) starts a member of a group; see groups.py."""
    crowd = groups.Crowd(broker.bootstrap, java_host, java_host.changed, family_ready)
    yield crowd
    crowd.end()


@pytest.fixture
def group(topic):
    """A group nobody used before."""
    return f"group-of-{topic}"


@pytest.fixture
def write(broker):
    """write(topic, partition, ["a", "b"]) adds records, a batch each."""

    def write(topic, partition, values, timestamps=None):
        with wire.Connection(broker.port) as connection:
            for n, value in enumerate(values):
                at = timestamps[n] if timestamps else None
                raw = batch.batch([value.encode()], timestamp=at)
                assert wire.produce(connection, topic, partition, raw)[0] == 0
        return list(values)

    return write


@pytest.fixture
def committed(broker):
    """committed(group, topic, partition) is the group's offset, -1 if there is none."""

    def look(group, topic, partition=0):
        with wire.Connection(broker.port) as connection:
            offset, error = wire_groups.fetch_offset(connection, group, topic, partition)
        assert error == 0
        return offset

    return look


@pytest.fixture
def commit(broker):
    """commit(group, {(topic, partition): offset}) makes a group without members."""

    def commit(group, offsets):
        with wire.Connection(broker.port) as connection:
            wire_groups.make_group(connection, group, offsets)

    return commit


@pytest.fixture
def quick_tool(java_host, broker):
    """As `tool`, in the JVM that is there already; returns (exit code, output, errors)."""

    def run(name, *args, bootstrap=True):
        main_class = name if name.startswith("kafka.") else f"org.apache.kafka.tools.{name}"
        where = ["--bootstrap-server", broker.bootstrap] if bootstrap else []
        return java_host().run_tool(main_class, [*map(str, args), *where])

    return run


@pytest.fixture(scope="session")
def reader():
    """reader(bootstrap, topic, partitions, isolation): the values a consumer is given by now, in their order."""

    def read(bootstrap, topic, partitions, isolation):
        from confluent_kafka import Consumer, KafkaError, TopicPartition

        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
                             "auto.offset.reset": "error", "isolation.level": isolation, "enable.partition.eof": True})
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
        values, ended = [], set()
        while len(ended) < partitions:
            message = consumer.poll(TOOL_SECONDS)
            assert message is not None, f"{topic} was not read to its end: {len(ended)} of {partitions} partitions"
            if not message.error():
                values.append(message.value().decode())
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
            else:
                raise AssertionError(str(message.error()))
        consumer.close()
        return values

    return read
