"""kafka-get-offsets, kafka-delete-records and kafka-log-dirs."""

import json
import time

import pytest

from lib import batch, wire

NOW = int(time.time() * 1000)


def get_offsets(tool, topic, when):
    lines = tool("GetOffsetShell", "--topic", topic, "--time", when).stdout.split()
    return {int(line.split(":")[1]): int(line.split(":")[2]) for line in lines}


@pytest.fixture(scope="module")
def filled(broker):
    """A topic whose greatest timestamp is not its last: offsets 0, 1, 2 at -3 s, -1 s, -2 s."""
    with wire.Connection(broker.port) as connection:
        name = wire.make_topic(connection, "offsets", 2)
        for age in (3000, 1000, 2000):
            raw = batch.batch([b"v"], timestamp=NOW - age)
            assert wire.produce(connection, name, 0, raw)[0] == 0
    return name


@pytest.mark.parametrize("when,expected", [
    (-1, {0: 3, 1: 0}), ("latest", {0: 3, 1: 0}),
    (-2, {0: 0, 1: 0}), ("earliest", {0: 0, 1: 0}),
    (-3, {0: 1}), ("max-timestamp", {0: 1}),
    (-4, {0: 0, 1: 0}), ("earliest-local", {0: 0, 1: 0}),
    (0, {0: 0}), (NOW - 3000, {0: 0}), (NOW - 2999, {0: 1}), (NOW - 1000, {0: 1}),
    (NOW - 999, {}),
], ids=str)
def test_get_offsets_finds_the_offset_of_a_time(tool, filled, when, expected):
    found = get_offsets(tool, filled, when)
    assert {p: o for p, o in found.items() if o >= 0} == expected


def delete_until(tool, topic, offset, tmp_path, ok=True):
    file = tmp_path / "offsets.json"
    file.write_text(json.dumps({"version": 1, "partitions": [
        {"topic": topic, "partition": 0, "offset": offset}]}))
    return tool("DeleteRecordsCommand", "--offset-json-file", file, ok=ok).stdout


def test_delete_records_moves_the_earliest_offset(tool, topic, fill, tmp_path):
    fill(topic, [b"a", b"b", b"c"])
    assert f"partition: {topic}-0\tlow_watermark: 2" in delete_until(tool, topic, 2, tmp_path)
    assert get_offsets(tool, topic, -2) == {0: 2}
    assert get_offsets(tool, topic, -1) == {0: 3}
    assert "low_watermark: 3" in delete_until(tool, topic, -1, tmp_path), "-1 is the end"


def test_delete_records_past_the_end_is_refused(tool, topic, fill, tmp_path):
    fill(topic, [b"a"])
    assert "OffsetOutOfRangeException" in delete_until(tool, topic, 9, tmp_path, ok=False)


def test_log_dirs_shows_directory_partitions_and_sizes(tool, topic, fill, broker, node_id):
    fill(topic, [b"x" * 1000], partitions=2)
    said = tool("LogDirsCommand", "--describe", "--topic-list", topic).stdout.splitlines()[-1]
    [shown] = json.loads(said)["brokers"]
    [directory] = shown["logDirs"]
    assert (shown["broker"], directory["error"]) == (int(node_id), None)
    assert directory["logDir"] == str(broker.data_dir)
    sizes = {p["partition"]: p["size"] for p in directory["partitions"]}
    log = broker.data_dir / f"{topic}-0" / f"{0:020}.log"
    assert sizes == {f"{topic}-0": log.stat().st_size, f"{topic}-1": 0}
