"""Which of a model's graphs a library is made of."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import gossamer
from gossamer.cli.main import app
from gossamer.errors import InputError
from gossamer.flatbuffer.write import write
from gossamer.ir.graph import Model, Signature
from tests.runtime import calls
from tests.runtime.models import dense, two_signatures

X = np.array([[1, -2], [0.5, 4]], np.float32)


@pytest.mark.parametrize(("key", "shape"), [("flat", (4,)), ("row", (1, 4))])
def test_a_signature_is_compiled_by_its_key(tmp_path, key, shape):
    built = gossamer.build(
        two_signatures(), "linux-x86_64", tmp_path, name="net", signature=key
    )
    assert built.interface.outputs[0].shape == shape
    assert not built.notes
    made = gossamer.load(tmp_path / "libnet.so")(X)
    np.testing.assert_array_equal(made, X.reshape(shape))


def test_without_one_it_is_the_main_graph_and_others_are_told_of(tmp_path):
    built = gossamer.build(two_signatures(), "cortex-m4", tmp_path, name="net")
    assert built.interface.outputs[0].shape == (4,)
    assert built.notes == (
        "'flat' is compiled, without 'row': name one of them by --signature",
    )
    assert not gossamer.build(dense(), "cortex-m4", tmp_path, name="net").notes


def test_what_a_signature_calls_once_is_in_its_library(tmp_path):
    step, first = calls.counter().subgraphs
    (other, *_) = calls.delay().subgraphs
    key = Signature("count", {"x": step.inputs[0]}, {"y": step.outputs[0]}, 2)
    content = bytes(write(Model((other, first, step), (key,))))
    gossamer.build(content, "linux-x86_64", tmp_path, name="net", signature="count")
    library = gossamer.load(tmp_path / "libnet.so")
    x = np.array([[1, 2, 3]], np.float32)
    np.testing.assert_array_equal(library(x), [[22, 44, 66]])
    np.testing.assert_array_equal(library(x), [[24, 48, 72]])


def test_its_inputs_take_shapes(tmp_path):
    with pytest.raises(InputError, match=r"no input is called 'z'; there are 'x'"):
        gossamer.build(
            two_signatures(), "cortex-m4", tmp_path, signature="row", shapes={"z": [1]}
        )


def test_an_unknown_one_is_told_with_those_that_there_are(tmp_path):
    with pytest.raises(InputError, match=r'"rows". Pass one of .*: \'flat\', \'row\''):
        gossamer.build(two_signatures(), "web", tmp_path, signature="rows")


@pytest.mark.parametrize("target", ["java", "android"])
def test_jars_hold_what_an_interpreter_runs(tmp_path, target):
    with pytest.raises(InputError, match=f"--target {target} takes the model's main"):
        gossamer.build(two_signatures(), target, tmp_path, signature="row")


def test_the_command_takes_a_key(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(two_signatures())
    words = ["build", str(path), "--target", "cortex-m4", "-o", str(tmp_path / "made")]
    done = CliRunner().invoke(app, [*words, "--signature", "row"])
    assert done.exit_code == 0, done.output
    assert "[1, 4]" in (tmp_path / "made" / "net.h").read_text()
