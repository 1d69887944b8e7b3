"""From a framework's model to the bytes of a `.tflite` file, in one call.

`TFLiteConverter` (converter.py) is the same road with TFLite's names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from gossamer.assembly import Recipe, SparseMode, assemble
from gossamer.calibration import batches_of
from gossamer.errors import ConversionError, QuantizationError
from gossamer.flatbuffer.read import read
from gossamer.frontends.keras.convert import from_keras
from gossamer.frontends.keras.load import load_model
from gossamer.ir.graph import Model
from gossamer.ir.types import DType
from gossamer.passes.base import Event
from gossamer.quantization.improve import improvements_of
from gossamer.quantization.range_methods import method_of
from gossamer.quantization.rules import Rules
from gossamer.quantization.widen import as_float
from gossamer.several import convert_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gossamer.frontends.emitter import Recurrence
    from gossamer.passes.base import Log
    from gossamer.quantization.improve import Improvement
    from gossamer.quantization.range_methods import Method

    Say: TypeAlias = Callable[[str], None]


def convert(
    model: Any,
    quantize: Any = None,
    calibration: Any = None,
    *,
    method: str = "minmax",
    improve: Iterable[str] = (),
    input_type: Any = DType.FLOAT32,
    output_type: Any = DType.FLOAT32,
    strict: bool = False,
    input_signature: Any = None,
    lstm: str = "fused",
    sparse: str = "auto",
    log: Log | None = None,
) -> bytes:
    """Convert a Keras model to the bytes of a `.tflite` file.

    Args:
        model: a Keras model, the path of a `.keras` or `.h5` file, or what `from_jax`
            made of a JAX function. A dict of such models makes one file with a
            signature for each; weights that they share are stored once, and
            `calibration` and `input_signature` are then dicts with the same keys.
        quantize: None (or "float32"), or a mode for all layers: "dynamic" (int8
            weights, no data needed), "dynamic_int4", "float16", "weight_int8",
            "weight_int4" (or "weight_int4:32", with a scale for every 32 weights),
            "int8" or "int16x8"; or pairs of a pattern and a mode, of which the first
            whose pattern is found in a layer's name counts; or a `Rules`.
        calibration: representative inputs, for "int8" and "int16x8": an array whose
            first axis counts samples, such arrays by input name or in the order of the
            inputs, the path of a .npz file of them, an `ImageFolder`, or a generator
            function as `TFLiteConverter.representative_dataset`.
        method: how the range of an activation is chosen, for "int8": "minmax" (the
            extremes), "percentile", "mse" or "entropy".
        improve: what to change in the float model before, for "int8": some of
            "equalize" (channels balanced across layers), "weights" (clipped to their
            best range), "adaround" (rounded for their layer's output) and "bias"
            (means of outputs corrected).
        input_type: "float32", or the type of the inputs: "int8" or "uint8" for
            "int8", "int16" for "int16x8".
        output_type: the same for the outputs.
        strict: for "int8" and "int16x8": refuse operators that would stay in float.
        input_signature: shapes of the inputs, for a model that was never built.
        lstm: "fused" makes an LSTM one UNIDIRECTIONAL_SEQUENCE_LSTM where it can;
            "while" a loop over time, which LiteRT also runs on any batch and which
            needs no reset there.
        sparse: what to do with weights that are mostly zeros: "auto" stores them
            without these where that is smaller and LiteRT runs it, "always" also
            where LiteRT needs its reference kernels, "never" stores all of them.
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
            method=method,
            improve=improve,
            input_type=input_type,
            output_type=output_type,
            strict=strict,
            lstm=lstm,
            sparse=sparse,
            log=log,
        )
        return convert_each(
            cast("Mapping[str, Any]", model),
            each,
            calibration=calibration,
            input_signature=input_signature,
        )
    recipe = _recipe(
        Rules.of(quantize),
        calibration,
        method_of(method),
        improvements_of(improve),
        (input_type, output_type),
        strict=strict,
        sparse=sparse_mode(sparse),
    )
    return assemble(import_model(model, input_signature, lstm, log), recipe, log)


def quantize(
    model: Any,
    mode: Any,
    calibration: Any = None,
    *,
    method: str = "minmax",
    improve: Iterable[str] = (),
    input_type: Any = DType.FLOAT32,
    output_type: Any = DType.FLOAT32,
    strict: bool = False,
    sparse: str = "auto",
    log: Log | None = None,
) -> bytes:
    """Quantize a float `.tflite` model.

    Constants that are stored as float16 behind a DEQUANTIZE, or sparse behind a
    DENSIFY, count as float.

    Args:
        model: the path of a `.tflite` file, or its bytes.
        mode: as `quantize` of `convert`; so are all others.
        calibration: typical inputs, for integer modes.
        method: how the range of an activation is chosen, for these.
        improve: what to change in the float model before, for these.
        input_type: type of the inputs, for these.
        output_type: type of the outputs, for these.
        strict: refuse operators without a form in these.
        sparse: as of `convert`.
        log: collects what each pass did and declined.

    Returns:
        The bytes of the quantized file.

    Raises:
        FormatError: it is no `.tflite` file.
        QuantizationError: the model is quantized already, the mode is not known, or
            the calibration does not fit.

    Example:
        >>> data = gossamer.quantize("model.tflite", "int8", images[:200])
    """
    recipe = _recipe(
        Rules.of(mode),
        calibration,
        method_of(method),
        improvements_of(improve),
        (input_type, output_type),
        strict=strict,
        sparse=sparse_mode(sparse),
    )
    is_path = isinstance(model, (str, os.PathLike))
    data = Path(os.fspath(model)).read_bytes() if is_path else bytes(model)
    return assemble(as_float(read(data)), recipe, log)


def _recipe(
    rules: Rules,
    calibration: Any,
    method: Method,
    improve: tuple[Improvement, ...],
    ends: tuple[Any, Any],
    *,
    strict: bool,
    sparse: SparseMode,
) -> Recipe:
    """The recipe of the options that users give.

    Raises:
        QuantizationError: some are missing, or have nothing to do.
    """
    asked = str(rules) if rules.rules else repr(str(rules))
    if not rules.is_integer and (method != "minmax" or improve):
        raise QuantizationError(
            f"method and improve are for int8, and quantize={asked} uses neither. "
            "Pass quantize='int8', or leave them out."
        )
    if not rules.is_integer and calibration is not None:
        raise QuantizationError(
            f"a calibration set was given, but quantize={asked} does not use it. "
            "Pass quantize='int8', or leave the calibration out."
        )
    return Recipe(
        rules,
        None if calibration is None else partial(batches_of, data=calibration),
        element_type(ends[0], "input_type"),
        element_type(ends[1], "output_type"),
        strict,
        method=method,
        improve=improve,
        sparse=sparse,
    )


def sparse_mode(sparse: str) -> SparseMode:
    """What to do with weights that are mostly zeros.

    Raises:
        ConversionError: there is no such way.
    """
    if sparse in ("auto", "always", "never"):
        return sparse
    raise ConversionError(
        f"sparse={sparse!r} is not known; expected 'auto', 'always' or 'never'."
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
