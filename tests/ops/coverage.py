"""What of LiteRT's operators the contract's cases cover: types, sizes, edges."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gossamer.ir.types import Shape
    from tests.ops.contract import Case, Constant, Feed, Input, Variable

_DATA = {
    **dict.fromkeys(("FILL", "SPLIT", "SCATTER_ND", "EMBEDDING_LOOKUP"), (1,)),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (1,)),
    **dict.fromkeys(("SPARSE_TO_DENSE", "ONE_HOT", "HASHTABLE_LOOKUP"), (2,)),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_3D"), (0, 1)),
    **dict.fromkeys(("FULLY_CONNECTED", "BATCH_MATMUL", "SVDF"), (0, 1)),
    **dict.fromkeys(("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN"), (0, 1)),
    "BIDIRECTIONAL_SEQUENCE_RNN": (0, 1),
    **dict.fromkeys(("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"), (0, 2)),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (0, 2),
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"), (2, 1)),
}
"""The inputs whose element types tell kernels apart: mostly the first alone."""


def size_of(case: Case) -> int:
    """Elements of all inputs."""
    return sum(np.size(x.array) for x in case.inputs if x is not None)


FEWEST = 5
"""Cases that each operator must have in each of its types."""
EDGES = ("one", "odd", "empty")


def types_of(case: Case) -> str:
    """The element types of a case's data, such as `int8` or `float32*int8`."""
    names: list[str] = []
    for position in _DATA.get(case.op.name, (0,)):
        given = case.inputs[position]
        names.append("none" if given is None else dtype_of(given).title)
    return "*".join(names)


def dtype_of(given: Feed | Constant | Variable) -> DType:
    """The element type of an input."""
    return getattr(given, "dtype", None) or DType.of_numpy(given.array.dtype)


def data_of(case: Case) -> Input:
    """The input that the other sizes follow."""
    return case.inputs[_DATA.get(case.op.name, (0,))[0]] if case.inputs else None


def edges_of(case: Case) -> set[str]:
    """Which of `EDGES` are among the sizes of a case's data."""
    given = data_of(case)
    shape: Shape = () if given is None else np.shape(given.array)
    found = {"one"} if 1 in shape or not shape else set[str]()
    if any(size % 2 and size > 1 for size in shape):
        found.add("odd")
    if 0 in shape:
        found.add("empty")
    return found


def covered(cases: Iterable[Case]) -> dict[tuple[str, str], list[Case]]:
    """The cases by operator and types."""
    found: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        if case.inputs:
            found[case.op.name, types_of(case)].append(case)
    return found
