package org.gossamer.lite;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A model as machine code; `gossamer build` writes a subclass for each.
 *
 * <p>Its methods work on a block of memory that is given each time, and on nothing
 * else: each block is a network of its own.
 */
public abstract class CompiledModel {
    /** What the model is called. */
    public abstract String name();

    /** SHA-256 of the .tflite file, in hexadecimal. */
    public abstract String digest();

    /** In the model's order. */
    public abstract Port[] inputs();

    /** In the model's order. */
    public abstract Port[] outputs();

    /** Those whose inputs and outputs are the network's. */
    public abstract Signature[] signatures();

    /** What the codes from 2 on mean that {@link #invoke} gives. */
    public abstract String[] errors();

    /** Bytes of the block, with those that aligning it may take. */
    protected abstract int memoryBytes();

    /**
     * Make the memory a network, or forget what the network has seen; 0 if it could.
     */
    protected abstract int init(ByteBuffer memory);

    /** Compute the outputs from the inputs; 0 if that went well. */
    protected abstract int invoke(ByteBuffer memory);

    /** Where an input begins in the block. */
    protected abstract int inputPlace(ByteBuffer memory, int index);

    /** Where an output begins in the block; -1 if it lies elsewhere, being constant. */
    protected abstract int outputPlace(ByteBuffer memory, int index);

    /** The bytes of a constant output. */
    protected abstract ByteBuffer constant(ByteBuffer memory, int index, int bytes);

    /** All models that the class path has, in an order that does not change. */
    static List<CompiledModel> all() {
        List<CompiledModel> found = new ArrayList<>();
        ClassLoader loader = CompiledModel.class.getClassLoader();
        for (CompiledModel each : ServiceLoader.load(CompiledModel.class, loader)) {
            found.add(each);
        }
        Collections.sort(found, (one, other) -> one.name().compareTo(other.name()));
        return found;
    }

    static List<String> names(List<CompiledModel> models) {
        List<String> names = new ArrayList<>();
        for (CompiledModel each : models) {
            names.add(each.name());
        }
        return names;
    }
}
