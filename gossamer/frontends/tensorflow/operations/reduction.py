"""Rules of reductions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.emitter import axis_of
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ops.reduce import Mean, ReduceMax, ReduceMin, ReduceProd, Sum
from gossamer.ops.reduce_truth import ReduceAll, ReduceAny

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

_REDUCTIONS: dict[str, Callable[[bool], Op]] = {
    "All": ReduceAll,
    "Any": ReduceAny,
    "Max": ReduceMax,
    "Mean": Mean,
    "Min": ReduceMin,
    "Prod": ReduceProd,
    "Sum": Sum,
}


@operation(*_REDUCTIONS, known=(1,))
def _reduction(used: Operation) -> Tensor:
    x = used.tensor()
    axes = [axis_of(axis, x.type.rank) for axis in used.numbers(1, "axes")]
    op = _REDUCTIONS[used.kind](bool(used.attribute("keep_dims")))
    return used.emit(op, x, used.indices("axes", axes))
