"""Element types that an operator's own cases leave out, on the data of those cases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gossamer.ir.quantization import Quantization
from gossamer.ir.types import DType
from tests.ops.collection import plain_cases
from tests.ops.contract import Case, check
from tests.ops.coverage import dtype_of, size_of

if TYPE_CHECKING:
    from tests.ops.contract import Input

_WIDE = "float16 bfloat16 float64 uint16 uint32 uint64 complex64"
TYPES = {
    "ATAN2": "float64",
    "BATCH_TO_SPACE_ND": "bool int16",
    "SPACE_TO_BATCH_ND": "bool int16",
    "DILATE": f"{_WIDE} bool",
    "DYNAMIC_UPDATE_SLICE": f"{_WIDE} int4 uint8",
    "EMBEDDING_LOOKUP": "float16 bool int16 int64 uint8",
    "EXPAND_DIMS": f"{_WIDE} int4",
    "HASHTABLE_LOOKUP": "float16 bool int16 int64 uint8",
    "PADV2": "bool",
    "RANK": "float16 int16 int32 int64 uint8",
    "REDUCE_MAX": "bool",
    "REDUCE_MIN": "bool",
    "REDUCE_PROD": "bool uint8",
    "RESHAPE": f"{_WIDE} complex128 int4",
    "SHAPE": "float16 int16 int32 int64 uint8",
    "SOFTMAX": "float16",
    "SQUEEZE": f"{_WIDE} int4",
    "STABLEHLO_GATHER": "bfloat16 complex64 uint64",
    "STABLEHLO_PAD": "bfloat16 complex64 bool uint16 uint32 uint64",
    "STRIDED_SLICE": "int16 int64 uint8",
    "SUM": "bool",
    "TILE": "int16",
    "TRANSPOSE": "uint4",
}
QUANTIZED = {"DIV": "uint8 int16", "SUM": "int8"}
HALF = Quantization.per_tensor(0.5, 0)
_GIVEN = (DType.FLOAT32, DType.INT8, DType.BOOL)
_HALF_STEP = 2.0**-10
"""A unit in the last place of float16, in which results are rounded."""
_COUNT = 6
"""Cases of each type."""


def retyped(case: Case, dtype: DType, quantization: Quantization | None) -> Case:
    """The case with its data, and all inputs of the same type, in another type."""
    given = {dtype_of(x) for x in case.inputs if x is not None}
    source = next(each for each in _GIVEN if each in given)

    def converted(x: Input) -> Input:
        if x is None or dtype_of(x) is not source:
            return x
        drawn = np.random.default_rng(x.array.size).integers(1, 7, np.shape(x.array))
        # Sums of more than 127 are no int8; LiteRT gives something for them.
        is_small = dtype is DType.BOOL or case.op.name == "SUM"
        array = np.asarray(drawn % 2 if is_small else drawn, dtype.numpy)
        return replace(x, array=array, quantization=quantization, dtype=dtype)

    return replace(
        case,
        inputs=tuple(converted(x) for x in case.inputs),
        output=quantization,
        output_dtype=dtype if case.output_dtype is source else case.output_dtype,
        name=f"{case.name} {dtype.title}",
        tolerance=_HALF_STEP if dtype is DType.FLOAT16 else case.tolerance,
    )


def chosen(name: str) -> list[Case]:
    """Small cases of an operator and the largest, which there is a result of."""
    found = [
        case
        for case in plain_cases()
        if case.op.name == name
        and case.expected is None
        and size_of(case)
        and any(x is not None and dtype_of(x) in _GIVEN for x in case.inputs)
    ]
    found.sort(key=size_of)
    return [*found[: _COUNT - 1], found[-1]]


def made(types: dict[str, str], quantization: Quantization | None) -> list[Case]:
    return [
        retyped(case, DType[title.upper()], quantization)
        for name, titles in types.items()
        for title in titles.split()
        for case in chosen(name)
    ]


@pytest.mark.parametrize("case", made(TYPES, None) + made(QUANTIZED, HALF), ids=str)
def test_contract(case: Case) -> None:
    check(case)
