"""Several threads on one run, several runs at once, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from gossamer.codegen.host import host
from gossamer.errors import ExecutionError
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.lowering import threads as rule
from gossamer.ops import Add, AveragePool2D, Conv2D, DepthwiseConv2D, Softmax
from gossamer.runtime.interpreter import Interpreter
from gossamer.runtime.native import NativeExecutable
from tests.architecture.source import ROOT
from tests.runtime import calls
from tests.runtime.models import executable_of

SHAPE = (1, 24, 24, 8)


def network(size=24):
    """Convolutions large enough to be shared, between steps that are not."""
    rng = np.random.default_rng(0)
    build = Builder()
    y = build.input("x", TensorType(DType.FLOAT32, (1, size, size, 8)))
    for channels, before in ((32, 8), (64, 32), (32, 64)):
        w = rng.normal(size=(channels, 3, 3, before)).astype(np.float32) / 20
        bias = build.constant("b", rng.normal(size=channels).astype(np.float32))
        y = build.node(Conv2D("same", 1, 1, "relu"), y, build.constant("w", w), bias)
        d = rng.normal(size=(1, 3, 3, channels)).astype(np.float32) / 3
        zero = build.constant("z", np.zeros(channels, np.float32))
        y = build.node(DepthwiseConv2D("same", 1, 1), y, build.constant("d", d), zero)
    y = build.node(Add(), y, build.node(AveragePool2D("same", 1, 1, 3, 3), y))
    return Model((build.finish([build.node(Softmax(1.0), y)]),))


def opened(data, threads):
    made = Interpreter(model_content=data, num_threads=threads)
    made.allocate_tensors()
    return made


def result(interpreter, array):
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], array)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def arrays(count, size=24):
    rng = np.random.default_rng(1)
    return rng.normal(size=(count, 1, size, size, 8)).astype(np.float32)


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_threads_give_what_one_gives(threads):
    data = write(network())
    one, many = opened(data, 1), opened(data, threads)
    assert executable_of(many).runner.code.has_workers
    for array in arrays(40):
        np.testing.assert_array_equal(result(many, array), result(one, array))


def test_small_models_stay_with_one_thread():
    made = opened(write(network(1)), 4)
    assert not executable_of(made).runner.code.has_workers


def test_steps_in_loops_are_shared(monkeypatch):
    monkeypatch.setattr(rule, "_WORTHWHILE", -1.0)
    monkeypatch.setattr(rule, "_GAIN", -1.0)
    graph = calls.recurrent(2048)
    one, two = opened(write(graph), 1), opened(write(graph), 2)
    assert executable_of(two).runner.code.has_workers
    for seed in range(50):
        array = np.random.default_rng(seed).normal(size=(2048, 8)).astype(np.float32)
        np.testing.assert_array_equal(result(two, array), result(one, array))


def test_interpreters_run_in_parallel():
    """Eight threads, each with an interpreter of one or two threads of its own."""
    data = write(network())
    inputs = arrays(8)
    reference = opened(data, 1)
    expected = [result(reference, array) for array in inputs]
    wrong = []

    def work(number):
        made = opened(data, 1 + number % 2)
        for turn in range(30):
            at = (number + turn) % len(inputs)
            if not (result(made, inputs[at]) == expected[at]).all():
                wrong.append((number, turn))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert wrong == []


@pytest.mark.parametrize("threads", [1, 2])
def test_one_interpreter_in_two_threads_is_refused_and_not_corrupted(threads):
    made = opened(write(network(64)), threads)
    array = arrays(1, 64)[0]
    expected = result(made, array)
    refused, done = [], []

    def work():
        for _ in range(60):
            try:
                made.invoke()
                done.append(1)
            except ExecutionError as error:
                refused.append(str(error))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert done
    assert refused
    assert all("another thread" in words for words in refused)
    np.testing.assert_array_equal(result(made, array), expected)


def test_threads_end_with_their_interpreter():
    before = threading.active_count()
    made = opened(write(network()), 3)
    assert threading.active_count() == before + 2
    made.close()
    del made
    assert threading.active_count() == before


FORKED = """
import os
from tests.runtime.test_threads import arrays, network, opened, result, write
made = opened(write(network()), 2)
array = arrays(1)[0]
expected = result(made, array)
child = os.fork()
same = (result(made, array) == expected).all()
if child == 0:
    os._exit(0 if same else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert same
"""


def test_a_child_process_has_threads_of_its_own():
    """Forked from a process of its own: other tests' libraries do not like forks."""
    run = subprocess.run(
        [sys.executable, "-c", FORKED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_a_small_part_of_the_units_each():
    """More threads than units: some have nothing to do."""
    graph = network(24).main
    shapes = {x: x.shape for x in graph.inputs}
    one = NativeExecutable(graph, shapes, target=host())
    many = NativeExecutable(graph, shapes, target=host(), threads=16)
    for made in (one, many):
        made.view(graph.inputs[0])[...] = arrays(1)[0]
        made.invoke()
    y = graph.outputs[0]
    np.testing.assert_array_equal(one.view(y), many.view(y))


def test_many_units_are_taken_in_grains():
    """More units than a ticket has numbers for: each row of 70 001 is one."""
    build = Builder()
    x = build.input("x", TensorType(DType.FLOAT32, (70001, 24)))
    graph = build.finish([build.node(Softmax(1.0), x)])
    shapes = {x: x.shape}
    one = NativeExecutable(graph, shapes, target=host())
    many = NativeExecutable(graph, shapes, target=host(), threads=3)
    assert many.runner.code.has_workers
    array = np.random.default_rng(4).normal(size=x.shape).astype(np.float32)
    for made in (one, many):
        made.view(x)[...] = array
        made.invoke()
    y = graph.outputs[0]
    np.testing.assert_array_equal(one.view(y), many.view(y))


ALONE = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from tests.runtime.test_threads import arrays, network, opened, result, write
data = write(network())
one, many = opened(data, 1), opened(data, 4)
for array in arrays(20):
    assert (result(many, array) == result(one, array)).all()
"""


def test_threads_that_have_one_core_to_share():
    """Workers come late or not at all, and hold what they took while others run."""
    run = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
