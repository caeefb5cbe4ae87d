"""The raw requests that are told to Tideline and to Apache Kafka, one chapter for each API: `transcript(broker)`.

Left out is what Apache Kafka never answers: a produce without records, a resource that is altered twice in one request.
"""

import struct
import time

import raw_groups
import raw_transactional_writes
import raw_transactions
from lib import batch, wire
from raw_requests import (CLOSED, UNKNOWN_ID, Script, in_order, key_of, read_answer, request_frame, request_header,
                          served_apis, versions_of)

TOPIC, BARE = "raw-requests", "raw-requests-empty"  # three records in partition 0 of two; nothing
MARKED = "raw-requests-marked"  # ends of transactions, and nothing else
CONFIG = {"group.initial.rebalance.delay.ms": "0", "auto.create.topics.enable": "false", "log.initial.task.delay.ms": "3600000",
          "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
          "transaction.state.log.num.partitions": "1"}
CHAPTERS = []


def chapter(tell):
    CHAPTERS.append(tell)
    return tell


def transcript(broker):
    """{(case, version): answer} of the whole script."""
    script = Script(broker)
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, TOPIC, 2)
        wire.make_topic(connection, BARE)
        wire.make_topic(connection, MARKED)
        before = int(time.time()) * 1000 - 10000
        for n, value in enumerate((b"one", b"two", b"three")):
            assert wire.produce(connection, TOPIC, 0, batch.batch([value], timestamp=before + n))[0] == 0
    script.learn_ids()
    for tell in CHAPTERS:
        tell(script)
    return script.answers


# ---- connections and headers ---------------------------------------------------------------------


@chapter
def unserved(script):
    """Versions beyond the newest and before the oldest, keys that do not exist, headers that are none."""
    for api in served_apis():
        served = versions_of(api)
        for version in {served[0] - 1, served[-1] + 1, 32767, -1} - set(served):
            script.record(f"{api}.unserved_version", version, raw(script, request_header(key_of(api), version, 5, True)))
    for key in (4, 93, 999, 32767, -1, -32768):
        script.record("Header.unknown_key", key, raw(script, wire.header(key, 0, 5)))
    for name, frame in {"empty": b"", "short": b"\0\x12", "no_client_id": wire.header(18, 0, 5)[:8],
                        "client_id_too_long": wire.header(18, 0, 5)[:8] + wire.i16(300) + b"x"}.items():
        script.record(f"Header.{name}", 0, raw(script, frame))
    script.record("Header.null_client_id", 0, raw(script, wire.header(3, 1, 5, None) + wire.array([])) != CLOSED)
    for version, body in {0: b"\xff", 3: b"\xff", 9: b"\xff\xff\xff\xff\x0f"}.items():
        script.record("Metadata.malformed", version, raw(script, request_header(3, version, 5, version >= 9) + body))


def raw(script, payload):
    with wire.Connection(script.port) as connection:
        connection.send(wire.frame(payload))
        try:
            return connection.read_frame()[:6].hex()
        except ConnectionError:
            return CLOSED


@chapter
def order(script):
    """Many requests at once: their answers come in the order of the requests."""
    topic = {"topics": [{"topic": TOPIC, "partitions": [{"partition": 0, "fetchOffset": 99}]}]}
    requests = [("Metadata", 12, {"topics": None}), ("ApiVersions", 4, {}),
                ("Fetch", 4, {"replicaId": -1, "maxWaitMs": 100, "minBytes": 1, "maxBytes": 100, **topic}),
                ("InitProducerId", 0, {"transactionalId": None}), ("DescribeCluster", 0, {}),
                *(("Produce", 12, produced(batch.batch([b"pipelined"]), BARE, acks=acks)) for acks in (1, -1, 1)),
                ("ListOffsets", 1, {"replicaId": -1, "topics": []}), ("DescribeConfigs", 1, {"resources": []})] * 3
    with wire.Connection(script.port) as connection:
        connection.send(b"".join(request_frame(*request, correlation=n) for n, request in enumerate(requests)))
        frames = [connection.read_frame() for _ in requests]
    answered = [struct.unpack_from(">i", frame)[0] for frame in frames]
    for (api, version, _), frame, n in zip(requests, frames, answered):
        read_answer(api, version, frame, correlation=n)
    script.record("Connection.order_of_answers", 0, answered)


