"""Raw requests that write in transactions, a chapter of raw_script.py: records and offsets, right ones and wrong ones."""

from lib import batch, wire
from raw_transactions import LOADING, Producer

TOPIC = "raw-requests-in-transactions"
TRANSACTIONAL = 0x10


def tell(script):
    with wire.Connection(script.port) as connection:
        wire.make_topic(connection, TOPIC)
    script.learn_ids()
    wire.until(lambda: script.ask("FindCoordinator", 4, {"keyType": 0, "coordinatorKeys": ["raw"]})["coordinators"][0]["errorCode"],
               lambda error: error == 0)
    records(script)
    offsets(script)


def records(script):
    topic_id = script.id_of(TOPIC)

    def written(subject, version, who, sequence=0, attributes=TRANSACTIONAL, **how):
        raw = batch.batch([b"in a transaction"], attributes=attributes, producer_id=who["producerId"],
                          epoch=who["producerEpoch"], sequence=sequence)
        answer = wire.until(lambda: script.ask("Produce", version, {
            "transactionalId": who["transactionalId"], "acks": -1, "timeoutMs": 15000, "topicData": [
                {"name": TOPIC, "topicId": topic_id, "partitionData": [{"index": 0, "records": raw}]}]} | how),
            lambda answer: answer["responses"][0]["partitionResponses"][0]["errorCode"] != 51)  # the last one is being ended
        return answer["responses"][0]["partitionResponses"][0]["errorCode"]

    def case(name, prepare=lambda subject: None, producer=0, epoch=0, **how):
        for version in range(3, 14):
            subject = Producer(script, f"raw-write-{name}-{version}", 5 if version >= 12 else 4)
            prepare(subject)
            script.record(f"Produce.in_transaction_{name}", version,
                          written(subject, version, subject.who(producer, epoch), **how))

    def begin(subject):
        subject.begin(TOPIC)

    def begin_and_write(subject):
        begin(subject)
        assert written(subject, 12 if subject.is_new else 7, subject.who()) == 0

    case("begun", begin)
    case("not_begun")
    case("goes_on", begin_and_write, sequence=1)
    case("repeated", begin_and_write)
    case("with_a_gap", begin_and_write, sequence=5)
    case("not_transactional", begin_and_write, sequence=1, attributes=0)
    case("after_a_commit", lambda subject: (begin_and_write(subject), subject.end(True)), sequence=1)
    case("after_an_abort", lambda subject: (begin_and_write(subject), subject.end(False)), sequence=1)
    case("stale", begin_and_write, epoch=-1)
    case("ahead", begin_and_write, epoch=1)
    case("foreign", begin, producer=1000000)
    case("without_id", begin, transactionalId=None)
    case("of_nobody", begin, transactionalId="raw-nobody")


def offsets(script):
    def commit(version, who, group, topic=TOPIC, partition=0, offset=5, **how):
        return script.ask("TxnOffsetCommit", version, {**who, "groupId": group, "topics": [{"name": topic, "partitions": [
            {"partitionIndex": partition, "committedOffset": offset, "committedMetadata": ""}]}]} | how)

    def case(name, added=True, producer=0, epoch=0, **how):
        for version in range(0, 6):
            group = f"raw-group-{name}-{version}"
            subject = Producer(script, f"raw-commit-{name}-{version}", version)
            if added and version < 5:
                answer = wire.until(lambda: script.ask("AddOffsetsToTxn", 3, {**subject.who(), "groupId": group}),
                                    lambda answer: answer["errorCode"] not in LOADING)
                assert answer["errorCode"] == 0, answer
            script.record(f"TxnOffsetCommit.{name}", version, commit(version, subject.who(producer, epoch), group, **how))

    case("known")
    case("not_added", added=False)
    case("empty_group", groupId="")
    case("unknown_topic", topic="nobody")
    case("unknown_partition", partition=7)
    case("stale", epoch=-1)
    case("ahead", epoch=1)
    case("foreign", producer=1000000)
    case("of_nobody", transactionalId="raw-nobody")
    case("of_a_generation", generationId=3)
    case("of_a_member", memberId="somebody")
