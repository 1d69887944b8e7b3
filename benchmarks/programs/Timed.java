import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.gossamer.lite.Interpreter;

/** Prints the nanoseconds of the fastest inference of the network on the class path. */
public final class Timed {
    private static final int BLOCK = 8;

    public static void main(String[] words) {
        long rest = (long) (Double.parseDouble(words[0]) * 1e9);
        try (Interpreter network = Interpreter.builtIn()) {
            ByteBuffer input = memory(network.getInputTensor(0).numBytes());
            ByteBuffer output = memory(network.getOutputTensor(0).numBytes());
            double fastest = Double.MAX_VALUE;
            long start = System.nanoTime();
            while (rest > 0) {
                for (int i = 0; i < BLOCK; i++) {
                    input.rewind();
                    output.rewind();
                    network.run(input, output);
                }
                long end = System.nanoTime();
                fastest = Math.min(fastest, (double) (end - start) / BLOCK);
                rest -= end - start;
                start = end;
            }
            System.out.println(fastest);
        }
    }

    private static ByteBuffer memory(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
