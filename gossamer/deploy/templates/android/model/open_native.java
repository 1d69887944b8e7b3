    /** The network as machine code, which needs no file. */
    public static @CLASS@ open(Context context) {
        return new @CLASS@(Interpreter.builtIn("@NAME@"));
    }

