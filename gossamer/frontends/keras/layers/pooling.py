"""Rules of the pooling layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.pooling import pool
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.convolution import require_channels_last
from gossamer.frontends.parts.pooling import AVERAGE, LARGEST
from gossamer.ops.reduce import Mean, ReduceMax

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call
    from gossamer.ir.op import Op


@layer("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
def _max_pooling(call: Call) -> RuleResult:
    return pool(call, LARGEST)


@layer("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def _average_pooling(call: Call) -> RuleResult:
    return pool(call, AVERAGE)


@layer("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D")
def _global_average_pooling(call: Call) -> RuleResult:
    return _over_space(call, Mean(keep_dims=bool(call.operation.keepdims)))


@layer("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D")
def _global_max_pooling(call: Call) -> RuleResult:
    return _over_space(call, ReduceMax(keep_dims=bool(call.operation.keepdims)))


def _over_space(call: Call, op: Op) -> RuleResult:
    require_channels_last(call.operation.data_format)
    x = call.real(call.x)
    return call.emit(op, x, call.indices("axes", range(1, x.type.rank - 1)))
