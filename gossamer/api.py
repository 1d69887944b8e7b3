"""From a framework's model to the bytes of a `.tflite` file, in one call.

`TFLiteConverter` (converter.py) is the same road with TFLite's names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from gossamer.calibration import batches_of, compiled_runner
from gossamer.errors import ConversionError, QuantizationError
from gossamer.flatbuffer.write import write
from gossamer.frontends.keras.convert import from_keras
from gossamer.frontends.keras.load import load_model
from gossamer.ir.graph import Model
from gossamer.ir.types import DType
from gossamer.passes.base import Event, run
from gossamer.passes.pipeline import CANONICALIZE, FINISH
from gossamer.provenance import with_metadata
from gossamer.quantization.dynamic import dynamic_range
from gossamer.quantization.float16 import float16
from gossamer.quantization.full import full_integer
from gossamer.several import convert_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from gossamer.calibration import Samples
    from gossamer.frontends.emitter import Recurrence
    from gossamer.passes.base import Log

    Say: TypeAlias = Callable[[str], None]

Mode: TypeAlias = Literal["float32", "dynamic", "float16", "int8"]
"""How numbers are stored and computed; `int8` is full-integer quantization."""

MODES: tuple[Mode, ...] = ("float32", "dynamic", "float16", "int8")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the converter is to make of a float model.

    Attributes:
        mode: see `Mode`.
        samples: the calibration samples; needed for int8.
        input_type: type of the model's inputs; other than float32 only for int8.
        output_type: the same for outputs.
        strict: whether an operator without an int8 form is an error.
        describe: whether the file says how it was made.
    """

    mode: Mode = "float32"
    samples: Samples | None = None
    input_type: DType = DType.FLOAT32
    output_type: DType = DType.FLOAT32
    strict: bool = False
    describe: bool = True


def convert(
    model: Any,
    quantize: str | None = None,
    calibration: Any = None,
    *,
    input_type: Any = DType.FLOAT32,
    output_type: Any = DType.FLOAT32,
    strict: bool = False,
    input_signature: Any = None,
    lstm: str = "fused",
    log: Log | None = None,
) -> bytes:
    """Convert a Keras model to the bytes of a `.tflite` file.

    Args:
        model: a Keras model, the path of a `.keras` or `.h5` file, or what `from_jax`
            made of a JAX function. A dict of such models makes one file with a
            signature for each; weights that they share are stored once, and
            `calibration` and `input_signature` are then dicts with the same keys.
        quantize: None (or "float32"), "dynamic", "float16" or "int8".
        calibration: representative inputs, for "int8": an array whose first axis
            counts samples, such arrays by input name or in the order of the inputs,
            or a generator function as `TFLiteConverter.representative_dataset`.
        input_type: "float32", "int8" or "uint8": the type of the inputs, for "int8".
        output_type: the same for the outputs.
        strict: for "int8": refuse operators that would stay in float.
        input_signature: shapes of the inputs, for a model that was never built.
        lstm: "fused" makes an LSTM one UNIDIRECTIONAL_SEQUENCE_LSTM where it can;
            "while" a loop over time, which LiteRT also runs on any batch and which
            needs no reset there.
        log: collects what each pass did and declined.

    Raises:
        ConversionError: the model, or parts of it, have no conversion.
        QuantizationError: the mode is not known, or the calibration does not fit.

    Example:
        >>> data = gossamer.convert(model, quantize="int8", calibration=images[:200])
        >>> Path("model.tflite").write_bytes(data)
    """
    if isinstance(model, Mapping):
        each = partial(
            convert,
            quantize=quantize,
            input_type=input_type,
            output_type=output_type,
            strict=strict,
            lstm=lstm,
            log=log,
        )
        return convert_each(
            cast("Mapping[str, Any]", model),
            each,
            calibration=calibration,
            input_signature=input_signature,
        )
    mode = mode_of(quantize)
    if mode == "int8" and calibration is None:
        raise QuantizationError(
            "quantize='int8' needs a calibration set, and none was given. Pass "
            "calibration=x with 100 to 500 typical inputs, or use quantize='dynamic', "
            "which needs none."
        )
    if mode != "int8" and calibration is not None:
        raise QuantizationError(
            f"a calibration set was given, but quantize={quantize!r} does not use it. "
            "Pass quantize='int8', or leave the calibration out."
        )
    recipe = Recipe(
        mode,
        lambda made: batches_of(made, calibration),
        element_type(input_type, "input_type"),
        element_type(output_type, "output_type"),
        strict,
    )
    return assemble(import_model(model, input_signature, lstm, log), recipe, log)


