/* What runs before main: memory is set up, the floating-point unit is switched on. */

#include <stdint.h>

#include "semihosting.h"

extern uint32_t data_source[], data_start[], data_end[], bss_start[], bss_end[];
extern uint32_t stack_top[];

int main(void);

static void fail(void)
{
    semihosting_write("the processor stopped at a fault\n");
    semihosting_exit(1);
}

void reset(void)
{
    uint32_t *from = data_source;
    for (uint32_t *to = data_start; to < data_end; to++)
        *to = *from++;
    for (uint32_t *to = bss_start; to < bss_end; to++)
        *to = 0;
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* CPACR: coprocessors 10, 11 */
    __asm volatile("dsb\n isb");
    semihosting_exit(main());
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (void *)reset, (void *)fail, (void *)fail,
    (void *)fail, (void *)fail, (void *)fail,
};
