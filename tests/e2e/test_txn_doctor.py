"""`tideline txn` against a running broker: what holds a partition back, who waits, and how it is ended.

The broker does not ask coordinators before it takes a transactional write, so that transactions can be made to hang. Also
runs against Apache Kafka (--broker kafka), with Tideline's binary as the client; what only Tideline's broker knows is marked.
"""

import itertools
import json

import pytest

from command_line import OK, REFUSED, SECONDS, USAGE, Cli
from lib import wire, wire_groups
from lib.wire_transactions import Producer, latest_committed

BROKER_CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
                 "transaction.state.log.num.partitions": "2", "offsets.topic.num.partitions": "1",
                 "offsets.topic.replication.factor": "1", "group.initial.rebalance.delay.ms": "0",
                 "transaction.partition.verification.enable": "false"}
EVIDENCE = pytest.mark.tideline_only("only Tideline's brokers tell who is behind a producer id")
FENCED = (47, 90)


class Ghost(Producer):
    """A producer that no coordinator has ever heard of."""

    ids = itertools.count(4_000_000_000)

    def __init__(self, connection, transactional_id):
        self.connection, self.id, self.sequences = connection, wire.string(transactional_id), {}
        self.producer_id, self.epoch = next(self.ids), 0


@pytest.fixture
def other_connection(broker):
    with wire.Connection(broker.port) as open_connection:
        yield open_connection


@pytest.fixture
def producer(other_connection, topic):
    """One with an open transaction of five records at offsets 0 to 4, by a connection of its own; two plain ones are behind."""
    one = Producer(other_connection, f"id-of-{topic}")
    one.begin(topic)
    assert one.write(topic, [b"1", b"2", b"3"]) == (0, 0)
    assert one.write(topic, [b"4", b"5"]) == (0, 3)
    return one


@pytest.fixture
def ghost(other_connection, topic):
    """Three records at offsets 0 to 2 that nobody will ever end."""
    one = Ghost(other_connection, f"ghost-of-{topic}")
    assert one.write(topic, [b"1", b"2", b"3"]) == (0, 0)
    return one


def ended(connection, topic, offset, partition=0):
    wire.until(lambda: latest_committed(connection, topic, partition), lambda stable: stable == offset, seconds=SECONDS)


def describe(cli, topic, partition=0):
    [state] = cli.json("txn", "describe", f"{topic}:{partition}")
    return state


# Describe


def test_a_partition_that_nobody_holds_back_is_said_to_be_free(cli, topic):
    cli("produce", topic, "--partition", 0, stdin=b"x\n")
    state = describe(cli, topic)
    assert (state["last_stable_offset"], state["high_watermark"], state["held_back"]) == (1, 1, 0)
    assert state["transactions"] == state["groups"] == []
    assert f"{topic}-0: nothing is open" in cli("txn", "describe", f"{topic}:0").stdout


def test_what_holds_a_partition_back_since_when_and_how_it_ends(cli, topic, producer):
    cli("produce", topic, "--partition", 0, stdin=b"behind\nit\n")
    state = describe(cli, topic)
    assert (state["last_stable_offset"], state["high_watermark"], state["held_back"]) == (0, 7, 7)
    [holder] = state["transactions"]
    assert holder["transactional_id"] == f"id-of-{topic}"
    assert (holder["producer_id"], holder["producer_epoch"]) == (producer.producer_id, producer.epoch)
    assert (holder["condition"], holder["first_offset"], holder["records"]) == ("running", 0, 5)
    assert 0 < holder["ends_in_seconds"] <= 60
    assert holder["opened"] <= holder["last_write"] < holder["ends"]
    said = cli("txn", "describe", topic).stdout
    for words in (f"{topic}-0: the last stable offset is 0 of 7", f"id-of-{topic}", "5 records", "its producer has not ended it yet"):
        assert words in said


@EVIDENCE
def test_the_client_behind_it_is_named_with_its_address_and_whether_it_is_connected(cli, broker, topic, producer):
    host, port = producer.connection.socket.getsockname()
    [holder] = describe(cli, topic)["transactions"]
    assert holder["client"] == {"client": "e2e", "address": f"{host}:{port}", "software": "", "connected": True}
    assert holder["bytes"] == sum(log.stat().st_size for log in (broker.data_dir / f"{topic}-0").glob("*.log"))
    producer.connection.close()
    wire.until(lambda: describe(cli, topic)["transactions"][0]["client"]["connected"], lambda connected: not connected, seconds=SECONDS)


