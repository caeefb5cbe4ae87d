"""Random walks of transactional requests: every answer and everything that can be seen afterwards is as with a running Apache Kafka."""

import pytest

import transactional_walk
from lib import broker as brokers
from lib import machine
from raw_requests import Script

WALKS = range(8)
CONFIG = {"auto.create.topics.enable": "false", "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
          "transaction.state.log.num.partitions": "1", "offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": "1"}
INVALID_TXN_STATE, PRODUCER_FENCED = 48, 90


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """{kind of broker: who asks it}."""
    if not (brokers.JARS / "pom.xml").exists():
        machine.missing("kafka", "Apache Kafka's jars are not in build/interop/jars")
    started = {kind: make(tmp_path_factory.mktemp(kind) / "data", CONFIG) for kind, make in brokers.KINDS.items()}
    try:
        for broker in started.values():
            broker.launch()
        for broker in started.values():
            broker.wait_ready()
        scripts = {kind: Script(broker) for kind, broker in started.items()}
        for script in scripts.values():
            transactional_walk.wait_for_coordinators(script)
        yield scripts
    finally:
        for broker in started.values():
            broker.kill()


def comparable(step):
    """A commit of what was aborted already: PRODUCER_FENCED here, as in Kafka after 4.2 (KAFKA-20785)."""
    return tuple(PRODUCER_FENCED if step[0] == "end v5" and field == INVALID_TXN_STATE else field for field in step)


@pytest.mark.parametrize("seed", WALKS)
def test_a_walk_is_answered_as_apache_kafka_answers_it(scripts, seed):
    ours, theirs = (transactional_walk.Walk(scripts[kind], seed).run() for kind in ("tideline", "kafka"))
    for number, (mine, its) in enumerate(zip(ours, theirs, strict=True)):
        before = "\n".join(map(str, ours[max(0, number - 12):number]))
        assert comparable(mine) == comparable(its), f"step {number} of walk {seed}, after\n{before}"
