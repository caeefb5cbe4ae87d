"""`tideline group doctor`: each finding, provoked by clients on a real broker, and a group that is well."""

import contextlib
import shlex

import pytest
from confluent_kafka import Consumer

from command_line import REFUSED, SECONDS
from lib import batch, group_wire, wire, wire_groups
from lib.wire import array, i32, i64, string

pytestmark = pytest.mark.tideline_only("Apache Kafka keeps no evidence")

BROKER_CONFIG = {
    "offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0",
    "offsets.retention.minutes": "60", "offsets.retention.check.interval.ms": "200",
    "group.min.session.timeout.ms": "500",
}
RECORDS = 300
DELETE_RECORDS, OFFSET_COMMIT = 21, 8


@pytest.fixture
def filled(connection, topic):
    """RECORDS records in partition 0 of two."""
    raw = batch.batch([b"v%d" % n for n in range(RECORDS)])
    assert wire.produce(connection, topic, 0, raw)[0] == 0
    return topic


@pytest.fixture
def group(filled):
    return f"{filled}-readers"


def found(cli, group, *options):
    """{cause: finding} of one group."""
    [report] = cli.json("group", "doctor", group, *options)
    for finding in report["findings"]:
        assert finding["observed"] and finding["why"] and finding["do"]
    return {finding["cause"]: finding for finding in report["findings"]}


def words(command, **replaced):
    """A command that a finding proposes, for `cli`; save="FILE" gives --save another value."""
    arguments = shlex.split(command)
    assert arguments[0] == "tideline"
    for option, value in replaced.items():
        arguments[arguments.index("--" + option) + 1] = value
    return arguments[1:]


def await_finding(cli, group, cause, *options):
    return wire.until(lambda: found(cli, group, *options), lambda all_: cause in all_, seconds=SECONDS)[cause]


@contextlib.contextmanager
def member(broker, group, topics, **properties):
    """A consumer that owns partitions, or at least is in the group."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": group, "client.id": "reader-1",
                         "enable.auto.commit": False, "auto.offset.reset": "earliest",
                         **{key.replace("_", "."): value for key, value in properties.items()}})
    assigned = []
    consumer.subscribe(topics, on_assign=lambda _, partitions: assigned.append(partitions))
    wire.until(lambda: consumer.poll(0.05) and False or assigned, bool, seconds=SECONDS)
    try:
        yield consumer
    finally:
        consumer.close()


@contextlib.contextmanager
def joining(broker, group, topic, number):
    """A member that the caller polls: it comes into the group only when the others are polled, too."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": group, "client.id": f"reader-{number}",
                         "enable.auto.commit": False})
    consumer.subscribe([topic])
    try:
        yield consumer
    finally:
        consumer.close()


def read(consumer, through=RECORDS - 1):
    """Polls until the record with that offset came. The first one may have been polled already, with the assignment."""
    records = []
    wire.until(lambda: records.extend(consumer.consume(100, 0.2)) or records and records[-1].offset(),
               lambda offset: offset and offset >= through, seconds=SECONDS)
    assert all(record.error() is None for record in records)
    return records


def delete_records(connection, topic, before):
    body = array([string(topic) + array([i32(0) + i64(before)])]) + i32(10000)
    answer = connection.request(DELETE_RECORDS, 0, body)
    answer.i32()
    assert answer.array(lambda: (answer.string(), answer.array(
        lambda: (answer.i32(), answer.i64(), answer.i16())))) == [(topic, [(0, before, 0)])]


def test_a_group_that_reads_and_commits_is_well(cli, broker, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 0): 0, (filled, 1): 0})
    with member(broker, group, [filled]) as consumer:
        read(consumer)
        consumer.commit(asynchronous=False)
        assert found(cli, group, "--patience", "0s") == {}
        assert "nothing found" in cli("group", "doctor", group).stdout


def test_commits_that_fail_are_named_with_their_error(cli, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 1): 0})
    for _ in range(3):
        assert group_wire.commit(connection, group, {(filled, 0): 5}, member="gone", generation=7) != {(filled, 0): 0}
    finding = found(cli, group)["commits-fail"]
    assert finding["severity"] == "problem"
    assert "commits failed within" in finding["observed"] and "e2e (/127.0.0.1)" in finding["observed"]


