"""`MetadataPopulator` and `MetadataDisplayer`, with the names of tflite-support."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gossamer.errors import InputError
from gossamer.flatbuffer import schema
from gossamer.flatbuffer.metadata import NAME, decode, encode
from gossamer.flatbuffer.read import read as read_model
from gossamer.flatbuffer.schema import Kind
from gossamer.metadata.attach import recorded_files, write_metadata
from gossamer.metadata.package import files_of, with_files, without_files
from gossamer.metadata.records import ModelMetadata, from_record, to_record

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from gossamer.flatbuffer.wire import Record


class MetadataPopulator:
    """Puts metadata and files into a `.tflite` file.

    Example:
        >>> populator = MetadataPopulator.with_model_file("model.tflite")
        >>> populator.load_metadata_buffer(buffer)
        >>> populator.load_associated_files(["labels.txt"])
        >>> populator.populate()
    """

    def __init__(self, model: bytes, path: Path | None = None) -> None:
        """Use `with_model_file` or `with_model_buffer`."""
        self._model = model
        self._path = path
        self._metadata: ModelMetadata | None = None
        self._files: dict[str, bytes] = {}

    @classmethod
    def with_model_file(cls, model_file: str | os.PathLike[str]) -> MetadataPopulator:
        """A populator that writes the file anew.

        Raises:
            InputError: there is no such file.
            FormatError: it is not a `.tflite` file.
        """
        path = Path(model_file)
        content = _content(path)
        read_model(content)
        return cls(content, path)

    @classmethod
    def with_model_buffer(cls, model_buf: bytes | bytearray) -> MetadataPopulator:
        """A populator whose result `get_model_buffer` returns.

        Raises:
            FormatError: the bytes are not a `.tflite` file.
        """
        read_model(bytes(model_buf))
        return cls(bytes(model_buf))

    def load_metadata_buffer(self, metadata_buf: bytes | bytearray) -> None:
        """Take the bytes of a `ModelMetadata` table.

        Raises:
            InputError: there are none.
            FormatError: they are something else.
        """
        if not metadata_buf:
            raise InputError("The metadata to be populated is empty.")
        self.load_metadata(from_record("ModelMetadata", decode(bytes(metadata_buf))))

    def load_metadata_file(self, metadata_file: str | os.PathLike[str]) -> None:
        """Take a file that holds the bytes of a `ModelMetadata` table."""
        self.load_metadata_buffer(_content(Path(metadata_file)))

    def load_metadata(self, metadata: ModelMetadata) -> None:
        """Take a record."""
        self._metadata = metadata

    def load_associated_files(
        self, associated_files: Sequence[str | os.PathLike[str]]
    ) -> None:
        """Take files, which are packed by their names without folders."""
        for file in associated_files:
            self._files[Path(file).name] = _content(Path(file))

    def load_associated_file_buffers(
        self, associated_files: Mapping[str, bytes]
    ) -> None:
        """Take files by name."""
        self._files |= {Path(k).name: bytes(v) for k, v in associated_files.items()}

    def load_metadata_and_associated_files(self, src_model_buf: bytes) -> None:
        """Take what another model's file has.

        Raises:
            InputError: it has no metadata.
            FormatError: it is not a `.tflite` file.
        """
        displayer = MetadataDisplayer.with_model_buffer(src_model_buf)
        self.load_metadata_buffer(displayer.get_metadata_buffer())
        self._files |= files_of(src_model_buf)

    def get_model_buffer(self) -> bytes:
        """The file; with what was loaded, once `populate` was called."""
        return self._model

    def get_metadata_buffer(self) -> bytes | None:
        """The bytes of the metadata that was loaded, or that the model has."""
        if self._metadata is not None:
            return encode(to_record(self._metadata))
        return read_model(self._model).metadata.get(NAME)

    def get_packed_associated_file_list(self) -> list[str]:
        """The names of the files behind the model."""
        return list(files_of(self._model))

    def get_recorded_associated_file_list(self) -> list[str]:
        """The names of the files that the loaded metadata speaks of."""
        metadata = self._metadata or ModelMetadata()
        return list(dict.fromkeys(file.name for file in recorded_files(metadata)))

    def populate(self) -> None:
        """Put what was loaded into the model, and write its file, if it has one.

        Raises:
            InputError: the metadata does not fit the model, or a file that it speaks
                of was not loaded.
        """
        files = files_of(self._model) | self._files
        if self._metadata is None:
            self._model = with_files(without_files(self._model), files)
        else:
            self._warn_of_unrecorded()
            self._model = write_metadata(self._model, self._metadata, files)
        if self._path is not None:
            self._path.write_bytes(self._model)

    def _warn_of_unrecorded(self) -> None:
        for name in sorted(
            self._files.keys() - {*self.get_recorded_associated_file_list()}
        ):
            warnings.warn(
                f"File, '{name}', does not exist in the metadata. But packing it to "
                "tflite model is still allowed.",
                stacklevel=3,
            )


class MetadataDisplayer:
    """Tells what metadata and files a `.tflite` file has."""

    def __init__(self, model: bytes, metadata: bytes) -> None:
        """Use `with_model_file` or `with_model_buffer`."""
        self._model = model
        self._metadata = metadata

    @classmethod
    def with_model_file(cls, model_file: str | os.PathLike[str]) -> MetadataDisplayer:
        """A displayer of a file.

        Raises:
            InputError: there is no such file, or it has no metadata.
            FormatError: it is not a `.tflite` file.
        """
        return cls.with_model_buffer(_content(Path(model_file)))

    @classmethod
    def with_model_buffer(cls, model_buffer: bytes | bytearray) -> MetadataDisplayer:
        """A displayer of the bytes of a file; raises as `with_model_file` does."""
        if not model_buffer:
            raise InputError("model_buffer cannot be empty.")
        found = read_model(bytes(model_buffer)).metadata.get(NAME)
        if found is None:
            raise InputError("The model does not have metadata.")
        return cls(bytes(model_buffer), found)

    def get_metadata_buffer(self) -> bytes:
        """The bytes of the metadata."""
        return self._metadata

    def get_metadata_json(self) -> str:
        """The metadata as JSON, with the schema's names."""
        return json.dumps(_plain("ModelMetadata", decode(self._metadata)), indent=2)

    def get_packed_associated_file_list(self) -> list[str]:
        """The names of the files behind the model."""
        return list(files_of(self._model))

    def get_associated_file_buffer(self, filename: str) -> bytes:
        """A file behind the model.

        Raises:
            InputError: there is no such file.
        """
        files = files_of(self._model)
        if filename not in files:
            raise InputError(
                f"The file, {filename}, does not exist in the model buffer."
            )
        return files[filename]


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(f"The file, {path}, does not exist.")
    return path.read_bytes()


def _plain(name: str, record: Record) -> dict[str, Any]:
    """A record as JSON has it: without what is left out, enums in capitals."""
    made: dict[str, Any] = {}
    for field in schema.table(name).fields:
        value = record[field.name]
        names = schema.enum_names(field.type)
        if value is None or (field.kind is Kind.SCALAR and value == field.default):
            continue
        if field.kind is Kind.UNION:
            made[f"{field.name}_type"] = value[0]
            made[field.name] = _plain(*value)
        elif field.kind is Kind.TABLE:
            made[field.name] = _plain(field.type, value)
        elif field.kind is Kind.TABLES:
            made[field.name] = [_plain(field.type, each) for each in value]
        elif field.kind is Kind.NUMBERS:
            made[field.name] = list(value) if field.type == "ubyte" else value.tolist()
        elif names is not None:
            number = int(value)
            is_known = 0 <= number < len(names)
            made[field.name] = names[number].upper() if is_known else number
        else:
            made[field.name] = value
    return made
