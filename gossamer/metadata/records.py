"""What a model's metadata says, as records; the fields are those of the schema."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gossamer.errors import InputError
from gossamer.flatbuffer import schema
from gossamer.flatbuffer.schema import Kind

if TYPE_CHECKING:
    from gossamer.flatbuffer.schema import Field
    from gossamer.flatbuffer.wire import Record

Floats: TypeAlias = tuple[float, ...]
Texts: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssociatedFile:
    """A file that is packed behind the model.

    Attributes:
        name: its name in the package.
        description: what it is.
        type: "descriptions", "tensor_axis_labels" (a label for each place along an
            axis), "tensor_value_labels" (for each value),
            "tensor_axis_score_calibration", "vocabulary" or "scann_index_file".
        locale: its language, such as "en".
        version: its version.
    """

    name: str = ""
    description: str = ""
    type: str = "unknown"
    locale: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FeatureProperties:
    """A tensor of plain numbers."""


@dataclass(frozen=True, slots=True)
class ImageSize:
    """Width and height in pixels."""

    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class ImageProperties:
    """A tensor that is an image; `color_space` is "rgb" or "grayscale"."""

    color_space: str = "unknown"
    default_size: ImageSize | None = None


@dataclass(frozen=True, slots=True)
class BoundingBoxProperties:
    """A tensor of boxes: "boundaries", "upper_left" or "center"; in which order."""

    index: tuple[int, ...] = ()
    type: str = "unknown"
    coordinate_type: str = "ratio"


@dataclass(frozen=True, slots=True)
class AudioProperties:
    """A tensor that is a sound; the rate is in Hz."""

    sample_rate: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The first and the last of some dimensions."""

    min: int = 0
    max: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What a tensor is, and which of its dimensions that is."""

    content_properties: (
        FeatureProperties
        | ImageProperties
        | BoundingBoxProperties
        | AudioProperties
        | None
    ) = None
    range: ValueRange | None = None


@dataclass(frozen=True, slots=True)
class NormalizationOptions:
    """An input is (x - mean) / std of what is measured: one number or per channel."""

    mean: Floats = ()
    std: Floats = ()


@dataclass(frozen=True, slots=True)
class ScoreCalibrationOptions:
    """Scores are calibrated by sigmoids that an associated file tells."""

    score_transformation: str = "identity"
    default_score: float = 0.0


@dataclass(frozen=True, slots=True)
class ScoreThresholdingOptions:
    """Scores below the threshold are to be left out."""

    global_score_threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class BertTokenizerOptions:
    """Text is cut into the words of a vocabulary, as BERT does it."""

    vocab_file: tuple[AssociatedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SentencePieceTokenizerOptions:
    """Text is cut into pieces by a SentencePiece model."""

    sentence_piece_model: tuple[AssociatedFile, ...] = ()
    vocab_file: tuple[AssociatedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class RegexTokenizerOptions:
    """Text is cut where a regular expression matches."""

    delim_regex_pattern: str = ""
    vocab_file: tuple[AssociatedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessUnit:
    """A step before the model's inputs or behind its outputs."""

    options: (
        NormalizationOptions
        | ScoreCalibrationOptions
        | ScoreThresholdingOptions
        | BertTokenizerOptions
        | SentencePieceTokenizerOptions
        | RegexTokenizerOptions
        | None
    ) = None


@dataclass(frozen=True, slots=True)
class Stats:
    """The range of a tensor's values: one number or one per channel."""

    max: Floats = ()
    min: Floats = ()


@dataclass(frozen=True, slots=True)
class TensorGroup:
    """Tensors that belong together, such as boxes and their scores."""

    name: str = ""
    tensor_names: Texts = ()


