"""Members of consumer groups as processes: what a test says to them and what it awaits from them.

Nothing here sleeps: a member prints an event for everything that happens to it (clients/README.md),
and a test waits until what it knows of its members satisfies it.
"""

import collections
import itertools
import json
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass

from families import CLIENTS, DEBIAN_PYTHON, NEWEST_PYTHON
from lib import broker as brokers

SECONDS = 90
OPTIONS = {
    "topics": None, "pattern": None, "instance": None, "assignors": [], "reset": "earliest",
    "auto_commit_ms": 0, "session_ms": 6000, "heartbeat_ms": 500, "metadata_ms": 1000,
}
# Of every broker in these tests: a session that ends soon, and nothing that waits for more members.
# librdkafka 2.16 takes a heartbeat for lost that is not answered within the interval, at least 1 s, and
# then never hears of what the answer assigned or took: a shorter interval fails on a busy machine.
BROKER_CONFIG = {
    "offsets.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.session.timeout.ms": "6000", "group.consumer.min.session.timeout.ms": "6000",
    "group.consumer.heartbeat.interval.ms": "2000",
    "group.consumer.min.heartbeat.interval.ms": "500",
}


@dataclass(frozen=True)
class Kind:
    """One client family as group members, and what it can do."""

    name: str
    family: str  # of families.py, which knows what it needs
    command: tuple = ()
    protocol: str = "classic"
    java: bool = False


def _python(interpreter, program):
    return interpreter, str(CLIENTS / program)


KINDS = {kind.name: kind for kind in [
    Kind("kcat", "kcat"),
    Kind("confluent-debian", "confluent-debian", _python(DEBIAN_PYTHON, "confluent_member.py")),
    Kind("confluent-newest", "confluent-newest", _python(NEWEST_PYTHON, "confluent_member.py")),
    Kind("confluent-consumer", "confluent-newest", _python(NEWEST_PYTHON, "confluent_member.py"),
         protocol="consumer"),
    Kind("kafka-python-debian", "kafka-python-debian",
         _python(DEBIAN_PYTHON, "kafka_python_member.py")),
    Kind("kafka-python-newest", "kafka-python-newest",
         _python(NEWEST_PYTHON, "kafka_python_member.py")),
    Kind("java-classic", "java", java=True),
    Kind("java-consumer", "java", java=True, protocol="consumer"),
    Kind("franz-go", "franz-go", (str(brokers.INTEROP / "franz"), "member")),
    Kind("kafkajs", "kafkajs", ("node", str(CLIENTS / "kafkajs" / "member.js"))),
]}


class Process:
    """A client program: lines in, lines out. Whoever it is about is told of each line."""

    def __init__(self, command, changed, on_line, on_error_line=None):
        self.changed, self.errors = changed, collections.deque(maxlen=40)
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace", env={
                **os.environ, "KAFKAJS_HOME": str(brokers.INTEROP / "kafkajs"),
                "NODE_NO_WARNINGS": "1", "KAFKAJS_NO_PARTITIONER_WARNING": "1"})
        self.readers = [
            threading.Thread(target=self._read, args=(self.child.stdout, on_line), daemon=True),
            threading.Thread(target=self._read, args=(self.child.stderr, on_error_line or self._keep),
                             daemon=True)]
        for reader in self.readers:
            reader.start()

    def _keep(self, line):
        self.errors.append(line)

    def _read(self, stream, on_line):
        for line in stream:
            with self.changed:
                on_line(line.rstrip("\n"))
                self.changed.notify_all()
        stream.close()

    def send(self, command):
        self.child.stdin.write(json.dumps(command) + "\n")
        self.child.stdin.flush()

    def kill(self):
        if self.child.stdin.closed:
            return
        self.child.kill()
        self.child.wait()
        for reader in self.readers:
            reader.join(SECONDS)
        self.child.stdin.close()