def test_groups_behind_it_are_told_apart_by_where_they_stand(cli, connection, topic, other_connection):
    cli("produce", topic, "--partition", 0, stdin=b"1\n2\n")
    holder = Producer(other_connection, f"id-of-{topic}")
    holder.begin(topic)
    assert holder.write(topic, [b"3", b"4"]) == (0, 2)
    for group, offset in (("before", 1), ("waits", 2), ("reads_uncommitted", 4)):
        wire_groups.make_group(connection, f"{group}-{topic}", {(topic, 0): offset})
    groups = {group["group"]: (group["committed"], group["standing"], group["waits_for"]) for group in describe(cli, topic)["groups"]}
    assert groups == {f"before-{topic}": (1, "before", 2), f"waits-{topic}": (2, "waits", 2),
                      f"reads_uncommitted-{topic}": (4, "reads_uncommitted", 0)}
    assert "it waits for 2 offsets" in cli("txn", "describe", topic).stdout
    holder.end(True)


def test_several_open_transactions_are_shown_in_their_order(cli, connection, topic, producer):
    second = Producer(connection, f"second-of-{topic}")
    second.begin(topic)
    assert second.write(topic) == (0, 5)
    assert [each["first_offset"] for each in describe(cli, topic)["transactions"]] == [0, 5]
    producer.end(True)
    ended(connection, topic, 5)
    state = describe(cli, topic)
    assert [each["transactional_id"] for each in state["transactions"]] == [f"second-of-{topic}"]
    second.end(True)


def test_without_a_topic_everything_that_is_held_back_is_described(cli, topic, producer):
    assert topic in {state["topic"] for state in cli.json("txn", "describe")}


def test_a_transactional_id_is_described_from_its_coordinators_side(cli, connection, topic, producer):
    state = cli.json("txn", "describe", "--transactional-id", f"id-of-{topic}")
    assert (state["state"], state["producer_id"], state["timeout_ms"]) == ("Ongoing", producer.producer_id, 60000)
    [partition] = state["partitions"]
    assert (partition["topic"], partition["partition"]) == (topic, 0)
    producer.end(False)
    ended(connection, topic, 6)
    wire.until(lambda: cli.json("txn", "describe", "--transactional-id", f"id-of-{topic}"),
               lambda state: (state["state"], state["partitions"]) == ("CompleteAbort", []), seconds=SECONDS)
    assert "TRANSACTIONAL_ID_NOT_FOUND" in cli("txn", "describe", "--transactional-id", "nobody", expect=REFUSED).stderr


def test_partitions_that_are_not_there_are_refused(cli, topic):
    assert "does not exist" in cli("txn", "describe", "missing", expect=REFUSED).stderr
    assert "no partition 9" in cli("txn", "describe", f"{topic}:9", expect=REFUSED).stderr


def test_the_time_that_is_left_counts_down(cli, topic, producer):
    watching = cli.start("txn", "describe", topic, "--watch", "0.1", "-o", "json", stdout=-1)
    left = [json.loads(watching.stdout.readline())[0]["transactions"][0]["ends_in_seconds"] for _ in range(3)]
    watching.terminate()
    assert watching.wait(SECONDS) == OK
    assert 60 >= left[0] > left[1] > left[2] > 0


# List


def test_list_shows_what_is_open_and_idle_ids_when_asked(cli, connection, topic, producer):
    mine = f"id-of-{topic}"

    def listed(*arguments):
        return {row["transactional_id"]: row for row in cli.json("txn", "list", *arguments)}

    row = listed()[mine]
    assert (row["state"], row["producer_id"], row["partitions"]) == ("Ongoing", producer.producer_id, [{"topic": topic, "partition": 0}])
    assert 0 < row["ends_in_seconds"] <= 60
    assert mine in listed("--pattern", "id-of-.*") and mine not in listed("--pattern", "nobody")
    assert mine not in listed("--longer-than", "1h") and mine in listed("--longer-than", "0s")
    assert mine in cli("txn", "list").stdout
    cli("txn", "list", "--longer-than", "soon", expect=USAGE)
    producer.end(True)
    wire.until(lambda: listed("--all")[mine]["state"], lambda state: state == "CompleteCommit", seconds=SECONDS)
    assert mine not in listed()


