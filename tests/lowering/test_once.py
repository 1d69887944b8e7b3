"""What several steps would each do alike is done once."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.ir.build import Builder
from gossamer.ops import Add, Conv2D, FullyConnected, Reshape
from tests.lowering.test_fuse import given, hybrid_dense, small_weights, steps_of


@pytest.mark.parametrize("name", ["amx", "vnni"])
def test_what_two_products_read_is_quantized_once(name: str) -> None:
    found = steps_of(hybrid_dense(), name)
    assert found == ["quantize_items", "conv_hybrid", "conv_hybrid"]


def test_other_inputs_are_quantized_apart() -> None:
    build = Builder()
    x, w = given(build, "x", 4, 12), small_weights(build, "w", 12, 12)
    y = build.node(FullyConnected(), x, w)
    z = build.node(Add(), build.node(FullyConnected(), y, w), x)
    assert steps_of(build.finish([z])).count("quantize_items") == 2


def test_an_input_seen_in_another_shape_is_the_same() -> None:
    build = Builder()
    x, w = given(build, "x", 8, 70), small_weights(build, "w", 35, 70)
    y = build.node(FullyConnected(), x, w)
    shape = build.constant("s", np.array([2, 4, 70], np.int32))
    z = build.node(FullyConnected(), build.node(Reshape(), x, shape), w)
    found = steps_of(build.finish([build.node(Add(), y, z)]))
    assert found == ["quantize_items", "conv_hybrid", "conv_hybrid"]


def test_another_border_or_another_form_is_another_step() -> None:
    build = Builder()
    x = given(build, "x", 1, 6, 6, 8)
    wide, narrow = (
        small_weights(build, f"w{size}", 16, size, size, 8) for size in (3, 1)
    )
    op = Conv2D(padding="same", stride_h=1, stride_w=1)
    y = build.node(Add(), build.node(op, x, wide), build.node(op, x, narrow))
    assert steps_of(build.finish([y])).count("quantize_items") == 2
