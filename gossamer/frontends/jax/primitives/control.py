"""Rules of loops and branches: WHILE and IF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.jax import framework
from gossamer.frontends.jax.registry import RuleResult, primitive
from gossamer.frontends.jax.steps import Known
from gossamer.frontends.parts.control import Loop, choose
from gossamer.frontends.parts.scan import scan
from gossamer.ops.compare import LessEqual

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gossamer.frontends.jax.call import Call
    from gossamer.ir.graph import Tensor


def _given(call: Call, first: int, count: int) -> list[Tensor | Known]:
    """Operands that a jaxpr is handed: known ones as they are, others as tensors."""
    operands = call.step.operands
    return [
        each if isinstance(each := operands[index], Known) else call.wide(index)
        for index in range(first, first + count)
    ]


@primitive("while")
def _while(call: Call) -> RuleResult:
    tests, bodies = int(call.params["cond_nconsts"]), int(call.params["body_nconsts"])
    of_test, of_body = _given(call, 0, tests), _given(call, tests, bodies)
    loop = Loop(call)
    variables = [
        loop.variable(f"carried_{index}", call.wide(tests + bodies + index))
        for index in range(len(call.step.operands) - tests - bodies)
    ]
    body, condition = call.params["body_jaxpr"], call.params["cond_jaxpr"]
    after = call.walk.inline(loop.inside, body, [*of_body, *variables])
    for variable, value in zip(variables, after, strict=True):
        loop.update(variable, value)

    def test(end: Call, all_: list[Tensor]) -> Tensor:
        return call.walk.inline(end, condition, [*of_test, *all_])[0]

    return loop.run(test)


@primitive("scan")
def _scan(call: Call) -> RuleResult:
    count, carry = int(call.params["num_consts"]), int(call.params["num_carry"])
    constants = _given(call, 0, count)
    carried = [call.wide(count + index) for index in range(carry)]
    xs = [call.wide(index) for index in range(count + carry, len(call.step.operands))]
    jaxpr, length = call.params["jaxpr"], call.params["length"]

    def step(
        place: Call, before: list[Tensor], rows: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        made = call.walk.inline(place, jaxpr, [*constants, *before, *rows])
        return made[:carry], made[carry:]

    rounds = int(length) if framework.is_size(length) else None
    after, rows = scan(
        call,
        step,
        carried,
        xs,
        rounds,
        reverse=bool(call.params["reverse"]),
        collected=[
            [call.walk.place(dim) for dim in result.shape[1:]]
            for result in call.step.results[carry:]
        ],
    )
    return [*after, *rows]


@primitive("cond")
def _cond(call: Call) -> RuleResult:
    branches: Sequence[Any] = call.params["branches"]
    given = _given(call, 1, len(call.step.operands) - 1)
    number = call.number(0)
    if number is not None:
        chosen = branches[min(max(int(number), 0), len(branches) - 1)]
        return call.walk.inline(call, chosen, given)
    return _chosen(call, call, call.loose(0), branches, given)


def _chosen(
    call: Call,
    place: Call,
    which: Tensor,
    branches: Sequence[Any],
    given: list[Tensor | Known],
    first: int = 0,
) -> Sequence[Tensor]:
    """The first branch where the number is at most `first`, else one of the others."""
    if len(branches) == 1:
        return call.walk.inline(place, branches[0], given)
    flag = place.emit(LessEqual(), which, place.indices("branch", first))
    return choose(
        place,
        flag,
        lambda inner: call.walk.inline(inner, branches[0], given),
        lambda inner: _chosen(call, inner, which, branches[1:], given, first + 1),
    )
