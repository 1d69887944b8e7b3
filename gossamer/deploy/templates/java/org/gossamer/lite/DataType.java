package org.gossamer.lite;

/** What the elements of a tensor are. */
public enum DataType {
    FLOAT32(1, 4, "float"),
    INT32(2, 4, "int"),
    UINT8(3, 1, "byte"),
    INT64(4, 8, "long"),
    /** Of no compiled network; here because programs name it. */
    STRING(5, -1, "String"),
    /** A byte that is 0 or 1. */
    BOOL(6, 1, "boolean"),
    INT16(7, 2, "short"),
    INT8(9, 1, "byte"),
    /** Two bytes, for which Java has no type: in a ByteBuffer only. */
    FLOAT16(10, 2, ""),
    FLOAT64(11, 8, "double"),
    /** As a ByteBuffer only, like the types below. */
    UINT64(13, 8, ""),
    UINT32(16, 4, ""),
    UINT16(17, 2, ""),
    BFLOAT16(19, 2, "");

    private final int number;
    private final int bytes;
    private final String java;

    DataType(int number, int bytes, String java) {
        this.number = number;
        this.bytes = bytes;
        this.java = java;
    }

    /** Bytes of an element; -1 where they differ from one element to the next. */
    public int byteSize() {
        return bytes;
    }

    /** The type's number in TensorFlow Lite's C interface. */
    int c() {
        return number;
    }

    /** Whether arrays of a type of Java can hold the elements, bit for bit. */
    boolean isHeldBy(DataType other) {
        return this == other || (!java.isEmpty() && java.equals(other.java));
    }
}
