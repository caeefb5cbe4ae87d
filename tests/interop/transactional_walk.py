"""A random walk of transactional requests, right and wrong ones, told to any broker: the same seed asks the same of each.

Three instances of two producers, two of which share a transactional id and fence each other, in the older protocol, the newer one or both in
turn. After each step all is looked at that a broker tells of transactions: states, producers, ends of logs, offsets. Steps wait until the one before
is complete, and ask again where a broker says so, since how fast brokers are is no part of the comparison.
"""

import random

from lib import wire
from lib.batch import batch, batches
from raw_requests import CLOSED, SILENT
from raw_transactions import LOADING

STEPS = 40
PARTITIONS = (0, 1)
TRANSACTIONAL = 0x10
SECONDS = 120
NOT_ENOUGH_REPLICAS = 19  # to a write in the older protocol: the transaction before this one is being ended
NEAR_THE_LAST_SEQUENCE = 2**31 - 5


class Instance:
    def __init__(self, transactional_id):
        self.transactional_id, self.producer_id, self.epoch = transactional_id, -1, -1
        self.next_sequences, self.last_sequences = {}, {}

    def is_told(self, producer_id, epoch):
        if (producer_id, epoch) != (self.producer_id, self.epoch):
            self.next_sequences, self.last_sequences = {}, {}
        self.producer_id, self.epoch = producer_id, epoch


