"""kafka-python as README.md in this folder says; for 2.0.2 and for the newest."""

import json
import sys
from base64 import b64decode, b64encode

import kafka
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

LAST_WORD_SECONDS = 60


def decoded(text):
    return None if text is None else b64decode(text)


def encoded(raw):
    return None if raw is None else b64encode(raw).decode()


def producer_for(bootstrap, codec, options):
    how = {}
    if not kafka.__version__.startswith("2.0."):  # 2.0.2 has no idempotent producer
        how["enable_idempotence"] = options.get("idempotent", False)
    return KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=20, retries=5,
        max_request_size=options.get("max_bytes", 1048576),
        compression_type=None if codec == "none" else codec, **how)


def produce(bootstrap, options, lines):
    producers, futures = {}, []
    for record in lines:
        codec = record["codec"]
        if codec not in producers:
            producers[codec] = producer_for(bootstrap, codec, options)
        futures.append(producers[codec].send(
            record["topic"], partition=record["partition"], key=decoded(record["key"]),
            value=decoded(record["value"]), timestamp_ms=record["timestamp"],
            headers=[(name, decoded(value)) for name, value in record["headers"]]))
    for producer in producers.values():
        producer.flush(LAST_WORD_SECONDS)
    for future in futures:
        try:
            yield {"offset": future.get(LAST_WORD_SECONDS).offset}
        except kafka.errors.KafkaError as error:
            print(repr(error), file=sys.stderr)
            yield {"error": getattr(error, "errno", None)}
    for producer in producers.values():
        producer.close()


def consume(bootstrap, _options, lines):
    wanted = {TopicPartition(line["topic"], line["partition"]): line["count"] for line in lines}
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False,
                             consumer_timeout_ms=LAST_WORD_SECONDS * 1000)
    consumer.assign(list(wanted))
    for partition in wanted:
        consumer.seek(partition, 0)
    left = sum(wanted.values())
    for message in consumer:
        yield {"topic": message.topic, "partition": message.partition, "offset": message.offset,
               "key": encoded(message.key), "value": encoded(message.value),
               "timestamp": message.timestamp,
               "headers": [[name, encoded(value)] for name, value in message.headers]}
        left -= 1
        if not left:
            break
    consumer.close()
    if left:
        sys.exit(f"{left} records never came")


def main():
    verb, bootstrap, options = sys.argv[1:4]
    run = {"produce": produce, "consume": consume}[verb]
    for line in run(bootstrap, json.loads(options), [json.loads(line) for line in sys.stdin]):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
