"""A jaxpr as one flat list of steps: calls inlined, what is known computed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.frontends.jax import framework

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.ir.types import Shape

INLINED = frozenset(
    {
        "checkpoint",
        "closed_call",
        "composite",
        "core_call",
        "custom_jvp_call",
        "custom_vjp_call",
        "eval_jaxpr",
        "jit",
        "pjit",
        "remat",
        "remat2",
    }
)
"""Primitives that call a jaxpr once, and compute what it computes."""

MOVING = frozenset(
    {
        "convert_element_type",
        "copy",
        "expand_dims",
        "reshape",
        "rev",
        "squeeze",
        "transpose",
    }
)
"""Primitives after which a weight is still the same to its user."""

_OF_SYMBOLS = frozenset({"dim_as_value", "dimension_size"})
"""Primitives that tell a size, which may be free."""

_ALSO_LARGE = 1 << 24
"""Elements up to which something known is computed, and kept as a constant."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """An array that is computed when the model runs.

    `shape` holds numbers and JAX's symbols; `dtype` is JAX's.
    """

    shape: tuple[Any, ...]
    dtype: Any


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An array that is known now.

    `array` broadcasts to `shape`: it is as small as the program leaves it. `origin`
    is the weight that it was made of by moving elements or types, if it was.
    """

    array: Any
    shape: tuple[Any, ...]
    dtype: Any
    origin: Any = None

    def full(self) -> Any:
        """The array in its whole shape, which has no symbols."""
        if np.shape(self.array) == self.shape:
            return self.array
        return np.broadcast_to(np.asarray(self.array), self.shape)


Operand: TypeAlias = Value | Known


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One equation of a jaxpr.

    Attributes:
        primitive: JAX's primitive; its `name` finds the rule.
        params: the primitive's parameters.
        operands: what it reads.
        results: what it computes.
        path: the functions and scopes it stands in.
        equation: where it comes from, for messages; of what JAX's own functions do,
            it is the equation that calls them.
    """

    primitive: Any
    params: Mapping[str, Any]
    operands: tuple[Operand, ...]
    results: tuple[Value, ...]
    path: str
    equation: Any

    @property
    def name(self) -> str:
        return str(self.primitive.name)


def sizes(operand: Operand) -> Shape:
    """The shape with -1 where a size is a symbol."""
    return framework.sizes_of(operand.shape)


def flat(
    jaxpr: Any, operands: Sequence[Operand], path: str = ""
) -> tuple[list[Step], list[Operand]]:
    """The steps of a jaxpr, and what it returns.

    Args:
        jaxpr: open or closed.
        operands: what it is given; parts may be known.
        path: where it stands.
    """
    flattening = _Flattening()
    return flattening.steps, flattening.run(jaxpr, operands, path)


@dataclass(slots=True)
class _Flattening:
    steps: list[Step] = field(default_factory=list[Step])

    def run(
        self,
        jaxpr: Any,
        operands: Sequence[Operand],
        path: str,
        caller: Any = None,
    ) -> list[Operand]:
        body, constants = framework.opened(jaxpr)
        scope: dict[Any, Operand] = dict(zip(body.invars, operands, strict=True))
        for variable, array in zip(body.constvars, constants, strict=True):
            scope[variable] = known(array)
        for equation in body.eqns:
            inputs = tuple(_read(atom, scope) for atom in equation.invars)
            outputs = self._equation(equation, inputs, path, caller or equation)
            scope.update(zip(equation.outvars, outputs, strict=True))
        return [_read(atom, scope) for atom in body.outvars]

    def _equation(
        self, equation: Any, operands: tuple[Operand, ...], path: str, caller: Any
    ) -> Sequence[Operand]:
        here = "/".join(x for x in (path, framework.scope_of(equation)) if x)
        name = str(equation.primitive.name)
        inner = framework.inner_of(equation.params) if name in INLINED else None
        if inner is not None:
            title = str(equation.params.get("name") or "").strip("_")
            is_new = bool(title) and here.rpartition("/")[2] != title
            below = f"{here}/{title}".strip("/") if is_new else here
            outer = caller if framework.is_own(inner) else None
            return self.run(inner, operands, below, outer)
        results = tuple(
            Value(tuple(x.aval.shape), x.aval.dtype)
            for x in equation.outvars
            if hasattr(x.aval, "shape")
        )
        step = Step(
            equation.primitive, equation.params, operands, results, here, caller
        )
        folded = _folded(step)
        if folded is not None:
            return folded
        self.steps.append(step)
        return results


def known(array: Any) -> Known:
    """A whole array, or a number."""
    made = array if hasattr(array, "reshape") else np.asarray(array)
    return Known(made, tuple(np.shape(made)), made.dtype, made)


def _read(atom: Any, scope: Mapping[Any, Operand]) -> Operand:
    if not framework.is_literal(atom):
        return scope[atom]
    literal = known(atom.val)
    return replace(literal, shape=tuple(atom.aval.shape), dtype=atom.aval.dtype)


def _folded(step: Step) -> list[Known] | None:
    """What a step computes, where it depends on nothing that is not known."""
    constants = [x for x in step.operands if isinstance(x, Known)]
    if len(constants) < len(step.operands):
        return None
    if step.name in _OF_SYMBOLS:
        return None
    if step.name == "broadcast_in_dim":
        return [_stretched(step, constants[0])]
    shapes = [x.shape for x in (*constants, *step.results)]
    if not all(framework.is_size(dim) for shape in shapes for dim in shape):
        return None
    if any(np.prod(shape, dtype=np.int64) > _ALSO_LARGE for shape in shapes):
        return None
    arrays = framework.evaluate(
        step.primitive, step.params, [x.full() for x in constants]
    )
    return [replace(known(array), origin=_origin(step, constants)) for array in arrays]


def _origin(step: Step, operands: Sequence[Known]) -> Any:
    """The weight whose name fits what a step makes of it."""
    if step.name in MOVING and len(operands) == 1:
        return operands[0].origin
    return None


def _stretched(step: Step, operand: Known) -> Known:
    """The operand with ones where it is stretched, which broadcasts just as well."""
    dims = step.params["broadcast_dimensions"]
    array = operand.array
    given = np.shape(array)
    padded = (1,) * (len(dims) - len(given)) + given
    shape = [1] * len(step.params["shape"])
    for dim, size in zip(dims, padded, strict=True):
        shape[dim] = size
    result = step.results[0]
    moved = array.reshape(tuple(shape))
    return Known(moved, result.shape, result.dtype, operand.origin)
