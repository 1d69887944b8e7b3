"""Rules of the layers that look vectors up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.quantized import require_plain_weights, weight_of
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.products import fully_connected
from gossamer.ir.types import DType
from gossamer.ops.arithmetic import Mul
from gossamer.ops.fully_connected import FullyConnected
from gossamer.ops.gather import Gather
from gossamer.ops.sigmoid import Tanh

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


@layer("Embedding")
def _embedding(call: Call) -> RuleResult:
    return _looked_up(call)


@layer("ReversibleEmbedding")
def _reversible_embedding(call: Call) -> RuleResult:
    """Rows by their number, or in reverse the product with all rows."""
    used = call.operation
    if not call.arguments.get("reverse"):
        return _looked_up(call)
    require_plain_weights(used)
    x, cap = call.real(call.x), used.logit_soft_cap
    if cap is not None:
        # Before the product, since it would be folded into a second copy of the rows.
        x = call.emit(Mul(), x, call.scalar("inverse_cap", 1 / cap))
    y = _scores(call, used, x)
    if cap is None:
        return y
    return call.emit(Mul(), call.emit(Tanh(), y), call.scalar("cap", cap))


def _looked_up(call: Call) -> Tensor:
    """One GATHER; a number outside of the table is an error when the model runs."""
    table = call.weight("embeddings", weight_of(call.operation, "embeddings"))
    is_index = call.x.dtype in (DType.INT32, DType.INT64)
    places = call.x if is_index else call.cast(call.x, DType.INT32)
    return call.emit(Gather(0), table, places)


def _scores(call: Call, used: Any, x: Tensor) -> Tensor:
    if not used.tie_weights:
        return fully_connected(call, x, used.reverse_embeddings, None)
    # The rows are what FULLY_CONNECTED takes, and what GATHER reads.
    table = call.weight("embeddings", used.embeddings)
    return call.emit(FullyConnected(keep_num_dims=x.type.rank != 2), x, table, None)
