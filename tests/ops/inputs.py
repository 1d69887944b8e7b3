"""Inputs for the operators' cases, and the calls that must be refused."""

from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.ir.graph import Tensor
from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType, TensorType
from tests.ops.contract import Constant, Feed

INT8 = Quantization.per_tensor(0.5, 3)
INT16 = Quantization.per_tensor(0.25)

KINDS = (
    (DType.FLOAT32, None),
    (DType.INT8, INT8),
    (DType.UINT8, INT8),
    (DType.INT16, INT16),
    (DType.INT32, None),
    (DType.INT64, None),
    (DType.BOOL, None),
)
"""The element types that reach LiteRT's kernels, each with a quantization."""


def kinds(*titles):
    """The entries of `KINDS` with these element types."""
    return [(dtype, q) for dtype, q in KINDS if dtype.title in titles]


def feed(dtype, shape, quantization=None, *, low=-3, high=3, seed=0):
    """Random values; the whole range of a quantized type, else `low` to `high`."""
    rng = np.random.default_rng([seed, *shape])
    if dtype is DType.BOOL:
        array = rng.random(shape) < 0.5
    elif dtype.is_float:
        array = rng.uniform(low, high, shape)
    elif quantization is not None:
        limits = np.iinfo(dtype.numpy)
        array = rng.integers(limits.min, limits.max + 1, shape)
    else:
        array = rng.integers(low, high + 1, shape)
    return Feed(np.asarray(array, dtype.numpy), quantization)


def ints(*values):
    """A constant vector of int32."""
    return Constant(np.array(values, np.int32))


def scalar(value, dtype=np.int32):
    """A constant scalar."""
    return Constant(np.array(value, dtype))


def tensor(shape, dtype=DType.FLOAT32, name="x"):
    """A tensor without data; -1 is a free size."""
    return Tensor(name, TensorType(dtype, tuple(shape)))


def constant(values, dtype=np.int32, name="c"):
    """A tensor that holds `values`."""
    array = np.array(values, dtype)
    return Tensor(name, TensorType(DType.of_numpy(array.dtype), array.shape), array)


def shapes(op, *inputs):
    """The shapes that `infer` gives."""
    return [type_.shape for type_ in op.infer(*inputs)]


def refused(op, *inputs, match=None):
    """`infer` must end in a GraphError that names the operator."""
    with pytest.raises(GraphError, match=match) as caught:
        op.infer(*inputs)
    assert op.name in str(caught.value)
