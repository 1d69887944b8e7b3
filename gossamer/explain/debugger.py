"""`QuantizationDebugger` with the methods and attributes of TensorFlow Lite's."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from gossamer.calibration import samples_of
from gossamer.errors import InputError, QuantizationError
from gossamer.explain.debug_options import LAYER_METRICS, QuantizationDebugOptions
from gossamer.explain.debug_source import Converted
from gossamer.explain.inputs import in_order
from gossamer.explain.probe import Probe
from gossamer.flatbuffer.write import write
from gossamer.quantization.verifiers import VERIFY, layer_of, with_real_differences
from gossamer.runtime.source import Source

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from gossamer.explain.debug_options import LayerMetric
    from gossamer.ir.graph import Model, Node, Tensor
    from gossamer.ir.types import Array

Statistics = dict[str, Any]


class QuantizationDebugger:
    """Measures how far each layer of a quantized model is from the same in float.

    Attributes:
        layer_statistics: after `run`, by NumericVerify/NAME:INDEX the metrics of that
            tensor by name, each the mean of all samples'.
        model_statistics: after `run`, the model metrics by name.
        options: the options; setting them quantizes anew, where there is a converter.

    Example:
        >>> debugger = QuantizationDebugger(
        ...     converter=converter, debug_dataset=lambda: ([x] for x in images)
        ... )
        >>> debugger.run()
        >>> with open("layers.csv", "w") as file:
        ...     debugger.layer_statistics_dump(file)
    """

    layer_statistics: dict[str, Statistics] | None
    model_statistics: Statistics | None

    def __init__(
        self,
        quant_debug_model_path: str | os.PathLike[str] | None = None,
        quant_debug_model_content: bytes | None = None,
        float_model_path: str | os.PathLike[str] | None = None,
        float_model_content: bytes | None = None,
        debug_dataset: Any = None,
        debug_options: QuantizationDebugOptions | None = None,
        converter: Any = None,
    ) -> None:
        """Take a debug model, or a converter that makes one.

        Args:
            quant_debug_model_path: a quantized model with NumericVerify operators.
            quant_debug_model_content: its bytes, instead of a path.
            float_model_path: the float model, for `model_debug_metrics`.
            float_model_content: its bytes, instead of a path.
            debug_dataset: a function that yields samples in float, as
                `TFLiteConverter.representative_dataset`.
            debug_options: what to measure, and what to leave in float.
            converter: a `TFLiteConverter` with optimizations and a representative
                dataset, instead of models.

        Raises:
            InputError: there is neither a model nor a converter.
            QuantizationError: the model is not in debug mode, or the converter is not
                set up to quantize.
        """
        self._data = debug_dataset
        self._options = debug_options or QuantizationDebugOptions()
        self._converted = None if converter is None else Converted(converter)
        self._float: Model | None = None
        if self._converted is not None:
            self._quantize()
            return
        source = Source(quant_debug_model_path, quant_debug_model_content)
        if self._options.model_debug_metrics:
            self._float = Source(float_model_path, float_model_content).model
        self._take(source.model)

    @property
    def options(self) -> QuantizationDebugOptions:
        return self._options

    @options.setter
    def options(self, options: QuantizationDebugOptions) -> None:
        self._options = options
        if self._converted is not None:
            self._quantize()

    def get_nondebug_quantized_model(self) -> bytes:
        """The quantized model with the options' exceptions.

        Raises:
            InputError: there is no converter.
        """
        return write(self._require_converter().quantized(self._options))

    def get_debug_quantized_model(self) -> bytes:
        """The same with NumericVerify behind each integer layer.

        Raises:
            InputError: there is no converter.
        """
        return write(self._require_converter().debug(self._options))

    def run(self) -> None:
        """Run all samples and compute the statistics.

        Raises:
            QuantizationError: there are no samples, or one does not fit the model.
        """
        seen: dict[str, dict[str, list[Any]]] = {y.name: {} for y in self._verifiers}
        whole: dict[str, list[Any]] = {}
        quantized = Probe(self._model)
        real = None if self._float is None else Probe(self._float)
        count = 0
        for arrays in self._samples():
            quantized.run(arrays)
            self._measure_layers(quantized, seen)
            if real is not None:
                real.run(arrays)
                self._measure_model(real, quantized, whole)
            count += 1
        if not count:
            raise QuantizationError(
                "debug_dataset gave no samples; expected at least one. Check that the "
                "generator yields, and that it is not already used up"
            )
        self.layer_statistics = {
            layer: {name: np.nanmean(each) for name, each in metrics.items()}
            for layer, metrics in seen.items()
        }
        if self._options.model_debug_metrics:
            self.model_statistics = {k: np.mean(each) for k, each in whole.items()}

    def layer_statistics_dump(self, file: IO[str]) -> None:
        """Write the layers' statistics as comma-separated values.

        Raises:
            InputError: nothing was run yet.
        """
        if self.layer_statistics is None:
            raise InputError("there are no statistics yet. Call run() before")
        direct = self._options.layer_direct_compare_metrics or {}
        fields = ["op_name", "tensor_idx", *self._layer_metrics(), *direct]
        writer = csv.DictWriter(file, [*fields, "scale", "zero_point", "tensor_name"])
        writer.writeheader()
        producers = self._model.main.producers()
        places = {
            tensor: index for index, tensor in enumerate(self._model.main.tensors)
        }
        names = {tensor.name for tensor in places}
        for output, node in self._verifiers.items():
            stored = node.input(0)
            assert stored.quantization is not None
            scale, zero_point = stored.quantization.pair()
            producer = producers.get(stored)
            place = {
                "op_name": "" if producer is None else producer.op.name,
                "tensor_idx": places[stored],
                "scale": scale,
                "zero_point": zero_point,
                "tensor_name": layer_of(node, names),
            }
            writer.writerow(place | self.layer_statistics[output.name])

    def _quantize(self) -> None:
        converted = self._require_converter()
        if self._options.model_debug_metrics:
            self._float = converted.real
        self._take(converted.debug(self._options))

    def _take(self, model: Model) -> None:
        """Debug a model from now on; what was measured of another is forgotten."""
        self._model = model = with_real_differences(model)
        self._verifiers: dict[Tensor, Node] = {
            node.output: node for node in model.main.nodes if node.op.name == VERIFY
        }
        if not self._verifiers:
            raise QuantizationError(
                "Please check if the quantized model is in debug mode: it has no "
                f"{VERIFY} operators. Make one with get_debug_quantized_model()"
            )
        self.layer_statistics = self.model_statistics = None

    def _require_converter(self) -> Converted:
        if self._converted is None:
            raise InputError(
                "No converter found, use this function with the converter option in "
                "the constructor."
            )
        return self._converted

    def _samples(self) -> Iterator[list[Array]]:
        """Arrays in the order of the inputs, in float."""
        data = self._data
        if data is None and self._converted is not None:
            data = self._converted.dataset
        given = self._converted is None
        model = self._model if self._converted is None else self._converted.real
        return in_order(model, samples_of(model, data), in_float=not given)

    def _layer_metrics(self) -> dict[str, LayerMetric]:
        return {**LAYER_METRICS, **(self._options.layer_debug_metrics or {})}

    def _measure_layers(
        self, probe: Probe, seen: dict[str, dict[str, list[Any]]]
    ) -> None:
        direct = self._options.layer_direct_compare_metrics or {}
        metrics = self._layer_metrics()
        for output, node in self._verifiers.items():
            found = seen[output.name]
            differences = probe.value(output)
            for name, metric in metrics.items():
                found.setdefault(name, []).append(metric(differences))
            if not direct:
                continue
            stored, real = node.input(0), node.input(1)
            assert stored.quantization is not None
            values = probe.value(real), probe.value(stored)
            for name, compare in direct.items():
                result = compare(*values, *stored.quantization.pair())
                found.setdefault(name, []).append(result)

    def _measure_model(
        self, real: Probe, quantized: Probe, whole: dict[str, list[Any]]
    ) -> None:
        metrics: Mapping[str, Any] = self._options.model_debug_metrics or {}
        outputs = real.outputs(), quantized.outputs()
        for name, metric in metrics.items():
            whole.setdefault(name, []).append(metric(*outputs))
