"""The rule of `keras.ops.rearrange`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import dims
from gossamer.frontends.keras.registry import RuleResult, operation
from gossamer.frontends.parts.regrouping import Axis, regroup
from gossamer.frontends.parts.shaping import transpose
from gossamer.frontends.report import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.frontends.keras.call import Call
    from gossamer.frontends.parts.regrouping import Entry
    from gossamer.ir.graph import Tensor


@operation("Rearrange")
def _rearrange(call: Call) -> RuleResult:
    """RESHAPE into the pattern's axes, TRANSPOSE, and RESHAPE into its groups."""
    before, after = map(_groups, str(call.arguments["pattern"]).split("->"))
    lengths = {
        name: int(size)
        for name, size in call.arguments.items()
        if name not in ("tensor", "pattern")
    }
    x = call.argument("tensor")
    names = [name for group in before for name in group]
    apart = regroup(call, x, _split(x, before, lengths))
    order = [names.index(name) for group in after for name in group]
    turned = transpose(call, apart, order)
    return regroup(call, turned, _merged(turned, after))


def _groups(side: str) -> list[list[str]]:
    """The names of the axes, those in brackets together."""
    return [re.findall(r"\w+", axis) for axis in re.findall(r"\w+|\(.*?\)", side)]


def _split(
    x: Tensor, groups: list[list[str]], lengths: Mapping[str, int]
) -> list[Entry]:
    entries: list[Entry] = []
    for index, group in enumerate(groups):
        if len(group) == 1:
            entries.append(Axis(index))
            continue
        sizes = [lengths.get(name, -1) for name in group]
        whole = dims(x)[index]
        if sizes.count(-1) == 1 and whole >= 0:
            known = math.prod(size for size in sizes if size >= 0)
            sizes[sizes.index(-1)] = whole // known
        entries += sizes
    if [*entries].count(-1) > 1:
        raise Unsupported(
            "more than one axis in brackets has a size that is not known",
            "Give the sizes of all axes in brackets but one.",
        )
    return entries


def _merged(x: Tensor, groups: list[list[str]]) -> list[Entry]:
    entries: list[Entry] = []
    first = 0
    for group in groups:
        end = first + len(group)
        sizes: Any = dims(x)[first:end]
        if len(group) == 1:
            entries.append(Axis(first))
        else:
            entries.append(-1 if -1 in sizes else math.prod(sizes))
        first = end
    return entries
