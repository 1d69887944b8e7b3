/* Finds how much stack a network takes, on a board: paints what is below the stack,
 * invokes, and looks how far the paint is gone. Ends with a 32nd of these bytes. What is
 * NEAR belongs to main itself. */

#include "inputs.h"

enum { NEAR = 64, DEPTH = 8000, PAINT = 0xA5 };

static __attribute__((noinline)) int invoked(void)
{
    return model_invoke(&network);
}

int main(void)
{
    if (model_init(&network, sizeof network) != MODEL_OK)
        return 255;
    FILLS
    volatile unsigned char *top = __builtin_frame_address(0);
    for (int i = NEAR; i < DEPTH; i++)
        top[-i] = PAINT;
    if (invoked() != MODEL_OK)
        return 254;
    int depth = DEPTH;
    while (depth > NEAR && top[1 - depth] == PAINT)
        depth--;
    return (depth + 31) / 32;
}
