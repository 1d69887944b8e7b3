"""Mutants of small models: bytes that were changed, and graphs that were."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import random
import struct
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

import tests.ops
from gossamer.errors import GossamerError
from gossamer.flatbuffer.read import read
from gossamer.flatbuffer.write import write
from gossamer.ir.op import option_fields
from gossamer.ir.quantization import Quantization
from gossamer.ir.rewrite import substitute
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Add, StablehloAdd
from tests.ops.contract import Case, prepare
from tests.ops.test_stablehlo_call import composite, squared
from tests.ops.test_stablehlo_reduce_window import ROWS as WINDOWS
from tests.ops.test_stablehlo_reduce_window import model as reduce_window
from tests.ops.test_stablehlo_rng import model as bits
from tests.ops.test_stablehlo_scatter import ROWS as SCATTERS
from tests.ops.test_stablehlo_scatter import model as scatter
from tests.passes.test_store_sparse import pruned_layer
from tests.runtime import calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.ir.graph import Model, Node, Subgraph, Tensor

LARGEST_BASE = 8192
"""Bytes of a model that mutants are made of: larger ones are slow to compile."""

PER_OPERATOR = 6

NUMBERS = (
    *(0, 1, 2, 3, 5, 7, 8, 255, 256, -1, -2, 127, -128, 65535, 2**31 - 1, -(2**31)),
    *(2**32 - 1, 2**62, 1000003),
)
UNWRITTEN = (
    *(GossamerError, ArithmeticError, AttributeError, LookupError),
    *(TypeError, ValueError, struct.error),
)
"""How a change can fail to be written: not every value has a form in the file."""
REALS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e30, -1e30, float("inf"), float("nan"))
TEXTS = (
    *("same", "valid", "none", "relu", "relu6", "tanh", "sign_bit", "reflect"),
    *("symmetric", "add", "mul", "any", "default", "philox", "threefry", "full", ""),
)


@dataclass(frozen=True)
class Base:
    """A model that mutants are made of."""

    name: str
    content: bytes


@cache
def bases() -> tuple[Base, ...]:
    """A few models for each operator, out of the contract's cases, and larger ones."""
    found: dict[str, list[Base]] = {}
    for module in pkgutil.iter_modules(tests.ops.__path__):
        if module.name.startswith("test_"):
            for case in _cases(f"tests.ops.{module.name}"):
                _add(found, case)
    single = (base for same in found.values() for base in same)
    return (*single, *_of_several_graphs())


def _of_several_graphs() -> Iterator[Base]:
    """Models that call subgraphs; loops are not among them, as they may never end.

    And models with sparse constants, which no single operator's cases have.
    """
    kinds = {
        "counter": calls.counter(),
        "delay": calls.delay(),
        "two signatures": calls.two_signatures(),
        "chosen": calls.chosen(),
        "composite": composite(squared(Add(), through=True), 2),
        "scatter": scatter(SCATTERS[2], "float32", "int32", StablehloAdd),
        "window": reduce_window(WINDOWS[2], "float32", StablehloAdd),
        "sparse rows": pruned_layer((64, 32), 1),
        "sparse blocks": pruned_layer((16, 48), 4),
        "sparse convolution": pruned_layer((8, 3, 3, 16), 1),
        "bits": bits("philox", 2, DType.INT32, (3, 5)),
    }
    return (Base(name, bytes(write(model))) for name, model in kinds.items())


def _cases(module: str) -> list[Case]:
    values = vars(importlib.import_module(module)).values()
    lists = [value for value in values if isinstance(value, list)]
    cases = [each for value in lists for each in value if isinstance(each, Case)]
    random.Random(module).shuffle(cases)
    return cases


def _add(found: dict[str, list[Base]], case: Case) -> None:
    same = found.setdefault(case.op.name, [])
    if len(same) >= PER_OPERATOR:
        return
    try:
        content = bytes(write(prepare(case).model))
    except GossamerError:
        return
    if len(content) <= LARGEST_BASE:
        same.append(Base(f"{case}", content))


def mutant(seed: int, index: int) -> tuple[str, bytes]:
    """The mutant number `index`: the name of its base, and its bytes."""
    rng = random.Random(f"{seed} {index}")
    base = rng.choice(bases())
    if rng.random() < 0.4:
        return base.name, change_bytes(base.content, rng)
    for _ in range(5):
        model = change_model(read(base.content), rng)
        try:
            return base.name, bytes(write(model))
        except UNWRITTEN:
            continue
    return base.name, change_bytes(base.content, rng)


def change_bytes(content: bytes, rng: random.Random) -> bytes:
    """Some words or bytes changed: mostly small numbers, as offsets and sizes are."""
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        for _ in range(30):
            at = rng.randrange(0, len(data) - 4) & ~3
            word = int.from_bytes(data[at : at + 4], "little")
            if 0 < word < 4096:
                break
        if rng.random() < 0.3:
            data[at + rng.randrange(4)] = rng.randrange(256)
            continue
        chosen = rng.choice(
            [*NUMBERS, word + 1, word * 2, word - 1, rng.getrandbits(32)]
        )
        data[at : at + 4] = (chosen & 0xFFFFFFFF).to_bytes(4, "little")
    return (
        bytes(data) if rng.random() < 0.95 else bytes(data[: rng.randrange(len(data))])
    )


