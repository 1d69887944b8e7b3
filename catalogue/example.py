"""One use of a Keras layer or function, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import keras
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.types import Array

Shape: TypeAlias = tuple[int, ...]
BATCH = 2


@dataclass(frozen=True, slots=True)
class Example:
    """A layer or function on inputs of stated shapes.

    Attributes:
        apply: from Keras tensors, or arrays, to what the layer or function returns.
        shapes: of the inputs, without the batch.
        dtypes: of the inputs; the last one of all further ones.
        low: the least number of the inputs.
        high: above the greatest number of the inputs.
        batch: the first size of the inputs; None if it is free, as it mostly is.
        tolerance: how far the result may be from Keras's, relative to its range.
        is_certain: whether Keras says all of the result.
    """

    apply: Callable[..., Any]
    shapes: tuple[Shape, ...]
    dtypes: tuple[str, ...] = ("float32",)
    low: float = 0.1
    high: float = 0.9
    batch: int | None = None
    tolerance: float = 1e-5
    is_certain: bool = True

    def symbols(self) -> list[Any]:
        """Fresh Keras tensors to begin a model with."""
        return [
            keras.Input(batch_shape=(self.batch, *shape), dtype=self._dtype(index))
            for index, shape in enumerate(self.shapes)
        ]

    def arrays(self) -> list[Array]:
        """Inputs; the same on every call."""
        random = np.random.default_rng(1)
        count = self.batch or BATCH
        return [
            self._array(random, (count, *shape), self._dtype(index))
            for index, shape in enumerate(self.shapes)
        ]

    def _array(self, random: np.random.Generator, shape: Shape, dtype: str) -> Array:
        if dtype == "float32":
            return random.uniform(self.low, self.high, shape).astype(np.float32)
        if dtype == "complex64":
            return (
                random.normal(0, 1, (*shape, 2)).astype(np.float32).view(dtype)[..., 0]
            )
        high = 2 if dtype == "bool" else max(int(self.high), 3)
        return random.integers(0, high, shape).astype(dtype)

    def _dtype(self, index: int) -> str:
        return self.dtypes[min(index, len(self.dtypes) - 1)]


def use(apply: Callable[..., Any], *shapes: Shape, **options: Any) -> Example:
    """An example; `dtype` may stand for `dtypes` of one entry."""
    if "dtype" in options:
        options["dtypes"] = (options.pop("dtype"),)
    return Example(apply, shapes, **options)
