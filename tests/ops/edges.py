"""Cases with edge sizes, made of others: one element, an odd number, none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tests.ops.coverage import data_of, edges_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ops.contract import Case, Input

_SIZES = {"one": 1, "odd": 3, "empty": 0}


def variants(case: Case, edge: str) -> Iterator[Case]:
    """The case with one axis of its data resized to an edge, for each axis."""
    return (made for made in resized(case, _SIZES[edge]) if edge in edges_of(made))


def resized(case: Case, size: int) -> Iterator[Case]:
    """The case with one axis of its data resized, for each axis."""
    data = data_of(case)
    if data is None or case.expected is not None or 0 in np.shape(data.array):
        return
    shape = np.shape(data.array)
    for axis in range(len(shape)):
        inputs = tuple(_resized(each, shape, axis, size) for each in case.inputs)
        name = f"{case.name} {size} along {axis}".strip()
        yield replace(case, inputs=inputs, name=name)


def _resized(given: Input, shape: tuple[int, ...], axis: int, size: int) -> Input:
    """An input that goes along with the data, with another size of an axis."""
    if given is None or np.shape(given.array) != shape:
        return given
    quantization = given.quantization
    if quantization is not None and quantization.is_per_channel:
        return given
    places = np.arange(size) % shape[axis]
    return replace(given, array=np.take(given.array, places, axis))


CRASHES = {
    ("QUANTIZE", "empty"): "LiteRT divides by the size of an axis",
    ("REVERSE_V2", "empty"): "LiteRT reads before it looks at the size",
}
"""What LiteRT does not survive; our meaning is compared with machine code alone."""

UNJUDGED = {
    ("GATHER", "int4", "one"): "LiteRT mixes up rows of int4 that end within a byte",
    ("RANDOM_UNIFORM", "int32", "empty"): "a scalar is drawn anew in every run",
    ("RANDOM_STANDARD_NORMAL", "int32", "empty"): "a scalar is drawn anew in every run",
}
"""What has no answer that ours could be compared with."""

_SCALARS = "the data are scalars; sizes are numbers of their own, and have cases"
_REFUSED = "LiteRT refuses to prepare it"
_STORED = "all sizes are tied to weights, states or other inputs, which do not shrink"
_INDEX = "there is nothing that an index could choose"
_UNSET = "LiteRT's Python cannot set an empty tensor here"
_OWN = "its cases are judged by the definition, as LiteRT cannot be asked"
WITHOUT = {
    ("Convolution2DTransposeBias", "empty"): _REFUSED,
    ("CONV_3D_TRANSPOSE", "empty"): _STORED,
    ("DEPTHWISE_CONV_2D", "empty"): f"{_REFUSED} with integer weights",
    ("DILATE", "empty"): _REFUSED,
    ("FILL", "odd"): _SCALARS,
    ("FILL", "empty"): _SCALARS,
    ("FULLY_CONNECTED", "empty"): "float16 weights are no input of LiteRT's kernel",
    ("GATHER", "empty"): _INDEX,
    ("GATHER_ND", "empty"): _INDEX,
    ("LSTM", "one"): _STORED,
    ("LSTM", "empty"): _STORED,
    ("RNN", "empty"): _STORED,
    ("MATRIX_SET_DIAG", "empty"): _STORED,
    ("DYNAMIC_UPDATE_SLICE", "empty"): _STORED,
    ("MIRROR_PAD", "empty"): "there is nothing to mirror",
    ("MULTINOMIAL", "empty"): _UNSET,
    ("SEGMENT_SUM", "empty"): _UNSET,
    ("NON_MAX_SUPPRESSION_V4", "empty"): _STORED,
    ("NON_MAX_SUPPRESSION_V5", "odd"): _STORED,
    ("NON_MAX_SUPPRESSION_V5", "empty"): _STORED,
    ("ONE_HOT", "odd"): _SCALARS,
    ("ONE_HOT", "empty"): _SCALARS,
    ("RANGE", "odd"): _SCALARS,
    ("RANGE", "empty"): _SCALARS,
    ("PRELU", "one"): _OWN,
    ("PRELU", "odd"): _OWN,
    ("PRELU", "empty"): _OWN,
    ("SCATTER_ND", "empty"): _STORED,
    ("STABLEHLO_GATHER", "empty"): _INDEX,
    ("SVDF", "empty"): _STORED,
    ("TRANSPOSE_CONV", "empty"): _STORED,
    ("UNIQUE", "empty"): _UNSET,
    ("UNPACK", "empty"): _REFUSED,
    ("WHERE", "empty"): _UNSET,
    ("SLICE", "empty"): "the sizes of its cases are those of what is left",
    ("RESHAPE", "one"): "the shape of its cases is stored, and holds more",
    ("RESHAPE", "empty"): "the shape of its cases is stored, and holds more",
    ("BROADCAST_TO", "empty"): "the shape of its cases is stored, and holds more",
}
"""Operators that have no variant with an edge size in some of their types, and why."""
