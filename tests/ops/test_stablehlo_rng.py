from __future__ import annotations

import numpy as np
import pytest

from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import StablehloRngBitGenerator
from tests.ops.whole import agree, failure

TYPES = (DType.INT32, DType.INT64, DType.UINT32, DType.UINT64)
SHAPES = ((), (1,), (7,), (3, 5), (2, 1, 3))
STATES = (
    ("threefry", (1, 2)),
    ("threefry", (2**64 - 1, 2**64 - 1)),
    ("philox", (1, 2)),
    ("philox", (2**63 + 7, 2**32 - 1)),
    ("philox", (5, 6, 2**40 + 9)),
    ("default", (2**64 - 1, 2**64 - 2, 3)),
)


def model(algorithm, size, dtype, shape):
    build = Builder("main")
    state = build.input("state", TensorType(DType.UINT64, (size,)))
    types = (state.type, TensorType(dtype, shape))
    outputs = build.nodes(StablehloRngBitGenerator(algorithm), state, types=types)
    return Model((build.finish(outputs),))


@pytest.mark.parametrize(("algorithm", "state"), STATES)
@pytest.mark.parametrize("dtype", TYPES)
def test_bits(algorithm, state, dtype):
    for shape in SHAPES:
        given = np.array(state, np.uint64)
        agree(model(algorithm, len(state), dtype, shape), [given])


@pytest.mark.parametrize(
    ("algorithm", "size", "dtype", "match"),
    [
        ("threefry", 3, DType.INT32, "the state is uint64[3], not uint64 of 2"),
        ("philox", 4, DType.INT32, "the state is uint64[4], not uint64 of 2 or 3"),
        ("philox", 2, DType.INT8, "outputs are uint64 and int8, not uint64 and"),
        ("default", 2, DType.FLOAT32, "outputs are uint64 and float32"),
    ],
)
def test_what_is_refused(algorithm, size, dtype, match):
    content = bytes(write(model(algorithm, size, dtype, (4,))))
    text = failure(content, [np.zeros(size, np.uint64)])
    assert match in text
