package org.gossamer.lite;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Names by which a model's inputs and outputs are called. */
public final class Signature {
    final String key;
    final List<String> inputs;
    final List<String> outputs;
    private final int[] inputPorts;
    private final int[] outputPorts;

    /**
     * @param key what the signature is called
     * @param inputs names of inputs
     * @param inputPorts the number of the input that each of them is
     * @param outputs names of outputs
     * @param outputPorts likewise
     */
    public Signature(
            String key,
            String[] inputs,
            int[] inputPorts,
            String[] outputs,
            int[] outputPorts) {
        this.key = key;
        this.inputs = Arrays.asList(inputs);
        this.outputs = Arrays.asList(outputs);
        this.inputPorts = inputPorts;
        this.outputPorts = outputPorts;
    }

    /** Values by name as values by number, of which the model has `count`. */
    Object[] inputs(Map<String, Object> values, int count) {
        Object[] ordered = new Object[count];
        for (Map.Entry<String, Object> each : values.entrySet()) {
            ordered[input(each.getKey())] = each.getValue();
        }
        for (String name : inputs) {
            if (!values.containsKey(name)) {
                throw Wrong.argument(
                        "Input error: signature (%s) has inputs %s, and '%s' was not"
                                + " given.",
                        key, inputs, name);
            }
        }
        return ordered;
    }

    Map<Integer, Object> outputs(Map<String, Object> values) {
        Map<Integer, Object> numbered = new TreeMap<>();
        for (Map.Entry<String, Object> each : values.entrySet()) {
            numbered.put(output(each.getKey()), each.getValue());
        }
        return numbered;
    }

    int input(String name) {
        return port("input", name, inputs, inputPorts);
    }

    int output(String name) {
        return port("output", name, outputs, outputPorts);
    }

    private int port(String which, String name, List<String> names, int[] ports) {
        int position = names.indexOf(name);
        if (position < 0) {
            throw Wrong.argument(
                    "Invalid %s tensor name (%s) for signature (%s). It has %s.",
                    which, name, key, names);
        }
        return ports[position];
    }

    /** The one of that key; the only one if the key is null. */
    static Signature find(List<Signature> all, String key) {
        List<String> keys = new ArrayList<>();
        for (Signature each : all) {
            if (each.key.equals(key)) {
                return each;
            }
            keys.add(each.key);
        }
        if (key != null) {
            throw new IllegalArgumentException(
                    "Input error: unknown SignatureDef signatureKey '" + key
                            + "'. Available signatures: " + keys);
        }
        if (all.size() != 1) {
            throw new IllegalArgumentException(
                    "Input error: SignatureDef signatureKey should not be null. null is"
                            + " only allowed if the model has a single Signature."
                            + " Available signatures: " + keys);
        }
        return all.get(0);
    }
}
