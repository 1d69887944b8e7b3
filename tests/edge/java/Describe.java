import java.util.Arrays;
import org.gossamer.lite.Interpreter;
import org.gossamer.lite.Tensor;

/** Prints all that an interpreter tells of its model. */
public final class Describe {
    public static void main(String[] words) {
        try (Interpreter network = Interpreter.builtIn()) {
            for (int i = 0; i < network.getInputTensorCount(); i++) {
                print("input", network.getInputTensor(i));
            }
            for (int i = 0; i < network.getOutputTensorCount(); i++) {
                print("output", network.getOutputTensor(i));
            }
            for (String key : network.getSignatureKeys()) {
                String given = String.join(" ", network.getSignatureInputs(key));
                String results = String.join(" ", network.getSignatureOutputs(key));
                System.out.printf("signature %s: %s -> %s%n", key, given, results);
                String name = network.getSignatureInputs(key)[0];
                Tensor first = network.getInputTensorFromSignature(name, key);
                System.out.println(first.name());
                name = network.getSignatureOutputs(key)[0];
                Tensor made = network.getOutputTensorFromSignature(name, null);
                System.out.println(made.name());
            }
        }
    }

    private static void print(String which, Tensor tensor) {
        System.out.printf(
                "%s %d %s %s %s %s %d %d %d %s %d%n",
                which,
                tensor.index(),
                tensor.name(),
                tensor.dataType(),
                Arrays.toString(tensor.shape()),
                Arrays.toString(tensor.shapeSignature()),
                tensor.numDimensions(),
                tensor.numElements(),
                tensor.numBytes(),
                tensor.quantizationParams().getScale(),
                tensor.quantizationParams().getZeroPoint());
    }
}
