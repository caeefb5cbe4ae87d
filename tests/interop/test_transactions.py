"""Transactions of every client: what committed readers see of them, and who may still end them."""

import pytest

import transactors
from lib import wire, wire_groups
from transactors import KINDS, MEMBERS, Transactor

BROKER_CONFIG = transactors.BROKER_CONFIG
ALL = list(KINDS)
UNSTABLE_OFFSET_COMMIT = 88


@pytest.fixture
def transactor(broker, family_ready, topic):
    """transactor("java", timeout_ms=...) is a new instance of this test's transactional id."""
    started = []

    def start(kind, transactional_id=None, **how):
        family_ready(KINDS[kind].family)
        started.append(Transactor(kind, broker.bootstrap, transactional_id or f"id-of-{topic}", **how))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def ends(broker):
    """ends(topic, partition=0) is the last stable offset and the high watermark."""

    def look(topic, partition=0):
        with wire.Connection(broker.port) as connection:
            return tuple(wire.end_offset(connection, topic, partition, isolation) for isolation in (1, 0))

    return look


@pytest.fixture
def read(broker, reader, ends):
    """read(topic, partitions=1) is (what committed readers are given, what all others are).

    The answer to a commit says that it will be; the markers come behind it. So it waits until
    nothing is open, unless something is meant to be (`is_open`).
    """

    def look(topic, partitions=1, is_open=False):
        for partition in range(0 if is_open else partitions):
            wire.until(lambda p=partition: ends(topic, p), lambda at: at[0] == at[1], seconds=60)
        return tuple(reader(broker.bootstrap, topic, partitions, isolation)
                     for isolation in ("read_committed", "read_uncommitted"))

    return look


@pytest.mark.parametrize("kind", ALL)
def test_committed_readers_see_a_transaction_once_it_is_committed(transactor, admin_topic, read, topic, kind):
    admin_topic(topic)
    one = transactor(kind).start()
    one.begin_and_send((topic, 0, "a"), (topic, 0, "b"))
    assert read(topic, is_open=True) == ([], ["a", "b"])
    one.do("commit")
    one.begin_and_send((topic, 0, "c"))
    one.do("abort")
    one.begin_and_send((topic, 0, "d"))
    one.do("commit")
    assert read(topic) == (["a", "b", "d"], ["a", "b", "c", "d"])


@pytest.mark.parametrize("kind", ALL)
def test_a_new_instance_fences_the_one_before_it_and_aborts_what_that_left_open(
        transactor, admin_topic, read, topic, kind):
    admin_topic(topic)
    zombie = transactor(kind).start()
    zombie.begin_and_send((topic, 0, "old"))
    one = transactor(kind).start()
    one.begin_and_send((topic, 0, "new"))
    assert "error" in zombie.try_to("commit")
    one.do("commit")
    assert read(topic) == (["new"], ["old", "new"])


@pytest.mark.parametrize("kind", ALL)
def test_an_empty_transaction_leaves_nothing_and_the_next_one_is_as_ever(transactor, admin_topic, read, ends, topic, kind):
    admin_topic(topic)
    one = transactor(kind).start()
    for end in ("commit", "abort"):
        one.do("begin")
        one.do(end)
    assert ends(topic) == (0, 0)
    one.begin_and_send((topic, 0, "a"))
    one.do("commit")
    assert read(topic)[0] == ["a"]


@pytest.mark.parametrize("kind", ALL)
def test_a_transaction_over_many_partitions_is_there_in_all_of_them(transactor, admin_topic, read, topic, kind):
    partitions, each = 12, 5 if kind == "kafkajs" else 200
    admin_topic(topic, partitions)
    one = transactor(kind).start()
    values = [(topic, n % partitions, f"{n}") for n in range(partitions * each)]
    one.begin_and_send(*values)
    assert read(topic, partitions, is_open=True)[0] == []
    one.do("commit")
    assert sorted(read(topic, partitions)[0]) == sorted(value for _, _, value in values)


@pytest.mark.parametrize("kind", ALL)
def test_a_transaction_that_takes_too_long_is_aborted(transactor, admin_topic, read, ends, topic, kind):
    admin_topic(topic)
    one = transactor(kind, timeout_ms=1500).start()
    one.begin_and_send((topic, 0, "late"))
    # The marker is a record, too.
    assert wire.until(lambda: ends(topic), lambda at: at == (2, 2), seconds=60)
    assert "error" in one.try_to("commit")
    assert read(topic) == ([], ["late"])


@pytest.mark.parametrize("kind", ["franz-go", "kafkajs"])
def test_offsets_are_committed_with_the_transaction(transactor, admin_topic, committed, commit, group, topic, kind):
    admin_topic(topic)
    commit(group, {(topic, 0): 1})
    one = transactor(kind).start()
    for offset, end, expected in ((5, "abort", 1), (7, "commit", 7)):
        one.begin_and_send((topic, 0, f"{offset}"))
        one.do("offsets", group=group, offsets=[[topic, 0, offset]])
        one.do(end)
        assert wire.until(lambda: committed(group, topic), lambda at, wanted=expected: at == wanted) == expected


@pytest.mark.parametrize("kind,protocol", MEMBERS)
def test_a_member_commits_its_offsets_with_its_transaction(
        transactor, admin_topic, fill, committed, read, group, topic, kind, protocol):
    source = fill(f"{topic}-in", [b"1", b"2", b"3"])
    admin_topic(topic)
    one = transactor(kind, group=group, topic=source, protocol=protocol).start()
    records = one.do("poll", count=3)["records"]
    for end, expected in (("abort", -1), ("commit", 3)):
        one.begin_and_send(*((topic, 0, f"{value}-{end}") for _, _, _, value in records))
        one.do("offsets", offsets=[[source, 0, 3]])
        one.do(end)
        assert wire.until(lambda: committed(group, source), lambda at, wanted=expected: at == wanted) == expected
    assert read(topic)[0] == ["1-commit", "2-commit", "3-commit"]


def test_pending_offsets_are_unstable_until_the_marker(transactor, admin_topic, broker, group, topic):
    admin_topic(topic)
    one = transactor("franz-go").start()
    one.begin_and_send((topic, 0, "a"))
    one.do("offsets", group=group, offsets=[[topic, 0, 9]])
    with wire.Connection(broker.port) as connection:
        assert wire_groups.fetch_offset(connection, group, topic, 0) == (-1, 0)
        assert wire_groups.fetch_stable_offset(connection, group, topic, 0) == (-1, UNSTABLE_OFFSET_COMMIT)
        one.do("commit")
        assert wire.until(lambda: wire_groups.fetch_stable_offset(connection, group, topic, 0),
                          lambda told: told[1] != UNSTABLE_OFFSET_COMMIT) == (9, 0)
