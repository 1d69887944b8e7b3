"""Jars, run by Java: the desk's answers, and TensorFlow Lite's words for mistakes."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import gossamer
from tests.deploy import java_models
from tests.edge.samples import CONTENTS, sample
from tests.edge.tools import require, run

pytestmark = pytest.mark.edge

PROGRAMS = Path(__file__).parent / "java"


@pytest.fixture(scope="session")
def jars(tmp_path_factory):
    """A function that builds a model's jar once, and gives its path."""
    made = {}

    def build(name, content):
        if name not in made:
            require("javac", "java", "cc")
            folder = tmp_path_factory.mktemp(name)
            built = gossamer.build(content, "java", folder, name=name)
            assert built.notes == ()
            assert built.files[0] == folder / f"{name}.jar"
            made[name] = built.files[0]
        return made[name]

    return build


@pytest.fixture(scope="session")
def programs(tmp_path_factory, jars):
    """The folder of the tests' own classes."""
    require("javac", "java")
    folder = tmp_path_factory.mktemp("programs")
    jar = jars("pair", java_models.pair())
    sources = sorted(PROGRAMS.glob("*.java"))
    run("javac", "-Xlint:all", "-Werror", "-cp", jar, "-d", folder, *sources)
    return folder


def java(programs, jar, *words, **options):
    path = os.pathsep.join(map(str, (programs, jar)))
    return run("java", "-Xcheck:jni", "-cp", path, *words, **options)


def model_of(jar):
    return jar.with_suffix(".tflite")


@pytest.mark.parametrize("kind", ["bytes", "arrays"])
@pytest.mark.parametrize("name", CONTENTS)
def test_java_gives_what_the_desk_gives(jars, programs, name, kind):
    one = sample(name)
    jar = jars(name, one.content)
    one.check(java(programs, jar, "Driver", model_of(jar), kind, input=one.input_bytes))


@pytest.mark.parametrize("kind", ["bytes", "heap", "typed", "arrays"])
def test_values_of_every_type_and_kind(jars, programs, kind):
    jar = jars("types", java_models.types())
    random = np.random.default_rng(0)
    given, wanted = [], []
    for name in java_models.TYPES:
        x = random.integers(0, 2 if name == "bool" else 100, (2, 3)).astype(name)
        given.append(x)
        wanted.append(x)
    given.append(np.float32(1.25))
    wanted += [np.float32(2.5), java_models.CONSTANT]
    data = b"".join(x.tobytes() for x in given)
    found = java(programs, jar, "Driver", model_of(jar), kind, input=data)
    assert found == b"".join(y.tobytes() for y in wanted)


def test_single_numbers_flags_and_outputs_that_were_left_out(jars, programs):
    jar = jars("types", java_models.types())
    assert java(programs, jar, "Singles").decode().splitlines() == [
        "42.0 [[true, false], [true, false], [true, false]]",
        f"{1 << 40} true",
        "1.5 -2.0",
        "true",
    ]


def test_a_reset_network_forgets(jars, programs):
    jar = jars("counter", java_models.counter())
    x = np.array([[1, 2, 4]], np.float32)
    words = ("Driver", model_of(jar), "arrays")
    kept = java(programs, jar, *words, input=3 * x.tobytes())
    reset = java(programs, jar, *words, "reset", input=3 * x.tobytes())
    start = np.array([[10, 20, 30]], np.float32)
    assert kept == b"".join((2 * (start + n * x)).tobytes() for n in (1, 2, 3))
    assert reset == 3 * (2 * (start + x)).tobytes()


def test_two_networks_in_two_threads(jars, programs):
    jar = jars("counter", java_models.counter())
    assert java(programs, jar, "Threads") == b"true true\n"


def test_the_tutorial_runs_with_another_import(jars, programs):
    one = sample("mnist_float32")
    jar = jars("mnist_float32", one.content)
    found = java(programs, jar, "TFLiteInference", model_of(jar)).decode().split()
    desk = gossamer.load(one.content)
    shape = one.inputs[0][0].shape
    x = (np.arange(784, dtype=np.float32) / np.float32(784)).reshape(shape)
    assert [float(score) for score in found] == pytest.approx(
        np.ravel(desk(x)).tolist(), abs=1e-5
    )


def test_the_example_of_the_folder_runs(jars):
    jar = jars("mnist_int8", sample("mnist_int8").content)
    text = run("java", "-cp", jar, jar.parent / "example" / "Example.java").decode()
    assert text.startswith("input ")
    assert "microseconds" in text


