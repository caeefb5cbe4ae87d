"""kafka-consumer-groups, kafka-groups and what else of Kafka's tools speaks of groups, unchanged."""

import datetime
import json
import time

import pytest

from groups import BROKER_CONFIG, partitions_of  # noqa: F401

COMMAND = "consumer.group.ConsumerGroupCommand"
NOW = int(time.time() * 1000)
HOUR = 3600 * 1000
# Offsets 0 to 3 an hour ago, 4 to 9 just now.
TIMESTAMPS = [NOW - HOUR + n for n in range(4)] + [NOW - 1000 + n for n in range(4, 10)]


@pytest.fixture
def groups(quick_tool):
    """groups("--list") runs kafka-consumer-groups and returns what it prints."""

    def run(*args, ok=True):
        code, out, err = quick_tool(COMMAND, *args)
        if ok:
            assert code == 0 and "Error" not in out, f"{args}: {out}\n{err}"
        return out + err

    return run


@pytest.fixture
def filled(topic, admin_topic, write, commit, group):
    """Ten records in the only partition, of which the group has read five."""
    topic = f"{topic}-filled"
    admin_topic(topic)
    write(topic, 0, [f"v{n}" for n in range(10)], TIMESTAMPS)
    commit(group, {(topic, 0): 5})
    return topic


@pytest.fixture
def member(crowd, group, topic, admin_topic):
    admin_topic(topic, 2)
    member = crowd.join("java-classic", group, topic, assignors=["range"])
    crowd.until_owns(member, partitions_of(topic, 2))
    return member


def rows(said):
    """The lines below the header, as words."""
    lines = [line.split() for line in said.splitlines() if line.strip()]
    header = next(n for n, line in enumerate(lines) if line[0] in ("GROUP", "TOPIC"))
    return lines[header + 1:]


def offset_of(said):
    """What a reset of one partition shows as its new offset."""
    [line] = rows(said)
    return int(line[-1])


def test_list_shows_groups_their_types_and_states(groups, group, filled, member):
    assert group in groups("--list").split()
    assert [group, "Stable"] in rows(groups("--list", "--state"))
    assert [group, "Classic", "Stable"] in rows(groups("--list", "--state", "--type"))
    assert group not in groups("--list", "--state", "empty")
    member.leave()
    assert [group, "Empty"] in rows(groups("--list", "--state", "empty"))


def test_kafka_groups_lists_types_and_protocols(crowd, quick_tool, group, topic, admin_topic):
    admin_topic(topic)
    for kind in ("java-classic", "java-consumer"):
        crowd.until_owns(crowd.join(kind, f"{group}-{kind}", topic), partitions_of(topic, 1))
    code, out, err = quick_tool("GroupsCommand", "--list")
    assert code == 0, err
    assert [f"{group}-java-classic", "Classic", "consumer"] in rows(out)
    assert [f"{group}-java-consumer", "Consumer", "consumer"] in rows(out)


def test_describe_shows_offsets_lag_and_who_reads(groups, group, topic, member, write):
    write(topic, 1, ["a", "b", "c"])
    member.commit((topic, 0, 0), (topic, 1, 1))
    shown = {line[2]: line for line in rows(groups("--describe", "--group", group))}
    assert shown["0"][:6] == [group, topic, "0", "0", "0", "0"]
    assert shown["1"][:6] == [group, topic, "1", "1", "3", "2"]
    assert all(line[7] == "/127.0.0.1" and line[6].startswith("consumer-")
               for line in shown.values())


@pytest.mark.parametrize("kind,strategy", [("java-classic", "range"), ("java-consumer", "uniform")])
def test_describe_shows_members_and_state(crowd, groups, kind, strategy, group, topic, admin_topic):
    admin_topic(topic, 2)
    member = crowd.join(kind, group, topic, instance="me",
                        assignors=[strategy])
    crowd.until_owns(member, partitions_of(topic, 2))
    [shown] = rows(groups("--describe", "--group", group, "--members", "--verbose"))
    assert shown[0] == group and shown[2:4] == ["me", "/127.0.0.1"] and f"{topic}:0,1" in shown
    [shown] = rows(groups("--describe", "--group", group, "--state"))
    assert shown[0] == group and shown[3:] == [strategy, "Stable", "1"]
    [shown] = rows(groups("--describe", "--group", group, "--state", "--verbose"))
    assert shown[3:5] == [strategy, "Stable"] and shown[-1] == "1"


def test_describe_without_members_shows_what_is_committed(groups, group, filled):
    said = groups("--describe", "--group", group)
    assert f"Consumer group '{group}' has no active members." in said
    [shown] = [line for line in rows(said) if line[0] == group]
    assert shown == [group, filled, "0", "5", "10", "5", "-", "-", "-"]


def test_all_groups_are_described_and_reset_at_once(groups, group, filled, commit, committed):
    both = {group: 5, f"{group}-beside": 7}
    commit(f"{group}-beside", {(filled, 0): 7})
    said = groups("--describe", "--all-groups", "--offsets", "--verbose")
    shown = {line[0]: line for line in map(str.split, said.splitlines()) if line and line[0] in both}
    assert {name: line[4] if line[3] == "-" else line[3] for name, line in shown.items()} == {name: str(at) for name, at in both.items()}
    # Groups of other tests are moved, too, but for those that are active.
    said = groups("--reset-offsets", "--all-groups", "--topic", filled, "--to-earliest", "--execute", ok=False)
    assert {line[0] for line in map(str.split, said.splitlines()) if line[1:] == [filled, "0", "0"]} >= set(both)
    assert [committed(name, filled) for name in both] == [0, 0]


def test_a_group_that_is_not_there_is_said_so(groups, group):
    said = groups("--describe", "--group", group, ok=False)
    assert f"Group {group} not found" in said


