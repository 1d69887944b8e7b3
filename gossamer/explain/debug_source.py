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
from gossamer.quantization.propagate import propagate
from gossamer.quantization.recipe import Choice, Form, choices
from gossamer.quantization.verifiers import with_verifiers

if TYPE_CHECKING:
    from gossamer.explain.debug_options import QuantizationDebugOptions
    from gossamer.ir.graph import Model, Node, Tensor
    from gossamer.quantization.ranges import Range

_DENIED = "it is on the debugger's denylist"


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
        self._converter = converter

    @cached_property
    def real(self) -> Model:
        """The float model, ready to be quantized."""
        return run(self._converter.float_model(), CANONICALIZE)

    @cached_property
    def dataset(self) -> Any:
        """The function that yields the calibration samples."""
        given = self._converter.representative_dataset
        return getattr(given, "input_gen", given)

    @cached_property
    def ranges(self) -> dict[Tensor, Range]:
        """What every activation spans on the calibration samples."""
        samples = samples_of(self.real, self.dataset)
        return calibrate(self.real, samples, compiled_runner)

    def quantized(self, options: QuantizationDebugOptions) -> Model:
        """The model on int8 but for what the options leave in float."""
        chosen = {
            node: Choice(Form.FLOAT, _DENIED)
            if choice.form is Form.INTEGER and _is_denied(node, options)
            else choice
            for node, choice in choices(self.real.main).items()
        }
        plan = propagate(self.real.main, chosen, self.ranges)
        end = DType.INT8 if options.fully_quantize else DType.FLOAT32
        return run(materialize(self.real, plan, end, end), FINISH)

    def debug(self, options: QuantizationDebugOptions) -> Model:
        """The same with NumericVerify behind each integer layer."""
        return with_verifiers(run(self.real, FINISH), self.quantized(options))


def _is_denied(node: Node, options: QuantizationDebugOptions) -> bool:
    names = options.denylisted_nodes or ()
    if any(y.name in names for y in node.outputs):
        return True
    return node.op.name in (options.denylisted_ops or ())
