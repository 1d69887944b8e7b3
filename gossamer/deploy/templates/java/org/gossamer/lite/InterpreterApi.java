package org.gossamer.lite;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.Map;

/** A network as programs see it. {@link Interpreter} is the only one. */
public interface InterpreterApi extends AutoCloseable {

    /**
     * How to run: kept and given back, so that programs need not change.
     *
     * <p>Only {@link #setCancellable} has an effect. A compiled network runs in the
     * thread that calls it, on the processor, in the numbers of the model.
     */
    class Options {
        /** Where TensorFlow Lite would come from. */
        public enum TfLiteRuntime {
            FROM_APPLICATION_ONLY,
            FROM_SYSTEM_ONLY,
            PREFER_SYSTEM_OVER_APPLICATION
        }

        private int threads = -1;
        private boolean neuralNetworksApi;
        private boolean cancellable;
        private boolean xnnpack = true;
        private TfLiteRuntime runtime = TfLiteRuntime.FROM_APPLICATION_ONLY;

        public Options() {}

        public Options(Options other) {
            threads = other.threads;
            neuralNetworksApi = other.neuralNetworksApi;
            cancellable = other.cancellable;
            xnnpack = other.xnnpack;
            runtime = other.runtime;
        }

        /** No effect: a network runs in the thread that calls it. */
        public Options setNumThreads(int numThreads) {
            if (numThreads < -1) {
                throw new IllegalArgumentException(
                        "numThreads should be >= -1, not " + numThreads);
            }
            threads = numThreads;
            return this;
        }

        public int getNumThreads() {
            return threads;
        }

        /** No effect. */
        public Options setUseNNAPI(boolean use) {
            neuralNetworksApi = use;
            return this;
        }

        public boolean getUseNNAPI() {
            return neuralNetworksApi;
        }

        /** Lets {@link Interpreter#setCancelled} be called. */
        public Options setCancellable(boolean allow) {
            cancellable = allow;
            return this;
        }

        public boolean isCancellable() {
            return cancellable;
        }

        /** No effect. */
        public Options setUseXNNPACK(boolean use) {
            xnnpack = use;
            return this;
        }

        public boolean getUseXNNPACK() {
            return xnnpack;
        }

        /** No effect: the machine code is the application's own. */
        public Options setRuntime(TfLiteRuntime from) {
            runtime = from;
            return this;
        }

        public TfLiteRuntime getRuntime() {
            return runtime;
        }

        /** @throws IllegalArgumentException always: nothing is left to delegate */
        public Options addDelegate(Delegate delegate) {
            throw new IllegalArgumentException(
                    "A compiled network runs as machine code of its own and takes no"
                            + " delegates; leave addDelegate out.");
        }
    }

    /** See {@link Interpreter#Interpreter(File, Interpreter.Options)}. */
    static InterpreterApi create(File model, Options options) {
        return new Interpreter(model, new Interpreter.Options(options));
    }

    /** See {@link Interpreter#Interpreter(ByteBuffer, Interpreter.Options)}. */
    static InterpreterApi create(ByteBuffer model, Options options) {
        return new Interpreter(model, new Interpreter.Options(options));
    }

    /**
     * Runs a network of one input and one output.
     *
     * @param input an array of any rank, a Buffer or, for one element, a boxed number.
     *     An array may have the input's dimensions joined or split, such as [1][784]
     *     for [1, 28, 28]; a ByteBuffer holds elements of any type in native order
     * @param output an array of the output's shape, or a Buffer, which is written from
     *     its position on; null if the output is not of interest
     * @throws IllegalArgumentException a type, a shape or a number of bytes does not
     *     fit, or the network found an index in its input that leads out of a tensor
     */
    void run(Object input, Object output);

    /**
     * Runs a network.
     *
     * @param inputs a value for each input, in the model's order
     * @param outputs what takes the outputs, by their numbers; those left out are
     *     computed and can be read by {@link Tensor#asReadOnlyBuffer}
     */
    void runForMultipleInputsOutputs(Object[] inputs, Map<Integer, Object> outputs);

    /** Does nothing: memory is allocated from the start. */
    void allocateTensors();

    /** @throws IllegalArgumentException the sizes are not those that were compiled */
    void resizeInput(int index, int[] sizes);

    /** The same; where strict, the text says which sizes the model leaves open. */
    void resizeInput(int index, int[] sizes, boolean strict);

    int getInputTensorCount();

    /** The number of the input of that name. */
    int getInputIndex(String name);

    Tensor getInputTensor(int index);

    int getOutputTensorCount();

    /** The number of the output of that name. */
    int getOutputIndex(String name);

    Tensor getOutputTensor(int index);

    /**
     * How long the last run took without copies; null if there was none, or it failed.
     */
    Long getLastNativeInferenceDurationNanoseconds();

    @Override
    void close();
}
