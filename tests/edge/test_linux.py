"""C programs for Linux, run here or under an emulator: the desk's answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import gossamer
from gossamer.runtime.source import Source
from tests.edge.samples import CONTENTS, INTEGER, sample
from tests.edge.tools import run

pytestmark = pytest.mark.edge

DRIVER = Path(__file__).parent / "driver.c"
MACHINES = {
    "linux-x86_64": ("gcc", []),
    "linux-aarch64": ("aarch64-linux-gnu-gcc", ["qemu-aarch64", "-cpu", "cortex-a53"]),
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


@pytest.mark.parametrize("name", INTEGER)
@pytest.mark.parametrize("cpu", ["cortex-a55", "cortex-a76"])
def test_dot_products_of_arm_give_the_same(tmp_path, cpu, name):
    """An emulator of ARMv8.0 knows no such instruction: it is for these alone."""
    one = sample(name)
    made = program(tmp_path, "linux-aarch64", one.content, cpu)
    one.check(run("qemu-aarch64", "-cpu", "max", made, input=one.input_bytes))
    text = run("aarch64-linux-gnu-objdump", "-d", tmp_path / "libmodel.a").decode()
    assert "sdot" in text


@pytest.mark.parametrize("cpu", [None, "cortex-a76"])
def test_code_for_arm_is_small(tmp_path, cpu):
    """MobileNetV2, whose layers share kernels where only their sizes differ."""
    content = sample("mobilenet_v2_int8").content
    built = gossamer.build(content, "linux-aarch64", tmp_path, name="model", cpu=cpu)
    assert built.code_bytes < 100_000


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


def test_a_library_is_little_more_than_the_weights(tmp_path):
    content = sample("mobilenet_v2_int8").content
    gossamer.build(content, "linux-aarch64", tmp_path, name="net")
    graph = Source(None, content).model.main
    weights = sum(x.data.nbytes for x in graph.constants())
    library = (tmp_path / "libnet.so").stat().st_size
    assert weights < library < weights + 200_000


CHOICES = "x86-64,x86-64-v3,avx512vnni"
CHOSEN = """
#include <stdio.h>
#include "model.h"
static model_context network;
int main(void)
{
    int error = model_init(&network, sizeof network);
    return error ? error : printf("%d", *(const int *)network.memory) < 0;
}
"""


@pytest.mark.parametrize("name", ["mnist_float32", "ds_cnn_int8"])
@pytest.mark.parametrize("emulator", [[], ["qemu-x86_64", "-cpu", "qemu64"]])
def test_a_library_picks_what_the_processor_can(tmp_path, emulator, name):
    one = sample(name)
    made = program(tmp_path, "linux-x86_64", one.content, CHOICES)
    one.check(run(*emulator, made, input=one.input_bytes))


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        ("qemu64", "0"),
        ("max,-avx2", "0"),
        ("max,-fma", "0"),
        ("max,-xsave", "0"),
        ("max", "1"),
    ],
)
def test_which_variant_a_processor_gets(tmp_path, processor, expected):
    program(tmp_path, "linux-x86_64", sample("mnist_int8").content, CHOICES)
    source, made = tmp_path / "chosen.c", tmp_path / "chosen"
    source.write_text(CHOSEN)
    library = tmp_path / "libmodel.a"
    run("gcc", "-static", f"-I{tmp_path}", "-o", made, source, library)
    assert run("qemu-x86_64", "-cpu", processor, made).decode() == expected


@pytest.mark.parametrize(("processor", "expected"), [("cortex-a53", "0"), ("max", "1")])
def test_which_variant_an_arm_gets(tmp_path, processor, expected):
    one = sample("ds_cnn_int8")
    made = program(tmp_path, "linux-aarch64", one.content, "cortex-a53,cortex-a76")
    emulator = ("qemu-aarch64", "-cpu", processor)
    one.check(run(*emulator, made, input=one.input_bytes))
    source, asking = tmp_path / "chosen.c", tmp_path / "chosen"
    source.write_text(CHOSEN)
    library = tmp_path / "libmodel.a"
    compiler = MACHINES["linux-aarch64"][0]
    run(compiler, "-static", f"-I{tmp_path}", "-o", asking, source, library)
    assert run(*emulator, asking).decode() == expected
