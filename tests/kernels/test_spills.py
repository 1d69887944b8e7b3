"""The innermost loops keep all that they compute with in registers."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.products.hybrid import ItemForm
from gossamer.kernels.windows import convolution
from gossamer.kernels.windows.depthwise_steps import float_depthwise
from gossamer.ops import Add, Mul
from tests.codegen.machines import TARGETS
from tests.kernels.spills import STACK, assembly_of, innermost_loops
from tests.kernels.steps import X, Y
from tests.kernels.test_gemm import UNBOUNDED, dense
from tests.kernels.windows import window
from tests.ops.values import scale

if TYPE_CHECKING:
    from gossamer.kernels.step import Step
    from gossamer.kernels.windows.depthwise import Window
    from gossamer.nest.target import Target

PRODUCTS = r"\t(vfmadd|vpdpbusd|v?pmaddwd|mulps)"
LAYERS = {
    "pointwise": (dense(64, 256), 128),
    "narrow": (dense(49, 96), 24),
    "row": (dense(1, 784), 128),
    "few rows": (dense(3, 512), 40),
    "3x3": (window((1, 16, 16, 32), (3, 3)), 64),
    "3x3 of a picture": (window((1, 32, 32, 3), (3, 3), (2, 2)), 32),
}


def float_product(target: Target, shape: Window, columns: int) -> Step:
    weights = np.zeros((columns, *shape.filter, shape.channels), np.float32)
    bias = np.zeros(columns, np.float32)
    steps = convolution.float_convolution(target, shape, weights, bias, UNBOUNDED, X, Y)
    return steps[-1]


def integer_product(target: Target, shape: Window, columns: int) -> Step:
    weights = np.zeros((columns, *shape.filter, shape.channels), np.int8)
    bias = np.zeros(columns, np.int32)
    factor = np.full(columns, 1 << 30, np.int32)
    output = IntegerOutput(factor, np.full(columns, -5, np.int32), -3, -128, 127)
    steps = convolution.integer_convolution(
        target, shape, weights, bias, -7, output, X, Y
    )
    return steps[-1]


def hybrid_product(target: Target, shape: Window, columns: int) -> Step:
    weights = np.zeros((columns, *shape.filter, shape.channels), np.int8)
    scales = np.ones(columns, np.float32)
    steps = convolution.hybrid_convolution(
        target, shape, weights, scales, None, UNBOUNDED, X, Y, asymmetric=True
    )
    return steps[-1]


def stack_traffic(name: str, make, layer: str) -> tuple[int, int]:
    """Vectors that go over the stack in the innermost loops, and their products."""
    target = TARGETS[name]
    return traffic(assembly_of(target, make(target, *LAYERS[layer]).kernel))


def traffic(assembly: str) -> tuple[int, int]:
    """The same of a kernel's assembly."""
    loops = [
        loop
        for loop in innermost_loops(assembly)
        if any(re.match(PRODUCTS, line) for line in loop)
    ]
    assert loops, "no loop with products was found"
    lines = [line for loop in loops for line in loop]
    spilled = [line for line in lines if STACK.search(line)]
    return len(spilled), sum(bool(re.match(PRODUCTS, line)) for line in lines)


MAKERS = (float_product, integer_product, hybrid_product)
CLEAN = [
    *product(("avx2", "avx512", "vnni"), (float_product,), LAYERS),
    *product(("vnni",), (integer_product, hybrid_product), LAYERS),
    *product(("sse2", "avx2", "avx512"), MAKERS, ["row"]),
    *product(("avx2", "avx512"), MAKERS, ["few rows"]),
    *product(("avx512",), (integer_product, hybrid_product), ["3x3"]),
]


@pytest.mark.parametrize(("name", "make", "layer"), sorted(CLEAN, key=str))
def test_no_vector_goes_over_the_stack(name: str, make, layer: str) -> None:
    spilled, products = stack_traffic(name, make, layer)
    assert spilled == 0, f"{spilled} of {products}"