def mode_of(quantize: str | None) -> Mode:
    """The mode that a user names.

    Raises:
        QuantizationError: there is no such mode.
    """
    if quantize is None:
        return "float32"
    for mode in MODES:
        if quantize == mode:
            return mode
    raise QuantizationError(
        f"quantize={quantize!r} is not known; expected None, 'dynamic' (int8 weights, "
        "no data needed), 'float16' or 'int8' (needs calibration)."
    )


def import_model(
    model: Any,
    input_signature: Any = None,
    lstm: str = "fused",
    log: Log | None = None,
) -> Model:
    """A framework's model, or a file of one, as a float `Model`.

    Raises:
        ConversionError: what was given is no model that a front end reads.
    """
    if isinstance(model, Model):
        return model
    if isinstance(model, (str, os.PathLike)):
        model = load_model(os.fspath(model))
    return from_keras(
        model, input_signature, recurrence=recurrence_of(lstm), say=_teller(log)
    )


def recurrence_of(lstm: str) -> Recurrence:
    """How an LSTM is to be expressed.

    Raises:
        ConversionError: there is no such way.
    """
    if lstm in ("fused", "while"):
        return lstm
    raise ConversionError(f"lstm={lstm!r} is not known; expected 'fused' or 'while'.")


def _teller(log: Log | None) -> Say | None:
    """How a front end tells of its choices, into the log of the passes."""
    if log is None:
        return None
    events = log.events
    return lambda text: events.append(Event("convert", text))


def assemble(model: Model, recipe: Recipe, log: Log | None = None) -> bytes:
    """Make a float model ready, quantize it, and write it.

    Args:
        model: as a front end gives it.
        recipe: what to make of it.
        log: collects what each pass did and declined.

    Raises:
        QuantizationError: the recipe does not fit the model, or contradicts itself.
    """
    ready = run(model, CANONICALIZE, log)
    quantized = run(_quantized(ready, recipe, log), FINISH, log)
    origin = f"gossamer; mode={recipe.mode}" if recipe.describe else None
    return write(with_metadata(quantized, origin))


def _quantized(model: Model, recipe: Recipe, log: Log | None) -> Model:
    """The float model in the recipe's mode."""
    say = _sayer(log)
    if recipe.mode != "int8":
        _require_float_ends(recipe)
    match recipe.mode:
        case "float32":
            return model
        case "dynamic":
            return dynamic_range(model, say)
        case "float16":
            return float16(model, say)
        case "int8":
            return _full_integer(model, recipe, say)


def _full_integer(model: Model, recipe: Recipe, say: Say | None) -> Model:

    assert recipe.samples is not None
    return full_integer(
        model,
        recipe.samples(model),
        input_type=recipe.input_type,
        output_type=recipe.output_type,
        strict=recipe.strict,
        log=say,
        runner=partial(compiled_runner, model=model),
    )


def _require_float_ends(recipe: Recipe) -> None:
    ends = (recipe.input_type, recipe.output_type)
    if all(dtype is DType.FLOAT32 for dtype in ends):
        return
    found = " and ".join(dtype.title for dtype in ends)
    raise QuantizationError(
        "The inference_input_type and inference_output_type must be tf.float32. "
        f"Found {found}, with quantization mode '{recipe.mode}'; integer inputs and "
        "outputs need full-integer quantization with a representative dataset."
    )


def _sayer(log: Log | None) -> Say | None:
    """How quantization tells what it left in float, into the log of the passes."""
    if log is None:
        return None

    events = log.events
    return lambda text: events.append(Event("quantize", "model", text))


def element_type(value: Any, name: str = "dtype") -> DType:
    """An element type that a user names: a string, a NumPy or TensorFlow type, ours.

    Raises:
        ConversionError: there is no such type.
    """
    if isinstance(value, DType):
        return value
    plain: Any = getattr(value, "as_numpy_dtype", value)
    try:
        return DType.of_numpy(plain)
    except (TypeError, ValueError) as error:
        raise ConversionError(
            f"{name}={value!r} names no element type. Expected a name such as 'int8', "
            "a NumPy type such as np.int8, or tf.int8."
        ) from error
