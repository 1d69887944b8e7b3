"""Rules of the pooling layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.pooling import adaptive, pool
from gossamer.frontends.keras.registry import RuleResult, layer
from gossamer.frontends.parts.adaptive import adaptive_average, adaptive_max
from gossamer.frontends.parts.layout import spatial_axes
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


@layer(
    "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D"
)
def _adaptive_average_pooling(call: Call) -> RuleResult:
    return adaptive(call, adaptive_average)


@layer("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D")
def _adaptive_max_pooling(call: Call) -> RuleResult:
    return adaptive(call, adaptive_max)


def _over_space(call: Call, op: Op) -> RuleResult:
    x = call.real(call.x)
    axes = spatial_axes(x.type.rank, call.operation.data_format)
    return call.emit(op, x, call.indices("axes", axes))
