"""A group member on kafka-python, as README.md in this folder says; for 2.0.2 and for the newest."""

import importlib
import sys

import kafka
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from member_dialect import Dialect

ASSIGNORS = {
    "range": ("range", "RangePartitionAssignor"),
    "roundrobin": ("roundrobin", "RoundRobinPartitionAssignor"),
    "sticky": ("sticky.sticky_assignor", "StickyPartitionAssignor"),
    "cooperative-sticky": ("cooperative_sticky", "CooperativeStickyAssignor"),
}
OLD = kafka.__version__.startswith("2.0.")


def assignor(name):
    module, cls = ASSIGNORS[name]
    return getattr(importlib.import_module(f"kafka.coordinator.assignors.{module}"), cls)


def settings(bootstrap, options):
    how = dict(
        bootstrap_servers=bootstrap, group_id=options["group"], auto_offset_reset=options["reset"],
        enable_auto_commit=options["auto_commit_ms"] > 0,
        auto_commit_interval_ms=options["auto_commit_ms"] or 5000,
        session_timeout_ms=options["session_ms"], heartbeat_interval_ms=options["heartbeat_ms"],
        metadata_max_age_ms=options["metadata_ms"])
    if options["assignors"]:
        how["partition_assignment_strategy"] = [assignor(name) for name in options["assignors"]]
    if options["instance"]:
        how["group_instance_id"] = options["instance"]
    return how


def pairs(partitions):
    return [[p.topic, p.partition] for p in sorted(partitions)]


class Listener(ConsumerRebalanceListener):
    def __init__(self, dialect):
        self.dialect = dialect

    def on_partitions_assigned(self, assigned):
        self.dialect.assigned(pairs(assigned))

    def on_partitions_revoked(self, revoked):
        self.dialect.revoked(pairs(revoked))

    def on_partitions_lost(self, lost):
        self.dialect.lost(pairs(lost))


def committable(offset):
    return OffsetAndMetadata(offset, "") if OLD else OffsetAndMetadata(offset, "", -1)


def obey(consumer, dialect, command):
    if command["do"] == "commit":
        offsets = {TopicPartition(topic, partition): committable(offset)
                   for topic, partition, offset in command["offsets"]}
        if command["later"]:
            consumer.commit_async(offsets, lambda _, answer: isinstance(answer, Exception) or dialect.say("committed"))
        else:
            consumer.commit(offsets)
            dialect.say("committed", offsets=command["offsets"])
    elif command["do"] in ("pause", "resume"):
        act = consumer.pause if command["do"] == "pause" else consumer.resume
        act(TopicPartition(command["topic"], command["partition"]))
        dialect.say(command["do"] + "d")
    elif command["do"] == "seek":
        consumer.seek(TopicPartition(command["topic"], command["partition"]), command["offset"])
        dialect.say("sought")


def run(consumer, dialect):
    while True:
        for command in dialect.commands():
            if command["do"] == "leave":
                return
            obey(consumer, dialect, command)
        for records in consumer.poll(timeout_ms=100).values():
            for record in records:
                dialect.record(record.topic, record.partition, record.offset, record.value)


def main():
    bootstrap, options, dialect = Dialect.from_arguments(sys.argv)
    consumer = KafkaConsumer(**settings(bootstrap, options))
    # A leader of 3.0 that assigns before it knows its topics assigns nothing; the metadata that then
    # comes makes it give up what it has, and also makes it believe that there is nothing to rejoin for.
    consumer.topics()
    consumer.subscribe(topics=options["topics"] or (), pattern=options["pattern"],
                       listener=Listener(dialect))
    try:
        run(consumer, dialect)
        consumer.close()
        dialect.say("left")
    except kafka.errors.KafkaError as trouble:
        dialect.error(type(trouble).__name__)


if __name__ == "__main__":
    main()