@EVIDENCE
def test_list_counts_what_is_written_and_names_the_client(cli, topic, producer):
    [row] = [row for row in cli.json("txn", "list") if row["transactional_id"] == f"id-of-{topic}"]
    assert row["records"] == 5 and row["bytes"] > 0 and row["client"]["client"] == "e2e"


# Hanging


def hanging(cli, topic):
    return cli.json("txn", "hanging", topic)


def test_a_transaction_that_its_coordinator_knows_does_not_hang(cli, topic, producer):
    assert hanging(cli, topic) == []
    assert "no transaction hangs" in cli("txn", "hanging", topic).stdout


def test_a_producer_that_no_coordinator_knows_hangs(cli, topic, ghost):
    [state] = hanging(cli, topic)
    [found] = state["transactions"]
    assert (found["producer_id"], found["condition"], found["first_offset"], found["records"]) == (ghost.producer_id, "hanging", 0, 3)
    assert "no coordinator knows" in found["cause"] and found["ends"] is None
    said = cli("txn", "hanging").stdout
    assert f"txn abort {topic}:0 --producer-id {ghost.producer_id}" in said


def test_a_write_behind_the_end_of_its_transaction_hangs(cli, connection, topic, producer):
    producer.end(True)
    ended(connection, topic, 6)
    assert producer.write(topic) == (0, 6)
    [state] = wire.until(lambda: hanging(cli, topic), len, seconds=SECONDS)
    [found] = state["transactions"]
    assert found["transactional_id"] == f"id-of-{topic}" and "CompleteCommit" in found["cause"]


def test_a_write_to_a_partition_that_was_not_added_hangs_there_alone(cli, topic, producer):
    assert producer.write(topic, partition=1) == (0, 0)
    [state] = hanging(cli, topic)
    assert (state["partition"], state["transactions"][0]["producer_id"]) == (1, producer.producer_id)
    assert "has not this partition" in state["transactions"][0]["cause"]


@EVIDENCE
def test_an_id_that_was_given_to_another_producer_is_named(cli, topic, other_connection):
    owner = Producer(other_connection, f"id-of-{topic}")
    stale = Ghost(other_connection, f"id-of-{topic}")
    assert stale.write(topic) == (0, 0)
    [state] = hanging(cli, topic)
    assert f"belongs to producer {owner.producer_id} by now" in state["transactions"][0]["cause"]


# Abort


def test_abort_of_what_hangs_shows_first_what_it_then_does(cli, connection, topic, ghost):
    cli("produce", topic, "--partition", 0, stdin=b"behind\n")
    wire_groups.make_group(connection, f"reads-{topic}", {(topic, 0): 0})
    preview = cli.json("txn", "abort", f"{topic}:0")
    assert (preview["how"], preview["condition"], preview["records"], preview["executed"]) == ("markers", "hanging", 3, False)
    [step] = preview["partitions"]
    assert (step["last_stable_offset"], step["last_stable_offset_after"]) == (0, 5)
    assert [group["group"] for group in step["groups"]] == [f"reads-{topic}"]
    said = cli("txn", "abort", f"{topic}:0")
    assert "3 records" in said.stdout and "nothing was changed" in said.stderr
    assert latest_committed(connection, topic) == 0

    done = cli.json("txn", "abort", f"{topic}:0", "--execute", "--force")
    assert done["executed"] and done["partitions"][0]["last_stable_offset_reached"] == 5
    assert latest_committed(connection, topic) == 5
    assert [record["outcome"] for record in cli.json_lines("consume", topic, "--show-aborted")] == ["aborted"] * 3 + ["committed"]
    assert "has no open transaction" in cli("txn", "abort", f"{topic}:0", "--execute", expect=REFUSED).stderr


