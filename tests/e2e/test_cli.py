"""The command line against a running broker: what it prints, what it returns, how it behaves in a pipe.

The client commands also run against Apache Kafka (--broker kafka), with Tideline's binary as the client.
"""

import base64
import json
import os
import pty
import signal
import socket
import subprocess
import time

import pytest

from command_line import CORRUPT, INTERRUPTED, OK, PARTIAL, REFUSED, SECONDS, UNREACHABLE, USAGE, Cli, values
from lib import broker as brokers

BROKER_CONFIG = {"auto.create.topics.enable": "false"}
TOPIC_PARTITIONS = 3


# Topics


def test_topic_create_says_what_there_is_now(cli):
    assert cli.json("topic", "create", "made", "--partitions", 2, "--config", "retention.ms=7200000") == {
        "topic": "made", "created": True, "partitions": 2, "replication_factor": 1}
    again = cli("topic", "create", "made", expect=REFUSED)
    assert "TOPIC_ALREADY_EXISTS" in again.stderr and "--if-not-exists" in again.stderr
    assert cli.json("topic", "create", "made", "--if-not-exists")["created"] is False


@pytest.mark.parametrize("arguments, error", [
    (["bad/name"], "INVALID_TOPIC_EXCEPTION"),
    (["t", "--replication-factor", 3], "INVALID_REPLICATION_FACTOR"),
    (["t", "--config", "no.such.property=1"], "INVALID_CONFIG"),
    (["t", "--config", "retention.ms=soon"], "INVALID_CONFIG"),
])
def test_a_refusal_is_named_as_kafka_names_it(cli, arguments, error):
    done = cli("topic", "create", *arguments, "-o", "json", expect=REFUSED)
    assert json.loads(done.stderr)["error"] == error


def test_topic_list_hides_internal_topics_and_prints_bare_names(cli, topic):
    assert topic in [t["topic"] for t in cli.json("topic", "list")]
    names = cli("topic", "list", "--names").stdout.splitlines()
    assert topic in names and not [n for n in names if n.startswith("__")]


def test_topic_describe_shows_offsets_and_what_was_configured(cli, topic):
    cli("produce", topic, "--partition", 1, stdin=b"a\nb\n")
    cli("topic", "alter", topic, "--config", "retention.ms=7200000")
    [about] = cli.json("topic", "describe", topic)
    assert about["topic"] == topic and about["configs"] == {"retention.ms": "7200000"}
    assert [(p["partition"], p["earliest"], p["latest"], p["records"]) for p in about["partitions"]] == [
        (0, 0, 0, 0), (1, 0, 2, 2), (2, 0, 0, 0)]
    [one] = {p["leader"] for p in about["partitions"]}
    assert all(p["replicas"] == p["isr"] == [one] for p in about["partitions"])
    assert "config retention.ms=7200000" in cli("topic", "describe", topic).stdout


def test_topic_describe_of_a_missing_topic_is_refused(cli):
    assert "does not exist" in cli("topic", "describe", "missing", expect=REFUSED).stderr


def test_topic_describe_of_some_that_exist_is_partial(cli, topic):
    done = cli("topic", "describe", "missing", topic, "-o", "json", expect=PARTIAL)
    assert [t["topic"] for t in json.loads(done.stdout)] == [topic]
    assert "missing" in json.loads(done.stderr)["message"]


def test_topic_alter_changes_what_is_named_and_keeps_the_rest(cli, topic):
    configs = lambda: cli.json("topic", "describe", topic)[0]["configs"]
    cli("topic", "alter", topic, "--config", "retention.ms=7200000", "--config", "segment.bytes=1048576")
    cli("topic", "alter", topic, "--config", "retention.ms=3600000")
    assert configs() == {"retention.ms": "3600000", "segment.bytes": "1048576"}
    cli("topic", "alter", topic, "--delete-config", "retention.ms")
    assert configs() == {"segment.bytes": "1048576"}
    cli("topic", "alter", topic, "--delete-config", "no.such.property", expect=USAGE)


def test_topic_alter_adds_partitions_and_never_removes_any(cli, topic):
    cli("topic", "alter", topic, "--partitions", 5)
    assert len(cli.json("topic", "describe", topic)[0]["partitions"]) == 5
    assert "INVALID_PARTITIONS" in cli("topic", "alter", topic, "--partitions", 2, expect=REFUSED).stderr


def test_topic_delete_wants_a_yes_and_says_what_went(cli, topic):
    assert "--yes" in cli("topic", "delete", topic, expect=USAGE).stderr
    assert cli("topic", "delete", topic, "--yes").stdout == f"deleted {topic}\n"
    cli("topic", "delete", topic, "--yes", expect=REFUSED)
    cli("topic", "delete", topic, "--yes", "--if-exists")


