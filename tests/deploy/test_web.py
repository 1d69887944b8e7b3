"""Pages for browsers, as far as that shows without one."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import gossamer
from gossamer.deploy.ports import Interface, Port
from gossamer.deploy.wasm.objects import is_wasm
from gossamer.deploy.web import takes_digits
from gossamer.flatbuffer.write import write
from gossamer.ir.build import Builder
from gossamer.ir.graph import Model
from gossamer.ir.types import DType, TensorType
from gossamer.ops import FullyConnected
from tests.deploy import java_models
from tests.deploy.wasm.modules import exports, segments
from tests.runtime.models import dense, quantized

SHARED = {"net.wasm", "net.scalar.wasm", "net.js", "net.d.ts", "index.html", "page.js"}
SHARED |= {"timing.js", "style.css", "package.json", "offline.js"}


def digits(dtype=DType.FLOAT32, shape=(1, 784)):
    """A network of random weights from pictures to ten scores."""
    random = np.random.default_rng(0)
    build = Builder("main")
    x = build.input("pixels", TensorType(dtype, shape))
    weights = build.constant("w", random.random((10, 784), np.float32))
    scores = build.node(FullyConnected(), x, weights, None, name="scores")
    return bytes(write(Model((build.finish([scores]),))))


def made(folder, content):
    return gossamer.build(content, "web", folder, name="net")


def test_a_page_has_its_files(tmp_path):
    built = made(tmp_path, dense())
    assert {path.name for path in built.files} == SHARED
    assert all(path.parent == tmp_path and path.exists() for path in built.files)
    assert built.files[0].name == "net.wasm"
    assert built.linker is None
    assert built.notes == ()


def test_a_page_for_digits_has_one_file_more(tmp_path):
    built = made(tmp_path, digits())
    assert {path.name for path in built.files} == SHARED | {"drawing.js"}


@pytest.mark.parametrize("file", ["net.wasm", "net.scalar.wasm"])
def test_modules_call_nothing_and_hold_the_weights(tmp_path, file):
    made(tmp_path, digits())
    module = (tmp_path / file).read_bytes()
    assert is_wasm(module)
    words = {"init", "invoke", "input", "output", "describe"}
    assert set(exports(module)) == words | {"memory", "context"}
    held = sum(len(content) for _, content in segments(module))
    assert 784 * 10 * 4 <= held <= 784 * 10 * 4 + 20_000


def test_nothing_of_a_template_is_left(tmp_path):
    for content, name in ((digits(), "digits"), (java_models.types(), "types")):
        for path in made(tmp_path / name, content).files:
            if path.suffix != ".wasm":
                assert not re.findall("@[A-Z]+@", path.read_text("utf-8")), path


def test_pages_load_nothing_from_elsewhere(tmp_path):
    for content, name in ((digits(), "digits"), (dense(), "dense")):
        for path in made(tmp_path / name, content).files:
            if path.suffix in (".html", ".js", ".css", ".json"):
                assert "://" not in path.read_text("utf-8"), path
        page = (tmp_path / name / "index.html").read_text("utf-8")
        assert "default-src 'none'" in page
        for file in re.findall('(?:href|src)="([a-z.]+)"', page):
            assert (tmp_path / name / file).exists()


def test_what_is_kept_for_later_exists(tmp_path):
    made(tmp_path, digits())
    text = (tmp_path / "offline.js").read_text("utf-8")
    (files,) = re.findall(r"const files = \[(.*), module\]", text)
    kept = set(json.loads(f"[{files}]"))
    own = {path.name for path in tmp_path.iterdir() if path.suffix != ".wasm"}
    assert '"net.wasm" : "net.scalar.wasm"' in text
    assert kept == own - {"offline.js", "package.json", "net.d.ts"} | {"./"}


def test_types_tell_what_a_run_gives(tmp_path):
    made(tmp_path / "one", dense())
    text = (tmp_path / "one" / "net.d.ts").read_text("utf-8")
    assert "options?: { raw?: false }): Float32Array;" in text
    made(tmp_path / "two", quantized())
    text = (tmp_path / "two" / "net.d.ts").read_text("utf-8")
    assert "options?: { raw?: false }): Float32Array;" in text
    assert "options: { raw: true }): Int8Array;" in text
    made(tmp_path / "more", java_models.pair())
    text = (tmp_path / "more" / "net.d.ts").read_text("utf-8")
    assert "Record<string, Float32Array>;" in text


def test_the_package_is_called_as_npm_allows(tmp_path):
    gossamer.build(dense(), "web", tmp_path, name="My_net__2")
    found = json.loads((tmp_path / "package.json").read_text("utf-8"))
    assert found["name"] == "my-net-2"
    assert all((tmp_path / file).exists() for file in found["files"])


def port(shape, dtype="float32"):
    return Port("x", "x", dtype, shape, 0.0, 0)


@pytest.mark.parametrize(
    ("given", "result", "expected"),
    [
        (port((1, 28, 28)), port((1, 10)), True),
        (port((1, 28, 28, 1), "int8"), port((1, 10)), True),
        (port((1, 784), "uint8"), port((1, 10)), True),
        (port((28, 28)), port((10,)), True),
        (port((1, 28, 28, 3)), port((1, 10)), False),
        (port((2, 28, 28)), port((1, 10)), False),
        (port((1, 784)), port((1, 12)), False),
        (port((1, 784)), port((10, 1)), False),
        (port((1, 784), "int32"), port((1, 10)), False),
    ],
)
def test_which_networks_are_drawn_for(given, result, expected):
    interface = Interface("net", "web", 64, 16, (given,), (result,))
    assert takes_digits(interface) == expected
    several = Interface("net", "web", 64, 16, (given, given), (result,))
    assert not takes_digits(several)


def test_web_assembly_for_other_linkers_is_a_static_library(tmp_path):
    built = gossamer.build(dense(), "wasm32-simd", tmp_path, name="net")
    names = {path.name for path in built.files}
    assert {"libnet.a", "net.h"} <= names
    assert is_wasm((tmp_path / "net.o").read_bytes())
    assert sum(layer.code for layer in built.layers) > 0
    assert built.notes == ()
