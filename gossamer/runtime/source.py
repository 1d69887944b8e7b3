"""A model as it was opened: its outline at once, all of it when that is needed.

The *outline* is a model without its operators and without the values of constants: what
callers see of tensors and signatures. It is kept on disk by the model's digest, so that
a model which was opened before is not read again.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gossamer.errors import FormatError, InputError
from gossamer.runtime import store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.ir.custom_registry import Declared
    from gossamer.ir.graph import Model
    from gossamer.ir.types import Array

INVALID = "The model is not a valid Flatbuffer buffer"


_LARGE = 1 << 20
"""Bytes of a file that is worth processes of its own to compile it."""


class Source:
    """The bytes of a model in a file or in memory."""

    __slots__ = (
        "_data",
        "_digest",
        "_model",
        "_outline",
        "_path",
        "custom_operators",
        "where",
    )

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        content: bytes | bytearray | memoryview | None = None,
        model: Model | None = None,
        custom_operators: Mapping[str, Declared] | None = None,
    ) -> None:
        """Open a model from a path or from bytes, or take one that was read.

        `custom_operators` come before those that are declared for everyone.

        Raises:
            InputError: neither or both are given, or the file cannot be read.
            FormatError: the bytes are not a valid model.
        """
        self.custom_operators = custom_operators or {}
        self._path = path
        self._data: bytes | None = None
        self._digest: str | None = None
        self._model = model
        self._outline: store.Outline | None = None
        self.where = "a model in memory"
        if model is None:
            self._open(path, content)

    def _open(
        self,
        path: str | os.PathLike[str] | None,
        content: bytes | bytearray | memoryview | None,
    ) -> None:
        if path and content:
            raise InputError(
                "Can't both provide `model_path` and `model_content`. Leave one out"
            )
        if path:
            self.where = f"'{os.fspath(path)}'"
        elif content:
            self._data = bytes(content)
        else:
            raise InputError(
                "`model_path` or `model_content` must be specified. Pass the path of a "
                ".tflite file, or its bytes (which may not be empty)"
            )
        if store.is_on():
            self._outline = store.load_outline(self.digest or "")
        if self._outline is None:
            self._read()

    @property
    def digest(self) -> str | None:
        """What the model's bytes are known by; None for one that was never bytes."""
        if self._digest is None and (self._data is not None or self._path):
            self._digest = self._compute_digest()
        return self._digest

    def _compute_digest(self) -> str:
        if self._data is not None:
            return _digest_of(self._data)
        assert self._path
        try:
            known = store.known_digest(os.stat(self._path))
            return self._digest_of_file() if known is None else known
        except OSError as error:
            raise self._unreadable(error) from error

    def _digest_of_file(self) -> str:
        """The digest, kept for the next time if the file stayed as it was meanwhile."""
        import hashlib  # noqa: PLC0415  (loads a library)

        assert self._path
        now = time.time_ns()
        with open(self._path, "rb") as file:
            before = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
        if store.same_state(before, after):
            store.keep_digest(before, digest, now)
        return digest

    @property
    def outline(self) -> store.Outline:
        """The tensors, inputs, outputs and signatures of all subgraphs."""
        if self._outline is None:
            self._outline = store.outline_of(self.model)
        return self._outline

    @property
    def model(self) -> Model:
        """The whole model; it is read when this is first asked.

        Raises:
            InputError: the file is not there any more, or not the same.
        """
        if self._model is None:
            self._read()
        assert self._model is not None
        return self._model

    def constant(self, subgraph: int, tensor: int) -> Array | None:
        """The value of a constant tensor, by index."""
        return self.model.subgraphs[subgraph].tensors[tensor].data

    def _read(self) -> None:
        data = self._bytes()
        known = self._digest
        if known is not None and _digest_of(data) != known:
            raise InputError(
                f"the file {self.where} has changed since it was opened; open it again"
            )
        if self._outline is None and len(data) >= _LARGE:
            from gossamer.codegen.emitters import stand_by  # noqa: PLC0415

            stand_by()  # Nothing is known of the file, so that it will be compiled.
        self._model = self._parse(data)
        if known is not None and self._outline is None:
            self._outline = store.outline_of(self._model)
            store.save_outline(known, self._outline)

    def _bytes(self) -> bytes:
        if self._data is not None:
            return self._data
        assert self._path
        try:
            with open(self._path, "rb") as file:
                return file.read()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> InputError:
        assert self._path
        return InputError(
            f"Could not open '{os.fspath(self._path)}'. The model allocation is "
            f"null/empty: {error.strerror}"
        )

    def _parse(self, data: bytes) -> Model:
        from gossamer.flatbuffer.read import read  # noqa: PLC0415  (all operators)

        try:
            return read(data, self.custom_operators)
        except FormatError as error:
            where = self.where if self._path else "`model_content`"
            reason = str(error).removeprefix(f"{INVALID}: ")
            raise FormatError(f"{INVALID}: {where}: {reason}") from error


def _digest_of(data: bytes) -> str:
    import hashlib  # noqa: PLC0415  (loads a library)

    return hashlib.sha256(data).hexdigest()
