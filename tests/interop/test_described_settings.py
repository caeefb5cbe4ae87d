"""What was set in some rare place is described, and can be taken away again."""


def test_a_throttle_that_was_set_is_described(quick_tool):
    def configs(*args):
        code, out, err = quick_tool("kafka.admin.ConfigCommand", "--entity-type", "brokers", "--entity-default", *args)
        assert code == 0, out + err
        return out

    configs("--alter", "--add-config", "leader.replication.throttled.rate=100000")
    assert "leader.replication.throttled.rate=100000" in configs("--describe")
    configs("--alter", "--delete-config", "leader.replication.throttled.rate")
    assert "throttled" not in configs("--describe")


def test_a_subscription_of_client_metrics_is_described_until_it_is_deleted(quick_tool, topic):
    def metrics(*args):
        code, out, err = quick_tool("ClientMetricsCommand", *args)
        assert code == 0, out + err
        return out

    metrics("--alter", "--name", topic, "--metrics", "org.apache.kafka", "--interval", 10000)
    assert "interval.ms=10000" in metrics("--describe", "--name", topic)
    metrics("--delete", "--name", topic)
    assert topic not in metrics("--list")
