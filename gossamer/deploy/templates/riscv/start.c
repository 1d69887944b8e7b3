/* What runs before main: a stack, and memory is set up. */

#include <stdint.h>

#include "semihosting.h"

extern uint32_t bss_start[], bss_end[];

int main(void);

__attribute__((used)) static void begin(void)
{
    for (uint32_t *to = bss_start; to < bss_end; to++)
        *to = 0;
    semihosting_exit(main());
}

__attribute__((section(".vectors"), naked, used)) void reset(void)
{
    __asm volatile("la sp, stack_top\n"
                   "j begin\n");
}
