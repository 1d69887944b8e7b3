import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.gossamer.lite.Interpreter;
import org.gossamer.lite.Tensor;

/** Runs @NAME@ once on zeros: java -cp @NAME@.jar example/Example.java */
public final class Example {
    private Example() {}

    public static void main(String[] words) {
        try (Interpreter interpreter = Interpreter.builtIn("@NAME@")) {
            Object[] inputs = new Object[interpreter.getInputTensorCount()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = memory(interpreter.getInputTensor(i));
                show("input", interpreter.getInputTensor(i));
            }
            Map<Integer, Object> outputs = new HashMap<>();
            for (int i = 0; i < interpreter.getOutputTensorCount(); i++) {
                outputs.put(i, memory(interpreter.getOutputTensor(i)));
                show("output", interpreter.getOutputTensor(i));
            }
            interpreter.runForMultipleInputsOutputs(inputs, outputs);
            long nanoseconds = interpreter.getLastNativeInferenceDurationNanoseconds();
            System.out.println("one run: " + nanoseconds / 1000 + " microseconds");
        }
    }

    private static ByteBuffer memory(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(tensor.numBytes());
        return bytes.order(ByteOrder.nativeOrder());
    }

    private static void show(String which, Tensor tensor) {
        String shape = java.util.Arrays.toString(tensor.shape());
        System.out.println(
                which + " " + tensor.name() + ": " + tensor.dataType() + " " + shape);
    }
}
