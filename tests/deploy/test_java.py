"""The folder that `--target java` writes, as far as no Java is needed to look at it."""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gossamer
from gossamer.cli.main import app
from gossamer.deploy import java, java_tools
from gossamer.deploy.java_model import PACKAGE, RUNTIME, SERVICES, JavaModel
from gossamer.errors import CompilationError, InputError, UnsupportedError
from tests.deploy import java_models

TEMPLATES = Path(java.__file__).parent / "templates" / "java"


@pytest.fixture
def _no_kit(monkeypatch):
    monkeypatch.setattr(java, "find_java_kit", lambda: None)


def build(folder, content=None, **options):
    return gossamer.build(content or java_models.pair(), "java", folder, **options)


@pytest.mark.usefixtures("_no_kit")
def test_without_a_compiler_the_sources_are_written_with_a_note(tmp_path):
    built = build(tmp_path, name="pair")
    (note,) = built.notes
    assert note.startswith("no jar: no javac was found")
    assert note in (tmp_path / "README.txt").read_text()
    assert not list(tmp_path.rglob("*.jar"))
    sources = {path.stem for path in tmp_path.glob(f"src/{PACKAGE}/*.java")}
    assert sources == set(RUNTIME)
    assert all(path.exists() for path in built.files)
    assert {path.name for path in built.files} >= {
        "pair.tflite",
        "pair.h",
        "pair_jni.c",
        "libpair.a",
        "Makefile",
        "Example.java",
    }


def test_the_list_of_classes_is_that_of_the_sources():
    assert sorted(RUNTIME) == sorted(
        x.stem for x in TEMPLATES.glob(f"{PACKAGE}/*.java")
    )


@pytest.mark.usefixtures("_no_kit")
def test_the_class_tells_of_the_model(tmp_path):
    content = java_models.pair()
    build(tmp_path, content, name="my_pair")
    text = (tmp_path / f"src/{PACKAGE}/models/MyPairModel.java").read_text()
    assert hashlib.sha256(content).hexdigest() in text
    assert 'return "my_pair";' in text
    port = (
        'Port("a", DataType.FLOAT32, new int[] {1, 2}, new int[] {-1, 2}, 0, 0.0f, 0)'
    )
    assert port in text
    assert (
        'new Signature("both", new String[] {"in_a", "in_b"}, new int[] {0, 1}, '
        'new String[] {"out_sum", "out_product"}, new int[] {0, 1})'
    ) in text
    services = (tmp_path / "resources" / SERVICES).read_text()
    assert services == "org.gossamer.lite.models.MyPairModel\n"
    glue = (tmp_path / "native" / "my_pair_jni.c").read_text()
    assert "Java_org_gossamer_lite_models_MyPairModel_invoke" in glue


@pytest.mark.usefixtures("_no_kit")
@pytest.mark.parametrize("content", [java_models.types(), java_models.lookup()])
def test_no_word_of_a_template_is_left(tmp_path, content):
    build(tmp_path, content, name="net")
    for path in tmp_path.rglob("*"):
        if path.suffix in {".java", ".c", ".txt"} or path.name == "Makefile":
            assert not re.search(r"@[A-Z_]+@", path.read_text()), path


@pytest.mark.parametrize(
    ("name", "java_name"),
    [("mnist_mlp", "MnistMlp"), ("a1", "A1"), ("_x__y", "XY"), ("class", "Class")],
)
def test_names_of_classes(name, java_name):
    class _Interface:
        memory_bytes, alignment = 100, 16

    _Interface.name = name
    assert JavaModel.of(None, b"", _Interface).class_name == f"{java_name}Model"


def test_memory_beyond_a_buffer_is_refused():
    class _Interface:
        memory_bytes, alignment = 1 << 31, 16

    with pytest.raises(UnsupportedError, match="2147483664 bytes of memory"):
        JavaModel.of(None, b"", _Interface)