class Walk:
    def __init__(self, script, seed):
        self.script, self.random = script, random.Random(seed)
        self.topic, self.group = f"walk-{seed}", f"walk-{seed}-group"
        self.ids = [f"walk-{seed}-first", f"walk-{seed}-second"]
        self.instances = [Instance(self.ids[0]), Instance(self.ids[0]), Instance(self.ids[1])]
        self.producer_ids, self.given = [], []
        self.protocol = self.random.choice(("older", "newer", "newer", "both"))
        self.first_sequence = NEAR_THE_LAST_SEQUENCE if self.protocol == "older" and self.random.random() < 0.5 else 0
        self.transcript = []
        with wire.Connection(script.port) as connection:
            wire.make_topic(connection, self.topic, len(PARTITIONS))
        script.learn_ids()

    def run(self):
        self.init(self.instances[0])
        self.init(self.instances[2])
        steps, weights = zip(*((self.init, 5), (self.add, 8), (self.produce, 30), (self.commit_in_transaction, 12), (self.end, 22), (self.commit, 3),
                               (self.delete_offsets, 2), (self.delete_records, 2), (self.write_marker, 2)))
        for _ in range(STEPS):
            instance = self.random.choices(self.instances, (5, 2, 3))[0]
            step = self.random.choices(steps, weights)[0]
            self.states()
            step(instance)
            self.look()
        self.read()
        return self.transcript

    # ---- what brokers cannot have in common, and how long they take ----

    def number(self, producer_id):
        """A producer id as this walk counts them."""
        if producer_id < 0:
            return producer_id
        if producer_id not in self.producer_ids:
            self.producer_ids.append(producer_id)
        return self.producer_ids.index(producer_id)

    def ask(self, api, version, body, error_of, also_later=()):
        def ask():
            answer = self.script.ask(api, version, body)
            assert answer not in (CLOSED, SILENT), f"{api} v{version}: {answer}"
            return answer

        return wire.until(ask, lambda answer: error_of(answer) not in (*LOADING, *also_later), seconds=SECONDS)

    def states(self):
        """Of both transactional ids, once nothing is being ended."""
        answer = wire.until(lambda: self.script.ask("DescribeTransactions", 0, {"transactionalIds": self.ids}),
                            lambda answer: not any(one["transactionState"].startswith("Prepare") for one in answer["transactionStates"]),
                            seconds=SECONDS)
        return [(one["errorCode"], one["transactionState"], self.number(one["producerId"]), one["producerEpoch"],
                 sorted((topic["topic"], sorted(topic["partitions"])) for topic in one["topics"])) for one in answer["transactionStates"]]

    def tell(self, step, instance, *rest):
        name = "-" if instance is None else "ABC"[self.instances.index(instance)]
        self.transcript.append((step, name, *rest))

    # ---- who asks ----

    def is_newer(self):
        return self.random.random() < 0.5 if self.protocol == "both" else self.protocol == "newer"

    def who(self, instance):
        """The instance, or what somebody else is, was or will be."""
        producer_id, epoch = instance.producer_id, instance.epoch
        chance = self.random.random()
        if chance < 0.05:
            epoch -= 1
        elif chance < 0.08:
            epoch += 1
        elif chance < 0.12 and self.given:
            producer_id, epoch = self.random.choice(self.given)
        return {"transactionalId": instance.transactional_id, "producerId": producer_id, "producerEpoch": epoch}

    def name(self, who):
        return self.number(who["producerId"]), who["producerEpoch"]

    # ---- steps ----

    def init(self, instance):
        who = self.who(instance)
        if instance.producer_id < 0 or who["producerEpoch"] < 0 or self.random.random() < 0.5:
            who["producerId"] = who["producerEpoch"] = -1
        answer = self.ask("InitProducerId", 5, {**who, "transactionTimeoutMs": 600000}, lambda answer: answer["errorCode"])
        if answer["errorCode"] == 0:
            self.given.append((answer["producerId"], answer["producerEpoch"]))
            instance.is_told(*self.given[-1])
        self.tell("init", instance, self.name(who), answer["errorCode"], self.name(answer))

    def add(self, instance):
        who, topics = self.who(instance), [{"name": self.topic, "partitions": [self.random.choice(PARTITIONS)]}]
        if self.is_newer():
            verify = self.random.random() < 0.5

            def error_of(answer):
                return answer["resultsByTransaction"][0]["topicResults"][0]["resultsByPartition"][0]["partitionErrorCode"]
            answer = self.ask("AddPartitionsToTxn", 5, {"transactions": [{**who, "verifyOnly": verify, "topics": topics}]}, error_of)
        else:
            verify = False

            def error_of(answer):
                return answer["resultsByTopicV3AndBelow"][0]["resultsByPartition"][0]["partitionErrorCode"]
            answer = self.ask("AddPartitionsToTxn", 3, {**{f"v3AndBelow{key[0].upper()}{key[1:]}": value for key, value in who.items()},
                                                        "v3AndBelowTopics": topics}, error_of)
        self.tell("verify" if verify else "add", instance, self.name(who), topics[0]["partitions"], error_of(answer))

    def produce(self, instance):
        who, partition = self.who(instance), self.random.choice(PARTITIONS)
        if who["producerId"] < 0:
            return  # Kafka takes a transactional batch of nobody for one without a transaction
        count = self.random.choice((1, 2))
        version = self.random.choice((12, 13)) if self.is_newer() else self.random.choice((9, 10, 11))
        sequence, chance = instance.next_sequences.get(partition, self.first_sequence), self.random.random()
        is_next = chance >= 0.18
        if chance < 0.08:
            sequence, count = instance.last_sequences.get(partition, 0), 1
        elif chance < 0.14:
            sequence = (sequence + 3) % 2**31
        elif chance < 0.18:
            sequence = 0
        attributes = TRANSACTIONAL if self.random.random() > 0.05 else 0
        raw = batch([b"v"] * count, attributes=attributes, producer_id=who["producerId"], epoch=who["producerEpoch"], sequence=sequence)
        answer = self.ask("Produce", version, {
            "transactionalId": who["transactionalId"], "acks": -1, "timeoutMs": 15000, "topicData": [
                {"name": self.topic, "topicId": self.script.id_of(self.topic), "partitionData": [{"index": partition, "records": raw}]}]},
            lambda answer: answer["responses"][0]["partitionResponses"][0]["errorCode"], (NOT_ENOUGH_REPLICAS,))
        row = answer["responses"][0]["partitionResponses"][0]
        if row["errorCode"] == 0 and is_next and (who["producerId"], who["producerEpoch"]) == (instance.producer_id, instance.epoch):
            instance.last_sequences[partition] = sequence
            instance.next_sequences[partition] = (sequence + count) % 2**31
        self.tell(f"produce v{version}", instance, self.name(who), partition, sequence, count, attributes, row["errorCode"], row["baseOffset"])

    def commit_in_transaction(self, instance):
        who, partition, offset = self.who(instance), self.random.choice(PARTITIONS), self.random.randrange(1000)
        is_newer = self.is_newer()
        member = self.random.choice([{}] * 8 + [{"generationId": 3}, {"memberId": "nobody"}])
        if not is_newer and self.random.random() < 0.8:
            answer = self.ask("AddOffsetsToTxn", 3, {**who, "groupId": self.group}, lambda answer: answer["errorCode"])
            self.tell("add offsets", instance, self.name(who), answer["errorCode"])
        version = 5 if is_newer else self.random.choice((3, 4))
        answer = self.ask("TxnOffsetCommit", version, {**who, "groupId": self.group, **member, "topics": self.offsets(partition, offset)}, error_of_commit)
        self.tell(f"commit in transaction v{version}", instance, self.name(who), partition, offset, member, error_of_commit(answer))

    def end(self, instance):
        who, commit = self.who(instance), self.random.random() < 0.6
        version = 5 if self.is_newer() else self.random.choice((3, 4))
        if self.random.random() < 0.15:
            who["producerEpoch"] -= 1  # once more what was answered
        answer = self.ask("EndTxn", version, {**who, "committed": commit}, lambda answer: answer["errorCode"])
        if version >= 5 and answer["errorCode"] == 0:
            self.given.append((answer["producerId"], answer["producerEpoch"]))
            instance.is_told(*self.given[-1])
        self.tell(f"end v{version}", instance, self.name(who), commit, answer["errorCode"], self.name(answer) if version >= 5 else None)

    def commit(self, _):
        partition, offset = self.random.choice(PARTITIONS), self.random.randrange(1000)
        answer = self.ask("OffsetCommit", 7, {"groupId": self.group, "generationIdOrMemberEpoch": -1, "memberId": "",
                                              "topics": self.offsets(partition, offset)}, error_of_commit)
        self.tell("commit", None, partition, offset, error_of_commit(answer))

    def delete_offsets(self, _):
        if self.random.random() < 0.5:
            answer = self.ask("DeleteGroups", 2, {"groupsNames": [self.group]}, lambda answer: answer["results"][0]["errorCode"])
            self.tell("delete group", None, answer["results"][0]["errorCode"])
            return
        partition = self.random.choice(PARTITIONS)
        answer = self.ask("OffsetDelete", 0, {"groupId": self.group, "topics": [{"name": self.topic, "partitions": [{"partitionIndex": partition}]}]},
                          lambda answer: answer["errorCode"])
        self.tell("delete offset", None, partition, answer["errorCode"], [row["errorCode"] for topic in answer["topics"] for row in topic["partitions"]])

    def delete_records(self, _):
        partition = self.random.choice(PARTITIONS)
        answer = self.ask("DeleteRecords", 2, {"topics": [{"name": self.topic, "partitions": [{"partitionIndex": partition, "offset": -1}]}],
                                               "timeoutMs": 10000}, lambda answer: answer["topics"][0]["partitions"][0]["errorCode"])
        row = answer["topics"][0]["partitions"][0]
        self.tell("delete records", None, partition, row["errorCode"], row["lowWatermark"])

    def write_marker(self, instance):
        """As an administrator who aborts what hangs, in one partition only."""
        who, partition, version = self.who(instance), self.random.choice(PARTITIONS), self.random.choice((0, 0, 2))
        if who["producerEpoch"] < 0:
            return
        answer = self.script.ask("WriteTxnMarkers", 2, {"markers": [{
            "producerId": who["producerId"], "producerEpoch": who["producerEpoch"], "transactionResult": False, "coordinatorEpoch": 0,
            "transactionVersion": version, "topics": [{"name": self.topic, "partitionIndexes": [partition]}]}]})
        self.tell("abort marker", instance, self.name(who), partition, version, answer["markers"][0]["topics"][0]["partitions"][0]["errorCode"])

    def offsets(self, partition, offset):
        return [{"name": self.topic, "partitions": [{"partitionIndex": partition, "committedOffset": offset, "committedMetadata": ""}]}]

    # ---- what can be seen ----

    def look(self):
        states = self.states()
        ends = [self.ends(isolation) for isolation in (0, 1)]
        answer = self.script.ask("DescribeProducers", 0, {"topics": [{"name": self.topic, "partitionIndexes": list(PARTITIONS)}]})
        producers = [sorted((self.number(one["producerId"]), one["producerEpoch"], one["lastSequence"], one["currentTxnStartOffset"])
                            for one in row["activeProducers"]) for row in by_partition(answer["topics"])]
        committed = [self.committed(is_stable) for is_stable in (True, False)]
        self.transcript.append(("look", states, ends, producers, committed))

    def ends(self, isolation):
        answer = self.script.ask("ListOffsets", 7, {"replicaId": -1, "isolationLevel": isolation, "topics": [{"name": self.topic, "partitions": [
            {"partitionIndex": partition, "currentLeaderEpoch": -1, "timestamp": -1} for partition in PARTITIONS]}]})
        return [(row["errorCode"], row["offset"]) for row in by_partition(answer["topics"])]

    def committed(self, is_stable):
        answer = self.ask("OffsetFetch", 7, {"groupId": self.group, "requireStable": is_stable,
                                             "topics": [{"name": self.topic, "partitionIndexes": list(PARTITIONS)}]}, lambda answer: answer["errorCode"])
        return [(row["errorCode"], row["committedOffset"]) for row in by_partition(answer["topics"])]

    def read(self):
        """What readers of committed records are given. Which aborted transactions they are told of besides is up to the broker."""
        for partition in PARTITIONS:
            answer = self.script.ask("Fetch", 11, {
                "replicaId": -1, "maxWaitMs": 0, "minBytes": 0, "maxBytes": 1 << 20, "isolationLevel": 1, "sessionId": 0, "sessionEpoch": -1, "topics": [
                    {"topic": self.topic, "partitions": [{"partition": partition, "currentLeaderEpoch": -1, "fetchOffset": 0, "logStartOffset": -1,
                                                          "partitionMaxBytes": 1 << 20}]}]})
            row = answer["responses"][0]["partitions"][0]
            self.transcript.append(("read", partition, row["errorCode"], row["lastStableOffset"],
                                    [base for base, _, _ in batches(row["records"] or b"")]))


def wait_for_coordinators(script):
    """The first who asks for them makes their topics."""
    for key_type in (0, 1):
        body = {"keyType": key_type, "coordinatorKeys": ["walk"]}
        wire.until(lambda asked=body: script.ask("FindCoordinator", 4, asked)["coordinators"][0]["errorCode"], lambda error: error == 0,
                   seconds=SECONDS)


def error_of_commit(answer):
    return answer["topics"][0]["partitions"][0]["errorCode"]


def by_partition(topics):
    return sorted((row for topic in topics for row in topic["partitions"]), key=lambda row: row["partitionIndex"])
