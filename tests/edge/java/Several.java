import java.io.File;
import org.gossamer.lite.Interpreter;

/** Several jars on one class path: each file finds its own network. */
public final class Several {
    public static void main(String[] words) {
        for (String word : words) {
            try (Interpreter network = new Interpreter(new File(word))) {
                System.out.println(network.getInputTensorCount());
            }
        }
        try {
            Interpreter.builtIn();
        } catch (IllegalArgumentException error) {
            System.out.println(error.getMessage());
        }
        Interpreter.builtIn("pair").close();
    }
}
