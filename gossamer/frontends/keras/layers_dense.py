"""Rules of Dense and of layers that are a product with a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras import activations
from gossamer.frontends.keras.quantized import require_plain_weights
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.ops.fully_connected import FullyConnected

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


@layer("Dense")
def _dense(call: Call) -> RuleResult:
    used = call.operation
    require_plain_weights(used)
    y = fully_connected(call, call.real(call.x), used.kernel, used.bias)
    return activations.activate(call, used.activation, y)


def fully_connected(call: Call, x: Tensor, kernel: Any, bias: Any | None) -> Tensor:
    """FULLY_CONNECTED over the last axis of `x`.

    Args:
        call: where the node goes.
        x: (..., inputs).
        kernel: (inputs, units); stored as (units, inputs).
        bias: (units,), or None.
    """
    op = FullyConnected(keep_num_dims=x.type.rank != 2)
    weight = call.weight("kernel", kernel, (1, 0))
    return call.emit(op, x, weight, None if bias is None else call.weight("bias", bias))
