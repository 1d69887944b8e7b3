import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.gossamer.lite.Interpreter;

/** Runs the model of all types with boxed numbers, and reads what was not asked for. */
public final class Singles {
    public static void main(String[] words) {
        try (Interpreter network = Interpreter.builtIn()) {
            Object[] inputs = {
                new float[] {1, 2, 3, 4, 5, 6},
                new int[2][3],
                new long[][] {{1L << 40, 2, 3}, {4, 5, 6}},
                new short[2][3],
                new byte[2][3],
                new byte[1][6],
                new boolean[][] {{true, false, true}, {false, true, false}},
                new double[2][3],
                21f
            };
            float[] twice = new float[1];
            boolean[][] flags = new boolean[3][2];
            Map<Integer, Object> outputs = new HashMap<>();
            outputs.put(6, flags);
            outputs.put(8, twice);
            outputs.put(3, null);
            network.runForMultipleInputsOutputs(inputs, outputs);
            System.out.println(twice[0] + " " + Arrays.deepToString(flags));
            ByteBuffer longs = network.getOutputTensor(2).asReadOnlyBuffer();
            System.out.println(longs.getLong() + " " + longs.isReadOnly());
            ByteBuffer constant = network.getOutputTensor(9).asReadOnlyBuffer();
            System.out.println(constant.getFloat() + " " + constant.getFloat());
            long taken = network.getLastNativeInferenceDurationNanoseconds();
            System.out.println(taken >= 0);
        }
    }
}
