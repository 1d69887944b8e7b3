/* Files and text of the computer that a debugger or an emulator runs on. */

#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

static inline intptr_t semihosting_call(intptr_t number, const void *arguments)
{
    register intptr_t a0 __asm("a0") = number;
    register const void *a1 __asm("a1") = arguments;
    __asm volatile(".balign 16\n"
                   ".option push\n"
                   ".option norvc\n"
                   "slli x0, x0, 0x1f\n"
                   "ebreak\n"
                   "srai x0, x0, 7\n"
                   ".option pop\n"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
    return a0;
}

#include "semihosting_calls.h"

#endif
