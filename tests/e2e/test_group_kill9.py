"""Killed again and again while groups commit and rebalance: an acknowledged commit never goes back or vanishes.

TIDELINE_KILLS (50) and TIDELINE_SEED (random, printed) choose how often and exactly when.
"""

import os
import random
import threading

import pytest

from lib import group_wire as groups
from lib import wire

KILLS = int(os.environ.get("TIDELINE_KILLS", "50"))
COMMITTERS, MEMBERS = 6, 3
COMMITS_BETWEEN_KILLS = 120
PATIENCE_SECONDS = 90
TOPIC = "committed"

# Small segments, so that kills meet rolls and loads read more than one of them.
BROKER_CONFIG = {"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "4",
                 "offsets.topic.segment.bytes": "1048576", "auto.create.topics.enable": "false"}


class Client:
    """A connection that is made anew whenever the broker took it away."""

    def __init__(self, port):
        self._port, self._connection = port, None

    def ask(self, question, *args, **how):
        """What `question(connection, …)` returned, or None when the broker was not there for all of it."""
        try:
            if self._connection is None:
                self._connection = wire.Connection(self._port, timeout=PATIENCE_SECONDS)
            return question(self._connection, *args, **how)
        except OSError:
            self.close()
            return None

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Load:
    """Groups that commit ever larger offsets, and a group whose members come and go; what was acknowledged."""

    def __init__(self, port, seed):
        self.acknowledged, self.attempted, self.errors, self.rebalances = {}, {}, [], 0
        self._port, self._seed = port, seed
        self._commits = 0
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._guarded, args=(self._commit, f"commits-{n}")) for n in range(COMMITTERS)]
        self._threads += [threading.Thread(target=self._guarded, args=(self._rebalance, f"member-{n}")) for n in range(MEMBERS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), "a client never finished"

    def wait_for_commits(self, count):
        with self._changed:
            goal = self._commits + count
            done = self._changed.wait_for(lambda: self._commits >= goal or self.errors, PATIENCE_SECONDS)
        assert not self.errors, self.errors[:5]
        assert done, f"no commit was acknowledged in {PATIENCE_SECONDS} s"

    def wait_for_rebalance(self):
        with self._changed:
            done = self._changed.wait_for(lambda: self.rebalances > 0 or self.errors, PATIENCE_SECONDS)
        assert not self.errors, self.errors[:5]
        assert done, f"no rebalance was completed in {PATIENCE_SECONDS} s"

    def _guarded(self, run, name):
        client = Client(self._port)
        try:
            run(client, name)
        except Exception as error:  # told by the test, not by a thread
            with self._changed:
                self.errors.append(f"{name}: {error!r}")
                self._changed.notify_all()
        finally:
            client.close()

    def _commit(self, client, group):
        """A group without members: simple commits, each checked against what was read before it."""
        offset = 0
        while not self._stop.is_set():
            offset += 1
            self.attempted[group] = offset
            answer = client.ask(groups.commit, group, {(TOPIC, 0): offset})
            if answer is None:
                self._look_back(client, group)
            elif answer == {(TOPIC, 0): 0}:
                with self._changed:
                    self.acknowledged[group] = offset
                    self._commits += 1
                    self._changed.notify_all()
            else:
                assert answer[TOPIC, 0] in (groups.NOT_COORDINATOR, groups.COORDINATOR_LOAD_IN_PROGRESS,
                                            groups.COORDINATOR_NOT_AVAILABLE), answer

    def _look_back(self, client, group):
        while not self._stop.is_set():
            found = client.ask(groups.fetch_offsets, group, [(TOPIC, 0)])
            if found is not None and found[0] == 0:
                offset = found[1][TOPIC, 0][0]
                assert self.acknowledged.get(group, -1) <= offset <= self.attempted[group], (
                    f"acknowledged {self.acknowledged.get(group)}, found {offset}, tried {self.attempted[group]}")
                return

    def _rebalance(self, client, name):
        """A member that joins, syncs, and leaves; generations only ever rise."""
        newest, chance = 0, random.Random(f"{self._seed}-{name}")
        while not self._stop.is_set():
            joined = client.ask(groups.join_once, "rebalances", rebalance_ms=200)
            if joined is not None and joined.error == groups.MEMBER_ID_REQUIRED:
                joined = client.ask(groups.join_once, "rebalances", member=joined.member, rebalance_ms=200)
            if joined is None or joined.error != 0:
                continue
            assert joined.generation > newest, f"generation {joined.generation} after {newest}"
            assignments = {member: member.encode() for member, _, _ in joined.members}
            synced = client.ask(groups.sync, "rebalances", joined, assignments)
            if synced is not None and synced[0] == 0:
                assert synced[1] == joined.member.encode()
                newest = joined.generation  # it was stored before anybody was told
                with self._changed:
                    self.rebalances += 1
                    self._changed.notify_all()
            if chance.random() < 0.8:
                client.ask(groups.leave, "rebalances", joined.member)


@pytest.fixture
def seed():
    chosen = os.environ.get("TIDELINE_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"TIDELINE_SEED={chosen} TIDELINE_KILLS={KILLS}")
    return chosen


def kill_at_random(broker, load, chance):
    """After some commits, perhaps a moment later, sometimes again while it starts."""
    load.wait_for_commits(chance.randrange(1, COMMITS_BETWEEN_KILLS))
    threading.Event().wait(chance.choice([0, chance.uniform(0, 0.02)]))
    broker.kill()
    if chance.random() < 0.2:
        broker.launch()
        threading.Event().wait(chance.uniform(0, 0.1))
        broker.kill()
    broker.start()


def test_kill9_during_commits_and_rebalances_takes_no_acknowledged_commit_back(make_broker, seed):
    broker = make_broker(BROKER_CONFIG).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, TOPIC)
        groups.make_coordinator(connection, "rebalances")
    load, chance = Load(broker.port, seed), random.Random(seed)
    load.start()
    try:
        for _ in range(KILLS):
            kill_at_random(broker, load, chance)
        load.wait_for_rebalance()
    finally:
        load.stop()
    assert not load.errors, load.errors[:5]
    broker.kill()
    broker.start()
    print(f"acknowledged {load.acknowledged}, rebalances {load.rebalances}")
    with wire.Connection(broker.port) as connection:
        for group, offset in load.acknowledged.items():
            groups.make_coordinator(connection, group)
            assert offset <= groups.committed(connection, group, TOPIC, 0) <= load.attempted[group]
    assert len(load.acknowledged) == COMMITTERS, "too little load to prove anything"
