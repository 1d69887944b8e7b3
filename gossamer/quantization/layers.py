"""What quantization does to each layer, measured while samples run through it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.types import limits_of
from gossamer.quantization.distribution import Distribution
from gossamer.quantization.noise import Noise
from gossamer.quantization.recipe import is_real
from gossamer.quantization.stored import real_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.graph import Model, Node, Tensor
    from gossamer.ir.types import Array

_BLOCK = 1 << 15
"""Values that are looked at together: they stay in the cache of a core."""

INPUT = "INPUT"
"""The operator of a layer that is a graph input."""


@dataclass(frozen=True, slots=True)
class Place:
    """A layer: a tensor of the float model, and where the quantized one has it.

    Attributes:
        operator: what computes it in the quantized model.
        name: of the tensor, in the float model.
        index: of the tensor in the quantized model.
        stored: that tensor.
        weights: the noise of the layer's constants, None where it has no others.
    """

    operator: str
    name: str
    index: int
    stored: Tensor
    weights: Noise | None = None

    @property
    def scale(self) -> float | None:
        """The scale; None where the layer is kept as real numbers."""
        return self._pair()[0] if self.is_integer else None

    @property
    def zero_point(self) -> int | None:
        return self._pair()[1] if self.is_integer else None

    @property
    def representable(self) -> tuple[float, float] | None:
        """The least and the greatest real number that can be stored."""
        if not self.is_integer:
            return None
        scale, zero_point = self._pair()
        low, high = limits_of(self.stored.dtype)
        return scale * (low - zero_point), scale * (high - zero_point)

    @property
    def is_integer(self) -> bool:
        """Whether it is stored as integers with one scale, as activations are."""
        quantization = self.stored.quantization
        return (
            quantization is not None
            and quantization.scale.size == 1
            and not self.stored.dtype.is_float
        )

    def _pair(self) -> tuple[float, int]:
        assert self.stored.quantization is not None
        return self.stored.quantization.pair()


class Layer:
    """A layer and what was measured of it so far.

    Attributes:
        place: which layer it is.
        samples: how many were fed.
        total: the noise against the float model, with all that came before.
        alone: the noise against the same layer in float on the same inputs; None where
            that cannot be computed.
        values: the float model's values.
        errors: the differences of `own`, in steps of the scale where there is one.
        at_ends: values stored as the least or the greatest integer.
        clipped: values that were beyond these by more than half a step.
    """

    __slots__ = (
        "alone",
        "at_ends",
        "clipped",
        "errors",
        "place",
        "samples",
        "total",
        "values",
    )

    def __init__(self, place: Place, *, has_alone: bool) -> None:
        self.place = place
        self.samples = self.at_ends = self.clipped = 0
        self.total = Noise()
        self.alone = Noise() if has_alone else None
        self.values, self.errors = Distribution(), Distribution()

    @property
    def own(self) -> Noise:
        """What the layer itself adds, where that is known, else all noise in it."""
        return self.total if self.alone is None else self.alone

    @property
    def elements(self) -> int:
        """Values in one sample."""
        return self.total.count // max(self.samples, 1)

    @property
    def error_in_steps(self) -> float | None:
        """The root mean square of the layer's own error by its scale; best is 0.289."""
        scale = self.place.scale
        return None if not scale else self.own.root_mean_squared / scale

    @property
    def range_used(self) -> float | None:
        """The part of what can be stored that values spanned, 0 to 1."""
        ends = self.place.representable
        if ends is None or not self.values.total or ends[1] <= ends[0]:
            return None
        low, high = max(self.values.minimum, ends[0]), min(self.values.maximum, ends[1])
        return max(high - low, 0.0) / (ends[1] - ends[0])

    @property
    def saturated(self) -> float:
        """The part of values at an end, 0 to 1; the zeros of a ReLU are at one."""
        return self.at_ends / self.total.count if self.total.count else 0.0

    @property
    def clipped_part(self) -> float:
        """The part of values that an end cut off, 0 to 1."""
        return self.clipped / self.total.count if self.total.count else 0.0

    def feed(self, real: Array, stored: Array, alone: Array | None) -> None:
        """Add one sample.

        Args:
            real: the layer in the float model.
            stored: the same in the quantized model, as it is stored.
            alone: the layer in float, of the quantized model's inputs.
        """
        if not real.size or real.shape != stored.shape:
            return
        self.samples += 1
        flat = real.reshape(-1), stored.reshape(-1)
        lone = None if alone is None else alone.reshape(-1)
        for start in range(0, real.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            parts = flat[0][part], flat[1][part]
            self._feed(*parts, None if lone is None else lone[part])

    def _feed(self, real: Array, stored: Array, alone: Array | None) -> None:
        quantization = self.place.stored.quantization
        wanted = real if alone is None else alone
        found = stored
        if quantization is not None and self.place.is_integer:
            found = quantization.dequantize(stored)
            self._count_ends(wanted, stored)
        self.values.add(real)
        difference = self.total.add(real, found)
        if self.alone is not None and alone is not None:
            difference = self.alone.add(alone, found)
        self.errors.add(difference / (self.place.scale or 1.0))

    def _count_ends(self, wanted: Array, stored: Array) -> None:
        ends, scale = self.place.representable, self.place.scale
        assert ends is not None
        assert scale is not None
        for limit, end, sign in zip(
            limits_of(self.place.stored.dtype), ends, (-1, 1), strict=True
        ):
            there = stored == limit
            self.at_ends += int(np.count_nonzero(there))
            beyond = sign * (wanted[there] - np.float32(end)) > scale / 2
            self.clipped += int(np.count_nonzero(beyond))


def places_of(
    real: Model, quantized: Model, pairs: Mapping[Tensor, Tensor]
) -> dict[Tensor, Place]:
    """The layers that can be compared, by tensors of the float model, in its order."""
    producers = quantized.main.producers()
    indices = {tensor: i for i, tensor in enumerate(quantized.main.tensors)}
    found = {
        x: Place(INPUT, x.name, indices[pairs[x]], pairs[x])
        for x in real.main.inputs
        if x in pairs and is_real(x)
    }
    for node in real.main.nodes:
        if all(x is None or x.is_constant for x in node.inputs):
            continue
        for y in node.outputs:
            if y in pairs and is_real(y):
                stored = pairs[y]
                twin = producers.get(stored)
                operator = INPUT if twin is None else twin.op.name
                noise = _weights_noise(node, twin, producers)
                found[y] = Place(operator, y.name, indices[stored], stored, noise)
    return found


def _weights_noise(
    node: Node, twin: Node | None, producers: Mapping[Tensor, Node]
) -> Noise | None:
    """How far a node's constant weights are from those of the float model."""
    rule = node.op.weights
    if rule is None or twin is None or twin.op.name != node.op.name:
        return None
    real = real_values(node.optional(rule.input), {})
    stored = real_values(twin.optional(rule.input), producers)
    if real is None or stored is None or real.shape != stored.shape:
        return None
    noise = Noise()
    noise.add(real, stored)
    return noise


def badness(layer: Layer) -> float:
    """By what layers are put in order, worst first: the own signal to noise in dB.

    A layer whose values are nothing but zeros, and stay so, comes last.
    """
    return layer.own.decibels if layer.own.count else math.inf
