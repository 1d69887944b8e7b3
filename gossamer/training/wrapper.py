"""A layer that computes with other weights than it stores: masked, shared, rounded.

While the layer inside is called, tensors made of its weights stand in the attributes in
which it looks for them. So any layer can be wrapped, gradients take their usual way,
and the variables stay those that the optimizer knows, on every Keras back end.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from gossamer.training.framework import Layer, keras
from gossamer.training.places import Place, kernel_places
from gossamer.training.state import array_of

if TYPE_CHECKING:
    from collections.abc import Generator


class Reparametrized(Layer):
    """A wrapped layer; a subclass says which weights it changes, and how.

    Args:
        layer: the layer inside, built or not.
        name: by default the inner layer's with the prefix of the subclass.
    """

    PREFIX = "reparametrized"

    def __init__(self, layer: Any, **options: Any) -> None:
        options.setdefault("name", f"{self.PREFIX}_{layer.name}")
        options.setdefault("dtype", layer.dtype_policy)
        base: Any = super()
        base.__init__(**options)
        self.layer = layer
        self.supports_masking = layer.supports_masking
        self._held: list[Place] = []
        if layer.built:
            self.build()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer; one that is not built yet is built first."""
        if not self.layer.built:
            self.layer(*args, **kwargs)
        base: Any = super()
        return base.__call__(*args, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Make what belongs to each weight; the layer inside is built already."""
        self._held = self.places()
        self.make_state()

    def places(self) -> list[Place]:
        """The weights that are changed."""
        return kernel_places(self.layer)

    @property
    def held(self) -> list[Place]:
        """The weights that are changed, once the layer is built."""
        return self._held

    def make_state(self) -> None:
        """Add the wrapper's own variables; `held` is known."""

    def effective(self, index: int, value: Any, *, training: bool) -> Any:
        """What stands in for weight `index` of `held`, a tensor made of its value.

        The value is a tensor, or an array where no graph is made: see `ops_for`.
        """
        raise NotImplementedError

    def final(self, index: int, value: Any) -> Any:
        """What weight `index` is to be once the wrapper is gone."""
        return self.effective(index, value, training=False)

    @contextlib.contextmanager
    def substituted(
        self, *, training: bool = False, as_arrays: bool = False
    ) -> Generator[None]:
        """Have the layer inside see the changed weights for a while.

        Args:
            training: whether it is trained meanwhile.
            as_arrays: whether they are NumPy's, outside of any graph.
        """
        value_of = array_of if as_arrays else keras.ops.convert_to_tensor
        made = [
            self.effective(index, value_of(place.variable), training=training)
            for index, place in enumerate(self._held)
        ]
        try:
            for place, tensor in zip(self._held, made, strict=True):
                place.owner.__dict__[place.key] = tensor
            yield
        finally:
            for place in self._held:
                place.owner.__dict__[place.key] = place.variable

    def call(self, inputs: Any, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        """The layer inside, with the changed weights."""
        with self.substituted(training=bool(training)):
            return self.inside(inputs, *args, training=training, **kwargs)

    def inside(self, inputs: Any, *args: Any, training: Any, **kwargs: Any) -> Any:
        """The layer inside as it stands now; a subclass may change what it is given."""
        if self.layer._call_has_training_arg:  # noqa: SLF001
            kwargs["training"] = training
        return self.layer(inputs, *args, **kwargs)

    def settle(self) -> None:
        """Store the changed weights in the layer inside."""
        for index, place in enumerate(self._held):
            place.variable.assign(self.final(index, array_of(place.variable)))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """That of the layer inside."""
        return self.layer.compute_mask(inputs, previous_mask)

    def get_config(self) -> dict[str, Any]:
        """The layer inside, and what the subclass adds."""
        base: Any = super()
        inner = keras.saving.serialize_keras_object(self.layer)
        return {**base.get_config(), "layer": inner}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A wrapper of the layer that the configuration describes."""
        options = dict(config)
        layer = keras.saving.deserialize_keras_object(options.pop("layer"))
        return cls(layer, **cls.decoded(options))

    @classmethod
    def decoded(cls, options: dict[str, Any]) -> dict[str, Any]:
        """The other options as the constructor takes them."""
        return options

    def get_build_config(self) -> dict[str, Any]:
        """How the layer inside was built."""
        return {"layer": self.layer.get_build_config()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the layer inside as it was, and what belongs to its weights."""
        inner = config.get("layer")
        if inner and not self.layer.built:
            self.layer.build_from_config(inner)
        if self.layer.built and not self.built:
            self.build()
