"""Full-integer quantization: int8 weights and activations, by calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.errors import QuantizationError
from gossamer.ir.types import DType
from gossamer.quantization.calibrate import Runner, calibrate, reference_runner
from gossamer.quantization.materialize import materialize
from gossamer.quantization.propagate import propagate
from gossamer.quantization.recipe import Choice, Form, choices, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gossamer.ir.graph import Model, Node
    from gossamer.quantization.calibrate import Sample
    from gossamer.quantization.range_methods import Method
    from gossamer.quantization.recipe import Log

BOUNDARY_TYPES = (DType.FLOAT32, DType.INT8, DType.UINT8)
"""The element types that inputs and outputs of an int8 model may have."""


def full_integer(
    model: Model,
    samples: Iterable[Sample],
    *,
    input_type: DType = DType.FLOAT32,
    output_type: DType = DType.FLOAT32,
    strict: bool = False,
    log: Log = None,
    runner: Runner = reference_runner,
    method: Method = "minmax",
) -> Model:
    """The model on int8: weights per channel, activations by their observed ranges.

    Args:
        model: a float model; its main subgraph is quantized.
        samples: representative inputs; each maps every input's name (of the first
            signature, else the tensor's) to an array of its type and shape.
        input_type: FLOAT32 (a QUANTIZE follows), INT8 or UINT8, for float inputs.
        output_type: the same for float outputs.
        strict: refuse operators without an int8 form; otherwise they stay in float
            between DEQUANTIZE and QUANTIZE.
        log: told which operators stay in float, and why.
        runner: how the float model is run on the samples.
        method: how the range of an activation is chosen.

    Raises:
        QuantizationError: the samples do not fit the inputs, or there are none;
            the model is quantized already; `strict` and an operator has no int8 form.
    """
    _check_types(input_type, output_type)
    _check_float(model)
    chosen = choices(model.main)
    left = {n: choice for n, choice in chosen.items() if choice.form is Form.FLOAT}
    if strict and left:
        raise _refusal(left)
    if log is not None:
        for node, choice in left.items():
            log(f"{describe(node)} stays in float: {choice.reason}")
    ranges = calibrate(model, samples, runner, method)
    plan = propagate(model.main, chosen, ranges)
    return materialize(model, plan, input_type, output_type)


def _check_types(input_type: DType, output_type: DType) -> None:
    for what, dtype in (("input", input_type), ("output", output_type)):
        if dtype not in BOUNDARY_TYPES:
            allowed = ", ".join(t.title for t in BOUNDARY_TYPES)
            raise QuantizationError(
                f"the {what} type of a full-integer model is {dtype.title}; "
                f"expected one of {allowed}"
            )


def _check_float(model: Model) -> None:
    for tensor in model.main.tensors:
        if tensor.is_quantized:
            raise QuantizationError(
                f"tensor '{tensor.name}' is quantized already ({tensor.type}); "
                "full-integer quantization starts from a float model"
            )


def _refusal(left: Mapping[Node, Choice]) -> QuantizationError:
    lines = [f"  {describe(node)}: {choice.reason}" for node, choice in left.items()]
    plural = "operator" if len(left) == 1 else "operators"
    return QuantizationError(
        f"{len(left)} {plural} cannot run on int8, and only int8 is allowed:\n"
        + "\n".join(lines)
        + "\nReplace the layers that make them, or allow float operators beside "
        "int8 ones (add OpsSet.TFLITE_BUILTINS to target_spec.supported_ops)"
    )
