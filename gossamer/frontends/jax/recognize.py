"""Activation functions found by what they compute, however they are composed.

JAX spells a GELU or a softplus out in a dozen element-wise primitives, and each
library in others. Where the steps between two values are a function of one number,
it is computed at some hundred numbers, and compared with the functions that operators
have. Numbers that stand in the steps, where a function may bend, are among them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.frontends.jax import framework
from gossamer.frontends.jax.curves import GRID, Curve, find
from gossamer.frontends.jax.steps import Known, Step, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gossamer.frontends.jax.steps import Operand
    from gossamer.ir.types import Array

MOST_STEPS = 40
"""Steps of the longest function that is looked at."""

_WEIGHTS = {
    "cbrt": 4,
    "erf": 10,
    "erfc": 10,
    "exp2": 2,
    "expm1": 2,
    "integer_pow": 2,
    "is_finite": 2,
    "log1p": 2,
}
_SINGLE = frozenset(
    {
        "abs",
        "add",
        "and",
        "clamp",
        "convert_element_type",
        "copy",
        "div",
        "eq",
        "exp",
        "ge",
        "gt",
        "le",
        "log",
        "logistic",
        "lt",
        "max",
        "min",
        "mul",
        "ne",
        "neg",
        "not",
        "or",
        "pow",
        "rsqrt",
        "select_n",
        "sign",
        "sqrt",
        "square",
        "stop_gradient",
        "sub",
        "tanh",
    }
)
_ELEMENTWISE = _SINGLE | _WEIGHTS.keys()

_LARGEST = 1e37
"""The largest number that is looked at: a function's steps may grow it tenfold."""

_Chain: TypeAlias = tuple[Step, ...]
_found: dict[tuple[object, ...], Curve | None] = {}


@dataclass(frozen=True, slots=True)
class Activation:
    """The primitive of a step that stands for a whole activation function."""

    curve: Curve
    name: str = "activation"


def live(steps: Sequence[Step], results: Sequence[Operand]) -> list[Step]:
    """The steps that the results rest on, activation functions joined to one each."""
    place = {y: index for index, step in enumerate(steps) for y in step.results}
    needed = {y for y in results if isinstance(y, Value)}
    kept: list[Step] = []
    for step in reversed(steps):
        if not any(y in needed for y in step.results) and not _acts(step):
            continue
        made = _joined(step, steps, place)
        needed.update(x for x in made.operands if isinstance(x, Value))
        kept.append(made)
    return kept[::-1]


def _acts(step: Step) -> bool:
    """Whether a step without results is there for what it does, such as a print."""
    return not step.results


def _joined(step: Step, steps: Sequence[Step], place: Mapping[Value, int]) -> Step:
    """The step, or an activation in its place."""
    if not _is_elementwise(step) or not _is_float(step.results[0]):
        return step
    best = step
    for root, chain in _chains(step, steps, place):
        if not _is_float(root):
            continue
        curve = _curve(root, chain)
        if curve is not None and _weight(chain) >= curve.cost:
            best = replace(
                step, primitive=Activation(curve), params={}, operands=(root,)
            )
    return best


def _weight(chain: _Chain) -> int:
    return sum(_WEIGHTS.get(step.name, 1) for step in chain)


def _is_float(value: Value) -> bool:
    return framework.is_float(value.dtype)


def _is_elementwise(step: Step) -> bool:
    """Whether a step computes each number from those in the same place."""
    if step.name not in _ELEMENTWISE or len(step.results) != 1:
        return False
    shape = step.results[0].shape
    return all(
        np.size(x.array) == 1 if isinstance(x, Known) else x.shape == shape
        for x in step.operands
    )


def _chains(
    last: Step, steps: Sequence[Step], place: Mapping[Value, int]
) -> Iterator[tuple[Value, _Chain]]:
    """Each value that `last` is a function of, with the steps in between.

    The value computed last among those still open is replaced by what it is computed
    from; where one is left, all that follows depends on it alone.
    """
    chain: list[Step] = [last]
    opened = {x for x in last.operands if isinstance(x, Value)}
    while opened and len(chain) <= MOST_STEPS:
        latest = max(opened, key=lambda x: place.get(x, -1))
        if len(opened) == 1:
            yield latest, tuple(reversed(chain))
        step = steps[place[latest]] if latest in place else None
        if step is None or not _is_elementwise(step):
            return
        opened.remove(latest)
        opened.update(x for x in step.operands if isinstance(x, Value))
        chain.append(step)


def _curve(root: Value, chain: _Chain) -> Curve | None:
    key = _key(root, chain)
    if key not in _found:
        grid = _grid(chain)
        found = _computed(root, chain, grid)
        _found[key] = None if found is None else find(grid, found)
    return _found[key]


def _key(root: Value, chain: _Chain) -> tuple[object, ...]:
    """What tells one function from another, apart from shapes."""
    numbers = {root: -1} | {step.results[0]: i for i, step in enumerate(chain)}
    return tuple(
        (
            step.name,
            str(sorted((k, str(v)) for k, v in step.params.items())),
            *(
                numbers[x] if isinstance(x, Value) else float(_number(x))
                for x in step.operands
            ),
        )
        for step in chain
    )


def _number(operand: Known) -> Any:
    return framework.to_numpy(operand.array).reshape(())[()]


def _grid(chain: _Chain) -> Array:
    """Where to look: everywhere, and close to the numbers of the steps."""
    bends = {
        float(_number(x))
        for step in chain
        for x in step.operands
        if isinstance(x, Known)
    }
    finite = np.array(sorted(x for x in bends if abs(x) < _LARGEST))
    step = 1e-3 * np.maximum(1, np.abs(finite))
    return np.concatenate([GRID, finite, -finite, finite - step, finite + step])


def _computed(root: Value, chain: _Chain, grid: Array) -> Array | None:
    """The chain's function on the grid, None where it cannot be computed so."""
    values: dict[Value, Any] = {root: grid.astype(np.float32)}
    try:
        for step in chain:
            operands = [
                values[x]
                if isinstance(x, Value)
                else np.broadcast_to(_number(x), grid.shape)
                for x in step.operands
            ]
            values[step.results[0]] = _result(step, operands)
    except (TypeError, ValueError):
        return None
    return np.asarray(values[chain[-1].results[0]], np.float64)


def _result(step: Step, operands: list[Any]) -> Any:
    x = operands[0]
    if step.name == "convert_element_type":
        wanted = framework.dtype_of(step.params["new_dtype"])
        return x if x.dtype == wanted.numpy else np.asarray(x).astype(wanted.numpy)
    return framework.evaluate(step.primitive, step.params, operands)[0]
