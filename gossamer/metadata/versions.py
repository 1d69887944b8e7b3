"""Which version of the metadata's schema a reader must know."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, cast

from gossamer.metadata.records import (
    AssociatedFile,
    AudioProperties,
    BertTokenizerOptions,
    CustomMetadata,
    RegexTokenizerOptions,
    SentencePieceTokenizerOptions,
    SubGraphMetadata,
    TensorGroup,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gossamer.metadata.records import ModelMetadata

_FIRST = (1, 0, 0)
_SINCE: dict[type[Any], tuple[int, int, int]] = {
    AudioProperties: (1, 3, 0),
    BertTokenizerOptions: (1, 1, 0),
    CustomMetadata: (1, 5, 0),
    RegexTokenizerOptions: (1, 2, 1),
    SentencePieceTokenizerOptions: (1, 1, 0),
    TensorGroup: (1, 2, 0),
}
_FILE_TYPES = {"vocabulary": (1, 0, 1), "scann_index_file": (1, 4, 0)}


def minimum_parser(metadata: ModelMetadata) -> str:
    """The first version of the schema that has all that the metadata uses."""
    found = max((_since(part) for part in _parts(metadata)), default=_FIRST)
    return ".".join(map(str, found))


def _since(part: object) -> tuple[int, int, int]:
    if isinstance(part, AssociatedFile):
        newest = (1, 4, 1) if part.version else _FIRST
        return max(newest, _FILE_TYPES.get(part.type.lower(), _FIRST))
    if isinstance(part, SubGraphMetadata):
        units = part.input_process_units + part.output_process_units
        return (1, 1, 0) if units else _FIRST
    return _SINCE.get(type(part), _FIRST)


def _parts(value: object) -> Iterator[object]:
    """A record and all records in it."""
    if isinstance(value, tuple):
        for each in cast("tuple[Any, ...]", value):
            yield from _parts(each)
        return
    if not is_dataclass(value):
        return
    yield value
    for field in fields(value):
        yield from _parts(getattr(value, field.name))
