import android.app.Activity;
import java.io.DataInputStream;
import java.io.IOException;
import org.gossamer.lite.models.DigitsNetwork;

/**
 * Reads the numbers of an input, and prints what the network of an application gives.
 */
public final class Facade {
    public static void main(String[] words) throws IOException {
        DataInputStream from = new DataInputStream(System.in);
        try (DigitsNetwork network = DigitsNetwork.open(new Activity())) {
            int count = network.interpreter().getInputTensor(0).numElements();
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = Float.intBitsToFloat(Integer.reverseBytes(from.readInt()));
            }
            for (float score : network.run(values)) {
                System.out.println(score);
            }
        }
    }
}