# ---- APIs -----------------------------------------------------------------------------------------


@chapter
def api_versions(script):
    both = {key_of(api) for api in served_apis()}

    def keep(answer):
        in_both = [one for one in answer["apiKeys"] if one["apiKey"] in both]
        return in_order(supportedFeatures="name", finalizedFeatures="name")(answer | {"apiKeys": in_both})

    script.case("ApiVersions.plain", (0, 2), keep=keep)
    script.case("ApiVersions.named", (3, 4), keep=keep, clientSoftwareName="raw", clientSoftwareVersion="1.0-x.y")
    for name, value in {"space": "a b", "empty": "", "slash": "a/b", "dash_first": "-a", "dot_last": "a."}.items():
        script.case(f"ApiVersions.name_with_{name}", (3, 4), keep=keep, clientSoftwareName=value, clientSoftwareVersion="1")


@chapter
def metadata(script):
    def tell(name, versions=(0, 13), **how):
        script.case(f"Metadata.{name}", versions, keep=in_order(topics="name", partitions="partitionIndex"),
                    **({"allowAutoTopicCreation": False} | how))

    asked = [{"name": TOPIC}, {"name": "nobody"}, {"name": "not a name"}]
    tell("all", (1, 13), topics=None)
    tell("all_in_v0", (0, 0), topics=[])
    tell("none", (1, 13), topics=[])
    tell("some", topics=asked)
    tell("twice", topics=[{"name": TOPIC}, {"name": TOPIC}])
    tell("operations", (8, 13), topics=[{"name": TOPIC}], includeClusterAuthorizedOperations=True,
                includeTopicAuthorizedOperations=True)
    tell("by_id", (12, 13), topics=[{"topicId": script.id_of(TOPIC), "name": None}])
    tell("unknown_id", (12, 13), topics=[{"topicId": UNKNOWN_ID, "name": None}])
    tell("id_in_a_version_without", (10, 11), topics=[{"topicId": script.id_of(TOPIC), "name": None}])
    tell("name_and_id", (10, 13), topics=[{"topicId": script.id_of(TOPIC), "name": TOPIC}])
    tell("neither", (10, 13), topics=[{"name": None}])
    tell("creation_not_allowed", (4, 13), topics=[{"name": "nobody"}], allowAutoTopicCreation=True)


def produced(records, topic=TOPIC, partition=0, acks=-1, timeout=10000, topic_id=None, transactional_id=None):
    return {"transactionalId": transactional_id, "acks": acks, "timeoutMs": timeout, "topicData": [
        {"name": topic, "topicId": topic_id, "partitionData": [{"index": partition, "records": records}]}]}


