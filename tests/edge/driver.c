/* Reads the inputs of one step after another, and writes the outputs of each. */

#include <stdio.h>

#include "model.h"

static model_context network;

int main(void)
{
    static const size_t given[] = {INPUT_SIZES}, made[] = {OUTPUT_SIZES};
    int error = model_init(&network, sizeof network);
    if (error != MODEL_OK)
        return error;
    for (;;) {
        for (int i = 0; i < MODEL_INPUTS; i++)
            if (fread(model_input(&network, i), given[i], 1, stdin) != 1)
                return 0;
        error = model_invoke(&network);
        if (error != MODEL_OK)
            return error;
        for (int i = 0; i < MODEL_OUTPUTS; i++)
            fwrite(model_output(&network, i), made[i], 1, stdout);
    }
}
