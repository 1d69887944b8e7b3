package org.gossamer.lite;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A compiled model with memory of its own, which the garbage collector takes care of.
 */
final class Network {
    private static final int FIRST_ERROR = 2;

    final NetworkTensor[] inputs;
    final NetworkTensor[] outputs;
    private final CompiledModel model;
    private final ByteBuffer memory;
    private volatile long nanoseconds = -1;

    Network(CompiledModel model) {
        this.model = model;
        memory = ByteBuffer.allocateDirect(model.memoryBytes());
        reset();
        Port[] given = model.inputs();
        inputs = new NetworkTensor[given.length];
        for (int i = 0; i < given.length; i++) {
            inputs[i] = tensor(given[i], model.inputPlace(memory, i));
        }
        Port[] made = model.outputs();
        outputs = new NetworkTensor[made.length];
        for (int i = 0; i < made.length; i++) {
            int place = model.outputPlace(memory, i);
            outputs[i] = place < 0 ? constant(made[i], i) : tensor(made[i], place);
        }
    }

    private NetworkTensor tensor(Port port, int place) {
        ByteBuffer part = memory.duplicate();
        Buffer bounds = part;
        bounds.position(place);
        bounds.limit(place + port.count() * port.type.byteSize());
        return new NetworkTensor(port, part.slice().order(ByteOrder.nativeOrder()));
    }

    private NetworkTensor constant(Port port, int index) {
        int bytes = port.count() * port.type.byteSize();
        return new NetworkTensor(port, model.constant(memory, index, bytes));
    }

    void reset() {
        int error = model.init(memory);
        if (error != 0) {
            throw new IllegalStateException(
                    "Internal error: the memory of '" + model.name() + "' was refused ("
                            + error + ")");
        }
    }

    void forgetDuration() {
        nanoseconds = -1;
    }

    /** Of the last run; null if there was none, or it failed. */
    Long duration() {
        long taken = nanoseconds;
        return taken < 0 ? null : taken;
    }

    /** Checks everything first, so that what fails has changed nothing. */
    void run(Object[] values, Map<Integer, Object> results) {
        for (int i = 0; i < values.length; i++) {
            input(i).checkInput(values[i]);
        }
        if (values.length < inputs.length) {
            throw Wrong.argument(
                    "Input error: the model has %d inputs, %s, and %d were given.",
                    inputs.length, names(inputs), values.length);
        }
        for (Map.Entry<Integer, Object> each : results.entrySet()) {
            if (each.getValue() != null) {
                output(each.getKey()).checkOutput(each.getValue());
            }
        }
        for (int i = 0; i < values.length; i++) {
            inputs[i].set(values[i]);
        }
        invoke();
        for (Map.Entry<Integer, Object> each : results.entrySet()) {
            if (each.getValue() != null) {
                outputs[each.getKey()].copyTo(each.getValue());
            }
        }
    }

    private void invoke() {
        long start = System.nanoTime();
        int error = model.invoke(memory);
        long taken = System.nanoTime() - start;
        if (error != 0) {
            throw Wrong.argument(
                    "Internal error: Failed to run on the given Interpreter: %s",
                    meaning(error));
        }
        nanoseconds = taken;
    }

    private String meaning(int error) {
        String[] texts = model.errors();
        int known = error - FIRST_ERROR;
        boolean isKnown = known >= 0 && known < texts.length;
        return isKnown ? texts[known] : "error " + error;
    }

    NetworkTensor input(int index) {
        return at("input", inputs, index);
    }

    NetworkTensor output(int index) {
        return at("output", outputs, index);
    }

    private static NetworkTensor at(String which, NetworkTensor[] tensors, int index) {
        if (index < 0 || index >= tensors.length) {
            throw new IllegalArgumentException(
                    "Invalid " + which + " Tensor index: " + index + ". The model has "
                            + tensors.length + ".");
        }
        return tensors[index];
    }

    static int indexOf(String which, String name, NetworkTensor[] tensors) {
        for (int i = 0; i < tensors.length; i++) {
            if (tensors[i].name().equals(name)) {
                return i;
            }
        }
        throw Wrong.argument(
                "Input error: '%s' is not a valid name for any %s. Names of %ss are %s",
                name, which, which, names(tensors));
    }

    private static List<String> names(NetworkTensor[] tensors) {
        List<String> names = new ArrayList<>();
        for (NetworkTensor each : tensors) {
            names.add(each.name());
        }
        return names;
    }
}
