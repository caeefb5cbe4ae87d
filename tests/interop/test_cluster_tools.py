"""kafka-broker-api-versions, kafka-cluster, kafka-verifiable-producer, ClientCompatibilityTest."""

import json
import re

from lib import wire

# What this stage serves, up to the newest version Apache Kafka 4.2 has: (lowest, highest).
SERVED = {
    "Produce": (0, 13), "Fetch": (4, 18), "ListOffsets": (1, 11), "Metadata": (0, 13),
    "ApiVersions": (0, 4), "CreateTopics": (2, 7), "DeleteTopics": (1, 6),
    "DeleteRecords": (0, 2), "InitProducerId": (0, 5), "OffsetForLeaderEpoch": (2, 4),
    "DescribeConfigs": (1, 4), "AlterConfigs": (0, 2), "DescribeLogDirs": (1, 4),
    "CreatePartitions": (0, 3), "IncrementalAlterConfigs": (0, 1), "DescribeCluster": (0, 2),
    "DescribeTopicPartitions": (0, 0),
}


def test_every_api_is_advertised_from_the_oldest_to_the_newest_version(tool):
    said = tool("BrokerApiVersionsCommand").stdout
    table = {name: (int(low), int(high)) for name, low, high in
             re.findall(r"(\w+)\(\d+\): (\d+) to (\d+) \[usable", said)}
    table |= {name: (int(v), int(v)) for name, v in
              re.findall(r"(\w+)\(\d+\): (\d+) \[usable", said)}
    assert {name: table.get(name) for name in SERVED} == SERVED


def test_the_cluster_has_an_id(tool, broker):
    said = tool("ClusterTool", "cluster-id").stdout
    stored = re.search(r"cluster\.id=(\S+)", (broker.data_dir / "meta.properties").read_text())[1]
    assert f"Cluster ID: {stored}" in said


def test_the_cluster_has_one_endpoint(tool, broker, node_id):
    [_, line] = tool("ClusterTool", "list-endpoints").stdout.splitlines()
    assert line.split() == [node_id, "127.0.0.1", str(broker.port), "null", "unfenced", "broker"]


def test_the_verifiable_producer_is_answered_for_each_message(tool, topic):
    said = tool("VerifiableProducer", "--topic", topic, "--max-messages", 5000, "--acks", -1)
    events = [json.loads(line) for line in said.stdout.splitlines()]
    sent = [event for event in events if event["name"] == "producer_send_success"]
    assert [event["offset"] for event in sent] == list(range(5000))
    assert [event["value"] for event in sent] == [str(n) for n in range(5000)]
    assert not [event for event in events if event["name"] == "producer_send_error"]


def test_the_client_compatibility_test_succeeds(tool, topic, broker):
    """Its consumer assigns its partitions; acls come with the security room."""
    with wire.Connection(broker.port) as connection:
        acls = 29 in wire.api_versions(connection)[1]
    said = tool("ClientCompatibilityTest", "--topic", topic, "--num-cluster-nodes", 1,
                "--offsets-for-times-supported", "True", "--cluster-id-supported", "True",
                "--expect-record-too-large-exception", "False",
                "--create-topics-supported", "True", "--describe-configs-supported", "True",
                "--idempotent-producer-supported", "True",
                "--describe-acls-supported", str(acls))
    assert "SUCCESS." in said.stdout
