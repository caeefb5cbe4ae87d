"""Raw requests about transactions, a chapter of raw_script.py: the right ones and all that a producer can do wrong.

Every case has a transactional id of its own, so that none depends on how far the one before it has come.
"""

from lib import wire

TOPIC, BARE = "raw-requests", "raw-requests-empty"
LOADING = (14, 15, 16, 51)  # the coordinator loads, is not there yet, or is busy with what came before


class Producer:
    """Has a transactional id and what the coordinator gave it. `version`: of EndTxn; from 5 on the newer protocol."""

    def __init__(self, script, name, version=5):
        self.script, self.transactional_id, self.is_new = script, name, version >= 5
        self.producer_id, self.epoch = self.init()

    def init(self):
        answer = wire.until(lambda: self.script.ask("InitProducerId", 4, {
            "transactionalId": self.transactional_id, "transactionTimeoutMs": 60000, "producerId": -1, "producerEpoch": -1}),
            lambda answer: answer["errorCode"] not in LOADING)
        assert answer["errorCode"] == 0, answer
        return answer["producerId"], answer["producerEpoch"]

    def who(self, producer=0, epoch=0):
        return {"transactionalId": self.transactional_id, "producerId": self.producer_id + producer,
                "producerEpoch": self.epoch + epoch}

    def begin(self, topic=BARE):
        topics = [{"name": topic, "partitions": [0]}]
        if self.is_new:
            answer = self.script.ask("AddPartitionsToTxn", 5, {"transactions": [{**self.who(), "verifyOnly": False, "topics": topics}]})
            [result] = answer["resultsByTransaction"][0]["topicResults"][0]["resultsByPartition"]
        else:
            answer = self.script.ask("AddPartitionsToTxn", 3, {
                **{f"v3AndBelow{key[0].upper()}{key[1:]}": value for key, value in self.who().items()}, "v3AndBelowTopics": topics})
            [result] = answer["resultsByTopicV3AndBelow"][0]["resultsByPartition"]
        assert result["partitionErrorCode"] == 0, answer
        return self

    def end(self, commit):
        """Ends the transaction, and returns when that is complete; the epoch stays what it was."""
        answer = self.script.ask("EndTxn", 5 if self.is_new else 4, {**self.who(), "committed": commit})
        assert answer["errorCode"] == 0, answer
        wire.until(self.state, lambda state: state.startswith("Complete"))
        return self

    def state(self):
        answer = self.script.ask("DescribeTransactions", 0, {"transactionalIds": [self.transactional_id]})
        return answer["transactionStates"][0]["transactionState"]


def tell(script):
    wire.until(lambda: script.ask("FindCoordinator", 4, {"keyType": 1, "coordinatorKeys": ["raw"]})["coordinators"][0]["errorCode"],
               lambda error: error == 0)
    Producer(script, "raw-first")  # is answered once the coordinator has loaded
    inits(script)
    additions(script)
    offsets(script)
    ends(script)
    views(script)


def inits(script):
    def case(name, versions=(0, 5), begins=False, **body):
        for version in range(versions[0], versions[1] + 1):
            how = dict(body)
            if "epoch" in how:
                producer = Producer(script, f"raw-init-{name}-{version}")
                if begins:
                    producer.begin()
                how = {"transactionalId": producer.transactional_id, "producerId": producer.producer_id + how.pop("producer", 0),
                       "producerEpoch": producer.epoch + how.pop("epoch")}
            asked = {"transactionalId": f"raw-init-{name}-{version}", "transactionTimeoutMs": 60000} | how
            script.record(f"InitProducerId.transactional_{name}", version, script.ask("InitProducerId", version, asked))

    case("plain")
    case("timeout_0", transactionTimeoutMs=0)
    case("timeout_negative", transactionTimeoutMs=-1)
    case("timeout_too_long", transactionTimeoutMs=900001)
    case("id_of_nobody", (3, 5), producerId=99999, producerEpoch=3)
    case("continues", (3, 5), epoch=0)
    case("stale", (3, 5), epoch=-1)
    case("ahead", (3, 5), epoch=1)
    case("foreign", (3, 5), producer=1000000, epoch=0)
    case("fences_an_open_one", (3, 5), begins=True, epoch=0)
    case("long", transactionalId="x" * 20000)


