import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.utils.Exit;

/**
 * One JVM for many group members and for Kafka's tools, as README.md in this folder says: a JVM's start costs
 * more than all it does here.
 */
public class JavaHost {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream REAL_OUT = System.out;
    private static final PrintStream REAL_ERR = System.err;

    /** A tool wanted to end its process. */
    private static final class Ended extends RuntimeException {
        Ended(int code) {
            super("exit " + code);
        }
    }

    /** The code a tool ends with: of its first try, since some catch what stops them and try again. */
    private static Integer exitCode;

    public static void main(String[] args) throws Exception {
        Exit.setExitProcedure((code, message) -> {
            exitCode = exitCode == null ? code : exitCode;
            throw new Ended(code);
        });
        Map<String, JavaMember> members = new HashMap<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode command = JSON.readTree(line);
            if (command.has("tool")) {
                say(run(command));
            } else if (command.get("do").asText().equals("join")) {
                JavaMember member = new JavaMember(command);
                members.put(command.get("member").asText(), member);
                member.start();
            } else {
                members.get(command.get("member").asText()).commands.add(command);
            }
        }
        Runtime.getRuntime().halt(0); // the test is gone, and so must we be
    }

    static void say(ObjectNode line) {
        synchronized (REAL_OUT) {
            REAL_OUT.println(line);
            REAL_OUT.flush();
        }
    }

    /** Runs the main() of a tool to its end, with what it prints. One at a time: they share System.out. */
    private static ObjectNode run(JsonNode command) throws Exception {
        String[] args = JSON.convertValue(command.get("args"), String[].class);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        exitCode = null;
        try {
            Class.forName(command.get("tool").asText()).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (exitCode == null) {
                exitCode = 1;
                e.getCause().printStackTrace();
            }
        } finally {
            System.setOut(REAL_OUT);
            System.setErr(REAL_ERR);
        }
        ObjectNode result = JSON.createObjectNode();
        result.put("event", "tool").put("code", exitCode == null ? 0 : exitCode);
        return result.put("out", out.toString(StandardCharsets.UTF_8)).put("err", err.toString(StandardCharsets.UTF_8));
    }
}
