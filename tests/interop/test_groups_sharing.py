"""Every client family as members of a group: they share the partitions, each exactly once."""

import pytest

from groups import BROKER_CONFIG, KINDS, partitions_of  # noqa: F401

EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
PARTITIONS = 4


@pytest.fixture
def shared_topic(topic, admin_topic):
    admin_topic(topic, PARTITIONS)
    return topic


def write_everywhere(write, topic, word):
    return [value for partition in range(PARTITIONS)
            for value in write(topic, partition, [f"{word}-{partition}-{n}" for n in range(5)])]


@EVERY_KIND
def test_two_members_share_and_who_stays_has_all(crowd, kind, group, shared_topic, write):
    everything = partitions_of(shared_topic, PARTITIONS)
    stays = crowd.join(kind, group, shared_topic)
    crowd.until_owns(stays, everything)
    first = write_everywhere(write, shared_topic, "alone")
    crowd.until_read(first, stays)
    leaves = crowd.join(kind, group, shared_topic)
    crowd.until_shared([stays, leaves], everything)
    owners = {pair: member for member in (stays, leaves) for pair in member.owned}
    second = write_everywhere(write, shared_topic, "together")
    crowd.until_read(second, stays, leaves)
    for member in (stays, leaves):
        for topic, partition, _, value in member.records:
            if value in second:
                assert owners[topic, partition] is member, f"{value} read by {member}"
    leaves.leave()
    crowd.until_owns(stays, everything)


def test_the_partitions_of_a_killed_member_go_to_the_others(crowd, group, shared_topic):
    """All families side by side, in a group each: what takes time is the sessions running out."""
    everything = partitions_of(shared_topic, PARTITIONS)
    dying = [crowd.join(kind, f"{group}-{kind}", shared_topic, doomed=True) for kind in KINDS]
    for dies in dying:
        crowd.until_owns(dies, everything)
    staying = [crowd.join(kind, f"{group}-{kind}", shared_topic) for kind in KINDS]
    for pair in zip(dying, staying):
        crowd.until_shared(pair, everything)
    for dies in dying:
        dies.kill()
    for stays in staying:
        crowd.until_owns(stays, everything)


@pytest.mark.parametrize("kinds", [
    ("java-classic", "confluent-newest", "franz-go"),
    ("kafka-python-debian", "kafka-python-newest", "confluent-debian")], ids="+".join)
@pytest.mark.parametrize("assignor", ["range", "roundrobin"])
def test_families_that_know_one_assignor_share_a_group(crowd, kinds, assignor, group,
                                                       shared_topic):
    everything = partitions_of(shared_topic, PARTITIONS)
    crowd.gather(kinds, group, shared_topic, everything, assignors=[assignor])
