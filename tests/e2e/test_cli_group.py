"""`tideline group` against a running broker: what it shows, what it moves, and how that is taken back.

Also runs against Apache Kafka (--broker kafka), with Tideline's binary as the client.
"""

import shlex
import time

import pytest
from confluent_kafka import Consumer

from command_line import REFUSED, SECONDS, USAGE
from lib import batch, wire, wire_groups

BROKER_CONFIG = {"offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0"}
NOW = int(time.time() * 1000)
HOUR = 3600 * 1000
# Offsets 0 to 3 an hour ago, 4 to 9 just now.
TIMESTAMPS = [NOW - HOUR + n for n in range(4)] + [NOW - 1000 + n for n in range(4, 10)]


@pytest.fixture
def filled(connection, topic):
    """Ten records in partition 0 of two."""
    for n, timestamp in enumerate(TIMESTAMPS):
        raw = batch.batch([f"v{n}".encode()], timestamp=timestamp)
        assert wire.produce(connection, topic, 0, raw)[0] == 0
    return topic


@pytest.fixture
def group(connection, filled):
    """A group without members that has read five records."""
    name = f"group-of-{filled}"
    wire_groups.make_group(connection, name, {(filled, 0): 5})
    return name


@pytest.fixture
def member(broker, filled, group):
    """A member of the group that owns both partitions."""
    owned = []
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": group,
                         "client.id": "reader", "enable.auto.commit": False})
    consumer.subscribe([filled], on_assign=lambda _, partitions: owned.extend(partitions))
    wire.until(lambda: consumer.poll(0.1) and False or owned, bool, seconds=SECONDS)
    yield consumer
    consumer.close()


def committed(connection, group, topic, partition=0):
    offset, error = wire_groups.fetch_offset(connection, group, topic, partition)
    assert error == 0
    return offset


def test_list_shows_names_and_states(cli, group):
    assert {"group": group, "state": "Empty"} in cli.json("group", "list")
    assert group in cli("group", "list", "--names").stdout.splitlines()


def test_describe_shows_members_and_lag(cli, group, filled, member):
    shown = cli.json("group", "describe", group)
    assert (shown["state"], shown["assignor"], shown["lag"]) == ("Stable", "range", 5)
    [only] = shown["members"]
    assert (only["client"], only["instance"]) == ("reader", None)
    assert only["assignment"] == [{"topic": filled, "partition": p} for p in (0, 1)]
    first, second = shown["partitions"]
    assert first == {"topic": filled, "partition": 0, "committed": 5, "earliest": 0, "latest": 10,
                     "lag": 5, "lost": 0, "member": "reader"}
    assert (second["committed"], second["lag"]) == (None, None)
    assert cli.json("group", "members", group) == shown["members"]


def test_members_of_the_consumer_protocol_are_shown(cli, connection, group, filled):
    for number in (1, 2):
        joined = wire_groups.consumer_heartbeat(connection, group, f"member-{number}", 0, [filled],
                                                client_id=f"reader-{number}")
        assert joined == 0
    shown = cli.json("group", "describe", group)
    assert (shown["protocol"], shown["assignor"], shown["lag"]) == ("consumer", "uniform", 5)
    assert [each["client"] for each in shown["members"]] == ["reader-1", "reader-2"]
    # The first owns both partitions until it has said that it let one go.
    owned = [each["assignment"] for each in shown["members"]]
    assert owned == [[{"topic": filled, "partition": p} for p in (0, 1)], []]
    assert [len(each["moving_to"]) for each in shown["members"]] == [1, 1]
    assert {each["member"] for each in shown["partitions"]} == {"reader-1"}
    assert cli.json("group", "members", group) == shown["members"]
    assert "MOVING TO" in cli("group", "members", group).stdout
    said = cli("group", "reset", group, "--to-earliest", "--execute", expect=REFUSED)
    assert "active members: reader-1" in said.stderr
    for number in (1, 2):
        wire_groups.consumer_heartbeat(connection, group, f"member-{number}", wire_groups.LEAVE)
    assert cli.json("group", "describe", group)["state"] == "Empty"


def test_lag_watched_shows_the_same_again_until_it_is_stopped(cli, group):
    watching = cli.start("group", "lag", group, "--watch", "0.1", "-o", "json", stdout=-1)
    lines = [watching.stdout.readline() for _ in range(3)]
    watching.terminate()
    assert watching.wait(SECONDS) == 0
    assert len(set(lines)) == 1 and b'"lag":5' in lines[0]