def test_abort_ends_a_hanging_transaction_wherever_it_hangs_and_no_other(cli, connection, topic, ghost):
    assert ghost.write(topic, partition=1) == (0, 0)
    bystander = Producer(connection, f"bystander-of-{topic}")
    bystander.begin(topic)
    assert bystander.write(topic) == (0, 3)
    preview = cli.json("txn", "abort", f"{topic}:0")
    assert [(step["partition"], step["last_stable_offset_after"], step["held_by_after"]) for step in preview["partitions"]] == [
        (0, 3, bystander.producer_id), (1, 2, None)]
    cli("txn", "abort", f"{topic}:0", "--execute", "--force")
    assert (latest_committed(connection, topic, 0), latest_committed(connection, topic, 1)) == (3, 2)
    bystander.end(True)
    ended(connection, topic, 6)


def test_abort_of_one_behind_the_holder_leaves_the_holder(cli, connection, topic, producer):
    behind = Ghost(connection, f"ghost-of-{topic}")
    assert behind.write(topic) == (0, 5)
    done = cli.json("txn", "abort", f"{topic}:0", "--producer-id", behind.producer_id, "--execute", "--force")
    assert done["partitions"][0]["last_stable_offset_after"] == done["partitions"][0]["last_stable_offset_reached"] == 0
    producer.end(True)
    ended(connection, topic, 8)
    cli("txn", "abort", f"{topic}:0", "--producer-id", behind.producer_id, expect=REFUSED)


@EVIDENCE
def test_abort_is_refused_while_the_producer_is_connected_unless_forced(cli, connection, topic, producer):
    preview = cli("txn", "abort", "--transactional-id", f"id-of-{topic}")
    assert "would be refused" in preview.stderr and "--force" in preview.stderr
    assert "its producer is connected: e2e at" in cli("txn", "abort", f"{topic}:0", "--execute", expect=REFUSED).stderr
    assert latest_committed(connection, topic) == 0
    producer.connection.close()
    wire.until(lambda: describe(cli, topic)["transactions"][0]["client"]["connected"], lambda connected: not connected, seconds=SECONDS)
    done = cli.json("txn", "abort", "--transactional-id", f"id-of-{topic}", "--execute")
    assert (done["how"], done["records"], done["partitions"][0]["last_stable_offset_reached"]) == ("fence", 5, 6)


def test_abort_of_what_a_coordinator_knows_fences_the_producer(cli, connection, topic, producer):
    preview = cli.json("txn", "abort", "--transactional-id", f"id-of-{topic}")
    assert (preview["how"], preview["executed"]) == ("fence", False)
    done = cli.json("txn", "abort", "--transactional-id", f"id-of-{topic}", "--execute", "--force")
    [before], [after] = preview["partitions"], done["partitions"]
    assert before["last_stable_offset_after"] == after["last_stable_offset_reached"] == latest_committed(connection, topic) == 6
    assert producer.write(topic)[0] in FENCED
    assert cli.json("txn", "describe", "--transactional-id", f"id-of-{topic}")["state"] in ("CompleteAbort", "Empty")
    assert "has no open transaction" in cli("txn", "abort", "--transactional-id", f"id-of-{topic}", expect=REFUSED).stderr


def test_abort_of_a_transaction_that_wrote_nothing(cli, connection, topic, other_connection):
    one = Producer(other_connection, f"id-of-{topic}")
    one.begin(topic)
    done = cli.json("txn", "abort", "--transactional-id", f"id-of-{topic}", "--execute", "--force")
    [step] = done["partitions"]
    assert (done["records"], step["first_offset"], step["last_stable_offset_after"], step["last_stable_offset_reached"]) == (0, None, 1, 1)


def test_offsets_that_a_transaction_keeps_from_a_group_are_shown_and_dropped(cli, connection, topic, other_connection):
    group = f"group-of-{topic}"
    wire_groups.make_group(connection, group, {(topic, 0): 1, (topic, 1): 1})
    stale = Ghost(other_connection, f"ghost-of-{topic}")
    wire.until(lambda: stale.commit_offset(group, topic, 1, 9), lambda error: error == 0, seconds=SECONDS)
    [state] = [state for state in cli.json("txn", "describe", "__consumer_offsets")
               if stale.producer_id in [each["producer_id"] for each in state["transactions"]]]
    assert [(each["group"], each["pending"]) for each in state["groups"]] == [(group, [{"topic": topic, "partition": 1}])]
    done = cli.json("txn", "abort", "__consumer_offsets:0", "--producer-id", stale.producer_id, "--execute", "--force")
    assert done["how"] == "markers"
    assert wire_groups.fetch_stable_offset(connection, group, topic, 1) == (1, 0)


