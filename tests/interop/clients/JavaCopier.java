import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Reads, processes and writes exactly once, until it is killed, and records what happens to it as
 * src/history/README.md says. Each run of it is one process of the history.
 */
public class JavaCopier implements ConsumerRebalanceListener {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration POLL = Duration.ofMillis(200);

    private final JsonNode options;
    private final Writer history;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<TopicPartition, Long> positions = new HashMap<>();
    private long sent;

    public static void main(String[] args) throws Exception {
        new JavaCopier(args[0], JSON.readTree(args[1])).run();
    }

    private JavaCopier(String bootstrap, JsonNode options) throws IOException {
        this.options = options;
        history = new FileWriter(options.get("history").asText());
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap,
            "transactional.id", text("transactional_id"), "transaction.timeout.ms", options.get("timeout_ms").asInt(),
            "max.block.ms", 30000), new ByteArraySerializer(), new ByteArraySerializer());
        Map<String, Object> how = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "group.id", text("group"),
            "group.protocol", text("protocol"), "isolation.level", "read_committed", "enable.auto.commit", false,
            "auto.offset.reset", "earliest", "max.poll.records", options.get("records").asInt()));
        if (text("protocol").equals("classic")) {
            how.put("session.timeout.ms", options.get("session_ms").asInt());
            how.put("heartbeat.interval.ms", 500);
        }
        consumer = new KafkaConsumer<>(how, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private String text(String option) {
        return options.get(option).asText();
    }

    private void run() {
        producer.initTransactions();
        consumer.subscribe(List.of(text("input")), this);
        while (true) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            Map<TopicPartition, Long> next = notePoll(records);
            if (!records.isEmpty()) {
                copy(records, next);
            }
        }
    }

    /** Notes what each partition gave; what is to be committed for those that gave something. */
    private Map<TopicPartition, Long> notePoll(ConsumerRecords<byte[], byte[]> records) {
        Map<TopicPartition, Long> next = new HashMap<>();
        for (TopicPartition partition : consumer.assignment()) {
            long position = consumer.position(partition);
            Long before = positions.put(partition, position);
            if (before == null || before == position) {
                continue;
            }
            ObjectNode poll = event("poll").put("isolation", "read_committed").put("partition", partition.toString())
                .put("position", before).put("next", position);
            ArrayNode list = poll.putArray("records");
            for (ConsumerRecord<byte[], byte[]> record : records.records(partition)) {
                list.addArray().add(record.offset()).add(new String(record.value(), StandardCharsets.UTF_8));
            }
            say(poll);
            next.put(partition, position);
        }
        return next;
    }

    private void copy(ConsumerRecords<byte[], byte[]> records, Map<TopicPartition, Long> next) {
        say(event("begin").put("transactional_id", text("transactional_id")).put("group", text("group")));
        producer.beginTransaction();
        boolean isEnding = false;
        try {
            records.forEach(this::send);
            ObjectNode offsets = event("offsets").put("group", text("group"));
            ArrayNode list = offsets.putArray("offsets");
            Map<TopicPartition, OffsetAndMetadata> map = new HashMap<>();
            next.forEach((partition, offset) -> {
                list.addArray().add(partition.toString()).add(offset);
                map.put(partition, new OffsetAndMetadata(offset));
            });
            say(offsets);
            producer.sendOffsetsToTransaction(map, consumer.groupMetadata());
            // What fails before the commit is asked for must not look like a commit.
            producer.flush();
            isEnding = true;
            say(event("end").put("action", "commit"));
            producer.commitTransaction();
            say(event("ended").put("outcome", "ok"));
        } catch (KafkaException e) {
            System.err.println(e);
            if (isEnding) {
                say(event("ended").put("outcome", "info").put("error", e.toString()));
            }
            abort();
        }
    }

    private void send(ConsumerRecord<byte[], byte[]> input) {
        long id = sent++;
        TopicPartition from = new TopicPartition(input.topic(), input.partition());
        TopicPartition to = new TopicPartition(text("output"), input.partition());
        String value = text("name") + "-" + id;
        ObjectNode line = event("send").put("id", id).put("partition", to.toString()).put("value", value);
        line.putArray("from").add(from.toString()).add(input.offset());
        say(line);
        producer.send(new ProducerRecord<>(to.topic(), to.partition(), null, value.getBytes(StandardCharsets.UTF_8)),
            (metadata, error) -> {
                ObjectNode done = event("sent").put("id", id).put("outcome", error == null ? "ok" : "info");
                say(error == null ? done.put("offset", metadata.offset()) : done.put("error", error.toString()));
            });
    }

    /** Ends the transaction, and goes back to where the group stands. What cannot be aborted ends the process. */
    private void abort() {
        try {
            say(event("end").put("action", "abort"));
            producer.abortTransaction();
            say(event("ended").put("outcome", "ok"));
            var committed = consumer.committed(consumer.assignment());
            for (TopicPartition partition : consumer.assignment()) {
                OffsetAndMetadata at = committed.get(partition);
                consumer.seek(partition, at == null ? 0 : at.offset());
                positions.put(partition, at == null ? 0 : at.offset());
                say(event("seek").put("partition", partition.toString()).put("offset", positions.get(partition)));
            }
        } catch (KafkaException e) {
            System.err.println(e);
            Runtime.getRuntime().halt(1);
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        ObjectNode assigned = event("assigned");
        ArrayNode list = assigned.putArray("partitions");
        consumer.assignment().forEach(partition -> list.add(partition.toString()));
        say(assigned);
        partitions.forEach(partition -> positions.put(partition, consumer.position(partition)));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        partitions.forEach(positions::remove);
    }

    private ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name).put("at", System.nanoTime() / 1000);
    }

    /** Into the file at once: the next moment may be the last. */
    private synchronized void say(ObjectNode line) {
        try {
            history.write(line + "\n");
            history.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
