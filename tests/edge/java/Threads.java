import java.util.Arrays;
import java.util.Random;
import org.gossamer.lite.Interpreter;

/** Two networks with state in two threads give what each gives alone. */
public final class Threads {
    private static final int STEPS = 200;

    private static int run(long seed) {
        try (Interpreter network = Interpreter.builtIn()) {
            Random random = new Random(seed);
            float[][] input = new float[1][3];
            float[][] output = new float[1][3];
            int sum = 0;
            for (int i = 0; i < STEPS; i++) {
                for (int k = 0; k < 3; k++) {
                    input[0][k] = random.nextFloat();
                }
                network.run(input, output);
                sum = 31 * sum + Arrays.deepHashCode(output);
            }
            return sum;
        }
    }

    public static void main(String[] words) throws InterruptedException {
        int[] alone = {run(1), run(2)};
        int[] found = new int[2];
        Thread[] threads = new Thread[2];
        for (int i = 0; i < 2; i++) {
            int index = i;
            threads[i] = new Thread(() -> found[index] = run(index + 1));
            threads[i].start();
        }
        for (Thread each : threads) {
            each.join();
        }
        boolean same = found[0] == alone[0] && found[1] == alone[1];
        System.out.println(same + " " + (alone[0] != alone[1]));
    }
}