@chapter
def produce(script):
    one = batch.batch([b"one"])
    here = script.id_of(BARE)

    def tell(name, records=one, topic=BARE, topic_id=here, **how):
        def keep(answer):
            for each in answer["responses"] if isinstance(answer, dict) else []:
                for partition in each["partitionResponses"]:
                    partition["baseOffset"] = min(partition["baseOffset"], 0)  # how far the script has come
            return answer
        script.case(f"Produce.{name}", keep=keep, **produced(records, topic, topic_id=topic_id, **how))

    for acks in (-1, 1, 2, -2):
        tell(f"acks_{acks}", acks=acks)
    tell("unknown_topic", topic="nobody", topic_id=UNKNOWN_ID)
    tell("no_topic", topic="", topic_id=b"")
    for partition in (1, -1, 2**31 - 1):
        tell(f"partition_{partition}", partition=partition)
    tell("timeout_0", timeout=0)
    tell("timeout_negative", timeout=-1)
    tell("empty_records", records=b"")
    tell("magic_1", records=batch.batch([b"one"], magic=1))
    tell("magic_3", records=batch.batch([b"one"], magic=3))
    tell("bad_crc", records=batch.batch([b"one"], crc=1))
    tell("half_a_batch", records=one[:-1])
    tell("two_batches", records=one + one)
    tell("no_record_in_the_batch", records=batch.batch([], payload=b"", count=0, last_offset_delta=0))
    tell("count_too_high", records=batch.batch([b"one"], count=2))
    tell("length_too_long", records=batch.batch([b"one"], length=5000))
    tell("length_negative", records=batch.batch([b"one"], length=-1))
    tell("control_batch", records=batch.batch([b"one"], attributes=0x20))
    tell("unknown_codec", records=batch.batch([b"one"], attributes=0x07))
    tell("base_offset_7", records=batch.batch([b"one"], base_offset=7))
    tell("in_the_future", records=batch.batch([b"one"], timestamp=2**62))
    tell("sequence_without_producer", records=batch.batch([b"one"], sequence=5))
    tell("epoch_without_producer", records=batch.batch([b"one"], epoch=5))
    tell("unknown_producer_late_sequence", records=batch.batch([b"one"], producer_id=2**40, epoch=0, sequence=77))


def fetched(topic=TOPIC, topic_id=None, partition=0, offset=0, epoch=-1, last_epoch=-1, bytes_max=1 << 20, **how):
    whole = {"replicaId": -1, "maxWaitMs": 0, "minBytes": 0, "maxBytes": 1 << 20, "isolationLevel": 0, "topics": [
        {"topic": topic, "topicId": topic_id, "partitions": [
            {"partition": partition, "currentLeaderEpoch": epoch, "fetchOffset": offset, "lastFetchedEpoch": last_epoch,
             "logStartOffset": -1, "partitionMaxBytes": bytes_max}]}]}
    return whole | how


@chapter
def fetch(script):
    here = script.id_of(TOPIC)

    def keep(answer):
        if isinstance(answer, dict):
            for topic in answer["responses"]:
                for partition in topic["partitions"]:
                    # The bytes differ by their times; how many batches there are is what counts.
                    partition["records"] = None if partition["records"] is None else [
                        (base, count) for base, count, _ in batch.batches(partition["records"])]
        return answer

    def tell(name, versions=(4, 18), topic=TOPIC, topic_id=here, **how):
        body = fetched(topic, topic_id, **how)
        if "replicaId" not in how:
            body.pop("replicaId") if versions[0] > 14 else None
        script.case(f"Fetch.{name}", versions, keep=keep, **body)

    tell("from_the_start")
    tell("from_the_middle", offset=1)
    tell("at_the_end", topic=BARE, topic_id=script.id_of(BARE), partition=0, offset=10**6)
    for offset in (10**9, -1, -2, 2**63 - 1, -2**63):
        tell(f"offset_{offset}", offset=offset)
    tell("unknown_topic", topic="nobody", topic_id=UNKNOWN_ID)
    tell("no_topic_name", topic="", topic_id=b"")
    for partition in (2, -1, 2**31 - 1):
        tell(f"partition_{partition}", partition=partition)
    tell("of_one_byte", bytes_max=1)
    tell("whole_of_one_byte", maxBytes=1)
    tell("bytes_0", bytes_max=0)
    tell("bytes_negative", bytes_max=-1)
    tell("max_bytes_negative", maxBytes=-1)
    tell("read_committed", isolationLevel=1)
    tell("wait_negative", maxWaitMs=-1)
    tell("epoch_right", (9, 18), epoch=0)
    tell("epoch_unknown", (9, 18), epoch=7)
    tell("epoch_negative", (9, 18), epoch=-2)
    tell("last_epoch_right", (12, 18), epoch=0, last_epoch=0, offset=1)
    tell("last_epoch_unknown", (12, 18), epoch=0, last_epoch=5, offset=1)
    tell("last_epoch_beyond_the_end", (12, 18), epoch=0, last_epoch=0, offset=10**6)
    tell("as_a_replica", (4, 14), replicaId=7)
    tell("as_oneself", (4, 14), replicaId=1)
    tell("as_a_replica_by_tag", (15, 18), replicaState={"replicaId": 7, "replicaEpoch": 1})
    tell("debugging_consumer", (4, 14), replicaId=-2)
    script.case("Fetch.nothing", keep=keep, maxWaitMs=0, minBytes=0, topics=[])
    tell("session_new", (7, 18), sessionId=0, sessionEpoch=0)
    tell("session_unknown", (7, 18), sessionId=12345, sessionEpoch=1)
    tell("session_epoch_negative", (7, 18), sessionId=12345, sessionEpoch=-2)
    tell("session_closed_that_is_unknown", (7, 18), sessionId=12345, sessionEpoch=-1)
    tell("session_0_with_epoch", (7, 18), sessionId=0, sessionEpoch=5)


