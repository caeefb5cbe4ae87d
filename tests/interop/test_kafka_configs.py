"""kafka-configs: describe and alter, for topics and brokers."""

import pytest

CONFIGS = "kafka.admin.ConfigCommand"


@pytest.fixture
def configs(tool):
    """configs("topics", name, "--describe"): the name None means the brokers' default."""

    def run(kind, name, *args, ok=True):
        entity = ["--entity-default"] if name is None else ["--entity-name", name]
        return tool(CONFIGS, "--entity-type", kind, *entity, *args, ok=ok)

    return run


def shown(done):
    """{name: value} of what describe printed."""
    pairs = [line.strip().split(" ")[0] for line in done.stdout.splitlines()[1:] if "=" in line]
    return dict(pair.split("=", 1) for pair in pairs)


def test_describe_shows_only_what_was_set_on_the_topic(configs, topic, admin_topic):
    admin_topic(topic, retention_ms=1000000)
    assert shown(configs("topics", topic, "--describe")) == {"retention.ms": "1000000"}


def test_describe_all_shows_the_defaults_too(configs, topic, admin_topic):
    admin_topic(topic, retention_ms=1000000)
    every = shown(configs("topics", topic, "--describe", "--all"))
    assert every["retention.ms"] == "1000000"
    assert {name: every[name] for name in (
        "cleanup.policy", "compression.type", "max.message.bytes", "min.insync.replicas",
        "segment.bytes", "message.timestamp.type", "flush.messages")} == {
        "cleanup.policy": "delete", "compression.type": "producer",
        "max.message.bytes": "1048588", "min.insync.replicas": "1",
        "segment.bytes": "1073741824", "message.timestamp.type": "CreateTime",
        "flush.messages": "9223372036854775807"}


def test_alter_sets_and_deletes(configs, topic, admin_topic):
    admin_topic(topic, retention_ms=1000000)
    configs("topics", topic, "--alter",
            "--add-config", "max.message.bytes=2000,cleanup.policy=[compact,delete]")
    assert shown(configs("topics", topic, "--describe")) == {
        "retention.ms": "1000000", "max.message.bytes": "2000",
        "cleanup.policy": "compact,delete"}
    configs("topics", topic, "--alter", "--delete-config", "max.message.bytes")
    assert "max.message.bytes" not in shown(configs("topics", topic, "--describe"))


def test_what_alter_sets_takes_effect(configs, topic, admin_topic, kcat, broker):
    admin_topic(topic)
    configs("topics", topic, "--alter", "--add-config", "max.message.bytes=300")
    said = kcat("-P", "-b", broker.bootstrap, "-t", topic, input=b"x" * 1000, ok=False)
    assert b"Message size too large" in said.stderr


@pytest.mark.parametrize("change", ["no.such.config=1", "retention.ms=soon", "segment.bytes=1"])
def test_alter_refuses_what_is_no_configuration(configs, topic, admin_topic, change):
    admin_topic(topic)
    said = configs("topics", topic, "--alter", "--add-config", change, ok=False)
    assert said.returncode == 1 and "InvalidConfigurationException" in said.stderr
    assert shown(configs("topics", topic, "--describe")) == {}


def test_a_broker_setting_changes_while_it_runs(configs, node_id):
    configs("brokers", node_id, "--alter", "--add-config", "log.retention.ms=777000")
    assert shown(configs("brokers", node_id, "--describe"))["log.retention.ms"] == "777000"
    configs("brokers", node_id, "--alter", "--delete-config", "log.retention.ms")
    assert "log.retention.ms" not in shown(configs("brokers", node_id, "--describe"))


def test_a_default_of_all_brokers_reaches_the_topics(configs, topic, admin_topic):
    admin_topic(topic)
    configs("brokers", None, "--alter", "--add-config", "message.max.bytes=1500000")
    assert shown(configs("brokers", None, "--describe"))["message.max.bytes"] == "1500000"
    every = shown(configs("topics", topic, "--describe", "--all"))
    assert every["max.message.bytes"] == "1500000"
    configs("brokers", None, "--alter", "--delete-config", "message.max.bytes")


def test_what_only_a_restart_can_change_is_refused(configs, node_id):
    said = configs("brokers", node_id, "--alter", "--add-config", "node.id=5", ok=False)
    assert said.returncode == 1 and "InvalidRequestException" in said.stderr


def test_describe_all_of_a_broker_shows_what_it_runs_with(configs, node_id):
    every = shown(configs("brokers", node_id, "--describe", "--all"))
    assert every["node.id"] == node_id
    assert every["socket.request.max.bytes"] == "104857600"
    assert every["auto.create.topics.enable"] == "true"
