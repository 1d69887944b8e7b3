"""The schema of `.tflite` files as data: tables, unions, enums.

Everything that reads or writes a file is led by these records; no code in this
package is written for one table's layout. Tables never contain themselves, so the
depth of any file is bounded by the schema.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from gossamer.flatbuffer.metadata_tables import (
    METADATA,
    METADATA_ENUMS,
    METADATA_UNIONS,
)
from gossamer.flatbuffer.tables import OPTIONS, STABLEHLO_OPTIONS, STRUCTURE
from gossamer.ir.types import DType

IDENTIFIER = b"TFL3"
VERSION = 3

Default: TypeAlias = int | float | bool


class Kind(enum.Enum):
    """How the value of a field is stored."""

    SCALAR = enum.auto()
    STRING = enum.auto()
    TABLE = enum.auto()
    UNION = enum.auto()
    NUMBERS = enum.auto()  # a vector of scalars
    TABLES = enum.auto()  # a vector of tables
    STRINGS = enum.auto()  # a vector of strings


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number in the file: its `struct` letter and NumPy type, little-endian."""

    letter: str
    numpy: str
    size: int


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table. `type` is the schema's name of the type (of an element)."""

    name: str
    slot: int
    kind: Kind
    type: str
    scalar: Scalar | None = None
    default: Default = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its fields, and the number of slots in its vtable."""

    name: str
    fields: tuple[Field, ...]
    slots: int

    def field(self, name: str) -> Field:
        """The field called `name`."""
        return next(field for field in self.fields if field.name == name)


SCALARS: dict[str, Scalar] = {
    "bool": Scalar("?", "?", 1),
    "byte": Scalar("b", "<i1", 1),
    "ubyte": Scalar("B", "<u1", 1),
    "short": Scalar("h", "<i2", 2),
    "ushort": Scalar("H", "<u2", 2),
    "int": Scalar("i", "<i4", 4),
    "uint": Scalar("I", "<u4", 4),
    "long": Scalar("q", "<i8", 8),
    "ulong": Scalar("Q", "<u8", 8),
    "float": Scalar("f", "<f4", 4),
}


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum: the scalar that holds it, and its values' names in order from 0."""

    base: str
    names: tuple[str, ...]


def _enum(base: str, names: str) -> Enum:
    return Enum(base, tuple(names.split()))


_COMPARISON_TYPES = "notype float float_total_order signed unsigned"
_REDUCTIONS = "unsupported add mul minimum maximum all any"

ENUMS: dict[str, Enum] = {
    "TensorType": Enum("byte", tuple(dtype.title for dtype in DType)),
    "DimensionType": _enum("byte", "dense sparse_csr"),
    "Padding": _enum("byte", "same valid"),
    "Activation": _enum("byte", "none relu relu_n1_to_1 relu6 tanh sign_bit"),
    "LSHProjectionType": _enum("byte", "unknown sparse dense"),
    "WeightsFormat": _enum("byte", "default shuffled4x16int8"),
    "LSTMKernelType": _enum("byte", "full basic"),
    "CombinerType": _enum("byte", "sum mean sqrtn"),
    "MirrorPadMode": _enum("byte", "reflect symmetric"),
    "CustomOptionsFormat": _enum("byte", "flexbuffers"),
    "RngAlgorithm": _enum("byte", "default philox threefry"),
    "ReduceWindowFunction": _enum("int", _REDUCTIONS),
    "Precision": _enum("uint", "default high highest"),
    "Comparison": _enum("uint", "eq ne ge gt le lt"),
    "ComparisonType": _enum("uint", _COMPARISON_TYPES),
}
"""The enums by name, their values' names in lower case."""


def _options(names: str) -> tuple[str, ...]:
    return tuple(f"{name}Options" for name in names.split())


