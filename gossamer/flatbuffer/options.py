"""An operator's options: the schema's numbers to the values of our records and back.

| in the schema       | in our record                                            |
|---------------------|----------------------------------------------------------|
| bool, int, float    | the same                                                 |
| an enum             | `str`: the value's name in lower case (`"same"`)         |
| TensorType          | a `DType`                                                |
| a vector            | a tuple, empty where the file has none                   |
| string              | `str`, empty where the file has none                     |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

# Importing the catalogue declares the operators.
import gossamer.ops  # noqa: F401  # pyright: ignore[reportUnusedImport]
from gossamer.errors import FormatError, GraphError
from gossamer.flatbuffer import schema
from gossamer.flatbuffer.operators import OPERATOR_NAMES
from gossamer.flatbuffer.schema import ENUMS, UNIONS, Field, Kind
from gossamer.ir.op import Builtin, Op, operator_of_code, option_fields
from gossamer.ir.types import DType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gossamer.flatbuffer.wire import Record, Union

_SHAPE_TABLE = "ReshapeOptions"
"""Left out where it is empty: OpenVINO takes an empty shape in it at its word."""


def operator_from(code: int, options: Union | None) -> Op:
    """The builtin operator number `code` with what the file gives as its options.

    Raises:
        FormatError: the options are those of another operator, or hold a number that
            its enum does not know.
    """
    declared = operator_of_code(code)
    name = OPERATOR_NAMES[code]
    if declared is None:
        table = None if options is None else options[0]
        fields = {} if options is None else from_record(name, *options)
        return Builtin(name, code, table, fields)
    expected = cast("str | None", declared.options)
    if options is None or expected is None:
        return declared()
    if options[0] != expected:
        raise FormatError(
            f"operator {name} carries {options[0]}; its options are {expected}"
        )
    fields = from_record(name, *options)
    return declared(**{declared.renamed.get(key, key): fields[key] for key in fields})


def options_of(op: Op) -> Union | None:
    """The table of `op`'s options and its record, or None where it has none."""
    if op.options is None:
        return None
    if isinstance(op, Builtin):
        return op.options, to_record(op.name, op.options, op.fields)
    names = {ours: theirs for theirs, ours in op.renamed.items()}
    fields = {
        names.get(field.name, field.name): getattr(op, field.name)
        for field in option_fields(op)
    }
    if op.options == _SHAPE_TABLE and not any(fields.values()):
        return None
    return op.options, to_record(op.name, op.options, fields)


def union_of(table: str) -> str:
    """The operator's field that holds options of the type `table`."""
    second = table in UNIONS["BuiltinOptions2"]
    return "builtin_options_2" if second else "builtin_options"


def default_value(field: Field) -> Any:
    """What our record holds where the file leaves the field out."""
    given = field.default if field.kind is Kind.SCALAR else None
    return _value("", field, given)


def from_record(operator: str, table: str, record: Record) -> dict[str, Any]:
    """The fields of the table `table` as our records hold them."""
    return {
        field.name: _value(operator, field, record[field.name])
        for field in schema.table(table).fields
    }


def to_record(operator: str, table: str, fields: Mapping[str, Any]) -> Record:
    """The record of the table `table` for fields as our records hold them.

    Raises:
        GraphError: a field is not the table's, or its value not the schema's.
    """
    known = {field.name: field for field in schema.table(table).fields}
    for name in fields:
        if name not in known:
            raise GraphError(
                f"operator {operator} has the option '{name}', which {table} has not; "
                f"it has {', '.join(known) or 'none'}"
            )
    return {
        name: _number(operator, known[name], value) for name, value in fields.items()
    }


def _value(operator: str, field: Field, given: Any) -> Any:
    match field.kind:
        case Kind.STRING:
            return given or ""
        case Kind.NUMBERS:
            numbers: list[Any] = [] if given is None else given.tolist()
            return tuple(_name(operator, field, number) for number in numbers)
        case _:
            return _name(operator, field, given)


def _name(operator: str, field: Field, number: Any) -> Any:
    """The number, or what an enum calls it."""
    if field.type not in ENUMS:
        return number
    names = ENUMS[field.type].names
    if not 0 <= number < len(names):
        known = ", ".join(f"{index} {name}" for index, name in enumerate(names))
        raise FormatError(
            f"operator {operator} has {field.name} {number}; known are {known}"
        )
    if field.type == "TensorType":
        return DType.of_code(number)
    return names[int(number)]


def _number(operator: str, field: Field, value: Any) -> Any:
    if field.type not in ENUMS:
        return value
    if field.kind is Kind.NUMBERS:
        return [_index(operator, field, name) for name in value]
    return _index(operator, field, value)


def _index(operator: str, field: Field, name: str | DType) -> int:
    if isinstance(name, DType):
        return name.code
    names = ENUMS[field.type].names
    if name not in names:
        raise GraphError(
            f"operator {operator} has {field.name} {name!r}; known are "
            + ", ".join(names)
        )
    return names.index(name)
