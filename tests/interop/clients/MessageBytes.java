import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;

/**
 * What Apache Kafka's own classes read and write. Commands come by lines, columns parted by tabs, bytes as hex:
 *   read NAME VERSION BYTES     bytes written again, JSON
 *   write NAME VERSION JSON     bytes, JSON of the bytes read again
 *   headers KEY VERSION         request header, response header
 *   frame NAME VERSION BYTES    bytes of a metadata record with its frame
 * What a class refuses is answered with "error" and why.
 */
public class MessageBytes {
    private static final String[] PLACES = {
        "org.apache.kafka.common.message.%sData", "org.apache.kafka.common.message.%s",
        "org.apache.kafka.common.metadata.%s", "org.apache.kafka.coordinator.group.generated.%s",
        "org.apache.kafka.coordinator.transaction.generated.%s", "org.apache.kafka.raft.generated.%s"};
    private static final Map<String, Class<?>> CLASSES = new HashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            out.println(answer(line.split("\t", -1)));
        }
        out.flush();
    }

    private static String answer(String[] words) {
        try {
            short version = Short.parseShort(words[2]);
            switch (words[0]) {
                case "read": return printed(read(words[1], version, words[3]), version);
                case "write": return write(words[1], version, words[3]);
                case "headers": return headers(Short.parseShort(words[1]), version);
                case "frame": return framed((ApiMessage) read(words[1], version, words[3]), version);
                default: return "error\tno such command";
            }
        } catch (InvocationTargetException e) {
            return "error\t" + e.getCause();
        } catch (Exception | Error e) {
            return "error\t" + e;
        }
    }

    private static Message read(String name, short version, String hex) throws Exception {
        Message message = (Message) classOf(name).getDeclaredConstructor().newInstance();
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        message.read(new ByteBufferAccessor(bytes), version);
        if (bytes.hasRemaining()) {
            throw new IllegalStateException(bytes.remaining() + " bytes behind the message");
        }
        return message;
    }

    private static String write(String name, short version, String json) throws Exception {
        Method converter = converterOf(name).getMethod("read", JsonNode.class, short.class);
        Message message = (Message) converter.invoke(null, JSON.readTree(json), version);
        return printed(read(name, version, hexOf(message, version)), version);
    }

    private static String printed(Message message, short version) throws Exception {
        Class<?> type = message.getClass();
        Class<?> converter = Class.forName(type.getName() + "JsonConverter");
        Object json = converter.getMethod("write", type, short.class, boolean.class).invoke(null, message, version, false);
        return hexOf(message, version) + "\t" + JSON.writeValueAsString(withHex((JsonNode) json));
    }

    private static String hexOf(Message message, short version) {
        return hexOf(MessageUtil.toByteBufferAccessor(message, version).buffer());
    }

    private static String hexOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String headers(short key, short version) {
        ApiKeys api = ApiKeys.forId(key);
        RequestHeader request = new RequestHeader(api, version, "a client", 0x01020304);
        ResponseHeader response = new ResponseHeader(0x01020304, api.responseHeaderVersion(version));
        return hexOf(request.data(), request.headerVersion()) + "\t" + hexOf(response.data(), response.headerVersion());
    }

    private static String framed(ApiMessage message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ApiMessageAndVersion record = new ApiMessageAndVersion(message, version);
        ByteBuffer buffer = ByteBuffer.allocate(MetadataRecordSerde.INSTANCE.recordSize(record, cache));
        MetadataRecordSerde.INSTANCE.write(record, cache, new ByteBufferAccessor(buffer));
        buffer.flip();
        return hexOf(buffer);
    }

    /** JSON has no bytes; Jackson would print them as base64. */
    private static JsonNode withHex(JsonNode node) throws Exception {
        if (node.isBinary()) {
            return TextNode.valueOf(HexFormat.of().formatHex(node.binaryValue()));
        }
        if (node.isArray()) {
            ArrayNode array = JSON.createArrayNode();
            for (JsonNode element : node) {
                array.add(withHex(element));
            }
            return array;
        }
        if (node.isObject()) {
            ObjectNode object = JSON.createObjectNode();
            var fields = node.fields();
            while (fields.hasNext()) {
                var field = fields.next();
                object.set(field.getKey(), withHex(field.getValue()));
            }
            return object;
        }
        return node;
    }

    private static Class<?> converterOf(String name) throws ClassNotFoundException {
        return Class.forName(classOf(name).getName() + "JsonConverter");
    }

    private static Class<?> classOf(String name) throws ClassNotFoundException {
        for (String place : PLACES) {
            if (!CLASSES.containsKey(name)) {
                try {
                    CLASSES.put(name, Class.forName(String.format(place, name)));
                } catch (ClassNotFoundException e) {
                    continue;
                }
            }
            return CLASSES.get(name);
        }
        throw new ClassNotFoundException("no class for " + name);
    }
}
