"""What the end-to-end tests share; how a broker is made is in tests/conftest.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bystander import Bystander  # noqa: E402
from command_line import Cli  # noqa: E402
from lib import wire  # noqa: E402


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


@pytest.fixture
def connection(broker):
    with wire.Connection(broker.port) as open_connection:
        yield open_connection


@pytest.fixture
def topic(broker, request):
    """A topic named after the test, of two partitions or the module's TOPIC_PARTITIONS."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:200]
    with wire.Connection(broker.port) as admin:
        return wire.make_topic(admin, name, partitions=getattr(request.module, "TOPIC_PARTITIONS", 2))


@pytest.fixture(scope="module")
def cli(broker):
    """Tideline's command line, told of the broker under test by its environment."""
    return Cli(broker.bootstrap)
