"""kafka-console-producer and kafka-console-consumer --partition, which needs no group."""

from lib import wire

FORMAT = [word for what in ("offset", "partition", "key", "headers")
          for word in ("--formatter-property", f"print.{what}=true")]


def consume(tool, topic, count, *args, partition=0):
    return tool("consumer.ConsoleConsumer", "--topic", topic, "--partition", partition,
                "--max-messages", count, "--timeout-ms", 60000, *args).stdout.splitlines()


def test_lines_written_are_lines_read(tool, topic):
    tool("ConsoleProducer", "--topic", topic, input="one\ntwo\nthree\n")
    assert consume(tool, topic, 3, "--offset", "earliest") == ["one", "two", "three"]


def test_keys_headers_and_a_codec_travel(tool, topic, admin_topic):
    admin_topic(topic)
    tool("ConsoleProducer", "--topic", topic, "--compression-codec", "zstd",
         "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true",
         "--reader-property", "null.marker=NIL", input="h1:a,h2:b\tk1\tv1\nh1:c\tk2\tNIL\n")
    assert consume(tool, topic, 2, "--offset", "earliest", *FORMAT) == [
        "Partition:0\tOffset:0\th1:a,h2:b\tk1\tv1", "Partition:0\tOffset:1\th1:c\tk2\tnull"]


def test_reading_begins_at_the_offset_asked_for(tool, topic, fill):
    fill(topic, [b"a", b"b", b"c", b"d"])
    assert consume(tool, topic, 2, "--offset", 2) == ["c", "d"]


def test_no_consumer_of_one_partition_makes_the_broker_open_its_offsets_topic(
        tool, topic, fill, broker):
    """FindCoordinator would: the tool invents a group id and must not use it."""
    fill(topic, [b"a"])
    assert consume(tool, topic, 1, "--offset", "earliest") == ["a"]
    with wire.Connection(broker.port) as connection:
        assert "__consumer_offsets" not in wire.metadata(connection, None)
