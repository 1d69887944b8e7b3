package org.gossamer.lite;

import java.util.Locale;

/** Makes the exceptions that tell a caller what did not fit. */
final class Wrong {
    private Wrong() {}

    /** With a text in the form of {@link String#format}. */
    static IllegalArgumentException argument(String text, Object... values) {
        return new IllegalArgumentException(String.format(Locale.ROOT, text, values));
    }
}
