"""Moves money between accounts, a transaction for each transfer, until it is killed; records what happens.

    bank_worker.py BOOTSTRAP TRANSACTIONAL_ID NAME HISTORY SEED ACCOUNTS PARTITIONS TIMEOUT_MS
"""

import json
import os
import random
import sys
import time

from confluent_kafka import KafkaException, Producer

TOPIC = "bank"
SECONDS = 60
ABORT_ONE_IN = 5


class Worker:
    def __init__(self, bootstrap, transactional_id, name, history, seed, accounts, partitions, timeout_ms):
        self.transactional_id, self.name = transactional_id, name
        self.accounts, self.partitions = int(accounts), int(partitions)
        self.random, self.sent = random.Random(seed), 0
        self.history = open(history, "w")
        self.producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": transactional_id, "linger.ms": 1,
                                  "transaction.timeout.ms": int(timeout_ms)})

    def say(self, event, **fields):
        self.history.write(json.dumps({"event": event, "at": time.monotonic_ns() // 1000, **fields}) + "\n")
        self.history.flush()

    def put(self, account, amount, transfer):
        number, self.sent = self.sent, self.sent + 1
        partition = account % self.partitions
        value = f"{transfer}/{account}/{amount}"
        self.say("send", id=number, partition=f"{TOPIC}-{partition}", value=value)

        def on_delivery(error, message):
            if error:
                self.say("sent", id=number, outcome="info", error=error.name())
            else:
                self.say("sent", id=number, outcome="ok", offset=message.offset())

        self.producer.produce(TOPIC, value.encode(), partition=partition, on_delivery=on_delivery)

    def transfer(self, number):
        payer, payee = self.random.sample(range(self.accounts), 2)
        amount = self.random.randint(1, 100)
        self.say("begin", transactional_id=self.transactional_id)
        self.producer.begin_transaction()
        self.put(payer, -amount, f"{self.name}-{number}")
        self.put(payee, amount, f"{self.name}-{number}")
        self.producer.flush(SECONDS)
        self.end("abort" if self.random.randrange(ABORT_ONE_IN) == 0 else "commit")

    def end(self, action):
        """Asks until it is answered; what cannot be committed is aborted, what cannot be aborted ends the worker."""
        while True:
            self.say("end", action=action)
            try:
                getattr(self.producer, f"{action}_transaction")(SECONDS)
            except KafkaException as failed:
                error = failed.args[0]
                self.say("ended", outcome="info", error=error.name())
                if error.txn_requires_abort() and action == "commit":
                    action = "abort"
                elif not error.retriable():
                    raise
            else:
                self.say("ended", outcome="ok")
                return


def main():
    worker = Worker(*sys.argv[1:])
    worker.producer.init_transactions(SECONDS)
    number = 0
    while True:
        worker.transfer(number)
        number += 1


if __name__ == "__main__":
    try:
        main()
    except KafkaException as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
