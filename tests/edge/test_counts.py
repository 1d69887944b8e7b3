"""Instructions and stack as QEMU's plugin and paint find them."""

from __future__ import annotations

import re

import pytest

import gossamer
from benchmarks.edge_counts import (
    by_function,
    counting,
    counts,
    instructions,
    stack_bytes,
)
from benchmarks.edge_programs import NAME, MissingToolError, run
from gossamer.deploy.micro import BOARDS
from tests.edge.samples import sample
from tests.edge.test_linux import MACHINES
from tests.edge.tools import require

pytestmark = pytest.mark.edge

ROUNDS = 1000


@pytest.mark.parametrize("target", MACHINES)
def test_each_round_of_a_loop_counts(tmp_path, target):
    """A loop of volatile additions takes the same instructions each time around."""
    compiler, emulator = MACHINES[target]
    require(compiler, *emulator[:1])
    found = []
    for rounds in (0, ROUNDS, 2 * ROUNDS):
        source = tmp_path / "loop.c"
        loop = f"for (int i = 0; i < {rounds}; i++) x += i;"
        source.write_text(f"int main(void) {{ volatile int x = 0; {loop} return 0; }}")
        made, path = tmp_path / "loop", tmp_path / "count.txt"
        run((compiler, "-O1", "-static", "-o", str(made), str(source)))
        under = emulator or ["qemu-x86_64"]
        run((*under, *counting(path), str(made)))
        found.append(counts(path)["main"])
    one, two = found[1] - found[0], found[2] - found[0]
    assert 3 * ROUNDS < one < 10 * ROUNDS
    assert abs(two - 2 * one) < 20


@pytest.mark.parametrize("target", [*MACHINES, *BOARDS])
def test_an_inference_takes_the_same_instructions_each_time(tmp_path, target):
    one = sample("mnist_int8")
    built = gossamer.build(one.content, target, tmp_path, name=NAME)
    found = instructions(built)
    assert 101_632 // 8 < found < 101_632 * 8, "it has 101,632 multiplications"
    assert instructions(built) == found
    kernels = by_function(built)
    assert sum(kernels.values()) == found
    compiled = [name for name in kernels if re.fullmatch(r"k\d+_\w+", name)]
    assert len(compiled) >= len(built.layers)
    products = [name for name in compiled if "conv" in name]
    assert max(kernels, key=kernels.__getitem__) == products[0], "it has 100,352"


@pytest.mark.parametrize("target", BOARDS)
def test_stacks_are_small(tmp_path, target):
    built = gossamer.build(sample("mnist_int8").content, target, tmp_path, name=NAME)
    assert 64 < stack_bytes(built) < 512


def test_a_missing_tool_is_named(tmp_path, monkeypatch):
    built = gossamer.build(
        sample("mnist_int8").content, "cortex-m4", tmp_path, name=NAME
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MissingToolError,
        match=r"arm-none-eabi-gcc is not installed; run scripts/install-edge\.sh",
    ):
        instructions(built)


def test_a_network_that_fails_is_an_error(tmp_path):
    built = gossamer.build(
        sample("mnist_int8").content, "linux-aarch64", tmp_path, name=NAME
    )
    header = tmp_path / f"{NAME}.h"
    header.write_text(header.read_text().replace("MODEL_OK = 0", "MODEL_OK = 7"))
    with pytest.raises(RuntimeError, match="ended with 1"):
        instructions(built)
