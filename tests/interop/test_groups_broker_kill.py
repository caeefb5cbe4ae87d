"""The broker dies without warning under groups that read and commit: the same members go on, from where they had committed."""

import pytest

from groups import BROKER_CONFIG, Crowd, partitions_of
from lib import batch, wire, wire_groups

PARTITIONS = 6
KILLS = 3


def write_round(broker, topic, number):
    values = [f"{number}-{partition}" for partition in range(PARTITIONS)]
    with wire.Connection(broker.port) as connection:
        for partition, value in enumerate(values):
            assert wire.produce(connection, topic, partition, batch.batch([value.encode()]))[0] == 0
    return values


def committed(broker, group, topic):
    with wire.Connection(broker.port) as connection:
        wire.until(lambda: wire_groups.find_coordinator(connection, group), lambda error: error == 0)
        answers = wire.until(lambda: [wire_groups.fetch_offset(connection, group, topic, index) for index in range(PARTITIONS)],
                             lambda found: all(error == 0 for _, error in found))
    return [offset for offset, _ in answers]


@pytest.mark.parametrize("kinds", [("java-consumer", "confluent-consumer"), ("java-classic", "confluent-newest", "franz-go")], ids="+".join)
def test_members_go_on_after_each_kill9_of_the_broker(make_broker, java_host, family_ready, kinds, group, topic):
    broker = make_broker(BROKER_CONFIG).start()
    everything = partitions_of(topic, PARTITIONS)
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, topic, PARTITIONS)
    family_ready("java")
    crowd = Crowd(broker.bootstrap, java_host, java_host.changed, family_ready)
    try:
        members = crowd.gather(kinds, group, topic, everything, auto_commit_ms=200,
                               assignors=["range"] if "java-classic" in kinds else [])
        for number in range(1, KILLS + 1):
            crowd.until_read(write_round(broker, topic, number), *members)
            before = wire.until(lambda: committed(broker, group, topic), lambda found: found == [number] * PARTITIONS, seconds=60)
            broker.kill()
            broker.start()
            assert committed(broker, group, topic) == before
            crowd.until_shared(members, everything)
        crowd.until_read(write_round(broker, topic, "last"), *members)
    finally:
        crowd.end()
