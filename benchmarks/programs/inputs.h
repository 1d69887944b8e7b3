/* Values that look random, for the inputs of a network in `network`.
 *
 * FILLS says which inputs there are: FILL(0) FILL(1) ... Floats lie in [0, 1), integers
 * are any that have 8 bits. */

#include "model.h"

static model_context network;

static uint32_t drawn(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return state >> 24;
}

#define VALUE(type) \
    _Generic((type), float: drawn() / 256.0f, double: drawn() / 256.0, default: drawn())
#define FILL(i)                                          \
    for (size_t k = 0; k < MODEL_INPUT_##i##_COUNT; k++) \
        model_input_##i(&network)[k] = VALUE(*model_input_##i(&network));
