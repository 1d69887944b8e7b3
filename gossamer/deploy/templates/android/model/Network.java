package org.gossamer.lite.models;

import android.content.Context;
@ASSET_IMPORTS@import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
@CHANNEL_IMPORT@import @ENGINE_PACKAGE@.Interpreter;
import @ENGINE_PACKAGE@.Tensor;

/**
 * @NAME@, the same for either engine; gossamer.engine in gradle.properties chooses.
 *
 * <pre>{@code
 * try (@CLASS@ network = @CLASS@.open(context)) {
 *     float[] scores = network.run(pixels);
 * }
 * }</pre>
 */
public final class @CLASS@ implements AutoCloseable {
    /** What runs the model: native or tflite. */
    public static final String ENGINE = "@ENGINE@";

    private final Interpreter interpreter;

    private @CLASS@(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

@OPEN@    /** Of the first input. */
    public int[] inputShape() {
        return interpreter.getInputTensor(0).shape();
    }

    /** Of the first output. */
    public int[] outputShape() {
        return interpreter.getOutputTensor(0).shape();
    }

    /** For several inputs, signatures and all else. */
    public Interpreter interpreter() {
        return interpreter;
    }

    /** How long the last run took. */
    public long nanoseconds() {
        Long taken = interpreter.getLastNativeInferenceDurationNanoseconds();
        return taken == null ? 0 : taken;
    }

    /**
     * Runs a network of one input and one output on real numbers, whatever its types.
     *
     * @param values the elements of the input, row by row
     * @return those of the output
     */
    public float[] run(float[] values) {
        Tensor given = interpreter.getInputTensor(0);
        if (values.length != given.numElements()) {
            throw new IllegalArgumentException(
                    "the input has " + given.numElements() + " elements, and "
                            + values.length + " were given");
        }
        Tensor made = interpreter.getOutputTensor(0);
        ByteBuffer input = memory(given);
        for (float value : values) {
            put(value, given, input);
        }
        ByteBuffer output = memory(made);
        // Older Androids have rewind() of Buffer only.
        ((Buffer) input).rewind();
        interpreter.run(input, output);
        ((Buffer) output).rewind();
        float[] results = new float[made.numElements()];
        for (int i = 0; i < results.length; i++) {
            results[i] = get(made, output);
        }
        return results;
    }

    private static ByteBuffer memory(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(tensor.numBytes());
        return bytes.order(ByteOrder.nativeOrder());
    }

    private static void put(float value, Tensor tensor, ByteBuffer bytes) {
        switch (tensor.dataType()) {
            case FLOAT32:
                bytes.putFloat(value);
                break;
            case INT8:
                bytes.put((byte) quantized(value, tensor, -128, 127));
                break;
            case UINT8:
                bytes.put((byte) quantized(value, tensor, 0, 255));
                break;
            case INT16:
                bytes.putShort((short) quantized(value, tensor, -32768, 32767));
                break;
            case BOOL:
                bytes.put((byte) (value != 0 ? 1 : 0));
                break;
            case INT32:
                bytes.putInt((int) value);
                break;
            case INT64:
                bytes.putLong((long) value);
                break;
            default:
                throw new IllegalArgumentException(
                        "elements of type " + tensor.dataType() + " are no real"
                                + " numbers");
        }
    }

    /** Ties go to the even neighbour. */
    private static long quantized(float value, Tensor tensor, int least, int greatest) {
        float scale = tensor.quantizationParams().getScale();
        int zero = tensor.quantizationParams().getZeroPoint();
        double steps = scale == 0 ? value : Math.rint(value / scale) + zero;
        return (long) Math.max(least, Math.min(greatest, steps));
    }

    private static float get(Tensor tensor, ByteBuffer bytes) {
        switch (tensor.dataType()) {
            case FLOAT32:
                return bytes.getFloat();
            case INT8:
                return real(bytes.get(), tensor);
            case UINT8:
                return real(bytes.get() & 255, tensor);
            case INT16:
                return real(bytes.getShort(), tensor);
            case BOOL:
                return bytes.get();
            case INT32:
                return bytes.getInt();
            case INT64:
                return bytes.getLong();
            default:
                throw new IllegalArgumentException(
                        "elements of type " + tensor.dataType() + " are no real"
                                + " numbers");
        }
    }

    private static float real(int steps, Tensor tensor) {
        float scale = tensor.quantizationParams().getScale();
        int zero = tensor.quantizationParams().getZeroPoint();
        return scale == 0 ? steps : scale * (steps - zero);
    }

    @Override
    public void close() {
        interpreter.close();
    }
}