def test_reads_far_beyond_the_commits_are_named(cli, broker, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 0): 10})
    with member(broker, group, [filled]) as consumer:
        read(consumer)
        finding = await_finding(cli, group, "commits-lag-reads", "--patience", "0s")
        assert f"has fetched {RECORDS - 10} records of {filled}-0" in finding["observed"]
        assert "commits-lag-reads" not in found(cli, group)
        consumer.commit(asynchronous=False)
        assert "commits-lag-reads" not in found(cli, group, "--patience", "0s")


def test_a_commit_for_each_record_is_named(cli, broker, filled, group):
    with member(broker, group, [filled]) as consumer:
        for record in read(consumer, through=149)[:150]:
            consumer.commit(record, asynchronous=False)
        assert "about one commit a record" in found(cli, group)["commit-per-record"]["observed"]


def test_offsets_that_expire_soon_are_named_and_kept_by_the_command(cli, connection, filled, group, tmp_path):
    wire_groups.make_group(connection, group, {(filled, 0): 10})
    finding = found(cli, group)["offsets-expire-soon"]
    assert "offsets.retention.minutes=60" in finding["observed"]
    kept = str(tmp_path / "kept.csv")
    keep, set_again = finding["commands"]
    cli(*words(keep, save=kept))
    assert (tmp_path / "kept.csv").read_text() == f"{filled},0,10\n"
    cli("group", "delete-offsets", group, "--topic", filled, "--yes")
    cli(*words(set_again, **{"from-file": kept}), "--save", tmp_path / "none.csv")
    assert wire_groups.fetch_offset(connection, group, filled, 0) == (10, 0)


def test_a_reset_after_offsets_expired_is_told_from_one_without_offsets(cli, broker, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 1): 0})
    expiring = (string(group) + i32(-1) + string("") + i64(1)
                + array([string(filled) + array([i32(0) + i64(10) + string("")])]))
    answer = connection.request(OFFSET_COMMIT, 2, expiring)
    assert answer.array(lambda: (answer.string(), answer.array(lambda: (answer.i32(), answer.i16())))) == [(filled, [(0, 0)])]
    wire.until(lambda: wire_groups.fetch_offset(connection, group, filled, 0), lambda it: it == (-1, 0), seconds=SECONDS)
    with member(broker, group, [filled]) as consumer:
        read(consumer)
        all_ = found(cli, group)
        assert f"the offsets of {filled}-0 expired" in all_["reset-offset-expired"]["observed"]
        assert "to the earliest record" in all_["reset-offset-expired"]["observed"]
        assert "reset-none-committed" not in all_
    [command] = all_["reset-offset-expired"]["commands"]
    [step] = cli.json(*words(command))["partitions"]
    assert (step["partition"], step["target"]) == (0, 10)


@pytest.mark.parametrize("reset,severity,words", [("earliest", "note", "to the earliest record"),
                                                  ("latest", "warning", "to the end")])
def test_a_reset_without_any_offset_says_which_way_it_went(cli, broker, filled, group, reset, severity, words):
    with member(broker, group, [filled], auto_offset_reset=reset):
        finding = await_finding(cli, group, "reset-none-committed")
        assert finding["severity"] == severity and words in finding["observed"]


def test_an_offset_that_retention_deleted_is_named(cli, broker, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 0): 10, (filled, 1): 0})
    delete_records(connection, filled, 50)
    with member(broker, group, [filled]) as consumer:
        read(consumer)
        finding = await_finding(cli, group, "reset-out-of-range")
        assert "asked for offset 10" in finding["observed"]
        assert "retention has deleted 40 records" in finding["observed"]
        assert "went to the earliest record" in finding["observed"]


