"""Which broker the tests run against, and what a missing tool means.

pytest --broker tideline|kafka    (default: tideline, or $TIDELINE_TEST_BROKER)
"""

import os
import shutil

import pytest

from lib import broker as brokers
from lib import machine


def pytest_addoption(parser):
    parser.addoption("--broker", choices=sorted(brokers.KINDS),
                     default=os.environ.get("TIDELINE_TEST_BROKER", "tideline"),
                     help="the broker under test; kafka proves that a test states what Kafka does")


def pytest_configure(config):
    config.addinivalue_line("markers", "tideline_only(reason): a rule Apache Kafka does not have")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--broker") == "tideline":
        return
    for item in items:
        if mark := item.get_closest_marker("tideline_only"):
            item.add_marker(pytest.mark.skip(reason="Tideline only: " + mark.args[0]))


def pytest_report_header(config):
    return f"broker under test: {config.getoption('--broker')}"


def pytest_terminal_summary(terminalreporter):
    for tool, why in machine.lacks.items():
        terminalreporter.write_line(f"NOT TESTED: {tool}: {why}", red=True, bold=True)


@pytest.fixture(scope="session")
def broker_kind(request):
    kind = request.config.getoption("--broker")
    if kind == "tideline" and not brokers.TIDELINE.exists():
        pytest.exit(f"{brokers.TIDELINE} is not built", returncode=1)
    if kind == "kafka" and not list(brokers.JARS.glob("kafka_2.13-*.jar")):
        pytest.exit(f"Apache Kafka is not in {brokers.JARS}: run scripts/interop once", returncode=1)
    return kind


def _factory(kind, tmp_path_factory):
    started = []

    def make(config=None, **how):
        data_dir = how.pop("data_dir", None) or tmp_path_factory.mktemp("broker") / "data"
        broker = brokers.KINDS[kind](data_dir, config, **how)
        started.append(broker)
        return broker

    yield make
    for broker in started:
        if broker.process is not None:
            broker.kill()
        if broker.data_dir.parent.is_relative_to(tmp_path_factory.getbasetemp()):
            shutil.rmtree(broker.data_dir, ignore_errors=True)


@pytest.fixture
def make_broker(broker_kind, tmp_path_factory):
    """Makes brokers that this test starts itself: make_broker({"key": "value"}).start()."""
    yield from _factory(broker_kind, tmp_path_factory)


@pytest.fixture(scope="module")
def make_module_broker(broker_kind, tmp_path_factory):
    yield from _factory(broker_kind, tmp_path_factory)


@pytest.fixture(scope="module")
def broker(make_module_broker, request):
    """One running broker for the whole module, configured by the module's BROKER_CONFIG."""
    return make_module_broker(getattr(request.module, "BROKER_CONFIG", None)).start()
