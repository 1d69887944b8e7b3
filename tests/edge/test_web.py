"""Networks as WebAssembly, run by Node and by a browser: the desk's answers."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import gossamer
from gossamer.deploy.wasm.link import link
from tests.deploy import java_models
from tests.deploy.wasm.modules import TABLE, object_of
from tests.edge.browser import browser, served
from tests.edge.picture import SEVEN
from tests.edge.samples import CONTENTS, sample
from tests.edge.tools import run

pytestmark = pytest.mark.edge

PROGRAMS = Path(__file__).parent / "web"
DIGITS = Path(__file__).parents[2] / "examples" / "data" / "mnist10k.npz"
ENGINES = ("simd", "scalar")

ONE = [(0.5, 0.15), (0.5, 0.4), (0.5, 0.85)]


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """A function that builds a model's page once, and gives its folder."""
    made = {}

    def build(name, content):
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name)
            gossamer.build(content, "web", made[name], name="net")
        return made[name]

    return build


def node(folder, *words, **options):
    return run("node", PROGRAMS / "driver.mjs", folder / "net.js", *words, **options)


def evaluated(folder, script):
    """What an expression of JavaScript gives, `model` being the loaded network."""
    program = (
        'const { load } = await import("./net.js");'
        "const model = await load();"
        "const said = (work) => {"
        "  try { return work(); } catch (error) { return `${error}`; }"
        "};"
        f"console.log(JSON.stringify({script}));"
    )
    words = ("node", "--input-type=module", "--eval", program)
    return json.loads(run(*words, cwd=folder))


def test_linked_addresses_are_right_when_run(tmp_path):
    names = {"place": "net_place", "sum": "net_sum"}
    (tmp_path / "table.wasm").write_bytes(link(object_of(TABLE), names, 64, 64))
    program = (
        'import { readFileSync } from "node:fs";'
        'const made = await WebAssembly.instantiate(readFileSync("table.wasm"));'
        "const { place, sum, memory } = made.instance.exports;"
        "const words = new Uint32Array(memory.buffer);"
        "const seen = [words[place(0) / 4], words[place(1) / 4] === place(0)];"
        "console.log(JSON.stringify([sum(0), sum(3), ...seen]));"
    )
    words = ("node", "--input-type=module", "--eval", program)
    assert json.loads(run(*words, cwd=tmp_path)) == [53, 53, 7, True]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CONTENTS)
def test_node_gives_what_the_desk_gives(pages, name, engine):
    one = sample(name)
    one.check(node(pages(name, one.content), engine, input=one.input_bytes))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_state_is_kept_and_forgotten(pages, engine):
    folder = pages("counter", java_models.counter())
    x = np.array([[1, 2, 4]], np.float32)
    start = np.array([[10, 20, 30]], np.float32)
    kept = b"".join((2 * (start + n * x)).tobytes() for n in (1, 2, 3))
    assert node(folder, engine, input=3 * x.tobytes()) == kept
    script = "[0, 1].map(() => (model.reset(), [...model.run([1, 2, 4])]))"
    assert evaluated(folder, script) == 2 * (2 * (start + x)).tolist()


@pytest.mark.parametrize("kind", ["typed", "numbers"])
@pytest.mark.parametrize("engine", ENGINES)
def test_values_of_every_type(pages, engine, kind):
    folder = pages("types", java_models.types())
    random = np.random.default_rng(0)
    given, wanted = [], []
    for name in java_models.TYPES:
        x = random.integers(0, 2 if name == "bool" else 100, (2, 3)).astype(name)
        given.append(x)
        wanted.append(x)
    given.append(np.float32(1.25))
    wanted += [np.float32(2.5), java_models.CONSTANT]
    data = b"".join(x.tobytes() for x in given)
    found = node(folder, engine, kind, input=data)
    assert found == b"".join(y.tobytes() for y in wanted)


def test_networks_have_memories_of_their_own(pages):
    folder = pages("counter", java_models.counter())
    script = "[model, await load()].map((each) => [...each.run([1, 2, 4])])"
    assert evaluated(folder, script) == [[22, 44, 68], [22, 44, 68]]


def test_several_inputs_by_place_and_by_name(pages):
    folder = pages("pair", java_models.pair())
    by_place = "model.run([[1, 2], [[3, 4]]])"
    expected = {
        "out_sum": {"0": 4, "1": 6},
        "out_product": {"0": 3, "1": 8},
    }
    assert evaluated(folder, by_place) == expected
    by_name = "model.run({ b: [3, 4], in_a: Float32Array.of(1, 2) })"
    assert evaluated(folder, by_name) == expected


def test_what_a_network_tells_of_itself(pages):
    content = sample("mnist_int8").content
    told = evaluated(pages("mnist_int8", content), "[model.inputs, model.outputs]")
    desk = gossamer.Interpreter(model_content=content)
    every = (desk.get_input_details(), desk.get_output_details())
    for (port,), (detail,) in zip(told, every, strict=True):
        scale, zero_point = detail["quantization"]
        assert port["tensor"] == detail["name"]
        assert port["shape"] == detail["shape"].tolist()
        assert port["dtype"] == "int8"
        assert port["scale"] == pytest.approx(scale, rel=1e-7)
        assert port["zeroPoint"] == zero_point


