"""Calibration: run samples through the float model, keep the range of every tensor.

Samples are taken one at a time and each value is looked at when it is there, so that
neither a data set nor all values of one run need to fit into memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from gossamer.errors import QuantizationError
from gossamer.ir.evaluate import evaluate
from gossamer.ir.graph import Model, Subgraph, Tensor
from gossamer.ir.types import Array
from gossamer.quantization.histogram import Histogram
from gossamer.quantization.range_methods import CHOOSERS
from gossamer.quantization.ranges import Range
from gossamer.quantization.recipe import is_real
from gossamer.quantization.samples import Entry, check_sample, describe_inputs, entries

if TYPE_CHECKING:
    from gossamer.quantization.range_methods import Method

See: TypeAlias = Callable[[Tensor, Array], None]
"""Is shown a tensor and its value, which it must not keep nor change."""

Run: TypeAlias = Callable[[Mapping[Tensor, Array], See], None]
"""Runs a subgraph on its inputs' values and shows the value of every tensor."""

Runner: TypeAlias = Callable[[Model, int], Run]
"""Makes a `Run` for one subgraph of a model."""

Sample: TypeAlias = "Mapping[str, Any] | tuple[str, Mapping[str, Any]]"
"""Arrays by input name, for the main subgraph or for the signature that is named."""

Samples: TypeAlias = Callable[[Model], Iterable[Sample]]
"""The samples for a float model; asked anew for each pass over the data."""


def reference_runner(model: Model, subgraph: int) -> Run:
    """A `Run` by the operators' meaning in NumPy: slow, and always there."""
    graph = model.subgraphs[subgraph]

    def run(inputs: Mapping[Tensor, Array], see: See) -> None:
        for tensor, value in evaluate(graph, inputs).items():
            see(tensor, value)

    return run


def feed(model: Model, samples: Iterable[Sample], runner: Runner, see: See) -> int:
    """Run every sample and show what it makes of the tensors.

    Args:
        model: a float model.
        samples: see `Sample`; arrays have their input's type and shape (free
            dimensions of any size).
        runner: how subgraphs are run.
        see: is shown the values of each run, constants left out or not.

    Returns:
        How many samples there were.

    Raises:
        QuantizationError: there are no samples, or none for one of the signatures, or
            one does not fit the inputs.
    """
    ways = entries(model)
    runs: dict[int, Run] = {}
    count = 0
    for number, sample in enumerate(samples):
        entry, arrays = _entered(sample, number, ways)
        inputs = check_sample(arrays, number, entry.names)
        if entry.subgraph not in runs:
            runs[entry.subgraph] = runner(model, entry.subgraph)
        try:
            runs[entry.subgraph](inputs, see)
        except _NotFiniteError as error:
            raise _overflow(error, number) from None
        count += 1
    _require_samples(ways, runs, count)
    return count


def observed_tensors(subgraph: Subgraph) -> tuple[Tensor, ...]:
    """The float activations: graph inputs and all that nodes compute."""
    computed = (y for node in subgraph.nodes for y in node.outputs)
    return tuple(
        tensor
        for tensor in dict.fromkeys((*subgraph.inputs, *computed))
        if is_real(tensor)
    )


class _NotFiniteError(Exception):
    """A tensor took values that are infinite or not a number."""

    def __init__(self, tensor: Tensor, seen: Range) -> None:
        super().__init__(tensor.name)
        self.tensor, self.seen = tensor, seen


class Calibrator:
    """What is known of tensors from the values that were shown.

    Args:
        observed: the tensors to look at.
        method: how a range is to be chosen in the end.
        wide: tensors with more than 8 bits, whose extremes are always kept.
    """

    def __init__(
        self,
        observed: Iterable[Tensor],
        method: Method = "minmax",
        wide: Collection[Tensor] = (),
    ) -> None:
        self._wide = frozenset(wide)
        self._seen: dict[Tensor, Range] = {}
        self._choose = CHOOSERS.get(method)
        self._histograms: dict[Tensor, Histogram] = {}
        self._observed = frozenset(observed)

    def see(self, tensor: Tensor, array: Array) -> None:
        """Take in one value of a tensor; `feed` says if it is not finite."""
        if tensor not in self._observed or not array.size:
            return
        seen = Range.of(array)
        if not seen.is_finite:
            raise _NotFiniteError(tensor, seen)
        self._seen[tensor] = seen.union(self._seen.get(tensor))
        if self._choose is not None and tensor not in self._wide:
            histogram = self._histograms.setdefault(tensor, Histogram())
            histogram.add(np.asarray(array), seen.minimum, seen.maximum)

    def ranges(self) -> dict[Tensor, Range]:
        """The range of each tensor that was shown, by the method."""
        choose = self._choose
        if choose is None:
            return dict(self._seen)
        found = {x: choose(each, self._seen[x]) for x, each in self._histograms.items()}
        return self._seen | found


def calibrate(
    model: Model,
    samples: Iterable[Sample],
    runner: Runner = reference_runner,
    method: Method = "minmax",
    wide: Collection[Tensor] = (),
) -> dict[Tensor, Range]:
    """The range of every float activation over all samples, in one pass.

    Args:
        model: a float model; the subgraphs of all its signatures are run.
        samples: see `feed`.
        runner: how subgraphs are run.
        method: how ranges are chosen; see `range_methods`.
        wide: tensors that will have 16 bits: finer steps gain them nothing, and a cut
            would cost them all, so their extremes are kept by every method.

    Raises:
        QuantizationError: there are no samples, or one does not fit the inputs, or
            makes a tensor infinite or not a number.
    """
    observed = (x for graph in model.subgraphs for x in observed_tensors(graph))
    calibrator = Calibrator(observed, method, wide)
    feed(model, samples, runner, calibrator.see)
    return calibrator.ranges()


def _entered(
    sample: Any, number: int, ways: Mapping[str | None, Entry]
) -> tuple[Entry, Any]:
    """Where a sample goes, and its arrays by name."""
    if not isinstance(sample, tuple):
        return ways[None], sample
    key, arrays = cast("tuple[str, Any]", sample)
    if key in ways:
        return ways[key], arrays
    known = ", ".join(repr(key) for key in ways if key is not None) or "none"
    raise QuantizationError(
        f"sample {number} of the representative dataset names the signature '{key}'; "
        f"the model has {known}"
    )


def _require_samples(
    ways: Mapping[str | None, Entry], runs: Mapping[int, Run], count: int
) -> None:
    if not count:
        raise QuantizationError(
            "the representative dataset gave no samples; expected at least one "
            "(100 to 500 are usual), each with arrays for "
            f"{describe_inputs(ways[None].names)}. Check that the generator yields, "
            "and that it is not already used up: where several passes are made, give "
            "a function that makes a new one"
        )
    for key, entry in ways.items():
        if entry.subgraph not in runs:
            raise QuantizationError(
                f"the representative dataset gave no samples for the signature '{key}';"
                f" expected at least one pair ('{key}', arrays) with arrays for "
                f"{describe_inputs(entry.names)}"
            )


def _overflow(error: _NotFiniteError, number: int) -> QuantizationError:
    seen = error.seen
    return QuantizationError(
        f"sample {number} of the representative dataset makes tensor "
        f"'{error.tensor.name}' infinite or not a number (its values span "
        f"{seen.minimum} to {seen.maximum}); expected finite numbers. Check the layer "
        "that computes it and how the samples are scaled"
    )
