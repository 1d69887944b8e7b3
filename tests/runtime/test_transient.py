"""States that each run begins without, and states with as many rows as the input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gossamer import Interpreter, OpResolverType
from gossamer.errors import GossamerError
from gossamer.flatbuffer.write import write
from gossamer.frontends.emitter import Emitter, Store
from gossamer.frontends.parts.recurrent import fused_lstm
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model, Signature
from gossamer.ir.transient import transient_states
from gossamer.ir.types import DType, TensorType

RNG = np.random.default_rng(4)
UNITS, SIZE, TIME = 3, 4, 5
KERNEL = RNG.normal(size=(SIZE, 4 * UNITS)).astype(np.float32)
RECURRENT = RNG.normal(size=(UNITS, 4 * UNITS)).astype(np.float32)


def network(batch: int, keeps: tuple[bool, ...]) -> Model:
    """LSTMs side by side on one input; those that do not keep their states forget."""
    build, store = Builder("main"), Store()
    x = build.input("x", TensorType(DType.FLOAT32, (batch, TIME, SIZE)))
    outputs = [
        fused_lstm(
            Emitter(f"layer_{index}", build, store),
            x,
            KERNEL,
            RECURRENT,
            None,
            keeps=keep,
        )
        for index, keep in enumerate(keeps)
    ]
    graph = build.finish(outputs)
    return Model((graph,), metadata=transient_states(store.transient))


def opened(model: Model, resolver: OpResolverType) -> Interpreter:
    return Interpreter(
        model_content=write(model), experimental_op_resolver_type=resolver
    )


def answers(interpreter: Interpreter, x: np.ndarray) -> list[np.ndarray]:
    interpreter.resize_tensor_input(0, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, x)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return [interpreter.get_tensor(detail["index"]) for detail in details]


def sequence(batch: int) -> np.ndarray:
    return RNG.normal(size=(batch, TIME, SIZE)).astype(np.float32)


@pytest.fixture(params=[OpResolverType.AUTO, OpResolverType.BUILTIN_REF])
def resolver(request: pytest.FixtureRequest) -> OpResolverType:
    return request.param


def test_each_run_begins_without_them(resolver):
    interpreter = opened(network(2, (False,)), resolver)
    x = sequence(2)
    first = answers(interpreter, x)[0]
    answers(interpreter, sequence(2))
    np.testing.assert_array_equal(answers(interpreter, x)[0], first)


def test_only_those_that_are_named(resolver):
    """One layer forgets, the other goes on where it was."""
    interpreter = opened(network(2, (False, True)), resolver)
    x = sequence(2)
    first, kept = answers(interpreter, x)
    np.testing.assert_array_equal(first, kept)
    again, gone_on = answers(interpreter, x)
    np.testing.assert_array_equal(again, first)
    assert np.abs(gone_on - kept).max() > 1e-3


def test_as_many_rows_as_the_input(resolver):
    """Each row of a batch is what it is alone."""
    interpreter = opened(network(-1, (False,)), resolver)
    x = sequence(4)
    together = answers(interpreter, x)[0]
    for index in range(4):
        alone = answers(interpreter, x[index : index + 1])[0]
        np.testing.assert_allclose(alone[0], together[index], rtol=0, atol=1e-6)
    state = interpreter.get_input_details()[0]
    assert list(state["shape"]) == [1, TIME, SIZE]


def test_a_kept_outline_tells_of_them():
    """A second interpreter, which reads no operators, clears them too."""
    model, x = network(2, (False,)), sequence(2)
    for _ in range(2):
        interpreter = opened(model, OpResolverType.AUTO)
        first = answers(interpreter, x)[0]
        np.testing.assert_array_equal(answers(interpreter, x)[0], first)


def test_a_signature_clears_them():
    model, x = network(2, (False,)), sequence(2)
    graph = model.main
    ends = Signature("run", {"x": graph.inputs[0]}, {"y": graph.outputs[0]})
    interpreter = opened(replace(model, signatures=(ends,)), OpResolverType.AUTO)
    run = interpreter.get_signature_runner("run")
    first = run(x=x)["y"]
    run(x=sequence(2))
    np.testing.assert_array_equal(run(x=x)["y"], first)


@pytest.mark.parametrize("entry", [b"\xff\xfe", b"no\nsuch\ntensor", b""])
def test_an_entry_that_names_nothing(entry):
    """Any bytes will do: what they do not name is kept."""
    model = network(2, (True,))
    model = replace(model, metadata={"gossamer_transient_states": entry})
    interpreter = opened(model, OpResolverType.AUTO)
    x = sequence(2)
    first, second = answers(interpreter, x)[0], answers(interpreter, x)[0]
    assert np.abs(first - second).max() > 1e-3


def test_a_state_of_another_size_is_refused():
    model = network(2, (False,))
    states = [x for x in model.main.tensors if x.is_variable]
    wrong = replace(states[0], type=TensorType(DType.FLOAT32, (3, UNITS)))
    node = model.main.nodes[0]
    inputs = tuple(wrong if x is states[0] else x for x in node.inputs)
    graph = replace(
        model.main,
        nodes=(replace(node, inputs=inputs),),
        tensors=tuple(wrong if x is states[0] else x for x in model.main.tensors),
    )
    interpreter = opened(replace(model, subgraphs=(graph,)), OpResolverType.AUTO)
    with pytest.raises(GossamerError, match="the state"):
        interpreter.allocate_tensors()
