/* Calls of Java on @NAME@, compiled by Gossamer. Do not edit. */

#include <jni.h>
#include <stdint.h>

#include "@NAME@.h"

/* Java has no aligned memory: its block is longer, and the network begins inside. */
static @NAME@_context *network(JNIEnv *env, jobject memory)
{
    uintptr_t address = (uintptr_t)(*env)->GetDirectBufferAddress(env, memory);
    uintptr_t rest = address % @MACRO@_ALIGNMENT;
    return (@NAME@_context *)(rest ? address + @MACRO@_ALIGNMENT - rest : address);
}

/* Bytes from the block's start to a tensor; -1 if it is not in there. */
static jint place(JNIEnv *env, jobject memory, const void *tensor)
{
    uintptr_t start = (uintptr_t)(*env)->GetDirectBufferAddress(env, memory);
    uintptr_t end = (uintptr_t)network(env, memory) + @MACRO@_BYTES;
    uintptr_t address = (uintptr_t)tensor;
    return address >= start && address < end ? (jint)(address - start) : -1;
}

JNIEXPORT jint JNICALL @PREFIX@_memoryBytes(JNIEnv *env, jobject self)
{
    (void)env, (void)self;
    return @MACRO@_BYTES + @MACRO@_ALIGNMENT - 1;
}

JNIEXPORT jint JNICALL @PREFIX@_init(JNIEnv *env, jobject self, jobject memory)
{
    (void)self;
    return @NAME@_init(network(env, memory), @MACRO@_BYTES);
}

JNIEXPORT jint JNICALL @PREFIX@_invoke(JNIEnv *env, jobject self, jobject memory)
{
    (void)self;
    return @NAME@_invoke(network(env, memory));
}

JNIEXPORT jint JNICALL
@PREFIX@_inputPlace(JNIEnv *env, jobject self, jobject memory, jint index)
{
    (void)self;
    return place(env, memory, @NAME@_input(network(env, memory), index));
}

JNIEXPORT jint JNICALL
@PREFIX@_outputPlace(JNIEnv *env, jobject self, jobject memory, jint index)
{
    (void)self;
    return place(env, memory, @NAME@_output(network(env, memory), index));
}

JNIEXPORT jobject JNICALL
@PREFIX@_constant(JNIEnv *env, jobject self, jobject memory, jint index, jint bytes)
{
    (void)self;
    void *output = (void *)(uintptr_t)@NAME@_output(network(env, memory), index);
    return (*env)->NewDirectByteBuffer(env, output, bytes);
}
