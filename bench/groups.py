"""Consumer groups: how soon a group settles, what commits cost, how soon offsets are back after a restart.

Members speak the protocol by hand (no client library would be as idle), heartbeat every 100 ms, and hand back and take
partitions at once: what is measured is the coordinator.
"""

import threading
import time
import uuid

import rig
from cases import FULL, Value
from lib import wire
from lib.wire import array, blob, i16, i32, string

JOIN_GROUP, HEARTBEAT, SYNC_GROUP, FIND_COORDINATOR, CONSUMER_GROUP_HEARTBEAT = 11, 12, 14, 10, 68
OFFSET_COMMIT = 8
REBALANCE_IN_PROGRESS = 27
TOPIC = "watched"
MEMBERS = 10
HEARTBEAT_SECONDS = 0.1
SETTLE_SECONDS_MAX = 120
SESSION_MS = 6000
# One partition of offsets, so that whoever finds its group loaded finds all of them loaded.
CONFIG = {"offsets.topic.num.partitions": "1",
          "group.consumer.session.timeout.ms": "6000", "group.consumer.min.session.timeout.ms": "6000",
          "group.consumer.heartbeat.interval.ms": "1000", "group.consumer.min.heartbeat.interval.ms": "1000"}


class Board:
    """Where members write what they hold, and the bench waits until it fits together."""

    def __init__(self):
        self.changed = threading.Condition()
        self.held = {}
        self.failures = []

    def note(self, member, epoch, partitions):
        with self.changed:
            self.held[member] = (epoch, frozenset(partitions))
            self.changed.notify_all()

    def forget(self, member):
        with self.changed:
            self.held.pop(member, None)

    def fail(self, why):
        with self.changed:
            self.failures.append(why)
            self.changed.notify_all()

    def wait_settled(self, members, partitions):
        """Until so many members of one epoch hold every partition once. Returns the instant."""
        def settled():
            held = self.held.values()
            sizes = [len(each) for _, each in held]
            return bool(self.failures) or (
                len(held) == members and len({epoch for epoch, _ in held}) == 1 and sum(sizes) == partitions
                and max(sizes) - min(sizes) <= 1 and len(frozenset().union(*(each for _, each in held))) == partitions)
        with self.changed:
            done = self.changed.wait_for(settled, SETTLE_SECONDS_MAX)
            if self.failures or not done:
                raise RuntimeError(f"the group did not settle: {self.failures[:1] or 'timeout'}")
            return time.monotonic()


class Member(threading.Thread):
    """Lives until die(), which only closes the connection."""

    def __init__(self, one, board, partitions):
        super().__init__(daemon=True)
        self.connection = rig.connection(one)
        self.board, self.partitions = board, partitions
        self.dying = threading.Event()
        self.start()

    def die(self):
        self.dying.set()
        self.board.forget(self)
        self.join()
        self.connection.close()

    def run(self):
        try:
            self.live()
        except (OSError, ValueError, RuntimeError) as error:
            if not self.dying.is_set():
                self.board.fail(repr(error))

    def live(self):
        raise NotImplementedError


class ClassicMember(Member):
    member_id = ""

    def live(self):
        while not self.dying.is_set():
            generation, held = self.join_and_sync()
            if not self.dying.is_set():
                self.board.note(self, generation, held)
            while not self.dying.wait(HEARTBEAT_SECONDS):
                answer = self.connection.request(HEARTBEAT, 1, string("classic") + i32(generation) + string(self.member_id))
                answer.i32()
                error = answer.i16()
                if error == REBALANCE_IN_PROGRESS:
                    break
                if error != 0:
                    raise RuntimeError(f"Heartbeat: error {error}")

    def join_and_sync(self):
        error = REBALANCE_IN_PROGRESS
        while error == REBALANCE_IN_PROGRESS:
            generation, self.member_id, others = read_join(self.connection.request(
                JOIN_GROUP, 2, join_body("classic", self.member_id)))
            plan = assignments(others, self.partitions)
            error, held = read_sync(self.connection.request(SYNC_GROUP, 1, sync_body("classic", generation, self.member_id, plan)))
        if error != 0:
            raise RuntimeError(f"SyncGroup: error {error}")
        return generation, held


