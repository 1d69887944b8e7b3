"""Which quantizers the layers of a model get."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from gossamer.quantization_aware.kept import Kept, clusters_of
from gossamer.quantization_aware.quantizers import (
    AllValuesQuantizer,
    LastValueQuantizer,
    MovingAverageQuantizer,
    Quantizer,
)
from gossamer.training.places import kernel_places
from gossamer.training.state import array_of

if TYPE_CHECKING:
    from gossamer.training.places import Place


class QuantizeScheme(abc.ABC):
    """The quantizers of weights, activations and inputs, and what weights keep."""

    @abc.abstractmethod
    def weight_quantizer(self, axes: tuple[int, ...], kept: Kept) -> Quantizer:
        """That of a weight, whose channels are counted by some axes."""

    @abc.abstractmethod
    def activation_quantizer(self) -> Quantizer:
        """That of what a layer gives."""

    @abc.abstractmethod
    def input_quantizer(self) -> Quantizer:
        """That of a model's inputs."""

    def kept(self, layer: Any, place: Place) -> Kept:
        """What is kept of a weight of a layer: nothing."""
        return Kept()


class DefaultNBitQuantizeScheme(QuantizeScheme):
    """Weights symmetric per channel, activations by the moving average of their range.

    Args:
        num_bits_weight: bits of weights, 2 to 8.
        num_bits_activation: bits of activations, 2 to 8, or 16 for "int16x8".
    """

    def __init__(self, num_bits_weight: int = 8, num_bits_activation: int = 8) -> None:
        if not 2 <= num_bits_weight <= 8:
            raise ValueError(
                f"num_bits_weight must be from 2 to 8; it is {num_bits_weight}"
            )
        if not 2 <= num_bits_activation <= 16:
            raise ValueError(
                f"num_bits_activation must be from 2 to 16; it is {num_bits_activation}"
            )
        self.num_bits_weight = num_bits_weight
        self.num_bits_activation = num_bits_activation

    def weight_quantizer(self, axes: tuple[int, ...], kept: Kept) -> Quantizer:
        """The weight's own range, for each channel."""
        return LastValueQuantizer(
            self.num_bits_weight,
            per_axis=True,
            symmetric=True,
            narrow_range=True,
            axes=axes,
        )

    def activation_quantizer(self) -> Quantizer:
        """A moving average, not symmetric but for 16 bits."""
        bits = self.num_bits_activation
        wide = bits > 8
        return MovingAverageQuantizer(bits, symmetric=wide, narrow_range=wide)

    def input_quantizer(self) -> Quantizer:
        """All values."""
        bits = self.num_bits_activation
        wide = bits > 8
        return AllValuesQuantizer(bits, symmetric=wide, narrow_range=wide)


class Default8BitQuantizeScheme(DefaultNBitQuantizeScheme):
    """The scheme of n bits with 8 for both."""

    def __init__(self) -> None:
        super().__init__()


class Default8BitPrunePreserveQuantizeScheme(Default8BitQuantizeScheme):
    """As `Default8BitQuantizeScheme`; weights that are zero stay zero (PQAT)."""

    def kept(self, layer: Any, place: Place) -> Kept:
        """The zeros."""
        return Kept(zeros=True)


class Default8BitClusterPreserveQuantizeScheme(Default8BitQuantizeScheme):
    """As `Default8BitQuantizeScheme`; weights that share a value go on to (CQAT).

    Such a kernel has one range as a whole: with one for each channel, what is shared
    would become other integers in each.

    Args:
        preserve_sparsity: whether zeros stay zero, too (PCQAT).
    """

    def __init__(self, preserve_sparsity: bool = True) -> None:  # noqa: FBT001, FBT002  the toolkit's
        super().__init__()
        self.preserve_sparsity = preserve_sparsity

    def weight_quantizer(self, axes: tuple[int, ...], kept: Kept) -> Quantizer:
        """One range for what is clustered."""
        if not kept.clusters:
            return super().weight_quantizer(axes, kept)
        return LastValueQuantizer(8, symmetric=True, narrow_range=True)

    def kept(self, layer: Any, place: Place) -> Kept:
        """The clusters of kernels that have some, and the zeros if asked."""
        kernels = {id(each.variable) for each in kernel_places(layer)}
        is_kernel = id(place.variable) in kernels
        count = clusters_of(array_of(place.variable)) if is_kernel else 0
        return Kept(self.preserve_sparsity, count)