def test_topic_delete_of_some_that_exist_is_partial(cli, topic):
    done = cli("topic", "delete", topic, "missing", "--yes", "-o", "json", expect=PARTIAL)
    assert {r["topic"]: r["deleted"] for r in json.loads(done.stdout)} == {topic: True, "missing": False}
    assert json.loads(done.stderr)["error"] == "UNKNOWN_TOPIC_OR_PARTITION"


def test_cluster_info_names_the_brokers(cli, broker, topic):
    info = cli.json("cluster", "info")
    assert [(b["host"], b["port"]) for b in info["brokers"]] == [("127.0.0.1", broker.port)]
    assert info["topics"] >= 1 and info["partitions"] >= 3 and len(info["cluster_id"]) == 22
    assert info["cluster_id"] in cli("cluster", "info").stdout


# Produce


def test_lines_from_stdin_come_back(cli, topic):
    summary = cli.json("produce", topic, stdin=b"one\ntwo\n\nlast")
    assert (summary["records"], summary["failed"], summary["bytes"]) == (4, 0, 10)
    assert sum(summary["partitions"].values()) == 4
    assert values(cli("consume", topic)) == ["", "last", "one", "two"]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_comes_back(cli, topic, codec):
    lines = [f"line {i} " + "x" * 100 for i in range(1000)]
    cli("produce", topic, "--compression", codec, stdin="\n".join(lines).encode())
    assert values(cli("consume", topic)) == sorted(lines)


def test_keys_headers_nulls_and_partition(cli, topic):
    cli("produce", topic, "--key-separator", ":", "--header", "a=1", "--header", "b=x=y", "--null-marker", "NULL",
        "--partition", 2, stdin=b"k:v:w\nk:NULL\n")
    first, second = cli.json_lines("consume", topic)
    assert (first["partition"], first["offset"], first["key"], first["value"]) == (2, 0, "k", "v:w")
    assert first["headers"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "x=y"}]
    assert (second["key"], second["value"]) == ("k", None)


def test_a_key_goes_where_java_clients_send_it(cli, topic):
    # murmur2 of Kafka's Utils, masked, modulo three partitions.
    cli("produce", topic, "--key-separator", ":", stdin=b"foobar:1\na:1\n")
    found = {r["key"]: r["partition"] for r in cli.json_lines("consume", topic)}
    assert found == {"foobar": (-790332482 & 0x7fffffff) % 3, "a": (-1563381124 & 0x7fffffff) % 3}


def test_blocks_of_lines_keyed_by_an_expression(cli, topic, tmp_path):
    index = tmp_path / "Packages"
    index.write_text("Package: zsh\nVersion: 5\n\nPackage: bash\nVersion: 4\n\n\n")
    cli("produce", topic, index, "--split-on", "blank-line", "--key-regex", "^Package: (.*)$")
    found = {r["key"]: r["value"] for r in cli.json_lines("consume", topic)}
    assert found == {"zsh": "Package: zsh\nVersion: 5", "bash": "Package: bash\nVersion: 4"}


def test_files_whole_and_by_a_separator(cli, topic, tmp_path):
    (tmp_path / "a").write_bytes(b"1\0002")
    (tmp_path / "b").write_bytes(b"3\n")
    cli("produce", topic, tmp_path / "a", "--file", tmp_path / "b", "--split-on", "file")
    cli("produce", topic, tmp_path / "a", "--separator", "\\0")
    assert sorted(r["value"] for r in cli.json_lines("consume", topic)) == ["1", "1\0002", "2", "3\n"]


def test_a_record_without_its_key_stops_the_command(cli, topic):
    done = cli("produce", topic, "--key-separator", ":", stdin=b"k:v\nnone\nk:w\n", expect=PARTIAL)
    assert "record 2 of standard input has no key" in done.stderr
    cli("produce", topic, "--key-separator", ":", stdin=b"none\n", expect=USAGE)
    assert values(cli("consume", topic)) == ["v"]


