"""A folder of images as calibration samples."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gossamer.errors import QuantizationError
from gossamer.ir.build import free_shape
from gossamer.quantization.samples import describe_inputs

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from gossamer.ir.graph import Tensor
    from gossamer.ir.types import Array

SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""The endings of files that are taken for images, in lower case."""

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's names of images by their number of channels."""


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """The images in a folder and its subfolders, for a model with one image input.

    Each is made gray, RGB or RGBA by the input's number of channels, and stretched to
    the input's height and width by bilinear interpolation. A channel's value p, from
    0 to 255, then becomes (low + p / 255 * (high - low) - mean) / std for a float
    input, and stays p for an integer one.

    Attributes:
        path: the folder.
        pixels: (low, high), what black and white become, such as (0, 1), (-1, 1) or
            (0, 255); a float input needs it, since no model says what it was
            trained on.
        mean: taken off after that, one number or one for each channel.
        std: divided by after that, one number or one for each channel.
        count: the most images to take, evenly spread over the sorted paths.

    Example:
        >>> images = gossamer.ImageFolder("photos", pixels=(-1, 1))
        >>> gossamer.convert(model, "int8", images)
    """

    path: str | os.PathLike[str]
    pixels: tuple[float, float] | None = None
    mean: float | Sequence[float] = 0.0
    std: float | Sequence[float] = 1.0
    count: int = 500

    def samples(self, names: Mapping[str, Tensor]) -> Iterator[dict[str, Array]]:
        """One sample for each image.

        Args:
            names: the model's inputs; expected to be one of [batch, height, width] or
                [batch, height, width, channels].

        Raises:
            QuantizationError: the folder holds no images, one cannot be read, the
                input takes none, or it is not known how to scale them.
        """
        name, tensor, (height, width, channels) = _image_input(names)
        files = self._files()
        factor, shift = self._scaling(tensor, channels)
        pillow = _pillow()
        for file in files:
            image = _read(pillow, file, (width, height), _MODES[channels])
            scaled = (image * factor + shift).astype(tensor.dtype.numpy)
            yield {name: scaled.reshape(1, *free_shape(tensor)[1:])}

    def _files(self) -> list[Path]:
        if not Path(self.path).is_dir():
            raise QuantizationError(
                f"Could not open '{self.path}': there is no such folder of images"
            )
        found = sorted(
            file
            for file in Path(self.path).rglob("*")
            if file.suffix.lower() in SUFFIXES and file.is_file()
        )
        if not found or self.count < 1:
            endings = ", ".join(sorted(SUFFIXES))
            raise QuantizationError(
                f"the folder '{self.path}' has {len(found)} images and at most "
                f"{self.count} are taken; expected at least one file that ends in "
                f"{endings}, there or in a subfolder (100 to 500 are usual)"
            )
        taken = min(self.count, len(found))
        return [found[index * len(found) // taken] for index in range(taken)]

    def _scaling(self, tensor: Tensor, channels: int) -> tuple[Array, Array]:
        """Factor and shift of each channel that make an input's value of a pixel."""
        if not tensor.dtype.is_float:
            return np.ones(1), np.zeros(1)
        if self.pixels is None:
            raise QuantizationError(
                f"the images in '{self.path}' are to become the float input "
                f"'{tensor.name}', and nothing says how their values are scaled. Give "
                "what black and white become: gossamer.ImageFolder(path, "
                "pixels=(-1, 1)), or --pixels=-1..1; 0..1 and 0..255 are usual too"
            )
        low, high = self.pixels
        mean, std = (self._per_channel(each, channels) for each in ("mean", "std"))
        return (high - low) / 255 / std, (low - mean) / std

    def _per_channel(self, field: str, channels: int) -> Array:
        values = np.asarray(getattr(self, field), np.float64)
        if values.ndim > 1 or values.size not in (1, channels):
            raise QuantizationError(
                f"{field} has {values.size} numbers; expected 1 or {channels}, as many "
                "as an image has channels"
            )
        if not np.isfinite(values).all() or (field == "std" and not values.all()):
            raise QuantizationError(
                f"{field} is {values.tolist()}; expected finite numbers"
                + (" other than 0" if field == "std" else "")
            )
        return values


def _image_input(
    names: Mapping[str, Tensor],
) -> tuple[str, Tensor, tuple[int, ...]]:
    """The one input, and its height, width and channels."""
    if len(names) == 1:
        name, tensor = next(iter(names.items()))
        shape = free_shape(tensor)
        sizes = (*shape[1:], 1) if len(shape) == 3 else shape[1:]
        if len(sizes) == 3 and min(sizes) > 0 and sizes[2] in _MODES:
            return name, tensor, sizes
    raise QuantizationError(
        "a folder of images can only calibrate a model with one input of known "
        "[batch, height, width] or [batch, height, width, channels], of 1, 3 or 4 "
        f"channels; the model takes {describe_inputs(names)}. Give arrays instead"
    )


def _pillow() -> Any:
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise QuantizationError(
            "reading images takes Pillow, which is not installed. Run "
            "pip install 'gossamer[images]', or give the images as an array"
        ) from error


def _read(pillow: Any, file: Path, size: tuple[int, int], mode: str) -> Array:
    """An image as uint8 [height, width, channels], or [height, width] where gray."""
    try:
        with pillow.open(file) as image:
            made = image.convert(mode).resize(size, pillow.Resampling.BILINEAR)
            array: Array = np.asarray(made, np.uint8)
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        raise QuantizationError(
            f"'{file}' cannot be read as an image: {error}. Remove it from the "
            "calibration folder, or mend it"
        ) from error
    return array[..., np.newaxis] if array.ndim == 2 else array
