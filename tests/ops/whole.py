"""Whole models by LiteRT and by both of our executables, for what needs a subgraph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import gossamer
from gossamer.errors import GossamerError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.types import DType, TensorType
from tests.ops.contract import assert_same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gossamer.ir.graph import Model, Subgraph
    from gossamer.ir.op import Op
    from gossamer.ir.types import Array


def binary_body(op: Op | None, dtype: DType) -> Subgraph:
    """A subgraph of two scalars: one operator on both, or only the second one."""
    build = Builder("body")
    left = build.input("left", TensorType(dtype, ()))
    right = build.input("right", TensorType(dtype, ()))
    return build.finish([right if op is None else build.node(op, left, right)])


def agree(
    model: Model,
    feeds: Sequence[Array],
    *,
    tolerance: float = 1e-5,
    judge: OpResolverType = OpResolverType.BUILTIN_REF,
) -> None:
    """LiteRT's outputs are those of our machine code and of our meaning."""
    content = bytes(write(model))
    for node, read_back in zip(model.main.nodes, read(content).main.nodes, strict=True):
        assert read_back.op == node.op
    theirs = Interpreter(model_content=content, experimental_op_resolver_type=judge)
    expected = outputs(theirs, feeds)
    for found in ours(content, feeds):
        for mine, other in zip(found, expected, strict=True):
            assert_same(mine, other, tolerance)


def ours(content: bytes, feeds: Sequence[Array]) -> list[list[Array]]:
    """The outputs by machine code, and by meaning."""
    return [
        outputs(
            gossamer.Interpreter(
                model_content=content, experimental_op_resolver_type=resolver
            ),
            feeds,
        )
        for resolver in (
            gossamer.OpResolverType.AUTO,
            gossamer.OpResolverType.BUILTIN_REF,
        )
    ]


def outputs(interpreter: Any, feeds: Sequence[Array]) -> list[Array]:
    """The outputs of a second run: nothing may be left over from the first."""
    interpreter.allocate_tensors()
    for _ in range(2):
        details = interpreter.get_input_details()
        for detail, feed in zip(details, feeds, strict=True):
            interpreter.set_tensor(detail["index"], np.asarray(feed))
        interpreter.invoke()
    return [
        interpreter.get_tensor(detail["index"])
        for detail in interpreter.get_output_details()
    ]


def failure(content: bytes, feeds: Sequence[Array]) -> str:
    """The words of the error that both ways of running end in."""
    texts: list[str] = []
    for resolver in gossamer.OpResolverType.AUTO, gossamer.OpResolverType.BUILTIN_REF:
        try:
            interpreter = gossamer.Interpreter(
                model_content=content, experimental_op_resolver_type=resolver
            )
            outputs(interpreter, feeds)
        except GossamerError as error:
            texts.append(str(error))
    assert len(texts) == 2
    return texts[0]
