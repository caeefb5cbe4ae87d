"""Histories as src/history/README.md says: what tests record of themselves, and the checker they are given to."""

import json
import subprocess
import threading
import time
from pathlib import Path

from lib import broker as brokers

CHECKER = brokers.TIDELINE.parent / "src" / "history" / "tl_check_history"
CHECK_SECONDS = 120


def micros():
    """The clock that every process of a history shares."""
    return time.monotonic_ns() // 1000


class Recorder:
    """One process of a history, which several threads may speak for."""

    def __init__(self, directory, name):
        self.path = Path(directory) / f"{name}.jsonl"
        self.file = self.path.open("w")
        self.lock = threading.Lock()

    def say(self, event, **fields):
        with self.lock:
            self.file.write(json.dumps({"event": event, "at": micros(), **fields}) + "\n")
            self.file.flush()


def check(directory):
    """Returns (whether nothing was found, what the checker said)."""
    files = sorted(map(str, Path(directory).glob("*.jsonl")))
    done = subprocess.run([str(CHECKER), *files], capture_output=True, text=True, timeout=CHECK_SECONDS)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0, done.stdout
