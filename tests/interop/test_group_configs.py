"""Configurations of groups: kafka-configs --entity-type groups, and what may be set."""

import re

import pytest

GROUP = ("--entity-type", "groups", "--entity-name")


@pytest.fixture
def configs(tool):
    """configs("--describe", …) runs kafka-configs."""
    return lambda *args, **how: tool("kafka.admin.ConfigCommand", *args, **how)


def set_values(output):
    return dict(re.findall(r"^ +([a-z.]+)=(\S*) sensitive", output, re.M))


def test_what_was_set_for_a_group_is_described_and_goes_when_it_is_deleted(configs, topic):
    configs("--alter", *GROUP, topic, "--add-config", "consumer.session.timeout.ms=50000,consumer.heartbeat.interval.ms=6000")
    described = configs("--describe", *GROUP, topic).stdout
    assert set_values(described) == {"consumer.session.timeout.ms": "50000", "consumer.heartbeat.interval.ms": "6000"}
    assert "GROUP_CONFIG:consumer.session.timeout.ms=50000" in described
    configs("--alter", *GROUP, topic, "--delete-config", "consumer.session.timeout.ms")
    assert set_values(configs("--describe", *GROUP, topic).stdout) == {"consumer.heartbeat.interval.ms": "6000"}


def test_all_groups_with_a_configuration_are_listed(configs, topic):
    configs("--alter", *GROUP, topic, "--add-config", "consumer.heartbeat.interval.ms=7000")
    assert f"Dynamic configs for group {topic} are:" in configs("--describe", "--entity-type", "groups").stdout


def test_a_group_without_a_configuration_has_the_brokers_values(configs, topic):
    everything = set_values(configs("--describe", "--all", *GROUP, topic).stdout)
    assert everything["consumer.session.timeout.ms"] == "45000"
    assert everything["consumer.heartbeat.interval.ms"] == "5000"


@pytest.mark.parametrize("setting", ["consumer.session.timeout.ms=44999", "consumer.session.timeout.ms=60001",
                                     "consumer.heartbeat.interval.ms=4999", "consumer.heartbeat.interval.ms=15001",
                                     "consumer.heartbeat.interval.ms=soon", "no.such.thing=1"])
def test_what_the_broker_does_not_allow_is_refused(configs, topic, setting):
    done = configs("--alter", *GROUP, topic, "--add-config", setting, ok=False)
    assert done.returncode != 0
    assert "InvalidConfigurationException" in done.stdout + done.stderr
    assert set_values(configs("--describe", *GROUP, topic).stdout) == {}
