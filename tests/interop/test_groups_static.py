"""Static members (KIP-345, KIP-848): they go and come back, and nobody else notices."""

import pytest

from groups import BROKER_CONFIG, partitions_of  # noqa: F401

PARTITIONS = 4
STATIC_KINDS = ["confluent-debian", "confluent-newest", "confluent-consumer", "kafka-python-newest",
                "java-classic", "java-consumer", "franz-go"]


@pytest.fixture
def everything(topic, admin_topic):
    admin_topic(topic, PARTITIONS)
    return partitions_of(topic, PARTITIONS)


@pytest.mark.parametrize("kind", STATIC_KINDS)
def test_a_restart_moves_no_partition(crowd, kind, group, topic, everything, write):
    stays = crowd.join(kind, group, topic, instance="stays", session_ms=30000)
    crowd.until_owns(stays, everything)
    dies = crowd.join(kind, group, topic, instance="dies", session_ms=30000, doomed=True)
    crowd.until_shared([stays, dies], everything)
    before, events = set(dies.owned), len(stays.taken)
    if dies.kind.protocol == "classic":
        dies.kill()
    else:  # whose name is taken until its session ends, unless it says that it will be back
        dies.leave()
    again = crowd.join(kind, group, topic, instance="dies", session_ms=30000)
    crowd.until_owns(again, before)
    # What a member reads comes after every rebalance it knew of.
    for _, partition in stays.owned | again.owned:
        write(topic, partition, [f"after-{partition}"])
    crowd.until_read([f"after-{partition}" for _, partition in everything], stays, again)
    assert stays.taken[events:] == [], stays
    crowd.until_shared([stays, again], everything)


@pytest.mark.parametrize("kind,error", [
    ("confluent-newest", "_FATAL"), ("java-classic", "FencedInstanceIdException")])
def test_a_classic_member_is_fenced_by_the_next_of_its_name(crowd, kind, error, group, topic,
                                                            everything):
    """kafka-python 3.0 is told so, too, but does not tell its program."""
    first = crowd.join(kind, group, topic, instance="one")
    crowd.until_owns(first, everything)
    second = crowd.join(kind, group, topic, instance="one")
    crowd.until_owns(second, everything)
    crowd.until(lambda: {"event": "error", "error": error}.items() <= first.events[-1].items(),
                f"{first.name} to fail with {error}")


@pytest.mark.parametrize("kind,error", [
    ("confluent-consumer", "_FATAL"), ("java-consumer", "UnreleasedInstanceIdException")])
def test_a_name_in_use_is_refused_by_the_consumer_protocol(crowd, kind, error, group, topic,
                                                           everything):
    first = crowd.join(kind, group, topic, instance="one")
    crowd.until_owns(first, everything)
    second = crowd.join(kind, group, topic, instance="one")
    crowd.until(lambda: any(e.get("error") == error for e in second.events),
                f"{second.name} to be refused with {error}")
    assert first.taken == []
