"""Each family's idempotent producer: a producer id, sequences, and many records in order."""

import base64
import time

import pytest

from families import FAMILIES
from lib import batch, wire

COUNT = 5000
NOW = int(time.time() * 1000)
IDEMPOTENT = [name for name, family in FAMILIES.items() if family.idempotent]
# kafkajs awaits each send here: fewer are enough.
COUNTS = {"kafkajs": 300}


@pytest.mark.parametrize("producer", IDEMPOTENT)
def test_an_idempotent_producers_records_arrive_once_and_in_order(family, broker, topic, producer):
    count = COUNTS.get(producer, COUNT)
    lines = [{"topic": topic, "partition": 0, "codec": "none", "key": None, "headers": [],
              "value": base64.b64encode(b"%d" % n).decode(), "timestamp": NOW}
             for n in range(count)]
    answers = family(producer).run("produce", broker.bootstrap, lines, idempotent=True)
    assert answers == [{"offset": n} for n in range(count)]
    seen = family("confluent-debian").run("consume", broker.bootstrap,
                                          [{"topic": topic, "partition": 0, "count": count}])
    assert [base64.b64decode(r["value"]) for r in seen] == [b"%d" % n for n in range(count)]

    with wire.Connection(broker.port) as connection:
        _, _, raw = wire.fetch(connection, topic, 0, 0)
    producer_ids = {int.from_bytes(one[43:51], "big", signed=True)
                    for _, _, one in batch.batches(raw)}
    assert len(producer_ids) == 1 and producer_ids.pop() >= 0, "it was not idempotent"
