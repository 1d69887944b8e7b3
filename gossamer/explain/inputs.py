"""Samples as arrays in the order of a model's inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.errors import QuantizationError
from gossamer.quantization.samples import check_sample, describe_inputs, entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gossamer.ir.graph import Model, Tensor
    from gossamer.ir.types import Array
    from gossamer.quantization.calibrate import Sample


def in_order(
    model: Model, samples: Iterable[Sample], *, in_float: bool = True
) -> Iterator[list[Array]]:
    """The samples for the main subgraph; those for others are passed over.

    Args:
        model: whose inputs they are for.
        samples: see `gossamer.quantization.calibrate.Sample`.
        in_float: whether types and shapes must be the inputs' own; real numbers for
            inputs that are integers are let through otherwise.

    Raises:
        QuantizationError: a sample does not fit, or names a signature that is not
            there.
    """
    ways = entries(model)
    for number, sample in enumerate(samples):
        key, arrays = _split(sample)
        if key not in ways:
            raise QuantizationError(
                f"sample {number} names the signature '{key}'; the model has "
                + (", ".join(repr(each) for each in ways if each) or "none")
            )
        if ways[key].subgraph == 0:
            names = ways[key].names
            check = check_sample if in_float else _check_names
            found = check(arrays, number, names)
            yield [found[x] for x in model.main.inputs]


def _split(sample: Sample) -> tuple[str | None, Mapping[str, Any]]:
    """The signature's key, None where there is none, and the arrays."""
    if isinstance(sample, tuple):
        return sample
    return None, sample


def _check_names(
    sample: Mapping[str, Array], number: int, names: Mapping[str, Tensor]
) -> dict[Tensor, Array]:
    if sample.keys() != names.keys():
        raise QuantizationError(
            f"sample {number} has {', '.join(sample) or 'nothing'}; expected "
            f"{describe_inputs(names)}"
        )
    return {names[name]: array for name, array in sample.items()}
