"""Which rule converts which Keras class: found by name, without importing Keras."""

from __future__ import annotations

import enum
import functools
import importlib
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gossamer.frontends.keras.trace import is_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gossamer.frontends.keras.call import Call
    from gossamer.ir.graph import Tensor


class Enter(enum.Enum):
    """What a rule returns to have the layer's own `call` traced instead."""

    ENTER = "enter"


ENTER = Enter.ENTER

RuleResult: TypeAlias = "Tensor | Sequence[Tensor] | Enter"
Rule: TypeAlias = "Callable[[Call], RuleResult]"
Kind: TypeAlias = Literal["rule", "composed", "refused"]
"""Whether an operation becomes operators, other operations, or an error."""

FAMILIES = (
    "layers.activation",
    "layers.attention",
    "layers.category",
    "layers.cells",
    "layers.convolution",
    "layers.dense",
    "layers.einsum_dense",
    "layers.embedding",
    "layers.image",
    "layers.merging",
    "layers.normalization",
    "layers.passing",
    "layers.pooling",
    "layers.recurrent",
    "layers.refused",
    "layers.reparametrized",
    "layers.reshaping",
    "layers.spectrum",
    "layers.wrapping",
    "operations.activation",
    "operations.arranging",
    "operations.array",
    "operations.attention",
    "operations.bits",
    "operations.category",
    "operations.complex",
    "operations.composed.activation",
    "operations.composed.coordinates",
    "operations.composed.image",
    "operations.composed.joining",
    "operations.composed.loss",
    "operations.composed.matrix",
    "operations.composed.measures",
    "operations.composed.missing",
    "operations.composed.numbers",
    "operations.composed.quantiles",
    "operations.composed.ranges",
    "operations.composed.spectrum",
    "operations.composed.statistics",
    "operations.composed.truth",
    "operations.control",
    "operations.counting",
    "operations.creation",
    "operations.elementary",
    "operations.error_function",
    "operations.image",
    "operations.indexing",
    "operations.math",
    "operations.network",
    "operations.normalization",
    "operations.ordering",
    "operations.patches",
    "operations.product",
    "operations.rearrange",
    "operations.reduction",
    "operations.refused",
    "operations.spectrum",
    "operations.update",
)
"""The modules of this folder that declare rules."""

_TRAINED = ("gossamer.training.", "gossamer.quantization_aware.")
"""Where our own Keras layers are that have rules."""

_layers: dict[str, Rule] = {}
_operations: dict[str, Rule] = {}
_kinds: dict[str, Kind] = {}
_masking: set[str] = set()

# Methods that a subclass may override without changing what its `call` computes.
_INERT = frozenset(
    {
        "build",
        "build_from_config",
        "compute_mask",
        "compute_output_shape",
        "compute_output_spec",
        "from_config",
        "get_build_config",
        "get_config",
        "load_own_variables",
        "save_own_variables",
    }
)


def layer(*names: str, masks: bool = False) -> Callable[[Rule], Rule]:
    """Declare the rule of the Keras layers with these class names.

    `masks`: it reads the masks among the arguments, or rightly leaves them out. Without
    it a layer that is given a mask is entered.
    """

    def declare(rule: Rule) -> Rule:
        _layers.update(dict.fromkeys(names, rule))
        if masks:
            _masking.update(names)
        return rule

    return declare


def operation(*names: str, kind: Kind = "rule") -> Callable[[Rule], Rule]:
    """Declare the rule of the `keras.ops` operations with these class names."""

    def declare(rule: Rule) -> Rule:
        _operations.update(dict.fromkeys(names, rule))
        _kinds.update(dict.fromkeys(names, kind))
        return rule

    return declare


def operations() -> Mapping[str, Kind]:
    """How each known operation of `keras.ops` is converted, by its class's name."""
    _load_families()
    return _kinds


def rule_of(used: Any, *, masked: bool = False) -> Rule | None:
    """The rule of a layer or operation, None where there is none.

    `masked`: it is given a mask, so that the rule must be one that knows of masks.

    A subclass of a Keras class has its rule as long as it overrides nothing that
    could change the result.
    """
    _load_families()
    table = _layers if is_layer(used) else _operations
    overridden: set[str] = set()
    for kind in type(used).__mro__:
        if kind.__module__.startswith(_TRAINED) and kind.__name__ in table:
            return table[kind.__name__]
        if kind.__module__.partition(".")[0] != "keras":
            overridden.update(vars(kind))
            continue
        changed = {
            name
            for name in overridden - _INERT
            if not name.startswith("__") and hasattr(kind, name)
        }
        ignores = masked and is_layer(used) and kind.__name__ not in _masking
        return None if changed or ignores else table.get(kind.__name__)
    return None


@functools.cache
def _load_families() -> None:
    for family in FAMILIES:
        importlib.import_module(f"gossamer.frontends.keras.{family}")
