"""Ten thousand connections that do nothing: they cost a few KiB each, and a good client is served."""

import contextlib
import resource

import pytest

from lib import broker as brokers
from lib import machine, wire

WANTED, LEAST = 10_000, 1_000
KIB_FOR_EACH = 16


@pytest.fixture(scope="module", autouse=True)
def connections():
    """As many as this machine allows: half of the broker's descriptors are for connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(WANTED, hard // 2 - 100) if hard != resource.RLIM_INFINITY else WANTED
    if count < LEAST:
        machine.cannot_here("thousands of connections", f"no more than {hard} descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * count + 200), hard))
    yield count
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.tideline_only("its selector's buffers are the JVM's affair")
def test_idle_connections_by_the_thousand_cost_little_and_harm_nobody(connections, broker, bystander):
    before = broker.memory_kib()
    with contextlib.ExitStack() as opened:
        idle = [opened.enter_context(wire.Connection(broker.port, timeout=60)) for _ in range(connections)]
        for one in idle:
            one.send_request(wire.API_VERSIONS, 0, b"")
        for one in idle:
            assert one.read_answer().i16() == 0
        bystander.is_still_served()
        grown = broker.memory_kib() - before
        print(f"{connections} connections, {grown / connections:.1f} KiB each")
        assert not brokers.MEMORY_COUNTS or grown < KIB_FOR_EACH * connections
        assert wire.api_versions(idle[0])[0] == 0 and wire.api_versions(idle[-1])[0] == 0
