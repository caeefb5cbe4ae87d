"""A consumer that works in batches and dies, as by kill -9, at the step it is told.

    delivery_member.py BOOTSTRAP TOPIC GROUP MODE OUTPUT BATCH [STEP DYING_BATCH]

MODE at-most-once commits a batch before it processes it, at-least-once after. To process a record is to add its value to
OUTPUT as a line. STEP is read, half-processed, processed or committed: where the batch number DYING_BATCH ends in
SIGKILL. Without it, the member ends when the topic does.
"""

import os
import signal
import sys

from confluent_kafka import Consumer, KafkaError, TopicPartition


class Member:
    def __init__(self, bootstrap, topic, group, mode, output, size, step=None, dying_batch=-1):
        self.mode, self.size = mode, size
        self.step, self.dying_batch = step, dying_batch
        self.output = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        # The instance id lets a successor take over at once, instead of after the session of the killed one.
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": group, "group.instance.id": "worker", "session.timeout.ms": 6000,
            "enable.auto.commit": False, "auto.offset.reset": "earliest", "enable.partition.eof": True})
        self.consumer.subscribe([topic])

    def die_at(self, step, number):
        if step == self.step and number == self.dying_batch:
            os.kill(os.getpid(), signal.SIGKILL)

    def read(self):
        """The next batch, the last one shorter; empty at the end."""
        batch = []
        while len(batch) < self.size:
            message = self.consumer.poll(60)
            assert message is not None, "nothing came for a minute"
            if message.error():
                if message.error().code() == KafkaError._PARTITION_EOF:
                    return batch
                raise RuntimeError(message.error())
            batch.append(message)
        return batch

    def process(self, batch, number):
        for done, message in enumerate(batch):
            if 2 * done == self.size:
                self.die_at("half-processed", number)
            os.write(self.output, message.value() + b"\n")
        self.die_at("processed", number)

    def commit(self, batch, number):
        last = batch[-1]
        place = TopicPartition(last.topic(), last.partition(), last.offset() + 1)
        self.consumer.commit(offsets=[place], asynchronous=False)
        self.die_at("committed", number)

    def run(self):
        number = 0
        while batch := self.read():
            self.die_at("read", number)
            steps = [self.process, self.commit] if self.mode == "at-least-once" else [self.commit, self.process]
            for step in steps:
                step(batch, number)
            number += 1
        self.consumer.close()


if __name__ == "__main__":
    bootstrap, topic, group, mode, output, size, *death = sys.argv[1:]
    Member(bootstrap, topic, group, mode, output, int(size), *(death and (death[0], int(death[1])))).run()
