from __future__ import annotations

import numpy as np
import pytest

from gossamer.errors import GraphError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.flexbuffers import encode
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Add, Mul, Relu, StablehloCase, StablehloComposite
from tests.ops.contract import OPTIMIZED
from tests.ops.whole import agree, failure

VECTOR = TensorType(DType.FLOAT32, (3,))
X = np.array([1, -2, 3], np.float32)


def squared(op, *, through=False):
    """x op x; with `through`, the input itself comes out too."""
    build = Builder("body")
    x = build.input("x", VECTOR)
    return build.finish([build.node(op, x, x), *([x] if through else [])])


def composite(body, outputs=1):
    attributes = tuple(encode({"axis": 1}))
    op = StablehloComposite("my.op", 1, attributes, composite_version=2)
    build = Builder("main")
    x = build.input("x", VECTOR)
    found = build.nodes(op, build.node(Relu(), x), types=[VECTOR] * outputs)
    return Model((build.finish([build.node(Add(), found[0], found[-1])]), body))


@pytest.mark.parametrize("op", [Add, Mul])
@pytest.mark.parametrize("through", [False, True])
def test_a_composite_is_its_decomposition(op, through):
    agree(composite(squared(op(), through=through), 1 + through), [X])


def case(choice, branches=3):
    build = Builder("main")
    index = (
        build.input("index", TensorType(DType.INT32, ()))
        if choice is None
        else build.constant("index", np.array(choice, np.int32))
    )
    x = build.input("x", VECTOR)
    op = StablehloCase(tuple(range(1, 1 + branches)))
    graph = build.finish(build.nodes(op, index, x, types=[VECTOR]))
    bodies = [squared(Add()), squared(Mul()), squared(Add(), through=False)]
    return Model((graph, *bodies[:branches]))


@pytest.mark.parametrize("choice", [0, 1, 2, 3, -1, 2**31 - 1])
def test_a_case_runs_the_branch_chosen(choice):
    """LiteRT has it among its optimized kernels only."""
    given = np.array(choice, np.int32)
    agree(case(None), [given, X], judge=OPTIMIZED)
    agree(case(choice), [X], judge=OPTIMIZED)


def test_a_case_without_branches():
    text = failure(bytes(write(case(None, branches=0))), [np.array(0, np.int32), X])
    assert "1 choices are given for 0 branches" in text


def test_what_is_called_is_checked():
    wrong = squared(Add(), through=True)
    for model in composite(wrong), Model((case(0, branches=1).main, wrong)):
        with pytest.raises(GraphError, match="it must have 1 and 1"):
            read(bytes(write(model)))


def test_a_composite_cannot_hold_itself():
    model = composite(squared(Add()))
    with pytest.raises(GraphError, match="a subgraph cannot call itself"):
        read(bytes(write(Model((model.main, Model((model.main,)).main)))))