def test_what_an_interpreter_tells(jars, programs):
    jar = jars("pair", java_models.pair())
    assert java(programs, jar, "Describe").decode().splitlines() == [
        "input 0 a FLOAT32 [1, 2] [-1, 2] 2 2 8 0.0 0",
        "input 1 b FLOAT32 [1, 2] [-1, 2] 2 2 8 0.0 0",
        "output 2 sum FLOAT32 [1, 2] [-1, 2] 2 2 8 0.0 0",
        "output 3 product FLOAT32 [1, 2] [-1, 2] 2 2 8 0.0 0",
        "signature both: in_a in_b -> out_sum out_product",
        "a",
        "sum",
    ]


def test_quantization_is_told(jars, programs):
    content = sample("mnist_int8").content
    text = java(programs, jars("mnist_int8", content), "Describe").decode()
    desk = gossamer.Interpreter(model_content=content)
    scale, zero = desk.get_input_details()[0]["quantization"]
    words = text.splitlines()[0].split()
    assert np.float32(words[-2]) == np.float32(scale)
    assert int(words[-1]) == zero


def test_any_name_of_a_tensor_is_kept(jars, programs):
    names = ["@OUTPUTS@", r'"; \u0022 \n']
    text = java(programs, jars("odd", java_models.named(*names)), "Describe").decode()
    found = [line.split(" ", 2)[2] for line in text.splitlines()]
    for line, name in zip(found, names, strict=True):
        assert line.startswith(f"{name} FLOAT32 [2] ")


def test_several_jars_on_one_path(jars, programs):
    every = [
        jars("pair", java_models.pair()),
        jars("types", java_models.types()),
    ]
    path = os.pathsep.join(map(str, (programs, *every)))
    text = run("java", "-cp", path, "Several", *map(model_of, every)).decode()
    assert text.splitlines() == ["2", "9", TWO]


def test_an_index_out_of_bounds_is_told(jars, programs):
    jar = jars("lookup", java_models.lookup())
    given = np.array([1, 9], np.int32).tobytes()
    with pytest.raises(AssertionError, match="Failed to run on the given Interpreter"):
        java(programs, jar, "Driver", model_of(jar), "bytes", input=given)


def test_a_jar_without_machine_code_says_so(jars, programs, tmp_path):
    empty = tmp_path / "empty.jar"
    with (
        zipfile.ZipFile(jars("pair", java_models.pair())) as whole,
        zipfile.ZipFile(empty, "w") as rest,
    ):
        for name in whole.namelist():
            if not name.endswith(".so"):
                rest.writestr(name, whole.read(name))
    with pytest.raises(AssertionError, match="has no machine code for linux-x86_64"):
        java(programs, empty, "Describe")


def test_make_makes_the_same_jar(jars, programs):
    jar = jars("lookup", java_models.lookup())
    with zipfile.ZipFile(jar) as made:
        wanted = {name for name in made.namelist() if "MANIFEST" not in name}
    jar.unlink()
    run("make", "-C", jar.parent)
    with zipfile.ZipFile(jar) as made:
        assert wanted <= set(made.namelist())
    given = np.array([1], np.int32).tobytes()
    found = java(programs, jar, "Driver", model_of(jar), "bytes", input=given)
    assert found == java_models.CONSTANT[1:2].tobytes()


TWO = (
    "This program was not built with one model alone; it has [pair, types]. Name one "
    'of them: Interpreter.builtIn("...").'
)
WORKS = {"direct", "built in", "api", "good", "joined", "output larger", "both names"}
WORKS |= {"order", "resize the same", "allocate", "resumed"}
STATES = {"cancel", "closed", "closed count", "closed reset"}


def test_each_mistake_has_its_words(jars, programs):
    jar, other = jars("pair", java_models.pair()), jars("types", java_models.types())
    words = ("Mistakes", model_of(jar), model_of(other), jar)
    lines = java(programs, jar, *words).decode().splitlines()
    found = dict(line.split("\t", 1) for line in lines)
    texts = (PROGRAMS / "mistakes.txt").read_text().splitlines()
    expected = dict(line.split(": ", 1) for line in texts)
    assert found.pop("duration after a failure") == "Exception: null"
    assert {name for name in found if found[name] == "nothing"} == WORKS
    assert set(found) == WORKS | set(expected)
    for name, text in expected.items():
        kind = "State" if name in STATES else "Argument"
        assert found[name].startswith(f"Illegal{kind}Exception: "), found[name]
        assert text in found[name], found[name]
