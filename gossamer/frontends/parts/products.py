"""Products with a constant matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.ops.fully_connected import FullyConnected

if TYPE_CHECKING:
    from gossamer.frontends.emitter import Emitter
    from gossamer.ir.graph import Tensor


def fully_connected(
    emitter: Emitter, x: Tensor, kernel: Any, bias: Any | None
) -> Tensor:
    """FULLY_CONNECTED over the last axis of `x`.

    Args:
        emitter: where the node goes.
        x: (..., inputs).
        kernel: (inputs, units); stored as (units, inputs).
        bias: (units,), or None.
    """
    op = FullyConnected(keep_num_dims=x.type.rank != 2)
    weight = emitter.weight("kernel", kernel, (1, 0))
    return emitter.emit(
        op, x, weight, None if bias is None else emitter.weight("bias", bias)
    )
