"""A start that fails leaves the directories as it found them."""

import socket

import pytest

from lib.broker import StartFailed


@pytest.mark.tideline_only("it removes the marker before it listens")
def test_a_start_that_finds_its_port_in_use_keeps_the_clean_shutdown_marker(make_broker):
    broker = make_broker().start()
    broker.stop()
    marker = broker.data_dir / ".kafka_cleanshutdown"
    before = marker.read_bytes()
    with socket.create_server(("127.0.0.1", broker.port)), pytest.raises(StartFailed):
        broker.start()
    assert marker.read_bytes() == before
    broker.start()
    assert not marker.exists(), "from here on a crash is a crash"
