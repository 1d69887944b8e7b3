"""Layers that compute with numbers which integers can hold."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any, cast

from gossamer.quantization_aware.kept import Kept
from gossamer.quantization_aware.quantizers import (
    Quantizer,
    RangeQuantizer,
    State,
)
from gossamer.quantization_aware.rounding import grid
from gossamer.quantization_aware.training import known_training
from gossamer.training.framework import Layer, keras, register
from gossamer.training.places import Place, places_of
from gossamer.training.state import array_of
from gossamer.training.wrapper import Reparametrized

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence


@register
class Rounding(Layer):
    """Rounds what it is given by a quantizer; unchanged as long as no batch was seen.

    Args:
        quantizer: finds the range.
    """

    def __init__(self, quantizer: Quantizer, **options: Any) -> None:
        base: Any = super()
        base.__init__(**options)
        self.quantizer = quantizer
        self.supports_masking = True
        self.state: State = {}
        if getattr(quantizer, "per_axis", False):
            raise ValueError("quantizers of activations must have per_axis=False")

    def build(self, input_shape: Any = None) -> None:
        """The quantizer's variables."""
        self.state = dict(self.quantizer.build((), "range", self))

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The tensor rounded."""
        made = self.quantizer(inputs, bool(training), self.state)
        if training or not isinstance(self.quantizer, RangeQuantizer):
            return made
        seen = keras.ops.convert_to_tensor(self.state["seen"]) > 0
        return keras.ops.where(seen, made, inputs)

    def compute_output_spec(self, inputs: Any, training: Any = None) -> Any:
        """Like the input."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def numbers(self) -> tuple[float, float, int, bool] | None:
        """Least and greatest number, bits, and whether the range is narrow.

        None as long as no batch was seen, or where the quantizer has no range.
        """
        used = self.quantizer
        if not isinstance(used, RangeQuantizer) or not array_of(self.state["seen"]):
            return None
        ends = used.current(None, self.state)
        _, low, high = grid(*ends, used.num_bits, narrow=used.narrow_range)
        least, greatest = (float(keras.ops.convert_to_numpy(x)) for x in (low, high))
        return least, greatest, used.num_bits, used.narrow_range

    @property
    def has_range(self) -> bool:
        """Whether the quantizer is one of ours, which rounds to a range."""
        return isinstance(self.quantizer, RangeQuantizer)

    def get_config(self) -> dict[str, Any]:
        """The quantizer."""
        base: Any = super()
        made = keras.saving.serialize_keras_object(self.quantizer)
        return {**base.get_config(), "quantizer": made}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """With the quantizer that was saved."""
        return cls(**{**config, "quantizer": _restored(config["quantizer"])})


@register
class QuantizeAnnotate(Reparametrized):
    """A layer that is to be quantized, and until then computes as it does.

    Args:
        layer: the layer.
        quantize_config: how; by the scheme's rules where it is None.
    """

    PREFIX = "quantize_annotate"

    def __init__(self, layer: Any, quantize_config: Any = None, **options: Any) -> None:
        self.quantize_config = quantize_config
        super().__init__(layer, **options)

    def places(self) -> list[Place]:
        """No weight is changed."""
        return []

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        given = self.quantize_config
        made = None if given is None else keras.saving.serialize_keras_object(given)
        return {**super().get_config(), "quantize_config": made}

    @classmethod
    def decoded(cls, options: dict[str, Any]) -> dict[str, Any]:
        """With the configuration that was saved."""
        return {**options, "quantize_config": _restored(options["quantize_config"])}


