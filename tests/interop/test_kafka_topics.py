"""kafka-topics: create, list, describe, alter and delete."""

import re


def describe(tool, topic):
    return tool("TopicCommand", "--describe", "--topic", topic).stdout


def listed(tool):
    return tool("TopicCommand", "--list").stdout.split()


def test_create_makes_a_topic_that_list_and_describe_show(tool, topic, node_id):
    said = tool("TopicCommand", "--create", "--topic", topic, "--partitions", 3,
                "--replication-factor", 1, "--config", "retention.ms=1000000").stdout
    assert f"Created topic {topic}." in said
    assert topic in listed(tool)
    shown = describe(tool, topic)
    assert re.search(r"TopicId: [\w-]{22}\s+PartitionCount: 3\s+ReplicationFactor: 1\s", shown)
    assert "retention.ms=1000000" in shown.splitlines()[0]
    for partition in range(3):
        assert re.search(rf"Partition: {partition}\s+Leader: {node_id}\s+Replicas: {node_id}\s+"
                         rf"Isr: {node_id}\s", shown)


def test_create_refuses_what_exists_and_what_has_no_valid_name(tool, topic, admin_topic):
    admin_topic(topic)
    said = tool("TopicCommand", "--create", "--topic", topic, ok=False)
    assert said.returncode == 1 and "TopicExistsException" in said.stderr
    said = tool("TopicCommand", "--create", "--topic", "a/b", ok=False)
    assert said.returncode == 1 and "InvalidTopicException" in said.stderr
    said = tool("TopicCommand", "--create", "--topic", topic, "--if-not-exists")
    assert said.returncode == 0


def test_create_refuses_more_replicas_than_brokers(tool, topic):
    said = tool("TopicCommand", "--create", "--topic", topic, "--replication-factor", 3, ok=False)
    assert said.returncode == 1 and "InvalidReplicationFactorException" in said.stderr


def test_alter_adds_partitions_and_never_removes_them(tool, topic, admin_topic):
    admin_topic(topic, partitions=2)
    tool("TopicCommand", "--alter", "--topic", topic, "--partitions", 5)
    assert "PartitionCount: 5" in describe(tool, topic)
    said = tool("TopicCommand", "--alter", "--topic", topic, "--partitions", 2, ok=False)
    assert said.returncode == 1 and "InvalidPartitionsException" in said.stderr


def test_delete_removes_the_topic(tool, topic, admin_topic):
    admin_topic(topic)
    tool("TopicCommand", "--delete", "--topic", topic)
    assert topic not in listed(tool)


def test_a_deleted_topic_comes_back_empty_and_with_another_id(tool, topic, fill, admin_topic):
    fill(topic, [b"old"])
    old = describe(tool, topic)
    tool("TopicCommand", "--delete", "--topic", topic)
    admin_topic(topic)
    new = describe(tool, topic)
    assert re.search(r"TopicId: (\S+)", old)[1] != re.search(r"TopicId: (\S+)", new)[1]
    offsets = tool("GetOffsetShell", "--topic", topic).stdout
    assert offsets.strip() == f"{topic}:0:0"


def test_describe_of_an_unknown_topic_says_so(tool):
    said = tool("TopicCommand", "--describe", "--topic", "nobody-made-me", ok=False)
    assert said.returncode == 1 and "does not exist" in said.stdout
