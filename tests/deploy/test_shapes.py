"""Sizes that a file leaves open, fixed for a library."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import gossamer
from gossamer.cli.main import app
from gossamer.errors import InputError
from tests.deploy import java_models
from tests.runtime.models import dense, dense_answer


def test_a_library_has_the_sizes_that_were_asked(tmp_path):
    built = gossamer.build(
        dense(), "linux-x86_64", tmp_path, name="net", shapes={"x": (5, 2, 2)}
    )
    assert built.interface.inputs[0].shape == (5, 2, 2)
    assert built.interface.outputs[0].shape == (5, 3)
    x = np.arange(20, dtype=np.float32).reshape(5, 2, 2)
    made = gossamer.load(tmp_path / "libnet.so")(x)
    np.testing.assert_allclose(made, dense_answer(x), rtol=1e-6)


def test_inputs_are_named_by_signatures_too(tmp_path):
    content = java_models.pair()
    shapes = {"in_a": [4, 2], "b": [4, 2]}
    built = gossamer.build(content, "cortex-m4", tmp_path, shapes=shapes)
    assert [port.shape for port in built.interface.outputs] == [(4, 2), (4, 2)]


def test_packages_have_them_too(tmp_path):
    built = gossamer.build(dense(), "web", tmp_path, shapes={"x": (5, 2, 2)})
    assert built.interface.inputs[0].shape == (5, 2, 2)


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        ({"y": (1,)}, "no input is called 'y'; there are 'x', 'in_x'"),
        ({"x": (5, 2)}, r"cannot be \[5, 2\]: give 3 sizes from 1 on"),
        ({"x": (0, 2, 2)}, r"cannot be \[0, 2, 2\]: give 3 sizes from 1 on"),
        ({"x": (5, 2, 3)}, r"\[-1, 2, 2\] and cannot be \[5, 2, 3\]: only sizes of -1"),
    ],
)
def test_what_an_input_cannot_have_is_told(tmp_path, shapes, text):
    with pytest.raises(InputError, match=text):
        gossamer.build(dense(), "cortex-m4", tmp_path, shapes=shapes)


def test_the_command_takes_them(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(dense())
    words = ["build", str(path), "--target", "cortex-m4", "-o", str(tmp_path / "made")]
    done = CliRunner().invoke(app, [*words, "--shape", "x=3,2,2"])
    assert done.exit_code == 0, done.output
    assert "NET_INPUT_0_COUNT 12" in (tmp_path / "made" / "net.h").read_text()
    done = CliRunner().invoke(app, [*words, "--shape", "x"])
    assert done.exit_code == 2
    assert "is not like" in done.output
