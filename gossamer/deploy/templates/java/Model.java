package org.gossamer.lite.models;

import java.nio.ByteBuffer;
import org.gossamer.lite.CompiledModel;
import org.gossamer.lite.DataType;
import org.gossamer.lite.Port;
import org.gossamer.lite.Signature;

/** @NAME@, compiled by Gossamer. Do not edit. */
public final class @CLASS@ extends CompiledModel {
    @Override
    public String name() {
        return "@NAME@";
    }

    @Override
    public String digest() {
        return "@DIGEST@";
    }

    @Override
    public Port[] inputs() {
        return new Port[] {@INPUTS@};
    }

    @Override
    public Port[] outputs() {
        return new Port[] {@OUTPUTS@};
    }

    @Override
    public Signature[] signatures() {
        return new Signature[] {@SIGNATURES@};
    }

    @Override
    public String[] errors() {
        return new String[] {@ERRORS@};
    }

    @Override
    protected native int memoryBytes();

    @Override
    protected native int init(ByteBuffer memory);

    @Override
    protected native int invoke(ByteBuffer memory);

    @Override
    protected native int inputPlace(ByteBuffer memory, int index);

    @Override
    protected native int outputPlace(ByteBuffer memory, int index);

    @Override
    protected native ByteBuffer constant(ByteBuffer memory, int index, int bytes);
}
