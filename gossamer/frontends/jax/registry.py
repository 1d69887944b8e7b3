"""Which rule converts which JAX primitive: found by name, without importing JAX."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor

RuleResult: TypeAlias = "Tensor | Sequence[Tensor]"
Rule: TypeAlias = "Callable[[Call], RuleResult]"

FAMILIES = (
    "activation",
    "arithmetic",
    "comparison",
    "control",
    "convolution",
    "indexing",
    "pooling",
    "products",
    "reduction",
    "shaping",
    "sorting",
    "transcendental",
)
"""The modules of `primitives` that declare rules."""

_rules: dict[str, Rule] = {}


def primitive(*names: str) -> Callable[[Rule], Rule]:
    """Declare the rule of the primitives with these names."""

    def declare(rule: Rule) -> Rule:
        _rules.update(dict.fromkeys(names, rule))
        return rule

    return declare


def rule_of(name: str) -> Rule | None:
    """The rule of a primitive, None where there is none."""
    if not _rules:
        for family in FAMILIES:
            importlib.import_module(f"gossamer.frontends.jax.primitives.{family}")
    return _rules.get(name)