def change_model(model: Model, rng: random.Random) -> Model:
    """One to three changes of nodes and tensors of one graph."""
    at = rng.randrange(len(model.subgraphs))
    graph = model.subgraphs[at]
    for _ in range(rng.choice([1, 1, 2, 3])):
        change = rng.choice(
            [_change_option, _change_tensor, _change_tensor, _change_ends]
        )
        graph = change(graph, rng)
    graphs = list(model.subgraphs)
    graphs[at] = graph
    return replace(model, subgraphs=tuple(graphs))


def _with_node(graph: Subgraph, rng: random.Random, make: Any) -> Subgraph:
    if not graph.nodes:
        return graph
    at = rng.randrange(len(graph.nodes))
    nodes = list(graph.nodes)
    nodes[at] = make(nodes[at])
    return replace(graph, nodes=tuple(nodes))


def _change_option(graph: Subgraph, rng: random.Random) -> Subgraph:
    def make(node: Node) -> Node:
        fields = [field.name for field in option_fields(node.op)]
        if not fields:
            return node
        name = rng.choice(fields)
        value = _other(getattr(node.op, name), rng)
        return replace(node, op=dataclasses.replace(node.op, **{name: value}))

    return _with_node(graph, rng, make)


def _other(value: Any, rng: random.Random) -> Any:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return rng.choice([*NUMBERS, value + 1, value - 1])
        case float():
            return rng.choice(REALS)
        case str():
            return rng.choice(TEXTS)
        case DType():
            return rng.choice(list(DType))
        case bytes():
            return change_bytes(value, rng) if len(value) > 8 else value + b"\x00"
        case tuple():
            items: list[Any] = list(value)
            action = rng.choice(["drop", "add", "change"])
            if items and action == "drop":
                items.pop(rng.randrange(len(items)))
            elif items and action == "change":
                at = rng.randrange(len(items))
                items[at] = _other(items[at], rng)
            else:
                items.append(items[0] if items else rng.choice(NUMBERS))
            return tuple(items)
        case _:
            return value


def _change_tensor(graph: Subgraph, rng: random.Random) -> Subgraph:
    tensor = rng.choice(graph.tensors)
    changes = (_reshaped, _retyped, _requantized, _revalued, _revalued, _marked)
    return substitute(graph, {tensor: rng.choice(changes)(tensor, rng)})


def _reshaped(tensor: Tensor, rng: random.Random) -> Tensor:
    shape = list(tensor.shape)
    action = rng.choice(["size", "free", "drop", "add"])
    at = rng.randrange(len(shape)) if shape else 0
    if shape and action == "size":
        shape[at] = rng.choice([0, 1, 2, 3, 7, 65536, 2**20, 2**31 - 1])
    elif shape and action == "free":
        free = tuple(-1 if i == at else size for i, size in enumerate(shape))
        return replace(tensor, signature=free)
    elif shape and action == "drop":
        shape.pop(at)
    else:
        shape.insert(at, rng.choice([0, 1, 1, 2]))
    return replace(tensor, type=TensorType(tensor.dtype, tuple(shape)), signature=None)


def _retyped(tensor: Tensor, rng: random.Random) -> Tensor:
    dtype = rng.choice(list(DType))
    data = tensor.data
    if data is not None and not (data.dtype.hasobject or dtype.numpy.hasobject):
        with np.errstate(all="ignore"):
            data = data.astype(dtype.numpy)
    return replace(tensor, type=TensorType(dtype, tensor.shape), data=data)


def _requantized(tensor: Tensor, rng: random.Random) -> Tensor:
    scale = rng.choice([*REALS, 0.1, 0.5])
    if tensor.shape and rng.random() < 0.4:
        axis = rng.randrange(len(tensor.shape))
        scales = np.full(max(min(tensor.shape[axis], 64), 1), scale, np.float32)
        return replace(tensor, quantization=Quantization.per_channel(scales, axis))
    made = Quantization.per_tensor(scale, rng.choice([0, 3, -128, 255, 2**31]))
    return replace(tensor, quantization=rng.choice([made, made, None]))


def _revalued(tensor: Tensor, rng: random.Random) -> Tensor:
    data = tensor.data
    if data is None or not data.size or data.dtype.kind not in "iuf":
        return tensor
    changed = data.copy()
    at = rng.randrange(data.size)
    if data.dtype.kind == "f":
        changed.reshape(-1)[at] = rng.choice(REALS)
    else:
        limits = np.iinfo(data.dtype)
        number = rng.choice([*NUMBERS, int(data.reshape(-1)[at]) + 1])
        changed.reshape(-1)[at] = min(max(number, int(limits.min)), int(limits.max))
    return replace(tensor, data=changed)


def _marked(tensor: Tensor, rng: random.Random) -> Tensor:
    if tensor.data is not None and rng.random() < 0.5:
        return replace(tensor, data=None)
    return replace(tensor, is_variable=not tensor.is_variable)


def _change_ends(graph: Subgraph, rng: random.Random) -> Subgraph:
    """Inputs of a node swapped, dropped, left out or replaced; outputs dropped."""

    def make(node: Node) -> Node:
        inputs, outputs = list(node.inputs), list(node.outputs)
        action = rng.choice(["swap", "drop", "none", "other", "add", "output"])
        at = rng.randrange(len(inputs)) if inputs else 0
        if action == "output" and outputs:
            outputs.pop()
        elif action == "add" or not inputs:
            inputs.append(rng.choice(graph.tensors))
        elif action == "swap":
            inputs[at], inputs[0] = inputs[0], inputs[at]
        elif action == "drop":
            inputs.pop(at)
        else:
            inputs[at] = None if action == "none" else rng.choice(graph.tensors)
        return replace(node, inputs=tuple(inputs), outputs=tuple(outputs))

    return _with_node(graph, rng, make)
