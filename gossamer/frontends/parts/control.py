"""Loops and branches: WHILE and IF with their subgraphs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from gossamer.frontends.emitter import Emitter
from gossamer.frontends.inner import Inner
from gossamer.ir.build import free_shape
from gossamer.ir.types import TensorType
from gossamer.ops.control import If, While

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op

Place = TypeVar("Place", bound=Emitter)


def is_inside(emitter: Emitter) -> bool:
    """Whether the nodes go to the subgraph of a loop or a branch."""
    return isinstance(emitter.builder, Inner)


@dataclass(slots=True)
class Loop(Generic[Place]):
    """A WHILE that is being built, variable by variable.

    Tensors of the graph around it may be used in it; they are handed around.

    Example:
        >>> loop = Loop(emitter)
        >>> i, total = loop.variable("i", zero), loop.variable("total", zeros)
        >>> loop.update(i, loop.inside.emit(Add(), i, one))
        >>> loop.update(total, loop.inside.emit(Add(), total, x))
        >>> loop.run(lambda place, all_: place.emit(Less(), all_[0], count))
    """

    around: Place
    name: str = "while"
    inside: Place = field(init=False)
    _body: Inner = field(init=False)
    _starts: list[Tensor] = field(default_factory=list["Tensor"])
    _next: dict[Tensor, Tensor] = field(default_factory=dict["Tensor", "Tensor"])

    def __post_init__(self) -> None:
        self._body = Inner(_title(self.around, f"{self.name}_body"))
        self.inside = replace(self.around, builder=self._body)

    def variable(self, name: str, start: Tensor) -> Tensor:
        """What a round is entered with; it stays the same unless it is updated."""
        made = self._body.variable(f"{self.around.path}/{name}", start)
        self._starts.append(start)
        self._next[made] = made
        return made

    def update(self, variable: Tensor, value: Tensor) -> None:
        """Let a variable have another value in the next round."""
        self._next[variable] = value

    def run(
        self, condition: Callable[[Place, list[Tensor]], Tensor]
    ) -> tuple[Tensor, ...]:
        """Add the WHILE; returns what the variables are after the last round.

        `condition` goes from the variables, in the order in which they were made, to
        one bool.
        """
        test = Inner(_title(self.around, f"{self.name}_condition"))
        variables = [test.variable(x.name, x) for x in self._next]
        flag = condition(replace(self.around, builder=test), variables)
        results = [self._body.own(y) for y in self._next.values()]
        test.own(flag)
        captured = list(dict.fromkeys([*self._body.captured, *test.captured]))
        body = self._body.close([*results, *map(self._body.own, captured)], captured)
        store = self.around.store
        op = While(
            store.add_subgraph(test.close([flag], captured)),
            store.add_subgraph(body),
        )
        inputs = [*self._starts, *captured]
        return _declared(self.around, op, inputs, inputs, self.name)[: len(variables)]


def choose(
    around: Place,
    flag: Tensor,
    then: Callable[[Place], Sequence[Tensor]],
    otherwise: Callable[[Place], Sequence[Tensor]],
) -> tuple[Tensor, ...]:
    """IF: what `then` emits where `flag` holds, else what `otherwise` does.

    Args:
        around: where the node goes.
        flag: one bool.
        then: emits a branch and returns its results; it may use tensors around it.
        otherwise: the same for the other branch, with results of the same types.
    """
    branches = [Inner(_title(around, name)) for name in ("then", "else")]
    made = [
        [inner.own(y) for y in emit(replace(around, builder=inner))]
        for inner, emit in zip(branches, (then, otherwise), strict=True)
    ]
    captured = list(dict.fromkeys(x for inner in branches for x in inner.captured))
    op = If(
        *(
            around.store.add_subgraph(inner.close(outputs, captured))
            for inner, outputs in zip(branches, made, strict=True)
        )
    )
    return _declared(around, op, [flag, *captured], made[0], "if")


def _declared(
    around: Emitter,
    op: Op,
    inputs: Sequence[Tensor],
    like: Sequence[Tensor],
    name: str,
) -> tuple[Tensor, ...]:
    return around.builder.nodes(
        op,
        *inputs,
        names=[f"{around.path}/{name}" for _ in like],
        types=[TensorType(y.dtype, free_shape(y)) for y in like],
    )


def _title(around: Emitter, name: str) -> str:
    return f"{around.path}/{name}" if around.path else name
