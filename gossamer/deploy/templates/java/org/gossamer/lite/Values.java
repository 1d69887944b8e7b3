package org.gossamer.lite;

import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;

/** Arrays, buffers and single numbers as users give them. */
final class Values {
    private Values() {}

    static boolean isBuffer(Object value) {
        return value instanceof Buffer;
    }

    /** The type of what is not a ByteBuffer, whose bytes may be of any. */
    static DataType typeOf(Object value) {
        Class<?> kind = value.getClass();
        while (kind.isArray()) {
            kind = kind.getComponentType();
        }
        boolean single = !value.getClass().isArray();
        if (is(kind, single, float.class, Float.class)
                || value instanceof FloatBuffer) {
            return DataType.FLOAT32;
        }
        if (is(kind, single, int.class, Integer.class) || value instanceof IntBuffer) {
            return DataType.INT32;
        }
        if (is(kind, single, short.class, Short.class)
                || value instanceof ShortBuffer) {
            return DataType.INT16;
        }
        if (is(kind, single, long.class, Long.class) || value instanceof LongBuffer) {
            return DataType.INT64;
        }
        if (is(kind, single, double.class, Double.class)
                || value instanceof DoubleBuffer) {
            return DataType.FLOAT64;
        }
        if (is(kind, single, byte.class, Byte.class)) {
            return DataType.UINT8;
        }
        if (is(kind, single, boolean.class, Boolean.class)) {
            return DataType.BOOL;
        }
        if (kind == String.class) {
            return DataType.STRING;
        }
        throw new IllegalArgumentException(
                "DataType error: cannot resolve DataType of "
                        + value.getClass().getName() + ". Arrays of numbers and of"
                        + " boolean, Buffers and single numbers have one");
    }

    /** Elements of arrays are primitive, and single values boxed. */
    private static boolean is(
            Class<?> kind, boolean single, Class<?> primitive, Class<?> boxed) {
        return kind == (single ? boxed : primitive);
    }

    /** The sizes of an array; none of a single value. */
    static int[] shapeOf(Object value) {
        int rank = 0;
        Object part = value;
        int[] sizes = new int[255];
        while (part != null && part.getClass().isArray()) {
            sizes[rank] = Array.getLength(part);
            if (sizes[rank] == 0) {
                throw new IllegalArgumentException("Array lengths cannot be 0.");
            }
            part = part instanceof Object[] ? ((Object[]) part)[0] : null;
            rank++;
        }
        int[] shape = Arrays.copyOf(sizes, rank);
        checkEven(value, 0, shape);
        return shape;
    }

    private static void checkEven(Object part, int dimension, int[] shape) {
        if (dimension == shape.length) {
            return;
        }
        int length = part == null ? 0 : Array.getLength(part);
        if (length != shape[dimension]) {
            throw Wrong.argument(
                    "Mismatched lengths (%d and %d) in dimension %d",
                    shape[dimension], length, dimension);
        }
        if (part instanceof Object[]) {
            for (Object each : (Object[]) part) {
                checkEven(each, dimension + 1, shape);
            }
        }
    }

    /**
     * Whether one shape becomes the other by joining dimensions that stand side by
     * side, so that the same elements come in the same order: [1, 784] and [1, 28, 28],
     * but not [2, 3] and [3, 2].
     */
    static boolean isJoined(int[] one, int[] other) {
        return isJoin(one, other) || isJoin(other, one);
    }

    private static boolean isJoin(int[] coarse, int[] fine) {
        int position = 0;
        for (int size : coarse) {
            long product = 1;
            while (product < size && position < fine.length) {
                product *= fine[position++];
            }
            if (product != size) {
                return false;
            }
        }
        while (position < fine.length && fine[position] == 1) {
            position++;
        }
        return position == fine.length;
    }

    /**
     * Copies an array, a buffer or a single value, whose type and size fit, to memory.
     */
    static void write(Object from, ByteBuffer memory) {
        ByteBuffer bytes = bytesOf(memory);
        if (from instanceof Buffer) {
            writeBuffer((Buffer) from, bytes);
        } else if (from.getClass().isArray()) {
            writePart(from, view(bytes, typeOf(from)));
        } else {
            writeSingle(from, bytes);
        }
    }

    /** Copies memory into an array or a buffer whose type and size fit. */
    static void read(ByteBuffer memory, Object to) {
        ByteBuffer bytes = bytesOf(memory);
        if (to instanceof Buffer) {
            readBuffer(bytes, (Buffer) to);
        } else {
            readPart(to, view(bytes, typeOf(to)));
        }
    }

