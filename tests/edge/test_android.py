"""The Gradle project, as far as it can be tried without Android's own tools.

All that Gradle would compile is compiled; machine code for Android runs in programs for
Linux, and the module for x86_64, linked by its own CMakeLists.txt, in a desktop's Java.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.deploy.android import ABIS
from gossamer.deploy.java_model import PACKAGE
from gossamer.deploy.java_tools import find_java_kit
from tests.edge.android_stubs import write_stubs
from tests.edge.samples import sample
from tests.edge.test_java import PROGRAMS
from tests.edge.test_linux import DRIVER
from tests.edge.tools import require, run

pytestmark = pytest.mark.edge

TESTS = Path(__file__).parent / "android"
COMPILERS = {
    "arm64-v8a": ("aarch64-linux-gnu-gcc", ["qemu-aarch64"], []),
    # Android hands floats on in other registers than Debian; our functions take none.
    "armeabi-v7a": (
        "arm-linux-gnueabihf-gcc",
        ["qemu-arm"],
        ["-Wl,--no-warn-mismatch"],
    ),
    "x86_64": ("gcc", [], []),
}
NAMES = ["mnist_float32", "mnist_int8"]


@pytest.fixture(scope="session", params=NAMES)
def project(request, tmp_path_factory):
    """A project for Android, and the sample that it was made of."""
    require("javac", "java", "cmake")
    one = sample(request.param)
    folder = tmp_path_factory.mktemp("android")
    gossamer.build(one.content, "android", folder, name="digits")
    return folder, one


def includes():
    kit = find_java_kit()
    assert kit is not None
    assert kit.includes is not None, "no jni.h; run scripts/install-edge.sh"
    return kit.includes


def compiled(folder, engine, made, release="8"):
    """All Java of the project for an engine, with the tests' own, as classes."""
    module = folder / "model-digits"
    sources = [
        *folder.glob("app/src/main/java/**/*.java"),
        *module.glob(f"src/{engine}/java/**/*.java"),
        *TESTS.rglob("*.java"),
        *write_stubs(made / "stubs"),
    ]
    lite = list(folder.glob("lite/src/main/java/**/*.java"))
    sources += lite if engine == "native" else _as_tflite(lite, made / "tflite")
    classes = made / "classes"
    strict = ("--release", release, "-Xlint:all,-options", "-Werror")
    run("javac", *strict, "-d", classes, *sources)
    return classes


def _as_tflite(sources, folder):
    """Our classes under TensorFlow Lite's name, instead of its own."""
    made = []
    for source in sources:
        path = folder / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text().replace("org.gossamer.lite", "org.tensorflow.lite")
        path.write_text(text)
        made.append(path)
    return made


@pytest.mark.parametrize("engine", ["native", "tflite"])
def test_all_java_compiles_for_either_engine(project, tmp_path, engine):
    classes = compiled(project[0], engine, tmp_path)
    assert (classes / "org/gossamer/sample/MainActivity.class").exists()
    assert (classes / PACKAGE / "models/DigitsNetwork.class").exists()


def test_no_method_is_called_that_older_androids_lack(project, tmp_path):
    """Buffers' own `clear` and its like, which a compiler of today would call."""
    classes = compiled(project[0], "native", tmp_path, "17")
    ours = [
        path
        for path in classes.rglob("org/gossamer/**/*.class")
        if path.stem != "Drawing"
    ]
    text = run("javap", "-c", "-p", *ours).decode()
    names = "clear|flip|limit|mark|position|reset|rewind"
    called = re.findall(rf"Method (java/nio/\w*Buffer)\.(?:{names}):\(I?\)L", text)
    assert set(called) == {"java/nio/Buffer"}


@pytest.mark.parametrize("abi", COMPILERS)
def test_the_glue_compiles_for_each_machine(project, tmp_path, abi):
    folder, _ = project
    place = folder / "model-digits/src/native/cpp"
    compiler, _, flags = COMPILERS[abi]
    made = tmp_path / "libdigits_jni.so"
    strict = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-fPIC", "-shared")
    files = (place / "digits_jni.c", place / abi / "libdigits.a")
    known = (f"-I{place / abi}", *includes())
    run(compiler, *strict, *flags, "-nostdlib", *known, "-o", made, *files)
    undefined = run("nm", "-D", "--undefined-only", made).decode().split()
    assert undefined == []


