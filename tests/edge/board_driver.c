/* Reads the inputs of all steps from input.bin, and prints the outputs of each in
 * hexadecimal: a network of one input and one output, on a board. */

#include "model.h"
#include "semihosting.h"

static model_context network;

static void show(const unsigned char *from, size_t bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (; bytes--; from++) {
        const char text[3] = {digits[*from >> 4], digits[*from & 15], 0};
        semihosting_write(text);
    }
}

int main(void)
{
    static unsigned char given[STEPS][INPUT_BYTES];
    if (model_init(&network, sizeof network) != MODEL_OK)
        return 1;
    if (!semihosting_read("input.bin", given, sizeof given))
        return 2;
    for (int step = 0; step < STEPS; step++) {
        unsigned char *to = model_input(&network, 0);
        for (size_t i = 0; i < INPUT_BYTES; i++)
            to[i] = given[step][i];
        if (model_invoke(&network) != MODEL_OK)
            return 3;
        show(model_output(&network, 0), MODEL_OUTPUT_0_BYTES);
    }
    return 0;
}