@dataclass(frozen=True, slots=True)
class TensorMetadata:
    """One input or output."""

    name: str = ""
    description: str = ""
    dimension_names: Texts = ()
    content: Content | None = None
    process_units: tuple[ProcessUnit, ...] = ()
    stats: Stats | None = None
    associated_files: tuple[AssociatedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomMetadata:
    """Bytes that some program understands, by name."""

    name: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class SubGraphMetadata:
    """One subgraph: its inputs and outputs, in the order that they have in the file."""

    name: str = ""
    description: str = ""
    input_tensor_metadata: tuple[TensorMetadata, ...] = ()
    output_tensor_metadata: tuple[TensorMetadata, ...] = ()
    associated_files: tuple[AssociatedFile, ...] = ()
    input_process_units: tuple[ProcessUnit, ...] = ()
    output_process_units: tuple[ProcessUnit, ...] = ()
    input_tensor_groups: tuple[TensorGroup, ...] = ()
    output_tensor_groups: tuple[TensorGroup, ...] = ()
    custom_metadata: tuple[CustomMetadata, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """A whole model; its first subgraph is the main one."""

    name: str = ""
    description: str = ""
    version: str = ""
    subgraph_metadata: tuple[SubGraphMetadata, ...] = ()
    author: str = ""
    license: str = ""
    associated_files: tuple[AssociatedFile, ...] = ()
    min_parser_version: str = ""


_CLASSES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        AssociatedFile,
        AudioProperties,
        BertTokenizerOptions,
        BoundingBoxProperties,
        Content,
        CustomMetadata,
        FeatureProperties,
        ImageProperties,
        ImageSize,
        ModelMetadata,
        NormalizationOptions,
        ProcessUnit,
        RegexTokenizerOptions,
        ScoreCalibrationOptions,
        ScoreThresholdingOptions,
        SentencePieceTokenizerOptions,
        Stats,
        SubGraphMetadata,
        TensorGroup,
        TensorMetadata,
        ValueRange,
    )
}


def to_record(value: Any) -> Record:
    """A record of this module as that of its table; what is empty is left out."""
    table = schema.table(type(value).__name__)
    made = {
        field.name: _stored(field, getattr(value, field.name)) for field in table.fields
    }
    return {name: each for name, each in made.items() if each is not None}


def _stored(field: Field, value: Any) -> Any:
    if value is None or (field.kind is not Kind.SCALAR and _is_empty(field, value)):
        return None
    names = schema.enum_names(field.type)
    match field.kind:
        case Kind.SCALAR if names is not None:
            return _number(field.name, names, value)
        case Kind.TABLE:
            return to_record(value)
        case Kind.TABLES:
            return [to_record(each) for each in value]
        case Kind.UNION:
            return type(value).__name__, to_record(value)
        case _:
            return value


def _is_empty(field: Field, value: Any) -> bool:
    return field.kind not in (Kind.TABLE, Kind.UNION) and len(value) == 0


def _number(name: str, names: tuple[str, ...], value: Any) -> int:
    title = str(value).lower()
    if title in names:
        return names.index(title)
    raise InputError(
        f"{name}={value!r} is not known; expected one of {', '.join(names)}"
    )


def from_record(name: str, record: Record) -> Any:
    """A table's record as the record of this module of the same name."""
    kind = _CLASSES[name]
    table = schema.table(name)
    fields = {field.name for field in dataclasses.fields(kind)}
    found = {
        field.name: _read(field, record[field.name])
        for field in table.fields
        if field.name in fields and record[field.name] is not None
    }
    return kind(**found)


def _read(field: Field, value: Any) -> Any:
    names = schema.enum_names(field.type)
    match field.kind:
        case Kind.SCALAR if names is not None:
            number = int(value)
            return names[number] if 0 <= number < len(names) else "unknown"
        case Kind.TABLE:
            return from_record(field.type, value)
        case Kind.TABLES:
            return tuple(from_record(field.type, each) for each in value)
        case Kind.UNION:
            return from_record(*value)
        case Kind.STRINGS:
            return tuple(value)
        case Kind.NUMBERS if field.type == "ubyte":
            return bytes(value)
        case Kind.NUMBERS:
            return tuple(np.asarray(value).tolist())
        case _:
            return value
