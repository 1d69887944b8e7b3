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
    """The case with one axis of its data resized, for each axis."""
    data = data_of(case)
    if data is None or case.expected is not None or 0 in np.shape(data.array):
        return
    shape = np.shape(data.array)
    for axis in range(len(shape)):
        inputs = tuple(
            _resized(each, shape, axis, _SIZES[edge]) for each in case.inputs
        )
        name = f"{case.name} {edge} {axis}".strip()
        made = replace(case, inputs=inputs, name=name)
        if edge in edges_of(made):
            yield made


def _resized(given: Input, shape: tuple[int, ...], axis: int, size: int) -> Input:
    """An input that goes along with the data, with another size of an axis."""
    if given is None or np.shape(given.array) != shape:
        return given
    quantization = given.quantization
    if quantization is not None and quantization.is_per_channel:
        return given
    places = np.arange(size) % shape[axis]
    return replace(given, array=np.take(given.array, places, axis))
