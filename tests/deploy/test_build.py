"""Libraries for all devices, as far as that shows without running them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gossamer
from gossamer.deploy.devices import DEVICES, System
from gossamer.deploy.linker import find_linker
from gossamer.errors import InputError, UnsupportedError
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import Unique
from tests.deploy.objects import undefined
from tests.runtime.models import dense, quantized, stateful

OTHER = (System.APPLE, System.WEB)
ELF = [name for name, device in DEVICES.items() if device.system not in OTHER]


@pytest.mark.parametrize("target", DEVICES)
def test_every_device_gets_its_files(tmp_path, target):
    built = gossamer.build(dense(), target, tmp_path, name="net")
    names = {path.name for path in built.files}
    assert names >= {"libnet.a", "net.o", "net.h", "main.c", "net.pc", "CMakeLists.txt"}
    assert all(path.exists() for path in built.files)
    assert (built.linker is None) == (find_linker(DEVICES[target]) is None)
    bare = DEVICES[target].system is System.BARE
    assert (tmp_path / "board" / "Makefile").exists() == bare
    assert 0 < built.code_bytes < 20_000


@pytest.mark.parametrize("target", ELF)
@pytest.mark.parametrize("content", [dense(), quantized(), stateful()])
def test_objects_need_no_library(tmp_path, target, content):
    gossamer.build(content, target, tmp_path, name="net")
    allowed = {"_GLOBAL_OFFSET_TABLE_"}
    if target == "riscv32":  # it has no instructions for floats
        allowed |= {"__mulsf3", "__addsf3", "__gtsf2", "__ltsf2"}
    assert undefined((tmp_path / "net.o").read_bytes()) <= allowed


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        gossamer.build(dense(), "cortex-m4", tmp_path / name, name="net")
    for path in (tmp_path / "one").rglob("*.*"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("file", "name"),
    [("digits.int8.tflite", "digits"), ("4-bit.tflite", "model_4_bit")],
)
def test_functions_are_called_as_the_file(tmp_path, file, name):
    path = tmp_path / file
    path.write_bytes(dense())
    built = gossamer.build(path, "cortex-m4", tmp_path / "made")
    assert built.interface.name == name
    assert f"int {name}_invoke(" in (tmp_path / "made" / f"{name}.h").read_text()


def test_a_name_that_c_cannot_have_is_refused(tmp_path):
    with pytest.raises(InputError, match="'a-b' cannot be the name of a C function"):
        gossamer.build(dense(), "cortex-m4", tmp_path, name="a-b")


def test_an_operator_without_a_kernel_is_refused_by_name(tmp_path):
    build = Builder("main")
    x = build.input("x", TensorType(DType.FLOAT32, (4,)))
    made = build.nodes(Unique(), x)
    content = bytes(write(Model((build.finish([made[1]]),))))
    with pytest.raises(UnsupportedError, match="UNIQUE"):
        gossamer.build(content, "cortex-m4", tmp_path)


def test_the_header_and_the_description_say_the_same(tmp_path):
    built = gossamer.build(quantized(), "linux-x86_64", tmp_path, name="net")
    text = (tmp_path / "net.h").read_text()
    found = built.interface
    (given,) = found.inputs
    assert (given.dtype, given.shape, given.scale) == ("int8", (1, 4), 0.5)
    assert "Input 0: 'in_x', int8 [1, 4], scale 0.5, zero point 3" in text
    assert "#define NET_INPUT_0_SCALE 0.5f" in text
    assert f"#define NET_BYTES {found.memory_bytes}" in text
    assert type(found).from_json(found.as_json()) == found
    assert json.loads(found.as_json())["format"] == 1
    code = (tmp_path / "net.o").read_bytes()
    assert found.as_json().encode() in code


def test_layers_account_for_all_constants(tmp_path):
    built = gossamer.build(dense(), "cortex-m4", tmp_path, name="net")
    assert [layer.operator for layer in built.layers] == ["FULLY_CONNECTED"]
    assert sum(layer.constants for layer in built.layers) == built.constant_bytes
    code = sum(layer.code for layer in built.layers)
    assert 0 < code < built.code_bytes


def test_variables_start_as_the_model_says(tmp_path):
    built = gossamer.build(stateful(), "linux-x86_64", tmp_path, name="net")
    assert built.memory_bytes % built.interface.alignment == 0


def test_programs_for_boards_have_no_gap(tmp_path):
    for name, device in DEVICES.items():
        if device.system is System.BARE:
            gossamer.build(dense(), name, tmp_path / name, name="net")
            for path in (tmp_path / name / "board").iterdir():
                assert "@" not in path.read_text().replace("-o $@", "")


def test_constants_are_those_that_the_kernels_read(tmp_path):
    built = gossamer.build(dense(), "cortex-m4", tmp_path, name="net")
    weights = np.arange(12, dtype=np.float32) - 5
    content = (tmp_path / "net.o").read_bytes()
    assert all(w.tobytes() in content for w in weights)
    assert built.constant_bytes >= weights.nbytes