def test_abort_wants_to_know_what(cli, topic):
    cli("txn", "abort", expect=USAGE)
    cli("txn", "abort", f"{topic}:0", "--transactional-id", "x", expect=USAGE)
    assert "orders:0" in cli("txn", "abort", topic, expect=USAGE).stderr
    assert "has no open transaction" in cli("txn", "abort", f"{topic}:0", expect=REFUSED).stderr
    assert "has no open transaction" in cli("txn", "abort", "--transactional-id", "nobody", expect=REFUSED).stderr


# Brokers of their own


@pytest.fixture
def own(make_broker):
    """own({"key": "value"}): a broker, its command line, a connection and a topic."""

    def start(config):
        broker = make_broker({**BROKER_CONFIG, **config}).start()
        connection = wire.Connection(broker.port)
        return broker, Cli(broker.bootstrap), connection, wire.make_topic(connection, "t", partitions=2)

    return start


def test_after_a_restart_it_is_counted_in_the_log(own):
    broker, cli, connection, topic = own({})
    one = Producer(connection, "id")
    one.begin(topic)
    assert one.write(topic, [b"1", b"2", b"3"]) == (0, 0)
    [before] = describe(cli, topic)["transactions"]
    connection.close()
    broker.kill()
    broker.start()
    [after] = wire.until(lambda: describe(cli, topic)["transactions"], len, seconds=SECONDS)
    same = ("transactional_id", "producer_id", "producer_epoch", "condition", "first_offset", "records", "bytes", "ends", "cause")
    assert [after[key] for key in same] == [before[key] for key in same] and after["client"] is None
    assert "its producer may be at work" in cli("txn", "abort", f"{topic}:0", "--execute", expect=REFUSED).stderr


def test_an_overdue_transaction_waits_for_its_coordinator_to_look(own):
    broker, cli, connection, topic = own({"transaction.abort.timed.out.transaction.cleanup.interval.ms": "3600000"})
    one = Producer(connection, "id", timeout_ms=1)
    one.begin(topic)
    assert one.write(topic) == (0, 0)
    state = wire.until(lambda: describe(cli, topic), lambda it: it["transactions"][0]["condition"] != "running", seconds=SECONDS)
    [holder] = state["transactions"]
    assert holder["condition"] == "overdue" and holder["ends_in_seconds"] <= 0
    assert cli.json("txn", "hanging") == []
    connection.close()
    wire.until(lambda: describe(cli, topic)["transactions"][0]["client"], lambda client: not (client or {}).get("connected"), seconds=SECONDS)
    assert cli.json("txn", "abort", f"{topic}:0", "--execute")["how"] == "fence"


def test_an_id_that_its_coordinator_has_forgotten_hangs_and_can_be_aborted(own):
    _, cli, connection, topic = own({"transactional.id.expiration.ms": "1000",
                                     "transaction.remove.expired.transaction.cleanup.interval.ms": "200"})
    one = Producer(connection, "forgotten")
    one.begin(topic)
    assert one.write(topic) == (0, 0)
    one.end(True)
    ended(connection, topic, 2)
    assert one.write(topic, [b"late"]) == (0, 2)
    wire.until(lambda: [row["transactional_id"] for row in cli.json("txn", "list", "--all")], lambda ids: ids == [], seconds=SECONDS)
    [state] = cli.json("txn", "hanging")
    assert "no coordinator knows" in state["transactions"][0]["cause"]
    assert cli.json("txn", "abort", f"{topic}:0", "--execute", "--force")["partitions"][0]["last_stable_offset_reached"] == 4
    assert [record["value"] for record in cli.json_lines("consume", topic, "--isolation", "read_committed")] == ["v"]
