package org.gossamer.lite;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Loads the machine code of models, each once in a process. */
final class NativeLibrary {
    private static final Set<String> LOADED = new HashSet<>();

    private NativeLibrary() {}

    /** @throws IllegalStateException there is none for this computer */
    static synchronized void load(CompiledModel model) {
        if (LOADED.contains(model.name())) {
            return;
        }
        if (isAndroid()) {
            System.loadLibrary(model.name() + "_jni");
        } else {
            loadResource(model);
        }
        LOADED.add(model.name());
    }

    private static boolean isAndroid() {
        return "Dalvik".equals(System.getProperty("java.vm.name"));
    }

    private static void loadResource(CompiledModel model) {
        String file = model.name() + "/" + platform() + ".so";
        try (InputStream code = model.getClass().getResourceAsStream(file)) {
            if (code == null) {
                throw new IllegalStateException(
                        "Internal error: '" + model.name() + "' has no machine code"
                                + " for " + platform() + ", only for linux-x86_64;"
                                + " build it where jni.h and a C compiler are found");
            }
            loadCopy(code);
        } catch (IOException | UnsatisfiedLinkError error) {
            throw new IllegalStateException(
                    "Internal error: cannot load the machine code of '" + model.name()
                            + "' from " + System.getProperty("java.io.tmpdir") + ": "
                            + error.getMessage() + ". -Djava.io.tmpdir=... names a"
                            + " folder that may hold programs",
                    error);
        }
    }

    /** A library is loaded from a file only; once it is, the file's name may go. */
    private static void loadCopy(InputStream code) throws IOException {
        Path folder = Files.createTempDirectory("gossamer");
        Path file = folder.resolve("network.so");
        try {
            Files.copy(code, file);
            System.load(file.toAbsolutePath().toString());
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }

    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String machine = System.getProperty("os.arch");
        String name = machine.equals("amd64") ? "x86_64" : machine;
        return system.split(" ")[0] + "-" + name;
    }
}
