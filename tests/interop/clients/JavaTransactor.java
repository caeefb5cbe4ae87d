import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A transactional producer, and a group member beside it, on Apache Kafka's own client; see README.md in this folder. */
public class JavaTransactor {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LAST_WORD = Duration.ofSeconds(60);

    private final JsonNode options;
    private final KafkaProducer<byte[], byte[]> producer;
    private KafkaConsumer<byte[], byte[]> consumer;

    public static void main(String[] args) throws Exception {
        JavaTransactor transactor = new JavaTransactor(args[0], JSON.readTree(args[1]));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(transactor.answer(JSON.readTree(line)));
            System.out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private JavaTransactor(String bootstrap, JsonNode options) {
        this.options = options;
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap,
            "transactional.id", options.get("transactional_id").asText(),
            "transaction.timeout.ms", options.get("timeout_ms").asInt()),
            new ByteArraySerializer(), new ByteArraySerializer());
        if (!options.path("group").asText("").isEmpty()) {
            Map<String, Object> how = new HashMap<>(Map.of("bootstrap.servers", bootstrap,
                "group.id", options.get("group").asText(), "group.protocol", options.get("protocol").asText(),
                "isolation.level", "read_committed", "enable.auto.commit", false, "auto.offset.reset", "earliest"));
            consumer = new KafkaConsumer<>(how, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            consumer.subscribe(List.of(options.get("topic").asText()));
        }
    }

    private ObjectNode answer(JsonNode command) {
        ObjectNode answer = JSON.createObjectNode();
        try {
            obey(command, answer);
            answer.put("done", command.get("do").asText());
        } catch (Exception e) {
            Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
            answer.put("error", cause.getClass().getSimpleName()).put("text", String.valueOf(cause.getMessage()));
        }
        return answer;
    }

    private void obey(JsonNode command, ObjectNode answer) throws Exception {
        switch (command.get("do").asText()) {
            case "init" -> producer.initTransactions();
            case "begin" -> producer.beginTransaction();
            case "send" -> send(command.get("records"), answer.putArray("offsets"));
            case "poll" -> poll(command.get("count").asInt(), answer.putArray("records"));
            case "offsets" -> producer.sendOffsetsToTransaction(offsets(command.get("offsets")),
                consumer == null ? new ConsumerGroupMetadata(command.get("group").asText()) : consumer.groupMetadata());
            case "commit" -> producer.commitTransaction();
            case "abort" -> producer.abortTransaction();
            default -> throw new IllegalArgumentException(command.toString());
        }
    }

    private void send(JsonNode records, ArrayNode offsets) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (JsonNode record : records) {
            byte[] value = record.get(2).asText().getBytes(StandardCharsets.UTF_8);
            sent.add(producer.send(new ProducerRecord<>(record.get(0).asText(), record.get(1).asInt(), null, value)));
        }
        producer.flush();
        for (Future<RecordMetadata> one : sent) {
            offsets.add(one.get().offset());
        }
    }

    private void poll(int count, ArrayNode records) {
        while (records.size() < count) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LAST_WORD)) {
                records.addArray().add(record.topic()).add(record.partition()).add(record.offset())
                    .add(new String(record.value(), StandardCharsets.UTF_8));
            }
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(JsonNode offsets) {
        Map<TopicPartition, OffsetAndMetadata> map = new HashMap<>();
        for (JsonNode one : offsets) {
            map.put(new TopicPartition(one.get(0).asText(), one.get(1).asInt()),
                new OffsetAndMetadata(one.get(2).asLong()));
        }
        return map;
    }
}
