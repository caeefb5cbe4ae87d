"""Where a group reads: committed offsets, reset policies, seeking."""

import pytest

from groups import BROKER_CONFIG, KINDS, partitions_of  # noqa: F401
from lib import wire

OBEYING = [kind for kind in KINDS if kind != "kcat"]
VALUES = [f"v{n}" for n in range(10)]


@pytest.fixture
def read_topic(topic, admin_topic, write):
    """Ten records in the only partition."""
    admin_topic(topic)
    write(topic, 0, VALUES)
    return topic


@pytest.mark.parametrize("kind", OBEYING)
def test_a_member_resumes_where_the_last_one_committed(crowd, kind, group, read_topic):
    first = crowd.join(kind, group, read_topic)
    crowd.until_read(VALUES, first)
    first.commit((read_topic, 0, 6))
    first.leave()
    second = crowd.join(kind, group, read_topic)
    crowd.until_read(VALUES[6:], second)
    assert second.values == VALUES[6:]


@pytest.mark.parametrize("reader", ["java-consumer", "confluent-debian", "kafka-python-debian",
                                    "kafkajs", "franz-go", "kcat"])
def test_what_one_family_commits_another_resumes_from(crowd, reader, group, read_topic):
    first = crowd.join("java-classic", group, read_topic, assignors=["range"])
    crowd.until_owns(first, partitions_of(read_topic, 1))
    first.commit((read_topic, 0, 7))
    first.leave()
    second = crowd.join(reader, group, read_topic)
    crowd.until_read(VALUES[7:], second)
    assert second.values == VALUES[7:]


@pytest.mark.parametrize("kind", ["confluent-debian", "confluent-newest", "confluent-consumer", "kafka-python-debian",
                                  "java-classic", "java-consumer"])
def test_a_commit_that_nobody_waits_for_is_resumed_from(crowd, committed, kind, group, read_topic):
    member = crowd.join(kind, group, read_topic)
    crowd.until_read(VALUES, member)
    member.commit((read_topic, 0, 4), later=True)
    assert committed(group, read_topic) == 4


@pytest.mark.parametrize("kind", OBEYING)
def test_a_partition_that_is_paused_gives_nothing_until_it_is_resumed(crowd, kind, group, topic, admin_topic, write):
    admin_topic(topic, 2)
    member = crowd.join(kind, group, topic)
    crowd.until_owns(member, partitions_of(topic, 2))
    crowd.until_read([*write(topic, 0, ["first-0"]), *write(topic, 1, ["first-1"])], member)
    member.pause(topic, 0)
    waiting = write(topic, 0, ["waits"])
    crowd.until_read(write(topic, 1, ["goes on"]), member)
    crowd.until_read(write(topic, 1, ["and on"]), member)
    assert not set(waiting) & set(member.values)
    member.resume(topic, 0)
    crowd.until_read(waiting, member)


@pytest.mark.parametrize("kind", ["kcat", "confluent-newest", "kafka-python-newest",
                                  "java-consumer", "kafkajs"])
def test_automatic_commits_are_resumed_from(crowd, kind, group, read_topic, write):
    first = crowd.join(kind, group, read_topic, auto_commit_ms=200)
    crowd.until_read(VALUES, first)
    first.leave()
    write(read_topic, 0, ["new"])
    second = crowd.join(kind, group, read_topic, auto_commit_ms=200)
    crowd.until_read(["new"], second)
    assert second.values == ["new"]


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_commit_latest_reads_only_what_is_new(crowd, broker, kind, group, read_topic,
                                                        write):
    member = crowd.join(kind, group, read_topic, reset="latest")
    crowd.until_owns(member, partitions_of(read_topic, 1))
    # The end is looked up after the assignment, unseen: what is written must be repeated.
    written = []

    def repeat_until_read():
        written.extend(write(read_topic, 0, [f"new{len(written)}"]))
        return bool(member.records)

    wire.until(repeat_until_read, bool, seconds=60)
    assert set(member.values) <= set(written), member


@pytest.mark.parametrize("kind,error", [
    ("confluent-debian", "_AUTO_OFFSET_RESET"), ("confluent-consumer", "_AUTO_OFFSET_RESET"),
    ("kafka-python-debian", "NoOffsetForPartitionError"),
    ("java-classic", "NoOffsetForPartitionException"),
    ("java-consumer", "NoOffsetForPartitionException")])
def test_without_a_commit_none_is_an_error(crowd, kind, error, group, read_topic):
    member = crowd.join(kind, group, read_topic, reset="none")
    crowd.until(lambda: any(e.get("error") == error for e in member.events), f"{error}")
    assert member.records == []


@pytest.mark.parametrize("kind", ["confluent-newest", "kafka-python-newest", "java-classic",
                                  "java-consumer", "franz-go", "kafkajs"])
def test_a_member_reads_again_from_where_it_seeks(crowd, kind, group, read_topic):
    member = crowd.join(kind, group, read_topic)
    crowd.until_read(VALUES, member)
    member.seek(read_topic, 0, 4)
    crowd.until(lambda: len(member.values) == 16, "six values to be read again")
    assert member.values[10:] == VALUES[4:]
