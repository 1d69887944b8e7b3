"""Where a debugger gets models from: a converter that was set up to quantize."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from gossamer.calibration import compiled_runner, samples_of
from gossamer.errors import QuantizationError
from gossamer.ir.types import DType
from gossamer.passes.base import run
from gossamer.passes.pipeline import CANONICALIZE, FINISH
from gossamer.quantization.calibrate import calibrate
from gossamer.quantization.materialize import materialize
from gossamer.quantization.mixture import integer_choices
from gossamer.quantization.propagate import propagate
from gossamer.quantization.rules import INTEGER
from gossamer.quantization.verifiers import with_verifiers

if TYPE_CHECKING:
    from gossamer.explain.debug_options import QuantizationDebugOptions
    from gossamer.ir.graph import Model, Tensor
    from gossamer.quantization.ranges import Range


class Converted:
    """What a converter makes, calibrated once and quantized as often as asked."""

    def __init__(self, converter: Any) -> None:
        if not converter.optimizations:
            raise QuantizationError(
                "converter object must set optimizations to lite.Optimize.DEFAULT"
            )
        if converter.representative_dataset is None:
            raise QuantizationError(
                "converter object must set representative_dataset, a function that "
                "yields samples"
            )
        self._model, self._recipe = converter.prepared()
        given = converter.representative_dataset
        self.dataset: Any = getattr(given, "input_gen", given)

    @cached_property
    def real(self) -> Model:
        """The float model, ready to be quantized."""
        return run(self._model, CANONICALIZE)

    @cached_property
    def ranges(self) -> dict[Tensor, Range]:
        """What every activation spans on the calibration samples."""
        samples = samples_of(self.real, self.dataset)
        return calibrate(self.real, samples, compiled_runner, self._recipe.method)

    def quantized(self, options: QuantizationDebugOptions) -> Model:
        """The model on integers but for what the options leave in float."""
        rules = self._recipe.rules.without(
            options.denylisted_ops or (), options.denylisted_nodes or ()
        )
        chosen = integer_choices(self.real.main, rules.rule)
        plan = propagate(self.real.main, chosen, self.ranges)
        integers = INTEGER.get(rules.default.mode, DType.INT8)
        end = integers if options.fully_quantize else DType.FLOAT32
        weights = self._recipe.weights
        return run(materialize(self.real, plan, end, end, options=weights), FINISH)

    def debug(self, options: QuantizationDebugOptions) -> Model:
        """The same with NumericVerify behind each integer layer."""
        return with_verifiers(run(self.real, FINISH), self.quantized(options))
