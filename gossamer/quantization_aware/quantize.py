"""Models that are trained as integers would compute them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from gossamer.quantization_aware.channels import rounded_places
from gossamer.quantization_aware.placement import Placement, placements
from gossamer.quantization_aware.quantizers import FixedQuantizer, Quantizer
from gossamer.quantization_aware.schemes import Default8BitQuantizeScheme
from gossamer.quantization_aware.training import tell_training
from gossamer.quantization_aware.wrapper import QuantizeAnnotate, QuantizeWrapper
from gossamer.training.framework import InputLayer, Layer, Model, keras
from gossamer.training.rewrite import exchanged, is_graph, require_built
from gossamer.training.wrapper import Reparametrized

if TYPE_CHECKING:
    from collections.abc import Generator

    from gossamer.quantization_aware.config import QuantizeConfig
    from gossamer.quantization_aware.kept import Kept
    from gossamer.quantization_aware.schemes import QuantizeScheme


def quantize_annotate_layer(
    to_annotate: Any, quantize_config: QuantizeConfig | None = None
) -> Any:
    """Say that a layer is to be quantized, and how; `quantize_apply` does it.

    Args:
        to_annotate: a layer, built or not.
        quantize_config: which of its weights and outputs get which quantizers; by
            the scheme's rules where it is None.

    Raises:
        ValueError: it is a model, or no layer.
    """
    if isinstance(to_annotate, Model) or not isinstance(to_annotate, Layer):
        raise ValueError(  # noqa: TRY004  the toolkit's
            "`to_annotate` must be a layer; `quantize_annotate_model` takes a model. "
            f"It is {type(to_annotate).__name__}"
        )
    return QuantizeAnnotate(to_annotate, quantize_config)


def quantize_annotate_model(to_annotate: Any) -> Any:
    """Say that all layers of a model are to be quantized.

    Layers that are annotated already keep what was said of them.

    Args:
        to_annotate: a built model; a subclassed one is changed itself.

    Raises:
        ValueError: it is no model, or is not built.
    """
    _require_model(to_annotate, "annotated")

    def exchange(layer: Any) -> Any:
        done = isinstance(layer, (QuantizeAnnotate, QuantizeWrapper, InputLayer))
        return layer if done else QuantizeAnnotate(layer)

    return exchanged(to_annotate, exchange)


def quantize_apply(
    model: Any,
    scheme: QuantizeScheme | None = None,
    quantized_layer_name_prefix: str = "quant_",
) -> Any:
    """Have the annotated layers of a model compute with numbers that integers hold.

    Train on for some epochs, at a low rate; `gossamer.convert(model, "int8")` then
    needs no calibration. The weights stay those of the model given.

    Args:
        model: a built model with annotated layers; a subclassed one is changed itself.
        scheme: which quantizers; `Default8BitQuantizeScheme` if None.
        quantized_layer_name_prefix: begins the names of layers that are changed.

    Raises:
        ValueError: no layer is annotated, or one is pruned or clustered still.
        ConversionError: a part of the model has no conversion.

    Example:
        >>> model = quantize_apply(quantize_annotate_model(model))
    """
    _require_model(model, "quantized")
    chosen: dict[int, QuantizeConfig | None] = {}

    def bare(layer: Any) -> Any:
        if not isinstance(layer, QuantizeAnnotate):
            return layer
        chosen[id(layer.layer)] = layer.quantize_config
        return layer.layer

    plain = exchanged(model, bare)
    if not chosen:
        raise ValueError(
            "`model` must contain at least one layer which have been annotated with "
            "`quantize_annotate*`. There are no layers to quantize."
        )
    return _applied(plain, chosen, scheme, quantized_layer_name_prefix)


def quantize_model(
    to_quantize: Any,
    quantized_layer_name_prefix: str = "quant_",
    scheme: QuantizeScheme | None = None,
) -> Any:
    """Have all layers of a model compute with numbers that integers hold.

    Args:
        to_quantize: a built model; a subclassed one is changed itself.
        quantized_layer_name_prefix: begins the names of layers that are changed.
        scheme: which quantizers; `Default8BitQuantizeScheme` if None.

    Raises:
        ValueError: it is no model, is not built, or is pruned or clustered still.
        ConversionError: a part of the model has no conversion.

    Example:
        >>> model = quantize_model(model)
        >>> model.compile("adam", "sparse_categorical_crossentropy")
    """
    annotated = quantize_annotate_model(to_quantize)
    return quantize_apply(annotated, scheme, quantized_layer_name_prefix)


@contextlib.contextmanager
def quantize_scope(*custom_objects: dict[str, Any]) -> Generator[None]:
    """A scope in which models with quantizers of one's own are loaded.

    Our own classes need none.

    Args:
        *custom_objects: classes by their names.
    """
    merged: dict[str, Any] = {}
    for each in custom_objects:
        merged.update(each)
    with keras.saving.custom_object_scope(merged):
        yield


def _applied(
    model: Any,
    chosen: dict[int, QuantizeConfig | None],
    scheme: QuantizeScheme | None,
    prefix: str,
) -> Any:
    used = scheme or Default8BitQuantizeScheme()
    found = placements(model, lambda layer: id(layer) in chosen)

    def exchange(layer: Any) -> Any:
        if id(layer) not in chosen:
            return layer
        _require_plain(layer)
        placement = found.get(id(layer), Placement())
        config = chosen[id(layer)]
        name = f"{prefix}{layer.name}"
        if config is not None:
            return _by_config(layer, config, placement, used, name)
        return _by_scheme(layer, placement, used, name)

    made = exchanged(model, exchange)
    if not is_graph(made):
        tell_training(made)
    return made


def _by_scheme(
    layer: Any, placement: Placement, scheme: QuantizeScheme, name: str
) -> Any:
    """The layer with the scheme's quantizers; itself where nothing is rounded."""
    weights: list[tuple[int, Quantizer]] = []
    kept: list[Kept] = []
    for place, axes in rounded_places(layer):
        kept.append(scheme.kept(layer, place))
        quantizer = scheme.weight_quantizer(axes, kept[-1])
        weights.append((_index(layer, place.variable), quantizer))
    if not weights and placement == Placement():
        return layer
    before = scheme.activation_quantizer() if placement.before_activation else None
    return QuantizeWrapper(
        layer,
        weights,
        _inputs(placement, scheme),
        before,
        None,
        {
            index: scheme.activation_quantizer()
            if values is None
            else FixedQuantizer(8, values.minimum, values.maximum)
            for index, values in placement.outputs.items()
        },
        kept,
        name=name,
    )


