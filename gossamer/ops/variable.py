"""Variables that outlive a run: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE.

In a file, a node is given the handle of its variable. A compiled graph has the
variable's own tensor in that place (see `gossamer.lowering.bind`), so that to read and
to assign are moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gossamer.errors import ExecutionError
from gossamer.ir.op import Op, operator
from gossamer.ir.types import DType, TensorType
from gossamer.kernels.movement.move import Box, strides_of
from gossamer.ops.steps import move_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array
    from gossamer.kernels.step import Step
    from gossamer.nest.target import Target

KIND = "variable"
"""See `gossamer.runtime.state`."""


@operator("VAR_HANDLE", code=142, options="VarHandleOptions")
class VarHandle(Op):
    """The handle of the variable with a name."""

    container: str = ""
    shared_name: str = ""

    declares_outputs: ClassVar[bool] = True

    @property
    def key(self) -> tuple[str, str]:
        """What tells variables apart."""
        return self.container, self.shared_name

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return (TensorType(DType.RESOURCE, ()),)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        handle = environment.handle(KIND, *self.key)
        return (np.full(node.output.shape, handle, np.int32),)


@operator("READ_VARIABLE", code=143, options="ReadVariableOptions")
class ReadVariable(Op):
    """The value of a variable."""

    declares_outputs: ClassVar[bool] = True

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[0],)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[0],)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        return (environment.value(handle_of(inputs[0])),)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return copy_steps(target, node.input(0), node.output)


@operator("ASSIGN_VARIABLE", code=144, options="AssignVariableOptions")
class AssignVariable(Op):
    """Overwrite a variable."""

    updates: ClassVar[tuple[int, ...]] = (0,)

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        return ()

    def reference(self, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[1],)

    def integer(self, node: Node, *inputs: Any) -> tuple[Array, ...]:
        return (inputs[1],)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        if inputs[1] is None:
            raise ExecutionError("the value to assign is left out")
        environment.assign(handle_of(inputs[0]), inputs[1])
        return (inputs[0],)

    def lower(self, node: Node, target: Target) -> Sequence[Step] | None:
        return copy_steps(target, node.input(1), node.input(0))


def handle_of(array: Array) -> int:
    """The handle that a resource tensor holds.

    Raises:
        ExecutionError: it holds none.
    """
    if not np.size(array):
        raise ExecutionError("a resource tensor without elements has no handle")
    return int(np.ravel(array)[0])


def copy_steps(target: Target, x: Tensor, y: Tensor) -> list[Step] | None:
    """Steps that copy one tensor into another of the same type."""
    if x.dtype.numpy.hasobject:
        return None
    if not x.type.size:
        return []
    strides = strides_of(x.shape)
    box = Box(x.shape, 0, strides, 0, strides)
    step = move_step(target, box, x.dtype.numpy.itemsize, x, y)
    return None if step is None else [step]
