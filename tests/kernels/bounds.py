"""What may go over the stack in innermost loops, and why it cannot be helped.

A loop that is innermost in the assembly is not always the one over the depth of a
product: a short depth is written out, and then it is the loop over the output's tiles.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """Vectors on the stack, per hundred instructions of a kernel's innermost loops.

    `percent` is by machine; on a machine that is not there, nothing may be spilled.
    """

    kernels: str
    reason: str
    percent: dict[str, int]


_FINISH = (
    "A short depth is written out, so that the loop is the one over tiles of the "
    "output: what goes over the stack is the finish, once for the whole depth."
)
_CONSTANTS = (
    "There are more constants than the 16 registers hold: those that stay on the stack "
    "are read from there, at the price of reading them from anywhere else."
)
_FEW = "An element in flight needs more than 16 registers; on 32 there is no spill."
_GATES = (
    "All gates of a step are in flight at once; a vector more or less of them costs "
    "little beside the functions that are computed of each."
)

BOUNDS = (
    Bound("batch_f32", _FINISH, {"amx": 2, "vnni": 2, "avx2": 2, "sse2": 8}),
    Bound(
        "batch_i8 batch_i16 batch_hybrid",
        _FINISH,
        {"amx": 15, "vnni": 15, "avx2": 15, "sse2": 14},
    ),
    Bound(
        "conv_f32 product_f32",
        "Windows of a picture overlap: LLVM shares the broadcasts of what they have in "
        f"common, and cannot keep them all. {_FINISH}",
        {"amx": 22, "vnni": 22, "avx2": 42, "sse2": 22},
    ),
    Bound("conv_i8", _FINISH, {"amx": 12, "vnni": 12, "avx2": 32, "sse2": 19}),
    Bound(
        "conv_hybrid",
        f"{_FINISH} Windows of a picture share broadcasts, as in float32.",
        {"amx": 9, "vnni": 29, "avx2": 30, "sse2": 17},
    ),
    Bound(
        "product_i8 product_i16 product_i16_short product_hybrid",
        _FINISH,
        {"amx": 11, "vnni": 11, "avx2": 23, "sse2": 18},
    ),
    Bound(
        "depthwise_quads",
        "All taps of a filter are written out. Weights that find no register are read "
        "from the stack instead of from memory.",
        {"amx": 26, "vnni": 26},
    ),
    Bound(
        "depthwise_i8 depthwise_u8 depthwise_f32 depthwise_hybrid",
        "All taps of a filter are written out, and the finish is in the same loop.",
        {"amx": 4, "vnni": 4, "avx2": 6, "sse2": 20},
    ),
    Bound(
        "pow",
        "A logarithm and an exponential follow each other, and their constants with "
        "them. Of integers, all powers by squaring are in flight.",
        {"amx": 9, "vnni": 9, "avx2": 20, "sse2": 13},
    ),
    Bound("cos sin", _CONSTANTS, {"avx2": 11, "sse2": 4}),
    Bound(
        "atan2",
        f"{_CONSTANTS} Four vectors are in flight, whose signs and quadrants wait.",
        {"amx": 9, "vnni": 9, "avx2": 11, "sse2": 4},
    ),
    Bound("elu gelu logistic tanh log", _CONSTANTS, {"avx2": 6}),
    Bound("softmax", _CONSTANTS, {"avx2": 10, "sse2": 2}),
    Bound("log_softmax neighbours", _CONSTANTS, {"avx2": 2, "sse2": 1}),
    Bound(
        "floor_mod leaky_relu",
        _CONSTANTS,
        {"amx": 1, "vnni": 1, "avx2": 3, "sse2": 6},
    ),
    Bound("add sub", _CONSTANTS, {"avx2": 6, "sse2": 9}),
    Bound(
        "mul squared_difference prelu requantize l2_normalize",
        _CONSTANTS,
        {"sse2": 9},
    ),
    Bound(
        "equal not_equal less less_equal greater greater_equal maximum minimum",
        _CONSTANTS,
        {"sse2": 4},
    ),
    Bound("bucketize", _CONSTANTS, {"avx2": 1}),
    Bound("resize", _FEW, {"sse2": 5}),
    Bound(
        "move",
        "A square of 16 by 16 is turned in 16 registers, and a turn needs one more.",
        {"avx2": 13, "sse2": 14},
    ),
    Bound("gates", _GATES, {"avx2": 15, "sse2": 16}),
    Bound(
        "walk",
        f"{_GATES} Bytes of weights and their sums are widened on the way.",
        {"avx2": 34, "sse2": 16},
    ),
)


def bound_of(kernel: str, machine: str) -> float:
    """The share of instructions that may move vectors over the stack."""
    for bound in BOUNDS:
        if kernel in bound.kernels.split():
            return bound.percent.get(machine, 0) / 100
    return 0
