"""Transactional producers as processes: a test tells them what to do, one thing after the other.

A transactor answers each command with one line (clients/README.md). `do` fails on an error;
`try_to` returns it.
"""

import json
import threading
from dataclasses import dataclass

from families import CLIENTS, DEBIAN_PYTHON, NEWEST_PYTHON
from groups import Process
from lib import broker as brokers

SECONDS = 120
OLDER_CLIENT = brokers.INTEROP / "older"
# Of every broker in these tests: coordinators that fit one machine, and expired transactions are seen at once.
BROKER_CONFIG = {
    "transaction.state.log.num.partitions": "1", "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
}


@dataclass(frozen=True)
class Kind:
    """One client as a transactional producer."""

    name: str
    family: str  # of families.py, which knows what it needs
    command: tuple
    has_consumer: bool = True  # a group member beside the producer
    protocols: tuple = ("classic",)


def _java(*classpath):
    settings, _, path = brokers.java_classpath()
    return (*brokers.JAVA, settings, "-cp", ":".join([*map(str, classpath), path]), "JavaTransactor")


# java-older speaks the transaction protocol from before KIP-890, as librdkafka and kafkajs do.
KINDS = {kind.name: kind for kind in [
    Kind("java", "java", _java(), protocols=("classic", "consumer")),
    Kind("java-older", "java", _java(OLDER_CLIENT / "*"), protocols=("classic", "consumer")),
    Kind("confluent-debian", "confluent-debian", (DEBIAN_PYTHON, str(CLIENTS / "confluent_transactor.py"))),
    Kind("confluent-newest", "confluent-newest", (NEWEST_PYTHON, str(CLIENTS / "confluent_transactor.py")),
         protocols=("classic", "consumer")),
    Kind("franz-go", "franz-go", (str(brokers.INTEROP / "franz"), "transactor"), has_consumer=False),
    Kind("kafkajs", "kafkajs", ("node", str(CLIENTS / "kafkajs" / "transactor.js")), has_consumer=False),
]}
MEMBERS = [(kind.name, protocol) for kind in KINDS.values() if kind.has_consumer for protocol in kind.protocols]


class Transactor:
    def __init__(self, kind, bootstrap, transactional_id, timeout_ms=60000, group=None, topic=None,
                 protocol="classic"):
        options = {"transactional_id": transactional_id, "timeout_ms": timeout_ms, "group": group or "",
                   "topic": topic, "protocol": protocol}
        self.kind, self.answers, self.changed = kind, [], threading.Condition()
        self.process = Process([*KINDS[kind].command, bootstrap, json.dumps(options)], self.changed,
                               lambda line: self.answers.append(json.loads(line)))

    def tell(self, do, **command):
        """Sends a command without waiting; returns how to wait for its answer."""
        asked = len(self.answers)
        self.process.send({"do": do, **command})

        def answer():
            with self.changed:
                came = self.changed.wait_for(lambda: len(self.answers) > asked, SECONDS)
            assert came, f"{self.kind} did not answer to {do}:\n" + "\n".join(self.process.errors)
            return self.answers[asked]

        return answer

    def try_to(self, do, **command):
        return self.tell(do, **command)()

    def do(self, do, **command):
        answer = self.try_to(do, **command)
        assert "error" not in answer, f"{self.kind} {do}: {answer}"
        return answer

    def start(self):
        """Ready to begin, with everything of an earlier instance of its id ended."""
        self.do("init")
        return self

    def begin_and_send(self, *records):
        self.do("begin")
        return self.do("send", records=[list(record) for record in records])["offsets"]

    def kill(self):
        self.process.kill()