def join_body(group, member_id):
    subscription = i16(0) + array([string(TOPIC)]) + blob(None)
    return (string(group) + i32(SESSION_MS) + i32(60_000) + string(member_id) + string("consumer")
            + array([string("range") + blob(subscription)]))


def read_join(answer):
    """(generation, own id, ids of the members if this one leads)."""
    answer.i32()
    if error := answer.i16():
        raise RuntimeError(f"JoinGroup: error {error}")
    generation, _protocol, _leader, own = answer.i32(), answer.string(), answer.string(), answer.string()
    return generation, own, [member for member, _ in answer.array(lambda: (answer.string(), answer.blob()))]


def assignments(members, partitions):
    plan = []
    for n, member in enumerate(members):
        share = range(partitions)[n::len(members)]
        plan.append(string(member) + blob(i16(0) + array([string(TOPIC) + array([i32(p) for p in share])]) + blob(None)))
    return plan


def sync_body(group, generation, member_id, plan):
    return string(group) + i32(generation) + string(member_id) + array(plan)


def read_sync(answer):
    answer.i32()
    error, raw = answer.i16(), answer.blob()
    if error or not raw:
        return error, []
    plan = wire.Reader(raw)
    plan.i16()
    [held] = plan.array(lambda: (plan.string(), plan.array(plan.i32)))[0][1:]
    return 0, held


# ---- KIP-848 ---------------------------------------------------------------------------------


def compact(raw):
    """Length plus one as an unsigned varint, then the bytes; all of ours are short of 16,384."""
    n = len(raw) + 1
    return (bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7])) + raw


def compact_array(items):
    n = len(items) + 1
    return (bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7])) + b"".join(items)


class Compact(wire.Reader):
    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def compact_string(self):
        n = self.uvarint()
        return None if n == 0 else self.take(n - 1).decode()

    def compact_array(self, read_item):
        return [read_item() for _ in range(self.uvarint() - 1)]

    def tags(self):
        for _ in range(self.uvarint()):
            self.uvarint()
            self.take(self.uvarint())


class ConsumerMember(Member):
    epoch, topic_id, held = 0, bytes(16), ()

    def live(self):
        self.member_id = str(uuid.uuid4())
        told = None
        while not self.dying.is_set():
            assigned = self.heartbeat(None if told == self.held else self.held)
            told = self.held
            if assigned is not None:
                self.held = tuple(assigned)
            if not self.dying.is_set():
                self.board.note(self, self.epoch, self.held)
            if told == self.held:
                self.dying.wait(HEARTBEAT_SECONDS)

    def heartbeat(self, owned):
        """Returns the assignment if the answer has one. `owned` is told when it is not None."""
        whole = self.epoch == 0
        null = bytes([0])
        topics = null if owned is None else compact_array(
            [self.topic_id + compact_array([i32(p) for p in owned]) + b"\0"] if owned else [])
        body = (compact(b"modern") + compact(self.member_id.encode()) + i32(self.epoch) + null + null
                + i32(60_000 if whole else -1) + (compact_array([compact(TOPIC.encode())]) if whole else null)
                + null + null + topics + b"\0")
        self.connection.correlation += 1
        header = wire.header(CONSUMER_GROUP_HEARTBEAT, 1, self.connection.correlation) + b"\0"
        self.connection.send(wire.frame(header + body))
        answer = Compact(self.connection.read_frame())
        answer.i32(), answer.tags(), answer.i32()
        if error := answer.i16():
            raise RuntimeError(f"ConsumerGroupHeartbeat: error {error} {answer.compact_string()}")
        answer.compact_string(), answer.compact_string()
        self.epoch = answer.i32()
        answer.i32()
        if answer.i8() < 0:
            return None
        partitions = []

        def one_topic():
            self.topic_id = answer.take(16)
            partitions.extend(answer.compact_array(answer.i32))
            answer.tags()

        answer.compact_array(one_topic)
        return sorted(partitions)


