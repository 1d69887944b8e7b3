"""The C header of a library, and a program that shows how it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.deploy.ports import Interface, Port

_HEADER = """\
/* {name}: a neural network for {target}, compiled by Gossamer. Do not edit.
 *
 *     static {name}_context network;
 *
 *     {name}_init(&network, sizeof network);
 *     memcpy({name}_input_0(&network), ..., {macro}_INPUT_0_BYTES);
 *     {name}_invoke(&network);
 *     ... {name}_output_0(&network) ...
 *
 * A context is all memory that a network needs, and all that its functions write; they
 * call nothing. Several contexts may be used in several threads at once, one context
 * in one at a time. Inputs stay as they are until they are set again unless another
 * tensor takes their place: set all of them before each call of {name}_invoke.
 */

#ifndef {macro}_H
#define {macro}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* Bytes of a context, and what its address must be a multiple of. */
#define {macro}_BYTES {memory_bytes}
#define {macro}_ALIGNMENT {alignment}

typedef struct {{
#if defined(__cplusplus)
    alignas({alignment}) unsigned char memory[{memory_bytes}];
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
    _Alignas({alignment}) unsigned char memory[{memory_bytes}];
#else
    unsigned char memory[{memory_bytes}] __attribute__((aligned({alignment})));
#endif
}} {name}_context;

/* What {name}_init and {name}_invoke return. */
enum {{
    {macro}_OK = 0,
    {macro}_BAD_MEMORY = 1, /* too few bytes, or not aligned */
{errors}}};

/* Make the memory a network, whose variables are as at the start. Call it again to
 * forget what the network has seen. */
int {name}_init({name}_context *context, size_t bytes);

/* Compute the outputs from the inputs. */
int {name}_invoke({name}_context *context);

/* Where an input or an output lies, by its number; NULL if there is none. */
void *{name}_input({name}_context *context, int index);
const void *{name}_output({name}_context *context, int index);

/* All of this as JSON. */
const char *{name}_describe(void);

#define {macro}_INPUTS {inputs}
#define {macro}_OUTPUTS {outputs}
{ports}
#ifdef __cplusplus
}}
#endif

#endif
"""

_PORT = """\

/* {title} {index}: '{key}', {dtype} {shape}{quantized} */
#define {macro}_COUNT {count}
#define {macro}_BYTES {nbytes}
{scale}static inline {const}{type} *{name}({prefix}_context *context)
{{
    return ({const}{type} *){function}(context, {index});
}}
"""

_SCALE = """\
#define {macro}_SCALE {scale!r}f
#define {macro}_ZERO_POINT {zero_point}
"""

_EXAMPLE = """\
/* Runs {name} once on zeros, or on the bytes of a file, and prints what it gives. */

#include <stdio.h>
#include <string.h>

#include "{name}.h"

static {name}_context network;

int main(int count, char **words)
{{
    int error = {name}_init(&network, sizeof network);
    if (error != {macro}_OK)
        return error;
{clear}    if (count > 1) {{
        FILE *file = fopen(words[1], "rb");
        if (file == NULL || {read}) {{
            fprintf(stderr, "%s has not the bytes of the inputs\\n", words[1]);
            return 1;
        }}
        fclose(file);
    }}
    error = {name}_invoke(&network);
    if (error != {macro}_OK) {{
        fprintf(stderr, "the network failed: error %d\\n", error);
        return error;
    }}
{show}    return 0;
}}
"""

_FORMATS = {
    "float": ("%.9g", "double"),
    "double": ("%.17g", "double"),
    "int64_t": ("%lld", "long long"),
    "uint64_t": ("%llu", "unsigned long long"),
}

_SHOW = """\
    for (size_t i = 0; i < {macro}_COUNT; i++)
        printf("{format}\\n", ({cast}){function}(&network)[i]);
"""


def header(interface: Interface) -> str:
    """The header `NAME.h`."""
    name, macro = interface.name, interface.name.upper()
    errors = "".join(
        f"    {macro}_FAILED_{index} = {index + 2}, /* {_comment(text)} */\n"
        for index, text in enumerate(interface.errors)
    )
    every = [
        *(_port(interface, "input", i, x) for i, x in enumerate(interface.inputs)),
        *(_port(interface, "output", i, x) for i, x in enumerate(interface.outputs)),
    ]
    return _HEADER.format(
        name=name,
        macro=macro,
        target=interface.target,
        memory_bytes=interface.memory_bytes,
        alignment=interface.alignment,
        errors=errors,
        inputs=len(interface.inputs),
        outputs=len(interface.outputs),
        ports="".join(every),
    )


def _port(interface: Interface, word: str, index: int, port: Port) -> str:
    macro = f"{interface.name.upper()}_{word.upper()}_{index}"
    scale = quantized = ""
    if port.scale:
        scale = _SCALE.format(
            macro=macro, scale=float(port.scale), zero_point=port.zero_point
        )
        quantized = f", scale {port.scale:.9g}, zero point {port.zero_point}"
    return _PORT.format(
        title=word.title(),
        index=index,
        key=_comment(port.key),
        dtype=port.dtype,
        shape=list(port.shape),
        quantized=quantized,
        macro=macro,
        count=port.count,
        nbytes=port.nbytes,
        scale=scale,
        const="const " if word == "output" else "",
        type=port.c_type,
        name=f"{interface.name}_{word}_{index}",
        prefix=interface.name,
        function=f"{interface.name}_{word}",
    )


def _comment(text: str) -> str:
    """Any text as part of a comment of ASCII."""
    plain = text.encode("ascii", "replace").decode().replace("*/", "* /")
    return "".join(letter if letter.isprintable() else "?" for letter in plain)


def example(interface: Interface) -> str:
    """A `main.c` that runs the network once."""
    name, macro = interface.name, interface.name.upper()
    inputs = range(len(interface.inputs))
    clear = "".join(
        f"    memset({name}_input_{i}(&network), 0, {macro}_INPUT_{i}_BYTES);\n"
        for i in inputs
    )
    read = (
        " || ".join(
            f"fread({name}_input_{i}(&network), {macro}_INPUT_{i}_BYTES, 1, file) != 1"
            for i in inputs
        )
        or "0"
    )
    show = "".join(_show(interface, i, x) for i, x in enumerate(interface.outputs))
    return _EXAMPLE.format(name=name, macro=macro, clear=clear, read=read, show=show)


def _show(interface: Interface, index: int, port: Port) -> str:
    text, cast = _FORMATS.get(port.c_type, ("%d", "int"))
    return _SHOW.format(
        macro=f"{interface.name.upper()}_OUTPUT_{index}",
        format=text,
        cast=cast,
        function=f"{interface.name}_output_{index}",
    )