@pytest.mark.parametrize("abi", COMPILERS)
def test_machine_code_for_android_gives_what_the_desk_gives(project, tmp_path, abi):
    folder, one = project
    place = folder / "model-digits/src/native/cpp" / abi
    compiler, emulator, flags = COMPILERS[abi]
    (tmp_path / "model.h").write_text(
        (place / "digits.h")
        .read_text()
        .replace("DIGITS", "MODEL")
        .replace("digits", "model")
    )
    sizes = {
        "INPUT_SIZES": one.inputs[0],
        "OUTPUT_SIZES": one.outputs[0],
    }
    defined = [
        f"-D{name}={','.join(str(x.nbytes) for x in each)}"
        for name, each in sizes.items()
    ]
    renamed = [f"-Dmodel_{x}=digits_{x}" for x in ("init", "invoke", "input", "output")]
    made = tmp_path / "program"
    words = ("-static", *flags, *defined, *renamed, f"-I{tmp_path}", "-o", made, DRIVER)
    run(compiler, *words, place / "libdigits.a")
    one.check(run(*emulator, made, input=one.input_bytes))


@pytest.fixture(scope="session")
def desktop(project, tmp_path_factory):
    """The module for a desktop's Java, with its library as CMake makes it."""
    folder, one = project
    made = tmp_path_factory.mktemp("desktop")
    classes = compiled(folder, "native", made)
    place = folder / "model-digits/src/native"
    flags = "-DCMAKE_C_FLAGS=" + " ".join(includes())
    run(
        "cmake", "-S", place / "cpp", "-B", made / "made", "-DANDROID_ABI=x86_64", flags
    )
    run("cmake", "--build", made / "made")
    library = classes / PACKAGE / "models/digits/linux-x86_64.so"
    library.parent.mkdir(parents=True)
    library.write_bytes((made / "made/libdigits_jni.so").read_bytes())
    run("javac", "-cp", classes, "-d", classes, PROGRAMS / "Driver.java")
    path = os.pathsep.join((str(classes), str(place / "resources")))
    model = folder / "model-digits/src/main/assets/digits.tflite"
    return path, model, one


def test_the_module_runs_in_java(desktop):
    path, model, one = desktop
    found = run("java", "-cp", path, "Driver", model, "arrays", input=one.input_bytes)
    one.check(found)


def test_an_application_gives_real_numbers_and_gets_them(desktop):
    path, _, one = desktop
    x = np.random.default_rng(3).random(784, np.float32)
    found = run("java", "-cp", path, "Facade", input=x.tobytes()).decode().split()
    desk = gossamer.Interpreter(model_content=one.content)
    desk.allocate_tensors()
    given, made = desk.get_input_details()[0], desk.get_output_details()[0]
    scale, zero = given["quantization"]
    steps = np.clip(np.rint(x / np.float32(scale)) + zero, -128, 127) if scale else x
    value = steps.astype(given["dtype"]).reshape(given["shape"])
    desk.set_tensor(given["index"], value)
    desk.invoke()
    y = desk.get_tensor(made["index"]).astype(np.float32)
    scale, zero = made["quantization"]
    real = np.float32(scale) * (y - zero) if scale else y
    wanted = real.ravel().tolist()
    assert [float(score) for score in found] == pytest.approx(wanted, abs=1e-5)


def test_drawings_become_pictures_like_mnist(desktop):
    lines = run("java", "-cp", desktop[0], "org.gossamer.sample.Drawing").decode()
    picture, blank, probabilities, equal = (
        np.array(line.split(), float) for line in lines.splitlines()
    )
    picture = picture.reshape(28, 28)
    rows, columns = np.indices(picture.shape) + 0.5
    assert (picture * rows).sum() / picture.sum() == pytest.approx(14, abs=0.01)
    assert (picture * columns).sum() / picture.sum() == pytest.approx(14, abs=0.01)
    # The bar is 40 high, which becomes 20, and 8 wide, which becomes 4.
    np.testing.assert_allclose(picture[4:24, 12:16], 1, atol=1e-6)
    assert picture.sum() == pytest.approx(80, abs=1e-3)
    assert not blank.any()
    assert probabilities.tolist() == [0.25, 0.75]
    assert equal.tolist() == [0.5, 0.5]


def test_machines_are_those_of_gradle(project):
    text = (project[0] / "model-digits/build.gradle.kts").read_text()
    listed = re.search(r"abiFilters \+= listOf\((.*)\)", text)
    assert listed is not None
    assert re.findall(r'"([^"]+)"', listed[1]) == list(ABIS.values())
    assert set(COMPILERS) == set(ABIS.values())
