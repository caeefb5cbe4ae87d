import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A group member on Apache Kafka's own consumer: a thread of JavaHost. */
class JavaMember extends Thread implements ConsumerRebalanceListener {
    private static final Map<String, String> ASSIGNORS = Map.of(
        "range", "RangeAssignor", "roundrobin", "RoundRobinAssignor", "sticky", "StickyAssignor",
        "cooperative-sticky", "CooperativeStickyAssignor");

    final ConcurrentLinkedQueue<JsonNode> commands = new ConcurrentLinkedQueue<>();
    private final String name;
    private final JsonNode options;
    private final KafkaConsumer<byte[], byte[]> consumer;

    JavaMember(JsonNode join) {
        name = join.get("member").asText();
        options = join.get("options");
        consumer = new KafkaConsumer<>(settings(join.get("bootstrap").asText()), new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
        setDaemon(true);
    }

    private Map<String, Object> settings(String bootstrap) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("group.id", text("group"));
        config.put("group.protocol", text("protocol"));
        config.put("auto.offset.reset", text("reset"));
        config.put("allow.auto.create.topics", false);
        config.put("metadata.max.age.ms", options.get("metadata_ms").asInt());
        config.put("enable.auto.commit", options.get("auto_commit_ms").asInt() > 0);
        if (options.get("auto_commit_ms").asInt() > 0) {
            config.put("auto.commit.interval.ms", options.get("auto_commit_ms").asInt());
        }
        if (!options.get("instance").isNull()) {
            config.put("group.instance.id", text("instance"));
        }
        if (isConsumerProtocol()) {
            if (!options.get("assignors").isEmpty()) {
                config.put("group.remote.assignor", options.get("assignors").get(0).asText());
            }
            return config;
        }
        config.put("session.timeout.ms", options.get("session_ms").asInt());
        config.put("heartbeat.interval.ms", options.get("heartbeat_ms").asInt());
        List<String> assignors = new ArrayList<>();
        options.get("assignors").forEach(
            assignor -> assignors.add("org.apache.kafka.clients.consumer." + ASSIGNORS.get(assignor.asText())));
        if (!assignors.isEmpty()) {
            config.put("partition.assignment.strategy", assignors);
        }
        return config;
    }

    private boolean isConsumerProtocol() {
        return text("protocol").equals("consumer");
    }

    private String text(String option) {
        return options.get(option).asText();
    }

    private void subscribe() {
        if (options.get("pattern").isNull()) {
            List<String> topics = new ArrayList<>();
            options.get("topics").forEach(topic -> topics.add(topic.asText()));
            consumer.subscribe(topics, this);
        } else if (isConsumerProtocol()) {
            consumer.subscribe(new SubscriptionPattern(text("pattern")), this);
        } else {
            consumer.subscribe(Pattern.compile(text("pattern")), this);
        }
    }

    @Override
    public void run() {
        try {
            subscribe();
            while (obey()) {
                consumer.poll(Duration.ofMillis(100)).forEach(this::sayRecord);
            }
            consumer.close();
            say(event("left"));
        } catch (KafkaException e) {
            say(event("error").put("error", e.getClass().getSimpleName()));
        }
    }

    /** Does what came in since the last call, and says whether to go on. */
    private boolean obey() {
        for (JsonNode command = commands.poll(); command != null; command = commands.poll()) {
            switch (command.get("do").asText()) {
                case "leave":
                    return false;
                case "commit":
                    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                    command.get("offsets").forEach(at -> offsets.put(
                        new TopicPartition(at.get(0).asText(), at.get(1).asInt()),
                        new OffsetAndMetadata(at.get(2).asLong())));
                    ObjectNode committed = event("committed");
                    committed.set("offsets", command.get("offsets"));
                    if (command.get("later").asBoolean()) {
                        consumer.commitAsync(offsets, (done, error) -> say(error == null ? committed : event("error")
                            .put("error", error.getClass().getSimpleName())));
                    } else {
                        consumer.commitSync(offsets);
                        say(committed);
                    }
                    break;
                case "pause":
                    consumer.pause(List.of(placeOf(command)));
                    say(event("paused"));
                    break;
                case "resume":
                    consumer.resume(List.of(placeOf(command)));
                    say(event("resumed"));
                    break;
                case "seek":
                    consumer.seek(placeOf(command), command.get("offset").asLong());
                    say(event("sought"));
                    break;
                default:
                    throw new IllegalArgumentException(command.toString());
            }
        }
        return true;
    }

    private static TopicPartition placeOf(JsonNode command) {
        return new TopicPartition(command.get("topic").asText(), command.get("partition").asInt());
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        sayPartitions("assigned", partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        sayPartitions("revoked", partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        sayPartitions("lost", partitions);
    }

    private void sayPartitions(String what, Collection<TopicPartition> partitions) {
        ObjectNode line = event(what);
        ArrayNode pairs = line.putArray("partitions");
        partitions.forEach(partition -> pairs.addArray().add(partition.topic()).add(partition.partition()));
        say(line);
    }

    private void sayRecord(ConsumerRecord<byte[], byte[]> record) {
        say(event("record").put("topic", record.topic()).put("partition", record.partition())
            .put("offset", record.offset())
            .put("value", record.value() == null ? null : new String(record.value(), StandardCharsets.UTF_8)));
    }

    private ObjectNode event(String what) {
        return JavaHost.JSON.createObjectNode().put("event", what).put("member", name);
    }

    private static void say(ObjectNode line) {
        JavaHost.say(line);
    }
}
