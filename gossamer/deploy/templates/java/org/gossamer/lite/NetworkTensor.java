package org.gossamer.lite;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A tensor at its place in a network's memory, which it keeps alive. */
final class NetworkTensor implements Tensor {
    private final Port port;
    private final ByteBuffer memory;

    NetworkTensor(Port port, ByteBuffer memory) {
        this.port = port;
        this.memory = memory;
    }

    @Override
    public DataType dataType() {
        return port.type;
    }

    @Override
    public int numDimensions() {
        return port.shape.length;
    }

    @Override
    public int numBytes() {
        return port.count() * port.type.byteSize();
    }

    @Override
    public int numElements() {
        return port.count();
    }

    @Override
    public int[] shape() {
        return port.shape.clone();
    }

    @Override
    public int[] shapeSignature() {
        return port.signature.clone();
    }

    @Override
    public int index() {
        return port.index;
    }

    @Override
    public String name() {
        return port.name;
    }

    @Override
    public QuantizationParams quantizationParams() {
        return port.quantization;
    }

    @Override
    public ByteBuffer asReadOnlyBuffer() {
        return memory.asReadOnlyBuffer().order(ByteOrder.nativeOrder());
    }

    /** Sets the tensor to a value that {@link #checkInput} let pass. */
    void set(Object value) {
        Values.write(value, memory);
    }

    /** @throws IllegalArgumentException a value's type or shape is not the tensor's */
    void checkInput(Object value) {
        if (value == null) {
            throw new IllegalArgumentException(
                    "Null inputs are allowed only if the Tensor is bound to a buffer"
                            + " handle. Input (" + name() + ") of a compiled network"
                            + " never is.");
        }
        checkType(value);
        if (Values.isBuffer(value)) {
            int bytes = bytesOf((Buffer) value);
            if (bytes != numBytes()) {
                throw Wrong.argument(
                        "Cannot copy to a TensorFlowLite tensor (%s) with %d bytes"
                                + " from a Java Buffer with %d bytes.%s",
                        name(), numBytes(), bytes, need());
            }
            return;
        }
        int[] shape = Values.shapeOf(value);
        if (!Values.isJoined(shape, port.shape)) {
            throw Wrong.argument(
                    "Cannot copy to a TensorFlowLite tensor (%s) with shape %s from a"
                            + " Java object with shape %s. %s",
                    name(), text(port.shape), text(shape), fixed(shape));
        }
    }

    /** Copies the tensor to an array or a buffer that {@link #checkOutput} let pass. */
    void copyTo(Object value) {
        Values.read(memory, value);
    }

    /** @throws IllegalArgumentException a value cannot take the tensor's elements */
    void checkOutput(Object value) {
        checkType(value);
        if (Values.isBuffer(value)) {
            checkRoom((Buffer) value);
            return;
        }
        if (!value.getClass().isArray()) {
            throw new IllegalArgumentException(
                    "Cannot copy from a TensorFlowLite tensor (" + name() + ") to a "
                            + value.getClass().getName() + ", which cannot change;"
                            + " give an array of one element or a Buffer.");
        }
        int[] shape = Values.shapeOf(value);
        boolean single = port.shape.length == 0 && Values.isJoined(shape, port.shape);
        if (!single && !Arrays.equals(shape, port.shape)) {
            throw Wrong.argument(
                    "Cannot copy from a TensorFlowLite tensor (%s) with shape %s to a"
                            + " Java object with shape %s.",
                    name(), text(port.shape), text(shape));
        }
    }

    private void checkRoom(Buffer value) {
        int bytes = bytesOf(value);
        if (numBytes() > bytes) {
            throw Wrong.argument(
                    "Cannot copy from a TensorFlowLite tensor (%s) with %d bytes to a"
                            + " Java Buffer with %d bytes.%s",
                    name(), numBytes(), bytes, need());
        }
        if (value.isReadOnly()) {
            throw new IllegalArgumentException(
                    "Cannot copy from a TensorFlowLite tensor (" + name() + ") to a"
                            + " Java Buffer that is read-only.");
        }
        int width = value instanceof ByteBuffer ? 1 : port.type.byteSize();
        if (value.remaining() * (long) width < numBytes()) {
            throw Wrong.argument(
                    "Cannot copy from a TensorFlowLite tensor (%s) with %d bytes to a"
                            + " Java Buffer with %d bytes left behind its position."
                            + " Call rewind() first.",
                    name(), numBytes(), value.remaining() * (long) width);
        }
    }

    /** @throws IllegalArgumentException compiled code has another shape */
    void checkResize(int input, int[] sizes, boolean strict) {
        if (Arrays.equals(sizes, port.shape)) {
            return;
        }
        String hint = fixed(sizes);
        if (strict && !isOpen(sizes)) {
            hint = "ResizeInputTensorStrict only allows mutating unknown dimensions"
                    + " identified by -1, and the model has " + text(port.signature)
                    + ".";
        }
        throw Wrong.argument(
                "Cannot resize input %d (%s) from shape %s to %s. %s",
                input, name(), text(port.shape), text(sizes), hint);
    }

    /** Whether the model leaves open whatever the sizes differ in. */
    private boolean isOpen(int[] sizes) {
        if (sizes.length != port.signature.length) {
            return false;
        }
        for (int i = 0; i < sizes.length; i++) {
            if (port.signature[i] != -1 && port.signature[i] != sizes[i]) {
                return false;
            }
        }
        return true;
    }

    private void checkType(Object value) {
        if (value instanceof ByteBuffer) {
            return;
        }
        DataType type = Values.typeOf(value);
        if (!port.type.isHeldBy(type)) {
            throw Wrong.argument(
                    "Cannot convert between a TensorFlowLite tensor with type %s and"
                            + " a Java object of type %s (which is compatible with"
                            + " the TensorFlowLite type %s).",
                    port.type, value.getClass().getName(), type);
        }
    }

    private int bytesOf(Buffer value) {
        int width = value instanceof ByteBuffer ? 1 : port.type.byteSize();
        return value.capacity() * width;
    }

    private String need() {
        return " It has shape " + text(port.shape) + " of " + port.type + ".";
    }

    private static String fixed(int[] sizes) {
        return "Compiled networks have fixed shapes: for another, convert the model"
                + " with an input of shape " + text(sizes) + " and run `gossamer build`"
                + " again.";
    }

    private static String text(int[] shape) {
        return Arrays.toString(shape);
    }
}