@chapter
def list_offsets(script):
    def tell(name, versions=(1, 11), topic=TOPIC, partition=0, timestamp=-1, epoch=-1, **how):
        script.case(f"ListOffsets.{name}", versions, **({"replicaId": -1, "isolationLevel": 0, "topics": [
            {"name": topic, "partitions": [{"partitionIndex": partition, "currentLeaderEpoch": epoch,
                                            "timestamp": timestamp}]}]} | how))

    for timestamp in (-1, -2, -3, -4, -5, -6, -7, -100, 0, 1, 2**62, 2**63 - 1, -2**63):
        tell(f"time_{timestamp}", timestamp=timestamp)
        tell(f"time_{timestamp}_of_nothing", topic=TOPIC, partition=1, timestamp=timestamp)
    tell("unknown_topic", topic="nobody")
    tell("bad_name", topic="no name")
    for partition in (2, -1, 2**31 - 1):
        tell(f"partition_{partition}", partition=partition)
    tell("epoch_right", (4, 11), epoch=0)
    tell("epoch_unknown", (4, 11), epoch=9)
    tell("read_committed", (2, 11), isolationLevel=1)
    tell("isolation_9", (2, 11), isolationLevel=9)
    tell("as_a_replica", replicaId=7)
    tell("as_the_debugging_consumer", replicaId=-2)
    twice = {"partitionIndex": 0, "timestamp": -1}
    tell("partition_twice", topics=[{"name": TOPIC, "partitions": [twice, twice]}])
    tell("nothing", topics=[])
    tell("timeout_0", (10, 11), timeoutMs=0)


@chapter
def offsets_for_leader_epoch(script):
    def tell(name, topic=TOPIC, partition=0, current=-1, epoch=0, replica=-2):
        script.case(f"OffsetForLeaderEpoch.{name}", replicaId=replica, topics=[{"topic": topic, "partitions": [
            {"partition": partition, "currentLeaderEpoch": current, "leaderEpoch": epoch}]}])

    for epoch in (-1, 0, 1, 2**31 - 1, -2):
        tell(f"epoch_{epoch}", partition=1, epoch=epoch)
        tell(f"epoch_{epoch}_of_records", topic=BARE, epoch=epoch)
    tell("current_right", partition=1, current=0)
    tell("current_unknown", current=5)
    tell("unknown_topic", topic="nobody")
    tell("unknown_partition", partition=9)
    tell("as_a_replica", partition=1, replica=7)
    tell("as_a_consumer", partition=1, replica=-1)


@chapter
def init_producer_id(script):
    def tell(name, versions=(0, 5), **body):
        script.case(f"InitProducerId.{name}", versions, **({"transactionalId": None, "transactionTimeoutMs": 60000} | body))

    tell("plain")
    tell("timeout_0", transactionTimeoutMs=0)
    tell("timeout_negative", transactionTimeoutMs=-1)
    tell("empty_transactional_id", transactionalId="")
    tell("epoch_without_id", (3, 5), producerEpoch=3)
    tell("id_without_epoch", (3, 5), producerId=3)
    tell("id_and_epoch", (3, 5), producerId=3, producerEpoch=3)
    tell("negative_id", (3, 5), producerId=-5, producerEpoch=-5)


