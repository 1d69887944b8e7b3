"""The bytes of a `.tflite` file to a `Model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gossamer.errors import FormatError
from gossamer.flatbuffer.operators import OPERATOR_NAMES
from gossamer.flatbuffer.options import operator_from
from gossamer.flatbuffer.read_tensor import TensorReader
from gossamer.flatbuffer.schema import IDENTIFIER, VERSION
from gossamer.flatbuffer.wire import Reader
from gossamer.ir.custom_registry import custom_of
from gossamer.ir.graph import Model, Node, Signature, Subgraph, Tensor
from gossamer.ir.op import CUSTOM_CODE, Op
from gossamer.ir.verify import verify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gossamer.flatbuffer.wire import Record
    from gossamer.ir.custom_registry import Declared
    from gossamer.ir.types import Array, DType, Shape


def read(
    data: bytes | memoryview, custom_operators: Mapping[str, Declared] | None = None
) -> Model:
    """The model that the bytes of a `.tflite` file describe, verified.

    Constants are views of `data` where they can be, so `data` must not change.

    Args:
        data: the whole file.
        custom_operators: operators by name, which come before the declared ones.

    Raises:
        FormatError: the bytes are not a `.tflite` file, are cut off, or lie.
        GraphError: the file is well-formed, but its graph is not (see `verify`).

    Example:
        >>> model = read(Path("model.tflite").read_bytes())
        >>> [tensor.name for tensor in model.main.inputs]
        ['serving_default_input:0']
    """
    view = memoryview(data).cast("B").toreadonly()
    _require_identifier(view)
    reader = Reader(view)
    record = reader.root("Model")
    if record["version"] != VERSION:
        raise _invalid(
            f"its schema version is {record['version']}; only {VERSION} is known"
        )
    model = _model(reader, record, custom_operators)
    verify(model)
    return model


def _invalid(reason: str) -> FormatError:
    return FormatError(f"The model is not a valid Flatbuffer buffer: {reason}")


def _require_identifier(view: memoryview) -> None:
    if len(view) < 8:
        raise _invalid(f"it has {len(view)} bytes, too few for a header")
    found = bytes(view[4:8])
    if found != IDENTIFIER:
        raise _invalid(
            f"bytes 4 to 8 are {found!r}, where a .tflite file has {IDENTIFIER!r}"
        )


def _model(
    reader: Reader, record: Record, custom_operators: Mapping[str, Declared] | None
) -> Model:
    for section in ("subgraphs", "operator_codes", "buffers"):
        if record[section] is None:
            raise FormatError(f"the model has no '{section}' section")
    if not record["subgraphs"]:
        raise FormatError("the model has no subgraph; it must have one at least")
    buffers = Buffers(reader, record["buffers"])
    codes = [_code(entry) for entry in record["operator_codes"]]
    subgraphs = tuple(
        _SubgraphReader(buffers, codes, entry, index, custom_operators).subgraph()
        for index, entry in enumerate(record["subgraphs"])
    )
    return Model(
        subgraphs,
        tuple(_signature(x, subgraphs) for x in record["signature_defs"] or ()),
        record["description"] or "",
        {
            entry["name"] or "": buffers.whole(entry["buffer"], "metadata")
            for entry in record["metadata"] or ()
        },
    )


@dataclass(frozen=True, slots=True)
class Buffers:
    """The bytes of each buffer, in the tables or behind them.

    `arrays` are the constants made so far by buffer, type and shape: subgraphs that
    share weights share the array.
    """

    reader: Reader
    records: list[Record]
    copies: dict[int, bytes] = field(default_factory=dict[int, bytes])
    arrays: dict[tuple[int, DType, Shape], Array] = field(
        default_factory=dict[tuple[int, "DType", "Shape"], "Array"]
    )

    def view(self, index: int, owner: str) -> memoryview:
        """The bytes of buffer `index`, empty where it has none."""
        if not 0 <= index < len(self.records):
            raise FormatError(
                f"{owner} refers to buffer {index}; there are {len(self.records)}"
            )
        record = self.records[index]
        if record["data"] is not None:
            return record["data"]
        return self.outside(record["offset"], record["size"], f"buffer {index}")

    def outside(self, offset: int, size: int, what: str) -> memoryview:
        """`size` bytes at `offset` of the file; 0 and 1 are offsets of nothing."""
        if offset <= 1 or size == 0:
            return memoryview(b"")
        if offset + size > self.reader.size:
            raise FormatError(
                f"{what} is said to be at bytes {offset} to {offset + size}, outside "
                f"the {self.reader.size} bytes of the file"
            )
        return self.reader.data[offset : offset + size]

    def whole(self, index: int, owner: str) -> bytes:
        """A copy of the bytes of buffer `index`, one for all who ask."""
        if index not in self.copies:
            view = self.view(index, owner)
            self.reader.spend(len(view))
            self.copies[index] = bytes(view)
        return self.copies[index]


@dataclass(frozen=True, slots=True)
class _Code:
    """What an entry of `operator_codes` says: the number, or a custom name."""

    code: int
    custom: str
    version: int


def _code(record: Record) -> _Code:
    code = max(record["deprecated_builtin_code"], record["builtin_code"])
    if not 0 <= code < len(OPERATOR_NAMES):
        raise FormatError(
            f"operator code {code} is not known; the schema goes from 0 to "
            f"{len(OPERATOR_NAMES) - 1}"
        )
    custom = record["custom_code"] or ""
    if code == CUSTOM_CODE and not custom:
        raise FormatError("a custom operator has no name in its operator code")
    return _Code(code, custom, record["version"])


class _SubgraphReader:
    """Reads one subgraph; tensors are made once and found by index."""

    def __init__(
        self,
        buffers: Buffers,
        codes: Sequence[_Code],
        record: Record,
        index: int,
        custom_operators: Mapping[str, Declared] | None,
    ) -> None:
        self.custom_operators = custom_operators
        self.buffers = buffers
        self.codes = codes
        self.record = record
        self.name: str = record["name"] or ""
        self.where = f"subgraph {index} '{self.name}'"
        self.tensors: tuple[Tensor, ...] = ()

    def subgraph(self) -> Subgraph:
        record = self.record
        operators: list[Record] = record["operators"] or []
        computed = {
            index
            for vector in (record["inputs"], *(x["outputs"] for x in operators))
            for index in _integers(vector)
        }
        reader = TensorReader(self.buffers, record["tensors"] or [], computed)
        self.tensors = reader.tensors()
        nodes = [self._node(number, entry) for number, entry in enumerate(operators)]
        return Subgraph(
            self.name,
            self.tensors,
            self._all(record["inputs"], f"{self.where} as an input"),
            self._all(record["outputs"], f"{self.where} as an output"),
            tuple(nodes),
            record["debug_metadata_index"],
        )

    def _node(self, number: int, record: Record) -> Node:
        index: int = record["opcode_index"]
        where = f"node {number} of {self.where}"
        if not 0 <= index < len(self.codes):
            raise FormatError(
                f"{where} is of operator code {index}; there are {len(self.codes)}"
            )
        code = self.codes[index]
        op = self._operator(code, record, where)
        where = f"{op.name}, {where},"
        return Node(
            op,
            tuple(
                None if i == -1 else self._tensor(i, f"{where} as an input")
                for i in _integers(record["inputs"])
            ),
            self._all(record["outputs"], f"{where} as an output"),
            self._all(record["intermediates"], f"{where} as an intermediate"),
            tuple(map(bool, _integers(record["mutating_variable_inputs"]))),
            code.version,
            record["debug_metadata_index"],
        )

    def _operator(self, code: _Code, record: Record, where: str) -> Op:
        if code.code != CUSTOM_CODE:
            options = record["builtin_options_2"] or record["builtin_options"]
            return operator_from(code.code, options)
        given = record["custom_options"]
        if given is None:
            offset = record["large_custom_options_offset"]
            size = record["large_custom_options_size"]
            given = self.buffers.outside(offset, size, f"the options of {where}")
        self.buffers.reader.spend(len(given))
        return custom_of(code.custom, bytes(given), self.custom_operators)

    def _all(self, vector: Any, where: str) -> tuple[Tensor, ...]:
        return tuple(self._tensor(index, where) for index in _integers(vector))

    def _tensor(self, index: int, where: str) -> Tensor:
        if not 0 <= index < len(self.tensors):
            raise FormatError(
                f"{where} has tensor {index}; there are {len(self.tensors)}"
            )
        return self.tensors[index]


def _integers(vector: Any) -> list[int]:
    return [] if vector is None else vector.tolist()


def _signature(record: Record, subgraphs: Sequence[Subgraph]) -> Signature:
    key = record["signature_key"] or ""
    index: int = record["subgraph_index"]
    if index >= len(subgraphs):
        raise FormatError(
            f"signature '{key}' is of subgraph {index}; there are {len(subgraphs)}"
        )
    tensors = subgraphs[index].tensors
    return Signature(
        key,
        _named(record["inputs"], tensors, f"signature '{key}'"),
        _named(record["outputs"], tensors, f"signature '{key}'"),
        index,
    )


def _named(
    records: list[Record] | None, tensors: Sequence[Tensor], where: str
) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for record in records or ():
        name, index = record["name"] or "", record["tensor_index"]
        if index >= len(tensors):
            raise FormatError(
                f"{where} leads '{name}' to tensor {index}; there are {len(tensors)}"
            )
        if name in named:
            raise FormatError(f"{where} has the name '{name}' twice")
        named[name] = tensors[index]
    return named