DEPTHWISE = {
    "3x3": window((1, 28, 28, 64), (3, 3)),
    "narrow": window((1, 7, 7, 64), (5, 5)),
    "two tiles": window((1, 14, 14, 64), (5, 5)),
    "wide": window((1, 56, 56, 64), (5, 5)),
    "stride 2": window((1, 28, 28, 64), (5, 5), (2, 2)),
}


@pytest.mark.parametrize("name", ["avx2", "avx512", "vnni"])
@pytest.mark.parametrize("layer", DEPTHWISE)
def test_no_depthwise_sum_goes_over_the_stack(name: str, layer: str) -> None:
    target, shape = TARGETS[name], DEPTHWISE[layer]
    weights = np.zeros((1, *shape.filter, 64), np.float32)
    steps = float_depthwise(target, shape, weights, None, UNBOUNDED, X, Y)
    spilled, products = traffic(assembly_of(target, steps[-1].kernel))
    assert spilled == 0, f"{spilled} of {products}"


@pytest.mark.parametrize("layer", ["pointwise", "narrow", "3x3"])
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", ["sse2", "avx2", "avx512"])
def test_little_goes_over_the_stack(name: str, make, layer: str) -> None:
    """Where a product needs a register of its own the tile may be too tight."""
    spilled, products = stack_traffic(name, make, layer)
    assert spilled <= products / 2


@pytest.mark.parametrize("op", [Add, Mul])
@pytest.mark.parametrize("name", ["avx2", "avx512", "vnni"])
def test_bytes_are_added_and_multiplied_in_registers(
    name: str, op: type[Add | Mul]
) -> None:
    build = Builder()
    left, right = (
        build.input(n, TensorType(DType.INT8, (64, 512)), scale(0.02, 3)) for n in "xz"
    )
    y = build.node(op(), left, right, quantization=scale(0.04, -7))
    (node,) = build.finish([y]).nodes
    steps = node.op.lower(node, TARGETS[name])
    assert steps is not None
    loops = innermost_loops(assembly_of(TARGETS[name], steps[0].kernel))
    assert loops
    assert not any(STACK.search(line) for loop in loops for line in loop)


@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("name", ["avx2", "avx512", "vnni"])
def test_items_are_quantized_in_registers(name: str, *, asymmetric: bool) -> None:
    target = TARGETS[name]
    form = ItemForm("unsigned", asymmetric)
    edge = convolution.border_of(dense(40, 256))
    step, _, _ = convolution.quantized_items(target, edge, form, X)
    loops = innermost_loops(assembly_of(target, step.kernel))
    rounds = [loop for loop in loops if any("vcvttps2dq" in line for line in loop)]
    assert rounds, "no loop that quantizes was found"
    assert not any(STACK.search(line) for loop in rounds for line in loop)


def test_innermost_loops_are_found() -> None:
    text = ".LBB0_1:\n\tadd\n.LBB0_2:\n\tmul\n\tjne\t.LBB0_2\n"
    text += "\tjl\t.LBB0_1\n\tje\t.LBB0_9\n"
    assert [len(loop) for loop in innermost_loops(text + ".LBB0_9:\n")] == [3]
    assert STACK.search("\tvmovups\t64(%rsp), %zmm3")
    assert STACK.search("\tmovaps\t%xmm1, 16(%rsp)                 # 16-byte Spill")
    assert not STACK.search("\tvmovups\t64(%rdi), %zmm3")
    assert not STACK.search("\tmovq\t64(%rsp), %rax")
    assert not STACK.search("\tvbroadcastss\t64(%rsp), %zmm3")
    assert not STACK.search("\tvaddps\t64(%rsp){1to16}, %zmm3, %zmm3")
    assert not STACK.search("\tvmovups\t64(%rsp,%rax), %zmm3")
    assert STACK.search("\tvaddps\t-64(%rsp), %zmm3, %zmm3")
