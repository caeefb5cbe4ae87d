"""Read, process, write exactly once, while copiers and broker are killed without warning.

At full size, of which this is a tenth, both protocols passed, about 200 seconds each on two busy cores:

    TIDELINE_CHAIN_RECORDS=100000 TIDELINE_CHAIN_COPIER_KILLS=24 TIDELINE_CHAIN_BROKER_KILLS=24
"""

import os
import time

import pytest

import chain
from families import compile_java
from lib import recorder, wire

RECORDS = int(os.environ.get("TIDELINE_CHAIN_RECORDS", 10000))
COPIER_KILLS = int(os.environ.get("TIDELINE_CHAIN_COPIER_KILLS", 8))
BROKER_KILLS = int(os.environ.get("TIDELINE_CHAIN_BROKER_KILLS", 4))
SEED = int(os.environ.get("TIDELINE_SEED", time.time_ns() % 10**6))


@pytest.mark.parametrize("kind,protocol", [("java", "consumer"), ("java-older", "classic")])
def test_each_input_is_in_the_committed_output_once(family_ready, make_broker, tmp_path, kind, protocol):
    family_ready("java")
    compile_java("JavaCopier")
    print(f"TIDELINE_SEED={SEED}")
    broker = make_broker(chain.BROKER_CONFIG).start()
    with wire.Connection(broker.port) as connection:
        for topic in (chain.INPUT, chain.OUTPUT):
            wire.make_topic(connection, topic, chain.PARTITIONS)
    output = chain.run(broker, tmp_path, kind, protocol, RECORDS, COPIER_KILLS, BROKER_KILLS, SEED)
    assert len(output) == RECORDS
    nothing_found, said = recorder.check(tmp_path)
    assert nothing_found, said
