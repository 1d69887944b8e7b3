    /** The network from its file among the assets. */
    public static @CLASS@ open(Context context) {
        try (AssetFileDescriptor file = context.getAssets().openFd("@NAME@.tflite");
                FileInputStream stream =
                        new FileInputStream(file.getFileDescriptor())) {
            ByteBuffer model =
                    stream.getChannel()
                            .map(
                                    FileChannel.MapMode.READ_ONLY,
                                    file.getStartOffset(),
                                    file.getDeclaredLength());
            return new @CLASS@(new Interpreter(model, new Interpreter.Options()));
        } catch (IOException error) {
            throw new IllegalStateException(
                    "the asset @NAME@.tflite is missing",
                    error);
        }
    }

