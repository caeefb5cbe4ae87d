"""A bank: transfers between accounts of several partitions, workers and broker killed; no money is made or lost.

Each transfer is a transaction of two records. The sum over all accounts is the same at every committed snapshot, and
the checker finds nothing in what the workers recorded.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition

from bank_worker import TOPIC
from lib import recorder, wire

WORKERS, ACCOUNTS, PARTITIONS, TIMEOUT_MS = 3, 30, 3, 10000
ROUNDS = int(os.environ.get("TIDELINE_BANK_ROUNDS", 3))
TRANSFERS_EACH = 60  # at least so many transactions' records are in the log before a round's kills
SEED = int(os.environ.get("TIDELINE_SEED", time.time_ns() % 10**6))
SECONDS = 120
CONFIG = {"transaction.state.log.num.partitions": "1", "transaction.state.log.replication.factor": "1",
          "transaction.state.log.min.isr": "1",
          "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500"}


def ends(broker, isolation):
    with wire.Connection(broker.port) as connection:
        return [wire.end_offset(connection, TOPIC, partition, isolation) for partition in range(PARTITIONS)]


def start_worker(broker, directory, number, run):
    name = f"worker-{number}-{run}"
    arguments = [broker.bootstrap, f"worker-{number}", name, directory / f"{name}.jsonl", SEED + 100 * number + run,
                 ACCOUNTS, PARTITIONS, TIMEOUT_MS]
    program = Path(__file__).with_name("bank_worker.py")
    return subprocess.Popen([sys.executable, program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=(directory / f"{name}.err").open("w"))


def snapshot(broker, told, isolation):
    """All that is readable, recorded as a full reading if `told` is given: [value]."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "unused", "enable.auto.commit": False,
                         "auto.offset.reset": "error", "isolation.level": isolation, "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
    values, positions, ended = [], [0] * PARTITIONS, set()
    while len(ended) < PARTITIONS:
        message = consumer.poll(SECONDS)
        assert message is not None, "the bank is not readable to its end"
        partition = message.partition()
        where = {"partition": f"{TOPIC}-{partition}", "isolation": isolation, "consumer": isolation}
        assert not message.error() or message.error().code() == KafkaError._PARTITION_EOF, message.error()
        is_end = bool(message.error())
        end = max(message.offset() + (not is_end), positions[partition])
        records = [] if is_end else [[message.offset(), message.value().decode()]]
        told.say("poll", **where, position=positions[partition], next=end, records=records)
        positions[partition] = end
        values += [value for _, value in records]
        if is_end:
            ended.add(partition)
            told.say("drained", partition=where["partition"], isolation=isolation, end=end)
    consumer.close()
    return values


def judge(values):
    """Every transfer is there with both its legs or not at all, and the sum of all is 0."""
    legs, balances = Counter(), defaultdict(int)
    for value in values:
        transfer, account, amount = value.split("/")
        legs[transfer] += 1
        balances[account] += int(amount)
    assert set(legs.values()) <= {2}, [transfer for transfer, count in legs.items() if count != 2]
    assert sum(balances.values()) == 0


def test_no_money_is_made_or_lost(make_broker, tmp_path):
    print(f"TIDELINE_SEED={SEED}")
    choose = random.Random(SEED)
    broker = make_broker(CONFIG).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, TOPIC, PARTITIONS)
    nemesis = recorder.Recorder(tmp_path, "nemesis")
    for turn in range(ROUNDS):
        before = sum(ends(broker, 0))
        workers = [start_worker(broker, tmp_path, number, turn) for number in range(WORKERS)]
        try:
            wire.until(lambda: sum(ends(broker, 0)), lambda at: at >= before + 4 * TRANSFERS_EACH, seconds=SECONDS)
            if turn % 2 == 1:
                nemesis.say("down")
                broker.kill()
                broker.start()
                nemesis.say("up")
                after = wire.until(lambda: sum(ends(broker, 0)), lambda at: at > 0, seconds=SECONDS)
                wire.until(lambda: sum(ends(broker, 0)), lambda at: at > after, seconds=SECONDS)
            choose.shuffle(workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        wire.until(lambda: (ends(broker, 0), ends(broker, 1)), lambda both: both[0] == both[1], seconds=SECONDS)
        told = recorder.Recorder(tmp_path, f"snapshot-{turn}")
        committed = snapshot(broker, told, "read_committed")
        snapshot(broker, told, "read_uncommitted")
        judge(committed)
        assert committed
    nothing_found, said = recorder.check(tmp_path)
    assert nothing_found, said
