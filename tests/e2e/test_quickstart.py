"""scripts/quickstart, as a new user runs it, with a program that is built already."""

import os
import subprocess

import pytest

from lib import broker as brokers

pytestmark = pytest.mark.tideline_only("it is Tideline's own")
SECONDS = 300


def test_the_tour_ends_with_the_survivor_of_a_killed_member_reading_all(tmp_path):
    port = str(brokers.free_port())
    done = subprocess.run([brokers.ROOT / "scripts" / "quickstart"], timeout=SECONDS, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**os.environ, "TIDELINE_BINARY": str(brokers.TIDELINE), "QUICKSTART_PORT": port,
                               "QUICKSTART_DIR": str(tmp_path / "data"), "QUICKSTART_ONCE": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    given = [line for line in done.stdout.splitlines() if line.startswith("member ")]
    all_four, half = "gave partitions 0, 1, 2, 3", ("gave partitions 0, 1", "gave partitions 2, 3")
    assert len(given) == 5 and given[3] == "member 2: kill -9", given
    assert given[0].endswith(all_four) and given[4].endswith(all_four)
    assert given[4].startswith("member 1: ")
    assert all(line.endswith(half) for line in given[1:3])
