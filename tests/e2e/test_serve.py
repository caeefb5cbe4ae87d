"""The broker as a process: how it stops, what survives, how it is configured and what it says."""

import json
import re
import resource
import signal

import pytest

from lib import batch as batches
from lib import broker as brokers
from lib import wire
from lib.batch import batch

IDLE_CONNECTIONS = 1000
IDLE_CONNECTION_KIB = 32  # the design says "a few KiB at most"; kernel buffers are not counted


def fetch_values(broker, topic, partition=0):
    with wire.Connection(broker.port) as connection:
        wire.until(lambda: wire.list_offset(connection, topic, partition, -1)[0], lambda e: e == 0)
        error, _, raw = wire.fetch(connection, topic, partition, 0)
    assert error == 0
    return [(base, one[-3:-1]) for base, _, one in batches.batches(raw)]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_stops_it_cleanly(make_broker, how):
    broker = make_broker()
    broker.grace_signal = how
    broker.start()
    with wire.Connection(broker.port) as idle:
        assert wire.api_versions(idle)[0] == 0
        code = broker.stop()
    # The JVM ends with 128 + signal even when everything was stopped in order.
    assert code == 0 if broker.kind == "tideline" else code in (0, 128 + how)


def test_a_stop_does_not_wait_for_a_parked_fetch(make_broker):
    broker = make_broker().start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "quiet")
        connection.send_request(wire.FETCH, 4, wire.fetch_body("quiet", 0, 0, max_wait_ms=10**9))
        broker.stop()  # bounded by STOP_SECONDS


def test_a_restart_keeps_records_topics_and_their_configuration(make_broker):
    broker = make_broker().start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "kept", 3, configs=[("max.message.bytes", "500")])
        for n in range(10):
            assert wire.produce(connection, "kept", 2, batch([b"%02d" % n]))[:2] == (0, n)
    broker.stop()
    broker.start()
    assert fetch_values(broker, "kept", 2) == [(n, b"%02d" % n) for n in range(10)]
    with wire.Connection(broker.port) as connection:
        assert wire.metadata(connection, ["kept"])["kept"] == (0, [0, 1, 2])
        assert wire.produce(connection, "kept", 2, batch([bytes(500)]))[0] == 10
        assert wire.produce(connection, "kept", 2, batch([b"10"]))[:2] == (0, 10)


@pytest.fixture
def restarted_after(make_broker):
    """restarted_after("kill", 3) is a broker with three batches of one producer, and the batches."""

    def make(end, count):
        broker = make_broker().start()
        with wire.Connection(broker.port) as connection:
            wire.make_topic(connection, "retried")
            producer_id, epoch = wire.new_producer_id(connection)
            numbered = [batch(producer_id=producer_id, epoch=epoch, sequence=n)
                        for n in range(count + 1)]
            for n in range(count):
                assert wire.produce(connection, "retried", 0, numbered[n])[:2] == (0, n)
        getattr(broker, end)()
        broker.start()
        connection = wire.Connection(broker.port)
        wire.until(lambda: wire.list_offset(connection, "retried", 0, -1)[0], lambda e: e == 0)
        return connection, numbered

    return make


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_retry_after_a_restart_gets_its_original_offset(restarted_after, end):
    connection, numbered = restarted_after(end, 3)
    assert wire.produce(connection, "retried", 0, numbered[2])[:2] == (0, 2)
    assert wire.produce(connection, "retried", 0, numbered[3])[:2] == (0, 3)


@pytest.mark.tideline_only("of a producer it remembers one batch over a restart, not five")
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_all_batches_in_flight_may_be_retried_after_a_restart(restarted_after, end):
    """A producer has up to five unanswered requests when the broker goes."""
    connection, numbered = restarted_after(end, 7)
    for n in range(2, 8):
        assert wire.produce(connection, "retried", 0, numbered[n])[:2] == (0, n)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_producer_id_is_not_given_again_after_a_restart(make_broker, end):
    broker, given = make_broker(), []
    for _ in range(2):
        broker.start()
        with wire.Connection(broker.port) as connection:
            given += [wire.new_producer_id(connection)[0] for _ in range(3)]
        getattr(broker, end)()
    assert len(set(given)) == 6