@chapter
def create_topics(script):
    def made(name, **how):
        return {"name": name, "numPartitions": 1, "replicationFactor": 1, "assignments": [], "configs": []} | how

    def tell(name, topics, versions=(2, 7), **how):
        script.case(f"CreateTopics.{name}", versions, keep=in_order(topics="name"),
                    **({"topics": topics, "timeoutMs": 15000, "validateOnly": True} | how))

    for name, topic in {"dot": ".", "slash": "a/b", "empty": "", "space": "a b", "long": "x" * 250}.items():
        tell(f"name_{name}", [made(topic)])
    tell("valid", [made("new-one", numPartitions=3)])
    tell("exists", [made(TOPIC)])
    tell("collides", [made(TOPIC.replace("-", "."), ), made(TOPIC.replace("-", "_"))])
    tell("twice", [made("double"), made("double"), made("single")])
    tell("nothing", [])
    for count in (0, -1, -2, 10**6):
        tell(f"partitions_{count}", [made("new-one", numPartitions=count)])
    for count in (0, -1, -2, 3, 32767):
        tell(f"replicas_{count}", [made("new-one", replicationFactor=count)])
    by_hand = dict(numPartitions=-1, replicationFactor=-1)
    for name, assigned in {"good": [(0, [1])], "unknown_broker": [(0, [9])], "hole": [(0, [1]), (2, [1])],
                           "broker_twice": [(0, [1, 1])], "nobody": [(0, [])], "partition_twice": [(0, [1]), (0, [1])],
                           "not_from_zero": [(1, [1])], "negative_broker": [(0, [-1])]}.items():
        assignments = [{"partitionIndex": index, "brokerIds": ids} for index, ids in assigned]
        tell(f"assigned_{name}", [made("new-one", assignments=assignments, **by_hand)])
    tell("assigned_and_counted", [made("new-one", assignments=[{"partitionIndex": 0, "brokerIds": [1]}])])
    for name, (key, value) in {
            "good": ("retention.ms", "1000"), "unknown": ("no.such.thing", "1"), "ill_formed": ("retention.ms", "soon"),
            "out_of_range": ("segment.bytes", "1"), "null": ("retention.ms", None), "bad_list": ("cleanup.policy", "burn"),
            "empty": ("retention.ms", ""), "blank": ("retention.ms", " 1000 "), "no_name": ("", "1"),
            "bad_codec": ("compression.type", "rar"), "replicas": ("min.insync.replicas", "0")}.items():
        tell(f"config_{name}", [made("new-one", configs=[{"name": key, "value": value}])])
    tell("config_twice", [made("new-one", configs=[{"name": "retention.ms", "value": v} for v in ("1000", "2000")])])
    tell("really", [made("really-made", configs=[{"name": "retention.ms", "value": "86400000"}])], (7, 7), validateOnly=False)


@chapter
def delete_topics(script):
    script.case("DeleteTopics.unknown_name", (1, 5), topicNames=["nobody"], timeoutMs=15000)
    script.case("DeleteTopics.bad_name", (1, 5), topicNames=["no name"], timeoutMs=15000)
    script.case("DeleteTopics.name_twice", (1, 5), topicNames=["nobody", "nobody"], timeoutMs=15000)
    script.case("DeleteTopics.nothing", (1, 5), topicNames=[], timeoutMs=15000)
    for name, topics in {
            "unknown_name_in_v6": [{"name": "nobody"}], "unknown_id": [{"name": None, "topicId": UNKNOWN_ID}],
            "name_and_id": [{"name": TOPIC, "topicId": script.id_of(TOPIC)}], "neither": [{"name": None}],
            "id_twice": [{"name": None, "topicId": UNKNOWN_ID}] * 2, "name_twice_in_v6": [{"name": "nobody"}] * 2,
            "by_name_and_by_id": [{"name": BARE}, {"name": None, "topicId": script.id_of(BARE)}],
            "really": [{"name": "really-made"}]}.items():
        script.case(f"DeleteTopics.{name}", (6, 6), keep=in_order(responses="topicId"), topics=topics, timeoutMs=15000)


