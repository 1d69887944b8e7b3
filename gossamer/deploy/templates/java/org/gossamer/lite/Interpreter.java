package org.gossamer.lite;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Runs a model that was compiled ahead of time, by the names of TensorFlow Lite.
 *
 * <p>The bytes of a model tell which of the compiled ones is meant. An interpreter has
 * memory of its own; several may run in several threads at once. Calls of one
 * interpreter wait for each other. An interpreter that is not closed is collected like
 * any object.
 *
 * <pre>{@code
 * try (Interpreter interpreter = new Interpreter(new File("digits.tflite"))) {
 *     interpreter.run(pixels, scores);
 * }
 * }</pre>
 */
public final class Interpreter implements InterpreterApi {

    /** See {@link InterpreterApi.Options}. */
    public static class Options extends InterpreterApi.Options {
        public Options() {}

        public Options(InterpreterApi.Options other) {
            super(other == null ? new InterpreterApi.Options() : other);
        }

        @Override
        public Options setNumThreads(int numThreads) {
            super.setNumThreads(numThreads);
            return this;
        }

        @Override
        public Options setUseNNAPI(boolean use) {
            super.setUseNNAPI(use);
            return this;
        }

        @Override
        public Options setCancellable(boolean allow) {
            super.setCancellable(allow);
            return this;
        }

        @Override
        public Options setUseXNNPACK(boolean use) {
            super.setUseXNNPACK(use);
            return this;
        }

        @Override
        public Options setRuntime(TfLiteRuntime from) {
            super.setRuntime(from);
            return this;
        }

        @Override
        public Options addDelegate(Delegate delegate) {
            super.addDelegate(delegate);
            return this;
        }

        /** No effect: numbers are those of the model. */
        public Options setAllowFp16PrecisionForFp32(boolean allow) {
            return this;
        }

        /** No effect: zero points are part of the machine code. */
        public Options setCompressQuantizationZeroPoints(boolean compress) {
            return this;
        }

        /** No effect: outputs have no handles. */
        public Options setAllowBufferHandleOutput(boolean allow) {
            return this;
        }
    }

    private final boolean cancellable;
    private final List<Signature> signatures;
    private Network network;
    private volatile boolean cancelled;

    /**
     * @param modelFile the `.tflite` file that was compiled
     * @throws IllegalArgumentException there is no such file, or it holds another model
     */
    public Interpreter(File modelFile) {
        this(modelFile, null);
    }

    /** The same, with options. */
    public Interpreter(File modelFile, Options options) {
        this(Models.find(modelFile), options);
    }

    /**
     * @param model the bytes of the `.tflite` file that was compiled: a mapped file, or
     *     a direct buffer
     * @throws IllegalArgumentException the buffer is another one, or holds another
     *     model
     */
    public Interpreter(ByteBuffer model) {
        this(model, null);
    }

    /** The same, with options. */
    public Interpreter(ByteBuffer model, Options options) {
        this(Models.find(model), options);
    }

    private Interpreter(CompiledModel model, Options options) {
        NativeLibrary.load(model);
        network = new Network(model);
        signatures = Arrays.asList(model.signatures());
        cancellable = options != null && options.isCancellable();
    }

    /** The model that was compiled, without its file, where there is one only. */
    public static Interpreter builtIn() {
        return builtIn(null);
    }

    /**
     * A model that was compiled, by the name that it was built with.
     *
     * @throws IllegalArgumentException there is none of that name
     */
    public static Interpreter builtIn(String name) {
        return new Interpreter(Models.named(name), null);
    }

    @Override
    public void run(Object input, Object output) {
        runForMultipleInputsOutputs(
                new Object[] {input}, Collections.singletonMap(0, output));
    }

    @Override
    public synchronized void runForMultipleInputsOutputs(
            Object[] inputs, Map<Integer, Object> outputs) {
        Network running = network();
        running.forgetDuration();
        if (inputs == null || inputs.length == 0) {
            throw new IllegalArgumentException(
                    "Input error: Inputs should not be null or empty.");
        }
        checkOutputs(outputs);
        if (cancelled) {
            throw new IllegalArgumentException(
                    "Internal error: Failed to run on the given Interpreter: Client"
                            + " requested cancel during Invoke()");
        }
        running.run(inputs, outputs);
    }

