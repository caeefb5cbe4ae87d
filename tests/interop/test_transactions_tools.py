"""Apache Kafka's own tools about transactions: kafka-transactions, kafka-dump-log, TransactionalMessageCopier."""

import itertools
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import transactors
from lib import batch, wire
from transactors import Transactor

BROKER_CONFIG = transactors.BROKER_CONFIG
COPIER = "org.apache.kafka.tools.TransactionalMessageCopier"
EMPTY, ONGOING, PREPARE_COMMIT, PREPARE_ABORT, COMPLETE_COMMIT, COMPLETE_ABORT = range(6)


@pytest.fixture
def open_transaction(broker, family_ready, admin_topic, topic):
    """A transaction of two records in partition 0 of the test's topic, which nobody ends."""
    family_ready("franz-go")
    admin_topic(topic)
    one = Transactor("franz-go", broker.bootstrap, f"id-of-{topic}").start()
    one.begin_and_send((topic, 0, "a"), (topic, 0, "b"))
    yield one
    one.kill()


@pytest.fixture
def transactions(quick_tool, broker):
    """transactions("list") runs kafka-transactions; returns the cells of each line it prints."""

    def run(*args, ok=True):
        code, out, err = quick_tool("TransactionsCommand", "--bootstrap-server", broker.bootstrap, *args, bootstrap=False)
        assert (code == 0) == ok, f"{args}: {code}\n{out}\n{err}"
        return [line.split() for line in out.splitlines() if line.strip()]

    return run


def ends(broker, topic, partition=0):
    with wire.Connection(broker.port) as connection:
        return tuple(wire.end_offset(connection, topic, partition, isolation) for isolation in (1, 0))


def test_list_and_describe_tell_of_an_open_transaction(open_transaction, transactions, topic):
    listed = {row[0]: row for row in transactions("list")}
    assert listed["TransactionalId"] == ["TransactionalId", "Coordinator", "ProducerId", "TransactionState"]
    _, coordinator, producer_id, state = listed[f"id-of-{topic}"]
    assert state == "Ongoing"
    titles, row = transactions("describe", "--transactional-id", f"id-of-{topic}")
    told = dict(zip(titles, row))
    assert (told["CoordinatorId"], told["ProducerId"]) == (coordinator, producer_id)
    assert (told["TransactionState"], told["TopicPartitions"]) == ("Ongoing", f"{topic}-0")
    assert told["TransactionTimeoutMs"] == "60000" and int(told["TransactionDurationMs"]) >= 0


def test_list_filters_by_duration_and_by_pattern(open_transaction, transactions, topic):
    def ids(*args):
        return {row[0] for row in transactions("list", *args)[1:]}

    mine = f"id-of-{topic}"
    assert mine in ids("--duration-filter", "0")
    assert mine not in ids("--duration-filter", "3600000")
    assert ids("--transactional-id-pattern", f"nobody.*|{mine}") == {mine}
    assert not ids("--transactional-id-pattern", "nobody.*")


def test_describe_of_an_unknown_id_is_an_error(transactions, topic):
    transactions("describe", "--transactional-id", f"unknown-{topic}", ok=False)


def test_describe_producers_and_abort_end_what_hangs(open_transaction, transactions, broker, topic):
    titles, row = transactions("describe-producers", "--topic", topic, "--partition", "0")
    told = dict(zip(titles, row))
    assert (told["CurrentTransactionStartOffset"], told["LastSequence"]) == ("0", "1")
    transactions("abort", "--topic", topic, "--partition", "0", "--start-offset", "0")
    wire.until(lambda: ends(broker, topic), lambda at: at == (3, 3))
    _, row = transactions("describe-producers", "--topic", topic, "--partition", "0")
    assert row[-1] == "None"
    transactions("abort", "--topic", topic, "--partition", "0", "--start-offset", "0", ok=False)


def test_find_hanging_finds_none_where_the_coordinator_knows_of_it(open_transaction, transactions, node_id, topic):
    rows = transactions("find-hanging", "--broker-id", node_id, "--max-transaction-timeout", "0")
    assert [row for row in rows[1:] if row[0] == topic] == []


def test_force_terminate_fences_and_aborts(open_transaction, transactions, broker, topic):
    transactions("forceTerminateTransaction", "--transactionalId", f"id-of-{topic}")
    wire.until(lambda: ends(broker, topic), lambda at: at == (3, 3))
    assert "error" in open_transaction.try_to("commit")


def test_the_transaction_log_is_read_by_dump_log(make_broker, family_ready, run_java, topic):
    family_ready("franz-go")
    broker = make_broker(BROKER_CONFIG).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, topic)
    one = Transactor("franz-go", broker.bootstrap, "dumped").start()
    one.begin_and_send((topic, 0, "a"))
    one.do("commit")
    one.begin_and_send((topic, 0, "b"))
    one.do("abort")
    wire.until(lambda: ends(broker, topic), lambda at: at == (4, 4))
    one.kill()
    assert broker.stop() in (0, 143)
    state = sorted(broker.data_dir.glob("__transaction_state-0/*.log"))
    told = run_java("kafka.tools.DumpLogSegments", "--transaction-log-decoder", "--files", ",".join(map(str, state))).stdout
    steps = [int(step) for step in re.findall(r'"transactionStatus":(\d+)', told)]
    assert told.count('"transactionalId":"dumped"') == len(steps)
    assert steps == [EMPTY, ONGOING, PREPARE_COMMIT, COMPLETE_COMMIT, ONGOING, PREPARE_ABORT, COMPLETE_ABORT]
    files = sorted(path for path in broker.data_dir.glob(f"{topic}-0/*") if path.suffix in (".snapshot", ".txnindex", ".log"))
    told = run_java("kafka.tools.DumpLogSegments", "--deep-iteration", "--files", ",".join(map(str, files))).stdout
    assert "endTxnMarker: COMMIT" in told and "endTxnMarker: ABORT" in told
    # The index has the transaction that aborted, and only that.
    assert len(re.findall(r"producerId: \d+ firstOffset: 2 lastOffset: 3 lastStableOffset: 4", told)) == 1, told


def test_three_copiers_of_kafka_copy_each_record_once_with_random_aborts(run_java, broker, admin_topic, reader, topic):
    source, partitions, count = f"{topic}-in", 3, 400
    admin_topic(topic, partitions)
    admin_topic(source, partitions)
    with wire.Connection(broker.port) as connection:
        for partition, first in itertools.product(range(partitions), range(0, count, 50)):
            raw = batch.batch([b"%d-%d" % (partition, n) for n in range(first, first + 50)], timestamp=int(time.time() * 1000))
            assert wire.produce(connection, source, partition, raw)[0] == 0

    def copy(partition):
        return run_java(COPIER, "--input-topic", source, "--input-partition", partition, "--output-topic", topic, "--broker-list",
                        broker.bootstrap, "--consumer-group", f"group-of-{topic}", "--transaction-size", "17",
                        "--transactional-id", f"id-of-{topic}-{partition}", "--enable-random-aborts", "--use-group-metadata")

    with ThreadPoolExecutor(partitions) as pool:
        for done in pool.map(copy, range(partitions)):
            assert f'"totalProcessed":{count}' in done.stdout, done.stdout[-2000:]
    for partition in range(partitions):
        wire.until(lambda at=partition: ends(broker, topic, at), lambda at: at[0] == at[1])
    copied = reader(broker.bootstrap, topic, partitions, "read_committed")
    for partition in range(partitions):
        assert [value for value in copied if value.startswith(f"{partition}-")] == [f"{partition}-{n}" for n in range(count)]
    assert len(copied) == partitions * count