UNIONS: dict[str, tuple[str, ...]] = {
    "QuantizationDetails": (
        "CustomQuantization",
        "BlockwiseQuantization",
        "MultiAxisQuantization",
    ),
    "SparseIndexVector": ("Int32Vector", "Uint16Vector", "Uint8Vector"),
    "BuiltinOptions": _options("""
        Conv2D DepthwiseConv2D ConcatEmbeddings LSHProjection Pool2D SVDF RNN
        FullyConnected Softmax Concatenation Add L2Norm LocalResponseNormalization
        LSTM ResizeBilinear Call Reshape SkipGram SpaceToDepth EmbeddingLookupSparse
        Mul Pad Gather BatchToSpaceND SpaceToBatchND Transpose Reducer Sub Div
        Squeeze SequenceRNN StridedSlice Exp TopKV2 Split LogSoftmax Cast Dequantize
        MaximumMinimum ArgMax Less Neg PadV2 Greater GreaterEqual LessEqual Select
        Slice TransposeConv SparseToDense Tile ExpandDims Equal NotEqual Shape Pow
        ArgMin FakeQuant Pack LogicalOr OneHot LogicalAnd LogicalNot Unpack FloorDiv
        Square ZerosLike Fill BidirectionalSequenceLSTM BidirectionalSequenceRNN
        UnidirectionalSequenceLSTM FloorMod Range ResizeNearestNeighbor LeakyRelu
        SquaredDifference MirrorPad Abs SplitV Unique ReverseV2 AddN GatherNd Cos
        Where Rank ReverseSequence MatrixDiag Quantize MatrixSetDiag HardSwish If
        While DepthToSpace NonMaxSuppressionV4 NonMaxSuppressionV5 ScatterNd
        SelectV2 Densify SegmentSum BatchMatMul Cumsum CallOnce BroadcastTo Rfft2d
        Conv3D Hashtable HashtableFind HashtableImport HashtableSize VarHandle
        ReadVariable AssignVariable Random Bucketize Gelu DynamicUpdateSlice
        UnsortedSegmentProd UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentSum
        ATan2 Sign Bitcast BitwiseXor RightShift
    """),
    "BuiltinOptions2": _options("""
        StablehloConcatenate StablehloBroadcastInDim StablehloSlice
        StablehloConvolution StablehloCustomCall StablehloReduce StablehloScatter
        StablehloCompare StablehloDynamicSlice StablehloPad StablehloIota
        StablehloDotGeneral StablehloReduceWindow StablehloSort StablehloWhile
        StablehloGather StablehloTranspose Dilate StablehloRngBitGenerator
        ReduceWindow StableHLOComposite StablehloShiftLeft StablehloCase
    """),
}
"""The tables of each union in order from 1; 0 is none of them."""


_ALL_ENUMS = ENUMS | {k: _enum("byte", names) for k, names in METADATA_ENUMS.items()}
_ALL_UNIONS = UNIONS | METADATA_UNIONS


def members(union: str) -> tuple[str, ...]:
    """The tables of a union in order from 1, of files and of metadata."""
    return _ALL_UNIONS[union]


def enum_names(type_: str) -> tuple[str, ...] | None:
    """The values' names of an enum, None for another type."""
    return _ALL_ENUMS[type_].names if type_ in _ALL_ENUMS else None


@cache
def table(name: str) -> Table:
    """The table called `name`, of files and of metadata."""
    specification = _specifications(STRUCTURE + OPTIONS + STABLEHLO_OPTIONS).get(name)
    if specification is None:
        specification = _specifications(METADATA).get(name)
    if specification is None and not any(name in u for u in _ALL_UNIONS.values()):
        raise KeyError(name)
    fields: list[Field] = []
    slot = 0
    for text in specification or ():
        if text == "-":
            slot += 1
            continue
        field = _field(text, slot)
        fields.append(field)
        slot += 2 if field.kind is Kind.UNION else 1
    return Table(name, tuple(fields), slot)


def table_names() -> tuple[str, ...]:
    """The names of all tables of files, those without fields too."""
    named = _specifications(STRUCTURE + OPTIONS + STABLEHLO_OPTIONS)
    inside = (name for union in UNIONS.values() for name in union)
    return tuple(dict.fromkeys((*named, *inside)))


@cache
def _specifications(text: str) -> dict[str, tuple[str, ...]]:
    paragraphs = text.replace("\n    ", " ").split("\n")
    words = (line.split() for line in paragraphs if line)
    return {name: tuple(fields) for name, *fields in words}


def _field(text: str, slot: int) -> Field:
    name, _, rest = text.partition(":")
    type_, _, default = rest.partition("=")
    element = type_.strip("[]")
    scalar = scalar_of(element)
    if scalar is not None:
        kind = Kind.NUMBERS if "[" in type_ else Kind.SCALAR
        return Field(name, slot, kind, element, scalar, _default(element, default))
    if element == "string":
        kind = Kind.STRINGS if "[" in type_ else Kind.STRING
        return Field(name, slot, kind, element)
    if element in _ALL_UNIONS:
        return Field(name, slot, Kind.UNION, element)
    return Field(name, slot, Kind.TABLES if "[" in type_ else Kind.TABLE, element)


def scalar_of(type_: str) -> Scalar | None:
    """The number that holds a value of `type_`, an enum or a scalar."""
    if type_ in _ALL_ENUMS:
        return SCALARS[_ALL_ENUMS[type_].base]
    return SCALARS.get(type_)


def _default(type_: str, text: str) -> Default:
    if type_ in _ALL_ENUMS:
        return _ALL_ENUMS[type_].names.index(text) if text else 0
    if type_ == "bool":
        return text == "true"
    return float(text or 0) if type_ == "float" else int(text or 0)