@chapter
def delete_records(script):
    for name, (topic, partition, offset) in {
            "unknown_topic": ("nobody", 0, 0), "bad_name": ("no name", 0, 0), "unknown_partition": (TOPIC, 9, 0),
            "too_far": (TOPIC, 0, 10**9), "negative": (TOPIC, 0, -2), "nothing": (TOPIC, 1, 0), "all_of_nothing": (TOPIC, 1, -1),
            "one": (TOPIC, 0, 1), "before_the_start": (TOPIC, 0, 0)}.items():
        script.case(f"DeleteRecords.{name}", timeoutMs=10000, topics=[
            {"name": topic, "partitions": [{"partitionIndex": partition, "offset": offset}]}])


@chapter
def write_txn_markers(script):
    def tell(name, versions=(1, 2), topic=MARKED, partition=0, producer=900, epoch=3, commit=True, coordinator=5, **how):
        script.case(f"WriteTxnMarkers.{name}", versions, keep=in_order(markers="producerId"), markers=[{
            "producerId": producer, "producerEpoch": epoch, "transactionResult": commit, "coordinatorEpoch": coordinator,
            "topics": [{"name": topic, "partitionIndexes": [partition]}], **how}])

    script.case("WriteTxnMarkers.none", markers=[])
    tell("commit")
    tell("abort", commit=False)
    tell("again")
    tell("older_coordinator", coordinator=4)
    tell("newer_coordinator", coordinator=6)
    tell("older_epoch", epoch=2, coordinator=6)
    tell("newer_epoch", epoch=4, coordinator=6)
    tell("strict_repeated", (2, 2), epoch=4, coordinator=6, transactionVersion=2)
    tell("strict_older", (2, 2), epoch=3, coordinator=6, transactionVersion=2)
    tell("unknown_topic", topic="nobody")
    tell("unknown_partition", partition=5)
    script.case("WriteTxnMarkers.two_producers", keep=in_order(markers="producerId", topics="name", partitions="partitionIndex"), markers=[
        {"producerId": producer, "producerEpoch": 0, "transactionResult": True, "coordinatorEpoch": 0,
         "topics": [{"name": MARKED, "partitionIndexes": [0]}, {"name": "nobody", "partitionIndexes": [0]}]}
        for producer in (901, 902)])


@chapter
def describe_producers(script):
    def keep(answer):
        for topic in answer["topics"]:
            for partition in topic["partitions"]:
                partition["activeProducers"].sort(key=lambda each: each["producerId"])
                for producer in partition["activeProducers"]:
                    producer["lastTimestamp"] = "a time" if producer["lastTimestamp"] > 0 else producer["lastTimestamp"]
        return answer

    for name, (topic, partitions) in {"of_markers": (MARKED, [0]), "nobody": (BARE, [0]), "unknown_topic": ("nobody", [0]),
                                      "unknown_partition": (MARKED, [0, 7]), "no_partitions": (MARKED, [])}.items():
        script.case(f"DescribeProducers.{name}", keep=keep, topics=[{"name": topic, "partitionIndexes": partitions}])
    script.case("DescribeProducers.none", topics=[])
    script.case("DescribeProducers.bad_name", topics=[{"name": "no name", "partitionIndexes": [0]}])
    script.case("ListOffsets.of_markers", (2, 11), replicaId=-1, isolationLevel=1, topics=[
        {"name": MARKED, "partitions": [{"partitionIndex": 0, "timestamp": -1, "currentLeaderEpoch": -1}]}])