    /** Copies all of a buffer to memory, wherever its position is. */
    private static void writeBuffer(Buffer from, ByteBuffer bytes) {
        if (from instanceof ByteBuffer) {
            bytes.put(whole(((ByteBuffer) from).duplicate()));
        } else if (from instanceof FloatBuffer) {
            bytes.asFloatBuffer().put(whole(((FloatBuffer) from).duplicate()));
        } else if (from instanceof IntBuffer) {
            bytes.asIntBuffer().put(whole(((IntBuffer) from).duplicate()));
        } else if (from instanceof LongBuffer) {
            bytes.asLongBuffer().put(whole(((LongBuffer) from).duplicate()));
        } else if (from instanceof ShortBuffer) {
            bytes.asShortBuffer().put(whole(((ShortBuffer) from).duplicate()));
        } else {
            bytes.asDoubleBuffer()
                    .put(whole(((DoubleBuffer) from).duplicate()));
        }
    }

    /** Copies memory into a buffer from its position on, which moves behind it. */
    private static void readBuffer(ByteBuffer bytes, Buffer to) {
        if (to instanceof ByteBuffer) {
            ((ByteBuffer) to).put(bytes);
        } else if (to instanceof FloatBuffer) {
            ((FloatBuffer) to).put(bytes.asFloatBuffer());
        } else if (to instanceof IntBuffer) {
            ((IntBuffer) to).put(bytes.asIntBuffer());
        } else if (to instanceof LongBuffer) {
            ((LongBuffer) to).put(bytes.asLongBuffer());
        } else if (to instanceof ShortBuffer) {
            ((ShortBuffer) to).put(bytes.asShortBuffer());
        } else {
            ((DoubleBuffer) to).put(bytes.asDoubleBuffer());
        }
    }

    private static void writeSingle(Object value, ByteBuffer bytes) {
        if (value instanceof Float) {
            bytes.putFloat((Float) value);
        } else if (value instanceof Integer) {
            bytes.putInt((Integer) value);
        } else if (value instanceof Long) {
            bytes.putLong((Long) value);
        } else if (value instanceof Short) {
            bytes.putShort((Short) value);
        } else if (value instanceof Double) {
            bytes.putDouble((Double) value);
        } else if (value instanceof Byte) {
            bytes.put((Byte) value);
        } else {
            bytes.put((byte) ((Boolean) value ? 1 : 0));
        }
    }

    private static void writePart(Object part, Buffer view) {
        if (part instanceof Object[]) {
            for (Object each : (Object[]) part) {
                writePart(each, view);
            }
        } else if (part instanceof float[]) {
            ((FloatBuffer) view).put((float[]) part);
        } else if (part instanceof int[]) {
            ((IntBuffer) view).put((int[]) part);
        } else if (part instanceof long[]) {
            ((LongBuffer) view).put((long[]) part);
        } else if (part instanceof short[]) {
            ((ShortBuffer) view).put((short[]) part);
        } else if (part instanceof double[]) {
            ((DoubleBuffer) view).put((double[]) part);
        } else if (part instanceof byte[]) {
            ((ByteBuffer) view).put((byte[]) part);
        } else {
            for (boolean each : (boolean[]) part) {
                ((ByteBuffer) view).put((byte) (each ? 1 : 0));
            }
        }
    }

    private static void readPart(Object part, Buffer view) {
        if (part instanceof Object[]) {
            for (Object each : (Object[]) part) {
                readPart(each, view);
            }
        } else if (part instanceof float[]) {
            ((FloatBuffer) view).get((float[]) part);
        } else if (part instanceof int[]) {
            ((IntBuffer) view).get((int[]) part);
        } else if (part instanceof long[]) {
            ((LongBuffer) view).get((long[]) part);
        } else if (part instanceof short[]) {
            ((ShortBuffer) view).get((short[]) part);
        } else if (part instanceof double[]) {
            ((DoubleBuffer) view).get((double[]) part);
        } else if (part instanceof byte[]) {
            ((ByteBuffer) view).get((byte[]) part);
        } else {
            boolean[] flags = (boolean[]) part;
            for (int i = 0; i < flags.length; i++) {
                flags[i] = ((ByteBuffer) view).get() != 0;
            }
        }
    }

    private static Buffer view(ByteBuffer bytes, DataType type) {
        switch (type) {
            case FLOAT32:
                return bytes.asFloatBuffer();
            case INT32:
                return bytes.asIntBuffer();
            case INT64:
                return bytes.asLongBuffer();
            case INT16:
                return bytes.asShortBuffer();
            case FLOAT64:
                return bytes.asDoubleBuffer();
            default:
                return bytes;
        }
    }

    /** All of the memory; a duplicate forgets the order of its bytes. */
    private static ByteBuffer bytesOf(ByteBuffer memory) {
        return whole(memory.duplicate()).order(ByteOrder.nativeOrder());
    }

    /**
     * A buffer from its start to its end. Buffers of Java 8 and of older Androids have
     * no such methods that give their own class: compilers must see one of Buffer.
     */
    static <T extends Buffer> T whole(T buffer) {
        buffer.clear();
        return buffer;
    }
}
