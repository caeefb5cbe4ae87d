"""`tideline produce --transactional-id` and `tideline consume --isolation`, `--show-aborted` against a running broker.

Also runs against Apache Kafka (--broker kafka), with Tideline's binary as the client.
"""

import json
import signal
import subprocess

import pytest

from command_line import INTERRUPTED, OK, PARTIAL, REFUSED, SECONDS, USAGE, values
from lib import wire
from lib.wire_transactions import latest_committed

BROKER_CONFIG = {"transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
                 "transaction.state.log.num.partitions": "2", "auto.create.topics.enable": "false",
                 "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200"}
TOPIC_PARTITIONS = 1


def outcomes(cli, topic, *arguments):
    return [(record["value"], record["outcome"])
            for record in cli.json_lines("consume", topic, "--show-aborted", *arguments)]


def wait_until(get, wanted):
    wire.until(get, lambda got: got == wanted, seconds=SECONDS)


# A transaction is decided when its producer hears so; the markers that let readers know come a moment later.
def wait_for_outcomes(cli, topic, *expected):
    wait_until(lambda: outcomes(cli, topic), list(expected))


def wait_for_committed(cli, topic, *expected):
    wait_until(lambda: values(cli("consume", topic, "--isolation", "read_committed")), list(expected))


class OpenProduce:
    """A `produce` that has sent what it was given and waits for more input, its transaction open."""

    def __init__(self, cli, topic, transactional_id, *lines, extra=()):
        self.process = cli.start("produce", topic, "--transactional-id", transactional_id, "-o", "json", *extra,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()
        wait_until(lambda: set(lines) <= {value.encode() for value in values(cli("consume", topic))}, True)

    def finish(self, expect=OK):
        """Ends the input; returns the summary and what stderr says."""
        return self._ended(expect, b"")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self._ended(INTERRUPTED, None)

    def _ended(self, expect, rest):
        out, err = self.process.communicate(rest, timeout=SECONDS)
        assert self.process.returncode == expect, (self.process.returncode, out, err)
        return json.loads(out), err.decode()


@pytest.fixture
def open_produce(cli, topic):
    started = []

    def start(transactional_id, *lines, extra=()):
        started.append(OpenProduce(cli, topic, transactional_id, *lines, extra=extra))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def test_a_run_is_one_transaction_that_readers_of_committed_records_see_as_a_whole(cli, topic, open_produce):
    producer = open_produce("whole", b"a", b"b")
    assert values(cli("consume", topic, "--isolation", "read_committed")) == []
    assert outcomes(cli, topic) == [("a", "open"), ("b", "open")]
    summary, _ = producer.finish()
    assert summary["records"] == 2
    assert summary["transactions"] == {"committed": 1, "committed_records": 2, "aborted": 0, "aborted_records": 0}
    wait_for_committed(cli, topic, "a", "b")
    assert outcomes(cli, topic) == [("a", "committed"), ("b", "committed")]


def test_records_are_committed_by_so_many(cli, topic):
    summary = cli.json("produce", topic, "--transactional-id", "by-two", "--transaction-records", 2, stdin=b"1\n2\n3\n4\n5\n")
    assert summary["transactions"] == {"committed": 3, "committed_records": 5, "aborted": 0, "aborted_records": 0}
    wait_for_committed(cli, topic, *"12345")
    assert "2 transactions committed (4 records)" in cli(
        "produce", topic, "--transactional-id", "by-two", "--transaction-records", 2, stdin=b"1\n2\n3\n4\n").stdout


def test_aborted_records_are_in_the_log_and_marked(cli, topic):
    cli("produce", topic, stdin=b"plain\n")
    summary = cli.json("produce", topic, "--transactional-id", "aborting", "--abort", stdin=b"x\ny\n")
    assert summary["transactions"] == {"committed": 0, "committed_records": 0, "aborted": 1, "aborted_records": 2}
    cli("produce", topic, "--transactional-id", "aborting", stdin=b"z\n")
    wait_for_committed(cli, topic, "plain", "z")
    assert values(cli("consume", topic)) == ["plain", "x", "y", "z"]
    assert cli("consume", topic, "--show-aborted").stdout == "committed\tplain\naborted\tx\naborted\ty\ncommitted\tz\n"
    shown = cli.json_lines("consume", topic, "--show-aborted")
    assert shown[0]["producer_id"] is None and shown[1]["producer_id"] == shown[2]["producer_id"] >= 0
    assert [record["offset"] for record in shown] == [0, 1, 2, 4]


def test_no_input_is_no_transaction(cli, topic):
    assert cli.json("produce", topic, "--transactional-id", "silent", stdin=b"")["transactions"]["committed"] == 0
    assert cli.json("topic", "describe", topic)[0]["partitions"][0]["latest"] == 0


def test_a_mistake_in_the_input_aborts_its_transaction_and_no_earlier_one(cli, topic):
    done = cli("produce", topic, "--transactional-id", "mistaken", "--transaction-records", 2, "--key-separator", ":",
               "-o", "json", stdin=b"k:1\nk:2\nk:3\nnone\nk:4\n", expect=PARTIAL)
    assert json.loads(done.stdout)["transactions"] == {"committed": 1, "committed_records": 2, "aborted": 1, "aborted_records": 1}
    assert "record 4 of standard input has no key" in done.stderr
    wait_for_committed(cli, topic, "1", "2")
    wait_until(lambda: set(outcomes(cli, topic)[2:]) <= {("3", "aborted")}, True)  # or it was not sent yet
    cli("produce", topic, "--transactional-id", "mistaken", "--key-separator", ":", stdin=b"none\n", expect=USAGE)


def test_a_record_that_is_refused_aborts_its_transaction(cli, topic):
    cli("topic", "alter", topic, "--config", "max.message.bytes=1000")
    done = cli("produce", topic, "--transactional-id", "refused", "-o", "json", stdin=b"small\n" + b"x" * 5000 + b"\n", expect=REFUSED)
    assert json.loads(done.stdout)["transactions"]["committed"] == 0
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert {each["error"] for each in said} == {"MESSAGE_TOO_LARGE"}
    assert any("aborted" in each["message"] for each in said)
    wait_until(lambda: {outcome for _, outcome in outcomes(cli, topic)} <= {"aborted"}, True)
    assert values(cli("consume", topic, "--isolation", "read_committed")) == []


def test_ctrl_c_aborts_what_is_open(cli, topic, open_produce):
    summary, said = open_produce("interrupted", b"a").interrupt()
    assert summary["transactions"]["aborted_records"] == 1 and "1 record aborted, 0 committed" in said
    wait_for_outcomes(cli, topic, ("a", "aborted"))


def test_who_takes_an_id_over_fences_whoever_had_it(cli, topic, open_produce):
    first = open_produce("shared", b"of the first")
    cli("produce", topic, "--transactional-id", "shared", stdin=b"of the second\n")
    _, said = first.finish(expect=REFUSED)
    assert "PRODUCER_FENCED" in said and "took over the transactional id" in said
    wait_for_outcomes(cli, topic, ("of the first", "aborted"), ("of the second", "committed"))


def test_a_transaction_that_is_open_for_too_long_is_aborted_and_its_producer_told(cli, topic, open_produce):
    producer = open_produce("slow", b"late", extra=["-X", "transaction.timeout.ms=6000"])
    wait_for_outcomes(cli, topic, ("late", "aborted"))
    _, said = producer.finish(expect=REFUSED)
    assert "transaction.timeout.ms" in said


def test_each_record_behind_an_open_transaction_has_its_own_outcome(cli, topic, open_produce):
    cli("produce", topic, "--transactional-id", "before", "--abort", stdin=b"before\n")
    producer = open_produce("open", b"open")
    cli("produce", topic, "--transactional-id", "other", stdin=b"committed\n")
    cli("produce", topic, "--transactional-id", "other", "--abort", stdin=b"aborted\n")
    cli("produce", topic, stdin=b"plain\n")
    expected = [("before", "aborted"), ("open", "open"), ("committed", "committed"), ("aborted", "aborted"), ("plain", "committed")]
    wait_for_outcomes(cli, topic, *expected)
    assert outcomes(cli, topic, "--isolation", "read_committed") == expected[:1]
    assert outcomes(cli, topic, "--from", "5") == expected[3:]
    producer.finish()
    wait_for_outcomes(cli, topic, *[(value, "committed" if value == "open" else outcome) for value, outcome in expected])


def test_following_readers_of_committed_records_see_a_record_when_it_is_decided(cli, topic, open_produce):
    reader = cli.start("consume", topic, "--follow", "--isolation", "read_committed", "--show-aborted", "--format", "%s %x\n",
                       stdout=subprocess.PIPE)
    cli("produce", topic, "--transactional-id", "first", "--abort", stdin=b"first\n")
    assert reader.stdout.readline() == b"first aborted\n"
    producer = open_produce("second", b"second")
    producer.finish()
    assert reader.stdout.readline() == b"second committed\n"
    reader.send_signal(signal.SIGINT)
    assert reader.wait(SECONDS) == OK


def test_outcomes_are_shown_of_compressed_batches_in_any_range(cli, topic):
    lines = [f"{n} " + "x" * 100 for n in range(1000)]
    for codec in ("gzip", "zstd"):
        cli("produce", topic, "--transactional-id", codec, "--compression", codec, stdin="\n".join(lines).encode())
    expected = [(line, "committed") for line in lines[990:] + lines[:9]]
    wait_until(lambda: outcomes(cli, topic, "--from", "990", "--until", "1010"), expected)


def test_read_committed_stops_where_the_first_transaction_is_open(cli, topic, open_produce, connection):
    cli("produce", topic, stdin=b"before\n")
    producer = open_produce("open", b"open")
    assert latest_committed(connection, topic) == 1
    assert values(cli("consume", topic, "--isolation", "read_committed")) == ["before"]
    producer.finish()
    wait_for_committed(cli, topic, "before", "open")
