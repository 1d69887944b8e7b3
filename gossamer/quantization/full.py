"""Full-integer quantization: int8 weights, int8 or int16 activations, calibrated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gossamer.errors import QuantizationError
from gossamer.ir.types import DType
from gossamer.quantization.calibrate import Runner, calibrate, reference_runner
from gossamer.quantization.constants import WeightOptions
from gossamer.quantization.materialize import materialize
from gossamer.quantization.propagate import propagate, types_of
from gossamer.quantization.recipe import Choice, Form, choose, describe
from gossamer.quantization.rules import INTEGER, Rule, Rules
from gossamer.quantization.trained import only_known, without_fake_quant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor
    from gossamer.quantization.calibrate import Sample
    from gossamer.quantization.range_methods import Method
    from gossamer.quantization.recipe import Log

_ALL_INT8 = Rules((), Rule("", "int8"))

_ENDS = {
    "int8": (DType.INT8, DType.UINT8),
    "int16x8": (DType.INT16,),
}


def full_integer(
    model: Model,
    samples: Iterable[Sample] | None,
    *,
    rules: Rules = _ALL_INT8,
    input_type: DType = DType.FLOAT32,
    output_type: DType = DType.FLOAT32,
    strict: bool = False,
    log: Log = None,
    runner: Runner = reference_runner,
    method: Method = "minmax",
    options: WeightOptions | None = None,
) -> Model:
    """The model on integers: weights per channel, activations by observed ranges.

    Layers whose mode is none of int8 and int16x8 stay as they are.

    Args:
        model: a float model; the subgraphs of its signatures are quantized.
        samples: representative inputs; each maps every input's name (of the first
            signature, else the tensor's) to an array of its type and shape. Without
            any, only what FAKE_QUANT states the ranges of is on integers.
        rules: the mode of each layer.
        input_type: FLOAT32 (a QUANTIZE follows) for float inputs; INT8 or UINT8 where
            a rule says int8, INT16 where one says int16x8.
        output_type: the same for float outputs.
        strict: refuse operators without a form in their mode; otherwise they stay in
            float between DEQUANTIZE and QUANTIZE.
        log: told which operators stay in float, and why.
        runner: how the float model is run on the samples.
        method: how the range of an activation is chosen.
        options: how weights are made.

    Raises:
        QuantizationError: the samples do not fit the inputs, or there are none;
            the model is quantized already; `strict` and an operator has no int8 form.
    """
    _check_types(rules, input_type, output_type)
    _check_float(model)
    entries = _entries(model)
    model, trained = without_fake_quant(model)
    chosen = {index: _choices(model.subgraphs[index], rules) for index in entries}
    if samples is None:
        chosen = {index: only_known(each, trained) for index, each in chosen.items()}
    _tell(model, chosen, rules, strict=strict, log=log)
    ranges = dict(trained)
    if samples is not None:
        wide = wide_activations(model, rules)
        ranges = {**calibrate(model, samples, runner, method, wide), **trained}
    if trained:
        options = replace(options or WeightOptions(), keeps_grids=True)
    for index in entries:
        plan = propagate(model.subgraphs[index], chosen[index], ranges, trained)
        model = materialize(
            model, plan, input_type, output_type, options=options, index=index
        )
    return model


def wide_activations(model: Model, rules: Rules) -> frozenset[Tensor]:
    """The activations that will have 16 bits, in all subgraphs that callers run."""
    graphs = [model.subgraphs[index] for index in _entries(model)]
    types = [types_of(graph, _choices(graph, rules)) for graph in graphs]
    return frozenset(x for each in types for x in each if each[x] is DType.INT16)


def _entries(model: Model) -> tuple[int, ...]:
    """The subgraphs that callers run: bodies of loops and branches are not."""
    signed = (signature.subgraph for signature in model.signatures)
    return tuple(dict.fromkeys((0, *signed)))


def _choices(subgraph: Subgraph, rules: Rules) -> dict[Node, Choice]:
    """The form of every node by its rule."""
    chosen: dict[Node, Choice] = {}
    for node in subgraph.nodes:
        rule = rules.rule(node)
        choice = choose(node, INTEGER.get(rule.mode, DType.INT8))
        if not rule.is_integer and choice.form is Form.INTEGER:
            choice = Choice(Form.FLOAT)
        elif not rule.is_integer:
            choice = Choice(choice.form)
        chosen[node] = choice
    return chosen


def _tell(
    model: Model,
    chosen: Mapping[int, Mapping[Node, Choice]],
    rules: Rules,
    *,
    strict: bool,
    log: Log,
) -> None:
    """Say what was to be integer and stays in float, or refuse it."""
    every = [pair for choices in chosen.values() for pair in choices.items()]
    left = {
        node: choice.reason
        for node, choice in every
        if choice.form is Form.FLOAT and choice.reason
    }
    if strict and left:
        raise _refusal(left, rules)
    if log is None:
        return
    for node, reason in left.items():
        log(f"{describe(node)} stays in float: {reason}")
    for index, subgraph in enumerate(model.subgraphs):
        if index not in chosen and subgraph.nodes:
            log(
                f"subgraph '{subgraph.name}' stays in float: operators of the others "
                "run it, and they pass real numbers to it"
            )


def _check_types(rules: Rules, input_type: DType, output_type: DType) -> None:
    modes = {rule.mode for rule in rules.all if rule.is_integer}
    allowed = [
        DType.FLOAT32,
        *(t for mode in _ENDS if mode in modes for t in _ENDS[mode]),
    ]
    for what, dtype in (("input", input_type), ("output", output_type)):
        if dtype not in allowed:
            raise QuantizationError(
                f"the {what} type of a full-integer model is {dtype.title}; "
                f"expected one of {', '.join(t.title for t in allowed)}"
            )


def _check_float(model: Model) -> None:
    for tensor in model.main.tensors:
        if tensor.is_quantized:
            raise QuantizationError(
                f"tensor '{tensor.name}' is quantized already ({tensor.type}); "
                "full-integer quantization starts from a float model"
            )


def _refusal(left: Mapping[Node, str], rules: Rules) -> QuantizationError:
    lines = [f"  {describe(node)}: {reason}" for node, reason in left.items()]
    plural = "operator" if len(left) == 1 else "operators"
    types = sorted({INTEGER[r.mode].title for r in rules.all if r.is_integer})
    kind = " or ".join(types)
    return QuantizationError(
        f"{len(left)} {plural} cannot run on {kind}, and only {kind} is allowed:\n"
        + "\n".join(lines)
        + "\nReplace the layers that make them, or allow float operators beside "
        f"{kind} ones (add OpsSet.TFLITE_BUILTINS to target_spec.supported_ops)"
    )