def test_real_numbers_are_quantized_as_the_desk_does(pages):
    content = sample("mnist_int8").content
    folder = pages("mnist_int8", content)
    x = np.linspace(-0.2, 1.2, 784).astype(np.float32).reshape(1, 28, 28)
    desk = gossamer.Interpreter(model_content=content)
    desk.allocate_tensors()
    (given,), (made,) = desk.get_input_details(), desk.get_output_details()
    scale, zero_point = given["quantization"]
    stored = np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)
    desk.set_tensor(given["index"], stored)
    desk.invoke()
    raw = desk.get_tensor(made["index"])
    given = json.dumps(x.tolist())
    script = f"[[...model.run({given}, {{ raw: true }})], [...model.run({given})]]"
    ours, real = evaluated(folder, script)
    assert ours == raw[0].tolist()
    scale, zero_point = made["quantization"]
    assert real == pytest.approx((scale * (raw[0] - float(zero_point))).tolist())


def test_each_mistake_is_told_before_anything_changes(pages):
    folder = pages("counter", java_models.counter())
    mistakes = ("[1, 2]", "[[1], [2]]", "null", "'x'", "{ y: [1, 2, 3] }", "{}")
    script = ", ".join(f"said(() => model.run({each}))" for each in mistakes)
    found = evaluated(folder, f"[{script}, [...model.run([1, 2, 4])]]")
    takes = "float32 of shape [1, 3]"
    assert found[0].startswith("RangeError: input 'main_x0' takes " + takes)
    assert "3 values, and 2 of shape [2] were given" in found[0]
    assert "2 of shape [2, 1] were given" in found[1]
    assert found[2] == f"TypeError: input 'main_x0' has no value; it takes {takes}"
    assert found[3] == f"TypeError: input 'main_x0' takes {takes}, not a string"
    assert found[4] == "TypeError: no input is called 'y'; there are 'main_x0'"
    assert found[5] == found[2]
    assert found[6] == [22, 44, 68]


def test_an_index_out_of_bounds_is_told(pages):
    folder = pages("lookup", java_models.lookup())
    good, bad = (f"said(() => [...model.run([{i}])])" for i in (1, 9))
    found = evaluated(folder, f"[{bad}, {good}]")
    assert found[0].startswith("Error: 'net' failed: ")
    assert found[1] == [float(java_models.CONSTANT[1])]


@pytest.fixture(scope="session")
def digits():
    """A network of 28 by 28 pixels in int8, trained for some seconds."""
    with np.load(DIGITS) as file:
        x, y = file["x"] / np.float32(255), file["y"]
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, "relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(x, y, batch_size=128, epochs=5, verbose=0)
    return gossamer.convert(model, "int8", x[:100])


def test_a_drawn_7_is_read_as_7(pages, digits, tmp_path):
    folder = pages("digits", digits)
    with served(folder) as address, browser("--window-size=900,760") as page:
        page.open(f"{address}/index.html")
        page.wait("document.body.dataset.ready")
        assert page.text("digit") == "?"
        page.drag("paper", SEVEN)
        page.picture(tmp_path / "seven.png")
        assert page.text("digit") == "7"
        assert "sure" in page.text("sure")
        shares = page.run(SHARES)
        assert len(shares) == 10
        assert sum(shares) == pytest.approx(1, abs=0.01)
        assert int(np.argmax(shares)) == 7
        assert page.text("time").endswith("µs")
        page.click("clear")
        assert page.text("digit") == "?"
        page.drag("paper", ONE)
        assert page.text("digit") == "1"
        assert page.complaints() == []


SHARES = (
    "return [...document.querySelectorAll('[role=meter]')]"
    ".map((bar) => Number(bar.ariaValueNow))"
)


@pytest.mark.parametrize("name", CONTENTS)
def test_browsers_give_what_the_desk_gives(pages, name):
    one = sample(name)
    folder = pages(name, one.content)
    (folder / "steps.mjs").write_bytes((PROGRAMS / "steps.mjs").read_bytes())
    (folder / "given.bin").write_bytes(one.input_bytes)
    with served(folder) as address, browser() as page:
        page.open(f"{address}/index.html")
        for engine in ENGINES:
            one.check(bytes.fromhex(page.run(STEPS, engine == "simd")))


STEPS = """
return Promise.all([import("./net.js"), import("./steps.mjs"), fetch("given.bin")])
  .then(([{ load }, { outputsOf }, given]) =>
    Promise.all([load({ simd: arguments[0] }), outputsOf, given.arrayBuffer()]))
  .then(([model, outputsOf, given]) => outputsOf(model, new Uint8Array(given), "typed"))
  .then((made) => made.flatMap((values) => Array.from(values, hexadecimal)).join(""));
function hexadecimal(byte) {
  return byte.toString(16).padStart(2, "0");
}
"""


def test_the_page_is_there_without_a_network(pages, digits):
    folder = pages("digits", digits)
    with browser() as page:
        with served(folder) as address:
            page.open(f"{address}/index.html")
            page.wait("document.body.dataset.ready")
            page.run("return navigator.serviceWorker.ready.then(() => true)")
        page.open(f"{address}/index.html")
        page.wait("document.body.dataset.ready")
        page.drag("paper", SEVEN)
        assert page.text("digit") == "7"


def test_any_network_has_a_page_that_runs_it(pages):
    folder = pages("types", java_models.types())
    with served(folder) as address, browser() as page:
        page.open(f"{address}/index.html")
        page.wait("document.body.dataset.ready")
        rows = page.text("tensors").splitlines()
        assert len(rows) == 2 * len(java_models.TYPES) + 3
        assert rows[-1].split("\t")[-1] == "1.5, -2, 4"
        assert page.text("time").endswith("µs")
        page.click("run")
        assert page.complaints() == []


def test_a_page_says_what_went_wrong(pages, tmp_path):
    folder = pages("counter", java_models.counter())
    for path in folder.iterdir():
        if path.suffix != ".wasm":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with served(tmp_path) as address, browser() as page:
        page.open(f"{address}/index.html")
        page.wait("!document.getElementById('error').hidden")
        assert "net.wasm: 404" in page.text("error")
