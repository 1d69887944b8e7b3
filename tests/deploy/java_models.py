"""Small models whose values Java can give in every way it has."""

from __future__ import annotations

from functools import cache

import numpy as np

from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Signature
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Add, Gather, Mul, Reshape
from tests.runtime import calls

TYPES = ("float32", "int32", "int64", "int16", "int8", "uint8", "bool", "float64")
CONSTANT = np.array([1.5, -2, 4], np.float32)


def _content(build, outputs, key=None):
    graph = build.finish(outputs)
    inputs = {f"in_{x.name}": x for x in graph.inputs}
    made = {f"out_{y.name}": y for y in graph.outputs}
    signatures = (Signature(key, inputs, made),) if key else ()
    return bytes(write(Model((graph,), signatures)))


@cache
def types():
    """[2, 3] of each type comes out as [3, 2], a scalar doubled; a constant."""
    build = Builder("main")
    target = build.constant("target", np.array([3, 2], np.int32))
    outputs = []
    for name in TYPES:
        x = build.input(f"x_{name}", TensorType(DType[name.upper()], (2, 3)))
        outputs.append(build.node(Reshape(), x, target, name=f"y_{name}"))
    scalar = build.input("scalar", TensorType(DType.FLOAT32, ()))
    outputs.append(build.node(Add(), scalar, scalar, name="twice"))
    half = build.constant("half", CONSTANT / 2)
    outputs.append(build.node(Add(), half, half, name="constant"))
    return _content(build, outputs)


@cache
def pair():
    """sum [?, 2] = a + b and product = a * b, with a signature `both`."""
    build = Builder("main")
    a = build.input("a", TensorType(DType.FLOAT32, (-1, 2)))
    b = build.input("b", TensorType(DType.FLOAT32, (-1, 2)))
    outputs = (
        build.node(Add(), a, b, name="sum"),
        build.node(Mul(), a, b, name="product"),
    )
    return _content(build, outputs, "both")


@cache
def lookup():
    """y [1] = table[x], where x may lead out of the table of 3."""
    build = Builder("main")
    x = build.input("x", TensorType(DType.INT32, (1,)))
    table = build.constant("table", CONSTANT)
    return _content(build, [build.node(Gather(), table, x, name="y")])


@cache
def counter():
    """Twice the sum of [10, 20, 30] and of all x [1, 3] so far."""
    return bytes(write(calls.counter()))


@cache
def constant():
    """Gives a constant of the file, without an operator."""
    build = Builder("main")
    build.input("x", TensorType(DType.FLOAT32, (1,)))
    return _content(build, [build.constant("constant", CONSTANT)])


@cache
def named(given, made):
    """A sum of its input with itself, with names for both."""
    build = Builder("main")
    x = build.input(given, TensorType(DType.FLOAT32, (2,)))
    return _content(build, [build.node(Add(), x, x, name=made)])