# ---- the measurements ------------------------------------------------------------------------


def commit(connection, group):
    """The error code of a commit by a client without membership."""
    body = wire.i64(-1) + array([string(TOPIC) + array([i32(0) + wire.i64(1) + string("")])])
    answer = connection.request(OFFSET_COMMIT, 2, string(group) + i32(-1) + string("") + body)
    [(_, [(_, error)])] = answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16()))))
    return error


def await_coordinator(one, group):
    """FindCoordinator makes the offsets topic; a commit succeeds once its partition is loaded."""
    with rig.connection(one) as connection:
        wire.until(lambda: connection.request(FIND_COORDINATOR, 0, string(group)).i16(), lambda error: error == 0)
        wire.until(lambda: commit(connection, group), lambda error: error == 0)


def settling(one, kind, name, partitions):
    board = Board()
    members = [kind(one, board, partitions) for _ in range(MEMBERS)]
    board.wait_settled(MEMBERS, partitions)
    started = time.monotonic()
    members.append(kind(one, board, partitions))
    yield Value(f"{name}: {MEMBERS} members and 900 partitions settle after one joins: ms",
                (board.wait_settled(MEMBERS + 1, partitions) - started) * 1e3)
    started = time.monotonic()
    members.pop().die()
    yield Value(f"{name}: the same after one dies (session timeout 6 s): ms",
                (board.wait_settled(MEMBERS, partitions) - started) * 1e3)
    for member in members:
        member.die()


def crowd(one, count):
    """Everybody joins at once; the clock stops when the last one has its assignment."""
    connections = [rig.connection(one) for _ in range(count)]
    started = time.monotonic()
    for connection in connections:
        connection.send_request(JOIN_GROUP, 2, join_body("crowd", ""))
    joined = [read_join(connection.read_answer()) for connection in connections]
    for connection, (generation, own, others) in zip(connections, joined):
        connection.send_request(SYNC_GROUP, 1, sync_body("crowd", generation, own, assignments(others, count)))
    for connection in connections:
        if (error := read_sync(connection.read_answer())[0]) != 0:
            raise RuntimeError(f"SyncGroup: error {error}")
    yield Value("1,000 members join one group (initial delay 3 s): ms", (time.monotonic() - started) * 1e3)
    for connection in connections:
        connection.close()


def commits(one, count):
    found = rig.load(one, "commit", topic=TOPIC, groups=count, connections=4, in_flight=5, records=4 * count)
    yield Value("commits per broker CPU-second", found["requests"] / found["broker_cpu_s"], found["steal"], found["others"])
    one.kill()
    started = time.monotonic()
    one.start()
    with rig.connection(one) as connection:
        wire.until(lambda: commit(connection, "g0"), lambda error: error == 0)
    yield Value("kill -9 to first commit with 10,000 groups: ms", (time.monotonic() - started) * 1e3)


def groups(kind, directory, durability, size):
    """Needs a broker that serves groups."""
    share = size.partitions / FULL.partitions
    partitions = max(MEMBERS + 1, int(900 * share))
    with rig.broker(kind, directory, durability, rig.CPUS.broker, CONFIG) as one:
        one.start()
        with rig.connection(one) as connection:
            wire.make_topic(connection, TOPIC, partitions)
        await_coordinator(one, "awaited")
        yield from settling(one, ClassicMember, "classic protocol", partitions)
        yield from settling(one, ConsumerMember, "consumer protocol", partitions)
        yield from crowd(one, max(2, int(1000 * share)))
        yield from commits(one, max(10, int(10_000 * share)))