def date_of(timestamp):
    moment = datetime.datetime.fromtimestamp(timestamp / 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


@pytest.mark.parametrize("how,expected", [
    (["--to-earliest"], 0), (["--to-latest"], 10), (["--to-current"], 5),
    (["--to-offset", 7], 7), (["--to-offset", 99], 10),
    (["--shift-by", 3], 8), (["--shift-by", -2], 3), (["--shift-by", -9], 0),
    (["--to-datetime", date_of(TIMESTAMPS[2])], 2), (["--to-datetime", date_of(NOW + HOUR)], 10),
    (["--by-duration", "PT30M"], 4)], ids=lambda value: "".join(map(str, value))
    if isinstance(value, list) and value[0] != "--to-datetime" else None)
def test_reset_shows_and_then_moves(groups, group, filled, committed, how, expected):
    reset = ["--reset-offsets", "--group", group, "--topic", filled, *how]
    assert offset_of(groups(*reset, "--dry-run")) == expected
    assert committed(group, filled) == 5
    assert offset_of(groups(*reset, "--execute")) == expected
    assert committed(group, filled) == expected


def test_reset_goes_back_to_what_was_exported(groups, group, filled, committed, tmp_path):
    exported = groups("--reset-offsets", "--group", group, "--all-topics", "--to-current",
                      "--export", "--dry-run")
    file = tmp_path / "offsets.csv"
    file.write_text("".join(line + "\n" for line in exported.splitlines() if filled in line))
    groups("--reset-offsets", "--group", group, "--all-topics", "--to-latest", "--execute")
    assert committed(group, filled) == 10
    groups("--reset-offsets", "--group", group, "--from-file", file, "--execute")
    assert committed(group, filled) == 5


def test_reset_of_one_partition_leaves_the_others(groups, group, topic, admin_topic, commit,
                                                  committed):
    admin_topic(topic, 2)
    commit(group, {(topic, 0): 3})
    commit(group, {(topic, 1): 4})
    groups("--reset-offsets", "--group", group, "--topic", f"{topic}:1", "--to-earliest",
           "--execute")
    assert (committed(group, topic, 0), committed(group, topic, 1)) == (3, 0)


def test_reset_makes_a_group_that_was_not_there(groups, group, topic, admin_topic, committed,
                                                write):
    admin_topic(topic)
    write(topic, 0, ["a", "b"])
    groups("--reset-offsets", "--group", group, "--topic", topic, "--to-latest", "--execute")
    assert committed(group, topic) == 2


def test_reset_is_refused_while_somebody_reads(groups, group, topic, member):
    said = groups("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest",
                  "--execute", ok=False)
    assert "can only be reset if the group" in said and "the current state is Stable" in said


def test_delete_takes_empty_groups_only(groups, group, topic, member):
    said = groups("--delete", "--group", group, ok=False)
    assert "GroupNotEmptyException" in said
    member.commit((topic, 0, 0))
    member.leave()
    assert "was successful" in groups("--delete", "--group", group)
    assert group not in groups("--list").split()
    assert "GroupIdNotFoundException" in groups("--delete", "--group", group, ok=False)


def test_delete_offsets_takes_those_nobody_is_subscribed_to(groups, group, topic, member, committed):
    member.commit((topic, 0, 0), (topic, 1, 0))
    said = groups("--delete-offsets", "--group", group, "--topic", topic, ok=False)
    assert "actively subscribed to it" in said
    member.leave()
    [shown] = rows(groups("--delete-offsets", "--group", group, "--topic", f"{topic}:1"))
    assert shown == [topic, "1", "Successful"]
    assert (committed(group, topic, 0), committed(group, topic, 1)) == (0, -1)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_the_verifiable_consumer_reads_and_commits(quick_tool, protocol, group, topic, admin_topic,
                                                   write, committed):
    admin_topic(topic)
    write(topic, 0, [f"v{n}" for n in range(10)])
    code, out, err = quick_tool(
        "VerifiableConsumer", "--group-id", group, "--topic", topic, "--max-messages", 10,
        "--group-protocol", protocol, "--reset-policy", "earliest")
    assert code == 0, err
    events = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    named = {event["name"]: event for event in events}
    assert named["partitions_assigned"]["partitions"] == [{"topic": topic, "partition": 0}]
    assert sum(e["count"] for e in events if e["name"] == "records_consumed") == 10
    assert all(e["success"] for e in events if e["name"] == "offsets_committed")
    assert committed(group, topic) == 10


def test_the_console_consumer_resumes(quick_tool, group, filled):
    code, out, err = quick_tool("consumer.ConsoleConsumer", "--group", group, "--topic", filled,
                                "--max-messages", 5)
    assert code == 0 and out.split() == [f"v{n}" for n in range(5, 10)], err


def test_dump_log_decodes_what_the_coordinator_stored(crowd, run_java, broker, group, topic,
                                                      admin_topic):
    admin_topic(topic)
    for kind in ("java-classic", "java-consumer"):
        member = crowd.join(kind, f"{group}-{kind}", topic)
        crowd.until_owns(member, partitions_of(topic, 1))
        member.commit((topic, 0, 0))
    file = broker.data_dir / "__consumer_offsets-0" / f"{0:020}.log"
    said = run_java("kafka.tools.DumpLogSegments", "--offsets-decoder", "--files", file).stdout
    assert "isvalid: true" in said and "isvalid: false" not in said
    for kind in ("java-classic", "java-consumer"):
        assert f'"group":"{group}-{kind}","topic":"{topic}","partition":0' in said
    assert f'"data":{{"group":"{group}-java-classic"}}' in said
    assert f'"groupId":"{group}-java-consumer"' in said
