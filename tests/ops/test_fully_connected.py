from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError, UnsupportedError
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.kernels.tiles import plan as tile_plan
from gossamer.ops import FullyConnected
from tests.codegen.machines import RUNNABLE
from tests.ops.contract import (
    Case,
    Constant,
    Feed,
    check,
    compiled_agrees_on,
    prepare,
)
from tests.ops.values import bias, feed, floats, integers, scale, weights


def fixed(
    rows: int,
    axis: int | None,
    zero_points: tuple[int, int] = (-7, 4),
    out_scale: float = 0.5,
    activation: str = "none",
) -> Case:
    given = weights((48, 24), axis)
    inputs = (
        feed(np.int8, (rows, 24), scale(0.02, zero_points[0])),
        given,
        bias(0.02, given, 48, np.int32),
    )
    name = f"{rows}-{axis}-{zero_points}-{out_scale}-{activation}"
    op = FullyConnected(activation)
    return Case(op, inputs, scale(out_scale, zero_points[1]), name=name)


def wide(dtype: type[np.integer] | None, bias_type: DType = DType.FLOAT32) -> Case:
    given = weights((32, 16), 0)
    inputs = (
        feed(np.int16, (64, 16), scale(0.0002)),
        given,
        None if dtype is None else bias(0.0002, given, 32, dtype),
    )
    op = FullyConnected(quantized_bias_type=bias_type)
    return Case(op, inputs, scale(0.001), name=f"16x8-{dtype}")


FLOAT = [
    Case(
        FullyConnected(activation, keep_num_dims=keep),
        (Feed(floats(*shape)), Constant(floats(5, 6)), Constant(floats(5))),
        name=f"{shape}-{activation}-{keep}",
    )
    for shape, activation, keep in [
        ((1, 6), "none", False),
        ((4, 6), "relu", False),
        ((2, 3, 6), "relu6", False),
        ((2, 3, 6), "relu_n1_to_1", True),
        ((2, 1, 3, 6), "none", True),
        ((3, 2, 4), "none", False),
    ]
] + [
    Case(FullyConnected(), (Feed(floats(1, 1)), Constant(floats(1, 1)), None)),
    Case(FullyConnected(), (Feed(floats(3, 4)), Constant(floats(2, 4)))),
    Case(FullyConnected(), (Feed(floats(3, 4)), Feed(floats(2, 4)), None)),
]

TIES = [
    Case(
        FullyConnected(),
        (
            Feed(np.arange(-128, 128, dtype=dtype).reshape(-1, 1), scale(1.0)),
            Constant(np.array([[1], [3], [-5]], np.int8), quantization),
            None,
        ),
        scale(1.0),
        name=f"ties-{real}-{quantization.scale.size}",
    )
    for dtype in (np.int8, np.int16)
    for real in (0.5, 0.25, 1.5)
    for quantization in (
        scale(real),
        Quantization.per_channel(np.array([real, real / 2, 0.1]), 0),
    )
]
"""Sums that lie between two outputs: halves go away from zero."""

INTEGER = [
    fixed(256, 0),
    fixed(256, None),
    fixed(64, 0, (127, -128), 0.3, "relu"),
    fixed(64, 0, (-128, 127), 0.9),
    fixed(64, None, (0, 0), 0.00005),
    fixed(1, 0, (3, -60), 0.1, "relu6"),
    Case(
        FullyConnected(keep_num_dims=True),
        (feed(np.int8, (5, 7, 24), scale(0.02, 3)), weights((48, 24), 0), None),
        scale(0.4, -3),
    ),
    wide(np.int64),
    wide(None),
    wide(np.int32, DType.INT32),
    Case(
        FullyConnected(),
        (
            feed(np.uint8, (64, 8), scale(0.02, 100)),
            Constant(integers(np.uint8, 16, 8), scale(0.02, 130)),
            Constant(np.arange(16, dtype=np.int32) * 300, scale(0.0004)),
        ),
        scale(0.3, 3),
    ),
]

HYBRID = [
    Case(
        FullyConnected("relu", asymmetric_quantize_inputs=asymmetric),
        (
            Feed(x),
            weights((40, x.shape[-1]), axis),
            None if axis else Constant(floats(40)),
        ),
        name=f"dynamic-{asymmetric}-{axis}-{name}",
    )
    for asymmetric in (False, True)
    for axis in (0, None)
    for name, x in [
        ("rows", floats(16, 24)),
        ("positive", np.abs(floats(4, 24))),
        ("zeros", np.zeros((2, 24), np.float32)),
        ("one zero row", floats(3, 24) * np.array([[1], [0], [1]], np.float32)),
        ("halves", np.round(floats(200, 24, reach=9) * 8) / np.float32(8)),
        ("clamped", np.clip(floats(200, 24, reach=9), 0, 6)),
        ("many wide rows", floats(130, 200)),
        ("whole vectors", floats(3, 256)),
        ("long rows", floats(2, 9001)),
    ]
]


@pytest.mark.parametrize("case", FLOAT + TIES + INTEGER + HYBRID, ids=str)
def test_contract(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", FLOAT + INTEGER + HYBRID, ids=str)
def test_on_the_matrix_unit(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the shapes that the rule gives to the vector unit."""
    for name in vars(tile_plan):
        if name.startswith(("_FEWEST_COLUMNS", "_FEWEST_SPLIT", "_LEAST")):
            monkeypatch.setattr(tile_plan, name, 0)
    if "amx" in RUNNABLE:
        compiled_agrees_on(prepare(case), RUNNABLE["amx"])


@pytest.mark.parametrize(
    ("shape", "op", "words"),
    [
        ((3, 5), FullyConnected(), "rows of 4"),
        ((2, 2, 6), FullyConnected(keep_num_dims=True), "does not end in 4"),
    ],
)
def test_inputs_that_do_not_fit(
    shape: tuple[int, ...], op: FullyConnected, words: str
) -> None:
    with pytest.raises(GraphError, match=words):
        prepare(Case(op, (Feed(floats(*shape)), Constant(floats(2, 4)))))


def test_a_bias_of_the_wrong_size() -> None:
    inputs = (Feed(floats(3, 4)), Constant(floats(2, 4)), Constant(floats(3)))
    with pytest.raises(GraphError, match="expected 2"):
        prepare(Case(FullyConnected(), inputs))


def test_shuffled_weights_are_refused() -> None:
    op = FullyConnected(weights_format="shuffled4x16int8")
    with pytest.raises(UnsupportedError, match="shuffled4x16int8"):
        prepare(Case(op, (Feed(floats(3, 4)), Constant(floats(2, 4)))))
