"""At most once and at least once, shown: a member dies at each of its steps, and its successor finishes the work.

How many records are lost and how many are processed twice follows from the mode and the step alone.
"""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lib import wire
from lib.batch import batch

RECORDS, BATCH, DYING_BATCH = 60, 10, 2
SECONDS = 120

# (mode, where the member dies) -> (records lost, records processed twice)
EXPECTED = {
    ("at-most-once", "read"): (0, 0),
    ("at-most-once", "committed"): (BATCH, 0),
    ("at-most-once", "half-processed"): (BATCH // 2, 0),
    ("at-most-once", "processed"): (0, 0),
    ("at-least-once", "read"): (0, 0),
    ("at-least-once", "half-processed"): (0, BATCH // 2),
    ("at-least-once", "processed"): (0, BATCH),
    ("at-least-once", "committed"): (0, 0),
}


@pytest.fixture(scope="module")
def work(broker):
    """One partition of numbered records."""
    values = [b"%d" % number for number in range(RECORDS)]
    with wire.Connection(broker.port) as connection:
        name = wire.make_topic(connection, "work", partitions=1)
        for value in values:
            assert wire.produce(connection, name, 0, batch(values=[value]))[0] == 0
    return name, values


def run_member(*arguments):
    return subprocess.run([sys.executable, Path(__file__).with_name("delivery_member.py"), *map(str, arguments)],
                          timeout=SECONDS, check=False).returncode


@pytest.mark.parametrize(("mode", "step"), EXPECTED)
def test_a_member_that_dies_loses_and_repeats_what_its_mode_allows(broker, work, tmp_path, mode, step):
    topic, values = work
    output = tmp_path / "processed"
    of_this_test = (broker.bootstrap, topic, f"{mode}-{step}", mode, output, BATCH)
    assert run_member(*of_this_test, step, DYING_BATCH) == -signal.SIGKILL
    assert run_member(*of_this_test) == 0

    processed = Counter(output.read_bytes().split())
    lost = [value for value in values if processed[value] == 0]
    repeated = [value for value in values if processed[value] > 1]
    assert (len(lost), len(repeated)) == EXPECTED[mode, step]
    assert max(processed.values()) <= 2 and sum(processed.values()) == RECORDS - len(lost) + len(repeated)
    # Nothing outside the batch that the member died in is touched.
    of_the_batch = values[DYING_BATCH * BATCH:(DYING_BATCH + 1) * BATCH]
    assert set(lost + repeated) <= set(of_the_batch)
