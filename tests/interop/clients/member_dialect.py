"""What the group members in Python have in common: events out, commands in. See README.md."""

import json
import os
import queue
import sys
import threading


class Dialect:
    def __init__(self, inlet, outlet):
        self.outlet = outlet
        self.queue = queue.Queue()
        self.lock = threading.Lock()
        threading.Thread(target=self._read, args=(inlet,), daemon=True).start()

    @classmethod
    def from_arguments(cls, argv):
        """Returns (bootstrap, options, dialect) of PROGRAM BOOTSTRAP OPTIONS."""
        return argv[1], json.loads(argv[2]), cls(sys.stdin, sys.stdout)

    def _read(self, inlet):
        for line in inlet:
            self.queue.put(json.loads(line))
        os._exit(0)  # the test is gone, and so must we be

    def commands(self):
        """Those that came since the last call."""
        while True:
            try:
                yield self.queue.get_nowait()
            except queue.Empty:
                return

    def say(self, event, **facts):
        with self.lock:
            self.outlet.write(json.dumps({"event": event, **facts}) + "\n")
            self.outlet.flush()

    def assigned(self, partitions):
        self.say("assigned", partitions=partitions)

    def revoked(self, partitions):
        self.say("revoked", partitions=partitions)

    def lost(self, partitions):
        self.say("lost", partitions=partitions)

    def error(self, name):
        self.say("error", error=name)

    def record(self, topic, partition, offset, value):
        self.say("record", topic=topic, partition=partition, offset=offset,
                 value=None if value is None else value.decode())
