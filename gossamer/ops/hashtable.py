"""HASHTABLE, _IMPORT, _FIND, _SIZE: tables of strings by number, or the reverse.

A table is a resource of the interpreter. It is filled once, as a rule by a subgraph
that runs before all else, and then asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from gossamer.errors import ExecutionError
from gossamer.ir.op import Op, operator, require
from gossamer.ir.types import DType
from gossamer.ops.shapes import made, operands
from gossamer.ops.variable import handle_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.environment import Environment
    from gossamer.ir.graph import Node, Tensor
    from gossamer.ir.types import Array, TensorType

KIND = "table"
PAIRS = ((DType.INT64, DType.STRING), (DType.STRING, DType.INT64))
"""The element types of keys and values that a table can have."""


@operator("HASHTABLE", code=136, options="HashtableOptions")
class Hashtable(Op):
    """The handle of the table `table_id`."""

    table_id: int = 0
    key_dtype: DType = DType.FLOAT32
    value_dtype: DType = DType.FLOAT32

    declares_outputs: ClassVar[bool] = True

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        self._check_types(self.key_dtype, self.value_dtype)
        types = f"{self.key_dtype.title} to {self.value_dtype.title}"
        handle = environment.handle(KIND, types, str(self.table_id))
        return (np.full(node.output.shape, handle, np.int32),)

    def _check_types(self, key: DType, value: DType) -> None:
        text = f"no table leads from {key.title} to {value.title}"
        require((key, value) in PAIRS, self, text)


@operator("HASHTABLE_IMPORT", code=138, options="HashtableImportOptions")
class HashtableImport(Op):
    """table, keys, values: fill a table, unless it was filled before.

    Of a key that comes twice the first value stays.
    """

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        table, keys, values = operands(self, inputs, 3)
        require_table(self, table)
        text = f"the keys are {keys.type} and the values {values.type}"
        require((keys.dtype, values.dtype) in PAIRS, self, text)
        require(len(keys.shape) == len(values.shape), self, text)
        return ()

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        handle = handle_of(inputs[0])
        keys, values = (np.ravel(array).tolist() for array in inputs[1:])
        if len(keys) != len(values):
            raise ExecutionError(f"{len(keys)} keys have {len(values)} values")
        if not environment.holds(handle):
            backwards = zip(reversed(keys), reversed(values), strict=True)
            environment.assign(handle, dict(backwards))
        return ()


@operator("HASHTABLE_FIND", code=137, options="HashtableFindOptions")
class HashtableFind(Op):
    """table, keys, default -> the value of each key, the default where it is not in."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        table, keys, default = operands(self, inputs, 3)
        require_table(self, table)
        text = f"the keys are {keys.dtype.title}, the default is {default.dtype.title}"
        require((keys.dtype, default.dtype) in PAIRS, self, text)
        count = default.type.size if default.type.is_static else 1
        require(count == 1, self, f"the default has {count} elements, not 1")
        return made(self, default.dtype, keys.shape)

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        table = contents(environment, inputs[0])
        keys, default = np.asarray(inputs[1]), np.ravel(inputs[2])
        require(default.size == 1, self, f"the default has {default.size} elements")
        found = np.empty(keys.size, default.dtype)
        for place, key in enumerate(keys.ravel().tolist()):
            found[place] = table.get(key, default[0])
        return (found.reshape(keys.shape),)


@operator("HASHTABLE_SIZE", code=139, options="HashtableSizeOptions")
class HashtableSize(Op):
    """table -> how many keys it has, int64 (1,)."""

    def infer(self, *inputs: Tensor | None) -> tuple[TensorType, ...]:
        (table,) = operands(self, inputs, 1)
        require_table(self, table)
        return made(self, DType.INT64, (1,))

    def perform(
        self, node: Node, inputs: Sequence[Any], environment: Environment
    ) -> tuple[Array, ...]:
        return (np.array([len(contents(environment, inputs[0]))], np.int64),)


def require_table(op: Op, table: Tensor) -> None:
    """Refuse what is no handle."""
    require(table.dtype is DType.RESOURCE, op, f"{table} is no handle of a table")


def contents(environment: Environment, handle: Any) -> dict[Any, Any]:
    """What a table holds.

    Raises:
        ExecutionError: it was not filled, or the handle is that of a variable.
    """
    value = environment.value(handle_of(handle))
    if not isinstance(value, dict):
        raise ExecutionError("the handle is that of a variable, not of a table")
    return cast("dict[Any, Any]", value)
