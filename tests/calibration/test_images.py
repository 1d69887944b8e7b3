from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from gossamer.calibration import ImageFolder, batches_of
from gossamer.errors import QuantizationError
from gossamer.ir.types import DType
from tests.calibration.test_sources import model_of, tensor

RGB = model_of(tensor("image", 1, 4, 6, 3))
GRAY = model_of(tensor("image", 1, 4, 6))
BYTES = model_of(tensor("image", 1, 4, 6, 3, dtype=DType.UINT8))
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


@pytest.fixture
def folder(tmp_path):
    """One image of the input's size, and a larger gray one in a subfolder."""
    Image.fromarray(PIXELS).save(tmp_path / "b.png")
    (tmp_path / "cats").mkdir()
    Image.new("L", (31, 17), 100).save(tmp_path / "cats" / "a.JPG")
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


def arrays(model, source):
    return [sample["image"] for sample in batches_of(model, source)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"pixels": (0, 255)}, PIXELS),
        ({"pixels": (0, 1)}, PIXELS / 255),
        ({"pixels": (-1, 1)}, PIXELS / 127.5 - 1),
        ({"pixels": (0, 255), "mean": 100, "std": 50}, (PIXELS - 100.0) / 50),
        (
            {"pixels": (0, 1), "mean": (0.4, 0.5, 0.6), "std": (0.1, 0.2, 0.3)},
            (PIXELS / 255 - [0.4, 0.5, 0.6]) / [0.1, 0.2, 0.3],
        ),
    ],
)
def test_pixels_are_scaled_by_the_stated_rule(folder, options, expected):
    found, _ = arrays(RGB, ImageFolder(folder, **options))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_images_are_resized_and_take_the_channels_of_the_input(folder):
    for model, shape in ((RGB, (1, 4, 6, 3)), (GRAY, (1, 4, 6))):
        _, found = arrays(model, ImageFolder(folder, pixels=(0, 255)))
        assert found.shape == shape
        np.testing.assert_allclose(found, 100, atol=1)


def test_integer_inputs_take_pixels_as_they_are(folder):
    found, _ = arrays(BYTES, folder)
    np.testing.assert_array_equal(found[0], PIXELS)
    assert found.dtype == np.uint8


def test_a_float_input_needs_the_scale_of_pixels(folder):
    with pytest.raises(QuantizationError, match=r"nothing says how .* --pixels=-1..1"):
        arrays(RGB, folder)


def test_images_are_taken_evenly(tmp_path):
    for index in range(10):
        Image.new("L", (6, 4), index).save(tmp_path / f"{index}.png")
    found = arrays(GRAY, ImageFolder(tmp_path, pixels=(0, 255), count=4))
    assert [int(each.max()) for each in found] == [0, 2, 5, 7]


def test_a_broken_image_is_named(folder):
    (folder / "broken.png").write_bytes(b"\x89PNG no")
    with pytest.raises(QuantizationError, match=r"broken.png' cannot be read as an"):
        arrays(RGB, ImageFolder(folder, pixels=(0, 1)))


def test_a_truncated_image_is_named(folder):
    whole = (folder / "b.png").read_bytes()
    (folder / "c.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(QuantizationError, match=r"c.png' cannot be read as an image"):
        arrays(RGB, ImageFolder(folder, pixels=(0, 1)))


def test_a_folder_without_images_is_an_error(tmp_path):
    (tmp_path / "x.txt").write_text("")
    with pytest.raises(QuantizationError, match=r"has 0 images .* ends in \.bmp"):
        arrays(BYTES, tmp_path)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(QuantizationError, match="no such folder"):
        arrays(BYTES, ImageFolder(tmp_path / "none"))


@pytest.mark.parametrize(
    "inputs",
    [
        [tensor("x", 1, 10)],
        [tensor("x", 1, 4, 6, 2)],
        [tensor("x", 1, 4, 4, 3), tensor("y", 1, 4, 4, 3)],
    ],
)
def test_other_inputs_are_refused(folder, inputs):
    with pytest.raises(QuantizationError, match=r"one input of known .batch, height"):
        arrays(model_of(*inputs), folder)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mean": (1, 2)}, "mean has 2 numbers; expected 1 or 3"),
        ({"std": 0}, "std is 0.0; expected finite numbers other than 0"),
        ({"mean": float("nan")}, "mean is nan; expected finite"),
    ],
)
def test_scales_that_make_no_sense_are_refused(folder, options, words):
    with pytest.raises(QuantizationError, match=words):
        arrays(RGB, ImageFolder(folder, pixels=(0, 1), **options))


def test_without_pillow_the_error_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(QuantizationError, match=r"pip install 'gossamer\[images\]'"):
        arrays(BYTES, folder)
