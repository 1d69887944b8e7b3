"""Control flow: IF, WHILE, CALL_ONCE.

They call subgraphs by index. A compiled graph has the subgraphs' own steps in the
place of the call (see `gossamer.lowering.bind`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import ExecutionError
from gossamer.ir.op import Op, operator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType


@operator("IF", code=118, options="IfOptions")
class If(Op):
    """One of two subgraphs, by the first input; the others are what it is given."""

    then_subgraph_index: int = 0
    else_subgraph_index: int = 0

    declares_outputs: ClassVar[bool] = True

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        chosen = (
            self.then_subgraph_index if truth(inputs[0]) else self.else_subgraph_index
        )
        return environment.call(chosen, inputs[1:])


@operator("WHILE", code=119, options="WhileOptions")
class While(Op):
    """Run the body on its own outputs as long as the condition holds of them."""

    cond_subgraph_index: int = 0
    body_subgraph_index: int = 0

    declares_outputs: ClassVar[bool] = True

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        values = tuple(inputs)
        while truth(*environment.call(self.cond_subgraph_index, values)):
            values = environment.call(self.body_subgraph_index, values)
        return values


@operator("CALL_ONCE", code=129, options="CallOnceOptions")
class CallOnce(Op):
    """Run a subgraph before all else: it gives variables their first values."""

    init_subgraph_index: int = 0

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return ()

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        environment.call_once(self.init_subgraph_index)
        return ()


def truth(flag: Array) -> bool:
    """The one element of a condition.

    Raises:
        ExecutionError: it has no element, or several.
    """
    if np.size(flag) != 1:
        raise ExecutionError(f"a condition must be one value, not {np.shape(flag)}")
    return bool(np.ravel(flag)[0])
