"""Microcontrollers under QEMU: the desk's answers, within the bytes that were asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.deploy.devices import device
from tests.edge.samples import sample
from tests.edge.tools import require, run

pytestmark = pytest.mark.edge

DRIVER = Path(__file__).parent / "board_driver.c"
EMULATORS = {
    "cortex-m4": "qemu-system-arm",
    "cortex-m7": "qemu-system-arm",
    "cortex-m33": "qemu-system-arm",
    "cortex-m55": "qemu-system-arm",
    "riscv32": "qemu-system-riscv32",
}
LARGER = ("mnist_float32", "mnist_dynamic", "mnist_shrunk_float32")
LARGER = (*LARGER, "okay_nabu", "resnet8_int8", "mobilenet_v2_int8")
SMALL = ("mnist_int8", "mnist_shrunk_int8", "ds_cnn_int8")


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


@pytest.mark.parametrize("name", LARGER)
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


@pytest.mark.parametrize("target", EMULATORS)
def test_what_a_network_keeps_lasts_from_step_to_step(tmp_path, target):
    require(EMULATORS[target])
    one = sample("counter")
    gossamer.build(one.content, target, tmp_path, name="model")
    board = tmp_path / "board"
    (board / "main.c").write_text(DRIVER.read_text())
    (board / "input.bin").write_bytes(one.input_bytes)
    counts = f"-DSTEPS={len(one.inputs)} -DINPUT_BYTES={one.inputs[0][0].nbytes}"
    compiler = f"CC={device(target).compilers[0]} {counts}"
    made = run("make", "--silent", "-C", board, compiler).decode()
    one.check(bytes.fromhex(made))
    steps = [float(step[0].sum()) for step in one.outputs]
    assert steps == sorted(set(steps)), "the sum must grow"


def test_code_and_memory_are_small(tmp_path):
    """Bytes of code on a Cortex-M4, constants left out, and of memory.

    4,480 and 24,800 are what tflite-micro's recorder prints for such networks.
    """
    bounds = {"mnist_int8": (4096, 4480), "ds_cnn_int8": (24 * 1024, 24_800)}
    for name, (code, memory) in bounds.items():
        built = gossamer.build(sample(name).content, "cortex-m4", tmp_path / name)
        assert 0 < built.code_bytes < code
        assert 0 < built.memory_bytes < memory


@pytest.mark.parametrize(("kind", "share"), [("float32", 0.06), ("int8", 0.22)])
def test_few_values_and_many_zeros_take_little_flash(tmp_path, kind, share):
    """A byte for each weight that is not zero, instead of 4 or 1 for every weight."""
    weights = (784 * 128 + 128 * 10) * (4 if kind == "float32" else 1)
    content = sample(f"mnist_shrunk_{kind}").content
    built = gossamer.build(content, "cortex-m4", tmp_path)
    assert built.constant_bytes < share * weights + 4096
