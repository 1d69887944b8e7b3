"""REDUCE_WINDOW: one number for each place of a window that slides over a tensor."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import integers, known_vector, made, operands, same_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, Shape, TensorType

REDUCED = frozenset(
    {
        DType.BOOL,
        DType.INT8,
        DType.INT16,
        DType.INT32,
        DType.INT64,
        DType.UINT8,
        DType.FLOAT32,
        DType.FLOAT64,
    }
)
"""The element types that a window can be reduced in."""

LARGEST_RANK = 6


@dataclass(frozen=True, slots=True)
class Sliding:
    """A window: its sizes, the steps between its places, and those inside of it."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]

    def check(self, op: Op, rank: int) -> None:
        """Refuse a window that does not fit a tensor of `rank`, or has a step of 0."""
        text = f"the input has {rank} dimensions, not 1 to {LARGEST_RANK}"
        require(1 <= rank <= LARGEST_RANK, op, text)
        for name, numbers in (
            ("sizes", self.sizes),
            ("strides", self.strides),
            ("dilations", self.dilations),
        ):
            text = f"the window's {name} {list(numbers)} are not {rank} numbers above 0"
            require(len(numbers) == rank and min(numbers) > 0, op, text)

    def places(self, shape: Shape) -> tuple[int, ...]:
        """How many places there are in each dimension; -1 where its size is free."""
        return tuple(
            -1 if size < 0 else max(0, (size - (wide - 1) * apart - 1) // step + 1)
            for size, wide, step, apart in zip(
                shape, self.sizes, self.strides, self.dilations, strict=True
            )
        )

    def reduce(
        self, x: Array, start: Array, combine: Callable[[Array, Array], Array]
    ) -> Array:
        """Fold what the window shows at each place into `start`, in its order."""
        places = self.places(x.shape)
        result = np.full(places, start.ravel()[0], x.dtype)
        if not result.size:
            return result
        for corner in itertools.product(*map(range, self.sizes)):
            shown = tuple(
                slice(at * apart, at * apart + (count - 1) * step + 1, step)
                for at, apart, count, step in zip(
                    corner, self.dilations, places, self.strides, strict=True
                )
            )
            result = combine(result, x[shown])
        return result


COMBINE: dict[str, Callable[[Array, Array], Array]] = {
    "add": lambda total, x: total + x,
    "mul": lambda total, x: total * x,
    "minimum": lambda total, x: np.where(total <= x, total, x),
    "maximum": lambda total, x: np.where(total >= x, total, x),
    "all": np.logical_and,
    "any": np.logical_or,
}


@operator("REDUCE_WINDOW", code=205, options="ReduceWindowOptions")
class ReduceWindow(Op):
    """x, start, window sizes, strides, dilations -> the window reduced at each place.

    The last three are int64 constants, one number for each dimension of x.
    """

    reduce_function: str = "unsupported"

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        x, start, *numbers = operands(self, inputs, 5)
        dtype = same_type(self, (x, start))
        self._require_function()
        require(dtype in REDUCED, self, f"there is no kernel for {dtype.title}")
        require_start(self, start)
        window = [self._constant(tensor, len(x.shape)) for tensor in numbers]
        sliding = Sliding(*window)
        sliding.check(self, len(x.shape))
        return made(self, dtype, sliding.places(x.shape))

    def _constant(self, tensor: Tensor, rank: int) -> tuple[int, ...]:
        values = known_vector(self, tensor, "the window's numbers", rank)
        text = f"'{tensor.name}' is {tensor.type}, not an int64 constant"
        require(values is not None and tensor.dtype is DType.INT64, self, text)
        return values or ()

    def _require_function(self) -> None:
        text = f"the function '{self.reduce_function}' is not one that reduces"
        require(self.reduce_function in COMBINE, self, text)

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        x, start, *numbers = (np.asarray(array) for array in inputs)
        self._require_function()
        require(start.size == 1, self, f"the start has {start.size} elements, not 1")
        sliding = Sliding(*(integers(array) for array in numbers))
        sliding.check(self, x.ndim)
        return (sliding.reduce(x, start, typed(COMBINE[self.reduce_function])),)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        """The stored integers are reduced; scales play no part."""
        return self.reference(*inputs)


def typed(combine: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """`combine` with its result in the type of its operands; integers wrap around."""

    def inside(total: Array, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(combine(total, x), x.dtype)

    return inside


def require_start(op: Op, start: Tensor) -> None:
    """Refuse a start that is not one number."""
    count = start.type.size if start.type.is_static else 1
    require(count == 1, op, f"the start '{start.name}' has {count} elements, not 1")
