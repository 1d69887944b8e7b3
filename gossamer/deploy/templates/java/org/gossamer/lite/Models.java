package org.gossamer.lite;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/** Finds the compiled model that belongs to the bytes of a `.tflite` file. */
final class Models {
    private static final int MARK = 4;

    private Models() {}

    /**
     * @throws IllegalArgumentException the file is no model, or not one compiled here
     */
    static CompiledModel find(File file) {
        try (RandomAccessFile open = new RandomAccessFile(file, "r")) {
            FileChannel channel = open.getChannel();
            ByteBuffer bytes =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            return find(
                    bytes,
                    "Contents of " + file + " does not encode a valid TensorFlow Lite"
                            + " model",
                    file.toString());
        } catch (IOException error) {
            throw new IllegalArgumentException(
                    "Could not open '" + file + "'. The model allocation is"
                            + " null/empty: " + error.getMessage(),
                    error);
        }
    }

    /**
     * @throws IllegalArgumentException the bytes are no model, or not one compiled here
     */
    static CompiledModel find(ByteBuffer buffer) {
        if (buffer == null || !buffer.isDirect()) {
            throw new IllegalArgumentException(
                    "Model ByteBuffer should be either a MappedByteBuffer of the"
                            + " model file, or a direct ByteBuffer using"
                            + " ByteOrder.nativeOrder() which contains bytes of"
                            + " model content.");
        }
        return find(
                buffer,
                "ByteBuffer is not a valid TensorFlow Lite model flatbuffer",
                "the ByteBuffer");
    }

    private static CompiledModel find(ByteBuffer given, String invalid, String where) {
        ByteBuffer bytes = Values.whole(given.duplicate());
        if (!isModel(bytes)) {
            throw new IllegalArgumentException(invalid + ": it does not begin as one.");
        }
        String digest = digest(bytes);
        List<CompiledModel> models = CompiledModel.all();
        List<String> known = new ArrayList<>();
        for (CompiledModel each : models) {
            if (each.digest().equals(digest)) {
                return each;
            }
            known.add(each.name() + " from " + each.digest().substring(0, 12) + "...");
        }
        throw new IllegalArgumentException(
                "The model in " + where + " has the SHA-256 "
                        + digest.substring(0, 12) + "..., but was not compiled into"
                        + " this program, which has " + known + ". Run `gossamer"
                        + " build` on that file again, or take Interpreter.builtIn().");
    }

    private static boolean isModel(ByteBuffer bytes) {
        if (bytes.capacity() < 2 * MARK) {
            return false;
        }
        for (int i = 0; i < MARK; i++) {
            if (bytes.get(MARK + i) != "TFL3".charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static String digest(ByteBuffer bytes) {
        try {
            MessageDigest sum = MessageDigest.getInstance("SHA-256");
            sum.update(bytes);
            StringBuilder text = new StringBuilder();
            for (byte each : sum.digest()) {
                text.append(String.format("%02x", each));
            }
            return text.toString();
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException("every Java has SHA-256", error);
        }
    }

    /** The model of that name; the only one if the name is null. */
    static CompiledModel named(String name) {
        List<CompiledModel> models = CompiledModel.all();
        for (CompiledModel each : models) {
            if (each.name().equals(name)) {
                return each;
            }
        }
        if (name == null && models.size() == 1) {
            return models.get(0);
        }
        String what =
                name == null ? "one model alone" : "a model called '" + name + "'";
        throw new IllegalArgumentException(
                "This program was not built with " + what + "; it has "
                        + CompiledModel.names(models)
                        + ". Name one of them: Interpreter.builtIn(\"...\").");
    }
}
