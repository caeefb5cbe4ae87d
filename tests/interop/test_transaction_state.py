"""What a transaction coordinator keeps: through a restart, up to its limits, and as Kafka's own tools read it."""

import re

import pytest

import directory_contents as directory
from lib import wire
from raw_transactions import Producer

TOPIC = "raw-requests-empty"
LIMITED = {"auto.create.topics.enable": "false", "transaction.state.log.replication.factor": "1",
           "transaction.state.log.min.isr": "1", "transaction.state.log.num.partitions": "3",
           "transaction.abort.timed.out.transaction.cleanup.interval.ms": "100"}


@pytest.fixture
def told(make_broker):
    """A broker under raw requests, whose coordinators are there."""
    told = directory.Told(make_broker(LIMITED).start())
    find_coordinator(told)
    return told


def find_coordinator(told):
    wire.until(lambda: told.ask("FindCoordinator", 4, keyType=1, coordinatorKeys=["x"])["coordinators"][0]["errorCode"],
               lambda error: error == 0)


def describe(told, transactional_id):
    [state] = told.ask("DescribeTransactions", 0, transactionalIds=[transactional_id])["transactionStates"]
    return state


def wait_for(told, transactional_id, state):
    return wire.until(lambda: describe(told, transactional_id), lambda found: found["transactionState"] == state, 60)


def killed_and_started(told):
    told.broker.kill()
    again = directory.Told(told.broker.start())
    find_coordinator(again)
    return again


def test_a_killed_broker_knows_open_transactions_and_completes_prepared_ones(told):
    told.create(TOPIC)
    opened, ended = Producer(told.script, "opened").begin(), Producer(told.script, "ended").begin()
    assert told.ask("EndTxn", 5, **ended.who(), committed=True)["errorCode"] == 0
    told = killed_and_started(told)
    assert wait_for(told, "ended", "CompleteCommit")["producerEpoch"] == ended.epoch + 1
    state = wait_for(told, "opened", "Ongoing")
    assert (state["producerId"], state["producerEpoch"]) == (opened.producer_id, opened.epoch)
    assert state["topics"] == [{"topic": TOPIC, "partitions": [0]}]
    # The end whose answer may have been lost: asked again, it says the same.
    answer = told.ask("EndTxn", 5, **ended.who(), committed=True)
    assert (answer["errorCode"], answer["producerEpoch"]) == (0, ended.epoch + 1)


def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced(told):
    told.create(TOPIC)
    wire.until(lambda: told.ask("InitProducerId", 4, transactionalId="late", transactionTimeoutMs=60000, producerId=-1,
                                producerEpoch=-1)["errorCode"], lambda error: error == 0)
    answer = told.ask("InitProducerId", 4, transactionalId="late", transactionTimeoutMs=300, producerId=-1, producerEpoch=-1)
    who = {"transactionalId": "late", "producerId": answer["producerId"], "producerEpoch": answer["producerEpoch"]}
    topics = [{"name": TOPIC, "partitions": [0]}]
    told.ask("AddPartitionsToTxn", 5, transactions=[{**who, "verifyOnly": False, "topics": topics}])
    assert wait_for(told, "late", "CompleteAbort")["producerEpoch"] == who["producerEpoch"] + 1
    assert told.ask("EndTxn", 4, **who, committed=True)["errorCode"] == 90
    assert told.ask("EndTxn", 5, **who, committed=True)["errorCode"] == 90
    assert told.ask("EndTxn", 5, **who, committed=False)["errorCode"] == 0


def test_a_partition_that_is_deleted_meanwhile_holds_no_transaction_up(told):
    told.create(TOPIC)
    told.create("goes-away")
    producer = Producer(told.script, "deleting").begin().begin("goes-away")
    assert told.ask("DeleteTopics", 5, topicNames=["goes-away"], timeoutMs=15000)["responses"][0]["errorCode"] == 0
    assert told.ask("EndTxn", 5, **producer.who(), committed=True)["errorCode"] == 0
    wait_for(told, "deleting", "CompleteCommit")


def test_a_transaction_may_span_a_thousand_partitions(told):
    told.create("wide", partitions=1000)
    producer = Producer(told.script, "spans")
    topics = [{"name": "wide", "partitions": list(range(1000))}]
    answer = told.ask("AddPartitionsToTxn", 5, transactions=[{**producer.who(), "verifyOnly": False, "topics": topics}])
    [topic] = answer["resultsByTransaction"][0]["topicResults"]
    assert {each["partitionErrorCode"] for each in topic["resultsByPartition"]} == {0}
    assert sorted(describe(told, "spans")["topics"][0]["partitions"]) == list(range(1000))
    assert told.ask("EndTxn", 5, **producer.who(), committed=True)["errorCode"] == 0
    wait_for(told, "spans", "CompleteCommit")


def test_an_id_may_be_as_long_as_a_string(told):
    told.create(TOPIC)
    name = "x" * 32767
    Producer(told.script, name).begin().end(True)
    assert killed_and_started(told).ask("ListTransactions", 1, stateFilters=["CompleteCommit"], producerIdFilters=[], durationFilter=-1)[
        "transactionStates"][0]["transactionalId"] == name


def test_kafkas_tool_reads_the_log_of_transactions(told, run_java):
    told.create(TOPIC)
    Producer(told.script, "dumped").begin().end(True)
    Producer(told.script, "dumped", version=4).begin().end(False)
    data_dir = told.broker.data_dir
    assert told.broker.stop() in (0, 143), told.broker.output
    files = sorted(str(path) for path in data_dir.glob("__transaction_state-*/0*.log"))
    said = run_java("kafka.tools.DumpLogSegments", "--transaction-log-decoder", "--files", ",".join(files)).stdout
    # Empty, Ongoing, PrepareCommit, CompleteCommit; Empty, Ongoing, PrepareAbort, CompleteAbort
    assert re.findall(r'"transactionStatus":(\d)', said) == list("01240135"), said
    assert said.count('"transactionalId":"dumped"') == 8, said