def test_a_member_that_polls_too_late_is_named(cli, broker, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 0): 0, (filled, 1): 0})  # it stays when it is empty
    with member(broker, group, [filled], session_timeout_ms=1000, max_poll_interval_ms=1000,
                heartbeat_interval_ms=200) as consumer:
        wire.until(lambda: cli.json("group", "describe", group)["state"], lambda it: it == "Empty", seconds=SECONDS)
        assert "max-poll-interval-exceeded" not in found(cli, group)
        wire.until(lambda: consumer.poll(0.1) and False or cli.json("group", "describe", group)["state"],
                   lambda it: it == "Stable", seconds=SECONDS)
        finding = found(cli, group)["max-poll-interval-exceeded"]
        assert "reader-1" in finding["observed"] and "same connection" in finding["observed"]


def test_who_causes_a_rebalance_storm_is_named(cli, broker, filled, group):
    for _ in range(6):
        with member(broker, group, [filled], client_id="flapper-2"):
            pass
    finding = found(cli, group)["rebalance-storm"]  # though the group has gone with its last member
    assert "6 of them by flapper-2" in finding["observed"]


def test_a_group_that_nobody_ever_saw_is_refused(cli, group):
    assert "GROUP_ID_NOT_FOUND" in cli("group", "doctor", group, expect=REFUSED).stderr


def test_two_applications_in_one_group_are_named(cli, broker, connection, filled, group):
    other = wire.make_topic(connection, f"{filled}-other", partitions=2)
    with member(broker, group, [filled]) as first, joining(broker, group, other, 2) as second:
        def poll_both():
            first.poll(0.05), second.poll(0.05)
            return found(cli, group)

        finding = wire.until(poll_both, lambda all_: "shared-group-id" in all_, seconds=SECONDS)["shared-group-id"]
        assert f"reader-1 subscribes to {filled}" in finding["observed"]
        assert f"reader-2 subscribes to {other}" in finding["observed"]


def test_a_group_id_that_resembles_a_forsaken_one_is_named(cli, broker, connection, filled, group):
    wire_groups.make_group(connection, f"{group}-v1", {(filled, 0): 200})
    with member(broker, f"{group}-v2", [filled]):
        finding = await_finding(cli, f"{group}-v2", "resembles-another-group")
        assert f"'{group}-v1'" in finding["observed"]
    [command] = finding["commands"]
    [step] = cli.json(*words(command))["partitions"]
    assert (step["partition"], step["target"]) == (0, 200)


def test_of_two_groups_that_resemble_each_other_only_the_newer_one_is_named(cli, broker, filled, group):
    older, newer = f"{group}-billing", f"{group}-biling"
    for each in (older, newer):
        with member(broker, each, [filled]) as consumer:
            read(consumer)
            consumer.commit(asynchronous=False)
    assert "reset-none-committed" in found(cli, older)
    assert "resembles-another-group" not in found(cli, older)
    assert f"'{older}', which is older" in found(cli, newer)["resembles-another-group"]["observed"]
    both = {report["group"]: {finding["cause"] for finding in report["findings"]} for report in cli.json("group", "doctor")}
    assert [each for each in (older, newer) if "resembles-another-group" in both[each]] == [newer]


def test_members_without_partitions_are_counted(cli, broker, filled, group):
    with contextlib.ExitStack() as members:
        consumers = [members.enter_context(member(broker, group, [filled], client_id="reader-1"))]
        for number in (2, 3):
            consumers.append(members.enter_context(joining(broker, group, filled, number)))

        def poll_all():
            for consumer in consumers:
                consumer.poll(0.05)
            return found(cli, group)

        finding = wire.until(poll_all, lambda all_: "more-members-than-partitions" in all_,
                             seconds=SECONDS)["more-members-than-partitions"]
        assert "1 of 3 members have nothing to read" in finding["observed"]
        [command] = finding["commands"]
        cli(*words(command))
        [described] = cli.json("topic", "describe", filled)
        assert len(described["partitions"]) == 3


def test_all_groups_are_looked_at_without_a_name(cli, connection, filled, group):
    wire_groups.make_group(connection, group, {(filled, 0): 10})
    assert group in [report["group"] for report in cli.json("group", "doctor")]