def _by_config(
    layer: Any,
    config: QuantizeConfig,
    placement: Placement,
    scheme: QuantizeScheme,
    name: str,
) -> Any:
    weights = [
        (_index(layer, variable), quantizer)
        for variable, quantizer in config.get_weights_and_quantizers(layer)
    ]
    activations = {
        _attribute(layer, function): quantizer
        for function, quantizer in config.get_activations_and_quantizers(layer)
    }
    outputs = dict(enumerate(config.get_output_quantizers(layer)))
    inputs = _inputs(placement, scheme)
    return QuantizeWrapper(
        layer, weights, inputs, None, activations, outputs, name=name
    )


def _inputs(placement: Placement, scheme: QuantizeScheme) -> dict[int, Quantizer]:
    return {index: scheme.input_quantizer() for index in sorted(placement.inputs)}


def _index(layer: Any, variable: Any) -> int:
    """Where a variable is among a layer's."""
    found = (i for i, each in enumerate(layer.weights) if each is variable)
    index = next(found, None)
    if index is None:
        raise ValueError(
            f"the weight '{getattr(variable, 'name', variable)}' that a quantizer was "
            f"given for is none of the layer '{layer.name}'"
        )
    return index


def _attribute(layer: Any, function: Any) -> str:
    """The attribute of a layer that holds a function."""
    held: dict[str, Any] = layer.__dict__
    name = next((key for key in held if held[key] is function), None)
    if name is None:
        raise ValueError(
            f"layer '{layer.name}' holds the activation {function!r} in no attribute"
        )
    return name


def _require_model(model: Any, what: str) -> None:
    if not isinstance(model, Model):
        raise ValueError(  # noqa: TRY004  the toolkit's
            f"a model can be {what}, not {type(model).__name__}"
        )
    require_built(model, what)


def _require_plain(layer: Any) -> None:
    if isinstance(layer, Reparametrized):
        raise ValueError(  # noqa: TRY004  the toolkit's
            f"layer '{layer.name}' is wrapped in {type(layer).__name__}: strip the "
            "model of it first, as with strip_pruning or strip_clustering"
        )
