/* Invokes a network INVOCATIONS times. Runs on boards, too, without a C library. */

#include "inputs.h"

int main(void)
{
    if (model_init(&network, sizeof network) != MODEL_OK)
        return 1;
    FILLS
    for (int i = 0; i < INVOCATIONS; i++)
        if (model_invoke(&network) != MODEL_OK)
            return 2;
    return 0;
}
