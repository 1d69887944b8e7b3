"""Calibration: run samples through the float model, keep the range of every tensor.

Samples are taken one at a time and none is kept, so that a data set of any size fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gossamer.errors import QuantizationError
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Subgraph, Tensor
from gossamer.ir.types import Array
from gossamer.quantization.ranges import Range
from gossamer.quantization.recipe import is_real
from gossamer.quantization.samples import check_sample, describe_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable

Run: TypeAlias = Callable[[Mapping[Tensor, Array]], Mapping[Tensor, Array]]
"""The inputs' values to the values of (at least) the observed tensors."""

Runner: TypeAlias = Callable[[Subgraph, Sequence[Tensor]], Run]
"""Makes a `Run` for a subgraph, given the tensors whose values are wanted."""


def reference_runner(subgraph: Subgraph, observed: Sequence[Tensor]) -> Run:  # noqa: ARG001 - the signature of Runner
    """A `Run` by the operators' meaning in NumPy: slow, and always there."""
    return lambda inputs: evaluate(subgraph, inputs)


class Calibrator:
    """Running minimum and maximum of tensors over all that was fed.

    Args:
        observed: the tensors to keep a range of.
        run: computes their values from the inputs' values.
    """

    def __init__(self, observed: Sequence[Tensor], run: Run) -> None:
        self.ranges: dict[Tensor, Range] = {}
        self.count = 0
        self._observed = tuple(observed)
        self._run = run

    def feed(self, inputs: Mapping[Tensor, Array]) -> None:
        """Run one sample and widen the ranges by it.

        Raises:
            QuantizationError: a value is infinite or not a number.
        """
        values = self._run(inputs)
        for tensor in self._observed:
            array = np.asarray(values[tensor])
            if array.size:
                self._widen(tensor, Range.of(array))
        self.count += 1

    def _widen(self, tensor: Tensor, seen: Range) -> None:
        if not seen.is_finite:
            raise QuantizationError(
                f"sample {self.count} of the representative dataset makes tensor "
                f"'{tensor.name}' infinite or not a number (its values span "
                f"{seen.minimum} to {seen.maximum}); expected finite numbers. Check "
                "the layer that computes it and how the samples are scaled"
            )
        self.ranges[tensor] = seen.union(self.ranges.get(tensor))


def observed_tensors(subgraph: Subgraph) -> tuple[Tensor, ...]:
    """The float activations: graph inputs and all that nodes compute."""
    computed = (y for node in subgraph.nodes for y in node.outputs)
    return tuple(
        tensor
        for tensor in dict.fromkeys((*subgraph.inputs, *computed))
        if is_real(tensor)
    )


def calibrate(
    subgraph: Subgraph,
    samples: Iterable[Mapping[str, Array]],
    names: Mapping[str, Tensor],
    runner: Runner = reference_runner,
) -> dict[Tensor, Range]:
    """The range of every float activation over all samples.

    Args:
        subgraph: the float graph.
        samples: each maps every name of `names` to an array of that input's type
            and shape (free dimensions of any size).
        names: the names under which samples give the inputs.
        runner: how the graph is run.

    Raises:
        QuantizationError: there are no samples, or one does not fit the inputs.
    """
    observed = observed_tensors(subgraph)
    calibrator = Calibrator(observed, runner(subgraph, observed))
    for number, sample in enumerate(samples):
        calibrator.feed(check_sample(sample, number, names))
    if not calibrator.count:
        raise QuantizationError(
            "the representative dataset gave no samples; expected at least one "
            f"(100 to 500 are usual), each with arrays for {describe_inputs(names)}. "
            "Check that the generator yields, and that it is not already used up"
        )
    return calibrator.ranges
