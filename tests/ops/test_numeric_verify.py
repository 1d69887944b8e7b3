from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer.errors import ExecutionError
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from gossamer.ops import NumericVerify
from tests.ops.contract import Case, Feed, check, prepare
from tests.ops.inputs import refused, tensor

SHAPES = ((), (1,), (7,), (3, 5), (2, 1, 3))


def case(dtype, shape, *, tolerance=0.0, log=False, off=0.3):
    """A quantized tensor, and real numbers that are `off` steps from it at most."""
    quantization = Quantization.per_tensor(0.25, 3)
    if dtype == "int16":
        quantization = Quantization.per_tensor(0.25)
    rng = np.random.default_rng(shape)
    if dtype == "float16":
        stored = Feed(np.asarray(rng.normal(size=shape), dtype))
        real = stored.array.astype(np.float32)
    else:
        stored = Feed(np.asarray(rng.integers(0, 100, shape), dtype), quantization)
        real = quantization.dequantize(stored.array)
    near = real + rng.uniform(-off, off, shape) * 0.25
    return Case(NumericVerify(tolerance, log), (stored, Feed(near.astype(np.float32))))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "float16"])
def test_differences(dtype, shape):
    check(case(dtype, shape))
    check(case(dtype, shape, tolerance=0.05, log=True))
    if dtype != "float16":
        check(case(dtype, shape, tolerance=0.5, log=True))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "float16"])
def test_a_difference_that_is_too_large(dtype):
    wrong = case(dtype, (40,), tolerance=0.5, log=True, off=3.0)
    with pytest.raises(ExecutionError, match=r"Mismatch: \d+ of 40 are off"):
        prepare(wrong)
    prepare(replace(wrong, op=NumericVerify(5.0, log_if_failed=dtype != "float16")))


def test_what_is_refused():
    op = NumericVerify()
    refused(op, tensor((3,), DType.INT8), tensor((3,)), match="is not quantized")
    refused(op, tensor((3,)), tensor((3,)), match="is not quantized")
    half = tensor((3,), DType.FLOAT16)
    refused(op, half, half, match="is not float32")
    refused(op, half, tensor((4,)), match="differ")
    refused(op, half, match="1 inputs are given")
