"""What assignors promise: cooperative hand-over, the broker's assignors, and change of protocol."""

import pytest

from groups import BROKER_CONFIG, partitions_of  # noqa: F401

PARTITIONS = 6


@pytest.fixture
def everything(topic, admin_topic):
    admin_topic(topic, PARTITIONS)
    return partitions_of(topic, PARTITIONS)


COOPERATIVE = [
    ("confluent-debian", ["cooperative-sticky"]), ("confluent-newest", ["cooperative-sticky"]),
    ("kafka-python-newest", ["cooperative-sticky"]), ("java-classic", ["cooperative-sticky"]),
    ("franz-go", ["cooperative-sticky"]), ("confluent-consumer", []), ("java-consumer", [])]


@pytest.mark.parametrize("kind,assignors", COOPERATIVE, ids=[kind for kind, _ in COOPERATIVE])
def test_only_what_moves_is_revoked(crowd, kind, assignors, group, topic, everything):
    first = crowd.join(kind, group, topic, assignors=assignors)
    crowd.until_owns(first, everything)
    second = crowd.join(kind, group, topic, assignors=assignors)
    crowd.until_shared([first, second], everything)
    assert sorted(first.taken) == sorted(second.owned), first
    assert len(first.owned) == len(second.owned) == PARTITIONS // 2


@pytest.mark.parametrize("kind", ["java-classic", "kafka-python-newest", "franz-go"])
def test_sticky_members_keep_what_they_can(crowd, kind, group, topic, everything):
    """Not kafka-python 2.0.2, whose sticky assignor throws in its second rebalance."""
    members = crowd.gather([kind, kind], group, topic, everything, assignors=["sticky"])
    before = [set(member.owned) for member in members]
    leaves = crowd.join(kind, group, topic, assignors=["sticky"])
    crowd.until_shared([*members, leaves], everything)
    kept = [set(member.owned) for member in members]
    assert all(now < then for now, then in zip(kept, before))
    leaves.leave()
    crowd.until_shared(members, everything)
    assert all(then <= member.owned for member, then in zip(members, kept))


@pytest.mark.parametrize("kind", ["java-consumer", "confluent-consumer"])
@pytest.mark.parametrize("assignor,runs", [("range", True), ("uniform", False)])
def test_the_broker_assigns_as_the_members_ask(crowd, kind, assignor, runs, group, topic,
                                               admin_topic, everything):
    """Range gives both topics' same partitions to one member; uniform only evens the number out."""
    other = f"{topic}-other"
    admin_topic(other, PARTITIONS)
    everything += partitions_of(other, PARTITIONS)
    members = crowd.gather([kind, kind], group, [topic, other], everything, assignors=[assignor])
    for member in members:
        assert len(member.owned) == PARTITIONS
        if runs:
            mine = sorted(index for name, index in member.owned if name == topic)
            assert mine == sorted(index for name, index in member.owned if name == other)
            assert mine in ([0, 1, 2], [3, 4, 5])


def test_an_assignor_the_broker_does_not_know_is_refused(crowd, group, topic, everything):
    member = crowd.join("java-consumer", group, topic, assignors=["no-such"])
    crowd.until(lambda: any(e.get("error") == "UnsupportedAssignorException"
                            for e in member.events), "the assignor to be refused")


def test_classic_members_without_a_common_assignor_are_refused(crowd, group, topic, everything):
    first = crowd.join("java-classic", group, topic, assignors=["range"])
    crowd.until_owns(first, everything)
    second = crowd.join("java-classic", group, topic, assignors=["roundrobin"])
    crowd.until(lambda: any(e.get("error") == "InconsistentGroupProtocolException"
                            for e in second.events), "the second member to be refused")
    assert first.taken == []


@pytest.mark.parametrize("old,new", [("java-classic", "java-consumer"),
                                     ("java-consumer", "java-classic")])
def test_a_running_group_changes_its_protocol(crowd, old, new, group, topic, everything, write):
    """KIP-848: members of both protocols share a group while it is rolled over, either way."""
    how = {"java-classic": ["cooperative-sticky"], "java-consumer": []}
    first = crowd.join(old, group, topic, assignors=how[old])
    crowd.until_owns(first, everything)
    second = crowd.join(new, group, topic, assignors=how[new])
    crowd.until_shared([first, second], everything)
    first.commit(*[(name, index, 0) for name, index in first.owned])
    first.leave()
    crowd.until_owns(second, everything)
    second.commit((topic, 0, 0))
    third = crowd.join(new, group, topic, assignors=how[new])
    crowd.until_shared([second, third], everything)
    for _, partition in everything:
        write(topic, partition, [f"last-{partition}"])
    crowd.until_read([f"last-{partition}" for _, partition in everything], second, third)
