"""How the range of a tensor is found while a model trains."""

from __future__ import annotations

import abc
from typing import Any

from gossamer.quantization_aware.rounding import fake_quantized
from gossamer.training.arrays import ops_for
from gossamer.training.framework import keras, register

DECAY = 0.999
"""What part of a moving average stays when a batch is added."""

UNSEEN = 6.0
"""Ranges begin at plus and minus this; the first batch replaces it."""

State = dict[str, Any]
"""A quantizer's variables, or tensors in their place."""


class Quantizer(abc.ABC):
    """Rounds a tensor; what it must remember is in variables of the layer."""

    @abc.abstractmethod
    def build(self, tensor_shape: Any, name: str, layer: Any) -> State:
        """Add the variables that it needs to a layer.

        Args:
            tensor_shape: of the tensor; None for a size that is not known.
            name: prefix of the variables' names.
            layer: has `add_weight`.
        """

    @abc.abstractmethod
    def __call__(
        self,
        inputs: Any,
        training: bool,  # noqa: FBT001  the toolkit's order
        weights: State,
        **kwargs: Any,
    ) -> Any:
        """The tensor rounded; while training, the variables learn of it first."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """The arguments."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A quantizer with these arguments."""
        return cls(**config)


class RangeQuantizer(Quantizer):
    """Rounds to the integers of a range that it keeps.

    Args:
        num_bits: how many bits an integer has.
        per_axis: whether each index of the last axis, or of those in `axes`, has a
            range of its own.
        symmetric: whether the range is as wide below zero as above.
        narrow_range: whether the least integer is left out.
        axes: where not the last axis has the channels: those that do.
    """

    def __init__(
        self,
        num_bits: int = 8,
        per_axis: bool = False,  # noqa: FBT001, FBT002  the toolkit's order
        symmetric: bool = False,  # noqa: FBT001, FBT002
        narrow_range: bool = False,  # noqa: FBT001, FBT002
        axes: tuple[int, ...] | None = None,
    ) -> None:
        if not 2 <= int(num_bits) <= 16:
            raise ValueError(f"num_bits must be from 2 to 16; it is {num_bits}")
        self.num_bits = int(num_bits)
        self.per_axis = per_axis
        self.symmetric = symmetric
        self.narrow_range = narrow_range
        self.axes = None if axes is None else tuple(axes)

    def build(self, tensor_shape: Any, name: str, layer: Any) -> State:
        """The ends of the range, and whether there was a batch yet."""
        shape = self._range_shape(tuple(tensor_shape))
        return {
            "min_var": _variable(layer, f"{name}_min", shape, -UNSEEN),
            "max_var": _variable(layer, f"{name}_max", shape, UNSEEN),
            "seen": _variable(layer, f"{name}_seen", (), 0.0),
        }

    def __call__(
        self,
        inputs: Any,
        training: bool,  # noqa: FBT001  the toolkit's order
        weights: State,
        **kwargs: Any,
    ) -> Any:
        """The tensor rounded to its range, which learns of it while training."""
        if training:
            low, high = self.updated(inputs, weights)
            weights["min_var"].assign(low)
            weights["max_var"].assign(high)
            weights["seen"].assign(keras.ops.ones(()))
            return self.rounded(inputs, low, high)
        low, high = self.current(inputs, weights)
        return self.rounded(inputs, low, high)

    def current(self, inputs: Any, weights: State) -> tuple[Any, Any]:
        """The range as it is kept."""
        tensor = ops_for(inputs).convert_to_tensor
        return tensor(weights["min_var"]), tensor(weights["max_var"])

    def updated(self, inputs: Any, weights: State) -> tuple[Any, Any]:
        """The range once a batch is added to it."""
        old = self.current(inputs, weights)
        now = self.observed(inputs)
        seen = keras.ops.convert_to_tensor(weights["seen"]) > 0
        return (
            keras.ops.where(seen, self.joined(old, now)[0], now[0]),
            keras.ops.where(seen, self.joined(old, now)[1], now[1]),
        )

    def joined(self, old: tuple[Any, Any], now: tuple[Any, Any]) -> tuple[Any, Any]:
        """A range that was kept, with that of a batch."""
        raise NotImplementedError

    def observed(self, inputs: Any) -> tuple[Any, Any]:
        """The range of a tensor, zero being in it."""
        ops = ops_for(inputs)
        x = ops.cast(ops.stop_gradient(inputs), "float32")
        axes = self._reduced(len(x.shape))
        low = ops.minimum(ops.min(x, axis=axes), 0.0)
        high = ops.maximum(ops.max(x, axis=axes), 0.0)
        if not self.symmetric:
            return low, high
        levels = 2**self.num_bits
        ratio = 1.0 if self.narrow_range else (levels - 2) / levels
        return ops.minimum(low, -high / ratio), ops.maximum(high, -low * ratio)

    def rounded(self, inputs: Any, low: Any, high: Any) -> Any:
        """The tensor at the integers of a range."""
        if self.per_axis:
            ops, shape = ops_for(inputs), self._aligned(tuple(inputs.shape))
            low, high = ops.reshape(low, shape), ops.reshape(high, shape)
        return fake_quantized(
            inputs, low, high, self.num_bits, narrow=self.narrow_range
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        config = {
            "num_bits": self.num_bits,
            "per_axis": self.per_axis,
            "symmetric": self.symmetric,
            "narrow_range": self.narrow_range,
        }
        return config if self.axes is None else {**config, "axes": list(self.axes)}

    def _channels(self, rank: int) -> tuple[int, ...]:
        """The axes that have ranges of their own."""
        if not self.per_axis:
            return ()
        chosen = (-1,) if self.axes is None else self.axes
        return tuple(axis % rank for axis in chosen)

    def _reduced(self, rank: int) -> tuple[int, ...]:
        kept = self._channels(rank)
        return tuple(axis for axis in range(rank) if axis not in kept)

    def _aligned(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        kept = self._channels(len(shape))
        return tuple(size if i in kept else 1 for i, size in enumerate(shape))

    def _range_shape(self, shape: tuple[Any, ...]) -> tuple[int, ...]:
        kept = self._channels(len(shape)) if shape else ()
        return tuple(int(shape[axis]) for axis in sorted(kept))


@register
class LastValueQuantizer(RangeQuantizer):
    """The range of the tensor itself, as it was in the last step of training."""

    def current(self, inputs: Any, weights: State) -> tuple[Any, Any]:
        """The range that is kept; before any training that of the tensor."""
        kept = super().current(inputs, weights)
        now = self.observed(inputs)
        ops = ops_for(inputs)
        seen = ops.convert_to_tensor(weights["seen"]) > 0
        low, high = (ops.where(seen, a, b) for a, b in zip(kept, now, strict=True))
        return low, high

    def joined(self, old: tuple[Any, Any], now: tuple[Any, Any]) -> tuple[Any, Any]:
        """The new one."""
        return now


@register
class AllValuesQuantizer(RangeQuantizer):
    """The range of all values that there ever were."""

    def joined(self, old: tuple[Any, Any], now: tuple[Any, Any]) -> tuple[Any, Any]:
        """Both."""
        return keras.ops.minimum(old[0], now[0]), keras.ops.maximum(old[1], now[1])


@register
class MovingAverageQuantizer(RangeQuantizer):
    """The moving average of the batches' ranges.

    The first batch begins it, so that short trainings have ranges of use; each further
    one moves it by 1 - 0.999 of the way.
    """

    def joined(self, old: tuple[Any, Any], now: tuple[Any, Any]) -> tuple[Any, Any]:
        """Mostly the old one."""
        rest = 1 - DECAY
        return old[0] - (old[0] - now[0]) * rest, old[1] - (old[1] - now[1]) * rest


@register
class FixedQuantizer(RangeQuantizer):
    """A range that is given.

    Args:
        num_bits: how many bits an integer has.
        init_min: the least number, at most 0.
        init_max: the greatest number, at least 0.
        narrow_range: whether the least integer is left out.
    """

    def __init__(
        self,
        num_bits: int = 8,
        init_min: float = -UNSEEN,
        init_max: float = UNSEEN,
        narrow_range: bool = False,  # noqa: FBT001, FBT002  as the other quantizers
    ) -> None:
        super().__init__(num_bits, narrow_range=narrow_range)
        if not init_min <= 0 <= init_max or init_min == init_max:
            raise ValueError(f"the range from {init_min} to {init_max} must hold 0")
        self.init_min, self.init_max = float(init_min), float(init_max)

    def build(self, tensor_shape: Any, name: str, layer: Any) -> State:
        """The range, which stays; it counts as seen."""
        return {
            "min_var": _variable(layer, f"{name}_min", (), self.init_min),
            "max_var": _variable(layer, f"{name}_max", (), self.init_max),
            "seen": _variable(layer, f"{name}_seen", (), 1.0),
        }

    def updated(self, inputs: Any, weights: State) -> tuple[Any, Any]:
        """As it is."""
        return self.current(inputs, weights)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            "num_bits": self.num_bits,
            "init_min": self.init_min,
            "init_max": self.init_max,
            "narrow_range": self.narrow_range,
        }


def _variable(layer: Any, name: str, shape: tuple[int, ...], value: float) -> Any:
    return layer.add_weight(
        shape=shape,
        initializer=keras.initializers.Constant(value),
        dtype="float32",
        trainable=False,
        name=name,
    )
