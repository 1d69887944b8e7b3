"""Operators in a row on one 8-bit tensor as one function of a byte.

`gossamer.lowering.tabulate` makes them. They exist between that and the program only,
and never in a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from gossamer.ir.op import Op, evaluate
from gossamer.ops.element_steps import integer_table_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target


@dataclass(frozen=True, slots=True)
class ByteFunction(Op):
    """What `nodes` make of their only source, element by element.

    All else that they read is made by them, or is one constant number.
    """

    nodes: tuple[Node, ...]

    chooses_type: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return self.nodes[-1].op.name

    @property
    def code(self) -> int:
        return -1

    @property
    def options(self) -> str | None:
        return None

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        values: dict[Tensor | None, Any] = {node.input(0): inputs[0]}
        for each in self.nodes:
            arrays = [values[x] if x in values else _number(x) for x in each.inputs]
            (values[each.output],) = evaluate(each, arrays)
        return (values[self.nodes[-1].output],)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return integer_table_step(node, target)


def _number(constant: Tensor | None) -> Array:
    assert constant is not None
    assert constant.data is not None
    return constant.data.reshape(())
