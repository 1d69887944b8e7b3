"""Rules of the layers that turn features into numbers of categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.category import encoded
from gossamer.frontends.report import Unsupported
from gossamer.ir.types import DType
from gossamer.ops.bucketize import Bucketize

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@layer("Discretization")
def _discretization(call: Call) -> RuleResult:
    used = call.operation
    if used.bin_boundaries is None:
        raise Unsupported(
            "it has no boundaries", "Give bin_boundaries, or call adapt(data) first."
        )
    bounds = tuple(float(bound) for bound in used.bin_boundaries)
    is_known = call.x.dtype in (DType.FLOAT32, DType.INT32, DType.INT64)
    x = call.x if is_known else call.real(call.x)
    bins = call.emit(Bucketize(bounds), x)
    return encoded(call, bins, used.output_mode, len(bounds) + 1, call.dtype)


@layer("CategoryEncoding")
def _category_encoding(call: Call) -> RuleResult:
    used = call.operation
    weights = call.arguments.get("count_weights")
    given = None if weights is None else call.argument("count_weights")
    mode, depth = used.output_mode, int(used.num_tokens)
    return encoded(call, call.x, mode, depth, call.dtype, given)
