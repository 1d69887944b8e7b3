package org.gossamer.lite;

import java.nio.ByteBuffer;

/** An input or an output of a network. */
public interface Tensor {

    /** How integers stand for real numbers: real = scale * (integer - zeroPoint). */
    class QuantizationParams {
        private final float scale;
        private final int zeroPoint;

        public QuantizationParams(float scale, int zeroPoint) {
            this.scale = scale;
            this.zeroPoint = zeroPoint;
        }

        /** 0 where the tensor is not quantized. */
        public float getScale() {
            return scale;
        }

        public int getZeroPoint() {
            return zeroPoint;
        }
    }

    DataType dataType();

    /** The number of sizes in {@link #shape()}; 0 of a scalar. */
    int numDimensions();

    int numBytes();

    int numElements();

    /** The sizes, which compiled code has fixed. */
    int[] shape();

    /** The sizes in the model, with -1 for those that it leaves open. */
    int[] shapeSignature();

    /** The tensor's number in the model. */
    int index();

    String name();

    QuantizationParams quantizationParams();

    /** The tensor's memory, in native order; the network's next run changes it. */
    ByteBuffer asReadOnlyBuffer();
}
