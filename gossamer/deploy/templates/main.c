/* Runs @NAME@ once, on the bytes of input.bin or on zeros, and prints the bytes of its
 * outputs in hexadecimal, a line for each. */

#include "@NAME@.h"
#include "semihosting.h"

static @NAME@_context network;

static void clear(void *to, size_t bytes)
{
    for (volatile unsigned char *p = to; bytes--; p++)
        *p = 0;
}

static void show(const void *from, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = from;
    for (; bytes--; p++) {
        const char text[3] = {digits[*p >> 4], digits[*p & 15], 0};
        semihosting_write(text);
    }
    semihosting_write("\n");
}

int main(void)
{
    static union {
        unsigned char bytes[@INPUT_BYTES@];
        uint64_t aligned;
    } given;
    if (@NAME@_init(&network, sizeof network) != @MACRO@_OK)
        return 1;
    if (!semihosting_read("input.bin", given.bytes, sizeof given.bytes))
        clear(given.bytes, sizeof given.bytes);
    const unsigned char *from = given.bytes;
    for (int i = 0; i < @MACRO@_INPUTS; i++) {
        static const size_t sizes[] = {@INPUT_SIZES@};
        unsigned char *to = @NAME@_input(&network, i);
        for (size_t k = 0; k < sizes[i]; k++)
            to[k] = *from++;
    }
    int error = @NAME@_invoke(&network);
    if (error != @MACRO@_OK) {
        semihosting_write("the network failed\n");
        return error;
    }
@SHOW@    return 0;
}
