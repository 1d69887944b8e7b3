"""Rules of branches and loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gossamer.frontends.emitter import dims
from gossamer.frontends.tensorflow.framework import dtype_of, shape_of
from gossamer.frontends.tensorflow.registry import operation
from gossamer.ir.types import TensorType
from gossamer.ops.control import If, While

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.frontends.tensorflow.operation import Operation
    from gossamer.ir.graph import Tensor
    from gossamer.ir.op import Op


@operation("If", "StatelessIf")
def _branch(used: Operation) -> Sequence[Tensor]:
    condition, *handed = used.tensors()
    then = used.values.subgraph(_function(used, "then_branch"), handed)
    otherwise = used.values.subgraph(_function(used, "else_branch"), handed)
    types = [
        TensorType(dtype_of(y.dtype), shape_of(y) or ()) for y in used.node.outputs
    ]
    return _emit(used, If(then, otherwise), [condition, *handed], types)


@operation("While", "StatelessWhile")
def _loop(used: Operation) -> Sequence[Tensor]:
    values = used.tensors()
    condition = used.values.subgraph(_function(used, "cond"), values)
    body = used.values.subgraph(_function(used, "body"), values)
    types = [TensorType(x.dtype, dims(x)) for x in values]
    return _emit(used, While(condition, body), values, types)


def _function(used: Operation, name: str) -> str:
    value: Any = used.attribute(name)
    return str(value.name)


def _emit(
    used: Operation, op: Op, inputs: Sequence[Tensor], types: Sequence[TensorType]
) -> Sequence[Tensor]:
    names = [f"{used.path}/{index}" for index in range(len(types))]
    return used.builder.nodes(op, *inputs, names=names, types=types)