@register
class QuantizeWrapper(Reparametrized):
    """A layer whose weights, inputs and outputs are rounded.

    Args:
        layer: the layer.
        weights: which of the layer's variables, by index, with their quantizers.
        inputs: which of its tensor arguments, with their quantizers.
        before_activation: the quantizer of what its activation is given.
        activations: names of attributes that hold functions, with the quantizers of
            what these return.
        outputs: which of its outputs, with their quantizers.
        kept: for each of the weights what is kept of it.
    """

    PREFIX = "quant"

    def __init__(
        self,
        layer: Any,
        weights: Sequence[tuple[int, Quantizer]] = (),
        inputs: Mapping[int, Quantizer] | None = None,
        before_activation: Quantizer | None = None,
        activations: Mapping[str, Quantizer] | None = None,
        outputs: Mapping[int, Quantizer] | None = None,
        kept: Sequence[Kept] = (),
        **options: Any,
    ) -> None:
        self.weight_quantizers = [(int(i), each) for i, each in weights]
        self.kept = list(kept) or [Kept() for _ in self.weight_quantizers]
        self._weight_states: list[State] = []
        self._kept_states: list[State] = []
        self._before = _roundings("before", {"activation": before_activation})
        self._activations = _roundings("behind", activations or {})
        self._inputs = _roundings("input", inputs or {})
        self._outputs = _roundings("output", outputs or {})
        super().__init__(layer, **options)
        every = (self._before, self._activations, self._inputs, self._outputs)
        self.roundings = [each for group in every for each in group.values()]

    def places(self) -> list[Place]:
        """The weights that have quantizers."""
        variables = self.layer.weights
        chosen = [variables[index] for index, _ in self.weight_quantizers]
        return places_of(self.layer, chosen)

    def make_state(self) -> None:
        """The quantizers' variables, and what is kept of the weights."""
        for index, place in enumerate(self.held):
            _, quantizer = self.weight_quantizers[index]
            shape = tuple(place.variable.shape)
            state = quantizer.build(shape, f"weight_{index}", self)
            self._weight_states.append(dict(state))
            made = self.kept[index].build(place.variable, f"kept_{index}", self)
            self._kept_states.append(made)
        every = (self._before, self._activations, self._inputs, self._outputs)
        for each in itertools.chain.from_iterable(group.values() for group in every):
            if not each.built:
                each.build()
                each.built = True

    def effective(self, index: int, value: Any, *, training: bool) -> Any:
        """The weight, or what of it is kept, rounded."""
        _, quantizer = self.weight_quantizers[index]
        value = self.kept[index].apply(value, self._kept_states[index])
        return quantizer(value, training, self._weight_states[index])

    def call(self, inputs: Any, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        """The layer with rounded weights, between its quantizers."""
        told = known_training() if training is None else training
        return super().call(inputs, *args, training=told, **kwargs)

    def inside(self, inputs: Any, *args: Any, training: Any, **kwargs: Any) -> Any:
        """The layer between the quantizers of its inputs and of its outputs."""
        first, more, named = _rounded(
            (inputs, args, kwargs), self._inputs, training=training
        )
        made = super().inside(first, *more, training=training, **named)
        return _rounded(made, self._outputs, training=training)

    @contextlib.contextmanager
    def substituted(
        self, *, training: bool = False, as_arrays: bool = False
    ) -> Generator[None]:
        """Have the layer inside see rounded weights and activations for a while."""
        weights = super().substituted(training=training, as_arrays=as_arrays)
        with weights, self._activated(training=training):
            yield

    @contextlib.contextmanager
    def _activated(self, *, training: bool) -> Generator[None]:
        """Have the activations of the layer inside round for a while."""
        held: dict[str, Any] = self.layer.__dict__
        names = [*self._before, *self._activations]
        functions = {name: held[name] for name in names}
        try:
            for name, rounding in self._before.items():
                held[name] = _behind(rounding, functions[name], training=training)
            for name, rounding in self._activations.items():
                held[name] = _before(rounding, held[name], training=training)
            yield
        finally:
            held.update(functions)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        before = self._before.get("activation")
        return {
            **super().get_config(),
            "weights": [(i, _config(each)) for i, each in self.weight_quantizers],
            "inputs": _configs(self._inputs),
            "before_activation": before and _config(before.quantizer),
            "activations": _configs(self._activations),
            "outputs": _configs(self._outputs),
            "kept": [each.get_config() for each in self.kept],
        }

    @classmethod
    def decoded(cls, options: dict[str, Any]) -> dict[str, Any]:
        """With the quantizers that were saved."""
        every = {
            name: {_key(k): _restored(x) for k, x in options[name].items()}
            for name in ("inputs", "activations", "outputs")
        }
        return {
            **options,
            **every,
            "weights": [(i, _restored(each)) for i, each in options["weights"]],
            "before_activation": _restored(options["before_activation"]),
            "kept": [Kept(**each) for each in options["kept"]],
        }


def quantized_layers(model: Any) -> list[QuantizeWrapper]:
    """The layers of a model that round, those of inner models too."""
    layers: Any = model._flatten_layers()  # noqa: SLF001
    return [each for each in layers if isinstance(each, QuantizeWrapper)]


def _roundings(what: str, quantizers: Mapping[Any, Quantizer | None]) -> dict[Any, Any]:
    return {
        key: Rounding(each, name=f"{what}_{key}")
        for key, each in quantizers.items()
        if each is not None
    }


def _rounded(structure: Any, roundings: Mapping[int, Any], *, training: Any) -> Any:
    """A structure with some of its tensors, by their order, rounded."""
    if not roundings:
        return structure
    count = itertools.count()

    def each(leaf: Any) -> Any:
        if not hasattr(leaf, "shape"):
            return leaf
        rounding = roundings.get(next(count))
        return leaf if rounding is None else rounding(leaf, training=training)

    return keras.tree.map_structure(each, structure)


def _behind(rounding: Any, function: Any, *, training: Any) -> Any:
    def rounded_first(x: Any) -> Any:
        return function(rounding(x, training=training))

    return rounded_first


def _before(rounding: Any, function: Any, *, training: Any) -> Any:
    def rounded_last(x: Any) -> Any:
        return rounding(function(x), training=training)

    return rounded_last


def _config(quantizer: Quantizer) -> Any:
    return keras.saving.serialize_keras_object(quantizer)


def _configs(roundings: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _config(each.quantizer) for key, each in roundings.items()}


def _restored(config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    return keras.saving.deserialize_keras_object(cast("dict[str, Any]", config))


def _key(text: str) -> Any:
    return int(text) if text.isdecimal() else text
