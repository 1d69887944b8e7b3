"""Run a file in Gossamer and in LiteRT on the same inputs, and compare."""

from __future__ import annotations

import ai_edge_litert.interpreter as litert
import numpy as np

import gossamer

REFERENCE = litert.OpResolverType.BUILTIN_REF
PLAIN = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
AUTOMATIC = litert.OpResolverType.AUTO


def ours(data, **options):
    """Our interpreter, ready to run."""
    return _ready(gossamer.Interpreter(model_content=data, **options))


def theirs(data, kernels=REFERENCE, **options):
    """LiteRT's interpreter with one set of its kernels."""
    return _ready(
        litert.Interpreter(
            model_content=data, experimental_op_resolver_type=kernels, **options
        )
    )


def _ready(interpreter):
    interpreter.allocate_tensors()
    return interpreter


def infer(interpreter, inputs):
    """The outputs, in the file's order, for one array per input."""
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    return [interpreter.get_tensor(detail["index"]) for detail in outputs]


def random_inputs(interpreter, random):
    """One array per input: floats in [0, 1), integers of the whole range."""
    return [_values(detail, random) for detail in interpreter.get_input_details()]


def _values(detail, random):
    dtype, shape = np.dtype(detail["dtype"]), tuple(detail["shape"])
    if dtype.kind == "f":
        return random.random(shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def assert_equal(ours, theirs):
    """The outputs are equal to the bit."""
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def assert_close(ours, theirs, share):
    """The outputs differ by at most a share of their range."""
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == other.dtype
        reach = float(np.ptp(other)) or 1.0
        np.testing.assert_allclose(one, other, rtol=0, atol=share * reach)


def quantized(x, detail):
    """Real numbers as an integer input stores them."""
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    stored = np.round(x / scale) + zero_point
    return stored.clip(limits.min, limits.max).astype(detail["dtype"])


def assert_steps(ours, theirs, steps):
    """Integer outputs are at most so many steps apart."""
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == other.dtype
        distance = np.abs(one.astype(np.int64) - other.astype(np.int64))
        assert distance.max() <= steps