def test_a_group_that_is_not_there_is_refused(cli):
    assert "GROUP_ID_NOT_FOUND" in cli("group", "describe", "nobody", expect=REFUSED).stderr


@pytest.mark.parametrize("how,target,again,skipped", [
    (["--to-earliest"], 0, 5, 0), (["--to-latest"], 10, 0, 5), (["--to-current"], 5, 0, 0),
    (["--to-offset", 7], 7, 0, 2), (["--shift-by=-2"], 3, 2, 0), (["--shift-by", 99], 10, 0, 5),
    (["--by-duration", "30m"], 4, 1, 0), (["--to-datetime", "2020-01-01T00:00Z"], 0, 5, 0)],
    ids=str)
def test_reset_shows_what_it_means_and_changes_nothing(cli, connection, group, filled, how, target,
                                                       again, skipped):
    shown = cli.json("group", "reset", group, *how)
    [step] = shown["partitions"]
    assert (step["target"], step["read_again"], step["skipped"]) == (target, again, skipped)
    assert (shown["executed"], shown["undo"]) == (False, None)
    assert committed(connection, group, filled) == 5


def test_reset_is_taken_back_by_the_command_it_prints(cli, connection, group, filled, tmp_path):
    done = cli.json("group", "reset", group, "--topic", filled, "--to-earliest", "--execute",
                    "--save", tmp_path / "before.csv")
    assert committed(connection, group, filled) == 0
    assert committed(connection, group, filled, 1) == 0
    undo = shlex.split(done["undo"])
    cli(*undo[1:], "--save", tmp_path / "after.csv")
    assert committed(connection, group, filled) == 5
    assert committed(connection, group, filled, 1) == -1


def test_reset_counts_the_bytes_of_what_is_read_again(cli, connection, group, filled):
    [step] = cli.json("group", "reset", group, "--to-earliest")["partitions"]
    whole = sum(len(batch.batch([f"v{n}".encode()], timestamp=t)) for n, t in enumerate(TIMESTAMPS))
    assert (step["read_again_bytes"], step["skipped_bytes"]) == (whole // 2, 0)
    said = cli("group", "reset", group, "--to-earliest").stdout
    assert f"5 records (about {whole // 2} B) would be read again, 0 records would be skipped" in said


def test_reset_names_the_time_of_what_is_read_again(cli, group):
    [step] = cli.json("group", "reset", group, "--to-earliest")["partitions"]
    first, last = step["first_timestamp"], step["last_timestamp"]
    assert first < last and last.startswith(time.strftime("%Y-", time.gmtime(NOW / 1000)))


def test_reset_into_another_group_leaves_the_first_alone(cli, connection, group, filled, member,
                                                         tmp_path):
    cli("group", "reset", group, "--to-earliest", "--to-group", f"{group}-replay", "--execute",
        "--save", tmp_path / "before.csv")
    assert committed(connection, f"{group}-replay", filled) == 0
    assert committed(connection, group, filled) == 5


def test_reset_is_refused_while_somebody_reads(cli, connection, group, filled, member, tmp_path):
    dry = cli("group", "reset", group, "--to-earliest")
    assert "reader" in dry.stderr
    said = cli("group", "reset", group, "--to-earliest", "--execute", "--save",
               tmp_path / "before.csv", expect=REFUSED)
    assert "active members: reader" in said.stderr
    assert committed(connection, group, filled) == 5
    assert not (tmp_path / "before.csv").exists()


def test_reset_never_writes_over_a_file(cli, connection, group, filled, tmp_path):
    (tmp_path / "there").write_text("precious")
    cli("group", "reset", group, "--to-earliest", "--execute", "--save", tmp_path / "there",
        expect=USAGE)
    assert committed(connection, group, filled) == 5
    assert (tmp_path / "there").read_text() == "precious"


def test_delete_offsets_takes_those_of_the_partitions_named(cli, connection, group, filled):
    wire_groups.make_group(connection, group, {(filled, 1): 0})
    cli("group", "delete-offsets", group, "--topic", f"{filled}:0", "--yes")
    assert committed(connection, group, filled) == -1
    assert committed(connection, group, filled, 1) == 0


def test_delete_takes_groups_without_members(cli, group):
    cli("group", "delete", group, "--yes")
    assert group not in cli("group", "list", "--names").stdout.splitlines()


def test_delete_refuses_a_group_that_has_members(cli, group, member):
    assert "NON_EMPTY_GROUP" in cli("group", "delete", group, "--yes", expect=REFUSED).stderr
