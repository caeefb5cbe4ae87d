"""A full disk and a failing fsync: an error to the producer, and nothing acknowledged is lost."""

import os
import re
import shutil
import subprocess

import pytest

from lib import batch as batches
from lib import machine, wire
from lib.batch import batch

KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER = 56, 6
ATTACH_SECONDS = 30


@pytest.fixture
def small_disk(tmp_path):
    """small_disk(megabytes) mounts, or grows to that size, a file system in memory."""
    if os.getuid() != 0:
        machine.cannot_here("a full disk", "mounting a small tmpfs needs root")
    mountpoint = tmp_path / "disk"
    mountpoint.mkdir()

    def mount(megabytes):
        again = "remount," if os.path.ismount(mountpoint) else ""
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"{again}size={megabytes}m", "tmpfs",
                               str(mountpoint)], capture_output=True, text=True)
        if done.returncode != 0:
            machine.cannot_here("a full disk", done.stderr.strip())
        return mountpoint

    yield mount
    if os.path.ismount(mountpoint):
        subprocess.run(["umount", "--lazy", str(mountpoint)], check=True)


def produce_once(broker, topic, value=b"v"):
    """The error code of one Produce, or "closed"."""
    try:
        with wire.Connection(broker.port) as connection:
            return wire.produce(connection, topic, 0, batch(values=[value]))[0]
    except OSError:
        return "closed"


def produce_until_refused(broker, topic, values, wanted=1 << 30):
    """Acknowledged values in order of their offsets, and what the first refusal was."""
    acknowledged = []
    while len(acknowledged) < wanted:
        value = values(len(acknowledged))
        if refusal := produce_once(broker, topic, value):
            return acknowledged, refusal
        acknowledged.append(value)
    return acknowledged, None


def assert_stored(broker, topic, acknowledged):
    """Each acknowledged value is there at its offset; of the refused one nobody knows."""
    with wire.Connection(broker.port) as connection:
        wire.until(lambda: wire.list_offset(connection, topic, 0, -1)[0], lambda e: e == 0)
        offset = 0
        while offset < len(acknowledged):
            error, _, raw = wire.fetch(connection, topic, 0, offset)
            assert error == 0 and raw, f"offset {offset} of {len(acknowledged)} is lost"
            for base_offset, count, one in batches.batches(raw):
                assert (base_offset, count) == (offset, 1)
                if offset < len(acknowledged):
                    assert acknowledged[offset] in one
                offset += 1


def assert_up_or_stopped_cleanly(broker):
    """Kafka halts when its last directory failed; a broker that serves on is as good."""
    try:
        with wire.Connection(broker.port) as connection:
            assert wire.api_versions(connection)[0] == 0
    except OSError:
        assert broker.wait_exit() == 1


def large(number):
    return b"%09d " % number + b"x" * 100_000


def small(number):
    return b"%09d " % number


def test_a_full_disk_refuses_the_record_and_keeps_what_was_acknowledged(make_broker, small_disk):
    broker = make_broker(data_dir=small_disk(80) / "data").start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "filling")
    acknowledged, refusal = produce_until_refused(broker, "filling", large)
    assert refusal in (KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, "closed")
    assert len(acknowledged) > 100
    assert_up_or_stopped_cleanly(broker)
    wire.until(lambda: re.search(r"No space left|ENOSPC|errno=28", broker.output), bool)

    broker.kill()
    small_disk(400)
    broker.start()
    assert_stored(broker, "filling", acknowledged)
    with wire.Connection(broker.port) as connection:
        assert wire.produce(connection, "filling", 0, batch())[0] == 0


class FailingSync:
    """While it is there, every fsync of the broker fails with EIO."""

    def __init__(self, pid):
        self._pid = pid

    def __enter__(self):
        calls = "fsync,fdatasync,sync_file_range"
        self._strace = subprocess.Popen(
            ["strace", "-f", "-p", str(self._pid), "-e", f"trace={calls}",
             "-e", f"inject={calls}:error=EIO"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said = []
        for line in self._strace.stderr:
            self.said.append(line)
            if re.search(r"Process \d+ attached", line):
                return self
        self._strace.wait(ATTACH_SECONDS)
        machine.cannot_here("a failing fsync", f"strace cannot attach: {''.join(self.said)}")

    def __exit__(self, *_):
        self._strace.terminate()
        self.said += self._strace.stderr.readlines()
        self._strace.wait(ATTACH_SECONDS)


@pytest.mark.tideline_only("it acknowledges before any fsync")
def test_a_failed_fsync_is_never_acknowledged_and_never_retried(make_broker):
    if not shutil.which("strace"):
        machine.missing("strace", "no strace: a failing fsync is not tested")
    broker = make_broker().start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "synced")
    acknowledged, _ = produce_until_refused(broker, "synced", small, wanted=20)

    with FailingSync(broker.process.pid) as failing:
        refusal = produce_once(broker, "synced")
    assert any("INJECTED" in line for line in failing.said), "the broker answered without a sync"
    assert refusal in (KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, "closed")
    assert_up_or_stopped_cleanly(broker)
    # The kernel forgot the dirty pages: a later sync that succeeds proves nothing.
    again = produce_once(broker, "synced")
    if again == "closed":  # it may be about to stop, as Kafka does
        assert broker.wait_exit() == 1
    else:
        assert again in (KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER)

    broker.kill()
    broker.start()
    assert_stored(broker, "synced", acknowledged)
