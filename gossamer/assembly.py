"""From a float model to the bytes of a file: rewritten, quantized, written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from gossamer.calibration import compiled_runner
from gossamer.errors import NoCalibrationError, QuantizationError
from gossamer.flatbuffer.write import write
from gossamer.ir.types import DType
from gossamer.passes.base import Event, run
from gossamer.passes.pipeline import CANONICALIZE, FINISH, STORE
from gossamer.provenance import with_metadata
from gossamer.quantization.constants import WeightOptions
from gossamer.quantization.dynamic import stored_weights
from gossamer.quantization.float16 import float16
from gossamer.quantization.full import full_integer, wide_activations
from gossamer.quantization.improve import improve
from gossamer.quantization.recipe import Form, choose
from gossamer.quantization.rules import INTEGER, Rules
from gossamer.quantization.trained import is_trained

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.calibration import Samples
    from gossamer.ir.graph import Model, Node
    from gossamer.passes.base import Log
    from gossamer.quantization.improve import Improvement
    from gossamer.quantization.range_methods import Method

    Say: TypeAlias = Callable[[str], None]

SparseMode: TypeAlias = Literal["auto", "always", "never"]
"""What is done with constants that are mostly zeros."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the converter is to make of a float model.

    Attributes:
        rules: the mode of each layer.
        samples: the calibration samples; needed for modes with integer activations.
        input_type: type of the model's inputs; other than float32 only for these.
        output_type: the same for outputs.
        strict: whether an operator without a form in its mode is an error.
        describe: whether the file says how it was made.
        method: how the range of an activation is chosen.
        improve: what to change in the float model before.
        weights: how the weights of integer nodes are made.
        sparse: whether constants that are mostly zeros are stored without these.
    """

    rules: Rules = field(default_factory=Rules)
    samples: Samples | None = None
    input_type: DType = DType.FLOAT32
    output_type: DType = DType.FLOAT32
    strict: bool = False
    describe: bool = True
    method: Method = "minmax"
    improve: tuple[Improvement, ...] = ()
    weights: WeightOptions = field(default_factory=WeightOptions)
    sparse: SparseMode = "auto"


def assemble(model: Model, recipe: Recipe, log: Log | None = None) -> bytes:
    """Make a float model ready, quantize it, and write it.

    Args:
        model: as a front end gives it.
        recipe: what to make of it.
        log: collects what each pass did and declined.

    Raises:
        QuantizationError: the recipe does not fit the model, or contradicts itself.
    """
    # One name for all, so that each stage's constants go when the next has its own.
    model = run(model, CANONICALIZE, log)
    model = quantized_model(model, recipe, log)
    model = run(model, (*FINISH, *STORE[recipe.sparse]), log)
    origin = f"gossamer; mode={recipe.rules}" if recipe.describe else None
    return write(with_metadata(model, origin))


def quantized_model(model: Model, recipe: Recipe, log: Log | None = None) -> Model:
    """The float model with each layer in its mode.

    Layers on integers come first; then the weights of the others are stored.

    Args:
        model: a float model, as the passes leave it.
        recipe: what to make of it.
        log: collects what stays in float, and why.

    Raises:
        QuantizationError: the recipe does not fit the model, or contradicts itself.
    """
    rules, say = recipe.rules, _sayer(log)
    if rules.is_integer:
        model = _integer(model, recipe, say)
    else:
        _require_float_ends(recipe)
    modes = {rule.mode for rule in rules.all}
    if "float16" in modes:
        model = float16(model, say, lambda node: rules.rule(node).mode == "float16")
    return stored_weights(model, rules.rule, say, recipe.weights)


def _integer(model: Model, recipe: Recipe, say: Say | None) -> Model:
    if recipe.samples is None and not is_trained(model):
        rules = recipe.rules
        asked = str(rules) if rules.rules else repr(str(rules))
        raise NoCalibrationError(
            f"quantize={asked} needs a calibration set, and none was "
            "given. Pass calibration=x with 100 to 500 typical inputs, use "
            "quantize='dynamic', which needs none, or train the model with "
            "gossamer.quantization_aware, which finds the ranges"
        )
    if recipe.improve and recipe.samples is not None:
        model = improve(
            model,
            recipe.improve,
            recipe.samples,
            compiled_runner,
            recipe.method,
            lambda node: _is_integer(node, recipe.rules),
            wide_activations(model, recipe.rules),
        )
    return full_integer(
        model,
        None if recipe.samples is None else recipe.samples(model),
        rules=recipe.rules,
        input_type=recipe.input_type,
        output_type=recipe.output_type,
        strict=recipe.strict,
        log=say,
        runner=compiled_runner,
        method=recipe.method,
        options=recipe.weights,
    )


def _is_integer(node: Node, rules: Rules) -> bool:
    """Whether a node will run on integers."""
    dtype = INTEGER.get(rules.rule(node).mode)
    return dtype is not None and choose(node, dtype).form is Form.INTEGER


def _require_float_ends(recipe: Recipe) -> None:
    ends = (recipe.input_type, recipe.output_type)
    if all(dtype is DType.FLOAT32 for dtype in ends):
        return
    found = " and ".join(dtype.title for dtype in ends)
    raise QuantizationError(
        "The inference_input_type and inference_output_type must be tf.float32. "
        f"Found {found}, with quantization mode '{recipe.rules}'; integer inputs and "
        "outputs need full-integer quantization with a representative dataset."
    )


def _sayer(log: Log | None) -> Say | None:
    """How quantization tells what it left in float, into the log of the passes."""
    if log is None:
        return None
    events = log.events
    return lambda text: events.append(Event("quantize", "model", text))