@chapter
def create_partitions(script):
    for name, topic in {
            "unknown_topic": dict(name="nobody", count=3), "bad_name": dict(name="no name", count=3),
            "as_many": dict(name=TOPIC, count=2), "fewer": dict(name=TOPIC, count=1), "negative": dict(name=TOPIC, count=-1),
            "more": dict(name=TOPIC, count=3), "far_more": dict(name=TOPIC, count=10001),
            "assigned": dict(name=TOPIC, count=3, assignments=[{"brokerIds": [1]}]),
            "assigned_to_nobody_known": dict(name=TOPIC, count=3, assignments=[{"brokerIds": [9]}]),
            "assigned_too_many": dict(name=TOPIC, count=3, assignments=[{"brokerIds": [1]}] * 2),
            "assigned_none": dict(name=TOPIC, count=3, assignments=[])}.items():
        script.case(f"CreatePartitions.{name}", topics=[{"assignments": None} | topic], timeoutMs=15000, validateOnly=True)
    script.case("CreatePartitions.twice", topics=[dict(name=TOPIC, count=3, assignments=None)] * 2, timeoutMs=15000,
                validateOnly=True)


@chapter
def describe_cluster(script):
    script.case("DescribeCluster.plain", includeClusterAuthorizedOperations=False)
    script.case("DescribeCluster.operations", includeClusterAuthorizedOperations=True)
    for kind in (0, 2, 3, -1):
        script.case(f"DescribeCluster.endpoints_{kind}", (1, 2), endpointType=kind)
    script.case("DescribeCluster.fenced", (2, 2), endpointType=1, includeFencedBrokers=True)


@chapter
def describe_topic_partitions(script):
    def tell(name, topics, limit=2000, cursor=None):
        script.case(f"DescribeTopicPartitions.{name}", topics=[{"name": topic} for topic in topics],
                    responsePartitionLimit=limit, cursor=cursor)

    tell("some", [TOPIC, BARE, "nobody", "no name"])
    tell("all", [])
    tell("twice", [TOPIC, TOPIC])
    for limit in (1, 2, 0, -1):
        tell(f"limit_{limit}", [TOPIC, BARE], limit)
    tell("cursor", [TOPIC, BARE], 2000, {"topicName": TOPIC, "partitionIndex": 1})
    tell("cursor_beyond", [TOPIC], 2000, {"topicName": "zzz", "partitionIndex": 0})
    tell("cursor_negative", [TOPIC], 2000, {"topicName": TOPIC, "partitionIndex": -1})
    tell("cursor_of_nobody", [TOPIC], 2000, {"topicName": "nobody", "partitionIndex": 0})


@chapter
def describe_log_dirs(script):
    keep = in_order(topics="name", partitions="partitionIndex")
    script.case("DescribeLogDirs.all", keep=keep, topics=None)
    script.case("DescribeLogDirs.none", keep=keep, topics=[])
    for name, topic in {"some": {"topic": TOPIC, "partitions": [0, 1]}, "unknown": {"topic": "nobody", "partitions": [0]},
                        "unknown_partition": {"topic": TOPIC, "partitions": [5]},
                        "no_partitions": {"topic": TOPIC, "partitions": []}}.items():
        script.case(f"DescribeLogDirs.{name}", keep=keep, topics=[topic])


TOPIC_RESOURCE, BROKER_RESOURCE, LOGGER_RESOURCE, CLIENT_METRICS_RESOURCE = 2, 4, 8, 16