def test_a_jar_is_the_same_each_time(tmp_path):
    files = {"b": b"2", "a": b"1"}
    made = java_tools.jar(files)
    assert made == java_tools.jar(files)
    path = tmp_path / "x.jar"
    path.write_bytes(made)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["META-INF/MANIFEST.MF", "b", "a"]
        assert archive.read("b") == b"2"
        assert archive.read("META-INF/MANIFEST.MF").startswith(b"Manifest-Version: 1.0")


def _compiler(folder, version, code):
    """A `javac` that says its version, and writes down what else it was told."""
    folder.mkdir(parents=True)
    path = folder / "javac"
    path.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = -version ]; then echo "javac {version}"; exit 0; fi\n'
        f'echo "$@" > {folder}/told\necho trouble >&2\nexit {code}\n'
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "level"), [("17.0.2", "--release 8"), ("1.8.0_402", "-source 8")]
)
def test_classes_are_for_java_8(tmp_path, monkeypatch, version, level):
    path = _compiler(tmp_path / "kit" / "bin", version, 0)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "kit"))
    kit = java_tools.find_java_kit()
    assert kit == java_tools.JavaKit(str(path), tmp_path / "kit")
    java_tools.compile_java(kit, [tmp_path / "A.java"], tmp_path / "classes")
    assert (path.parent / "told").read_text().startswith(level)


def test_what_the_compiler_refuses_is_told(tmp_path):
    path = _compiler(tmp_path / "bin", "17", 1)
    kit = java_tools.JavaKit(str(path), tmp_path)
    with pytest.raises(CompilationError, match="refuses the sources: trouble"):
        java_tools.compile_java(kit, [], tmp_path / "classes")


def test_a_kit_on_the_path_is_found_where_none_is_named(tmp_path, monkeypatch):
    _compiler(tmp_path / "kit" / "bin", "17", 0)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "kit" / "bin"))
    found = java_tools.find_java_kit()
    assert found is not None
    assert found.home == tmp_path / "kit"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert java_tools.find_java_kit() is None


def test_headers_are_found_only_where_both_are(tmp_path):
    kit = java_tools.JavaKit("javac", tmp_path)
    (tmp_path / "include" / "linux").mkdir(parents=True)
    (tmp_path / "include" / "jni.h").touch()
    assert kit.includes is None
    (tmp_path / "include" / "linux" / "jni_md.h").touch()
    assert kit.includes == (
        f"-I{tmp_path / 'include'}",
        f"-I{tmp_path / 'include' / 'linux'}",
    )


def test_no_machine_code_without_headers(tmp_path, monkeypatch):
    path = _compiler(tmp_path / "kit" / "bin", "17", 0)
    kit = java_tools.JavaKit(str(path), tmp_path / "kit")
    monkeypatch.setattr(java, "find_java_kit", lambda: kit)
    built = build(tmp_path / "made", name="pair")
    assert built.notes[0].startswith("no machine code in the jar")
    with zipfile.ZipFile(tmp_path / "made" / "pair.jar") as archive:
        names = archive.namelist()
        assert not [name for name in names if name.endswith(".so")]
        assert archive.read(f"{PACKAGE}/models/pair/pair.tflite") == java_models.pair()


@pytest.mark.usefixtures("_no_kit")
def test_a_processor_of_the_desktop_may_be_named(tmp_path):
    library = tmp_path / "native" / "libpair.a"
    build(tmp_path, name="pair")
    least = library.read_bytes()
    build(tmp_path, name="pair", cpu="x86-64-v3")
    assert library.read_bytes() != least
    with pytest.raises(InputError, match="is not known for linux-x86_64"):
        build(tmp_path, name="pair", cpu="cortex-a53")


@pytest.mark.usefixtures("_no_kit")
def test_the_command_tells_what_was_left_out(tmp_path):
    model, made = tmp_path / "pair.tflite", tmp_path / "made"
    model.write_bytes(java_models.pair())
    result = CliRunner().invoke(
        app, ["build", f"{model}", "-t", "java", "-o", f"{made}"]
    )
    assert result.exit_code == 0
    assert "no jar: no javac was found" in " ".join(result.output.split())


def test_an_output_that_is_a_constant_of_the_file_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="'constant' is a constant of the file"):
        build(tmp_path, java_models.constant())
