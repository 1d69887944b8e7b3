from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import ExecutionError, GraphError
from gossamer.ir.build import Builder
from gossamer.ir.types import Array, DType, TensorType
from gossamer.ops import Add, Div, Mul, Sub
from gossamer.runtime.native import NativeExecutable
from tests.ops.contract import Case, Constant, Feed, check, check_compiled, prepare
from tests.ops.elements import PAIRS, numbers, plain, types
from tests.ops.values import feed, floats, integers, scale

Pair = tuple[tuple[int, ...], tuple[int, ...]]

SHAPES: list[Pair] = [
    ((), ()),
    ((5,), (5,)),
    ((3, 1), (1, 4)),
    ((2, 3, 4), (4,)),
    ((1,), (2, 3, 4, 5)),
    ((2, 1, 3, 1), (1, 4, 1, 5)),
    ((2, 1, 3, 1, 2), (4, 1, 5, 1)),
    ((2, 1, 2, 1, 3, 2), (1, 3, 1, 2, 1, 2)),
]
KINDS = (Add, Sub, Mul, Div)


def up_to(rank: int) -> list[Pair]:
    """The shapes of no more axes than a kernel of LiteRT takes."""
    return [pair for pair in SHAPES if max(map(len, pair)) <= rank]


def divisors(shape: tuple[int, ...]) -> Array:
    """Small numbers of both signs other than 0."""
    drawn = numbers(DType.INT32, shape, 1, low=-9, high=9)
    return np.where(drawn == 0, 3, drawn).astype(np.int32)


FLOAT = [
    Case(
        kind(activation),
        (Feed(floats(*left)), Feed(floats(*right, seed=1) + np.float32(0.1))),
        name=f"{left}-{right}-{activation}",
    )
    for kind in KINDS
    for (left, right), activation in product(
        up_to(5 if kind in (Sub, Div) else 6),
        ("none", "relu", "relu6", "relu_n1_to_1"),
    )
]

