"""A transactional producer, and a group member beside it, on confluent-kafka (librdkafka); see README.md in this folder."""

import json
import os
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

LAST_WORD_SECONDS = 60


class Transactor:
    def __init__(self, bootstrap, options):
        self.producer = Producer({
            "bootstrap.servers": bootstrap, "transactional.id": options["transactional_id"],
            "transaction.timeout.ms": options["timeout_ms"], "linger.ms": 5})
        self.consumer = None
        if options["group"]:
            how = {"bootstrap.servers": bootstrap, "group.id": options["group"],
                   "isolation.level": "read_committed", "enable.auto.commit": False,
                   "auto.offset.reset": "earliest"}
            if options["protocol"] == "consumer":
                how["group.protocol"] = "consumer"
            self.consumer = Consumer(how)
            self.consumer.subscribe([options["topic"]])

    def obey(self, do, command):
        if do == "init":
            self.producer.init_transactions(LAST_WORD_SECONDS)
        elif do == "begin":
            self.producer.begin_transaction()
        elif do == "send":
            return {"offsets": self.send(command["records"])}
        elif do == "poll":
            return {"records": self.poll(command["count"])}
        elif do == "offsets":
            self.producer.send_offsets_to_transaction(
                [TopicPartition(*at) for at in command["offsets"]],
                self.consumer.consumer_group_metadata(), LAST_WORD_SECONDS)
        elif do == "commit":
            self.producer.commit_transaction(LAST_WORD_SECONDS)
        elif do == "abort":
            self.producer.abort_transaction(LAST_WORD_SECONDS)
        return {}

    def send(self, records):
        offsets = [None] * len(records)
        errors = []

        def report(index):
            def on_delivery(error, message):
                if error:
                    errors.append(error)
                else:
                    offsets[index] = message.offset()
            return on_delivery

        for index, (topic, partition, value) in enumerate(records):
            self.producer.produce(topic, value.encode(), partition=partition, on_delivery=report(index))
            self.producer.poll(0)
        self.producer.flush(LAST_WORD_SECONDS)
        if errors:
            raise KafkaException(errors[0])
        return offsets

    def poll(self, count):
        records = []
        while len(records) < count:
            message = self.consumer.poll(LAST_WORD_SECONDS)
            if message is None:
                sys.exit("the records never came")
            if message.error():
                print(message.error(), file=sys.stderr)
                continue
            records.append([message.topic(), message.partition(), message.offset(), message.value().decode()])
        return records


def main():
    transactor = Transactor(sys.argv[1], json.loads(sys.argv[2]))
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {**transactor.obey(command["do"], command), "done": command["do"]}
        except KafkaException as error:
            answer = {"error": error.args[0].name(), "text": error.args[0].str()}
        print(json.dumps(answer), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