    private static void checkOutputs(Map<?, Object> outputs) {
        if (outputs == null) {
            throw new IllegalArgumentException(
                    "Input error: Outputs should not be null.");
        }
    }

    /** Runs the model by the names of its only signature. */
    public void runSignature(Map<String, Object> inputs, Map<String, Object> outputs) {
        runSignature(inputs, outputs, null);
    }

    /**
     * Runs the model by the names of a signature.
     *
     * @param inputs a value for each input of the signature
     * @param outputs what takes the outputs; some may be left out
     * @param signatureKey null for the only signature
     * @throws IllegalArgumentException as by {@link #run}, or a name is unknown
     */
    public void runSignature(
            Map<String, Object> inputs,
            Map<String, Object> outputs,
            String signatureKey) {
        network();
        if (inputs == null || inputs.isEmpty()) {
            throw new IllegalArgumentException(
                    "Input error: Inputs should not be null or empty.");
        }
        checkOutputs(outputs);
        Signature signature = Signature.find(signatures, signatureKey);
        runForMultipleInputsOutputs(
                signature.inputs(inputs, getInputTensorCount()),
                signature.outputs(outputs));
    }

    @Override
    public void allocateTensors() {
        network();
    }

    @Override
    public void resizeInput(int index, int[] sizes) {
        resizeInput(index, sizes, false);
    }

    @Override
    public void resizeInput(int index, int[] sizes, boolean strict) {
        NetworkTensor[] inputs = network().inputs;
        if (index < 0 || index >= inputs.length) {
            throw Wrong.argument(
                    "Input error: Can not resize %d-th input for a model having %d"
                            + " inputs.",
                    index, inputs.length);
        }
        inputs[index].checkResize(index, sizes, strict);
    }

    @Override
    public int getInputTensorCount() {
        return network().inputs.length;
    }

    @Override
    public int getInputIndex(String name) {
        return Network.indexOf("input", name, network().inputs);
    }

    @Override
    public Tensor getInputTensor(int index) {
        return network().input(index);
    }

    @Override
    public int getOutputTensorCount() {
        return network().outputs.length;
    }

    @Override
    public int getOutputIndex(String name) {
        return Network.indexOf("output", name, network().outputs);
    }

    @Override
    public Tensor getOutputTensor(int index) {
        return network().output(index);
    }

    /** An input by its name in a signature; the only one if the key is null. */
    public Tensor getInputTensorFromSignature(String name, String signatureKey) {
        return network().input(Signature.find(signatures, signatureKey).input(name));
    }

    /** An output by its name in a signature; the only one if the key is null. */
    public Tensor getOutputTensorFromSignature(String name, String signatureKey) {
        return network().output(Signature.find(signatures, signatureKey).output(name));
    }

    /** What the signatures are called. */
    public String[] getSignatureKeys() {
        network();
        List<String> keys = new ArrayList<>();
        for (Signature each : signatures) {
            keys.add(each.key);
        }
        return keys.toArray(new String[0]);
    }

    /** The names of a signature's inputs. */
    public String[] getSignatureInputs(String signatureKey) {
        network();
        return Signature.find(signatures, signatureKey).inputs.toArray(new String[0]);
    }

    /** The names of a signature's outputs. */
    public String[] getSignatureOutputs(String signatureKey) {
        network();
        return Signature.find(signatures, signatureKey).outputs.toArray(new String[0]);
    }

    /** Forgets what a streaming model has seen. */
    public synchronized void resetVariableTensors() {
        network().reset();
    }

    /**
     * Makes runs fail until it is called with false. A run that has begun is not
     * stopped: it is one call of machine code.
     *
     * @throws IllegalStateException the options did not ask for it
     */
    public void setCancelled(boolean stop) {
        if (!cancellable) {
            throw new IllegalStateException(
                    "Cannot cancel the inference. Have you called"
                            + " InterpreterApi.Options.setCancellable?");
        }
        cancelled = stop;
    }

    @Override
    public Long getLastNativeInferenceDurationNanoseconds() {
        return network().duration();
    }

    /** Lets go of the network's memory; every other method then fails. */
    @Override
    public synchronized void close() {
        network = null;
    }

    private synchronized Network network() {
        if (network == null) {
            throw new IllegalStateException(
                    "Internal error: The Interpreter has already been closed.");
        }
        return network;
    }
}
