"""What can be done to a float model so that it loses less when it is quantized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from gossamer.errors import QuantizationError
from gossamer.quantization.adaround import adaround
from gossamer.quantization.bias_correction import BiasCorrection
from gossamer.quantization.calibrate import calibrate, feed
from gossamer.quantization.equalize import equalize
from gossamer.quantization.propagate import propagate
from gossamer.quantization.recipe import Form, choices, choose
from gossamer.quantization.weight_ranges import clip_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gossamer.ir.graph import Model, Node
    from gossamer.quantization.calibrate import Runner, Samples, See
    from gossamer.quantization.range_methods import Method

Improvement: TypeAlias = Literal["equalize", "weights", "adaround", "bias"]
"""A change of the float model: channels balanced across layers, weights clipped to
their best range, weights rounded for their layer's output, biases that take back what
rounding shifts."""

IMPROVEMENTS: tuple[Improvement, ...] = ("equalize", "weights", "adaround", "bias")
"""In the order in which they are made."""


def improvements_of(names: Iterable[str]) -> tuple[Improvement, ...]:
    """The improvements that a user names, in their order.

    Raises:
        QuantizationError: there is no such improvement.
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    for name in wanted:
        if name not in IMPROVEMENTS:
            expected = ", ".join(map(repr, IMPROVEMENTS))
            raise QuantizationError(
                f"improve={name!r} is not known; expected some of {expected}"
            )
    return tuple(each for each in IMPROVEMENTS if each in wanted)


def is_integer(node: Node) -> bool:
    """Whether a node runs on integers where all do that can."""
    return choose(node).form is Form.INTEGER


def improve(
    model: Model,
    wanted: Iterable[Improvement],
    samples: Samples,
    runner: Runner,
    method: Method = "minmax",
    integer: Callable[[Node], bool] = is_integer,
) -> Model:
    """The float model with some improvements; its activations keep their names.

    Args:
        model: a float model; its main subgraph is changed.
        wanted: which improvements.
        samples: the calibration samples, taken anew for each of several passes.
        runner: how the model is run on them.
        method: how ranges of activations will be chosen.
        integer: tells which nodes will run on integers.

    Raises:
        QuantizationError: the samples do not fit the inputs, or there are none.
    """
    for each in wanted:

        def run(see: See, model: Model = model) -> None:
            feed(model, samples(model), runner, see)

        match each:
            case "equalize":
                model = equalize(model, integer, run)
            case "weights":
                model = clip_weights(model, integer)
            case "adaround":
                model = adaround(model, integer, run)
            case "bias":
                ranges = calibrate(model, samples(model), runner, method)
                plan = propagate(model.main, choices(model.main), ranges)
                correction = BiasCorrection(model, integer, plan.quantization)
                run(correction.see)
                model = correction.corrected()
    return model
