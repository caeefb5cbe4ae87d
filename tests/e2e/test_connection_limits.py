"""More connections than allowed: those there are served on, those too many wait or are closed."""

import socket

from lib import wire

UNANSWERED_SECONDS = 1  # how long "no answer" is watched; an answer takes a millisecond


def served(connection):
    return wire.api_versions(connection)[0] == 0


def is_closed(connection):
    try:
        connection.send_request(wire.API_VERSIONS, 0, b"")
        return connection.socket.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True


def test_past_max_connections_per_ip_a_connection_is_closed_at_once(make_broker):
    broker = make_broker({"max.connections.per.ip": "5"}).start()
    allowed = [wire.Connection(broker.port) for _ in range(5)]
    assert all(map(served, allowed))
    assert all(is_closed(wire.Connection(broker.port)) for _ in range(3))
    assert all(map(served, allowed)), "those that were there must be served on"
    allowed.pop().close()

    def another_is_served():
        with wire.Connection(broker.port) as another:
            try:
                return served(another)
            except OSError:
                return False

    wire.until(another_is_served, bool)


def test_past_max_connections_a_connection_waits_until_another_leaves(make_broker):
    broker = make_broker({"max.connections": "5"}).start()
    allowed = [wire.Connection(broker.port) for _ in range(5)]
    assert all(map(served, allowed))
    waiting = wire.Connection(broker.port)
    waiting.send_request(wire.API_VERSIONS, 0, b"")
    waiting.socket.settimeout(UNANSWERED_SECONDS)
    try:
        waiting.read_answer()
        raise AssertionError("one connection too many was answered")
    except socket.timeout:
        pass
    assert all(map(served, allowed)), "those that were there must be served on"
    allowed.pop().close()
    waiting.socket.settimeout(30)
    assert waiting.read_answer().i16() == 0


def test_the_overrides_of_one_address_win(make_broker):
    broker = make_broker({"max.connections.per.ip": "2",
                          "max.connections.per.ip.overrides": "127.0.0.1:4"}).start()
    allowed = [wire.Connection(broker.port) for _ in range(4)]
    assert all(map(served, allowed))
    assert is_closed(wire.Connection(broker.port))


def test_an_idle_connection_is_closed_after_connections_max_idle_ms(make_broker):
    broker = make_broker({"connections.max.idle.ms": "1000"}).start()
    with wire.Connection(broker.port) as idle:
        assert served(idle)
        assert idle.wait_closed() == b""
