package org.gossamer.lite;

/** What a compiled model tells of one of its inputs or outputs. */
public final class Port {
    final String name;
    final DataType type;
    final int[] shape;
    final int[] signature;
    final int index;
    final Tensor.QuantizationParams quantization;

    /**
     * @param name the tensor's name in the model
     * @param type of its elements
     * @param shape its sizes
     * @param signature the same, with -1 for sizes that the model leaves open
     * @param index the tensor's number in the model
     * @param scale of its quantization; 0 where it has none
     * @param zeroPoint likewise
     */
    public Port(
            String name,
            DataType type,
            int[] shape,
            int[] signature,
            int index,
            float scale,
            int zeroPoint) {
        this.name = name;
        this.type = type;
        this.shape = shape;
        this.signature = signature;
        this.index = index;
        this.quantization = new Tensor.QuantizationParams(scale, zeroPoint);
    }

    int count() {
        int total = 1;
        for (int size : shape) {
            total *= size;
        }
        return total;
    }
}
