"""A well-behaved client that works beside whatever a test does to the broker."""

import threading

from confluent_kafka import Producer

from lib import batch, wire
from lib import broker as brokers

TOPIC = "bystander"
PATIENCE_SECONDS = 60
PACE_SECONDS = 0.005
# What all the abuse of one module may cost the broker at its peak.
MEMORY_KIB = 192 * 1024


class Bystander:
    """Writes one record after the other, each awaited, and never sees an error."""

    def __init__(self, broker):
        self._broker = broker
        self._errors, self._delivered = [], 0
        self._changed = threading.Condition()
        self._stop = threading.Event()
        with wire.Connection(broker.port) as connection:
            wire.make_topic(connection, TOPIC)
        self._memory = broker.memory_kib("VmHWM")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def is_still_served(self):
        """Fails unless records sent from now on are still acknowledged, and none ever failed."""
        with self._changed:
            goal = self._delivered + 2
            done = self._changed.wait_for(lambda: self._delivered >= goal or self._errors,
                                          PATIENCE_SECONDS)
        assert not self._errors, f"a good client was harmed: {self._errors}"
        assert done, "a good client is no longer served"
        if self._broker.kind == "tideline" and brokers.MEMORY_COUNTS:
            grown = self._broker.memory_kib("VmHWM") - self._memory
            assert grown < MEMORY_KIB, f"the broker's memory grew by {grown} KiB"

    def finish(self):
        """Stops, and fails unless each acknowledged record is there once and in order."""
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._errors, self._errors
        read, offset = 0, 0
        with wire.Connection(self._broker.port) as connection:
            while True:
                error, end, raw = wire.fetch(connection, TOPIC, 0, offset)
                assert error == 0
                for base, count, _ in batch.batches(raw):
                    assert base == read
                    read = offset = base + count
                if read == end:
                    break
        assert read == self._delivered

    def _run(self):
        producer = Producer({"bootstrap.servers": self._broker.bootstrap, "linger.ms": 0,
                             "enable.idempotence": True, "message.timeout.ms": 30000,
                             "error_cb": lambda error: self._errors.append(f"client: {error}")})
        number = 0
        while not self._stop.wait(PACE_SECONDS) and not self._errors:
            producer.produce(TOPIC, str(number), partition=0, on_delivery=self._on_delivery)
            producer.flush(PATIENCE_SECONDS)
            number += 1

    def _on_delivery(self, error, _message):
        with self._changed:
            if error:
                self._errors.append(str(error))
            self._delivered += not error
            self._changed.notify_all()
