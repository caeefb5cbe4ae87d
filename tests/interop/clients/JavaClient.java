import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Apache Kafka's own producer and consumer, as README.md in this folder says. */
public class JavaClient {
    private static final int LAST_WORD_SECONDS = 60;
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        JsonNode options = JSON.readTree(args[2]);
        List<JsonNode> lines = new ArrayList<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            lines.add(JSON.readTree(line));
        }
        if (args[0].equals("produce")) {
            produce(args[1], options, lines);
        } else {
            consume(args[1], lines);
        }
    }

    private static void produce(String bootstrap, JsonNode options, List<JsonNode> lines) throws Exception {
        Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        for (JsonNode line : lines) {
            KafkaProducer<byte[], byte[]> producer =
                producers.computeIfAbsent(line.get("codec").asText(), codec -> producer(bootstrap, codec, options));
            List<Header> headers = new ArrayList<>();
            for (JsonNode header : line.get("headers")) {
                headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
            }
            futures.add(producer.send(new ProducerRecord<>(line.get("topic").asText(), line.get("partition").asInt(),
                line.get("timestamp").asLong(), bytes(line.get("key")), bytes(line.get("value")), headers)));
        }
        for (Future<RecordMetadata> future : futures) {
            ObjectNode result = JSON.createObjectNode();
            try {
                result.put("offset", future.get(LAST_WORD_SECONDS, TimeUnit.SECONDS).offset());
            } catch (ExecutionException e) {
                System.err.println(e.getCause());
                result.put("error", Errors.forException(e.getCause()).code());
            }
            System.out.println(result);
        }
        producers.values().forEach(KafkaProducer::close);
    }

    private static KafkaProducer<byte[], byte[]> producer(String bootstrap, String codec, JsonNode options) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("compression.type", codec);
        config.put("linger.ms", 20);
        config.put("enable.idempotence", options.path("idempotent").asBoolean(false));
        config.put("max.request.size", options.path("max_bytes").asInt(1048576));
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static void consume(String bootstrap, List<JsonNode> lines) {
        long left = 0;
        List<TopicPartition> partitions = new ArrayList<>();
        for (JsonNode line : lines) {
            partitions.add(new TopicPartition(line.get("topic").asText(), line.get("partition").asInt()));
            left += line.get("count").asLong();
        }
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "none");
        try (KafkaConsumer<byte[], byte[]> consumer =
                 new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            partitions.forEach(partition -> consumer.seek(partition, 0));
            while (left > 0) {
                var records = consumer.poll(Duration.ofSeconds(LAST_WORD_SECONDS));
                if (records.isEmpty()) {
                    throw new IllegalStateException(left + " records never came");
                }
                records.forEach(record -> System.out.println(json(record)));
                left -= records.count();
            }
        }
    }

    private static ObjectNode json(ConsumerRecord<byte[], byte[]> record) {
        ObjectNode node = JSON.createObjectNode();
        node.put("topic", record.topic()).put("partition", record.partition()).put("offset", record.offset());
        node.put("key", text(record.key())).put("value", text(record.value())).put("timestamp", record.timestamp());
        ArrayNode headers = node.putArray("headers");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(text(header.value()));
        }
        return node;
    }

    private static byte[] bytes(JsonNode node) {
        return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
    }
}
