"""Shared libraries in Python: `gossamer.load`."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import gossamer
from gossamer.errors import ExecutionError, InputError
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Gather
from tests.edge.samples import sample
from tests.edge.tools import require
from tests.runtime import calls
from tests.runtime.models import dense, dense_answer

pytestmark = pytest.mark.edge


def library(folder, content, name="net"):
    require("cc")
    gossamer.build(content, "linux-x86_64", folder, name=name)
    return gossamer.load(folder / f"lib{name}.so")


@pytest.mark.parametrize("name", ["mnist_float32", "mnist_int8", "okay_nabu"])
def test_a_library_gives_what_the_model_gives(tmp_path, name):
    one = sample(name)
    call = library(tmp_path, one.content)
    made = [call(*given) for given in one.inputs]
    one.check(b"".join(y.tobytes() for y in made))


def test_values_are_refused_by_name_and_shape(tmp_path):
    call = library(tmp_path, dense())
    x = np.arange(4, dtype=np.float32).reshape(1, 2, 2)
    np.testing.assert_allclose(call(x), dense_answer(x), rtol=1e-6)
    np.testing.assert_allclose(call(x.astype(np.float64)), dense_answer(x), rtol=1e-6)
    with pytest.raises(InputError, match=r"'x' was given .* \[2, 2\]; .* \[1, 2, 2\]"):
        call(x[0])
    with pytest.raises(InputError, match="'x' was given int64; it takes float32"):
        call(x.astype(np.int64))
    with pytest.raises(InputError, match="takes 1 arrays, and was given 2"):
        call(x, x)
    assert repr(call) == "<library 'net' for linux-x86_64>"


def test_variables_begin_as_the_model_says_and_are_each_ones_own(tmp_path):
    one = library(tmp_path, bytes(write(calls.counter())))
    other = gossamer.load(tmp_path / "libnet.so")
    x = np.ones((1, 3), np.float32)
    assert one(x).tolist() == [[22, 42, 62]]
    assert one(x).tolist() == [[24, 44, 64]]
    assert other(x).tolist() == [[22, 42, 62]]
    one.reset()
    assert one(x).tolist() == [[22, 42, 62]]


def test_data_that_an_operator_refuses_is_an_error_once(tmp_path):
    build = Builder("main")
    table = build.constant("table", np.arange(3, dtype=np.float32))
    index = build.input("index", TensorType(DType.INT32, (1,)))
    graph = build.finish([build.node(Gather(), table, index, name="y")])
    call = library(tmp_path, bytes(write(Model((graph,)))))
    with pytest.raises(ExecutionError, match="net: GATHER"):
        call(np.array([7], np.int32))
    assert call(np.array([2], np.int32)).tolist() == [2]


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "libnet.so"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be loaded on this computer"):
        gossamer.load(path)
    library(tmp_path / "made", dense())
    moved = (tmp_path / "made" / "libnet.so").rename(tmp_path / "libother.so")
    with pytest.raises(InputError, match="has no function 'other_describe'"):
        gossamer.load(moved)


def test_neither_the_compiler_nor_the_operators_are_loaded(tmp_path):
    library(tmp_path, dense())
    program = (
        "import sys, gossamer, numpy\n"
        f"call = gossamer.load({str(tmp_path / 'libnet.so')!r})\n"
        "call(numpy.zeros((1, 2, 2), numpy.float32))\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not names & {'llvmlite', 'flatbuffers', 'keras'}, names\n"
        "assert 'gossamer.ops' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
