"""The Gradle project that `--target android` writes, as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import gossamer
from gossamer.deploy.android import ABIS
from gossamer.deploy.java_model import PACKAGE, RUNTIME, SERVICES
from gossamer.errors import InputError
from tests.deploy import java_models

ANDROID = "{http://schemas.android.com/apk/res/android}"
PAIRS = {")": "(", "]": "[", "}": "{"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("android")
    built = gossamer.build(java_models.pair(), "android", folder, name="my_pair")
    return folder, built


def test_all_that_was_written_is_named(project):
    folder, built = project
    assert set(built.files) == {path for path in folder.rglob("*") if path.is_file()}
    assert built.files[0] == folder / "settings.gradle.kts"
    assert built.linker is None
    assert "linked by Gradle" in built.notes[0]


def test_modules_are_folders_with_a_script(project):
    folder, _ = project
    settings = (folder / "settings.gradle.kts").read_text()
    modules = re.findall(r'":([^"]+)"', settings)
    assert modules == ["lite", "model-my_pair", "app"]
    for module in modules:
        assert (folder / module / "build.gradle.kts").exists()
        assert (folder / module / "src/main/AndroidManifest.xml").exists()
    for script in folder.rglob("*.kts"):
        for named in re.findall(r'project\(":([^"]+)"\)', script.read_text()):
            assert named in modules


def test_scripts_are_well_formed(project):
    scripts = sorted(project[0].rglob("*.kts"))
    assert len(scripts) == 5
    for script in scripts:
        open_ = []
        text = re.sub(r'"[^"\n]*"|//[^\n]*', "", script.read_text())
        assert '"' not in text
        for letter in text:
            if letter in PAIRS.values():
                open_.append(letter)
            elif letter in PAIRS:
                assert open_.pop() == PAIRS[letter], script
        assert not open_, script


def test_manifests_are_well_formed(project):
    folder, _ = project
    roots = [ET.parse(path).getroot() for path in folder.rglob("*.xml")]
    assert [root.tag for root in roots] == ["manifest"] * 3
    activity = ET.parse(folder / "app/src/main/AndroidManifest.xml").find(".//activity")
    name = activity.get(f"{ANDROID}name")
    assert activity.get(f"{ANDROID}exported") == "true"
    assert (folder / f"app/src/main/java/{name.replace('.', '/')}.java").exists()


def test_namespaces_differ(project):
    text = "".join(path.read_text() for path in project[0].rglob("build.gradle.kts"))
    names = re.findall(r'namespace = "([^"]+)"', text)
    assert len(set(names)) == len(names) == 3
    assert "org.gossamer.lite.models.mypairmodel" in names


def test_one_line_chooses_the_engine(project):
    folder, _ = project
    properties = (folder / "gradle.properties").read_text()
    assert "\ngossamer.engine=native\n" in properties
    module = folder / "model-my_pair"
    script = (module / "build.gradle.kts").read_text()
    assert 'java.srcDir("src/$engine/java")' in script
    texts = {}
    for engine in ("native", "tflite"):
        path = module / f"src/{engine}/java/{PACKAGE}/models/MyPairNetwork.java"
        texts[engine] = path.read_text()
        assert f'ENGINE = "{engine}"' in texts[engine]
    assert "import org.gossamer.lite.Interpreter;" in texts["native"]
    assert "import org.tensorflow.lite.Interpreter;" in texts["tflite"]
    public = [re.findall(r"public [^{=]+[{=]", text) for text in texts.values()]
    assert public[0] == public[1]


def test_machine_code_is_there_for_each_machine(project):
    module = project[0] / "model-my_pair" / "src" / "native"
    machines = {"arm64-v8a": 183, "armeabi-v7a": 40, "x86_64": 62}
    assert set(machines) == set(ABIS.values())
    for abi, machine in machines.items():
        library = (module / "cpp" / abi / "libmy_pair.a").read_bytes()
        start = library.index(b"\x7fELF")
        assert np.frombuffer(library, "<u2", 1, start + 18)[0] == machine
        assert "my_pair_invoke" in (module / "cpp" / abi / "my_pair.h").read_text()
    services = (module / "resources" / SERVICES).read_text()
    assert services == "org.gossamer.lite.models.MyPairModel\n"


def test_the_file_is_among_the_assets(project):
    path = project[0] / "model-my_pair/src/main/assets/my_pair.tflite"
    assert path.read_bytes() == java_models.pair()


def test_shared_classes_are_a_module_of_their_own(project):
    made = (project[0] / "lite/src/main/java" / PACKAGE).glob("*.java")
    assert {path.stem for path in made} == set(RUNTIME)


def test_no_word_of_a_template_is_left(project):
    for path in project[0].rglob("*"):
        if path.suffix in {".java", ".c", ".txt", ".kts", ".xml", ".pro"}:
            assert not re.search(r"@[A-Z_]+@", path.read_text()), path


def test_processors_cannot_be_chosen_for_several_machines(tmp_path):
    with pytest.raises(InputError, match="is not known for android-armv7"):
        gossamer.build(java_models.pair(), "android", tmp_path, cpu="cortex-a53")


def test_words_of_a_template_in_a_name_stay(tmp_path):
    content = java_models.named("@OUTPUTS@", '"; \\u0022 @NAME@')
    gossamer.build(content, "android", tmp_path, name="odd")
    path = f"model-odd/src/native/java/{PACKAGE}/models/OddModel.java"
    text = (tmp_path / path).read_text()
    assert 'new Port("@OUTPUTS@", ' in text
    assert r'new Port("\"; \\u0022 @NAME@", ' in text
