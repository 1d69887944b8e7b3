"""Microcontrollers under QEMU: the desk's answers, within the bytes that were asked."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from tests.edge.samples import sample
from tests.edge.tools import require, run

pytestmark = pytest.mark.edge

EMULATORS = {
    "cortex-m4": "qemu-system-arm",
    "cortex-m7": "qemu-system-arm",
    "cortex-m33": "qemu-system-arm",
    "cortex-m55": "qemu-system-arm",
    "riscv32": "qemu-system-riscv32",
}
SMALL = ("mnist_int8", "ds_cnn_int8")


def first_step(folder):
    """What the program on the board prints for the first step's inputs."""
    return bytes.fromhex(run("make", "--silent", "-C", folder / "board").decode())


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("target", EMULATORS)
def test_a_board_gives_what_the_desk_gives(tmp_path, target, name):
    require(EMULATORS[target])
    one = sample(name)
    gossamer.build(one.content, target, tmp_path, name="model")
    given = b"".join(x.tobytes() for x in one.inputs[0])
    (tmp_path / "board" / "input.bin").write_bytes(given)
    wanted = b"".join(y.tobytes() for y in one.outputs[0])
    assert first_step(tmp_path) == wanted


@pytest.mark.parametrize("name", ["mnist_float32", "okay_nabu", "resnet8_int8"])
@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m33"])
def test_larger_ones_do_too(tmp_path, target, name):
    require(EMULATORS[target])
    one = sample(name)
    gossamer.build(one.content, target, tmp_path, name="model")
    given = b"".join(x.tobytes() for x in one.inputs[0])
    (tmp_path / "board" / "input.bin").write_bytes(given)
    made = first_step(tmp_path)
    first = one.outputs[0][0]
    found = np.frombuffer(made, first.dtype, first.size).reshape(first.shape)
    if one.exact:
        np.testing.assert_array_equal(found, first)
    else:
        np.testing.assert_allclose(found, first, atol=1e-5 * np.abs(first).max())


def test_code_and_memory_are_small(tmp_path):
    """Bytes of code on a Cortex-M4, constants left out, and of memory.

    4,480 and 24,800 are what tflite-micro's recorder prints for such networks.
    """
    bounds = {"mnist_int8": (4096, 4480), "ds_cnn_int8": (24 * 1024, 24_800)}
    for name, (code, memory) in bounds.items():
        built = gossamer.build(sample(name).content, "cortex-m4", tmp_path / name)
        assert 0 < built.code_bytes < code
        assert 0 < built.memory_bytes < memory
