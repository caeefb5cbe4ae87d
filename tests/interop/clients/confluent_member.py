"""A group member on confluent-kafka (librdkafka), as README.md in this folder says."""

import os
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from member_dialect import Dialect


def settings(bootstrap, options):
    how = {
        "bootstrap.servers": bootstrap, "group.id": options["group"],
        "auto.offset.reset": {"none": "error"}.get(options["reset"], options["reset"]),
        "enable.auto.commit": options["auto_commit_ms"] > 0,
        "auto.commit.interval.ms": options["auto_commit_ms"] or 5000,
        "topic.metadata.refresh.interval.ms": options["metadata_ms"],
    }
    if options["protocol"] == "consumer":
        how["group.protocol"] = "consumer"
        if options["assignors"]:
            how["group.remote.assignor"] = options["assignors"][0]
    else:
        how["session.timeout.ms"] = options["session_ms"]
        how["heartbeat.interval.ms"] = options["heartbeat_ms"]
        if options["assignors"]:
            how["partition.assignment.strategy"] = ",".join(options["assignors"])
    if options["instance"]:
        how["group.instance.id"] = options["instance"]
    return how


def pairs(partitions):
    return [[p.topic, p.partition] for p in partitions]


def obey(consumer, dialect, command):
    if command["do"] == "commit":
        consumer.commit(offsets=[TopicPartition(*at) for at in command["offsets"]],
                        asynchronous=command["later"])
        if not command["later"]:
            dialect.say("committed", offsets=command["offsets"])
    elif command["do"] in ("pause", "resume"):
        act = consumer.pause if command["do"] == "pause" else consumer.resume
        act([TopicPartition(command["topic"], command["partition"])])
        dialect.say(command["do"] + "d")
    elif command["do"] == "seek":
        consumer.seek(TopicPartition(command["topic"], command["partition"], command["offset"]))
        dialect.say("sought")


def run(consumer, dialect):
    while True:
        for command in dialect.commands():
            if command["do"] == "leave":
                return
            obey(consumer, dialect, command)
        message = consumer.poll(0.1)
        if message is None:
            continue
        if message.error():
            dialect.error(message.error().name())
        else:
            dialect.record(message.topic(), message.partition(), message.offset(), message.value())


def main():
    bootstrap, options, dialect = Dialect.from_arguments(sys.argv)

    def on_commit(error, partitions):
        if error is None and options["auto_commit_ms"] == 0:
            dialect.say("committed", offsets=[[p.topic, p.partition, p.offset] for p in partitions])

    consumer = Consumer({**settings(bootstrap, options), "on_commit": on_commit})
    topics = options["topics"] or ["^" + options["pattern"].removeprefix("^")]
    consumer.subscribe(
        topics,
        on_assign=lambda _, partitions: dialect.assigned(pairs(partitions)),
        on_revoke=lambda _, partitions: dialect.revoked(pairs(partitions)),
        on_lost=lambda _, partitions: dialect.lost(pairs(partitions)))
    try:
        run(consumer, dialect)
        consumer.close()
        dialect.say("left")
    except KafkaException as trouble:
        dialect.error(KafkaError.name(trouble.args[0]))
    os._exit(0)  # 1.7.0 counts references to None wrongly and dies of it in an orderly exit


if __name__ == "__main__":
    main()
