"""A broker's data told and asked for by raw requests: what a data directory must hold after it changed hands.

`fill` writes topics of every codec, timestamp type and policy, `contents` reads everything back as the broker tells it:
batches by their bytes, offsets, epochs, topic ids, configurations. Two brokers over one directory must tell the same.
"""

import base64
import hashlib
import struct
import time

from families import CODECS, FAMILIES
from lib import batch, wire
from raw_requests import Script

SMALLEST_SEGMENT = 1 << 20
EARLIEST, LATEST, MAX_TIMESTAMP = -2, -1, -3
TOPIC_RESOURCE = 2
WRITERS = FAMILIES["confluent-debian"]


class Told:
    """One broker under raw requests; every answer has to come."""

    def __init__(self, broker):
        self.broker, self.script = broker, Script(broker)

    def ask(self, api, version, **body):
        answer = self.script.ask(api, version, body)
        assert isinstance(answer, dict), f"{api} v{version}: {answer}"
        return answer

    def create(self, topic, partitions=1, **configs):
        configs = [{"name": name.replace("_", "."), "value": str(value)} for name, value in configs.items()]
        answer = self.ask("CreateTopics", 7, timeoutMs=15000, topics=[
            {"name": topic, "numPartitions": partitions, "replicationFactor": 1, "assignments": [], "configs": configs}])
        assert answer["topics"][0]["errorCode"] == 0, answer
        for partition in range(partitions):
            wire.until(lambda: self.offset(topic, partition, LATEST)["errorCode"], lambda error: error == 0)

    def produce(self, topic, records, partition=0, transactional_id=None):
        answer = self.ask("Produce", 12, transactionalId=transactional_id, acks=-1, timeoutMs=15000, topicData=[
            {"name": topic, "partitionData": [{"index": partition, "records": records}]}])
        [answer] = answer["responses"][0]["partitionResponses"]
        assert answer["errorCode"] == 0, answer
        return answer["baseOffset"]

    def add_to_transaction(self, transactional_id, who, topic):
        answer = self.ask("AddPartitionsToTxn", 3, v3AndBelowTransactionalId=transactional_id,
                          v3AndBelowProducerId=who["producerId"], v3AndBelowProducerEpoch=who["producerEpoch"],
                          v3AndBelowTopics=[{"name": topic, "partitions": [0]}])
        return answer["resultsByTopicV3AndBelow"][0]["resultsByPartition"][0]["partitionErrorCode"]

    def offset(self, topic, partition, timestamp):
        answer = self.ask("ListOffsets", 7, replicaId=-1, topics=[
            {"name": topic, "partitions": [{"partitionIndex": partition, "timestamp": timestamp}]}])
        return answer["topics"][0]["partitions"][0]

    def fetch(self, topic, partition, offset, isolation=0):
        answer = self.ask("Fetch", 12, replicaId=-1, maxWaitMs=0, minBytes=0, maxBytes=1 << 24, isolationLevel=isolation,
                          topics=[{"topic": topic, "partitions": [
                              {"partition": partition, "currentLeaderEpoch": -1, "fetchOffset": offset,
                               "lastFetchedEpoch": -1, "logStartOffset": -1, "partitionMaxBytes": 1 << 24}]}])
        return answer["responses"][0]["partitions"][0]

    def batches(self, topic, partition):
        """[(base offset, last offset, hash of the bytes)] of the whole partition."""
        at, found = self.offset(topic, partition, EARLIEST)["offset"], []
        end = self.offset(topic, partition, LATEST)["offset"]
        while at < end:
            answer = self.fetch(topic, partition, at)
            assert answer["errorCode"] == 0, answer
            if not answer["records"]:
                break  # the last records were compacted away
            for base, _, raw in batch.batches(answer["records"]):
                last = base + struct.unpack_from(">i", raw, 23)[0]
                if last >= at:
                    found.append((base, last, hashlib.sha256(raw).hexdigest()[:16]))
                    at = last + 1
        return found

    def end_of_epoch(self, topic, partition, epoch):
        answer = self.ask("OffsetForLeaderEpoch", 4, replicaId=-2, topics=[
            {"topic": topic, "partitions": [{"partition": partition, "currentLeaderEpoch": -1, "leaderEpoch": epoch}]}])
        return answer["topics"][0]["partitions"][0]["endOffset"]

    def configs(self, topic):
        """What was set for the topic itself."""
        [answer] = self.ask("DescribeConfigs", 4, resources=[
            {"resourceType": TOPIC_RESOURCE, "resourceName": topic, "configurationKeys": None}])["results"]
        assert answer["errorCode"] == 0, answer
        return {one["name"]: one["value"] for one in answer["configs"] if one["configSource"] == 1}

    def topics(self):
        return sorted(self.ask("Metadata", 12, topics=None)["topics"], key=lambda topic: topic["name"])


