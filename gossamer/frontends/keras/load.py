"""Load a Keras model from a file, and Keras 2 files that Keras 3 refuses."""

from __future__ import annotations

import re
import warnings
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gossamer.errors import ConversionError
from gossamer.frontends.keras.framework import keras

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

SUFFIXES = (".keras", ".h5", ".hdf5")

_WRAPPING = ("clustering", "quantization_aware", "sparsity")
"""Parts of the package whose layers wrap others; they convert models themselves."""

_UNKNOWN = re.compile(r"(Could not locate|Unknown) (class|function|layer)[^.]*\.")
"""What Keras says, somewhere in a long message, of a class that it does not know."""


def load_model(
    path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Load a `.keras`, `.h5` or `.hdf5` file, without its optimizer and losses.

    Args:
        path: the file.
        custom_objects: classes and functions that the model uses, by name.

    Raises:
        ConversionError: there is no such file, it is no Keras model, or it uses a
            class that is not known.
    """
    place = Path(path)
    _require_file(place)
    _know_wrappers(place)
    known = {**_tolerant_layers(), **(custom_objects or {})}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on how the file was written
            return keras().saving.load_model(
                str(place), custom_objects=known, compile=False
            )
    except ImportError as error:
        raise ConversionError(
            f"{place} cannot be read: {error}. Files in HDF5 need h5py: "
            "pip install 'gossamer[keras]'."
        ) from error
    except Exception as error:
        raise ConversionError(_explained(place, error)) from error


def _require_file(place: Path) -> None:
    if place.is_dir():
        raise ConversionError(
            f"{place} is a folder, perhaps a SavedModel. A Keras model is read from a "
            "file: save it with model.save('model.keras') and convert that."
        )
    if not place.is_file():
        raise ConversionError(f"There is no file {place} (looked in {Path.cwd()}).")
    if place.suffix.lower() not in SUFFIXES:
        raise ConversionError(
            f"{place} ends in '{place.suffix}'; a Keras model is read from a file "
            f"ending in {', '.join(SUFFIXES)}. Save it with model.save('model.keras')."
        )


def _know_wrappers(place: Path) -> None:
    """Import the layers of ours that a model is wrapped in, where it is."""
    if not zipfile.is_zipfile(place):
        return
    with zipfile.ZipFile(place) as archive:
        if "config.json" in archive.namelist():
            text = archive.read("config.json")
            if b'"gossamer>' in text:
                for name in _WRAPPING:
                    import_module(f"gossamer.{name}")


def _tolerant_layers() -> dict[str, Any]:
    """Layers that take the arguments which Keras 2 wrote and Keras 3 dropped.

    A depthwise convolution of Keras 2 states `groups`; it had no effect there, as
    each channel is a group of its own.
    """
    layers: Any = keras().layers
    return {
        name: _without(getattr(layers, name), "groups")
        for name in ("DepthwiseConv2D", "DepthwiseConv1D")
    }


def _without(kind: Any, argument: str) -> Any:
    """A stand-in that makes layers of `kind` from a config without `argument`."""

    def from_config(_cls: Any, config: Mapping[str, Any]) -> Any:
        kept = {key: value for key, value in config.items() if key != argument}
        return kind.from_config(kept)

    return type(kind.__name__, (kind,), {"from_config": classmethod(from_config)})


def _explained(place: Path, error: Exception) -> str:
    text = str(error).strip()
    told = _UNKNOWN.search(text)
    first = told.group(0) if told else text.partition("\n")[0]
    message = f"{place} cannot be loaded as a Keras model: {first}"
    if told:
        return (
            f"{message} A class of your own must be named: load the model with "
            "keras.saving.load_model(path, custom_objects={'MyLayer': MyLayer}) and "
            "convert what it returns, or decorate the class with "
            "@keras.saving.register_keras_serializable() and import it first."
        )
    if "Lambda" in text and "safe_mode" in text:
        return (
            f"{message} It holds a Lambda layer, whose code is run on loading. If you "
            "trust the file, load it with keras.saving.load_model(path, "
            "safe_mode=False) and convert what it returns."
        )
    return (
        f"{message} Load it with keras.saving.load_model in the Keras version that "
        "wrote it, and save it again with model.save('model.keras')."
    )
