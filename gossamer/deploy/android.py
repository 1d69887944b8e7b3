"""A Gradle project for Android: the network as a module, and an application of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.deploy.compiled import Package, filled, template, written
from gossamer.deploy.header import header
from gossamer.deploy.java_model import PACKAGE, SERVICES, runtime_sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gossamer.deploy.compiled import Compiled
    from gossamer.deploy.java_model import JavaModel

ABIS = {
    "android-arm64": "arm64-v8a",
    "android-armv7": "armeabi-v7a",
    "android-x86_64": "x86_64",
}
"""What Android calls the machines."""
_ENGINES = {"native": "org.gossamer.lite", "tflite": "org.tensorflow.lite"}
_ASSET_IMPORTS = """\
import android.content.res.AssetFileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
"""
_CHANNEL_IMPORT = "import java.nio.channels.FileChannel;\n"
_ROOT = ("settings.gradle.kts", "build.gradle.kts", "gradle.properties", "README.txt")
_SAMPLE = ("MainActivity", "DigitView", "DigitImage")
_NOTE = (
    "the machine code is linked by Gradle, with Android's NDK; README.txt says how to "
    "build the application"
)


def android_package(
    model: JavaModel, compiled: Sequence[Compiled], folder: Path
) -> Package:
    """Write a Gradle project of three modules: classes, network, application."""
    words = model.words | {
        "NETWORK": f"{model.java_name}Network",
        "PACKAGE": model.class_name.lower(),
        "ABIS": ", ".join(f'"{abi}"' for abi in ABIS.values()),
    }
    parts: dict[str, Mapping[str, bytes | str]] = {
        "": {name: filled(template(f"android/{name}"), words) for name in _ROOT},
        "lite/": _lite(),
        f"model-{model.name}/": _module(model, compiled, words),
        "app/": _application(words),
    }
    files = [
        written(folder / f"{start}{name}", content)
        for start, contents in parts.items()
        for name, content in contents.items()
    ]
    return Package(tuple(files), None, (_NOTE,))


def _lite() -> dict[str, bytes | str]:
    sources = runtime_sources().items()
    return {
        "build.gradle.kts": template("android/lite/build.gradle.kts"),
        "src/main/AndroidManifest.xml": template("android/AndroidManifest.xml"),
        **{f"src/main/java/{file}": text for file, text in sources},
    }


def _module(
    model: JavaModel, compiled: Sequence[Compiled], words: Mapping[str, str]
) -> dict[str, bytes | str]:
    name = model.name
    native = "src/native"
    files: dict[str, bytes | str] = {
        "src/main/AndroidManifest.xml": template("android/AndroidManifest.xml"),
        f"src/main/assets/{name}.tflite": model.content,
        f"{native}/java/{PACKAGE}/models/{model.class_name}.java": model.source,
        f"{native}/resources/{SERVICES}": f"{model.full_name}\n",
        f"{native}/cpp/{name}_jni.c": model.glue,
        f"{native}/cpp/CMakeLists.txt": filled(
            template("android/model/CMakeLists.txt"), words
        ),
    }
    for file in ("build.gradle.kts", "consumer-rules.pro"):
        files[file] = filled(template(f"android/model/{file}"), words)
    for engine in _ENGINES:
        path = f"src/{engine}/java/{PACKAGE}/models/{words['NETWORK']}.java"
        files[path] = _network(engine, words)
    for each in compiled:
        place = f"{native}/cpp/{ABIS[each.device.name]}"
        files[f"{place}/{name}.h"] = header(each.interface)
        files[f"{place}/lib{name}.a"] = each.static_library
    return files


def _network(engine: str, words: Mapping[str, str]) -> str:
    """The class that is the same to applications, whatever runs the model."""
    opens_file = engine == "tflite"
    own = {
        "OPEN": template(f"android/model/open_{engine}.java"),
        "ENGINE": engine,
        "ENGINE_PACKAGE": _ENGINES[engine],
        "ASSET_IMPORTS": _ASSET_IMPORTS if opens_file else "",
        "CHANNEL_IMPORT": _CHANNEL_IMPORT if opens_file else "",
    }
    text = filled(template("android/model/Network.java"), own)
    return filled(text, {**words, "CLASS": words["NETWORK"]})


def _application(words: Mapping[str, str]) -> dict[str, bytes | str]:
    own = {**words, "CLASS": words["NETWORK"]}
    names = {
        "build.gradle.kts": "build.gradle.kts",
        "src/main/AndroidManifest.xml": "AndroidManifest.xml",
    }
    for name in _SAMPLE:
        names[f"src/main/java/org/gossamer/sample/{name}.java"] = f"{name}.java"
    return {
        path: filled(template(f"android/app/{file}"), own)
        for path, file in names.items()
    }