def additions(script):
    def both(name, topics, producer=0, epoch=0, transactional_id=None, verify=False, prepare=lambda producer: None):
        for version in range(0, 6):
            subject = Producer(script, f"raw-add-{name}-{verify}-{version}")
            prepare(subject)
            who = subject.who(producer, epoch)
            if transactional_id is not None:
                who["transactionalId"] = transactional_id
            if version >= 4:
                body = {"transactions": [{**who, "verifyOnly": verify, "topics": topics}]}
            else:
                body = {**{f"v3AndBelow{key[0].upper()}{key[1:]}": value for key, value in who.items()}, "v3AndBelowTopics": topics}
            script.record(f"AddPartitionsToTxn.{'verify' if verify else 'add'}_{name}", version,
                          without_ids(script.ask("AddPartitionsToTxn", version, body)))

    here = [{"name": BARE, "partitions": [0]}]
    for verify in (False, True):
        both("known", here, verify=verify)
        both("again", here, verify=verify, prepare=Producer.begin)
        both("unknown_topic", here + [{"name": "nobody", "partitions": [0]}], verify=verify)
        both("unknown_partition", [{"name": BARE, "partitions": [7]}], verify=verify)
        both("foreign", here, producer=1000000, verify=verify)
        both("stale", here, epoch=-1, verify=verify)
        both("ahead", here, epoch=1, verify=verify)
        both("empty_id", here, transactional_id="", verify=verify)
        both("id_of_nobody", here, transactional_id="raw-nobody", verify=verify)


def without_ids(answer):
    for result in answer.get("resultsByTransaction", []):
        result["transactionalId"] = "an id"
        sort(result["topicResults"])
    sort(answer.get("resultsByTopicV3AndBelow", []))
    return answer


def sort(topics):
    topics.sort(key=lambda topic: topic["name"])


def offsets(script):
    def case(name, producer=0, epoch=0, **how):
        for version in range(0, 5):
            subject = Producer(script, f"raw-offsets-{name}-{version}")
            script.record(f"AddOffsetsToTxn.{name}", version,
                          script.ask("AddOffsetsToTxn", version, {**subject.who(producer, epoch), "groupId": "raw-group"} | how))

    case("known")
    case("empty_group", groupId="")
    case("foreign", producer=1000000)
    case("stale", epoch=-1)
    case("empty_id", transactionalId="")
    case("id_of_nobody", transactionalId="raw-nobody")


def ends(script):
    def case(name, commit, prepare=lambda producer: None, producer=0, epoch=0, **how):
        for version in range(0, 6):
            subject = Producer(script, f"raw-end-{name}-{commit}-{version}", version)
            prepare(subject)
            answer = script.ask("EndTxn", version, {**subject.who(producer, epoch), "committed": commit} | how)
            if answer.get("producerEpoch", -1) >= 0:
                answer["producerEpoch"] -= subject.epoch
            script.record(f"EndTxn.{name}_{'commit' if commit else 'abort'}", version, answer)

    for commit in (True, False):
        case("begun", commit, Producer.begin)
        case("never_begun", commit)
        case("after_a_commit", commit, lambda producer: producer.begin().end(True))
        case("after_an_abort", commit, lambda producer: producer.begin().end(False))
        case("foreign", commit, Producer.begin, producer=1000000)
        case("stale", commit, Producer.begin, epoch=-1)
        case("ahead", commit, Producer.begin, epoch=1)
        case("empty_id", commit, transactionalId="")
        case("id_of_nobody", commit, transactionalId="raw-nobody")


def views(script):
    described = [Producer(script, f"raw-view-{name}") for name in ("empty", "open", "ended")]
    described[1].begin()
    described[2].begin().end(True)
    ids = [producer.transactional_id for producer in described]

    def without_times(answer):
        for state in answer["transactionStates"]:
            state["transactionStartTimeMs"] = min(state["transactionStartTimeMs"], 1)
        return answer

    script.case("DescribeTransactions.known", keep=without_times, transactionalIds=ids)
    script.case("DescribeTransactions.unknown", transactionalIds=["raw-nobody", "", ids[0], ids[0]])
    script.case("DescribeTransactions.nothing", transactionalIds=[])

    def of_view(answer):
        listed = [state for state in answer["transactionStates"] if state["transactionalId"].startswith("raw-view-")]
        return answer | {"transactionStates": sorted(listed, key=lambda state: state["transactionalId"])}

    def listed(name, versions=(0, 2), **how):
        script.case(f"ListTransactions.{name}", versions, keep=of_view, **({"stateFilters": [], "producerIdFilters": []} | how))

    listed("all")
    listed("of_states", stateFilters=["Ongoing", "CompleteCommit"])
    listed("of_unknown_states", stateFilters=["Nonsense", "ongoing", "Ongoing"])
    listed("of_passing_states", stateFilters=["Dead", "PrepareEpochFence"])
    listed("of_producers", producerIdFilters=[described[0].producer_id, 99999999])
    listed("of_long_ones", (1, 2), durationFilter=3600000)
    listed("of_any_length", (1, 2), durationFilter=-1)
    listed("by_pattern", (2, 2), transactionalIdPattern="raw-view-(open|ended)")
    listed("by_part_of_a_pattern", (2, 2), transactionalIdPattern="view")
    listed("by_empty_pattern", (2, 2), transactionalIdPattern="")
    listed("by_bad_pattern", (2, 2), transactionalIdPattern="(")
