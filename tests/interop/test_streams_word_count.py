"""Kafka Streams counts words with exactly_once_v2, killed in between: every count from 1 on is committed once."""

import subprocess
import time

import pytest

import transactors
from families import compile_java
from lib import batch, machine, wire
from lib import broker as brokers

BROKER_CONFIG = transactors.BROKER_CONFIG
STREAMS = brokers.INTEROP / "streams"
WORDS, LINES, SECONDS = ("to", "be", "or", "not"), 300, 180


@pytest.fixture
def application(broker, family_ready, topic, tmp_path):
    family_ready("java")
    if not list(STREAMS.glob("*.jar")):
        machine.missing("kafka-streams", "Kafka Streams is not in build/interop/streams")
    compile_java("StreamsWordCount")
    settings, _, path = brokers.java_classpath()
    started = []

    def start():
        command = [*brokers.JAVA, settings, "-cp", f"{path}:{STREAMS}/*", "StreamsWordCount", broker.bootstrap,
                   f"app-{topic}", f"{topic}-in", topic, str(tmp_path / "state")]
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=(tmp_path / f"{len(started)}.err").open("w")))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_every_count_is_committed_once(broker, application, admin_topic, reader, topic):
    admin_topic(topic)
    admin_topic(f"{topic}-in", 2)

    def feed(lines):
        now = int(time.time() * 1000)
        with wire.Connection(broker.port) as connection:
            for number in range(lines):
                raw = batch.batch([" ".join(WORDS).encode()], timestamp=now)
                assert wire.produce(connection, f"{topic}-in", number % 2, raw)[0] == 0

    def counted():
        return len(reader(broker.bootstrap, topic, 1, "read_committed"))

    feed(LINES)
    first = application()
    wire.until(counted, lambda count: count > 0, seconds=SECONDS)
    feed(LINES)
    first.kill()
    first.wait()
    feed(LINES)
    application()
    total = 3 * LINES
    wire.until(counted, lambda count: count >= total * len(WORDS), seconds=SECONDS)
    values = reader(broker.bootstrap, topic, 1, "read_committed")
    for word in WORDS:
        assert [value for value in values if value.split()[0] == word] == [f"{word} {n}" for n in range(1, total + 1)]