def test_a_pipe_is_sent_as_it_comes_and_ctrl_c_says_what_was_sent(cli, topic):
    producer = cli.start("produce", topic, "-o", "json", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    producer.stdin.write(b"whole\nhalf a rec")
    producer.stdin.flush()
    deadline = time.monotonic() + SECONDS
    while cli("consume", topic).stdout != "whole\n":
        assert time.monotonic() < deadline
    producer.send_signal(signal.SIGINT)
    assert producer.wait(SECONDS) == INTERRUPTED
    assert json.loads(producer.stdout.read())["records"] == 1
    assert cli("consume", topic).stdout == "whole\n"


def test_records_survive_a_broker_that_goes_and_comes_back(make_broker):
    broker = make_broker().start()
    cli = Cli(broker.bootstrap)
    cli("topic", "create", "t")
    producer = cli.start("produce", "t", "-o", "json", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    producer.stdin.write(b"before\n")
    producer.stdin.flush()
    deadline = time.monotonic() + SECONDS
    while cli("consume", "t").stdout != "before\n":
        assert time.monotonic() < deadline
    broker.kill()
    producer.stdin.write(b"while it is away\n")
    producer.stdin.flush()
    broker.start()
    out, _ = producer.communicate(timeout=SECONDS)
    assert producer.returncode == OK and json.loads(out)["records"] == 2
    assert values(cli("consume", "t")) == ["before", "while it is away"]


def test_a_missing_file_is_noticed_before_anything_is_sent(cli, topic, tmp_path):
    (tmp_path / "there").write_text("x\n")
    cli("produce", topic, tmp_path / "there", tmp_path / "missing", expect=USAGE)
    assert cli("consume", topic).stdout == ""


def test_a_topic_or_partition_that_is_not_there_is_refused(cli, topic):
    assert "tideline topic create missing" in cli("produce", "missing", stdin=b"x", expect=REFUSED).stderr
    assert "0 to 2" in cli("produce", topic, "--partition", 3, stdin=b"x", expect=REFUSED).stderr


def test_what_the_broker_refuses_is_counted_by_error(cli, topic):
    cli("topic", "alter", topic, "--config", "max.message.bytes=1000")
    big = b"x" * 5000 + b"\n"
    done = cli("produce", topic, "-o", "json", stdin=big, expect=REFUSED)
    assert json.loads(done.stdout)["errors"] == {"MESSAGE_TOO_LARGE": 1}
    assert json.loads(done.stderr)["error"] == "MESSAGE_TOO_LARGE"


@pytest.mark.parametrize("acks", ["all", "1", "0"])
def test_every_acks_arrives(cli, topic, acks):
    cli("produce", topic, "--acks", acks, stdin=b"x\n")
    deadline = time.monotonic() + SECONDS
    while cli("consume", topic).stdout != "x\n":  # acks=0 waits for nothing
        assert time.monotonic() < deadline


def test_records_are_idempotent_unless_told_otherwise(cli, topic, broker):
    producer_of = {}
    for partition, extra in enumerate([[], ["--no-idempotent"], ["--acks", "1"]]):
        cli("produce", topic, "--partition", partition, *extra, stdin=b"x\n")
        log = broker.data_dir / f"{topic}-{partition}" / ("0" * 20 + ".log")
        [batch] = [line for line in cli.json_lines("log", "dump", log) if "producer_id" in line]
        producer_of[partition] = batch["producer_id"]
    assert producer_of[0] >= 0 and producer_of[1] == producer_of[2] == -1


# Consume


@pytest.fixture
def numbered(cli, topic):
    """Records 0 to 9 in partition 0, at offsets of the same numbers."""
    cli("produce", topic, "--partition", 0, stdin=b"".join(b"%d\n" % i for i in range(10)))
    return topic


@pytest.mark.parametrize("arguments, expected", [
    ([], range(0, 10)),
    (["--from", "7"], range(7, 10)),
    (["--from=-2"], range(8, 10)),
    (["--from", "3", "--count", "2"], range(3, 5)),
    (["--from", "3", "--until", "5"], range(3, 5)),
    (["--until=-8"], range(0, 2)),
    (["--from", "end"], []),
    (["--from", "1h ago"], range(0, 10)),
    (["--from", "@0", "--until", "1h ago"], []),
    (["--count", "0"], []),
])
def test_positions(cli, numbered, arguments, expected):
    done = cli("consume", numbered, "--partition", 0, *arguments)
    assert [int(line) for line in done.stdout.split()] == list(expected)


def test_from_a_timestamp_begins_at_that_record(cli, topic):
    cli("produce", topic, "--partition", 0, stdin=b"early\n")
    sent = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == sent:  # the two must differ by a millisecond
        pass
    cli("produce", topic, "--partition", 0, stdin=b"late\n")
    late = cli.json_lines("consume", topic)[1]["timestamp"]
    assert cli("consume", topic, "--from", f"@{late}").stdout == "late\n"
    iso = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(late / 1000)) + f".{late % 1000:03}Z"
    assert cli("consume", topic, "--from", iso).stdout == "late\n"
    assert cli("consume", topic, "--until", iso).stdout == "early\n"


def test_an_offset_that_is_not_there_is_a_warning(cli, numbered):
    done = cli("consume", numbered, "--partition", 0, "--from", 99)
    assert done.stdout == "" and "ends at offset 10" in done.stderr


def test_format(cli, numbered):
    done = cli("consume", numbered, "--from=-1", "--count", 1, "--format", r"%t/%p/%o %k=%s\t%S%%\n", "--null-marker", "-")
    assert done.stdout == f"{numbered}/0/9 -=9\t1%\n"
    cli("consume", numbered, "--format", "%q", expect=USAGE)


def test_bytes_that_are_no_text_are_base64_in_json(cli, topic):
    cli("produce", topic, "--key-separator", ":", stdin=b"k:\xff\xfe\n")
    [record] = cli.json_lines("consume", topic)
    assert base64.b64decode(record["value"]) == b"\xff\xfe" and record["value_encoding"] == "base64"


def test_follow_prints_as_records_come_and_ends_cleanly_on_ctrl_c(cli, topic):
    reader = cli.start("consume", topic, "--follow", "--from", "beginning", stdout=subprocess.PIPE)
    for line in (b"first\n", b"second\n"):
        cli("produce", topic, stdin=line)
        assert reader.stdout.readline() == line
    reader.send_signal(signal.SIGINT)
    assert reader.wait(SECONDS) == OK and reader.stdout.read() == b""


def test_consume_that_is_interrupted_before_the_end_says_so(cli, topic):
    cli("produce", topic, stdin=b"\n".join(b"y" * 100 for _ in range(20000)))
    reader = cli.start("consume", topic, stdout=subprocess.PIPE)
    reader.stdout.readline()  # the rest is more than a pipe holds
    reader.send_signal(signal.SIGINT)
    reader.stdout.read()
    assert reader.wait(SECONDS) == INTERRUPTED


def test_a_reader_that_has_enough_ends_the_command_quietly(cli, topic):
    cli("produce", topic, stdin=b"x" * 100 + b"\n" + b"\n".join(b"y" * 100 for _ in range(20000)))
    for extra in ([], ["--follow"]):
        reader = cli.start("consume", topic, *extra, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        reader.stdout.readline()
        reader.stdout.close()
        assert reader.wait(SECONDS) == OK
        assert reader.stderr.read() == b""


def test_consume_of_what_is_not_there_is_refused(cli, topic):
    cli("consume", "missing", expect=REFUSED)
    assert "no partition 9" in cli("consume", topic, "--partition", 9, expect=REFUSED).stderr
    cli("consume", topic, "--from", "someday", expect=USAGE)


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_either_isolation_reads_what_is_committed(cli, numbered, isolation):
    assert len(values(cli("consume", numbered, "--isolation", isolation))) == 10


# Whom it talks to, and where


def test_nobody_there_is_said_with_the_address(cli):
    port = brokers.free_port()
    for arguments in (["topic", "list"], ["consume", "t"], ["cluster", "info"]):
        done = cli(*arguments, "--bootstrap", f"127.0.0.1:{port}", expect=UNREACHABLE)
        assert f"cannot reach 127.0.0.1:{port}: Connection refused" in done.stderr
    done = cli("produce", "t", "--bootstrap", f"127.0.0.1:{port}", "-o", "json", stdin=b"x", expect=UNREACHABLE)
    assert json.loads(done.stderr)["exit_code"] == UNREACHABLE


def test_a_broker_that_says_nothing_is_given_up_after_the_timeout(cli):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = "127.0.0.1:%d" % mute.getsockname()[1]
        done = cli("topic", "list", "--bootstrap", address, "--timeout", 1, expect=UNREACHABLE)
        assert address in done.stderr


def test_ctrl_c_while_connecting_is_an_interruption(cli):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = "127.0.0.1:%d" % mute.getsockname()[1]
        lister = cli.start("topic", "list", "--bootstrap", address, "--timeout", "50", stderr=subprocess.PIPE)
        mute.accept()
        lister.send_signal(signal.SIGINT)
        assert f"interrupted before {address} answered" in lister.communicate(timeout=SECONDS)[1].decode()
        assert lister.returncode == INTERRUPTED


def test_the_brokers_are_named_by_bootstrap_only(cli):
    assert "--bootstrap" in cli("topic", "list", "-X", "bootstrap.servers=h:1", expect=USAGE).stderr


def test_a_terminal_gets_colour_and_a_progress_bar_and_no_color_is_honoured(cli, topic, tmp_path):
    lines = tmp_path / "lines"
    lines.write_bytes(b"0123456789\n" * 400_000)

    def on_terminal(*arguments, **environment):
        terminal, inner = pty.openpty()
        process = subprocess.Popen(cli.command(*arguments), stdin=inner, stdout=inner, stderr=inner,
                                   env={**cli.environment, "TERM": "xterm", **environment})
        os.close(inner)
        shown = b""
        try:
            while piece := os.read(terminal, 65536):
                shown += piece
        except OSError:  # how Linux says that the other side is closed
            pass
        os.close(terminal)
        assert process.wait(SECONDS) == OK
        return shown

    assert b"\x1b[1m" in on_terminal("topic", "list")
    assert b"\x1b[1m" not in on_terminal("topic", "list", NO_COLOR="1")
    assert b"%  " in on_terminal("produce", topic, str(lines))
    assert "\x1b" not in cli("topic", "list").stdout


def test_delete_asks_on_a_terminal(cli, topic):
    terminal, inner = pty.openpty()
    process = cli.start("topic", "delete", topic, stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(terminal, b"n\n")
    assert process.wait(SECONDS) == USAGE and b"[y/N]" in process.stderr.read()
    process = cli.start("topic", "delete", topic, stdin=inner, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(terminal, b"y\n")
    assert process.wait(SECONDS) == OK


# The data directory


def test_log_dump_reads_what_a_running_broker_writes(cli, topic, broker):
    cli("produce", topic, "--partition", 0, "--compression", "zstd", "--key-separator", ":", stdin=b"k:" + b"v" * 100 + b"\nk:w\n")
    folder = broker.data_dir / f"{topic}-0"
    _, batch, first, second, end = cli.json_lines("log", "dump", folder / ("0" * 20 + ".log"), "--records")
    assert (batch["position"], batch["crc_is_valid"], batch["codec"], batch["records"]) == (0, True, "zstd", 2)
    assert [(r["offset"], r["key"], r["value"]) for r in (first, second)] == [(0, "k", "v" * 100), (1, "k", "w")]
    assert end == {"entries": 3, "damage": []}
    for name in ("index", "timeindex"):
        cli("log", "dump", folder / ("0" * 20 + "." + name))
    cli("log", "dump", folder / "leader-epoch-checkpoint", folder / "partition.metadata",
        broker.data_dir / "meta.properties", *broker.data_dir.glob("*-offset-checkpoint"))


def test_log_dump_into_a_closed_pipe_ends_quietly(cli, topic, broker):
    cli("produce", topic, "--partition", 0, stdin=b"".join(b"%d\n" % i for i in range(100_000)))
    log = broker.data_dir / f"{topic}-0" / ("0" * 20 + ".log")
    dump = cli.start("log", "dump", log, "--records", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    dump.stdout.readline()
    dump.stdout.close()
    assert dump.wait(SECONDS) == OK and dump.stderr.read() == b""


def test_log_dump_shows_metadata_records(cli, topic, broker):
    [segment, *_] = sorted((broker.data_dir / "__cluster_metadata-0").glob("*.log"))
    records = [line["record"] for line in cli.json_lines("log", "dump", segment) if "record" in line]
    assert topic in [r["data"]["name"] for r in records if r.get("type") == "TopicRecord"]
    cli("log", "dump", broker.data_dir / "__cluster_metadata-0" / "quorum-state")


def test_log_dump_names_the_damage_and_its_byte(cli, topic, broker, tmp_path):
    for _ in range(2):
        cli("produce", topic, "--partition", 0, stdin=b"value\n")
    raw = bytearray((broker.data_dir / f"{topic}-0" / ("0" * 20 + ".log")).read_bytes())
    second = raw.index(b"value", raw.index(b"value") + 1)
    raw[second] ^= 1
    copy = tmp_path / ("0" * 20 + ".log")
    copy.write_bytes(raw)
    done = cli("log", "dump", copy, "-o", "json", expect=CORRUPT)
    [damage] = json.loads(done.stdout.splitlines()[-1])["damage"]
    [at] = [d["position"] for d in map(json.loads, done.stdout.splitlines()) if d.get("crc_is_valid") is False]
    assert damage["position"] == at > 0


# Shells


def test_bash_completes_topics_of_the_broker(cli, topic):
    script = ('source <("$0" completion bash); COMP_LINE="tideline consume %s"; COMP_POINT=${#COMP_LINE}; '
              '_tideline "$0"; printf "%%s\\n" "${COMPREPLY[@]}"' % topic[:-2])
    done = subprocess.run(["bash", "-c", script, str(brokers.CLIENT)], env=cli.environment, timeout=SECONDS,
                          capture_output=True, text=True)
    assert topic in done.stdout.split(), done.stderr
