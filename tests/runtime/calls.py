"""Models of several subgraphs: control flow and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Signature
from gossamer.ir.types import DType, TensorType
from gossamer.ops import (
    Add,
    AssignVariable,
    CallOnce,
    Concatenation,
    DynamicUpdateSlice,
    FullyConnected,
    Greater,
    If,
    Less,
    Mul,
    ReadVariable,
    Relu,
    Reshape,
    Sub,
    Tanh,
    VarHandle,
    While,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gossamer.ir.graph import Subgraph, Tensor
    from gossamer.ir.op import Op

ONE = TensorType(DType.INT32, (1,))
FLAG = TensorType(DType.BOOL, (1,))


def floats(*shape: int) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


class Graph(Builder):
    """A builder that also takes operators whose outputs the file declares."""

    def declared(
        self, op: Op, inputs: Sequence[Tensor], *types: TensorType
    ) -> list[Tensor]:
        return list(self.nodes(op, *inputs, types=types))

    def number(self, value: float) -> Tensor:
        return self.constant("c", np.array([value], np.float32))

    def whole(self, value: int) -> Tensor:
        return self.constant("c", np.array([value], np.int32))

    def read(self, name: str, type_: TensorType) -> Tensor:
        return self.declared(ReadVariable(), [self.handle(name)], type_)[0]

    def assign(self, name: str, value: Tensor) -> None:
        self.declared(AssignVariable(), [self.handle(name), value])

    def handle(self, name: str) -> Tensor:
        type_ = TensorType(DType.RESOURCE, (1,))
        return self.declared(VarHandle("", name), [], type_)[0]


def graph(
    types: Sequence[TensorType],
    body: Callable[..., Sequence[Tensor]],
    name: str = "main",
) -> Subgraph:
    build = Graph(name)
    inputs = [build.input(f"{name}_x{i}", type_) for i, type_ in enumerate(types)]
    return build.finish(list(body(build, *inputs)))


def counter() -> Model:
    """Adds its input to a variable that begins as [10, 20, 30]."""

    def first(build: Graph) -> Sequence[Tensor]:
        start = np.array([[10, 20, 30]], np.float32)
        build.assign("sum", build.constant("start", start))
        return []

    def step(build: Graph, x: Tensor) -> Sequence[Tensor]:
        build.declared(CallOnce(1), [])
        total = build.node(Add(), build.read("sum", floats(1, 3)), x)
        build.assign("sum", total)
        return [build.node(Mul(), total, build.number(2))]

    return Model((graph([floats(1, 3)], step), graph([], first, "first")))


def delay() -> Model:
    """Gives its input back one run later: a read that must come before a write."""

    def step(build: Graph, x: Tensor) -> Sequence[Tensor]:
        old = build.read("old", floats(1, 3))
        build.assign("old", x)
        return [build.node(Relu(), old), old]

    def first(build: Graph) -> Sequence[Tensor]:
        build.assign("old", build.constant("start", np.ones((1, 3), np.float32)))
        return []

    def whole(build: Graph, x: Tensor) -> Sequence[Tensor]:
        build.declared(CallOnce(1), [])
        return step(build, x)

    return Model((graph([floats(1, 3)], whole), graph([], first, "first")))


def two_signatures() -> Model:
    """One signature adds to a variable, the other gives it."""

    def put(build: Graph, x: Tensor) -> Sequence[Tensor]:
        total = build.node(Add(), build.read("sum", floats(2)), x)
        build.assign("sum", total)
        return [build.node(Relu(), total)]

    def take(build: Graph) -> Sequence[Tensor]:
        return [build.read("sum", floats(2))]

    def begin(build: Graph) -> Sequence[Tensor]:
        zeros = build.constant("zeros", np.zeros(2, np.float32))
        build.assign("sum", zeros)
        return [build.node(Relu(), zeros)]

    graphs = (graph([floats(2)], put), graph([], take, "take"))
    graphs += (graph([], begin, "begin"),)
    return Model(
        graphs,
        tuple(
            Signature(
                name,
                {f"x{i}": x for i, x in enumerate(each.inputs)},
                {"y": each.outputs[0]},
                index,
            )
            for index, (name, each) in enumerate(
                zip(("put", "take", "begin"), graphs, strict=True)
            )
        ),
    )


def chosen() -> Model:
    """tanh(x) or x, and x or a constant, by the sign of the first element."""

    def main(build: Graph, flag: Tensor, x: Tensor) -> Sequence[Tensor]:
        return build.declared(If(1, 2), [flag, x], floats(1, 3), floats(1, 3))

    def then(build: Graph, x: Tensor) -> Sequence[Tensor]:
        return [build.node(Tanh(), x), x]

    def otherwise(build: Graph, x: Tensor) -> Sequence[Tensor]:
        return [x, build.constant("c", np.full((1, 3), 7, np.float32))]

    return Model(
        (
            graph([TensorType(DType.BOOL, (1,)), floats(1, 3)], main),
            graph([floats(1, 3)], then, "then"),
            graph([floats(1, 3)], otherwise, "otherwise"),
        )
    )


def fibonacci() -> Model:
    """(a, b) becomes (b, a + b), `n` times: states that change places."""
    types = [ONE, floats(1, 3), floats(1, 3)]

    def main(build: Graph, *x: Tensor) -> Sequence[Tensor]:
        return build.declared(While(1, 2), x, *types)[1:]

    def more(build: Graph, n: Tensor, *_: Tensor) -> Sequence[Tensor]:
        return [build.node(Greater(), n, build.whole(0))]

    def again(build: Graph, n: Tensor, a: Tensor, b: Tensor) -> Sequence[Tensor]:
        left = build.node(Sub(), n, build.whole(1))
        return [left, b, build.node(Add(), a, b)]

    return Model(
        (graph(types, main), graph(types, more, "more"), graph(types, again, "again"))
    )


def recurrent(rows: int = 1) -> Model:
    """h = tanh(W h + x), five times; the weights are handed around the loop."""
    types = [ONE, floats(rows, 8), floats(rows, 8), floats(8, 8)]
    weights = np.random.default_rng(3).normal(size=(8, 8)).astype(np.float32)

    def main(build: Graph, x: Tensor) -> Sequence[Tensor]:
        w = build.constant("w", weights)
        h = build.constant("h", np.zeros((rows, 8), np.float32))
        results = build.declared(While(1, 2), [build.whole(0), h, x, w], *types)
        return [build.node(Relu(), results[1])]

    def more(build: Graph, n: Tensor, *_: Tensor) -> Sequence[Tensor]:
        return [build.node(Less(), n, build.whole(5))]

    def again(build: Graph, n: Tensor, *rest: Tensor) -> Sequence[Tensor]:
        h, x, w = rest
        product = build.node(FullyConnected(), h, w, None)
        new = build.node(Tanh(), build.node(Add(), product, x))
        return [build.node(Add(), n, build.whole(1)), new, x, w]

    return Model(
        (
            graph([floats(rows, 8)], main),
            graph(types, more, "more"),
            graph(types, again, "again"),
        )
    )


def filling(rest: str = "") -> Model:
    """Rows of a table are written one by one.

    `rest`: "before" reads the table before it is written, "after" its old value after,
    "both" hands the old value on, too.
    """
    table = floats(4, 3)
    types = [ONE, table, floats(1, 3), table]

    def main(build: Graph, x: Tensor) -> Sequence[Tensor]:
        blank = build.constant("blank", np.full((4, 3), 9, np.float32))
        starts = [build.whole(0), blank, x, blank]
        return build.declared(While(1, 2), starts, *types)[1:]

    def more(build: Graph, n: Tensor, *_: Tensor) -> Sequence[Tensor]:
        return [build.node(Less(), n, build.whole(4))]

    def again(build: Graph, n: Tensor, *given: Tensor) -> Sequence[Tensor]:
        rows, x, old = given
        zero = build.constant("zero", np.zeros(1, np.int32))
        start = build.node(Concatenation(axis=0), n, zero)
        if rest == "before":
            old = build.node(Relu(), rows)
        new = build.node(DynamicUpdateSlice(), rows, x, start)
        if rest == "after":
            old = build.node(Sub(), rows, new)
        if rest == "both":
            old = rows
        next_x = build.node(Mul(), x, build.number(-2))
        return [build.node(Add(), n, build.whole(1)), new, next_x, old]

    return Model(
        (
            graph([floats(1, 3)], main),
            graph(types, more, "more"),
            graph(types, again, "again"),
        )
    )


def growing() -> Model:
    """A list that is one longer in each round: its shape depends on data."""
    types = [ONE, TensorType(DType.FLOAT32, (1,))]

    def main(build: Graph, n: Tensor, x: Tensor) -> Sequence[Tensor]:
        found = build.declared(While(1, 2), [n, x], *types)[1]
        return [build.node(Relu(), found)]

    def more(build: Graph, n: Tensor, *_: Tensor) -> Sequence[Tensor]:
        return [build.node(Greater(), n, build.whole(0))]

    def again(build: Graph, n: Tensor, x: Tensor) -> Sequence[Tensor]:
        longer = build.node(Concatenation(axis=0), x, build.number(5))
        return [build.node(Sub(), n, build.whole(1)), longer]

    return Model(
        (graph(types, main), graph(types, more, "more"), graph(types, again, "again"))
    )


def nested() -> Model:
    """A loop with a branch in it that adds to a variable, and a view of a state."""
    types = [ONE, floats(1, 4)]

    def main(build: Graph, n: Tensor, x: Tensor) -> Sequence[Tensor]:
        build.declared(CallOnce(5), [])
        y = build.declared(While(1, 2), [n, x], *types)[1]
        return [build.node(Relu(), y), build.read("odd", floats(1, 4))]

    def more(build: Graph, n: Tensor, *_: Tensor) -> Sequence[Tensor]:
        return [build.node(Greater(), n, build.whole(0))]

    def again(build: Graph, n: Tensor, x: Tensor) -> Sequence[Tensor]:
        column = build.node(Reshape((4, 1)), x, build.constant("s", np.int32([4, 1])))
        left = build.node(Sub(), n, build.whole(1))
        flag = build.node(Greater(), left, build.whole(2))
        y = build.declared(If(3, 4), [flag, column], floats(1, 4))[0]
        return [left, y]

    def then(build: Graph, x: Tensor) -> Sequence[Tensor]:
        row = build.node(Reshape((1, 4)), x, build.constant("s", np.int32([1, 4])))
        return [build.node(Add(), row, build.number(1))]

    def otherwise(build: Graph, x: Tensor) -> Sequence[Tensor]:
        row = build.node(Reshape((1, 4)), x, build.constant("s", np.int32([1, 4])))
        build.assign("odd", build.node(Add(), build.read("odd", floats(1, 4)), row))
        return [row]

    def first(build: Graph) -> Sequence[Tensor]:
        build.assign("odd", build.constant("zeros", np.zeros((1, 4), np.float32)))
        return []

    column = [floats(4, 1)]
    return Model(
        (
            graph(types, main),
            graph(types, more, "more"),
            graph(types, again, "again"),
            graph(column, then, "then"),
            graph(column, otherwise, "otherwise"),
            graph([], first, "first"),
        )
    )


def endless() -> Model:
    """A loop whose condition is a constant."""
    types = [ONE]

    def main(build: Graph, n: Tensor) -> Sequence[Tensor]:
        return build.declared(While(1, 2), [n], ONE)

    def always(build: Graph, n: Tensor) -> Sequence[Tensor]:
        return [build.node(Less(), build.whole(1), build.whole(2))]

    def again(build: Graph, n: Tensor) -> Sequence[Tensor]:
        return [build.node(Add(), n, n)]

    return Model(
        (
            graph(types, main),
            graph(types, always, "always"),
            graph(types, again, "again"),
        )
    )