WHOLE = [
    Case(
        kind(),
        (
            Feed(integers(dtype, *left) // 3),
            Feed(np.maximum(integers(dtype, *right, seed=1) >> 9, 1)),
        ),
    )
    for kind, dtype in [
        *product((Add, Sub, Mul), (np.int32, np.int64)),
        (Div, np.int32),
    ]
    for left, right in up_to(4)
]

STEPS = {Add: 0.037, Sub: 0.037, Mul: 0.0011}

INTEGER = [
    Case(
        kind(activation),
        (
            feed(dtype, left, scale(0.0213, zeros[0])),
            feed(dtype, right, scale(0.0131, zeros[1])),
        ),
        scale(STEPS[kind], zeros[2]),
        name=f"{left}-{right}-{zeros}-{activation}",
    )
    for kind, (left, right), (dtype, zeros, activation) in product(
        (Add, Sub, Mul),
        [((60, 70), (60, 70)), ((2, 1, 3, 1), (1, 4, 1, 5)), ((1,), (2, 3))],
        [
            (np.int8, (1, 2, 3), "none"),
            (np.int8, (-128, 127, -128), "relu"),
            (np.int8, (0, -100, 50), "relu6"),
            (np.uint8, (3, 200, 100), "none"),
        ],
    )
]

SCALED = [
    Case(
        kind(),
        (
            feed(np.int8, (60, 70), scale(left, -3)),
            feed(np.int8, (60, 70), scale(right, 4)),
        ),
        scale(out, 5),
        name=f"{left}-{right}-{out}",
    )
    for kind, left, right, out in [
        (Add, 1.0, 0.001, 0.9),
        (Add, 0.001, 1.0, 0.3),
        (Add, 0.5, 0.5, 1.0),
        (Sub, 1.0, 0.001, 0.9),
        (Sub, 0.02, 0.03, 0.000001),
        (Mul, 1.5, 2.5, 0.7),
        (Mul, 0.1, 0.1, 10.0),
    ]
]

WIDE = [
    Case(
        op,
        (
            feed(np.int16, (60, 70), scale(left)),
            feed(np.int16, (60, 70), scale(right)),
        ),
        scale(out),
        name=f"{op!r}",
    )
    for op, left, right, out in [
        (Add(pot_scale_int16=False), 0.0002, 0.0003, 0.0004),
        (Sub(pot_scale_int16=False), 0.0002, 0.0003, 0.0004),
        (Add(), 2.0**-12, 2.0**-14, 2.0**-12),
        (Sub("relu"), 2.0**-14, 2.0**-12, 2.0**-12),
        (Add(), 0.0002, 0.0003, 0.0004),
        (Mul("relu6"), 0.0002, 0.0003, 0.002),
    ]
]

# LiteRT shifts by more bits than there are where a quotient is small, which C leaves
# undefined; the dividends here are far from zero.
QUOTIENTS = [
    Case(
        Div(activation),
        (
            Feed(
                np.array([[-127, -100, -90], [90, 101, 127]], np.int8),
                scale(0.5, 3),
            ),
            Feed(np.array([[2], [-9]], np.int8), scale(0.25, -1)),
        ),
        scale(0.7, zero_point),
        name=f"{activation}-{zero_point}",
    )
    for activation, zero_point in [("none", 5), ("none", -128), ("relu", 5)]
]


PLAIN = [
    Case(op, (plain(dtype, left), plain(dtype, right, 1)))
    for op, titles in (
        (Add("relu", pot_scale_int16=False), "float16 int16 int32 int64"),
        (Add(pot_scale_int16=False), "float16 int16"),
        (Sub("relu6"), "int32 int64"),
        (Mul(), "float16 int16 uint32 int64 complex64"),
        (Mul("relu_n1_to_1"), "float16 int16 int32 uint32"),
    )
    for dtype in types(titles)
    for left, right in PAIRS
]
PLAIN += [
    Case(Div(activation), (plain(DType.INT32, left), Constant(divisors(right))))
    for activation in ("none", "relu")
    for left, right in PAIRS
]

ZEROS = {
    np.int8: ((-128, 127, -128), (127, -128, 127), (0, -100, 50)),
    np.uint8: ((0, 255, 0), (255, 0, 255), (3, 200, 100)),
    np.int16: ((0, 0, 0),),
}
EXTREME = [
    Case(
        op,
        (
            Feed(integers(dtype, 30, 70), scale(left, zeros[0])),
            Feed(integers(dtype, *shape, seed=1), scale(right, zeros[1])),
        ),
        # LiteRT aborts where sums or products are made finer by far.
        scale(out * left if isinstance(op, Mul) else out, zeros[2]),
        name=f"{op!r}-{shape}-{left}-{zeros}",
    )
    for op in (Add(pot_scale_int16=False), Sub("relu6", pot_scale_int16=False), Mul())
    for dtype, given in ZEROS.items()
    for zeros, shape in product(given, ((30, 70), (70,), (30, 1)))
    for left, right, out in ((1e-4, 2e-4, 5.0), (100.0, 200.0, 0.05), (0.1, 2.0, 0.3))
]


@pytest.mark.parametrize("case", WHOLE + QUOTIENTS, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "case", FLOAT + INTEGER + SCALED + WIDE + PLAIN + EXTREME, ids=str
)
def test_compiled(case: Case) -> None:
    check_compiled(case)


def test_an_unknown_divisor_of_zero_is_an_error() -> None:
    build = Builder()
    type_ = TensorType(DType.INT32, (2,))
    x, y = build.input("x", type_), build.input("y", type_)
    graph = build.finish([build.node(Div(), x, y)])
    executable = NativeExecutable(graph, {x: (2,), y: (2,)})
    for tensor in (x, y):
        view = executable.view(tensor)
        assert view is not None
        view[...] = [1, 0]
    with pytest.raises(ExecutionError, match="divided by zero"):
        executable.invoke()


def test_free_sizes_broadcast() -> None:
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (-1, 1, 3)))
    y = build.input("y", TensorType(DType.FLOAT32, (-1, 4, 1)))
    assert build.node(Add(), x, y).signature == (-1, 4, 3)
    known = build.input("z", TensorType(DType.FLOAT32, (7, 1, 1)))
    assert build.node(Add(), x, known).shape == (7, 1, 3)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(GraphError, match="3 against 4"):
        prepare(Case(Add(), (Feed(floats(2, 3)), Feed(floats(2, 4)))))


def test_element_types_that_differ() -> None:
    inputs = (Feed(floats(2)), Feed(integers(np.int32, 2)))
    with pytest.raises(GraphError, match="float32 and 'input_1' is int32"):
        prepare(Case(Mul(), inputs))


def test_integers_over_zero_are_an_error() -> None:
    inputs = (Feed(integers(np.int32, 2)), Constant(np.array([1, 0], np.int32)))
    with pytest.raises(GraphError, match="divided by zero"):
        prepare(Case(Div(), inputs))
