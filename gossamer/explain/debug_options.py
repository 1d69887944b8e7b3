"""What a `QuantizationDebugger` measures, and what it leaves in float."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from gossamer.errors import InputError
from gossamer.ir.types import Array

LayerMetric: TypeAlias = Callable[[Array], Any]
"""Of the differences of a layer, quantized less float, in one sample."""

ModelMetric: TypeAlias = Callable[[Sequence[Array], Sequence[Array]], Any]
"""Of the float model's outputs and the quantized one's, as real numbers."""

CompareMetric: TypeAlias = Callable[[Array, Array, float, int], Any]
"""Of a layer in float, the same as integers, their scale and zero point."""


def _largest(differences: Array) -> Any:
    return np.max(np.abs(differences))


def _mean_squared(differences: Array) -> Any:
    return np.average(differences**2)


def _size(differences: Array) -> Any:
    return differences.size


LAYER_METRICS: Mapping[str, LayerMetric] = {
    "num_elements": _size,
    "stddev": np.std,
    "mean_error": np.average,
    "max_abs_error": _largest,
    "mean_squared_error": _mean_squared,
}
"""What is always measured of a layer."""


class QuantizationDebugOptions:
    """Options of a `QuantizationDebugger`, with TensorFlow Lite's names.

    Attributes:
        layer_debug_metrics: functions by name, of a layer's differences.
        model_debug_metrics: functions by name, of both models' outputs.
        layer_direct_compare_metrics: functions by name, of a layer's values in float
            and as integers, with scale and zero point.
        denylisted_ops: operators, such as "CONV_2D", that stay in float.
        denylisted_nodes: names of tensors whose operators stay in float.
        fully_quantize: whether inputs and outputs are int8, too.
    """

    def __init__(
        self,
        layer_debug_metrics: Mapping[str, LayerMetric] | None = None,
        model_debug_metrics: Mapping[str, ModelMetric] | None = None,
        layer_direct_compare_metrics: Mapping[str, CompareMetric] | None = None,
        denylisted_ops: Sequence[str] | None = None,
        denylisted_nodes: Sequence[str] | None = None,
        fully_quantize: bool = False,  # noqa: FBT001, FBT002 - TensorFlow Lite's
    ) -> None:
        """See the class.

        Raises:
            InputError: two metrics have one name.
        """
        given = (layer_debug_metrics, model_debug_metrics, layer_direct_compare_metrics)
        names = [name for metrics in given for name in metrics or ()]
        if len(names) != len(set(names)):
            raise InputError(
                "Provided metrics have duplicate keys. Each needs a name of its own; "
                f"given are {', '.join(names)}"
            )
        self.layer_debug_metrics = layer_debug_metrics
        self.model_debug_metrics = model_debug_metrics
        self.layer_direct_compare_metrics = layer_direct_compare_metrics
        self.denylisted_ops = denylisted_ops
        self.denylisted_nodes = denylisted_nodes
        self.fully_quantize = fully_quantize