class Member:
    """What a test knows of one member, and what it can tell it."""

    def __init__(self, kind, name, crowd):
        self.kind, self.name, self.crowd = kind, name, crowd
        self.events = []
        self.owned = set()
        self.records = []  # (topic, partition, offset, value)
        self.taken = []  # partitions that were revoked or lost, in this order
        self.process = None

    def take(self, event):
        """One event of the member; the crowd's lock is held."""
        self.events.append(event)
        partitions = [tuple(pair) for pair in event.get("partitions", ())]
        if event["event"] == "assigned":
            self.owned.update(partitions)
        elif event["event"] in ("revoked", "lost"):
            self.owned.difference_update(partitions)
            self.taken.extend(partitions)
        elif event["event"] == "record":
            self.records.append(tuple(event[key] for key in ("topic", "partition", "offset",
                                                             "value")))

    def count(self, what):
        return sum(event["event"] == what for event in self.events)

    @property
    def values(self):
        return [value for _, _, _, value in self.records]

    def tell(self, do, then=None, **how):
        """Sends a command, and waits for the event that says it is done."""
        before = self.count(then) if then else 0
        self._send({"do": do, **how})
        if then:
            self.crowd.until(lambda: self.count(then) > before, f"{self.name} to have {then}")

    def commit(self, *offsets, later=False):
        self.tell("commit", then="committed", later=later, offsets=[list(at) for at in offsets])

    def pause(self, topic, partition):
        self.tell("pause", then="paused", topic=topic, partition=partition)

    def resume(self, topic, partition):
        self.tell("resume", then="resumed", topic=topic, partition=partition)

    def seek(self, topic, partition, offset):
        self.tell("seek", then="sought", topic=topic, partition=partition, offset=offset)

    def leave(self):
        """Goes as an orderly program does."""
        self.tell("leave", then="left")

    def kill(self):
        """kill -9, or what comes closest: the broker is told nothing."""
        self.process.kill()

    def _send(self, command):
        self.process.send(command)

    def __repr__(self):
        tail = "\n    ".join(json.dumps(event) for event in self.events[-30:])
        errors = "\n    ".join(self.process.errors) if self.process else ""
        return f"{self.name} owns {sorted(self.owned)}\n    {tail}\n  stderr:\n    {errors}\n"


class JavaMember(Member):
    """Lives in a JVM with others, unless it was started in one of its own."""

    def _send(self, command):
        self.process.send({"member": self.name, **command})


class KcatMember(Member):
    """kcat obeys no commands: it reads, commits by itself, and leaves on SIGTERM."""

    REBALANCED = re.compile(r"% Group .* rebalanced .*?: (assigned|revoked): (.*)$")
    PARTITION = re.compile(r"(\S+) \[(\d+)\]")

    @staticmethod
    def command(bootstrap, options):
        settings = {
            "auto.offset.reset": options["reset"], "session.timeout.ms": options["session_ms"],
            "heartbeat.interval.ms": options["heartbeat_ms"],
            "auto.commit.interval.ms": options["auto_commit_ms"] or 5000,
            "topic.metadata.refresh.interval.ms": options["metadata_ms"]}
        words = [word for key, value in settings.items() for word in ("-X", f"{key}={value}")]
        return ["kcat", "-b", bootstrap, *words, "-u", "-J", "-G", options["group"],
                *(options["topics"] or ["^" + options["pattern"]])]

    def on_line(self, line):
        said = json.loads(line)
        self.take({"event": "record", "topic": said["topic"], "partition": said["partition"],
                   "offset": said["offset"], "value": said["payload"]})

    def on_error_line(self, line):
        self.process.errors.append(line)
        if found := self.REBALANCED.search(line):
            pairs = [[topic, int(index)] for topic, index in self.PARTITION.findall(found[2])]
            self.take({"event": found[1], "partitions": pairs})

    def leave(self):
        self.process.child.send_signal(signal.SIGTERM)
        self.process.child.wait(SECONDS)


