"""A convolution between pixels dealt into batches becomes a dilated one."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.types import DType
from gossamer.ops import (
    BatchToSpaceNd,
    Conv2D,
    DepthwiseConv2D,
    Relu,
    SpaceToBatchNd,
)
from gossamer.passes.fold_dilation import FOLD_DILATION
from gossamer.passes.fold_padding import FOLD_PADDING
from gossamer.passes.remove_dead import REMOVE_DEAD
from tests.passes.graphs import Graph, apply, names, untouched

DEPTHWISE = DepthwiseConv2D("valid", 1, 1, 1)


def dealt(build, op, widths, crops, block=(2, 2), size=8, taken=None):
    """A model of the three operators; `taken` is the block that gathers."""
    x = build.given(1, size, size, 3)
    pads = build.constant("pads", np.array(widths, np.int32))
    y = build.node(SpaceToBatchNd(), x, build.ints("block", *block), pads)
    weights = (4, 3, 3, 3) if isinstance(op, Conv2D) else (1, 3, 3, 3)
    count = 4 if isinstance(op, Conv2D) else 3
    y = build.node(op, y, build.floats("w", *weights), build.floats("bias", count))
    cut = build.constant("crops", np.array(crops, np.int32))
    return build.node(BatchToSpaceNd(), y, build.ints("taken", *(taken or block)), cut)


def model_of(*arguments, **options):
    build = Graph()
    return build.model(dealt(build, *arguments, **options))


@pytest.mark.parametrize("op", [Conv2D("valid", 1, 1), DEPTHWISE])
def test_the_border_of_same_padding(op):
    model = model_of(op, [[2, 2], [2, 2]], [[0, 0], [0, 0]])
    better, log = apply(model, FOLD_DILATION, REMOVE_DEAD, FOLD_PADDING)
    (node,) = better.main.nodes
    assert node.op.padding == "same"
    assert (node.op.dilation_h_factor, node.op.dilation_w_factor) == (2, 2)
    assert any(event.pass_name == "fold_dilation" for event in log.done())


def test_widths_that_only_fill_up_blocks_are_cropped_again():
    model = model_of(
        Conv2D("valid", 1, 1), [[2, 3], [3, 3]], [[0, 1], [0, 1]], (2, 3), 9
    )
    better, _ = apply(model, FOLD_DILATION, REMOVE_DEAD)
    assert names(better) == ["PAD", "CONV_2D"]
    assert better.main.nodes[0].input(1).data.tolist() == [
        [0, 0], [2, 2], [3, 2], [0, 0],
    ]  # fmt: skip


def test_without_a_border_nothing_is_padded():
    model = model_of(Conv2D("valid", 1, 1), [[0, 0], [0, 0]], [[0, 0], [0, 0]])
    better, _ = apply(model, FOLD_DILATION, REMOVE_DEAD)
    assert names(better) == ["CONV_2D"]


def test_a_dilated_convolution_is_dilated_more():
    op = Conv2D("valid", 1, 1, dilation_h_factor=2)
    model = model_of(op, [[4, 4], [2, 2]], [[0, 0], [0, 0]])
    better, _ = apply(model, FOLD_DILATION, REMOVE_DEAD, FOLD_PADDING)
    (node,) = better.main.nodes
    assert (node.op.dilation_h_factor, node.op.dilation_w_factor) == (4, 2)


@pytest.mark.parametrize(
    ("op", "widths", "crops", "taken", "reason"),
    [
        (Conv2D("same", 1, 1), [[2, 2]] * 2, [[0, 0]] * 2, None, "border of its own"),
        (Conv2D("valid", 2, 2), [[2, 2]] * 2, [[0, 0]] * 2, None, "has strides"),
        (Conv2D("valid", 1, 1), [[2, 2]] * 2, [[0, 0]] * 2, (4, 1), "the blocks are"),
        (Conv2D("valid", 1, 1), [[0, 2]] * 2, [[1, 0]] * 2, None, "take more than"),
    ],
)
def test_what_stays(op, widths, crops, taken, reason):
    model = model_of(op, widths, crops, taken=taken)
    assert reason in untouched(model, FOLD_DILATION)[0]


def test_widths_that_are_computed_stay():
    build = Graph()
    x = build.given(1, 8, 8, 3)
    pads = build.given(2, 2, name="pads", dtype=DType.INT32)
    y = build.node(SpaceToBatchNd(), x, build.ints("block", 2, 2), pads)
    kernel, bias = build.floats("w", 4, 3, 3, 3), build.floats("bias", 4)
    y = build.node(Conv2D("valid", 1, 1), y, kernel, bias)
    crops = build.constant("crops", np.zeros((2, 2), np.int32))
    y = build.node(BatchToSpaceNd(), y, build.ints("block", 2, 2), crops)
    reasons = untouched(build.model(y), FOLD_DILATION)
    assert "are computed" in reasons[0]


def test_an_activation_in_between_stays():
    build = Graph()
    x = build.given(1, 8, 8, 3)
    pads = build.constant("pads", np.zeros((2, 2), np.int32))
    y = build.node(SpaceToBatchNd(), x, build.ints("block", 2, 2), pads)
    y = build.node(Relu(), y)
    y = build.node(BatchToSpaceNd(), y, build.ints("block", 2, 2), pads)
    assert untouched(build.model(y), FOLD_DILATION) == []
