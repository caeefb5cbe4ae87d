"""What the exhaustion tests share with the end-to-end tests: the bystander, and a disk that is small."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from bystander import Bystander  # noqa: E402
from test_disk_trouble import small_disk  # noqa: E402, F401


@pytest.fixture(scope="module")
def module_bystander(broker):
    bystander = Bystander(broker)
    yield bystander
    bystander.finish()


@pytest.fixture
def bystander(module_bystander):
    """After the test, a client beside it must still be served as if nothing had happened."""
    yield module_bystander
    module_bystander.is_still_served()
