import java.io.DataInputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.TreeMap;
import org.gossamer.lite.DataType;
import org.gossamer.lite.Interpreter;
import org.gossamer.lite.Tensor;

/**
 * Reads the inputs of one step after another, and writes the outputs of each, with
 * values of a kind: `bytes`, `heap`, `typed` or `arrays`. With `reset`, forgets before
 * each step.
 */
public final class Driver {
    public static void main(String[] words) throws IOException {
        DataInputStream from = new DataInputStream(System.in);
        OutputStream to = System.out;
        try (Interpreter network = new Interpreter(new File(words[0]))) {
            while (true) {
                Object[] inputs = new Object[network.getInputTensorCount()];
                for (int i = 0; i < inputs.length; i++) {
                    Tensor tensor = network.getInputTensor(i);
                    byte[] bytes = new byte[tensor.numBytes()];
                    try {
                        from.readFully(bytes);
                    } catch (EOFException end) {
                        to.flush();
                        return;
                    }
                    inputs[i] = value(words[1], tensor);
                    move(inputs[i], ByteBuffer.wrap(bytes), true);
                }
                TreeMap<Integer, Object> outputs = new TreeMap<>();
                for (int i = 0; i < network.getOutputTensorCount(); i++) {
                    outputs.put(i, value(words[1], network.getOutputTensor(i)));
                }
                if (words.length > 2) {
                    network.resetVariableTensors();
                }
                network.runForMultipleInputsOutputs(inputs, outputs);
                for (int i = 0; i < outputs.size(); i++) {
                    byte[] bytes = new byte[network.getOutputTensor(i).numBytes()];
                    move(outputs.get(i), ByteBuffer.wrap(bytes), false);
                    to.write(bytes);
                }
            }
        }
    }

    private static Object value(String kind, Tensor tensor) {
        ByteBuffer direct = ByteBuffer.allocateDirect(tensor.numBytes());
        direct.order(ByteOrder.nativeOrder());
        DataType type = tensor.dataType();
        if (kind.equals("heap")) {
            ByteBuffer heap = ByteBuffer.allocate(tensor.numBytes());
            return heap.order(ByteOrder.nativeOrder());
        }
        if (kind.equals("typed") && type == DataType.FLOAT32) {
            return direct.asFloatBuffer();
        }
        if (kind.equals("typed") && type == DataType.INT32) {
            return direct.asIntBuffer();
        }
        if (kind.equals("typed") && type == DataType.INT64) {
            return direct.asLongBuffer();
        }
        if (kind.equals("typed") && type == DataType.INT16) {
            return direct.asShortBuffer();
        }
        if (kind.equals("arrays") && tensor.numDimensions() > 0) {
            return Array.newInstance(primitive(type), tensor.shape());
        }
        return direct;
    }

    private static Class<?> primitive(DataType type) {
        switch (type) {
            case FLOAT32:
                return float.class;
            case FLOAT64:
                return double.class;
            case INT32:
                return int.class;
            case INT64:
                return long.class;
            case INT16:
                return short.class;
            case BOOL:
                return boolean.class;
            default:
                return byte.class;
        }
    }

    /** Between a value and bytes; written apart from the library that is tested. */
    private static void move(Object value, ByteBuffer bytes, boolean in) {
        bytes.order(ByteOrder.nativeOrder());
        if (value instanceof Buffer) {
            ((Buffer) value).clear();
            for (int i = 0; i < ((Buffer) value).capacity(); i++) {
                moveElement(value, i, bytes, in);
            }
            return;
        }
        for (int i = 0; i < Array.getLength(value); i++) {
            Object part = Array.get(value, i);
            if (part.getClass().isArray()) {
                move(part, bytes, in);
            } else {
                moveElement(value, i, bytes, in);
            }
        }
    }

    private static void moveElement(Object value, int i, ByteBuffer bytes, boolean in) {
        if (value instanceof java.nio.FloatBuffer) {
            java.nio.FloatBuffer all = (java.nio.FloatBuffer) value;
            if (in) all.put(i, bytes.getFloat()); else bytes.putFloat(all.get(i));
        } else if (value instanceof java.nio.IntBuffer) {
            java.nio.IntBuffer all = (java.nio.IntBuffer) value;
            if (in) all.put(i, bytes.getInt()); else bytes.putInt(all.get(i));
        } else if (value instanceof java.nio.LongBuffer) {
            java.nio.LongBuffer all = (java.nio.LongBuffer) value;
            if (in) all.put(i, bytes.getLong()); else bytes.putLong(all.get(i));
        } else if (value instanceof java.nio.ShortBuffer) {
            java.nio.ShortBuffer all = (java.nio.ShortBuffer) value;
            if (in) all.put(i, bytes.getShort()); else bytes.putShort(all.get(i));
        } else if (value instanceof ByteBuffer) {
            ByteBuffer all = (ByteBuffer) value;
            if (in) all.put(i, bytes.get()); else bytes.put(all.get(i));
        } else if (value instanceof float[]) {
            if (in) Array.setFloat(value, i, bytes.getFloat());
            else bytes.putFloat(Array.getFloat(value, i));
        } else if (value instanceof double[]) {
            if (in) Array.setDouble(value, i, bytes.getDouble());
            else bytes.putDouble(Array.getDouble(value, i));
        } else if (value instanceof int[]) {
            if (in) Array.setInt(value, i, bytes.getInt());
            else bytes.putInt(Array.getInt(value, i));
        } else if (value instanceof long[]) {
            if (in) Array.setLong(value, i, bytes.getLong());
            else bytes.putLong(Array.getLong(value, i));
        } else if (value instanceof short[]) {
            if (in) Array.setShort(value, i, bytes.getShort());
            else bytes.putShort(Array.getShort(value, i));
        } else if (value instanceof boolean[]) {
            if (in) Array.setBoolean(value, i, bytes.get() != 0);
            else bytes.put((byte) (Array.getBoolean(value, i) ? 1 : 0));
        } else {
            if (in) Array.setByte(value, i, bytes.get());
            else bytes.put(Array.getByte(value, i));
        }
    }
}
