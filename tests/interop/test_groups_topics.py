"""Topics that grow, that come later, and that are subscribed to by a regular expression."""

import pytest

from groups import BROKER_CONFIG, KINDS, partitions_of  # noqa: F401
from lib import wire

# kafkajs asks for its topics only when it joins, and never again.
GROWING = [kind for kind in KINDS if kind != "kafkajs"]
FOLLOWING = ["kcat", "confluent-newest", "kafka-python-newest", "java-classic", "franz-go"]


@pytest.mark.parametrize("kind", GROWING)
def test_new_partitions_are_taken_up(crowd, broker, kind, group, topic, admin_topic, write):
    admin_topic(topic, 1)
    member = crowd.join(kind, group, topic)
    crowd.until_owns(member, partitions_of(topic, 1))
    with wire.Connection(broker.port) as connection:
        wire.make_partitions(connection, topic, 3)
    crowd.until_owns(member, partitions_of(topic, 3))
    crowd.until_read([v for index in range(3) for v in write(topic, index, [f"v{index}"])], member)


@pytest.mark.parametrize("kind", [*FOLLOWING, "kafkajs", "confluent-consumer", "java-consumer"])
def test_a_pattern_takes_the_topics_it_matches(crowd, kind, group, topic, admin_topic):
    for name in (f"{topic}-a", f"{topic}-b", f"no-{topic}"):
        admin_topic(name, 1)
    member = crowd.join(kind, group, pattern=f"{topic}-.*")
    crowd.until_owns(member, [(f"{topic}-a", 0), (f"{topic}-b", 0)])


@pytest.mark.parametrize("kind", [*FOLLOWING, "java-consumer"])
def test_a_pattern_takes_a_topic_that_comes_later(crowd, kind, group, topic, admin_topic):
    """The broker looks again at a pattern of the consumer protocol after ten seconds at the
    earliest (java-consumer)."""
    admin_topic(f"{topic}-a", 1)
    member = crowd.join(kind, group, pattern=f"{topic}-.*")
    crowd.until_owns(member, [(f"{topic}-a", 0)])
    admin_topic(f"{topic}-later", 1)
    crowd.until_owns(member, [(f"{topic}-a", 0), (f"{topic}-later", 0)])


@pytest.mark.parametrize("kind", ["java-classic", "java-consumer", "confluent-consumer"])
def test_a_topic_may_come_after_who_subscribes_to_it(crowd, kind, group, topic, admin_topic):
    other = f"{topic}-there"
    admin_topic(other, 1)
    member = crowd.join(kind, group, [f"{topic}-later", other])
    crowd.until(lambda: (other, 0) in member.owned, "the topic that is there")
    admin_topic(f"{topic}-later", 1)
    crowd.until_owns(member, [(other, 0), (f"{topic}-later", 0)])


def test_an_expression_that_is_none_is_refused(crowd, group):
    member = crowd.join("java-consumer", group, pattern="(")
    crowd.until(lambda: any(e.get("error") == "InvalidRegularExpression" for e in member.events),
                "the expression to be refused")


@pytest.mark.parametrize("kind", ["java-consumer", "confluent-consumer"])
def test_partitions_of_a_deleted_topic_are_given_up(crowd, broker, kind, group, topic, admin_topic):
    other = f"{topic}-stays"
    admin_topic(topic, 2), admin_topic(other, 1)
    member = crowd.join(kind, group, [topic, other])
    crowd.until_owns(member, [*partitions_of(topic, 2), (other, 0)])
    with wire.Connection(broker.port) as connection:
        assert wire.delete_topic(connection, topic) == 0
    crowd.until_owns(member, [(other, 0)])
