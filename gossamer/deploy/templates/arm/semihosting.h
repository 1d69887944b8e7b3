/* Files and text of the computer that a debugger or an emulator runs on. */

#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

static inline intptr_t semihosting_call(intptr_t number, const void *arguments)
{
    register intptr_t r0 __asm("r0") = number;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

#include "semihosting_calls.h"

#endif