@chapter
def describe_configs(script):
    def tell(name, kind, resource, keys=None, **how):
        script.case(f"DescribeConfigs.{name}", keep=in_order(configs="name"), resources=[
            {"resourceType": kind, "resourceName": resource, "configurationKeys": keys}], **how)

    tell("topic", TOPIC_RESOURCE, TOPIC)
    tell("topic_keys", TOPIC_RESOURCE, TOPIC, ["retention.ms", "no.such.thing"], includeSynonyms=True)
    tell("topic_no_keys", TOPIC_RESOURCE, TOPIC, [])
    tell("topic_documented", TOPIC_RESOURCE, TOPIC, ["retention.ms"], includeDocumentation=True)
    tell("unknown_topic", TOPIC_RESOURCE, "nobody")
    tell("bad_topic", TOPIC_RESOURCE, "no name")
    tell("no_topic", TOPIC_RESOURCE, "")
    tell("broker_keys", BROKER_RESOURCE, "1", ["log.retention.ms", "message.max.bytes", "compression.type", "no.such.thing"],
         includeSynonyms=True)
    tell("all_brokers", BROKER_RESOURCE, "", ["log.retention.ms"])
    tell("another_broker", BROKER_RESOURCE, "9")
    tell("no_broker", BROKER_RESOURCE, "one")
    tell("client_metrics", CLIENT_METRICS_RESOURCE, "x")
    tell("client_metrics_without_name", CLIENT_METRICS_RESOURCE, "")
    for kind in (0, 1, 3, 99, -1):
        tell(f"resource_{kind}", kind, "x")


def altering(script, api, field, changes, more):
    """The cases that AlterConfigs and IncrementalAlterConfigs have in common; nothing is really altered."""
    def tell(name, kind, resource, configs):
        script.case(f"{api}.{name}", validateOnly=True, resources=[
            {"resourceType": kind, "resourceName": resource, field: [
                {"name": key, "value": value} | changes | extra for key, value, extra in configs]}])

    good = [("retention.ms", "1000", {})]
    for name, (kind, resource) in {"topic": (TOPIC_RESOURCE, TOPIC), "unknown_topic": (TOPIC_RESOURCE, "nobody"),
                                   "bad_topic": (TOPIC_RESOURCE, "no name"), "no_topic": (TOPIC_RESOURCE, ""),
                                   "another_broker": (BROKER_RESOURCE, "9"), "no_broker": (BROKER_RESOURCE, "one"),
                                   "resource_0": (0, "x"), "resource_99": (99, "x")}.items():
        tell(name, kind, resource, good)
    for name, configs in {
            "nothing": [], "unknown_config": [("no.such.thing", "1", {})], "ill_formed": [("retention.ms", "soon", {})],
            "null_value": [("retention.ms", None, {})], "out_of_range": [("segment.bytes", "1", {})], "twice": good * 2,
            "good_and_bad": good + [("retention.bytes", "many", {})], **more}.items():
        tell(name, TOPIC_RESOURCE, TOPIC, configs)
    for name, key, value in (("dynamic", "message.max.bytes", "2000000"), ("read_only", "log.dirs", "/x"),
                             ("unknown", "no.such.thing", "1"), ("ill_formed", "message.max.bytes", "many")):
        tell(f"broker_{name}", BROKER_RESOURCE, "1", [(key, value, {})])
        tell(f"all_brokers_{name}", BROKER_RESOURCE, "", [(key, value, {})])
    script.case(f"{api}.no_resources", validateOnly=True, resources=[])


@chapter
def alter_configs(script):
    altering(script, "AlterConfigs", "configs", {}, {})


@chapter
def incremental_alter_configs(script):
    altering(script, "IncrementalAlterConfigs", "configs", {"configOperation": 0}, {
        "delete": [("retention.ms", None, {"configOperation": 1})],
        "delete_unknown": [("no.such.thing", None, {"configOperation": 1})],
        "append": [("cleanup.policy", "compact", {"configOperation": 2})],
        "append_to_no_list": [("retention.ms", "1", {"configOperation": 2})],
        "subtract": [("cleanup.policy", "compact", {"configOperation": 3})],
        "operation_4": [("retention.ms", "1", {"configOperation": 4})],
        "operation_-1": [("retention.ms", "1", {"configOperation": -1})]})


@chapter
def groups(script):
    raw_groups.tell_groups(script, TOPIC)


# Last: how much they leave in the internal topics is a matter of chance.
CHAPTERS.append(raw_transactions.tell)
CHAPTERS.append(raw_transactional_writes.tell)
