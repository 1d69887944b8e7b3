"""Types and options of products that few models have."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gossamer.errors import UnsupportedError
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import Conv2D, DepthwiseConv2D, FullyConnected, TransposeConv
from tests.ops.contract import (
    MACHINES,
    OPTIMIZED,
    Case,
    Constant,
    Feed,
    check,
    compiled_agrees_on,
    litert_agrees,
    prepare,
)
from tests.ops.values import bias, feed, floats, integers, scale, weights

X_SCALES = {np.int8: scale(0.02, -7), np.int16: scale(0.0002), np.uint8: scale(0.02, 9)}


def few_bits(shape: tuple[int, ...], bits: int, axis: int | None) -> Constant:
    """int4 or int2 weights over their whole range."""
    half = 1 << (bits - 1)
    drawn = np.random.default_rng([bits, *shape]).integers(-half, half, shape)
    dtype = {4: DType.INT4, 2: DType.INT2}[bits]
    q = scale(0.05)
    if axis is not None:
        q = Quantization.per_channel(np.linspace(0.02, 0.1, shape[axis]), axis)
    return Constant(drawn.astype(np.int8), q, dtype)


def layer(
    x: Feed, given: Constant, op: FullyConnected, output: Quantization | None
) -> Case:
    columns = given.array.shape[0]
    match x.array.dtype:
        case np.float32:
            added = Constant(floats(columns))
        case np.int16:
            added = bias(0.0002, given, columns, np.int64)
        case _:
            added = bias(0.02, given, columns, np.int32)
    kind = given.dtype.title if given.dtype else given.array.dtype
    name = f"{x.array.dtype}-{kind}-{x.array.shape}-{op.fused_activation_function}"
    return Case(op, (x, given, added), output, name=name)


FEW_BITS = [
    layer(
        feed(dtype, (rows, depth), X_SCALES[dtype]),
        few_bits((columns, depth), bits, axis),
        FullyConnected(activation),
        scale(0.003) if dtype is np.int16 else scale(0.4, 5),
    )
    for bits, dtype in product((4, 2), (np.int8, np.int16))
    for rows, depth, columns, axis, activation in (
        (3, 24, 6, 0, "none"),
        (1, 7, 33, 0, "relu"),
        (40, 65, 17, None, "relu6"),
        (2, 1, 1, None, "none"),
        (5, 130, 40, 0, "relu_n1_to_1"),
    )
] + [
    layer(
        Feed(floats(rows, depth)),
        few_bits((columns, depth), bits, axis),
        FullyConnected(activation, asymmetric_quantize_inputs=asymmetric),
        None,
    )
    for bits, asymmetric in product((4, 2), (False, True))
    for rows, depth, columns, axis, activation in (
        (3, 24, 6, 0, "none"),
        (1, 7, 33, 0, "relu"),
        (40, 65, 17, None, "tanh"),
    )
]

SIGNED_BITS = [
    Case(
        op,
        (feed(np.int8, (2, 6, 5, 8), X_SCALES[np.int8]), given, added),
        scale(0.3, 3),
        judge=judge,
        name=f"int4-{op!r}",
    )
    for op, kernel, axis, judge in (
        (Conv2D("same", 1, 1), (5, 3, 3, 8), 0, None),
        (Conv2D("valid", 2, 1, "relu"), (17, 2, 2, 8), None, None),
        (Conv2D("same", 1, 1), (6, 3, 1, 4), 0, None),
        (DepthwiseConv2D("same", 1, 1, 1), (1, 3, 3, 8), 3, OPTIMIZED),
        (DepthwiseConv2D("valid", 2, 2, 2, "relu6"), (1, 2, 3, 16), 3, OPTIMIZED),
    )
    for given in [few_bits(kernel, 4, axis)]
    for added in [bias(0.02, given, kernel[0 if axis != 3 else 3], np.int32)]
    for judge in [judge or Case(op, ()).judge]
]


def short(
    rows: int, depth: int, columns: int, stated: DType, dtype: type[np.integer] | None
) -> Case:
    """16-bit weights: sums have 64 bits whatever is stated."""
    q = Quantization.per_channel(np.linspace(0.0001, 0.0004, columns), 0)
    given = Constant(integers(np.int16, columns, depth), q)
    added = None if dtype is None else bias(0.0002, given, columns, dtype)
    x = feed(np.int16, (rows, depth), scale(0.0002))
    op = FullyConnected(quantized_bias_type=stated)
    name = f"int16-{rows}-{depth}-{columns}-{stated.title}-{dtype}"
    return Case(op, (x, given, added), scale(0.003), name=name)


SHORT = [
    short(30, 24, 6, DType.INT64, np.int64),
    short(1, 7, 1, DType.INT64, np.int64),
    short(4, 300, 17, DType.INT32, np.int32),
    short(3, 24, 6, DType.INT32, None),
    short(3, 24, 6, DType.FLOAT32, None),
    short(3, 24, 6, DType.FLOAT32, np.int32),
]

UNSIGNED = [
    Case(
        FullyConnected(),
        (
            feed(np.uint8, (rows, depth), scale(0.02, 100)),
            given,
            bias(0.02, given, columns, np.int32),
        ),
        scale(0.003),
        DType.INT16,
        name=f"uint8 to int16-{rows}-{depth}-{columns}",
    )
    for rows, depth, columns in ((3, 24, 6), (1, 7, 1), (20, 64, 33))
    for given in [Constant(integers(np.uint8, columns, depth), scale(0.02, 130))]
]

ZERO_POINTS = [
    Case(
        FullyConnected(activation),
        (
            feed(np.int8, (rows, depth), X_SCALES[np.int8]),
            given,
            bias(0.02, given, columns, np.int32),
        ),
        scale(0.5, 3),
        name=f"int8 weights with a zero point-{rows}-{depth}-{columns}",
    )
    for rows, depth, columns, zero, activation in (
        (3, 24, 6, 5, "none"),
        (1, 7, 1, -128, "relu"),
        (20, 64, 33, 127, "relu6"),
    )
    for given in [Constant(integers(np.int8, columns, depth), scale(0.02, zero))]
]


def unsigned_bits(*shape: int) -> Constant:
    """uint8 beside floats holds the bits of int8; -128 is not among symmetric ones."""
    drawn = integers(np.uint8, *shape)
    return Constant(np.where(drawn == 128, 127, drawn).astype(np.uint8), scale(0.02))


DYNAMIC = [
    *(
        Case(
            FullyConnected(activation, asymmetric_quantize_inputs=asymmetric),
            (Feed(floats(3, 24)), unsigned_bits(6, 24), Constant(floats(6))),
            name=f"uint8-{activation}-{asymmetric}",
        )
        for activation, asymmetric in product(("none", "relu"), (False, True))
    ),
    Case(
        Conv2D("same", 1, 1, "relu"),
        (Feed(floats(2, 5, 5, 4)), unsigned_bits(6, 3, 3, 4), Constant(floats(6))),
        name="uint8",
    ),
    Case(
        Conv2D("same", 1, 1),
        (
            Feed(floats(2, 5, 5, 4)),
            Constant(
                weights((6, 3, 3, 4), None).array,
                Quantization.per_channel(np.full(6, 0.01), 0),
            ),
            Constant(floats(6)),
        ),
        name="equal scales are symmetric",
    ),
    Case(
        Conv2D("same", 2, 1),
        (Feed(floats(2, 5, 5, 8)), weights((6, 3, 3, 4), 0), Constant(floats(6))),
        name="groups",
    ),
    *(
        Case(
            TransposeConv("same", 2, 2, activation),
            (
                Constant(np.array([2, 8, 8, 6], np.int32)),
                weights((6, 3, 3, 4), axis),
                Feed(floats(2, 4, 4, 4)),
                *((Constant(floats(6)),) if activation == "none" else ()),
            ),
            name=f"{axis}-{activation}",
        )
        for axis, activation in product((0, None), ("none", "relu6"))
    ),
]

AT_RUN_TIME = [
    Case(
        Conv2D("same", 1, 1, "relu"),
        (Feed(floats(2, 5, 5, 4)), Feed(floats(6, 3, 3, 4)), Feed(floats(6))),
    ),
    Case(
        DepthwiseConv2D("same", 2, 2, 1),
        (Feed(floats(2, 5, 5, 4)), Feed(floats(1, 3, 3, 4)), Constant(floats(4))),
    ),
    Case(
        TransposeConv("same", 2, 2),
        (
            Constant(np.array([2, 8, 8, 6], np.int32)),
            Feed(floats(6, 3, 3, 4)),
            Feed(floats(2, 4, 4, 4)),
        ),
    ),
    Case(FullyConnected("relu"), (Feed(floats(9, 24)), Feed(floats(40, 24)), None)),
    Case(
        FullyConnected("relu6"),
        (Feed(floats(1, 24)), Feed(floats(5, 24)), Feed(floats(5))),
    ),
    Case(
        FullyConnected(),
        (
            feed(np.int8, (3, 24), X_SCALES[np.int8]),
            Feed(weights((6, 24), 0).array, weights((6, 24), 0).quantization),
            bias(0.02, weights((6, 24), 0), 6, np.int32),
        ),
        scale(0.3, 3),
    ),
]

EMPTY = [
    Case(
        Conv2D("same", 1, 1), (Feed(floats(0, 5, 5, 4)), Constant(floats(6, 3, 3, 4)))
    ),
    Case(FullyConnected(), (Feed(floats(0, 24)), Constant(floats(6, 24)))),
]

CASES = [
    *FEW_BITS,
    *SIGNED_BITS,
    *SHORT,
    *UNSIGNED,
    *ZERO_POINTS,
    *DYNAMIC,
    *AT_RUN_TIME,
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("op", "x", "kernel"),
    [
        (Conv2D("same", 1, 1, "relu"), (2, 5, 5, 4), (6, 3, 3, 4)),
        (Conv2D("valid", 2, 1, "none", 1, 2), (1, 9, 7, 3), (33, 2, 3, 3)),
        (FullyConnected("relu6"), (1, 24), (5, 24)),
        (FullyConnected(), (40, 65), (70, 65)),
        (FullyConnected(), (7, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("bias_of", [Feed, Constant])
def test_kernels_take_weights_that_are_computed(op, x, kernel, bias_of) -> None:
    inputs = (Feed(floats(*x)), Feed(floats(*kernel)), bias_of(floats(kernel[0])))
    run = prepare(Case(op, inputs))
    litert_agrees(run)
    for target in MACHINES:
        assert compiled_agrees_on(run, target)


@pytest.mark.parametrize("case", EMPTY, ids=str)
def test_nothing_in_nothing_out(case: Case) -> None:
    run = prepare(case)
    assert run.values[run.node.output].size == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("op", "x", "kernel"),
    [
        (Conv2D("same", 1, 1), (1, 5, 5, 4), (6, 3, 3, 4)),
        (DepthwiseConv2D("same", 1, 1, 1), (1, 5, 5, 4), (1, 3, 3, 4)),
        (FullyConnected(), (3, 24), (5, 24)),
    ],
)
def test_narrow_floats_beside_float32(op, x, kernel, dtype: str) -> None:
    """LiteRT's own kernels do not read these; the meaning is that of float32."""
    narrow = floats(*kernel).astype(DType[dtype.upper()].numpy)
    run = prepare(Case(op, (Feed(floats(*x)), Constant(narrow))))
    plain = prepare(Case(op, (Feed(floats(*x)), Constant(narrow.astype(np.float32)))))
    found, expected = (each.values[each.node.output] for each in (run, plain))
    assert found.dtype == np.float32
    assert (found == expected).all()


def test_an_activation_that_is_no_clamp_is_refused_for_integers() -> None:
    case = layer(
        feed(np.int8, (3, 24), X_SCALES[np.int8]),
        few_bits((6, 24), 4, 0),
        FullyConnected("tanh"),
        scale(0.4, 5),
    )
    with pytest.raises(UnsupportedError, match="tanh"):
        prepare(case)
