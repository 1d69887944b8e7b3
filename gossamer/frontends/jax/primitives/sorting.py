"""Rules of sorting and of the greatest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.parts import sorting

if TYPE_CHECKING:
    from gossamer.frontends.jax.call import Call


@primitive("top_k")
def _top_k(call: Call) -> RuleResult:
    axis = int(call.params.get("axis", -1)) % len(call.shape())
    return sorting.greatest(call, call.wide(0), int(call.params["k"]), axis)


@primitive("sort")
def _sort(call: Call) -> RuleResult:
    call.require(
        int(call.params["num_keys"]) == 1,
        f"it sorts by {call.params['num_keys']} keys",
        "Sort by one key, or join the keys into one number.",
    )
    axis = int(call.params["dimension"]) % len(call.shape())
    size = call.shape()[axis]
    call.require(
        size >= 0, f"it sorts along axis {axis}, whose size is free", "Fix that size."
    )
    key, *others = (call.wide(index) for index in range(len(call.step.operands)))
    first, _, rest = sorting.rising(call, key, axis, *others)
    return [first, *rest]