def contents(broker):
    """{topic: …} of everything that clients can see."""
    told = Told(broker)
    found = {}
    for topic in told.topics():
        name = topic["name"]
        for each in topic["partitions"]:
            wire.until(lambda: told.offset(name, each["partitionIndex"], LATEST)["errorCode"], lambda error: error == 0)
        found[name] = {"id": topic["topicId"].hex(), "configs": told.configs(name), "partitions": {
            each["partitionIndex"]: partition_contents(told, name, each["partitionIndex"]) for each in topic["partitions"]}}
    return found


def partition_contents(told, topic, partition):
    committed = told.fetch(topic, partition, told.offset(topic, partition, EARLIEST)["offset"], isolation=1)
    newest = told.offset(topic, partition, MAX_TIMESTAMP)
    return {"start": told.offset(topic, partition, EARLIEST)["offset"], "end": told.offset(topic, partition, LATEST)["offset"],
            "batches": told.batches(topic, partition), "last_stable": committed["lastStableOffset"],
            "aborted": committed["abortedTransactions"],
            "newest": (newest["timestamp"], newest["offset"]),
            "end_of_epoch_0": told.end_of_epoch(topic, partition, 0)}


# ---- writing -----------------------------------------------------------------------------------


def fill(broker, prefix):
    """Topics with this prefix, of every kind that both brokers can write."""
    told = Told(broker)
    for codec in CODECS:
        told.create(f"{prefix}-{codec}", 2)
    told.create(f"{prefix}-append-time", message_timestamp_type="LogAppendTime")
    told.create(f"{prefix}-recoded", compression_type="zstd", retention_ms=10**12, max_message_bytes=2_000_000)
    told.create(f"{prefix}-deleted-records")
    told.create(f"{prefix}-segments", segment_bytes=SMALLEST_SEGMENT, index_interval_bytes=100)
    told.create(f"{prefix}-keys", cleanup_policy="compact")
    told.create(f"{prefix}-empty", 3)
    add(broker, prefix, round=0)
    [answer] = told.ask("DeleteRecords", 2, timeoutMs=15000, topics=[
        {"name": f"{prefix}-deleted-records", "partitions": [{"partitionIndex": 0, "offset": 7}]}])["topics"]
    assert answer["partitions"][0]["errorCode"] == 0, answer


def add(broker, prefix, round):
    """More records to the topics of `fill`, by an idempotent producer of each codec."""
    now = int(time.time() * 1000)
    lines = [record(f"{prefix}-{codec}", n % 2, codec, f"{round}-{n}", now + n, b"v" * (n * 7 % 500))
             for codec in CODECS for n in range(40)]
    lines += [record(f"{prefix}-{topic}", 0, "none", str(n % 5), now - n, b"w" * 200)
              for topic in ("append-time", "recoded", "deleted-records", "keys") for n in range(20)]
    lines += [record(f"{prefix}-segments", 0, "none", str(n), now + n, bytes(9000)) for n in range(150)]
    results = WRITERS.run("produce", broker.bootstrap, lines, idempotent=True)
    assert [result for result in results if "error" in result] == []


def record(topic, partition, codec, key, timestamp, value):
    return {"topic": topic, "partition": partition, "codec": codec, "timestamp": timestamp,
            "key": base64_of(key.encode()), "value": base64_of(value), "headers": [["round", base64_of(key.encode())]]}


def base64_of(raw):
    return base64.b64encode(raw).decode()


def transactions(broker, topic):
    """Transactions that were committed, aborted, and left open; only a broker with a coordinator can do this."""
    told = Told(broker)
    told.create(topic)
    coordinator = "a-transaction"
    who = transactional_producer(told, coordinator)
    for sequence, committed in enumerate((True, False, True)):
        write_in_transaction(told, coordinator, who, topic, sequence)
        ended = told.ask("EndTxn", 3, transactionalId=coordinator, committed=committed, **who)
        assert ended["errorCode"] == 0, ended
        wire.until(lambda: told.offset(topic, 0, LATEST)["offset"], lambda end: end == 2 * (sequence + 1))
    write_in_transaction(told, "left-open", transactional_producer(told, "left-open"), topic, 0)


def transactional_producer(told, transactional_id):
    wire.until(lambda: told.ask("FindCoordinator", 4, keyType=1, coordinatorKeys=[transactional_id])["coordinators"][0]["errorCode"],
               lambda error: error == 0)
    producer = wire.until(lambda: told.ask("InitProducerId", 4, transactionalId=transactional_id, transactionTimeoutMs=600000,
                                           producerId=-1, producerEpoch=-1), lambda answer: answer["errorCode"] == 0)
    return {"producerId": producer["producerId"], "producerEpoch": producer["producerEpoch"]}


def write_in_transaction(told, transactional_id, who, topic, sequence):
    # The one before may still be on its way to an end.
    wire.until(lambda: told.add_to_transaction(transactional_id, who, topic), lambda error: error == 0)
    told.produce(topic, batch.batch([b"in a transaction"], attributes=0x10, producer_id=who["producerId"],
                                    epoch=who["producerEpoch"], sequence=sequence), transactional_id=transactional_id)
