"""Where acknowledgements do not wait for the disk, a broker still remembers what it need not scan again."""

from lib import wire
from topics import assert_holds, put


def recovery_point(broker, topic):
    checkpoint = broker.data_dir / "recovery-point-offset-checkpoint"
    lines = checkpoint.read_text().splitlines() if checkpoint.exists() else []
    return next((int(line.split()[2]) for line in lines if line.startswith(f"{topic} 0 ")), -1)


def test_a_rolled_segment_is_synced_though_nobody_waits_for_it(make_broker):
    broker = make_broker({"tideline.durability": "replicated",
                          "replica.high.watermark.checkpoint.interval.ms": "50"}).start()
    values = [b"%d" % n * 400_000 for n in range(3)]
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "orders", configs=[("segment.bytes", "1048576")])
        for value in values[:2]:
            put(connection, "orders", 0, value)
        assert recovery_point(broker, "orders") <= 0, "nothing was rolled yet"
        put(connection, "orders", 0, values[2])
        wire.until(lambda: recovery_point(broker, "orders"), lambda offset: offset == 3)
    broker.kill()
    broker.start()
    with wire.Connection(broker.port) as connection:
        assert_holds(connection, "orders", 0, values)


def test_what_a_kill_left_unsynced_is_served_and_stays_to_be_scanned(make_broker):
    broker = make_broker({"tideline.durability": "replicated",
                          "replica.high.watermark.checkpoint.interval.ms": "50"}).start()
    values = [b"one", b"two", b"three"]
    with wire.Connection(broker.port) as connection:
        wire.make_topic(connection, "orders")
        for value in values:
            put(connection, "orders", 0, value)
    for _ in range(2):
        broker.kill()
        broker.start()
        with wire.Connection(broker.port) as connection:
            assert_holds(connection, "orders", 0, values)
        assert recovery_point(broker, "orders") == 0
    assert broker.stop() == 0
    assert recovery_point(broker, "orders") == 3
