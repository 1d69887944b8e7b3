"""Rules of the layers that prune, share or round weights while they are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.keras.registry import ENTER, RuleResult, layer
from gossamer.frontends.keras.trace import attach_mask, flatten, symbolic_leaves
from gossamer.ops.fake_quant import FakeQuant

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@layer("Reparametrized", masks=True)
def _reparametrized(call: Call) -> RuleResult:
    """The layer inside, with the weights that it computes with."""
    used = call.operation

    def inside(arguments: dict[str, Any], masks: list[Any]) -> Any:
        plain = {k: x for k, x in arguments.items() if not k.endswith("mask")}
        for x, mask in zip(symbolic_leaves(plain), masks, strict=False):
            if mask is not None:
                attach_mask(x, mask)
        given = {**arguments, "training": False}
        first, more = given.pop("inputs"), given.pop("args", ())
        return used.inside(first, *more, **given)

    with used.substituted(as_arrays=True):
        arguments = [dict(call.arguments), list(call.masks)]
        return flatten(call.walk.traced(call, inside, arguments))


@layer("Rounding", masks=True)
def _rounding(call: Call) -> RuleResult:
    """FAKE_QUANT, once the range is known."""
    used = call.operation
    if not used.has_range:
        return ENTER
    known, x = used.numbers(), call.real(call.x)
    if known is None:
        return x
    low, high, bits, narrow = known
    return call.emit(FakeQuant(low, high, bits, narrow), x)
