"""Control flow and variables: each run of a model like LiteRT's, state and all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as Judge

from gossamer.errors import ExecutionError
from gossamer.flatbuffer.write import write
from gossamer.lowering.program import Loop
from gossamer.runtime.delegate import OpResolverType
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.native import NativeExecutable
from gossamer.runtime.state import State
from tests.runtime import calls
from tests.runtime.models import executable_of

RESOLVERS = [OpResolverType.AUTO, OpResolverType.BUILTIN_REF]


def rows(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def whole(n):
    return np.array([n], np.int32)


def flag(value):
    return np.array([value])


RNG = np.random.default_rng(5)
RUNS = {
    "counter": [[rows(RNG, 1, 3)] for _ in range(5)],
    "delay": [[rows(RNG, 1, 3)] for _ in range(5)],
    "chosen": [[flag(value), rows(RNG, 1, 3)] for value in (True, False, True)],
    "fibonacci": [[whole(n), *(rows(RNG, 2, 1, 3))] for n in (0, 1, 2, 7)],
    "recurrent": [[rows(RNG, 1, 8)] for _ in range(3)],
    "growing": [[whole(n), rows(RNG, 1)] for n in (0, 1, 4, 2)],
    "nested": [[whole(n), rows(RNG, 1, 4)] for n in (0, 1, 5, 3, 6)],
}


@pytest.fixture(params=RESOLVERS, ids=lambda each: each.name)
def resolver(request):
    return request.param


def outputs(interpreter):
    return [
        interpreter.get_tensor(each["index"])
        for each in interpreter.get_output_details()
    ]


def run(interpreter, arrays):
    for given, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.set_tensor(given["index"], array)
    interpreter.invoke()
    return outputs(interpreter)


def opened(data, resolver=OpResolverType.AUTO, **options):
    made = Interpreter(
        model_content=data, experimental_op_resolver_type=resolver, **options
    )
    made.allocate_tensors()
    return made


@pytest.mark.parametrize("name", RUNS)
def test_each_run_gives_what_litert_gives(name, resolver):
    data = write(getattr(calls, name)())
    ours, judge = opened(data, resolver), Judge(model_content=data)
    judge.allocate_tensors()
    for arrays in RUNS[name]:
        for one, two in zip(run(ours, arrays), run(judge, arrays), strict=True):
            assert one.shape == two.shape
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rest", ["", "before", "after"])
def test_a_table_is_filled_row_by_row(rest, resolver):
    """In place, unless what stood there is still needed."""
    data = write(calls.filling(rest))
    ours, judge = opened(data, resolver), Judge(model_content=data)
    judge.allocate_tensors()
    for x in (rows(RNG, 1, 3), rows(RNG, 1, 3)):
        for one, two in zip(run(ours, [x]), run(judge, [x]), strict=True):
            np.testing.assert_array_equal(one, two)


def test_a_table_that_is_handed_on_is_not_written_over(resolver):
    """LiteRT writes over it, and gives the last row in the old table, too."""
    x = rows(RNG, 1, 3)
    new, _, old = run(opened(write(calls.filling("both")), resolver), [x])
    np.testing.assert_array_equal(new, x * np.float32([[1], [-2], [4], [-8]]))
    np.testing.assert_array_equal(old[:3], new[:3])
    np.testing.assert_array_equal(old[3], [9, 9, 9])


def test_a_row_is_all_that_a_round_writes():
    """The table is copied before the loop, and not in it."""
    bytes_of = {}
    for rest in ("", "both"):
        model = calls.filling(rest)
        state = State(lambda model=model: model.subgraphs)
        program = NativeExecutable(model.main, {}, state=state).program
        (loop,) = (each for each in program.actions if isinstance(each, Loop))
        bytes_of[rest] = sum(step.nbytes for step in loop.body)
    assert bytes_of[""] < bytes_of["both"]


def test_a_variable_is_given_nothing(resolver):
    model = calls.counter()
    first = model.subgraphs[1]
    nodes = [
        replace(node, inputs=(node.inputs[0], None)) if node.inputs else node
        for node in first.nodes
    ]
    graphs = (model.main, replace(first, nodes=tuple(nodes)))
    with pytest.raises(ExecutionError, match="the value to assign is left out"):
        run(
            opened(write(replace(model, subgraphs=graphs)), resolver), [rows(RNG, 1, 3)]
        )


@pytest.mark.parametrize("name", sorted(set(RUNS) - {"growing"}))
def test_control_flow_is_compiled(name):
    ours = opened(write(getattr(calls, name)()))
    parts = executable_of(ours).compiled.parts
    assert all(isinstance(part, str) for part in parts)


def test_signatures_share_their_variables(resolver):
    data = write(calls.two_signatures())
    ours = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
    judge = Judge(model_content=data)
    for each in (ours, judge):
        each.allocate_tensors()
    for names in (("begin", "put", "take", "put"), ("take", "begin", "put", "take")):
        for name in names:
            given = {"x0": np.array([1, 2], np.float32)} if name == "put" else {}
            found = ours.get_signature_runner(name)(**given)
            expected = judge.get_signature_runner(name)(**given)
            np.testing.assert_array_equal(found["y"], expected["y"])


@pytest.mark.parametrize("name", ["counter", "delay", "nested"])
def test_a_reset_makes_the_first_run_again(name, resolver):
    ours = opened(write(getattr(calls, name)()), resolver)
    first = [run(ours, arrays) for arrays in RUNS[name]]
    ours.reset_all_variables()
    again = [run(ours, arrays) for arrays in RUNS[name]]
    for one, two in zip(first, again, strict=True):
        for x, y in zip(one, two, strict=True):
            np.testing.assert_array_equal(x, y)


def test_two_interpreters_do_not_share_variables():
    data = write(calls.counter())
    one, two = opened(data), opened(data)
    x = np.ones((1, 3), np.float32)
    run(one, [x])
    np.testing.assert_array_equal(run(two, [x])[0], [[22, 42, 62]])


def test_a_loop_that_cannot_end_is_refused():
    model = calls.endless()
    with pytest.raises(ExecutionError, match="never ends"):
        opened(write(model))


def test_an_input_with_another_shape_goes_through_a_loop(resolver):
    data = write(calls.fibonacci())
    ours = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
    judge = Judge(model_content=data)
    for each in (ours, judge):
        for given in each.get_input_details()[1:]:
            each.resize_tensor_input(given["index"], [2, 3])
        each.allocate_tensors()
    arrays = [whole(3), rows(RNG, 2, 3), rows(RNG, 2, 3)]
    for one, two in zip(run(ours, arrays), run(judge, arrays), strict=True):
        np.testing.assert_array_equal(one, two)
