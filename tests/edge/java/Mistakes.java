import java.io.File;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.gossamer.lite.Interpreter;
import org.gossamer.lite.InterpreterApi;

/**
 * Makes each mistake once, and prints what comes of it: its name, a tab, the exception.
 */
public final class Mistakes {
    private static final float[][] GOOD = {{1, 2}};

    private interface Mistake {
        void make() throws Exception;
    }

    private static void say(String name, Mistake mistake) {
        String outcome = "nothing";
        try {
            mistake.make();
        } catch (Throwable error) {
            outcome = error.getClass().getSimpleName() + ": " + error.getMessage();
        }
        System.out.println(name + "\t" + outcome);
    }

    private static Object[] both(Object a, Object b) {
        return new Object[] {a, b};
    }

    private static void run(
            Interpreter network, Object[] inputs, Map<Integer, Object> outputs) {
        network.runForMultipleInputsOutputs(inputs, outputs);
    }

    private static FloatBuffer at(int position, FloatBuffer buffer) {
        ((Buffer) buffer).position(position);
        return buffer;
    }

    private static Map<Integer, Object> into(Object value) {
        return Collections.singletonMap(0, value);
    }

    public static void main(String[] words) throws Exception {
        File file = new File(words[0]);
        File other = new File(words[1]);
        byte[] content = Files.readAllBytes(file.toPath());
        opening(file, other, new File(words[2]), content);
        Interpreter network = new Interpreter(file);
        values(network);
        names(network);
        cancelling(network, file);
        network.close();
        network.close();
        say("closed", () -> network.run(GOOD, GOOD));
        say("closed count", () -> network.getInputTensorCount());
        say("closed reset", () -> network.resetVariableTensors());
    }

    private static void opening(File file, File other, File garbage, byte[] content) {
        ByteBuffer direct = ByteBuffer.allocateDirect(content.length);
        direct.put(content);
        ByteBuffer ordered = direct.duplicate().order(ByteOrder.nativeOrder());
        say("heap", () -> new Interpreter(ByteBuffer.wrap(content)));
        say("order", () -> new Interpreter(direct.order(ByteOrder.BIG_ENDIAN)));
        say("null", () -> new Interpreter((ByteBuffer) null));
        say("direct", () -> new Interpreter(ordered).close());
        say("missing", () -> new Interpreter(new File("/nowhere.tflite")));
        say("garbage", () -> new Interpreter(garbage));
        say("short", () -> new Interpreter(ByteBuffer.allocateDirect(3)
                .order(ByteOrder.nativeOrder())));
        say("another", () -> new Interpreter(other));
        say("built in", () -> Interpreter.builtIn().close());
        say("named", () -> Interpreter.builtIn("nobody"));
        say("threads", () -> new Interpreter.Options().setNumThreads(-2));
        say("delegate", () -> new Interpreter.Options().addDelegate(null));
        InterpreterApi.Options options = new InterpreterApi.Options();
        say("api", () -> InterpreterApi.create(file, options).close());
    }

    private static void values(Interpreter network) {
        float[][] out = new float[1][2];
        FloatBuffer readOnly = FloatBuffer.allocate(2).asReadOnlyBuffer();
        say("good", () -> run(network, both(GOOD, GOOD), into(out)));
        say("nothing given", () -> run(network, null, into(out)));
        say("no inputs",
                () -> run(network, new Object[0], into(out)));
        say("no outputs", () -> run(network, both(GOOD, GOOD), null));
        say("one of two", () -> network.run(GOOD, out));
        say("three", () ->
                run(network, new Object[] {GOOD, GOOD, GOOD}, into(out)));
        say("null input", () ->
                run(network, both(GOOD, null), into(out)));
        say("type", () ->
                run(network, both(GOOD, new int[1][2]), into(out)));
        say("kind", () ->
                run(network, both(GOOD, new Float[1][2]), into(out)));
        say("shape", () ->
                run(network, both(GOOD, new float[2][3]), into(out)));
        say("joined", () ->
                run(network, both(GOOD, new float[2]), into(out)));
        say("empty", () ->
                run(network, both(GOOD, new float[0][2]), into(out)));
        say("ragged", () ->
                run(network, both(GOOD, new float[][] {{1, 2}, {3}}), into(out)));
        say("bytes", () ->
                run(network, both(GOOD, ByteBuffer.allocateDirect(7)), into(out)));
        say("floats", () ->
                run(network, both(GOOD, FloatBuffer.allocate(3)), into(out)));
        say("output shape", () ->
                run(network, both(GOOD, GOOD), into(new float[2])));
        say("output type", () ->
                run(network, both(GOOD, GOOD), into(new byte[1][2])));
        say("output bytes", () ->
                run(network, both(GOOD, GOOD), into(FloatBuffer.allocate(1))));
        say("output larger", () ->
                run(network, both(GOOD, GOOD), into(FloatBuffer.allocate(3))));
        say("output position", () ->
                run(network, both(GOOD, GOOD), into(at(2, FloatBuffer.allocate(3)))));
        say("output read-only", () ->
                run(network, both(GOOD, GOOD), into(readOnly)));
        say("output number", () ->
                run(network, both(GOOD, GOOD), into(1f)));
        say("output index", () ->
                run(network, both(GOOD, GOOD), Collections.singletonMap(2, out)));
        say("duration after a failure", () -> {
            Long taken = network.getLastNativeInferenceDurationNanoseconds();
            throw new Exception("" + taken);
        });
    }

    private static void names(Interpreter network) {
        Map<String, Object> inputs = new HashMap<>();
        Map<String, Object> outputs = new HashMap<>();
        outputs.put("out_product", new float[1][2]);
        say("no names", () -> network.runSignature(inputs, outputs));
        inputs.put("in_a", GOOD);
        say("one name", () -> network.runSignature(inputs, outputs));
        inputs.put("in_b", GOOD);
        say("both names", () -> network.runSignature(inputs, outputs, "both"));
        say("no output names", () -> network.runSignature(inputs, null));
        say("signature", () -> network.runSignature(inputs, outputs, "nope"));
        say("output name", () -> network.runSignature(
                inputs, Collections.singletonMap("out_c", new float[1][2])));
        inputs.put("in_c", GOOD);
        say("input name", () -> network.runSignature(inputs, outputs));
        say("input of no signature",
                () -> network.getInputTensorFromSignature("in_z", "both"));
        say("input index", () -> network.getInputTensor(2));
        say("output of index", () -> network.getOutputTensor(-1));
        say("index of input", () -> network.getInputIndex("z"));
        say("index of output", () -> network.getOutputIndex("z"));
        say("resize", () -> network.resizeInput(0, new int[] {4, 2}));
        say("resize the same", () -> network.resizeInput(0, new int[] {1, 2}));
        say("resize strictly", () -> network.resizeInput(0, new int[] {1, 3}, true));
        say("resize openly", () -> network.resizeInput(0, new int[] {3, 2}, true));
        say("resize none", () -> network.resizeInput(2, new int[] {4, 2}));
        say("allocate", network::allocateTensors);
    }

    private static void cancelling(Interpreter network, File file) {
        say("cancel", () -> network.setCancelled(true));
        Interpreter other =
                new Interpreter(file, new Interpreter.Options().setCancellable(true));
        other.setCancelled(true);
        Map<Integer, Object> out = into(new float[1][2]);
        say("cancelled", () -> run(other, both(GOOD, GOOD), out));
        other.setCancelled(false);
        say("resumed", () -> run(other, both(GOOD, GOOD), out));
    }
}
