"""confluent-kafka (librdkafka) as README.md in this folder says."""

import json
import os
import sys
from base64 import b64decode, b64encode

from confluent_kafka import Consumer, Producer, TopicPartition

LAST_WORD_SECONDS = 60


def decoded(text):
    return None if text is None else b64decode(text)


def encoded(raw):
    return None if raw is None else b64encode(raw).decode()


def produce(bootstrap, options, lines):
    results = [None] * len(lines)
    producers = {}

    def report(index):
        def on_delivery(error, message):
            results[index] = {"error": error.code()} if error else {"offset": message.offset()}
        return on_delivery

    for index, record in enumerate(lines):
        codec = record["codec"]
        if codec not in producers:
            producers[codec] = Producer({
                "bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 20,
                "enable.idempotence": options.get("idempotent", False),
                "message.max.bytes": options.get("max_bytes", 1000000)})
        producers[codec].produce(
            record["topic"], partition=record["partition"], key=decoded(record["key"]),
            value=decoded(record["value"]), timestamp=record["timestamp"],
            headers=[(name, decoded(value)) for name, value in record["headers"]],
            on_delivery=report(index))
    for producer in producers.values():
        producer.flush(LAST_WORD_SECONDS)
    return results


def consume(bootstrap, _options, lines):
    wanted = {(line["topic"], line["partition"]): line["count"] for line in lines}
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused",
                         "enable.auto.commit": False, "auto.offset.reset": "error"})
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in wanted])
    left = sum(wanted.values())
    while left:
        message = consumer.poll(LAST_WORD_SECONDS)
        if message is None:
            sys.exit(f"{left} records never came")
        if message.error():
            print(message.error(), file=sys.stderr)
            continue
        left -= 1
        yield {"topic": message.topic(), "partition": message.partition(),
               "offset": message.offset(), "key": encoded(message.key()),
               "value": encoded(message.value()), "timestamp": message.timestamp()[1],
               "headers": [[name, encoded(value)] for name, value in message.headers() or []]}
    consumer.close()


def main():
    verb, bootstrap, options = sys.argv[1:4]
    run = {"produce": produce, "consume": consume}[verb]
    for line in run(bootstrap, json.loads(options), [json.loads(line) for line in sys.stdin]):
        print(json.dumps(line))
    sys.stdout.flush()
    os._exit(0)  # 1.7.0 counts references to None wrongly and dies of it in an orderly exit


if __name__ == "__main__":
    main()
