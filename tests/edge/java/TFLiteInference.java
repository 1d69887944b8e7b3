import org.gossamer.lite.Interpreter;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;

/**
 * The usual tutorial's class: its import is changed, and it maps the file as it says.
 */
public class TFLiteInference {
    private Interpreter tflite;

    public TFLiteInference(String modelPath) throws Exception {
        MappedByteBuffer model = loadModelFile(modelPath);
        tflite = new Interpreter(model);
    }

    private MappedByteBuffer loadModelFile(String modelPath) throws Exception {
        try (FileChannel file = FileChannel.open(Paths.get(modelPath))) {
            return file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
        }
    }

    public float[] doInference(float[][] input) {
        float[][] output = new float[1][10];  // Adjust size according to the model's output
        tflite.run(input, output);
        return output[0];
    }

    public static void main(String[] words) throws Exception {
        TFLiteInference inference = new TFLiteInference(words[0]);
        float[][] input = new float[1][784];
        for (int i = 0; i < 784; i++) {
            input[0][i] = i / 784f;
        }
        for (float score : inference.doInference(input)) {
            System.out.println(score);
        }
    }
}
