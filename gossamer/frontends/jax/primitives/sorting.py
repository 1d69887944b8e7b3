"""Rules of sorting and of the greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.frontends.jax.primitives.arithmetic import computed_in
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts.shaping import transpose
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Sub
from gossamer.ops.cast import Cast
from gossamer.ops.gather import Gather
from gossamer.ops.top_k import TopKV2
from gossamer.ops.unary import Neg

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor


@primitive("top_k")
def _top_k(call: Call) -> RuleResult:
    rank = len(call.shape())
    axis = int(call.params.get("axis", -1)) % rank
    x = _to_end(call, call.wide(0, computed_in(call.dtype)), axis)
    values, places = _greatest(call, x, int(call.params["k"]))
    kinds = [call.dtype, DType.INT32]
    return [
        _to_end(call, call.cast(y, kind), axis)
        for y, kind in zip((values, places), kinds, strict=True)
    ]


@primitive("sort")
def _sort(call: Call) -> RuleResult:
    """TOPK_V2 of what falls as the key rises; it keeps equal keys in their order."""
    call.require(
        int(call.params["num_keys"]) == 1,
        f"it sorts by {call.params['num_keys']} keys",
        "Sort by one key, or join the keys into one number.",
    )
    rank = len(call.shape())
    axis = int(call.params["dimension"]) % rank
    size = call.shape()[axis]
    call.require(
        size >= 0, f"it sorts along axis {axis}, whose size is free", "Fix that size."
    )
    operands = [
        _to_end(call, call.wide(index), axis)
        for index in range(len(call.step.operands))
    ]
    key = call.cast(operands[0], computed_in(operands[0].dtype))
    falling, places = _greatest(call, _opposite(call, key), size)
    first = call.cast(_opposite(call, falling), operands[0].dtype)
    others = [
        call.emit(Gather(rank - 1, rank - 1), each, places) for each in operands[1:]
    ]
    return [_to_end(call, y, axis) for y in (first, *others)]


def _greatest(call: Call, x: Tensor, count: int) -> tuple[Tensor, Tensor]:
    number = call.constant("k", np.int32(count))
    values, places = call.emit_all(TopKV2(), x, number)
    return values, places


def _opposite(call: Call, x: Tensor) -> Tensor:
    """What falls as x rises: -x, or for whole numbers -1 - x, which cannot overflow."""
    if x.dtype.is_float:
        return call.emit(Neg(), x)
    if x.dtype is DType.BOOL:
        x = call.emit(Cast(DType.BOOL, DType.INT32), x)
    return call.emit(Sub(), call.constant("ones", np.array(-1, x.dtype.numpy)), x)


def _to_end(call: Call, x: Tensor, axis: int) -> Tensor:
    """`x` with an axis and the last one exchanged."""
    order = list(range(x.type.rank))
    order[axis], order[-1] = order[-1], order[axis]
    return transpose(call, x, order)
