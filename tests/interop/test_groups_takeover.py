"""A directory that changes hands: the groups of one broker are served by the other, both ways."""

import pytest

from groups import BROKER_CONFIG, Crowd, partitions_of
from lib import broker as brokers
from lib import batch, wire, wire_groups

pytestmark = pytest.mark.tideline_only("takes two kinds of broker")
VALUES = [f"v{n}" for n in range(10)]


@pytest.fixture
def run_kind(tmp_path):
    """run_kind("kafka") serves the test's only directory with that kind of broker."""
    running = []

    def start(kind):
        config = dict(BROKER_CONFIG)
        if kind == "tideline":
            config["node.id"] = "1"
        running.append(brokers.KINDS[kind](tmp_path / "data", config).start())
        return running[-1]

    yield start
    for broker in running:
        broker.kill()


def crowd_of(broker, java_host, family_ready):
    return Crowd(broker.bootstrap, java_host, java_host.changed, family_ready)


@pytest.mark.parametrize("first,second", [("kafka", "tideline"), ("tideline", "kafka")])
def test_groups_go_on_where_they_were(run_kind, java_host, family_ready, group, topic, first,
                                      second):
    """Three groups: without members, classic and of the consumer protocol."""
    family_ready("java")
    broker = run_kind(first)
    kinds = ("java-classic", "java-consumer")
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, topic)
        for value in VALUES:
            wire.produce(connection, topic, 0, batch.batch([value.encode()]))
        wire_groups.make_group(connection, group, {(topic, 0): 3})
    crowd = crowd_of(broker, java_host, family_ready)
    for kind in kinds:
        member = crowd.join(kind, f"{group}-{kind}", topic)
        crowd.until_owns(member, partitions_of(topic, 1))
        member.commit((topic, 0, 6))
        member.leave()
    assert broker.stop() in (0, 143)
    broker = run_kind(second)
    with wire.Connection(broker.port) as connection:
        wire.until(lambda: wire_groups.find_coordinator(connection, group), lambda e: e == 0)
        wire.until(lambda: wire_groups.fetch_offset(connection, group, topic, 0),
                   lambda answer: answer == (3, 0))
    crowd = crowd_of(broker, java_host, family_ready)
    for kind in kinds:
        member = crowd.join(kind, f"{group}-{kind}", topic)
        crowd.until_read(VALUES[6:], member)
        assert member.values == VALUES[6:]
    crowd.end()
