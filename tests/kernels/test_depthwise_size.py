"""A depthwise kernel does not grow with the image: only its edges are written out."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.codegen.host import x86_target
from gossamer.kernels.arithmetic.integer_output import IntegerOutput
from gossamer.kernels.windows.depthwise_steps import float_depthwise, integer_depthwise
from gossamer.nest.text import kernel_text
from tests.kernels.windows import window

AVX2_FLAGS = ("avx2", "fma", "f16c", "bmi1", "bmi2")
AVX512_FLAGS = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd")
AVX2 = x86_target(frozenset(AVX2_FLAGS))
VNNI = x86_target(frozenset((*AVX2_FLAGS, *AVX512_FLAGS, "avx512_vnni")))
FILTERS = [(3, 3), (5, 5), (3, 7), (1, 11), (11, 11)]


def length(target, filter_, width, *, integer):
    """Lines of the kernel of a "same" convolution over an image of that width."""
    shape = window((1, 20, width, 16), filter_, (1, 1), (1, 1), same=True)
    size = (1, *filter_, 16)
    if not integer:
        weights = np.ones(size, np.float32)
        steps = float_depthwise(target, shape, weights, None, (0.0, 6.0), "x", "y")
    else:
        ones = np.ones(16, np.int32)
        output = IntegerOutput(ones << 30, -8 * ones, 0, -128, 127)
        weights = np.ones(size, np.int8)
        steps = integer_depthwise(target, shape, weights, ones, 3, output, "x", "y")
    return sum(len(kernel_text(step.kernel).splitlines()) for step in steps)


@pytest.mark.parametrize("integer", [False, True], ids=["float", "int8"])
@pytest.mark.parametrize("target", [VNNI, AVX2], ids=["VNNI", "AVX2"])
@pytest.mark.parametrize("filter_", FILTERS, ids=str)
def test_length_is_bounded(filter_, target, integer):
    narrow = length(target, filter_, 48, integer=integer)
    assert length(target, filter_, 4800, integer=integer) <= narrow
