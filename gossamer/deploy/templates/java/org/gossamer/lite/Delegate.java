package org.gossamer.lite;

/** What would run parts of a model elsewhere: compiled networks have no use for it. */
public interface Delegate {
    long getNativeHandle();
}