def combined_mode_properties(port, controller_port, log_dir):
    """What Apache Kafka's own example for combined mode sets, with addresses of ours."""
    return f"""\
# The role of this server. Setting this puts us in KRaft mode
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:{port},CONTROLLER://localhost:{controller_port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,\
SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600

log.dirs={log_dir}
num.partitions=4
num.recovery.threads.per.data.dir=2
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
#log.flush.interval.messages=10000
#log.flush.interval.ms=1000
log.retention.hours=168
#log.retention.bytes=1073741824
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
"""


@pytest.mark.tideline_only("it is about the command's own options")
@pytest.mark.parametrize("options", ["file_alone", "file_and_options"])
def test_a_combined_mode_server_properties_works_as_it_is(make_broker, tmp_path, options):
    file, log_dir = tmp_path / "server.properties", tmp_path / "kraft-combined-logs"
    broker = make_broker(data_dir=log_dir, extra=["--config", str(file)])
    file.write_text(combined_mode_properties(broker.port, brokers.free_port(), log_dir))
    if options == "file_alone":
        broker.command = lambda: [str(brokers.TIDELINE), "serve", "--config", str(file)]
    broker.start()
    with wire.Connection(broker.port, host="localhost") as connection:
        name = "by-itself"
        wire.until(lambda: wire.metadata(connection, [name], auto_create=True)[name],
                   lambda answer: answer == (0, [0, 1, 2, 3]))
        assert wire.produce(connection, name, 3, batch())[:2] == (0, 0)
    assert (log_dir / "by-itself-3" / f"{0:020}.log").stat().st_size > 0
    assert broker.stop() == 0


@pytest.mark.tideline_only("it is about the command's own options")
def test_json_logs_are_one_object_a_line(make_broker):
    broker = make_broker(extra=["--log-format", "json"]).start()
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "logged")
        connection.send(wire.i32(-1))  # something to warn about
        connection.wait_closed()
    broker.stop()
    lines = [json.loads(line) for line in broker.lines]
    assert all({"ts", "level", "event"} <= set(line) for line in lines)
    [started] = [line for line in lines if line["event"] == "broker_started"]
    assert int(started["port"]) == broker.port


@pytest.mark.tideline_only("it is about the command's own options")
def test_port_0_takes_a_free_port_and_says_which(make_broker):
    broker = make_broker(port="0").start()
    [port] = [re.search(r"port=(\d+)", line)[1] for line in broker.lines
              if "broker_started" in line]
    with wire.Connection(int(port)) as connection:
        assert wire.api_versions(connection)[0] == 0


@pytest.mark.tideline_only("its logs are its own")
def test_a_closed_connection_is_logged_with_its_reason(make_broker):
    broker = make_broker().start()
    with wire.Connection(broker.port) as connection:
        peer = connection.socket.getsockname()[1]
        connection.send(wire.i32(-1))
        connection.wait_closed()
    broker.stop()
    assert any(str(peer) in line and "reason=" in line for line in broker.lines), broker.output


@pytest.mark.tideline_only("it has no heap")
def test_idle_connections_cost_little_memory(make_broker):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    broker = make_broker().start()
    with wire.Connection(broker.port) as first:
        wire.api_versions(first)
        before = broker.memory_kib()
        idle = [wire.Connection(broker.port) for _ in range(IDLE_CONNECTIONS)]
        for connection in idle:
            wire.api_versions(connection)
        grown = broker.memory_kib() - before
        assert wire.api_versions(first)[0] == 0
        for connection in idle:
            connection.close()
    assert not brokers.MEMORY_COUNTS or grown < IDLE_CONNECTIONS * IDLE_CONNECTION_KIB, f"{grown} KiB"
