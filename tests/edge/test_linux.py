"""C programs for Linux, run here or under an emulator: the desk's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import gossamer
from tests.edge.samples import CONTENTS, sample
from tests.edge.tools import run

pytestmark = pytest.mark.edge

DRIVER = Path(__file__).parent / "driver.c"
MACHINES = {
    "linux-x86_64": ("gcc", []),
    "linux-aarch64": ("aarch64-linux-gnu-gcc", ["qemu-aarch64"]),
    "linux-armv7": ("arm-linux-gnueabihf-gcc", ["qemu-arm"]),
    "linux-riscv64": ("riscv64-linux-gnu-gcc", ["qemu-riscv64"]),
}
STRICT = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-static")


def program(folder, target, content, cpu=None):
    """The driver, linked with a model's static library."""
    built = gossamer.build(content, target, folder, name="model", cpu=cpu)
    ports = built.interface
    sizes = {
        "INPUT_SIZES": ports.inputs,
        "OUTPUT_SIZES": ports.outputs,
    }
    defined = [
        f"-D{name}={','.join(str(port.nbytes) for port in each)}"
        for name, each in sizes.items()
    ]
    made = folder / "program"
    compiler = MACHINES[target][0]
    library = folder / "libmodel.a"
    run(compiler, *STRICT, *defined, f"-I{folder}", "-o", made, DRIVER, library)
    return made


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("target", MACHINES)
def test_a_program_gives_what_the_desk_gives(tmp_path, target, name):
    one = sample(name)
    made = program(tmp_path, target, one.content)
    one.check(run(*MACHINES[target][1], made, input=one.input_bytes))


@pytest.mark.parametrize("name", ["mnist_float32", "ds_cnn_int8"])
@pytest.mark.parametrize("cpu", ["x86-64-v3", "native"])
def test_better_processors_give_the_same(tmp_path, cpu, name):
    one = sample(name)
    made = program(tmp_path, "linux-x86_64", one.content, cpu)
    one.check(run(made, input=one.input_bytes))


@pytest.mark.parametrize("target", MACHINES)
def test_the_example_prints_the_outputs(tmp_path, target):
    one = sample("mnist_float32")
    gossamer.build(one.content, target, tmp_path, name="model")
    (tmp_path / "in.bin").write_bytes(one.inputs[0][0].tobytes())
    compiler, emulator = MACHINES[target]
    made = tmp_path / "example"
    files = (tmp_path / "main.c", tmp_path / "libmodel.a")
    run(compiler, *STRICT, "-o", made, *files)
    text = run(*emulator, made, tmp_path / "in.bin").decode()
    found = [float(line) for line in text.splitlines()]
    assert found == pytest.approx(one.outputs[0][0].ravel().tolist(), abs=1e-5)


@pytest.mark.parametrize("target", MACHINES)
def test_a_shared_library_needs_no_other(tmp_path, target):
    built = gossamer.build(
        sample("ds_cnn_int8").content, target, tmp_path, name="model"
    )
    shared = tmp_path / "libmodel.so"
    assert shared in built.files
    text = run("readelf", "--dynamic", "--wide", shared).decode()
    assert "NEEDED" not in text
    symbols = run("nm", "--dynamic", "--undefined-only", shared).decode()
    assert not symbols.strip()


def test_headers_are_fine_for_every_standard(tmp_path):
    gossamer.build(sample("mnist_int8").content, "linux-x86_64", tmp_path, name="model")
    (tmp_path / "user.c").write_text('#include "model.h"\nint x = MODEL_BYTES;\n')
    warn = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only")
    for standard in ("c99", "c11", "c17"):
        run("gcc", f"-std={standard}", *warn, tmp_path / "user.c")
    for standard in ("c++11", "c++20"):
        run("g++", f"-std={standard}", *warn, "-x", "c++", tmp_path / "user.c")


def test_cmake_and_pkg_config_find_the_library(tmp_path):
    folder = tmp_path / "library"
    gossamer.build(
        sample("mnist_float32").content, "linux-x86_64", folder, name="model"
    )
    run("cmake", "-S", folder, "-B", tmp_path / "made")
    run("cmake", "--build", tmp_path / "made")
    text = run(tmp_path / "made" / "model_example").decode()
    assert len(text.splitlines()) == 10
    flags = run("pkg-config", "--cflags", "--libs", folder / "model.pc").decode()
    made = tmp_path / "by_pkg_config"
    run("gcc", folder / "main.c", *flags.split(), "-o", made)
    assert run(made).decode() == text


def test_memory_that_does_not_fit_is_refused(tmp_path):
    gossamer.build(sample("mnist_int8").content, "linux-x86_64", tmp_path, name="model")
    (tmp_path / "user.c").write_text(
        '#include <stdio.h>\n#include "model.h"\n'
        "static struct { model_context one; char more[64]; } place;\n"
        "int main(void) {\n"
        "    model_context *askew = (void *)((char *)&place + 1);\n"
        '    printf("%d %d %d\\n", model_init(&place.one, sizeof place.one - 1),\n'
        "           model_init(askew, sizeof place.one),\n"
        "           model_init(&place.one, sizeof place.one));\n"
        "    return model_input(&place.one, 1) != NULL;\n"
        "}\n"
    )
    made = tmp_path / "program"
    run("gcc", "-o", made, tmp_path / "user.c", tmp_path / "libmodel.a")
    assert run(made) == b"1 1 0\n"