class JavaHost(Process):
    """The JVM that all Java members of a session share, and that runs Kafka's tools."""

    def __init__(self, changed):
        command = [*brokers.JAVA, "-Xmx512m", *brokers.java_classpath(), "JavaHost"]
        self.members, self.results = {}, []
        super().__init__(command, changed, self._on_line)

    def _on_line(self, line):
        event = json.loads(line)
        if event["event"] == "tool":
            self.results.append(event)
        elif event["member"] in self.members:
            self.members[event["member"]].take(event)

    def run_tool(self, main_class, args):
        """Returns (exit code, output, errors) of one of Kafka's programs."""
        before = len(self.results)
        self.send({"tool": main_class, "args": args})
        with self.changed:
            ended = self.changed.wait_for(lambda: len(self.results) > before, SECONDS)
        assert ended, f"{main_class} {args} does not end"
        result = self.results[-1]
        return result["code"], result["out"], result["err"]


class Crowd:
    """The members of one test. What is left of them at its end is killed."""

    names = itertools.count()

    def __init__(self, bootstrap, java_host, changed, ready):
        self.bootstrap, self.java_host, self.changed = bootstrap, java_host, changed
        self.ready = ready  # names a family that must be there
        self.members = []
        self.doomed_host = None

    def join(self, kind, group, topics=None, doomed=False, **options):
        """Starts a member; doomed puts one in Java into a JVM that can be killed."""
        kind = KINDS[kind]
        self.ready(kind.family)
        cls = JavaMember if kind.java else KcatMember if kind.name == "kcat" else Member
        member = cls(kind, f"{kind.name}-{next(self.names)}", self)
        how = {**OPTIONS, "group": group, "protocol": kind.protocol,
               "topics": [topics] if isinstance(topics, str) else topics, **options}
        self.members.append(member)
        if kind.java:
            self._join_java(member, how, doomed)
        elif kind.name == "kcat":
            with self.changed:  # its first line must find the process in its place
                member.process = Process(member.command(self.bootstrap, how), self.changed,
                                         member.on_line, member.on_error_line)
        else:
            member.process = Process(
                [*kind.command, self.bootstrap, json.dumps(how)], self.changed,
                lambda line: member.take(json.loads(line)))
        return member

    def _join_java(self, member, how, doomed):
        if doomed and self.doomed_host is None:
            self.doomed_host = JavaHost(self.changed)
        member.process = self.doomed_host if doomed else self.java_host()
        member.process.members[member.name] = member
        member._send({"do": "join", "bootstrap": self.bootstrap, "options": how})

    def gather(self, kinds, group, topics, partitions, **options):
        """Joins members one after another, each when those before it have settled.

        kafka-python 3.0 wants it so: when another member joins while it still looks for its topics,
        it gives up what it has and waits for ever, with Apache Kafka as well.
        """
        members = []
        for kind in kinds:
            members.append(self.join(kind, group, topics, **options))
            self.until_shared(members, partitions)
        return members

    def until(self, satisfied, what):
        with self.changed:
            ok = self.changed.wait_for(satisfied, SECONDS)
        assert ok, f"waited in vain for {what}\n" + "\n".join(map(repr, self.members))

    def until_owns(self, member, partitions):
        wanted = set(partitions)
        self.until(lambda: member.owned == wanted, f"{member.name} to own {sorted(wanted)}")

    def until_shared(self, members, partitions):
        """Waits until each partition has one owner and each member some partition."""
        wanted = sorted(partitions)

        def shared():
            owned = [pair for member in members for pair in member.owned]
            return sorted(owned) == wanted and all(member.owned for member in members)

        self.until(shared, f"{[m.name for m in members]} to share {wanted}")

    def until_read(self, values, *members):
        """Waits until these members together have read all the values."""
        wanted = set(values)
        self.until(lambda: wanted <= {v for m in members or self.members for v in m.values},
                   f"{len(wanted)} values to be read")

    def end(self):
        for member in self.members:
            if isinstance(member, JavaMember) and member.process is self.java_host():
                if not member.count("left") and not member.count("error"):
                    member._send({"do": "leave"})
            elif member.process is not None:
                member.process.kill()


def partitions_of(topic, count):
    return [(topic, index) for index in range(count)]
